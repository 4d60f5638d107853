"""Files that are there complete or not at all: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from .errors import ResultsError

# One call of write takes less than 2 GiB on every system; smaller pieces also let Ctrl-C in.
_PIECE = 64 * 2**20


def write_whole(
    path: str | Path, content: bytes, *, overwrite: bool = True, temporary: Path | None = None
) -> Path:
    """Write a file so that no reader ever sees a part of it, and no power cut leaves one.

    Parameters
    ----------
    path
        The file; its folder must exist. If it is a symbolic link, what it points to is written.
    content
        All its bytes.
    overwrite
        Whether a file that is already there may be replaced.
    temporary
        Its name until it is complete, in the same folder; by default one that nothing else has.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ResultsError
        One line naming the file and the reason; nothing is left behind.
    """
    path = Path(path)
    try:
        _refuse_if_taken(path, overwrite)
        target = _behind_links(path)
        temporary = temporary or _temporary_beside(target)
        try:
            _write_synced(temporary, content)
            os.replace(temporary, target)
        except BaseException:  # Ctrl-C too must leave nothing
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(target.parent)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error
    return path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the name of a file to write; afterwards it is flushed to the disk and takes the name ``path``.

    If anything is raised inside, the file is removed, and what was there before stays.

    Raises
    ------
    ResultsError
        One line naming the file and the reason.
    """
    try:
        _refuse_if_taken(path, overwrite=True)
        target = _behind_links(path)
        temporary = _temporary_beside(target)
        try:
            yield temporary
            descriptor = os.open(temporary, os.O_RDWR)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, target)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        sync_folder(target.parent)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error


def write_new(path: Path, content: bytes) -> bool:
    """Write a file whole unless there is one of that name, and return whether it was written.

    Of several processes that do so at once, one writes its file and the others learn that it is there.

    Raises
    ------
    ResultsError
        One line naming the file and the reason; nothing is left behind.
    """
    temporary = _temporary_beside(path)
    try:
        try:
            _write_synced(temporary, content)
            try:
                os.link(temporary, path)  # unlike a rename it fails if the name is taken
            except FileExistsError:
                return False
            except OSError:  # a file system without links; of two at the same instant the later one stays
                if path.exists():
                    return False
                os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        sync_folder(path.parent)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error
    return True


def write_all_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: all of them, or none, and then the old ones are as they were.

    Missing folders are made. Only a power cut among the renames can leave new files beside old ones.

    Parameters
    ----------
    contents : mapping of Path to bytes
        All bytes of each file; a file that is already there is replaced, and links are followed.

    Raises
    ------
    ResultsError
        One line naming the file and the reason; nothing is left behind.
    """
    made: list[Path] = []
    staged: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, content in contents.items():
            _make_folders(path.parent, made)
            _refuse_if_taken(path, overwrite=True)
            target = _behind_links(path)
            staged.append((_temporary_beside(target), target))
            _write_synced(staged[-1][0], content)
        replace_all(staged)
    except BaseException as error:  # Ctrl-C too must leave nothing
        for temporary, _ in staged:
            with contextlib.suppress(OSError):
                temporary.unlink()
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError | ValueError):
            raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error
        raise


def check_destination(path: str | Path, *, overwrite: bool = True) -> None:
    """Make sure that a file could be written there, before the work that fills it is done.

    Raises
    ------
    ResultsError
        One line naming the file and the reason.
    """
    path = Path(path)
    try:
        _refuse_if_taken(path, overwrite)
        temporary = _temporary_beside(_behind_links(path))
        try:
            _write_synced(temporary, b"")
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error


def _make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it; the list gets what was not there, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        made.append(each)
        each.mkdir()


def replace_all(staged: list[tuple[Path, Path]]) -> None:
    """Rename every temporary file onto its target, durably, or put back all that was there.

    Raises
    ------
    OSError
        One cannot be renamed.
    """
    kept: list[tuple[Path, Path]] = []
    new: list[Path] = []
    try:
        for temporary, target in staged:
            if target.exists():
                kept.append((_temporary_beside(target), target))
                os.replace(target, kept[-1][0])
            else:
                new.append(target)
            os.replace(temporary, target)
        for folder in {target.parent for _, target in staged}:
            sync_folder(folder)
    except BaseException:
        for target in new:
            with contextlib.suppress(OSError):
                target.unlink()
        for old, target in kept:
            with contextlib.suppress(FileNotFoundError):  # its own rename was interrupted before it began
                os.replace(old, target)
        raise
    for old, _ in kept:
        with contextlib.suppress(OSError):
            old.unlink()


def _refuse_if_taken(path: Path, overwrite: bool) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "it exists already")
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):  # renaming onto a device or a pipe would replace it
        raise OSError(errno.EINVAL, "it is not a regular file")


def _behind_links(path: Path) -> Path:
    """Return the file that a link points to: renaming onto the link would replace the link."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _temporary_beside(path: Path) -> Path:
    return path.with_name(f".leakflow-{secrets.token_hex(8)}.tmp")


def _write_synced(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest[:_PIECE]) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system knows how."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(descriptor)


def _reason(error: OSError | ValueError, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return "its folder takes no new files" if _behind_links(path).parent.is_dir() else "no such folder"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())

"""A file that is there complete or not at all: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from .errors import ResultsError

# One call of write takes less than 2 GiB on every system; smaller pieces also let Ctrl-C in.
_PIECE = 64 * 2**20


def write_whole(path: str | Path, content: bytes, *, overwrite: bool = True) -> Path:
    """Write a file so that no reader ever sees a part of it, and no power cut leaves one.

    Parameters
    ----------
    path
        The file; its folder must exist. If it is a symbolic link, what it points to is written.
    content
        All its bytes.
    overwrite
        Whether a file that is already there may be replaced.

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
        temporary = _temporary_beside(target)
        try:
            _write_synced(temporary, content)
            os.replace(temporary, target)
        except BaseException:  # Ctrl-C too must leave nothing
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path}: cannot be written: {_reason(error, path)}") from error
    return path


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


def _sync_folder(folder: Path) -> None:
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

"""Part files: each is a results file by itself, written once, never changed, and sealed.

The seal is a block of `SEAL_BYTES` behind the last byte of the HDF5 file, which no reader of HDF5 looks at.
It names campaign and samples and has the sha256 of all before it, so that a part can be listed and checked
without HDF5. The parts that are there are the ledger of a campaign; nothing else is.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._whole_file import sync_folder, write_whole
from ..errors import ResultsError
from .digest import data_digest
from .manifest import Manifest

if TYPE_CHECKING:
    from ..results import Results

__all__ = [
    "SEAL_BYTES", "DamagedPartError", "PartState", "Seal", "deep_fault", "host_name", "is_alive",
    "list_parts", "part_path", "part_state", "read_seal", "read_sealed", "remove_stale", "seal",
    "seal_bytes", "set_aside", "write_part",
]  # fmt: skip

#: Bytes of the seal at the end of a part.
SEAL_BYTES = 4096
_HEAD = b"\nleakflow part 1\n"
_TAIL_BYTES = 1 + 64 + 1  # on a line of its own, the sha256 of the seal before it
_FOLDER_PARTS = 1000
_NAME = re.compile(r"part-(\d{6,12})\.nc")
_TEMPORARY = re.compile(
    r"\.part-\d+\.nc\.(?P<host>[\w-]+)\.(?P<pid>\d+)\.[0-9a-f]+\.tmp|\.leakflow-[0-9a-f]+\.tmp"
)
_ABANDONED = 86400.0  # s; another machine's temporary file of this age belongs to nobody


class Seal(NamedTuple):
    """What stands at the end of a part.

    Attributes
    ----------
    campaign : str
        Its id.
    part, first, samples : int
        Its number, its first sample, how many samples.
    size : int
        Bytes of the HDF5 file before the seal.
    sha256 : str
        Of those bytes.
    data_sha256 : str
        Of the data alone, as `leakflow.solver.campaign.digest.data_digest` gives it.
    statuses : dict of str to int
        Samples by status code.
    cracks : dict of str to int
        Size of each dimension of crack geometry, if that is kept.
    """

    campaign: str
    part: int
    first: int
    samples: int
    size: int
    sha256: str
    data_sha256: str
    statuses: Mapping[str, int]
    cracks: Mapping[str, int]

    @property
    def failed(self) -> int:
        """How many samples have a status other than ok."""
        return sum(self.statuses.values()) - self.statuses.get("0", 0)


class DamagedPartError(ResultsError):
    """A part that does not have its checksum; ``path`` is which."""

    def __init__(self, path: Path) -> None:
        """Take its file."""
        super().__init__(f"{path}: damaged: it does not have its checksum")
        self.path = path


class PartState(NamedTuple):
    """What is there of a part.

    Attributes
    ----------
    seal : Seal or None
        None if the part is missing or bad.
    fault : str
        Why what is there is no part; empty if it is one, or if nothing is there.
    is_short : bool
        Whether it is sound but ends before the range that the manifest gives it: a last part from before
        the campaign was extended.
    """

    seal: Seal | None
    fault: str = ""
    is_short: bool = False

    @property
    def is_done(self) -> bool:
        """Whether nothing of the part need be computed."""
        return self.seal is not None and not self.is_short


def part_path(directory: Path, part: int) -> Path:
    """Return where a part lies: 1,000 to a folder."""
    return directory / _place(part)


def _place(part: int) -> str:
    return f"parts/{part // _FOLDER_PARTS:03d}/part-{part:06d}.nc"


def seal(image: bytes, campaign: str, part: int, results: Results) -> tuple[bytes, Seal]:
    """Return the bytes of a part, an HDF5 file and its seal behind it, and the seal.

    Parameters
    ----------
    image : bytes
        The HDF5 file.
    campaign, part : str, int
        Whose part it is, and its number.
    results : Results
        What the file holds.
    """
    codes, counts = np.unique(results.status, return_counts=True)
    statuses = {str(code): count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)}
    fields = Seal(
        campaign, part, int(results.samples[0]), len(results), len(image), hashlib.sha256(image).hexdigest(),
        data_digest(results), statuses, results.crack_dimensions(),
    )  # fmt: skip
    return image + seal_bytes(fields), fields


def seal_bytes(fields: Seal) -> bytes:
    """Return a seal as it stands in a file."""
    text = json.dumps(fields._asdict(), separators=(",", ":")).encode()
    body = (_HEAD + text).ljust(SEAL_BYTES - _TAIL_BYTES) + b"\n"
    if len(body) + _TAIL_BYTES - 1 != SEAL_BYTES:
        raise ValueError(f"the seal of part {fields.part} is longer than {SEAL_BYTES} bytes")
    return body + hashlib.sha256(body).hexdigest().encode() + b"\n"


def write_part(directory: Path, part: int, content: bytes) -> Path:
    """Write a part whole and durably: when this returns, a power cut does not lose it.

    Raises
    ------
    ResultsError
        One line naming the file and the reason; nothing is left behind.
    """
    path = part_path(directory, part)
    _make_folder(path.parent)
    for _ in range(_TRIES - 1):
        try:
            return write_whole(path, content, temporary=_temporary(path))
        except ResultsError as error:
            # another process may take the temporary file for a dead one's, on a shared folder
            if not isinstance(error.__cause__, FileNotFoundError) or not path.parent.is_dir():
                raise
    return write_whole(path, content, temporary=_temporary(path))


_TRIES = 3


def part_state(directory: Path, manifest: Manifest, part: int) -> PartState:
    """Look at a part without reading its data: name, size, seal, campaign and range.

    Bits that changed within the data are found by `deep_fault`, and whenever a part is merged.
    """
    try:
        found = read_seal(f"{directory}/{_place(part)}")
    except FileNotFoundError:
        return PartState(None)
    except OSError as error:
        return PartState(None, f"cannot be read: {error.strerror or error}")
    if found is None:
        return PartState(None, "cut short, or damaged at its end")
    if found.campaign != manifest.id:
        return PartState(None, "of another campaign")
    first, count = manifest.part_range(part)
    if (found.part, found.first) != (part, first) or found.samples > count:
        return PartState(
            None, f"has the samples {found.first} to {found.first + found.samples - 1} of part {found.part}"
        )
    return PartState(found, is_short=found.samples < count)


def read_seal(path: str | Path) -> Seal | None:
    """Return what stands at the end of a file; None if that is no seal."""
    # no file objects: a campaign may have a hundred thousand parts
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        size = os.fstat(descriptor).st_size
        os.lseek(descriptor, max(size - SEAL_BYTES, 0), os.SEEK_SET)
        found = _parse(os.read(descriptor, SEAL_BYTES))
    finally:
        os.close(descriptor)
    return found if found is not None and found.size + SEAL_BYTES == size else None


def read_sealed(path: Path, expected: Seal) -> memoryview:
    """Read the HDF5 file of a part, its checksum checked.

    Raises
    ------
    DamagedPartError
        It is not the part that was sealed.
    OSError
        It cannot be read.
    """
    content = path.read_bytes()
    image = memoryview(content)[:-SEAL_BYTES]
    if _parse(content[-SEAL_BYTES:]) != expected or hashlib.sha256(image).hexdigest() != expected.sha256:
        raise DamagedPartError(path)
    return image


def deep_fault(directory: Path, part: int, expected: Seal) -> str:
    """Read a whole part; return what is wrong with it, or nothing."""
    try:
        read_sealed(part_path(directory, part), expected)
    except DamagedPartError:
        return "damaged: it does not have its checksum"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return ""


def list_parts(directory: Path) -> Iterator[int]:
    """Give the numbers of the parts that there are files of, in no order."""
    for folder in _folders(directory):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if match := _NAME.fullmatch(entry.name):
                    yield int(match[1])


def set_aside(directory: Path, part: int) -> Path:
    """Rename what is no part to ``.bad``, so that it is made again; return its new name."""
    path = part_path(directory, part)
    bad = path.with_name(f"{path.name}.bad")
    with suppress(FileNotFoundError):
        os.replace(path, bad)
    return bad


def remove_stale(directory: Path, now: float) -> int:
    """Remove temporary files of processes that are dead; return how many.

    Parameters
    ----------
    directory : Path
    now : float
        Seconds since the epoch; files of other machines are old by it.
    """
    removed = 0
    for folder in [str(directory), *_folders(directory)]:
        with suppress(OSError):
            for entry in list(os.scandir(folder)):
                match = _TEMPORARY.fullmatch(entry.name)
                if match and _is_abandoned(match["host"], match["pid"], now - entry.stat().st_mtime):
                    os.unlink(entry.path)
                    removed += 1
    return removed


def _is_abandoned(host: str | None, pid: str | None, age: float) -> bool:
    if pid is None or host != host_name() or os.name == "nt":
        return age > _ABANDONED
    return not is_alive(int(pid))


def is_alive(pid: int) -> bool:
    """Return whether there is a process of this number on this machine; on Windows that is not asked."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def host_name() -> str:
    """Return the name of this machine as it may stand in a file name."""
    return re.sub(r"[^\w-]", "-", platform.node())[:64] or "host"


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{host_name()}.{os.getpid()}.{secrets.token_hex(4)}.tmp")


def _folders(directory: Path) -> list[str]:
    try:
        with os.scandir(directory / "parts") as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _make_folder(folder: Path) -> None:
    """Make a folder of parts, durably."""
    try:
        for each in (folder.parent, folder):
            if not each.is_dir():
                each.mkdir(exist_ok=True)
                sync_folder(each.parent)
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be made: {error.strerror or error}") from error


def _parse(block: bytes) -> Seal | None:
    """Read a seal; None if it is not whole."""
    body, tail = block[:-65], block[-65:]
    if len(block) != SEAL_BYTES or not body.startswith(_HEAD):
        return None
    if hashlib.sha256(body).hexdigest().encode() + b"\n" != tail:
        return None
    try:
        found = Seal(**json.loads(body[len(_HEAD) :]))
        counts = [found.part, found.first, found.samples, found.size]
        counts += [*found.statuses.values(), *found.cracks.values(), *map(int, found.statuses)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    texts = (found.campaign, found.sha256, found.data_sha256)
    sound = all(type(count) is int and count >= 0 for count in counts)
    return found if sound and all(isinstance(text, str) for text in texts) else None

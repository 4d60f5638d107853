"""What an HDF5 file from a stranger must show before anything in it is opened or read.

HDF5 can make a reader open other files (external and soft links, external storage, virtual datasets), load
code (unknown filters) and fill the memory (sizes are only declared). None of that is needed for results.
"""

from __future__ import annotations

import math
import stat
from pathlib import Path
from typing import Any

import h5py
from h5py import h5a, h5d, h5l, h5o, h5t, h5z

from .errors import ResultsError
from .results import DATA_TYPES, MAX_ATTRIBUTE_BYTES

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FILTERS = frozenset({h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32})
_MAX_LINKS = 10_000
_MAX_ATTRIBUTES = 1000
_LONGEST_SHOWN = 60
#: Bytes of one text of the provenance; the longest that a case can be resolved to is a few MiB.
_MAX_TEXT_BYTES = 16 * 2**20
_MAX_CHUNK_BYTES = 16 * 2**20
# deflate cannot do better than 1032 to 1; a chunk that claims to is a bomb or broken
_MAX_DEFLATE_RATIO = 1032
# in memory, of the whole file: this much is always read, and beyond it at most so many times the file's size
_FREE_BYTES = 2**30
_MAX_FILE_RATIO = 64


def check_signature(path: Path) -> int:
    """Make sure that a path is a regular file that begins as HDF5 does, and return its size in bytes."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise ResultsError(f"{path}: a folder, not a results file")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise ResultsError(f"{path}: not a regular file")
    with path.open("rb") as file:
        if file.read(len(_SIGNATURE)) != _SIGNATURE:
            raise ResultsError(f"{path}: not an HDF5 file")
    return status.st_size


def members(path: Path, group: h5py.Group) -> dict[str, int]:
    """Return a group's members, name to kind of object (`h5o.TYPE_...`), following nothing but hard links."""
    if len(group) > _MAX_LINKS:
        raise ResultsError(f"{path}: {group.name} has {len(group)} members; at most {_MAX_LINKS} are read")
    kinds = {}
    for name in group:
        key = _key(path, name)
        if group.id.links.get_info(key).type != h5l.TYPE_HARD:
            raise ResultsError(
                f"{path}: {name[:_LONGEST_SHOWN]!r} is a link to somewhere else; results files have none"
            )
        kinds[name] = h5o.get_info(group.id, key).type
    return kinds


def open_dataset(path: Path, group: h5py.Group, name: str) -> h5py.Dataset:
    """Open a dataset whose data are all in this file, stored in a way that every reader knows."""
    dataset = group[name]
    storage = dataset.id.get_create_plist()
    layout = storage.get_layout()
    if layout not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
        raise ResultsError(f"{path}: {name} is a virtual dataset, put together from other files: refused")
    if layout == h5d.CONTIGUOUS and storage.get_external_count():
        raise ResultsError(f"{path}: {name} keeps its data in another file: refused")
    for index in range(storage.get_nfilters()):
        code = storage.get_filter(index)[0]
        if code not in _FILTERS:
            raise ResultsError(
                f"{path}: {name} is stored with filter {code}; only deflate, shuffle and fletcher32 are read"
            )
    return dataset


def check_size(path: Path, name: str, dataset: h5py.Dataset) -> int:
    """Make sure that a dataset's data are all there, and return their size in memory."""
    if len(dataset.shape) not in (1, 2):
        raise ResultsError(f"{path}: {name} has {len(dataset.shape)} dimensions, not one or two")
    size: int = math.prod(dataset.shape) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if dataset.chunks is None:
        is_complete = stored == size
    else:
        chunk_bytes = math.prod(dataset.chunks) * dataset.dtype.itemsize
        if chunk_bytes > _MAX_CHUNK_BYTES:
            raise ResultsError(
                f"{path}: {name} has chunks of {chunk_bytes} bytes; at most {_MAX_CHUNK_BYTES} are read"
            )
        # the ratio first: it bounds the number of chunks that are then counted
        expected = math.prod(-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True))
        is_complete = (
            size <= stored * _MAX_DEFLATE_RATIO + _MAX_CHUNK_BYTES and dataset.id.get_num_chunks() == expected
        )
        if is_complete:
            _check_chunks(path, name, dataset, chunk_bytes)
    if not is_complete:
        raise ResultsError(f"{path}: {name} declares {size} bytes that the file does not hold")
    return size


def _check_chunks(path: Path, name: str, dataset: h5py.Dataset, chunk_bytes: int) -> None:
    """Refuse a chunk that is longer packed than it is unpacked: deflate would unpack it to far more.

    HDF5 unpacks all of a chunk before it looks how much was wanted.
    """
    most = chunk_bytes + chunk_bytes // 1000 + 1024  # deflate adds 5 bytes for every 16 KiB at worst
    sizes: list[int] = []
    dataset.id.chunk_iter(lambda chunk: sizes.append(chunk.size))
    if max(sizes, default=0) > most:
        raise ResultsError(
            f"{path}: {name} has a chunk of {max(sizes)} bytes, more than it unpacks to: refused"
        )


def check_type(name: str, dataset: h5py.Dataset) -> None:
    """Make sure that a variable consists of numbers as results have them."""
    if dataset.dtype.newbyteorder("=").name not in (*DATA_TYPES, "int8"):
        raise ValueError(f"{name} has data type {dataset.dtype}")


def check_shape(name: str, dataset: h5py.Dataset, samples: int, times: int | None) -> None:
    """Make sure that a variable, not of cracks, has a value for each sample, or for each time of each."""
    wanted = [(samples,)] if times is None else [(samples,), (samples, times)]
    if dataset.shape in wanted:
        return
    if len(dataset.shape) == 2 and times is None:
        raise ValueError(f"{name}: shape {dataset.shape}, but there are no times for a series")
    expected = wanted[min(len(dataset.shape), len(wanted)) - 1]
    raise ValueError(f"{name}: {dataset.dtype} of shape {dataset.shape}, not of shape {expected}")


def check_total(path: Path, memory: int, file_size: int) -> None:
    """Make sure that a small file does not unpack into a memory full of zeros."""
    allowed = max(_FREE_BYTES, _MAX_FILE_RATIO * file_size)
    if memory > allowed:
        raise ResultsError(
            f"{path}: {memory} bytes of data in a file of {file_size}; at most {allowed} are read"
        )


def read_attributes(path: Path, item: h5py.Group | h5py.Dataset) -> dict[str, str | int | float]:
    """Return the attributes that are one text or one number; others are left aside, unread."""
    found: dict[str, str | int | float] = {}
    if len(item.attrs) > _MAX_ATTRIBUTES:
        raise ResultsError(
            f"{path}: {item.name} has {len(item.attrs)} attributes; at most {_MAX_ATTRIBUTES} are read"
        )
    for name in item.attrs:
        attribute = h5a.open(item.id, _key(path, name))
        too_long = f"{path}: attribute {name[:_LONGEST_SHOWN]} is longer than {MAX_ATTRIBUTE_BYTES} bytes"
        if attribute.get_storage_size() > MAX_ATTRIBUTE_BYTES:
            raise ResultsError(too_long)
        is_known = attribute.get_type().get_class() in (h5t.STRING, h5t.INTEGER, h5t.FLOAT)
        if is_known and attribute.get_space().get_simple_extent_npoints() == 1:
            found[name] = _plain(item.attrs[name])
            # of a text of variable length the attribute itself holds a reference only
            if len(str(found[name])) > MAX_ATTRIBUTE_BYTES:
                raise ResultsError(too_long)
    return found


def check_text(path: Path, name: str, dataset: h5py.Dataset) -> None:
    """Refuse a text of the provenance that is longer than any needs to be."""
    if math.prod(dataset.shape) > _MAX_TEXT_BYTES:
        raise ResultsError(f"{path}: provenance/{name} is longer than {_MAX_TEXT_BYTES} bytes")


def _key(path: Path, name: str | bytes) -> bytes:
    """Return a name as HDF5 takes it. h5py gives bytes where these are no UTF-8."""
    if isinstance(name, bytes):
        raise ResultsError(f"{path}: {name[:_LONGEST_SHOWN]!r} is a name that is no text in UTF-8")
    return name.encode()


def _plain(value: Any) -> str | int | float:
    value = value.item() if hasattr(value, "item") else value
    plain = value.decode() if isinstance(value, bytes) else value
    if isinstance(plain, str):
        plain.encode()  # h5py lets half a character pass
        return plain
    if not isinstance(plain, int | float):
        raise ValueError(f"an attribute of type {type(plain).__name__}")
    return plain

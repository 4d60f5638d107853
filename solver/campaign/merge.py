"""Parts into one results file, in memory that does not depend on how many samples there are.

The parts are read whole, one ahead on a thread of its own, and their sha256 is checked on the way. Scalars
are contiguous in a part and in the file, so they go over as slabs; the compressed chunks of series go over as
they are, where they fall on chunks of the file. The structure is copied from the first part.

To be run in a process of its own (`merge_process`): HDF5 on a full disk may end the process.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
from h5py import h5o, h5s
from numpy.typing import NDArray

from .. import _hdf5_check as check
from .._case_checks import nearest
from .._hdf5_write import BARE_DIMENSION, SERIES_FILTERS, chunk_shape, set_attributes, write_texts
from ..errors import ArgumentError, ResultsError
from .parts import DamagedPartError, Seal, read_seal, read_sealed

__all__ = [
    "PROVENANCE", "Described", "GrowingColumn", "check_merged", "check_places", "copy_structure",
    "growing_columns", "merge_parts", "provenance_texts", "write_slab",
]  # fmt: skip

#: Of every file, whatever columns are wanted.
_ALWAYS = ("sample", "time", "status")
SCALE_ATTRIBUTES = frozenset({"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid"})
# parts with smaller chunks than this are encoded anew, for the sake of whoever reads the file
_LEAST_CHUNK_BYTES = 32 * 1024
#: The group of texts.
PROVENANCE = "provenance"


@dataclass(frozen=True)
class Described:
    """What the merged file says of itself.

    Attributes
    ----------
    attributes : mapping of str to str
        Of the root, those of the first part replaced.
    provenance : mapping of str to str
        Texts of the group of that name, those of the first part replaced.
    """

    attributes: Mapping[str, str]
    provenance: Mapping[str, str]


def merge_parts(
    parts: Sequence[Path],
    target: Path,
    described: Described,
    *,
    columns: Sequence[str] | None = None,
    report: Callable[[int], None] | None = None,
) -> None:
    """Write the samples of parts into a new file, in the order of the parts.

    Parameters
    ----------
    parts : sequence of Path
        Sealed parts of one campaign, by their first samples.
    target : Path
        That does not exist; it is neither flushed to the disk nor renamed here.
    described : Described
    columns : sequence of str, optional
        Only these variables, beside ``sample``, ``time`` and ``status``; by default all.
    report : callable, optional
        Called with the number of bytes of parts that are done.

    Raises
    ------
    DamagedPartError
        A part does not have its checksum.
    ResultsError
        A part is not what a part is, or a column is in none.
    OSError, RuntimeError
        The file cannot be written.
    """
    seals = [_seal(path) for path in parts]
    sizes = _total_sizes(seals)
    done = 0
    with (
        h5py.File(target, "w", libver=("earliest", "v110"), track_order=True, locking=False) as file,
        ThreadPoolExecutor(1) as reader,
    ):
        with h5py.File(parts[0], "r", locking=False) as first:
            _refuse_unknown(first, columns)
            copy_structure(parts[0], first, file, sizes, columns, described)
            texts = provenance_texts(parts[0], first) | dict(described.provenance)
        sizes = {name: size for name, size in sizes.items() if name in file}
        places = dict.fromkeys(sizes, 0)
        growing = growing_columns(file, sizes)
        for (path, image), seal in zip(_read_ahead(reader, parts, seals), seals, strict=True):
            _copy_data(path, image, growing, {"sample": seal.samples} | dict(seal.cracks), places)
            done += len(image)
            if report is not None:
                report(done)
        check_places(places, sizes)
        write_texts(file, PROVENANCE, texts | {"parts": _table(seals)})


def check_merged(path: Path, samples: int) -> None:
    """Open a merged file again and make sure that everything it declares is there.

    Raises
    ------
    ResultsError
        Something is not.
    """
    with h5py.File(path, "r", locking=False) as file:
        for name, kind in check.members(path, file).items():
            if kind != h5o.TYPE_DATASET:
                continue
            dataset = check.open_dataset(path, file, name)
            if not dataset.is_scale or name in _ALWAYS:
                check.check_size(path, name, dataset)
        if file["sample"].shape != (samples,) or file["status"].shape != (samples,):
            raise ResultsError(f"{path}: it has {len(file['sample'])} samples, not {samples}")


def _read_ahead(
    reader: ThreadPoolExecutor, parts: Sequence[Path], seals: Sequence[Seal]
) -> Iterator[tuple[Path, memoryview]]:
    """Give each part's bytes, checked, while the next one is read."""

    coming = None
    for path, seal in zip(parts, seals, strict=True):
        following = path, reader.submit(read_sealed, path, seal)
        if coming is not None:
            yield coming[0], coming[1].result()
        coming = following
    if coming is not None:
        yield coming[0], coming[1].result()


def _seal(path: Path) -> Seal:
    found = read_seal(path)
    if found is None:
        raise DamagedPartError(path)
    return found


def check_columns(path: Path, columns: Sequence[str]) -> None:
    """Refuse names that are not in a part, or no name at all.

    Raises
    ------
    ArgumentError
    """
    if not columns:
        raise ArgumentError("columns", ": names no variable; left out, all are taken")
    with h5py.File(path) as part:
        _refuse_unknown(part, columns)


def _total_sizes(seals: Sequence[Seal]) -> dict[str, int]:
    """Return the size of each dimension that grows: samples, and cracks of each path."""
    sizes: dict[str, int] = {}
    for seal in seals:
        sizes["sample"] = sizes.get("sample", 0) + seal.samples
        for name, size in seal.cracks.items():
            sizes[name] = sizes.get(name, 0) + size
    return sizes


def _refuse_unknown(part: h5py.File, columns: Sequence[str] | None) -> None:
    names = [name for name, item in part.items() if isinstance(item, h5py.Dataset) and "role" in item.attrs]
    for name in columns or ():
        if name not in (*names, *_ALWAYS):
            text = f" = {name[:100]}: is not in the results; {nearest(name, names)}"
            raise ArgumentError("columns", text)


def provenance_texts(path: Path, part: h5py.File) -> dict[str, str]:
    """Return the provenance of a part, but what is said of this part alone."""
    group = part[PROVENANCE]
    names = [name for name, kind in check.members(path, group).items() if kind == h5o.TYPE_DATASET]
    found = {name: check.open_dataset(path, group, name) for name in names if name != "part"}
    return {
        name: data[()].tobytes().rstrip(b"\0").decode() for name, data in found.items() if not data.is_scale
    }


def copy_structure(
    path: Path, part: h5py.File, file: h5py.File, sizes: Mapping[str, int], columns: Sequence[str] | None,
    described: Described,
) -> None:  # fmt: skip
    """Make every dataset at its full size, with attributes and dimensions; fill what does not grow."""
    set_attributes(file, dict(part.attrs) | dict(described.attributes))
    names = [name for name, kind in check.members(path, part).items() if kind == h5o.TYPE_DATASET]
    wanted = [
        name
        for name in names
        if name in _ALWAYS
        or (part[name].is_scale if "role" not in part[name].attrs else columns is None or name in columns)
    ]
    dimensions = {name: dimensions_of(check.open_dataset(path, part, name)) for name in wanted}
    needed = {dimension for each in dimensions.values() for dimension in each} | set(_ALWAYS)
    for name in wanted:
        source = part[name]
        if not (source.is_scale and name not in needed):
            _create(file, name, source, dimensions[name], sizes)
    for name in wanted:
        for axis, dimension in enumerate(dimensions[name] if not part[name].is_scale else ()):
            file[name].dims[axis].attach_scale(file[dimension])


def _create(
    file: h5py.File, name: str, source: h5py.Dataset, dimensions: Sequence[str], sizes: Mapping[str, int]
) -> None:
    own = [name] if source.is_scale else dimensions
    shape = tuple(sizes.get(each, size) for each, size in zip(own, source.shape, strict=True))
    is_bare = source.is_scale and source.id.get_storage_size() == 0
    options: dict[str, Any] = {"track_order": True, "track_times": False}
    if source.chunks is not None:
        options |= {"chunks": _chunks(source, shape)} | SERIES_FILTERS
    elif not is_bare:
        options["fill_time"] = "never"  # every byte is written below
    fill_value = source.fillvalue if "_FillValue" in source.attrs else None
    dataset = file.create_dataset(name, shape=shape, dtype=source.dtype, fillvalue=fill_value, **options)
    if source.is_scale:
        dataset.make_scale(BARE_DIMENSION.format(size=shape[0]) if is_bare else name)
    set_attributes(dataset, {k: v for k, v in source.attrs.items() if k not in SCALE_ATTRIBUTES})
    if not is_bare and not any(each in sizes for each in own):
        dataset[...] = source[...]


def dimensions_of(dataset: h5py.Dataset) -> list[str]:
    """Return the names of the dimension scales of a dataset; of a scale its own."""
    if dataset.is_scale:
        return [dataset.name.lstrip("/")]
    return [axis[0].name.lstrip("/") for axis in dataset.dims]


def _chunks(source: h5py.Dataset, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the parts' chunks, so that they can be copied as they are, unless they are tiny."""
    own: tuple[int, ...] = source.chunks
    is_tiny = own[0] * own[1] * source.dtype.itemsize < _LEAST_CHUNK_BYTES and own[0] < shape[0]
    if is_tiny:
        return chunk_shape(shape[0], shape[1], source.dtype.itemsize)
    return tuple(min(pair) for pair in zip(own, shape, strict=True))


class GrowingColumn(NamedTuple):
    """A dataset of the file that grows part by part, and the dimension that it grows along."""

    name: str
    target: h5py.Dataset
    dimension: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def growing_columns(file: h5py.File, sizes: Mapping[str, int]) -> list[GrowingColumn]:
    """List what is filled from every part."""
    columns = []
    for name, target in file.items():
        if target.is_scale and name not in _ALWAYS:
            continue
        dimension = dimensions_of(target)[0]
        if dimension in sizes:
            columns.append(GrowingColumn(name, target, dimension, target.shape, target.dtype))
    return columns


def _copy_data(
    path: Path,
    image: memoryview,
    columns: Sequence[GrowingColumn],
    rows: Mapping[str, int],
    places: dict[str, int],
) -> None:
    """Append one part; ``places`` says how far each dimension that grows is filled."""
    with h5py.File(path, "r", locking=False) as part:
        kinds = check.members(path, part)
        for column in columns:
            if kinds.get(column.name) != h5o.TYPE_DATASET:
                raise ResultsError(f"{path}: it has no {column.name}")
            source = check.open_dataset(path, part, column.name)
            count = rows[column.dimension]
            if source.shape != (count, *column.shape[1:]) or source.dtype != column.dtype:
                raise ResultsError(f"{path}: {column.name} has another shape or type than its seal says")
            start = places[column.dimension]
            if count == 0:
                continue
            if source.chunks is None:
                write_slab(column.target, start, _contiguous(path, source, image))
            elif _can_copy_chunks(source, column.target, start):
                _copy_chunks(source, column.target, image, start)
            else:
                column.target[start : start + count] = source[...]
    for dimension in places:
        places[dimension] += rows[dimension]


def write_slab(target: h5py.Dataset, start: int, data: NDArray[Any]) -> None:
    """Write rows; h5py's own indexing takes longer than the writing."""
    where = target.id.get_space()
    where.select_hyperslab((start, *(0 for _ in data.shape[1:])), data.shape)
    target.id.write(h5s.create_simple(data.shape), where, data)


def _contiguous(path: Path, source: h5py.Dataset, image: memoryview) -> NDArray[Any]:
    """Return a contiguous dataset from the bytes whose checksum was right."""
    offset, shape, data_type = source.id.get_offset(), source.shape, source.dtype
    size = math.prod(shape)
    if offset is None or offset + size * data_type.itemsize > len(image):
        raise ResultsError(f"{path}: {source.name.lstrip('/')} lies outside the file")
    return np.frombuffer(image, data_type, size, offset).reshape(shape)


def _can_copy_chunks(source: h5py.Dataset, target: h5py.Dataset, start: int) -> bool:
    """Whether the chunks of a series fall on chunks of the file, none of them half filled."""
    if source.chunks is None or source.chunks != target.chunks:
        return False
    rows = source.chunks[0]
    ends_full = len(source) % rows == 0 or start + len(source) == len(target)
    return start % rows == 0 and ends_full


def _copy_chunks(source: h5py.Dataset, target: h5py.Dataset, image: memoryview, start: int) -> None:
    def copy(info: Any) -> None:
        place = (info.chunk_offset[0] + start, *info.chunk_offset[1:])
        data = bytes(image[info.byte_offset : info.byte_offset + info.size])
        target.id.write_direct_chunk(place, data, info.filter_mask)

    source.id.chunk_iter(copy)


def check_places(places: Mapping[str, int], sizes: Mapping[str, int]) -> None:
    """Refuse a file of which not every dimension was filled to its end."""
    for name, size in sizes.items():
        if places[name] != size:
            raise ResultsError(f"the parts hold {places[name]} of {size} along {name}")


def _table(seals: Sequence[Seal]) -> str:
    """Return the table of parts: first sample, samples, and sha256 of the data of each."""
    return json.dumps([[seal.first, seal.samples, seal.data_sha256] for seal in seals])

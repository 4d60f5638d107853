"""Results as the bytes of a netCDF-4 readable HDF5 file.

Every choice here is one that some reader forces; docs/results.md names the readers that were tried.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .results import REQUIRED_ATTRIBUTES, Results

__all__ = [
    "BARE_DIMENSION", "SERIES_FILTERS", "chunk_shape", "file_image", "set_attributes",
    "write_bare_dimension", "write_texts",
]  # fmt: skip

# Bytes of an HDF5 chunk of a series: below 0.25 MiB the index costs, above 1 MiB it falls out of the cache.
_CHUNK_BYTES = 512 * 1024
#: gzip gains a factor on histories, next to nothing on scalars; only these two filters read everywhere.
SERIES_FILTERS: dict[str, Any] = {"shuffle": True, "compression": "gzip", "compression_opts": 1}
_MEMORY_STEP = 16 * 2**20
# A dimension scale of this name is a dimension only, to every netCDF reader.
BARE_DIMENSION = "This is a netCDF dimension but not a netCDF variable. {size:10d}"


def file_image(results: Results, *, chunk_samples: int | None = None) -> bytes:
    """Return the whole file as bytes.

    Built in memory: HDF5 on a full disk ends in a segmentation fault, and a file cut short is unreadable.
    The same results give the same bytes.

    Parameters
    ----------
    results : Results
    chunk_samples : int, optional
        Samples in a chunk of a series; by default `chunk_shape` tells.
    """
    missing = [key for key in REQUIRED_ATTRIBUTES if not results.attributes.get(key)]
    if missing:
        raise ValueError(f"results without the attribute {missing[0]!r} cannot be written")
    # no file of that name is made, but HDF5 would read one that exists
    with h5py.File(
        f"leakflow-{uuid.uuid4()}",
        "w",
        driver="core",
        backing_store=False,
        block_size=_MEMORY_STEP,
        libver=("earliest", "v110"),
        track_order=True,
    ) as file:
        set_attributes(file, results.file_attributes())
        scales = _write_dimensions(file, results)
        _write_variables(file, results, scales, chunk_samples)
        write_texts(file, "provenance", results.provenance)
        file.flush()
        return bytes(file.id.get_file_image())


def _write_dimensions(file: h5py.File, results: Results) -> dict[str, h5py.Dataset]:
    """Write the dimension scales first, so that netCDF numbers them in this order."""
    scales = {"sample": _write_array(file, "sample", results.samples)}
    if results.times is not None:
        scales["time"] = _write_array(file, "time", results.times)
    for name, scale in scales.items():
        scale.make_scale(name)
        set_attributes(scale, results.variable_attributes(name))
    for name, size in results.crack_dimensions().items():
        scales[name] = write_bare_dimension(file, name, size)
    return scales


def _write_variables(
    file: h5py.File, results: Results, scales: Mapping[str, h5py.Dataset], chunk_samples: int | None
) -> None:
    arrays = {"status": results.status}
    arrays |= {name: variable.data for name, variable in results.variables.items()}
    arrays |= {name: variable.data for name, variable in (results.cracks or {}).items()}
    for name, data in arrays.items():
        attributes = results.variable_attributes(name)
        may_be_missing = attributes.get("role") == "output" and data.dtype.kind == "f"
        fill_value = data.dtype.type(np.nan) if may_be_missing else None
        dataset = _write_array(file, name, data, fill_value, chunk_samples)
        for axis, dimension in enumerate(results.dimensions(name)):
            dataset.dims[axis].attach_scale(scales[dimension])
        if fill_value is not None:
            attributes = {"_FillValue": np.array([fill_value], dtype=data.dtype)} | attributes
        set_attributes(dataset, attributes)


def write_texts(file: h5py.File, name: str, texts: Mapping[str, str]) -> None:
    """Write texts into a group as arrays of single characters, netCDF's own: any length, no reader trips."""
    group = file.create_group(name, track_order=True)
    for name, text in texts.items():
        characters = np.frombuffer(text.encode() or b"\0", dtype="S1")
        scale = write_bare_dimension(group, f"{name}_length", characters.size)
        dataset = _write_array(group, name, characters)
        dataset.dims[0].attach_scale(scale)
        set_attributes(dataset, {"_Encoding": "utf-8"})


def _write_array(
    group: h5py.Group, name: str, data: NDArray[Any], fill_value: Any = None, chunk_samples: int | None = None
) -> h5py.Dataset:
    """Write one array little-endian: scalars contiguous, series in compressed chunks."""
    options: dict[str, Any] = {"track_order": True, "track_times": False, "fillvalue": fill_value}
    if data.ndim == 2:
        samples, times = chunk_shape(len(data), data.shape[1], data.itemsize)
        options |= {"chunks": (min(chunk_samples or samples, len(data)), times)} | SERIES_FILTERS
    little_endian = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
    return group.create_dataset(name, data=little_endian, **options)


def chunk_shape(n_samples: int, n_times: int, item_bytes: int = 4) -> tuple[int, int]:
    """Return a chunk of whole samples, or of one sample's times where those alone are too many."""
    times = min(n_times, _CHUNK_BYTES // item_bytes)
    samples = min(n_samples, max(1, _CHUNK_BYTES // (times * item_bytes)))
    return samples, times


def write_bare_dimension(group: h5py.Group, name: str, size: int) -> h5py.Dataset:
    """Write a dimension without a variable, as netCDF does: a scale that never gets data."""
    scale = group.create_dataset(name, shape=(size,), dtype=">f4", track_order=True, track_times=False)
    scale.make_scale(BARE_DIMENSION.format(size=size))
    return scale


def set_attributes(item: h5py.Group | h5py.Dataset, attributes: Mapping[str, Any]) -> None:
    """Set attributes, each in the one form that every reader takes."""
    for key, value in attributes.items():
        item.attrs[key] = _attribute(value)


def _attribute(value: Any) -> Any:
    """Return text at fixed length (variable length crashes older readers), numbers at fixed width."""
    if isinstance(value, str):
        encoded = value.encode()
        if value.isascii():
            return np.bytes_(encoded)
        return np.array(encoded, dtype=h5py.string_dtype("utf-8", len(encoded)))
    if isinstance(value, np.ndarray | np.generic):
        return value
    return np.int64(value) if isinstance(value, int) else np.float64(value)

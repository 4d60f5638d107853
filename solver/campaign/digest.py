"""The sha256 of the data of a sweep: the same however it was cut into parts, whatever its history says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..results import Results

__all__ = ["data_digest", "file_digest"]

_SLAB_BYTES = 16 * 2**20


def data_digest(results: Results) -> str:
    """Return the sha256 over names, types, shapes and bytes of all arrays, attributes left out.

    Parameters
    ----------
    results : Results
        Of any samples.
    """
    digest = hashlib.sha256()
    for name, data in _arrays(results):
        digest.update(_head(name, data.dtype, data.shape))
        digest.update(_little_endian(data).data)
    return digest.hexdigest()


def file_digest(path: str | Path) -> str:
    """Return the same of a results file, read in pieces: it need not fit into memory."""
    import h5py

    digest = hashlib.sha256()
    with h5py.File(path, "r") as file:
        own = [name for name in ("sample", "time", "status") if name in file]
        others = [
            name for name, item in file.items() if isinstance(item, h5py.Dataset) and "role" in item.attrs
        ]
        for name in [*own, *others]:
            dataset = file[name]
            digest.update(_head(name, dataset.dtype, dataset.shape))
            row_bytes = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64))
            rows = max(1, _SLAB_BYTES // max(row_bytes, 1))
            if dataset.chunks is not None:  # a chunk is decompressed once
                rows = max(rows // dataset.chunks[0], 1) * dataset.chunks[0]
            for start in range(0, dataset.shape[0], rows):
                digest.update(_little_endian(dataset[start : start + rows]).data)
    return digest.hexdigest()


def _arrays(results: Results) -> Iterator[tuple[str, NDArray[Any]]]:
    """Give the arrays in the order of the file."""
    yield "sample", results.samples
    if results.times is not None:
        yield "time", results.times
    yield "status", results.status
    for name, variable in (dict(results.variables) | dict(results.cracks or {})).items():
        yield name, variable.data


def _head(name: str, data_type: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    return f"{name} {data_type.newbyteorder('<').str} {shape}\n".encode()


def _little_endian(data: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(data, data.dtype.newbyteorder("<")).view(np.uint8)

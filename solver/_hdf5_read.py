"""A results file read into memory, checked on the way (`_hdf5_check`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import h5py
import numpy as np
from h5py import h5o, h5t
from numpy.typing import NDArray

from . import _hdf5_check as check
from ._terminal_text import plain
from .errors import ResultsError
from .results import OWN_ATTRIBUTES, RUN_CONTENT, SCHEMA_VERSION, Results, Variable

_SLAB_BYTES = 32 * 2**20
_LONGEST_LINE = 300
T = TypeVar("T")

# Either marks a variable as one of crack geometry.
_CRACK_ATTRIBUTES = frozenset({"sample_dimension", "count_variable"})


class _Opened(NamedTuple):
    """A file whose datasets have been opened and checked: none of them has been read."""

    attributes: dict[str, str]
    own: dict[str, h5py.Dataset]
    ours: dict[str, h5py.Dataset]
    described: dict[str, dict[str, str | int | float]]
    texts: dict[str, h5py.Dataset]


def read_results(path: Path) -> Results:
    """Return the results in a file.

    Raises
    ------
    ResultsError
        One line naming the file and what is wrong with it.
    """
    return _with_file(path, _read_file)


def walk_results(path: Path) -> None:
    """Read a file as `read_results` does, every byte of it, but keep nothing and hold little at a time."""
    _with_file(path, _walk_file)


def check_results(path: Path) -> None:
    """Open and check a file as `read_results` does, but read no data."""
    _with_file(path, lambda opened: None)


def _with_file(path: Path, work: Callable[[_Opened], T]) -> T:
    """Open and check a file, and work on what is opened; whatever goes wrong becomes one line."""
    try:
        file_size = check.check_signature(path)
        with h5py.File(path, "r") as file:
            return work(_open_file(path, file, file_size))
    except ResultsError as error:  # names in the file may hold anything
        text = str(error).removeprefix(f"{path}: ")
        raise ResultsError(f"{path}: {plain(text)[:_LONGEST_LINE]}") from error
    except FileNotFoundError as error:
        raise ResultsError(f"{path}: no such file") from error
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ResultsError(f"{path}: cannot be read: {plain(_reason(error))[:_LONGEST_LINE]}") from error


def _reason(error: Exception) -> str:
    if strerror := getattr(error, "strerror", None):
        return str(strerror)
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated file" in text:
        return "it is cut short"
    # h5py's own errors end in the words of the HDF5 library, which say nothing to a user
    of_hdf5 = isinstance(error, OSError | RuntimeError) or text.lstrip("\"'").startswith("Unable to")
    return "it is damaged" if of_hdf5 else text


def _open_file(path: Path, file: h5py.File, file_size: int) -> _Opened:
    attributes = {
        key: str(value) for key, value in check.read_attributes(path, file).items() if not key.startswith("_")
    }
    if attributes.get("content") == RUN_CONTENT:
        raise ResultsError(f"{path}: the history of one run, not a sweep; open it with xarray or ncdump")
    _check_version(path, attributes.get("schema_version"))
    kinds = check.members(path, file)
    datasets = {
        name: check.open_dataset(path, file, name) for name, kind in kinds.items() if kind == h5o.TYPE_DATASET
    }
    for name in ("sample", "status"):
        if name not in datasets:
            raise ResultsError(f"{path}: not a leakflow results file: it has no {name!r}")
    names: tuple[str, ...] = ("sample", "status", "time")
    own = {name: datasets.pop(name) for name in names if name in datasets}
    described = {name: check.read_attributes(path, dataset) for name, dataset in datasets.items()}
    # what has no role was added by others: left aside
    ours = {name: dataset for name, dataset in datasets.items() if "role" in described[name]}
    texts = _open_texts(path, file["provenance"]) if kinds.get("provenance") == h5o.TYPE_GROUP else {}

    for name, dataset in (own | ours).items():
        check.check_type(name, dataset)
    to_read = own | ours | {f"provenance/{name}": dataset for name, dataset in texts.items()}
    check.check_total(path, sum(check.check_size(path, *item) for item in to_read.items()), file_size)
    samples, times = own["sample"].shape[0], own["time"].shape[0] if "time" in own else None
    for name, dataset in ours.items():
        if _CRACK_ATTRIBUTES.isdisjoint(described[name]):
            check.check_shape(name, dataset, samples, times)
    return _Opened(attributes, own, ours, described, texts)


def _read_file(opened: _Opened) -> Results:
    own = opened.own
    variables = {
        name: _read_variable(name, dataset, opened.described[name]) for name, dataset in opened.ours.items()
    }
    of_cracks = {name for name in variables if not _CRACK_ATTRIBUTES.isdisjoint(opened.described[name])}
    results = Results(
        samples=_read_array(own["sample"]),
        status=_read_array(own["status"]),
        times=_read_array(own["time"]) if "time" in own else None,
        variables={name: variable for name, variable in variables.items() if name not in of_cracks},
        cracks={name: variable for name, variable in variables.items() if name in of_cracks} or None,
        attributes=opened.attributes,
        provenance={
            name: dataset[()].tobytes().rstrip(b"\0").decode() for name, dataset in opened.texts.items()
        },
    )
    _check_axes(results)
    return results


def _walk_file(opened: _Opened) -> None:
    for dataset in (*opened.own.values(), *opened.ours.values(), *opened.texts.values()):
        row_bytes = math.prod(dataset.shape[1:]) * dataset.dtype.itemsize
        rows = max(1, _SLAB_BYTES // max(row_bytes, 1))
        for first in range(0, dataset.shape[0], rows):
            dataset[first : first + rows]


def _check_axes(results: Results) -> None:
    """Refuse samples and times that no sweep has: what is found by them would be another's."""
    if results.samples[0] < 0 or np.any(results.samples[1:] <= results.samples[:-1]):
        raise ValueError("sample does not rise from 0 or more: an index is there twice, or out of order")
    if results.status.min() < 0:
        raise ValueError("status is negative")
    times = results.times
    if times is not None and not (np.isfinite(times).all() and np.all(times[1:] > times[:-1])):
        raise ValueError("time is not finite, or does not rise")
    sizes = results.crack_dimensions()
    for name, variable in (results.cracks or {}).items():
        # so large a count can only stand in a sum that has passed the end of the integers
        if name.endswith("_count") and variable.data.max() > sizes[f"{name.removesuffix('_count')}_crack"]:
            raise ValueError(f"{name}: counts that do not add up")


def _check_version(path: Path, version: str | None) -> None:
    if version is None:
        raise ResultsError(f"{path}: not a leakflow results file: it has no attribute 'schema_version'")
    if not (version.isascii() and version.isdigit() and len(version) < 10) or int(version) < 1:
        raise ResultsError(f"{path}: schema_version {version[:40]!r} is no version")
    if int(version) > SCHEMA_VERSION:
        raise ResultsError(
            f"{path}: written by a newer leakflow (schema {version}; this one reads up to {SCHEMA_VERSION})"
        )


def _open_texts(path: Path, group: h5py.Group) -> dict[str, h5py.Dataset]:
    """Open the provenance: arrays of single characters."""
    datasets = {
        name: check.open_dataset(path, group, name)
        for name, kind in check.members(path, group).items()
        if kind == h5o.TYPE_DATASET
    }
    texts = {
        name: d
        for name, d in datasets.items()
        if d.id.get_type().get_class() == h5t.STRING and d.dtype == "S1" and len(d.shape) == 1
    }
    for name, dataset in texts.items():
        check.check_text(path, name, dataset)
    return texts


def _read_variable(name: str, dataset: h5py.Dataset, described: Mapping[str, str | int | float]) -> Variable:
    kept = {
        key: value
        for key, value in described.items()
        if key not in OWN_ATTRIBUTES and not key.startswith("_")
    }
    units, long_name, role = (str(described.get(key, "")) for key in ("units", "long_name", "role"))
    return Variable(name, _read_array(dataset), units, long_name, role, kept)


def _read_array(dataset: h5py.Dataset) -> NDArray[Any]:
    return np.asarray(dataset[()], dtype=dataset.dtype.newbyteorder("="))

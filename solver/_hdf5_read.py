"""A results file read into memory, checked on the way (`_hdf5_check`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5o, h5t
from numpy.typing import NDArray

from . import _hdf5_check as check
from .errors import ResultsError
from .results import DATA_TYPES, OWN_ATTRIBUTES, RUN_CONTENT, SCHEMA_VERSION, Results, Variable

# Either marks a variable as one of crack geometry.
_CRACK_ATTRIBUTES = frozenset({"sample_dimension", "count_variable"})


def read_results(path: Path) -> Results:
    """Return the results in a file.

    Raises
    ------
    ResultsError
        One line naming the file and what is wrong with it.
    """
    try:
        file_size = check.check_signature(path)
        with h5py.File(path, "r") as file:
            return _read_file(path, file, file_size)
    except FileNotFoundError as error:
        raise ResultsError(f"{path}: no such file") from error
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ResultsError(f"{path}: cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if strerror := getattr(error, "strerror", None):
        return str(strerror)
    text = " ".join(str(error).split()) or type(error).__name__
    if "truncated file" in text:
        return "it is cut short"
    # h5py's own errors end in the words of the HDF5 library, which say nothing to a user
    of_hdf5 = isinstance(error, OSError | RuntimeError) or text.lstrip("\"'").startswith("Unable to")
    return "it is damaged" if of_hdf5 else text


def _read_file(path: Path, file: h5py.File, file_size: int) -> Results:
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
    own = {name: datasets.pop(name) for name in ("sample", "status", "time") if name in datasets}
    described = {name: check.read_attributes(path, dataset) for name, dataset in datasets.items()}
    # what has no role was added by others: left aside
    ours = {name: dataset for name, dataset in datasets.items() if "role" in described[name]}
    texts = _open_texts(path, file["provenance"]) if kinds.get("provenance") == h5o.TYPE_GROUP else {}

    to_read = own | ours | {f"provenance/{name}": dataset for name, dataset in texts.items()}
    check.check_total(path, sum(check.check_size(path, *item) for item in to_read.items()), file_size)
    variables = {name: _read_variable(name, dataset, described[name]) for name, dataset in ours.items()}
    of_cracks = {name for name in ours if not _CRACK_ATTRIBUTES.isdisjoint(described[name])}
    return Results(
        samples=_read_array("sample", own["sample"]),
        status=_read_array("status", own["status"]),
        times=_read_array("time", own["time"]) if "time" in own else None,
        variables={name: variable for name, variable in variables.items() if name not in of_cracks},
        cracks={name: variable for name, variable in variables.items() if name in of_cracks} or None,
        attributes=attributes,
        provenance={name: dataset[()].tobytes().rstrip(b"\0").decode() for name, dataset in texts.items()},
    )


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
    return {
        name: d
        for name, d in datasets.items()
        if d.id.get_type().get_class() == h5t.STRING and d.dtype == "S1" and len(d.shape) == 1
    }


def _read_variable(name: str, dataset: h5py.Dataset, described: Mapping[str, str | int | float]) -> Variable:
    kept = {
        key: value
        for key, value in described.items()
        if key not in OWN_ATTRIBUTES and not key.startswith("_")
    }
    units, long_name, role = (str(described.get(key, "")) for key in ("units", "long_name", "role"))
    return Variable(name, _read_array(name, dataset), units, long_name, role, kept)


def _read_array(name: str, dataset: h5py.Dataset) -> NDArray[Any]:
    data_type = dataset.dtype.newbyteorder("=")
    if data_type.name not in (*DATA_TYPES, "int8"):
        raise ValueError(f"{name} has data type {dataset.dtype}")
    return np.asarray(dataset[()], dtype=data_type)

"""Results files read a piece at a time, after the checks that any results file must pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5o
from numpy.typing import NDArray

from .. import _hdf5_check as check
from .. import _hdf5_read as reading
from ..errors import ResultsError
from ..results import RUN_CONTENT
from .sources import Quantity

__all__ = ["Part", "PartReader", "describe_file", "readable"]

_OF_CRACKS = frozenset({"sample_dimension", "count_variable"})


@dataclass(frozen=True)
class Part:
    """A results file without its values."""

    path: Path
    quantities: Mapping[str, Quantity]
    times: NDArray[np.float64] | None
    attributes: Mapping[str, str]
    provenance: Mapping[str, str]
    first: int
    last: int
    count: int


@contextmanager
def readable(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file; whatever goes wrong inside is one line.

    Raises
    ------
    ResultsError
        It names the file.
    """
    try:
        check.check_signature(path)
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError as error:
        raise ResultsError(f"{path}: no such file") from error
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise ResultsError(f"{path}: cannot be read: {reading._reason(error)}") from error


def describe_file(path: Path) -> Part:
    """Return what a results file holds, checked as `open_results` does, but for the values.

    Raises
    ------
    ResultsError
        It is no results file, or is damaged; one line.
    """
    with readable(path) as file:
        attributes = {
            key: str(value)
            for key, value in check.read_attributes(path, file).items()
            if not key.startswith("_")
        }
        if attributes.get("content") == RUN_CONTENT:
            raise ResultsError(f"{path}: the history of one run, not a sweep")
        reading._check_version(path, attributes.get("schema_version"))
        kinds = check.members(path, file)
        datasets = {
            name: check.open_dataset(path, file, name)
            for name, kind in kinds.items()
            if kind == h5o.TYPE_DATASET
        }
        for name in ("sample", "status"):
            if name not in datasets:
                raise ResultsError(f"{path}: not a leakflow results file: it has no {name!r}")
        texts = (
            reading._open_texts(path, file["provenance"]) if kinds.get("provenance") == h5o.TYPE_GROUP else {}
        )
        for name, dataset in {**datasets, **texts}.items():
            if name in ("sample", "status", "time") or "role" in dataset.attrs or name in texts:
                check.check_size(path, name, dataset)
        first, last, count = _range(path, datasets)
        return Part(
            path,
            _quantities(path, datasets, count),
            np.asarray(datasets["time"][()], float) if "time" in datasets else None,
            attributes,
            {name: d[()].tobytes().rstrip(b"\0").decode() for name, d in texts.items()},
            first,
            last,
            count,
        )


def _range(path: Path, datasets: Mapping[str, h5py.Dataset]) -> tuple[int, int, int]:
    samples, status = datasets["sample"], datasets["status"]
    count = samples.shape[0]
    if samples.shape != (count,) or status.shape != (count,) or count == 0:
        raise ValueError(f"sample and status have shapes {samples.shape} and {status.shape}")
    if samples.dtype.kind != "i" or status.dtype.kind != "i":
        raise ValueError("sample and status are not integers")
    first, last = int(samples[0]), int(samples[-1])
    if first < 0 or last - first + 1 < count:
        raise ValueError("samples are not in ascending order")
    return first, last + 1, count


def _quantities(path: Path, datasets: Mapping[str, h5py.Dataset], count: int) -> dict[str, Quantity]:
    """Return inputs, outcomes and series."""
    times = datasets["time"].shape[0] if "time" in datasets else 0
    found = {}
    for name, dataset in datasets.items():
        told = check.read_attributes(path, dataset)
        role = str(told.get("role", ""))
        if role not in ("input", "output") or not _OF_CRACKS.isdisjoint(told):
            continue
        if dataset.shape not in ((count,), (count, times)) or dataset.dtype.kind not in "fi":
            raise ValueError(f"{name}: {dataset.dtype} of shape {dataset.shape}")
        units, text = str(told.get("units", "")), str(told.get("long_name", ""))
        found[name] = Quantity(name, role, units, text, times if len(dataset.shape) == 2 else 0)
    return found


class PartReader:
    """Reads ranges of samples out of files, of which it keeps one open."""

    def __init__(self) -> None:
        """Start with none open."""
        self._path: Path | None = None
        self._file: h5py.File | None = None
        self._samples: NDArray[np.int64] | None = None

    def fill(
        self, part: Part, lo: int, hi: int, status: NDArray[np.int8], values: Mapping[str, NDArray[Any]]
    ) -> None:
        """Put what a file holds of the samples ``lo`` to ``hi - 1`` into arrays that begin with ``lo``."""
        try:
            file = self._opened(part)
            a, b = self._rows(part, lo, hi)
            samples = file["sample"][a:b]
            if a < b and (samples[0] < lo or samples[-1] >= hi or (np.diff(samples) <= 0).any()):
                raise ResultsError(f"{part.path}: samples are not in ascending order")
            where: Any = samples - lo
            if a < b and samples[-1] - samples[0] == b - a - 1:
                where = slice(int(samples[0]) - lo, int(samples[-1]) - lo + 1)  # much faster than a list
            status[where] = file["status"][a:b]
            for name, target in values.items():
                target[where] = file[name][a:b]
        except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
            raise ResultsError(f"{part.path}: cannot be read: {reading._reason(error)}") from error

    def _opened(self, part: Part) -> h5py.File:
        if self._path != part.path or self._file is None:
            if self._file is not None:
                self._file.close()
            self._file, self._path, self._samples = h5py.File(part.path, "r"), part.path, None
        return self._file

    def _rows(self, part: Part, lo: int, hi: int) -> tuple[int, int]:
        """Return where in the file the samples of a range lie."""
        if part.last - part.first == part.count:
            return max(lo - part.first, 0), min(hi, part.last) - part.first
        if self._samples is None:
            self._samples = self._opened(part)["sample"][()]
        assert self._samples is not None
        a, b = np.searchsorted(self._samples, [lo, hi])
        return int(a), int(b)

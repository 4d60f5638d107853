"""Where the samples come from: results in memory, a file, or the parts of one sweep, read a piece at a time.

A source is asked for a range of global sample indices and for a few variables; what is not there comes back
as status `ABSENT`. So a group of rows is found by its index, whatever files it lies in, and no sweep need
fit into memory.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import ResultsError
from ..results import Results
from .design import Design, read_design

__all__ = ["ABSENT", "FileSource", "Quantity", "ResultsSource", "Source", "open_sources"]

#: Status of a row that is not there: an interrupted sweep, a part not yet computed.
ABSENT = -1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """What is known of a variable without its values; ``times`` is 0 for a scalar."""

    name: str
    role: str
    units: str
    long_name: str
    times: int = 0


class Source(Protocol):
    """One sweep, read by global sample index.

    Attributes
    ----------
    name : str
        For messages.
    quantities : mapping of str to Quantity
        Inputs, outcomes and series; neither diagnostics nor the geometry of cracks.
    times : float64 (n_times,) or None
    first, last : int
        The sample indices there are lie in ``first`` to ``last - 1``.
    count : int
        How many there are.
    """

    name: str
    paths: tuple[Path, ...]
    quantities: Mapping[str, Quantity]
    times: Floats | None
    attributes: Mapping[str, str]
    design: Design
    noisy: bool
    first: int
    last: int
    count: int

    def read(
        self, lo: int, hi: int, names: Sequence[str]
    ) -> tuple[NDArray[np.int8], dict[str, NDArray[Any]]]:
        """Return the statuses of samples ``lo`` to ``hi - 1`` and their values, NaN where there are none."""
        ...


def open_sources(given: Any) -> list[Source]:
    """Return one source for each sweep among results, paths of files or folders of parts.

    Files of one campaign (the same ``campaign_id``) are put together; others are sweeps of their own.

    Raises
    ------
    ResultsError
        A file cannot be read; one line.
    """
    if isinstance(given, Results):
        return [ResultsSource(given)]
    items: list[Any] = [given] if isinstance(given, str | os.PathLike) else list(given)
    if not items:
        raise ResultsError("no results to analyse")
    if all(isinstance(item, Results) for item in items):
        return [ResultsSource(item) for item in items]
    from ._files import describe_file

    described = [describe_file(path) for item in items for path in _files(Path(item))]
    campaigns: dict[str, list[Any]] = {}
    for one in described:
        campaigns.setdefault(one.attributes.get("campaign_id") or str(one.path), []).append(one)
    return [FileSource(parts) for parts in campaigns.values()]


def _files(path: Path) -> list[Path]:
    """Return a file itself, or the parts in the folder of a campaign."""
    if not path.is_dir():
        return [path]
    parts = sorted(path.glob("parts/**/part-*.nc")) or sorted(path.glob("part-*.nc"))
    if not parts:
        raise ResultsError(f"{path}: a folder without parts of a campaign (parts/*/part-*.nc)")
    return parts


class ResultsSource:
    """Results in memory."""

    def __init__(self, results: Results) -> None:
        """Take results; their samples must ascend."""
        self.name = results.attributes.get("title") or "results"
        self.paths: tuple[Path, ...] = ()
        self.times = results.times
        self.attributes = results.attributes
        self.design = read_design(self.name, results.provenance)
        self.quantities: Mapping[str, Quantity] = {
            name: Quantity(name, v.role, v.units, v.long_name, v.data.shape[1] if v.data.ndim == 2 else 0)
            for name, v in results.variables.items()
            if v.role in ("input", "output")
        }
        self.noisy = has_noise(self.design, self.quantities, results.provenance)
        self._results = results
        self.first, self.last = int(results.samples[0]), int(results.samples[-1]) + 1
        self.count = len(results)
        if (np.diff(results.samples) <= 0).any():
            raise ResultsError(f"{self.name}: samples are not in ascending order")

    def read(
        self, lo: int, hi: int, names: Sequence[str]
    ) -> tuple[NDArray[np.int8], dict[str, NDArray[Any]]]:
        """Return statuses and values of a range; see `Source`."""
        samples = self._results.samples
        a, b = np.searchsorted(samples, [lo, hi])
        status = np.full(hi - lo, ABSENT, np.int8)
        where = samples[a:b] - lo
        status[where] = self._results.status[a:b]
        values = {}
        for name in names:
            data = self._results.variables[name].data
            values[name] = np.full((hi - lo, *data.shape[1:]), np.nan)
            values[name][where] = data[a:b]
        return status, values


class FileSource:
    """The files of one sweep, opened one at a time."""

    def __init__(self, parts: Iterable[Any]) -> None:
        """Take described files of one campaign; their samples must not overlap."""
        from ._files import PartReader

        ordered = sorted(parts, key=lambda part: part.first)
        whole = ordered[0]
        for before, after in itertools.pairwise(ordered):
            if after.first < before.last:
                raise ResultsError(f"{after.path}: holds samples that are in {before.path} too")
            if dict(after.quantities) != dict(whole.quantities):
                raise ResultsError(f"{after.path}: other variables than {whole.path}")
        self.name = str(whole.path)
        self.paths = tuple(part.path for part in ordered)
        self.quantities: Mapping[str, Quantity] = whole.quantities
        self.times = whole.times
        self.attributes = whole.attributes
        self.design = read_design(self.name, whole.provenance)
        self.noisy = has_noise(self.design, self.quantities, whole.provenance)
        self.first, self.last = whole.first, ordered[-1].last
        self.count = sum(part.count for part in ordered)
        self._parts = ordered
        self._reader = PartReader()

    def read(
        self, lo: int, hi: int, names: Sequence[str]
    ) -> tuple[NDArray[np.int8], dict[str, NDArray[Any]]]:
        """Return statuses and values of a range; see `Source`."""
        status = np.full(hi - lo, ABSENT, np.int8)
        shapes = {name: self.quantities[name].times for name in names}
        values = {
            name: np.full((hi - lo, times) if times else hi - lo, np.nan) for name, times in shapes.items()
        }
        for part in self._parts:
            if part.first < hi and part.last > lo:
                self._reader.fill(part, lo, hi, status, values)
        return status, values


def has_noise(design: Design, quantities: Mapping[str, Quantity], provenance: Mapping[str, str]) -> bool:
    """Tell whether something random moves the outcomes that no stored input shows: the cracks themselves."""
    if design.names:
        return any(name not in quantities for name in design.names)
    import json

    try:
        paths = json.loads(provenance.get("case", "{}")).get("paths") or {}
        return any(path.get("kind") == "cracks" for path in paths.values())
    except (ValueError, AttributeError):
        return False

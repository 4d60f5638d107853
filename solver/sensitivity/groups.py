"""The groups of rows of a design, found by sample index: which are whole, and their values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels import status as status_codes
from .sources import ABSENT, Source

__all__ = ["Column", "Survey", "group_values", "row_values", "survey"]

Floats = NDArray[np.float64]

#: Rows of which only the status is read at once.
_ROWS = 2**20


@dataclass(frozen=True)
class Column:
    """One number of each sample that is analysed.

    Attributes
    ----------
    name : str
        The outcome or series.
    time : int or None
        Which time of a series.
    kind : str
        "value"; "reached": 1 where there is a value and 0 where there is none, as of a time that was not
        reached; "failed": 1 where the sample failed and 0 where it did not.
    """

    name: str
    time: int | None = None
    kind: str = "value"

    @property
    def label(self) -> str:
        """The name under which it is shown."""
        return f"{self.name}_reached" if self.kind == "reached" else self.name

    def of(self, status: NDArray[np.int8], values: dict[str, NDArray[Any]]) -> Floats:
        """Return the column; NaN where the sample failed, or has no value."""
        if self.kind == "failed":
            return np.where(status == ABSENT, np.nan, status != status_codes.OK)
        data = values[self.name] if self.time is None else values[self.name][:, self.time]
        if self.kind == "reached":
            data = np.isfinite(data).astype(float)
        good = np.where(status == status_codes.OK, data, np.nan)
        return np.asarray(np.where(np.isfinite(good), good, np.nan), float)


@dataclass(frozen=True)
class Survey:
    """Which groups there are.

    Attributes
    ----------
    first : int
        Index of the first group.
    whole : bool (N,)
        Groups all of whose rows are there, failed or not.
    failed : bool (N,)
        Those of them with a sample that failed.
    statuses : dict of int to int
        How many samples have each status.
    """

    first: int
    whole: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    statuses: dict[int, int]

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return sum(self.statuses.values())

    @property
    def failed_samples(self) -> int:
        """How many of them failed."""
        return self.samples - self.statuses.get(status_codes.OK, 0)

    @property
    def failed_share(self) -> float:
        """Failed groups over whole ones."""
        return float(self.failed.sum()) / max(int(self.whole.sum()), 1)

    def named(self, most: int = 5) -> list[int]:
        """Return the indices of the first groups that failed."""
        return [self.first + int(g) for g in np.flatnonzero(self.failed)[:most]]


def survey(source: Source, rows_per_group: int) -> Survey:
    """Read the statuses of all samples and sort the groups by them."""
    first = source.first // rows_per_group
    count = -(-source.last // rows_per_group) - first
    whole, failed = np.zeros(count, bool), np.zeros(count, bool)
    statuses: dict[int, int] = {}
    size = max(1, _ROWS // rows_per_group)
    for start in range(0, count, size):
        stop = min(start + size, count)
        status, _ = source.read((first + start) * rows_per_group, (first + stop) * rows_per_group, ())
        grouped = status.reshape(-1, rows_per_group)
        whole[start:stop] = (grouped != ABSENT).all(axis=1)
        failed[start:stop] = whole[start:stop] & (grouped != status_codes.OK).any(axis=1)
        codes, counts = np.unique(status[status != ABSENT], return_counts=True)
        for code, n in zip(codes.tolist(), counts.tolist(), strict=True):
            statuses[code] = statuses.get(code, 0) + n
    return Survey(first, whole, failed, statuses)


def group_values(
    source: Source, found: Survey, rows_per_group: int, start: int, stop: int, columns: Sequence[Column]
) -> Floats:
    """Return the values of the whole groups among ``start`` to ``stop - 1``, (columns, groups, rows).

    What is missing, and all of a sample that failed, is NaN.
    """
    lo, hi = ((found.first + g) * rows_per_group for g in (start, stop))
    status, values = source.read(lo, hi, names_of(columns))
    whole = found.whole[start:stop]
    gathered = np.empty((len(columns), int(whole.sum()), rows_per_group))
    for place, column in enumerate(columns):
        gathered[place] = column.of(status, values).reshape(-1, rows_per_group)[whole]
    return gathered


def row_values(
    source: Source,
    names: Sequence[str],
    columns: Sequence[Column],
    *,
    every: Sequence[int] | None = None,
    rows: int = 1,
    chosen: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int8], Floats, Floats]:
    """Return statuses, inputs (n, D) and columns (n, C) of the samples there are.

    Parameters
    ----------
    names : sequence of str
        Inputs.
    every : sequence of int or None
        Which rows of each group of ``rows`` are taken; None takes all.
    rows : int
        Rows of a group.
    chosen : bool (last - first,), optional
        Which of the source's samples are wanted at all.
    """
    statuses, inputs, outputs = [], [], []
    size = max(rows, _ROWS // max(1, len(names) + len(columns)) // rows * rows)
    start = source.first // rows * rows
    for lo in range(start, source.last, size):
        hi = min(lo + size, source.last)
        status, values = source.read(lo, hi, sorted({*names, *names_of(columns)}))
        taken = status != ABSENT
        if chosen is not None:
            there = np.arange(lo, hi) - source.first
            taken &= np.where(there >= 0, chosen[np.maximum(there, 0)], False)
        if every is not None:
            taken &= np.isin(np.arange(lo, hi) % rows, every)
        statuses.append(status[taken])
        inputs.append(_table([values[name] for name in names], taken))
        outputs.append(_table([column.of(status, values) for column in columns], taken))
    return np.concatenate(statuses), np.concatenate(inputs), np.concatenate(outputs)


def names_of(columns: Sequence[Column]) -> list[str]:
    """Return the variables that columns are made of."""
    return sorted({column.name for column in columns if column.kind != "failed"})


def _table(columns: Sequence[NDArray[Any]], taken: NDArray[np.bool_]) -> Floats:
    if not columns:
        return np.empty((int(taken.sum()), 0))
    return np.stack([np.asarray(column[taken], float) for column in columns], axis=1)

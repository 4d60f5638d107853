"""What a validation finds, before it becomes text: checks that must hold, events, and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Check", "Event", "Limit", "Prediction", "interval"]


@dataclass(frozen=True)
class Check:
    """One error that must stay within its bound.

    Attributes
    ----------
    name, source : str
        What was compared, and where the expected numbers come from.
    errors : dict of str to (float, str)
        Each measured error with its bound as printed; a measured one is rounded to the bound's digits,
        unless that is written with an exponent. An empty bound judges nothing.
    unit : str
        Of errors and bounds.
    rows : int
        How many numbers were compared.
    """

    name: str
    source: str
    errors: dict[str, tuple[float, str]]
    unit: str = "%"
    rows: int = 0

    @property
    def holds(self) -> bool:
        """Whether every error is within its bound; an error that is no number is not."""
        return all(_within(error, bound) for error, bound in self.errors.values())


@dataclass(frozen=True)
class Prediction:
    """One number of an event: what leakflow says beside what was observed.

    Attributes
    ----------
    what : str
    predicted : (float, float, float)
        5 %, 50 % and 95 % quantiles.
    observed : (float, float) or None
        Lowest and highest value told, the same twice if only one was; None if nobody told it.
    unit : str
    kind : str
        ``prediction``: the inputs owe nothing to this observation. ``given another reading``: other numbers
        of the same record chose among the samples. ``informed``: the record helped to choose the prior.
        ``explains``: this record itself chose among the samples, or the prior was made to hold it.
    """

    what: str
    predicted: tuple[float, float, float]
    observed: tuple[float, float] | None
    unit: str
    kind: str = "prediction"

    @property
    def is_test(self) -> bool:
        """Whether it could have failed: what was observed chose neither the inputs nor the samples."""
        return self.observed is not None and self.kind in ("prediction", "given another reading")

    @property
    def verdict(self) -> str:
        """``inside``, ``in part`` (the observed range overlaps), ``MISS``, or nothing to judge."""
        if self.observed is None:
            return "not observed"
        low, _, high = self.predicted
        if low <= self.observed[0] and self.observed[1] <= high:
            return "inside"
        return "in part" if self.observed[0] <= high and low <= self.observed[1] else "MISS"


@dataclass(frozen=True)
class Event:
    """One event of the public record.

    Attributes
    ----------
    title, case : str
        ``case`` is the name of the case file that ships; empty for pure arithmetic.
    trust : str
        Grade of the record's figures, A best to D.
    predictions : tuple of Prediction
    unknown : str
        What the record does not tell.
    text : str
        What follows from it.
    sources : tuple of str
        Where the figures come from, if no case says so.
    picture : dict
        What the figure needs, by label; see `leakflow.solver.validation.figures`.
    """

    title: str
    case: str
    trust: str
    predictions: tuple[Prediction, ...]
    unknown: str
    text: str
    sources: tuple[str, ...] = ()
    picture: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Limit:
    """Something that is not modelled.

    Attributes
    ----------
    what, size, source : str
        How large it could be, and how that is known.
    """

    what: str
    size: str
    source: str


def interval(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % quantiles of what is finite.

    Raises
    ------
    ValueError
        Nothing is.
    """
    array = np.asarray(values, dtype=float)
    there = array[np.isfinite(array)]
    if there.size == 0:
        raise ValueError("no values to sum up")
    low, median, high = np.quantile(there, [0.05, 0.5, 0.95])
    return float(low), float(median), float(high)


def _within(error: float, bound: str) -> bool:
    if not bound:
        return True
    if "e" in bound:
        return bool(error <= float(bound))
    return bool(round(error, len(bound.partition(".")[2])) <= float(bound))

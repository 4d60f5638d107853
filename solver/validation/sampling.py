"""Sweeps of the events' cases, and the samples among them that agree with a reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..case import Case, load_case
from ..results import Results
from ..sweep import sweep
from ..units import convert

__all__ = ["Samples", "in_mmhg", "sampled"]


@dataclass(frozen=True)
class Samples:
    """The good samples of a case, or those of them that agree with something.

    Attributes
    ----------
    case : Case
    results : Results
    kept : bool (n_samples,)
        Which of them count.
    """

    case: Case
    results: Results
    kept: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return how many count."""
        return int(np.count_nonzero(self.kept))

    def of(self, name: str, dimension: str = "", unit: str = "") -> NDArray[np.float64]:
        """Give a variable of the samples that count, in a unit if one is named."""
        values: NDArray[np.float64] = self.results[name][self.kept]
        return convert(values, dimension, unit) if unit else values

    def given(self, condition: NDArray[np.bool_]) -> Samples:
        """Give those for which a condition over all samples holds too."""
        return Samples(self.case, self.results, self.kept & condition)

    def near(self, point: int) -> Samples:
        """Give those within one uncertainty of a point of the record, counted from 1."""
        return self.given(np.abs(self.results[f"record_deviation_{point}"]) <= 1.0)

    def picture(self, volume: str, unit: str, scale: float) -> dict[str, Any]:
        """Give a volume's pressure over time, 5, 50 and 95 %, with the record over it, for a figure.

        Parameters
        ----------
        volume : str
        unit, scale : str and float
            Of the axis of time, and what it is in s.
        """
        pressures = self.of(f"pressure_{volume}").astype(float)
        low, median, high = in_mmhg(np.quantile(pressures, [0.05, 0.5, 0.95], axis=0))
        times = self.results.times
        assert times is not None  # the sweep was asked for series
        record = self.case.record.points if self.case.record is not None else []
        points = [
            (
                p.time / scale,
                float(in_mmhg(p.pressure)),
                p.time_uncertainty / scale,
                float(in_mmhg(p.uncertainty)),
            )
            for p in record
            if p.volume == volume
        ]
        return {
            "times": times / scale, "unit": unit, "low": low, "median": median, "high": high,
            "points": points,
        }  # fmt: skip


def sampled(name: str, samples: int, overrides: Mapping[str, object] | None = None) -> Samples:
    """Sweep a case that ships, with its series.

    Parameters
    ----------
    name : str
    samples : int
    overrides : mapping, optional
        As for `leakflow.solver.load_case`. Inputs keep their draws, for these depend on their names alone.

    Raises
    ------
    RuntimeError
        A sample failed.
    """
    case = load_case(name, {"outcomes.series": True, **(overrides or {})})
    results = sweep(case, samples=samples)
    if results.n_failed:
        raise RuntimeError(f"{name}: {results.n_failed} of {samples} samples failed")
    return Samples(case, results, np.ones(len(results), dtype=bool))


def in_mmhg(pressure: Any) -> Any:
    """Convert from Pa."""
    return convert(np.asarray(pressure, dtype=float), "pressure", "mmHg")

"""Whether benchmarks became slower: a decision on the rounds of two sides, and a table of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Verdict", "judge", "shown"]


@dataclass(frozen=True)
class Verdict:
    """What the rounds say of one benchmark.

    Attributes
    ----------
    name : str
    base, head : float
        Medians over the rounds; NaN on a side that does not have it.
    change : float
        ``head / base - 1``: 0.1 is a tenth slower.
    spread : float
        The larger of the two sides' interquartile ranges, over its median.
    stable : bool
        Whether the spread is small enough to say anything.
    slower : bool
        Whether it is stable, and slower by more than the threshold.
    """

    name: str
    base: float
    head: float
    change: float
    spread: float
    stable: bool
    slower: bool


def judge(
    base: Mapping[str, Sequence[float]],
    head: Mapping[str, Sequence[float]],
    *,
    threshold: float = 0.10,
    noise: float = 0.05,
) -> list[Verdict]:
    """Compare the rounds of two sides, benchmark by benchmark.

    Parameters
    ----------
    base, head : mapping of str to sequence of float
        By benchmark, one number above 0 for each round, in which less is better.
    threshold : float
        By what share a stable benchmark may become slower.
    noise : float
        Up to what spread a benchmark is stable.

    Returns
    -------
    list of Verdict
        Of all names of either side, in the order of ``head``, then of ``base``. One that a side lacks, or
        that has fewer than three rounds, is not stable.
    """
    names = [*head, *(name for name in base if name not in head)]
    return [_verdict(name, base.get(name, ()), head.get(name, ()), threshold, noise) for name in names]


def shown(verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts as a table of text."""
    lines = [f"{'benchmark':60} {'base':>10} {'head':>10} {'change':>8} {'spread':>7}"]
    for v in verdicts:
        if math.isnan(v.change):
            said = "only in head" if math.isnan(v.base) else "only in base"
        elif not v.stable:
            said = "too noisy"
        else:
            said = "SLOWER" if v.slower else "ok"
        numbers = f"{v.base:10.4g} {v.head:10.4g} {v.change:+8.1%} {v.spread:7.1%}"
        lines.append(f"{v.name[-60:]:60} {numbers}  {said}")
    return "\n".join(lines)


def _verdict(
    name: str, base: Sequence[float], head: Sequence[float], threshold: float, noise: float
) -> Verdict:
    if not (base and head):
        there = [float(np.median(side)) if side else math.nan for side in (base, head)]
        return Verdict(name, *there, change=math.nan, spread=math.nan, stable=False, slower=False)
    old, new = float(np.median(base)), float(np.median(head))
    change, spread = new / old - 1.0, max(_spread(base), _spread(head))
    stable = min(len(base), len(head)) >= 3 and spread <= noise
    return Verdict(name, old, new, change, spread, stable, stable and change > threshold)


def _spread(rounds: Sequence[float]) -> float:
    low, middle, high = np.quantile(rounds, [0.25, 0.5, 0.75])
    return float((high - low) / middle)

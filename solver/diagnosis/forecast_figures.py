"""The figures of a forecast: quantiles by hypothesis and over all, and which option is better in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._forecast_section import Forecast
from .forecast import WEEK, Outlook, Prediction
from .reserved import MIXTURE

__all__ = ["MIXTURE", "Figure", "better", "draws_of", "figures", "plain_outlook", "quantiles"]

Floats = NDArray[np.float64]
_LEVELS = {"median": 0.5, "interval_50": (0.25, 0.75), "interval_90": (0.05, 0.95)}


class Figure(NamedTuple):
    """One figure of a prediction.

    Attributes
    ----------
    name, units : str
    more : bool
        Whether more of it is better: a pressure, unless the case says otherwise, or the time until a limit
        is crossed.
    of : callable
        Takes a `Prediction`, returns float64 (n,).
    limit : bool
        Whether it is the time until a limit, infinite where it is not crossed.
    """

    name: str
    units: str
    more: bool
    of: Callable[[Prediction], Floats]
    limit: bool = False


def figures(outlook: Outlook) -> list[Figure]:
    """List the figures of an outlook; pressures next week only if it reaches so far."""
    week = int(np.searchsorted(outlook.times, WEEK))
    higher = (outlook.case.forecast or Forecast()).better == "higher-pressure"
    found = []
    for volume in outlook.volumes:
        if outlook.times[-1] >= WEEK:
            found.append(Figure(f"pressure_{volume}_week", "Pa", higher, _pressure(volume, week)))
        found.append(Figure(f"pressure_{volume}_end", "Pa", higher, _pressure(volume, -1)))
    found += [
        Figure("make_up", "kg", False, lambda one: one.make_up),
        Figure("gas_lost", "kg s-1", False, lambda one: one.gas_lost),
        Figure("gas_in", "kg s-1", False, lambda one: one.gas_in),
        Figure("top_ups", "1", False, lambda one: one.top_ups),
    ]
    return found + [Figure(f"time_to_{name}", "s", True, _crossing(name), True) for name in outlook.limits]


def draws_of(outlook: Outlook, option: str, hypothesis: str, figure: Figure) -> tuple[Floats, Floats]:
    """Return draws of a figure and their weights, which sum to 1 less what failed; of `MIXTURE` too."""
    values, weights = [], []
    for one in outlook.posteriors:
        if hypothesis in (one.name, MIXTURE):
            share = one.probability if hypothesis == MIXTURE else 1.0
            found = figure.of(outlook.predictions[option, one.name])
            kept = ~np.isnan(found)  # a run that failed later has what comes before
            values.append(found[kept])
            weights.append(np.full(kept.sum(), share / one.size))
    return np.concatenate(values), np.concatenate(weights)


def quantiles(values: Floats, weights: Floats, levels: tuple[float, ...]) -> list[float]:
    """Return the smallest values up to which at least these shares of the weight lie; NaN of none."""
    if not weights.sum() > 0.0:
        return [float("nan")] * len(levels)
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(weights[order])
    # the slack keeps a level that falls on a step from the next one
    places = np.searchsorted(steps, np.array(levels) * steps[-1] * (1.0 - 1e-12))
    return [float(values[order][min(place, values.size - 1)]) for place in places]


def better(
    outlook: Outlook, one: str, other: str, figure: Figure, hypothesis: str = MIXTURE
) -> tuple[float, float]:
    """Return the probabilities that an option is better than another in a figure, and that they are equal.

    Both are of the same posterior draws, so that what is not known of the leak does not blur the difference.
    Draws that failed under either before the figure was known are left out.
    """
    wins = ties = total = 0.0
    for posterior in outlook.posteriors:
        if hypothesis in (posterior.name, MIXTURE):
            a, b = (figure.of(outlook.predictions[option, posterior.name]) for option in (one, other))
            share = (posterior.probability if hypothesis == MIXTURE else 1.0) / posterior.size
            kept = ~(np.isnan(a) | np.isnan(b))
            left, right = a[kept], b[kept]
            wins += share * float(np.sum(left > right if figure.more else left < right))
            ties += share * float(np.sum(left == right))
            total += share * float(kept.sum())
    return (wins / total, ties / total) if total > 0.0 else (float("nan"), float("nan"))


def plain_outlook(outlook: Outlook) -> dict[str, Any]:
    """Return an outlook as plain JSON types, in SI."""
    wanted = figures(outlook)
    names = [one.name for one in outlook.posteriors]
    columns = [*names, MIXTURE] if len(names) > 1 else names
    return {
        "case": outlook.case.source,
        "seed": outlook.seed,
        "last_reading": outlook.last,
        "horizon": float(outlook.times[-1]),
        "converged": not outlook.not_converged,
        "not_converged_because": {one.name: list(one.reasons) for one in outlook.not_converged},
        "failed_runs": outlook.failures,
        "all_runs_reach": outlook.all_reach,
        "options_left_out": outlook.left_out,
        "hypotheses": {one.name: one.probability for one in outlook.posteriors},
        "options": {
            option: {
                "title": item.title,
                "figures": {
                    column: {figure.name: _told(outlook, option, column, figure) for figure in wanted}
                    for column in columns
                },
            }
            for option, item in outlook.options.items()
        },
        "better": [
            {"option": one, "than": other} | {
                figure.name: dict(zip(("better", "equal"), better(outlook, one, other, figure), strict=True))
                for figure in wanted
            }
            for one, other in combinations(outlook.options, 2)
        ],
    }  # fmt: skip


def _told(outlook: Outlook, option: str, hypothesis: str, figure: Figure) -> dict[str, Any]:
    """Return quantiles of a figure; None where more of it than that lies beyond the end."""
    values, weights = draws_of(outlook, option, hypothesis, figure)
    told: dict[str, Any] = {"units": figure.units, "draws": int(values.size)}
    if figure.limit:
        total = weights.sum()
        told["probability"] = float(weights[np.isfinite(values)].sum() / total) if total > 0.0 else None
    for name, levels in _LEVELS.items():
        found = quantiles(values, weights, levels if isinstance(levels, tuple) else (levels,))
        listed = [number if np.isfinite(number) else None for number in found]
        told[name] = listed if isinstance(levels, tuple) else listed[0]
    return told


def _pressure(volume: str, place: int) -> Callable[[Prediction], Floats]:
    return lambda one: one.pressures[volume][:, place]


def _crossing(name: str) -> Callable[[Prediction], Floats]:
    return lambda one: one.crossings[name]

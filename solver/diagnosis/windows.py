"""Whether what is compared is smooth within the window of an uncertain time, as likelihoods take it to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._diagnosis_section import Diagnosis
from .._sections import Point
from ..case import Case
from .forward import Forward, Found, quantity_of, wanted_point
from .gauges import gauge_of
from .likelihood import NODES, REACH, between_nodes, window, window_nodes

__all__ = ["rough_windows"]

Floats = NDArray[np.float64]

# of a reading's own spread, and of the course in its window: what a smooth curve may miss
_OFF, _OFF_COURSE = 0.5, 0.01
# share of the draws of which it may miss more
_MAY_MISS = 0.01


def rough_windows(case: Case, cube: Floats, seed: int, threads: int | None = None) -> tuple[str, ...]:
    """Say of which readings the likelihood is off, for what they are compared with bends or jumps there.

    An event at a known time is refused beforehand; when a control acts is known only once the case has run.
    The pressure, p/T, or temperature that is compared is asked for halfway between the nodes of each window
    too, where it must be that of the polynomial through them.

    Parameters
    ----------
    case : Case
    cube : float64 (n, D)
        Draws of the posterior, as of `Forward`.
    seed : int
    threads : int, optional

    Returns
    -------
    tuple of str
        One sentence a reading.
    """
    section = case.diagnosis or Diagnosis()
    uniform = section.time_law == "uniform"
    points = case.record.points if case.record is not None else []
    shared = REACH * section.start_offset
    looked = [
        one
        for i, point in enumerate(points)
        if point.time_uncertainty + shared > 0.0
        for one in _compared(case, section, i, point)
    ]
    if not looked:
        return ()
    wanted, quantities = [], []
    for one in looked:
        for time in _times(_window(one.point, uniform, shared)):
            wanted.append(wanted_point(one.point.volume, time, one.point.species))
            quantities.append(quantity_of(case, one.kind))
    forward = Forward(case, seed, threads=threads, extra=wanted, extra_quantities=quantities)
    found = forward.run(cube)
    courses = forward.extra(found).reshape(len(cube), len(looked), 2 * NODES - 1)[~found.failed]
    said = []
    for k, one in enumerate(looked):
        at_nodes, between = courses[:, k, :NODES], courses[:, k, NODES:]
        off = np.abs(between_nodes(at_nodes) - between).max(axis=1, initial=0.0)
        course = np.ptp(courses[:, k], axis=1)
        share = float(np.mean((off > _OFF * one.spread) & (off > _OFF_COURSE * course))) if off.size else 0.0
        if share > _MAY_MISS:
            acting = ", ".join(_acting(forward, found, _window(one.point, uniform, shared)))
            by = f" ({acting} acts there)" if acting else ""
            often = f"in {100.0 * share:.0f} % of the draws"
            said.append(
                f"{one.what} bends or jumps within the window of record_{one.row + 1} {often}{by}, so that "
                "the likelihood is off: give that reading a time on one side"
            )
    return tuple(said)


class _Looked(NamedTuple):
    """Something compared with a row of the record, counted from 0, and its spread, in what is compared."""

    row: int
    point: Point
    kind: str
    what: str
    spread: float


def _compared(case: Case, section: Diagnosis, row: int, point: Point) -> Iterator[_Looked]:
    """Give what is compared with a row: its pressure, or p/T, and its temperature where that is data."""
    step = gauge_of(section, point.volume, point.species).resolution
    spread = float(np.hypot(point.uncertainty, step / np.sqrt(12.0)))
    if case.record is not None and case.record.compare == "p/T":
        yield _Looked(row, point, "reading", "p/T", spread / (point.temperature or 1.0))
    else:
        yield _Looked(row, point, "reading", "the pressure", spread)
    if section.temperature_error > 0.0 and point.temperature is not None:
        yield _Looked(row, point, "temperature", "the temperature", section.temperature_error)


def _window(point: Point, uniform: bool, shared: float) -> tuple[float, float]:
    """Return from when to when a reading may have been taken, s."""
    reach = window(point.time_uncertainty, uniform=uniform) + shared
    return max(point.time - reach, 0.0), point.time + reach


def _times(ends: tuple[float, float]) -> list[float]:
    """Return the nodes of a window, then the times halfway between them, s."""
    own = window_nodes(*ends)
    return [*own.tolist(), *(0.5 * (own[:-1] + own[1:])).tolist()]


def _acting(forward: Forward, found: Found, ends: tuple[float, float]) -> Iterator[str]:
    """Name the controls that act first within a window, in any draw."""
    for column in forward.compiled.outcomes:
        kind, _, name = column.name.partition("_")
        if kind in ("control", "relief") and name.endswith("_first"):
            first = found.outcomes[:, column.place]
            if np.any((first > ends[0]) & (first < ends[1])):
                yield f"{kind} {name.removesuffix('_first')}"

"""One account of the gas of a vessel, for what a diagnosis says was and for what a forecast says will be."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._column import label
from .._feeds import HoldFeed
from .._plan_layout import feeds_of
from ..case import Case

__all__ = ["Gas", "gas_of"]

Floats = NDArray[np.float64]


class Gas(NamedTuple):
    """Gas that a vessel, some of the integrated volumes of a case, lost and got over some time, kg.

    What is in it at the end is what was in it at the start, plus ``came`` and ``supplied``, less ``lost``.

    Attributes
    ----------
    lost : float64 (n,)
        By paths to all other volumes, each by its net mass where that is outward; what was vented; what
        feeds took out on balance.
    came : float64 (n,)
        By paths from all other volumes, each by its net mass where that is inward, and by feeds that are no
        make-up, each by its balance.
    supplied : float64 (n,)
        By the schedule, by controls that fill, and by feeds that hold a pressure; never negative.
    kept : float64 (n,)
        What life support put into held volumes to keep their pressure; none where it took gas out. It is no
        part of the balance of the vessel.
    """

    lost: Floats
    came: Floats
    supplied: Floats
    kept: Floats


def gas_of(case: Case, vessel: Collection[str], mass: Callable[[str], Floats | None]) -> Gas:
    """Account for the gas of a vessel.

    Parameters
    ----------
    case : Case
    vessel : collection of str
        Names of integrated volumes; what passes between them is neither lost nor got.
    mass : callable
        Takes the name of an outcome, returns float64 (n,) of it over the time that is meant; None if the
        case does not have it.
    """
    lost: list[Floats] = []
    came: list[Floats] = []
    supplied: list[Floats] = []
    kept: list[Floats] = []
    for name, path in case.paths.items():
        passed = mass(f"mass_{label(name)}")
        if passed is None or (path.from_ in vessel) == (path.to in vessel):
            continue
        outward = passed if path.from_ in vessel else -passed
        lost.append(np.maximum(outward, 0.0))
        came.append(np.maximum(-outward, 0.0))
    for (section, name), columns in _feeds(case, vessel).items():
        given = [found for found in map(mass, columns) if found is not None]
        if not given:
            continue
        balance = np.sum(given, axis=0)
        make_up = section == "controls" or isinstance(case.feeds[name], HoldFeed)
        (supplied if make_up else came).append(np.maximum(balance, 0.0))
        lost.append(np.maximum(-balance, 0.0))
    for name, volume in case.volumes.items():
        for column, wanted in (("gas_added", supplied), ("gas_vented", lost)):
            moved = mass(f"{column}_{label(name)}") if name in vessel else None
            if moved is not None:
                wanted.append(moved)
        held = mass(f"makeup_{label(name)}") if volume.kind == "held" else None
        if held is not None:
            kept.append(np.maximum(held, 0.0))
    return Gas(*(np.asarray(sum(parts)) if parts else np.zeros(1) for parts in (lost, came, supplied, kept)))


def _feeds(case: Case, vessel: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """Return the outcomes of each feed of the vessel, one a species, by its section and its name."""
    found: dict[tuple[str, str], list[str]] = {}
    for feed in feeds_of(case):
        if feed.item is not None and feed.item.volume in vessel:
            own = label(feed.name) + ("" if feed.species is None else f"_{feed.species}")
            found.setdefault((feed.section, feed.name), []).append(f"feed_{own}")
    return found

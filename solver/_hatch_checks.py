"""Hatches that would join two volumes whose pressures are both given: no gas could be shared out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ._paths import HatchPath
from ._schedule import AnyEvent, CloseEvent, OpenEvent, expand
from .errors import Fault
from .numbers import Constant, Number

__all__ = ["joined_faults"]


def joined_faults(
    kinds: Mapping[str, str], paths: Mapping[str, Any], schedule: Sequence[AnyEvent | None], duration: float
) -> Iterator[Fault]:
    """Give a fault for each hatch that at some time makes one volume of two given pressures.

    Parameters
    ----------
    kinds : mapping of str to str
        Of each volume that could be read.
    paths : mapping of str to Path or None
    schedule : sequence of events
        Without faults in its times; ``None`` where an event is itself faulty.
    duration : float
        Of the run, in s.

    Notes
    -----
    A hatch between the two is found whenever it may open; a chain of hatches if it is open at the start or
    made by openings at constant times.
    """
    hatches = {name: path for name, path in paths.items() if isinstance(path, HatchPath)}
    given = {name for name, kind in kinds.items() if kind != "integrated"}
    events = expand([event for event in schedule if event is not None], _openables(paths), duration)
    settings = _settings(hatches, events)
    reported = set()
    for name, hatch in hatches.items():
        opens = any(_may_be_one(opening) for _, opening in settings[name])
        if {hatch.from_, hatch.to} <= given and opens:
            reported.add(name)
            yield _fault(name, hatch.from_, hatch.to, kinds)
    for time in sorted({time for of in settings.values() for time, _ in of if time < math.inf}):
        open_now = [name for name, of in settings.items() if _is_open(of, time)]
        for name, one, other in _clashes(hatches, open_now, given):
            if name not in reported:
                reported.add(name)
                yield _fault(name, one, other, kinds)


def _openables(paths: Mapping[str, Any]) -> dict[str, Any]:
    """Give the paths that a schedule opens."""
    return {name: path for name, path in paths.items() if hasattr(path, "schedule")}


def _settings(
    hatches: Mapping[str, HatchPath], events: Sequence[AnyEvent]
) -> dict[str, list[tuple[float, Number]]]:
    """Give since when each hatch has which opening, by time; those at random times stand at infinity."""
    settings: dict[str, list[tuple[float, Number]]] = {}
    for name, hatch in hatches.items():
        settings[name] = [(0.0, hatch.opening), *((_time(step.at), step.opening) for step in hatch.schedule)]
    for event in events:
        if isinstance(event, OpenEvent | CloseEvent) and event.path in hatches:
            opening = event.opening if isinstance(event, OpenEvent) else Constant(0.0)
            settings[event.path].append((_time(event.at), opening))
    return {name: sorted(of, key=lambda setting: setting[0]) for name, of in settings.items()}


def _time(number: Number) -> float:
    return number.value if isinstance(number, Constant) else math.inf


def _may_be_one(opening: Number) -> bool:
    """Whether a hatch may stand open; a continuous distribution never gives exactly 1."""
    if isinstance(opening, Constant):
        return opening.value >= 1.0
    return opening.kind == "choice" and max(opening.values) >= 1.0


def _is_open(settings: Sequence[tuple[float, Number]], time: float) -> bool:
    """Whether a hatch is surely open from a time on."""
    latest = [opening for since, opening in settings if since <= time][-1]
    return isinstance(latest, Constant) and latest.value >= 1.0


def _clashes(
    hatches: Mapping[str, HatchPath], open_now: Sequence[str], given: set[str]
) -> Iterator[tuple[str, str, str]]:
    """Give the open hatches that join two groups with a given pressure each, and those two volumes."""
    group: dict[str, set[str]] = {}
    for name in open_now:
        one = group.setdefault(hatches[name].from_, {hatches[name].from_})
        other = group.setdefault(hatches[name].to, {hatches[name].to})
        if one is other:
            continue
        first, second = sorted(one & given), sorted(other & given)
        if first and second:
            yield name, first[0], second[0]
        one |= other
        for volume in other:
            group[volume] = one


def _fault(name: str, one: str, other: str, kinds: Mapping[str, str]) -> Fault:
    text = f"must not open: it would make one volume of {one} ({kinds[one]}) and {other} ({kinds[other]})"
    return Fault(("paths", name), f"{text}, whose pressures are both given")

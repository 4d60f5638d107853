"""The schedule of a case as rows of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model
from ._case_checks import numbers_of
from ._paths import Openable
from ._plan_gases import Gases
from ._plan_layout import feeds_of
from ._plan_slots import Slots
from ._schedule import (
    AnyEvent,
    CloseEvent,
    CrewEvent,
    FeedEvent,
    LoadCyclesEvent,
    OpenEvent,
    PatchEvent,
    RepressuriseEvent,
    StartEvent,
    TemperatureEvent,
    VentEvent,
)
from .case import Case
from .columns import label
from .numbers import Distribution

__all__ = ["event_rows"]

#: Action, slot of the value, row of the gas, slot of a second value.
_Deed = tuple[int, int, int, int]


def event_rows(case: Case, slots: Slots, gases: Gases) -> NDArray[Any]:
    """Give EVENT[E] in the order in which they act at one time: valves' own schedules, then the case's."""
    _name_numbers(case.schedule, slots)
    paths = list(case.paths)
    rows = []
    for name, path in case.paths.items():
        for i, step in enumerate(path.schedule if isinstance(path, Openable) else ()):
            key = f"{label(name)}_schedule_{i}"
            at = slots.add(step.at, f"{key}_at", "time")
            opening = slots.add(step.opening, f"{key}_opening", "dimensionless")
            rows.append((model.SET_OPENING, paths.index(name), at, opening, 0, -1))
    for event in case.expanded_events():
        at = slots.add(event.at, "", "time")
        action, value, gas, second = _deed(event, case, slots, gases)
        rows += [(action, target, at, value, gas, second) for target in _targets(event, case)]
    return np.array(rows, model.EVENT)


def _targets(event: AnyEvent, case: Case) -> Iterator[int]:
    """Give the path, the volume, or the feeds (of a crew, three) that an event acts on."""
    if isinstance(event, CrewEvent | FeedEvent):
        of_crew = [("feeds", event.feed) == (feed.section, feed.name) for feed in feeds_of(case)]
        yield from np.flatnonzero(of_crew).tolist()
    elif isinstance(event, RepressuriseEvent | VentEvent | TemperatureEvent):
        yield list(case.volumes).index(event.volume)
    else:
        yield list(case.paths).index(event.path)


def _deed(event: AnyEvent, case: Case, slots: Slots, gases: Gases) -> _Deed:
    if isinstance(event, OpenEvent):
        return model.SET_OPENING, slots.add(event.opening, "", "dimensionless"), 0, -1
    if isinstance(event, CloseEvent):
        return model.SET_OPENING, slots.fixed(0.0), 0, -1
    if isinstance(event, PatchEvent):
        ageing = slots.add_if(event.ageing, "", "time")
        return model.PATCH, slots.add(event.factor, "", "dimensionless"), 0, ageing
    if isinstance(event, LoadCyclesEvent):
        stress = slots.add(event.stress_range, "", "pressure")
        return model.LOAD_CYCLES, slots.add(event.cycles, "", "dimensionless"), 0, stress
    if isinstance(event, StartEvent):
        return model.START, -1, 0, -1
    if isinstance(event, RepressuriseEvent):
        own = case.gas.temperature if event.temperature is None else event.temperature
        warmth = slots.add(own, "gas_temperature", "temperature")
        return model.REPRESSURISE, slots.add(event.to, "", "pressure"), gases.place(event.gas), warmth
    if isinstance(event, TemperatureEvent):
        return model.SET_TEMPERATURE, slots.add(event.to, "", "temperature"), 0, -1
    if isinstance(event, CrewEvent | FeedEvent):
        return model.SET_FEED, slots.add(event.to, "", "dimensionless"), 0, -1
    return model.VENT, slots.add(event.to, "", "pressure"), 0, -1


def _name_numbers(schedule: Sequence[AnyEvent], slots: Slots) -> None:
    """Give the schedule's numbers their slots and names before it is unrolled."""
    for i, event in enumerate(schedule):
        for (name,), number, quantity in numbers_of(event):
            if isinstance(number, Distribution):
                slots.add(number, f"schedule_{i}_{name}", quantity.dimension)

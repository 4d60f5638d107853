"""The schedule of a case: what happens at given times."""

from __future__ import annotations

import bisect
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from ._paths import Openable
from ._sections import TEMPERATURE, Composition, Section
from .errors import Fault
from .numbers import Constant, Number, Quantity, support

__all__ = [
    "EVENTS", "AnyEvent", "CloseEvent", "CrewEvent", "Event", "FeedEvent", "LoadCyclesEvent", "OpenEvent",
    "PatchEvent", "RepressuriseEvent", "StartEvent", "TemperatureEvent", "VentEvent", "expand",
    "schedule_faults",
]  # fmt: skip

_MOST_EVENTS = 10_000
_PRESSURE = Quantity("pressure", minimum=0.0)
_VALVE = "The valve."
_VOLUME = "The volume; an integrated one."


class _Event(Section):
    at: Annotated[Number, Quantity("time", minimum=0.0)] = Field(description="When.")
    every: Annotated[float | None, Quantity("time", above=0.0, fixed=True)] = Field(
        None, description="Again after each such time, up to the duration."
    )


class OpenEvent(_Event):
    """A valve or hatch opens."""

    action: Literal["open"] = Field(description="A valve or hatch opens.")
    path: str = Field(description=_VALVE)
    opening: Annotated[Number, Quantity("dimensionless", minimum=0.0, maximum=1.0)] = Field(
        Constant(1.0), description="Open share of the area, 0 to 1."
    )
    for_: Annotated[float | None, Quantity("time", above=0.0, fixed=True)] = Field(
        None, alias="for", description="How long; then the opening is as before. Open for good if left out."
    )


class CloseEvent(_Event):
    """A valve or hatch closes."""

    action: Literal["close"] = Field(description="A valve or hatch closes.")
    path: str = Field(description=_VALVE)


class RepressuriseEvent(_Event):
    """A volume is filled to a pressure at once."""

    action: Literal["repressurise"] = Field(description="A volume is filled to a pressure.")
    volume: str = Field(description=_VOLUME)
    to: Annotated[Number, _PRESSURE] = Field(description="Absolute pressure afterwards.")
    gas: Composition | None = Field(None, description="What with; the case's gas if left out.")
    temperature: Annotated[Number | None, TEMPERATURE] = Field(
        None, description="Temperature of what comes in; the case's gas's if left out."
    )


class VentEvent(_Event):
    """A volume is vented to a pressure at once."""

    action: Literal["vent"] = Field(description="A volume is vented down to a pressure.")
    volume: str = Field(description=_VOLUME)
    to: Annotated[Number, _PRESSURE] = Field(description="Absolute pressure afterwards.")


class PatchEvent(_Event):
    """A path's flow is multiplied from now on."""

    action: Literal["patch"] = Field(description="A path's flow is multiplied by a factor from now on.")
    path: str = Field(description="The path that is patched.")
    factor: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(
        description="Flow that remains, over the flow before; 0 is a perfect patch."
    )
    ageing: Annotated[Number | None, Quantity("time", above=0.0)] = Field(
        None,
        description="Time in which what the patch holds back falls to 1/e; it holds for good if left out.",
    )


class LoadCyclesEvent(_Event):
    """Cracks grow by load cycles, by the Paris law of their path."""

    action: Literal["load_cycles"] = Field(description="Cracks grow by load cycles.")
    path: str = Field(description="The cracks; a path with paris.")
    cycles: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(description="How many.")
    stress_range: Annotated[Number, Quantity("pressure", minimum=0.0)] = Field(
        description="Range of the stress across the cracks in a cycle."
    )


class StartEvent(_Event):
    """A path starts to leak; it carries nothing before."""

    action: Literal["start"] = Field(description="A path starts; it carries nothing before.")
    path: str = Field(description="The path that starts.")


class TemperatureEvent(_Event):
    """The temperature of a volume's wall, or of a volume that has none of its own, steps to another."""

    action: Literal["temperature"] = Field(description="The temperature of a volume's wall steps.")
    volume: str = Field(description="The volume; not an adiabatic one.")
    to: Annotated[Number, TEMPERATURE] = Field(description="Temperature from then on, cycles left aside.")


class CrewEvent(_Event):
    """The number of people of a crew changes."""

    action: Literal["crew"] = Field(description="The number of people of a crew changes.")
    feed: str = Field(description="The crew; a feed of that kind.")
    to: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(
        description="How many from then on."
    )


class FeedEvent(_Event):
    """What a feed gives is multiplied from now on."""

    action: Literal["feed"] = Field(description="What a feed gives, or takes, is multiplied from now on.")
    feed: str = Field(description="The feed; of a crew the action is crew.")
    to: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(
        description="Over what stands in the case; 0 shuts it off."
    )


AnyEvent = (
    OpenEvent
    | CloseEvent
    | RepressuriseEvent
    | VentEvent
    | PatchEvent
    | StartEvent
    | LoadCyclesEvent
    | TemperatureEvent
    | CrewEvent
    | FeedEvent
)
Event = Annotated[AnyEvent, Field(discriminator="action")]
EVENTS: dict[str, type[_Event]] = {
    "open": OpenEvent,
    "close": CloseEvent,
    "repressurise": RepressuriseEvent,
    "vent": VentEvent,
    "patch": PatchEvent,
    "start": StartEvent,
    "load_cycles": LoadCyclesEvent,
    "temperature": TemperatureEvent,
    "crew": CrewEvent,
    "feed": FeedEvent,
}


def expand(schedule: Sequence[AnyEvent], valves: Mapping[str, Openable], duration: float) -> list[AnyEvent]:
    """Unroll ``every`` up to the duration and ``for`` into an opening and the return to the opening before.

    Parameters
    ----------
    schedule : sequence of events
        Without the faults that `schedule_faults` finds.
    valves : mapping of str to Openable
        The valves by name, for the openings that they start with.
    duration : float
        Of the run, in s.

    Returns
    -------
    list of events
        None with ``every`` or ``for``; those at constant times first, by time, then those at random times.
        The valves' own schedules are not among them.
    """
    settings = {name: _settings(name, valve, schedule, duration) for name, valve in valves.items()}
    flat: list[AnyEvent] = []
    for event in schedule:
        for at in _times(event, duration):
            single = event.model_copy(update={"at": at, "every": None})
            if isinstance(single, OpenEvent) and single.for_ is not None and isinstance(at, Constant):
                end = at.value + single.for_
                if end <= duration:
                    flat.append(_restore(single.path, at.value, end, settings[single.path]))
                single = single.model_copy(update={"for_": None})
            flat.append(single)
    return sorted(flat, key=lambda event: event.at.value if isinstance(event.at, Constant) else math.inf)


def schedule_faults(
    schedule: Sequence[AnyEvent | None],
    valves: Mapping[str, Openable],
    duration: float | None,
    watched: Collection[str] = (),
) -> list[Fault]:
    """Say what is wrong with the times of a schedule; the keys start at its list.

    Parameters
    ----------
    schedule : sequence of events
        ``None`` where an event is itself faulty.
    valves : mapping of str to Openable
        The valves by name, as far as they could be read.
    duration : float or None
        Of the run in s; ``None`` if it could not be read, and no event is then too late.
    watched : collection of str
        Valves that a control may shut.
    """
    horizon = math.inf if duration is None else duration
    events = {i: event for i, event in enumerate(schedule) if event is not None}
    faults = [fault for i, event in events.items() for fault in _event_faults(i, event, horizon)]
    broken = {fault.key[0] for fault in faults}
    faults += _return_faults({i: event for i, event in events.items() if i not in broken}, valves, watched)
    broken = {fault.key[0] for fault in faults}
    sound = {i: event for i, event in events.items() if i not in broken}
    count = sum(_count(event, horizon) for event in sound.values())
    if count > _MOST_EVENTS:
        return [*faults, Fault((), f"must have at most {_MOST_EVENTS} events, repetitions counted", count)]
    for target, spans in _spans(sound, valves, horizon).items():
        faults += _overlap_faults(target, spans)
    return faults


def _event_faults(i: int, event: AnyEvent, duration: float) -> Iterator[Fault]:
    at, every = event.at, event.every
    length = event.for_ if isinstance(event, OpenEvent) else None
    earliest = support(at)[0]
    if earliest > duration:
        yield Fault((i, "at"), f"must not be after the duration, {duration:.12g} s", earliest)
    if every is not None and length is not None and every <= length:
        yield Fault((i, "every"), f"must be longer than for, {length:.12g} s", every)
    if every is not None and isinstance(event, StartEvent):
        yield Fault((i, "every"), "must be left out: a path starts once", every)
    if not isinstance(at, Constant) and (every is not None or length is not None):
        yield Fault((i, "at"), "must be one time, not a distribution, with every or for")


def _return_faults(
    events: Mapping[int, AnyEvent], valves: Mapping[str, Openable], watched: Collection[str]
) -> Iterator[Fault]:
    """Refuse ``for`` where the opening to return to is not known before a sample is drawn."""
    numbers = {
        name: [valve.opening, *(number for step in valve.schedule for number in (step.at, step.opening))]
        for name, valve in valves.items()
    }
    for event in events.values():
        if isinstance(event, OpenEvent | CloseEvent) and event.path in numbers:
            numbers[event.path].append(event.at)
            if isinstance(event, OpenEvent) and event.for_ is None:
                numbers[event.path].append(event.opening)
    uncertain = {name for name, found in numbers.items() if not all(isinstance(n, Constant) for n in found)}
    for i, event in events.items():
        if isinstance(event, OpenEvent) and event.for_ is not None and event.path in uncertain:
            text = (
                f"returns to the opening before: {event.path} must have constant openings at constant times"
            )
            yield Fault((i, "for"), text, event.for_)
        elif isinstance(event, OpenEvent) and event.for_ is not None and event.path in watched:
            valve = valves[event.path]
            before = [valve.opening, *(step.opening for step in valve.schedule)]
            before += [
                other.opening
                for other in events.values()
                if isinstance(other, OpenEvent) and other.for_ is None and other.path == event.path
            ]
            if any(opening != Constant(0.0) for opening in before):
                text = (
                    f"would return to the opening before, though a control may have shut {event.path} since: "
                    "close it by an event of its own"
                )
                yield Fault((i, "for"), text, event.for_)


def _spans(
    events: Mapping[int, AnyEvent], valves: Mapping[str, Openable], duration: float
) -> dict[tuple[str, str], list[tuple[float, float, int]]]:
    """Give the start, the end and the index of all that sets each target; -1 for a valve's own schedule."""
    spans: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    for i, event in events.items():
        length = (event.for_ or 0.0) if isinstance(event, OpenEvent) else 0.0
        for at in _times(event, duration):
            if isinstance(at, Constant):
                spans.setdefault(_target(event), []).append((at.value, at.value + length, i))
            elif isinstance(event, StartEvent):
                spans.setdefault(_target(event), []).append((-math.inf, math.inf, i))
    for name, valve in valves.items():
        times = [step.at.value for step in valve.schedule if isinstance(step.at, Constant)]
        spans.setdefault((name, "opening"), []).extend((time, time, -1) for time in times)
    return spans


def _overlap_faults(target: tuple[str, str], spans: list[tuple[float, float, int]]) -> Iterator[Fault]:
    """Report each event that sets a target at the time of another, or within another's ``for``."""
    name, what = target
    if what == "start":
        for _, _, i in sorted(spans, key=lambda span: span[2])[1:]:
            yield Fault((i, "path"), "starts in another event already; a path starts once", name)
        return
    reported: set[int] = set()
    end, owner = -math.inf, -1
    for start, stop, i in sorted(spans):
        later, other = max(i, owner), min(i, owner)
        if start <= end and later >= 0 and later not in reported:
            reported.add(later)
            rival = f"schedule.{other}" if other >= 0 else f"paths.{name}.schedule"
            yield Fault(
                (later, "at"), f"overlaps {rival}, which sets the {what} of {name} at {start:.12g} s too"
            )
        if stop >= end:
            end, owner = stop, i


def _target(event: AnyEvent) -> tuple[str, str]:
    """Say what an event sets: two events clash only over the same thing."""
    if isinstance(event, RepressuriseEvent | VentEvent):
        return event.volume, "pressure"
    if isinstance(event, TemperatureEvent):
        return event.volume, "temperature"
    if isinstance(event, CrewEvent | FeedEvent):
        return event.feed, "count" if isinstance(event, CrewEvent) else "rate"
    if isinstance(event, OpenEvent | CloseEvent):
        return event.path, "opening"
    if isinstance(event, LoadCyclesEvent):
        return event.path, "length"
    return event.path, "factor" if isinstance(event, PatchEvent) else "start"


def _count(event: AnyEvent, duration: float) -> int:
    """How often an event happens."""
    if event.every is None or not isinstance(event.at, Constant) or not math.isfinite(duration):
        return 1
    # the slack keeps a repetition that falls on the duration; the bound keeps a tiny spacing from overflowing
    return 1 + int(min((duration - event.at.value) / event.every * (1.0 + 1e-12) + 1e-9, 1e15))


def _times(event: AnyEvent, duration: float) -> list[Number]:
    if not isinstance(event.at, Constant):
        return [event.at]
    return [Constant(event.at.value + k * (event.every or 0.0)) for k in range(_count(event, duration))]


def _settings(
    name: str, valve: Openable, schedule: Sequence[AnyEvent], duration: float
) -> list[tuple[float, Number]]:
    """Give since when a valve has which opening, rising in time; those with ``for`` end by themselves."""
    settings: list[tuple[float, Number]] = [(-math.inf, valve.opening)]
    settings += [(step.at.value, step.opening) for step in valve.schedule if isinstance(step.at, Constant)]
    for event in schedule:
        if isinstance(event, CloseEvent) or (isinstance(event, OpenEvent) and event.for_ is None):
            opening = event.opening if isinstance(event, OpenEvent) else Constant(0.0)
            times = _times(event, duration) if event.path == name else []
            settings += [(at.value, opening) for at in times if isinstance(at, Constant)]
    return sorted(settings, key=lambda setting: setting[0])


def _restore(name: str, start: float, end: float, settings: Sequence[tuple[float, Number]]) -> AnyEvent:
    """Give the event that returns a valve at ``end`` to the opening it had before ``start``."""
    opening = settings[bisect.bisect_left(settings, start, key=lambda setting: setting[0]) - 1][1]
    common: dict[str, Any] = {"at": Constant(end), "path": name}
    if opening == Constant(0.0):
        return CloseEvent(action="close", **common)
    return OpenEvent(action="open", opening=opening, **common)

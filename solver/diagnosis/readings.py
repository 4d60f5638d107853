"""What of a record says nothing of a case, or cannot be compared with it: refused before it is sampled."""

from __future__ import annotations

from collections.abc import Iterator

from .._case_faults import lines_of
from .._diagnosis_section import Diagnosis
from .._paths import HatchPath, Openable
from .._schedule import AnyEvent
from ..case import Case, CrewEvent, FeedEvent, RepressuriseEvent, TemperatureEvent, VentEvent
from ..errors import CaseError, Fault, Key
from ..numbers import Constant, Number, support
from .likelihood import REACH, window

__all__ = ["refuse_readings"]


def refuse_readings(case: Case, source: str) -> None:
    """Refuse what was read or told of a given pressure, and a reading whose window holds an event.

    Parameters
    ----------
    case : Case
        Of one hypothesis.
    source : str
        What to call it in messages.

    Raises
    ------
    CaseError
        With one line for each fault.
    """
    faults = [*_given(case), *_broken(case)]
    if faults:
        raise CaseError(lines_of(faults, source))


def _given(case: Case) -> Iterator[Fault]:
    """Find what was read or told of a volume whose pressure the case gives as a number."""
    section = case.diagnosis or Diagnosis()
    told: list[tuple[Key, str]] = [
        (("record", "points", i), point.volume)
        for i, point in enumerate(case.record.points if case.record is not None else [])
    ]
    told += [(("diagnosis", "stable", i), item.volume) for i, item in enumerate(section.stable)]
    told += [(("diagnosis", "limits", i), item.volume) for i, item in enumerate(section.limits)]
    for key, name in told:
        volume = case.volumes[name]
        if volume.kind != "integrated" and isinstance(volume.pressure, Constant):
            text = f"must be an integrated volume, or of random pressure; {name} is {volume.kind}, and given"
            yield Fault((*key, "volume"), text, name)


def _broken(case: Case) -> Iterator[Fault]:
    """Find readings of an uncertain time at which an event may break the course of the pressure."""
    points = case.record.points if case.record is not None else []
    section = case.diagnosis or Diagnosis()
    uniform, shared = section.time_law == "uniform", REACH * section.start_offset
    reaches = [window(point.time_uncertainty, uniform=uniform) + shared for point in points]
    end = max([case.run.duration, *(p.time + reach for p, reach in zip(points, reaches, strict=True))])
    prolonged = case.model_copy(update={"run": case.run.model_copy(update={"duration": end})})
    acts = list(_acts(prolonged))
    for i, (point, reach) in enumerate(zip(points, reaches, strict=True)):
        first, last = max(point.time - reach, 0.0), point.time + reach
        for at, volumes, what in acts:
            low, high = support(at)
            bounded = low > float("-inf") and high < float("inf")
            if point.volume in volumes and bounded and low < last and high > first:
                when = f"at {low:.12g} s" if low == high else f"between {low:.12g} and {high:.12g} s"
                text = (
                    f"must leave out the event {when} ({what}), which its window, {first:.12g} to "
                    f"{last:.12g} s, holds: give the reading a time on one side"
                )
                own = point.time_uncertainty > 0.0 or shared == 0.0
                yield Fault(
                    ("record", "points", i, "time_uncertainty") if own else ("diagnosis", "start_offset"),
                    text, point.time_uncertainty if own else section.start_offset,
                )  # fmt: skip
                break


def _acts(case: Case) -> Iterator[tuple[Number, set[str], str]]:
    """Give the time of each event, the volumes whose pressure it acts on at once, and its action."""
    for event in case.expanded_events():
        yield event.at, _acted_on(case, event), event.action
    for path in case.paths.values():
        if isinstance(path, Openable):
            for step in path.schedule:
                yield step.at, _beside(case, {path.from_, path.to}), "schedule of a valve"


def _acted_on(case: Case, event: AnyEvent) -> set[str]:
    if isinstance(event, VentEvent | RepressuriseEvent | TemperatureEvent):
        return _beside(case, {event.volume})
    if isinstance(event, CrewEvent | FeedEvent):
        return _beside(case, {case.feeds[event.feed].volume})
    path = case.paths[event.path]
    return _beside(case, {path.from_, path.to})


def _beside(case: Case, volumes: set[str]) -> set[str]:
    """Return these volumes and those that a hatch may have made one with them."""
    hatches = [{path.from_, path.to} for path in case.paths.values() if isinstance(path, HatchPath)]
    while more := [ends for ends in hatches if ends & volumes and not ends <= volumes]:
        volumes = volumes.union(*more)
    return volumes

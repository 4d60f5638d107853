"""What must hold between the sections of a case: names that exist, times inside the run, names used once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ._controls import CloseControl, Control, RepressuriseControl
from ._design_section import Design, Profile, design_faults
from ._diagnosis_section import Diagnosis
from ._feeds import CrewFeed, Feed
from ._hatch_checks import joined_faults
from ._paths import CracksPath, Openable, Path
from ._schedule import (
    AnyEvent,
    CloseEvent,
    CrewEvent,
    Event,
    FeedEvent,
    LoadCyclesEvent,
    OpenEvent,
    RepressuriseEvent,
    TemperatureEvent,
    VentEvent,
    schedule_faults,
)
from ._sections import Gas, Record, Run, Section
from ._species import reasons_to_separate
from ._volumes import Volume
from .errors import Fault, Key
from .numbers import Constant, Distribution, Number, Quantity

__all__ = ["MOST_ITEMS", "Parts", "cross_faults", "nearest", "numbers_of", "quantity_of", "readable_parts"]

#: Volumes, paths, feeds, controls and events that a case may have, each.
MOST_ITEMS = 1000
_MOST_COMPARED = 200
_GAS, _VOLUME, _RUN, _RECORD = TypeAdapter(Gas), TypeAdapter(Volume), TypeAdapter(Run), TypeAdapter(Record)
_DIAGNOSIS, _DESIGN, _TEST = TypeAdapter(Diagnosis), TypeAdapter(Design), TypeAdapter(Profile)
_PATH: TypeAdapter[Any] = TypeAdapter(Path)
_EVENT: TypeAdapter[Any] = TypeAdapter(Event)
_FEED: TypeAdapter[Any] = TypeAdapter(Feed)
_CONTROL: TypeAdapter[Any] = TypeAdapter(Control)


@dataclass(frozen=True)
class Parts:
    """The parts of a case that refer to each other; ``None`` stands for one that is itself faulty.

    ``ends`` has the two volumes that each path names, also for a faulty path; anything may stand there.
    """

    gas: Gas | None
    volumes: Mapping[str, Volume | None]
    paths: Mapping[str, Any]
    ends: Mapping[str, tuple[object, object]]
    feeds: Mapping[str, Any]
    controls: Mapping[str, Any]
    schedule: Sequence[AnyEvent | None]
    run: Run | None
    record: Record | None
    diagnosis: Diagnosis | None = None
    design: Design | None = None
    tests: Mapping[str, Profile | None] = field(default_factory=dict)


def cross_faults(parts: Parts) -> list[Fault]:
    """Find every fault between the sections of a case."""
    faults = [*_path_faults(parts), *_feed_faults(parts), *_control_faults(parts)]
    faults += _event_target_faults(parts)
    kinds = [volume.kind if volume is not None else None for volume in parts.volumes.values()]
    if kinds and all(kind == "boundary" for kind in kinds):
        faults.append(Fault(("volumes",), "must have at least one that is integrated or held"))
    valves = {name: path for name, path in parts.paths.items() if isinstance(path, Openable)}
    duration = None if parts.run is None else parts.run.duration
    watched = {control.path for control in parts.controls.values() if isinstance(control, CloseControl)}
    of_schedule = schedule_faults(parts.schedule, valves, duration, watched)
    faults += [fault.under(("schedule",)) for fault in of_schedule]
    faults += _valve_faults(valves, duration)
    faults += _watch_faults(parts)
    faults += design_faults(parts.design, parts.tests, parts.volumes)
    faults += _name_faults(parts)
    if duration is not None and not of_schedule:
        kinds_of = {name: volume.kind for name, volume in parts.volumes.items() if volume is not None}
        faults += joined_faults(kinds_of, parts.paths, parts.schedule, duration)
    faults += _separation_faults(parts)
    return faults


def readable_parts(data: Mapping[str, Any]) -> Parts:
    """Read what can be read of a faulty case, so that the rest of it is still checked."""
    volumes, paths = _table(data.get("volumes")), _table(data.get("paths"))
    feeds, controls = _table(data.get("feeds")), _table(data.get("controls"))
    schedule = data.get("schedule")
    events = schedule if isinstance(schedule, list) and len(schedule) <= MOST_ITEMS else []
    return Parts(
        _read(_GAS, data.get("gas", {})),
        {name: _read(_VOLUME, raw) for name, raw in volumes.items()},
        {name: _read(_PATH, raw) for name, raw in paths.items()},
        {name: (raw.get("from"), raw.get("to")) for name, raw in paths.items() if isinstance(raw, Mapping)},
        {name: _read(_FEED, raw) for name, raw in feeds.items()},
        {name: _read(_CONTROL, raw) for name, raw in controls.items()},
        [_read(_EVENT, raw) for raw in events],
        _read(_RUN, data.get("run")),
        _read(_RECORD, data.get("record")),
        _read(_DIAGNOSIS, data.get("diagnosis")),
        *_readable_design(data),
    )


def _readable_design(data: Mapping[str, Any]) -> tuple[Design | None, dict[str, Profile | None]]:
    """Read a design and its tests; no test where the design itself cannot be read."""
    design = _read(_DESIGN, data.get("design"))
    tests = _table(data.get("tests")) if design is not None else {}
    return design, {name: _read(_TEST, raw) for name, raw in tests.items()}


def numbers_of(model: BaseModel, prefix: Key = ()) -> Iterator[tuple[Key, Number, Quantity]]:
    """Give every number in a section that may be random, with its key and what the key may hold."""
    for name, info in type(model).model_fields.items():
        value, key = getattr(model, name), (*prefix, info.alias or name)
        quantity = quantity_of(info)
        if quantity is not None and isinstance(value, Constant | Distribution):
            yield key, value, quantity
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for item_name, item in items:
            if isinstance(item, BaseModel):
                yield from numbers_of(item, (*key, item_name))
        if isinstance(value, BaseModel):
            yield from numbers_of(value, key)


def quantity_of(info: FieldInfo) -> Quantity | None:
    """Give what a field may hold, if it is a number, or may be one."""
    forms = (info.metadata, *(getattr(form, "__metadata__", ()) for form in get_args(info.annotation)))
    return next((item for form in forms for item in form if isinstance(item, Quantity)), None)


def nearest(word: object, known: Sequence[str]) -> str:
    """Say which known name a misspelt one is nearest to, or else all of them."""
    found = difflib.get_close_matches(str(word)[:100], known[:_MOST_COMPARED], n=1)
    if found:
        return f"did you mean {found[0]}?"
    listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"there is {listed}" if listed else "there is none"


def _path_faults(parts: Parts) -> Iterator[Fault]:
    for name, ends in parts.ends.items():
        for key, volume in zip(("from", "to"), ends, strict=True):
            if isinstance(volume, str) and volume not in parts.volumes:
                yield Fault(
                    ("paths", name, key), f"no such volume; {nearest(volume, list(parts.volumes))}", volume
                )
        found = [parts.volumes.get(volume) for volume in ends if isinstance(volume, str)]
        if (
            len(found) == 2
            and ends[0] != ends[1]
            and all(volume is not None and volume.kind == "boundary" for volume in found)
        ):
            yield Fault(("paths", name), "must not join two boundaries", f"{ends[0]} to {ends[1]}")


def _feed_faults(parts: Parts) -> Iterator[Fault]:
    for name, feed in parts.feeds.items():
        if feed is not None:
            yield from _volume_faults(parts, ("feeds", name, "volume"), feed.volume)


def _control_faults(parts: Parts) -> Iterator[Fault]:
    for name, control in parts.controls.items():
        key = ("controls", name)
        if isinstance(control, RepressuriseControl):
            yield from _volume_faults(parts, (*key, "volume"), control.volume)
        if isinstance(control, CloseControl):
            yield from _openable_faults(parts, (*key, "path"), control.path)
            if control.volume is not None:
                yield from _volume_faults(parts, (*key, "volume"), control.volume)
            if control.through is not None:
                yield from _known_path_faults(parts, (*key, "through"), control.through)


def _event_target_faults(parts: Parts) -> Iterator[Fault]:
    for i, event in enumerate(parts.schedule):
        key = ("schedule", i)
        if event is None:
            continue
        if isinstance(event, RepressuriseEvent | VentEvent):
            yield from _volume_faults(parts, (*key, "volume"), event.volume)
        elif isinstance(event, TemperatureEvent):
            yield from _known_volume_faults(parts, (*key, "volume"), event.volume)
            volume = parts.volumes.get(event.volume)
            if volume is not None and volume.energy == "adiabatic":
                text = "must not be adiabatic: no heat comes from its wall"
                yield Fault((*key, "volume"), text, event.volume)
        elif isinstance(event, CrewEvent | FeedEvent):
            if event.feed not in parts.feeds:
                text = f"no such feed; {nearest(event.feed, list(parts.feeds))}"
                yield Fault((*key, "feed"), text, event.feed)
            elif (feed := parts.feeds[event.feed]) is not None:
                wants_crew = isinstance(event, CrewEvent)
                if isinstance(feed, CrewFeed) != wants_crew:
                    other = f"must be a crew; {event.feed} is of kind {feed.kind}"
                    text = other if wants_crew else "must not be a crew; the action crew sets how many people"
                    yield Fault((*key, "feed"), text, event.feed)
        elif isinstance(event, OpenEvent | CloseEvent):
            yield from _openable_faults(parts, (*key, "path"), event.path)
        else:
            yield from _known_path_faults(parts, (*key, "path"), event.path)
            path = parts.paths.get(event.path)
            has_law = path is None or (isinstance(path, CracksPath) and path.paris is not None)
            if isinstance(event, LoadCyclesEvent) and not has_law:
                text = f"must be cracks with a Paris law; {event.path} has no paris"
                yield Fault((*key, "path"), text, event.path)


def _known_volume_faults(parts: Parts, key: Key, name: str) -> Iterator[Fault]:
    if name not in parts.volumes:
        yield Fault(key, f"no such volume; {nearest(name, list(parts.volumes))}", name)


def _volume_faults(parts: Parts, key: Key, name: str) -> Iterator[Fault]:
    yield from _known_volume_faults(parts, key, name)
    volume = parts.volumes.get(name)
    if volume is not None and volume.kind != "integrated":
        yield Fault(key, f"must be an integrated volume; {name} is {volume.kind}", name)


def _known_path_faults(parts: Parts, key: Key, name: str) -> Iterator[Fault]:
    if name not in parts.paths:
        yield Fault(key, f"no such path; {nearest(name, list(parts.paths))}", name)


def _openable_faults(parts: Parts, key: Key, name: str) -> Iterator[Fault]:
    yield from _known_path_faults(parts, key, name)
    path = parts.paths.get(name)
    if path is not None and not isinstance(path, Openable):
        yield Fault(key, f"must be a valve or a hatch; {name} is of kind {path.kind}", name)


def _separation_faults(parts: Parts) -> Iterator[Fault]:
    """Refuse to follow gases whole where the case asks for a species of them."""
    if parts.gas is None or parts.gas.separate is not False:
        return
    reason = next(reasons_to_separate(parts), None)
    if reason is not None:
        yield Fault(
            ("gas", "separate"), f"must be true, or left out: {reason} needs species one by one", False
        )


def _valve_faults(valves: Mapping[str, Openable], duration: float | None) -> Iterator[Fault]:
    for name, valve in valves.items():
        for i, step in enumerate(valve.schedule):
            if duration is not None and isinstance(step.at, Constant) and step.at.value > duration:
                text = f"must not be after the duration, {duration:.12g} s"
                yield Fault(("paths", name, "schedule", i, "at"), text, step.at.value)


def _watch_faults(parts: Parts) -> Iterator[Fault]:
    """Check the volumes of thresholds and of the record, and that the record lies in the run."""
    watched: list[tuple[Key, str]] = []
    if parts.run is not None:
        watched += [(("run", "thresholds", i), item.volume) for i, item in enumerate(parts.run.thresholds)]
    points = [] if parts.record is None else parts.record.points
    watched += [(("record", "points", i), point.volume) for i, point in enumerate(points)]
    told = () if parts.diagnosis is None else tuple(_told(parts.diagnosis))
    watched += [(key[:3], volume) for key, volume, _ in told]
    for key, volume in watched:
        if volume not in parts.volumes:
            yield Fault((*key, "volume"), f"no such volume; {nearest(volume, list(parts.volumes))}", volume)
    if parts.diagnosis is not None:
        yield from _gauge_faults(parts.diagnosis, {(point.volume, point.species) for point in points})
        if parts.diagnosis.temperature_error > 0.0 and all(point.temperature is None for point in points):
            text = "must be left out, or 0, for no point of the record has a temperature"
            yield Fault(("diagnosis", "temperature_error"), text, parts.diagnosis.temperature_error)
    times: list[tuple[Key, float]] = [
        (("record", "points", i, "time"), point.time) for i, point in enumerate(points)
    ]
    times += [(key, time) for key, _, time in told]
    for key, time in times:
        if parts.run is not None and time > parts.run.duration:
            text = f"must not be after the duration, {parts.run.duration:.12g} s; make run.duration longer"
            yield Fault(key, text, time)


def _gauge_faults(section: Diagnosis, read: set[tuple[str, Any]]) -> Iterator[Fault]:
    """Refuse a gauge that nothing was read off, and one that is given twice."""
    seen = set()
    read = read | {(volume, None) for _, volume, _ in _told(section)}
    for i, gauge in enumerate(section.gauges):
        own = (gauge.volume, gauge.species)
        if own not in read:
            whose = gauge.species or "the pressure"
            text = f"must be what the record reads: nothing is read or told of {whose} there"
            yield Fault(("diagnosis", "gauges", i, "volume"), text, gauge.volume)
        elif own in seen:
            yield Fault(
                ("diagnosis", "gauges", i, "volume"), "is a gauge that is given already", gauge.volume
            )
        seen.add(own)


def _told(section: Diagnosis) -> Iterator[tuple[Key, str, float]]:
    """Give of all that was told, but not read, the key of its last time, the volume and that time."""
    for i, stable in enumerate(section.stable):
        yield ("diagnosis", "stable", i, "end"), stable.volume, stable.end
    for i, limit in enumerate(section.limits):
        yield ("diagnosis", "limits", i, "time"), limit.volume, limit.time


def _name_faults(parts: Parts) -> Iterator[Fault]:
    """Refuse a name that two distributions share: the results file has one variable for each."""
    seen: dict[str, str] = {}
    for section, models in _sections(parts):
        for key, number, _ in numbers_of(models, section):
            for inner, name in _names(number):
                where = ".".join(map(str, key))
                if name in seen:
                    yield Fault((*key, *inner, "name"), f"must differ from the name in {seen[name]}", name)
                seen.setdefault(name, where)


def _sections(parts: Parts) -> Iterator[tuple[Key, Section]]:
    yield from ((("gas",), model) for model in (parts.gas,) if model is not None)
    yield from ((("volumes", name), model) for name, model in parts.volumes.items() if model is not None)
    yield from ((("paths", name), model) for name, model in parts.paths.items() if model is not None)
    yield from ((("feeds", name), model) for name, model in parts.feeds.items() if model is not None)
    yield from ((("controls", name), model) for name, model in parts.controls.items() if model is not None)
    yield from ((("schedule", i), model) for i, model in enumerate(parts.schedule) if model is not None)
    yield from ((("run",), model) for model in (parts.run,) if model is not None)


def _names(number: Number) -> Iterator[tuple[Key, str]]:
    if number.name is not None:
        yield (), number.name
    if isinstance(number, Distribution):
        for key, arg in number.args.items():
            for inner, name in _names(arg):
                yield (key, *inner), name


def _read(kind: TypeAdapter[Any], raw: object) -> Any:
    try:
        return kind.validate_python(raw)
    except ValidationError:
        return None


def _table(raw: object) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) and len(raw) <= MOST_ITEMS else {}

"""From pydantic's errors to one line for each fault, naming file, key, value and what is allowed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from ._case_checks import nearest
from ._controls import CONTROLS
from ._design_section import Design, Profile, Step
from ._diagnosis_section import Diagnosis, GaugeOf, Hypothesis, Limit, Stable
from ._feeds import FEEDS
from ._forecast_section import Forecast, Hold, Option, Patch, TopUp, WatchedLimit
from ._paths import PATHS, Iso6358, Paris, Shell, Slot, ValveStep
from ._schedule import EVENTS
from ._seals import Contact, Permeabilities, Permeation
from ._sections import Gas, Outcomes, Point, Record, Run, Threshold, TimeGrid
from ._sweep_section import DESIGNS, Correlation, Sweep
from ._volumes import TemperatureCycle, Volume
from .errors import Fault, FaultsError, Key
from .numbers import ARGUMENTS

__all__ = ["dotted", "faults_of", "known_keys", "line_of", "lines_of", "printable"]

_MOST_LINES = 200
_LONGEST_SHOWN = 60
_LARGEST_SHOWN = 256  # bits; Python refuses to print integers of thousands of digits
_DEEPEST_KEY = 6
_SECTIONS: dict[str, type[BaseModel]] = {
    "gas": Gas, "run": Run, "outcomes": Outcomes, "record": Record, "diagnosis": Diagnosis, "design": Design,
    "forecast": Forecast, "sweep": Sweep,
}  # fmt: skip
_KINDS: dict[str, Mapping[str, type[BaseModel]]] = {
    "paths": PATHS, "feeds": FEEDS, "controls": CONTROLS, "schedule": EVENTS,
}  # fmt: skip
_PARTS_OF_PATHS: dict[str, type[BaseModel]] = {
    "slot": Slot, "iso6358": Iso6358, "shell": Shell, "paris": Paris, "contact": Contact,
    "permeation": Permeation,
}  # fmt: skip
_DEEDS: dict[str, type[BaseModel]] = {"hold": Hold, "top_up": TopUp, "patch": Patch}
_TEXTS = {
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "string_pattern_mismatch": "must be up to 64 letters, digits, _ and -, a letter first",
    "string_too_long": "must be up to 64 letters, digits, _ and -, a letter first",
}


def lines_of(
    faults: Sequence[Fault], source: str, record: tuple[str, Sequence[int]] | None = None
) -> list[str]:
    """Write the faults of one case, one line each, at most two hundred.

    Parameters
    ----------
    faults : sequence of Fault
    source : str
        The case's file name.
    record : tuple or None
        If the points of the record stand in a CSV: its name, and the line of each point.
    """
    lines = []
    for fault in faults[:_MOST_LINES]:
        point = fault.key[2] if fault.key[:2] == ("record", "points") and len(fault.key) > 2 else None
        if record is not None and isinstance(point, int):
            name, numbers = record
            lines.append(line_of(fault._replace(key=fault.key[3:]), f"{name}: line {numbers[point]}"))
        else:
            lines.append(line_of(fault, source))
    if len(faults) > _MOST_LINES:
        lines.append(f"{source}: and more faults than these")
    return list(dict.fromkeys(lines))


def line_of(fault: Fault, source: str) -> str:
    """Write one fault: ``prk.toml: volumes.tunnel.volume = -3: must be greater than 0 m^3``."""
    value = "" if fault.value is None else f" = {_shown(fault.value)}"
    where = f"{dotted(fault.key)}{value}: " if fault.key else ""
    return f"{printable(source)}: {where}{printable(fault.text)}"


def faults_of(error: ValidationError, data: Mapping[str, Any], root: type[BaseModel]) -> list[Fault]:
    """Give the faults that pydantic found in ``data`` while it read it as a ``root``."""
    faults: list[Fault] = []
    for details in error.errors(include_url=False)[: _MOST_LINES + 1]:
        key = _without_tags(details["loc"])
        cause = details.get("ctx", {}).get("error")
        if isinstance(cause, FaultsError):
            faults += [fault.under(key) for fault in cause.faults]
        else:
            faults.append(_fault(key, details, data, root))
    return faults


def known_keys(data: Mapping[str, Any], root: type[BaseModel]) -> Iterator[str]:
    """Give every key that can be set in a case as it stands, dotted."""
    yield from _keys_under((), data, data, root)


def dotted(key: Key) -> str:
    """Write a key as ``volumes.tunnel.volume``."""
    return ".".join(printable(str(part)[:_LONGEST_SHOWN]) for part in key)


def printable(text: str) -> str:
    """Keep a message on one line and harmless to a terminal, whatever is in the file."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _fault(key: Key, details: Any, data: Mapping[str, Any], root: type[BaseModel]) -> Fault:
    kind, found, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Fault(key, f"unknown key; {_nearest_key(key, data, root)}")
    if kind == "missing":
        model = _model_at(key[:-1], data, root)
        fields = (
            {} if model is None else {info.alias or name: info for name, info in model.model_fields.items()}
        )
        description = fields[str(key[-1])].description if str(key[-1]) in fields else None
        return Fault(key, f"missing; must be given: {description or 'it has no default'}")
    if kind == "literal_error":
        return Fault(key, f"must be {context['expected']}", found)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = context["discriminator"].strip("'")
        section = "schedule" if key[0] == "options" else str(key[0])
        kinds = ", ".join(DESIGNS if key == ("sweep", "design") else _KINDS[section])
        if key == ("sweep", "design") and _text_at(data, key):
            return Fault(key, f"must be one of {kinds}", _text_at(data, key))
        given = found.get(tag) if isinstance(found, Mapping) else None
        return Fault(
            (*key, tag), f"must be one of {kinds}" if given is not None else f"missing; one of {kinds}", given
        )
    if kind in ("too_short", "too_long"):
        least, most = context.get("min_length"), context.get("max_length")
        text = f"must have at most {most}" if least is None else f"must have at least {least}"
        return Fault(key, f"{text}, not {context['actual_length']}")
    return Fault(key, _TEXTS.get(kind, details["msg"]), found)


def _without_tags(location: tuple[int | str, ...]) -> Key:
    """Drop what pydantic adds to the place of an error in a union or in the key of a table."""
    key = [part for part in location if part != "[key]"]
    if len(key) > 2 and (key[0] in _KINDS or key[:2] in (["run", "output_times"], ["sweep", "design"])):
        del key[2]
    if key[0:1] == ["options"] and key[2:3] == ["events"] and len(key) > 4:
        del key[4]
    if key[0:1] == ["paths"] and key[2:4] == ["permeation", "permeability"] and len(key) > 4:
        del key[4]
    return tuple(key)


def _nearest_key(key: Key, data: Mapping[str, Any], root: type[BaseModel]) -> str:
    model = _model_at(key[:-1], data, root)
    siblings = [] if model is None else [info.alias or name for name, info in model.model_fields.items()]
    return nearest(dotted(key), [dotted((*key[:-1], name)) for name in siblings])


def _model_at(key: Key, data: Mapping[str, Any], root: type[BaseModel]) -> type[BaseModel] | None:
    """Give the model that reads the table at ``key``, if it is one with fixed keys."""
    match key:
        case ():
            return root
        case (str(section),):
            return _SECTIONS.get(section)
        case ("volumes", _):
            return Volume
        case ("volumes", _, "temperature_cycles", _):
            return TemperatureCycle
        case ("paths" | "feeds" | "controls", _):
            return _KINDS[str(key[0])].get(_text_at(data, (*key, "kind")))
        case ("paths", _, str(part)) if part in _PARTS_OF_PATHS:
            return _PARTS_OF_PATHS[part]
        case ("paths", _, "permeation", "permeability"):
            return Permeabilities
        case ("paths", _, "schedule", _):
            return ValveStep
        case ("schedule", i):
            return EVENTS.get(_text_at(data, ("schedule", i, "action")))
        case ("run", "output_times"):
            return TimeGrid
        case ("run", "thresholds", _):
            return Threshold
        case ("record", "points", _):
            return Point
        case ("diagnosis", "stable", _):
            return Stable
        case ("diagnosis", "gauges", _):
            return GaugeOf
        case ("diagnosis", "limits", _):
            return Limit
        case ("hypotheses", _):
            return Hypothesis
        case ("forecast", "limits", _):
            return WatchedLimit
        case ("options", _):
            return Option
        case ("options", _, str(deed)) if deed in _DEEDS:
            return _DEEDS[deed]
        case ("options", _, "events", i):
            return EVENTS.get(_text_at(data, (*key[:3], i, "action")))
        case ("tests", _):
            return Profile
        case ("tests", _, "steps", _):
            return Step
        case ("sweep", "design"):
            return DESIGNS.get(_text_at(data, key) or _text_at(data, (*key, "kind")))
        case ("sweep", "correlations", _):
            return Correlation
    return None


def _text_at(data: object, key: Key) -> str:
    """Give the text at ``key``; empty if there is none."""
    for part in key:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return ""
    return data if isinstance(data, str) else ""


def _keys_under(key: Key, raw: object, data: Mapping[str, Any], root: type[BaseModel]) -> Iterator[str]:
    items: dict[str | int, object] = dict(enumerate(raw)) if isinstance(raw, list) else {}
    if isinstance(raw, Mapping):
        kind = raw.get("dist")
        arguments = (*ARGUMENTS[kind], "name", "per") if isinstance(kind, str) and kind in ARGUMENTS else ()
        items = dict.fromkeys(arguments) | dict(raw)
    model = None if isinstance(raw, list) else _model_at(key, data, root)
    fields = {} if model is None else model.model_fields
    for name, info in fields.items():
        items.setdefault(info.alias or name, None)
    for part, inner in items.items():
        yield dotted((*key, part))
        if len(key) < _DEEPEST_KEY:
            yield from _keys_under((*key, part), inner, data, root)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
        return f'"{printable(short)}"'
    if isinstance(value, int) and value.bit_length() > _LARGEST_SHOWN:
        return "a huge number"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return "[...]" if isinstance(value, Sequence) else "{...}"

"""What operators could do, written into the case of a hypothesis so that the past stays as it was.

Everything an option adds begins by an event at its time. What has no time of its own, a control, watches the
pressure drop across a shut valve into a vacuum, which is the pressure itself, and that valve is not there
before its event: kernels let a control rest until the path it watches has started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels import model
from .._case_checks import nearest
from .._case_faults import line_of, lines_of, printable
from .._column import label
from .._forecast_section import Option, WatchedLimit
from .._sections import Record
from ..case import Case, case_of
from ..errors import CaseError, Fault
from ..numbers import Constant
from ..plan import CompiledCase, compile_case
from .dependent import uncorrelated
from .forward import last_time, wanted_point

__all__ = ["LIMIT", "TOP_UP", "Ahead", "applies", "look_ahead", "refuse_too_late", "refuse_unknown_names"]

Floats = NDArray[np.float64]

#: Names of what an option adds to a case; those of limits go on with their number.
LIMIT, TOP_UP = "forecast_limit", "forecast_top_up"
_HOLD, _WATCH, _VACUUM = "forecast_hold", "forecast_watch", "forecast_vacuum"
_MIRRORED = {"low": "high", "high": "low", "mode": "mode", "mean": "mean", "sd": "sd"}


class Ahead(NamedTuple):
    """A hypothesis under one option, ready to be run.

    Attributes
    ----------
    case : Case
        With the option written into it.
    compiled : CompiledCase
    places : int64 (V, T)
        Outcome columns of the pressures of `volumes` at the times that were asked for.
    volumes : list of str
        All that are integrated.
    """

    case: Case
    compiled: CompiledCase
    places: NDArray[np.int64]
    volumes: list[str]


def look_ahead(
    case: Case, name: str, option: Option, *, last: float, end: float, limits: Sequence[WatchedLimit],
    times: Floats,
) -> Ahead:  # fmt: skip
    """Write an option into the case of a hypothesis, and compile it.

    Parameters
    ----------
    case : Case
        Of the hypothesis.
    name : str
        Of the option, for messages.
    option : Option
        What of it names a path or a volume that this hypothesis does not have is left out.
    last, end : float
        The last reading, from which limits are watched, and the end of the run, s.
    limits : sequence of WatchedLimit
    times : float64 (T,)
        At which pressures are wanted, s.

    Raises
    ------
    CaseError
        The option does not fit the case; one line for each fault.
    """
    data = _until(case.to_dict(), last_time(case), end)
    written = _Writing(data)
    # a path that starts there makes the steps end at the last reading, whatever the option
    volumes = [key for key, volume in case.volumes.items() if volume.kind == "integrated"]
    for volume in volumes[:1]:
        written.watch(volume, last)
    for i, limit in enumerate(limits):
        if limit.volume in volumes:
            written.add_limit(i, limit, last)
    if last + option.at <= end:
        written.add_option(name, option, last + option.at)
    try:
        ready = case_of(data, case.source)
    except CaseError as error:
        raise CaseError(written.as_given(error.faults, case.source, f"options.{name}")) from None
    points = [wanted_point(volume, float(time)) for volume in volumes for time in times]
    record = Record.model_construct(points=points, file=None, compare="pressure", start=None)
    ready = ready.model_copy(update={"record": record})
    compiled = compile_case(uncorrelated(ready))
    for control, watched in written.armed.items():
        _arm(ready, compiled, control, watched)
    places = compiled.record_columns[:, 1].reshape(len(volumes), len(times))
    return Ahead(ready, compiled, places, volumes)


def applies(option: Option, cases: Sequence[Case]) -> bool:
    """Whether any of the cases has anything that an option acts on; one that names nothing applies."""
    named = list(_names_in(option))
    return not named or any(value in getattr(case, section) for section, _, value in named for case in cases)


def refuse_unknown_names(source: str, options: Mapping[str, Option], cases: Sequence[Case]) -> None:
    """Refuse an option that names what is in none of the cases of the hypotheses.

    Raises
    ------
    CaseError
        With one line for each such name.
    """
    faults = []
    for name, option in options.items():
        for section, key, value in _names_in(option):
            known = list(dict.fromkeys(item for case in cases for item in getattr(case, section)))
            if value not in known:
                text = f"no such {section.removesuffix('s')} in any hypothesis; {nearest(value, known)}"
                faults.append(line_of(Fault(("options", name, *key), text, value), source))
    if faults:
        raise CaseError(faults)


def refuse_too_late(source: str, options: Mapping[str, Option], span: float) -> None:
    """Refuse an option, or an event of one, that begins when the forecast is over.

    It would look as if it did nothing.

    Parameters
    ----------
    source : str
        Of the case, for messages.
    options : mapping of str to Option
    span : float
        End of the forecast after the last reading, s.

    Raises
    ------
    CaseError
        With one line for each of them.
    """
    faults = []
    for name, option in options.items():
        if option.at >= span:
            text = f"must be before the end of the forecast, {span:.12g} s after the last reading"
            faults.append(Fault(("options", name, "at"), text, option.at))
            continue
        left = span - option.at
        for i, event in enumerate(option.events):
            if isinstance(event.at, Constant) and event.at.value >= left:
                text = f"must be before the end of the forecast, {left:.12g} s after the option begins"
                faults.append(Fault(("options", name, "events", i, "at"), text, event.at.value))
    if faults:
        raise CaseError(lines_of(faults, source))


class _Writing:
    """A case as plain data, while an option is written into it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        #: Of controls that rest until a path starts: the path, -1 to look below, and whether they act once.
        self.armed: dict[str, tuple[str, float, bool]] = {}
        self._watches: dict[tuple[str, float], str] = {}
        # of what was added: its keys, and what stands in the file in their place
        self._given: dict[str, str] = {}

    def as_given(self, lines: Sequence[str], source: str, own: str) -> list[str]:
        """Return lines on faults with the keys that stand in the file, not those that were added."""
        start = f"{printable(source)}: "
        # of a fault without a value the colon is at the key
        keys = [line.removeprefix(start).split(" ", 1)[0].removesuffix(":") for line in lines]
        found = []
        for line, key in zip(lines, keys, strict=True):
            added = [one for one in self._given if key == one or key.startswith(f"{one}.")]
            if added:
                one = max(added, key=len)
                found.append(start + self._given[one] + line.removeprefix(start + one))
            elif not key.startswith(f"paths.{_WATCH}"):  # a path of its own follows from what else is wrong
                found.append(f"{start}{own}: {line.removeprefix(start)}")
        return list(dict.fromkeys(found)) or list(lines)

    def watch(self, volume: str, time: float) -> str:
        """Return the path across which the pressure of a volume is seen from a time on."""
        if (volume, time) not in self._watches:
            path = f"{_WATCH}_{len(self._watches) + 1}"
            self._watches[volume, time] = path
            self.data["volumes"].setdefault(_VACUUM, {"kind": "boundary", "pressure": 0.0})
            self._section("paths")[path] = {"kind": "valve", "from": volume, "to": _VACUUM, "area": 1e-9}
            self._event("start", time, path=path)
        return self._watches[volume, time]

    def add_limit(self, i: int, limit: WatchedLimit, last: float) -> None:
        """Watch for a limit: a control that fills nothing notes when it acted first."""
        below = limit.below is not None
        level = limit.below if below else limit.above
        control = {"kind": "repressurise", "volume": limit.volume, "below": level, "to": 2.0 * (level or 1.0)}
        self._section("controls")[f"{LIMIT}_{i + 1}"] = control
        self._given[f"controls.{LIMIT}_{i + 1}"] = f"forecast.limits.{i}"
        self.armed[f"{LIMIT}_{i + 1}"] = self.watch(limit.volume, last), -1.0 if below else 1.0, True

    def add_option(self, name: str, option: Option, begin: float) -> None:
        """Write what the option does, as far as the case has what it names."""
        own = f"options.{name}"
        if option.shut in self._section("paths"):
            self._event("close", begin, path=option.shut, given={"": own, ".path": f"{own}.shut"})
        if option.open in self._section("paths"):
            self._event("open", begin, path=option.open, given={"": own, ".path": f"{own}.open"})
        deeds = option.to_dict()
        if option.hold is not None and option.hold.volume in self.data["volumes"]:
            self._hold(deeds["hold"], begin, own)
        if option.top_up is not None and option.top_up.volume in self.data["volumes"]:
            self._section("controls")[TOP_UP] = {"kind": "repressurise"} | deeds["top_up"]
            self._given[f"controls.{TOP_UP}"] = f"{own}.top_up"
            self.armed[TOP_UP] = self.watch(option.top_up.volume, begin), -1.0, False
        if option.patch is not None and option.patch.path in self._section("paths"):
            patch = deeds["patch"]
            factor = _mirrored(patch.pop("efficacy"), f"{label(name)[:50]}_efficacy")
            given = {"": f"{own}.patch", ".factor": f"{own}.patch.efficacy"}
            self._event("patch", begin, factor=factor, given=given, **patch)
        for i, event in enumerate(deeds.get("events", [])):
            if all(item in self._section(section) for section, _, item in _targets(event)):
                keys = {key: item for key, item in event.items() if key not in ("action", "at")}
                at = begin + _begins(event)
                self._event(event["action"], at, given={"": f"{own}.events.{i}"}, **keys)

    def _hold(self, hold: dict[str, Any], begin: float, own: str) -> None:
        """Vent, and switch a make-up on that has given nothing before."""
        every = hold.pop("vent_every", None)
        again = {} if every is None else {"every": every}
        given = {"": f"{own}.hold", ".to": f"{own}.hold.pressure", ".every": f"{own}.hold.vent_every"}
        self._event("vent", begin, volume=hold["volume"], to=hold["pressure"], given=given, **again)
        self._section("feeds")[_HOLD] = {"kind": "hold"} | hold
        self._given[f"feeds.{_HOLD}"] = f"{own}.hold"
        if begin > 0.0:
            self._event("feed", 0.0, feed=_HOLD, to=0.0)
            self._event("feed", begin, feed=_HOLD, to=1.0)

    def _section(self, name: str) -> dict[str, Any]:
        section: dict[str, Any] = self.data.setdefault(name, {})
        return section

    def _event(self, action: str, at: float, *, given: Mapping[str, str] | None = None, **keys: Any) -> None:
        # at the end: numbers of the schedule are named by their place
        schedule: list[dict[str, Any]] = self.data.setdefault("schedule", [])
        self._given |= {f"schedule.{len(schedule)}{key}": name for key, name in (given or {}).items()}
        schedule.append({"action": action, "at": at} | keys)


def _until(data: dict[str, Any], known: float, end: float) -> dict[str, Any]:
    """Return a case as plain data without its record, run up to ``end``; its diagnosis ran to ``known``."""
    own = {"record", "diagnosis", "hypotheses", "design", "tests", "forecast", "options", "sweep", "outcomes"}
    kept = {key: item for key, item in data.items() if key not in own}
    kept["run"] = kept["run"] | {"duration": end, "output_times": [0.0], "thresholds": []}
    # numbers of the schedule are named by their place: what the diagnosis had keeps its own
    events = kept.get("schedule", [])
    kept["schedule"] = [event for event in events if _begins(event) <= known]
    kept["schedule"] += [event for event in events if known < _begins(event) <= end]
    for path in kept.get("paths", {}).values():
        if "schedule" in path:
            path["schedule"] = [step for step in path["schedule"] if _begins(step) <= end]
    return kept


def _begins(event: Mapping[str, Any]) -> float:
    at = event["at"]
    return float(at) if isinstance(at, int | float) else 0.0


def _mirrored(efficacy: Any, name: str) -> Any:
    """Return what a patch lets pass, one less what it holds back, with a name for what is drawn."""
    if isinstance(efficacy, int | float):
        return 1.0 - efficacy
    if efficacy["dist"] == "choice":
        return {"name": name} | efficacy | {"values": [1.0 - value for value in efficacy["values"]]}
    kept = {key: item for key, item in efficacy.items() if key not in _MIRRORED}
    if efficacy["dist"] == "constant":
        return {**kept, "value": 1.0 - efficacy["value"]}
    turned = {_MIRRORED[key]: item if key == "sd" else 1.0 - item
              for key, item in efficacy.items() if key in _MIRRORED}  # fmt: skip
    return {"name": name} | kept | turned


def _arm(case: Case, compiled: CompiledCase, control: str, watched: tuple[str, float, bool]) -> None:
    """Let a control look at the pressure across a path, so that it rests until the path starts."""
    path, sign, once = watched
    row = compiled.plan.controls[list(case.controls).index(control)]
    row["quantity"], row["place"], row["sign"] = model.PRESSURE_DROP, list(case.paths).index(path), sign
    if once:  # a boundary cannot be filled: nothing is done
        row["once"], row["target"] = 1, list(case.volumes).index(_VACUUM)


def _names_in(option: Option) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
    """Give the section, the key and the name of all that an option acts on."""
    for key in ("shut", "open"):
        if getattr(option, key) is not None:
            yield "paths", (key,), getattr(option, key)
    for key, deed in (("hold", option.hold), ("top_up", option.top_up)):
        if deed is not None:
            yield "volumes", (key, "volume"), deed.volume
    if option.patch is not None:
        yield "paths", ("patch", "path"), option.patch.path
    for i, event in enumerate(option.events):
        for section, word, value in _targets(event.model_dump(by_alias=True, exclude_none=True)):
            yield section, ("events", i, word), value


def _targets(event: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for section, word in (("paths", "path"), ("volumes", "volume"), ("feeds", "feed")):
        if word in event:
            yield section, word, event[word]

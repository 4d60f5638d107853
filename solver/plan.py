"""From a case to the arrays that kernels work on, and the names of what comes back.

Every number of the case gets a slot in the vector of inputs. An input's random numbers are addressed by
a hash of its name, so that adding another moves no draw.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import gas, model, random
from ._paths import CracksPath, HatchPath, Openable, OrificePath, SealPath
from ._schedule import (
    AnyEvent,
    CloseEvent,
    LoadCyclesEvent,
    OpenEvent,
    PatchEvent,
    RepressuriseEvent,
    StartEvent,
    VentEvent,
)
from .case import Case
from .columns import Column, label, outcome_columns
from .errors import CaseError
from .numbers import ARGUMENTS, Constant, Distribution, Number, support, to_plain
from .units import DIMENSIONS

__all__ = ["CompiledCase", "compile_case"]

_KINDS = {
    "constant": random.CONSTANT,
    "uniform": random.UNIFORM,
    "loguniform": random.LOGUNIFORM,
    "normal": random.NORMAL,
    "truncated-normal": random.TRUNCATED_NORMAL,
    "lognormal": random.LOGNORMAL,
    "triangular": random.TRIANGULAR,
    "weibull": random.WEIBULL,
    "choice": random.CHOICE,
}
_VOLUME_KINDS = {"integrated": model.INTEGRATED, "held": model.HELD, "boundary": model.BOUNDARY}
_STILL = Constant(0.0)
_SLOTS = (
    "size", "coefficient", "opening", "molecular", "viscous", "count", "inlet_loss", "iso", "elastic",
    "paris",
)  # fmt: skip
#: What each field of a crack measures.
CRACK_DIMENSIONS = dict.fromkeys(model.CRACK_FIELDS, "dimensionless") | {
    "opening": "length",
    "length": "length",
    "depth": "length",
    "roughness": "length",
    "compliance": "compliance",
    "growth": "growth_rate",
}


@dataclass(frozen=True)
class CompiledCase:
    """A case ready for the kernels.

    Attributes
    ----------
    plan : leakflow.kernels.model.Plan
    inputs, outcomes : tuple of Column
        What is random, and what is kept of each sample; ``place`` is the column in the kernels' arrays.
    volumes, paths : tuple of str
        Names, in the order of the plan.
    record_columns : int64 (n_points, 3)
        For each point of the record, the outcome columns of its pressure at the time less its uncertainty,
        at the time, and at the time plus its uncertainty.
    """

    plan: model.Plan
    inputs: tuple[Column, ...]
    outcomes: tuple[Column, ...]
    volumes: tuple[str, ...]
    paths: tuple[str, ...]
    record_columns: NDArray[np.int64]


def compile_case(case: Case, *, nominal: bool = False) -> CompiledCase:
    """Turn a case into arrays.

    Parameters
    ----------
    case : Case
        Checked by `leakflow.solver.load_case`.
    nominal : bool
        Take every input of the sample at its median; cracks are drawn as ever.

    Raises
    ------
    CaseError
        Two numbers share a name, the number of cracks has no upper bound, or an outcome that is wanted
        does not exist.
    """
    slots = _Slots(case.source)
    volumes = _volumes(case, slots)
    paths = _paths(case, slots)
    components = _Components(case.gas.composition)
    events = _events(case, slots, components)
    thresholds = _thresholds(case, slots)
    records, record_places = _records(case)
    atol = case.run.atol if case.run.atol is not None else 100.0 * case.run.rtol
    plan = model.Plan(
        draws=slots.rows(),
        crack_draws=_stack(slots.crack_rows, model.DRAW),
        choices=np.array(slots.choices, dtype=np.float64).reshape(-1, 2),
        components=np.array(components.rows),
        volumes=volumes,
        paths=paths,
        events=events,
        thresholds=thresholds,
        records=records,
        output_time=case.run.times(),
        settings=np.array(
            [
                case.run.duration,
                case.run.rtol,
                atol,
                case.run.max_steps,
                float(nominal),
                float(_is_timed(case)),
            ]
        ),
        max_cracks=slots.max_cracks,
    )
    columns, record_start = outcome_columns(case, [column.name for column in slots.random])
    return CompiledCase(
        plan, tuple(slots.random), columns, tuple(case.volumes), tuple(case.paths),
        record_places + record_start,
    )  # fmt: skip


@dataclass
class _Slots:
    """The vector of inputs as it grows: one row of draws for each number."""

    source: str
    draws: list[NDArray[Any]] = field(default_factory=list)
    crack_rows: list[NDArray[Any]] = field(default_factory=list)
    choices: list[tuple[float, float]] = field(default_factory=list)
    random: list[Column] = field(default_factory=list)
    max_cracks: int = 0
    # the number itself is kept, or its identity could come to stand for another
    _known: dict[int, tuple[Number, int]] = field(default_factory=dict)
    _streams: dict[int, str] = field(default_factory=dict)

    def rows(self) -> NDArray[Any]:
        """Return the table of draws."""
        return _stack(self.draws, model.DRAW)

    def add(self, number: Number, key: str, dimension: str) -> int:
        """Give a number its slot; the same object asked for twice keeps its slot."""
        if id(number) in self._known:
            return self._known[id(number)][1]
        row = self._row(number, key, dimension)
        slot = len(self.draws)
        self.draws.append(row)
        self._known[id(number)] = number, slot
        if isinstance(number, Distribution):
            name = number.name or key
            text = json.dumps(to_plain(number), sort_keys=True)
            column = Column(
                name, slot, dimension, DIMENSIONS[dimension].unit or "1", f"input {key}", "input",
                {"distribution": text},
            )  # fmt: skip
            self.random.append(column)
        return slot

    def add_crack_row(self, number: Number, key: str, dimension: str) -> None:
        """Add the draw of one field of a population; what is common to its cracks gets a slot."""
        if isinstance(number, Distribution) and number.per == "crack":
            self.crack_rows.append(self._row(number, key, dimension))
            return
        row = _empty_row(random.CONSTANT)
        row["slot"][0] = self.add(number, key, dimension)
        self.crack_rows.append(row)

    def _row(self, number: Number, key: str, dimension: str) -> NDArray[Any]:
        if isinstance(number, Constant):
            row = _empty_row(random.CONSTANT)
            row["value"][0] = number.value
            return row
        row = _empty_row(_KINDS[number.kind])
        row["stream"] = self._stream(number.name or key)
        if number.kind == "choice":
            row["value"][:2] = len(self.choices), len(number.values)
            self.choices += _cumulative(number)
            return row
        for place, name in enumerate(ARGUMENTS[number.kind]):
            argument = number.args[name]
            if isinstance(argument, Constant):
                row["value"][place] = argument.value
            else:
                own = "dimensionless" if ARGUMENTS[number.kind][name] == "shape" else dimension
                row["slot"][place] = self.add(argument, f"{key}_{name}", own)
        return row

    def _stream(self, name: str) -> int:
        stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
        if stream in self._streams:
            other = self._streams[stream]
            said = "two numbers are" if other == name else f"{name} and {other} draw alike:"
            raise CaseError(f"{self.source}: name = {name}: {said} named so; give one of them another name")
        self._streams[stream] = name
        return stream


class _Components:
    """The gases that a volume can hold; the case's own comes first."""

    def __init__(self, composition: Mapping[str, float]) -> None:
        self.rows = [gas.as_mole_fractions(composition)]

    def place(self, composition: Mapping[str, float] | None) -> int:
        """Return the place of a gas, added if it is new; None is the case's own."""
        if composition is None:
            return 0
        wanted = gas.as_mole_fractions(composition)
        for place, row in enumerate(self.rows):
            if np.array_equal(row, wanted):
                return place
        self.rows.append(wanted)
        return len(self.rows) - 1


def _volumes(case: Case, slots: _Slots) -> NDArray[Any]:
    common = slots.add(case.gas.temperature, "gas_temperature", "temperature")
    rows = np.zeros(len(case.volumes), model.VOLUME)
    integrated = 0
    for row, (name, volume) in zip(rows, case.volumes.items(), strict=True):
        own = label(name)
        row["kind"] = _VOLUME_KINDS[volume.kind]
        row["state"] = integrated if volume.kind == "integrated" else -1
        integrated += volume.kind == "integrated"
        row["size"] = -1 if volume.volume is None else slots.add(volume.volume, f"{own}_volume", "volume")
        row["pressure"] = slots.add(volume.pressure, f"{own}_pressure", "pressure")
        row["temperature"] = (
            common
            if volume.temperature is None
            else slots.add(volume.temperature, f"{own}_temperature", "temperature")
        )
    return rows


def _paths(case: Case, slots: _Slots) -> NDArray[Any]:
    places = {name: place for place, name in enumerate(case.volumes)}
    later = {event.path for event in case.schedule if isinstance(event, StartEvent)}
    rows = np.zeros(len(case.paths), model.PATH)
    for field_name in _SLOTS:
        rows[field_name] = -1
    for row, (name, path) in zip(rows, case.paths.items(), strict=True):
        row["source"] = places[path.from_]
        row["sink"] = places[path.to]
        row["starts_later"] = name in later
        own = label(name)
        if isinstance(path, CracksPath):
            _population(row, path, own, path.count, slots)
        elif isinstance(path, SealPath):
            _seal(row, path, own, slots)
        else:
            _hole(row, path, own, slots)
            if isinstance(path, HatchPath):
                _hatch(row, path, own, slots)
    return rows


def _hatch(row: Any, path: HatchPath, own: str, slots: _Slots) -> None:
    """What a hatch has besides its opening: the seal that it is when shut."""
    if path.slot is not None:
        _population(row, path.slot, own, Constant(1.0), slots)
    else:
        row["molecular"] = slots.add(path.molecular, f"{own}_molecular", "molecular_conductance")
        row["viscous"] = slots.add(path.viscous, f"{own}_viscous", "viscous_conductance")
    row["kind"] = model.HATCH


def _hole(row: Any, path: OrificePath | Openable, own: str, slots: _Slots) -> None:
    row["kind"] = model.ORIFICE
    if path.diameter is not None:
        row["is_diameter"] = 1
        row["size"] = slots.add(path.diameter, f"{own}_diameter", "length")
    elif path.area is not None:
        row["size"] = slots.add(path.area, f"{own}_area", "area")
    if not isinstance(path.discharge_coefficient, str):
        key = f"{own}_discharge_coefficient"
        row["coefficient"] = slots.add(path.discharge_coefficient, key, "dimensionless")
    if isinstance(path, OrificePath):
        row["inlet_loss"] = slots.add(path.inlet_loss, f"{own}_inlet_loss", "dimensionless")
        if path.iso6358 is not None:
            for place, (name, dimension) in enumerate(
                (("C", "sonic_conductance"), ("b", "dimensionless"), ("m", "dimensionless"))
            ):
                row["iso"][place] = slots.add(getattr(path.iso6358, name), f"{own}_{name}", dimension)
    if isinstance(path, Openable):
        row["opening"] = slots.add(path.opening, f"{own}_opening", "dimensionless")


def _seal(row: Any, path: SealPath, own: str, slots: _Slots) -> None:
    if path.slot is not None:
        _population(row, path.slot, own, Constant(1.0), slots)
    elif path.molecular is not None and path.viscous is not None:
        row["kind"] = model.SEAL
        row["molecular"] = slots.add(path.molecular, f"{own}_molecular", "molecular_conductance")
        row["viscous"] = slots.add(path.viscous, f"{own}_viscous", "viscous_conductance")


def _population(row: Any, path: Any, own: str, count: Number, slots: _Slots) -> None:
    """Draws of a population of cracks, or of the one slot that stands for a seal."""
    most = support(count)[1]
    if not math.isfinite(most):
        key = f"{slots.source}: paths.{own}.count"
        raise CaseError(f"{key}: must have an upper bound, such as uniform or truncated-normal have")
    slots.max_cracks += math.floor(most + 0.5)
    row["kind"] = model.CRACKS
    row["count"] = slots.add(count, f"{own}_count", "dimensionless")
    row["inlet_loss"] = slots.add(path.inlet_loss, f"{own}_inlet_loss", "dimensionless")
    row["crack_row"] = len(slots.crack_rows)
    for name in model.CRACK_FIELDS:
        number = getattr(path, name, _STILL)  # a seal's slot does not move
        slots.add_crack_row(number, f"{own}_{name}", CRACK_DIMENSIONS[name])
    if isinstance(path, CracksPath) and path.moves():
        _motion(row, path, own, slots)


def _motion(row: Any, path: CracksPath, own: str, slots: _Slots) -> None:
    """What lets the cracks of a population move."""
    row["moves"] = 1
    row["elliptic"] = path.profile == "elliptic"
    row["reopens"] = path.reopens
    if path.shell is not None:
        for place, (name, dimension) in enumerate(
            (("radius", "length"), ("wall", "length"), ("modulus", "pressure"))
        ):
            key = f"{own}_shell_{name}"
            row["elastic"][place] = slots.add(getattr(path.shell, name), key, dimension)
    if path.paris is not None:
        for place, name in enumerate(("coefficient", "exponent")):
            row["paris"][place] = slots.add(getattr(path.paris, name), f"{own}_paris_{name}", "dimensionless")


def _events(case: Case, slots: _Slots, components: _Components) -> NDArray[Any]:
    """Events in the order in which they act at one time: valves' own schedules, then the case's."""
    _name_event_numbers(case.schedule, slots)
    places = {name: place for place, name in enumerate((*case.volumes,))}
    paths = {name: place for place, name in enumerate(case.paths)}
    rows = []
    for name, path in case.paths.items():
        for i, step in enumerate(path.schedule if isinstance(path, Openable) else ()):
            key = f"{label(name)}_schedule_{i}"
            at = slots.add(step.at, f"{key}_at", "time")
            opening = slots.add(step.opening, f"{key}_opening", "dimensionless")
            rows.append((model.SET_OPENING, paths[name], at, opening, 0, -1))
    for event in case.expanded_events():
        at = slots.add(event.at, "", "time")
        action, value, component, second = _action(event, slots, components)
        is_volume = isinstance(event, RepressuriseEvent | VentEvent)
        target = places[event.volume] if is_volume else paths[event.path]  # type: ignore[union-attr]
        rows.append((action, target, at, value, component, second))
    return np.array(rows, model.EVENT)


def _action(event: AnyEvent, slots: _Slots, components: _Components) -> tuple[int, int, int, int]:
    """Return the action of an event, the slot of its value, its gas and the slot of its second value."""
    if isinstance(event, OpenEvent):
        return model.SET_OPENING, slots.add(event.opening, "", "dimensionless"), 0, -1
    if isinstance(event, CloseEvent):
        return model.SET_OPENING, slots.add(Constant(0.0), "", "dimensionless"), 0, -1
    if isinstance(event, PatchEvent):
        ageing = -1 if event.ageing is None else slots.add(event.ageing, "", "time")
        return model.PATCH, slots.add(event.factor, "", "dimensionless"), 0, ageing
    if isinstance(event, LoadCyclesEvent):
        stress = slots.add(event.stress_range, "", "pressure")
        return model.LOAD_CYCLES, slots.add(event.cycles, "", "dimensionless"), 0, stress
    if isinstance(event, StartEvent):
        return model.START, -1, 0, -1
    if isinstance(event, RepressuriseEvent):
        return model.REPRESSURISE, slots.add(event.to, "", "pressure"), components.place(event.gas), -1
    return model.VENT, slots.add(event.to, "", "pressure"), 0, -1


def _name_event_numbers(schedule: Sequence[AnyEvent], slots: _Slots) -> None:
    """Give the schedule's numbers their slots and names before it is unrolled."""
    for i, event in enumerate(schedule):
        for name, dimension in (
            ("at", "time"),
            ("opening", "dimensionless"),
            ("factor", "dimensionless"),
            ("to", "pressure"),
            ("ageing", "time"),
            ("cycles", "dimensionless"),
            ("stress_range", "pressure"),
        ):
            number = getattr(event, name, None)
            if isinstance(number, Distribution):
                slots.add(number, f"schedule_{i}_{name}", dimension)


def _is_timed(case: Case) -> bool:
    """Whether flows depend on time itself: cracks that grow, patches that age."""
    grows = any(isinstance(path, CracksPath) and path.growth != _STILL for path in case.paths.values())
    ages = any(isinstance(event, PatchEvent) and event.ageing is not None for event in case.schedule)
    return grows or ages


def _thresholds(case: Case, slots: _Slots) -> NDArray[Any]:
    places = {name: place for place, name in enumerate(case.volumes)}
    rows = []
    for threshold in case.run.thresholds:
        level = threshold.below if threshold.below is not None else threshold.above
        assert level is not None
        slot = slots.add(level, f"threshold_{label(threshold.name)}", "pressure")
        rows.append((places[threshold.volume], slot, -1.0 if threshold.below is not None else 1.0))
    return np.array(rows, model.THRESHOLD)


def _records(case: Case) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the pressures wanted, times rising, and where each point's early, middle and late one stand."""
    points = case.record.points if case.record is not None else []
    places = {name: place for place, name in enumerate(case.volumes)}
    wanted = np.array(
        [
            (
                places[point.volume],
                min(max(point.time + shift * point.time_uncertainty, 0.0), case.run.duration),
            )
            for point in points
            for shift in (-1.0, 0.0, 1.0)
        ],
        model.RECORD,
    )
    order = np.argsort(wanted["time"], kind="stable")
    where = np.empty(order.size, np.int64)
    where[order] = np.arange(order.size)
    return wanted[order], where.reshape(-1, 3)


def _cumulative(number: Distribution) -> Iterable[tuple[float, float]]:
    weights = np.array(number.weights or [1.0] * len(number.values))
    return list(zip(number.values, (np.cumsum(weights) / weights.sum()).tolist(), strict=True))


def _empty_row(kind: int) -> NDArray[Any]:
    row = np.zeros((), model.DRAW)
    row["kind"] = kind
    row["slot"] = -1
    return row


def _stack(rows: Sequence[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    table = np.zeros(len(rows), dtype)
    for place, row in enumerate(rows):
        table[place] = row
    return table

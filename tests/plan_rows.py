"""The arrays of a `plans.Case`: every number in its slot, every row in its place."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from leakflow.kernels import gas, model, random

if TYPE_CHECKING:
    from plans import Case

KINDS = {
    "constant": random.CONSTANT,
    "uniform": random.UNIFORM,
    "loguniform": random.LOGUNIFORM,
    "normal": random.NORMAL,
    "truncated_normal": random.TRUNCATED_NORMAL,
    "lognormal": random.LOGNORMAL,
    "triangular": random.TRIANGULAR,
    "weibull": random.WEIBULL,
    "choice": random.CHOICE,
}
CONTACT = ("stress", "at_stress", "sealing_factor", "gain")
MEMBRANE = ("membrane_area", "thickness")

Number = Any  # float, or a draw


class Rows:
    """Collects the numbers of a case, each in its slot."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.numbers: dict[str, Number] = {}
        self.choices: list[tuple[float, float]] = []
        self.crack_draws: list[tuple[str, Number]] = []
        self.cycles: list[tuple[int, ...]] = []
        for name, value in case.inputs.items():
            self.slot(name, value)
        self.volumes = self._volumes()
        self.paths = self._paths()
        self.feeds = self._feeds()
        self.controls = self._controls()
        self.events = self._events()
        self.thresholds = [
            (v, self.slot(f"threshold{i}", level), sign, *(watched or (model.PRESSURE, -1)))
            for i, (v, level, sign, *watched) in enumerate(case.thresholds)
        ]

    def slot(self, name: str, value: Number | None) -> int:
        if value is None:
            return -1
        if isinstance(value, str):
            return list(self.numbers).index(value)
        self.numbers[name] = value
        return len(self.numbers) - 1

    def _volumes(self) -> list[tuple]:
        rows, states = [], 0
        for i, v in enumerate(self.case.volumes):
            slots = [
                self.slot(f"volume{i}.{name}", getattr(v, name))
                for name in ("size", "pressure", "temperature")
            ]
            integrated = v.kind == model.INTEGRATED
            wall = self.slot(f"volume{i}.wall", v.wall)
            cycles = (len(self.cycles), len(v.cycles))
            rows.append((v.kind, states if integrated else -1, *slots, v.gas, v.balanced, wall, *cycles))
            states += integrated
            self.cycles += [
                tuple(self.slot(f"volume{i}.cycle{k}.{place}", number) for place, number in enumerate(cycle))
                for k, cycle in enumerate(v.cycles)
            ]
        return rows

    def _paths(self) -> list[tuple]:
        rows = []
        for i, p in enumerate(self.case.paths):
            slots = {name: self.slot(f"path{i}.{name}", value) for name, value in p.numbers.items()}
            fields = p.cracks | dict.fromkeys(("compliance", "growth"), 0.0) if p.cracks else {}
            names = ("size", "coefficient", "opening", "molecular", "viscous", "count", "inlet_loss")
            still = (0, 0, 0, (-1, -1, -1), (-1, -1))
            numbers = (slots.get(name, -1) for name in names)
            ends = (p.kind, p.source, p.sink)
            permeability = [f"permeability.{name}" for name in gas.SPECIES]
            gasket = (tuple(slots.get(name, -1) for name in of) for of in (CONTACT, MEMBRANE, permeability))
            flags = (p.is_diameter, p.starts_later)
            rows.append((*ends, *numbers, (-1, -1, -1), len(self.crack_draws), *flags, *still, *gasket))
            self.crack_draws += [(f"path{i}.{name}", value) for name, value in fields.items()]
        return rows

    def _slots(self, name: str, of: object, fields: str) -> list[int]:
        return [self.slot(f"{name}.{field}", getattr(of, field)) for field in fields.split()]

    def _feeds(self) -> list[tuple]:
        rows = []
        for i, f in enumerate(self.case.feeds):
            slots = self._slots(f"feed{i}", f, "value factor temperature time most")
            heat = self.slot(f"feed{i}.heat", f.heat)
            rows.append((f.kind, f.volume, f.gas, *slots, f.species, heat, f.runs, f.sign))
        return rows

    def _controls(self) -> list[tuple]:
        rows = []
        for i, c in enumerate(self.case.controls):
            watched = (c.quantity, c.place, c.species)
            levels = self._slots(f"control{i}", c, "on off")
            value, temperature, delay = self._slots(f"control{i}", c, "value temperature delay")
            action = (c.action, c.target, value, c.gas, temperature)
            rows.append((*watched, *levels, *action, c.releases, c.once, delay, c.sign))
        return rows

    def _events(self) -> list[tuple]:
        rows = []
        for i, e in enumerate(self.case.events):
            at, value, second = self._slots(f"event{i}", e, "time value second")
            rows.append((e.action, e.target, at, value, e.gas, second))
        return rows

    def _records(self) -> list[tuple]:
        return [(v, time, *(seen or (model.PRESSURE, -1))) for v, time, *seen in self.case.record]

    def _series(self) -> list[tuple]:
        return [(model.PRESSURE, v, -1) for v in range(len(self.volumes))] + self.case.series

    def _settings(self) -> list[float]:
        case = self.case
        timed = bool(self.cycles) or any(e.action == model.PATCH and e.second for e in case.events)
        steps = (case.duration, case.rtol, case.atol, case.max_steps)
        return [*steps, case.nominal, timed, case.is_thermal]

    def _draws(self, numbers: list[tuple[str, Number]]) -> np.ndarray:
        names = list(self.numbers)
        rows = np.zeros(len(numbers), model.DRAW)
        rows["slot"] = -1
        for row, (name, value) in zip(rows, numbers, strict=True):
            row["stream"] = zlib.crc32((self.case.prefix + name).encode())
            kind, *arguments = value if isinstance(value, tuple) else ("constant", value)
            row["kind"] = KINDS[kind]
            if kind == "choice":
                arguments = self._choice(*arguments)
            for place, argument in enumerate(arguments):
                if isinstance(argument, str):
                    row["slot"][place] = names.index(argument)
                else:
                    row["value"][place] = argument
        return rows

    def _choice(self, values: list[float], weights: list[float]) -> tuple[int, int]:
        start = len(self.choices)
        self.choices += list(zip(values, np.cumsum(weights) / np.sum(weights), strict=True))
        return start, len(values)

    def plan(self) -> model.Plan:
        case = self.case
        draws = self._draws(list(self.numbers.items()))
        crack_draws = self._draws(self.crack_draws)
        times = np.linspace(0.0, case.duration, 11) if case.output_time is None else case.output_time
        return model.Plan(
            draws,
            crack_draws,
            np.array(self.choices, float).reshape(-1, 2),
            np.array([gas.as_mole_fractions(composition) for composition in case.gases]),
            np.array(case.gas_rows, float),
            np.array(self.volumes, model.VOLUME),
            np.array(self.cycles, model.CYCLE),
            np.array(self.paths, model.PATH),
            np.array(self.feeds, model.FEED),
            np.array(self.controls, model.CONTROL),
            np.array(self.events, model.EVENT),
            np.array(self.thresholds, model.THRESHOLD),
            np.array(self._records(), model.RECORD),
            np.array(self._series(), model.SERIES),
            np.array(times, float),
            np.array(self._settings(), float),
            case.max_cracks,
        )

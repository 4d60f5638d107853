"""Cases for the kernels' tests in plain Python, made into a `model.Plan` and run.

A number of a case is a float or a draw: ``("uniform", 4.0, 7.0)``, whose arguments may be the names of
inputs before it. Every input has a name, which makes its stream.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from leakflow.kernels import batch, gas, integrate, model, network, outcomes, random, rosenbrock, status
from leakflow.kernels.draw import draw_sample

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
AIR = {"N2": 0.78, "O2": 0.21, "Ar": 0.01}
CRACK = {
    "opening": 20e-6,
    "length": 1e-2,
    "depth": 3e-3,
    "tortuosity": 1.2,
    "roughness": 0.5e-6,
    "taper": 1.0,
    "accommodation": 0.9,
}

UNWRITTEN = -777.25  # stands in the arrays that a kernel is to fill

Number = Any  # float, or a draw


@dataclass(frozen=True)
class Volume:
    kind: int
    size: Number
    pressure: Number
    temperature: Number = 293.15
    gas: int = 0


@dataclass(frozen=True)
class Path:
    kind: int
    source: int
    sink: int
    numbers: dict[str, Number | None]
    cracks: dict[str, Number] = field(default_factory=dict)
    is_diameter: bool = False
    starts_later: bool = False


@dataclass(frozen=True)
class Event:
    time: Number
    action: int
    target: int
    value: Number | None = None
    gas: int = 0


def tank(size: Number, pressure: Number, **more: Any) -> Volume:
    return Volume(model.INTEGRATED, size, pressure, **more)


def held(size: Number, pressure: Number, **more: Any) -> Volume:
    return Volume(model.HELD, size, pressure, **more)


def outside(pressure: Number = 0.0, **more: Any) -> Volume:
    return Volume(model.BOUNDARY, None, pressure, **more)


def orifice(source: int, sink: int, area: Number, *, Cd: Number | None = 1.0, **more: Any) -> Path:
    """Cd of None asks for Perry's curve; `opening` makes it a valve."""
    opening = more.pop("opening", None)
    return Path(model.ORIFICE, source, sink, {"size": area, "coefficient": Cd, "opening": opening}, **more)


def seal(source: int, sink: int, molecular: Number, viscous: Number, **more: Any) -> Path:
    return Path(model.SEAL, source, sink, {"molecular": molecular, "viscous": viscous}, **more)


def cracks(source: int, sink: int, count: Number = 1.0, *, inlet_loss: Number = 0.5, **more: Any) -> Path:
    """Fields of `CRACK` may be given."""
    own = {name: more.pop(name, value) for name, value in CRACK.items()}
    return Path(model.CRACKS, source, sink, {"count": count, "inlet_loss": inlet_loss}, own, **more)


@dataclass(frozen=True)
class Case:
    """Arguments are lists of the above; `thresholds` are (volume, level, sign), `record` (volume, time)."""

    volumes: list[Volume]
    paths: list[Path]
    duration: float
    events: list[Event] = field(default_factory=list)
    thresholds: list[tuple[int, Number, float]] = field(default_factory=list)
    record: list[tuple[int, float]] = field(default_factory=list)
    output_time: Any = None
    gases: list[dict[str, float]] = field(default_factory=lambda: [AIR])
    rtol: float = 1e-6
    atol: float = 1e-3
    max_steps: int = 100_000
    max_cracks: int = 64
    nominal: bool = False
    inputs: dict[str, Number] = field(default_factory=dict)
    prefix: str = ""

    def but(self, **changes: Any) -> Case:
        return replace(self, **changes)

    @property
    def plan(self) -> model.Plan:
        return _Rows(self).plan()

    def slot(self, name: str) -> int:
        """Column of an input, as "volume0.pressure", "path1.area", "event0.value", "threshold0"."""
        return list(_Rows(self).numbers).index(name)

    def run(self, samples: int = 1, *, seed: int = 1, first: int = 0, series: bool = True) -> Result:
        return run(self.plan, samples, seed=seed, first=first, series=series)


class _Rows:
    """Collects the numbers of a case, each in its slot."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.numbers: dict[str, Number] = {}
        self.choices: list[tuple[float, float]] = []
        self.crack_draws: list[tuple[str, Number]] = []
        for name, value in case.inputs.items():
            self.slot(name, value)
        self.volumes = self._volumes()
        self.paths = self._paths()
        self.events = [
            (
                e.action,
                e.target,
                self.slot(f"event{i}.time", e.time),
                self.slot(f"event{i}.value", e.value),
                e.gas,
                -1,
            )
            for i, e in enumerate(case.events)
        ]
        self.thresholds = [
            (v, self.slot(f"threshold{i}", level), sign) for i, (v, level, sign) in enumerate(case.thresholds)
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
            rows.append((v.kind, states if integrated else -1, *slots, v.gas))
            states += integrated
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
            rows.append(
                (*ends, *numbers, (-1, -1, -1), len(self.crack_draws), p.is_diameter, p.starts_later, *still)
            )
            self.crack_draws += [(f"path{i}.{name}", value) for name, value in fields.items()]
        return rows

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
            np.array(self.volumes, model.VOLUME),
            np.array(self.paths, model.PATH),
            np.array(self.events, model.EVENT),
            np.array(self.thresholds, model.THRESHOLD),
            np.array(case.record, model.RECORD),
            np.array(times, float),
            np.array([case.duration, case.rtol, case.atol, case.max_steps, case.nominal, 0.0], float),
            case.max_cracks,
        )


@dataclass(frozen=True)
class Result:
    """What `batch.run_samples` wrote; first axis samples."""

    plan: model.Plan
    inputs: np.ndarray
    outcomes: np.ndarray
    status: np.ndarray
    pressures: np.ndarray
    flows: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """An outcome by the name of its group, shape (samples, length of the group)."""
        start, length = _offsets(self.plan)[name]
        return self.outcomes[:, start : start + length]

    @property
    def bits(self) -> tuple[bytes, ...]:
        return tuple(
            np.ascontiguousarray(a).tobytes()
            for a in (self.inputs, self.outcomes, self.status, self.pressures, self.flows)
        )

    def sample(self, i: int) -> Result:
        """Only sample i of the block."""
        arrays = (self.inputs, self.outcomes, self.status, self.pressures, self.flows)
        return Result(self.plan, *(a[i : i + 1] for a in arrays))


def run(plan: model.Plan, samples: int = 1, *, seed: int = 1, first: int = 0, series: bool = True) -> Result:
    times = plan.output_time.size if series else 0
    result = Result(
        plan,
        np.full((samples, plan.draws.size), UNWRITTEN),
        np.full((samples, outcomes.n_outcomes(plan)), UNWRITTEN),
        np.full(samples, 99, np.int8),
        np.full((samples, times, plan.volumes.size), UNWRITTEN),
        np.full((samples, times, plan.paths.size), UNWRITTEN),
    )
    arrays = (result.inputs, result.outcomes, result.status, result.pressures, result.flows)
    batch.run_samples(plan, np.uint64(seed), np.uint64(first), *arrays)
    return result


@dataclass(frozen=True)
class Prepared:
    """One sample at the start of its run, with the integrator's working memory."""

    plan: model.Plan
    sample: model.Sample
    state: np.ndarray
    work: rosenbrock.Work
    track: integrate.Track

    def rates(self, state: np.ndarray) -> np.ndarray:
        rate = np.zeros(state.size)
        network.rates(self.plan, self.sample, state, rate)
        return rate

    def jacobian(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates, and the Jacobian as the collected slopes of the fluxes."""
        rate = np.full(state.size, np.nan)
        masses = network.n_masses(self.plan)
        slopes = np.full((self.sample.flux.size, masses), np.nan)
        network.rates_and_slopes(self.plan, self.sample, state, rate, slopes)
        jacobian = np.zeros((state.size, masses))
        for column in range(masses):
            network.collect(self.plan, slopes[:, column].copy(), jacobian[:, column])
        return rate, jacobian

    def integrate(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Status and series; the final state and the track are left here."""
        times = self.plan.output_time.size
        pressures = np.full((times, self.plan.volumes.size), np.nan)
        flows = np.full((times, self.plan.paths.size), np.nan)
        arguments = (self.plan, self.sample, self.state, self.work, self.track, pressures, flows)
        return integrate.integrate(*arguments), pressures, flows


def drawn(case: Case, *, seed: int = 1, index: int = 0) -> tuple[int, model.Sample]:
    plan = case.plan
    sample = model.new_sample(plan)
    return draw_sample(plan, np.uint64(seed), np.uint64(index), sample), sample


def prepared(case: Case, *, seed: int = 1, index: int = 0) -> Prepared:
    plan = case.plan
    sample = model.new_sample(plan)
    masses = network.n_masses(plan)
    state = np.zeros(masses + plan.paths.size)
    assert draw_sample(plan, np.uint64(seed), np.uint64(index), sample) == status.OK
    assert network.prepare(plan, sample, state) == status.OK
    work = rosenbrock.new_work(plan)
    return Prepared(plan, sample, state, work, integrate.new_track(plan, state.size))


def _offsets(plan: model.Plan) -> dict[str, tuple[int, int]]:
    sizes = (plan.volumes.size, plan.paths.size, plan.thresholds.size, plan.records.size)
    return outcomes.offsets(*sizes)

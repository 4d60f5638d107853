"""Cases for the kernels' tests in plain Python, made into a `model.Plan` and run.

A number of a case is a float or a draw: ``("uniform", 4.0, 7.0)``, whose arguments may be the names of
inputs before it. Every input has a name, which makes its stream.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from plan_rows import CONTACT, MEMBRANE, Number, Rows

from leakflow.kernels import batch, gas, integrate, model, network, outcomes, rosenbrock, status, track
from leakflow.kernels.draw import draw_sample

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


@dataclass(frozen=True)
class Volume:
    kind: int
    size: Number
    pressure: Number
    temperature: Number = 293.15
    gas: int = 0  # row of Case.gas_rows
    balanced: bool = False  # its temperature follows from its energy
    wall: Number | None = None
    cycles: tuple[tuple[Number, Number, Number], ...] = ()  # amplitude, period and peak of the wall


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
    second: Number | None = None


@dataclass(frozen=True)
class Feed:
    """Of a volume; `species` and components are numbers, as everywhere here."""

    kind: int
    volume: int
    value: Number
    gas: int = 0
    factor: Number | None = None
    temperature: Number | None = None
    time: Number | None = None
    most: Number | None = None
    species: int = -1
    heat: Number | None = None
    runs: bool = True
    sign: float = 1.0


@dataclass(frozen=True)
class Control:
    """Switches on above the level `on` (`sign` +1) or below it (-1)."""

    quantity: int
    place: int
    on: Number
    sign: float
    action: int
    target: int
    value: Number | None = None
    off: Number | None = None
    species: int = -1
    gas: int = 0
    temperature: Number | None = None
    releases: bool = False
    once: bool = False
    delay: Number | None = None


def tank(size: Number, pressure: Number, **more: Any) -> Volume:
    return Volume(model.INTEGRATED, size, pressure, **more)


def held(size: Number, pressure: Number, **more: Any) -> Volume:
    return Volume(model.HELD, size, pressure, **more)


def balanced(size: Number, pressure: Number, **more: Any) -> Volume:
    """Integrate a volume whose temperature follows from its energy."""
    return Volume(model.INTEGRATED, size, pressure, balanced=True, **more)


def outside(pressure: Number = 0.0, **more: Any) -> Volume:
    return Volume(model.BOUNDARY, None, pressure, **more)


def orifice(source: int, sink: int, area: Number, *, Cd: Number | None = 1.0, **more: Any) -> Path:
    """Cd of None asks for Perry's curve; `opening` makes it a valve."""
    numbers = {"size": area, "coefficient": Cd} | {
        key: more.pop(key, None) for key in ("opening", "inlet_loss")
    }
    return Path(model.ORIFICE, source, sink, numbers, **more)


def seal(source: int, sink: int, molecular: Number, viscous: Number, **more: Any) -> Path:
    """`contact`: numbers of `CONTACT`; `membrane`: area and thickness, with its `permeability` by species."""
    numbers = {"molecular": molecular, "viscous": viscous} | _gasket(more)
    return Path(model.SEAL, source, sink, numbers, **more)


def hatch(source: int, sink: int, area: Number, *, opening: Number = 0.0, **more: Any) -> Path:
    """A seal where it is shut (`molecular`, `viscous` and what `seal` takes), an orifice of Cd = 1 ajar."""
    numbers = {"size": area, "coefficient": 1.0, "opening": opening}
    numbers |= {name: more.pop(name, 0.0) for name in ("molecular", "viscous")} | _gasket(more)
    return Path(model.HATCH, source, sink, numbers, **more)


def _gasket(more: dict[str, Any]) -> dict[str, Number]:
    """Take the numbers of contact and membrane out of the arguments of a path."""
    numbers = dict(zip(CONTACT, more.pop("contact", ()), strict=False))
    numbers |= dict(zip(MEMBRANE, more.pop("membrane", ()), strict=False))
    permeability = more.pop("permeability", {})
    if "membrane_area" in numbers:
        numbers |= {f"permeability.{name}": permeability.get(name, 0.0) for name in gas.SPECIES}
    return numbers


def wall(volume: int, conductance: Number, **more: Any) -> Feed:
    """Heat from the wall of a volume, UA [W/K]."""
    return Feed(model.WALL, volume, conductance, **more)


def rate(volume: int, value: Number, **more: Any) -> Feed:
    return Feed(model.RATE, volume, value, **more)


def removal(volume: int, flow: Number, component: int, **more: Any) -> Feed:
    return Feed(model.REMOVAL, volume, flow, component, **more)


def hold(volume: int, pressure: Number, time: Number, **more: Any) -> Feed:
    return Feed(model.HOLD, volume, pressure, time=time, **more)


def cracks(source: int, sink: int, count: Number = 1.0, *, inlet_loss: Number = 0.5, **more: Any) -> Path:
    """Fields of `CRACK` may be given."""
    own = {name: more.pop(name, value) for name, value in CRACK.items()}
    return Path(model.CRACKS, source, sink, {"count": count, "inlet_loss": inlet_loss}, own, **more)


@dataclass(frozen=True)
class Case:
    """Arguments are lists of the above, and

    `thresholds` (volume, level, sign), `record` (volume, time), each with quantity and species if it is not
    the pressure; `series` (quantity, volume, species) after the pressures of all volumes; `gases` the
    components by their mole fractions, `blends` further gases by mass fractions of those.
    """

    volumes: list[Volume]
    paths: list[Path]
    duration: float
    events: list[Event] = field(default_factory=list)
    thresholds: list[tuple] = field(default_factory=list)
    record: list[tuple] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    series: list[tuple[int, int, int]] = field(default_factory=list)
    output_time: Any = None
    gases: list[dict[str, float]] = field(default_factory=lambda: [AIR])
    blends: list[tuple[float, ...]] = field(default_factory=list)
    thermal: bool | None = None  # whether energy is followed: if any volume is balanced
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
    def gas_rows(self) -> list[tuple[float, ...]]:
        """Mass fractions of the components in each gas: each component alone, then the blends."""
        return [*map(tuple, np.eye(len(self.gases)).tolist()), *self.blends]

    @property
    def is_thermal(self) -> bool:
        return any(v.balanced for v in self.volumes) if self.thermal is None else self.thermal

    @property
    def plan(self) -> model.Plan:
        return Rows(self).plan()

    def slot(self, name: str) -> int:
        """Column of an input, as "volume0.pressure", "path1.area", "event0.value", "threshold0"."""
        return list(Rows(self).numbers).index(name)

    def run(self, samples: int = 1, *, seed: int = 1, first: int = 0, series: bool = True) -> Result:
        return run(self.plan, samples, seed=seed, first=first, series=series)


@dataclass(frozen=True)
class Result:
    """What `batch.run_samples` wrote; first axis samples."""

    plan: model.Plan
    inputs: np.ndarray
    outcomes: np.ndarray
    status: np.ndarray
    values: np.ndarray
    flows: np.ndarray

    @property
    def pressures(self) -> np.ndarray:
        """Of all volumes, the first of the values."""
        return self.values[:, :, : self.plan.volumes.size]

    def value(self, place: int) -> np.ndarray:
        """Series of one of `Case.series` in the first sample."""
        return self.values[0, :, self.plan.volumes.size + place]

    def __getitem__(self, name: str) -> np.ndarray:
        """An outcome by the name of its group, shape (samples, length of the group)."""
        start, length = _offsets(self.plan)[name]
        return self.outcomes[:, start : start + length]

    @property
    def bits(self) -> tuple[bytes, ...]:
        return tuple(
            np.ascontiguousarray(a).tobytes()
            for a in (self.inputs, self.outcomes, self.status, self.values, self.flows)
        )

    def sample(self, i: int) -> Result:
        """Only sample i of the block."""
        arrays = (self.inputs, self.outcomes, self.status, self.values, self.flows)
        return Result(self.plan, *(a[i : i + 1] for a in arrays))


def run(plan: model.Plan, samples: int = 1, *, seed: int = 1, first: int = 0, series: bool = True) -> Result:
    times = plan.output_time.size if series else 0
    result = Result(
        plan,
        np.full((samples, plan.draws.size), UNWRITTEN),
        np.full((samples, outcomes.n_outcomes(plan)), UNWRITTEN),
        np.full(samples, 99, np.int8),
        np.full((samples, times, plan.series.size), UNWRITTEN),
        np.full((samples, times, plan.paths.size), UNWRITTEN),
    )
    arrays = (result.inputs, result.outcomes, result.status, result.values, result.flows)
    batch.run_samples(plan, np.uint64(seed), np.uint64(first), *arrays)
    return result


@dataclass(frozen=True)
class Prepared:
    """One sample at the start of its run, with the integrator's working memory."""

    plan: model.Plan
    sample: model.Sample
    state: np.ndarray
    work: rosenbrock.Work
    track: track.Track

    def rates(self, state: np.ndarray) -> np.ndarray:
        rate = np.zeros(state.size)
        network.rates(self.plan, self.sample, state, rate)
        return rate

    def jacobian(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rates, and the Jacobian as the collected slopes of the fluxes."""
        rate = np.full(state.size, np.nan)
        contents = model.n_contents(self.plan)
        slopes = np.full((self.sample.flux.size, contents), np.nan)
        network.rates_and_slopes(self.plan, self.sample, state, rate, slopes)
        jacobian = np.zeros((state.size, contents))
        for column in range(contents):
            network.collect(self.plan, slopes[:, column].copy(), jacobian[:, column])
        return rate, jacobian

    def integrate(self) -> tuple[int, np.ndarray, np.ndarray]:
        """Status and series; the final state and the track are left here."""
        times = self.plan.output_time.size
        values = np.full((times, self.plan.series.size), np.nan)
        flows = np.full((times, self.plan.paths.size), np.nan)
        arguments = (self.plan, self.sample, self.state, self.work, self.track, values, flows)
        return integrate.integrate(*arguments), values, flows


def drawn(case: Case, *, seed: int = 1, index: int = 0) -> tuple[int, model.Sample]:
    plan = case.plan
    sample = model.new_sample(plan)
    return draw_sample(plan, np.uint64(seed), np.uint64(index), sample), sample


def prepared(case: Case, *, seed: int = 1, index: int = 0) -> Prepared:
    plan = case.plan
    sample = model.new_sample(plan)
    state = np.zeros(model.n_contents(plan) + model.n_passed(plan))
    assert draw_sample(plan, np.uint64(seed), np.uint64(index), sample) == status.OK
    assert network.prepare(plan, sample, state) == status.OK
    work = rosenbrock.new_work(plan)
    return Prepared(plan, sample, state, work, track.new_track(plan))


def _offsets(plan: model.Plan) -> dict[str, tuple[int, int]]:
    rows = (plan.volumes, plan.paths, plan.thresholds, plan.records, plan.series, plan.feeds, plan.controls)
    return outcomes.offsets(*(of.size for of in rows))

"""Slow oracle of the network and its integration: plain Python on the laws of `naive`, scipy for time.

Reads a `plans.Case` of plain numbers. The state is laid out as in the kernels: of each integrated volume
the mass of each component and, where energy is followed, its internal energy; then the mass that has passed
each path and each feed; then, where energy is followed, the energy that has.

Gases are calorically perfect: ``U = sum m_c cv_c T``, and what moves carries ``h = sum y_c cp_c T``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import naive
import numpy as np
from plans import CRACK, Case, Feed, Path
from scipy.integrate import solve_ivp

from leakflow.kernels import gas, model


@dataclass
class Gas:
    R: float
    mu: float
    gamma: float


class Network:
    """Rates of a case; its paths, walls and feeds may be changed between calls."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.components = len(case.gases)
        self.contents = self.components + case.is_thermal
        integrated = [v for v, volume in enumerate(case.volumes) if volume.kind == model.INTEGRATED]
        self.place = {v: k * self.contents for k, v in enumerate(integrated)}
        self.masses = len(integrated) * self.contents
        of = [naive.gas_properties(composition, 300.0) for composition in case.gases]
        self.R = [R for R, _, _ in of]
        self.cv = [R / (gamma - 1.0) for R, _, gamma in of]
        self.cp = [R + cv for R, cv in zip(self.R, self.cv, strict=True)]
        self.opening = [1.0 if p.numbers.get("opening") is None else p.numbers["opening"] for p in case.paths]
        self.factor = [1.0] * len(case.paths)
        self.active = [not p.starts_later for p in case.paths]
        self.wall = [v.temperature if v.wall is None else v.wall for v in case.volumes]
        self.feed_factor = [(1.0 if f.factor is None else f.factor) * f.runs for f in case.feeds]

    def start(self) -> np.ndarray:
        passed = (len(self.case.paths) + len(self.case.feeds)) * (1 + self.case.is_thermal)
        state = np.zeros(self.masses + passed)
        for v, place in self.place.items():
            volume = self.case.volumes[v]
            T = volume.temperature if volume.balanced else self.wall_temperature(v, 0.0)
            y = self.case.gas_rows[volume.gas]
            mass = volume.pressure * volume.size / (dot(y, self.R) / sum(y) * T)
            for c in range(self.components):
                state[place + c] = mass * y[c] / sum(y)
            if self.case.is_thermal:
                state[place + self.components] = mass * dot(y, self.cv) / sum(y) * T
        return state

    # What a volume is like

    def masses_in(self, v: int, state: np.ndarray) -> np.ndarray:
        return state[self.place[v] : self.place[v] + self.components]

    def wall_temperature(self, v: int, t: float) -> float:
        cycles = self.case.volumes[v].cycles
        return self.wall[v] + sum(A * math.cos(2.0 * math.pi * (t - peak) / P) for A, P, peak in cycles)

    def temperature(self, v: int, state: np.ndarray, t: float = 0.0) -> float:
        if v not in self.place or not self.case.volumes[v].balanced:
            return self.wall_temperature(v, t)
        return state[self.place[v] + self.components] / dot(self.masses_in(v, state), self.cv)

    def pressure(self, v: int, state: np.ndarray, t: float = 0.0) -> float:
        volume = self.case.volumes[v]
        if v not in self.place:
            return volume.pressure
        return dot(self.masses_in(v, state), self.R) * self.temperature(v, state, t) / volume.size

    def mass_fractions(self, v: int, state: np.ndarray) -> list[float]:
        parts = self.masses_in(v, state) if v in self.place else self.case.gas_rows[self.case.volumes[v].gas]
        return [float(m / sum(parts)) for m in parts]

    def component_pressures(self, v: int, state: np.ndarray, t: float = 0.0) -> list[float]:
        """Partial pressure of each component."""
        moles = [y * R for y, R in zip(self.mass_fractions(v, state), self.R, strict=True)]
        return [n / sum(moles) * self.pressure(v, state, t) for n in moles]

    def partial_pressure(self, v: int, species: int, state: np.ndarray, t: float = 0.0) -> float:
        shares = [
            x / sum(of.values()) for of in self.case.gases for x in (of.get(gas.SPECIES[species], 0.0),)
        ]
        return dot(shares, self.component_pressures(v, state, t))

    def gas(self, v: int, state: np.ndarray, t: float = 0.0) -> Gas:
        moles = [y * R for y, R in zip(self.mass_fractions(v, state), self.R, strict=True)]
        mixed: dict[str, float] = {}
        for n, composition in zip(moles, self.case.gases, strict=True):
            for species, x in composition.items():
                mixed[species] = mixed.get(species, 0.0) + n / sum(moles) * x / sum(composition.values())
        return mixture(tuple(mixed.items()), self.temperature(v, state, t))

    # What moves

    def flow(self, p: int, state: np.ndarray, t: float = 0.0) -> float:
        """Bulk flow of a path, whether or not it has started."""
        path = self.case.paths[p]
        p_up, p_down = self.pressure(path.source, state, t), self.pressure(path.sink, state, t)
        v = path.source if p_up >= p_down else path.sink
        gas = self.gas(v, state, t)
        of = (p_up, p_down, self.temperature(v, state, t), gas.R, gas.mu, gas.gamma)
        return self.factor[p] * law(path, self.opening[p], of)

    def moved_by_path(self, p: int, state: np.ndarray, t: float) -> list[float]:
        """Each component from source to sink [kg/s], then energy [W]."""
        path = self.case.paths[p]
        bulk = self.flow(p, state, t)
        upstream = path.source if bulk >= 0.0 else path.sink
        flows = [bulk * y for y in self.mass_fractions(upstream, state)]
        energy = dot(flows, self.cp) * self.temperature(upstream, state, t)
        shut = path.kind == model.SEAL or self.opening[p] == 0.0
        if shut and "membrane_area" in path.numbers:
            of = (self.component_pressures(v, state, t) for v in (path.source, path.sink))
            for c, (high, low) in enumerate(zip(*of, strict=True)):
                seeps = self.factor[p] * self.conductance(path.numbers, c) * (high - low)
                flows[c] += seeps
                energy += (
                    seeps
                    * self.cp[c]
                    * self.temperature(path.source if seeps >= 0.0 else path.sink, state, t)
                )
        return [*flows, energy]

    def conductance(self, numbers: dict[str, float], c: int) -> float:
        """Of a membrane to component c [kg/(s Pa)], from permeabilities in mol/(m s Pa)."""
        composition = self.case.gases[c]
        per_area = sum(
            x / sum(composition.values()) * naive.SPECIES[name][1] * 1e-3 * numbers[f"permeability.{name}"]
            for name, x in composition.items()
        )
        return numbers["membrane_area"] / numbers["thickness"] * per_area

    def moved_by_feed(self, f: int, state: np.ndarray, t: float) -> list[float]:
        """Each component into the volume [kg/s], then energy [W]."""
        feed, factor = self.case.feeds[f], self.feed_factor[f]
        v = feed.volume
        T = self.temperature(v, state, t)
        flows = [0.0] * self.components
        if feed.kind == model.WALL:
            heat = feed.value * (self.wall_temperature(v, t) - T) if self.case.volumes[v].balanced else 0.0
            return [*flows, factor * heat]
        if feed.kind == model.REMOVAL:
            flows[feed.gas] = (
                -factor * feed.value * self.masses_in(v, state)[feed.gas] / self.case.volumes[v].size
            )
            return [*flows, flows[feed.gas] * self.cp[feed.gas] * T]
        y = self.case.gas_rows[feed.gas]
        comes = feed.sign * feed.value if feed.kind == model.RATE else self.make_up(feed, state, t)
        flows = [factor * comes * share / sum(y) for share in y]
        given = T if feed.temperature is None or comes < 0.0 else feed.temperature
        return [*flows, dot(flows, self.cp) * given + factor * (feed.heat or 0.0)]

    def make_up(self, feed: Feed, state: np.ndarray, t: float) -> float:
        v = feed.volume
        T = self.temperature(v, state, t)
        p = self.pressure(v, state, t)
        if feed.species >= 0:
            p = self.partial_pressure(v, feed.species, state, t)
        y = self.case.gas_rows[feed.gas]
        R = dot(y, self.R) / sum(y)
        rate = max(0.0, feed.value - p) * self.case.volumes[v].size / (R * T * feed.time)
        return rate if feed.most is None else min(rate, feed.most)

    # In time

    def rates(self, state: np.ndarray, t: float = 0.0) -> np.ndarray:
        rate = np.zeros(state.size)
        paths = len(self.case.paths)
        for p, path in enumerate(self.case.paths):
            if self.active[p]:
                moved = self.moved_by_path(p, state, t)
                self._collect(rate, p, moved, [(path.source, -1.0), (path.sink, 1.0)])
        for f, feed in enumerate(self.case.feeds):
            self._collect(rate, paths + f, self.moved_by_feed(f, state, t), [(feed.volume, 1.0)])
        return rate

    def _collect(self, rate: np.ndarray, row: int, moved: list[float], ends: list[tuple[int, float]]) -> None:
        passed = len(self.case.paths) + len(self.case.feeds)
        rate[self.masses + row] = sum(moved[: self.components])
        if self.case.is_thermal:
            rate[self.masses + passed + row] = moved[-1]
        for v, sign in ends:
            if v in self.place:
                for c in range(self.contents):
                    rate[self.place[v] + c] += sign * moved[c]

    def jacobian(self, state: np.ndarray, relative_step: float = 1e-5) -> np.ndarray:
        """Central differences by what the volumes contain."""
        columns = []
        for i in range(self.masses):
            ends = [state.copy(), state.copy()]
            ends[0][i] *= 1.0 - relative_step
            ends[1][i] *= 1.0 + relative_step
            rise = self.rates(ends[1]) - self.rates(ends[0])
            columns.append(rise / (ends[1][i] - ends[0][i]))
        return np.array(columns).T

    def solve(self, duration: float, *, method: str = "DOP853", rtol: float = 1e-11, **more):
        """scipy's solution with dense output, `sol(t)` the state; `more` for `solve_ivp`, as its events."""
        start = more.pop("start", self.start())
        span = (more.pop("at", 0.0), duration)
        masses = [start[i + c] for i in self.place.values() for c in range(self.components)]
        atol = 1e-13 * max(masses)
        return solve_ivp(
            lambda t, y: self.rates(y, t),
            span,
            start,
            method,
            dense_output=True,
            rtol=rtol,
            atol=atol,
            **more,
        )


def dot(a, b) -> float:
    return float(sum(x * y for x, y in zip(a, b, strict=True)))


@lru_cache(maxsize=64)
def mixture(composition: tuple[tuple[str, float], ...], temperature: float) -> Gas:
    return Gas(*naive.gas_properties(dict(composition), temperature))


def law(path: Path, opening: float, of: tuple[float, ...]) -> float:
    """Bulk flow of a path between (p_up, p_down, T, R, mu, gamma)."""
    n = path.numbers
    if path.kind == model.SEAL or (path.kind == model.HATCH and opening == 0.0):
        return looseness(n, of[0] - of[1]) * naive.seal_flow(of[0], of[1], n["molecular"], n["viscous"])
    if path.kind in (model.ORIFICE, model.HATCH):
        area = 0.25 * math.pi * n["size"] ** 2 if path.is_diameter else n["size"]
        return naive.orifice_flow(*of, area * opening, -1.0 if n["coefficient"] is None else n["coefficient"])
    crack = [path.cracks[name] for name in CRACK]
    return n["count"] * naive.crack_flow(*of, *crack, n["inlet_loss"])


def looseness(n: dict[str, float], drop: float) -> float:
    """What the contact stress makes of the conductances of a seal."""
    if "stress" not in n:
        return 1.0
    stress = max(n["stress"] + n["gain"] * drop, 0.0)
    return math.exp(-3.0 * (stress - n["at_stress"]) / n["sealing_factor"])

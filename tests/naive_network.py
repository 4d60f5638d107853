"""Slow oracle of the network and its integration: plain Python on the laws of `naive`, scipy for time.

Reads a `plans.Case` of plain numbers. The state is laid out as in the kernels: the mass of each component
in each integrated volume, then the mass that has passed each path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import naive
import numpy as np
from plans import CRACK, Case, Path
from scipy.integrate import solve_ivp

from leakflow.kernels import model


@dataclass
class Gas:
    R: float
    mu: float
    gamma: float


class Network:
    """Rates of a case; `opening`, `factor` and `active` of its paths may be changed between calls."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.components = len(case.gases)
        integrated = [v for v, volume in enumerate(case.volumes) if volume.kind == model.INTEGRATED]
        self.place = {v: k * self.components for k, v in enumerate(integrated)}
        self.masses = len(integrated) * self.components
        self.R = [naive.gas_properties(composition, 300.0)[0] for composition in case.gases]
        self.opening = [1.0 if p.numbers.get("opening") is None else p.numbers["opening"] for p in case.paths]
        self.factor = [1.0] * len(case.paths)
        self.active = [not p.starts_later for p in case.paths]

    def start(self) -> np.ndarray:
        state = np.zeros(self.masses + len(self.case.paths))
        for v, place in self.place.items():
            volume = self.case.volumes[v]
            state[place + volume.gas] = (
                volume.pressure * volume.size / (self.R[volume.gas] * volume.temperature)
            )
        return state

    def pressure(self, v: int, state: np.ndarray) -> float:
        volume = self.case.volumes[v]
        if v not in self.place:
            return volume.pressure
        parts = state[self.place[v] : self.place[v] + self.components]
        return sum(m * R for m, R in zip(parts, self.R, strict=True)) * volume.temperature / volume.size

    def mass_fractions(self, v: int, state: np.ndarray) -> list[float]:
        if v not in self.place:
            return [float(c == self.case.volumes[v].gas) for c in range(self.components)]
        parts = state[self.place[v] : self.place[v] + self.components]
        return [float(m / sum(parts)) for m in parts]

    def gas(self, v: int, state: np.ndarray) -> Gas:
        moles = [y * R for y, R in zip(self.mass_fractions(v, state), self.R, strict=True)]
        mixed: dict[str, float] = {}
        for n, composition in zip(moles, self.case.gases, strict=True):
            for species, x in composition.items():
                mixed[species] = mixed.get(species, 0.0) + n / sum(moles) * x / sum(composition.values())
        return mixture(tuple(mixed.items()), self.case.volumes[v].temperature)

    def flow(self, p: int, state: np.ndarray) -> float:
        """Whether or not the path has started."""
        path = self.case.paths[p]
        p_up, p_down = self.pressure(path.source, state), self.pressure(path.sink, state)
        v = path.source if p_up >= p_down else path.sink
        gas = self.gas(v, state)
        of = (p_up, p_down, self.case.volumes[v].temperature, gas.R, gas.mu, gas.gamma)
        return self.factor[p] * law(path, self.opening[p], of)

    def rates(self, state: np.ndarray) -> np.ndarray:
        rate = np.zeros(state.size)
        for p, path in enumerate(self.case.paths):
            flow = self.flow(p, state) if self.active[p] else 0.0
            source = path.source if flow >= 0.0 else path.sink
            rate[self.masses + p] = flow
            for end, sign in ((path.source, -1.0), (path.sink, 1.0)):
                if end in self.place:
                    for c, y in enumerate(self.mass_fractions(source, state)):
                        rate[self.place[end] + c] += sign * flow * y
        return rate

    def jacobian(self, state: np.ndarray, relative_step: float = 1e-5) -> np.ndarray:
        """Central differences by the masses."""
        columns = []
        for i in range(self.masses):
            ends = [state.copy(), state.copy()]
            ends[0][i] *= 1.0 - relative_step
            ends[1][i] *= 1.0 + relative_step
            rise = self.rates(ends[1]) - self.rates(ends[0])
            columns.append(rise / (ends[1][i] - ends[0][i]))
        return np.array(columns).T

    def solve(self, duration: float, *, method: str = "DOP853", rtol: float = 1e-11):
        """scipy's solution with dense output, `sol(t)` the state; no events."""
        start = self.start()
        span = (0.0, duration)
        atol = 1e-13 * start[: self.masses].max()
        return solve_ivp(
            lambda _, y: self.rates(y), span, start, method, dense_output=True, rtol=rtol, atol=atol
        )


@lru_cache(maxsize=64)
def mixture(composition: tuple[tuple[str, float], ...], temperature: float) -> Gas:
    return Gas(*naive.gas_properties(dict(composition), temperature))


def law(path: Path, opening: float, of: tuple[float, ...]) -> float:
    """Flow of a path between (p_up, p_down, T, R, mu, gamma)."""
    n = path.numbers
    if path.kind == model.SEAL:
        return naive.seal_flow(of[0], of[1], n["molecular"], n["viscous"])
    if path.kind == model.ORIFICE:
        area = 0.25 * math.pi * n["size"] ** 2 if path.is_diameter else n["size"]
        return naive.orifice_flow(*of, area * opening, -1.0 if n["coefficient"] is None else n["coefficient"])
    crack = [path.cracks[name] for name in CRACK]
    return n["count"] * naive.crack_flow(*of, *crack, n["inlet_loss"])

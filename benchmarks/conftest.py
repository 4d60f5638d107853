"""What the benchmarks share: a case at hand, and a slow oracle that their results are checked with.

The oracle shares the drawn inputs with the kernels, nothing else: the laws are those of ``tests/naive.py``
in plain Python, and the time is scipy's.
"""

from __future__ import annotations

import naive
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks import calibration
from leakflow.kernels import draw, model, network
from leakflow.solver import load_case
from leakflow.solver.plan import compile_case

SEED = 0
CASE = "prk-july-2021"
# the fields of a crack that the oracle knows, in its order
RIGID = ("opening", "length", "depth", "tortuosity", "roughness", "taper", "accommodation")


class SlowTunnel:
    """Sample ``index`` of the tunnel of ``prk-july-2021``: cracks to vacuum, a seal from the station."""

    def __init__(self, plan, index):
        """Draw it: the inputs, and every crack."""
        (cracks,) = np.flatnonzero(plan.paths["kind"] == model.CRACKS)
        self.inputs = np.empty(plan.draws.size)
        draw.draw_inputs(plan, np.uint64(SEED), np.uint64(index), self.inputs)
        count = np.array([round(self.inputs[plan.paths[cracks]["count"]])])
        self.cracks = np.empty((count[0], model.N_CRACK_FIELDS))
        draw.draw_populations(
            plan, cracks, np.uint64(SEED), np.array([index]), self.inputs[None], count, self.cracks
        )
        assert model.CRACK_FIELDS[: len(RIGID)] == RIGID
        assert not self.cracks[:, len(RIGID) :].any(), "the oracle's cracks neither open nor grow"
        (seal,) = np.flatnonzero(plan.paths["kind"] == model.SEAL)
        self.seal = [self.inputs[plan.paths[seal][name]] for name in ("molecular", "viscous")]
        self.inlet_loss = self.inputs[plan.paths[cracks]["inlet_loss"]]
        station, tunnel = (plan.volumes[plan.paths[seal][end]] for end in ("source", "sink"))
        self.station_pressure = self.inputs[station["pressure"]]
        self.size, self.temperature, self.pressure = (
            self.inputs[tunnel[name]] for name in ("size", "temperature", "pressure")
        )
        composition = load_case(CASE).gas.composition
        self.gas = naive.gas_properties(composition, self.temperature)

    def flows(self, mass):
        """Through the cracks to vacuum, and past the seal from the station [kg/s]."""
        pressure = mass * self.gas[0] * self.temperature / self.size
        out = sum(
            naive.crack_flow(pressure, 0.0, self.temperature, *self.gas, *crack, self.inlet_loss)
            for crack in self.cracks[:, : len(RIGID)].tolist()
        )
        return out, naive.seal_flow(self.station_pressure, pressure, *self.seal)

    def mass_lost(self, duration):
        """Through the cracks in a run, by scipy."""

        def rates(_, state):
            out, in_ = self.flows(state[0])
            return [in_ - out, out]

        start = [self.pressure * self.size / (self.gas[0] * self.temperature), 0.0]
        solution = solve_ivp(rates, (0.0, duration), start, "LSODA", rtol=1e-8)
        return solution.y[1, -1]


@pytest.fixture(autouse=True)
def _calibrated(request):
    """Time the calibration before and after each benchmark, and keep its time and the ratio to it."""
    if "benchmark" not in request.fixturenames:
        yield
        return
    benchmark = request.getfixturevalue("benchmark")
    if benchmark.disabled:
        yield
        return
    before = calibration.seconds()
    yield
    if benchmark.stats:
        beside = min(before, calibration.seconds())
        benchmark.extra_info["calibration_seconds"] = beside
        benchmark.extra_info["ratio"] = benchmark.stats.stats.min / beside


@pytest.fixture(scope="session")
def case():
    """The case that the benchmarks run."""
    return load_case(CASE)


@pytest.fixture(scope="session")
def plan(case):
    """The same as arrays."""
    return compile_case(case).plan


@pytest.fixture(scope="session")
def slow_tunnel(plan):
    """The oracle of a sample, by its index."""
    return lambda index: SlowTunnel(plan, index)


@pytest.fixture(scope="session")
def prepared(plan):
    """Sample 0 drawn and at its start: the sample and its state."""
    sample = model.new_sample(plan)
    assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(0), sample) == 0
    state = np.zeros(model.sizes(plan)[1])
    assert network.prepare(plan, sample, state) == 0
    return sample, state

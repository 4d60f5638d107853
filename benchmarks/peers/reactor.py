"""Cantera's reactor network on the tunnel with a hole in place of its cracks, beside the engine.

Cantera has no crack: its valve passes a flow in proportion to the difference of pressure, which is what a
choked hole does into vacuum. What differs: its air has a gas constant of its own, its vacuum is 1 uPa, and
it has the mass of every species in its state; reactions and the energy equation are off. Each is held to
``p0 exp(-t/tau)`` with its own gas constant.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from leakflow.kernels.gas import UNIVERSAL_GAS_CONSTANT, as_mole_fractions, mixture_properties
from leakflow.kernels.orifice import critical_flow_squared
from leakflow.solver import engine, load_case
from leakflow.solver.plan import compile_case

from ..workloads import SEED
from .measure import FACTOR, ROUNDS, RTOL, TRIED, Row, pair, tune

_CASE = Path(__file__).parent / "orifice.toml"
_VACUUM = 1e-6
_DIAMETER = 0.13e-3
_SIZE = 5.0
_BLOCK = 64


def measure_hole() -> Row:
    """Measure the one row there is; an ImportError if Cantera is not installed.

    The engine runs a block of samples, all alike, as it would in a sweep; Cantera one after the other.
    """
    import cantera

    compiled = compile_case(load_case(_CASE, {"run.rtol": RTOL}))
    case = load_case(_CASE)
    place = next(c.place for c in compiled.outcomes if c.name == "pressure_final_tunnel")
    start, temperature = 735.0 * 133.322387415, 295.15
    M, _, gamma = _air(case.gas.composition, temperature)
    choked = math.sqrt(critical_flow_squared(gamma)) * 0.25 * math.pi * _DIAMETER**2
    duration = case.run.duration

    def exact(gas_constant: float) -> float:
        return start * math.exp(-choked * math.sqrt(gas_constant * temperature) / _SIZE * duration)

    def ours() -> np.ndarray:
        return engine.run_block(compiled.plan, SEED, 0, _BLOCK, series=False).outcomes[:, place]

    composition = {"N2": 0.78, "O2": 0.21, "AR": 0.01}
    gas, thin = cantera.Solution("air.yaml"), cantera.Solution("air.yaml")
    thin.TPX = temperature, _VACUUM, composition
    space = cantera.Reservoir(thin, clone=False)
    gas.TPX = temperature, start, composition
    own = cantera.gas_constant / gas.mean_molecular_weight
    conductance = choked / math.sqrt(own * temperature)

    def theirs(rtol: float) -> np.ndarray:
        gas.TPX = temperature, start, composition
        pressure = _blow_down(cantera, gas, space, conductance, duration, rtol)
        return np.array([[pressure / exact(own)]])

    allowed = abs(ours()[0] / exact(UNIVERSAL_GAS_CONSTANT / M) - 1.0)
    row = Row("Cantera, a hole instead of cracks", "own", 1)
    if tune(row, theirs, np.ones((1, 1)), FACTOR * allowed, TRIED):
        times = np.array([pair(lambda: theirs(row.rtol), ours) for _ in range(ROUNDS)])
        row.set_times(times / (1.0, _BLOCK))
    return row


def _blow_down(cantera: Any, gas: Any, space: Any, conductance: float, duration: float, rtol: float) -> float:
    """Pressure in the vessel at the end [Pa]."""
    vessel = cantera.IdealGasReactor(gas, energy="off", volume=_SIZE, clone=False)
    vessel.chemistry_enabled = False
    valve = cantera.Valve(vessel, space, K=conductance)
    network = cantera.ReactorNet([vessel])
    network.rtol, network.atol = rtol, 1e-3 * rtol
    network.max_steps = 100_000
    network.advance(duration)
    assert valve.mass_flow_rate > 0.0
    return float(vessel.phase.P)


def _air(composition: Any, temperature: float) -> tuple[float, float, float]:
    """Molar mass, viscosity and gamma of the case's gas."""
    R, mu, gamma = mixture_properties(as_mole_fractions(composition), temperature)[:3]
    return UNIVERSAL_GAS_CONSTANT / R, mu, gamma

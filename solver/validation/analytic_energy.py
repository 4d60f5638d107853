"""Closed forms with an energy balance: adiabatic blowdown and equalisation, and the wall's exchange."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from . import exact
from .bench import CLOSED, TEMPERATURE, VACUUM, air, case_of, check, finished, hole, tank, worst
from .report import Check

__all__ = [
    "adiabatic_choked_blowdown", "adiabatic_equalisation", "adiabatic_subsonic_blowdown", "wall_relaxation",
]  # fmt: skip

Array = NDArray[np.float64]


def adiabatic_choked_blowdown() -> list[Check]:
    """Pressure, temperature and the mass from both, by `exact.adiabatic_fall`."""
    R, _, gamma = air()
    area, volume, start, coefficient = 1e-4, 2.0, 1e5, 0.8
    tau = volume / (coefficient * area * exact.choked_flow_function(gamma) * math.sqrt(R * TEMPERATURE))
    times = np.linspace(0.25, 6.0, 24) * tau
    pressures, temperatures = exact.adiabatic_fall(times / tau, gamma)
    volumes = {"tank": tank(volume, start, energy="adiabatic"), "vacuum": VACUUM}
    result = finished(
        case_of("adiabatic", volumes, {"hole": hole("tank", "vacuum", area, coefficient)}, times)
    )
    pressures, temperatures = pressures * start, temperatures * TEMPERATURE
    left = start * volume / (R * TEMPERATURE) - pressures[-1] * volume / (R * temperatures[-1])
    name = "choked blowdown into vacuum, adiabatic, 6 time constants"
    return [
        check(f"{name}: pressure", CLOSED, worst(result.pressures["tank"], pressures), "1e-8", 24),
        check(f"{name}: temperature", CLOSED, worst(result.temperatures["tank"], temperatures), "1e-8", 24),
        check(f"{name}: mass lost", CLOSED, worst(result.outcomes["mass_lost"], left), "1e-8", 1),
    ]


def adiabatic_subsonic_blowdown() -> list[Check]:
    """From choked to subsonic flow into a back pressure; what stays in the tank expands isentropically."""
    R, _, gamma = air()
    area, volume, start, behind = 1e-4, 2.0, 3e5, 1e5
    pressures = np.linspace(2.9e5, 1.02e5, 40)

    def rate(p: Array) -> Array:
        speed = np.sqrt(R * _isentropic(p / start, gamma))
        return np.asarray(gamma * area / volume * p * speed * exact.flow_function(behind / p, gamma))

    times = exact.time_of_fall(rate, start, pressures, (behind / _critical(gamma),))
    volumes = {
        "tank": tank(volume, start, energy="adiabatic"),
        "surroundings": {"kind": "boundary", "pressure": behind},
    }
    result = finished(case_of("adiabatic", volumes, {"hole": hole("tank", "surroundings", area)}, times))
    temperatures = _isentropic(pressures / start, gamma)
    name, source = "subsonic blowdown into a back pressure, adiabatic", "quadrature of psi"
    return [
        check(f"{name}: pressure", source, worst(result.pressures["tank"], pressures), "1e-8", 40),
        check(f"{name}: temperature", source, worst(result.temperatures["tank"], temperatures), "1e-8", 40),
    ]


def adiabatic_equalisation() -> list[Check]:
    """Two tight tanks: energy keeps ``p1 V1 + p2 V2``, and the first expands isentropically.

    The end has one pressure and two temperatures, whatever the hole.
    """
    R, _, gamma = air()
    V1, V2, p1, p2, area = 2.0, 5.0, 1e5, 2e4, 1e-4
    equal = (p1 * V1 + p2 * V2) / (V1 + V2)
    pressures = np.linspace(0.98 * p1, 1.01 * equal, 40)

    def other(p: Array) -> Array:
        return p2 + (p1 - p) * V1 / V2

    def rate(p: Array) -> Array:
        speed = np.sqrt(R * _isentropic(p / p1, gamma))
        return np.asarray(gamma * area / V1 * p * speed * exact.flow_function(other(p) / p, gamma))

    kink = (p2 + p1 * V1 / V2) / (_critical(gamma) + V1 / V2)
    times = exact.time_of_fall(rate, p1, pressures, (kink,))
    volumes = {"small": tank(V1, p1, energy="adiabatic"), "large": tank(V2, p2, energy="adiabatic")}
    paths = {"hole": hole("small", "large", area)}
    result = finished(case_of("adiabatic", volumes, paths, times))

    ends = finished(case_of("adiabatic", volumes, paths, [20.0 * times[-1]]))
    first = float(_isentropic(equal / p1, gamma))
    moved = (p1 * V1 / TEMPERATURE - equal * V1 / first) / R
    second = equal * V2 / (R * (p2 * V2 / (R * TEMPERATURE) + moved))
    errors = [worst(ends.temperatures["small"], first), worst(ends.temperatures["large"], second)]
    name = "two volumes equalise, adiabatic"
    return [
        check(
            f"{name}: pressure", "quadrature of psi", worst(result.pressures["small"], pressures), "1e-8", 40
        ),
        check(f"{name}: both temperatures at the end", CLOSED, max(errors), "1e-8", 2),
    ]


def wall_relaxation() -> list[Check]:
    """Gas that lags a wall: ``m cv dT/dt = UA (Tw - T)``, after a step and in a cycle."""
    R, _, gamma = air()
    volume, start, conductance, cold, swing = 2.0, 1e5, 5.0, 283.15, 4.0
    lag = start * volume / (R * TEMPERATURE) * R / (gamma - 1.0) / conductance
    times = np.linspace(0.2, 6.0, 30) * lag
    vessel = tank(volume, start, energy="wall", wall_conductance=conductance, wall_temperature=cold)
    stepped = finished(case_of("step", {"tank": vessel, "vacuum": VACUUM}, _SHUT, times))
    relaxed = cold + (TEMPERATURE - cold) * np.exp(-times / lag)

    period = 3.0 * lag
    cycle = [{"amplitude": swing, "period": period, "peak": 0.0}]
    vessel = tank(volume, start, energy="wall", wall_conductance=conductance, temperature_cycles=cycle)
    cycled = finished(case_of("cycle", {"tank": vessel, "vacuum": VACUUM}, _SHUT, times))
    turn = 2.0 * math.pi / period
    steady = (np.cos(turn * times) + turn * lag * np.sin(turn * times)) / (1.0 + (turn * lag) ** 2)
    followed = TEMPERATURE + swing * (steady - np.exp(-times / lag) / (1.0 + (turn * lag) ** 2))
    by_step = worst(stepped.temperatures["tank"], relaxed)
    by_cycle = worst(cycled.temperatures["tank"], followed)
    return [
        check("gas relaxes to a colder wall", CLOSED, by_step, "1e-8", 30),
        check("gas lags a cycling wall", CLOSED, by_cycle, "1e-8", 30),
    ]


#: A case needs a path: this valve stays shut.
_SHUT = {"valve": {"kind": "valve", "from": "tank", "to": "vacuum", "diameter": 1e-3}}


def _isentropic(ratio: Array | float, gamma: float) -> Array:
    """Temperature [K] of what has expanded from `TEMPERATURE` to a share of its pressure."""
    return np.asarray(TEMPERATURE * np.power(ratio, (gamma - 1.0) / gamma))


def _critical(gamma: float) -> float:
    return float((2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0)))

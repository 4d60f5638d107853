"""Cases with a closed form or a quadrature, each run through the whole of leakflow and compared with it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..run import Run
from . import analytic_cabin, analytic_energy, exact
from .bench import (
    CLOSED,
    TEMPERATURE,
    VACUUM,
    air,
    case_of,
    check,
    crack_to_vacuum,
    finished,
    hole,
    tank,
    worst,
)
from .report import Check
from .tables import rows

__all__ = ["CASES", "analytic_checks"]

Array = NDArray[np.float64]


def analytic_checks() -> list[Check]:
    """Run every case of `CASES` and compare."""
    return [check for case in CASES for check in case()]


def choked_blowdown() -> list[Check]:
    """``p = p0 exp(-t/tau)``, ``tau = V/(Cd A psi* sqrt(R T))``."""
    R, _, gamma = air()
    area, volume, start, coefficient = 1e-6, 2.0, 1e5, 0.8
    tau = volume / (coefficient * area * exact.choked_flow_function(gamma) * math.sqrt(R * TEMPERATURE))
    times = np.linspace(0.25, 8.0, 32) * tau
    volumes = {"tank": tank(volume, start), "vacuum": VACUUM}
    case = case_of("choked", volumes, {"hole": hole("tank", "vacuum", area, coefficient)}, times)
    error = worst(finished(case).pressures["tank"], start * np.exp(-times / tau))
    return [
        check("choked blowdown into vacuum, isothermal, 8 time constants", CLOSED, error, "1e-8", times.size)
    ]


def subsonic_blowdown() -> list[Check]:
    """From choked to subsonic flow into a back pressure, down to 2 % above it, by quadrature of psi."""
    R, _, gamma = air()
    area, volume, start, behind = 1e-4, 2.0, 3e5, 1e5
    scale = area * math.sqrt(R * TEMPERATURE) / volume
    pressures = np.linspace(2.9e5, 1.02e5, 40)
    critical = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
    times = exact.time_of_fall(
        lambda p: scale * p * exact.flow_function(behind / p, gamma), start, pressures, (behind / critical,)
    )
    volumes = {"tank": tank(volume, start), "surroundings": {"kind": "boundary", "pressure": behind}}
    case = case_of("subsonic", volumes, {"hole": hole("tank", "surroundings", area)}, times)
    error = worst(finished(case).pressures["tank"], pressures)
    # the law's laminar term, which takes the infinite slope of psi away at equal pressures, bends psi by
    # L^4/(4 Q^2) < 1e-9 here; the times agree to the integrator's 1e-10
    return [
        check("subsonic blowdown into a back pressure, isothermal", "quadrature of psi", error, "1e-8", 40)
    ]


def equalisation() -> list[Check]:
    """Two volumes through a seal (a Bernoulli equation), and through an orifice (quadrature)."""
    R, _, gamma = air()
    V1, V2, p1, p2 = 2.0, 5.0, 1e5, 2e4
    equal, pair = (p1 * V1 + p2 * V2) / (V1 + V2), R * TEMPERATURE * (1.0 / V1 + 1.0 / V2)
    a, b = 1e-10, 1e-14
    linear, square = pair * (a + b * equal), pair * b * 0.5 * (V2 - V1) / (V1 + V2)
    times = np.linspace(0.1, 5.0, 25) / linear
    volumes = {"small": tank(V1, p1), "large": tank(V2, p2)}
    seal = {"kind": "seal", "from": "small", "to": "large", "molecular": a, "viscous": b}
    by_seal = finished(case_of("seal", volumes, {"seal": seal}, times)).pressures["small"]
    D = exact.equalised_difference(times, p1 - p2, linear, square)
    sealed = worst(by_seal, equal + V2 / (V1 + V2) * D)

    area = 1e-5
    pressures = np.linspace(0.98 * p1, 1.01 * equal, 40)

    def other(p: Array) -> Array:
        return p2 + (p1 - p) * V1 / V2

    critical = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
    kink = (p2 + p1 * V1 / V2) / (critical + V1 / V2)
    scale = area * math.sqrt(R * TEMPERATURE) / V1
    times = exact.time_of_fall(
        lambda p: scale * p * exact.flow_function(other(p) / p, gamma), p1, pressures, (kink,)
    )
    orifice = {"hole": hole("small", "large", area)}
    by_orifice = finished(case_of("orifice", volumes, orifice, times)).pressures["small"]
    return [
        check("two volumes equalise through a seal", CLOSED, sealed, "1e-8", 25),
        check(
            "two volumes equalise through an orifice",
            "quadrature of psi",
            worst(by_orifice, pressures),
            "1e-8",
            40,
        ),
    ]


def free_molecular_decay() -> list[Check]:
    """Exponential decay at Clausing's transmission probability; the bound is that of the law's table."""
    R, _, _ = air()
    opening, length, volume, start = 1e-6, 0.01, 1e-3, 1e-3
    errors = []
    for ratio, W in rows("clausing_slit", "L_over_h", "W"):
        if not 0.1 <= ratio <= 2000.0:
            continue
        tau = volume / (W * length * opening * math.sqrt(R * TEMPERATURE / (2.0 * math.pi)))
        times = np.array([0.5, 1.0, 2.0]) * tau
        crack = crack_to_vacuum(opening, length, ratio * opening)
        case = case_of(
            "free molecules", {"tank": tank(volume, start), "vacuum": VACUUM}, {"crack": crack}, times
        )
        case = case.model_copy(update={"run": case.run.model_copy(update={"atol": 1e-16})})
        reached = -np.log(finished(case).pressures["tank"] / start) * tau
        errors.append(worst(reached, times))
    return [
        check(
            "free-molecular decay, rate against Clausing's W",
            "clausing_slit",
            max(errors),
            "5.4e-3",
            3 * len(errors),
        )
    ]


def fanno_slot() -> list[Check]:
    """A laminar slot choked at its end while its tank empties: time to each pressure by exact Fanno flow.

    Fanno flow knows no slip; as in the table of slots, what slip takes from the friction is granted to it:
    ``B`` becomes ``B/(1 + 12 x 1.016/delta)``, at most 2 % less here.
    """
    R, viscosity, gamma = air()
    opening, length, depth, volume, start = 2e-4, 0.01, 0.07, 1.0, 1e5
    g, B = exact.fanno_blowdown(np.geomspace(1e-3, 0.99, 20001), gamma)
    delta_of = opening / (viscosity * math.sqrt(2.0 * R * TEMPERATURE))
    friction_of = 24.0 * viscosity * depth * math.sqrt(R * TEMPERATURE) / opening**2

    def rate(p: Array) -> Array:
        friction = friction_of / p / (1.0 + 12.0 * 1.016191 / (delta_of * p))
        flow = np.interp(np.log(friction), np.log(B[::-1]), g[::-1])
        return np.asarray(math.sqrt(R * TEMPERATURE) / volume * length * opening * p * flow)

    pressures = start * np.linspace(0.99, 0.3, 70)
    times = exact.time_of_fall(rate, start, pressures)
    crack = crack_to_vacuum(opening, length, depth, inlet_loss=0.0)
    case = case_of("Fanno", {"tank": tank(volume, start), "vacuum": VACUUM}, {"slot": crack}, times)
    error = _time_error(finished(case), "tank", pressures, times)
    name = "Fanno-choked laminar slot, slip granted, time to each pressure"
    return [check(name, "exact Fanno flow", error, "2.7e-2", pressures.size)]


def _time_error(result: Run, volume: str, pressures: Array, times: Array) -> float:
    """Largest relative error of the time to a pressure: of the pressure, over its rate of fall."""
    slope = np.gradient(times, np.log(pressures))
    return float(np.max(np.abs(np.log(result.pressures[volume] / pressures) * slope / times)))


def laminar_crack() -> list[Check]:
    """``p' = -k p^2`` of a long laminar crack into vacuum, ``k = w h^3/(24 mu L V)``.

    Slip adds ``12 x 1.016/delta``, 0.6 % at the end, and the choked end takes some 0.3 % at the start.
    """
    _, viscosity, _ = air()
    opening, length, depth, volume, start = 5e-5, 0.01, 1.0, 0.1, 1e6
    k = length * opening**3 / (24.0 * viscosity * depth * volume)
    times = np.linspace(0.05, 2.0, 40) / (k * start)
    crack = crack_to_vacuum(opening, length, depth)
    case = case_of("laminar", {"tank": tank(volume, start), "vacuum": VACUUM}, {"crack": crack}, times)
    error = worst(finished(case).pressures["tank"], start / (1.0 + k * start * times))
    return [check("quadratic decay of a laminar crack", CLOSED, error, "1e-2", times.size)]


def held_station() -> list[Check]:
    """What life support adds: what an orifice takes, and what fills a tunnel behind a seal."""
    R, _, gamma = air()
    pressure, area, a, volume = 1e5, 1e-8, 1e-9, 6.0
    times = np.linspace(0.1, 3.0, 10) * volume / (R * TEMPERATURE * a)
    volumes = {
        "station": {"kind": "held", "volume": 900.0, "pressure": pressure},
        "tunnel": tank(volume, 0.0),
        "vacuum": VACUUM,
    }
    paths = {
        "hole": hole("station", "vacuum", area),
        "seal": {"kind": "seal", "from": "station", "to": "tunnel", "molecular": a, "viscous": 0.0},
    }
    result = finished(case_of("held", volumes, paths, times))
    filled = pressure * -np.expm1(-R * TEMPERATURE * a / volume * times)
    lost = area * exact.choked_flow_function(gamma) * pressure / math.sqrt(R * TEMPERATURE) * times[-1]
    added = lost + volume / (R * TEMPERATURE) * filled[-1]
    return [
        check(
            "a held station fills its tunnel",
            CLOSED,
            worst(result.pressures["tunnel"], filled),
            "1e-8",
            10,
        ),
        check(
            "make-up gas of a held station",
            CLOSED,
            float(abs(result.outcomes["makeup_station"] / added - 1.0)),
            "1e-9",
            1,
        ),
    ]


#: Each runs its cases and gives its checks; what comes later is added here.
CASES: tuple[Callable[[], list[Check]], ...] = (
    choked_blowdown,
    subsonic_blowdown,
    equalisation,
    free_molecular_decay,
    fanno_slot,
    laminar_crack,
    held_station,
    analytic_energy.adiabatic_choked_blowdown,
    analytic_energy.adiabatic_subsonic_blowdown,
    analytic_energy.adiabatic_equalisation,
    analytic_energy.wall_relaxation,
    analytic_cabin.station_held_by_make_up,
    analytic_cabin.filled_again_and_again,
    analytic_cabin.relieved_again_and_again,
    analytic_cabin.crew_and_removal,
    analytic_cabin.nitrogen_trend,
    analytic_cabin.permeation,
)

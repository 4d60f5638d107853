"""Closed forms of what keeps a cabin alive: make-up, control by state, a crew, and what permeates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...kernels import gas
from . import exact
from .bench import CLOSED, TEMPERATURE, VACUUM, air, case_of, check, finished, hole, tank, worst
from .report import Check

__all__ = [
    "crew_and_removal", "filled_again_and_again", "nitrogen_trend", "permeation", "relieved_again_and_again",
    "station_held_by_make_up",
]  # fmt: skip

Array = NDArray[np.float64]

_DAY, _HOUR = 86400.0, 3600.0
_RU = gas.UNIVERSAL_GAS_CONSTANT
_MOLAR_MASS = dict(zip(gas.SPECIES, gas.MOLAR_MASS, strict=True))  # kg/mol
_HEAT = dict(zip(gas.SPECIES, gas.HEAT_CAPACITY, strict=True))  # molar, over R
#: of a person and day, kg: what the feed takes by default (NASA RP-1324)
_O2, _CO2, _H2O = 0.84, 1.00, 2.28


def station_held_by_make_up() -> list[Check]:
    """A make-up in proportion to what is missing: ``p' = (p_set - p)/t1 - p/t2``, an exponential."""
    R, _, gamma = air()
    volume, target, area, t1 = 900.0, 1e5, 1e-4, 3600.0
    t2 = volume / (area * exact.choked_flow_function(gamma) * math.sqrt(R * TEMPERATURE))
    both = t1 * t2 / (t1 + t2)
    times = np.linspace(0.2, 6.0, 30) * both
    feed = {"kind": "hold", "volume": "station", "pressure": target, "time_constant": t1}
    volumes = {"station": tank(volume, target), "vacuum": VACUUM}
    paths = {"hole": hole("station", "vacuum", area)}
    result = finished(case_of("held by a feed", volumes, paths, times, feeds={"make_up": feed}))
    steady = target * both / t1
    pressures = steady + (target - steady) * np.exp(-times / both)
    missing = (target - steady) * (times[-1] + both * math.expm1(-times[-1] / both))
    given = missing * volume / (R * TEMPERATURE) / t1
    name = "a leaking station held by a make-up feed"
    return [
        check(f"{name}: pressure", CLOSED, worst(result.pressures["station"], pressures), "1e-8", 30),
        check(f"{name}: make-up", CLOSED, worst(result.outcomes["feed_make_up"], given), "1e-8", 1),
    ]


def filled_again_and_again() -> list[Check]:
    """A saw-tooth: a choked leak from ``to`` down to ``below`` takes ``tau ln(to/below)``, each time."""
    R, _, gamma = air()
    volume, start, below, to, area = 2.0, 1e5, 8e4, 9e4, 1e-6
    tau = volume / (area * exact.choked_flow_function(gamma) * math.sqrt(R * TEMPERATURE))
    first, period = tau * math.log(start / below), tau * math.log(to / below)
    fills, after = 12, 0.4
    end = first + (fills - 1 + after) * period
    control = {"kind": "repressurise", "volume": "tank", "below": below, "to": to}
    volumes = {"tank": tank(volume, start), "vacuum": VACUUM}
    paths = {"hole": hole("tank", "vacuum", area)}
    result = finished(case_of("saw-tooth", volumes, paths, [end], controls={"fill": control}))
    found = result.outcomes
    errors = [
        worst(found["control_fill_first"], first),
        worst(found["control_fill_count"], fills),
        worst(found["gas_added_tank"], fills * (to - below) * volume / (R * TEMPERATURE)),
        worst(found["pressure_final_tank"], to * math.exp(-after * period / tau)),
    ]
    name = "filled twelve times when its pressure falls too far: first time, count, gas, pressure"
    return [check(name, CLOSED, max(errors), "1e-8", len(errors))]


def relieved_again_and_again() -> list[Check]:
    """A steady feed against a relief valve: up along a line, down along an exponential, five times."""
    R, _, gamma = air()
    volume, start, cracking, reseat, area, rate = 2.0, 1e5, 1.05e5, 1.02e5, 1e-5, 1e-3
    tau = volume / (area * exact.choked_flow_function(gamma) * math.sqrt(R * TEMPERATURE))
    rise = rate * R * TEMPERATURE / volume
    first, fill = (cracking - start) / rise, (cracking - reseat) / rise
    steady = rise * tau
    drain = tau * math.log((cracking - steady) / (reseat - steady))
    blows, after = 5, 0.3
    end = first + blows * drain + (blows - 1 + after) * fill
    valve = {
        "kind": "relief", "from": "tank", "to": "vacuum", "area": area,
        "cracking": cracking, "reseat": reseat,
    }  # fmt: skip
    feed = {"kind": "rate", "volume": "tank", "rate": rate}
    volumes = {"tank": tank(volume, start), "vacuum": VACUUM}
    case = case_of("relief", volumes, {"relief": valve}, [end], feeds={"inflow": feed})
    found = finished(case).outcomes
    held = reseat + after * (cracking - reseat)
    errors = [
        worst(found["relief_relief_first"], first),
        worst(found["relief_relief_count"], blows),
        worst(found["pressure_final_tank"], held),
        worst(found["mass_lost"], rate * end - (held - start) * volume / (R * TEMPERATURE)),
    ]
    name = "a relief valve blows five times: first time, count, pressure, mass lost"
    return [check(name, CLOSED, max(errors), "1e-8", len(errors))]


def crew_and_removal() -> list[Check]:
    """Each gas on its own in a tight cabin: ``m' = made - Q/V m``, and oxygen held."""
    volume, pressure, crew, flow, target, t1 = 100.0, 1e5, 3, 80.0 / 3600.0, 2.1e4, _HOUR
    shares = {"N2": 0.78, "O2": 0.21, "CO2": 0.004, "H2O": 0.006}
    lag = volume / flow
    times = np.linspace(0.2, 8.0, 40) * lag
    feeds = {
        "crew": {"kind": "crew", "volume": "cabin", "count": crew},
        "scrubber": {"kind": "removal", "volume": "cabin", "gas": "CO2", "flow": flow},
        "dryer": {"kind": "removal", "volume": "cabin", "gas": "H2O", "flow": flow},
        "oxygen": {
            "kind": "hold", "volume": "cabin", "gas": "O2", "partial_pressure": target, "time_constant": t1,
        },
    }  # fmt: skip
    volumes = {"cabin": tank(volume, pressure), "space": VACUUM}
    shut = {"valve": {"kind": "valve", "from": "cabin", "to": "space", "diameter": 1e-3}}
    found = finished(case_of("crew", volumes, shut, times, shares, feeds=feeds)).partial_pressures["cabin"]

    def rise(species: str, kg_per_day: float) -> float:
        return crew * kg_per_day / _DAY * _RU / _MOLAR_MASS[species] * TEMPERATURE / volume

    errors = []
    for species, made in (("CO2", _CO2), ("H2O", _H2O)):
        steady = rise(species, made) * lag
        errors.append(
            worst(
                found[species], steady + (pressure * shares[species] - steady) * np.exp(-times / lag)
            )
        )  # fmt: skip
    steady = target - rise("O2", _O2) * t1
    oxygen = steady + (pressure * shares["O2"] - steady) * np.exp(-times / t1)
    return [
        check("a crew with removal: CO2 and water to their steady share", CLOSED, max(errors), "1e-8", 80),
        check("the same: oxygen held by a feed", CLOSED, worst(found["O2"], oxygen), "1e-8", 40),
    ]


def nitrogen_trend() -> list[Check]:
    """A leaking cabin with a crew against an integration of its moles, and what nitrogen says of the leak.

    The reading takes the share of nitrogen in what leaks as the mean of start and end. Here water and
    oxygen find their levels within hours, so that the mean of the days is nearer to the end.
    """
    volume, area, crew, scrubbed, dried, target, t1 = 100.0, 1e-7, 3, 30.0, 40.0, 2.05e4, _HOUR
    start = np.array([7.8e4, 2.1e4, 400.0, 900.0])  # Pa, of N2, O2, CO2, H2O
    species = ("N2", "O2", "CO2", "H2O")
    M = np.array([_MOLAR_MASS[name] for name in species])
    heat = np.array([_HEAT[name] for name in species])
    made = crew * np.array([0.0, -_O2, _CO2, _H2O]) / M / _DAY  # mol/s
    filters = np.array([0.0, 0.0, scrubbed, dried]) / _HOUR / volume
    per_mole = _RU * TEMPERATURE / volume  # Pa/mol

    def rates(p: Array) -> Array:
        total = p.sum()
        cp = (p * heat).sum() / total
        psi = exact.choked_flow_function(cp / (cp - 1.0))
        leak = area * psi * math.sqrt(total / (p * M).sum() * _RU * TEMPERATURE) / volume
        held = np.array([0.0, max(target - p[1], 0.0) / t1, 0.0, 0.0])
        return np.asarray(made * per_mole + held - (filters + leak) * p)

    duration = 10.0 * _DAY
    _, states = exact.cabin_history(rates, start, duration, 10 * 1440)
    leaked = _leaked(states, duration, area, M, heat)

    feeds = {
        "crew": {"kind": "crew", "volume": "cabin", "count": crew},
        "scrubber": {"kind": "removal", "volume": "cabin", "gas": "CO2", "flow": scrubbed / _HOUR},
        "dryer": {"kind": "removal", "volume": "cabin", "gas": "H2O", "flow": dried / _HOUR},
        "oxygen": {
            "kind": "hold", "volume": "cabin", "gas": "O2", "partial_pressure": target, "time_constant": t1,
        },
    }  # fmt: skip
    shares = dict(zip(species, (start / start.sum()).tolist(), strict=True))
    volumes = {"cabin": tank(volume, float(start.sum())), "space": VACUUM}
    days = np.linspace(_DAY, duration, 10)
    paths = {"hole": hole("cabin", "space", area)}
    result = finished(case_of("trend", volumes, paths, days, shares, feeds=feeds))
    found = result.partial_pressures["cabin"]
    errors = [worst(found[name], states[1440::1440, i]) for i, name in enumerate(species)]
    nitrogen = states[:, 0] * M[0] / (states @ M)  # its share by mass
    lost = (states[0, 0] - states[-1, 0]) / per_mole * M[0] / (0.5 * (nitrogen[0] + nitrogen[-1]))
    told = result.outcomes["leak_rate_from_nitrogen_cabin"] * duration
    source = "Runge-Kutta on moles"
    return [
        check("a leaking cabin with a crew: four partial pressures", source, max(errors), "1e-7", 40),
        check("the same: mass lost", source, worst(result.outcomes["mass_lost"], leaked), "1e-7", 1),
        check("the same: leak as nitrogen tells it", source, worst(told, lost), "1e-7", 1),
        check("what nitrogen tells, against the leak that it was", source, worst(told, leaked), "", 1),
    ]


def permeation() -> list[Check]:
    """Each gas goes through an elastomer by its own partial pressure: exponentials."""
    volume, pressure, area, thickness = 1.0, 1e5, 0.2, 2e-3
    shares, permeability = {"N2": 0.7, "O2": 0.2, "He": 0.1}, {"N2": 1e-15, "O2": 2e-15, "He": 8e-15}
    seal = {
        "kind": "seal", "from": "tank", "to": "vacuum",
        "permeation": {"area": area, "thickness": thickness, "permeability": permeability},
    }  # fmt: skip
    slowest = volume * thickness / (area * permeability["N2"] * _RU * TEMPERATURE)
    times = np.linspace(0.05, 1.5, 30) * slowest
    case = case_of(
        "permeation", {"tank": tank(volume, pressure), "vacuum": VACUUM}, {"seal": seal}, times, shares
    )
    found = finished(case).partial_pressures["tank"]
    errors = [
        worst(
            found[name],
            pressure * share * np.exp(-times / slowest * permeability[name] / permeability["N2"]),
        )
        for name, share in shares.items()
        if name != "He"  # after twelve of its own time constants a trace, below the tolerance
    ]
    helium = np.exp(-times / slowest * 8.0)
    errors.append(float(np.max(np.abs(found["He"] / (pressure * shares["He"]) - helium))))
    return [check("permeation of three gases, each on its own", CLOSED, max(errors), "1e-8", 90)]


def _leaked(states: Array, duration: float, area: float, M: Array, heat: Array) -> float:
    """Mass that a choked hole takes from a history of partial pressures [kg], by Simpson's rule."""
    total = states.sum(axis=1)
    cp = states @ heat / total
    psi = np.array([exact.choked_flow_function(value / (value - 1.0)) for value in cp])
    flow = area * psi * np.sqrt(total * (states @ M) / (_RU * TEMPERATURE))
    weights = np.ones(flow.size)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    return float(duration / (flow.size - 1) / 3.0 * (weights @ flow))

"""What is not modelled, and how large it could be: a number with its source, computed where it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ...kernels import gas
from ..case import AIR
from ..laws import crack_flow
from . import exact
from .report import Limit
from .tables import rows

__all__ = ["LIMITS"]

_T = 295.15
_ATMOSPHERE = 101325.0


def _properties(composition: Mapping[str, float]) -> tuple[float, float, float]:
    R, viscosity, gamma = gas.mixture_properties(gas.as_mole_fractions(composition), _T)
    return float(R), float(viscosity), float(gamma)


def heat_of_a_fast_leak() -> Limit:
    """Between isothermal and adiabatic."""
    gamma = _properties(AIR)[2]
    ratio = 0.1
    times = exact.adiabatic_time(ratio, gamma) / -np.log(ratio)
    return Limit(
        "Heat, where a case leaves its volumes isothermal, as they are by default. In a blowdown of minutes "
        "the gas cools.",
        f"to a tenth of the pressure an adiabatic tank takes {100 * (1 - times):.1f} % less time than an "
        f"isothermal one and ends at {_T * ratio ** ((gamma - 1) / gamma):.0f} K",
        "closed forms of both limits",
    )


def heat_of_a_slow_leak() -> Limit:
    """Walls keep up with a slow leak."""
    R = _properties(AIR)[0]
    rate = 4.0 * 0.45359237 / 86400.0
    cooling, area, film = rate * R * _T, 600.0, 1.0
    return Limit(
        "The same in a slow leak.",
        f"4 lb/day out of the station take {cooling:.2f} W of flow work; over 600 m^2 of wall at 1 W/(m^2 "
        f"K), free convection at its weakest, that is {1e3 * cooling / (area * film):.1f} mK; in the shut "
        f"tunnel, 20 m^2, {cooling / (20.0 * film):.2f} K",
        "mdot R T over wall conductance; areas and film coefficient assumed",
    )


def specific_heats() -> Limit:
    """Constant specific heats: those of 298 K."""
    cold, usual = 0.78 * 29.107 + 0.21 * 29.126, 0.78 * 29.124 + 0.21 * 29.376  # J/(mol K), 200 and 298 K
    gamma = _properties(AIR)[2]
    exponent = (gamma - 1.0) / gamma
    warmer = 0.1 ** (exponent * usual / cold) - 0.1**exponent
    return Limit(
        "Specific heats that change with temperature: those of 298 K hold throughout.",
        "from 200 to 350 K nitrogen's cp stays within 0.15 %, oxygen's within 1.1 %, carbon dioxide's within "
        f"13 %; with air's of 200 K an adiabatic fall to a tenth ends {-_T * warmer:.1f} K lower",
        "NIST-JANAF tables (Chase 1998)",
    )


def one_temperature() -> Limit:
    """Each volume has one temperature."""
    apart = 10.0
    more, denser = (1.0 - 0.5 * apart / _T) ** -0.5 - 1.0, (0.5 * apart / _T) ** 2
    return Limit(
        "Layers and cold corners: each volume has one temperature.",
        f"two halves {apart:.0f} K apart hold {100 * denser:.2f} % more gas than one of their mean; but "
        f"through a crack that draws from the cold half {100 * more:.1f} % more flows, and a sensor that is "
        f"off by a kelvin is off by {100 / _T:.2f} % of the gas",
        "m = p V/(R T); choked flow like 1/sqrt(T)",
    )


def walls() -> Limit:
    """A wall's conductance is a constant."""
    return Limit(
        "The conductance of walls is a constant, and walls have a temperature of their own that gas does not "
        "change.",
        f"free convection goes like (p^2 dT)^(1/4): {0.5**0.5:.2f} of it at half the pressure, "
        f"{2**0.25:.2f} at twice the difference; a wall of 2 mm aluminium over 20 m^2 holds 100 kJ/K, the "
        "gas of 6 m^3 behind it 5 kJ/K",
        "Grashof's number; heat capacities",
    )


def condensation() -> Limit:
    """Water stays vapour."""
    saturated, volume, people = 2644.0, 100.0, 3  # Pa at 22 degC
    R_water = _properties({"H2O": 1.0})[0]
    hours = saturated * volume / (R_water * _T) / (people * 2.28 / 24.0)
    return Limit(
        "Condensation and evaporation of water.",
        f"the vapour of three people saturates 100 m^3 of dry air at 22 degC in {hours:.1f} h; without a "
        f"dryer the model goes on to pressures that there cannot be, above {saturated / 133.322:.0f} mmHg",
        "saturation pressure of water (IAPWS), NASA RP-1324 for a person",
    )


def moving_openings() -> Limit:
    """An elastic crack shuts as the pressure falls."""
    modulus, radius, wall, length, depth = 70e9, 1.0, 2e-3, 0.01, 3e-3
    opened = 4.0 * (_ATMOSPHERE * radius / wall) * 0.5 * length / modulus
    shut = crack_flow("air", _T, _ATMOSPHERE, 0.0, 15e-6, length, depth)
    wide = crack_flow("air", _T, _ATMOSPHERE, 0.0, 15e-6 + opened, length, depth)
    return Limit(
        "Openings that move, where a case gives no compliance and no shell.",
        f"a crack of 10 mm in a hull of 1 m radius and 2 mm wall opens by {1e6 * opened:.1f} um at one "
        f"atmosphere; a crack of 15 um at rest then leaks {wide / shut:.1f} times as much as a rigid one",
        "h0 = 4 S a/E, S = p radius/wall, E = 70 GPa; flows by the crack law",
    )


def shape_of_cracks() -> Limit:
    """Tortuosity, taper and roughness that nobody measured."""
    base = crack_flow("air", _T, _ATMOSPHERE, 0.0, 15e-6, 0.01, 3e-3)
    rough = crack_flow("air", _T, _ATMOSPHERE, 0.0, 15e-6, 0.01, 3e-3, tortuosity=2.0, roughness=3e-6)
    narrow = crack_flow("air", _T, _ATMOSPHERE, 0.0, 12e-6, 0.01, 3e-3)
    return Limit(
        "The shape of a real crack: inputs, but never measured.",
        f"tortuosity 2 with roughness 3 um: {rough / base:.2f} of the flow of a smooth, straight one; an "
        f"opening of 12 instead of 15 um: {narrow / base:.2f}",
        "the crack law itself",
    )


def real_gas() -> Limit:
    """Real against ideal choked flow."""
    gamma = _properties(AIR)[2]
    table = rows("critical_flow_factor_Cstar", "gas", "T0_K", "p0_Pa", "Cstar")
    factors = [
        float(f) for name, T, p, f in table if name == "Air" and float(T) == 293.15 and float(p) == 101325.0
    ]
    return Limit(
        "Real-gas effects.",
        f"{100 * (factors[0] / exact.choked_flow_function(gamma) - 1):.3f} % in choked air at one atmosphere",
        "critical_flow_factor_Cstar",
    )


def transpiration() -> Limit:
    """Thermal transpiration."""
    return Limit(
        "Thermal transpiration: a thin crack between two temperatures pumps gas to the warmer end.",
        f"free molecules stand still at p1/p2 = sqrt(T1/T2): {100 * (np.sqrt((_T + 10) / _T) - 1):.1f} % "
        "of pressure for 10 K; it fades above a rarefaction delta of 10, and into vacuum it is nothing",
        "Knudsen's limit",
    )


def separation() -> Limit:
    """Light molecules leave faster."""
    oxygen, nitrogen = 31.9988, 28.0134
    return Limit(
        "Separation of species: every component leaves at the speed of the mixture.",
        f"free molecules leave like 1/sqrt(M): nitrogen {100 * (np.sqrt(oxygen / nitrogen) - 1):.1f} % "
        "faster than oxygen, at a delta below 0.1; at cabin pressure that is a crack narrower than 10 nm",
        "effusion",
    )


def humidity() -> Limit:
    """Dry air stands for the cabin's."""
    water = 0.015
    moist = {name: share * (1 - water) for name, share in AIR.items()} | {"H2O": water}
    (R0, _, g0), (R1, _, g1) = _properties(AIR), _properties(moist)
    choked = exact.choked_flow_function(g1) / exact.choked_flow_function(g0) * np.sqrt(R0 / R1)
    return Limit(
        "Humidity of the cabin in the shipped cases that take dry air, all but that of 2003.",
        f"1.5 % of water vapour change a choked mass flow by {100 * (choked - 1):+.2f} %",
        "mixture properties; the composition is an input",
    )


def permeation() -> Limit:
    """Gas that goes through elastomers."""
    return Limit(
        "Adsorption and outgassing; permeation, where a case gives none.",
        "a full-scale docking seal may leak 0.0025 lb/day, 1.1 g/day, all ways together: under 2 % of the "
        "lowest station total, 64 g/day (L02)",
        "T01 of the record, NTRS 20100019164",
    )


def thermometers() -> Limit:
    """What temperature does to a pressure record."""
    R = _properties(AIR)[0]
    pressure = 735.0 * 133.322387415
    station, tunnel = (pressure * V / (R * _T) / _T for V in (916.0, 6.0))
    return Limit(
        "Temperatures of the record: none was published, so readings are compared as pressures.",
        f"one kelvin looks like {station:.1f} kg on the station, {1e3 * tunnel:.0f} g in a tunnel of 6 "
        f"m^3, or {735.0 / _T:.1f} mmHg",
        "m = p V/(R T)",
    )


def open_hatches() -> Limit:
    """What joins volumes and what does not."""
    gamma = _properties(AIR)[2]
    return Limit(
        "Exchange of gas through an opening at equal pressures: diffusion, draughts, fans. A hatch that is "
        "ajar passes only what a difference of pressure drives; one that is open makes one mixed gas at one "
        "temperature.",
        "behind a hatch that is ajar, a crew's oxygen does not come from the station; volumes of unequal "
        f"pressure joined without heat may differ by up to a factor {gamma:.2f} in temperature until they "
        "have mixed, which an open hatch leaves out",
        "definition of the model; filling of an empty tank, gamma T",
    )


#: Each gives one row; what is modelled later is taken out here.
LIMITS: tuple[Callable[[], Limit], ...] = (
    heat_of_a_fast_leak,
    heat_of_a_slow_leak,
    specific_heats,
    one_temperature,
    walls,
    condensation,
    moving_openings,
    shape_of_cracks,
    real_gas,
    transpiration,
    separation,
    humidity,
    permeation,
    open_hatches,
    thermometers,
)

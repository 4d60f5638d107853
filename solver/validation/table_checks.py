"""Every reference table against the kernels: the crack law by regime, the orifice, the gas properties."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from ...kernels import crack, gas, orifice
from ..case import AIR
from .regimes import REGIMES, Compared
from .report import Check
from .tables import names, percent_errors, rows

__all__ = ["table_checks", "unused_tables"]

# rows of viscosity_dilute.csv and critical_flow_factor_Cstar.csv
_GASES = dict(
    zip(("Nitrogen", "Oxygen", "CarbonDioxide", "Water", "Argon", "Helium"), gas.SPECIES, strict=True)
)


def table_checks() -> list[Check]:
    """Compare the kernels with every table."""
    checks = [
        _check(row.name, row.table or "formula of Perry", row.compare(crack.crack_flow), row.rms, row.largest)
        for row in REGIMES
    ]
    checks += [
        _check(name, source, compare(), rms, largest) for name, source, compare, rms, largest in _FURTHER
    ]
    return checks


def unused_tables(checks: list[Check]) -> list[str]:
    """Give the names of the tables that no check compares with."""
    return [name for name in names() if name not in {check.source for check in checks}]


def _check(name: str, source: str, compared: Compared, rms: str, largest: str) -> Check:
    values, expected = compared
    reached = percent_errors(values, expected)
    errors = {"rms": (reached[0], rms), "largest": (reached[1], largest)}
    return Check(name, source, errors, rows=len(values))


def _orifice() -> Compared:
    points = [row for row in rows("isentropic_orifice_psi", "gamma", "r", "psi") if 1.0 - row[1] > 1e-3]
    return [orifice.flow_function(r, gamma) for gamma, r, _ in points], [psi for *_, psi in points]


def _mach() -> Compared:
    """The flow function by another road: the mass flow at the Mach number of that static pressure."""
    points = [
        row for row in rows("isentropic_mach", "gamma", "p_p0", "massflow_fn", "M") if 0.1 <= row[3] <= 1.0
    ]
    return [orifice.flow_function(p, gamma) for gamma, p, *_ in points], [flow for *_, flow, _ in points]


def _fanno(gamma: float) -> Callable[[], Compared]:
    """A rough slot, choked at its end, of the friction that takes this inlet Mach number to 1."""
    roughness = 1e-3
    f = (-1.8 * math.log10((roughness / 3.7) ** 1.11)) ** -2
    opening, length, p, T, R = 1e-4, 0.01, 1e5, 300.0, 300.0
    thin = 1e-12 * p * opening / math.sqrt(2.0 * R * T)

    def compare() -> Compared:
        values, expected = [], []
        for of, N, flow in rows("fanno_isothermal", "gamma", "fL_D", "massflow_fn"):
            if of == gamma:
                depth = 2.0 * N / f / (1.0 + 8.8 * roughness**1.5) * opening
                mdot = crack.crack_flow(
                    p, 0.0, T, R, thin, gamma, opening, length, depth,
                    1.0, 2.0 * opening * roughness, 1.0, 1.0, 0.0,
                )  # fmt: skip
                values.append(mdot * math.sqrt(R * T) / (p * length * opening))
                expected.append(flow)
        return values, expected

    return compare


def _real_gas(name: str, composition: Mapping[str, float]) -> Callable[[], Compared]:
    """The choked ideal gas against the real one, where cabins are: 290 to 300 K, up to an atmosphere."""

    def compare() -> Compared:
        values, expected = [], []
        for of, T, p, factor in rows("critical_flow_factor_Cstar", "gas", "T0_K", "p0_Pa", "Cstar"):
            if of == name and 290.0 <= float(T) <= 300.0 and float(p) <= 101325.0:
                gamma = gas.mixture_properties(gas.as_mole_fractions(composition), float(T))[2]
                values.append(math.sqrt(orifice.critical_flow_squared(gamma)))
                expected.append(float(factor))
        return values, expected

    return compare


def _viscosity() -> Compared:
    values, expected = [], []
    for name, T, mu in rows("viscosity_dilute", "gas", "T_K", "mu_Pa_s"):
        coldest = 273.0 if name == "Water" else 240.0
        if name in _GASES and coldest <= T <= 350.0:
            values.append(gas.viscosity(gas.SPECIES.index(_GASES[name]), T))
            expected.append(mu)
    return values, expected


def _constants() -> Compared:
    """Sutherland's constants as the kernels hold them, both of each gas."""
    held = {name: (C, S) for name, C, S in zip(gas.SPECIES, gas.SUTHERLAND_C, gas.SUTHERLAND_S, strict=True)}
    values: list[float] = []
    expected: list[float] = []
    for name, *constants in rows("viscosity_fits", "gas", "Suth_C", "Suth_S"):
        if name in _GASES:
            values += held[_GASES[name]]
            expected += constants
    return values, expected


#: Tables beside those of the crack law: name, table, comparison, and the errors allowed in percent. No bound
#: stands where none was set before the error was known: these rows are reported and judge nothing.
_FURTHER: tuple[tuple[str, str, Callable[[], Compared], str, str], ...] = (
    ("orifice, flow function", "isentropic_orifice_psi", _orifice, "1e-7", "1e-7"),
    ("orifice, by way of the Mach number", "isentropic_mach", _mach, "1e-8", "1e-8"),
    ("choked rough slot by inlet Mach number, gamma 1.4", "fanno_isothermal", _fanno(1.4), "", "1.8"),
    ("the same, gamma 5/3", "fanno_isothermal", _fanno(5.0 / 3.0), "", ""),
    ("ideal against real choked gas: air", "critical_flow_factor_Cstar", _real_gas("Air", AIR), "", "0.06"),
    ("the same: nitrogen", "critical_flow_factor_Cstar", _real_gas("Nitrogen", {"N2": 1.0}), "", ""),
    ("the same: oxygen", "critical_flow_factor_Cstar", _real_gas("Oxygen", {"O2": 1.0}), "", ""),
    ("viscosity, 240 to 350 K (water from 273 K)", "viscosity_dilute", _viscosity, "0.49", "0.49"),
    ("viscosity, Sutherland's constants", "viscosity_fits", _constants, "1e-10", "1e-10"),
)

"""Leak rates in the units people state them in: mass flow, throughput, standard flow, pressure rate."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..kernels import gas as gas_kernel
from ..kernels import throughput
from ._arguments import Gas, read_gas, read_number
from .errors import ArgumentError
from .units import UnitError, parse_quantity, quoted, split_quantity

__all__ = [
    "COMMON_UNITS", "PRESSURE_RATE_UNITS", "Conditions", "convert_leak", "leak_in_units",
    "read_conditions",
]  # fmt: skip

#: Units to show a leak rate in; those of a pressure rate need a volume.
COMMON_UNITS = (
    "kg/day", "lb/day", "g/h", "kg/s", "Pa m3/s", "mbar L/s", "sccm", "standard cm3/s",
)  # fmt: skip
PRESSURE_RATE_UNITS = ("mmHg/day", "mmHg/h", "Pa/s")

_ALLOWED = (
    'must be a leak rate: a mass flow ("1.7 kg/day"), a throughput ("1e-3 mbar L/s"), a standard flow '
    '("5 sccm") or a pressure rate ("1 mmHg/day")'
)
_SHORT_NAMES = {
    "sccm": "standard cm3/min", "sccs": "standard cm3/s", "scc/s": "standard cm3/s",
    "scc/min": "standard cm3/min", "slm": "standard L/min", "slpm": "standard L/min",
}  # fmt: skip
_STANDARD = re.compile(r"(?:standard|std\.?)\s+(.+)")
_FACTORS = re.compile(r"\s*[*·.]\s*|\s+")


class LeakUnit(NamedTuple):
    """What a unit of leak rate measures, a kind of `kernels.throughput`, and its scale to SI."""

    kind: int
    scale: float


@dataclass(frozen=True)
class Conditions:
    """What it takes to tell one kind of leak rate from another; all in SI.

    Attributes
    ----------
    composition : dict of str to float
        Mole fractions of the gas.
    temperature : float
        Of the gas where the pressure is meant, for throughputs and pressure rates [K].
    volume : float or None
        That a pressure rate is of [m3].
    reference_temperature, reference_pressure : float
        At which standard volumes are counted [K, Pa].
    """

    composition: dict[str, float]
    temperature: float
    volume: float | None
    reference_temperature: float
    reference_pressure: float

    def properties(self) -> tuple[float, float, float]:
        """Gas constant [J/(kg K)], viscosity [Pa s] and ratio of specific heats of the gas."""
        fractions = gas_kernel.as_mole_fractions(self.composition)
        R, viscosity, gamma = gas_kernel.mixture_properties(fractions, self.temperature)
        return float(R), float(viscosity), float(gamma)

    def mass_flow(self, rate: object) -> float:
        """Read a leak rate, ``"5 sccm"`` or a number in kg/s, into kg/s.

        Raises
        ------
        ArgumentError
            It is none, or a pressure rate without a volume.
        """
        if not isinstance(rate, str):
            try:
                return parse_quantity(rate, "mass_flow")
            except UnitError:
                raise ArgumentError("rate", f" = {quoted(rate)}: {_ALLOWED}, or a number in kg/s") from None
        split = split_quantity(rate)
        if split is None or not math.isfinite(split[0]):
            raise ArgumentError("rate", f" = {quoted(rate)}: {_ALLOWED}")
        return split[0] * self._one("rate", rate, split[1])

    def in_unit(self, mass_flow: float, unit: str) -> float:
        """Express a mass flow [kg/s] in a unit of leak rate; errors as from `mass_flow`."""
        value = mass_flow / self._one("to", unit, unit)
        if not math.isfinite(value):
            text = f"the rate of {mass_flow:.4g} kg/s is too large a number of that unit"
            raise ArgumentError("to", f" = {quoted(unit)}: {text}")
        return value

    def basis(self, unit: str) -> str:
        """Say at what a leak rate in that unit is counted; empty for a mass flow."""
        found = _leak_unit(unit)
        if found is None or found.kind == throughput.MASS_FLOW:
            return ""
        if found.kind == throughput.STANDARD_FLOW:
            return f"at {self.reference_temperature:.6g} K, {self.reference_pressure:.6g} Pa"
        of_volume = found.kind == throughput.PRESSURE_RATE and self.volume is not None
        where = f"in {self.volume:.6g} m^3 " if of_volume else ""
        return f"{where}at {self.temperature:.6g} K"

    def _one(self, argument: str, value: str, unit: str) -> float:
        """Mass flow [kg/s] that a rate of one ``unit`` is."""
        found = _leak_unit(unit)
        if found is None:
            raise ArgumentError(argument, f" = {quoted(value)}: {_ALLOWED}")
        if found.kind == throughput.PRESSURE_RATE and self.volume is None:
            text = 'a pressure rate needs the one volume that loses it, e.g. volume = "916 m^3"'
            raise ArgumentError(argument, f" = {quoted(value)}: {text}")
        R, _, _ = self.properties()
        one = throughput.unit_mass_flow(
            found.kind, R, self.temperature, self.volume or 0.0, self.reference_pressure,
            self.reference_temperature,
        )  # fmt: skip
        return found.scale * float(one)


def convert_leak(
    rate: float | str,
    to: str,
    *,
    gas: Gas = "air",
    temperature: float | str = 293.15,
    volume: float | str | None = None,
    reference_temperature: float | str = 273.15,
    reference_pressure: float | str = 101325.0,
) -> float:
    """Express a leak rate in another unit.

    Parameters
    ----------
    rate : float or str
        In kg/s, or with a unit: a mass flow (``"1.7 kg/day"``, ``"3.7 lb/day"``), a throughput
        (``"1e-3 mbar L/s"``, ``"0.1 Pa m3/s"``), a standard flow (``"5 sccm"``, ``"2 slm"``,
        ``"0.1 standard cm3/s"``) or a pressure rate in ``volume`` (``"1 mmHg/day"``).
    to : str
        Such a unit.
    gas : str or mapping
        ``"air"``, a species (N2, O2, CO2, H2O, Ar, He), or mole fractions that sum to one.
    temperature : float or str
        Of the gas where its pressure is meant [K], 150 to 500: throughputs and pressure rates are of gas at
        this temperature.
    volume : float or str, optional
        That loses the pressure [m3], from 1e-9 to 1e9.
    reference_temperature, reference_pressure : float or str
        At which standard volumes are counted [K, Pa]: 0 degC and 101325 Pa unless told; 150 to 500 K and
        1 to 1e7 Pa.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        An argument is no such quantity or out of its range; one line that names it.

    Examples
    --------
    >>> round(convert_leak("1 sccm", "Pa m3/s", temperature=273.15), 8)
    0.00168875
    """
    conditions = read_conditions(
        gas=gas, temperature=temperature, volume=volume, reference_temperature=reference_temperature,
        reference_pressure=reference_pressure,
    )  # fmt: skip
    return conditions.in_unit(conditions.mass_flow(rate), to)


def leak_in_units(
    conditions: Conditions, rate: object, units: Sequence[str] | None
) -> list[tuple[float, str, str]]:
    """Express a leak rate in several units: value, unit and `Conditions.basis` of each.

    Without ``units``, in all that are common; pressure rates only where there is a volume.
    """
    mass_flow = conditions.mass_flow(rate)
    wanted = units or COMMON_UNITS + (PRESSURE_RATE_UNITS if conditions.volume is not None else ())
    return [(conditions.in_unit(mass_flow, unit), unit, conditions.basis(unit)) for unit in wanted]


def read_conditions(
    *,
    gas: object,
    temperature: object,
    volume: object,
    reference_temperature: object,
    reference_pressure: object,
) -> Conditions:
    """Read and check the conditions of `convert_leak`."""
    return Conditions(
        read_gas(gas),
        read_number("temperature", temperature),
        None if volume is None else read_number("volume", volume),
        read_number("reference_temperature", reference_temperature),
        read_number("reference_pressure", reference_pressure),
    )


def _leak_unit(unit: str) -> LeakUnit | None:
    """Find what a unit measures; None if it is no unit of leak rate."""
    text = _SHORT_NAMES.get(unit.strip(), unit.strip())
    if (scale := _scale(text, "mass_flow")) is not None:
        return LeakUnit(throughput.MASS_FLOW, scale)
    if (scale := _scale(text, "pressure_rate")) is not None:
        return LeakUnit(throughput.PRESSURE_RATE, scale)
    standard = _STANDARD.fullmatch(text)
    if standard is not None and (scale := _scale(standard[1], "volume_flow")) is not None:
        return LeakUnit(throughput.STANDARD_FLOW, scale)
    scale = _throughput_scale(text)
    return None if scale is None else LeakUnit(throughput.THROUGHPUT, scale)


def _throughput_scale(text: str) -> float | None:
    """Pa m3/s that ``mbar L/s`` is: a pressure and a volume, in any order, over a time.

    As a whole it would have the dimension of a power, and watts are no leak rate.
    """
    volume_pressure, _, time = text.rpartition("/")
    factors = _FACTORS.split(volume_pressure.strip())
    if len(factors) != 2:
        return None
    for pressure_unit, volume_unit in (factors, factors[::-1]):
        pressure, flow = _scale(pressure_unit, "pressure"), _scale(f"{volume_unit}/{time}", "volume_flow")
        if pressure is not None and flow is not None:
            return pressure * flow
    return None


def _scale(unit: str, dimension: str) -> float | None:
    try:
        return parse_quantity(f"1 {unit}", dimension)
    except UnitError:
        return None

"""Arguments of the point functions, numbers in SI or text with a unit: read and checked once, here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from ._sections import parse_composition
from .errors import ArgumentError, FaultsError
from .numbers import Quantity, parse_fixed
from .units import quoted

__all__ = ["Gas", "is_listed", "read_gas", "read_number"]

#: A gas as a user names it: ``"air"``, a species, mole fractions, or text such as ``"N2=0.79,O2=0.21"``.
Gas = str | Mapping[str, float]

# Pressures. Up to 1e7 Pa air, N2, O2 and He at room temperature are the ideal gases of the laws within some
# 5 % (CO2 and water condense before); under 1e-9 Pa, the best vacuum of a chamber, no gas is left to leak.
_THINNEST, _DENSEST = 1e-9, 1e7

_RANGES: dict[str, Quantity] = {
    "p_up": Quantity("pressure", minimum=_THINNEST, maximum=_DENSEST),
    "p_down": Quantity("pressure", minimum=0.0, maximum=_DENSEST),
    "temperature": Quantity("temperature", minimum=150.0, maximum=500.0),
    # from a cubic millimetre to a cubic kilometre
    "volume": Quantity("volume", minimum=1e-9, maximum=1e9),
    "discharge_coefficient": Quantity("dimensionless", above=0.0, maximum=1.0, words=("perry",)),
    "length": Quantity("length", above=0.0),
    "depth": Quantity("length", minimum=0.0),
    "tortuosity": Quantity("dimensionless", minimum=1.0),
    "roughness": Quantity("length", minimum=0.0),
    "taper": Quantity("dimensionless", minimum=1.0, maximum=10.0),
    "accommodation": Quantity("dimensionless", minimum=0.6, maximum=1.0),
    "inlet_loss": Quantity("dimensionless", minimum=0.0),
    "reference_temperature": Quantity("temperature", minimum=150.0, maximum=500.0),
    "reference_pressure": Quantity("pressure", minimum=1.0, maximum=_DENSEST),
}


def read_number(argument: str, value: object) -> float:
    """Read one argument into SI.

    Parameters
    ----------
    argument : str
        Its name.
    value : float or str
        A number in SI, or text with a unit.

    Raises
    ------
    ArgumentError
        It is no such quantity, or out of its range.
    """
    try:
        return parse_fixed(value, _RANGES[argument])
    except FaultsError as error:
        raise ArgumentError(argument, f" = {quoted(value)}: {error}") from None


def read_gas(gas: object) -> dict[str, float]:
    """Read a gas into mole fractions by species.

    Raises
    ------
    ArgumentError
        An unknown gas, or fractions that do not sum to one.
    """
    composition = gas
    if isinstance(gas, str) and "=" in gas:
        parts = (part.partition("=") for part in gas.split(","))
        composition = {name.strip(): fraction.strip() for name, _, fraction in parts}
    try:
        return parse_composition(composition)
    except FaultsError as error:
        faults = "; ".join(": ".join([*map(str, fault.key), fault.text]) for fault in error.faults)
        raise ArgumentError("gas", f" = {quoted(gas)}: {faults}") from None


def is_listed(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    """Whether several values were given where one may be."""
    return isinstance(value, list | tuple)

"""Units at the border: text such as ``"473 mmHg"`` to SI numbers, and back for the reader.

Pint is loaded at the first unit that `_common_units` does not hold, since it takes half a second.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ._common_units import FROM_SI, TO_SI

__all__ = [
    "DIMENSIONS", "Dimension", "UnitError", "allowed", "convert", "few_units", "format_quantity",
    "parse_quantity", "quoted", "split_quantity",
]  # fmt: skip

Value = TypeVar("Value", float, np.ndarray)


class Dimension(NamedTuple):
    """What a number measures.

    Attributes
    ----------
    unit : str
        The SI unit that numbers inside leakflow have.
    noun : str
        Its name with the article, for messages.
    example : str
        What a user may write.
    """

    unit: str
    noun: str
    example: str


DIMENSIONS: dict[str, Dimension] = {
    "length": Dimension("m", "a length", "8 um"),
    "area": Dimension("m^2", "an area", "2 mm^2"),
    "volume": Dimension("m^3", "a volume", "6 m^3"),
    "pressure": Dimension("Pa", "a pressure", "473 mmHg"),
    "temperature": Dimension("K", "a temperature", "22 degC"),
    "temperature_difference": Dimension("K", "a temperature difference", "2 K"),
    "time": Dimension("s", "a time", "6 d"),
    "mass": Dimension("kg", "a mass", "2 lb"),
    "mass_flow": Dimension("kg/s", "a mass flow", "3.7 lb/day"),
    "volume_flow": Dimension("m^3/s", "a volume flow", "3 cm^3/s"),
    "molecular_conductance": Dimension("m*s", "a molecular conductance", "1e-12 m*s"),
    "viscous_conductance": Dimension("m*s/Pa", "a viscous conductance", "1e-16 m*s/Pa"),
    "force": Dimension("N", "a force", "1 mN"),
    "sonic_conductance": Dimension("m^3/s/Pa", "a sonic conductance", "1e-8 m^3/s/Pa"),
    "compliance": Dimension("m/Pa", "a compliance", "0.1 um/kPa"),
    "growth_rate": Dimension("m/s", "a growth rate", "0.1 mm/day"),
    "pressure_rate": Dimension("Pa/s", "a pressure rate", "7 mmHg/h"),
    "heat_conductance": Dimension("W/K", "a heat conductance", "20 W/K"),
    "power": Dimension("W", "a power", "100 W"),
    "energy": Dimension("J", "an energy", "5 kJ"),
    "permeability": Dimension("mol/m/s/Pa", "a permeability", "0.5 barrer"),
    "pressure_over_temperature": Dimension("Pa/K", "a pressure over a temperature", "340 Pa/K"),
    "dimensionless": Dimension("", "a plain number", "0.5"),
}

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.ASCII | re.DOTALL)
# Pint evaluates arithmetic in a unit, and "m^9^9^9" would keep it busy for ever: only plain products pass.
_TERM = r"(?:[A-Za-zµμ°%][A-Za-z0-9_µμ°]*|1)(?:(?:\^|\*\*)-?\d{1,2}|[²³])?"
_UNIT = re.compile(rf"{_TERM}(?:\s*[*/·]\s*{_TERM}|\s+{_TERM})*")
# "mol/(m s Pa)", as tables write it
_GROUP = re.compile(rf"/\s*\(\s*({_TERM}(?:(?:\s*[*·]\s*|\s+){_TERM})*)\s*\)")
# gauges and pumps have "m3" and "cm3" printed on them
_PLAIN_POWER = re.compile(r"\b([a-zµμ]?m|ft|in)([23])\b")
# an ideal gas at 273.15 K and 101325 Pa
_MOLES_PER_STP_VOLUME = 101325.0 / (8.31446261815324 * 273.15)
_LONGEST_TEXT = 100
_MOST_UNITS = 250
_seen_units: contextvars.ContextVar[set[str] | None] = contextvars.ContextVar("seen_units", default=None)
_LONGEST_INTEGER = 256  # bits; Python refuses to print integers of thousands of digits


class UnitError(ValueError):
    """A value that is no quantity of the wanted dimension.

    Attributes
    ----------
    allowed : str
        What is allowed, without the value.
    """

    def __init__(self, value: object, allowed: str) -> None:
        """Take the refused value and what is allowed instead."""
        self.allowed = allowed
        super().__init__(f"{quoted(value)}: {allowed}")


def parse_quantity(value: object, dimension: str) -> float:
    """Read a number of a case.

    Parameters
    ----------
    value : float or str
        A number in SI, or text with a unit such as ``"473 mmHg"``.
    dimension : str
        A key of `DIMENSIONS`.

    Returns
    -------
    float
        The value in SI, finite.

    Raises
    ------
    UnitError
        If it is not a quantity of that dimension; the text says what is allowed.
    """
    if isinstance(value, str):
        number = _parse_text(value, dimension)
    elif isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        number = _as_float(value)
    else:
        raise UnitError(value, allowed(dimension))
    if not math.isfinite(number):
        raise UnitError(value, "must be finite")
    return number


@contextlib.contextmanager
def few_units() -> Iterator[None]:
    """Refuse, inside, more different units than a case has."""
    token = _seen_units.set(set())
    try:
        yield
    finally:
        _seen_units.reset(token)


def allowed(dimension: str) -> str:
    """Say what `parse_quantity` takes: ``must be a pressure, e.g. "473 mmHg", or a number in Pa``."""
    si = DIMENSIONS[dimension]
    if not si.unit:
        return f"must be {si.noun}, e.g. {si.example}"
    return f'must be {si.noun}, e.g. "{si.example}", or a number in {si.unit}'


def convert(value: Value, dimension: str, unit: str) -> Value:
    """Express an SI value in another unit.

    Parameters
    ----------
    value : float or ndarray
        In the SI unit of ``dimension``.
    dimension : str
        A key of `DIMENSIONS`.
    unit : str
        For instance ``"mmHg"``.

    Returns
    -------
    float or ndarray
        Of the same shape.
    """
    known = FROM_SI.get(dimension, {}).get(unit)
    if known is not None:
        scale, offset = known
        return value * scale + offset  # type: ignore[return-value]
    si = DIMENSIONS[dimension]
    converted: Value = _registry().Quantity(value, _unit_of(si)).to(_readable(unit)).magnitude
    return converted


def format_quantity(value: float, dimension: str, unit: str | None = None, digits: int = 6) -> str:
    """Write a value with its unit, ``"473 mmHg"``; in SI if no ``unit`` is given."""
    shown = value if unit is None else float(convert(value, dimension, unit))
    return f"{shown:.{digits}g} {DIMENSIONS[dimension].unit if unit is None else unit}".rstrip()


def split_quantity(text: str) -> tuple[float, str] | None:
    """Split ``"473 mmHg"`` into its number and its unit, unread; None if there is no number in front."""
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    return None if match is None else (float(match[1]), match[2])


def quoted(value: object) -> str:
    """Write a refused value for a message, cut if it is long."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_INTEGER:
        return "a huge integer"
    if isinstance(value, str | int | float):
        return repr(value)[:_LONGEST_TEXT]
    return f"a {type(value).__name__}"


def _parse_text(text: str, dimension: str) -> float:
    si = DIMENSIONS[dimension]
    split = split_quantity(text)
    if split is None:
        raise UnitError(text, allowed(dimension))
    number, unit = split
    if not unit:
        if si.unit:
            raise UnitError(text, f"has no unit; {allowed(dimension)}")
        return number
    unit = _GROUP.sub(lambda match: "/" + "/".join(re.findall(_TERM, match[1])), unit)
    if not _UNIT.fullmatch(unit):
        raise UnitError(text, allowed(dimension))
    _count_unit(text, unit)
    unit = _readable(unit)
    scale, offset = TO_SI.get(dimension, {}).get(unit) or _to_si(unit, si)
    if scale is None:
        raise UnitError(text, allowed(dimension))
    return number * scale + offset


def _count_unit(text: str, unit: str) -> None:
    """Refuse what no table of units needs: Pint takes up to a millisecond for each that it has not seen."""
    seen = _seen_units.get()
    if seen is not None:
        seen.add(unit)
        if len(seen) > _MOST_UNITS:
            raise UnitError(text, f"is in one unit more than the {_MOST_UNITS} that a case may use")


@functools.lru_cache(maxsize=256)
def _to_si(unit: str, si: Dimension) -> tuple[float | None, float]:
    """Scale and offset from ``unit`` to SI; the scale is None if the two do not measure the same."""
    import pint

    ureg = _registry()
    try:
        parsed = ureg.Quantity(1.0, unit)
        target = _unit_of(si)
        if si == DIMENSIONS["permeability"] and parsed.check("[length]^3 [time]/[mass]"):
            # permeabilities are told in volumes of gas at 0 degC and 1 atm
            return float((parsed * ureg.Quantity(_MOLES_PER_STP_VOLUME, "mol/m^3")).to(target).magnitude), 0.0
        offset = float(ureg.Quantity(0.0, unit).to(target).magnitude)
        scale = float(parsed.to(target).magnitude) - offset
    except (pint.PintError, AttributeError, ValueError, TypeError, ArithmeticError):
        return None, 0.0
    is_temperature = si.noun == DIMENSIONS["temperature"].noun
    if is_temperature and any(name.startswith("delta_") for name, _ in parsed.unit_items()):
        return None, 0.0  # a difference, "22 delta_degC", is no temperature
    if offset != 0.0 and not is_temperature:
        return None, 0.0
    return scale, offset


@functools.cache
def _registry() -> Any:
    import pint

    ureg: Any = pint.UnitRegistry()
    # operators write "psia" and "lbm" to rule out gauge pressure and pound-force
    ureg.define("psia = psi")
    ureg.define("lbm = pound")
    ureg.define("mmhg = mmHg")
    ureg.define("@alias torr = Torr")
    # 1e-10 cm^3 of gas at 0 degC and 1 atm times cm per cm^2, s and cmHg
    ureg.define(f"barrer = {1e-10 * 1e-6 * _MOLES_PER_STP_VOLUME * 1e-2 / 1e-4 / 1333.22387415} mol/m/s/Pa")
    return ureg


def _readable(unit: str) -> str:
    return _PLAIN_POWER.sub(r"\1^\2", unit.replace("%", "percent").replace("·", "*"))


def _unit_of(si: Dimension) -> str:
    return si.unit or "dimensionless"


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf

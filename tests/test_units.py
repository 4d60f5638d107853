"""Units at the border, against the exact definitions of the units."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakflow.solver import units
from leakflow.solver._common_units import FROM_SI, TO_SI
from leakflow.solver.units import DIMENSIONS, UnitError, allowed, convert, format_quantity, parse_quantity

MMHG = 13595.1 * 9.80665e-3  # a millimetre of mercury by its definition
POUND = 0.45359237
INCH = 0.0254
PSI = POUND * 9.80665 / INCH**2


@pytest.mark.parametrize(
    "text, dimension, expected",
    [
        ("473 mmHg", "pressure", 473 * MMHG),
        ("760 torr", "pressure", 101325.0),
        ("14.2 psia", "pressure", 14.2 * PSI),
        ("1.01325 bar", "pressure", 101325.0),
        ("8 um", "length", 8e-6),
        ("8 µm", "length", 8e-6),
        ("0.2 mm", "length", 2e-4),
        (".1 inch", "length", 0.1 * INCH),
        ("2 mm^2", "area", 2e-6),
        ("2 mm²", "area", 2e-6),
        ("34700 ft^3", "volume", 34700 * (12 * INCH) ** 3),
        ("3.7 lb/day", "mass_flow", 3.7 * POUND / 86400),
        ("1.5 lbm/day", "mass_flow", 1.5 * POUND / 86400),
        ("1.7 kg/d", "mass_flow", 1.7 / 86400),
        ("2 lb", "mass", 2 * POUND),
        ("22 degC", "temperature", 295.15),
        ("-40 degF", "temperature", 233.15),
        ("295 K", "temperature", 295.0),
        ("2 K", "temperature_difference", 2.0),
        ("2 delta_degC", "temperature_difference", 2.0),
        ("18 h", "time", 64800.0),
        ("1.5 d", "time", 129600.0),
        ("1e-12 kg/s/Pa", "molecular_conductance", 1e-12),
        ("1e-16 m*s/Pa", "viscous_conductance", 1e-16),
        ("21 %", "dimensionless", 0.21),
        ("0.5", "dimensionless", 0.5),
        (" +1.5e-3  m^3 ", "volume", 1.5e-3),
    ],
)
def test_text_with_a_unit(text: str, dimension: str, expected: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("number", [0, -3, 7, 1.5, np.float64(2.5), np.int32(4)])
def test_a_number_is_si(number: float) -> None:
    assert parse_quantity(number, "volume") == float(number)


@pytest.mark.parametrize(
    "value, dimension",
    [
        ("5 kg", "pressure"),
        ("5 mmHg", "length"),
        ("5 lbf", "mass"),
        ("5 parsnips", "length"),
        ("2 degC", "temperature_difference"),
        ("mmHg", "pressure"),
        ("five m", "length"),
        ("", "length"),
        ("1 m + 1 m", "length"),
        ("1 m^9^9^9", "length"),
        ("1 m**(2)", "length"),
        ("1 __import__", "length"),
        ("1_000 m", "length"),
        ("٣ m", "length"),
        ("1 m\n2 m", "length"),
        ("9" * 200 + " m", "length"),
        (True, "dimensionless"),
        (None, "length"),
        ([1.0], "length"),
        (1j, "length"),
    ],
)
def test_what_is_no_quantity_is_refused(value: object, dimension: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(value, dimension)
    assert DIMENSIONS[dimension].noun in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "1e999 m", 10**400, pytest.param(16**10_000, id="huge")]
)
def test_what_is_not_finite_is_refused(value: object) -> None:
    with pytest.raises(UnitError, match="must be finite"):
        parse_quantity(value, "length")


def test_the_refusal_names_value_and_what_is_allowed() -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity("473 kg", "pressure")
    assert str(caught.value) == "'473 kg': must be a pressure, e.g. \"473 mmHg\", or a number in Pa"


def test_text_without_a_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="has no unit"):
        parse_quantity("473", "pressure")


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_example_of_every_dimension_is_allowed(dimension: str) -> None:
    example = DIMENSIONS[dimension].example
    assert example in allowed(dimension)
    assert parse_quantity(example, dimension) > 0.0


@settings(deadline=None)
@given(
    st.floats(1e-12, 1e12), st.sampled_from([("pressure", "mmHg"), ("mass_flow", "lb/day"), ("time", "d")])
)
def test_there_and_back(value: float, dimension_and_unit: tuple[str, str]) -> None:
    dimension, unit = dimension_and_unit
    there = convert(value, dimension, unit)
    assert parse_quantity(f"{there!r} {unit}", dimension) == pytest.approx(value, rel=1e-13)


def test_convert_keeps_the_shape() -> None:
    kelvin = np.array([[273.15, 295.15], [0.0, 373.15]])
    assert convert(kelvin, "temperature", "degC") == pytest.approx(kelvin - 273.15, abs=1e-12)


def test_format() -> None:
    assert format_quantity(473 * MMHG, "pressure", "mmHg") == "473 mmHg"
    assert format_quantity(0.25, "dimensionless") == "0.25"
    assert format_quantity(1e-5, "mass_flow", digits=3) == "1e-05 kg/s"


@pytest.mark.parametrize("unit", ["delta_degC", "delta_degF"])
def test_a_difference_is_no_temperature(unit):
    with pytest.raises(UnitError, match="must be a temperature"):
        parse_quantity(f"22 {unit}", "temperature")
    assert parse_quantity(f"18 {unit}", "temperature_difference") in (18.0, pytest.approx(10.0))


@pytest.mark.parametrize("text", ["5 mmHg", "5 mmhg", "5 Torr", "5 torr"])
def test_a_millimetre_of_mercury_however_written(text):
    assert parse_quantity(text, "pressure") == pytest.approx(5 * 133.322, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "value"),
    [  # a mole of an ideal gas at 0 degC and 1 atm has 22413.969 cm^3; a cmHg has 1333.224 Pa
        ("1 barrer", 1e-10 / 22413.969 * 1e2 / 1333.224),
        ("1e-10 cm^3 cm/(cm^2 s cmHg)", 1e-10 / 22413.969 * 1e2 / 1333.224),
        ("3 cm3 mm/(m2 day bar)", 3.0 / 22413.969 * 1e-3 / 86400.0 / 1e5),
        ("2 mol/(m s Pa)", 2.0),
        ("2 mol/m/s/Pa", 2.0),
        ("1 mol*mm/(cm^2*s*MPa)", 10.0 * 1e-6),
    ],
)
def test_permeabilities_in_moles_and_in_volumes(text: str, value: float) -> None:
    assert parse_quantity(text, "permeability") == pytest.approx(value, rel=1e-6, abs=0.0)


@pytest.mark.parametrize("text", ["1 mol/(m s Pa", "1 mol/((m s) Pa)", "1 mol/()", "1 m^3", "1 m^2/(m s Pa)"])
def test_what_is_no_permeability(text: str) -> None:
    with pytest.raises(UnitError, match="must be a permeability"):
        parse_quantity(text, "permeability")


# The units that need no Pint


def pairs(table):
    return [(dimension, unit) for dimension, of_it in table.items() for unit in of_it]


@pytest.mark.parametrize("dimension, unit", pairs(TO_SI))
def test_a_common_unit_is_to_the_bit_what_pint_makes_of_it(dimension, unit):
    assert TO_SI[dimension][unit] == units._to_si(unit, DIMENSIONS[dimension])


@pytest.mark.parametrize("dimension, unit", pairs(FROM_SI))
def test_numbers_are_shown_to_the_bit_as_pint_shows_them(dimension, unit):
    values = np.random.default_rng(7).lognormal(3.0, 4.0, 200)
    shown = units._registry().Quantity(values, DIMENSIONS[dimension].unit).to(unit).magnitude
    assert (convert(values, dimension, unit) == shown).all()
    assert convert(float(values[0]), dimension, unit) == shown[0]


def test_shipped_cases_are_read_without_pint():
    """Loading it takes as long as a run."""
    code = (
        "import sys; from leakflow.solver import list_cases, load_case; "
        "names = [name for name, _ in list_cases()]; [load_case(name) for name in names]; "
        "assert len(names) > 5; assert 'pint' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""Leak rates in other units, against definitions worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakflow.solver import convert_leak

GAS_CONSTANT = 8.31446261815324
N2, HE = 28.0134e-3, 4.002602e-3  # kg/mol
MMHG = 133.322387415
MOLES_OF_A_STANDARD_M3 = 101325.0 / (GAS_CONSTANT * 273.15)


@pytest.mark.parametrize(
    ("rate", "to", "conditions", "expected"),
    [
        ("1 kg/day", "kg/s", {}, 1.0 / 86400.0),
        ("1 lb/day", "kg/day", {}, 0.45359237),
        (1.0, "g/h", {}, 3.6e6),
        # a standard flow is an amount of gas: a mass by the molar mass, whatever the temperature
        ("1 sccm", "kg/s", {"gas": "N2"}, 1e-6 / 60.0 * MOLES_OF_A_STANDARD_M3 * N2),
        ("1 sccm", "kg/s", {"gas": "He", "temperature": 400}, 1e-6 / 60.0 * MOLES_OF_A_STANDARD_M3 * HE),
        ("1 standard cm3/s", "sccm", {}, 60.0),
        ("1 std cm^3/s", "sccs", {}, 1.0),
        ("1 slm", "scc/min", {}, 1000.0),
        ("1 slpm", "scc/s", {}, 1000.0 / 60.0),
        # counted at 20 degC, a cubic centimetre holds less
        ("1 sccm", "kg/s", {"gas": "N2", "reference_temperature": "20 degC"},
         1e-6 / 60.0 * 101325.0 / (GAS_CONSTANT * 293.15) * N2),
        ("1 sccm", "kg/s", {"gas": "N2", "reference_pressure": "1 bar"},
         1e-6 / 60.0 * 1e5 / (GAS_CONSTANT * 273.15) * N2),
        # a throughput is an amount of gas at a temperature
        ("1 Pa m3/s", "kg/s", {"gas": "N2"}, N2 / (GAS_CONSTANT * 293.15)),
        ("1 Pa m3/s", "kg/s", {"gas": "N2", "temperature": "0 degC"}, N2 / (GAS_CONSTANT * 273.15)),
        ("1 mbar L/s", "Pa m^3/s", {}, 0.1),
        ("1 mbar·l/s", "Pa*m³/s", {}, 0.1),
        ("1 L mbar/s", "Pa.m3/s", {}, 0.1),
        ("1 Torr L/s", "Pa m3/s", {}, 101.325 / 760.0),
        ("1 atm cc/s", "mbar L/s", {}, 1.01325),
        ("1 sccm", "Pa m3/s", {"temperature": 273.15}, 101325e-6 / 60.0),
        ("1 sccm", "Pa m3/s", {"temperature": 293.15}, 101325e-6 / 60.0 * 293.15 / 273.15),
        # a pressure rate, in its volume
        ("1 mmHg/day", "kg/day", {"gas": "N2", "volume": "916 m3"},
         MMHG * 916.0 * N2 / GAS_CONSTANT / 293.15),
        ("1 mmHg/day", "Pa m3/s", {"volume": 2.0}, MMHG * 2.0 / 86400.0),
        ("1 mmHg/h", "mmHg/day", {"volume": 7.0}, 24.0),
        ("1 Pa m3/s", "Pa/s", {"volume": 4.0}, 0.25),
        ("-2 kg/day", "g/h", {}, -2000.0 / 24.0),
        (0.0, "sccm", {}, 0.0),
    ],
)  # fmt: skip
def test_against_the_definition(rate, to, conditions, expected):
    assert convert_leak(rate, to, **conditions) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_a_table_of_vacuum_technology():
    """1 Torr L/s at 0 degC is 78.9 sccm and 1.33 mbar L/s, as such tables have it."""
    cold = {"temperature": "0 degC", "gas": "N2"}
    assert convert_leak("1 Torr L/s", "sccm", **cold) == pytest.approx(78.9, abs=0.06)
    assert convert_leak("1 Torr L/s", "mbar L/s", **cold) == pytest.approx(1.33, abs=0.005)
    assert convert_leak("1 mbar L/s", "sccm", **cold) == pytest.approx(59.2, abs=0.05)


UNITS = st.sampled_from(
    ["kg/day", "lb/day", "g/h", "Pa m3/s", "mbar L/s", "sccm", "slm", "standard ft3/h", "mmHg/day", "psi/h"]
)


@settings(deadline=None, max_examples=100)
@given(
    value=st.floats(1e-9, 1e9), first=UNITS, second=UNITS, gas=st.sampled_from(["air", "He", "H2O"]),
    temperature=st.floats(150.0, 500.0), volume=st.floats(1e-3, 1e3),
)  # fmt: skip
def test_there_and_back(value, first, second, gas, temperature, volume):
    conditions = {"gas": gas, "temperature": temperature, "volume": volume}
    there = convert_leak(f"{value!r} {first}", second, **conditions)
    assert there > 0.0
    back = convert_leak(f"{there!r} {second}", first, **conditions)
    assert back == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    ("rate", "to", "conditions", "message"),
    [
        ("5", "sccm", {}, "rate = '5': must be a leak rate"),
        ("5 W", "sccm", {}, "rate = '5 W': must be a leak rate"),
        ("5 L/s", "sccm", {}, "rate = '5 L/s': must be a leak rate"),
        ("5 standard kg/s", "sccm", {}, "rate = '5 standard kg/s': must be a leak rate"),
        ("5 mbar L", "sccm", {}, "rate = '5 mbar L': must be a leak rate"),
        ("many sccm", "sccm", {}, "rate = 'many sccm': must be a leak rate"),
        ("1e999 sccm", "sccm", {}, "rate = '1e999 sccm': must be a leak rate"),
        (True, "sccm", {}, "rate = True: must be a leak rate"),
        (math.inf, "sccm", {}, "rate = inf: must be a leak rate"),
        ("5 sccm", "furlong", {}, "to = 'furlong': must be a leak rate"),
        ("5 sccm", "", {}, "to = '': must be a leak rate"),
        ("5 sccm", "mmHg/h", {}, "to = 'mmHg/h': a pressure rate needs the one volume that loses it"),
        ("5 sccm", "kg/s", {"temperature": "22"}, "temperature = '22': has no unit"),
        ("5 sccm", "kg/s", {"reference_temperature": 0}, "reference_temperature = 0: must be from 150 to"),
        ("5 sccm", "kg/s", {"reference_pressure": "1 m"}, "reference_pressure = '1 m': must be a pressure"),
        ("5 sccm", "kg/s", {"reference_pressure": 1e-320}, "reference_pressure = 1e-320: must be from 1 to"),
        ("1 Pa/s", "kg/s", {"volume": 1e308}, "volume = 1e+308: must be from 1e-09 to 1000000000 m^3"),
        ("1e308 kg/s", "mg/day", {}, "to = 'mg/day': the rate of 1e+308 kg/s is too large a number of that"),
        ("5 sccm", "kg/s", {"volume": "1 L/s"}, "volume = '1 L/s': must be a volume"),
        ("5 sccm", "kg/s", {"gas": "air\nHe"}, "gas = 'air\\nHe': must be"),
    ],
)
def test_bad_arguments_are_one_line(rate, to, conditions, message):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        convert_leak(rate, to, **conditions)
    assert str(caught.value).startswith(message)

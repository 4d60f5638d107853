"""Numbers of a case: constants and distributions, what they may hold, and what they write."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakflow.solver.errors import FaultsError
from leakflow.solver.numbers import (
    Constant,
    Distribution,
    Quantity,
    parse_fixed,
    parse_number,
    support,
    to_plain,
)

LENGTH = Quantity("length", above=0.0)
POPULATION = Quantity("length", above=0.0, population=True)
FRACTION = Quantity("dimensionless", minimum=0.0, maximum=1.0)
TEMPERATURE = Quantity("temperature", minimum=200.0, maximum=500.0)


def faults_of(value: object, quantity: Quantity = LENGTH) -> dict[tuple[str | int, ...], str]:
    with pytest.raises(FaultsError) as caught:
        parse_number(value, quantity)
    return {fault.key: fault.text for fault in caught.value.faults}


def args_of(value: dict[str, Any], quantity: Quantity = LENGTH) -> dict[str, float]:
    number = parse_number(value, quantity)
    assert isinstance(number, Distribution)
    assert all(isinstance(arg, Constant) for arg in number.args.values())
    return {key: arg.value for key, arg in number.args.items() if isinstance(arg, Constant)}


def test_constants() -> None:
    assert parse_number("8 um", LENGTH) == Constant(8e-6)
    assert parse_number(8e-6, LENGTH) == Constant(8e-6)
    assert parse_number({"dist": "constant", "value": "8 um"}, LENGTH) == Constant(8e-6)
    assert parse_number({"dist": "constant", "value": 1.0, "name": "h"}, LENGTH) == Constant(1.0, "h")


@pytest.mark.parametrize(
    "table, expected",
    [
        ({"dist": "uniform", "low": "4 um", "high": "7 um"}, {"low": 4e-6, "high": 7e-6}),
        ({"dist": "loguniform", "low": "4 um", "high": "7 um"}, {"low": 4e-6, "high": 7e-6}),
        ({"dist": "normal", "mean": "1 mm", "sd": "1 um"}, {"mean": 1e-3, "sd": 1e-6}),
        (
            {"dist": "truncated-normal", "mean": "-1 mm", "sd": "1 um", "low": 0, "high": 1},
            {"mean": -1e-3, "sd": 1e-6, "low": 0.0, "high": 1.0},
        ),
        ({"dist": "lognormal", "median": "5 um", "sigma": 0.5}, {"median": 5e-6, "sigma": 0.5}),
        (
            {"dist": "triangular", "low": "1 um", "mode": "1 um", "high": "3 um"},
            {"low": 1e-6, "mode": 1e-6, "high": 3e-6},
        ),
        ({"dist": "weibull", "shape": 2, "scale": "5 um"}, {"shape": 2.0, "scale": 5e-6}),
    ],
)
def test_every_kind_in_si(table: dict[str, Any], expected: dict[str, float]) -> None:
    assert args_of(table) == pytest.approx(expected, rel=1e-14)


def test_choice() -> None:
    number = parse_number(
        {"dist": "choice", "values": ["1 mm", 2e-3], "weights": [1, 3], "name": "d"}, LENGTH
    )
    assert number == Distribution("choice", {}, "d", "sample", (1e-3, 2e-3), (1.0, 3.0))
    assert faults_of({"dist": "choice"}) == {("values",): "must be a list of 1 to 10000 numbers"}
    assert faults_of({"dist": "choice", "values": [1, -1]}) == {("values", 1): "must be greater than 0 m"}
    assert ("weights",) in faults_of({"dist": "choice", "values": [1, 2], "weights": [1]})
    assert ("weights",) in faults_of({"dist": "choice", "values": [1, 2], "weights": [0, 0]})
    for wrong in ([-1, 2], [-1, 1]):  # and not a second fault over the sum of what could not be read
        found = faults_of({"dist": "choice", "values": [1, 2], "weights": wrong})
        assert found == {("weights", 0): "must be at least 0"}


def test_a_temperature_spreads_in_kelvin() -> None:
    table = {"dist": "normal", "mean": "22 degC", "sd": "2 K"}
    assert args_of(table, TEMPERATURE) == {"mean": 295.15, "sd": 2.0}
    assert ("sd",) in faults_of(table | {"sd": "2 degC"}, TEMPERATURE)


@pytest.mark.parametrize(
    "table, key",
    [
        ({"dist": "uniform", "low": 2, "high": 1}, "high"),
        ({"dist": "uniform", "low": 1, "high": 1}, "high"),
        ({"dist": "uniform", "low": -1, "high": 1}, "low"),
        ({"dist": "uniform", "low": 1}, "high"),
        ({"dist": "uniform", "low": 1, "high": 2, "mode": 1}, "mode"),
        ({"dist": "loguniform", "low": 0, "high": 1}, "low"),
        ({"dist": "normal", "mean": 1, "sd": 0}, "sd"),
        ({"dist": "normal", "mean": 1, "sd": "1 kg"}, "sd"),
        ({"dist": "lognormal", "median": 0, "sigma": 1}, "median"),
        ({"dist": "lognormal", "median": 1, "sigma": 0}, "sigma"),
        ({"dist": "lognormal", "median": 1, "sigma": "1 um"}, "sigma"),
        ({"dist": "triangular", "low": 1, "mode": 4, "high": 3}, "mode"),
        ({"dist": "triangular", "low": 3, "mode": 3, "high": 3}, "high"),
        ({"dist": "truncated-normal", "mean": 1, "sd": 1, "low": 2, "high": 1}, "high"),
        ({"dist": "weibull", "shape": 0, "scale": 1}, "shape"),
        ({"dist": "weibull", "shape": 1, "scale": math.nan}, "scale"),
        ({"dist": "gaussian", "mean": 1, "sd": 1}, "dist"),
        ({"dist": 3}, "dist"),
        ({"dist": "uniform", "low": 1, "high": 2, "name": "9 lives"}, "name"),
        ({"dist": "uniform", "low": 1, "high": 2, "name": "status"}, "name"),
        ({"dist": "uniform", "low": 1, "high": 2, "per": "crack"}, "per"),
        ({"dist": "uniform", "low": 1, "high": 2, "per": "day"}, "per"),
    ],
)
def test_a_fault_is_named_by_its_key(table: dict[str, Any], key: str) -> None:
    assert list(faults_of(table)) == [(key,)]


def test_all_faults_at_once() -> None:
    found = faults_of({"dist": "lognormal", "median": -1, "sigma": 0, "name": "", "colour": "red"})
    assert set(found) == {("median",), ("sigma",), ("name",), ("colour",)}


def test_the_range_holds_for_a_distribution_too() -> None:
    assert faults_of(1.5, FRACTION) == {(): "must be from 0 to 1"}
    assert faults_of({"dist": "uniform", "low": 0, "high": 1.5}, FRACTION) == {
        ("high",): "must be from 0 to 1"
    }
    assert faults_of(0, LENGTH) == {(): "must be greater than 0 m"}
    # a distribution never gives its open end, so it may start there
    assert args_of({"dist": "uniform", "low": 0, "high": 1})["low"] == 0.0


def test_per_crack_is_the_default_of_a_population_only() -> None:
    table = {"dist": "uniform", "low": 1, "high": 2}
    assert parse_number(table, LENGTH).per == "sample"  # type: ignore[union-attr]
    assert parse_number(table, POPULATION).per == "crack"  # type: ignore[union-attr]
    assert parse_number(table | {"per": "sample"}, POPULATION).per == "sample"  # type: ignore[union-attr]


def test_arguments_of_a_population_may_be_random() -> None:
    median = {"dist": "loguniform", "low": "4 um", "high": "9 um", "name": "m"}
    table = {"dist": "lognormal", "median": median, "sigma": 0.5}
    inner = Distribution("loguniform", {"low": Constant(4e-6), "high": Constant(9e-6)}, "m", "sample")
    expected = Distribution("lognormal", {"median": inner, "sigma": Constant(0.5)}, None, "crack")
    assert parse_number(table, POPULATION) == expected
    for refused, quantity in ((table, LENGTH), (table | {"per": "sample"}, POPULATION)):
        assert list(faults_of(refused, quantity)) == [("median",)]
    deeper = table | {"median": {"dist": "lognormal", "median": median, "sigma": 1}}
    assert list(faults_of(deeper, POPULATION)) == [("median", "median")]


def test_fixed_numbers_and_words() -> None:
    assert parse_fixed("1 mm", LENGTH) == 1e-3
    with pytest.raises(FaultsError, match="not a distribution"):
        parse_fixed({"dist": "uniform", "low": 1, "high": 2}, LENGTH)


def test_support() -> None:
    assert support(Constant(3.0)) == (3.0, 3.0)
    assert support(parse_number({"dist": "triangular", "low": 1, "mode": 2, "high": 3}, LENGTH)) == (1.0, 3.0)
    assert support(parse_number({"dist": "choice", "values": [5, 2, 9]}, LENGTH)) == (2.0, 9.0)
    assert support(parse_number({"dist": "weibull", "shape": 2, "scale": 1}, LENGTH)) == (0.0, math.inf)
    assert support(parse_number({"dist": "normal", "mean": 2, "sd": 1}, LENGTH)) == (-math.inf, math.inf)


positive = st.floats(1e-9, 1e9)
tables = st.one_of(
    st.tuples(positive, positive, st.sampled_from(["uniform", "loguniform"])).map(
        lambda t: {"dist": t[2], "low": min(t[:2]), "high": 2 * max(t[:2])}
    ),
    st.tuples(positive, positive).map(lambda t: {"dist": "lognormal", "median": t[0], "sigma": t[1]}),
    st.tuples(positive, positive).map(lambda t: {"dist": "weibull", "shape": t[0], "scale": t[1]}),
    st.lists(positive, min_size=1, max_size=5).map(lambda v: {"dist": "choice", "values": v, "weights": v}),
    positive,
)


@settings(deadline=None)
@given(tables, st.sampled_from([LENGTH, POPULATION]))
def test_written_and_read_again(table: object, quantity: Quantity) -> None:
    number = parse_number(table, quantity)
    assert parse_number(to_plain(number), quantity) == number
    if isinstance(table, dict):
        plain = to_plain(number)
        assert isinstance(plain, dict)
        assert {key: plain[key] for key in table} == table

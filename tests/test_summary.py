"""What is shown of a sweep: quantiles by hand, units by their definitions."""

import io
import math

import numpy as np
import pytest

from leakflow.solver import Results, Variable, summarise, sweep
from leakflow.solver.console import show_summary, terminal


def results(status=(0, 0, 0, 0), **outputs):
    """Make results of four samples; outputs are given as (data, units)."""
    variables = {
        name: Variable(name, np.array(data, float), units, name, "output")
        for name, (data, units) in outputs.items()
    }
    attributes = {"title": "t", "source": "s", "history": "h", "campaign_id": "c"}
    return Results(np.arange(len(status)), np.array(status, np.int8), variables, attributes=attributes)


def test_quantiles_and_units():
    summary = summarise(results(leak_rate_mean=([1e-6, 2e-6, 3e-6, 4e-6], "kg s-1")))
    kg, lb = summary.rows
    assert (kg.unit, lb.unit) == ("kg/day", "lb/day")
    assert kg.median == pytest.approx(2.5e-6 * 86400.0)
    assert lb.median == pytest.approx(2.5e-6 * 86400.0 / 0.45359237)
    assert kg.low == pytest.approx(1.15e-6 * 86400.0)
    assert kg.high == pytest.approx(3.85e-6 * 86400.0)


@pytest.mark.parametrize(
    ("units", "value", "unit", "shown"),
    [
        ("Pa", 133.322387415, "mmHg", 1.0),
        ("Pa s-1", 133.322387415 / 3600.0, "mmHg/h", 1.0),
        ("m", 2e-4, "mm", 0.2),
        ("m", 1e-4, "mm", 0.1),
        ("m", 9.9e-5, "um", 99.0),
        ("m", 0.0, "mm", 0.0),
        ("s", 43200.0, "day", 0.5),
        ("kg", 3.0, "kg", 3.0),
        ("1", 0.25, "", 0.25),
    ],
)
def test_each_unit_is_shown_in_the_operators(units, value, unit, shown):
    (row,) = summarise(results(x=([value] * 4, units))).rows
    assert row.unit == unit
    assert row.median == pytest.approx(shown, rel=1e-9)


def test_failed_samples_are_left_out_and_counted():
    summary = summarise(results(status=(0, 3, 1, 3), mass_lost=([5.0, math.nan, math.nan, math.nan], "kg")))
    assert (summary.samples, summary.failed) == (4, 3)
    assert summary.reasons == {"step_limit": 1, "impossible_geometry": 2}
    assert summary.rows[0].median == 5.0


def test_a_threshold_never_reached_is_never_not_missing():
    nan = math.nan
    (row,) = summarise(results(time_to_x=([86400.0, nan, nan, nan], "s"))).rows
    assert row.low == pytest.approx(1.0)
    assert row.median == math.inf
    assert row.missing == 0.75
    assert summarise(results(time_to_x=([1.0, nan, nan, nan], "s"))).to_dict()["rows"][0]["median"] is None


def test_without_a_good_sample_there_is_nothing_to_show():
    summary = summarise(results(status=(1, 1, 1, 1), mass_lost=([math.nan] * 4, "kg")))
    assert summary.rows == ()
    assert summary.receipt is None


def test_the_record_stands_beside_the_samples():
    swept = sweep("prk-july-2021", samples=60)
    summary = summarise(swept)
    first = summary.record[0]
    assert (first.volume, first.time, first.measured) == ("tunnel", pytest.approx(6.0), pytest.approx(273.0))
    pressures = swept["pressure_tunnel_record_1"] / 133.322387415
    assert first.median == pytest.approx(np.median(pressures))
    assert first.near == np.mean(abs(swept["record_deviation_1"]) <= 2.0)
    assert summary.record_near == np.mean(swept["record_misfit"] < 2.0)
    assert summary.receipt.steps_most == swept["steps"].max()


def test_it_says_how_many_lack_a_value():
    """Of a time there is no need: where it is not reached it is shown as never."""
    nan = math.nan
    found = results(
        temperature_final_t=([300.0, nan, nan, 310.0], "K"), time_to_low=([nan, 1.0, 2.0, 3.0], "s")
    )
    screen = terminal()
    screen.file = io.StringIO()
    show_summary(screen, summarise(found))
    said = [line for line in screen.file.getvalue().splitlines() if "good samples" in line]
    assert said == ["temperature_final_t: 50.0% of the good samples have none, and are left aside"]

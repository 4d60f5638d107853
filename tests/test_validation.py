"""The validation: its closed forms by another road, its verdicts, its events by hand, and its command."""

from __future__ import annotations

import dataclasses
import errno
import math
import os
from pathlib import Path

import naive
import numpy as np
import pytest
from reference import rows
from scipy.integrate import quad, solve_ivp
from typer.testing import CliRunner

from leakflow.kernels import crack
from leakflow.solver import crack_flow, list_cases, load_case
from leakflow.solver.cli import app
from leakflow.solver.validation import command, events_station, exact, table_checks
from leakflow.solver.validation.report import Check, Prediction, interval

MMHG = 133.322387415
AIR = {"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}
R, _, GAMMA = naive.gas_properties(AIR, 295.15)
SPEED = naive.choked_flow_function(GAMMA) * math.sqrt(R * 295.15)  # choked volume flow of an area, m/s


@pytest.fixture(scope="module")
def found():
    return command.validate(quick=True)


def prediction(found, title, what):
    (event,) = [event for event in found.events if event.title.startswith(title)]
    return next(prediction for prediction in event.predictions if prediction.what.startswith(what))


# The closed forms


@pytest.mark.parametrize("ratio", [0.9, 0.3, 0.01])
def test_adiabatic_time_is_the_integral_of_the_rate(ratio):
    """``dp/dt = -gamma p sqrt(T/T0)/tau`` with ``T = T0 p^((gamma - 1)/gamma)``."""
    expected, _ = quad(lambda p: 1.0 / (GAMMA * p ** (1.0 + (GAMMA - 1.0) / (2.0 * GAMMA))), ratio, 1.0)
    assert exact.adiabatic_time(ratio, GAMMA) == pytest.approx(expected, rel=1e-9)


def test_time_of_fall_of_a_choked_and_a_quadratic_decay():
    pressures = np.array([9e4, 5e4, 1e3])
    np.testing.assert_allclose(
        exact.time_of_fall(lambda p: 0.02 * p, 1e5, pressures), np.log(1e5 / pressures) / 0.02, rtol=1e-12
    )
    np.testing.assert_allclose(
        exact.time_of_fall(lambda p: 3e-9 * p * p, 1e5, pressures, (2e4,)),
        (1.0 / pressures - 1e-5) / 3e-9,
        rtol=1e-12,
    )


def test_equalised_difference_solves_its_equation():
    linear, square, start = 0.3, -1.5e-6, 8e4
    times = np.linspace(0.0, 10.0, 11)
    solved = solve_ivp(
        lambda t, D: -(linear + square * D) * D, (0.0, 10.0), [start], t_eval=times, rtol=1e-11, atol=1e-8
    )
    np.testing.assert_allclose(
        exact.equalised_difference(times, start, linear, square), solved.y[0], rtol=1e-8
    )


def test_fanno_flow_is_that_of_the_table():
    points = [row for row in rows("fanno_isothermal", "gamma", "M", "fL_D", "massflow_fn") if row[0] == 1.4]
    flow, friction = exact.fanno_blowdown(np.array([M for _, M, *_ in points]), 1.4)
    np.testing.assert_allclose(flow, [g for *_, g in points], rtol=1e-12)
    np.testing.assert_allclose(friction, [N * g for *_, N, g in points], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("r", [0.0, 0.4, 0.5283, 0.8, 0.99])
def test_flow_function_is_the_oracles(r):
    assert float(exact.flow_function(r, 1.4)) == pytest.approx(naive.flow_function(r, 1.4), rel=1e-13)


# Checks and verdicts


@pytest.mark.parametrize(
    "error, bound, holds",
    [
        (1.84, "1.8", True), (1.86, "1.8", False), (5.2, "5", True), (5.6, "5", False), (1e-9, "1e-8", True),
        (1.01e-8, "1e-8", False), (math.nan, "1.8", False), (math.nan, "1e-8", False), (99.0, "", True),
    ],
)  # fmt: skip
def test_a_check_holds_to_the_digits_of_its_bound(error, bound, holds):
    assert Check("name", "source", {"largest": (error, bound)}).holds is holds


@pytest.mark.parametrize(
    "observed, verdict",
    [
        ((2.0, 2.0), "inside"),
        ((0.5, 2.0), "in part"),
        ((0.5, 0.9), "MISS"),
        ((3.1, 9.0), "MISS"),
        (None, "not observed"),
    ],
)
def test_verdict(observed, verdict):
    assert Prediction("what", (1.0, 2.0, 3.0), observed, "Pa").verdict == verdict


def test_what_chose_the_samples_is_no_test():
    kinds = ("prediction", "given another reading", "informed", "explains")
    found = [Prediction("what", (1.0, 2.0, 3.0), (2.0, 2.0), "Pa", kind).is_test for kind in kinds]
    assert found == [True, True, False, False]
    assert not Prediction("what", (1.0, 2.0, 3.0), None, "Pa").is_test


def test_interval_leaves_out_what_never_came():
    values = np.append(np.linspace(0.0, 100.0, 101), [math.nan, math.inf])
    assert interval(values) == pytest.approx((5.0, 50.0, 95.0))
    with pytest.raises(ValueError, match="no values"):
        interval([math.nan])


def test_every_table_is_compared_with():
    assert table_checks.unused_tables(table_checks.table_checks()) == []


def test_a_wrong_law_breaks_the_checks(monkeypatch):
    right = crack.crack_flow
    monkeypatch.setattr(table_checks.crack, "crack_flow", lambda *arguments: 1.05 * right(*arguments))
    broken = {check.name for check in table_checks.table_checks() if not check.holds}
    assert {"sharp slit, exact", "free molecules into vacuum", "laminar choked slot, exact Fanno"} <= broken
    assert "orifice, flow function" not in broken


# The run


def test_all_checks_hold(found):
    assert found.broken == ()
    assert len(found.tables) >= 26
    assert len(found.cases) >= 29


def test_events_name_cases_that_ship(found):
    shipped = {name for name, _ in list_cases()}
    named = [event.case for event in found.events if event.case]
    assert set(named) <= shipped
    for name in named:
        case = load_case(name)
        assert len(case.sources) >= 3
        assert all(word in case.description for word in ("Measured", "Assumed", "Trust"))
    assert all(event.unknown and (event.case or event.sources) for event in found.events)


def test_the_drilled_hole_by_hand(found):
    """2 mm and 1.5 mm, coefficient 0.61 to 0.9, 916 to 950 m3, 730 to 755 mmHg: the extremes bound all."""
    for what, diameter in (("rate of fall, 2 mm", 2e-3), ("rate of fall, 1.5 mm", 1.5e-3)):
        low, median, high = prediction(found, "Soyuz MS-09", what).predicted
        fastest = math.pi / 4.0 * diameter**2 * SPEED / 916.0 * 755.0 * 3600.0 * 0.9
        assert fastest * 1.003 > high > 0.85 * fastest  # 24 degC make 0.3 % more than 22 degC
        assert low > fastest * 0.61 / 0.9 * 916.0 / 950.0 * 730.0 / 755.0
        assert median == pytest.approx(0.8 * fastest, rel=0.06)


def test_mir_and_spektr_by_hand(found):
    """Both falls are exponential: one area for the complex, then for Spektr alone, and one clock."""
    low, _, high = prediction(found, "Mir and Spektr", "area times").predicted
    areas = [
        1e4 * ((Mir + Spektr) * math.log(750.0 / 675.0) + Spektr * math.log(675.0 / 480.0)) / (SPEED * clock)
        for Mir, Spektr, clock in ((400.0, 50.0, 18 * 60.0), (480.0, 65.0, 10 * 60.0))
    ]
    assert areas[0] * 0.97 < low < high < areas[1] * 1.03
    shut = prediction(found, "Mir and Spektr", "hatch shut").predicted
    assert 10.0 * 0.6 < shut[0] < shut[2] < 18.0 * 0.8


def test_soyuz_11_by_hand(found):
    low, _, high = prediction(found, "Soyuz 11", "diameter of the valve").predicted
    smallest, largest = (
        1e3 * math.sqrt(4.0 / math.pi * V * math.log(915.0 / 50.0) / (SPEED * 113.0 * coefficient))
        for V, coefficient in ((2.5, 0.9), (4.0, 0.61))
    )
    assert smallest * 0.98 < low < high < largest * 1.02
    at_45_s = prediction(found, "Soyuz 11", "pressure 45 s").predicted[1]
    assert at_45_s == pytest.approx(915.0 * (50.0 / 915.0) ** (45.0 / 113.0), rel=0.05)


def test_soyuz_11_adiabatic_by_hand(found):
    """``T`` falls like ``1 + (gamma - 1)/2 t/tau`` to the power -2, the pressure with it isentropically."""
    power = 2.0 * GAMMA / (GAMMA - 1.0)
    slope = ((915.0 / 50.0) ** (1.0 / power) - 1.0) / 113.0  # of that sum, 1/s
    event = next(event for event in found.events if event.title.startswith("Soyuz 11"))
    diameter, at_45_s = (p.predicted for p in event.predictions if p.what == "the same, adiabatic")
    assert at_45_s[1] == pytest.approx(915.0 * (1.0 + 45.0 * slope) ** -power, rel=0.05)
    smallest, largest = (
        1e3 * math.sqrt(4.0 / math.pi * V * 2.0 * slope / ((GAMMA - 1.0) * SPEED * coefficient))
        for V, coefficient in ((2.5, 0.9), (4.0, 0.61))
    )
    assert smallest * 0.98 < diameter[0] < diameter[2] < largest * 1.02


def test_the_window_hose_by_hand(found):
    """Two choked orifices in series: the pressures between go as the areas."""
    bare = prediction(found, "The window hose", "fall in a day through").predicted
    start = 14.2 * 6894.757 / MMHG
    for V, coefficient, side in ((350.0, 0.9, 2), (500.0, 0.61, 0)):
        rate = coefficient * math.pi / 4.0 * 2.54e-3**2 * SPEED / V
        extreme = start * -math.expm1(-rate * 86400.0)
        assert bare[side] < extreme * 1.01 if side == 2 else bare[side] > extreme * 0.98
    restriction = prediction(found, "The window hose", "restriction").predicted
    assert 0.15 < restriction[0] < restriction[2] < 0.5


def test_equivalent_openings_leak_what_they_should():
    rates = np.array([0.01, 0.3, 1.7, 10.0])
    openings = events_station.equivalent_opening(rates)
    flows = crack_flow("air", 295.15, 735.0 * MMHG, 0.0, openings, 0.01, 0.003) * 86400.0
    np.testing.assert_allclose(flows, rates, rtol=1e-10)
    areas = math.pi / 4.0 * events_station.equivalent_diameter(rates) ** 2
    np.testing.assert_allclose(areas * SPEED * 735.0 * MMHG / (R * 295.15) * 86400.0, rates, rtol=1e-9)


def test_the_false_alarm_by_hand(found):
    """Half a day of 15 lb/day less 1.4 kg/day, in kilograms and then in kelvins."""
    T = 273.15 + 24.0
    low, _, high = prediction(found, "The false alarm", "mass that").predicted
    per_kelvin = [p * MMHG * V / (R * T * T) for p, V in ((730.0, 916.0), (755.0, 950.0))]
    assert per_kelvin[0] < low < high < per_kelvin[1]
    low, median, high = prediction(found, "The false alarm", "cooling").predicted
    assert median == pytest.approx(0.5 * (15.0 * 0.45359237 - 1.4) / np.mean(per_kelvin), rel=0.05)
    assert 0.8 * median < low < high < 1.2 * median
    tunnel = prediction(found, "The false alarm", "the same in the shut tunnel").predicted
    assert tunnel[1] == pytest.approx(1e3 * 735.0 * MMHG * 5.5 / (R * 295.15**2), rel=1e-6)
    leak = prediction(found, "The false alarm", "leak that p/T tells").predicted
    assert 1.28 < leak[0] < leak[2] < 1.52  # what was put in, 1.3 to 1.5 over the range of pressures


def test_nitrogen_tells_what_the_pressure_hides(found):
    """Three people take 2.52 kg of oxygen a day, which is made again and makes no leak."""
    title = "Station, January to April 2003"
    low, _, high = prediction(found, title, "leak that the nitrogen tells").predicted
    assert 0.99 < low < high < 1.01
    low, _, high = prediction(found, title, "leak that the total pressure tells with").predicted
    assert 2.4 / 0.13 < low < high < 2.8 / 0.03
    # choked loss of 0.03 to 0.13 kg/day for 85 days, of the nitrogen its share
    low, _, high = prediction(found, title, "fall of the nitrogen").predicted
    per_kg = R * 295.15 / MMHG
    assert 0.77 * 0.03 * 85.0 * per_kg / 500.0 < low < high < 0.77 * 0.13 * 85.0 * per_kg / 350.0


def test_the_saw_tooth_of_the_tunnel(found):
    """Each fill puts 50 mmHg into 4 to 7 m3."""
    title = "Tunnel, from May 2026"
    fills = prediction(found, title, "fills in 30 days").predicted
    added = prediction(found, title, "gas added").predicted
    a_fill = [50.0 * MMHG * V / (R * 295.15) for V in (4.0, 7.0)]
    for some, gas in zip(fills, added, strict=True):
        assert a_fill[0] * 0.8 < gas * 30.0 / some < a_fill[1] * 1.2
    leak = prediction(found, title, "leak").predicted[1]
    assert leak == pytest.approx(added[1], rel=0.1)


# The report and the command


def test_report_and_figures(found, tmp_path):
    path = command.write_report(found, tmp_path / "report.md")
    text = path.read_text(encoding="utf-8")
    assert all(check.name in text for check in (*found.tables, *found.cases))
    assert all(
        event.title in text and event.unknown[:40] in text.replace("\n", " ") for event in found.events
    )
    assert "checks hold" in text
    pictures = sorted((tmp_path / "report").iterdir())
    assert [picture.name for picture in pictures] == [
        "curves.png",
        "predictions.png",
        "tables.png",
        "totals.png",
    ]
    assert all(f"(report/{picture.name})" in text for picture in pictures)
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert sum(picture.stat().st_size for picture in pictures) < 600_000


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 4, "cannot be written: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was kept"),
    ],
)
def test_a_report_that_cannot_be_finished_leaves_the_old_one(found, tmp_path, monkeypatch, error, code, line):
    (tmp_path / "report").mkdir()
    old = {"report.md": b"old", "report/tables.png": b"old picture", "report/mine.txt": b"beside it"}
    for name, content in old.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr("leakflow.solver.validation.validate", lambda **options: found)
    write, calls = os.write, []

    def fill_up(descriptor, data):
        calls.append(len(data))
        if len(calls) == 4 and len(data) > 1:
            write(descriptor, data[:100])
            raise error
        return write(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fill_up)
        result = CliRunner().invoke(app, ["validate", "--out", str(tmp_path / "report.md"), "--quiet"])
    assert len(calls) >= 4
    assert result.exit_code == code
    assert result.stderr.strip().endswith(line)
    assert result.stderr.count("\n") == 1
    there = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert {str(path.relative_to(tmp_path)): path.read_bytes() for path in there} == old


def test_the_document_has_every_check_and_event(found):
    """What stands in docs/ was written by the checks and events that there are."""
    text = (Path(__file__).parent.parent / "docs" / "validation.md").read_text(encoding="utf-8")
    names = [check.name for check in (*found.tables, *found.cases)] + [event.title for event in found.events]
    assert [name for name in names if name not in text] == []
    assert "broken" not in text.partition("## Tables")[2]


def test_command(found, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "validate", lambda **options: found)
    monkeypatch.setattr("leakflow.solver.validation.validate", lambda **options: found)
    result = CliRunner().invoke(app, ["validate", "--quick", "--out", "report.md"])
    assert result.exit_code == 0
    assert f"{len(found.tables) + len(found.cases)} checks hold; report: report.md" in result.stdout
    assert (tmp_path / "report.md").exists()

    wrong = dataclasses.replace(found.cases[0], errors={"largest": (1.0, "1e-8")})
    broken = dataclasses.replace(found, cases=(wrong, *found.cases[1:]))
    monkeypatch.setattr("leakflow.solver.validation.validate", lambda **options: broken)
    result = CliRunner().invoke(app, ["validate", "--quick", "--out", "report.md", "--quiet"])
    assert result.exit_code == 3
    assert wrong.name in result.stderr
    assert "**broken**" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_command_says_where_it_cannot_write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["validate", "--quick", "--out", "nowhere/report.md"])
    assert result.exit_code == 4
    assert "nowhere" in result.stderr

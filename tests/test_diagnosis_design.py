from __future__ import annotations

import io
from dataclasses import replace

import h5py
import numpy as np
import pytest
from feed_case import CASE, DESIGN, RISE, decisive, gain, separation, written
from rich.console import Console

from leakflow.solver.diagnosis.candidates import candidates_of
from leakflow.solver.diagnosis.design import design_test
from leakflow.solver.diagnosis.design_tables import show_plan
from leakflow.solver.diagnosis.design_words import advice
from leakflow.solver.diagnosis.diagnose import diagnose
from leakflow.solver.diagnosis.hypotheses import check_hypotheses, load_rivals
from leakflow.solver.diagnosis.store import write_answer
from leakflow.solver.errors import ArgumentError, CaseError, LeakflowError, ResultsError

TIMES = np.array([1e4, 2e4, 3e4, 4e4])


def judged(plan):
    return {test.candidate.name: test for test in plan.tests}


def test_linear_gaussian_tests_against_the_closed_form(tmp_path):
    """An unchanged tank has a known start; one that was set has an error of it, as a gauge has an offset."""
    text = CASE + DESIGN + "gauge_offset = 600\n[tests.set]\npressure = 9e4\n"
    plan = design_test(written(tmp_path, text), seed=3, records=2000, draws=2000)
    assert [one.probability for one in plan.prospects] == pytest.approx([0.5, 0.5])
    for name, shared in (("unchanged", 600.0), ("set", np.hypot(600.0, 800.0))):
        told = judged(plan)[name].told
        for k in range(4):
            apart = separation(TIMES[: k + 1], 2000.0, shared)
            assert told.gain[k] == pytest.approx(gain(apart), abs=3.0 * told.error[k])
            chance = decisive(apart, 0.9)
            assert told.decisive[k] == pytest.approx(chance, abs=4.0 * told.decisive_error[k])
        assert (told.error < 0.02).all()
    assert judged(plan)["set"].bands[:, 1, 0] == pytest.approx(
        9e4 + np.array([4e-6, 6e-6]) * RISE * 1e4, rel=2e-3
    )
    assert not plan.reasons


def test_the_seed_is_all_that_matters(tmp_path):
    path = written(tmp_path, CASE + DESIGN)
    one, same, other = (
        design_test(path, seed=seed, records=100, draws=200, threads=threads).tests[0].told
        for seed, threads in ((1, 1), (1, 3), (2, 1))
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one.gain, other.gain)


def test_a_pressure_tells_a_leak_from_a_feed_that_matches_it(tmp_path):
    """Both stand still now; at half the pressure the fed one rises, and the sealed one still does not."""
    leak = 2e-10
    text = (
        CASE.partition("[feeds.in]")[0]
        + '[volumes.vacuum]\nkind = "boundary"\npressure = 0\n[run]\nduration = 10\n'
        + "[hypotheses.sealed]\n[hypotheses.fed.changes]\n"
        + f'"feeds" = {{ in = {{ kind = "rate", volume = "tank", rate = {leak * 1e5} }} }}\n'
        + '"paths" = { leak = { kind = "seal", from = "tank", to = "vacuum", '
        + f"molecular = {leak} }} }}\n"
        + DESIGN
        + "pressures = [5e4]\n"
    )
    plan = design_test(written(tmp_path, text), seed=1, records=100, draws=200)
    half, unchanged = judged(plan)["375.031 mmHg"], judged(plan)["unchanged"]
    assert unchanged.told.gain[-1] == pytest.approx(0.0, abs=1e-9)
    assert half.told.gain[-1] == pytest.approx(np.log(2.0), rel=0.01)
    assert half.enough is not None
    assert unchanged.enough is None
    assert plan.best is half
    assert advice(plan).startswith("The test that tells soonest is 375.031 mmHg")
    # p - p0 goes to nought as exp(-k t)
    k = leak * RISE
    assert half.bands[1, 1, -1] == pytest.approx(1e5 - 5e4 * np.exp(-k * 4e4), rel=0.01)


def test_pressures_are_called_as_the_case_writes_them(tmp_path):
    text = (
        CASE + DESIGN + 'pressures = ["50 kPa", "0.9 bar", 8e4]\nhighest = "95 kPa"\n'
        + '[tests.two]\nsteps = [{ pressure = "0.5 atm" }, { after = "2e4 s", pressure = "50 kPa" }]\n'
        + '[tests.high]\npressure = "1 bar"\n'
    )  # fmt: skip
    candidates = {
        one.name: one for one in candidates_of(load_rivals(written(tmp_path, text), recorded=False)[0])
    }
    assert list(candidates) == ["50 kPa", "0.9 bar", "600.049 mmHg", "unchanged", "two", "high"]
    assert candidates["two"].title == "brought to 0.5 atm, then 50 kPa"
    assert candidates["high"].refused == "1 bar is above the highest, 95 kPa"


def test_limits_refuse_with_a_reason(tmp_path):
    limits = 'lowest = 8e4\nhighest = 1.25e5\nmost_gas = 0.3\nlongest = "5e4 s"\n'
    tests = (
        "[tests.low]\npressure = 7e4\n[tests.high]\npressure = 1.3e5\n[tests.gas]\npressure = 1.15e5\n"
        "[tests.long]\nduration = '6e4 s'\n[tests.fine]\npressure = 1.1e5\n"
        "[tests.rises]\npressure = 1.11e5\nduration = '4.9e4 s'\nevery = '4.9e4 s'\nwait = '4.9e4 s'\n"
        "[tests.down]\nsteps = [{ pressure = 1e5 }, { after = '2e4 s', pressure = 9e4 }]\n"
    )
    plan = design_test(written(tmp_path, CASE + DESIGN + limits + tests), seed=1, records=50, draws=100)
    refused = {name: test.refused for name, test in judged(plan).items()}
    assert refused["fine"] == refused["unchanged"] == refused["down"] == ""
    assert refused["low"] == "525.043 mmHg is below the lowest, 600.049 mmHg"
    assert refused["high"] == "975.08 mmHg is above the highest, 937.577 mmHg"
    assert refused["long"] == "takes 16.67 h, longer than 13.89 h"
    # 1.5e4 Pa of nitrogen in 2 m^3 are 0.345 kg
    assert refused["gas"].startswith("uses 0.3")
    assert "more than 0.3 kg, in more than 5 % of the draws" in refused["gas"]
    assert refused["rises"].startswith("rises above the highest")
    used = judged(plan)["fine"].gas[:, 1]
    assert used == pytest.approx(1e4 / RISE, rel=0.02)
    # after the second step the pressure starts again from 9e4, the reading at its time is before it
    bands = judged(plan)["down"].bands[0, 1]
    assert bands[1] - 1e5 == pytest.approx(4e-6 * RISE * 2e4, rel=0.1)
    assert bands[3] - 9e4 == pytest.approx(4e-6 * RISE * 2e4, rel=0.1)


def test_all_refused(tmp_path):
    plan = design_test(written(tmp_path, CASE + DESIGN + "longest = 9\n"), records=50, draws=100)
    assert plan.best is None
    assert advice(plan) == "None of the tests may be run: each breaks a limit."


RECORD = "[[record.points]]\nvolume = 'tank'\ntime = 1000\npressure = 1.005e5\nuncertainty = 100\n"


def test_a_record_moves_what_is_believed_before_the_test(tmp_path):
    """At 1000 s slow is 174 Pa and fast 261 Pa up: 500 Pa speak for fast, as two Gaussians say."""
    text = CASE + DESIGN + RECORD
    path = written(tmp_path, text)
    plan = design_test(path, seed=1, live=100, records=50, draws=400)
    sd = np.hypot(100.0, 1e-6 * RISE * 1000.0)
    logs = [-0.5 * ((500.0 - rate * RISE * 1000.0) / sd) ** 2 for rate in (4e-6, 6e-6)]
    odds = np.exp(logs[1] - logs[0])
    assert plan.prospects[1].probability == pytest.approx(odds / (1.0 + odds), abs=0.02)
    fast = plan.prospects[1].judges.values[:, 0]
    gain_of_reading = (1e-6 * RISE * 1000.0) ** 2 / sd**2
    mean = 6e-6 + gain_of_reading * (500.0 / (RISE * 1000.0) - 6e-6)
    assert fast.mean() == pytest.approx(mean, abs=2e-7)
    # a test begins where the record ends
    assert plan.tests[0].candidate.start == 1000.0
    makers = {float(value) for value in plan.prospects[1].makers.values[:, 0]}
    assert not makers & set(fast.tolist())
    by_priors = design_test(path, seed=1, priors=True, records=50, draws=400)
    assert by_priors.prospects[1].probability == 0.5

    answer = diagnose(path, seed=1, live=100)
    write_answer(answer, tmp_path / "a.nc")
    stored = design_test(path, seed=1, posterior=tmp_path / "a.nc", records=50, draws=400)
    assert [one.probability for one in stored.prospects] == pytest.approx(answer.probabilities())
    known = set(answer.explanations[1].inputs["rate"].tolist())
    assert set(stored.prospects[1].judges.values[:, 0].tolist()) <= known
    assert not stored.reasons

    def refused(line, at=path, **changes):
        with pytest.raises(ResultsError, match=line):
            design_test(at, **{"posterior": tmp_path / "a.nc", "seed": 1} | changes)

    refused("is of seed 1, not 2", seed=2)
    other = tmp_path / "other.toml"
    other.write_text(text.replace("volume = 2\n", "volume = 3\n"), encoding="utf-8")
    refused("it differs in volumes", at=other)
    other.write_text(text.replace("1.005e5", "1.006e5"), encoding="utf-8")
    refused("of another record", at=other)
    with h5py.File(tmp_path / "a.nc", "a") as file:
        file["evidence/converged"][0] = 0
    doubtful = design_test(path, seed=1, posterior=tmp_path / "a.nc", records=50, draws=400)
    assert doubtful.reasons["hypothesis slow"] == ["not converged when a.nc was written"]
    with h5py.File(tmp_path / "a.nc", "a") as file:
        del file["fast/posterior/rate"]
    refused("has no draws of input rate of hypothesis fast")
    (tmp_path / "b.nc").write_text("nothing")
    refused(r"b\.nc: .*not an HDF5 file", posterior=tmp_path / "b.nc")


def test_no_test_begins_before_the_last_reading(tmp_path):
    text = CASE + DESIGN + "start = START\n" + RECORD
    with pytest.raises(CaseError, match=r"design\.start = 999: must not be before the last reading, 1000 s"):
        check_hypotheses(written(tmp_path, text.replace("START", "999")))
    check_hypotheses(written(tmp_path, text.replace("START", "1000")))


def test_an_event_after_the_record_must_be_fixed(tmp_path):
    late = '[[schedule]]\naction = "vent"\nvolume = "tank"\nat = 5000\n'
    late += 'to = { dist = "uniform", low = 9e4, high = 9.5e4 }\n'
    text = CASE.replace("duration = 1000\n", "duration = 9000\n").replace("[run]", late + "[run]")
    path = written(tmp_path, text + DESIGN + RECORD)
    with pytest.raises(LeakflowError, match="input schedule_0_to: is of an event after the last reading"):
        design_test(path, seed=1, live=60, records=20, draws=100)


def test_too_few_draws_are_told(tmp_path):
    """A sharp gauge and a wide prior: hardly any draw comes near a record, and the figures say so."""
    text = CASE.replace("sd = 1e-6", "sd = 2e-6") + DESIGN.replace("2000", "3").replace("800", "0")
    plan = design_test(written(tmp_path, text), seed=1, records=300, draws=100)
    assert "unchanged" in plan.reasons
    assert "Not to be trusted: unchanged:" in advice(plan)


@pytest.mark.parametrize(
    "gain, error, bias, line",
    [
        (-0.3, 0.1, 0.0, "a gain of -0.30 ± 0.10 nats is not within 0 and 0.69"),
        (0.9, 0.1, 0.0, "a gain of 0.90 ± 0.10 nats is not within 0 and 0.69"),
        (0.3, 0.2, 0.0, "the error of a gain, 0.20 nats, is above a quarter of all there is, 0.69"),
        (0.3, 0.01, -0.06, "the correction for few draws is 0.06 nats"),
        (0.3, 0.1, -0.2, None),
        (-0.1, 0.1, 0.0, None),
        (0.7, 0.01, 0.0, None),
    ],
)
def test_gains_that_cannot_be_are_not_trusted(tmp_path, gain, error, bias, line):
    """And what is not trusted has no share; what is has one from 0 to 1."""
    plan = design_test(written(tmp_path, CASE + DESIGN), seed=1, records=20, draws=100)
    (test,) = plan.tests
    told = {name: getattr(test.told, name).copy() for name in ("gain", "error", "bias")}
    zero = np.zeros_like(test.told.gain)
    for name, value in (("gain", gain), ("error", error), ("bias", bias)):
        told[name] = zero + (0.3 if name == "gain" else 0.0)
        told[name][-1] = value
    told |= {"imbalance": zero, "imbalance_error": zero}
    test = replace(test, told=test.told._replace(**told), enough=None)
    plan = replace(plan, tests=[test])
    if line is None:
        assert test.reasons() == []
        assert test.share == pytest.approx(min(max(gain / np.log(2.0), 0.0), 1.0))
        assert f"and {test.share * 100:.0f} % of what there is to know" in advice(plan)
    else:
        (reason,) = test.reasons()
        assert reason.startswith(line)
        assert test.share is None
        assert "%" not in advice(plan)
    console = Console(width=200, record=True, file=io.StringIO())
    show_plan(console, plan)
    assert (" %" in console.export_text()) == (line is None)


@pytest.mark.parametrize(
    "text, line",
    [
        (CASE, "design: missing; the design of a test needs it"),
        (CASE + DESIGN + "volume = 'tnak'\n", "design.volume = \"tnak\": no such volume; there is tank"),
        (CASE + DESIGN + "pressure = 4\n", "design.pressure: unknown key; did you mean design.pressures?"),
        (CASE + DESIGN + "unchanged = false\n", "design.pressures: missing; there is no test to judge"),
        (CASE + DESIGN + "lowest = 4\nhighest = 3\n", "design.lowest = 4: must be below highest"),
        (CASE + DESIGN + "[tests.a]\nsteps = [{ pressure = 3 }]\npressure = 4\n", "tests.a.steps"),
        (CASE + DESIGN + "[tests.a]\nagain = 40\n", "tests.a.again = 40: must be left out without"),
        (CASE + DESIGN + "[tests.a]\nevery = 1\n", "tests.a.every = 1: gives more than 200 readings"),
        (CASE + DESIGN + "[tests.a]\nwait = 5e4\n", "tests.a.wait = 50000: must not be longer than the test"),
        (CASE + DESIGN + "[tests.a]\nevry = 1\n", "tests.a.evry: unknown key; did you mean tests.a.every?"),
        (CASE + DESIGN + "[tests.unchanged]\n", "tests.unchanged: is the name of another test"),
        (CASE + "[tests.a]\n", "design: missing; [tests] need it"),
        (CASE.partition("[hypotheses")[0] + DESIGN, "hypotheses: must be two or more"),
    ],
)  # fmt: skip
def test_faults_are_one_line_each(tmp_path, text, line):
    with pytest.raises(CaseError) as caught:
        design_test(written(tmp_path, text))
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1


def test_names_and_draws_that_cannot_be(tmp_path):
    path = written(tmp_path, CASE + DESIGN)
    with pytest.raises(CaseError, match=r"tests\.other: no such test; there is unchanged"):
        design_test(path, tests=["other"])
    with pytest.raises(ArgumentError, match="must be at least 32"):
        design_test(path, draws=4)

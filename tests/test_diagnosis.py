from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, SD, TIMES, decayed, points, written
from scipy import stats

from leakflow.solver.diagnosis.checks import replicates
from leakflow.solver.diagnosis.diagnose import _flows, diagnose
from leakflow.solver.diagnosis.forward import Forward, Found, wanted_point
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.words import verdict
from leakflow.solver.errors import CaseError

TRUTH = 1e-10
LOW, HIGH = 1e-11, 1e-9
READ = decayed(TRUTH) + np.array([150.0, -120.0, 60.0])

RIVALS = """
[hypotheses.leaks]
[hypotheses.sealed]
title = "nothing leaks"
prior = 3
[hypotheses.sealed.changes]
"paths.leak.molecular" = 0
"""


def evidence(log_likelihood):
    """Integrate over the log-uniform prior of the conductance."""
    u = (np.arange(200_000) + 0.5) / 200_000
    logs = log_likelihood(LOW * (HIGH / LOW) ** u)
    return logs.max() + np.log(np.exp(logs - logs.max()).mean()), u, logs


def test_evidence_and_posterior_against_the_closed_form(tmp_path):
    answer = diagnose(written(tmp_path, CASE + points(READ)), seed=1, live=200)
    expected, u, logs = evidence(lambda c: stats.norm.logpdf(READ, decayed(c), SD).sum(axis=1))
    found = answer.explanations[0]
    assert found.sampled.log_evidence == pytest.approx(expected, abs=4.0 * found.sampled.error)
    assert found.sampled.error < 0.03
    conductance, weights = LOW * (HIGH / LOW) ** u, np.exp(logs - logs.max())
    mean = (conductance * weights).sum() / weights.sum()
    sd = np.sqrt((conductance**2 * weights).sum() / weights.sum() - mean**2)
    assert found.inputs["conductance"].mean() == pytest.approx(mean, abs=0.15 * sd)
    assert found.inputs["conductance"].std() == pytest.approx(sd, rel=0.1)
    lost = (
        (1e5 - decayed(found.inputs["conductance"], TIMES[-1])) * 2 / (8.31446261815324 / 0.0280134 * 293.15)
    )
    assert found.flows["gas_out"] == pytest.approx(lost / TIMES[-1], rel=1e-5)
    assert (found.flows["gas_in"] == 0.0).all()
    day = found.next_pressure["day"]["tank"]
    assert day == pytest.approx(decayed(found.inputs["conductance"], TIMES[-1] + 86400.0), rel=1e-5)


def test_an_offset_of_the_gauge_is_marginalised(tmp_path):
    """With an offset the readings are jointly Gaussian, their errors correlated."""
    text = CASE + points(READ) + "[diagnosis]\ngauge_offset = 300\n"
    answer = diagnose(written(tmp_path, text), seed=2, live=300)
    covariance = SD**2 * np.eye(3) + 300.0**2
    expected, _, _ = evidence(
        lambda c: stats.multivariate_normal(np.zeros(3), covariance).logpdf(READ - decayed(c))
    )
    sampled = answer.explanations[0].sampled
    assert sampled.log_evidence == pytest.approx(expected, abs=4 * sampled.error)
    assert answer.explanations[0].units["gauge_offset"] == "Pa"


def test_hypotheses_and_their_priors(tmp_path):
    answer = diagnose(written(tmp_path, CASE + points(READ) + RIVALS), seed=1, live=300)
    leaks, sealed = answer.explanations
    assert [one.rival.prior for one in answer.explanations] == [0.25, 0.75]
    # what is sealed has no input: its evidence is its likelihood
    assert sealed.sampled.log_evidence == pytest.approx(stats.norm.logpdf(READ, 1e5, SD).sum(), rel=1e-9)
    assert answer.probabilities([1, 1])[0] == pytest.approx(1.0)
    assert "favours leaks" in verdict(answer)
    assert sealed.p_value == 0.0
    assert "sealed does not fit" in verdict(answer)
    assert 0.05 < leaks.p_value < 0.999
    assert leaks.loo.each.shape == (3,)


def test_hypotheses_that_predict_the_same_are_not_told_apart(tmp_path):
    twin = '[hypotheses.one]\n[hypotheses.other]\n[hypotheses.other.changes]\n"run.max_steps" = 90000\n'
    answer = diagnose(written(tmp_path, CASE + points(READ) + twin), seed=1, live=200)
    assert answer.probabilities() == pytest.approx([0.5, 0.5])
    assert answer.moved(10.0)[0] == pytest.approx((1 / 11, 10 / 11))
    assert "cannot tell one and other apart" in verdict(answer)


def test_what_is_hopeless_is_sampled_once(tmp_path):
    rivals = (
        '[hypotheses.leaks]\n[hypotheses.hardly]\n[hypotheses.hardly.changes]\n"paths.leak.molecular" = '
        '{ dist = "loguniform", low = 1e-16, high = 1e-15, name = "conductance" }\n'
    )
    answer = diagnose(written(tmp_path, CASE + points(READ) + rivals), seed=1, live=100)
    leaks, hardly = (one.sampled for one in answer.explanations)
    assert len(leaks.runs) == 2
    assert hardly.runs == ()
    assert hardly.log_evidence < leaks.log_evidence - 30.0


def test_told_to_be_stable_tells(tmp_path):
    told = (
        '[diagnosis]\nstable = [{ volume = "tank", start = 1e4, end = 9e4, within = 3000, '
        "uncertainty = 1200 }]\n"
        'limits = [{ volume = "tank", time = 9e4, above = 9e4, uncertainty = 2000 }]\n'
    )
    text = CASE.replace("[record]\n", "") + told + RIVALS
    answer = diagnose(written(tmp_path, text), seed=1, live=200)
    leaks, sealed = answer.explanations

    def by_hand(c):
        ends = decayed(c, np.array([1e4, 9e4]))
        drop = ends[:, 1] - ends[:, 0]
        stable = stats.norm.cdf(3000, drop, 1200) - stats.norm.cdf(-3000, drop, 1200)
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(stable) + stats.norm.logcdf((ends[:, 1] - 9e4) / 2000), -1e4)

    assert leaks.sampled.log_evidence == pytest.approx(evidence(by_hand)[0], abs=4 * leaks.sampled.error)
    assert sealed.sampled.log_evidence == pytest.approx(np.log(2 * stats.norm.cdf(2.5) - 1), abs=1e-6)
    assert sealed.p_value is None


def test_what_swings_in_between_is_not_stable(tmp_path):
    """By 4000 Pa and back: at the ends of the span all is as it was."""
    told = "[diagnosis]\nstable = [{ volume='tank', start=0, end=1e5, within=300, uncertainty=200 }]\n"
    cycle = 'volume = 2\ntemperature_cycles = [{ amplitude = "5.863 K", period = 1e5, peak = 0 }]\n'
    text = CASE.replace("[record]\n", "").replace("volume = 2\n", cycle) + told
    text = text.replace('{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }', "0")
    found = Forward(load_rivals(written(tmp_path, text))[1][0].case, 1).run(np.empty((1, 0)))
    fall = 1e5 * ((293.15 - 5.863) / (293.15 + 5.863) - 1.0)
    by_hand = stats.norm.logcdf((fall + 300.0) / 200.0)
    assert found.log_likelihood[0, 0] == pytest.approx(by_hand, rel=1e-6)
    assert found.nodes[0][0, -1] == pytest.approx(1e5, rel=1e-6)


def test_the_record_may_come_from_files(tmp_path):
    csv = tmp_path / "other.csv"
    rows = "".join(f"tank,{t},{p},200\n" for t, p in zip(TIMES, READ, strict=True))
    csv.write_text("volume,time [s],pressure [Pa],uncertainty [Pa]\n" + rows)
    path = written(tmp_path, CASE + points(READ + 5000.0))
    case, rivals = load_rivals(path, records=[csv])
    assert [point.pressure for point in case.record.points] == READ.tolist()
    assert rivals[0].case.record == case.record


@pytest.mark.parametrize(
    "text, line",
    [
        (RIVALS.replace("molecular", "moleculr"),
         "decay.toml: hypotheses.sealed: override paths.leak.moleculr: "
         "unknown key; did you mean paths.leak.molecular?"),
        (RIVALS.replace('"paths.leak.molecular" = 0', '"paths.leak.molecular" = -1'), "must be at least 0"),
        (RIVALS.replace('"paths.leak.molecular" = 0', '"record.start" = "2020-01-01"'),
         "must not change record"),
        (RIVALS.replace("prior = 3", "prior = 0"), "hypotheses.sealed.prior = 0: must be greater than 0"),
        (RIVALS.replace("prior", "piror"), "hypotheses.sealed.piror: unknown key; did you mean"),
        (RIVALS.replace('"paths.leak.molecular" = 0', '"sweep.seed" = 7'),
         "decay.toml: hypotheses.sealed: changes.sweep.seed: must not be changed: it says nothing"),
        (RIVALS.replace('"paths.leak.molecular" = 0', '"forecast.until" = "3 d"'),
         "changes.forecast.until: must not be changed"),
        ("[diagnosis]\nresolutoin = 1\n",
         "diagnosis.resolutoin: unknown key; did you mean"),
        ('[diagnosis]\nlimits = [{ volume = "tank", time = 9, uncertainty = 1 }]\n', "either below or above"),
        ('[diagnosis]\nlimits = [{ volume = "tnak", time = 1, below = 5, uncertainty = 1 }]\n',
         "no such volume"),
        ('[diagnosis]\nlimits = [{ volume = "tank", time = 1e9, below = 5, uncertainty = 1 }]\n',
         "the duration"),
    ],
)  # fmt: skip
def test_faults_are_one_line_each(tmp_path, text, line):
    with pytest.raises(CaseError) as caught:
        load_rivals(written(tmp_path, CASE + points(READ) + text))
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1


def test_a_key_that_resembles_none_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(CaseError) as caught:
        load_rivals(written(tmp_path, CASE + points(READ)), ["diagnosis.foo=1"])
    assert "override diagnosis.foo: unknown key; there is diagnosis.resolution, diagnosis." in str(
        caught.value
    )


def test_only_readings_are_compared_as_p_over_t(tmp_path):
    """What was told and what is foretold are pressures; a gauge errs in Pa, whatever is compared."""
    told = (
        "[diagnosis]\ngauge_offset = 300\ngauge_drift = 0.01\n"
        'stable = [{ volume = "tank", start = 1e4, end = 9e4, within = 3000, uncertainty = 1200 }]\n'
        'limits = [{ volume = "tank", time = 9e4, above = 9e4, uncertainty = 2000 }]\n'
    )
    read = points(READ).replace("[[record.points]]", "[[record.points]]\ntemperature = 300")
    logs = []
    cube = np.array([[0.4, 0.9, 0.2], [0.6, 0.1, 0.7]])
    for compare, text in (("pressure", points(READ)), ("p/T", read)):
        case = load_rivals(written(tmp_path, CASE + f'compare = "{compare}"\n' + text + told))[0]
        forward = Forward(case, 1, extra=[wanted_point("tank", 7e4)])
        found = forward.run(cube)
        logs.append(found)
        assert forward.extra(found)[:, 0] == pytest.approx(decayed(found.inputs[:, 0], 7e4), rel=1e-6)
    plain, scaled = logs
    errors = (scaled.inputs[:, 1:2] + scaled.inputs[:, 2:] * TIMES) / 300.0
    true = decayed(scaled.inputs[:, 0]) / 293.15
    assert np.hstack(scaled.nodes[:3]) == pytest.approx(true + errors, rel=1e-7)
    by_hand = stats.norm.logpdf(READ / 300.0, true + errors, SD / 300.0)
    assert scaled.log_likelihood[:, :3] == pytest.approx(by_hand, rel=1e-6)
    assert scaled.log_likelihood[:, 3:] == pytest.approx(plain.log_likelihood[:, 3:], rel=1e-9)


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_windows_that_reach_out_of_the_run(tmp_path, law):
    """The law of the time is cut at the start of the run, and goes on after its end."""
    spread, times = 1e4, np.array([0.0, 5e3, 1.7e5])
    rows = "".join(
        f"[[record.points]]\nvolume='tank'\ntime={t}\npressure={p}\nuncertainty={SD}\ntime_uncertainty={spread}\n"
        for t, p in zip(times, decayed(TRUTH, times + 6e3), strict=True)
    )
    case = load_rivals(written(tmp_path, CASE + rows + f'[diagnosis]\ntime_law = "{law}"\n'))[0]
    forward = Forward(case, 1)
    found = forward.run(np.array([[0.49], [0.5]]))
    reach = spread if law == "uniform" else 3.6 * spread
    for i, time in enumerate(times):
        at = np.linspace(max(time - reach, 0.0), time + reach, 40_001)
        weight = np.ones(at.size) if law == "uniform" else stats.norm.pdf(at, time, spread)
        for k in range(2):
            shown = stats.norm.pdf(decayed(TRUTH, time + 6e3), decayed(found.inputs[k, 0], at), SD)
            by_hand = np.trapezoid(weight * shown, at) / np.trapezoid(weight, at)
            assert found.log_likelihood[k, i] == pytest.approx(np.log(by_hand), abs=0.01)
    made = replicates(forward, Found(*(np.repeat(x, 4000, axis=0) for x in found[:3]),
                                     [np.repeat(x, 4000, axis=0) for x in found.nodes],
                                     np.repeat(found.failed, 4000)), 1)  # fmt: skip
    at = np.linspace(0.0, reach, 40_001)
    weight = np.ones(at.size) if law == "uniform" else stats.norm.pdf(at, 0.0, spread)
    mean = np.average(decayed(found.inputs[1, 0], at), weights=weight)
    first = made[4000:, 0]
    assert first.mean() == pytest.approx(mean, abs=4.0 * first.std() / np.sqrt(4000))


def test_july_2021_cannot_tell_a_laminar_crack_from_a_linear_leak_that_is_fed():
    rivals = ["laminar", "linear-fed"]
    answer = diagnose("prk-july-2021-sealed-or-fed", only=rivals, seed=1, live=60)
    logs = {one.rival.name: one.sampled.log_evidence for one in answer.explanations}
    assert abs(logs["laminar"] - logs["linear-fed"]) < 3.0
    said = verdict(answer)
    assert said.startswith("The record cannot tell")
    assert "laminar" in said
    assert "linear-fed" in said
    fed = next(one for one in answer.explanations if one.rival.name == "linear-fed")
    assert fed.flows["gas_in"] == pytest.approx(fed.inputs["in_leak_rate"], rel=1e-9)


@pytest.mark.parametrize("swapped", [False, True])
def test_in_and_out_are_the_same_however_the_station_is_modelled(tmp_path, swapped):
    """A balanced chamber: half of the station's pressure, a like path in and out, 1e-5 kg/s."""
    found = []
    for kind in ("held", "boundary", "integrated"):
        ends = 'from = "tank"\nto = "station"' if swapped else 'from = "station"\nto = "tank"'
        station = f'[volumes.station]\nkind = "{kind}"\npressure = 2e5\n'
        station += "volume = 900\n" if kind != "boundary" else ""
        hatch = f'[paths.hatch]\nkind = "seal"\n{ends}\nmolecular = 1e-10\n'
        text = CASE.replace("[run]", station + hatch + "[run]")
        text = text.replace(
            '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }', "1e-10"
        )
        case = load_rivals(written(tmp_path, text + points(READ)))[0]
        forward = Forward(case, 1)
        flows = _flows(forward, forward.run(np.empty((1, 0))).outcomes)
        found.append((flows["gas_out"][0], flows["gas_in"][0]))
    assert found[0] == pytest.approx((1e-5, 1e-5), rel=1e-6)
    assert found[1] == pytest.approx(found[0], rel=1e-9)
    # in 9e4 s the station loses 0.9 kg of 2070, and half of that of its flow on the mean
    assert found[2] == pytest.approx(found[0], rel=1e-3)


def test_a_synthetic_record_gives_its_truth_back(tmp_path):
    """A linear leak that is fed: later readings flatten out, which no leak alone does."""
    rng = np.random.default_rng(5)
    inflow, rate = 4e-6, 1e-10
    k = rate * 8.31446261815324 / 0.0280134 * 293.15 / 2.0
    level = inflow / rate
    times = np.linspace(1e4, 1.6e5, 8)
    read = level + (1e5 - level) * np.exp(-k * times) + SD * rng.standard_normal(8)
    rows = "".join(
        f"[[record.points]]\nvolume='tank'\ntime={t}\npressure={p}\nuncertainty={SD}\n"
        for t, p in zip(times, read, strict=True)
    )
    feed = (
        '[hypotheses.alone]\n[hypotheses.fed]\n[hypotheses.fed.changes]\nfeeds = { inflow = { kind = "rate", '
        'volume = "tank", rate = { dist = "loguniform", low = 1e-8, high = 1e-4, name = "inflow_rate" } } }\n'
    )
    answer = diagnose(written(tmp_path, CASE + rows + feed), seed=1, live=300)
    alone, fed = answer.explanations
    assert fed.sampled.log_evidence - alone.sampled.log_evidence > 20.0
    for name, truth in (("inflow_rate", inflow), ("conductance", rate)):
        draws = fed.inputs[name]
        assert abs(draws.mean() - truth) < 3.0 * draws.std()
        assert draws.std() < 0.15 * truth


@pytest.mark.parametrize(
    "text, line",
    [
        ("volume,time,pressure,uncertainty\n", "--record own.csv: has no rows below its header"),
        (
            "volume;time;pressure;uncertainty\ntank;1;2;3\n",
            "fields are separated by semicolons; must be by commas",
        ),
        (
            "volume,time [d],pressure,uncertainty\ntank,2021-01-02,2,3\n",
            'time = "2021-01-02 d": must be a time',
        ),
        ("volume,time [d],pressure,uncertainty\ntank,9,2e4,3\n", "172800 s; make run.duration longer"),
    ],
)
def test_what_is_wrong_with_a_record_that_is_given(tmp_path, monkeypatch, text, line):
    case = written(tmp_path, CASE + points(READ))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        load_rivals(case, records=["own.csv"])
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1

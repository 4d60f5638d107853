"""Temperatures of a record: data of their own once their error is given, and spoken of where they are not."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from decay_case import CASE, SD, TIMES, written
from scipy import integrate, special, stats

from leakflow.solver.diagnosis.diagnose import diagnose, plain
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.store import write_answer
from leakflow.solver.diagnosis.words import remarks
from leakflow.solver.errors import CaseError

RANDOM = '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'
TIGHT = CASE.replace(RANDOM, "0")
WARM = TIGHT.replace(
    "temperature = 293.15", 'temperature = { dist = "uniform", low = 285, high = 305, name = "warmth" }'
)
FELT, ERROR = np.array([294.1, 293.7, 294.6]), 0.5
ERROR_KEY = f'[diagnosis]\ntemperature_error = "{ERROR} K"\n'


def readings(felt=FELT, *, pressure=1e5, spread=0.0):
    return "".join(
        f"[[record.points]]\nvolume='tank'\ntime={t}\npressure={pressure}\nuncertainty={SD}\n"
        f"time_uncertainty={spread}\ntemperature={warmth}\n"
        for t, warmth in zip(TIMES, felt, strict=True)
    )


def forward_of(folder, text):
    return Forward(load_rivals(written(folder, text))[1][0].case, 1)


def test_the_evidence_is_that_of_a_gaussian_thermometer(tmp_path):
    answer = diagnose(written(tmp_path, WARM + readings() + ERROR_KEY), seed=1, live=200)
    (one,) = answer.explanations
    thermometer, _ = integrate.quad(
        lambda warmth: np.prod(stats.norm.pdf(FELT, warmth, ERROR)) / 20.0, 285, 305, points=[294.0]
    )
    expected = np.log(thermometer) + 3.0 * stats.norm.logpdf(0.0, 0.0, SD)
    assert one.sampled.log_evidence == pytest.approx(expected, abs=4.0 * one.sampled.error)
    assert one.inputs["warmth"].mean() == pytest.approx(FELT.mean(), abs=0.05)
    assert one.inputs["warmth"].std() == pytest.approx(ERROR / np.sqrt(3.0), rel=0.1)
    assert 0.02 < one.p_value < 0.999
    assert one.labels == [f"{kind}_{i}" for kind in ("record", "temperature") for i in (1, 2, 3)]
    assert remarks(answer) == []
    write_answer(answer, tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc") as file:
        assert file["case/observed_data/temperatures"][()] == pytest.approx(FELT)
        made = file["case/posterior_predictive/temperatures"][()]
        assert file["case/posterior_predictive/readings"].shape == made.shape == (1, 1000, 3)
    assert made.std() == pytest.approx(np.hypot(ERROR, ERROR / np.sqrt(3.0)), rel=0.1)


def test_a_temperature_that_nothing_of_the_model_explains_rejects_it(tmp_path):
    """What fits every pressure yet not the thermometer does not fit."""
    answer = diagnose(written(tmp_path, TIGHT + readings(FELT + 5.0) + ERROR_KEY), seed=1, live=50)
    (one,) = answer.explanations
    expected = stats.norm.logpdf(FELT + 5.0, 293.15, ERROR).sum() + 3.0 * stats.norm.logpdf(0.0, 0.0, SD)
    assert one.sampled.log_evidence == pytest.approx(expected, rel=1e-9)
    assert one.p_value == 0.0


CYCLE = 'volume = 2\ntemperature_cycles = [{ amplitude = "4 K", period = 1e5 }]\n'
CYCLING = TIGHT.replace("volume = 2\n", CYCLE)


def cycled(times):
    return 293.15 + 4.0 * np.cos(2.0 * np.pi * times / 1e5)


@pytest.mark.parametrize("law, reach", [("normal", 3.6), ("uniform", 1.0)])
@pytest.mark.parametrize("step, apart", [(0.0, 0.0), (0.0, 900.0), (500.0, 900.0)])
def test_pressure_and_temperature_of_a_row_share_their_time(tmp_path, law, reach, step, apart):
    """The mean, over the law of the one time, of the product: also where the two say different times."""
    felt = cycled(TIMES) + np.array([0.5, -0.9, 0.2])
    shown = np.round(1e5 * cycled(TIMES) / cycled(0.0)) + apart
    text = CYCLING + f'{ERROR_KEY}time_law = "{law}"\nresolution = {step}\n'
    for time, pressure, read in zip(TIMES, shown, felt, strict=True):
        text += (
            f"[[record.points]]\nvolume='tank'\ntime={time}\npressure={pressure}\nuncertainty={SD}\n"
            f"time_uncertainty=3600\ntemperature={read}\n"
        )
    forward = forward_of(tmp_path, text)
    assert forward.labels == ["record_1", "record_2", "record_3"]
    found = forward.run(np.empty((1, 0)))
    at = np.linspace(-reach, reach, 20_001)
    weights = stats.norm.pdf(at) if law == "normal" else np.ones(at.size)
    for i, (time, pressure, read) in enumerate(zip(TIMES, shown, felt, strict=True)):
        warmth = cycled(time + 3600.0 * at)
        true = 1e5 * warmth / cycled(0.0)
        if step:
            halves = (stats.norm.cdf((pressure + way * 0.5 * step - true) / SD) for way in (1, -1))
            likelihood = (next(halves) - next(halves)) / step
        else:
            likelihood = stats.norm.pdf(pressure, true, SD)
        likelihood = np.average(likelihood * stats.norm.pdf(read, warmth, ERROR), weights=weights)
        assert found.log_likelihood[0, i] == pytest.approx(np.log(likelihood), abs=0.02)


def test_no_time_at_which_both_were_read_speaks_against_a_hypothesis(tmp_path):
    """A day's cycle known to a quarter of it: each was so at some time, but never both."""
    text = (
        CYCLING
        + f'{ERROR_KEY}time_law = "uniform"\n'
        + (
            "[[record.points]]\nvolume='tank'\ntime=5e4\npressure=97000\nuncertainty=50\n"
            "time_uncertainty=2e4\ntemperature=293.15\n"
        )
    )
    answer = diagnose(written(tmp_path, text), seed=1, live=50)
    (one,) = answer.explanations
    warmth = cycled(np.linspace(3e4, 7e4, 100_001))
    logs = stats.norm.logpdf(97000.0, 1e5 * warmth / cycled(0.0), 50.0) + stats.norm.logpdf(
        293.15, warmth, ERROR
    )
    expected = special.logsumexp(logs) - np.log(logs.size)
    assert one.sampled.log_evidence == pytest.approx(expected, abs=0.02)
    assert one.p_value == 0.0
    assert one.labels == ["record_1"]
    write_answer(answer, tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc") as file:
        assert file["case/observed_data/temperatures"][()] == pytest.approx([293.15])
        made = [file[f"case/posterior_predictive/{name}"][0, :, 0] for name in ("readings", "temperatures")]
    # both were made at one time: one says, to its error, what the other is
    assert np.std(made[0] / 1e5 * cycled(0.0) - made[1]) == pytest.approx(np.hypot(ERROR, 0.15), rel=0.1)


def test_one_that_stands_beside_two_pressures_was_read_once(tmp_path):
    assert len(forward_of(tmp_path, TIGHT + readings() + readings() + ERROR_KEY).wanted) == 9
    twice = readings(spread=3600.0) + readings(spread=3600.0)
    assert forward_of(tmp_path, TIGHT + twice + ERROR_KEY).terms == [(0, 3, 6), (1, 4, 7), (2, 5, 8)]


@pytest.mark.parametrize("record", [readings().replace("temperature", "#"), ""])
def test_an_error_of_temperatures_that_were_not_read_is_refused(tmp_path, record):
    says = (
        r"^\S*decay.toml: diagnosis.temperature_error = 0.5: must be left out, or 0, for no point of "
        "the record has a temperature$"
    )
    told = '[[diagnosis.limits]]\nvolume = "tank"\ntime = 2e4\nbelow = 1.2e5\nuncertainty = 100\n'
    text = TIGHT.replace("[record]\n", "[record]\n" if record else "") + record + ERROR_KEY + told
    with pytest.raises(CaseError, match=says):
        forward_of(tmp_path, text)


@pytest.mark.parametrize("compare, used", [("pressure", "not used"), ("p/T", "used in p/T only")])
def test_temperatures_that_are_no_data_are_spoken_of(tmp_path, compare, used):
    text = TIGHT + f'compare = "{compare}"\n' + readings(np.array([293.2, 291.0, 287.95]), pressure=9.9e4)
    answer = diagnose(written(tmp_path, text), seed=1, live=50)
    unused, off = plain(answer)["remarks"]
    assert used in unused
    assert "case by up to 5.2 K" in off
    near = diagnose(written(tmp_path, TIGHT + readings(FELT - 0.9)), seed=1, live=50)
    assert len(remarks(near)) == 1


def test_a_record_without_temperatures_is_not_spoken_of(tmp_path):
    answer = diagnose(written(tmp_path, TIGHT + readings().replace("temperature", "#")), seed=1, live=50)
    assert remarks(answer) == []

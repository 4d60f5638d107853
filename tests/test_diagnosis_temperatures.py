"""Temperatures of a record: data of their own once their error is given, and spoken of where they are not."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from decay_case import CASE, SD, TIMES, written
from scipy import integrate, stats

from leakflow.solver.diagnosis.diagnose import diagnose, plain
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.store import write_answer
from leakflow.solver.diagnosis.words import remarks

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


def test_it_is_the_temperature_at_the_time_of_the_reading(tmp_path):
    """A cycle, at times that are known to an hour: the mean of the Gaussian over the law of the time."""
    cycle = 'volume = 2\ntemperature_cycles = [{ amplitude = "4 K", period = 1e5 }]\n'
    felt = 293.15 + 4.0 * np.cos(2.0 * np.pi * TIMES / 1e5) + np.array([0.5, -0.9, 0.2])
    text = TIGHT.replace("volume = 2\n", cycle) + readings(felt, spread=3600.0) + ERROR_KEY
    found = forward_of(tmp_path, text).run(np.empty((1, 0)))
    for i, (time, read) in enumerate(zip(TIMES, felt, strict=True)):
        at = np.linspace(-3.6, 3.6, 20_001)
        warmth = 293.15 + 4.0 * np.cos(2.0 * np.pi * (time + 3600.0 * at) / 1e5)
        likelihood = np.average(stats.norm.pdf(read, warmth, ERROR), weights=stats.norm.pdf(at))
        assert found.log_likelihood[0, 3 + i] == pytest.approx(np.log(likelihood), abs=0.02)


def test_one_that_stands_beside_two_pressures_was_read_once(tmp_path):
    assert len(forward_of(tmp_path, TIGHT + readings() + readings() + ERROR_KEY).wanted) == 9


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

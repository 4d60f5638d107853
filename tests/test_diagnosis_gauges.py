"""Gauges that err on their own: each pressure, or partial pressure, of a volume has one."""

from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, decayed, points, written
from scipy import integrate, stats

from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.likelihood import log_rounded
from leakflow.solver.diagnosis.posterior import _without_errors
from leakflow.solver.errors import CaseError

TWO = """
title = "The pressure and the CO2 of a tight cabin, by two gauges"
[gas]
composition = { N2 = 0.78, O2 = 0.215, CO2 = 0.005 }
separate = true
[volumes.cabin]
kind = "integrated"
volume = 10
pressure = { dist = "uniform", low = 9.5e4, high = 1.05e5, name = "start" }
[volumes.space]
kind = "boundary"
pressure = 0
[paths.hole]
kind = "seal"
from = "cabin"
to = "space"
molecular = 0
[run]
duration = "5 d"
[record]
points = [
  { volume = "cabin", time = 86400, pressure = 1e5, uncertainty = 200 },
  { volume = "cabin", time = 86400, pressure = 506, uncertainty = 3, species = "CO2" },
]
[diagnosis]
gauge_offset = 1000
"""
OVERRIDE = "[[diagnosis.gauges]]\nvolume = 'cabin'\nspecies = 'CO2'\n"


def forward_of(folder, text):
    return Forward(load_rivals(written(folder, text))[1][0].case, 1)


def test_offsets_of_two_gauges_are_independent(tmp_path):
    """The whole pressure is known to 1 kPa, by CO2 to 1.2 kPa: neither says anything of the other's error."""
    forward = forward_of(tmp_path, TWO + OVERRIDE + "offset = 5\n")
    assert forward.names == ["start", "gauge_offset_cabin", "gauge_offset_cabin_CO2"]

    def both(p):
        whole = stats.norm.pdf(1e5, p, np.hypot(200, 1000))
        return whole * stats.norm.pdf(506, 0.005 * p, np.hypot(3, 5)) / 1e4

    exact = [
        integrate.quad(lambda p, k=k: ((p - 1e5) / 1e3) ** k * both(p), 9.5e4, 1.05e5, epsabs=0.0)[0]
        for k in range(3)
    ]
    found = forward.run(stats.qmc.Sobol(3, rng=1).random(2**15))
    likelihood = np.exp(found.log_likelihood.sum(axis=1))
    moments = [np.mean(((found.inputs[:, 0] - 1e5) / 1e3) ** k * likelihood) for k in range(3)]
    assert moments == pytest.approx(exact, rel=0.01, abs=0.0)


def test_a_forecast_takes_no_errors_of_gauges(tmp_path):
    case = load_rivals(written(tmp_path, TWO))[1][0].case
    draws = dict.fromkeys(Forward(case, 1).names, np.zeros(3))
    assert list(_without_errors(case, draws)) == ["start"]


def test_step_and_drift_of_one_gauge_alone(tmp_path):
    text = TWO + "gauge_drift = 0.01\nresolution = 50\n" + OVERRIDE + "resolution = 2\ndrift = 0\n"
    forward = forward_of(tmp_path, text)
    names = ["gauge_offset_cabin", "gauge_offset_cabin_CO2", "gauge_drift_cabin"]
    assert forward.names == ["start", *names]
    found = forward.run(np.array([[0.45, 0.6, 0.501, 0.3], [0.55, 0.4, 0.499, 0.6]]))
    start, whole, partial, drift = found.inputs.T
    expected = (
        log_rounded(1e5, start + whole + 86400 * drift, 200.0, 50.0),
        log_rounded(506.0, 0.005 * start + partial, 3.0, 2.0),
    )
    assert found.log_likelihood == pytest.approx(np.stack(expected, axis=1), rel=1e-6)


def test_a_single_gauge_keeps_its_names(tmp_path):
    told = "[diagnosis]\ngauge_offset = 300\ngauge_drift = 0.01\n"
    told += "limits = [{ volume = 'tank', time = 9e4, above = 9e4, uncertainty = 2000 }]\n"
    forward = forward_of(tmp_path, CASE + points(decayed(1e-10)) + told)
    assert forward.names == ["conductance", "gauge_offset", "gauge_drift"]


@pytest.mark.parametrize(
    "text, line",
    [
        ("[[diagnosis.gauges]]\nvolume='cabin'\nspecies='O2'\noffset=1\n",
         'diagnosis.gauges.0.volume = "cabin": must be what the record reads: nothing is read or told of O2'),
        (OVERRIDE + OVERRIDE, "diagnosis.gauges.1.volume = \"cabin\": is a gauge that is given already"),
        (OVERRIDE + "ofset = 1\n", "diagnosis.gauges.0.ofset: unknown key; did you mean"),
    ],
)  # fmt: skip
def test_faults_of_gauges_are_one_line(tmp_path, text, line):
    with pytest.raises(CaseError) as caught:
        load_rivals(written(tmp_path, TWO + text))
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1


def test_names_of_gauges_are_kept(tmp_path):
    text = TWO.replace('name = "start"', 'name = "gauge_offset_cabin_CO2"')
    with pytest.raises(CaseError, match="input gauge_offset_cabin_CO2: must have another name"):
        load_rivals(written(tmp_path, text))

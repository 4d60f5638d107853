"""Times that are all off together: a start of the record that is uncertain itself."""

from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, SD, TIMES, decayed, points, written
from scipy import integrate, stats

from leakflow.solver.diagnosis.diagnose import diagnose
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.errors import CaseError

RANDOM = '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'
KNOWN, LATE, SPREAD = 1e-10, 3e3, 5e3
# read at the times of a clock that was started too late: the gas had leaked for so much longer
READ = points(decayed(KNOWN, TIMES + LATE))
SECTION = f"[diagnosis]\nstart_offset = {SPREAD}\n"


def likelihood(shift):
    """Of three readings, given the shift: the pressure is that of the start before the start."""
    at = np.maximum(TIMES + shift, 0.0)
    return np.prod(stats.norm.pdf(decayed(KNOWN, TIMES + LATE), decayed(KNOWN, at), SD))


def test_the_likelihood_at_a_shift_is_that_of_shifted_times(tmp_path):
    case = load_rivals(written(tmp_path, CASE.replace(RANDOM, str(KNOWN)) + READ + SECTION))[1][0].case
    forward = Forward(case, 1)
    assert (forward.names, forward.units) == (["start_offset"], ["s"])
    u = np.array([[0.2], [0.4], [0.5], [0.7257], [0.9]])
    found = forward.run(u)
    share = 2.0 * stats.norm.cdf(3.6) - 1.0
    shifts = SPREAD * stats.norm.ppf(stats.norm.cdf(-3.6) + u[:, 0] * share)
    assert found.inputs[:, 0] == pytest.approx(shifts, rel=1e-12)
    expected = [np.log(likelihood(shift)) for shift in shifts]
    assert found.log_likelihood.sum(axis=1) == pytest.approx(expected, abs=0.02)


def test_the_evidence_and_the_shift_against_quadrature(tmp_path):
    answer = diagnose(written(tmp_path, CASE.replace(RANDOM, str(KNOWN)) + READ + SECTION), seed=1, live=200)
    (one,) = answer.explanations
    law = stats.truncnorm(-3.6, 3.6, scale=SPREAD)
    ends = {"a": -3.6 * SPREAD, "b": 3.6 * SPREAD, "epsabs": 0.0, "points": [0.0, LATE], "limit": 200}
    evidence, mean, square = (
        integrate.quad(lambda x, k=k: x**k * likelihood(x) * law.pdf(x), **ends)[0] for k in range(3)
    )
    assert one.sampled.log_evidence == pytest.approx(np.log(evidence), abs=4.0 * one.sampled.error)
    mean, spread = mean / evidence, np.sqrt(square / evidence - (mean / evidence) ** 2)
    draws = one.inputs["start_offset"]
    assert draws.mean() == pytest.approx(mean, abs=4.0 * spread / np.sqrt(len(draws)))
    assert draws.std() == pytest.approx(spread, rel=0.1)


def test_what_was_told_is_shifted_too(tmp_path):
    told = "limits = [{ volume = 'tank', time = 5e4, above = 8e4, uncertainty = 200 }]\n"
    told += "stable = [{ volume = 'tank', start = 2e4, end = 6e4, within = 1.5e4, uncertainty = 300 }]\n"
    case = load_rivals(written(tmp_path, CASE.replace(RANDOM, str(KNOWN)) + READ + SECTION + told))[1][0].case
    found = Forward(case, 1).run(np.array([[0.2], [0.9]]))
    for k, shift in enumerate(found.inputs[:, 0]):
        change = np.diff(decayed(KNOWN, np.array([2e4, 6e4]) + shift))[0]
        stable = stats.norm.cdf(1.5e4, change, 300) - stats.norm.cdf(-1.5e4, change, 300)
        above = stats.norm.sf(8e4, decayed(KNOWN, 5e4 + shift), 200)
        assert np.exp(found.log_likelihood[k, 3:]) == pytest.approx([stable, above], abs=2e-3)


def test_an_event_that_the_shift_may_move_a_reading_over_is_refused(tmp_path):
    event = '[[schedule]]\nat = 5.1e4\naction = "vent"\nvolume = "tank"\nto = 9e3\n'
    with pytest.raises(CaseError) as caught:
        load_rivals(written(tmp_path, CASE + READ + SECTION + event))
    assert "diagnosis.start_offset = 5000: must leave out the event at 51000 s (vent)" in str(caught.value)
    assert len(caught.value.faults) == 1

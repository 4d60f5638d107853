"""Priors that depend on each other, as the correlations of a case say."""

from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, written
from scipy import stats

from leakflow.solver.diagnosis.diagnose import diagnose
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.trial import from_prior
from leakflow.solver.errors import CaseError

RANDOM = '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'
P0, P0_SD, RATE, RATE_SD, TIME, READ, SD = 1e5, 300.0, 1e-6, 3e-7, 1e5, 104_500.0, 50.0
# Pa a kg, of nitrogen in 2 m^3
RISE = 8.31446261815324 / 0.0280134 * 293.15 / 2.0
RANK = -0.8
# a tank that is fed: its pressure is the sum of two Gaussian inputs
TEXT = (
    CASE.replace(RANDOM, "0")
    .replace("pressure = 1e5", f'pressure = {{ dist = "normal", mean = {P0}, sd = {P0_SD}, name = "start" }}')
    .replace(
        "[run]",
        '[feeds.fed]\nkind = "rate"\nvolume = "tank"\ngas = "N2"\n'
        f'rate = {{ dist = "normal", mean = {RATE}, sd = {RATE_SD}, name = "rate" }}\n[run]',
    )
    + f"[[record.points]]\nvolume = 'tank'\ntime = {TIME}\npressure = {READ}\nuncertainty = {SD}\n"
)
TOGETHER = f'[[sweep.correlations]]\ninputs = ["start", "rate"]\nrank = {RANK}\n'


def test_draws_of_the_prior_have_the_rank_correlation(tmp_path):
    case = load_rivals(written(tmp_path, TEXT + TOGETHER))[1][0].case
    u = np.random.default_rng(1).random((4000, 2))
    for inputs in (Forward(case, 1).run(u).inputs, from_prior(case, 1, 4000).values):
        assert stats.spearmanr(inputs).statistic == pytest.approx(RANK, abs=0.03)
    assert stats.kstest(inputs[:, 0], stats.norm(P0, P0_SD).cdf).pvalue > 0.001
    assert stats.kstest(inputs[:, 1], stats.norm(RATE, RATE_SD).cdf).pvalue > 0.001


def test_the_posterior_of_two_correlated_gaussians(tmp_path):
    answer = diagnose(written(tmp_path, TEXT + TOGETHER), seed=1, live=100)
    (one,) = answer.explanations
    normal = 2.0 * np.sin(np.pi * RANK / 6.0)
    mean, sd = np.array([P0, RATE]), np.array([P0_SD, RATE_SD])
    prior = np.outer(sd, sd) * np.array([[1.0, normal], [normal, 1.0]])
    slope = np.array([1.0, RISE * TIME])
    spread = slope @ prior @ slope + SD**2
    assert one.sampled.log_evidence == pytest.approx(
        stats.norm.logpdf(READ, slope @ mean, np.sqrt(spread)), abs=4.0 * one.sampled.error
    )
    gain = prior @ slope / spread
    after = np.sqrt(np.diag(prior - np.outer(gain, slope @ prior)))
    middle = mean + gain * (READ - slope @ mean)
    for i, name in enumerate(("start", "rate")):
        assert one.inputs[name].mean() == pytest.approx(middle[i], abs=0.15 * after[i])
        assert one.inputs[name].std() == pytest.approx(after[i], rel=0.1)


def test_what_a_hypothesis_makes_certain_is_correlated_with_nothing(tmp_path):
    rivals = '[hypotheses.one]\n[hypotheses.known]\n[hypotheses.known.changes]\n"feeds.fed.rate" = 1e-6\n'
    one, known = load_rivals(written(tmp_path, TEXT + TOGETHER + rivals))[1]
    assert len(one.case.sweep.correlations) == 1
    assert known.case.sweep.correlations == []
    drawn = from_prior(known.case, 1, 1000)
    assert drawn.names == ["start"]
    assert stats.kstest(drawn.values[:, 0], stats.norm(P0, P0_SD).cdf).pvalue > 0.001


def test_an_input_that_acts_after_the_record_leaves_the_marginal(tmp_path):
    """The patch acts a day after the last reading, which no run of a diagnosis reaches."""
    late = (
        '[[schedule]]\naction = "patch"\npath = "leak"\nat = 2e5\n'
        'factor = { dist = "uniform", low = 0, high = 1, name = "late" }\n'
    )
    ranks = '[[sweep.correlations]]\ninputs = ["start", "late", "rate"]\n'
    ranks += "matrix = [[1, 0.5, RANK], [0.5, 1, 0], [RANK, 0, 1]]\n"
    text = (
        (TEXT + late + ranks.replace("RANK", str(RANK)))
        .replace("duration =", "#")
        .replace("[run]", "[run]\nduration = 3e5")
    )
    case = load_rivals(written(tmp_path, text))[1][0].case
    forward = Forward(case, 1)
    assert forward.names == ["start", "rate"]
    u = np.random.default_rng(1).random((4000, 2))
    assert stats.spearmanr(forward.run(u).inputs).statistic == pytest.approx(RANK, abs=0.03)


def test_a_correlation_of_no_input_is_refused(tmp_path):
    with pytest.raises(CaseError, match='inputs = "strat": no such input; did you mean start'):
        load_rivals(written(tmp_path, TEXT + TOGETHER.replace('"start"', '"strat"') + "[hypotheses.one]\n"))

from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, decayed, points, written
from rich.console import Console
from scipy import stats

from leakflow.solver.diagnosis.checks import leave_one_out
from leakflow.solver.diagnosis.diagnose import diagnose, plain
from leakflow.solver.diagnosis.tables import show_answer

RANDOM = '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'


def test_what_is_not_random_is_foretold_exactly(tmp_path, capsys):
    answer = diagnose(
        written(tmp_path, CASE.replace(RANDOM, "1e-10") + points(decayed(1e-10))), seed=1, live=50
    )
    (one,) = answer.explanations
    assert one.loo.elpd == pytest.approx(one.sampled.log_evidence, rel=1e-12)
    assert plain(answer)["hypotheses"][0]["loo"]["pareto_k"] == [0.0, 0.0, 0.0]
    show_answer(Console(width=200), answer)
    shown = capsys.readouterr().out
    assert f"{one.loo.elpd:.2f}" in shown
    assert "k > 0.7" not in shown


def test_readings_that_all_draws_tell_alike_stand_beside_others():
    """One of them is of a normal mean, whose leave-one-out density has a closed form."""
    rng = np.random.default_rng(2)
    read = np.array([0.3, -0.8, 0.1, 0.9, 0.4, -0.2])
    drawn = read.mean() + rng.standard_normal(20_000) / np.sqrt(read.size)
    logs = np.insert(stats.norm.logpdf(read, drawn[:, None], 1.0), 2, -4.5, axis=1)
    logs[:, 2] += 1e-9 * rng.standard_normal(drawn.size)
    found = leave_one_out(logs)
    others = (read.sum() - read) / (read.size - 1)
    expected = np.insert(stats.norm.logpdf(read, others, np.sqrt(1.0 + 1.0 / (read.size - 1))), 2, -4.5)
    assert found.each == pytest.approx(expected, abs=0.02)
    assert found.elpd == pytest.approx(expected.sum(), abs=0.05)
    assert found.pareto_k[2] == 0.0
    assert np.all(np.delete(found.pareto_k, 2) < 0.7)

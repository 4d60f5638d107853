"""Tables on a narrow terminal: what must be read is folded or left out, never cut."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from decay_case import CASE, decayed, points, written
from feed_case import CASE as FEED
from feed_case import DESIGN
from rich.console import Console

from leakflow.solver.diagnosis.design import design_test
from leakflow.solver.diagnosis.design_tables import show_plan
from leakflow.solver.diagnosis.diagnose import Answer, diagnose
from leakflow.solver.diagnosis.forecast import forecast
from leakflow.solver.diagnosis.forecast_tables import show_outlook
from leakflow.solver.diagnosis.tables import show_answer

RECORD = CASE + points(decayed(1e-10))
NAMES = ["laminar", "linear", "linear-fed", "laminar-fed", "a-crack-that-grows", "cooling", "sealed"]


def shown(show, what, width=80):
    screen = Console(file=io.StringIO(), width=width)
    show(screen, what)
    text = screen.file.getvalue()
    assert "…" not in text
    # what is said after the tables is one line, for the terminal to fold
    return text, [line for line in text.splitlines() if line.startswith("  ") and line.strip()]


def words(lines):
    return " ".join(lines).split()


def test_hypotheses_and_their_probabilities(tmp_path):
    answer = diagnose(written(tmp_path, RECORD), seed=1, live=100)
    (one,) = answer.explanations
    far = [one.sampled.log_evidence - behind for behind in (0.0, 1.2, 2.3, 3.4, 5.6, 49433.65, 7.8)]
    answer = Answer(
        answer.case,
        [
            replace(one, rival=one.rival._replace(name=name), sampled=one.sampled._replace(log_evidence=log))
            for name, log in zip(NAMES, far, strict=True)
        ],
        1, 100,
    )  # fmt: skip
    _, lines = shown(show_answer, answer)
    for name, probability, log in zip(NAMES, answer.probabilities(), far, strict=True):
        rows = [line for line in lines if name.startswith(line.split()[0]) and "±" in line]
        row = max(rows, key=lambda line: len(line.split()[0]))
        assert f"{probability:.3f}" in row
        assert f"{log:.2f} ±" in row


def test_forecasts_of_many_hypotheses(tmp_path):
    options = (
        '[options.keep-at-half]\nhold = { volume = "tank", pressure = 4e4 }\n'
        '[options.top-up]\ntop_up = { volume = "tank", below = 6e4, to = 7e4 }\n'
        '[forecast]\nuntil = "10 d"\nlimits = [{ volume = "tank", below = 3e4 }]\n'
    )
    known = RECORD.replace('{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }', "1e-10")
    outlook = forecast(written(tmp_path, known + options))
    (one,) = outlook.posteriors
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.full(7, 5.0))
    many = replace(
        outlook,
        posteriors=[one._replace(name=n, probability=p) for n, p in zip(NAMES, shares, strict=True)],
        predictions={
            (option, name): outlook.predictions[option, one.name]
            for option in outlook.options
            for name in NAMES
        },
    )
    _, lines = shown(show_outlook, many)
    assert max(map(len, lines)) <= 80
    for word in ("keep-at-hal", "laminar-fed", "linear-fed", *(f"{share:.2f}" for share in shares)):
        assert word in words(lines)


def test_tests_and_their_chances(tmp_path):
    tests = (
        '[tests.a-much-longer-name]\npressure = 9e4\nduration = "12.5 d"\nevery = "12.5 d"\nwait = "1 d"\n'
    )
    plan = design_test(written(tmp_path, FEED + DESIGN + tests), seed=1, records=50, draws=100)
    plan.tests[0] = replace(plan.tests[0], enough=300.0)
    for width, share in ((80, False), (120, True)):
        _, lines = shown(show_plan, plan, width)
        assert ("share" in words(lines)) is share
        for test in plan.tests:
            found = f"{test.told.gain[-1]:.3f}±{test.told.error[-1]:.3f}"
            chance = f"{test.told.decisive[-1]:.2f}±{test.told.decisive_error[-1]:.2f}"
            assert {found, chance} <= set(words(lines))
        assert "12.5 days" in " ".join(lines)

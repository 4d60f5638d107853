from __future__ import annotations

from types import SimpleNamespace

import pytest

from leakflow.solver.diagnosis.diagnose import Answer
from leakflow.solver.diagnosis.digits import resolving
from leakflow.solver.diagnosis.words import verdict


def explained(name, log):
    sampled = SimpleNamespace(log_evidence=log, error=0.022, reasons=(), doubts=())
    return SimpleNamespace(rival=SimpleNamespace(name=name, prior=0.5), sampled=sampled, p_value=0.5)


@pytest.mark.parametrize(
    "behind, said",
    [(3.03, "is 3.0, not beyond 3 by twice its error, 0.031"), (2.2, "is 2.2, below 3"), (3.2, "favours a")],
)
def test_near_the_threshold_the_verdict_does_not_contradict_itself(behind, said):
    assert said in verdict(Answer(None, [explained("a", 0.0), explained("b", -behind)], 0, 100))


@pytest.mark.parametrize(
    "low, high, digits", [(147.0, 159.0, 3), (732.11, 732.19, 6), (0.0, 5.0, 3), (5.0, 5.0, 3), (1.0, 1e9, 3)]
)
def test_digits_resolve_a_band(low, high, digits):
    assert resolving(low, high) == digits
    if high > low:
        assert f"{low:.{digits}g}" != f"{high:.{digits}g}"

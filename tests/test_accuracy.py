"""A short run of `benchmarks.accuracy`: what is read on the way through cases at random is right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy import compare
from benchmarks.random_cases import random_case
from leakflow.solver.case import case_of

# rtol of each seed as the command takes it; the worst of 1,000 cases is in docs/theory.md
RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)


@pytest.mark.parametrize("seed", range(3000, 3014))
def test_series_of_random_cases_are_right_and_touch_no_outcome(seed):
    compared = compare(seed, RTOLS[seed % len(RTOLS)])
    assert compared.has_same_bits
    np.testing.assert_array_equal(compared.statuses, compared.exact_statuses)
    assert compared.worst < 12.0
    assert compared.end < 3.0


def test_steps_after_a_late_event_may_be_short():
    """Three weeks on a step of 1e-8 s is some forty times what the clock resolves."""
    compared = compare(758, 1e-5)
    assert not compared.exact_statuses.any()
    assert compared.worst < 12.0


def test_random_case_depends_on_its_seed_alone():
    assert random_case(7, 1e-6) == random_case(7, 1e-6)
    assert random_case(7, 1e-6)["volumes"] != random_case(8, 1e-6)["volumes"]
    assert case_of(random_case(7, 1e-6), "random case 7").run.rtol == 1e-6

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import AIR, UNWRITTEN, Case, Event, cracks, held, orifice, outside, run, seal, tank

from leakflow.kernels import status
from leakflow.kernels.model import PATCH, REPRESSURISE, SET_OPENING

SEED = 42
N = 24
DAY = 86400.0

# two gases, all kinds of path and event; about a third of the samples fail, each for its own reason
MIXED = Case(
    [
        tank(("uniform", -0.5, 4.0), 6.3e4, temperature=295.0),
        held(900.0, 9.8e4),
        tank(0.7, ("uniform", 1e4, 9e4), gas=1),
        outside(),
    ],
    [
        cracks(0, 3, ("uniform", 0.0, 8.5), opening=("lognormal", 6e-6, 0.4), length=("uniform", 1e-3, 2e-2)),
        seal(1, 0, ("loguniform", 1e-14, 1e-11), 1e-18),
        orifice(0, 2, 1e-6, opening=("uniform", 0.0, 1.05)),
        cracks(2, 3, 2.0, accommodation=("uniform", 0.59, 1.0), opening=("weibull", 2.0, 5e-6)),
    ],
    DAY,
    events=[
        Event(("uniform", 0.0, DAY), SET_OPENING, 2, 0.0),
        Event(0.5 * DAY, PATCH, 0, ("uniform", 0.0, 0.5)),
        Event(0.7 * DAY, REPRESSURISE, 0, 7e4, 1),
    ],
    thresholds=[(0, 5e4, -1.0)],
    record=[(0, 3600.0)],
    gases=[AIR, {"He": 1.0}],
)


@pytest.fixture(scope="module")
def plan():
    return MIXED.plan


@pytest.fixture(scope="module")
def whole(plan):
    return run(plan, N, seed=SEED, first=1000)


def test_samples_differ_and_some_fail(whole):
    assert set(whole.status) >= {status.OK, status.IMPOSSIBLE, status.OUT_OF_RANGE}
    good = whole.outcomes[whole.status == status.OK]
    assert len(good) >= 10
    assert len({row.tobytes() for row in good}) == len(good)


@settings(deadline=None, max_examples=25)
@given(cuts=st.sets(st.integers(1, N - 1)), backwards=st.booleans())
def test_same_bits_whatever_the_blocks(plan, whole, cuts, backwards):
    bounds = [0, *sorted(cuts), N]
    blocks = list(pairwise(bounds))
    for low, high in reversed(blocks) if backwards else blocks:
        part = run(plan, high - low, seed=SEED, first=1000 + low)
        for i in range(high - low):
            assert part.sample(i).bits == whole.sample(low + i).bits


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_on_any_number_of_threads(plan, whole, threads):
    def block(low):
        return run(plan, 4, seed=SEED, first=1000 + low)

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(block, range(0, N, 4)))
    for k, part in enumerate(parts):
        for i in range(4):
            assert part.sample(i).bits == whole.sample(4 * k + i).bits


def test_same_bits_twice_and_others_with_another_seed(plan, whole):
    assert run(plan, N, seed=SEED, first=1000).bits == whole.bits
    other = run(plan, N, seed=SEED + 1, first=1000)
    random = np.ptp(whole.inputs, axis=0) > 0.0
    assert (other.inputs[:, random] != whole.inputs[:, random]).all()


def test_the_series_changes_no_outcome(plan, whole):
    bare = run(plan, N, seed=SEED, first=1000, series=False)
    assert bare.values.shape == (N, 0, 4)
    assert bare.flows.shape == (N, 0, 4)
    assert bare.bits[:3] == whole.bits[:3]


def test_a_failed_sample_says_nothing_else_and_leaves_its_neighbours_alone(plan, whole):
    bad = np.flatnonzero(whole.status != status.OK)
    assert np.isnan(whole.outcomes[bad]).all()
    assert np.isnan(whole.values[bad]).all()
    assert np.isnan(whole.flows[bad]).all()
    assert np.isfinite(whole.inputs[bad]).all()
    for i in (i for k in bad for i in (k - 1, k + 1) if 0 <= i < N):
        alone = run(plan, 1, seed=SEED, first=1000 + i)
        assert alone.bits == whole.sample(i).bits


def test_each_sample_gets_its_own_status():
    bad = ("choice", [5.0, -1.0, math.nan, math.inf], [1.0, 1.0, 1.0, 1.0])
    case = Case([tank(bad, 1e5), outside()], [orifice(0, 1, 1e-5)], 60.0)
    result = case.run(40)
    expected = {5.0: status.OK, -1.0: status.IMPOSSIBLE, math.inf: status.NOT_FINITE}
    column = result.inputs[:, case.slot("volume0.size")]
    for value, found in zip(column, result.status, strict=True):
        assert found == expected.get(value, status.IMPOSSIBLE)
    assert len(set(column[np.isfinite(column)])) == 2
    assert np.isnan(result.outcomes[result.status != status.OK]).all()
    assert np.isfinite(result["final"][result.status == status.OK]).all()


def test_failing_on_the_way_leaves_nothing_half_written():
    """The event that cannot be comes after outputs and outcomes of the start were written."""
    event = Event(30.0, SET_OPENING, 0, ("choice", [0.5, 1.5], [1.0, 1.0]))
    case = Case([tank(1.0, 1e5), outside()], [orifice(0, 1, 1e-5, opening=1.0)], 60.0, events=[event])
    result = case.run(12)
    failed = result.status == status.IMPOSSIBLE
    assert 0 < failed.sum() < 12
    for array in (result.outcomes, result.values, result.flows):
        assert np.isnan(array[failed]).all()
    for array in (result["mass"], result["final"], result["mass_lost"], result.values, result.flows):
        assert np.isfinite(array[~failed]).all()


def test_every_output_is_written(whole):
    for array in (whole.inputs, whole.outcomes, whole.values, whole.flows):
        assert not (array == UNWRITTEN).any()
    assert set(whole.status) <= set(status.MEANINGS)


def test_sample_indices_reach_beyond_32_bits(plan):
    far = [run(plan, 2, seed=2**63 + 5, first=first) for first in (0, 2**32, 2**40)]
    assert len({sample.inputs.tobytes() for sample in far}) == 3
    assert far[1].sample(1).bits == run(plan, 1, seed=2**63 + 5, first=2**32 + 1).bits


def test_of_no_samples(plan):
    assert run(plan, 0).status.size == 0

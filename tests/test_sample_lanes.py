"""Blocks of samples side by side: each is what it is by itself, and what the steps of one sample give."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import (
    Case,
    Control,
    Event,
    _offsets,
    cracks,
    hatch,
    held,
    hold,
    orifice,
    outside,
    run,
    seal,
    tank,
)

from leakflow.kernels import batch, gas, model, sample_lanes, status
from leakflow.kernels.model import PATCH, REPRESSURISE, SET_OPENING, START

DAY = 86400.0
N = 3 * sample_lanes.LANES + 5
ANY = ("uniform", 2e4, 1e5)
SEAL = {"molecular": ("loguniform", 1e-13, 1e-11), "viscous": 3e-17}
OPENING = ("lognormal", 8e-6, 0.5)

# station, tunnel, and a tank that is filled; hatch, valve, patch and new cracks at times of their own
BUSY = Case(
    [
        tank(("uniform", 500.0, 1000.0), ANY),
        tank(("uniform", -0.3, 6.0), ANY),
        tank(1.0, ANY),
        held(9.0, 1e5),
        outside(),
    ],
    [
        cracks(1, 4, ("uniform", 0.0, 12.0), opening=OPENING),
        hatch(0, 1, 0.5, **SEAL),
        orifice(1, 2, 1e-4, opening=("choice", [0.0, 0.3, 1.0], [0.6, 0.2, 0.2])),
        seal(3, 2, 1e-12, 0.0),
        cracks(0, 4, 3.0, opening=OPENING, starts_later=True),
    ],
    30 * DAY,
    events=[
        Event(("uniform", 0.0, 30 * DAY), SET_OPENING, 1, ("choice", [0.05, 1.0], [0.5, 0.5])),
        Event(("uniform", 0.0, 30 * DAY), SET_OPENING, 1, 0.0),
        Event(("uniform", 0.0, 30 * DAY), SET_OPENING, 2, 0.5),
        Event(("uniform", 0.0, 30 * DAY), PATCH, 0, ("uniform", 0.0, 0.9)),
        Event(("uniform", 0.0, 30 * DAY), START, 4),
        Event(("uniform", 0.0, 30 * DAY), REPRESSURISE, 1, 9e4),
    ],
    feeds=[hold(0, 9e4, 3600.0, most=1e-5)],
    thresholds=[(1, 3e4, -1.0), (0, ("uniform", 5e4, 1e5), -1.0)],
    record=[(1, 5e5), (0, 2e6)],
    output_time=np.linspace(0.0, 30 * DAY, 31),
)  # fmt: skip
# a relief valve, and a hatch that shuts itself
CONTROLLED = Case(
    [tank(50.0, ANY), tank(5.0, ANY), outside()],
    [
        orifice(0, 1, ("loguniform", 1e-7, 1e-4), opening=1.0),
        orifice(1, 2, 2e-6, opening=0.0),
        cracks(0, 2, 4.0, opening=OPENING),
    ],
    2 * DAY,
    controls=[
        Control(model.PRESSURE_DROP, 1, 5e4, 1.0, SET_OPENING, 1, 1.0, off=3e4, releases=True),
        Control(model.PRESSURE, 0, 3e4, -1.0, SET_OPENING, 0, 0.0, once=True),
    ],
)  # fmt: skip
CASES = {"busy": BUSY, "controlled": CONTROLLED}
# of which two runs may differ: counts, and rounding
NOT_COMPARED = ("steps", "rejected_steps", "mass_balance_residual")


def one_after_the_other(plan, *arguments, **more):
    """Run without lanes."""
    kept = batch.goes_in_lanes
    batch._SPARE.pop(plan, None)
    batch.goes_in_lanes = lambda plan: False
    try:
        return run(plan, *arguments, **more)
    finally:
        batch.goes_in_lanes = kept
        batch._SPARE.pop(plan, None)


@pytest.fixture(scope="module", params=["busy", "controlled"])
def case(request):
    return CASES[request.param]


@pytest.fixture(scope="module")
def plan(case):
    assert sample_lanes.goes_in_lanes(case.plan)
    return case.plan


@pytest.fixture(scope="module")
def whole(plan):
    return run(plan, N, seed=7)


def test_they_are_those_of_one_after_the_other(plan, whole):
    alone = one_after_the_other(plan, N, seed=7)
    assert alone.inputs.tobytes() == whole.inputs.tobytes()
    assert np.array_equal(alone.status, whole.status)
    good = whole.status == status.OK
    assert np.count_nonzero(good) > N // 2
    for name in _offsets(plan):
        if name not in NOT_COMPARED:
            ours, theirs = whole[name][good], alone[name][good]
            atol = 1e-9 * np.nanmax(np.abs(theirs), initial=0.0)
            np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=atol, err_msg=name)
    np.testing.assert_allclose(whole.values[good], alone.values[good], rtol=1e-8, atol=1e-4)


@settings(deadline=None, max_examples=12)
@given(cuts=st.sets(st.integers(1, N - 1), max_size=9), backwards=st.booleans())
def test_same_bits_whatever_the_blocks(plan, whole, cuts, backwards):
    blocks = list(pairwise([0, *sorted(cuts), N]))
    for low, high in reversed(blocks) if backwards else blocks:
        part = run(plan, high - low, seed=7, first=low)
        for i in range(high - low):
            assert part.sample(i).bits == whole.sample(low + i).bits


def test_same_bits_alone_after_any_other(plan, whole):
    for i in (N - 1, 0, 20):
        assert run(plan, 1, seed=7, first=i).sample(0).bits == whole.sample(i).bits


def test_the_series_changes_no_outcome(plan, whole):
    bare = run(plan, N, seed=7, series=False)
    assert bare.bits[:3] == whole.bits[:3]


def test_a_sample_that_fails_says_nothing_and_harms_no_other():
    bad = ("choice", [5.0, -1.0, np.nan, np.inf, 1e300], [3.0, 1.0, 1.0, 1.0, 1.0])
    case = Case([tank(bad, ANY), tank(2.0, ANY), outside()], [orifice(0, 1, 1e-5), orifice(1, 2, 1e-6)], DAY)
    result = run(case.plan, N)
    failed = result.status != status.OK
    assert np.count_nonzero(failed) > 10
    assert np.count_nonzero(~failed) > 10
    assert np.isnan(result.outcomes[failed]).all()
    assert np.isnan(result.values[failed]).all()
    for i in np.flatnonzero(~failed):
        assert run(case.plan, 1, first=i).bits == result.sample(i).bits


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_what_empties_for_long_ends_empty(rtol):
    """Two tanks and a hole into vacuum, until there is nothing left that floats would hold."""
    case = Case(
        [tank(2.0, ANY), tank(0.4, ANY), outside()],
        [orifice(0, 2, ("loguniform", 1e-4, 1e-3)), orifice(0, 1, ("loguniform", 1e-3, 1e-2))],
        1e6,
        rtol=rtol,
    )
    result = run(case.plan, N)
    assert not result.status.any()
    assert (result["final"][:, :2] < 1e-3).all()
    R, _ = gas.mixture_constants(case.plan.components[0])
    pressures = [result.inputs[:, case.slot(f"volume{v}.pressure")] for v in range(2)]
    held_first = (2.0 * pressures[0] + 0.4 * pressures[1]) / (R * 293.15)
    np.testing.assert_allclose(result["mass_lost"][:, 0], held_first, rtol=5e-8)  # atol is 1e-3 Pa

"""Explicit steps of samples side by side: those of `explicit.explicit_step`."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from lanes import SideBySide, packed_in
from plans import Case, cracks, held, orifice, outside, seal, tank

from leakflow.kernels import explicit, explicit_lanes, sample_lanes
from leakflow.kernels.sample_lanes import LANES

HIGH, LOW = ("uniform", 2e4, 9e4), ("uniform", 1e3, 9e4)
CASE = Case(
    [tank(("uniform", 1.0, 20.0), HIGH), tank(5.0, LOW), held(9.0, 1e5), outside()],
    [
        cracks(1, 3, ("uniform", 0.0, 12.0)),
        seal(2, 1, ("loguniform", 1e-12, 1e-9), 1e-16),
        orifice(0, 1, ("loguniform", 1e-9, 1e-7)),
    ],
    86400.0,
)  # fmt: skip
SPAN = 4000.0


def stepped():
    side = SideBySide(CASE)
    rng = np.random.default_rng(5)
    lengths = SPAN * rng.uniform(0.01, 1.0, LANES)
    for lane, h in enumerate(lengths):
        side.put(lane, h)
    explicit_lanes.explicit_steps(side.plan, side.samples, side.lanes)
    return side, lengths


def test_a_step_is_that_of_one_sample():
    side, lengths = stepped()
    for lane, (p, h) in enumerate(zip(side.each, lengths, strict=True)):
        explicit_lanes.take_explicit_step(p.plan, p.sample, side.lanes, lane, p.work)
        explicit_lanes.take_stages(side.lanes, lane, p.work)
        new, error, last = p.work.new.copy(), p.work.error.copy(), p.work.last.copy()
        stages, flux = p.work.stages[: explicit.STAGES + 1].copy(), p.sample.flux.copy()
        pressures = p.sample.volumes["pressure"].copy()
        explicit.explicit_step(p.plan, p.sample, 0.0, h, p.state, p.work)
        np.testing.assert_allclose(p.sample.volumes["pressure"], pressures, rtol=1e-14)
        explicit.end_rates(p.plan, p.sample, h, p.work)
        np.testing.assert_allclose(new, p.work.new, rtol=1e-12)
        np.testing.assert_allclose(last, p.work.last, rtol=1e-12)  # weights of up to 43, of either sign
        scale = np.abs(p.work.stages[: explicit.STAGES + 1]).max()
        np.testing.assert_allclose(stages, p.work.stages[: explicit.STAGES + 1], rtol=0, atol=1e-12 * scale)
        np.testing.assert_allclose(error, p.work.error, rtol=1e-6, atol=1e-13 * scale * h)
        np.testing.assert_allclose(flux, p.sample.flux, rtol=0, atol=1e-12 * scale)


def test_what_leaves_arrives():
    side, _ = stepped()
    for lane in range(LANES):
        state, new = side.each[lane].state, side.row(sample_lanes.NEW)[lane]
        out, come, through = new[2:5]
        assert abs(new[0] + through - state[0]) <= 4e-16 * state[0]
        assert abs(new[1] + out - come - through - state[1]) <= 1e-15 * state[1]


def test_the_end_of_a_step_is_packed():
    count, calls = packed_in(explicit_lanes._set_end, np.ones(sample_lanes._CONTENT))
    weights = sum(np.count_nonzero(of) for of in (explicit.B, explicit.E3, explicit.E5, explicit.E6))
    assert count >= 2 * weights
    assert not calls


@pytest.mark.parametrize("s", range(1, explicit.STAGES))
def test_the_argument_of_a_stage_is_packed(s):
    set_argument = explicit_lanes._set_argument

    def of_stage(block, count):
        set_argument(s, block, LANES if s == explicit.STAGES - 1 else count)

    if hasattr(set_argument, "py_func"):
        of_stage = numba.njit(of_stage)
    count, _ = packed_in(of_stage, np.ones(sample_lanes._CONTENT), LANES)
    assert count >= 2 * np.count_nonzero(explicit.A[s]) + 1  # products and sums, and the length of the step

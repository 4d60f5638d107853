"""Implicit steps of samples side by side: those of `rosenbrock.step`."""

from __future__ import annotations

import numpy as np
import pytest
from lanes import SideBySide, packed_in
from plans import Case, cracks, held, hold, orifice, outside, rate, seal, tank

from leakflow.kernels import implicit_lanes, network, rosenbrock, sample_lanes
from leakflow.kernels.places import IMPLICIT
from leakflow.kernels.sample_lanes import LANES

HIGH, LOW = ("uniform", 2e4, 9e4), ("uniform", 1e3, 9e4)
CASE = Case(
    [tank(("uniform", 1.0, 20.0), HIGH), tank(5.0, LOW), held(9.0, 1e5), outside()],
    [
        orifice(0, 1, ("loguniform", 1e-7, 1e-4)),
        cracks(1, 3, ("uniform", 0.0, 12.0)),
        seal(2, 1, ("loguniform", 1e-12, 1e-9), 1e-16),
    ],
    86400.0,
    feeds=[hold(0, 8e4, 600.0), rate(1, 1e-6)],
)  # fmt: skip


def stepped():
    side = SideBySide(CASE, IMPLICIT)
    rng = np.random.default_rng(5)
    lengths = np.exp(rng.uniform(np.log(1e-3), np.log(1e4), LANES))
    for lane, (p, h) in enumerate(zip(side.each, lengths, strict=True)):
        network.rates_and_slopes(p.plan, p.sample, p.state, p.work.rate, p.work.slopes)
        side.put(lane, h)
        assert implicit_lanes.put_system(p.plan, side.lanes, lane, h, p.work)
    implicit_lanes.implicit_steps(side.plan, side.samples, side.lanes)
    return side, lengths


def test_a_step_is_that_of_one_sample():
    side, lengths = stepped()
    for lane, (p, h) in enumerate(zip(side.each, lengths, strict=True)):
        implicit_lanes.take_implicit_step(p.plan, p.sample, side.lanes, lane, p.work)
        new, error, stages = p.work.new.copy(), p.work.error.copy(), p.work.stages[: rosenbrock.STAGES].copy()
        assert rosenbrock.step(p.plan, p.sample, 0.0, h, p.state, p.work)
        scale = np.abs(p.work.stages[: rosenbrock.STAGES]).max()
        np.testing.assert_allclose(new, p.work.new, rtol=1e-11, atol=1e-12 * scale)
        np.testing.assert_allclose(stages, p.work.stages[: rosenbrock.STAGES], rtol=0, atol=1e-10 * scale)
        np.testing.assert_allclose(error, p.work.error, rtol=0, atol=1e-10 * scale)


def test_what_leaves_arrives():
    side, _ = stepped()
    for lane in range(LANES):
        state, new = side.each[lane].state, side.row(sample_lanes.NEW)[lane]
        through, out, come, made_up, given = new[2:7]
        held_now = new[0] + new[1] + out - come - made_up - given
        assert abs(held_now - state[0] - state[1]) <= 1e-14 * (state[:2].sum() + abs(new[2:]).sum())
        assert abs(new[0] + through - made_up - state[0]) <= 1e-14 * (state[0] + abs(new[2:]).sum())


def test_rows_are_exchanged_once():
    """A matrix that needs pivots: the factors of a lane stand in the order of their rows."""
    side = SideBySide(CASE, IMPLICIT)
    p = side.each[0]
    rng = np.random.default_rng(3)
    p.work.rate[:] = rng.normal(size=p.state.size)
    p.work.slopes[:] = 50.0 * rng.normal(size=p.work.slopes.shape)
    for lane in range(LANES):
        side.lanes.system[:, lane::LANES] = 1.0
        side.put(lane, 1.0)
    assert implicit_lanes.put_system(p.plan, side.lanes, 0, 1.0, p.work)
    assert np.any(p.work.pivots != np.arange(p.work.pivots.size))
    implicit_lanes.implicit_steps(side.plan, side.samples, side.lanes)
    first = side.lanes.content[:, LANES].copy()
    assert rosenbrock.step(p.plan, p.sample, 0.0, 1.0, p.state, p.work)
    np.testing.assert_allclose(first, p.work.stages[0], rtol=1e-10, atol=1e-12)


def test_a_matrix_without_factors_is_told():
    side = SideBySide(CASE, IMPLICIT)
    p = side.each[0]
    p.work.slopes[:] = np.inf
    assert not implicit_lanes.put_system(p.plan, side.lanes, 0, 1.0, p.work)


BLOCK, SYSTEM, FLUX = np.ones(sample_lanes._CONTENT), np.ones(9 * LANES), np.ones(LANES)
LOOPS = {
    "_set_argument": ((3, BLOCK, LANES), 8),
    "_add_stages": ((3, BLOCK, LANES), 10),
    "_keep_stage": ((3, BLOCK, LANES), 2),
    "_set_end": ((BLOCK, LANES), 1),
    "_add_product": ((1.0, SYSTEM, LANES, BLOCK, 0, FLUX, LANES), 3),
    "_multiply": ((SYSTEM, LANES, FLUX, LANES), 1),
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_loops_are_packed(name):
    arguments, operations = LOOPS[name]
    assert packed_in(getattr(implicit_lanes, name), *arguments)[0] >= operations

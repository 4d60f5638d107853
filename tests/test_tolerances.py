"""Errors of a step over what they may be."""

from __future__ import annotations

import math

import pytest
from plans import Case, orifice, outside, prepared, seal, tank

from leakflow.kernels import tolerances


def tried(case):
    """A prepared sample whose step ends where it begins, without errors."""
    p = prepared(case)
    p.work.new[:] = p.state
    p.work.error[:] = 0.0
    tolerances.set_scales(p.plan, p.sample, p.work)
    return p


def error_of(p, limit=math.inf):
    return tolerances.step_error(p.plan, p.state, p.work, limit)


@pytest.mark.parametrize("rtol", [1e-3, 1e-8])
def test_an_error_is_measured_by_both_tolerances(rtol):
    p = tried(Case([tank(2.0, 1e5), outside()], [orifice(0, 1, 1e-6)], 1.0, rtol=rtol, atol=1e-3))
    of_atol = 1e-3 / 1e5 * p.state[0]
    p.work.error[0] = -3.0 * (of_atol + rtol * p.state[0])
    assert error_of(p) == pytest.approx(3.0, rel=1e-12)


def test_what_passes_is_measured_by_the_smaller_volume():
    p = tried(Case([tank(2.0, 1e5), tank(0.5, 1e5)], [seal(0, 1, 1e-9, 0.0)], 1.0, rtol=1e-6, atol=1e-3))
    p.work.error[2] = 1e-3 / 1e5 * p.state[1]
    assert error_of(p) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_no_step(bad):
    for array in ("new", "error"):
        p = tried(Case([tank(2.0, 1e5), outside()], [orifice(0, 1, 1e-6)], 1.0))
        getattr(p.work, array)[1] = bad
        assert error_of(p) == math.inf


def test_less_than_nothing_is_no_step():
    p = tried(Case([tank(2.0, 1e5), outside()], [orifice(0, 1, 1e-6)], 1.0))
    p.work.new[0] = -2.0 * p.work.scale[0]
    assert error_of(p) == 2.0
    p.work.new[0] = -0.5 * p.work.scale[0]
    assert error_of(p) < 1.0

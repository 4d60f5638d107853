"""Errors of a step over what they may be."""

from __future__ import annotations

import math

import pytest
from plans import AIR, Case, balanced, orifice, outside, prepared, seal, tank

from leakflow.kernels import flows, tolerances


def tried(case):
    """A prepared sample whose step ends where it begins, without errors."""
    p = prepared(case)
    p.work.new[:] = p.state
    p.work.error[:] = 0.0
    p.sample.paths["limit"] = math.inf
    tolerances.set_scales(p.plan, p.sample, p.work)
    return p


def error_of(p):
    return tolerances.step_error(p.plan, p.sample, p.state, p.work)


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


@pytest.mark.parametrize("limit", [1e-7, 2e-8])
def test_a_limit_holds_the_errors_of_pressures(limit):
    """Of gas and energy too, if by them the pressure is wrong, and not where one makes up for the other."""
    volumes = [balanced(1.0, 1e5, temperature=300.0), tank(1.0, 1e5, temperature=300.0, gas=1)]
    case = Case(volumes, [orifice(0, 1, 1e-4)], 1.0, gases=[AIR, {"N2": 1.0}], rtol=1e-3, atol=1e-3)
    p = prepared(case)
    p.work.new[:] = p.state
    p.work.scale[:] = 1.0
    R = p.sample.component_gas
    for wrong, of_difference in [
        ([1e-6 * p.state[0], 0.0, 1e-6 * p.state[2], 0.0, 0.0, 0.0], 1e-6),
        ([1e-6 * p.state[0], 0.0, 0.0, 0.0, 0.0, 0.0], 0.0),
        ([0.0, 0.0, 0.0, 0.0, 1e-6 * p.state[4], 0.0], 1e-6),
        ([0.0, 0.0, 0.0, 1e-6, -1e-6 * R[0] / R[1], 0.0], 0.0),
        ([0.0, 0.0, 0.0, 0.0, 0.0, 1e-6 * p.state[5]], 0.0),
        ([1e-6 * p.state[0], 0.0, 1e-6 * p.state[2], 0.0, 1e-6 * p.state[4], 0.0], 0.0),  # both pressures
        ([1e-6 * p.state[0], 0.0, 1e-6 * p.state[2], 0.0, -1e-6 * p.state[4], 0.0], 2e-6),
    ]:
        p.work.error[:] = 0.0
        p.work.error[:6] = wrong
        p.sample.paths[0]["limit"] = math.inf
        plain = error_of(p)
        p.sample.paths[0]["limit"] = limit
        held = error_of(p)
        assert plain <= 2e-3
        expected = of_difference / limit * 1e5 / (1e5 + 1e4 * 1e-3)
        assert held == pytest.approx(max(expected, plain), rel=1e-9)


def test_a_limit_holds_the_pressures_of_its_path_alone():
    """A third volume far from both may err by as much as anywhere."""
    volumes = [tank(1.0, 1e5), tank(1.0, 1e5), tank(1.0, 5e4)]
    p = tried(Case(volumes, [orifice(0, 1, 1e-4), orifice(1, 2, 1e-6)], 1.0, rtol=1e-3, atol=1e-3))
    assert flows.set_limits(p.plan, p.sample)
    assert p.sample.paths["limit"][0] < 1e-7
    assert p.sample.paths["limit"][1] == math.inf
    p.work.error[2] = 1e-5 * p.state[2]
    assert error_of(p) == pytest.approx(1e-2, rel=1e-3)
    p.work.error[1] = 1e-5 * p.state[1]
    assert error_of(p) > 100.0

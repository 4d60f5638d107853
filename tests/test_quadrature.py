"""A run as an integral over the pressure: closed forms, steps in time, and where it must not be used."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import (
    AIR,
    Case,
    Control,
    Event,
    balanced,
    cracks,
    hatch,
    held,
    hold,
    orifice,
    outside,
    prepared,
    rate,
    removal,
    seal,
    tank,
    wall,
)

from benchmarks.workloads import workload
from leakflow.kernels import model, quadrature, range_series, status, tolerances
from leakflow.solver.sweep import sweep

P = 1e5
V = 5.0
DAY = 86400.0
T = 293.15
R, _, GAMMA = naive.gas_properties(AIR, T)
PER_MASS = R * T / V


def may(case):
    p = prepared(case)
    tolerances.set_scales(p.plan, p.sample, p.work)
    return bool(quadrature.has_curve(p.plan, p.sample, p.state, p.work))


def leaking(*paths, duration=30 * DAY, pressure=P, **more):
    """A tunnel behind a station, and vacuum outside."""
    return Case([held(916.0, P), tank(V, pressure), outside()], list(paths), duration, **more)


def steps_only(case):
    """At a tolerance at which steps are taken in time."""
    return case.but(rtol=1e-12, atol=1e-9)


def test_a_linear_leak_is_an_exponential():
    tau = 10 * DAY
    times = np.linspace(0.0, 30.0, 31) * DAY
    case = leaking(seal(1, 2, 1.0 / (tau * PER_MASS), 0.0), output_time=times)
    result = case.run()
    np.testing.assert_allclose(result.pressures[0, :, 1], P * np.exp(-times / tau), rtol=1e-12)
    assert result["mass_lost"][0, 0] == pytest.approx(P / PER_MASS * -math.expm1(-3.0), rel=1e-12)
    assert result["steps"][0, 0] <= 2


@pytest.mark.parametrize("start", [2.0, 1.0 + 1e-7, 1.0 - 1e-9, 0.7, 0.1])
@pytest.mark.parametrize("duration", [0.01, 1.0, 20.0, 1e4])
def test_in_and_out_by_viscous_seals_is_a_hyperbolic_tangent(start, duration):
    """``p' = k (q^2 - p^2)`` with the equilibrium q."""
    inward, out = 3e-17, 1e-16
    k = PER_MASS * 0.5 * (inward + out)
    q = P * math.sqrt(inward / (inward + out))
    seconds = duration / (k * q)
    case = leaking(seal(0, 1, 0.0, inward), seal(1, 2, 0.0, out), duration=seconds, pressure=start * q)
    result = case.run()
    fade = (start - 1.0) / (start + 1.0) * math.exp(-2.0 * duration)
    expected = q * (1.0 + fade) / (1.0 - fade)
    p = result["final"][0, 1]
    assert p - q == pytest.approx(expected - q, rel=2e-6, abs=1e-11 * q)
    assert p == pytest.approx(expected, rel=1e-9, abs=0.0)
    # what comes in goes with q, not with p: it is exact as a difference
    came, went = result["mass"][0]
    assert came - went == pytest.approx((expected - start * q) / PER_MASS, rel=1e-6, abs=1e-10 * P / PER_MASS)
    assert result["mass_balance_residual"][0, 0] <= 1e-14


def test_through_a_choked_hole_it_is_an_exponential():
    area = 1e-9
    tau = V / (area * naive.choked_flow_function(GAMMA) * math.sqrt(R * T))
    result = leaking(orifice(1, 2, area), duration=3.0 * tau).run()
    assert result["final"][0, 1] == pytest.approx(P * math.exp(-3.0), rel=1e-8, abs=0.0)
    assert result["steps"][0, 0] <= 3


@pytest.mark.parametrize("drop", [3e-11, 1e-10, 1e-6])
def test_shares_of_a_drop_below_rounding_are_those_of_the_conductances(drop):
    """A feed leaves past two seals across a few units in the last place of the pressure."""
    wide, narrow = 1e-6, 3e-9
    feed = drop * (wide + narrow)
    seconds = 1e6
    paths = [seal(0, 1, wide, 0.0), seal(0, 1, narrow, 0.0)]
    out = Case([tank(1e-3, P), outside(P)], paths, seconds, feeds=[rate(0, feed)], rtol=1e-8).run()
    expected = feed * seconds * np.array([wide, narrow]) / (wide + narrow)
    np.testing.assert_allclose(out["mass"][0, :2], expected, rtol=1e-6)


OUTCOMES = ("mass", "mass_lost", "leak_rate", "final", "time_to", "record")


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.floats(-15.0, -11.0), st.floats(0.0, 4.0), st.floats(-1.0, 2.5))
def test_it_is_what_steps_in_time_give(index, seal_decade, back_decade, days):
    """Random cracks and seals, back pressures at which the flow through cracks does not choke, and feeds."""
    duration = 10.0**days * DAY
    case = leaking(
        seal(0, 1, 10.0**seal_decade, 1e-18),
        cracks(1, 2, 9.0, opening=("lognormal", 8e-6, 0.6), length=("uniform", 5e-3, 2e-2)),
        duration=duration,
        thresholds=[(1, 0.8 * P, -1.0)],
        record=[(1, 0.31 * duration), (1, duration)],
        output_time=np.linspace(0.0, duration, 5),
        feeds=[rate(1, 1e-8)],
    )
    case.volumes[2] = outside(10.0**back_decade - 1.0)
    quick, slow = case.run(first=index), steps_only(case).run(first=index)
    assert (quick.status[0], slow.status[0]) == (status.OK, status.OK)
    scale = P / PER_MASS
    for name in OUTCOMES:
        size = scale if name.startswith("mass") else 0.0
        np.testing.assert_allclose(quick[name], slow[name], rtol=1e-6, atol=1e-7 * size, err_msg=name)
    np.testing.assert_allclose(quick.pressures, slow.pressures, rtol=1e-6)
    np.testing.assert_allclose(quick.flows, slow.flows, rtol=1e-5, atol=1e-12)


def test_what_is_between_steps_is_exact_too():
    """The tunnel fills past its seal: thresholds, record and series on the way."""
    tau = 3 * DAY
    times = np.array([0.0, 0.3, 2.5, 9.0]) * DAY
    case = leaking(
        seal(0, 1, 1.0 / (tau * PER_MASS), 0.0),
        pressure=0.25 * P,
        thresholds=[(1, 0.5 * P, 1.0), (1, 2.0 * P, 1.0)],
        record=[(1, 1.7 * DAY)],
        output_time=times,
    )
    result = case.run()
    np.testing.assert_allclose(result.pressures[0, :, 1], P - 0.75 * P * np.exp(-times / tau), rtol=1e-11)
    assert result["record"][0, 0] == pytest.approx(P - 0.75 * P * math.exp(-1.7 / 3.0), rel=1e-11, abs=0.0)
    assert result["time_to"][0, 0] == pytest.approx(tau * math.log(1.5), rel=1e-10, abs=0.0)
    assert math.isnan(result["time_to"][0, 1])


def test_at_the_start_of_a_range_is_what_was_there():
    """To the bit, also behind an event."""
    fed = [seal(0, 1, 3e-13, 0.0), seal(1, 2, 1e-11, 0.0), seal(1, 2, 1e-12, 0.0, starts_later=True)]
    case = leaking(
        *fed, events=[Event(2.0 * DAY, model.START, 2)], record=[(1, 2.0 * DAY)], duration=2.0 * DAY
    )
    longer = case.but(duration=9.0 * DAY)
    assert longer.run()["record"][0, 0] == case.run()["record"][0, 0]


def cyclic(**more):
    events = [Event(day * DAY, model.SET_OPENING, 0, value) for day in (3, 9, 15) for value in (1.0,)]
    events += [Event((day + 1) * DAY, model.SET_OPENING, 0, 0.0) for day in (3, 9, 15)]
    paths = [hatch(0, 1, 0.5, molecular=1e-13, viscous=1e-18), cracks(1, 2, 9.0, opening=12e-6)]
    return leaking(*paths, events=events + more.pop("events", []), **more)


def test_a_span_that_begins_as_one_before_uses_its_range_again(monkeypatch):
    """To the bit: it would have found the same."""
    again = cyclic().run()
    if hasattr(quadrature._is_kept, "py_func"):
        p = prepared(cyclic())
        tolerances.set_scales(p.plan, p.sample, p.work)
        quadrature.start_curve(p.work)
        spans = []
        for kept in (False, True, False):
            if not kept:
                p.work.span[:, range_series.KIND] = range_series.NONE
            got = quadrature.follow_curve(p.plan, p.sample, 0.0, 3 * DAY, 3 * DAY, p.state, p.work)
            assert got == (3 * DAY, 0.0)
            spans.append(p.work.new.tobytes())
        assert spans[0] == spans[1] == spans[2]
        p.work.curve[:] = np.nan  # no series is summed where a range is left as it was before
        later = (5e7, 5e7 + 3 * DAY, 3 * DAY)
        assert quadrature.follow_curve(p.plan, p.sample, *later, p.state, p.work) == (later[1], 0.0)
        assert p.work.new.tobytes() == spans[0]
    slow = steps_only(cyclic()).run()
    for name in OUTCOMES[:4]:
        np.testing.assert_allclose(again[name], slow[name], rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    "event",
    [
        Event(6.0 * DAY, model.PATCH, 1, 0.7),
        Event(6.0 * DAY, model.SET_FEED, 0, 3.0),
        Event(6.0 * DAY, model.SET_TEMPERATURE, 1, 310.0),
        Event(6.0 * DAY, model.START, 2),
        Event(6.0 * DAY, model.VENT, 1, 5e4),
        Event(6.0 * DAY, model.REPRESSURISE, 1, 1.2e5),
    ],
)
def test_what_an_event_changes_is_seen(event):
    case = cyclic(events=[event], feeds=[rate(1, 1e-7)])
    case.paths.append(seal(1, 2, 1e-12, 0.0, starts_later=True))
    quick, slow = case.run(), steps_only(case).run()
    for name in OUTCOMES[:4]:
        np.testing.assert_allclose(quick[name], slow[name], rtol=1e-6, atol=1e-9, err_msg=name)


LEAK = seal(1, 2, 1e-11, 0.0)


@pytest.mark.parametrize(
    "case",
    [
        leaking(LEAK, rtol=1e-10),
        leaking(LEAK, pressure=0.0),
        leaking(LEAK, controls=[Control(model.PRESSURE, 1, 1e4, -1.0, model.REPRESSURISE, 1, 5e4)]),
        leaking(LEAK, feeds=[removal(1, 1e-4, 0)]),
        leaking(LEAK, feeds=[rate(1, 1e-7, sign=-1.0)]),
        leaking(LEAK, feeds=[hold(1, P, 100.0)]),
        leaking(LEAK, gases=[AIR, {"He": 1.0}]),
        Case([tank(916.0, P), tank(V, P), outside()], [seal(0, 1, 1e-12, 0.0), LEAK], DAY),
        Case([balanced(V, P), outside()], [seal(0, 1, 1e-12, 0.0)], DAY, feeds=[wall(0, 1.0)]),
        Case([tank(V, P, cycles=((5.0, DAY, 0.0),)), outside()], [seal(0, 1, 1e-12, 0.0)], DAY),
    ],
)
def test_steps_are_taken_where_it_is_no_integral_over_one_unknown(case):
    assert not may(case)


def test_cracks_that_move_are_followed_in_steps():
    p = prepared(leaking(cracks(1, 2, 3.0)))
    tolerances.set_scales(p.plan, p.sample, p.work)
    assert quadrature.has_curve(p.plan, p.sample, p.state, p.work)
    p.plan.paths["moves"] = 1
    assert not quadrature.has_curve(p.plan, p.sample, p.state, p.work)


@pytest.mark.parametrize(
    "case",
    [
        leaking(LEAK),
        leaking(LEAK, orifice(1, 2, 1e-9), feeds=[rate(1, 1e-7)]),
        leaking(LEAK, orifice(0, 1, 1e-4, opening=0.0)),
        cyclic(),
        leaking(
            LEAK,
            seal(1, 2, 1e-12, 0.0, starts_later=True),
            controls=[Control(model.PRESSURE_DROP, 1, 5e4, 1.0, model.SET_FEED, 0)],
            feeds=[rate(1, 1e-8)],
        ),
    ],
)
def test_it_is_one_otherwise(case):
    assert may(case)


def test_a_sharp_bend_on_the_way_is_left_to_steps():
    """A hole into a back pressure chokes no more below some pressure, and ends at a root of a root."""
    case = Case([tank(V, P), outside(2e4)], [orifice(0, 1, 1e-8)], 40 * DAY, thresholds=[(0, 3e4, -1.0)])
    case = case.but(rtol=1e-8)
    quick, slow = case.run(), steps_only(case).run()
    assert quick.status[0] == status.OK
    np.testing.assert_allclose(quick["final"], slow["final"], rtol=1e-6)
    np.testing.assert_allclose(quick["time_to"], slow["time_to"], rtol=1e-6)


def test_a_year_of_the_tunnel_takes_two_dozen_ranges():
    """For its 13 spans."""
    results = sweep(workload("prk-year"), samples=64, threads=1)
    assert np.mean(results["steps"]) <= 26.0


@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-8])
def test_errors_keep_to_the_tolerance(rtol):
    exact = sweep(workload("prk-year", {"run.rtol": 1e-12}), samples=8, threads=1)
    found = sweep(workload("prk-year", {"run.rtol": rtol}), samples=8, threads=1)
    for name in ("mass_cracks", "pressure_final_tunnel", "leak_rate_final"):
        np.testing.assert_allclose(found[name], exact[name], rtol=rtol, err_msg=name)


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
@pytest.mark.parametrize("viscous", [1e-15, 2.5e-12])
def test_where_pressures_meet_a_wide_crack_is_not_linear(viscous, rtol):
    """Its flow is linear within a hair of its turning; beyond goes the root of the difference."""
    slot = cracks(0, 1, opening=9e-3, length=0.05, depth=5e-3)
    case = leaking(slot, seal(1, 2, 0.0, viscous), pressure=P)
    quick, exact = case.but(rtol=rtol).run(), steps_only(case).run()
    assert quick["mass"][0] == pytest.approx(exact["mass"][0], rel=1e-6)
    assert quick["final"][0, 1] == pytest.approx(exact["final"][0, 1], rel=1e-8)
    assert P - quick["final"][0, 1] == pytest.approx(P - exact["final"][0, 1], rel=1e-3)


@pytest.mark.parametrize("days", [1.0, 60.0])
def test_a_vessel_that_is_empty_at_last_is_no_failure(days):
    case = leaking(orifice(1, 2, 7.9e-5), duration=days * DAY)
    result = case.run()
    assert result.status[0] == status.OK
    assert result["mass_lost"][0, 0] == pytest.approx(P / PER_MASS, rel=1e-6)
    assert abs(result["final"][0, 1]) < 1e-3

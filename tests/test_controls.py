"""Controls by state: valves, refills and hatches that a watched quantity switches, against closed forms."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from plans import (
    AIR,
    Case,
    Control,
    Event,
    balanced,
    hatch,
    orifice,
    outside,
    rate,
    removal,
    tank,
    wall,
)

from leakflow.kernels import status
from leakflow.kernels.model import (
    FLOW,
    PARTIAL_PRESSURE,
    PRESSURE,
    PRESSURE_DROP,
    PRESSURE_FALL,
    REPRESSURISE,
    SET_FEED,
    SET_OPENING,
    START,
    TEMPERATURE,
    VENT,
)

T, V, P, AREA = 293.15, 2.0, 1e5, 1e-5
R, _, GAMMA = naive.gas_properties(AIR, T)
CV = R / (GAMMA - 1.0)
SPEED = naive.choked_flow_function(GAMMA) * math.sqrt(R * T)  # m/s: of volume through a choked area
TAU = V / (AREA * SPEED)
TIGHT = {"rtol": 1e-11, "atol": 1e-8}
EXACT = 1e-9  # relative, of a time


def leaking(*controls, duration=10.0 * TAU, **more):
    """A tank that empties through a choked hole, p = p0 exp(-t/tau)."""
    return Case(
        [tank(V, P), outside()], [orifice(0, 1, AREA)], duration, controls=list(controls), **(TIGHT | more)
    )


# Repressurise at a limit


def refill(low, high, **more):
    return Control(PRESSURE, 0, low, -1.0, REPRESSURISE, 0, value=high, **more)


def test_repressurised_at_a_limit():
    """First after tau ln(p0/low), then every tau ln(high/low)."""
    low, high = 0.7 * P, 0.9 * P
    first, period = TAU * math.log(P / low), TAU * math.log(high / low)
    case = leaking(refill(low, high))
    result = case.run()
    t = case.plan.output_time
    fills = np.floor((t - first) / period) + 1.0
    expected = np.where(t < first, P * np.exp(-t / TAU), high * np.exp(-np.mod(t - first, period) / TAU))
    assert result.pressures[0, :, 0] == pytest.approx(expected, rel=1e-8)
    assert result["control_count"][0, 0] == fills[-1]
    assert result["control_time"][0, 0] == pytest.approx(first, rel=EXACT)
    given = fills[-1] * (high - low) * V / (R * T)
    assert result["gas_added"][0, 0] == pytest.approx(given, rel=1e-8)
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_a_thousand_refills_are_a_thousand():
    low, high = 0.95 * P, P
    period = TAU * math.log(high / low)
    result = leaking(refill(low, high), duration=1000.5 * period, rtol=1e-9, atol=1e-6).run()
    assert result.status[0] == status.OK
    assert result["control_count"][0, 0] == 1000.0
    assert result["final"][0, 0] == pytest.approx(high * math.exp(-0.5 * period / TAU), rel=1e-6)
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_an_action_that_happens_once():
    low, high = 0.7 * P, 0.9 * P
    result = leaking(refill(low, high, once=True)).run()
    assert result["control_count"][0, 0] == 1.0
    left = high * math.exp(-(10.0 * TAU - TAU * math.log(P / low)) / TAU)
    assert result["final"][0, 0] == pytest.approx(left, rel=1e-8)


def test_a_refill_that_comes_late():
    """After a delay; the gas has fallen further by then."""
    low, high, delay = 0.7 * P, 0.9 * P, 0.1 * TAU
    first = TAU * math.log(P / low) + delay
    result = leaking(refill(low, high, delay=delay), duration=first + 0.2 * TAU).run()
    assert result["control_time"][0, 0] == pytest.approx(first, rel=EXACT)
    assert result["control_count"][0, 0] == 1.0
    assert result["final"][0, 0] == pytest.approx(high * math.exp(-0.2), rel=1e-8)
    given = (high - low * math.exp(-0.1)) * V / (R * T)
    assert result["gas_added"][0, 0] == pytest.approx(given, rel=1e-8)


@pytest.mark.parametrize("delay, acts", [(0.02, 1.0), (0.2, 0.0)])
def test_what_is_over_before_its_delay_is_not_done(delay, acts):
    """A filling to 1.2 of the pressure leaks below 1.1 of it within tau ln(12/11) = 0.087 tau."""
    control = Control(
        PRESSURE, 0, 1.15 * P, 1.0, SET_OPENING, 0, value=1.0, off=1.1 * P, releases=True, delay=delay * TAU
    )
    case = leaking(control, duration=2.0 * TAU, events=[Event(TAU, REPRESSURISE, 0, 1.2 * P)])
    case = case.but(paths=[orifice(0, 1, AREA, opening=0.0), orifice(0, 1, AREA)])
    result = case.run()
    assert result["control_count"][0, 0] == acts
    twice = math.log(1.2 / 1.1) - delay if acts else 0.0
    lost = 1.0 + twice / 2.0  # while both are open the time to the level is half
    assert result["final"][0, 0] == pytest.approx(1.2 * P * math.exp(-lost), rel=1e-7)


def test_what_controls_do_at_one_time_is_done_in_their_order():
    """The first fills at the level, which the second sees: nothing is left for it to do."""
    low, high = 0.7 * P, 0.9 * P
    both = leaking(refill(low, high), refill(low, high)).run()
    alone = leaking(refill(low, high)).run()
    assert both["control_count"][0].tolist() == [alone["control_count"][0, 0], 0.0]
    assert both["final"][0, 0] == pytest.approx(alone["final"][0, 0], rel=1e-12)


def test_a_condition_that_holds_from_the_start_acts_at_once():
    result = leaking(refill(1.1 * P, 1.5 * P, once=True), duration=TAU).run()
    assert result["control_time"][0, 0] == 0.0
    assert result["final"][0, 0] == pytest.approx(1.5 * P * math.exp(-1.0), rel=1e-9)


def test_a_control_that_never_acts_changes_nothing():
    plain, idle = leaking().run(), leaking(refill(1e-9 * P, P)).run()
    assert idle["control_count"][0, 0] == 0.0
    assert math.isnan(idle["control_time"][0, 0])
    assert idle.pressures.tobytes() == plain.pressures.tobytes()


# What can be watched


def test_a_flow_below_a_level():
    """FLOW falls with the pressure: the second hole starts at tau ln(flow0/level)."""
    flow0 = P * AREA * SPEED / (R * T)
    control = Control(FLOW, 0, 0.3 * flow0, -1.0, START, 1)
    case = leaking(control, duration=3.0 * TAU).but(
        paths=[orifice(0, 1, AREA), orifice(0, 1, AREA, starts_later=True)]
    )
    result = case.run()
    at = TAU * math.log(1.0 / 0.3)
    assert result["control_time"][0, 0] == pytest.approx(at, rel=1e-8)
    assert result["final"][0, 0] == pytest.approx(P * math.exp(-(2.0 * 3.0 * TAU - at) / TAU), rel=1e-7)


def test_a_fall_below_a_level():
    control = Control(PRESSURE_FALL, 0, 0.2 * P / TAU, -1.0, VENT, 0, value=100.0, once=True)
    result = leaking(control, duration=3.0 * TAU).run()
    assert result["control_time"][0, 0] == pytest.approx(TAU * math.log(5.0), rel=1e-8)
    assert result["final"][0, 0] == pytest.approx(100.0 / 5.0 * math.exp(math.log(25.0) - 3.0), rel=1e-7)


def test_a_pressure_drop():
    """Of two tanks, one emptying: p0 exp(-t/tau) - p1 falls below a level."""
    control = Control(PRESSURE_DROP, 1, 0.1 * P, -1.0, SET_OPENING, 0, value=0.0)
    case = Case(
        [tank(V, P), outside(), tank(1.0, 0.5 * P)],
        [orifice(0, 1, AREA, opening=1.0), orifice(0, 2, 0.0)],
        3.0 * TAU,
        controls=[control],
        **TIGHT,
    )
    result = case.run()
    assert result["control_time"][0, 0] == pytest.approx(TAU * math.log(1.0 / 0.6), rel=EXACT)
    assert result["final"][0, 0] == pytest.approx(0.6 * P, rel=1e-9)


def test_a_filter_runs_by_the_partial_pressure():
    """Carbon dioxide between two levels: linear up, exponential down."""
    gases = [{"N2": 1.0}, {"CO2": 1.0}]
    Rc = naive.gas_properties(gases[1], T)[0]
    comes, Q, on, off = 1e-5, 0.01, 500.0, 300.0
    a, k = comes * Rc * T / V, Q / V
    steady = a / k
    assert steady < off
    down = math.log((on - steady) / (off - steady)) / k
    first, period = on / a, down + (on - off) / a
    control = Control(PARTIAL_PRESSURE, 0, on, 1.0, SET_FEED, 1, off=off, species=2, releases=True)
    case = Case(
        [tank(V, P)], [], first + 4.2 * period, gases=gases, controls=[control],
        feeds=[rate(0, comes, gas=1), removal(0, Q, 1, runs=False)],
        series=[(PARTIAL_PRESSURE, 0, 2)], **TIGHT,
    )  # fmt: skip
    t = case.plan.output_time
    since = np.mod(t - first, period)
    cycling = np.where(since < down, steady + (on - steady) * np.exp(-k * since), off + a * (since - down))
    result = case.run()
    assert result.value(0) == pytest.approx(np.where(t < first, a * t, cycling), rel=1e-6, abs=1e-6)
    assert result["control_count"][0, 0] == 5.0
    assert result["control_time"][0, 0] == pytest.approx(first, rel=1e-7)


def test_a_thermostat():
    """A heater runs below one temperature until another: T' = (q - UA (T - Tw))/(m cv)."""
    UA, q, cold, low, high = 2.0, 120.0, 270.0, 290.0, 295.0
    k = UA / (P * V / (R * T) * CV)
    hot = cold + q / UA
    first = math.log((T - cold) / (low - cold)) / k
    warming = math.log((hot - low) / (hot - high)) / k
    period = warming + math.log((high - cold) / (low - cold)) / k
    control = Control(TEMPERATURE, 0, low, -1.0, SET_FEED, 1, off=high, releases=True)
    case = Case(
        [balanced(V, P, temperature=T, wall=cold)], [], first + 5.5 * period, controls=[control],
        feeds=[wall(0, UA), rate(0, 0.0, heat=q, runs=False)], series=[(TEMPERATURE, 0, -1)], **TIGHT,
    )  # fmt: skip
    t = case.plan.output_time
    since = np.mod(t - first, period)
    up = hot + (low - hot) * np.exp(-k * since)
    down = cold + (high - cold) * np.exp(-k * (since - warming))
    expected = np.where(t < first, cold + (T - cold) * np.exp(-k * t), np.where(since < warming, up, down))
    result = case.run()
    assert result.value(0) == pytest.approx(expected, rel=1e-8)
    assert result["control_count"][0, 0] == 6.0
    assert result["control_time"][0, 0] == pytest.approx(first, rel=1e-8)


# A hatch that closes on a rate


@pytest.mark.parametrize("delay", [None, 300.0])
def test_a_hatch_closes_when_the_pressure_falls_too_fast(delay):
    """A hole opens in the tunnel: the pressure of both falls until the hatch is shut."""
    V1, V2, opens = 80.0, 7.0, 2000.0
    case = Case(
        [tank(V1, P), tank(V2, P), outside()],
        [hatch(0, 1, 0.5, opening=1.0), orifice(1, 2, 1e-8), orifice(1, 2, 3e-5, starts_later=True)],
        6000.0,
        events=[Event(opens, START, 2)],
        controls=[Control(PRESSURE_FALL, 0, 1.0, 1.0, SET_OPENING, 0, value=0.0, once=True, delay=delay)],
        output_time=np.array([0.0, 1000.0, 1999.0, 2001.0, 2299.0, 2301.0, 4000.0, 6000.0]),
        **TIGHT,
    )
    result = case.run()
    shut = opens + (delay or 0.0)
    assert result["control_count"][0, 0] == 1.0
    assert result["control_time"][0, 0] == pytest.approx(shut, rel=EXACT)
    t = case.plan.output_time
    spans = [np.minimum(t, opens), np.clip(t, opens, shut) - opens, np.maximum(t - shut, 0.0)]
    slow, fast = 1e-8 * SPEED, (1e-8 + 3e-5) * SPEED
    joined = P * np.exp(-(slow * spans[0] + fast * spans[1]) / (V1 + V2))
    assert result.pressures[0, :, 0] == pytest.approx(joined, rel=1e-9)
    assert result.pressures[0, :, 1] == pytest.approx(joined * np.exp(-fast * spans[2] / V2), rel=1e-8)
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_a_fall_too_slow_leaves_the_hatch_open():
    case = Case(
        [tank(80.0, P), tank(7.0, P), outside()],
        [hatch(0, 1, 0.5, opening=1.0), orifice(1, 2, 1e-6)],
        6000.0,
        controls=[Control(PRESSURE_FALL, 0, 3.0, 1.0, SET_OPENING, 0, value=0.0, once=True)],
    )
    result = case.run()
    assert 1e-6 * SPEED / 87.0 * P < 3.0
    assert result["control_count"][0, 0] == 0.0
    assert result.pressures[0, -1, 0] == pytest.approx(result.pressures[0, -1, 1], rel=1e-12)


# What cannot be


@pytest.mark.parametrize(
    "control",
    [
        Control(PRESSURE, 0, 1e5, 1.0, SET_OPENING, 0, value=1.0, off=1.1e5),
        Control(PRESSURE, 0, 1e5, -1.0, SET_OPENING, 0, value=1.0, off=0.9e5),
        Control(PRESSURE, 0, 1e5, -1.0, SET_OPENING, 0, value=1.0, delay=-1.0),
        refill(0.7 * P, 0.6 * P),
        Control(PRESSURE, 0, 0.9 * P, -1.0, SET_OPENING, 0, value=1.5),
    ],
)
def test_a_control_that_cannot_be(control):
    assert leaking(control).run().status[0] == status.IMPOSSIBLE

"""Controls by state: valves, refills and hatches that a watched quantity switches, against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import (
    AIR,
    Case,
    Control,
    Event,
    balanced,
    cracks,
    hatch,
    orifice,
    outside,
    prepared,
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


# A relief valve


class Relief:
    """A tank that is fed, and a valve that opens at `crack` and shuts at `reseat`.

    Shut: p' = a. Open: p' = a - k p, choked into vacuum.
    """

    def __init__(self, crack=1.2e5, reseat=1.1e5, fill=2e-3):
        self.crack, self.reseat = crack, reseat
        self.a, self.k = fill * R * T / V, AREA * SPEED / V
        self.first = (crack - P) / self.a
        steady = self.a / self.k
        assert steady < reseat
        self.open_for = math.log((crack - steady) / (reseat - steady)) / self.k
        self.period = self.open_for + (crack - reseat) / self.a
        self.steady = steady
        valve = orifice(0, 1, AREA, opening=0.0)
        control = Control(PRESSURE, 0, crack, 1.0, SET_OPENING, 0, value=1.0, off=reseat, releases=True)
        self.case = Case(
            [tank(V, P), outside()],
            [valve],
            self.first + 3.3 * self.period,
            feeds=[rate(0, fill)],
            controls=[control],
            **TIGHT,
        )

    def pressure(self, t):
        since = np.mod(t - self.first, self.period)
        opened = self.steady + (self.crack - self.steady) * np.exp(-self.k * since)
        shut = self.reseat + self.a * (since - self.open_for)
        cycling = np.where(since < self.open_for, opened, shut)
        return np.where(t < self.first, P + self.a * t, cycling)


def test_a_relief_valve_opens_and_reseats_where_it_should():
    relief = Relief()
    opens = relief.first + relief.period * np.arange(3)
    shuts = opens + relief.open_for
    near = np.array([1.0 - EXACT, 1.0 + EXACT])
    times = np.sort(np.concatenate([np.outer(opens, near).ravel(), np.outer(shuts, near).ravel()]))
    result = relief.case.but(output_time=times).run()
    flows = result.flows[0, :, 0]
    # of each pair just before and just after a switch, one has no flow: the switch lies between them
    assert (flows[[0, 3, 4, 7, 8, 11]] == 0.0).all()
    assert (flows[[1, 2, 5, 6, 9, 10]] > 0.0).all()
    assert result.pressures[0, :, 0] == pytest.approx(relief.pressure(times), rel=1e-8)
    assert result["control_count"][0, 0] == 4.0
    assert result["control_time"][0, 0] == pytest.approx(relief.first, rel=EXACT)


def test_a_relief_valve_does_not_chatter():
    """A band of 1e-4 of the pressure, for some hundreds of cycles: each opens it once."""
    relief = Relief(1.2e5, 1.2e5 * (1.0 - 1e-4))
    cycles = 400
    case = relief.case.but(duration=relief.first + (cycles - 0.7) * relief.period, rtol=1e-8, atol=1e-4)
    result = case.run()
    assert result.status[0] == status.OK
    assert result["control_count"][0, 0] == cycles
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    assert result["steps"][0, 0] < 40 * cycles


@settings(deadline=None, max_examples=15)
@given(crack=st.floats(1.12e5, 1.8e5), band=st.floats(0.01, 0.09), fill=st.floats(5e-4, 2.1e-3))
def test_any_relief_valve(crack, band, fill):
    relief = Relief(crack, crack * (1.0 - band), fill)
    t = relief.case.plan.output_time
    result = relief.case.run()
    assert result.pressures[0, :, 0] == pytest.approx(relief.pressure(t), rel=1e-8)
    assert result["control_count"][0, 0] == 4.0


def test_relief_and_refill_keep_mass_and_energy():
    """Of balanced volumes: relieved into a neighbour, filled at a limit, leaking overboard."""
    controls = [
        Control(PRESSURE, 0, 1.1e5, 1.0, SET_OPENING, 0, value=1.0, off=1.05e5, releases=True),
        Control(PRESSURE, 1, 4e4, -1.0, REPRESSURISE, 1, value=5e4, gas=1, temperature=280.0),
    ]
    case = Case(
        [balanced(V, P), balanced(1.0, 5e4), outside()],
        [orifice(0, 1, 3e-5, opening=0.0), orifice(1, 2, 2e-5)],
        4000.0,
        gases=[AIR, {"He": 1.0}],
        feeds=[rate(0, 1e-3, temperature=300.0), wall(1, 3.0)],
        controls=controls,
        rtol=1e-8,
    )
    result = case.run()
    assert result.status[0] == status.OK
    assert (result["control_count"][0] >= 3.0).all()
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    assert result["energy_balance_residual"][0, 0] <= 1e-12
    # by hand: masses of air and helium and energy of both, then mass and energy passed by 2 paths, 2 feeds
    p = prepared(case)
    start = p.state.copy()
    assert p.integrate()[0] == status.OK
    gain = (p.state - start)[:6].reshape(2, 3).sum(axis=0)
    passed, energy = p.state[6:10], p.state[10:14]
    added = result["gas_added"][0, 1]
    R_helium = naive.UNIVERSAL_GAS_CONSTANT / naive.SPECIES["He"][1] * 1e3
    brought = added * 2.5 * R_helium * 280.0
    assert gain[:2].sum() == pytest.approx(passed[2] - passed[1] + added, rel=1e-11)
    assert gain[2] == pytest.approx(energy[2] + energy[3] - energy[1] + brought, rel=1e-11)
    assert energy[2] == pytest.approx(passed[2] * (CV + R) * 300.0, rel=1e-12)


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


# Against scipy


def test_a_relief_valve_of_a_web_switches_as_scipys_events_do():
    """Cracks, a gas that warms: no closed form. Each span between switches is one of scipy's."""
    crack, reseat = 1.05e5, 1.02e5
    control = Control(PRESSURE, 0, crack, 1.0, SET_OPENING, 0, value=1.0, off=reseat, releases=True)
    case = Case(
        [balanced(V, P, wall=300.0), balanced(1.0, 4e4), outside()],
        [orifice(0, 1, 2e-5, opening=0.0), cracks(1, 2, 4.0)],
        250.0,
        feeds=[rate(0, 2e-3, temperature=320.0), wall(0, 4.0)],
        controls=[control],
        **TIGHT,
    )
    naively = Network(case)
    state, t, switches = naively.start(), 0.0, []
    while t < case.duration:
        level = reseat if naively.opening[0] else crack

        def excess(_, y, level=level):
            return naively.pressure(0, y) - level

        excess.terminal, excess.direction = True, -1.0 if naively.opening[0] else 1.0
        span = naively.solve(case.duration, at=t, start=state, events=excess)
        t, state = span.t[-1], span.y[:, -1]
        if t < case.duration:
            switches.append(t)
            naively.opening[0] = 1.0 - naively.opening[0]
    assert len(switches) >= 4
    assert all(b - a > 1.0 for a, b in pairwise(switches))
    result = case.run()
    assert result["control_count"][0, 0] == (len(switches) + 1) // 2
    assert result["control_time"][0, 0] == pytest.approx(switches[0], rel=1e-8)
    p = prepared(case)
    assert p.integrate()[0] == status.OK
    assert p.state == pytest.approx(state, rel=1e-7)


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

"""A relief valve: opens where it should, shuts where it should, and does not chatter."""

from __future__ import annotations

import math
from itertools import pairwise

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import AIR, Case, Control, balanced, cracks, orifice, outside, prepared, rate, tank, wall

from leakflow.kernels import status
from leakflow.kernels.model import PRESSURE, REPRESSURISE, SET_OPENING

T, V, P, AREA = 293.15, 2.0, 1e5, 1e-5
R, _, GAMMA = naive.gas_properties(AIR, T)
CV = R / (GAMMA - 1.0)
SPEED = naive.choked_flow_function(GAMMA) * math.sqrt(R * T)  # m/s: of volume through a choked area
TAU = V / (AREA * SPEED)
TIGHT = {"rtol": 1e-11, "atol": 1e-8}
EXACT = 1e-9  # relative, of a time


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

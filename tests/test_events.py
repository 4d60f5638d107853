from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import AIR, Case, Event, held, orifice, outside, prepared, seal, tank

from leakflow.kernels import events, status
from leakflow.kernels.model import PATCH, REPRESSURISE, SET_OPENING, START, VENT
from leakflow.kernels.network import look, path_flow

T = 293.15
HELIUM = {"He": 1.0}
R_AIR = naive.gas_properties(AIR, T)[0]
R_HELIUM = naive.gas_properties(HELIUM, T)[0]
TIMES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 2.5, 7.0]) | st.floats(0.0, 1e6), max_size=7)


def case_of(*schedule, gases=(AIR, HELIUM)):
    """A tank, a held volume, an outside; a valve, a path that starts later, a plain one."""
    volumes = [tank(2.0, 1e5, temperature=T), held(50.0, 1e5), outside()]
    paths = [
        orifice(0, 2, 1e-5, opening=0.25),
        seal(0, 2, 1e-10, 0.0, starts_later=True),
        orifice(1, 0, 1e-6),
    ]
    return Case(volumes, paths, 1000.0, events=list(schedule), gases=list(gases))


def apply(*schedule, state=None):
    """Apply all events in the order of the case; the sample after, and whether each was possible."""
    p = prepared(case_of(*schedule))
    if state is not None:
        p.state[:] = state
    done = [events.apply_event(p.plan, p.sample, p.state, e) for e in range(len(schedule))]
    look(p.plan, p.sample, p.state)
    return p, done


# Order


@settings(deadline=None, max_examples=100)
@given(times=TIMES)
def test_events_stand_in_the_order_of_time_and_those_of_one_time_in_that_of_the_case(times):
    p = prepared(case_of(*[Event(t, PATCH, 0, 1.0) for t in times]))
    events.order_events(p.plan, p.sample)
    expected = sorted(range(len(times)), key=lambda e: times[e])  # Python's sort is stable
    assert p.sample.events["row"].tolist() == expected
    assert p.sample.events["time"].tolist() == [times[e] for e in expected]


# What each does


def test_opening_a_valve():
    flows = []
    for opening in (1.0, 0.25, 0.0):
        p, done = apply(Event(0.0, SET_OPENING, 0, opening))
        assert done == [True]
        flows.append(path_flow(p.plan, p.sample, 0))
    assert flows == pytest.approx([flows[0], 0.25 * flows[0], 0.0], rel=1e-12)
    gas = naive.gas_properties(AIR, T)
    assert flows[0] == pytest.approx(naive.orifice_flow(1e5, 0.0, T, *gas, 1e-5, 1.0), rel=1e-9)


def test_patches_multiply():
    p, _ = apply()
    p.sample.volumes[0]["pressure"] = 4e4
    whole = path_flow(p.plan, p.sample, 2)
    p, done = apply(Event(0.0, PATCH, 2, 0.3), Event(0.0, PATCH, 2, 0.2), Event(0.0, PATCH, 0, 0.0))
    p.sample.volumes[0]["pressure"] = 4e4
    assert done == [True] * 3
    assert path_flow(p.plan, p.sample, 2) == pytest.approx(0.06 * whole, rel=1e-14)
    assert path_flow(p.plan, p.sample, 0) == 0.0


def test_a_path_starts():
    p, _ = apply()
    assert p.rates(p.state)[-2] == 0.0
    p, done = apply(Event(0.0, START, 1))
    assert done == [True]
    assert p.rates(p.state)[-2] == pytest.approx(1e-10 * 1e5, rel=1e-14)


def test_repressurising_adds_the_gas_that_is_missing():
    p, done = apply(Event(0.0, REPRESSURISE, 0, 1.5e5, 1))
    assert done == [True]
    helium = 0.5e5 * 2.0 / (R_HELIUM * T)
    assert p.state[:2] == pytest.approx([1e5 * 2.0 / (R_AIR * T), helium], rel=1e-12)
    assert p.sample.volumes[0]["pressure"] == pytest.approx(1.5e5, rel=1e-14)
    assert p.sample.volumes[0]["added"] == pytest.approx(helium, rel=1e-12)
    assert p.sample.volumes[0]["vented"] == 0.0


def test_a_volume_already_above_the_pressure_is_left_alone():
    p, done = apply(Event(0.0, REPRESSURISE, 0, 0.9e5, 1), Event(0.0, VENT, 0, 1.1e5))
    assert done == [True, True]
    assert np.array_equal(p.state, prepared(case_of()).state)
    assert p.sample.volumes[0]["added"] == p.sample.volumes[0]["vented"] == 0.0


def test_venting_keeps_the_composition():
    state = np.array([1.1, 0.2, 0.0, 0.0, 0.0])
    before = (1.1 * R_AIR + 0.2 * R_HELIUM) * T / 2.0
    p, done = apply(Event(0.0, VENT, 0, 0.3 * before), state=state)
    assert done == [True]
    assert p.state == pytest.approx(0.3 * state, rel=1e-12)
    assert p.sample.volumes[0]["vented"] == pytest.approx(0.7 * 1.3, rel=1e-12)
    assert p.sample.volumes[0]["pressure"] == pytest.approx(0.3 * before, rel=1e-12)


def test_venting_to_vacuum_and_filling_again():
    p, done = apply(Event(0.0, VENT, 0, 0.0), Event(0.0, REPRESSURISE, 0, 7e4, 1))
    assert done == [True, True]
    assert p.state[:2] == pytest.approx([0.0, 7e4 * 2.0 / (R_HELIUM * T)], rel=1e-12, abs=0.0)
    assert p.sample.volumes[0]["gas_constant"] == pytest.approx(R_HELIUM, rel=1e-12)


@pytest.mark.parametrize("target", [1, 2])
@pytest.mark.parametrize("action", [REPRESSURISE, VENT])
def test_a_volume_that_keeps_its_pressure_is_left_alone(action, target):
    p, done = apply(Event(0.0, action, target, 5e4 if action == VENT else 2e5))
    assert done == [True]
    assert p.sample.volumes["pressure"].tolist() == pytest.approx([1e5, 1e5, 0.0])
    assert p.sample.volumes[target]["added"] == p.sample.volumes[target]["vented"] == 0.0


# What cannot be done

CANNOT = [
    (SET_OPENING, -0.01), (SET_OPENING, 1.01), (SET_OPENING, math.nan), (PATCH, -0.5), (PATCH, math.nan),
    (REPRESSURISE, -1.0), (REPRESSURISE, math.nan), (VENT, -1.0), (VENT, math.nan),
]  # fmt: skip


@pytest.mark.parametrize("action, value", CANNOT)
def test_an_impossible_value_is_refused(action, value):
    event = Event(500.0, action, 0, value)
    assert apply(event)[1] == [False]
    assert case_of(event).run().status[0] == status.IMPOSSIBLE
    assert case_of(Event(1001.0, action, 0, value)).run().status[0] == status.OK  # never comes


def test_an_event_at_no_time_is_impossible():
    assert case_of(Event(math.nan, PATCH, 0, 0.0)).run().status[0] == status.IMPOSSIBLE

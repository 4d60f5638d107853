"""Gases in a volume: partial pressures, properties of the mixture, trends."""

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixtures import CO2, CV, HE, N2, O2, R, T, blend, web
from naive_network import Network
from plans import Case, Event, balanced, hatch, held, hold, orifice, outside, prepared, rate, removal, tank

from leakflow.kernels.model import PARTIAL_PRESSURE, REPRESSURISE, VENT

# What a volume holds


def test_partial_pressures_are_shares_of_the_moles():
    watched = [(PARTIAL_PRESSURE, 0, species) for species in (N2, O2, CO2, HE, 4)]
    case = web(tank(2.0, 8e4, gas=5), paths=[], series=watched)
    seen = case.run().values[0, 0, 1:]
    assert seen == pytest.approx(8e4 * np.array([0.5, 0.2, 0.1, 0.2, 0.0]), rel=1e-13)


def test_species_of_a_component_that_is_a_mixture():
    """Air as one component and oxygen as another: both bring oxygen."""
    air = {"N2": 0.79, "O2": 0.21}
    kilos = np.array([3.0 / naive.gas_properties(air, T)[0], 1.0 / naive.gas_properties({"O2": 1.0}, T)[0]])
    case = Case(
        [tank(1.0, 1e5, gas=2)], [], 1.0, gases=[air, {"O2": 1.0}], blends=[tuple(kilos / kilos.sum())],
        series=[(PARTIAL_PRESSURE, 0, N2), (PARTIAL_PRESSURE, 0, O2)],
    )  # fmt: skip
    expected = 1e5 * np.array([0.75 * 0.79, 0.75 * 0.21 + 0.25])
    assert case.run().values[0, 0, 1:] == pytest.approx(expected, rel=1e-13)


def test_a_leak_has_the_properties_of_its_mixture():
    case = web(tank(2.0, 8e4, gas=5), outside(), paths=[orifice(0, 1, 1e-6)])
    gas = naive.gas_properties({"N2": 0.5, "O2": 0.2, "CO2": 0.1, "He": 0.2}, T)
    expected = naive.orifice_flow(8e4, 0.0, T, *gas, 1e-6, 1.0)
    result = case.run()
    assert result["leak_rate"][0, 0] == pytest.approx(expected, rel=1e-9)
    k = expected * gas[0] * T / (8e4 * 2.0)
    assert result.pressures[0, :, 0] == pytest.approx(8e4 * np.exp(-k * case.plan.output_time), rel=1e-8)


def test_a_held_volume_and_a_boundary_give_their_blend():
    """A tank filled from either by a choked hole: the shares of what came are those of the blend."""
    watched = [(PARTIAL_PRESSURE, 1, species) for species in (N2, O2, CO2, HE)]
    for station in (held(900.0, 1e5, gas=5), outside(1e5, gas=5)):
        case = web(station, tank(1.0, 0.0), paths=[orifice(0, 1, 1e-7)], duration=600.0, series=watched)
        seen = case.run().values[0, -1, 2:]
        assert seen / seen.sum() == pytest.approx([0.5, 0.2, 0.1, 0.2], rel=1e-8)
        assert 1e3 < seen.sum() < 4e4


# The trend of nitrogen


def test_the_trend_of_nitrogen_is_the_leak_while_oxygen_moves():
    """Crew breathes, a filter works, the hole leaks: the nitrogen shows the leak, the pressure does not.

    The trend takes nitrogen's share as the mean of start and end: here it changes by a per cent, evenly.
    """
    V, day, gas = 900.0, 86400.0, blend(0.79, 0.2094, 0.0006, 0.0)
    crew = [rate(0, 2.5 / day, gas=1, sign=-1.0), rate(0, 3.0 / day, gas=2), removal(0, 0.03, 2)]
    case = web(tank(V, 101325.0, gas=4), outside(), paths=[orifice(0, 1, 5e-8)], duration=5.0 * day,
               feeds=crew, blends=[gas])  # fmt: skip
    result = case.run()
    true = result["mass_lost"][0, 0] / case.duration
    assert result["trend_nitrogen"][0, 0] == pytest.approx(true, rel=2e-4)
    fall = (result.pressures[0, 0, 0] - result.pressures[0, -1, 0]) * V / (gas @ R * T) / case.duration
    assert abs(fall - true) > 0.1 * true


def test_make_up_is_taken_off_both_trends():
    """Nitrogen is given and vented: what was put in and let out is known."""
    V = 100.0
    events = [Event(3e5, REPRESSURISE, 0, 1.2e5, 0), Event(6e5, VENT, 0, 1.1e5)]
    feeds = [hold(0, 9.99e4, 3600.0, gas=1)]
    case = web(
        tank(V, 1e5, gas=4), outside(), paths=[orifice(0, 1, 1e-7)], duration=9e5, feeds=feeds, events=events
    )
    result = case.run()
    true = result["mass_lost"][0, 0] / case.duration
    assert result["trend_pressure"][0, 0] == pytest.approx(true, rel=1e-9)
    assert result["trend_nitrogen"][0, 0] == pytest.approx(true, rel=0.03)


# Against the oracle


@settings(deadline=None, max_examples=20)
@given(
    factors=st.lists(st.floats(0.2, 3.0), min_size=8, max_size=8),
    temperatures=st.tuples(st.floats(250.0, 350.0), st.floats(250.0, 350.0)),
    follows=st.tuples(st.booleans(), st.booleans()),
    Cd=st.sampled_from([0.6, 1.0, None]),
)
def test_rates_and_jacobian_of_any_mixtures(factors, temperatures, follows, Cd):
    volumes = [
        (balanced if f else tank)(1.0 + v, 1e5 * (1.0 - 0.3 * v), temperature=T, gas=5)
        for v, (T, f) in enumerate(zip(temperatures, follows, strict=True))
    ]
    case = web(
        *volumes, outside(1e3), paths=[orifice(0, 1, 1e-5, Cd=Cd), orifice(1, 2, 1e-5), hatch(1, 0, 1e-4)]
    )
    p, naively = prepared(case), Network(case)
    state = p.state.copy()
    for v in (0, 1):
        place = v * naively.contents
        inside = state[place : place + 4] * factors[4 * v : 4 * v + 4]
        if any(follows):
            state[place + 4] *= inside @ CV / (state[place : place + 4] @ CV)
        state[place : place + 4] = inside
    high, low = (naively.pressure(v, state) for v in (0, 1))
    if abs(high - low) < 0.01 * high:  # there the kernel has a laminar term
        return
    scale = np.abs(naively.rates(state)).max()
    assert p.rates(state) == pytest.approx(naively.rates(state), rel=1e-8, abs=1e-12 * scale)
    _, jacobian = p.jacobian(state)
    expected = naively.jacobian(state, 1e-6)
    unit = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(jacobian - expected) <= 3e-6 * unit + 1e-300).all()


def test_a_trace_of_helium_leaks_with_its_share():
    """One part in 1e6: it falls as the pressure does."""
    trace = blend(0.79, 0.21 - 1e-6, 0.0, 1e-6)
    case = web(tank(5.0, 1e5, gas=4), outside(), paths=[orifice(0, 1, 1e-5)], duration=3000.0,
               blends=[trace], series=[(PARTIAL_PRESSURE, 0, HE)])  # fmt: skip
    result = case.run()
    assert result.value(0) == pytest.approx(1e-6 * result.pressures[0, :, 0], rel=1e-9)
    assert result.value(0)[-1] < math.exp(-0.5) * 0.1

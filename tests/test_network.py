from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import AIR, Case, Volume, cracks, drawn, held, orifice, outside, prepared, rate, seal, tank

from leakflow.kernels import flows as kernel_flows
from leakflow.kernels import model, network, status

HELIUM = {"He": 1.0}
MIXED = {"CO2": 0.6, "H2O": 0.4}
PATHS = {
    "orifice": lambda a, b: orifice(a, b, 3e-5, Cd=0.7),
    "perry": lambda a, b: orifice(a, b, 3e-5, Cd=None),
    "valve": lambda a, b: orifice(a, b, 8e-3, is_diameter=True, opening=0.4),
    "cracks": lambda a, b: cracks(a, b, 3.0),
    "rarefied cracks": lambda a, b: cracks(a, b, 2.0, opening=0.3e-6, roughness=0.0),
    "seal": lambda a, b: seal(a, b, 2e-10, 3e-15),
}


def between(kind, pressures, *, gases=(AIR,), kinds=(0, 0)):
    """A case of one path between two volumes of different size, temperature and (last) gas."""
    numbers = [(2.0, pressures[0], 290.0, 0), (0.7, pressures[1], 305.0, len(gases) - 1)]
    volumes = [Volume(k, *n) for k, n in zip(kinds, numbers, strict=True)]
    return Case(volumes, [PATHS[kind](0, 1)], 3600.0, gases=list(gases))


def blended(case, weights):
    """State of a case whose volumes hold some of every component."""
    state = Network(case).start()
    for place, volume in zip(Network(case).place.values(), case.volumes, strict=True):
        R = [naive.gas_properties(composition, 300.0)[0] for composition in case.gases]
        for c, x in enumerate(weights):
            state[place + c] = x * volume.pressure * volume.size / (R[c] * volume.temperature)
    return state


# Start


def test_start_holds_the_gas_that_the_pressure_says():
    case = Case(
        [tank(2.0, 5e4, temperature=280.0, gas=1), held(9.0, 1e5), outside(), tank(0.5, 1e5)],
        [seal(0, 2, 1e-12, 0.0)],
        60.0,
        gases=[AIR, HELIUM],
    )
    p = prepared(case)
    expected = [0.0, 5e4 * 2.0 / (8.31446261815324 / 4.002602e-3 * 280.0)]
    expected += [1e5 * 0.5 / (naive.gas_properties(AIR, 300.0)[0] * 293.15), 0.0, 0.0]
    assert p.state == pytest.approx(expected, rel=1e-14)
    assert model.n_contents(p.plan) == 4
    network.look(p.plan, p.sample, p.state)
    assert p.sample.volumes["pressure"] == pytest.approx([5e4, 1e5, 0.0, 1e5], rel=1e-14)


@pytest.mark.parametrize("volume", ["tank", "held", "outside"])
@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("size", 0.0, status.IMPOSSIBLE),
        ("size", -1.0, status.IMPOSSIBLE),
        ("size", math.nan, status.IMPOSSIBLE),
        ("pressure", -1.0, status.IMPOSSIBLE),
        ("pressure", math.nan, status.IMPOSSIBLE),
        ("pressure", math.inf, status.IMPOSSIBLE),
        ("pressure", 0.0, status.OK),
        ("temperature", 0.0, status.IMPOSSIBLE),
        ("temperature", -5.0, status.IMPOSSIBLE),
        ("temperature", math.nan, status.IMPOSSIBLE),
        ("temperature", 149.9, status.OUT_OF_RANGE),
        ("temperature", 500.1, status.OUT_OF_RANGE),
        ("temperature", math.inf, status.OUT_OF_RANGE),
        ("temperature", 150.0, status.OK),
        ("temperature", 500.0, status.OK),
    ],
)
def test_status_of_a_volume(volume, name, value, expected):
    if volume == "outside" and name == "size":
        return
    numbers = {"size": None if volume == "outside" else 2.0, "pressure": 1e5, "temperature": 290.0}
    kind = {"tank": model.INTEGRATED, "held": model.HELD, "outside": model.BOUNDARY}[volume]
    odd = Volume(kind, **(numbers | {name: value}))
    assert start_status(Case([tank(1.0, 1e5), odd], [seal(0, 1, 1e-12, 0.0)], 60.0)) == expected


@pytest.mark.parametrize(
    "path, expected",
    [
        (orifice(0, 1, -1e-9), status.IMPOSSIBLE),
        (orifice(0, 1, math.nan), status.IMPOSSIBLE),
        (orifice(0, 1, 0.0), status.OK),
        (orifice(0, 1, 1e-5, Cd=0.0), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, Cd=-1.0), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, Cd=1.01), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, Cd=math.nan), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, Cd=None), status.OK),
        (orifice(0, 1, 1e-5, opening=1.01), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, opening=-0.1), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, opening=math.nan), status.IMPOSSIBLE),
        (orifice(0, 1, 1e-5, opening=0.0), status.OK),
        (orifice(0, 1, 1e-5, opening=1.0), status.OK),
        (seal(0, 1, -1e-12, 0.0), status.IMPOSSIBLE),
        (seal(0, 1, 0.0, -1e-12), status.IMPOSSIBLE),
        (seal(0, 1, math.nan, 0.0), status.IMPOSSIBLE),
        (seal(0, 1, 0.0, 0.0), status.OK),
    ],
)
def test_status_of_a_path(path, expected):
    assert start_status(Case([tank(1.0, 1e5), outside()], [path], 60.0)) == expected


def start_status(case):
    result, sample = drawn(case)
    assert result == status.OK
    plan = case.plan
    return network.prepare(plan, sample, np.zeros(model.n_contents(plan) + model.n_passed(plan)))


# Rates


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("pressures", [(1e5, 3e4), (3e4, 1e5), (1e5, 8e4), (6e4, 9e4)])
@pytest.mark.parametrize("gases", [(AIR,), (AIR, HELIUM)], ids=["air", "air and helium"])
def test_rates_of_one_path(kind, pressures, gases):
    case = between(kind, pressures, gases=gases)
    p, naively = prepared(case), Network(case)
    expected = naively.rates(naively.start())
    assert p.rates(p.state) == pytest.approx(expected, rel=1e-8, abs=0.0)
    assert np.array_equal(p.jacobian(p.state)[0], p.rates(p.state))


@pytest.mark.parametrize("kinds", [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (1, 2), (2, 2)])
def test_volumes_that_are_not_integrated_keep_their_pressure(kinds):
    case = between("cracks", (1e5, 4e4), kinds=kinds)
    p, naively = prepared(case), Network(case)
    assert p.state.size == kinds.count(0) + 1
    assert p.rates(p.state) == pytest.approx(naively.rates(naively.start()), rel=1e-8, abs=0.0)


def web(gases=(AIR, HELIUM, MIXED)):
    """Four volumes and a boundary, and paths of every kind, two of them in parallel."""
    volumes = [
        tank(3.0, 1.0e5, temperature=285.0),
        tank(0.8, 6.1e4, temperature=300.0, gas=len(gases) - 1),
        held(50.0, 1.02e5, gas=min(1, len(gases) - 1)),
        tank(1.7, 2.3e4),
        outside(50.0),
    ]
    ends = [(0, 1), (2, 0), (1, 3), (3, 4), (4, 1), (3, 0)]
    paths = [PATHS[kind](*of) for kind, of in zip(PATHS, ends, strict=True)]
    return Case(volumes, [*paths, orifice(0, 1, 1e-5, starts_later=True)], 3600.0, gases=list(gases))


@pytest.mark.parametrize("gases", [(AIR,), (AIR, HELIUM), (AIR, HELIUM, MIXED)], ids=["1", "2", "3"])
def test_rates_of_a_web(gases):
    case = web(gases)
    p, naively = prepared(case), Network(case)
    for p.sample.paths[6]["active"], naively.active[6] in ((0.0, False), (1.0, True)):
        for p.sample.paths[2]["factor"], naively.factor[2] in ((1.0, 1.0), (0.3, 0.3)):
            expected = naively.rates(p.state)
            assert p.rates(p.state) == pytest.approx(expected, rel=1e-8, abs=1e-18)
            assert (expected[-1] == 0.0) == (not naively.active[6])


@settings(deadline=None, max_examples=30)
@given(
    pressures=st.tuples(*[st.one_of(st.just(0.0), st.floats(1.0, 2e5))] * 2),
    kind=st.sampled_from(sorted(PATHS)),
    weights=st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)),
)
def test_what_leaves_one_volume_comes_to_the_other(pressures, kind, weights):
    case = between(kind, pressures, gases=(AIR, HELIUM))
    p = prepared(case)
    state = blended(case, weights)
    rate, jacobian = p.jacobian(state)
    for c in range(2):
        assert rate[c] == -rate[2 + c]
        assert np.array_equal(jacobian[c], -jacobian[2 + c])
    assert rate[0] + rate[1] == pytest.approx(-rate[4], rel=1e-12, abs=1e-300)
    assert np.isfinite(jacobian).all()
    assert np.abs(jacobian[0] + jacobian[1] + jacobian[4]).max() <= 1e-12 * np.abs(jacobian).max()


def test_mass_is_a_linear_invariant_of_a_web():
    case = web()
    p = prepared(case)
    signs = np.zeros(p.state.size)
    signs[: 3 * 3] = 1.0
    for i, path in enumerate(case.paths):
        for end, sign in ((path.source, 1.0), (path.sink, -1.0)):
            signs[9 + i] += sign * (case.volumes[end].kind == model.INTEGRATED)
    rate, jacobian = p.jacobian(p.state)
    assert abs(signs @ rate) <= 1e-15 * np.abs(rate).sum()
    assert np.abs(signs @ jacobian).max() <= 1e-14 * np.abs(jacobian).max()


# Jacobian


def check_jacobian(case, state):
    expected = Network(case).jacobian(state)
    _, jacobian = prepared(case).jacobian(state)
    largest = np.abs(expected).max(axis=0)  # of a column: nothing at all where the other end is choked
    assert largest.max() > 0.0
    error = np.abs(jacobian - expected).max(axis=0)
    assert (error <= 1e-6 * largest + 1e-9 * largest.max()).all()


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("pressures", [(1e5, 3e4), (3e4, 1e5), (1e5, 8e4), (6e4, 9e4)])
def test_jacobian_of_one_gas(kind, pressures):
    case = between(kind, pressures)
    check_jacobian(case, Network(case).start())


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("pressures", [(1e5, 3e4), (6e4, 9e4)])
def test_jacobian_of_one_gas_under_two_names(kind, pressures):
    case = between(kind, pressures, gases=(AIR, AIR))
    check_jacobian(case, blended(case, (0.8, 0.2)))


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("pressures", [(1e5, 3e4), (6e4, 9e4)])
def test_jacobian_of_two_gases(kind, pressures):
    case = between(kind, pressures, gases=(AIR, HELIUM))
    check_jacobian(case, blended(case, (0.8, 0.2)))


def test_jacobian_of_a_web_of_one_gas():
    case = web((AIR,))
    check_jacobian(case, Network(case).start())


# Overboard


def test_overboard_flow_is_the_net_flow_into_boundaries():
    case = Case(
        [tank(1.0, 1e5), outside(), outside(1.5e5), held(9.0, 1e5)],
        [
            orifice(0, 1, 1e-6),
            orifice(2, 0, 2e-6),
            orifice(1, 0, 3e-6),
            orifice(0, 3, 1e-4),
            orifice(0, 1, 1.0, starts_later=True),
            orifice(2, 1, 1e-7),
        ],
        60.0,
    )
    p, naively = prepared(case), Network(case)
    state = naively.start()
    flows = [naively.flow(i, state) for i in range(6)]
    p.rates(p.state)
    expected = flows[0] - flows[1] - flows[2]
    assert kernel_flows.overboard_flow(p.plan, p.sample) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("path", [cracks(0, 1, opening=2e-4), orifice(0, 1, 1e-7), orifice(1, 0, 1e-7)])
def test_what_is_short_of_gas_takes_it_back_from_vacuum(path):
    """As much as it would lose with as much too much: nothing bends at zero."""
    p = prepared(Case([tank(5.0, 0.01), outside(0.0)], [path], 3600.0))
    more, slope = p.jacobian(p.state)
    less, slope_below = p.jacobian(-p.state)
    assert more[0] < 0.0
    np.testing.assert_allclose(less, -more, rtol=1e-13)
    np.testing.assert_allclose(slope_below, slope, rtol=1e-9)


def test_a_trace_of_gas_that_wide_cracks_let_out_takes_few_steps():
    paths = [cracks(1, 0, 5.0, opening=3e-4, length=0.045, depth=0.018), seal(1, 0, 0.0, 3e-16)]
    case = Case([tank(2e-4, 300.0), outside(0.0)], paths, 4e7, feeds=[rate(0, 1.6e-15)], rtol=1e-3, atol=0.1)
    result = case.run()
    assert result.status[0] == 0
    assert result["steps"][0, 0] + result["rejected_steps"][0, 0] < 60


def test_flows_that_stop_and_begin_to_choke_at_once_are_told_apart():
    paths = [orifice(1, 0, 1e-6), orifice(1, 0, 2e-6), orifice(2, 1, 1e-6)]
    p = prepared(Case([outside(1e5), tank(5.0, 3e5), outside(5e5)], paths, 3600.0))
    p.rates(p.state)
    before = kernel_flows.regimes(p.plan, p.sample)
    p.rates(0.5 * p.state)
    assert before == (0b011, kernel_flows.regimes(p.plan, p.sample)[1])
    assert kernel_flows.regimes(p.plan, p.sample)[0] == 0b100

from __future__ import annotations

import math

import mpmath
import naive
import numpy as np
import pytest
from closed_forms import AREA, BLOWDOWN, GAMMA, P0, TAU, R, T, blowdown, equalisation
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import AIR, Case, Event, balanced, cracks, orifice, outside, prepared, seal, tank

from leakflow.kernels import integrate, status
from leakflow.kernels.model import PATCH, REPRESSURISE, SET_OPENING, START, VENT

VALVE = BLOWDOWN.but(paths=[orifice(0, 1, AREA, opening=1.0)])


# Against closed forms


def test_choked_blowdown_to_1e_8():
    case = BLOWDOWN.but(output_time=np.linspace(0.0, 8.0 * TAU, 333))
    result = case.run()
    times = case.plan.output_time
    assert result.pressures[0, :, 0] == pytest.approx(blowdown(times), rel=1e-8, abs=0.0)
    flow = AREA * blowdown(times) * naive.choked_flow_function(GAMMA) / math.sqrt(R * T)
    assert result.flows[0, :, 0] == pytest.approx(flow, rel=1e-8, abs=0.0)
    assert np.array_equal(result.pressures[0, :, 1], np.zeros(333))


@pytest.mark.parametrize("pressures", [(2e5, 1e4), (1e4, 2e5), (5e4, 0.0)])
def test_two_volumes_equalise_to_1e_8(pressures):
    a, b, sizes = 1e-9, 2e-13, (0.4, 1.3)
    exact, tau = equalisation(a, b, sizes, pressures)
    volumes = [tank(*of) for of in zip(sizes, pressures, strict=True)]
    case = Case(volumes, [seal(0, 1, a, b)], 12.0 * tau, rtol=1e-10, atol=1e-8)
    result = case.run()
    assert result.pressures[0] == pytest.approx(exact(case.plan.output_time), rel=1e-8, abs=1e-7)


# Against scipy on the naive laws

DECAYS = {
    "subsonic": Case([tank(0.2, 1.5e5), outside(1e5)], [orifice(0, 1, 1e-4, Cd=0.7)], 4.0),
    "perry": Case([tank(0.2, 1.5e5), outside(1e4)], [orifice(0, 1, 1e-4, Cd=None)], 10.0),
    "cracks": Case([tank(4.0, 6.3e4), outside()], [cracks(0, 1, 5.0)], 4 * 86400.0),
    "rarefied": Case([tank(0.1, 2e3), outside(5.0)], [cracks(0, 1, 5.0, opening=2e-6)], 1e8),
    "tunnel": Case(
        [tank(5.0, 6.3e4, temperature=295.0), tank(900.0, 9.8e4), outside()],
        [cracks(0, 2, 3.0, opening=9e-6), seal(1, 0, 1e-13, 1e-18), orifice(1, 2, 2e-8)],
        20 * 86400.0,
    ),
    "two gases": Case(
        [tank(1.0, 2e5), tank(0.7, 3e4, gas=1), outside()],
        [seal(0, 1, 1e-9, 1e-14), cracks(1, 2, 5.0)],
        3e4,
        gases=[AIR, {"He": 1.0}],
    ),
}


@pytest.mark.parametrize("name", DECAYS)
def test_decays_agree_with_scipy(name):
    case = DECAYS[name].but(rtol=1e-9, atol=1e-7)
    naively = Network(case)
    solution = naively.solve(case.duration, rtol=1e-11).sol
    result = case.run()
    assert result.status[0] == status.OK
    for i, t in enumerate(case.plan.output_time):
        state = solution(t)
        pressures = [naively.pressure(v, state) for v in range(len(case.volumes))]
        flows = [naively.flow(p, state) for p in range(len(case.paths))]
        assert result.pressures[0, i] == pytest.approx(pressures, rel=2e-8)
        assert result.flows[0, i] == pytest.approx(flows, rel=1e-7)
    assert pressures[0] < 0.8 * case.volumes[0].pressure  # enough has happened
    passed = solution(case.duration)[naively.masses :]
    assert result["mass"][0] == pytest.approx(passed, rel=2e-8)


def test_the_error_follows_the_tolerance():
    """Of steps, which a second volume asks for."""
    two = BLOWDOWN.but(volumes=[*BLOWDOWN.volumes, tank(1.0, P0)])
    errors, steps = [], []
    for rtol in (1e-4, 1e-6, 1e-8):
        case = two.but(rtol=rtol, atol=rtol, duration=5.0 * TAU, output_time=[5.0 * TAU])
        result = case.run()
        errors.append(abs(result.pressures[0, 0, 0] / blowdown(5.0 * TAU) - 1.0))
        steps.append(result["steps"][0, 0])
        assert errors[-1] < 50.0 * rtol
    assert steps[0] < steps[1] < steps[2]


# Stiffness


@pytest.mark.parametrize("rtol", [1e-4, 1e-5, 1e-6, 1e-8])
@pytest.mark.parametrize("pressures", [(P0, 6e4), (6e4, P0), (200.0, 100.0)])
@pytest.mark.parametrize("area", [3.14e-4, 1e-2, 1.0])
def test_an_open_hatch_joins_two_volumes_into_one(area, pressures, rtol):
    """Rates of 1e3 to 1e5 per second beside a leak of months."""
    leak, sizes = 1e-7, np.array([900.0, 7.0])
    volumes = [tank(*of) for of in zip(sizes, pressures, strict=True)]
    case = Case(
        [*volumes, outside()],
        [orifice(0, 1, area), orifice(1, 2, leak)],
        30 * 86400.0,
        rtol=rtol,
        atol=100.0 * rtol,
        max_steps=600,
    )
    result = case.run()
    assert result.status[0] == status.OK
    merged = sizes @ np.array(pressures) / sizes.sum()
    tau = sizes.sum() / (leak * naive.choked_flow_function(GAMMA) * math.sqrt(R * T))
    expected = merged * np.exp(-case.plan.output_time[1:] / tau)
    # what the leak draws through the valve needs a difference of (leak/area)^2 of the pressure at most
    tolerance = 10.0 * rtol + (leak / area) ** 2 + 100.0 * leak / area * 3e-4
    for v in (0, 1):
        assert result.pressures[0, 1:, v] == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("molecular", [1e-9, 1e-6, 1e-3, 1.0])
def test_rates_1e9_apart(molecular):
    sizes, pressures, leak = np.array([900.0, 7.0]), np.array([P0, 6e4]), 1e-7
    volumes = [tank(*of) for of in zip(sizes, pressures, strict=True)]
    paths = [seal(0, 1, molecular, 0.0), orifice(1, 2, leak)]
    case = Case([*volumes, outside()], paths, 30 * 86400.0, rtol=1e-8, atol=1e-6, max_steps=600)
    result = case.run()
    assert result.status[0] == status.OK
    g = naive.choked_flow_function(GAMMA) / math.sqrt(R * T) * leak
    conductance = np.array([[-molecular, molecular], [molecular, -molecular - g]])
    expected = linear_decay(R * T * conductance / sizes[:, None], pressures, case.plan.output_time)
    assert result.pressures[0, 1:, :2] == pytest.approx(expected[1:], rel=1e-7)


def linear_decay(matrix, start, times):
    """Solution of p' = M p of two unknowns, by eigenvalues in 60 digits: they lie 1e10 apart."""
    with mpmath.workdps(60):
        values, vectors = mpmath.eig(mpmath.matrix(matrix.tolist()))
        parts = mpmath.lu_solve(vectors, mpmath.matrix(start.tolist()))
        scaled = [[mpmath.exp(x * t) * c for x, c in zip(values, parts, strict=True)] for t in times]
        return np.array([[float(p.real) for p in vectors * mpmath.matrix(row)] for row in scaled])


@pytest.mark.parametrize("back", [0.0, 1e-6, 10.0])
@pytest.mark.parametrize(
    "path",
    [orifice(0, 1, 1e-2), orifice(0, 1, 1e-2, Cd=None), cracks(0, 1, 4.0), seal(0, 1, 1e-6, 1e-11)],
    ids=["orifice", "perry", "cracks", "seal"],
)
def test_a_volume_empties_and_stays_empty(path, back):
    case = Case([tank(1.0, P0), outside(back)], [path], 1e12, max_steps=300)
    result = case.run()
    assert result.status[0] == status.OK
    assert result["final"][0, 0] == pytest.approx(back, rel=1e-6, abs=1e-25)  # of 1e5 Pa
    assert (result.pressures >= 0.0).all()


def test_nothing_happens_at_rest():
    case = Case(
        [tank(1.0, P0), tank(2.0, P0)], [orifice(0, 1, 1e-2), cracks(0, 1, 2.0), seal(0, 1, 1e-6, 0.0)], 1e6
    )
    result = case.run()
    assert result.status[0] == status.OK
    assert np.array_equal(result.pressures[0], np.full((11, 2), result.pressures[0, 0, 0]))
    assert (result.flows == 0.0).all()
    assert result.pressures[0, 0, 0] == pytest.approx(P0, rel=1e-15)


def test_without_any_integrated_volume_flows_are_constant():
    case = Case([outside(P0), outside()], [cracks(0, 1, 3.0), seal(0, 1, 1e-12, 1e-17)], 3600.0)
    result = case.run()
    flows = [Network(case).flow(p, np.zeros(2)) for p in range(2)]
    assert result.flows[0] == pytest.approx(np.tile(flows, (11, 1)), rel=1e-9)
    assert result["mass"][0] == pytest.approx(np.array(flows) * 3600.0, rel=1e-9)


# Events, outputs and record


def test_events_happen_at_their_times_exactly():
    """Closed at 1 tau, half open at 2.5 tau, emptied to a half at 4 tau."""
    schedule = [
        Event(1.0 * TAU, SET_OPENING, 0, 0.0),
        Event(2.5 * TAU, SET_OPENING, 0, 0.5),
        Event(4.0 * TAU, VENT, 0, 1e4),
    ]
    result = VALVE.but(events=schedule, output_time=np.linspace(0.0, 8.0, 161) * TAU).run()
    x = np.linspace(0.0, 8.0, 161)
    logs = np.minimum(x, 1.0) + 0.5 * np.maximum(np.minimum(x, 4.0) - 2.5, 0.0)
    expected = np.where(x < 4.0, P0 * np.exp(-logs), 1e4 * np.exp(-0.5 * (x - 4.0)))
    assert result.pressures[0, :, 0] == pytest.approx(expected, rel=1e-8)
    assert result["gas_vented"][0, 0] == pytest.approx((P0 * math.exp(-1.75) - 1e4) / (R * T), rel=1e-7)


def test_outputs_and_record_at_an_event_are_those_after_it():
    times = np.array([0.0, 1.0, 2.0, 3.0, 8.0]) * TAU
    schedule = [
        Event(0.0, VENT, 0, 5e4),
        Event(TAU, SET_OPENING, 0, 0.5),
        Event(2.0 * TAU, REPRESSURISE, 0, 9e4),
        Event(3.0 * TAU, PATCH, 0, 0.0),
        Event(8.0 * TAU, VENT, 0, 100.0),
    ]
    case = VALVE.but(events=schedule, output_time=times, record=[(0, t) for t in times])
    result = case.run()
    expected = [5e4, 5e4 / math.e, 9e4, 9e4 * math.exp(-0.5), 100.0]
    assert result.pressures[0, :, 0] == pytest.approx(expected, rel=1e-8)
    assert result["record"][0].tolist() == result.pressures[0, :, 0].tolist()
    flow = np.array(expected) * [1.0, 0.5, 0.5, 0.0, 0.0] / (R * T * TAU)
    assert result.flows[0, :, 0] == pytest.approx(flow, rel=1e-8, abs=0.0)


@pytest.mark.parametrize(
    "order, expected",
    [((0, 1, 2), 2e4), ((0, 2, 1), 2e5), ((2, 1, 0), 3e4), ((1, 2, 0), 2e4), ((2, 0, 1), 2e5)],
)
def test_events_of_one_time_happen_in_the_order_of_the_case(order, expected):
    of = [Event(TAU, VENT, 0, 3e4), Event(TAU, REPRESSURISE, 0, 2e5), Event(TAU, VENT, 0, 2e4)]
    case = BLOWDOWN.but(events=[of[e] for e in order], output_time=[TAU])
    assert case.run().pressures[0, 0, 0] == pytest.approx(expected, rel=1e-14)


def test_events_in_any_order_of_the_case_happen_in_the_order_of_time():
    schedule = [
        Event(t * TAU, SET_OPENING, 0, x) for t, x in ((0.5, 0.0), (2.0, 0.25), (3.0, 1.0), (7.0, 0.0))
    ]
    runs = [
        VALVE.but(events=[schedule[e] for e in order]).run()
        for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0))
    ]
    assert runs[0].outcomes.tobytes() == runs[1].outcomes.tobytes() == runs[2].outcomes.tobytes()
    logs = 0.5 + 0.25 + 4.0
    assert runs[0]["final"][0, 0] == pytest.approx(P0 * math.exp(-logs), rel=1e-8)


def test_an_event_after_the_end_does_not_happen():
    plain = BLOWDOWN.run()
    late = BLOWDOWN.but(
        events=[Event(8.0 * TAU * (1.0 + 1e-15), VENT, 0, 0.0), Event(math.inf, VENT, 0, 0.0)]
    )
    assert late.run().outcomes.tobytes() == plain.outcomes.tobytes()


def test_a_path_that_starts_later():
    paths = [orifice(0, 1, AREA, starts_later=True)]
    case = BLOWDOWN.but(paths=paths, events=[Event(3.0 * TAU, START, 0)], output_time=np.arange(9) * TAU)
    result = case.run()
    x = np.maximum(np.arange(9) - 3.0, 0.0)
    assert result.pressures[0, :, 0] == pytest.approx(P0 * np.exp(-x), rel=1e-8)
    assert result.flows[0, :3, 0].tolist() == [0.0] * 3
    assert (result.flows[0, 3:, 0] > 0.0).all()


@settings(deadline=None, max_examples=40)
@given(times=st.lists(st.floats(0.0, 8.0), min_size=1, max_size=20))
def test_record_at_any_times(times):
    times = np.sort(times) * TAU
    case = BLOWDOWN.but(record=[(0, t) for t in times], output_time=times)
    result = case.run()
    assert result["record"][0] == pytest.approx(blowdown(times), rel=1e-8)
    assert result["record"][0].tolist() == result.pressures[0, :, 0].tolist()


def test_outputs_and_thresholds_cost_no_step():
    plain = BLOWDOWN.but(output_time=[0.0])
    full = BLOWDOWN.but(
        output_time=np.linspace(0.0, 8.0 * TAU, 500), thresholds=[(0, 1e4, -1.0)], record=[(0, 7.0)]
    )
    assert plain.run()["steps"] == full.run()["steps"]
    assert plain.run()["final"].tobytes() == full.run()["final"].tobytes()


# Failures


def test_step_limit():
    steps = int(BLOWDOWN.run()["steps"][0, 0])
    assert BLOWDOWN.but(max_steps=steps - 1).run().status[0] == status.STEP_LIMIT
    assert BLOWDOWN.but(max_steps=steps).run().status[0] == status.OK


def test_rejected_steps_count_towards_the_limit():
    case = Case([tank(900.0, P0), tank(7.0, 6e4)], [orifice(0, 1, 1e-2)], 3600.0, rtol=1e-8, atol=1e-6)
    result = case.run()
    steps, rejected = int(result["steps"][0, 0]), int(result["rejected_steps"][0, 0])
    assert rejected > 0
    assert case.but(max_steps=steps + rejected - 1).run().status[0] == status.STEP_LIMIT
    assert case.but(max_steps=steps + rejected).run().status[0] == status.OK


@pytest.mark.parametrize(
    "volumes, path",
    [
        ([tank(math.inf, P0), outside()], orifice(0, 1, 1e-5)),
        ([tank(1.0, 1e300), outside()], seal(0, 1, 1e-9, 1e-9)),
    ],
)
def test_not_finite(volumes, path):
    result = Case(volumes, [path], 3600.0).run()
    assert result.status[0] == status.NOT_FINITE
    assert np.isnan(result.outcomes).all()


@pytest.mark.parametrize(
    "size, path",
    [
        (1.0, orifice(0, 1, math.inf)),
        (1.0, seal(0, 1, math.inf, 0.0)),
        (1.0, orifice(0, 1, 4.84)),  # a sphere of 1 m3 has 4.836 m2
        (1e-320, orifice(0, 1, 1e-5)),
    ],
)
def test_an_opening_larger_than_the_wall_is_impossible(size, path):
    result = Case([tank(size, P0), outside()], [path], 3600.0).run()
    assert result.status[0] == status.IMPOSSIBLE
    assert np.isnan(result.outcomes).all()


@pytest.mark.parametrize("limit", [1e-7, 2e-8])
def test_a_limit_holds_the_errors_of_pressures(limit):
    """Of gas and energy too, if by them the pressure is wrong, and not where one makes up for the other."""
    volumes = [balanced(1.0, 1e5, temperature=300.0), tank(1.0, 1e5, temperature=300.0, gas=1)]
    case = Case(volumes, [orifice(0, 1, 1e-4)], 1.0, gases=[AIR, {"N2": 1.0}], rtol=1e-3, atol=1e-3)
    p = prepared(case)
    p.work.new[:] = p.state
    p.work.scale[:] = 1.0
    R = p.sample.component_gas
    for wrong, of_pressure in [
        ([1e-6 * p.state[0], 0.0, 1e-6 * p.state[2], 0.0, 0.0, 0.0], 1e-6),
        ([1e-6 * p.state[0], 0.0, 0.0, 0.0, 0.0, 0.0], 0.0),
        ([0.0, 0.0, 0.0, 0.0, 1e-6 * p.state[4], 0.0], 1e-6),
        ([0.0, 0.0, 0.0, 1e-6, -1e-6 * R[0] / R[1], 0.0], 0.0),
        ([0.0, 0.0, 0.0, 0.0, 0.0, 1e-6 * p.state[5]], 0.0),
    ]:
        p.work.error[:] = 0.0
        p.work.error[:6] = wrong
        plain = integrate._error(p.plan, p.sample, p.state, p.work, math.inf)
        held = integrate._error(p.plan, p.sample, p.state, p.work, limit)
        assert plain <= 1e-3
        expected = of_pressure / limit * 1e5 / (1e5 + 1e4 * 1e-3)
        assert held == pytest.approx(max(expected, plain), rel=1e-9)


def test_step_too_small():
    """A tolerance below the arithmetic, past time 0 where steps have a resolution."""
    case = VALVE.but(paths=[orifice(0, 1, AREA, opening=0.0)], events=[Event(TAU, SET_OPENING, 0, 1.0)])
    assert case.but(rtol=1e-40, atol=1e-40).run().status[0] == status.STEP_TOO_SMALL

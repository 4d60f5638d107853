from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from naive_network import Network
from plans import AIR, Case, Control, Event, cracks, held, orifice, outside, prepared, rate, seal, tank
from scipy.optimize import brentq

from leakflow.kernels import outcomes
from leakflow.kernels.flows import path_flow
from leakflow.kernels.model import BOUNDARY, PATCH, PRESSURE, REPRESSURISE, SET_OPENING, TEMPERATURE, VENT

T = 293.15
HELIUM = {"He": 1.0}
R_AIR, R_HELIUM = (naive.gas_properties(g, T)[0] for g in (AIR, HELIUM))

# A tunnel that leaks, a held station behind its hatch, a lock that fills, a boundary that gas comes from.
# Its holes are choked: next to equal pressures the kernel's orifice has a laminar term, the oracle has not.
WEB = Case(
    [
        tank(5.0, 6.3e4, temperature=295.0),
        held(900.0, 9.8e4),
        outside(),
        tank(2.0, 1e4),
        outside(1.2e5, temperature=300.0),
    ],
    [
        cracks(0, 2, 3.0),
        seal(1, 0, 1e-12, 1e-17),
        orifice(1, 2, 3e-8),
        orifice(0, 3, 1e-7, Cd=None, opening=0.5),
        orifice(2, 4, 2e-9),
        orifice(4, 3, 5e-9),
        orifice(0, 2, 1e-4, starts_later=True),
    ],
    12 * 3600.0,
    thresholds=[(0, 5.5e4, -1.0), (3, 1.6e4, 1.0), (3, 1e6, 1.0)],
    record=[(0, 3600.0), (1, 7200.0), (3, 7200.0), (0, 30000.0)],
    rtol=1e-10,
    atol=1e-8,
)


@pytest.fixture(scope="module")
def result():
    return WEB.run()


@pytest.fixture(scope="module")
def naively():
    return Network(WEB)


@pytest.fixture(scope="module")
def solution(naively):
    return naively.solve(WEB.duration, rtol=1e-11).sol


@pytest.fixture(scope="module")
def flows(naively, solution):
    """Of each path, at the start and at the end."""
    return [[naively.flow(p, solution(t)) for p in range(7)] for t in (0.0, WEB.duration)]


def test_mass_passed(result, naively, solution):
    expected = solution(WEB.duration)[naively.masses :]
    assert result["mass"][0] == pytest.approx(expected, rel=1e-8)
    assert result["mass"][0, 6] == 0.0
    assert (expected[:6] != 0.0).all()


def test_mass_lost_is_the_net_mass_into_boundaries(result, naively, solution):
    passed = solution(WEB.duration)[naively.masses :]
    expected = passed[0] + passed[2] - passed[5]  # path 4 goes from boundary to boundary
    assert result["mass_lost"][0, 0] == pytest.approx(expected, rel=1e-8)


def test_leak_rates_at_the_start_mean_and_at_the_end(result, flows):
    start, end = (of[0] + of[2] - of[5] for of in flows)
    expected = [start, result["mass_lost"][0, 0] / WEB.duration, end]
    assert result["leak_rate"][0] == pytest.approx(expected, rel=1e-8)


def test_equivalent_diameter_of_each_path(result):
    """An ideal nozzle of that diameter passes the same, by the naive law."""
    volumes = WEB.volumes
    for p, path in enumerate(WEB.paths):
        diameter = result["equivalent_diameter"][0, p]
        of = (volumes[path.source], volumes[path.sink])
        upstream = max(of, key=lambda v: v.pressure)
        properties = naive.gas_properties(AIR, upstream.temperature)
        pressures = [v.pressure for v in of]
        area = 0.25 * math.pi * diameter**2
        passed = naive.orifice_flow(*pressures, upstream.temperature, *properties, area, 1.0)
        assert passed == pytest.approx(Network(WEB).flow(p, Network(WEB).start()), rel=1e-8)


def test_pressure_rate_at_the_start_with_all_valves_shut(result, naively, flows):
    shut = Network(WEB)
    shut.opening[3] = 0.0
    rate = shut.rates(shut.start())
    expected = [rate[0] * R_AIR * 295.0 / 5.0, 0.0, 0.0, rate[1] * R_AIR * T / 2.0, 0.0]
    # a held volume: what its pressure would do without life support; gas brings its own gas constant only
    expected[1] = -(flows[0][1] + flows[0][2]) * R_AIR * T / 900.0
    assert result["pressure_rate"][0] == pytest.approx(expected, rel=1e-8)


def test_final_pressures(result, naively, solution):
    expected = [naively.pressure(v, solution(WEB.duration)) for v in range(5)]
    assert result["final"][0] == pytest.approx(expected, rel=1e-9)


def test_make_up_gas_of_the_held_volume(result, naively, solution):
    passed = solution(WEB.duration)[naively.masses :]
    assert result["gas_added"][0] == pytest.approx([0.0, passed[1] + passed[2], 0.0, 0.0, 0.0], rel=1e-8)
    assert result["gas_vented"][0].tolist() == [0.0] * 5


def test_times_to_thresholds(result, naively, solution):
    expected = [
        brentq(lambda t, v=v, p=p: naively.pressure(v, solution(t)) - p, 0.0, WEB.duration, xtol=1e-9)
        for v, p, _ in WEB.thresholds[:2]
    ]
    assert result["time_to"][0, :2] == pytest.approx(expected, rel=1e-8)
    assert math.isnan(result["time_to"][0, 2])


def test_record(result, naively, solution):
    expected = [naively.pressure(v, solution(t)) for v, t in WEB.record]
    assert result["record"][0] == pytest.approx(expected, rel=1e-9)
    assert expected[1] == 9.8e4


def test_steps(result):
    steps, rejected = result["steps"][0, 0], result["rejected_steps"][0, 0]
    assert steps == int(steps)
    assert rejected == int(rejected) >= 0
    assert 4 <= steps <= 500


def test_every_entry_of_the_row_is_written(result):
    nothing = np.isnan(result.outcomes[0])
    places = outcomes.offsets(5, 7, 3, 4, 5, 0, 0)
    expected = {places["time_to"][0] + 2}  # the threshold never reached
    for trend in ("trend_pressure", "trend_nitrogen"):
        expected |= {places[trend][0] + v for v in (1, 2, 4)}  # whose pressure is given
    assert set(np.flatnonzero(nothing)) == expected


SIZES = [(5, 7, 3, 4, 5, 0, 0), (1, 0, 0, 0, 1, 0, 0), (2, 1, 0, 9, 4, 3, 2)]


@pytest.mark.parametrize("sizes", SIZES)
def test_offsets_cover_the_row(sizes):
    groups = outcomes.offsets(*sizes)
    places = [start + i for start, length in groups.values() for i in range(length)]
    assert places == list(range(len(places)))
    volumes, paths, thresholds, records, series, feeds, controls = sizes
    case = Case(
        [tank(1.0, 1e5)] * volumes,
        [seal(0, 1, 0.0, 0.0)] * paths,
        1.0,
        thresholds=[(0, 1.0, 1.0)] * thresholds,
        record=[(0, 0.5)] * records,
        series=[(TEMPERATURE, 0, -1)] * (series - volumes),
        feeds=[rate(0, 1e-6)] * feeds,
        controls=[Control(PRESSURE, 0, 1.0, -1.0, VENT, 0, 1.0)] * controls,
    )
    assert len(places) == outcomes.n_outcomes(case.plan)


def test_events_gas_is_counted_where_it_was_put_in_or_let_out():
    schedule = [
        Event(10.0, REPRESSURISE, 0, 2e5),
        Event(20.0, VENT, 0, 5e4),
        Event(20.0, VENT, 1, 1e4),
        Event(30.0, REPRESSURISE, 0, 6e4, 1),
    ]
    case = Case(
        [tank(2.0, 1e5), tank(3.0, 1e5)],
        [seal(0, 1, 0.0, 0.0)],
        60.0,
        events=schedule,
        gases=[AIR, HELIUM],
    )
    result = case.run()
    added = 1e5 * 2.0 / (R_AIR * T) + 1e4 * 2.0 / (R_HELIUM * T)
    assert result["gas_added"][0] == pytest.approx([added, 0.0], rel=1e-12)
    vented = [1.5e5 * 2.0 / (R_AIR * T), 9e4 * 3.0 / (R_AIR * T)]
    assert result["gas_vented"][0] == pytest.approx(vented, rel=1e-12)
    assert result["final"][0] == pytest.approx([6e4, 1e4], rel=1e-12)


def test_what_is_seen_at_the_start_is_seen_before_any_event():
    plain = Case([tank(2.0, 1e5), outside()], [orifice(0, 1, 1e-6)], 60.0)
    result = plain.but(events=[Event(0.0, PATCH, 0, 0.0), Event(0.0, VENT, 0, 10.0)]).run()
    for name in ("equivalent_diameter", "pressure_rate"):
        assert result[name].tolist() == plain.run()[name].tolist()
    assert result["leak_rate"][0, 0] == plain.run()["leak_rate"][0, 0]
    assert result["leak_rate"][0, 2] == 0.0


def test_a_path_that_passes_nothing_has_no_diameter():
    case = Case(
        [tank(2.0, 1e5), tank(2.0, 1e5), outside(), outside()],
        [orifice(0, 1, 1e-6), orifice(0, 2, 1e-6, opening=0.0), orifice(2, 3, 1e-6)],
        60.0,
    )
    diameters = case.run()["equivalent_diameter"][0]
    assert np.isnan(diameters[[0, 2]]).all()
    assert diameters[1] == 0.0


# Mass


def residual(result, case):
    """Mass of one gas unaccounted for, over all there was: from inputs, pressures and outcomes alone."""
    worst, total = 0.0, 0.0
    passed = result["mass"][0]
    for v, volume in enumerate(case.volumes):
        out = sum(m for m, path in zip(passed, case.paths, strict=True) if path.source == v)
        back = sum(m for m, path in zip(passed, case.paths, strict=True) if path.sink == v)
        if volume.kind == BOUNDARY:
            total += max(out - back, 0.0)
            continue
        before, after = (
            p * volume.size / (R_AIR * volume.temperature) for p in result.pressures[0, [0, -1], v]
        )
        change = result["gas_added"][0, v] - result["gas_vented"][0, v] - out + back
        worst = max(worst, abs(after - before - change))
        total += before + result["gas_added"][0, v]
    return worst / total


def joined(path):
    """A station and a tunnel joined by a path, and a slow leak."""
    volumes = [tank(900.0, 1e5), tank(7.0, 6e4), outside()]
    return Case(volumes, [path, orifice(1, 2, 1e-7)], 3e6, rtol=1e-8)


BALANCES = {
    "web": WEB,
    "blow-down": Case([tank(1.0, 1e5), outside()], [orifice(0, 1, 1e-3)], 100.0),
    "loose": WEB.but(rtol=1e-4, atol=1e-2),
    "schedule": WEB.but(
        events=[
            Event(3600.0, SET_OPENING, 3, 0.0),
            Event(7200.0, VENT, 0, 1e4),
            Event(7200.0, VENT, 3, 1e3),
            Event(9000.0, REPRESSURISE, 0, 8e4),
            Event(9000.0, PATCH, 0, 0.2),
            Event(20000.0, SET_OPENING, 3, 1.0),
        ]
    ),
    "seal": joined(seal(0, 1, 1e-7, 0.0)),
    "wide seal": joined(seal(0, 1, 1e-2, 0.0)),
    "open hatch": joined(orifice(0, 1, 1.0)),
}


@pytest.mark.parametrize("name", BALANCES)
def test_mass_is_kept_to_1e_12(name):
    case = BALANCES[name]
    result = case.run()
    assert result.status[0] == 0
    assert residual(result, case) <= 1e-12
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    # the receipt is no smaller than what is found from outside, but for the rounding of pressures
    assert residual(result, case) <= result["mass_balance_residual"][0, 0] + 1e-14


@pytest.mark.parametrize("start", [0.0, 1e-3, 1e4])
def test_the_residual_of_mass_does_not_depend_on_which_way_a_path_is_written(start):
    """A volume that may hold nothing at the start fills from the cabin."""
    volumes = [tank(5.0, start), held(900.0, 1e5), outside()]
    found = []
    for a, b in ((0, 1), (1, 0)):
        result = Case(volumes, [orifice(a, b, 3e-6), orifice(0, 2, 8e-7)], 86400.0).run()
        found.append(result["mass_balance_residual"][0, 0])
    assert found[0] == found[1] < 1e-14


def test_mass_of_two_gases_is_kept_to_1e_12():
    """Two volumes filled with helium and vented on the way, and the total of either gas in a closed pair."""
    schedule = [
        Event(600.0, REPRESSURISE, 1, 9e4, 1),
        Event(1200.0, VENT, 0, 3e4),
        Event(1500.0, REPRESSURISE, 0, 2e5, 1),
    ]
    volumes, paths = [tank(2.0, 1e5), tank(3.0, 2e4, gas=1)], [orifice(0, 1, 3e-6), cracks(1, 0, 5.0)]
    case = Case(volumes, paths, 6000.0, events=schedule, gases=[AIR, HELIUM], rtol=1e-7)
    start = np.array([1e5 * 2.0 / (R_AIR * T), 2e4 * 3.0 / (R_HELIUM * T)])
    p = prepared(case)
    assert p.integrate()[0] == 0
    result = case.run()
    added, vented, passed = (result[name][0] for name in ("gas_added", "gas_vented", "mass"))
    assert (added > 0.1).all()
    assert vented[0] > 0.1
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    exchanged = np.array([passed[1] - passed[0], passed[0] - passed[1]])
    expected = start + added - vented + exchanged
    assert p.state[:4].reshape(2, 2).sum(axis=1) == pytest.approx(expected, rel=1e-12)

    closed = prepared(case.but(events=[]))
    assert closed.integrate()[0] == 0
    assert closed.state[:4].reshape(2, 2).sum(axis=0) == pytest.approx(start, rel=1e-12)
    assert closed.state[2] > 0.4 * start[0]  # the air has moved


def test_the_receipt_shows_gas_that_is_unaccounted_for():
    """Put into the end state by hand, it is found again."""
    p = prepared(Case([tank(2.0, 1e5), tank(1.0, 1e5), outside()], [orifice(0, 2, 1e-5)], 60.0))
    start = p.state.copy()
    assert p.integrate()[0] == 0
    end = p.state.copy()
    row = np.zeros(outcomes.n_outcomes(p.plan))
    place = outcomes.offsets(3, 1, 0, 0, 3, 0, 0)["mass_balance_residual"][0]
    for wrong, expected in ((0.0, 0.0), (1e-6, 1e-6 / start.sum()), (-1e-3, 1e-3 / start.sum())):
        end[1] = p.state[1] + wrong
        outcomes.note_end(p.plan, p.sample, start, end, p.work.right, p.track, row)
        assert row[place] == pytest.approx(expected, rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("turned", [False, True])
def test_the_exponent_is_of_the_end_that_the_gas_comes_from(turned):
    """Also where that stands still, which the table of the cracks knows nothing of."""
    nudge, leak = 1e-5, []
    for pressure in (1e5 * (1.0 - nudge), 1e5, 1e5 * (1.0 + nudge)):
        case = Case([held(100.0, pressure), tank(1.0, 100.0)], [cracks(*((1, 0) if turned else (0, 1)))], 1.0)
        result = case.run()
        p = prepared(case)
        leak.append(abs(path_flow(p.plan, p.sample, 0)))
        if pressure == 1e5:
            found = result["flow_exponent"][0, 0]
    assert result["table_error"][0, 0] > 0.0
    assert found == pytest.approx(
        math.log(leak[2] / leak[0]) / math.log((1.0 + nudge) / (1.0 - nudge)), rel=1e-6
    )

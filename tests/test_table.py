"""Tables of the flow through cracks: as good as they say, and gone as soon as anything changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import AIR, Case, Event, cracks, held, outside, prepared, run, seal, tank

from leakflow.kernels import flows, model, network, population, table, track

DAY = 86400.0


def tunnel(*, volume=None, sink=None, **more):
    """A tunnel that leaks through 8 cracks, fed past a seal."""
    options = {"rtol": 1e-6, "atol": 1e-4} | more
    openings = ("lognormal", 20e-6, 0.4)
    return Case(
        [tank(916.0, 1e5) if volume is None else volume, tank(5.0, 1e5), sink or outside()],
        [seal(0, 1, 1e-11, 0.0), cracks(1, 2, 8.0, opening=openings)],
        30.0 * DAY,
        **options,
    )


def look_at(p, pressure):
    """Let the tunnel be at a pressure."""
    place = model.contents_per_volume(p.plan)
    state = p.state.copy()
    state[place] *= pressure / 1e5
    rate = np.zeros(state.size)
    network.rates(p.plan, p.sample, state, rate)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.floats(1.0, 5.2), st.sampled_from([0.0, 1e3, 3e4]))
def test_it_is_the_sum_over_the_cracks(index, decade, back_pressure):
    p = prepared(tunnel(sink=outside(back_pressure)), index=index)
    pressure = 10.0**decade
    look_at(p, pressure)
    flow, by_source, by_sink, fit = table.table_flow_slopes(p.plan, p.sample, 1)
    exact = population.population_flow_slopes(p.plan, p.sample, 1, pressure, back_pressure)
    cells = p.sample.cells[table.CELLS :]
    if not fit:
        assert (cells["kind"] == table.UNFIT).sum() >= 2  # a wide one, and the narrow one in it
        assert table.table_flow(p.plan, p.sample, 1) == (0.0, False)
        assert flows.quick_flow(p.plan, p.sample, 1) == flows.path_flow(p.plan, p.sample, 1)
        return
    alone, fit = table.table_flow(p.plan, p.sample, 1)
    assert fit
    assert alone == pytest.approx(flow, rel=1e-12, abs=0.0)
    largest = abs(population.population_flow(p.plan, p.sample, 1, 16.0 * pressure, back_pressure))
    assert cells["error"][cells["kind"] == table.FILLED].max() <= 1e-9
    assert abs(flow - exact[0]) <= 2e-9 * max(largest, abs(exact[0]))
    assert by_source == pytest.approx(exact[1], rel=1e-6, abs=1e-7 * largest / pressure)
    assert by_sink == 0.0


def test_into_vacuum_every_pressure_of_a_tunnel_has_one():
    p = prepared(tunnel())
    for pressure in np.geomspace(1e5, 1.0, 50):
        look_at(p, pressure)
        assert table.table_flow(p.plan, p.sample, 1)[1]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("beside", [-1e-2, -1e-5, -1e-8, 1e-8, 1e-5, 1e-2])
def test_near_equal_pressures_it_is_as_exact(turned, beside):
    """Relative to the flow that there is, however small it is beside the rest of its cell."""
    ends = (2, 1) if turned else (1, 2)
    case = tunnel(sink=outside(9e4), rtol=1e-3)
    case = case.but(paths=[case.paths[0], cracks(*ends, 8.0, opening=("lognormal", 1e-6, 0.1))])
    p = prepared(case)
    look_at(p, 9e4 * (1.0 + beside))
    flow, by_source, by_sink, fit = table.table_flow_slopes(p.plan, p.sample, 1)
    pressures = [volume["pressure"] for volume in p.sample.volumes[1:]]
    exact = population.population_flow_slopes(
        p.plan, p.sample, 1, *(pressures[::-1] if turned else pressures)
    )
    assert fit
    assert flow == pytest.approx(exact[0], rel=1e-5, abs=0.0)
    assert (by_sink if turned else by_source) == pytest.approx(exact[2 if turned else 1], rel=1e-4)


def test_nothing_goes_round_at_rest():
    """Through cracks and back past a seal, whatever the error of the table."""
    paths = [seal(0, 1, 1e-12, 0.0), cracks(0, 1, 8.0, opening=("lognormal", 1e-6, 0.1))]
    out = Case([tank(0.01, 9e4), outside(9e4)], paths, 1e4 * DAY, rtol=1e-3, atol=0.1).run()
    assert out["table_error"][0] > 0.0
    assert np.all(out["mass"] == 0.0)


def test_outcomes_are_those_of_summing_every_crack():
    """At a tolerance below which no table is used."""
    quick = tunnel().run(20)
    summed = tunnel(rtol=1e-12, atol=1e-9).run(20)
    assert np.all(summed["table_error"] == 0.0)
    assert np.all((quick["table_error"] > 0.0) & (quick["table_error"] <= 1e-9))
    np.testing.assert_allclose(quick["mass_lost"], summed["mass_lost"], rtol=1e-6)
    np.testing.assert_allclose(quick["final"][:, 1], summed["final"][:, 1], rtol=1e-6)


@pytest.mark.parametrize(
    "case",
    [
        tunnel(rtol=5e-10),
        tunnel(gases=[AIR, {"He": 1.0}]),
        Case([tank(5.0, 1e5), tank(9.0, 5e4)], [seal(0, 1, 0.0, 0.0), cracks(0, 1, 8.0)], DAY),
    ],
    ids=["tight", "two gases", "two pressures that move"],
)
def test_where_it_would_not_hold_there_is_none(case):
    assert prepared(case).sample.paths[1]["table"] == 0


def test_another_temperature_empties_it():
    p = prepared(tunnel())
    look_at(p, 1e5)
    cold = table.table_flow(p.plan, p.sample, 1)[0]
    p.sample.volumes[1]["wall"] = 320.0
    look_at(p, 1e5)
    flow, fit = table.table_flow(p.plan, p.sample, 1)
    pressure = p.sample.volumes[1]["pressure"]
    assert fit
    assert flow != cold
    assert flow == pytest.approx(
        population.population_flow(p.plan, p.sample, 1, pressure, 0.0), rel=1e-8, abs=0.0
    )


def test_events_of_a_run_are_felt():
    """A step of the temperature and a patch: against a run that sums every crack."""
    events = [Event(5 * DAY, model.SET_TEMPERATURE, 1, 310.0), Event(9 * DAY, model.PATCH, 1, 0.3)]
    quick = tunnel(events=events).run(4)
    summed = tunnel(events=events, rtol=1e-12, atol=1e-9).run(4)
    assert np.all(quick["table_error"] > 0.0)
    np.testing.assert_allclose(quick["mass_lost"], summed["mass_lost"], rtol=1e-6)


def moving(**more):
    """Cracks that open with the pressure: 2 um at rest and 1e-10 m/Pa."""
    case = tunnel(**more)
    plan = case.plan
    plan.paths[1]["moves"] = 1
    first = plan.paths[1]["crack_row"]
    plan.crack_draws[first + model.CRACK_FIELDS.index("compliance")]["value"][0] = 1e-10
    return plan


def test_cracks_that_move_have_one_unless_they_grow():

    quick = run(moving(), 4)
    summed = run(moving(rtol=1e-12, atol=1e-9), 4)
    assert np.all(quick["table_error"] > 0.0)
    np.testing.assert_allclose(quick["mass_lost"], summed["mass_lost"], rtol=1e-6)
    grows = moving()
    first = grows.paths[1]["crack_row"]
    grows.crack_draws[first + model.CRACK_FIELDS.index("growth")]["value"][0] = 1e-12
    assert np.all(run(grows, 2)["table_error"] == 0.0)


def test_the_other_way_round_it_is_the_same():
    """Cracks listed from space to the tunnel."""
    case = tunnel()
    turned = case.but(paths=[case.paths[0], cracks(2, 1, 8.0, opening=("lognormal", 20e-6, 0.4))])
    one, other = case.run(3), turned.run(3)
    assert np.all(other["table_error"] > 0.0)
    np.testing.assert_allclose(other["mass"][:, 1], -one["mass"][:, 1], rtol=1e-12)


def test_what_is_only_written_adds_nothing_to_its_error():
    """An output time in a cell that no step has used fills the cell, and no more."""
    p = prepared(tunnel(output_time=np.array([0.5])))
    low = p.state.copy()
    low[model.contents_per_volume(p.plan)] *= 1e-3
    values, passed = np.zeros((1, p.plan.series.size)), np.zeros((1, 2))
    p.sample.paths[1]["table_error"] = 0.0
    track.note_times(p.plan, p.sample, low, low, 0.0, 1.0, 1.0, p.work, p.track, values, passed)
    cells = p.sample.cells[table.CELLS :]
    assert passed[0, 1] > 0.0
    assert np.any(cells["kind"] == table.FILLED)
    assert p.sample.paths[1]["table_error"] == 0.0
    look_at(p, 100.0)
    assert p.sample.paths[1]["table_error"] == cells["error"][cells["kind"] == table.FILLED].max()


def test_held_station_to_tunnel():
    """A population between a held volume and one that fills."""
    case = Case([held(916.0, 1e5), tank(5.0, 2e4)], [cracks(0, 1, 8.0)], 20.0 * DAY, rtol=1e-6, atol=1e-4)
    summed = case.but(rtol=1e-12, atol=1e-9).run()
    np.testing.assert_allclose(case.run()["final"], summed["final"], rtol=1e-6)

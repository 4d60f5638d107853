"""Rates of samples side by side: those of `network.rates`, each at its own state, in packed instructions."""

from __future__ import annotations

import numpy as np
import pytest
from lanes import SideBySide, cells_filled, ones, packed_in
from plans import Case, cracks, hatch, held, hold, orifice, outside, rate, removal, seal, tank

from leakflow.kernels import model, rate_lanes, sample_lanes
from leakflow.kernels.places import EXPLICIT
from leakflow.kernels.sample_lanes import IDLE, LANES

P = 1e5
ANY = ("loguniform", 30.0, 9e4)
CONTACT = (2e5, 3e5, 4e5, 0.3)
GASKET = {"membrane": (0.05, 6e-3), "permeability": {"N2": 2e-15, "O2": 4e-15}}
MANY = {"count": ("uniform", 0.0, 12.0), "opening": ("uniform", 2e-6, 40e-6)}

PATHS = {
    "cracks out": [cracks(1, 3, **MANY), seal(0, 1, ("loguniform", 1e-14, 1e-10), 3e-17)],
    "cracks out, given the other way": [cracks(3, 1, **MANY)],
    "cracks from the held volume": [cracks(2, 1, **MANY)],
    "cracks between two that change": [cracks(0, 1, **MANY)],
    "a pressed seal": [seal(0, 1, 1e-12, 3e-17, contact=CONTACT)],
    "a gasket": [seal(0, 1, 1e-12, 3e-17, **GASKET), seal(1, 3, 0.0, 0.0, **GASKET)],
    "holes": [orifice(0, 1, ("loguniform", 1e-8, 1e-4)), orifice(3, 0, 1e-6)],
    "a hole by Perry": [orifice(1, 3, 1e-7, Cd=None)],
    "a valve, in some lanes shut": [
        orifice(0, 1, 1e-4, opening=("choice", [0.0, 0.4, 1.0], [0.4, 0.3, 0.3]))
    ],
    "a hatch, shut or ajar": [
        hatch(0, 1, 0.5, opening=("choice", [0.0, 0.1], [0.5, 0.5]), molecular=1e-12, viscous=3e-17)
    ],
    "later": [orifice(0, 1, 1e-8), cracks(1, 3, 5.0, starts_later=True)],
}
FEEDS = [
    rate(0, 3e-7), rate(1, 1e-7, sign=-1.0, runs=False), removal(1, 1e-3, 0), hold(0, P, 3600.0),
    hold(1, 2e4, 60.0, species=1, most=1e-6),
]  # fmt: skip


def case_of(paths, **more):
    volumes = [tank(900.0, ANY, temperature=290.0), tank(5.0, ANY), held(20.0, 3e4), outside()]
    return Case(volumes, paths, 86400.0, **more)


@pytest.mark.parametrize("paths", PATHS.values(), ids=PATHS)
def test_they_are_the_rates_one_by_one(paths):
    side = SideBySide(case_of(paths))
    lanes = side.rates()
    for lane, p in enumerate(side.each):
        expected = ones(p)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(lanes[lane], expected, rtol=1e-12, atol=2e-14 * scale)


def test_feeds_count():
    side = SideBySide(case_of(PATHS["holes"], feeds=FEEDS))
    lanes = side.rates()
    for lane, p in enumerate(side.each):
        np.testing.assert_allclose(lanes[lane], ones(p), rtol=1e-12, atol=1e-20)


def test_pressures_below_nothing_are_asked_for():
    side = SideBySide(case_of(PATHS["holes"]))
    for lane, p in enumerate(side.each):
        p.state[lane % 2] *= -1e-9
        side.put(lane, 0.0)
    lanes = side.rates()
    for lane, p in enumerate(side.each):
        np.testing.assert_allclose(lanes[lane], ones(p), rtol=1e-12, atol=1e-25)


def test_without_tables_and_below_their_lowest_cell_cracks_are_summed():
    for case, share in (
        (case_of(PATHS["cracks out"], rtol=1e-11), 1.0),
        (case_of(PATHS["cracks out"]), 1e-7),
    ):
        side = SideBySide(case)
        for lane, p in enumerate(side.each):
            p.state[:2] *= share
            side.put(lane, 0.0)
        lanes = side.rates()
        for lane, p in enumerate(side.each):
            np.testing.assert_allclose(lanes[lane], ones(p), rtol=1e-11, atol=1e-25)


def test_a_lane_that_waits_is_left_alone():
    """Whoever is not in turn fills no tables: its receipt would tell of its neighbours."""
    side = SideBySide(case_of(PATHS["cracks out"]))
    waiting, busy = range(0, LANES, 2), range(1, LANES, 2)
    for lane in waiting:
        side.lanes.turn[lane] = IDLE
        side.each[lane].sample.cells["kind"] = 0
    for lane, p in enumerate(side.each):
        p.state[1] *= 0.01
        side.put(lane, 0.0)
    before = [cells_filled(p, 0) for p in side.each]
    side.rates()
    after = [cells_filled(p, 0) for p in side.each]
    assert all(after[lane] == 0 for lane in waiting)
    assert any(after[lane] > before[lane] for lane in busy)


def test_neighbours_change_no_bit():
    side = SideBySide(case_of(PATHS["cracks out"] + PATHS["holes"]))
    together = side.rates()
    for lane in (0, 7, LANES - 1):
        alone = SideBySide(case_of(PATHS["cracks out"] + PATHS["holes"]))
        alone.lanes.turn[:] = IDLE
        alone.lanes.turn[lane] = EXPLICIT
        for other in range(LANES):
            if other != lane:
                alone.lanes.content[:, other::LANES] = 0.0
        assert alone.rates()[lane].tobytes() == together[lane].tobytes()


LINK, CONTENT = np.ones(sample_lanes._LINK), np.ones(sample_lanes._CONTENT)
LOOPS = {
    "_add_hole_flows": ((LINK,), 60),
    "_set_table_flows": ((LINK,), 40),
    "_set_linear_flows": ((LINK, LANES), 5),
    "_set_feed": ((LINK,), 6),
    "add_flow": ((1.0, LINK, 0, CONTENT, LANES), 2),
}


@pytest.mark.parametrize("name", LOOPS)
def test_the_loops_are_packed(name):
    arguments, operations = LOOPS[name]
    count, calls = packed_in(getattr(rate_lanes, name), *arguments)
    assert count >= operations
    assert not calls


def test_which_plans_go_in_lanes():
    def goes(volumes, **more):
        return sample_lanes.goes_in_lanes(Case(volumes, [orifice(0, 1, 1e-6)], 1.0, **more).plan)

    two = [tank(1.0, P), tank(2.0, 5e4)]
    assert goes(two)
    assert not goes([tank(1.0, P), outside()])  # one unknown is an integral
    assert not goes(two, gases=[{"N2": 1.0}, {"He": 1.0}])
    assert not goes(two, thermal=True)
    assert goes([*two, held(1.0, P)])
    assert model.sizes(Case(two, [orifice(0, 1, 1e-6)], 1.0).plan)[0] == 2

"""Where a hole begins or stops to choke, and where flow turns around, as the pressure of one volume moves."""

from __future__ import annotations

import math

import naive
import pytest
from plans import AIR, Case, cracks, hatch, held, orifice, outside, prepared, seal, tank

from leakflow.kernels import bends

P = 1e5
_, _, GAMMA = naive.gas_properties(AIR, 293.15)
RC = (2.0 / (GAMMA + 1.0)) ** (GAMMA / (GAMMA - 1.0))
WIDE = {"opening": 4e-3, "length": 0.05, "depth": 5e-3}


def distances(*paths, pressure, forward, back=0.0):
    """Of a tunnel behind a station: to the end of choking, and to the turn of flow."""
    p = prepared(Case([held(916.0, P), tank(5.0, pressure), outside(back)], [*paths], 3600.0))
    return (
        bends.end_of_choking(p.plan, p.sample, 1, forward),
        bends.turn_of_flow(p.plan, p.sample, 1, forward),
    )


@pytest.mark.parametrize("hole", [orifice(0, 1, 1e-4), orifice(1, 0, 1e-4), hatch(0, 1, 0.1, opening=0.2)])
def test_a_tank_that_fills_and_one_that_empties(hole):
    for pressure, forward, end, turn in [
        (0.2 * P, 1.0, RC * P, P),
        (0.7 * P, 1.0, P / RC, P),
        (1.2 * P, 1.0, P / RC, None),
        (3.0 * P, -1.0, P / RC, P),
        (1.2 * P, -1.0, RC * P, P),
        (0.2 * P, -1.0, None, None),
    ]:
        expected = [forward * math.log(p / pressure) if p else math.inf for p in (end, turn)]
        found = distances(hole, pressure=pressure, forward=forward)
        assert found == pytest.approx(expected, rel=1e-12), pressure


def test_what_is_smooth_has_neither():
    paths = [seal(0, 1, 1e-12, 0.0), cracks(0, 1), orifice(0, 1, 1e-4, opening=0.0), orifice(1, 2, 1e-6)]
    paths.append(orifice(0, 2, 1e-6))
    assert distances(*paths, pressure=0.5 * P, forward=1.0) == (math.inf, math.inf)


def test_the_nearest_counts():
    paths = [orifice(0, 1, 1e-4), orifice(1, 2, 1e-6)]
    end, turn = distances(*paths, pressure=2.5 * P, forward=-1.0, back=1.1 * P)
    assert end == pytest.approx(math.log(2.5 * RC / 1.1), rel=1e-12)
    assert turn == pytest.approx(math.log(2.5 / 1.1), rel=1e-12)


def test_a_wide_crack_turns_and_no_end_is_where_it_begins():
    end, turn = distances(cracks(0, 1, **WIDE), pressure=0.5 * P, forward=1.0)
    assert (end, turn) == (math.inf, pytest.approx(math.log(2.0), rel=1e-12))
    assert distances(orifice(0, 1, 1e-4), pressure=P, forward=1.0)[1] == math.inf
    at_the_end = distances(orifice(0, 1, 1e-4), pressure=RC * P, forward=1.0)[0]
    assert at_the_end == pytest.approx(-2.0 * math.log(RC), rel=1e-12)

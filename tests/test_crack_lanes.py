"""The crack law in lanes: the scalar law's numbers, in packed instructions."""

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from llvmlite import binding as llvm

from leakflow.kernels import crack, crack_lanes, gas
from leakflow.kernels.jit import OPTIONS
from leakflow.kernels.orifice import critical_flow_squared, critical_pressure_ratio

R, MU, GAMMA = gas.mixture_properties(gas.as_mole_fractions({"N2": 0.79, "O2": 0.21}), 293.0)
GAS = (R * 293.0, MU, critical_pressure_ratio(GAMMA), critical_flow_squared(GAMMA))
# of Numba 0.62 to 0.65; LLVM 15 of Numba 0.61 packs them, and so does LLVM 22 from Numba 0.66 on
LEFT_BY_LLVM_20 = {"_estimate", "_correct_estimate", "_improve"}


def geometries(seed, count):
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        opening = 10.0 ** rng.uniform(-7.0, -2.7)
        rows.append(
            crack.crack_geometry(
                opening,
                10.0 ** rng.uniform(-3.0, -1.0),
                10.0 ** rng.uniform(-3.0, -1.7) * rng.integers(0, 2),
                rng.uniform(1.0, 3.0),
                rng.uniform(0.0, 0.2) * opening,
                rng.uniform(1.0, 10.0),
                rng.uniform(0.6, 1.0),
                rng.uniform(0.0, 1.5),
            )
        )
    return np.array(rows)


def one_by_one(p1, p2, rows):
    return [crack.geometry_flow(p1, p2, *GAS, row) for row in rows]


def in_lanes(p1, p2, rows, first=0, count=None):
    count = count or len(rows)
    order, work = np.zeros(len(rows), np.int64), np.full(crack_lanes.WORK, np.nan)
    lanes = np.full((2 + -(-count // crack_lanes.LANES)) * crack_lanes.BLOCK, np.nan)
    crack_lanes.set_lanes(rows, first, count, order, lanes, 1)
    return crack_lanes.flow_in_lanes(p1, p2, *GAS, lanes, 1, count, work)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.floats(0.0, 5.3), st.floats(0.0, 1.0))
@example(7, 5.0, 0.0)
@example(7, 5.0, 1.0)
def test_lanes_give_what_the_scalar_law_gives(seed, decade, ratio):
    rows = geometries(seed, 40)
    p1 = 10.0**decade
    flows = one_by_one(p1, ratio * p1, rows)
    for i in (0, 13, 39):
        assert in_lanes(p1, ratio * p1, rows, i, 1) == pytest.approx(flows[i], rel=1e-11, abs=1e-30)
    assert in_lanes(p1, ratio * p1, rows) == pytest.approx(sum(flows), rel=1e-11, abs=1e-30)


def test_a_lane_near_the_onset_of_turbulence_is_right_too():
    """There Newton takes up to six passes; a lane that took three only is left to the scalar law."""
    opening = 2e-4
    row = [crack.crack_geometry(opening, 0.05, 0.02, 1.0, 0.1 * opening, 1.0, 1.0, 0.5)]
    for p1 in np.geomspace(5e3, 2e5, 200):
        assert in_lanes(p1, 0.5 * p1, np.array(row)) == pytest.approx(
            one_by_one(p1, 0.5 * p1, row)[0], rel=1e-11, abs=0.0
        )


@pytest.mark.parametrize("count", [1, 15, 16, 17, 33])
def test_any_number_of_cracks(count):
    rows = geometries(3, count + 4)
    expected = sum(one_by_one(9e4, 1e3, rows[2 : 2 + count]))
    assert in_lanes(9e4, 1e3, rows, 2, count) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_neighbours_change_no_bit():
    """Narrow ones, with which a lane takes the short way, and wide ones, with which it takes the long."""
    rows = geometries(5, 32)
    narrow, wide = rows[:1].copy(), rows[:1].copy()
    narrow[0, :2] = 3e-6, 3e-8
    wide[0, :2] = 1e-3, 1e-5
    alone = in_lanes(1e5, 0.0, narrow)
    wide[0, 1] = 0.0  # adds nothing to the sum
    assert in_lanes(1e5, 0.0, np.concatenate([narrow, np.repeat(wide, 9, 0)])) == alone


def test_cracks_are_sorted_by_opening():
    rows = geometries(8, 100)
    order = np.zeros(100, np.int64)
    for count in (0, 1, 2, 16, 90):
        crack_lanes._sort_by_opening(rows, 7, count, order)
        assert np.array_equal(order[:count], 7 + np.argsort(rows[7 : 7 + count, 0]))


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("_set_friction", 50),
        ("_estimate", 12),
        ("_correct_estimate", 35),
        ("_improve_laminar", 50),
        ("_improve", 90),
    ],
)
def test_the_hot_loops_are_packed(name, least, request):
    hot = getattr(crack_lanes, name)
    if not hasattr(hot, "py_func"):
        pytest.skip("not compiled")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another instruction set")
    if llvm.llvm_version_info[0] == 20 and name in LEFT_BY_LLVM_20:
        request.applymarker(pytest.mark.xfail(strict=True, reason="right, but not packed by LLVM 20"))
    # compiled anew: what comes from the cache on disk shows no assembly
    compiled = numba.njit(**OPTIONS)(hot.py_func)
    block, work = np.ones(crack_lanes.BLOCK), np.ones(crack_lanes.WORK)
    numbers = {
        "_set_friction": (1e7, 1.0, block),
        "_estimate": (1e9, 1.0, 1.0, block),
        "_improve": (1.0, 1.0, block),
    }
    compiled(*numbers.get(name, (1.0, 1.0)), work, 2)
    code = "\n".join(compiled.inspect_asm().values())
    assert len(re.findall(r"\bv?divpd\b", code)) >= 2
    assert len(re.findall(r"\bv?(?:div|mul|add|sub)pd\b", code)) >= least
    assert not re.findall(r"call\S*\s+\S*(?:log|exp|pow)", code)

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import Case, cracks, outside, tank

from leakflow.kernels import draw, draw_lanes, model, random
from leakflow.kernels.jit import OPTIONS

FIELDS = list(model.CRACK_FIELDS)
# one of each kind of distribution, and two that never vary
LAWS = {
    "opening": (random.LOGNORMAL, 6e-6, 0.5, 0.0, 0.0),
    "length": (random.LOGUNIFORM, 1e-3, 1e-2, 0.0, 0.0),
    "depth": (random.TRUNCATED_NORMAL, 2e-3, 1e-3, 1e-3, 5e-3),
    "tortuosity": (random.UNIFORM, 1.0, 2.0, 0.0, 0.0),
    "roughness": (random.WEIBULL, 2.0, 1e-7, 0.0, 0.0),
    "taper": (random.TRIANGULAR, 1.0, 1.5, 3.0, 0.0),
    "accommodation": (random.NORMAL, 0.9, 0.01, 0.0, 0.0),
}


@pytest.fixture(scope="module")
def plan():
    """A population of 150 cracks, with a row of draws for each law."""
    plan = Case([tank(5.0, 1e5), outside()], [cracks(0, 1, 150)], 1.0, max_cracks=200).plan
    rows = plan.crack_draws.copy()
    for name, (kind, *values) in LAWS.items():
        row = rows[plan.paths[0]["crack_row"] + FIELDS.index(name)]
        row["kind"], row["stream"] = kind, 1000 + FIELDS.index(name)
        row["slot"], row["value"] = -1, values
    return plan.replace(crack_draws=rows)


def side_by_side(plan, seed, index, first, count):
    fields = np.full(len(FIELDS) * model.DRAWN, np.nan)
    draw_lanes.draw_lanes(plan, 0, np.uint64(seed), np.uint64(index), first, count, np.zeros(0), fields)
    return fields.reshape(len(FIELDS), model.DRAWN)[:, :count].T


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 140), st.integers(1, model.DRAWN))
def test_each_crack_has_the_bits_that_it_has_alone(plan, seed, index, first, count):
    drawn = side_by_side(plan, seed, index, first, count)
    alone = np.zeros(len(FIELDS))
    for i in range(count):
        draw.draw_crack(plan, 0, np.uint64(seed), np.uint64(index), first + i, np.zeros(0), alone)
        assert np.array_equal(drawn[i], alone)


def test_a_population_is_drawn_in_pieces(plan):
    """150 cracks are three pieces, the last of them not full."""
    sample = model.new_sample(plan)
    draw.draw_sample(plan, np.uint64(7), np.uint64(3), sample)
    openings = [side_by_side(plan, 7, 3, crack, 1)[0, 0] for crack in range(sample.paths[0]["crack_count"])]
    assert len(openings) > 2 * model.DRAWN
    assert np.array_equal(sample.geometry[: len(openings), 0], openings)


@pytest.mark.parametrize("name", ["_uniforms", "_distribute"])
def test_the_hot_loops_are_packed(name):
    hot = getattr(draw_lanes, name)
    if not hasattr(hot, "py_func"):
        pytest.skip("not compiled")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another instruction set")
    compiled = numba.njit(**OPTIONS)(hot.py_func)
    values = np.full(model.DRAWN, 0.5)
    numbers = {
        "_uniforms": (np.uint64(1), np.uint64(2), np.int64(3), 0),
        "_distribute": (random.LOGNORMAL, 1.0, 1.0),
    }
    compiled(*numbers[name], 8, values)
    code = "\n".join(compiled.inspect_asm().values())
    packed = r"\bv?pmul(?:u|l)\w*q\b" if name == "_uniforms" else r"\bv?(?:div|mul|add)pd\b"
    assert len(re.findall(packed, code)) >= 10
    assert not re.findall(r"call\S*\s+\S*(?:log|exp|pow)", code)

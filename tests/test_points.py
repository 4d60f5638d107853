"""Rates at the points of a range side by side: those of `network.rates`, in packed instructions."""

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest
from plans import Case, Event, cracks, hatch, held, orifice, outside, prepared, rate, seal, tank

from leakflow.kernels import events, model, points
from leakflow.kernels.jit import OPTIONS

P = 1e5
DAY = 86400.0
STEPS = 1.0 + points.PLACE
CONTACT = (2e5, 3e5, 4e5, 0.3)
GASKET = {"membrane": (0.05, 6e-3), "permeability": {"N2": 2e-15, "O2": 4e-15}}

POPULATION = {"count": 12.0, "opening": ("uniform", 2e-6, 40e-6)}
PATHS = {
    "cracks out": [cracks(1, 2, **POPULATION)],
    "cracks out, given the other way": [cracks(2, 1, **POPULATION)],
    "cracks from the station": [cracks(0, 1, **POPULATION), cracks(1, 2, **POPULATION)],
    "few cracks": [cracks(1, 2, 3.0)],
    "no cracks": [cracks(1, 2, 0.0)],
    "a seal": [seal(0, 1, 1e-12, 3e-17), seal(2, 1, 2e-12, 0.0)],
    "a pressed seal": [seal(0, 1, 1e-12, 3e-17, contact=CONTACT)],
    "a gasket": [seal(0, 1, 1e-12, 3e-17, **GASKET), seal(1, 2, 0.0, 0.0, **GASKET)],
    "a hole": [orifice(1, 2, 1e-8)],
    "a shut hatch": [hatch(0, 1, 0.5, molecular=1e-12, viscous=3e-17), cracks(1, 2, **POPULATION)],
    "past the tunnel": [seal(0, 2, 1e-12, 3e-17), orifice(1, 2, 1e-8)],
    "later": [orifice(1, 2, 1e-8), cracks(1, 2, 5.0, starts_later=True)],
}


def case_of(paths, **more):
    return Case([held(916.0, P), tank(5.0, P), outside()], paths, 30 * DAY, **more)


def at_points(p, half):
    """Rates and what passes at all places, by the lanes and one by one."""
    links = p.plan.paths.size + p.plan.feeds.size
    speed, passed = np.full(points.LANES, np.nan), np.full((links, points.LANES), np.nan)
    p.rates(p.state)
    points.rates_at_points(p.plan, p.sample, STEPS * half, p.state, np.zeros(points.SIDE), speed, passed)
    ones = []
    for step in STEPS:
        state = p.state.copy()
        state[0] *= np.exp(step * half)
        rates = p.rates(state)
        ones.append([rates[0] / state[0], *rates[1:]])
    return np.vstack([speed, passed])[:, : STEPS.size], np.array(ones).T


def check(p, half):
    lanes, ones = at_points(p, half)
    scale = np.broadcast_to(np.abs(ones).max(axis=1, keepdims=True), ones.shape)
    np.testing.assert_array_less(np.abs(lanes - ones), 1e-13 * scale + 1e-300)


@pytest.mark.parametrize("half", [-1.4, -0.02, 0.15, -0.5 * np.log(64.0)])
@pytest.mark.parametrize("paths", PATHS.values(), ids=PATHS)
def test_they_are_the_rates_one_by_one(paths, half):
    check(prepared(case_of(paths)), half)


def test_feeds_at_a_given_rate_count():
    feeds = [rate(1, 3e-7), rate(1, 1e-7, sign=-1.0, runs=False)]
    check(prepared(case_of(PATHS["cracks out"], feeds=feeds)), -1.0)


def test_without_tables_the_cracks_are_summed():
    check(prepared(case_of(PATHS["cracks out"], rtol=1e-11)), -1.0)


def test_below_the_lowest_cell_the_cracks_are_summed():
    p = prepared(case_of(PATHS["cracks out"]))
    p.state[0] *= 1e-7
    check(p, -1.0)
    assert np.abs(at_points(p, -1.0)[1]).max() > 0.0


def test_patches_count():
    patch = Event(0.0, model.PATCH, 0, 0.25)
    p = prepared(case_of(PATHS["cracks out"], events=[patch]))
    before = at_points(p, -1.0)[0]
    assert events.apply_event(p.plan, p.sample, p.state, 0)
    check(p, -1.0)
    np.testing.assert_allclose(at_points(p, -1.0)[0], 0.25 * before, rtol=1e-14)


@pytest.mark.parametrize("which", ["_set_flows_of_cell", "rates_at_points"])
def test_the_loops_are_packed(which):
    hot = getattr(points, which)
    if not hasattr(hot, "py_func"):
        pytest.skip("not compiled")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another instruction set")
    compiled = numba.njit(**OPTIONS)(hot.py_func)
    side = np.zeros(points.SIDE)
    if which == "rates_at_points":
        p = prepared(case_of(PATHS["a seal"]))
        compiled(p.plan, p.sample, -STEPS, p.state, side, np.zeros(points.LANES), np.zeros((2, points.LANES)))
    else:
        compiled(np.ones(model.NODES), 1.0, side)
    code = "\n".join(compiled.inspect_asm().values())
    assert len(re.findall(r"\bv?(?:div|mul|add|sub)pd\b", code)) >= 40
    assert not re.findall(r"call\S*\s+\S*exp", code)

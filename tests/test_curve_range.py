"""Ranges of one unknown that look smooth and are not, or have an equilibrium ahead: beside steps at 1e-12."""

from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver import run
from leakflow.solver.case import case_of

AIR = {"composition": "air"}
SLIT = {"kind": "cracks", "from": "a", "to": "b", "count": 1}


def tank(volume, pressure):
    return {"kind": "integrated", "volume": volume, "pressure": pressure}


def outside(pressure, **more):
    return {"kind": "boundary", "pressure": pressure, **more}


def between(path, *, a, b, **more):
    """A tank, a boundary, and a path from one to the other."""
    return {"volumes": {"a": a, "b": b}, "paths": {"p": {"from": "a", "to": "b", **path}}, **more}


def hole(**more):
    return {"kind": "orifice", "diameter": 2.14e-4, **more}


#: A run's duration, and the rest of the case. Each was wrong at some tolerance, with status OK.
CASES = {
    # an equilibrium beyond the range, to which the series were continued: a mass of 1e129 kg
    "a thick hole": (
        103.72881355932203,
        between(hole(inlet_loss=1.0), a=tank(1.08e-3, 195000.0), b=outside(101325.0)),
    ),
    # what was missing there was put on a path that does not touch the tank, or on a feed
    "a path elsewhere": (
        7626.99,
        {
            "volumes": {
                "a": tank(2.3, 5.2),
                "b": outside(2.6),
                "h": {"kind": "held", "volume": 1.0, "pressure": 8.0},
            },
            "paths": {
                "p": {**SLIT, "opening": 1.6e-4, "length": 0.068, "depth": 1.4e-3},
                "s": {"kind": "seal", "from": "h", "to": "b", "molecular": 1e-10},
            },
        },
    ),
    "a feed": (
        4763.94,
        between(
            {**SLIT, "opening": 5e-6, "length": 5e-3, "depth": 1e-3},
            a=tank(2e-3, 101500.0),
            b=outside(101325.0),
            feeds={"f": {"kind": "rate", "volume": "a", "rate": 1e-13}},
        ),
    ),
    # linear as a whole, and not path by path
    "a hole beside seals": (
        3600.0,
        {
            "volumes": {"a": tank(0.2, 101324.9), "b": outside(101325.0), "z": outside(0.0)},
            "paths": {
                "in": {"kind": "seal", "from": "b", "to": "a", "molecular": 1.7e-7},
                "hole": {"kind": "orifice", "from": "b", "to": "a", "area": 1.7e-8},
                "out": {"kind": "seal", "from": "a", "to": "z", "molecular": 1.1e-12},
            },
        },
    ),
    # the end of choking, between the points
    "a hole that stops choking": (
        26.440677966101696,
        between(hole(), a=tank(1.08e-3, 200000.0), b=outside(101325.0)),
    ),
    # a crack that opens, or gas that turns around, above the outermost node of its table
    "a crack that opens": (
        3e6,
        between(
            {**SLIT, "opening": 0.0, "compliance": 1e-8, "length": 0.02, "depth": 5e-3},
            a=tank(0.017, 101831.6),
            b=outside(101325.0),
        ),
    ),
    "warm gas into cold": (
        3e7,
        between(
            {**SLIT, "opening": 2e-6, "length": 0.02, "depth": 5e-3},
            a=tank(0.017, 101983.6),
            b=outside(101325.0, temperature=250.0),
        ),
    ),
}


def result(name, rtol):
    duration, case = CASES[name]
    atol = {"atol": 1e-9} if rtol < 1e-9 else {}
    settings = {"duration": duration, "rtol": rtol, "output_times": {"count": 17}, **atol}
    return run(case_of({"title": name, "gas": AIR, **case, "run": settings}, name))


@pytest.mark.parametrize("rtol", [1e-3, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("name", CASES)
def test_all_that_passes_is_right(name, rtol):
    here, exact = result(name, rtol), result(name, 1e-12)
    assert here.ok
    for volume, pressure in exact.pressures.items():
        atol = 100.0 * rtol  # of a pressure [Pa]
        np.testing.assert_allclose(here.pressures[volume], pressure, rtol=3.0 * rtol, atol=3.0 * atol)
    for key, value in exact.outcomes.items():
        if key.startswith(("mass_", "feed_", "leak_rate_initial")) and not key.endswith("residual"):
            least = (
                10.0 * rtol * 100.0 * min(v.get("volume", 1.0) for v in CASES[name][1]["volumes"].values())
            )
            assert here.outcomes[key] == pytest.approx(value, rel=10.0 * rtol, abs=least / 84000.0), key

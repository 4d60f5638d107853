"""The error table of docs/theory.md section 6, row by row, for the kernel and for the oracle.

The errors are those of `leakflow.solver.validation.regimes`, which ``leakflow validate`` reports; the figures
that they are held to stand here too. A measured error is rounded to the digits of the printed figure.
"""

from __future__ import annotations

import math

import naive
import pytest
from reference import percent_errors

from leakflow.kernels import crack
from leakflow.solver.validation import regimes

BOUNDS = {
    "isentropic nozzle, L/h to 0": ("0.6", "1.4"),
    "sharp slit, exact": ("0.6", "0.95"),
    "sharp round orifice, Perry's curve": ("1.8", "3.2"),
    "laminar choked slot, exact Fanno": ("1.0", "2.7"),
    "constant-f slot, roughness 1e-6": ("0.7", "1.8"),
    "constant-f slot, roughness 1e-3": ("0.7", "1.8"),
    "constant-f slot, roughness 0.1": ("0.7", "1.8"),
    "long channel, delta 1e-3 to 100": ("0.04", "0.12"),
    "accommodation 0.6 to 0.95": ("0.44", "1.0"),
    "pressure integral, 3-point Gauss": ("0.8", "1.4"),
    "free molecules into vacuum": ("0.15", "0.54"),
    "free molecules, half the pressure behind": ("0.15", "0.54"),
    "transition, coarse cells left out": ("0.9", "2.0"),
    "transition, viscosity of the cells": ("0.9", "2.0"),
    "taper 2": ("2", "5"),
    "taper 5": ("5", "12"),
    "taper 10": ("8", "18"),
}
#: Rows compared in each, so that none is dropped unseen.
ROWS = {
    "transition, coarse cells left out": 15,
    "transition, viscosity of the cells": 18,
    "sharp round orifice, Perry's curve": 100,
}


def assert_within(values, expected, rms, largest):
    """Errors in percent, rounded to the digits of the figures ``rms`` and ``largest`` (text, as printed)."""
    reached = percent_errors(values, expected)
    for name, error, figure in zip(("rms", "max"), reached, (rms, largest), strict=True):
        digits = len(figure.partition(".")[2])
        assert round(error, digits) <= float(figure), f"{name} error {error:.4f} %, allowed {figure} %"


def test_every_regime_has_its_bounds():
    assert {row.name: (row.rms, row.largest) for row in regimes.REGIMES} == BOUNDS


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("law", [naive.crack_flow, crack.crack_flow], ids=["oracle", "kernel"])
def test_regime(law, name):
    values, expected = regimes.regime(name).compare(law)
    assert len(values) == ROWS.get(name, len(values)) >= 6
    assert_within(values, expected, *BOUNDS[name])


@pytest.mark.parametrize("r", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("depth_ratio", [0.5, 30.0, 3000.0])
def test_rarefaction_of_friction_is_the_oracles(r, depth_ratio):
    """What fixes the rarefaction of the laminar slot, against the oracle's conductance."""
    delta1 = regimes._rarefaction_of_friction(2.0, r, depth_ratio)
    wbar, _ = naive.mean_conductance(delta1, r, depth_ratio, depth_ratio, 1.0, 1.0)
    assert math.sqrt(2.0) * (1.0 + r) / wbar == pytest.approx(2.0, rel=1e-9)

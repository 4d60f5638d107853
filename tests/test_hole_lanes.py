"""Flow through holes side by side: that of `orifice`, number by number, in packed instructions."""

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest

from leakflow.kernels import hole_lanes, orifice
from leakflow.kernels.jit import OPTIONS

OTHER = 1e5
DROPS = np.concatenate([[0.0, 1e-16], 10.0 ** np.linspace(-15, -0.001, 60), [0.4717, 0.472, 0.5, 0.9999999]])
OWN = np.concatenate([OTHER * (1.0 - DROPS), OTHER / (1.0 - DROPS[:-1]), [1e-3, 1e9]])
COLD, WARM = 250.0, 310.0
R, MU, GAMMA = 287.05, 1.8e-5, 1.4


def gas(T):
    return R * T, MU, GAMMA, orifice.critical_pressure_ratio(GAMMA), orifice.critical_flow_squared(GAMMA)


def close(found, expected):
    """Within rounding: next to equal pressures that of their difference, which both take from ``1 - r``."""
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=0.0)


@pytest.fixture(autouse=True)
def no_warnings():
    """What is not taken may be no number; without the compiler NumPy tells."""
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("coefficient", [0.8, orifice.PERRY])
@pytest.mark.parametrize("loss", [0.0, 2.0])
@pytest.mark.parametrize("area", [3e-4, 1e-12])
def test_flows_are_those_of_the_law(area, loss, coefficient):
    found = np.full(OWN.size, np.nan)
    hole_lanes.hole_flows(OWN, OTHER, gas(COLD), gas(WARM), area, coefficient, loss, found)
    expected = [
        orifice.thick_hole_slopes(
            own, OTHER, COLD if own >= OTHER else WARM, R, MU, GAMMA, area, coefficient, loss
        )[0]
        for own in OWN
    ]
    close(found, expected)


@pytest.mark.parametrize("b, m", [(0.3, 0.5), (0.0, 0.6), (0.528, 1.0)])
def test_flows_by_iso_6358_are_those_of_the_law(b, m):
    found = np.full(OWN.size, np.nan)
    hole_lanes.iso_flows(OWN, OTHER, (COLD, R), (WARM, R), 1e-9, b, m, found)
    expected = [orifice.iso_flow(own, OTHER, COLD if own >= OTHER else WARM, R, 1e-9, b, m) for own in OWN]
    close(found, expected)


def test_into_vacuum_and_without_gas():
    found = np.full(3, np.nan)
    hole_lanes.hole_flows(np.array([1e5, 1.0, 0.0]), 0.0, gas(COLD), gas(WARM), 1e-6, 0.8, 0.0, found)
    choked = 0.8 * 1e-6 * np.sqrt(orifice.critical_flow_squared(GAMMA) / (R * COLD))
    np.testing.assert_allclose(found, [choked * 1e5, choked, 0.0], rtol=1e-14)
    hole_lanes.iso_flows(np.array([1e5, 1.0, 0.0]), 0.0, (COLD, R), (WARM, R), 1e-9, 0.3, 0.5, found)
    assert found[0] == pytest.approx(1e5 * found[1], rel=1e-15)
    assert found[2] == 0.0


@pytest.mark.parametrize("which", ["hole_flows", "iso_flows"])
def test_the_loops_are_packed(which):
    hot = getattr(hole_lanes, which)
    if not hasattr(hot, "py_func"):
        pytest.skip("not compiled")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another instruction set")
    compiled = numba.njit(**OPTIONS)(hot.py_func)
    sides = (gas(COLD), gas(WARM)) if which == "hole_flows" else ((COLD, R), (WARM, R))
    compiled(OWN, OTHER, *sides, 1e-6, 0.8, 0.5, np.zeros(OWN.size))
    code = "\n".join(compiled.inspect_asm().values())
    assert len(re.findall(r"\bv?(?:div|sqrt)pd\b", code)) >= 6
    assert len(re.findall(r"\bv?(?:mul|add|sub)pd\b", code)) >= 60
    assert not re.findall(r"call\S*\s+\S*(?:exp|log)", code)

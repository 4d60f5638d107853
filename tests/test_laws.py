from __future__ import annotations

import naive
import numpy as np
import pytest

from leakflow.kernels import gas, laws, orifice

GASES = [{"N2": 1.0}, {"N2": 0.78, "O2": 0.21, "Ar": 0.01}, {"He": 0.3, "CO2": 0.5, "H2O": 0.2}]
ROWS = 25


def between(rng, low, high):
    return np.exp(rng.uniform(np.log(low), np.log(high), ROWS))


@pytest.fixture(params=GASES, ids=["nitrogen", "air", "mixed"])
def of(request):
    """A composition, as the kernels take it, and rows of temperature, p_up and p_down."""
    rng = np.random.default_rng(11)
    ends = [rng.uniform(250.0, 340.0, ROWS), between(rng, 2e4, 2e5), between(rng, 1.0, 1e4)]
    ends[1][::5], ends[2][::5] = ends[2][::5].copy(), ends[1][::5].copy()  # some flow back
    return request.param, gas.as_mole_fractions(request.param), ends, rng


def test_crack_flows_row_by_row(of):
    composition, fractions, (T, p_up, p_down), rng = of
    # laminar: the oracle has the corner of turbulence that the kernel smooths
    openings = between(rng, 1e-7, 3e-5)
    rest = [between(rng, 1e-3, 5e-2), between(rng, 1e-3, 2e-2), rng.uniform(1.0, 3.0, ROWS)]
    rest += [0.1 * openings, rng.uniform(1.0, 4.0, ROWS), rng.uniform(0.6, 1.0, ROWS), np.full(ROWS, 0.5)]
    columns = np.array([T, p_up, p_down, openings, *rest])
    flows = np.full(ROWS, np.nan)
    laws.crack_flows(fractions, columns, flows)
    for row, flow in zip(columns.T, flows, strict=True):
        properties = naive.gas_properties(composition, row[0])
        expected = naive.crack_flow(row[1], row[2], row[0], *properties, *row[3:])
        assert flow == pytest.approx(expected, rel=1e-7, abs=0.0)


def test_orifice_flows_row_by_row(of):
    composition, fractions, (T, p_up, p_down), rng = of
    Cd = rng.uniform(0.5, 1.0, ROWS)
    Cd[::4] = orifice.PERRY
    columns = np.array([T, p_up, p_down, between(rng, 1e-5, 1e-2), Cd])
    flows = np.full(ROWS, np.nan)
    laws.orifice_flows(fractions, columns, flows)
    for row, flow in zip(columns.T, flows, strict=True):
        properties = naive.gas_properties(composition, row[0])
        expected = naive.orifice_flow(row[1], row[2], row[0], *properties, row[3], row[4])
        assert flow == pytest.approx(expected, rel=1e-8, abs=0.0)


def test_seal_flows_row_by_row(of):
    _, _, (_, p_up, p_down), rng = of
    columns = np.array([p_up, p_down, between(rng, 1e-14, 1e-9), between(rng, 1e-19, 1e-14)])
    flows = np.full(ROWS, np.nan)
    laws.seal_flows(columns, flows)
    expected = [naive.seal_flow(*row) for row in columns.T]
    assert flows == pytest.approx(expected, rel=1e-13, abs=0.0)


def test_of_no_rows():
    laws.crack_flows(gas.as_mole_fractions(GASES[0]), np.zeros((11, 0)), np.zeros(0))
    laws.orifice_flows(gas.as_mole_fractions(GASES[0]), np.zeros((5, 0)), np.zeros(0))
    laws.seal_flows(np.zeros((4, 0)), np.zeros(0))

from __future__ import annotations

import math

import naive
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference import rows
from smoothness import derivative, largest_jump

from leakflow.kernels import orifice

AIR = (293.15, 287.05, 1.82e-5, 1.4)  # temperature, gas constant, viscosity, gamma
PRESSURES = st.floats(1.0, 2e5)
RATIOS = st.floats(0.0, 1.0)
GASES = st.tuples(
    st.floats(250.0, 330.0),
    st.floats(180.0, 2100.0),
    st.floats(8e-6, 2.5e-5),
    st.sampled_from([1.28, 1.4, 5 / 3]),
)
HOLES = st.tuples(
    st.floats(1e-5, 1.0).map(lambda diameter: math.pi / 4.0 * diameter**2),
    st.one_of(st.just(orifice.PERRY), st.floats(0.05, 1.0)),
)


# Saint-Venant and Wantzel, Perry


@pytest.mark.parametrize(
    "gamma, r, psi",
    [row for row in rows("isentropic_orifice_psi", "gamma", "r", "psi") if 1.0 - row[1] > 1e-3],
)
def test_flow_function_reproduces_the_table(gamma, r, psi):
    assert orifice.flow_function(r, gamma) == pytest.approx(psi, rel=1e-9, abs=0.0)


def test_flow_function_reproduces_the_isentropic_mach_table():
    """The same function by another road: the mass flow at the Mach number of that static pressure."""
    points = [
        (gamma, p, flow)
        for gamma, mach, p, flow in rows("isentropic_mach", "gamma", "M", "p_p0", "massflow_fn")
        if 0.1 <= mach <= 1.0
    ]
    assert len(points) >= 20
    for gamma, p, flow in points:
        assert orifice.flow_function(p, gamma) == pytest.approx(flow, rel=1e-10, abs=0.0)


@pytest.mark.parametrize(
    "name, gamma", [("Nitrogen", 1.39952), ("Argon", 5 / 3), ("Helium", 5 / 3), ("Air", 1.4)]
)
def test_choked_flow_function_is_the_critical_flow_factor_of_the_thin_gas(name, gamma):
    table = rows("critical_flow_factor_Cstar", "gas", "T0_K", "p0_Pa", "Cstar")
    factors = [
        float(factor)  # the column holds a text where the equation of state failed
        for gas, temperature, pressure, factor in table
        if gas == name and 290.0 <= temperature <= 300.0 and pressure <= 1e4
    ]
    assert factors
    for factor in factors:
        assert orifice.flow_function(0.0, gamma) == pytest.approx(factor, rel=6e-4, abs=0.0)


@pytest.mark.parametrize("r", [0.0, 0.1, 0.3, 0.5, 0.5283, 0.7, 0.9, 0.99, 1.0])
def test_perry_coefficient_is_the_printed_polynomial(r):
    assert orifice.perry_coefficient(r) == pytest.approx(naive.perry_coefficient(r), rel=1e-13, abs=0.0)


# The flow


@settings(deadline=None, max_examples=200)
@given(p=PRESSURES, r=st.floats(0.0, 0.999), gas=GASES, hole=HOLES)
def test_flow_agrees_with_the_oracle_away_from_equal_pressures(p, r, gas, hole):
    area, cd = hole
    # where creeping flow (Sampson) would carry far more than the nozzle, the laminar term has to be small
    diameter = math.sqrt(4.0 * area / math.pi)
    creeping = 12.0 * math.pi * gas[2] * math.sqrt(gas[1] * gas[0]) / (p * diameter)
    assume(creeping < 0.2 * math.sqrt(1.0 - r))
    expected = naive.orifice_flow(p, r * p, *gas, area, cd)
    assert orifice.orifice_flow(p, r * p, *gas, area, cd) == pytest.approx(expected, rel=2e-3, abs=0.0)


@pytest.mark.parametrize("r", [0.0, 0.2, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("cd", [orifice.PERRY, 0.6, 1.0])
def test_flow_of_a_large_hole_is_the_ideal_flow(r, cd):
    expected = naive.orifice_flow(1e5, r * 1e5, *AIR, 3e-4, cd)
    assert orifice.orifice_flow(1e5, r * 1e5, *AIR, 3e-4, cd) == pytest.approx(expected, rel=1e-6, abs=0.0)


@pytest.mark.parametrize("p, diameter", [(1e-40, 0.1), (1e-6, 0.8), (10.0, 1e-4), (1e3, 1e-5), (1e5, 1e-5)])
def test_flow_of_a_vanishing_drop_creeps_and_its_molecules_cross(p, diameter):
    """d^3 dp/(24 mu) by volume (Sampson), and by mass A dp/sqrt(2 pi R T) (Knudsen), beside each other."""
    temperature, gas_constant, viscosity, _ = AIR
    RT = gas_constant * temperature
    drop = 1e-9 * p
    area = math.pi / 4.0 * diameter**2
    expected = diameter**3 * drop / (24.0 * viscosity) * p / RT + area * drop / math.sqrt(2.0 * math.pi * RT)
    flow = orifice.orifice_flow(p + drop, p, *AIR, area, 1.0)
    assert flow == pytest.approx(expected, rel=2e-3 if p == 1e5 else 1e-4, abs=0.0)


@settings(deadline=None, max_examples=200)
@given(p=PRESSURES, r=RATIOS, gas=GASES, area=st.floats(1e-12, 1.0))
def test_a_hole_passes_no_less_than_free_molecules_nor_more_than_a_nozzle(p, r, gas, area):
    molecules = area * (p - r * p) / math.sqrt(2.0 * math.pi * gas[1] * gas[0])
    flow = orifice.orifice_flow(p, r * p, *gas, area, 1.0)
    # the plain formula knows no drop below its rounding
    nozzle = naive.orifice_flow(p, max(r - 1e-15, 0.0) * p, *gas, area, 1.0)
    assert (1.0 - 1e-3) * molecules <= flow <= (1.0 + 1e-9) * nozzle


def test_choked_flow_of_air_is_the_handbook_figure():
    """Air at 20 C: mdot = 0.0404 A p / sqrt(T) (NACA 1135, psi* / sqrt(R))."""
    expected = 0.040415 * 1e-4 * 101325.0 / math.sqrt(293.15)
    assert orifice.orifice_flow(101325.0, 0.0, *AIR, 1e-4, 1.0) == pytest.approx(expected, rel=1e-4, abs=0.0)


@settings(deadline=None, max_examples=100)
@given(p=PRESSURES, gas=GASES, hole=HOLES)
def test_no_flow_between_equal_pressures_nor_in_vacuum(p, gas, hole):
    assert orifice.orifice_flow(p, p, *gas, *hole) == 0.0
    assert orifice.orifice_flow(0.0, 0.0, *gas, *hole) == 0.0
    for pressures in ((p, p), (0.0, 0.0), (p, 0.0), (0.0, p)):
        assert all(math.isfinite(value) for value in orifice.orifice_flow_slopes(*pressures, *gas, *hole))
    assert orifice.orifice_flow(p, 0.0, *gas, *hole) > 0.0


@settings(deadline=None, max_examples=100)
@given(p=PRESSURES, r=RATIOS, gas=GASES, hole=HOLES)
def test_swapping_the_ends_turns_the_flow_round(p, r, gas, hole):
    there = orifice.orifice_flow_slopes(p, r * p, *gas, *hole)
    back = orifice.orifice_flow_slopes(r * p, p, *gas, *hole)
    assert there[0] >= 0.0
    assert back == (-there[0], -there[2], -there[1])
    assert there[0] == orifice.orifice_flow(p, r * p, *gas, *hole)


@settings(deadline=None, max_examples=200)
@given(p=PRESSURES, r=RATIOS, rise=st.floats(1e-9, 0.5), gas=GASES, hole=HOLES)
def test_flow_rises_with_the_upstream_pressure_and_falls_with_the_downstream_one(p, r, rise, gas, hole):
    flow = orifice.orifice_flow(p, r * p, *gas, *hole)
    allowed = 1e-13 * abs(flow)
    assert orifice.orifice_flow(p * (1.0 + rise), r * p, *gas, *hole) >= flow - allowed
    assert orifice.orifice_flow(p, r * p + rise * p, *gas, *hole) <= flow + allowed


@settings(deadline=None, max_examples=200)
@given(p=PRESSURES, r=st.floats(0.0, 0.9999), gas=GASES, hole=HOLES)
def test_slopes_are_the_derivatives_of_the_flow(p, r, gas, hole):
    assume(r == 0.0 or r > 1e-3)
    # a second derivative jumps at the critical ratio
    assume(abs(r - naive.critical_pressure_ratio(gas[3])) > 2e-3)
    _, up, down = orifice.orifice_flow_slopes(p, r * p, *gas, *hole)
    step = 1e-4 * p * (1.0 - r)
    scale = abs(up) + abs(down)
    by_difference = derivative(lambda x: orifice.orifice_flow(x, r * p, *gas, *hole), p, step)
    assert by_difference == pytest.approx(up, abs=1e-6 * scale)
    if r > 0.0:
        step = 1e-4 * p * min(r, 1.0 - r)
        by_difference = derivative(lambda x: orifice.orifice_flow(p, x, *gas, *hole), r * p, step)
        assert by_difference == pytest.approx(down, abs=1e-6 * scale)


@settings(deadline=None, max_examples=30)
@given(
    p=PRESSURES,
    gas=GASES,
    hole=HOLES,
    which=st.sampled_from([1, 2]),
    span=st.sampled_from([(0, 0.9), (0.9, 1.1)]),
)
def test_slopes_nowhere_jump(p, gas, hole, which, span):
    low, high = span

    def slope(p_down: float) -> float:
        return orifice.orifice_flow_slopes(p, p_down, *gas, *hole)[which]

    assert largest_jump(slope, low * p, high * p) < 1e-4


# ISO 6358, thick holes, thrust


@pytest.mark.parametrize("ratio", [0.0, 0.2, 0.31, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("m", [0.5, 0.58])
def test_a_part_by_iso_6358(ratio, m):
    C, b = 2e-8, 0.3
    reference = 1e5 / (287.05 * 293.15)
    share = 1.0 if ratio <= b else (1.0 - ((ratio - b) / (1.0 - b)) ** 2) ** m
    expected = C * reference * 3e5 * math.sqrt(293.15 / 320.0) * share
    got = orifice.iso_flow(3e5, ratio * 3e5, 320.0, 287.05, C, b, m)
    assert got == pytest.approx(expected, rel=3e-5, abs=0.0)
    assert orifice.iso_flow(ratio * 3e5, 3e5, 320.0, 287.05, C, b, m) == -got


@settings(deadline=None)
@given(p=st.floats(1e3, 1e6), ratio=st.floats(0.0, 0.9999), b=st.floats(0.0, 0.6), m=st.floats(0.4, 0.7))
def test_slopes_of_a_part_by_iso_6358(p, ratio, b, m):
    q = ratio * p
    step = 1e-4 * (p - q)
    assume(abs(ratio - b) > 2e-4)
    flow, by_up, by_down = orifice.iso_flow_slopes(p, q, 293.0, 287.0, 1e-8, b, m)
    up = [orifice.iso_flow(p + d, q, 293.0, 287.0, 1e-8, b, m) for d in (step, -step)]
    assert by_up == pytest.approx((up[0] - up[1]) / (2 * step), rel=1e-5, abs=1e-9 * flow / p)
    if q > step:
        down = [orifice.iso_flow(p, q + d, 293.0, 287.0, 1e-8, b, m) for d in (step, -step)]
        assert by_down == pytest.approx((down[0] - down[1]) / (2 * step), rel=1e-5, abs=1e-6 * flow / p)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("loss", [0.0, 0.5, 3.0])
def test_a_thick_hole_loses_at_its_inlet(ratio, loss):
    """(X/psi^2 + K) g^2 = X, solved by hand."""
    psi = naive.flow_function(ratio, 1.4)
    X = 1.0 - ratio**2
    expected = math.sqrt(X / (X / psi**2 + loss)) * 1e-5 * 1e5 / math.sqrt(287.0 * 293.0)
    got = orifice.thick_hole_slopes(1e5, ratio * 1e5, 293.0, 287.0, 1.8e-5, 1.4, 1e-5, 1.0, loss)[0]
    assert got == pytest.approx(expected, rel=1e-6, abs=0.0)


def test_thrust_is_the_momentum_and_the_pressure_of_the_exit():
    """Into vacuum: sqrt(2 (gamma+1)/gamma); subsonic: the speed of the expanded jet; no jump between."""
    for gamma in (1.3, 1.4, 5.0 / 3.0):
        assert orifice.thrust_coefficient(0.0, gamma) == pytest.approx(
            math.sqrt(2.0 * (gamma + 1.0) / gamma), rel=1e-12
        )
        rc = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
        below, above = (orifice.thrust_coefficient(rc * f, gamma) for f in (1.0 - 1e-9, 1.0 + 1e-9))
        assert below == pytest.approx(above, rel=1e-8)
        mach2 = 2.0 / (gamma - 1.0) * (0.8 ** (-(gamma - 1.0) / gamma) - 1.0)
        speed = math.sqrt(gamma * mach2 / (1.0 + 0.5 * (gamma - 1.0) * mach2))
        assert orifice.thrust_coefficient(0.8, gamma) == pytest.approx(speed, rel=1e-12)


@pytest.mark.parametrize("p", [1e-58, 1e-62, 1e-80, 1e-200, 1e-307, 5e-324])
@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.9])
def test_next_to_no_pressure_passes_a_finite_flow(p, ratio):
    flow, by_up, by_down = orifice.thick_hole_slopes(p, ratio * p, 290.0, 287.0, 1.8e-5, 1.4, 1e-4, 0.6, 0.5)
    assert 0.0 <= flow <= 1e-6 * p
    assert math.isfinite(by_up)
    assert math.isfinite(by_down)

from __future__ import annotations

import math

import naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from smoothness import derivative

from leakflow.kernels import crack, seal

PRESSURES = st.one_of(st.just(0.0), st.floats(1e-6, 2e5))
MOLECULAR = st.one_of(st.just(0.0), st.floats(1e-14, 1e-6))
VISCOUS = st.one_of(st.just(0.0), st.floats(1e-19, 1e-11))
SEALS = st.tuples(MOLECULAR, VISCOUS)


@settings(deadline=None, max_examples=200)
@given(p_up=PRESSURES, p_down=PRESSURES, of=SEALS)
def test_flow_agrees_with_the_oracle(p_up, p_down, of):
    expected = naive.seal_flow(p_up, p_down, *of)
    assert seal.seal_flow(p_up, p_down, *of) == pytest.approx(expected, rel=1e-13, abs=0.0)


@settings(deadline=None, max_examples=100)
@given(p_up=PRESSURES, p_down=PRESSURES, of=SEALS)
def test_swapping_the_ends_turns_the_flow_round(p_up, p_down, of):
    flow, up, down = seal.seal_flow_slopes(p_up, p_down, *of)
    assert seal.seal_flow_slopes(p_down, p_up, *of) == (-flow, -down, -up)
    assert flow == seal.seal_flow(p_up, p_down, *of)
    assert up >= 0.0
    assert down <= 0.0
    assert seal.seal_flow(p_up, p_up, *of) == 0.0


@settings(deadline=None, max_examples=100)
@given(p_up=st.floats(10.0, 2e5), p_down=st.floats(10.0, 2e5), of=SEALS)
def test_slopes_are_the_derivatives_of_the_flow(p_up, p_down, of):
    _, up, down = seal.seal_flow_slopes(p_up, p_down, *of)
    scale = of[0] + of[1] * (p_up + p_down)
    by_difference = derivative(lambda p: seal.seal_flow(p, p_down, *of), p_up, 1.0)
    assert by_difference == pytest.approx(up, abs=1e-9 * scale)
    by_difference = derivative(lambda p: seal.seal_flow(p_up, p, *of), p_down, 1.0)
    assert by_difference == pytest.approx(down, abs=1e-9 * scale)


@pytest.mark.parametrize("p_up, p_down", [(1e5, 0.0), (1e5, 5e4), (2e4, 1e5)])
def test_coefficients_of_a_viscous_slot_give_the_crack_law(p_up, p_down):
    """A long smooth slot: Poiseuille's viscous coefficient, and the slip as the molecular one."""
    temperature, gas_constant, viscosity = 293.15, 287.05, 1.82e-5
    opening, length, depth = 1e-4, 1.0, 100.0
    v0 = math.sqrt(2.0 * gas_constant * temperature)
    viscous = length * opening**3 / (12.0 * viscosity * depth * gas_constant * temperature)
    molecular = 1.016191 * length * opening**2 / (v0 * depth)
    slot = crack.crack_flow(
        p_up,
        p_down,
        temperature,
        gas_constant,
        viscosity,
        1.4,
        opening,
        length,
        depth,
        1.0,
        0.0,
        1.0,
        1.0,
        0.5,
    )
    assert seal.seal_flow(p_up, p_down, molecular, viscous) == pytest.approx(slot, rel=2e-4, abs=0.0)

from __future__ import annotations

import math

import naive
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from naive_network import Network
from plans import AIR, Case, Event, balanced, drawn, outside, prepared, tank
from plans import seal as seal_path
from scipy.special import expi
from smoothness import derivative

from leakflow.kernels import crack, network, seal, status
from leakflow.kernels.model import PARTIAL_PRESSURE, PATCH

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


# Contact stress


CONTACT = (2.0e6, 1.5e6, 8.0e6, 12.0)  # stress, at which the conductances hold, sealing factor, gain
AIR_R = naive.gas_properties(AIR, 293.15)[0]


def pressed(p_up, p_down, contact=CONTACT, conductances=(1e-11, 2e-16)):
    return Case([tank(2.0, p_up), tank(3.0, p_down)], [seal_path(0, 1, *conductances, contact=contact)], 60.0)


@pytest.mark.parametrize("gain", [0.0, 12.0, -12.0, 30.0, -30.0])
@pytest.mark.parametrize("p_up, p_down", [(1e5, 200.0), (2e4, 9e4), (1e5, 9.9e4)])
def test_contact_stress_closes_a_seal(p_up, p_down, gain):
    """C = C_at exp(-3 (P - P_at)/R), P = stress + gain (p_source - p_sink), not below nothing."""
    contact = (2.0e6, 1.5e6, 8.0e6, gain)
    case = pressed(p_up, p_down, contact)
    p = prepared(case)
    stress = max(2.0e6 + gain * (p_up - p_down), 0.0)
    expected = naive.seal_flow(p_up, p_down, 1e-11, 2e-16) * math.exp(-3.0 * (stress - 1.5e6) / 8.0e6)
    assert p.rates(p.state)[2] == pytest.approx(expected, rel=1e-12, abs=0.0)
    _, jacobian = p.jacobian(p.state)
    by_difference = Network(case).jacobian(p.state, 1e-6)
    assert jacobian == pytest.approx(by_difference, rel=1e-6, abs=1e-9 * np.abs(by_difference).max())


def test_some_of_these_stresses_lift_the_seal():
    assert 2.0e6 - 30.0 * 1e5 < 0.0 < 2.0e6 - 12.0 * 1e5


def test_a_seal_that_its_pressure_presses_on_empties_ever_faster():
    """With a gain, x = 3 gain p/R: dx/dt = -k x e^-x, so that Ei(x) falls by k t."""
    gain, volume, factor = 160.0, 2.0, 8.0e6
    case = Case(
        [tank(volume, 1e5), outside()],
        [seal_path(0, 1, 1e-9, 0.0, contact=(0.0, 0.0, factor, gain))],
        2.1e6,
        rtol=1e-10,
        atol=1e-9,
    )
    k = 1e-9 * AIR_R * 293.15 / volume
    x = 3.0 * gain / factor * case.run().pressures[0, :, 0]
    assert expi(x) == pytest.approx(expi(x[0]) - k * case.plan.output_time, rel=1e-7, abs=1e-7)
    assert x[-1] < 0.05 * x[0]


@pytest.mark.parametrize("factor", [0.0, -1e6, math.nan])
def test_a_sealing_factor_of_nothing_is_impossible(factor):
    case = pressed(1e5, 0.0, (1e6, 1e6, factor, 0.0))
    assert case.run().status[0] == status.IMPOSSIBLE


# Permeation

PERMEABILITY = {"He": 6e-15, "N2": 2e-16, "O2": 4e-16}  # mol/(m s Pa)
MEMBRANE = (0.05, 4e-3)


def fade(species, volume, T=293.15):
    """Rate at which a partial pressure falls through the membrane [1/s]: P (A/l) R_u T/V."""
    through = PERMEABILITY[species] * MEMBRANE[0] / MEMBRANE[1]
    return through * naive.UNIVERSAL_GAS_CONSTANT * T / volume


def membrane(source, sink, *conductances, area=MEMBRANE):
    conductances = conductances or (0.0, 0.0)
    return seal_path(source, sink, *conductances, membrane=area, permeability=PERMEABILITY)


def test_gases_permeate_each_by_its_own_pressure():
    """Into vacuum: p_c = p_c0 exp(-P_c (A/l) R_u T t/V)."""
    gases = [{"He": 1.0}, {"N2": 1.0}]
    moles = np.array([0.3, 0.7]) * [naive.SPECIES["He"][1], naive.SPECIES["N2"][1]]
    watched = [(PARTIAL_PRESSURE, 0, species) for species in (5, 0)]
    case = Case([tank(1e-3, 1e5, gas=2), outside()], [membrane(0, 1)], 1e7, gases=gases,
                blends=[tuple(moles / sum(moles))], series=watched, rtol=1e-10, atol=1e-7)  # fmt: skip
    result = case.run()
    t = case.plan.output_time
    assert result.value(0) == pytest.approx(3e4 * np.exp(-fade("He", 1e-3) * t), rel=1e-8)
    assert result.value(1) == pytest.approx(7e4 * np.exp(-fade("N2", 1e-3) * t), rel=1e-8)
    assert result.value(0)[-1] < 0.2 * result.value(0)[0]
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_a_gas_permeates_against_the_pressure():
    """Helium out of the thinner gas into nitrogen: its two partial pressures meet, and the totals part."""
    volumes = [tank(1e-3, 2e4, gas=0), tank(3e-3, 1e5, gas=1)]
    case = Case(volumes, [membrane(0, 1, area=(0.05, 4e-5))], 2e5, gases=[{"He": 1.0}, {"N2": 1.0}],
                series=[(PARTIAL_PRESSURE, v, 5) for v in (0, 1)], rtol=1e-10, atol=1e-7)  # fmt: skip
    result = case.run()
    k = 100.0 * (fade("He", 1e-3) + fade("He", 3e-3))
    gap = 2e4 * np.exp(-k * case.plan.output_time)
    mean = 2e4 * 1e-3 / 4e-3
    assert result.value(0) == pytest.approx(mean + 0.75 * gap, rel=1e-8)
    assert result.value(1) == pytest.approx(mean - 0.25 * gap, rel=1e-8, abs=1e-6)
    assert gap[-1] < 0.2 * gap[0]
    assert result["mass_balance_residual"][0, 0] <= 1e-12


def test_a_mixture_permeates_by_its_parts():
    """Dry air as one component keeps its composition: sum x_s M_s P_s times its pressure."""
    case = Case([tank(1e-3, 1e5), outside(3e4)], [membrane(0, 1)], 1e6, rtol=1e-10, atol=1e-7)
    through = sum(AIR[s] * naive.SPECIES[s][1] * 1e-3 * PERMEABILITY.get(s, 0.0) for s in AIR)
    k = through * MEMBRANE[0] / MEMBRANE[1] * AIR_R * 293.15 / 1e-3
    expected = 3e4 + 7e4 * np.exp(-k * case.plan.output_time)
    assert case.run().pressures[0, :, 0] == pytest.approx(expected, rel=1e-8)


def test_a_patch_covers_the_membrane_too():
    case = Case([tank(1e-3, 1e5, gas=0), outside()], [membrane(0, 1)], 1e6, gases=[{"He": 1.0}],
                events=[Event(0.0, PATCH, 0, 0.25)], rtol=1e-10, atol=1e-7)  # fmt: skip
    expected = 1e5 * np.exp(-0.25 * fade("He", 1e-3) * case.plan.output_time)
    assert case.run().pressures[0, 1:, 0] == pytest.approx(expected[1:], rel=1e-8)


@settings(deadline=None, max_examples=30)
@given(
    pressures=st.tuples(st.floats(1e3, 2e5), st.floats(1e3, 2e5)),
    weights=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
    follows=st.booleans(),
)
@example(pressures=(1e3, 196305.0), weights=(0.96875, 0.5), follows=True)
def test_permeation_and_leak_agree_with_the_oracle(pressures, weights, follows):
    """Warm and cold volumes, energy followed or not: helium and nitrogen may go in opposite directions."""
    assume(abs(pressures[0] - pressures[1]) > 1e-3 * max(pressures))  # else the bulk flow is rounding
    blends = [(w, 1.0 - w) for w in weights]
    kind = balanced if follows else tank
    volumes = [
        kind(V, p, temperature=T, gas=gas)
        for V, p, T, gas in zip((1.0, 3.0), pressures, (280.0, 310.0), (2, 3), strict=True)
    ]
    path = membrane(0, 1, 3e-13, 2e-18, area=(0.05, 4e-6))
    case = Case(volumes, [path], 60.0, gases=[{"He": 1.0}, {"N2": 1.0}], blends=blends)
    p, naively = prepared(case), Network(case)
    scale = np.abs(naively.rates(p.state)).max()
    assert p.rates(p.state) == pytest.approx(naively.rates(p.state), rel=1e-9, abs=1e-12 * scale)
    _, jacobian = p.jacobian(p.state)
    expected = naively.jacobian(p.state)  # a shorter step of a rare gas is lost in the rounding of all of it
    unit = np.abs(expected).max(axis=1, keepdims=True)
    assert (np.abs(jacobian - expected) <= 3e-6 * unit + 1e-300).all()


def lifted(at_stress, sealing_factor, gain):
    """A seal that is not pressed, between two tanks."""
    path = seal_path(0, 1, 1e-10, 0.0, contact=(0.0, at_stress, sealing_factor, gain))
    return Case([tank(1.0, 1e5), tank(2.0, 9e4)], [path], 3600.0)


@pytest.mark.parametrize(
    "contact, expected",
    [
        ((1.6e6, 1e5, 1.0), status.OK),
        ((1.7e6, 1e5, 1.0), status.OUT_OF_RANGE),  # exp(51) times what it passes when pressed
        ((8e7, 1e5, -1.0), status.OUT_OF_RANGE),  # which overflows
        ((1e5, 1e5, 3e5), status.OK),
        ((1e5, 1e5, 4e5), status.OUT_OF_RANGE),  # opens within a millionth of the pressure
        ((1e5, 1e5, -4e5), status.OUT_OF_RANGE),
    ],
)
def test_a_contact_that_leaps_is_out_of_range(contact, expected):
    case = lifted(*contact)
    _, sample = drawn(case)
    assert (
        network.prepare(case.plan, sample, np.zeros(prepared(lifted(1e5, 1e5, 0.0)).state.size)) == expected
    )
    if expected == status.OUT_OF_RANGE:
        assert case.run().status[0] == expected

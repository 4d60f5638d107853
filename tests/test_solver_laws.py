"""The laws over arrays: they broadcast, agree with the oracle, and refuse what they cannot take."""

import math

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakflow.solver import crack_flow, orifice_flow, seal_flow

CRACK = (1e-6, 1e-2, 1e-3)
AIR = {"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}


def test_crack_flow_broadcasts():
    pressures = np.array([1e5, 5e4, 1e3])[:, None]
    openings = np.array([5e-6, 1e-5])
    flows = crack_flow("air", 293.15, pressures, 0.0, openings, 0.01, 0.003)
    assert flows.shape == (3, 2)
    R, mu, gamma = naive.gas_properties(AIR, 293.15)
    for i in range(3):
        for j in range(2):
            expected = naive.crack_flow(
                pressures[i, 0], 0.0, 293.15, R, mu, gamma, openings[j], 0.01, 0.003, 1.0, 0.0, 1.0, 1.0, 0.5
            )
            assert flows[i, j] == pytest.approx(expected, rel=1e-5, abs=0.0)


@settings(deadline=None, max_examples=50)
@given(
    p=st.floats(1.0, 2e5), ratio=st.floats(0.0, 1.0), opening=st.floats(1e-7, 2e-5),
    tortuosity=st.floats(1.0, 3.0), roughness=st.floats(0.0, 1e-6), taper=st.floats(1.0, 5.0),
    accommodation=st.floats(0.6, 1.0), inlet_loss=st.floats(0.0, 1.0), temperature=st.floats(250.0, 350.0),
)  # fmt: skip
def test_crack_flow_is_the_law_in_every_argument(
    p, ratio, opening, tortuosity, roughness, taper, accommodation, inlet_loss, temperature
):
    R, mu, gamma = naive.gas_properties({"N2": 1.0}, temperature)
    got = crack_flow(
        "N2", temperature, p, ratio * p, opening, 0.02, 0.004, tortuosity=tortuosity, roughness=roughness,
        taper=taper, accommodation=accommodation, inlet_loss=inlet_loss,
    )  # fmt: skip
    expected = naive.crack_flow(
        p, ratio * p, temperature, R, mu, gamma, opening, 0.02, 0.004, tortuosity, roughness, taper,
        accommodation, inlet_loss,
    )  # fmt: skip
    assert got == pytest.approx(expected, rel=1e-5, abs=1e-25)


def test_scalars_give_a_scalar():
    flow = orifice_flow("He", 293.15, 1e5, 0.0, 1e-6)
    assert isinstance(flow, float)
    R, _, gamma = naive.gas_properties({"He": 1.0}, 293.15)
    choked = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    assert flow == pytest.approx(1e-6 * 1e5 * choked / math.sqrt(R * 293.15), rel=1e-9)


def test_perry_is_the_sharp_round_hole():
    ratio = 0.5
    ideal = orifice_flow("air", 293.15, 1e5, ratio * 1e5, 1e-5)
    sharp = orifice_flow("air", 293.15, 1e5, ratio * 1e5, 1e-5, discharge_coefficient="perry")
    expected = (
        0.8414 - 0.1002 * ratio + 0.8415 * ratio**2 - 3.9 * ratio**3 + 4.6001 * ratio**4 - 1.6827 * ratio**5
    )
    assert sharp / ideal == pytest.approx(expected, rel=1e-12)


def test_seal_flow_reverses():
    a, b = 1e-12, 1e-17
    assert seal_flow(1e5, 2e4, a, b) == pytest.approx((a + b * 6e4) * 8e4, rel=1e-14, abs=0.0)
    assert seal_flow(2e4, 1e5, a, b) == -seal_flow(1e5, 2e4, a, b)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: crack_flow("air", 293.0, -1.0, 0.0, *CRACK), "p_up = -1: must be at least 0 and finite"),
        (lambda: crack_flow("air", 293.0, 1.0, 0.0, 0.0, *CRACK[1:]), "opening = 0: must be greater than 0"),
        (lambda: crack_flow("air", 20.0, 1.0, 0.0, *CRACK), "temperature = 20: must be at least 150"),
        (lambda: crack_flow("air", 293.0, np.nan, 0.0, *CRACK), "p_up = nan"),
        (lambda: crack_flow("air", 293.0, np.inf, 0.0, *CRACK), "p_up = inf"),
        (lambda: crack_flow("air", 293.0, "1 bar", 0.0, *CRACK), "p_up = '1 bar': must be a number"),
        (lambda: crack_flow("Xe", 293.0, 1.0, 0.0, *CRACK), "gas = 'Xe': must be"),
        (lambda: crack_flow({"N2": 0.5}, 293.0, 1.0, 0.0, *CRACK), "sums to 0.5"),
        (lambda: crack_flow("air", 293.0, [1.0, 2.0], 0.0, [1e-6] * 3, 1e-2, 1e-3), "do not broadcast"),
        (lambda: crack_flow("air", 293.0, 1.0, 0.0, *CRACK, accommodation=0.2), "accommodation = 0.2"),
        (lambda: crack_flow("air", 293.0, 1.0, 0.0, *CRACK, taper=0.5), "taper = 0.5"),
        (lambda: orifice_flow("He", 293.0, 1.0, 0.0, 1.0, discharge_coefficient=1.5), "coefficient = 1.5"),
        (lambda: orifice_flow("He", 293.0, 1.0, 0.0, 1.0, discharge_coefficient="round"), "a number or"),
        (lambda: crack_flow("air", 293.0, 1e5, 0.0, 1e300, *CRACK[1:]), "a flow is not finite"),
        (lambda: seal_flow(1.0, 0.0, -1.0, 0.0), "molecular = -1"),
    ],
)  # fmt: skip
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_no_rows_give_no_flows():
    assert crack_flow("air", 293.0, np.zeros(0), 0.0, *CRACK).shape == (0,)

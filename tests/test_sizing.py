"""Openings from leak rates: the forward laws give the rate again, and hand calculations the rest."""

import math

import naive
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakflow.kernels import sizing
from leakflow.solver import crack_flow, orifice_flow, size_leak

AIR = {"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}
MMHG = 133.322387415
LB_PER_DAY = 0.45359237 / 86400.0
RATES = st.floats(-12.0, 1.0).map(lambda decades: 10.0**decades)
PRESSURES = st.floats(0.0, 6.0).map(lambda decades: 10.0**decades)
RATIOS = st.one_of(
    st.just(0.0), st.floats(0.0, 0.999), st.floats(-9.0, -1.0).map(lambda decades: 1.0 - 10.0**decades)
)
GASES = st.sampled_from(["air", "N2", "He", "H2O", "CO2"])


@settings(deadline=None, max_examples=300)
@given(
    rate=RATES, p_up=PRESSURES, ratio=RATIOS, gas=GASES, temperature=st.floats(250.0, 350.0),
    coefficient=st.one_of(st.just("perry"), st.floats(0.1, 1.0)),
)  # fmt: skip
@example(10.0, 1.0, 1.0 - 1e-9, "He", 293.0, "perry")
@example(1e-12, 1e6, 0.0, "H2O", 293.0, 0.3)
def test_the_hole_passes_the_rate(rate, p_up, ratio, gas, temperature, coefficient):
    found = size_leak(
        rate, p_up, p_down=ratio * p_up, gas=gas, temperature=temperature, discharge_coefficient=coefficient
    )
    hole = found.hole
    flow = orifice_flow(
        gas, temperature, p_up, ratio * p_up, hole.area, discharge_coefficient=hole.discharge_coefficient
    )
    assert flow == pytest.approx(rate, rel=1e-10, abs=0.0)
    assert hole.diameter == pytest.approx(math.sqrt(4.0 / math.pi * hole.area), rel=1e-14)


@settings(deadline=None, max_examples=300)
@given(
    rate=RATES, p_up=PRESSURES, ratio=RATIOS, gas=GASES, length=st.floats(1e-3, 3.0),
    depth=st.floats(1e-4, 3e-2), tortuosity=st.floats(1.0, 3.0), roughness=st.floats(0.0, 1e-4),
    taper=st.floats(1.0, 10.0), accommodation=st.floats(0.6, 1.0), inlet_loss=st.floats(0.0, 1.0),
)  # fmt: skip
def test_the_slot_passes_the_rate_unless_it_would_be_wider_than_long(
    rate, p_up, ratio, gas, length, depth, tortuosity, roughness, taper, accommodation, inlet_loss
):
    faces = {
        "tortuosity": tortuosity, "roughness": roughness, "taper": taper, "accommodation": accommodation,
        "inlet_loss": inlet_loss,
    }  # fmt: skip
    p_down = ratio * p_up
    widest = crack_flow(gas, 293.15, p_up, p_down, length, length, depth, **faces)
    if widest < rate:
        with pytest.raises(ValueError, match=r"^length = ") as caught:
            size_leak(rate, p_up, p_down=p_down, gas=gas, length=length, depth=depth, **faces)
        assert "\n" not in str(caught.value)
        return
    slot = size_leak(rate, p_up, p_down=p_down, gas=gas, length=length, depth=depth, **faces).slot
    flow = crack_flow(gas, 293.15, p_up, p_down, slot.opening, slot.length, slot.depth, **faces)
    assert flow == pytest.approx(rate, rel=1e-10, abs=0.0)
    assert 0.0 < slot.opening <= length


@settings(deadline=None, max_examples=100)
@given(
    p_up=PRESSURES, ratio=RATIOS, length=st.floats(1e-3, 1.0), depth=st.floats(0.0, 3e-2),
    tortuosity=st.floats(1.0, 3.0), roughness=st.floats(0.0, 1e-4), taper=st.floats(1.0, 10.0),
    accommodation=st.floats(0.6, 1.0),
)  # fmt: skip
def test_a_wider_slot_passes_more(p_up, ratio, length, depth, tortuosity, roughness, taper, accommodation):
    """So that there is but one opening for a rate."""
    openings = np.geomspace(1e-9, length, 400)
    flows = crack_flow(
        "air", 293.15, p_up, ratio * p_up, openings, length, depth, tortuosity=tortuosity,
        roughness=roughness, taper=taper, accommodation=accommodation,
    )  # fmt: skip
    assert (np.diff(flows) > 0.0).all()


@pytest.mark.parametrize("p_down", [0.0, 2e4, 9.7e4, 97990.0])
@pytest.mark.parametrize("rate", [1e-9, 1.97e-5, 1e-3])
def test_the_oracle_passes_the_rate_through_the_slot(rate, p_down):
    """Through a law written a second time, slowly: the opening is right, not only consistent."""
    slot = size_leak(
        rate, 9.8e4, p_down=p_down, length="5 cm", depth="2 mm", roughness="1 um", taper=1.5
    ).slot
    gas = naive.gas_properties(AIR, 293.15)
    faces = (0.05, 0.002, 1.0, 1e-6, 1.5, 1.0, 0.5)
    flow = naive.crack_flow(9.8e4, p_down, 293.15, *gas, slot.opening, *faces)
    # the kernel smooths the onset of turbulence, where the oracle has a corner
    assert flow == pytest.approx(rate, rel=1e-5 if rate < 1e-4 else 1e-2, abs=0.0)


@pytest.mark.parametrize("p_down", [0.0, 2e4, 5e4, 9e4])
@pytest.mark.parametrize("rate", [1e-2, 10.0])
def test_the_oracle_passes_the_rate_through_a_wide_hole(rate, p_down):
    """The oracle is without the laminar term, which is nothing for a wide hole away from equal pressures."""
    hole = size_leak(rate, 9.8e4, p_down=p_down).hole
    gas = naive.gas_properties(AIR, 293.15)
    flow = naive.orifice_flow(9.8e4, p_down, 293.15, *gas, hole.area, -1.0)
    assert flow == pytest.approx(rate, rel=1e-6, abs=0.0)


def test_a_vanishing_drop_creeps_through_the_hole_and_its_molecules_cross():
    """``d^3 dp/(24 mu)`` by volume, and ``A dp/sqrt(2 pi R T)`` by mass."""
    p_up, drop, rate = 10.0, 1e-6, 1e-16
    d = size_leak(rate, p_up, p_down=p_up - drop, discharge_coefficient=1.0).hole.diameter
    R, mu, _ = naive.gas_properties(AIR, 293.15)
    creeping = d**3 * drop / (24.0 * mu) * p_up / (R * 293.15)
    molecules = 0.25 * math.pi * d * d * drop / math.sqrt(2.0 * math.pi * R * 293.15)
    assert creeping + molecules == pytest.approx(rate, rel=1e-2)


def test_a_known_station_leak():
    """3.7 lb/day from 735 mmHg through a choked sharp hole: by hand from Saint-Venant and Wantzel."""
    found = size_leak("3.7 lb/day", "735 mmHg")
    R, _, gamma = naive.gas_properties(AIR, 293.15)
    psi = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    area = 3.7 * LB_PER_DAY * math.sqrt(R * 293.15) / (0.8414 * 735 * MMHG * psi)
    assert found.hole.diameter == pytest.approx(math.sqrt(4.0 * area / math.pi), rel=1e-8)
    assert found.hole.diameter == pytest.approx(0.36e-3, rel=0.01)
    assert found.mass_flow == pytest.approx(1.67829 / 86400.0, rel=1e-5)


@pytest.mark.parametrize(
    ("pounds", "hole", "slot", "station", "tunnel"),
    [(1.0, 0.18e-3, 18e-6, 2506.0, 18.5), (4.0, 0.36e-3, 30e-6, 627.0, 4.6)],
)
def test_scales_of_the_tunnel_leak(pounds, hole, slot, station, tunnel):
    """A leak of 1 to 4 lb/day from 1 atm, as estimated beside the flow laws, to the digits given there."""
    found = size_leak(pounds * LB_PER_DAY, "1 atm", volume=("950 m^3", 7.0))
    assert found.hole.diameter == pytest.approx(hole, rel=0.03)
    assert found.slot.opening == pytest.approx(slot, rel=0.03)
    days = [decay.time_constant / 86400.0 for decay in found.decays]
    assert days == pytest.approx([station, tunnel], rel=0.01)


def test_time_constant_is_that_of_the_choked_blowdown():
    """``V/(Cd A psi* sqrt(R T))``, from the hole alone."""
    found = size_leak("1 g/s", "1 bar", gas="He", temperature="300 K", discharge_coefficient=0.7, volume=3.0)
    R, _, gamma = naive.gas_properties({"He": 1.0}, 300.0)
    psi = math.sqrt(gamma) * (2.0 / (gamma + 1.0)) ** ((gamma + 1.0) / (2.0 * (gamma - 1.0)))
    (decay,) = found.decays
    assert decay.time_constant == pytest.approx(
        3.0 / (0.7 * found.hole.area * psi * math.sqrt(R * 300.0)), rel=1e-9
    )
    assert decay.pressure_rate == pytest.approx(1e5 / decay.time_constant, rel=1e-12)
    assert decay.gas_mass == pytest.approx(1e5 * 3.0 / (R * 300.0), rel=1e-12)


def test_a_pressure_rate_is_of_the_volume():
    found = size_leak("1 mmHg/day", "735 mmHg", volume="916 m^3")
    (decay,) = found.decays
    assert decay.time_constant == pytest.approx(735 * 86400.0, rel=1e-12)
    assert decay.pressure_rate == pytest.approx(MMHG / 86400.0, rel=1e-12)


@pytest.mark.parametrize("p_down", [0.0, 3e4, 9e4])
def test_exponents_are_the_slopes_of_the_laws(p_down):
    p, step = 1e5, 1e-5
    found = size_leak(2e-5, p, p_down=p_down)
    ends = p * np.array([1.0 + step, 1.0 - step])
    for flows, exponent in (
        (
            orifice_flow("air", 293.15, ends, p_down, found.hole.area, discharge_coefficient="perry"),
            found.hole.pressure_exponent,
        ),
        (
            crack_flow("air", 293.15, ends, p_down, found.slot.opening, 10e-3, 3e-3),
            found.slot.pressure_exponent,
        ),
    ):
        assert exponent == pytest.approx(math.log(flows[0] / flows[1]) / (2.0 * step), rel=1e-5)


def test_the_exponent_of_a_choked_hole_is_one():
    assert size_leak(2e-5, 1e5).hole.pressure_exponent == pytest.approx(1.0, rel=1e-12)


def test_knudsen_number_of_air():
    """The mean free path of air at 1 atm and 20 degC is 66 nm (Jennings, J. Aerosol Sci. 19, 1988, 159)."""
    found = size_leak(2e-5, "1 atm")
    assert found.hole.knudsen_number * found.hole.diameter == pytest.approx(66e-9, rel=0.02)
    _, mu, _ = naive.gas_properties(AIR, 293.15)
    R = naive.gas_properties(AIR, 293.15)[0]
    rarefaction = 101325.0 * found.slot.opening / (mu * math.sqrt(2.0 * R * 293.15))
    assert found.slot.knudsen_number == pytest.approx(0.5 * math.sqrt(math.pi) / rarefaction, rel=1e-7)


def test_a_slot_of_the_usual_length_may_be_missing_but_not_one_that_was_asked_for():
    assert size_leak("1 kg/s", "1 atm").slot is None
    for asked in ({"length": "1 cm"}, {"depth": "1 mm"}):
        with pytest.raises(
            ValueError, match=r"^length = 0.01 m: must be more; a slot as wide as long passes"
        ):
            size_leak("1 kg/s", "1 atm", **asked)


def test_kernels_say_what_became_of_a_search():
    gas = (293.15, 287.05, 1.82e-5, 1.4)
    faces = (0.01, 0.003, 1.0, 0.0, 1.0, 1.0, 0.5)
    assert sizing.orifice_size(1e-5, 1e5, 1e5, *gas, 1.0)[2] == sizing.NO_DROP
    assert sizing.orifice_size(1e-5, 1e4, 1e5, *gas, 1.0)[2] == sizing.NO_DROP
    assert sizing.orifice_size(1e-5, 1e-320, 0.0, *gas, 1.0)[2] == sizing.NOT_FOUND
    assert sizing.crack_opening(1e-5, 1e5, 1e5, *gas, *faces)[2] == sizing.NO_DROP
    opening, largest, status = sizing.crack_opening(1.0, 1e5, 0.0, *gas, *faces)
    assert math.isnan(opening)
    assert status == sizing.TOO_LARGE
    assert largest == crack_flow_at(1e-2, gas, faces)


def crack_flow_at(opening, gas, faces):
    from leakflow.kernels import crack

    return pytest.approx(crack.crack_flow(1e5, 0.0, *gas, opening, *faces), rel=1e-13)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rate": 0.0}, "rate = 0.0: must be greater than 0"),
        ({"rate": -1.0}, "rate = -1.0: must be greater than 0"),
        ({"rate": math.nan}, "rate = nan: must be a leak rate"),
        ({"rate": "1 kg"}, "rate = '1 kg': must be a leak rate: a mass flow"),
        ({"rate": "1 mmHg/day"}, "rate = '1 mmHg/day': a pressure rate needs the one volume"),
        ({"rate": "1 mmHg/day", "volume": (1.0, 2.0)}, "rate = '1 mmHg/day': a pressure rate needs the one"),
        ({"rate": 9e-21}, "rate = 9e-21: must be from 1e-20 to 1000 kg/s, and is 9e-21 kg/s"),
        ({"rate": 1001.0}, "rate = 1001.0: must be from 1e-20 to 1000 kg/s, and is 1001 kg/s"),
        (
            {"rate": "1e300 sccm"},
            "rate = '1e300 sccm': must be from 1e-20 to 1000 kg/s, and is 2.154e+292 kg/s",
        ),
        ({"rate": "1e308 kg/s"}, "rate = '1e308 kg/s': must be from 1e-20 to 1000 kg/s"),
        ({"rate": "1e-320 kg/day"}, "rate = '1e-320 kg/day': must be greater than 0"),
        ({"p_up": 0.0}, "p_up = 0.0: must be from 1e-09 to 10000000 Pa"),
        ({"p_up": 9e-10}, "p_up = 9e-10: must be from 1e-09 to 10000000 Pa"),
        ({"p_up": "101 bar"}, "p_up = '101 bar': must be from 1e-09 to 10000000 Pa"),
        ({"p_up": 1e300}, "p_up = 1e+300: must be from 1e-09 to 10000000 Pa"),
        ({"p_up": "735"}, "p_up = '735': has no unit"),
        ({"p_down": 1e5}, "p_down = 100000.0: must be below the pressure before the opening, 100000 Pa"),
        ({"p_down": "2 atm"}, "p_down = '2 atm': must be below the pressure"),
        ({"p_down": -1.0}, "p_down = -1.0: must be from 0 to 10000000 Pa"),
        ({"p_down": 1e300}, "p_down = 1e+300: must be from 0 to 10000000 Pa"),
        ({"gas": "Xe"}, "gas = 'Xe': must be \"air\""),
        ({"gas": "N2=0.5,O2=x"}, "gas = 'N2=0.5,O2=x': O2: must be a plain number"),
        ({"gas": {"N2": 0.5}}, "sums to 0.5"),
        ({"temperature": 22}, "temperature = 22: must be from 150 to 500 K"),
        ({"temperature": "1e300 K"}, "temperature = '1e300 K': must be from 150 to 500 K"),
        ({"discharge_coefficient": 2}, "discharge_coefficient = 2: must be greater than 0 and at most 1"),
        ({"discharge_coefficient": "round"}, "discharge_coefficient = 'round': must be a plain number"),
        ({"length": 0.0}, "length = 0.0: must be greater than 0 m"),
        ({"depth": "-1 mm"}, "depth = '-1 mm': must be at least 0 m"),
        ({"tortuosity": 0.5}, "tortuosity = 0.5: must be at least 1"),
        ({"roughness": "1 kg"}, "roughness = '1 kg': must be a length"),
        ({"taper": 11}, "taper = 11: must be from 1 to 10"),
        ({"accommodation": 0.5}, "accommodation = 0.5: must be from 0.6 to 1"),
        ({"inlet_loss": -1}, "inlet_loss = -1: must be at least 0"),
        ({"volume": 0}, "volume = 0: must be from 1e-09 to 1000000000 m^3"),
        ({"volume": 1e300}, "volume = 1e+300: must be from 1e-09 to 1000000000 m^3"),
        ({"volume": []}, "volume = []: must be a volume or several"),
        ({"volume": [1.0, "x"]}, "volume = 'x': must be a volume"),
        ({"reference_pressure": 0}, "reference_pressure = 0: must be from 1 to 10000000 Pa"),
    ],
)
def test_bad_arguments_are_one_line(changed, message):
    arguments = {"rate": 1e-5, "p_up": 1e5} | changed
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        size_leak(arguments.pop("rate"), arguments.pop("p_up"), **arguments)
    assert message in str(caught.value)
    assert str(caught.value).startswith(next(iter(changed)))


@pytest.mark.parametrize("rate", [1e-20, 1e3])
@pytest.mark.parametrize("p_up", [1e-9, 1e7])
def test_at_the_ends_of_the_ranges_there_is_an_answer(rate, p_up):
    found = size_leak(rate, p_up, gas="He", volume=[1e-9, 1e9])
    flow = orifice_flow("He", 293.15, p_up, 0.0, found.hole.area, discharge_coefficient="perry")
    assert flow == pytest.approx(rate, rel=1e-10, abs=0.0)
    slot = found.slot
    if slot is not None:
        flow = crack_flow("He", 293.15, p_up, 0.0, slot.opening, slot.length, slot.depth)
        assert flow == pytest.approx(rate, rel=1e-10, abs=0.0)
    assert (slot is None) == (crack_flow("He", 293.15, p_up, 0.0, 10e-3, 10e-3, 3e-3) < rate)
    numbers = [number for decay in found.decays for number in (decay.time_constant, decay.pressure_rate)]
    assert all(0.0 < number < math.inf for number in numbers)


def test_gas_as_text_is_the_mixture():
    as_text = size_leak(1e-5, 1e5, gas="N2=0.8, O2=0.2")
    assert as_text == size_leak(1e-5, 1e5, gas={"N2": 0.8, "O2": 0.2})
    assert as_text.composition == {"N2": 0.8, "O2": 0.2}

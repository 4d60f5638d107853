"""Where pressures have met and gases or temperatures differ: steps are few, and what was at rest stays so."""

from __future__ import annotations

import numpy as np
import pytest
from mixtures import CP, GASES
from plans import Case, balanced, cracks, hatch, orifice, outside, prepared, seal, tank, wall

from leakflow.kernels import donors, network, status
from leakflow.kernels.model import PARTIAL_PRESSURE, TEMPERATURE

N2, HE = 0, 3  # rows of GASES
RTOLS = [1e-3, 1e-5, 1e-7, 1e-9]
WIDE_CRACK = cracks(0, 1, opening=4e-3, length=0.05, depth=3e-3)
WIDE_HOLE = orifice(0, 1, 1e-2)


def case(*volumes, paths, duration, rtol, **more):
    more = {"max_steps": 1000, "atol": 1e3 * rtol} | more
    return Case(list(volumes), paths, duration, rtol=rtol, **more)


def steps(result):
    return result["steps"][0, 0] + result["rejected_steps"][0, 0]


@pytest.mark.parametrize("rtol", RTOLS)
@pytest.mark.parametrize("hole", [WIDE_CRACK, WIDE_HOLE], ids=["crack", "hole"])
@pytest.mark.parametrize("small", [1.0, 0.03])
def test_a_wall_warms_one_of_two_volumes_for_years(hole, small, rtol):
    """In the end it has the wall's temperature, no pressure differs, and all the gas is there."""
    watched = [(TEMPERATURE, 0, -1), (TEMPERATURE, 1, -1)]
    volumes = balanced(1.0, 1e5, temperature=300.0), balanced(small, 6e4, temperature=300.0)
    result = case(*volumes, paths=[hole], duration=1e8, rtol=rtol, feeds=[wall(0, 1.0)], series=watched).run()
    assert result.status[0] == status.OK
    # through a hole rounding decides when flow turns around: from 90 to 860 steps, whatever the tolerance
    assert steps(result) < (300 if hole is WIDE_CRACK else 900)
    one, other = result["final"][0, :2]
    warm, rest = result.value(0)[-1], result.value(1)[-1]
    assert one == pytest.approx(other, rel=1e-9)
    assert warm == pytest.approx(300.0, rel=1e-6)
    assert one / warm + small * other / rest == pytest.approx((1e5 + 6e4 * small) / 300.0, rel=1e-12)
    assert result["energy_balance_residual"][0, 0] <= 1e-12


@pytest.mark.parametrize("rtol", [4e-5, *RTOLS])
def test_a_bottle_that_empties_into_a_room_without_gas(rtol):
    """What is left in it is cold, 57 K beside 390 K; the mean by volume is the pressure of both."""
    bottle, room = balanced(0.0035, 5e5, temperature=387.0), balanced(2.8, 0.0, temperature=464.0)
    result = case(bottle, room, paths=[orifice(0, 1, 5e-5)], duration=3e7, rtol=rtol).run()
    assert result.status[0] == status.OK
    assert steps(result) < 200
    even = 5e5 * 0.0035 / 2.8035
    assert result["final"][0, :2] == pytest.approx([even, even], rel=1e-8, abs=10.0 * rtol)  # of atol, 1e-2
    assert result["mass_balance_residual"][0, 0] <= 1e-12
    assert result["energy_balance_residual"][0, 0] <= 1e-12


@pytest.mark.parametrize("rtol", RTOLS)
@pytest.mark.parametrize("hole", [WIDE_CRACK, WIDE_HOLE], ids=["crack", "hole"])
def test_two_gases_do_not_mix_once_pressures_have_met(hole, rtol):
    """Nitrogen that has come to the helium stays; no helium comes to the nitrogen."""
    result = case(
        tank(1.0, 1e5, gas=N2), tank(0.5, 6e4, gas=HE), paths=[hole], duration=3e8, rtol=rtol, gases=GASES,
        series=[(PARTIAL_PRESSURE, 1, 5), (PARTIAL_PRESSURE, 0, 5)],
    ).run()  # fmt: skip
    assert result.status[0] == status.OK
    assert steps(result) < 200
    even = (1e5 + 0.5 * 6e4) / 1.5
    assert result["final"][0, :2] == pytest.approx([even, even], rel=1e-9)
    assert result.value(0)[-1] == pytest.approx(6e4, rel=2.0 * rtol)
    assert result.value(1)[-1] <= rtol * even
    assert result["mass_balance_residual"][0, 0] <= 1e-12


@pytest.mark.parametrize("rtol", [3e-4, 3e-5, 3e-6, 3e-7])
@pytest.mark.parametrize("leaks", [0, 1])
def test_a_slow_leak_draws_one_gas_through_a_wide_hole(rtol, leaks):
    """The gas beyond follows it: its pressure is that of the other, to rounding, for as long as it takes."""
    run = case(
        tank(1.0, 336062.0, gas=HE), tank(1.2, 336057.0, gas=N2), outside(),
        paths=[orifice(0, 1, 2e-4), orifice(leaks, 2, 1.4e-12)], duration=8e7, rtol=rtol, gases=GASES,
        series=[(PARTIAL_PRESSURE, v, species) for v in (0, 1) for species in (0, 5)],
    )  # fmt: skip
    result, exact = run.run(), run.but(rtol=1e-9, atol=1e-6, max_steps=100_000).run()
    assert result.status[0] == status.OK
    assert steps(result) < 200
    np.testing.assert_allclose(result.values[0], exact.values[0], rtol=0.0, atol=3.0 * rtol * 336062.0)


@pytest.mark.parametrize("rtol", [3.4e-9, 1e-6, 1e-3])
def test_a_wide_crack_at_high_pressure_is_at_rest(rtol):
    """Its flow turns around within 1e-12 of the pressure; rounding moves gas by more, at one pressure."""
    crack = cracks(0, 1, 20.0, opening=4.43e-3, length=0.03, depth=1.2e-3)
    large, small = balanced(172.6, 7.09e6, temperature=318.0), balanced(0.012, 7.09e6, temperature=381.0)
    result = case(large, small, paths=[crack], duration=4e8, rtol=rtol, atol=1e2 * rtol).run()
    assert result.status[0] == status.OK
    assert steps(result) < 200
    assert result["final"][0, :2] == pytest.approx([7.09e6, 7.09e6], rel=1e-12)
    assert result["mass"][0] == pytest.approx([0.0], abs=rtol * 0.7)


def turning(rtol, **more):
    """A small volume of helium gives to one of carbon dioxide, and takes from it as it leaks."""
    return case(
        tank(1.07, 1353.5, temperature=345.0, gas=2), tank(0.0105, 4148.0, temperature=239.0, gas=HE),
        outside(),
        paths=[cracks(0, 1, 5.0, opening=18.4e-6, length=0.02, depth=9e-4), orifice(1, 2, 3.1e-9)],
        duration=55e3, rtol=rtol, gases=GASES, output_time=np.geomspace(50.0, 55e3, 40),
        series=[(PARTIAL_PRESSURE, 1, 2), (PARTIAL_PRESSURE, 1, 5)], **more,
    )  # fmt: skip


@pytest.mark.parametrize("rtol", [1e-4, 6.5e-7, 1e-8])
@pytest.mark.parametrize("thermal", [False, True])
def test_a_flow_that_turns_around_brings_the_other_gas(rtol, thermal):
    run = turning(rtol, thermal=thermal)
    result, exact = run.run(), run.but(rtol=1e-11, atol=1e-8, max_steps=100_000).run()
    assert exact.value(0)[10] < 1.0
    assert exact.value(0)[-1] > 500.0
    np.testing.assert_allclose(result.values[0], exact.values[0], rtol=0.0, atol=5.0 * rtol * 4148.0)


TURNING = [
    orifice(0, 1, 1e-4),
    WIDE_CRACK,
    seal(0, 1, 1e-6, 0.0),
    hatch(1, 0, 1e-4, opening=0.3),
]


@pytest.mark.parametrize("donor", [donors.SOURCE, donors.SINK])
@pytest.mark.parametrize("path", TURNING)
def test_slopes_are_those_of_rates_from_the_donor_that_is_held(path, donor):
    """Against central differences across the place where the flow turns around, within its linear part."""
    volumes = tank(4.0, 1e5, temperature=300.0, gas=0), tank(2.0, 1e5, temperature=330.0, gas=3)
    p = prepared(case(*volumes, paths=[path], duration=1.0, rtol=1e-6, gases=GASES, thermal=True))
    p.sample.paths["chosen"] = donor
    donors.hold_donors(p.sample)
    _, jacobian = p.jacobian(p.state)
    giver = (path.source, path.sink)[donor - 1]
    gas, T = ((0, 300.0), (3, 330.0))[giver]
    for i in (0, 3, 5, 8):
        nudge = 1e-11 * p.state[5 * (i // 5) : 5 * (i // 5) + 4].sum() * np.eye(p.state.size)[i]
        more, less = p.rates(p.state + nudge), p.rates(p.state - nudge)
        change = (more - less) / (2.0 * nudge[i])
        unit = np.abs(jacobian[:, i]).max()
        assert (np.abs(jacobian[:, i] - change) <= 1e-3 * unit).all()
        for rates in (more, less):
            moved = rates[5 * giver : 5 * giver + 5]
            assert moved[4] == pytest.approx(CP[gas] * T * moved[gas], rel=1e-9)
            assert moved[gas] != 0.0


def test_a_donor_is_kept_where_pressures_have_met_until_they_part():
    volumes = tank(1.0, 1e5, gas=0), tank(1.0, 1.001e5, gas=3)
    p = prepared(case(*volumes, paths=[WIDE_HOLE], duration=1.0, rtol=1e-6, gases=GASES))
    path = p.sample.paths[0]
    donors.choose_donors(p.plan, p.sample, p.state, True)
    assert path["chosen"] == donors.SINK
    met = p.state.copy()
    met[:4] *= 1.001
    donors.choose_donors(p.plan, p.sample, met, False)
    assert path["chosen"] == donors.SINK
    met[:4] *= 1.0 + 1e-12
    donors.choose_donors(p.plan, p.sample, met, False)
    assert path["chosen"] == donors.SOURCE
    network.rates(p.plan, p.sample, p.state, np.zeros(p.state.size))
    assert path["donor"] == 0


@pytest.mark.parametrize("rtol", [1e-4, 1e-6])
def test_no_donor_is_held_once_a_run_has_ended(rtol):
    p = prepared(turning(rtol))
    assert p.integrate()[0] == status.OK
    assert (p.sample.paths["donor"] == 0).all()


def test_what_flows_against_the_donor_is_an_error_of_the_step():
    """As much as the gases differ: none where both are one gas of one temperature."""
    errors = []
    for gas in (3, 0):
        volumes = tank(1.0, 1e5, gas=0), tank(1.0, 0.99e5, gas=gas)
        p = prepared(case(*volumes, paths=[seal(0, 1, 1e-9, 0.0)], duration=1.0, rtol=1e-6, gases=GASES))
        donors.choose_donors(p.plan, p.sample, p.state, True)
        p.work.new[:] = p.state
        p.work.new[-1] -= 1e-3
        p.work.stages[:] = 0.0
        p.work.error[:] = 0.0
        assert donors.turn_donors(p.plan, p.sample, p.state, p.work)
        donors.doubt_donors(p.plan, p.sample, p.state, p.work)
        assert not p.work.error.any()  # they are the right ones now
        donors.choose_donors(p.plan, p.sample, p.state, True)
        donors.doubt_donors(p.plan, p.sample, p.state, p.work)
        errors.append(p.work.error.copy())
    assert errors[0][[0, 3, 4, 7]] == pytest.approx(1e-3, rel=1.0)
    assert (errors[0][[0, 3, 4, 7]] >= 1e-3).all()
    assert not errors[0][[1, 2, 5, 6]].any()
    assert not errors[1].any()

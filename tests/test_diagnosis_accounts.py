"""Gas that a vessel loses and gets: what is in it at the end must be what the account leaves."""

from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, TIMES, decayed, points, written

from leakflow.solver.diagnosis.diagnose import _flows
from leakflow.solver.diagnosis.forecast import NOTHING, forecast
from leakflow.solver.diagnosis.forward import Forward, wanted_point
from leakflow.solver.diagnosis.hypotheses import load_rivals

DAY = 86400.0
CONTENT = 2.0 / (8.31446261815324 / 0.0280134 * 293.15)  # kg a Pa
RANDOM = '{ dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'
KNOWN = CASE.replace(RANDOM, "1e-10")
FEEDS = """
[feeds.in]
kind = "rate"
volume = "tank"
rate = 1e-6
[feeds.in_leak]
kind = "rate"
volume = "tank"
rate = 4e-6
[feeds.out]
kind = "rate"
volume = "tank"
rate = -2e-6
gas = "N2"
[feeds.keep]
kind = "hold"
volume = "tank"
pressure = 9.5e4
time_constant = 3600
"""
STATION = """
[volumes.{0}]
kind = "held"
volume = 9
pressure = {1}
[paths.{0}]
kind = "seal"
from = "{2}"
to = "{3}"
molecular = 3e-11
"""
VENT = '[[schedule]]\naction = "vent"\nvolume = "tank"\nat = 3e4\nto = 6e4\n'
VENT += '[[schedule]]\naction = "repressurise"\nvolume = "tank"\nat = 6e4\nto = 8e4\n'
WHOLE = (
    FEEDS + STATION.format("rich", 2e5, "rich", "tank") + STATION.format("poor", 1e4, "poor", "tank") + VENT
)


def test_one_feed_whose_name_begins_with_that_of_another_is_counted_once(tmp_path):
    text = KNOWN.replace("[run]", FEEDS.split("[feeds.out]")[0] + "[run]")
    forward = Forward(load_rivals(written(tmp_path, text + points(decayed(1e-10))))[0], 1)
    flows = _flows(forward, forward.run(np.empty((1, 0))).outcomes)
    assert flows["gas_in"] == pytest.approx([5e-6], rel=1e-12)


def test_a_diagnosis_accounts_for_all_gas(tmp_path):
    text = KNOWN.replace("[run]", WHOLE + "[run]") + points(decayed(1e-10))
    case = load_rivals(written(tmp_path, text))[0]
    ends = [wanted_point("tank", 0.0), wanted_point("tank", float(TIMES[-1]))]
    forward = Forward(case, 1, extra=ends)
    found = forward.run(np.empty((1, 0)))
    flows = {name: float(flow[0]) * forward.end for name, flow in _flows(forward, found.outcomes).items()}
    start, end = forward.extra(found)[0]
    left = flows["gas_in"] + flows["gas_supplied"] - flows["gas_out"]
    assert (end - start) * CONTENT == pytest.approx(left, rel=1e-6)
    # a held volume of a tenth of the pressure takes gas as the vacuum does
    assert flows["gas_out"] > 2e-6 * TIMES[-1] + 3e-11 * 3e4 * TIMES[-1]
    assert flows["gas_supplied"] > 2e4 * CONTENT


def test_a_forecast_accounts_for_all_gas(tmp_path):
    options = (
        '[options.hold]\nhold = { volume = "tank", pressure = 7e4 }\n'
        '[options.vent]\nevents = [{ action = "vent", volume = "tank", at = 1e5, every = "2 d", to = 3e4 }]\n'
        '[options.top-up]\ntop_up = { volume = "tank", below = 9.7e4, to = 1e5 }\n'
        '[options.slow]\ntop_up = { volume = "tank", below = 9.7e4, to = 1e5, rate = 1e-3 }\n'
        '[forecast]\nuntil = "10 d"\n'
    )
    # what life support puts into a held volume would be make-up as well, but none of the tank's balance
    whole = WHOLE.replace(
        'kind = "held"\nvolume = 9\npressure = 200000.0', 'kind = "boundary"\npressure = 2e5'
    )
    assert whole != WHOLE
    text = KNOWN.replace("[run]", whole + "[run]") + points(decayed(1e-10)) + options
    outlook = forecast(written(tmp_path, text))
    # before an option that vents at once has done so
    first = outlook.predictions[NOTHING, "case"].pressures["tank"][0, 0]
    for option in outlook.options:
        one = outlook.predictions[option, "case"]
        last = one.pressures["tank"][0, -1]
        gain = one.make_up[0] + (one.gas_in[0] - one.gas_lost[0]) * 10 * DAY
        assert gain == pytest.approx((last - first) * CONTENT, abs=1e-6 * one.gas_lost[0] * 10 * DAY)
        assert min(one.make_up[0], one.gas_in[0], one.gas_lost[0]) > 0.0


@pytest.mark.parametrize("kind", ["held", "boundary"])
def test_what_goes_into_a_held_hall_is_lost_and_no_make_up(tmp_path, kind):
    hall = f'[volumes.hall]\nkind = "{kind}"\npressure = 0\n' + ("volume = 1000\n" if kind == "held" else "")
    text = KNOWN.replace('to = "vacuum"', 'to = "hall"').replace(
        "[run]", hall.replace("= 0", "= 1e3") + "[run]"
    )
    text += points(decayed(1e-10)) + '[forecast]\nuntil = "1 d"\n'
    one = forecast(written(tmp_path, text)).predictions[NOTHING, "case"]
    assert not one.make_up.any()
    assert not one.gas_in.any()
    fell = one.pressures["tank"][0, 0] - one.pressures["tank"][0, -1]
    assert fell > 1e4
    assert one.gas_lost[0] * DAY == pytest.approx(fell * CONTENT, rel=1e-6)


def test_what_comes_from_a_boundary_does_not_lessen_what_is_lost(tmp_path):
    room = '[volumes.room]\nkind = "boundary"\npressure = 1e6\n'
    room += '[paths.room]\nkind = "seal"\nfrom = "room"\nto = "tank"\nmolecular = 2e-11\n'
    text = KNOWN.replace("[run]", room + "[run]") + points(decayed(1e-10)) + '[forecast]\nuntil = "1 d"\n'
    one = forecast(written(tmp_path, text)).predictions[NOTHING, "case"]
    now, end = one.pressures["tank"][0, [0, -1]]
    # dp/dt = (2e-11 (1e6 - p) - 1e-10 p)/CONTENT
    level, rate = 2e-5 / 1.2e-10, 1.2e-10 / CONTENT
    mean = level + (now - level) * (1.0 - np.exp(-rate * DAY)) / (rate * DAY)
    assert one.gas_lost[0] == pytest.approx(1e-10 * mean, rel=1e-6)
    assert one.gas_in[0] == pytest.approx(2e-11 * (1e6 - mean), rel=1e-6)
    assert end == pytest.approx(level + (now - level) * np.exp(-rate * DAY), rel=1e-6)

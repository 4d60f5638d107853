from __future__ import annotations

import dataclasses
import io
import shutil

import h5py
import numpy as np
import pytest
from decay_case import CASE, SD, TIMES, decayed, points, written
from rich.console import Console

from leakflow.solver.diagnosis.diagnose import diagnose, plain
from leakflow.solver.diagnosis.forecast import NOTHING, WEEK, forecast
from leakflow.solver.diagnosis.forecast_figures import (
    MIXTURE,
    better,
    draws_of,
    figures,
    plain_outlook,
    quantiles,
)
from leakflow.solver.diagnosis.forecast_tables import show_outlook
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.posterior import read_posteriors
from leakflow.solver.diagnosis.store import write_answer
from leakflow.solver.errors import CaseError, LeakflowError, ResultsError

DAY = 86400.0
CONDUCTANCE, LAST, SPAN = 1e-10, 9e4, 10 * DAY
R = 8.31446261815324 / 0.0280134
K = CONDUCTANCE * R * 293.15 / 2.0
CONTENT = 2.0 / (R * 293.15)  # kg a Pa
NOW = float(decayed(CONDUCTANCE)[-1])
RANDOM = 'molecular = { dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }'
KNOWN = CASE.replace(RANDOM, f"molecular = {CONDUCTANCE}") + points(decayed(CONDUCTANCE))
UNKNOWN = CASE + points(decayed(CONDUCTANCE) + np.array([150.0, -120.0, 60.0]))
LIMITS = """
[forecast]
until = "10 d"
limits = [{ name = "half", volume = "tank", below = 3e4 }, { name = "high", volume = "tank", above = 7e4 }]
"""
OPTIONS = """
[options.idle]
at = "2 d"
[options.hold]
hold = { volume = "tank", pressure = 4e4 }
[options.top-up]
top_up = { volume = "tank", below = 5e4, to = 6e4 }
[options.fill-now]
top_up = { volume = "tank", below = 8e4, to = 9e4, rate = 1e-3 }
[options.perfect]
at = "1 d"
patch = { path = "leak", efficacy = 1 }
[options.patch]
patch = { path = "leak", efficacy = { dist = "uniform", low = 0.5, high = 1 } }
[options.vent]
at = "1 d"
events = [{ action = "vent", volume = "tank", at = "1 d", to = 1e4 }]
"""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Nothing is random but the patch: every draw is the same, and so has a closed form."""
    folder = tmp_path_factory.mktemp("known")
    return forecast(written(folder, KNOWN + LIMITS + OPTIONS))


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A case, its answer and the file of it."""
    folder = tmp_path_factory.mktemp("sampled")
    case = written(folder, UNKNOWN + LIMITS + OPTIONS)
    answer = diagnose(case, seed=1, live=100)
    write_answer(answer, folder / "answer.nc")
    return case, answer, folder / "answer.nc"


def of(outlook, option):
    return outlook.predictions[option, outlook.posteriors[0].name]


def test_a_leak_goes_on_as_in_closed_form(known):
    found = of(known, NOTHING)
    expected = NOW * np.exp(-K * known.times)
    assert known.last == LAST
    assert known.times[-1] == SPAN
    assert WEEK in known.times
    np.testing.assert_allclose(found.pressures["tank"], np.tile(expected, (1000, 1)), rtol=1e-6)
    lost = (NOW - expected[-1]) * CONTENT / SPAN
    assert found.gas_lost == pytest.approx(np.full(1000, lost), rel=1e-6)
    assert found.crossings["half"] == pytest.approx(np.full(1000, np.log(NOW / 3e4) / K), rel=1e-6)
    assert not found.make_up.any()
    assert not found.top_ups.any()
    # it was above that limit before the last reading; what counts is after it
    assert decayed(CONDUCTANCE)[0] > 7e4 > NOW
    assert np.isinf(found.crossings["high"]).all()


def test_top_ups_are_as_many_as_counted_by_hand(known):
    found = of(known, "top-up")
    first, period = np.log(NOW / 5e4) / K, np.log(6e4 / 5e4) / K
    count = 1 + int((SPAN - first) / period)
    assert count > 5
    assert (found.top_ups == count).all()
    assert found.make_up == pytest.approx(np.full(1000, count * 1e4 * CONTENT), rel=1e-6)
    left = SPAN - first - (count - 1) * period
    assert found.pressures["tank"][:, -1] == pytest.approx(np.full(1000, 6e4 * np.exp(-K * left)), rel=1e-6)
    kept = found.pressures["tank"][0, -1] - NOW
    assert found.gas_lost * SPAN == pytest.approx(found.make_up - kept * CONTENT, rel=1e-6)


def test_a_limit_above_the_last_reading_does_not_act_in_the_past(known):
    """The pressure fell below 8e4 Pa before the last reading; the filling begins there all the same."""
    found, nothing = of(known, "fill-now"), of(known, NOTHING)
    assert (found.pressures["tank"][:, 0] == nothing.pressures["tank"][:, 0]).all()
    # while it fills: V dp/dt = R T (rate - C p)
    level = 1e-3 / CONDUCTANCE
    fill = np.log((level - NOW) / (level - 9e4)) / K
    assert fill < known.times[1]
    again = np.log(9e4 / 8e4) / K
    refill = np.log((level - 8e4) / (level - 9e4)) / K
    assert (found.top_ups == 1 + int((SPAN - fill + refill) / (again + refill))).all()
    first = found.crossings["high"][0]
    assert first == pytest.approx(np.log((level - NOW) / (level - 7e4)) / K, rel=1e-6)


def test_what_is_held_costs_what_leaks(known):
    found = of(known, "hold")
    steady = CONDUCTANCE * 4e4
    droop = steady / CONTENT * 600.0
    assert found.pressures["tank"][:, 0] == pytest.approx(np.full(1000, 4e4), rel=1e-12)
    # the make-up is in proportion to what is missing
    settled = 4e4 / (1.0 + K * 600.0)
    assert found.pressures["tank"][:, -1] == pytest.approx(np.full(1000, settled), rel=1e-6)
    assert droop < 1000.0
    assert found.make_up == pytest.approx(np.full(1000, CONDUCTANCE * settled * SPAN), rel=0.002)
    vented = (NOW - 4e4) * CONTENT
    assert found.gas_lost * SPAN == pytest.approx(
        found.make_up + vented + (4e4 - settled) * CONTENT, rel=1e-6
    )


def test_patches(known):
    """A perfect one stops the loss; one of uncertain efficacy leaves a share of it."""
    found = of(known, "perfect")
    after = known.times >= DAY
    stopped = NOW * np.exp(-K * DAY)
    np.testing.assert_allclose(found.pressures["tank"][:, after], stopped, rtol=1e-6)
    uncertain = of(known, "patch").pressures["tank"][:, -1]
    factor = -np.log(uncertain / NOW) / (K * SPAN)
    assert factor.min() >= -1e-6
    assert factor.max() <= 0.5 + 1e-6
    for share in (0.1, 0.5, 0.9):  # within four standard errors of a uniform law's
        slack = 4.0 * 0.5 * np.sqrt(share * (1.0 - share) / 1000)
        assert np.quantile(factor, share) == pytest.approx(0.5 * share, abs=slack)


def test_hatches_are_shut_and_opened(tmp_path):
    """One joins the tank to what stays at half its pressure, the other at nine tenths."""
    hatch = '[volumes.{0}]\nkind = "held"\nvolume = 9\npressure = {1}\n[paths.{0}]\nkind = "hatch"\n'
    hatch += 'from = "tank"\nto = "{0}"\narea = 1e-4\nopening = {2}\n'
    hatches = hatch.format("left", NOW / 2, 0.0) + hatch.format("right", 0.9 * NOW, 1.0)
    tight = KNOWN.replace(f"molecular = {CONDUCTANCE}", "molecular = 0")
    options = '[options.shut]\nshut = "right"\n[options.swap]\nshut = "right"\nopen = "left"\n'
    options += (
        '[options.vent]\nshut = "right"\nevents = [{ action = "vent", volume = "tank", at = 10, to = 1e4 }]\n'
    )
    outlook = forecast(written(tmp_path, tight.replace("[run]", hatches + "[run]") + options), until="1 d")
    for option, level in ((NOTHING, 0.9 * NOW), ("shut", 0.9 * NOW), ("swap", NOW / 2), ("vent", 1e4)):
        expected = pytest.approx(np.full(1000, level), rel=1e-9)
        assert of(outlook, option).pressures["tank"][:, -1] == expected
    # what goes into a held volume is lost, and no make-up less than none
    assert not of(outlook, "swap").make_up.any()
    taken = 0.4 * NOW * CONTENT / DAY
    assert of(outlook, "swap").gas_lost == pytest.approx(np.full(1000, taken), rel=1e-6)
    lost = (0.9 * NOW - 1e4) * CONTENT / DAY
    assert of(outlook, "vent").gas_lost == pytest.approx(np.full(1000, lost), rel=1e-6)


def test_events_count_from_when_the_option_begins(known):
    found = of(known, "vent").pressures["tank"][0]
    before, after = known.times < 2 * DAY, known.times > 2 * DAY
    assert found[before] == pytest.approx(NOW * np.exp(-K * known.times[before]), rel=1e-6)
    assert found[after] == pytest.approx(1e4 * np.exp(-K * (known.times[after] - 2 * DAY)), rel=1e-6)


def test_what_changes_nothing_is_nothing_to_the_bit(sampled):
    case, _, file = sampled
    outlook = forecast(case, posterior=file, options=["idle", "perfect", "patch"], seed=1)
    nothing, idle = of(outlook, NOTHING), of(outlook, "idle")
    for one, other in zip(nothing[1:4], idle[1:4], strict=True):
        assert (one == other).all()
    assert (nothing.pressures["tank"] == idle.pressures["tank"]).all()
    assert (nothing.crossings["half"] == idle.crossings["half"]).all()
    assert better(outlook, NOTHING, "idle", figures(outlook)[0]) == (0.0, pytest.approx(1.0))
    for option in ("perfect", "patch"):  # and the past is the same
        assert (of(outlook, option).pressures["tank"][:, 0] == nothing.pressures["tank"][:, 0]).all()
        assert (of(outlook, option).pressures["tank"][:, -1] > nothing.pressures["tank"][:, -1]).all()


def test_the_past_is_the_same_to_the_bit_where_no_limit_is_watched(sampled, tmp_path):
    """A control that only an option brings must not change the steps before it."""
    outlook = forecast(written(tmp_path, UNKNOWN + OPTIONS), posterior=sampled[2], until="10 d", seed=1)
    last = of(outlook, NOTHING).pressures["tank"][:, 0]
    for option in ("idle", "top-up", "perfect", "patch", "vent"):
        assert (of(outlook, option).pressures["tank"][:, 0] == last).all()


def test_of_what_is_kept_empty_the_lower_pressure_is_better(sampled, tmp_path):
    """A patch keeps the pressure up in every draw: worse where it ought to be low."""
    _, _, file = sampled
    for key, wins in (("", 1.0), ('better = "higher-pressure"\n', 1.0), ('better = "lower-pressure"\n', 0.0)):
        case = written(tmp_path, UNKNOWN + OPTIONS + "[forecast]\n" + key)
        outlook = forecast(case, posterior=file, options=["perfect"], until="10 d", seed=1)
        by_name = {figure.name: better(outlook, "perfect", NOTHING, figure)[0] for figure in figures(outlook)}
        assert by_name["pressure_tank_week"] == by_name["pressure_tank_end"] == pytest.approx(wins)
        assert by_name["gas_lost"] == pytest.approx(1.0)
    screen = Console(file=io.StringIO(), width=200, markup=False)
    show_outlook(screen, outlook)
    assert "pressure tank end [mmHg]: less" in screen.file.getvalue()


def test_draws_are_those_of_the_posterior(sampled):
    case, answer, file = sampled
    outlook = forecast(case, posterior=file, options=["patch"], seed=1, threads=2)
    conductance = answer.explanations[0].inputs["conductance"]
    expected = decayed(conductance, LAST + outlook.times)
    np.testing.assert_allclose(of(outlook, NOTHING).pressures["tank"], expected, rtol=1e-6)
    found = of(outlook, "patch").pressures["tank"][:, -1]
    start = expected[:, 0]
    factor = -np.log(found / start) / (conductance * R * 293.15 / 2.0 * SPAN)
    assert abs(np.corrcoef(factor, conductance)[0, 1]) < 4.0 / np.sqrt(1000)
    alone = forecast(case, posterior=file, options=["patch"], seed=1, threads=1)
    assert (of(alone, "patch").pressures["tank"] == of(outlook, "patch").pressures["tank"]).all()
    anew = forecast(case, options=["patch"], seed=1, live=100)
    assert plain_outlook(anew) == plain_outlook(outlook)


def test_what_the_schedule_draws_keeps_its_posterior(tmp_path):
    """Its numbers are named by their place, and here an event after the record is the first."""
    schedule = (
        '[[schedule]]\naction = "vent"\nvolume = "tank"\nat = "3 d"\nto = 2e4\n'
        '[[schedule]]\naction = "repressurise"\nvolume = "tank"\nat = 1e4\n'
        'to = { dist = "uniform", low = 1e5, high = 1.2e5 }\n'
    )
    read = points(1.1e5 * np.exp(-K * (TIMES - 1e4)))
    text = CASE.replace(RANDOM, f"molecular = {CONDUCTANCE}") + read
    text = text.replace("[run]", schedule + "[run]").replace('duration = "2 d"', 'duration = "5 d"')
    outlook = forecast(written(tmp_path, text), until="5 d", seed=1, live=50)
    (posterior,) = outlook.posteriors
    (filled,) = posterior.draws.values()
    assert 1e5 < filled.min() < filled.max() < 1.2e5
    expected = filled * np.exp(-K * (LAST - 1e4))
    assert of(outlook, NOTHING).pressures["tank"][:, 0] == pytest.approx(expected, rel=1e-6)
    assert of(outlook, NOTHING).pressures["tank"][:, -1].max() < 2e4


def test_all_hypotheses_together_are_their_weighted_sum(tmp_path):
    """Two that explain the record alike, one of which has a patch to make: 1 to 3 by their priors."""
    rivals = (
        "[hypotheses.one]\n[hypotheses.other]\nprior = 3\n[hypotheses.other.changes]\n"
        'paths = { bare = { kind = "seal", from = "tank", to = "vacuum", molecular = 1e-10 } }\n'
    )
    option = '[options.perfect]\npatch = { path = "leak", efficacy = 1 }\n'
    outlook = forecast(written(tmp_path, KNOWN + LIMITS + rivals + option))
    assert [one.probability for one in outlook.posteriors] == pytest.approx([0.25, 0.75])
    end = next(figure for figure in figures(outlook) if figure.name == "pressure_tank_end")
    values, weights = draws_of(outlook, "perfect", MIXTURE, end)
    assert weights.sum() == pytest.approx(1.0)
    leaked = NOW * np.exp(-K * SPAN)
    assert values @ weights == pytest.approx(0.25 * NOW + 0.75 * leaked, rel=1e-6)
    low, high = quantiles(values, weights, (0.74, 0.76))
    assert (low, high) == (pytest.approx(leaked, rel=1e-6), pytest.approx(NOW, rel=1e-6))
    # the path is not there under the other hypothesis: nothing is patched
    assert better(outlook, "perfect", NOTHING, end) == (pytest.approx(0.25), pytest.approx(0.75))
    half = plain_outlook(outlook)["options"]["perfect"]["figures"][MIXTURE]["time_to_half"]
    assert half["probability"] == pytest.approx(0.75)
    assert half["median"] == pytest.approx(np.log(NOW / 3e4) / K, rel=1e-6)
    assert half["interval_90"][1] is None


def test_gas_that_does_not_come_from_bottles_is_no_make_up(tmp_path):
    """An in-leak keeps the pressure up, and the make-up of a hold waits until it falls."""
    feed = '[feeds.in]\nkind = "rate"\nvolume = "tank"\nrate = 1e-5\n'
    option = '[options.hold]\nhold = { volume = "tank", pressure = 4e4, vent_every = "1 d" }\n'
    outlook = forecast(written(tmp_path, KNOWN.replace("[run]", feed + "[run]") + LIMITS + option))
    found = of(outlook, "hold")
    assert not found.make_up.any()
    # level C p = rate is at 1e5 Pa: between two vents the pressure comes nearer to it
    risen = 1e5 - (1e5 - 4e4) * np.exp(-K * 1.0 * DAY)
    assert found.pressures["tank"][0].max() < risen * (1.0 + 1e-6)
    assert found.pressures["tank"][0].min() > 4e4 * (1.0 - 1e-6)
    assert of(outlook, NOTHING).pressures["tank"][0, -1] > 9.9e4


def test_files_of_something_else_are_refused(sampled, tmp_path):
    case, _, file = sampled
    assert len(read_posteriors(file, load_rivals(case)[1], 1)) == 1

    def refused(text, seed=1, **changes):
        other = written(tmp_path, text) if text else case
        with pytest.raises(ResultsError) as caught:
            forecast(other, posterior=changes.get("file", file), seed=seed)
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    whole = UNKNOWN + LIMITS + OPTIONS
    assert "is of seed 1, not 2" in refused(None, seed=2)
    assert "of another record" in refused(whole.replace(f"uncertainty = {SD}", "uncertainty = 300"))
    assert "it differs in volumes" in refused(whole.replace("volume = 2\n", "volume = 3\n"))
    assert "has no hypothesis mine" in refused(whole + "[hypotheses.mine]\n")
    assert "not an HDF5 file" in refused(None, file=case)
    assert "no such file" in refused(None, file=tmp_path / "none.nc")
    with h5py.File(tmp_path / "odd.nc", "w") as odd:
        odd["evidence"] = 1.0
    assert "no group evidence" in refused(None, file=tmp_path / "odd.nc")
    odd = tmp_path / "odd.nc"
    for change, line in ((np.zeros((1, 999)), "must be (1, 1000)"), (np.zeros(1000), "must be (1, 1000)"),
                         (None, "has no draws of input conductance of hypothesis case")):  # fmt: skip
        shutil.copy(file, odd)
        with h5py.File(odd, "a") as changed:
            del changed["case/posterior/conductance"]
            if change is not None:
                changed["case/posterior/conductance"] = change
        assert line in refused(None, file=odd)
    # options and how far to look say nothing of the posterior
    assert forecast(written(tmp_path, UNKNOWN), posterior=file, until="1 d", seed=1).times[-1] == DAY


@pytest.mark.parametrize(
    "text, line",
    [
        ("[forecast]\nuntl = 1\n", "forecast.untl: unknown key; did you mean forecast.until?"),
        ('[forecast]\nbetter = "lower"\n', 'forecast.better = "lower": must be'),
        ('[forecast]\nuntil = "soon"\n', 'forecast.until = "soon": must be a time'),
        ('[forecast]\nlimits = [{ volume = "tank" }]\n', "must have either below or above"),
        ('[forecast]\nlimits = [{ volume = "tnak", below = 1 }]\n',
         'forecast.limits.0.volume = "tnak": no such integrated volume; did you mean tank?'),
        ('[options.a]\npatch = { path = "leek", efficacy = 1 }\n',
         'options.a.patch.path = "leek": no such path in any hypothesis; did you mean leak?'),
        ('[options.a]\npatch = { path = "leak", efficacy = 1.5 }\n',
         "options.a.patch.efficacy = 1.5: must be from"),
        ('[options.a]\npatch = { path = "leak", efficacy = { dist = "normal", mean = 0.5, sd = 0.1 } }\n',
         "must be one number, or a distribution within 0 and 1"),
        ('[options.a]\npatch = { path = "leak", efficacy = 1, agein = 1 }\n',
         "unknown key; did you mean options.a.patch.ageing?"),
        ('[options.a]\nshut = "leak"\n',
         'toml: options.a.shut = "leak": must be a valve or a hatch; leak is of kind seal'),
        ('[options.a]\nhold = { volume = "vacuum", pressure = 1e4 }\n',
         'toml: options.a.hold.volume = "vacuum": must be an integrated volume'),
        ('[options.a]\ntop_up = { volume = "vacuum", below = 1e4, to = 2e4 }\n',
         'toml: options.a.top_up.volume = "vacuum": must be an integrated volume'),
        ('[options.a]\nat = 9\nevents = [{ action = "temperature", volume = "tank", at = 5, to = 5e3 }]\n',
         "toml: options.a.events.0.to = 5000: must be from 200 to 500 K"),
        ('[options.a]\npatch = { path = "leak", efficacy = 1 }\n'
         'events = [{ action = "open", at = 5, path = "leak" }]\n',
         'toml: options.a.events.0.path = "leak": must be a valve'),
        ('[options.a]\nhold = { volume = "tank", pressure = 1e4, vent_every = 1e-5 }\n',
         "toml: options.a: schedule = "),
        ('[options.a]\ntop_up = { volume = "tank", below = 2e4, to = 1e4 }\n', "must be above below"),
        ('[options.a]\nevents = [{ action = "vnet", at = 0, volume = "tank", to = 0 }]\n',
         'options.a.events.0.action = "vnet": must be one of'),
        ('[options.nothing]\npatch = { path = "leak", efficacy = 1 }\n', "options.nothing: must do nothing"),
    ],
)  # fmt: skip
def test_faults_are_one_line_each(tmp_path, text, line):
    with pytest.raises(CaseError) as caught:
        forecast(written(tmp_path, KNOWN + text))
    assert line in str(caught.value)
    assert len(caught.value.faults) == 1


def test_the_end_may_be_a_date(tmp_path):
    case = written(tmp_path, KNOWN.replace("[record]", '[record]\nstart = "2021-07-14"'))
    outlook = forecast(case, until="2021-07-18")
    assert outlook.times[-1] == 4 * DAY - LAST
    with pytest.raises(LeakflowError, match="must be after the last reading, 2021-07-15 01:00"):
        forecast(case, until="2021-07-15")
    with pytest.raises(LeakflowError, match="the record has no start"):
        forecast(written(tmp_path, KNOWN), until="2021-07-15")
    case = written(tmp_path, KNOWN.replace("[record]", '[record]\nstart = "2021-07-14"'))
    with pytest.raises(LeakflowError, match="has a time zone, but the record's start, 2021-07-14, has none"):
        forecast(case, until="2021-07-18T00:00+03:00")
    zoned = KNOWN.replace("[record]", '[record]\nstart = "2021-07-14T00:00+03:00"')
    zoned = written(tmp_path, zoned)
    for text in ("2021-07-17T21:00Z", "2021-07-18T00:00+03:00", "2021-07-18"):
        assert forecast(zoned, until=text).times[-1] == 4 * DAY - LAST


def test_options_that_are_not_there_or_come_too_late(tmp_path):
    case = written(tmp_path, KNOWN + OPTIONS + "[options.nothing]\n")
    with pytest.raises(CaseError, match="no such option; did you mean idle"):
        forecast(case, options=["idel"])
    with pytest.raises(CaseError, match="no such option; there is nothing, idle"):
        forecast(case, options=["zzz"])
    with pytest.raises(
        CaseError, match=r"options\.idle\.at = 172800: must be before the end of the"
    ) as caught:
        forecast(case, until="2 d", options=["idle", "perfect"])
    assert len(caught.value.faults) == 1
    # the vent comes a day after its option, which begins on day 1: at the end of two days it is not reached
    with pytest.raises(CaseError) as caught:
        forecast(case, until="2 d", options=["vent"])
    text = "must be before the end of the forecast, 86400 s after the option begins"
    assert caught.value.faults == [f"decay.toml: options.vent.events.0.at = 86400: {text}"]


def test_a_number_without_unit_is_in_seconds(tmp_path):
    case = written(tmp_path, KNOWN)
    for until in (864000, "864000", "8.64e5", "10 d"):
        assert forecast(case, until=until).times[-1] == 864000.0
    for until in ("-5", "nan", "inf", "soon"):
        with pytest.raises(LeakflowError, match=f"--until {until}: must be"):
            forecast(case, until=until)


def test_events_of_options_are_among_the_times(known):
    """The vent comes a day after its option, on day 2; it is seen as the step that it is."""
    found = of(known, "vent").pressures["tank"][0]
    place = int(np.searchsorted(known.times, 2 * DAY))
    assert known.times[place - 1 : place + 1] == pytest.approx([2 * DAY - 1.0, 2 * DAY])
    assert found[place - 1] == pytest.approx(NOW * np.exp(-K * (2 * DAY - 1.0)), rel=1e-6)
    assert found[place] == pytest.approx(1e4, rel=1e-6)


def test_an_option_of_other_hypotheses_is_left_out(tmp_path):
    rivals = (
        "[hypotheses.one]\n[hypotheses.other]\n[hypotheses.other.changes]\n"
        'paths = { bare = { kind = "seal", from = "tank", to = "vacuum", molecular = 1e-10 } }\n'
    )
    option = '[options.perfect]\npatch = { path = "leak", efficacy = 1 }\n[options.idle]\n'
    case = written(tmp_path, KNOWN + LIMITS + rivals + option)
    outlook = forecast(case, only=["other"])
    assert (list(outlook.options), outlook.left_out) == ([NOTHING, "idle"], ["perfect"])
    assert forecast(case, only=["one"]).left_out == []
    with pytest.raises(CaseError, match="no such path in any hypothesis"):
        forecast(written(tmp_path, KNOWN + LIMITS + rivals + option.replace("leak", "leek")), only=["other"])


def test_runs_that_fail_give_what_comes_before(tmp_path):
    """More is taken out than there is: the tank is empty before a week is over, but not before a day is."""
    pump = '[feeds.pump]\nkind = "rate"\nvolume = "tank"\ngas = "N2"\nrate = -4e-6\n'
    late = 'limits = [{ name = "late", volume = "tank", above = 2e5 }, '
    case = written(tmp_path, KNOWN.replace("[run]", pump + "[run]") + LIMITS.replace("limits = [", late))
    outlook = forecast(case)
    told = plain_outlook(outlook)
    assert told["failed_runs"] == 1000
    figures_told = told["options"][NOTHING]["figures"]["case"]
    for name in ("pressure_tank_week", "pressure_tank_end", "gas_lost", "time_to_late"):
        assert (figures_told[name]["median"], figures_told[name]["draws"]) == (None, 0)
    # V dp/dt = R T (-4e-6 - C p) from 1e5 Pa
    level = 4e-6 / CONDUCTANCE
    passed = {p: np.log((1e5 + level) / (p + level)) / K - LAST for p in (3e4, 0.0)}
    half = figures_told["time_to_half"]
    assert (half["probability"], half["draws"]) == (pytest.approx(1.0), 1000)
    assert half["median"] == pytest.approx(passed[3e4], rel=1e-6)
    step = SPAN / 40 / 8
    assert passed[0.0] - 1.5 * step < told["all_runs_reach"] <= passed[0.0]
    found = of(outlook, NOTHING)
    before = outlook.times <= told["all_runs_reach"]
    expected = (1e5 + level) * np.exp(-K * (LAST + outlook.times[before])) - level
    np.testing.assert_allclose(found.pressures["tank"][0, before], expected, rtol=1e-5)
    assert np.isnan(found.pressures["tank"][:, ~before]).all()
    screen = Console(file=io.StringIO(), width=100)
    show_outlook(screen, outlook)
    rows = [line.split() for line in screen.file.getvalue().splitlines() if "nothing" in line]
    assert [row[1] == "-" for row in rows].count(False) == 1
    reach = np.floor(told["all_runs_reach"] / DAY * 100) / 100
    assert f'--until "{reach:g} d" keeps them all' in screen.file.getvalue()
    assert forecast(case, until=f"{reach:g} d").failures == 0
    ahead = plain(diagnose(case))["hypotheses"][0]["next_pressure"]
    level, now = -4e-6 / CONDUCTANCE, 1e5
    expected = level + (now - level) * np.exp(-K * (LAST + DAY))
    assert ahead["day"]["tank"]["median"] == pytest.approx(expected, rel=1e-6)
    assert (ahead["week"]["tank"]["median"], ahead["week"]["tank"]["failed"]) == (None, 1000)


def test_what_only_some_runs_reach_is_of_all_that_do(tmp_path):
    """The pump is random: draws that are empty before the horizon count a week on if they are not by then."""
    feed = (
        '[feeds.pump]\nkind = "rate"\nvolume = "tank"\ngas = "N2"\nrate = { dist = "uniform", low = -2e-6, '
    )
    text = KNOWN.replace("[run]", feed + 'high = -1e-8, name = "pump" }\n[run]')
    case = written(tmp_path, text.replace(f"uncertainty = {SD}", "uncertainty = 5e4") + LIMITS)
    outlook = forecast(case, until="20 d", seed=1, live=50, options=[])
    (posterior,) = outlook.posteriors
    level = -posterior.draws["pump"] / CONDUCTANCE
    empty = np.log((1e5 + level) / level) / K - LAST
    found = of(outlook, NOTHING)
    week = int(np.searchsorted(outlook.times, WEEK))
    assert 50 < (empty < WEEK).sum() < 950
    assert ((empty > WEEK) & (empty < 20 * DAY)).sum() > 50
    sure = np.abs(empty - WEEK) > DAY
    pressure = found.pressures["tank"][:, week]
    assert (np.isnan(pressure) == (empty < WEEK))[sure].all()
    expected = (1e5 + level) * np.exp(-K * (LAST + WEEK)) - level
    there = sure & (empty > WEEK)
    np.testing.assert_allclose(pressure[there], expected[there], rtol=1e-4, atol=0.1)
    half = np.log((1e5 + level) / (3e4 + level)) / K - LAST
    np.testing.assert_allclose(found.crossings["half"], half, rtol=1e-5)
    alone = forecast(case, until="20 d", seed=1, live=50, options=[], threads=1)
    assert np.array_equal(of(alone, NOTHING).pressures["tank"], found.pressures["tank"], equal_nan=True)


def test_what_rounding_leaves_is_no_gas(known, tmp_path):
    """A path so fine that less than a microgram passes: no gas lost and none in, and so no option better."""
    fine = '[volumes.room]\nkind = "boundary"\npressure = 2e5\n[paths.fine]\nkind = "seal"\n'
    fine += 'from = "room"\nto = "tank"\nmolecular = 1e-24\n[run]'
    text = KNOWN.replace(f"molecular = {CONDUCTANCE}", "molecular = 1e-24").replace("[run]", fine)
    text = text.replace(f"uncertainty = {SD}", "uncertainty = 5e4")
    option = '[options.perfect]\npatch = { path = "fine", efficacy = 0.5 }\n'
    outlook = forecast(written(tmp_path, text + LIMITS + option))
    by_name = {figure.name: figure for figure in figures(outlook)}
    for name in ("gas_in", "gas_lost"):
        assert not by_name[name].of(outlook.predictions["perfect", "case"]).any()
        assert better(outlook, "perfect", NOTHING, by_name[name]) == (0.0, pytest.approx(1.0))
    screen = Console(file=io.StringIO(), width=200)
    show_outlook(screen, outlook)
    assert "gas in" not in screen.file.getvalue()
    # and what is more is there to the microgram
    lost = of(known, NOTHING).gas_lost * SPAN
    assert lost == pytest.approx(np.full(1000, (NOW - NOW * np.exp(-K * SPAN)) * CONTENT), rel=1e-6)
    assert np.abs(lost * 1e9 - np.round(lost * 1e9)).max() < 1e-3


@pytest.mark.parametrize(
    "spread, cell",
    [(0.0, "123.4"), (5e-7, "123.4"), (5e-5, "123.4231 (123.4215 .. 123.4246) [123.4203 .. 123.4259]")],
)
def test_a_spread_that_is_only_rounding_has_no_band(known, spread, cell):
    """Ends that differ by less than a millionth are one number, not nine digits of noise."""
    levels = 123.42 * 133.322387415 * (1.0 + spread * np.linspace(0.0, 1.0, 1000))
    pressures = {"tank": np.repeat(levels[:, None], known.times.size, axis=1)}
    made = {key: one._replace(pressures=pressures) for key, one in known.predictions.items()}
    screen = Console(file=io.StringIO(), width=60, markup=False)
    show_outlook(screen, dataclasses.replace(known, predictions=made))
    shown = " ".join(screen.file.getvalue().split("pressure tank end")[1].split("make up")[0].split())
    assert f"nothing {cell}" in shown

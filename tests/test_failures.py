"""Why samples failed: the reasons against the kernels' own statuses, and against numbers drawn otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from small_case import written

from leakflow.kernels import status
from leakflow.solver import Results, failed_samples, load_case, run, sweep
from leakflow.solver._failure_draw import outside
from leakflow.solver.failures import reasons_of, why_it_failed
from leakflow.solver.plan import compile_case

# every number that may be random goes out of its bounds in some samples
WILD = """
title = "wild"
[gas]
temperature = { dist = "normal", mean = 440, sd = 40, name = "warmth" }
[volumes.tank]
kind = "integrated"
volume = { dist = "normal", mean = 2, sd = 1.2, name = "size" }
pressure = { dist = "normal", mean = 1e5, sd = 5e4 }
energy = "wall"
wall_conductance = { dist = "normal", mean = 20, sd = 10 }
[volumes.space]
kind = "boundary"
pressure = 0
[paths.hole]
kind = "orifice"
from = "tank"
to = "space"
diameter = { dist = "normal", mean = 1e-4, sd = 5e-5 }
discharge_coefficient = { dist = "normal", mean = 0.8, sd = 0.1 }
[paths.iso]
kind = "orifice"
from = "tank"
to = "space"
iso6358 = { C = 1e-12, b = { dist = "normal", mean = 0.3, sd = 0.15 } }
[paths.ring]
kind = "seal"
from = "tank"
to = "space"
molecular = { dist = "normal", mean = 1e-13, sd = 5e-14 }
contact = { stress = 1e6, sealing_factor = { dist = "normal", mean = 1e6, sd = 4e5 } }
[paths.valve]
kind = "valve"
from = "tank"
to = "space"
area = 1e-9
[feeds.bottle]
kind = "hold"
volume = "tank"
pressure = { dist = "normal", mean = 1e4, sd = 4e3 }
time_constant = { dist = "normal", mean = 1000, sd = 500 }
[controls.fill]
kind = "repressurise"
volume = "tank"
below = { dist = "normal", mean = 2e4, sd = 2e3 }
to = { dist = "normal", mean = 2.5e4, sd = 2e3 }
[[schedule]]
action = "open"
path = "valve"
at = { dist = "normal", mean = 500, sd = 250 }
opening = { dist = "normal", mean = 0.7, sd = 0.2 }
[run]
duration = 1000
max_steps = 5000
"""
CRACKS = """
title = "cracks"
[volumes.tank]
kind = "integrated"
volume = 2
pressure = "1 bar"
[volumes.space]
kind = "boundary"
pressure = 0
[paths.cracks]
kind = "cracks"
from = "tank"
to = "space"
count = { dist = "uniform", low = 1, high = 5 }
opening = { dist = "normal", mean = 5e-6, sd = 2.5e-6 }
length = { dist = "normal", mean = 0.01, sd = 0.005 }
depth = 0.002
accommodation = { dist = "normal", mean = 0.8, sd = 0.1, per = "crack" }
taper = { dist = "normal", mean = 6, sd = 2.5 }
[run]
duration = 100
[outcomes]
crack_geometry = true
"""


def swept(folder: Path, text: str, samples: int) -> Results:
    return sweep(load_case(written(folder, text)), samples=samples)


def test_every_sample_that_could_not_start_has_a_reason_and_no_other_has(tmp_path: Path) -> None:
    case = load_case(written(tmp_path, WILD))
    compiled, results = compile_case(case), sweep(case, samples=1500)
    codes = (status.IMPOSSIBLE, status.OUT_OF_RANGE)
    found = {code: [reasons_of(case, compiled, i, code) for i in np.flatnonzero(results.status == code)]
             for code in (status.OK, *codes)}  # fmt: skip
    assert all(len(found[code]) > 5 for code in found)
    assert all(reasons for code in codes for reasons in found[code])
    said = {reason.split(" ")[0] for reasons in found[status.IMPOSSIBLE] for reason in reasons}
    assert said >= {
        "volumes.tank.volume", "volumes.tank.pressure", "volumes.tank.wall_conductance",
        "paths.hole.diameter", "paths.hole.discharge_coefficient", "paths.iso.iso6358.b",
        "paths.ring.molecular", "paths.ring.contact.sealing_factor", "feeds.bottle.pressure",
        "feeds.bottle.time_constant", "schedule.at", "schedule,", "controls.fill.to",
    }  # fmt: skip
    # held against a status that they do not have, good samples show no number out of its bounds
    good = np.flatnonzero(results.status == status.OK)
    assert [i for i in good for code in codes if reasons_of(case, compiled, i, code)] == []


def test_a_value_in_a_reason_is_the_one_that_was_drawn(tmp_path: Path) -> None:
    results = swept(tmp_path, WILD, 200)
    drawn = {"volumes.tank.volume": "size", "volumes.tank": "warmth"}
    checked = 0
    for failure in failed_samples(results):
        for reason in failure.reasons:
            match = re.fullmatch(
                r"(volumes\.tank(?:\.volume)?)(?: at the start:)? (\S+) (K|m\^3) is .*", reason
            )
            if match:
                stored = results[drawn[match[1]]][results.samples == failure.sample][0]
                assert float(match[2]) == pytest.approx(stored, rel=1e-5, abs=0.0)
                checked += 1
    assert checked > 10


def test_the_crack_that_is_out_of_range_is_named(tmp_path: Path) -> None:
    results = swept(tmp_path, CRACKS, 300)
    assert results.cracks is not None
    counts = results["each_cracks_count"]
    ends = np.cumsum(counts)
    named = 0
    for failure in failed_samples(results):
        row = int(np.flatnonzero(results.samples == failure.sample)[0])
        own = slice(ends[row] - counts[row], ends[row])
        taper, accommodation = results["each_cracks_taper"][own], results["each_cracks_accommodation"][own]
        opening, length = results["each_cracks_opening"][own], results["each_cracks_length"][own]
        if failure.status == "out_of_range":
            expected = {
                (i + 1, "accommodation") for i in np.flatnonzero((accommodation < 0.6) | (accommodation > 1))
            }
            expected |= {(i + 1, "taper") for i in np.flatnonzero(taper > 10)}
        else:
            assert failure.status == "impossible_geometry"
            expected = {(i + 1, "opening") for i in np.flatnonzero(opening <= 0)}
            expected |= {(i + 1, "length") for i in np.flatnonzero(length <= 0)}
            expected |= {(i + 1, "taper") for i in np.flatnonzero(taper < 1)}
        found = [re.match(r"crack (\d+) of paths\.cracks: (\w+) ", reason) for reason in failure.reasons]
        assert {
            (int(match[1]), match[2]) for match in found if match
        } == expected or "and more" in failure.reasons
        named += len(expected)
    assert named > 100


def test_the_seal_that_is_out_of_range_is_named(tmp_path: Path) -> None:
    text = WILD.replace("stress = 1e6, sealing", "stress = 1.2e7, gain = -3e6, sealing")
    lines = [
        line for failure in failed_samples(swept(tmp_path, text, 300)) for line in failure.reasons
        if "contact" in line and "not above" not in line
    ]  # fmt: skip
    stiff = r"paths\.ring\.contact: 3 gain times the higher pressure over sealing_factor \S+ is above 1e\+06"
    lifts = r"paths\.ring\.contact: 3 at_stress/sealing_factor \S+ is above 50"
    for pattern in (stiff, lifts):
        assert any(re.fullmatch(pattern, line) for line in lines)
    assert all(re.fullmatch(f"{stiff}|{lifts}", line) for line in lines)


def test_the_words_of_a_reason(tmp_path: Path) -> None:
    lines = [line for failure in failed_samples(swept(tmp_path, CRACKS, 100)) for line in failure.reasons]
    pattern = r"crack \d of paths\.cracks: accommodation 0\.5\d+ is below 0\.6, what the law is fitted to"
    assert any(re.fullmatch(pattern, line) for line in lines)


@pytest.mark.parametrize(
    ("value", "bounds", "text"),
    [
        (0.5, "[0, 1]", None),
        (0.0, "[0, 1]", None),
        (1.0, "[0, 1]", None),
        (-0.5, "[0, 1]", "-0.5 m is below 0"),
        (1.5, "[0, 1]", "1.5 m is above 1"),
        (0.0, "(0, 1)", "0 m is not above 0"),
        (1.0, "(0, 1)", "1 m is not below 1"),
        (float("nan"), "[0, inf]", "nan m is below 0"),
        (float("inf"), "[0, inf)", "inf m is not below inf"),
    ],
)
def test_on_which_side_of_an_interval(value: float, bounds: str, text: str | None) -> None:
    assert outside(value, bounds, "m") == text


def test_a_sample_that_fails_on_the_way_shows_its_extreme_inputs(tmp_path: Path) -> None:
    # the hole decides how many steps there are: only the widest need more than are allowed
    text = """
title = "steps"
[volumes.tank]
kind = "integrated"
volume = 2
pressure = "1 bar"
[volumes.space]
kind = "boundary"
pressure = 0
[paths.hole]
kind = "orifice"
from = "tank"
to = "space"
diameter = { dist = "lognormal", median = "1 mm", sigma = 1, name = "width" }
[run]
duration = "1 d"
max_steps = 120
"""
    few = sweep(load_case(written(tmp_path, text)), samples=300)
    most = np.sort(few["steps"][few.status == 0] + few["rejected_steps"][few.status == 0])[-4]
    results = sweep(load_case(written(tmp_path, text), [f"run.max_steps={int(most) - 1}"]), samples=300)
    failures = failed_samples(results)
    assert {failure.status for failure in failures} == {"step_limit"}
    for failure in failures:
        assert failure.reasons == (status.ADVICE[status.STEP_LIMIT],)
        for extreme in failure.extremes:
            value = results["width"][results.samples == failure.sample][0]
            assert (extreme.name, extreme.value, extreme.units) == ("width", value, "m")
            assert extreme.percentile == pytest.approx(100 * np.mean(results["width"] < value), abs=0.0)
            assert extreme.percentile <= 2.5 or extreme.percentile >= 97
    assert any(failure.extremes for failure in failures)


def test_without_a_case_the_status_still_says_what_it_means(tmp_path: Path) -> None:
    results = swept(tmp_path, CRACKS, 50)
    for provenance, said in (({}, "there is no case"), ({"case": "[" * 10**5}, "nested too deeply"),
                             ({"case": "{}"}, "title: missing")):  # fmt: skip
        bare = Results(results.samples, results.status, results.variables, provenance=provenance)
        failure = failed_samples(bare, limit=1)[0]
        assert len(failed_samples(bare, limit=1)) == 1
        assert failure.reasons[0] in status.ADVICE.values()
        assert said in failure.reasons[1]


def test_a_case_of_too_many_cracks_is_not_looked_into(tmp_path: Path) -> None:
    results = swept(tmp_path, CRACKS, 50)
    huge = load_case(written(tmp_path, CRACKS.replace("high = 5", "high = 1e6")))
    from leakflow.solver._case_resolved import resolved_text

    paths = {f"p{i}": huge.paths["cracks"] for i in range(20)}
    case = huge.model_copy(update={"paths": paths})
    bare = Results(
        results.samples, results.status, results.variables, provenance={"case": resolved_text(case)}
    )
    assert failed_samples(bare, limit=1)[0].reasons[0] in status.ADVICE.values()


def test_one_run_says_which_number_it_failed_for(tmp_path: Path) -> None:
    text = WILD.replace(
        'sealing_factor = { dist = "normal", mean = 1e6, sd = 4e5 }', "sealing_factor = 1e4, gain = 1e9"
    )
    failed = run(load_case(written(tmp_path, text)))
    assert failed.status == status.OUT_OF_RANGE
    why = why_it_failed(failed.case, None, failed.status)
    first, second = why.split("; ")
    assert first == "paths.ring.contact: 3 at_stress/sealing_factor 300 is above 50"
    assert second.startswith(
        "paths.ring.contact: 3 gain times the higher pressure over sealing_factor 3e+10 is"
    )
    assert why_it_failed(failed.case, None, status.STEP_LIMIT) == status.ADVICE[status.STEP_LIMIT]

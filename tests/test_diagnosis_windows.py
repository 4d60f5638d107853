from __future__ import annotations

import numpy as np
import pytest
from decay_case import CASE, decayed, points, written

from leakflow.solver.diagnosis.diagnose import diagnose, plain
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.posterior import posteriors_of
from leakflow.solver.diagnosis.windows import rough_windows
from leakflow.solver.diagnosis.words import verdict

CONDUCTANCE = 1e-10
READ = CASE + points(decayed(CONDUCTANCE), 1000.0)  # windows of 3600 s either way of 2e4, 5e4 and 9e4 s
FILL = """
[controls.fill]
kind = "repressurise"
volume = "tank"
below = {below}
to = {to}
"""


def crossed(time, *, to, rate=""):
    """A control that fills when the tank has leaked for so long."""
    return FILL.format(below=decayed(CONDUCTANCE, time), to=to) + rate


def said(folder, text):
    case = load_rivals(written(folder, text))[1][0].case
    return rough_windows(case, np.full((20, 1), 0.5), 1)


def test_a_control_that_acts_within_a_window_is_named(tmp_path):
    (line,) = said(tmp_path, READ + crossed(5.1e4, to=9.9e4))
    assert "the window of record_2 in 100 % of the draws (control fill acts there)" in line


@pytest.mark.parametrize("control", ["", crossed(5.4e4, to=9.9e4), crossed(4.6e4, to=1.5e5)])
def test_smooth_windows_are_not_spoken_of(tmp_path, control):
    assert said(tmp_path, READ + control) == ()


def test_a_filling_that_ends_within_a_window_bends_it(tmp_path):
    """It began before: only its end, of which no outcome tells, lies within."""
    begun = float(decayed(CONDUCTANCE, 4e4))
    rise = 2.0 / (8.31446261815324 / 0.0280134 * 293.15)  # kg a Pa
    leaks = 1e-10 * begun
    rate = leaks + 4e4 * rise / 9e3  # 4e4 Pa in 9000 s or so: from 40,000 to some 49,000 s
    found = said(tmp_path, READ + crossed(4e4, to=begun + 4e4, rate=f"rate = {rate}\n"))
    assert [line.split(" (")[0].split(" window of ")[1].split()[0] for line in found] == ["record_2"]
    assert "acts there" not in found[0]


def test_what_a_diagnosis_says_of_it(tmp_path):
    answer = diagnose(written(tmp_path, READ + crossed(5.1e4, to=9.9e4)), seed=1, live=100)
    why = answer.not_to_be_trusted["case"]
    assert "within the window of record_" in why[-1]
    assert f"The figures of case are not to be trusted: {why[-1]}." in verdict(answer)
    assert plain(answer)["hypotheses"][0]["likelihood_off_because"] == why
    assert posteriors_of(answer)[0].reasons == tuple(why)


ROUND = CASE.replace(
    "volume = 2\n", 'volume = 2\ntemperature_cycles = [{ amplitude = "10 K", period = 5520 }]\n'
)
READ_WARM = points(decayed(CONDUCTANCE), 3600.0).replace(
    "uncertainty = 200.0", "uncertainty = 20.0\ntemperature = 293.15"
)


@pytest.mark.parametrize("keys, rough", [
    ("", ["the pressure"]),
    ('compare = "p/T"\n', []),
    ('compare = "p/T"\n[diagnosis]\ntemperature_error = 1\n', ["the temperature"]),
    ("[diagnosis]\ntemperature_error = 1\n", ["the pressure", "the temperature"]),
    ("[diagnosis]\ntemperature_error = 100\n", ["the pressure"]),
])  # fmt: skip
def test_what_is_compared_is_looked_at(tmp_path, keys, rough):
    """The temperature cycles within each window, and the pressure with it, but their ratio does not."""
    record, _, section = keys.partition("[diagnosis]")
    section = f"[diagnosis]{section}" if section else ""
    found = said(tmp_path, ROUND + record + READ_WARM + section)
    assert [line.partition(" bends")[0] for line in found] == rough * 3


def test_p_over_t_that_jumps_is_named(tmp_path):
    text = (
        CASE
        + 'compare = "p/T"\n'
        + points(decayed(CONDUCTANCE), 1000.0).replace(
            "uncertainty = 200.0", "uncertainty = 200.0\ntemperature = 293.15"
        )
    )
    (line,) = said(tmp_path, text + crossed(5.1e4, to=9.9e4))
    assert line.startswith(
        "p/T bends or jumps within the window of record_2 in 100 % of the draws (control fill"
    )

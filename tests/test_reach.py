"""What may be met in a step, beside its dense output looked at closely."""

from __future__ import annotations

import math

import numpy as np
import pytest
from plans import Case, Control, cracks, orifice, outside, prepared, seal, tank
from step_problems import R, T

from leakflow.kernels import integrate, model, reach, rosenbrock, steps, track
from leakflow.kernels.places import EXPLICIT, IMPLICIT, METHOD

P = 1e5


def taken(case, method, h):
    """A sample with a threshold, after a step that was finished with its dense output."""
    p = prepared(case)
    integrate.set_scales(p.plan, p.sample, p.work)
    steps.start_steps(p.plan, p.sample, 0.0, p.state, p.work, math.inf)
    p.work.method[METHOD] = method
    assert steps.try_step(p.plan, p.sample, 0.0, h, p.state, p.work)
    notes = track.new_track(p.plan)
    track.clear_track(notes)
    steps.finish_step(p.plan, p.sample, 0.0, h, p.state, p.work, True)
    return p, notes


def pressures_within(p, volume):
    """At many places between the ends of the step, those included."""
    size = p.sample.volumes[volume]["size"]
    state = np.zeros_like(p.state)
    found = []
    for theta in np.linspace(0.0, 1.0, 401):
        rosenbrock.dense_state(theta, p.state, p.work.new, p.work.dense, state)
        found.append(state[volume] * R * T / size)
    return np.array(found)


def cases(level, sign):
    """Volume 1 rises and falls within a step: what it is fed by runs dry while it leaks."""
    volumes = [tank(0.1, P), tank(1.0, 1e3), outside()]
    quick = [seal(0, 1, 1e-8, 0.0), seal(1, 2, 3e-9, 0.0)]
    yield Case(volumes, quick, 1.0, thresholds=[(1, level, sign)])
    yield Case(volumes, [orifice(0, 1, 1e-5), cracks(1, 2, 40.0)], 1.0, thresholds=[(1, level, sign)])


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("method", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_no_level_that_is_met_is_missed(sign, method, share):
    h = share * 100.0
    missed, spared = 0, 0
    for case in cases(P, sign):
        p, notes = taken(case, method, h)
        inside = pressures_within(p, 1)
        extreme = inside.max() if sign > 0.0 else inside.min()
        width = np.ptp(inside)
        for beyond in np.linspace(-1.0, 6.0, 71):
            level = extreme + sign * beyond * width
            p.sample.inputs[p.plan.thresholds[0]["level"]] = level
            may = reach.may_meet(p.plan, p.sample, h, p.state, p.work, notes)
            missed += bool(sign * (extreme - level) >= 0.0 and not may)
            spared += not may
    assert missed == 0
    assert spared > 20  # or it would say always yes


def test_what_is_no_pressure_is_looked_at():
    volumes = [tank(1.0, P), outside()]
    for quantity in (model.TEMPERATURE, model.PRESSURE_OVER_TEMPERATURE):
        case = Case(volumes, [orifice(0, 1, 1e-9)], 1.0, thresholds=[(0, 1e9, 1.0, quantity, -1)])
        p, notes = taken(case, EXPLICIT, 1e-3)
        assert reach.may_meet(p.plan, p.sample, 1e-3, p.state, p.work, notes)


def test_nothing_is_guarded_once_all_is_crossed():
    case = Case([tank(1.0, P), outside()], [orifice(0, 1, 1e-9)], 1.0, thresholds=[(0, 0.5 * P, -1.0)])
    p, notes = taken(case, EXPLICIT, 1e-3)
    assert reach.is_on_guard(p.plan, notes)
    assert not reach.may_meet(p.plan, p.sample, 1e-3, p.state, p.work, notes)
    notes.crossing[0] = 0.5
    assert not reach.is_on_guard(p.plan, notes)


@pytest.mark.parametrize("on", [0, 1])
def test_a_control_is_guarded_by_the_level_that_comes_next(on):
    """It switches on below a level and off above another one."""
    control = Control(
        model.PRESSURE, 0, 0.5 * P, -1.0, model.SET_OPENING, 0, value=1.0, off=1.5 * P, releases=True
    )
    valve = orifice(0, 1, 1e-9, opening=0.5)
    p, notes = taken(Case([tank(1.0, P), outside()], [valve], 1.0, controls=[control]), EXPLICIT, 1e-3)
    p.sample.controls[0]["on"] = on
    slot = p.plan.controls[0]["off" if on else "on"]
    for level, met in ((0.5 * P, on == 1), (1.5 * P, on == 0), (P, True)):
        p.sample.inputs[slot] = level
        assert reach.may_meet(p.plan, p.sample, 1e-3, p.state, p.work, notes) == met

"""Which end of a path its gas comes from, held while an implicit step is taken.

Gas takes along the composition and the enthalpy of the volume that it comes from. Where two pressures have
met, their difference is rounding, and its sign changes from stage to stage: gas would go to and fro, and mix
what is at rest by the more the longer a step is, since the slopes of the step damp what comes from one end
only. And where the gas of one end is much thinner or colder than that of the other, slopes of one
side throw the pressures across to the other. So each path keeps its donor throughout a step, and what has
flowed against it is an error of the step, in so far as the two gases differ.
"""

from .jit import jit
from .model import HATCH, THERMAL, contents_per_volume, n_contents
from .rosenbrock import dense_bend
from .volumes import look

SOURCE = 1
SINK = 2

# difference of two pressures over the higher one, and what passes over the gas there is, that may be rounding
_ROUNDING = 4e-15
# places in a step at which it is looked which way gas has flowed
_PLACES = 8


@jit
def may_hold(plan):
    """Whether it matters where gas comes from: there are several components, or energy."""
    return contents_per_volume(plan) > 1


@jit
def choose_donors(plan, sample, state, afresh):
    """Choose the donor of each path by the pressures at a state; where they have met, keep it or not.

    A path has none through which species go each at its own pressures, or whose flow is tabulated.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    state : float64[n]
    afresh : bool
        Whether what was chosen before is no longer worth anything.
    """
    look(plan, sample, state)
    for p in range(plan.paths.size):
        row, path = plan.paths[p], sample.paths[p]
        source = sample.volumes[row["source"]]["pressure"]
        sink = sample.volumes[row["sink"]]["pressure"]
        joined = row["kind"] == HATCH and path["opening"] >= 1.0
        if row["membrane"][0] >= 0 or path["table"] > 0 or joined or not path["active"] > 0.0:
            path["chosen"] = 0
        elif afresh or path["chosen"] == 0 or abs(source - sink) > _ROUNDING * max(source, sink):
            path["chosen"] = SOURCE if source >= sink else SINK


@jit
def hold_donors(sample):
    """Let gas come from the donors that were chosen, whatever the pressures."""
    for p in range(sample.paths.size):
        sample.paths[p]["donor"] = sample.paths[p]["chosen"]


@jit
def free_donors(sample):
    """Let gas come from the end of higher pressure again."""
    for p in range(sample.paths.size):
        sample.paths[p]["donor"] = 0


@jit
def turn_donors(plan, sample, state, work):
    """Choose the other donor where a step has taken gas to it; whether there is such a path."""
    turned = False
    for p in range(plan.paths.size):
        chosen = sample.paths[p]["chosen"]
        if chosen > 0:
            i = n_contents(plan) + p
            passed = work.new[i] - state[i]
            if (passed < 0.0) == (chosen == SOURCE) and abs(passed) > _least(plan, work, p):
                sample.paths[p]["chosen"] = SINK if chosen == SOURCE else SOURCE
                turned = True
    return turned


@jit
def doubt_donors(plan, sample, state, work):
    """Add to the errors of a step what has flowed against the donors, in so far as the gases differ.

    The gases are those last looked at.
    """
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    first = n_contents(plan)
    links = plan.paths.size + plan.feeds.size
    for p in range(plan.paths.size):
        back = _passed_back(plan, sample, state, work, p)
        if not back > _least(plan, work, p):
            continue
        a, b = plan.paths[p]["source"], plan.paths[p]["sink"]
        one, other = sample.volumes[a], sample.volumes[b]
        thick = one["viscosity"] * one["gas_constant"] * one["temperature"]
        thin = other["viscosity"] * other["gas_constant"] * other["temperature"]
        wrong = 1.0 - min(thick, thin) / max(thick, thin)
        work.error[first + p] = abs(work.error[first + p]) + wrong * back
        for c in range(contents):
            if c < components:
                here, there = sample.fractions[a, c], sample.fractions[b, c]
            else:
                here = one["specific_heat"] * one["temperature"]
                there = other["specific_heat"] * other["temperature"]
            error = back * (abs(here - there) + wrong * max(here, there))
            for v in (a, b):
                if plan.volumes[v]["state"] >= 0:
                    i = plan.volumes[v]["state"] * contents + c
                    work.error[i] = abs(work.error[i]) + error
            if c == components and plan.settings[THERMAL] > 0.0:
                i = first + links + p
                work.error[i] = abs(work.error[i]) + error


@jit
def _passed_back(plan, sample, state, work, p):
    """Most that has flowed against the donor of path p on a part of a step, by its dense output [kg]."""
    chosen = sample.paths[p]["chosen"]
    if chosen == 0:
        return 0.0
    i = n_contents(plan) + p
    whole = work.new[i] - state[i]
    first, second = dense_bend(work, i)
    most, back = 0.0, 0.0
    for k in range(1, _PLACES + 1):
        theta = k / _PLACES
        passed = theta * (whole + (1.0 - theta) * (first + theta * second))
        if chosen == SINK:
            passed = -passed
        most = max(most, passed)
        back = max(back, most - passed)
    return back


@jit
def _least(plan, work, p):
    """Mass through path p that may be rounding, or an error of the step [kg]."""
    components = plan.components.shape[0]
    contents = contents_per_volume(plan)
    most = abs(work.new[n_contents(plan) + p])
    for v in (plan.paths[p]["source"], plan.paths[p]["sink"]):
        gas = 0.0
        if plan.volumes[v]["state"] >= 0:
            for c in range(components):
                gas += work.new[plan.volumes[v]["state"] * contents + c]
        most = max(most, gas)
    return _ROUNDING * most + abs(work.error[n_contents(plan) + p])

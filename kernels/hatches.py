"""Open hatches: two volumes become one, and are two again when the hatch shuts.

Joined volumes keep masses of their own, in proportion, so that what flows through the hatch is whatever
keeps them so: for each component, what comes into the group is shared out, and the difference between
what came into a volume and its share goes through the hatches. Nothing is stiff about it, and mass is
kept to rounding. A group with a held volume or a boundary takes that one's pressure and gas.

Where open hatches form a ring, the one that closes it, later in the case, carries nothing.
"""

import numpy as np

from .jit import jit
from .model import HATCH, INTEGRATED


@jit
def is_joined(plan, sample, p):
    """Whether path p is a hatch that stands open."""
    return (
        plan.paths[p]["kind"] == HATCH
        and sample.paths[p]["active"] > 0.0
        and sample.paths[p]["opening"] >= 1.0
    )


@jit
def any_joined(plan, sample):
    """Whether any hatch stands open."""
    for p in range(plan.paths.size):
        if is_joined(plan, sample, p):
            return True
    return False


@jit
def set_groups(plan, sample):
    """Find the groups that open hatches make, and each volume's share of the gas of its own.

    Returns
    -------
    bool
        False if a group has two volumes whose pressure is given.
    """
    volumes = sample.volumes
    for v in range(volumes.size):
        volumes[v]["group"] = v
    for p in range(plan.paths.size):
        sample.paths[p]["redundant"] = 0
        if is_joined(plan, sample, p):
            first = volumes[plan.paths[p]["source"]]["group"]
            second = volumes[plan.paths[p]["sink"]]["group"]
            if first == second:
                sample.paths[p]["redundant"] = 1
            for v in range(volumes.size):
                if volumes[v]["group"] == second:
                    volumes[v]["group"] = first
    possible = True
    for v in range(volumes.size):
        given = 0
        room = 0.0
        for w in range(volumes.size):
            if volumes[w]["group"] == volumes[v]["group"]:
                if plan.volumes[w]["kind"] == INTEGRATED:
                    room += volumes[w]["size"] / volumes[w]["temperature"]
                else:
                    given += 1
        possible = possible and given < 2
        own = volumes[v]["size"] / volumes[v]["temperature"]
        volumes[v]["share"] = own / room if given == 0 and room > 0.0 else 0.0
    return possible


@jit
def settle(plan, sample, total, held, flux):
    """Write the fluxes through open hatches that bring what volumes have to their shares.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        With groups of `set_groups`.
    total : float64[n_masses + P]
        Masses, or rates of masses, before anything has gone through the open hatches.
    held : float
        1 if ``total`` are masses: a group with a given pressure comes to that pressure; 0 if they are
        rates: such a group stays as it is.
    flux : float64[P * K]
        Output: of each component through each open hatch; the others are left alone.
    """
    components = plan.components.shape[0]
    excess = np.zeros((plan.volumes.size, components))
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            for c in range(components):
                has = total[plan.volumes[v]["state"] * components + c]
                excess[v, c] = has - _due(plan, sample, total, held, v, c)
    open_hatches = np.zeros(plan.volumes.size, np.int64)
    waiting = np.zeros(plan.paths.size, np.int64)
    for p in range(plan.paths.size):
        if is_joined(plan, sample, p):
            for c in range(components):
                flux[p * components + c] = 0.0
            if sample.paths[p]["redundant"] == 0:
                waiting[p] = 1
                open_hatches[plan.paths[p]["source"]] += 1
                open_hatches[plan.paths[p]["sink"]] += 1
    for _ in range(plan.paths.size):
        for p in range(plan.paths.size):
            if waiting[p] == 1:
                a = plan.paths[p]["source"]
                b = plan.paths[p]["sink"]
                from_source = open_hatches[a] == 1 and plan.volumes[a]["kind"] == INTEGRATED
                from_sink = open_hatches[b] == 1 and plan.volumes[b]["kind"] == INTEGRATED
                if from_source and from_sink:  # the smaller one's excess has the smaller rounding
                    from_source = sample.volumes[a]["share"] <= sample.volumes[b]["share"]
                if from_source or from_sink:
                    leaf, other, sign = (a, b, 1.0) if from_source else (b, a, -1.0)
                    for c in range(components):
                        flux[p * components + c] = sign * excess[leaf, c]
                        excess[other, c] += excess[leaf, c]
                    waiting[p] = 0
                    open_hatches[a] -= 1
                    open_hatches[b] -= 1


@jit
def _due(plan, sample, total, held, v, c):
    """What volume v is to have of component c."""
    components = plan.components.shape[0]
    group = sample.volumes[v]["group"]
    whole = 0.0
    alone = True
    for w in range(plan.volumes.size):
        if sample.volumes[w]["group"] == group:
            alone = alone and w == v
            if plan.volumes[w]["kind"] != INTEGRATED:
                size, T = sample.volumes[v]["size"], sample.volumes[v]["temperature"]
                gas = sample.volumes[w]["pressure"] * size / (sample.volumes[w]["gas_constant"] * T)
                return held * gas * sample.fractions[w, c]
            whole += total[plan.volumes[w]["state"] * components + c]
    if alone:
        return total[plan.volumes[v]["state"] * components + c]
    return sample.volumes[v]["share"] * whole

"""Open hatches: two volumes become one, and are two again when the hatch shuts.

Joined volumes keep masses of their own, in proportion, so that what flows through the hatch is whatever
keeps them so: for each component, what comes into the group is shared out, and the difference between
what came into a volume and its share goes through the hatches. Nothing is stiff about it, and mass is
kept to rounding. A group with a held volume or a boundary takes that one's pressure and gas.

Where all volumes of a group follow their energy, that is shared out by size like the gas, and the group
has one temperature. Where one has a given temperature, those that follow their energy take it while they
are joined; volumes of different given temperatures keep them, at one pressure.

Where open hatches form a ring, the one that closes it, later in the case, carries nothing.
"""

import math

from .jit import jit, jit_rare
from .model import HATCH, INTEGRATED, TIMED, contents_per_volume, fill
from .volumes import is_given, wall_rate


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


@jit_rare
def set_groups(plan, sample):
    """Find the groups that open hatches make, and whose wall gives each volume its temperature.

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
        keeper = v if plan.volumes[v]["balanced"] == 0 else -1
        for w in range(volumes.size):
            if volumes[w]["group"] == volumes[v]["group"]:
                given += 1 if is_given(plan, w) else 0
                if keeper < 0 and plan.volumes[w]["balanced"] == 0:
                    keeper = w
        possible = possible and given < 2
        volumes[v]["keeper"] = keeper
    return possible


@jit
def settle(plan, sample, total, contained, held, flux):
    """Write the fluxes through open hatches that bring what volumes have to their shares.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        With groups of `set_groups`, and temperatures of `look`.
    total : float64[n]
        Contents, or rates of contents, before anything has gone through the open hatches.
    contained : float64[>= n_contents]
        The contents of which ``total`` are rates; shares that change with temperature move them.
    held : float
        1 if ``total`` are contents: a group with a given pressure comes to that pressure; 0 if they are
        rates: such a group stays as it is.
    flux : float64[(P + S) * C]
        Output: of each content through each open hatch, but of energy only in groups that follow it; the
        others are left alone.
    """
    contents = contents_per_volume(plan)
    excess = sample.excess
    open_hatches = sample.hatches
    waiting = sample.waiting
    fill(excess.ravel(), 0.0)
    _set_shares(plan, sample)
    for v in range(plan.volumes.size):
        if plan.volumes[v]["kind"] == INTEGRATED:
            for c in range(contents):
                followed = c < plan.components.shape[0] or sample.volumes[v]["keeper"] < 0
                if followed:
                    has = total[plan.volumes[v]["state"] * contents + c]
                    excess[v, c] = has - _due(plan, sample, total, contained, held, v, c)
    for v in range(plan.volumes.size):
        open_hatches[v] = 0
    for p in range(plan.paths.size):
        waiting[p] = 0
        if is_joined(plan, sample, p):
            for c in range(contents):
                flux[p * contents + c] = 0.0
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
                    for c in range(contents):
                        flux[p * contents + c] = sign * excess[leaf, c]
                        excess[other, c] += excess[leaf, c]
                    waiting[p] = 0
                    open_hatches[a] -= 1
                    open_hatches[b] -= 1


@jit
def _set_shares(plan, sample):
    """Write the share that each volume has of the gas of its group; 0 where a pressure is given."""
    volumes = sample.volumes
    for v in range(volumes.size):
        room = 0.0
        for w in range(volumes.size):
            if volumes[w]["group"] == volumes[v]["group"]:
                room += _room(volumes[w])
        volumes[v]["share"] = _room(volumes[v]) / room if room < math.inf else 0.0


@jit
def _room(volume):
    """Share of a volume before it is made a fraction: in a group of one temperature this drops out."""
    return volume["size"] / (volume["temperature"] if volume["keeper"] >= 0 else 1.0)


@jit
def _share_rate(plan, sample, v):
    """Rate at which the share of volume v changes as walls warm and cool [1/s]."""
    if plan.settings[TIMED] == 0.0 or sample.volumes[v]["keeper"] < 0:
        return 0.0
    volumes = sample.volumes
    mean = 0.0
    for w in range(volumes.size):
        if volumes[w]["group"] == volumes[v]["group"]:
            warming = wall_rate(plan, sample, volumes[w]["keeper"])
            mean += volumes[w]["share"] * warming / volumes[w]["temperature"]
    own = wall_rate(plan, sample, volumes[v]["keeper"]) / volumes[v]["temperature"]
    return volumes[v]["share"] * (mean - own)


@jit
def _due(plan, sample, total, contained, held, v, c):
    """What volume v is to have of content c."""
    contents = contents_per_volume(plan)
    group = sample.volumes[v]["group"]
    whole = 0.0
    moved = 0.0
    alone = True
    for w in range(plan.volumes.size):
        if sample.volumes[w]["group"] == group:
            alone = alone and w == v
            if plan.volumes[w]["kind"] != INTEGRATED:
                size, T = sample.volumes[v]["size"], sample.volumes[v]["temperature"]
                gas = sample.volumes[w]["pressure"] * size / (sample.volumes[w]["gas_constant"] * T)
                warming = wall_rate(plan, sample, sample.volumes[v]["keeper"]) / T
                return (held - (1.0 - held) * warming) * gas * sample.fractions[w, c]
            whole += total[plan.volumes[w]["state"] * contents + c]
            moved += contained[plan.volumes[w]["state"] * contents + c]
    if alone:
        return total[plan.volumes[v]["state"] * contents + c]
    due = sample.volumes[v]["share"] * whole
    if held == 0.0:
        due += _share_rate(plan, sample, v) * moved
    return due

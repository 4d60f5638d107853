"""Where flow through a hole is not smooth in the one pressure that moves: it stops choking, or turns around.

See `quadrature`, whose ranges begin and end there.
"""

import math

from .flows import path_law, width_of_turn
from .jit import jit
from .model import CRACKS, ORIFICE

# changes of ln p that are none
_NOTHING = 1e-9
# width above which the turn of a crack's flow is no corner
_SHARP_TURN = 1e-5


@jit
def end_of_choking(plan, sample, v, forward):
    """Distance to where an orifice begins or stops to choke as the pressure of volume v moves.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
        With the pressures of the start.
    v : int
        The volume whose gas is the one unknown.
    forward : float
        1 where its pressure rises, else -1.

    Returns
    -------
    float
        In ln p, not negative; infinite if there is none. The slope of the flow is continuous there, its
        curvature is not.
    """
    nearest = math.inf
    for p in range(plan.paths.size):
        other = _across(plan, sample, p, v)
        if other >= 0 and _is_hole(plan, sample, p):
            p_own, p_other = sample.volumes[v]["pressure"], sample.volumes[other]["pressure"]
            if p_own > 0.0 and p_other > 0.0:
                ratio, inverse = sample.volumes[other]["critical_ratio"], sample.volumes[v]["critical_ratio"]
                if plan.paths[p]["iso"][0] >= 0:
                    ratio = sample.inputs[plan.paths[p]["iso"][1]]
                    inverse = ratio
                for end in (ratio * p_other, p_other / inverse if inverse > 0.0 else 0.0):
                    distance = forward * math.log(end / p_own) if end > 0.0 else 0.0
                    if distance > _NOTHING:
                        nearest = min(nearest, distance)
    return nearest


@jit
def turn_of_flow(plan, sample, v, forward):
    """Distance to where the pressures at a hole or a wide crack meet, as `end_of_choking`.

    There the flow goes with the root of their difference up to a hair of its turning, and is linear within.
    """
    nearest = math.inf
    for p in range(plan.paths.size):
        other = _across(plan, sample, p, v)
        if other >= 0:
            p_own, p_other = sample.volumes[v]["pressure"], sample.volumes[other]["pressure"]
            if p_own > 0.0 and p_other > 0.0:
                distance = forward * math.log(p_other / p_own)
                if 0.0 < distance < nearest and _is_sharp(plan, sample, p):
                    nearest = distance
    return nearest


@jit
def _across(plan, sample, p, v):
    """Volume that open path p joins with volume v; -1 if it does not."""
    if not sample.paths[p]["active"] > 0.0:
        return -1
    if plan.paths[p]["source"] == v:
        return plan.paths[p]["sink"]
    return plan.paths[p]["source"] if plan.paths[p]["sink"] == v else -1


@jit
def _is_sharp(plan, sample, p):
    """Whether the flow of path p turns around within a hair of equal pressures."""
    if _is_hole(plan, sample, p):
        return True
    return path_law(plan, sample, p) == CRACKS and width_of_turn(plan, sample, p) < _SHARP_TURN


@jit
def _is_hole(plan, sample, p):
    """Whether path p is an orifice, a valve or a hatch ajar, and not shut."""
    return path_law(plan, sample, p) == ORIFICE and sample.paths[p]["opening"] > 0.0

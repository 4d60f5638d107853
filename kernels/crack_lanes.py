"""The crack law for many cracks side by side, in the lanes of vector instructions.

What `crack.reduced_flow` does for one crack, without its slopes and without a branch: every lane takes the
same passes of Newton, and what a branch would choose is selected. Numbers stand in one flat block, a row of
`LANES` for each, at constant distances: only so does the compiler see that lanes do not touch each other.
A lane that has not converged says so, and is left to `crack.geometry_flow`.
"""

import math

from .crack import (
    ACCELERATION,
    GAUSS_NODE,
    GAUSS_WEIGHT,
    HAALAND,
    N_GEOMETRY,
    ONSET_REYNOLDS,
    ONSET_WIDTH,
    POLE,
    POLE_ACCOMMODATION,
    POLE_WEIGHT,
    REYNOLDS,
    SLIT_MOLECULAR,
    SLIT_VISCOUS,
    geometry_flow,
    nozzle,
)
from .elementary import log
from .jit import jit, jit_inline

#: Cracks side by side.
LANES = 16
#: Length of a block: the numbers of `crack.crack_geometry`, then the flow, and by how much the last step of
#: Newton was too large.
BLOCK = (N_GEOMETRY + 2) * LANES
_FLOW = N_GEOMETRY * LANES
_STEP = (N_GEOMETRY + 1) * LANES
_PASSES = 3
# the step after which the next is below rounding
_CONVERGED = 1e-6


@jit
def flow_in_lanes(p1, p2, RT, viscosity, critical_ratio, critical_flow2, geometry, first, count, block):
    """Sum of the flows of some cracks [kg/s].

    Parameters
    ----------
    p1, p2 : float
        Pressures at the ends of higher and of lower pressure [Pa]; ``p1`` above 0.
    RT, viscosity, critical_ratio, critical_flow2 : float
        As in `crack.geometry_flow`.
    geometry : float64[n, N_GEOMETRY]
        Of `crack.crack_geometry`.
    first, count : int
        Which cracks.
    block : float64[BLOCK]
        Working memory.
    """
    per_opening = p1 / (viscosity * math.sqrt(2.0 * RT))
    per_area = p1 / math.sqrt(RT)
    drop = (p1 - p2) / p1
    Kn = nozzle(drop, critical_ratio, critical_flow2)[0]
    flow = 0.0
    for start in range(first, first + count, LANES):
        lanes = min(LANES, first + count - start)
        for i in range(LANES):
            crack = geometry[start + min(i, lanes - 1)]
            for k in range(N_GEOMETRY):
                block[k * LANES + i] = crack[k]
        _fill_lanes(per_opening, drop, Kn, per_area, block)
        for i in range(lanes):
            if block[_STEP + i] <= 0.0:
                flow += block[_FLOW + i]
            else:
                flow += geometry_flow(
                    p1, p2, RT, viscosity, critical_ratio, critical_flow2, geometry[start + i]
                )
    return flow


@jit
def _fill_lanes(per_opening, drop, Kn, per_area, block):
    """Write the flow of each lane, and by how much its last step of Newton was too large."""
    r = 1.0 - drop
    X = drop * (1.0 + r)
    for i in range(LANES):
        delta = per_opening * block[i]
        B, phi = _friction(delta, drop, i, block)
        K = block[9 * LANES + i] + block[10 * LANES + i] * (r + r * r)
        power = delta * math.sqrt(math.sqrt(delta))
        s = power / (power + block[11 * LANES + i])
        half_path = block[5 * LANES + i]
        rough = block[12 * LANES + i]
        g = 2.0 * X / (B + math.sqrt(B * B + 4.0 * s * (Kn + K) * X))
        N, _ = _turbulence(REYNOLDS * g * delta, half_path, rough)
        a = g * (K + N) + phi * B
        outlet = g + a * r * r
        E = ACCELERATION * log((g + a) / outlet) if outlet > 0.0 else 0.0
        g = 2.0 * X / (B + math.sqrt(B * B + 4.0 * s * (Kn + K + N + E) * X))
        step = 0.0
        for _ in range(_PASSES):
            N, N_re = _turbulence(REYNOLDS * g * delta, half_path, rough)
            N_g = N_re * REYNOLDS * delta
            a = g * (K + N) + phi * B
            inlet = g + a
            outlet = g + a * r * r
            flows = outlet > 0.0
            both = 1.0 / (inlet * outlet) if flows else 0.0
            E = ACCELERATION * log(inlet * inlet * both) if flows else 0.0
            E_g = ACCELERATION * (outlet - inlet) * both
            E_a = ACCELERATION * (outlet - r * r * inlet) * both
            C = Kn + K + N + E
            F = s * C * g * g + B * g - X
            F_g = s * (2.0 * C * g + g * g * (N_g + E_g + E_a * (K + N + g * N_g))) + B
            step = F / F_g
            g -= step
        block[_FLOW + i] = g * block[LANES + i] * per_area
        block[_STEP + i] = abs(step) - _CONVERGED * g


@jit_inline
def _friction(delta, drop, i, block):
    """Friction ``Bv`` of lane i and the channel's share of it, as `crack.reduced_flow` has them."""
    taper = block[4 * LANES + i]
    viscous = block[3 * LANES + i]
    path = block[2 * LANES + i]
    eps = block[6 * LANES + i]
    root_taper = block[7 * LANES + i]
    slip = block[8 * LANES + i]
    specular = block[13 * LANES + i]
    W = 0.0
    P = 0.0
    for k in range(3):
        d = delta * (1.0 - drop * (1.0 - GAUSS_NODE[k]))
        at = d * root_taper + eps
        w0 = POLE_WEIGHT[0] * (1.0 + POLE_ACCOMMODATION[0] * specular)
        w1 = POLE_WEIGHT[1] * (1.0 + POLE_ACCOMMODATION[1] * specular)
        w2 = POLE_WEIGHT[2] * (1.0 + POLE_ACCOMMODATION[2] * specular)
        w3 = POLE_WEIGHT[3] * (1.0 + POLE_ACCOMMODATION[3] * specular)
        a0 = at + POLE[0]
        a1 = at + POLE[1]
        a2 = at + POLE[2]
        a3 = at + POLE[3]
        # four fractions as one: three divisions fewer
        top = (w0 * a1 + w1 * a0) * (a2 * a3) + (w2 * a3 + w3 * a2) * (a0 * a1)
        molecular = slip + top / ((a0 * a1) * (a2 * a3))
        ends = SLIT_MOLECULAR + SLIT_VISCOUS * d
        channel = d * viscous + molecular * taper
        # 1/ends and path/channel in series
        both = channel + path * ends
        w = ends * channel / both
        W += GAUSS_WEIGHT[k] * w
        P += GAUSS_WEIGHT[k] * w * (path * ends / both)
    inverse = 1.0 / W
    return math.sqrt(2.0) * (2.0 - drop) * inverse, P * inverse


@jit_inline
def _turbulence(Re, half_path, rough):
    """Turbulent friction and its derivative by Re, as `crack.reduced_flow` has them."""
    x2 = (Re / ONSET_REYNOLDS) * (Re / ONSET_REYNOLDS)
    x4 = x2 * x2
    inverse = 1.0 / (1.0 + x4)
    above = x2 >= 1e-4
    moving = Re if above else 1.0
    per_re = 1.0 / moving
    S = x4 * inverse
    S_re = 4.0 * S * inverse * per_re
    clamped = Re if Re > 100.0 else 100.0
    per_clamped = 1.0 / clamped
    argument = rough + 6.9 * per_clamped
    root = -HAALAND * log(argument)
    per_root = 1.0 / root
    f = per_root * per_root
    f_re = -2.0 * f * per_root * HAALAND * 6.9 * per_clamped * per_clamped / argument
    f_re = f_re if Re > 100.0 else 0.0
    laminar = 96.0 * per_re
    laminar_re = -laminar * per_re
    excess = f - laminar
    excess_re = f_re - laminar_re
    width = ONSET_WIDTH * laminar
    smooth = math.sqrt(excess * excess + width * width)
    smooth_re = (excess * excess_re + width * ONSET_WIDTH * laminar_re) / smooth
    positive = 0.5 * (excess + smooth)
    positive_re = 0.5 * (excess_re + smooth_re)
    N = S * positive * half_path
    N_re = (S_re * positive + S * positive_re) * half_path
    return (N if above else 0.0), (N_re if above else 0.0)

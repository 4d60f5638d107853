"""The crack law for many cracks side by side, in the lanes of vector instructions.

What `crack.reduced_flow` does for one crack, without its slopes and without a branch: what a branch would
choose is selected. The numbers of `LANES` cracks stand in one flat block, a row for each number, at constant
distances: only so does the compiler see that lanes do not touch each other. The law goes over a block in
short loops, so that the processor works on several vectors at once: each waits long for its own divisions and
logarithms. A block takes passes of Newton until all its lanes have converged; a lane that has stands still
meanwhile, so that its neighbours change no bit of it. Cracks stand in the order of their openings: where the
widest of a block is far from turbulent, none of its lanes computes turbulence, which would be exactly zero.
"""

import math

from .crack import (
    ACCELERATION,
    GAUSS_NODE,
    GAUSS_WEIGHT,
    HAALAND,
    ONSET_REYNOLDS,
    ONSET_WIDTH,
    POLE,
    POLE_ACCOMMODATION,
    POLE_WEIGHT,
    REYNOLDS,
    SLIT_MOLECULAR,
    SLIT_VISCOUS,
    nozzle,
)
from .elementary import log
from .jit import jit, jit_inline

#: Cracks side by side, and those of them that one instruction takes at most.
LANES = 32
VECTOR = 8
#: Length of a block of cracks, and of the working memory.
BLOCK = 18 * LANES
WORK = 7 * LANES + VECTOR
# rows of a block: numbers of `crack.crack_geometry`, some of them already multiplied with each other
_OPENING, _AREA, _PATH, _VISCOUS, _HALF_PATH, _EPS, _ROOT_TAPER, _SLIP = (k * LANES for k in range(8))
_INLET, _EXIT, _THIN, _ROUGH, _POWER, _WEIGHT = (k * LANES for k in range(8, 14))
# rows of the working memory: friction, the channel's share of it, losses, inertia, rarefaction, the flow, and
# by how much its last step of Newton was too large; then the sums of the flows of each lane of a vector
_FRICTION, _CHANNEL, _LOSS, _INERTIA, _DELTA, _FLOW, _STEP, _SUM = (k * LANES for k in range(8))
_NEWTON_LIMIT = 12
# the step after which the next is below rounding
_CONVERGED = 1e-6
# turbulence is exactly zero below a Reynolds number of 25: here of the first estimate, which is the largest
_LAMINAR = 24.0


@jit
def set_lanes(geometry, first, count, order, lanes, start):
    """Write some cracks into blocks, by opening; the last block is filled up with the last, of no area.

    Parameters
    ----------
    geometry : float64[n, N_GEOMETRY]
        Of `crack.crack_geometry`.
    first, count : int
        Which cracks.
    order : int64[n]
        Working memory.
    lanes : float64[...]
        Output, from block ``start`` on.
    start : int
    """
    _sort_by_opening(geometry, first, count, order)
    blocks = (count + LANES - 1) // LANES
    for i in range(blocks * LANES):
        crack = geometry[order[min(i, count - 1)]]
        place = (start + i // LANES) * BLOCK + i % LANES
        taper = crack[4]
        lanes[place + _OPENING] = crack[0]
        lanes[place + _AREA] = crack[1] if i < count else 0.0
        lanes[place + _PATH] = crack[2]
        lanes[place + _VISCOUS] = crack[3]
        lanes[place + _HALF_PATH] = crack[5]
        lanes[place + _EPS] = crack[6]
        lanes[place + _ROOT_TAPER] = crack[7]
        lanes[place + _SLIP] = crack[8] * taper
        lanes[place + _INLET] = crack[9]
        lanes[place + _EXIT] = crack[10]
        lanes[place + _THIN] = crack[11]
        lanes[place + _ROUGH] = crack[12]
        lanes[place + _POWER] = crack[0] * math.sqrt(math.sqrt(crack[0]))
        for k in range(4):
            weight = POLE_WEIGHT[k] * (1.0 + POLE_ACCOMMODATION[k] * crack[13])
            lanes[place + _WEIGHT + k * LANES] = weight * taper


@jit
def flow_in_lanes(p1, p2, RT, viscosity, critical_ratio, critical_flow2, lanes, start, count, work):
    """Sum of the flows of some cracks [kg/s].

    Parameters
    ----------
    p1, p2 : float
        Pressures at the ends of higher and of lower pressure [Pa]; ``p1`` above 0.
    RT, viscosity, critical_ratio, critical_flow2 : float
        As in `crack.geometry_flow`.
    lanes : float64[...]
        Of `set_lanes`.
    start, count : int
        First block, and how many cracks.
    work : float64[WORK]
    """
    per_opening = p1 / (viscosity * math.sqrt(2.0 * RT))
    per_power = per_opening * math.sqrt(math.sqrt(per_opening))
    drop = (p1 - p2) / p1
    Kn = nozzle(drop, critical_ratio, critical_flow2)[0]
    for lane in range(VECTOR):
        work[_SUM + lane] = 0.0
    for first in range(0, count, LANES):
        place = (start + first // LANES) * BLOCK
        block = lanes[place : place + BLOCK]
        vectors = (min(LANES, count - first) + VECTOR - 1) // VECTOR
        _set_friction(per_opening, drop, block, work, vectors)
        fast = _estimate(per_power, drop, Kn, block, work, vectors)
        _correct_estimate(drop, Kn, work, vectors)
        left = 1
        passes = 0
        while left > 0 and passes < _NEWTON_LIMIT:
            if fast > 0:
                left = _improve(drop, Kn, block, work, vectors)
            else:
                left = _improve_laminar(drop, Kn, work, vectors)
            passes += 1
        for i in range(vectors):
            for lane in range(VECTOR):
                crack = i * VECTOR + lane
                work[_SUM + lane] += work[_FLOW + crack] * block[_AREA + crack]
    flow = 0.0
    for lane in range(VECTOR):
        flow += work[_SUM + lane]
    return flow * p1 / math.sqrt(RT)


@jit
def _set_friction(per_opening, drop, block, work, vectors):
    """Write the friction of each lane."""
    for i in range(VECTOR * vectors):
        delta = per_opening * block[_OPENING + i]
        B, phi = _friction(delta, drop, i, block)
        work[_DELTA + i] = delta
        work[_FRICTION + i] = B
        work[_CHANNEL + i] = phi * B


@jit
def _estimate(per_power, drop, Kn, block, work, vectors):
    """Write a first estimate of the flow of each lane; count those that turbulence may change."""
    r = 1.0 - drop
    X = drop * (1.0 + r)
    fast = 0
    for i in range(VECTOR * vectors):
        B = work[_FRICTION + i]
        K = block[_INLET + i] + block[_EXIT + i] * (r + r * r)
        power = per_power * block[_POWER + i]
        s = power / (power + block[_THIN + i])
        g = 2.0 * X / (B + math.sqrt(B * B + 4.0 * s * (Kn + K) * X))
        work[_LOSS + i] = K
        work[_INERTIA + i] = s
        work[_FLOW + i] = g
        fast += 0 if REYNOLDS * g * work[_DELTA + i] < _LAMINAR else 1
    return fast


@jit
def _correct_estimate(drop, Kn, work, vectors):
    """Improve the estimates by the acceleration of the gas at their flow; no lane has converged yet."""
    r = 1.0 - drop
    X = drop * (1.0 + r)
    for i in range(VECTOR * vectors):
        g = work[_FLOW + i]
        B = work[_FRICTION + i]
        K = work[_LOSS + i]
        a = g * K + work[_CHANNEL + i]
        outlet = g + a * r * r
        E = ACCELERATION * log((g + a) / outlet) if outlet > 0.0 else 0.0
        work[_FLOW + i] = 2.0 * X / (B + math.sqrt(B * B + 4.0 * work[_INERTIA + i] * (Kn + K + E) * X))
        work[_STEP + i] = 1.0


@jit
def _improve_laminar(drop, Kn, work, vectors):
    """Take a pass of Newton as `_improve`, where no lane is near turbulence."""
    r = 1.0 - drop
    X = drop * (1.0 + r)
    left = 0
    for i in range(VECTOR * vectors):
        g = work[_FLOW + i]
        B = work[_FRICTION + i]
        s = work[_INERTIA + i]
        K = work[_LOSS + i]
        E, E_g, E_a = _acceleration(g, r, g * K + work[_CHANNEL + i])
        F = s * (Kn + K + E) * g * g + B * g - X
        F_g = s * (2.0 * (Kn + K + E) * g + g * g * (E_g + E_a * K)) + B
        step = F / F_g if work[_STEP + i] > 0.0 else 0.0
        g -= step
        above = abs(step) - _CONVERGED * g
        work[_FLOW + i] = g
        work[_STEP + i] = above
        left += 0 if above <= 0.0 else 1
    return left


@jit
def _improve(drop, Kn, block, work, vectors):
    """Take a pass of Newton in the lanes that have not converged; count those that still have not."""
    r = 1.0 - drop
    X = drop * (1.0 + r)
    left = 0
    for i in range(VECTOR * vectors):
        g = work[_FLOW + i]
        B = work[_FRICTION + i]
        s = work[_INERTIA + i]
        K = work[_LOSS + i]
        delta = work[_DELTA + i]
        N, N_re = _turbulence(REYNOLDS * g * delta, block[_HALF_PATH + i], block[_ROUGH + i])
        N_g = N_re * REYNOLDS * delta
        E, E_g, E_a = _acceleration(g, r, g * (K + N) + work[_CHANNEL + i])
        C = Kn + K + N + E
        F = s * C * g * g + B * g - X
        F_g = s * (2.0 * C * g + g * g * (N_g + E_g + E_a * (K + N + g * N_g))) + B
        step = F / F_g if work[_STEP + i] > 0.0 else 0.0
        g -= step
        above = abs(step) - _CONVERGED * g
        work[_FLOW + i] = g
        work[_STEP + i] = above
        left += 0 if above <= 0.0 else 1
    return left


@jit_inline
def _acceleration(g, r, a):
    """Acceleration of the expanding gas, and its slopes by g and by a, as `crack.reduced_flow` has them."""
    inlet = g + a
    outlet = g + a * r * r
    flows = outlet > 0.0
    both = 1.0 / (inlet * outlet) if flows else 0.0
    E = ACCELERATION * log(inlet * inlet * both) if flows else 0.0
    return E, ACCELERATION * (outlet - inlet) * both, ACCELERATION * (outlet - r * r * inlet) * both


@jit_inline
def _friction(delta, drop, i, block):
    """Friction ``Bv`` of lane i and the channel's share of it, as `crack.reduced_flow` has them."""
    path = block[_PATH + i]
    viscous = block[_VISCOUS + i]
    eps = block[_EPS + i]
    root_taper = block[_ROOT_TAPER + i]
    slip = block[_SLIP + i]
    W = 0.0
    P = 0.0
    for k in range(3):
        d = delta * (1.0 - drop * (1.0 - GAUSS_NODE[k]))
        at = d * root_taper + eps
        a0 = at + POLE[0]
        a1 = at + POLE[1]
        a2 = at + POLE[2]
        a3 = at + POLE[3]
        # the four fractions of the poles, and the series of ends and channel, with one division
        bottom = (a0 * a1) * (a2 * a3)
        top = (block[_WEIGHT + i] * a1 + block[_WEIGHT + LANES + i] * a0) * (a2 * a3)
        top += (block[_WEIGHT + 2 * LANES + i] * a3 + block[_WEIGHT + 3 * LANES + i] * a2) * (a0 * a1)
        ends = SLIT_MOLECULAR + SLIT_VISCOUS * d
        channel = (d * viscous + slip) * bottom + top
        in_ends = path * ends * bottom
        inverse = 1.0 / (channel + in_ends)
        w = ends * channel * inverse
        W += GAUSS_WEIGHT[k] * w
        P += GAUSS_WEIGHT[k] * w * (in_ends * inverse)
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


@jit
def _sort_by_opening(geometry, first, count, order):
    """Write the numbers of some cracks in the order of their openings (Shell, Commun. ACM 2 (1959) 30)."""
    for i in range(count):
        order[i] = first + i
    gap = 1
    while gap < count // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, count):
            crack = order[i]
            opening = geometry[crack, 0]
            j = i
            while j >= gap and geometry[order[j - gap], 0] > opening:
                order[j] = order[j - gap]
                j -= gap
            order[j] = crack
        gap //= 3

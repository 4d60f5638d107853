"""Openings from flows: the laws of `orifice` and `crack` solved for the size, at one pair of pressures.

Both flows rise with the size, for a hole at least as fast as its area. The root is sought in the
logarithms, where the flow is nearly a straight line, and always between two sizes that pass less and
more than is wanted.

Sources
-------
Bracketed root by inverse quadratic interpolation: Chandrupatla, Adv. Eng. Software 28 (1997) 145.
"""

import math

from .crack import crack_flow, crack_flow_slopes
from .jit import jit
from .orifice import orifice_flow, orifice_flow_slopes

#: What became of a search.
FOUND, NO_DROP, TOO_LARGE, NOT_FOUND = range(4)

# the laws carry rounding of some 1e-15: nothing is gained beyond
_RESIDUAL = 2e-15
_WIDTH = 4e-16
_LIMIT = 200
_DESCENT = 16.0


@jit
def orifice_size(mass_flow, p_up, p_down, temperature, gas_constant, viscosity, gamma, discharge_coefficient):
    """Area and diameter of the round orifice that passes a flow.

    Parameters
    ----------
    mass_flow : float
        From ``p_up`` to ``p_down``, above zero [kg/s].
    p_up, p_down, temperature, gas_constant, viscosity, gamma, discharge_coefficient : float
        As in `orifice.orifice_flow`.

    Returns
    -------
    area, diameter : float
        [m2, m], NaN unless found.
    status : int
        `FOUND`, `NO_DROP` or `NOT_FOUND`.
    """
    if not p_up > p_down:
        return math.nan, math.nan, NO_DROP
    # between this trial and the area in proportion to it, for the flow over the area rises with the area
    trial = 1.0
    passed = orifice_flow(
        p_up, p_down, temperature, gas_constant, viscosity, gamma, trial, discharge_coefficient
    )
    other = math.log(mass_flow / passed)
    margin = 1e-9 if other > 0.0 else -1e-9
    bracket = _bracket(0.0, -other, other + margin, margin)
    for _ in range(_LIMIT):
        x = _next(bracket)
        flow = orifice_flow(
            p_up, p_down, temperature, gas_constant, viscosity, gamma, math.exp(x), discharge_coefficient
        )
        bracket = _narrowed(bracket, x, math.log(flow / mass_flow))
        if _is_narrow(bracket):
            area = math.exp(_best(bracket))
            diameter = math.sqrt(4.0 * area / math.pi)
            if diameter < math.inf:
                return area, diameter, FOUND
            break
    return math.nan, math.nan, NOT_FOUND


@jit
def crack_opening(
    mass_flow,
    p_up,
    p_down,
    temperature,
    gas_constant,
    viscosity,
    gamma,
    length,
    depth,
    tortuosity,
    roughness,
    taper,
    accommodation,
    inlet_loss,
):
    """Opening of the planar crack that passes a flow, no wider than it is long.

    Parameters
    ----------
    mass_flow : float
        From ``p_up`` to ``p_down``, above zero [kg/s].
    p_up, p_down, temperature, gas_constant, viscosity, gamma : float
        As in `crack.crack_flow`.
    length, depth, tortuosity, roughness, taper, accommodation, inlet_loss : float
        As in `crack.crack_flow`.

    Returns
    -------
    opening : float
        [m], NaN unless found.
    largest_flow : float
        Of an opening as wide as long [kg/s].
    status : int
        `FOUND`, `NO_DROP`, `TOO_LARGE` if the flow is above the largest, or `NOT_FOUND`.
    """
    if not p_up > p_down:
        return math.nan, 0.0, NO_DROP
    gas = (p_up, p_down, temperature, gas_constant, viscosity, gamma)
    faces = (length, depth, tortuosity, roughness, taper, accommodation, inlet_loss)
    high = math.log(length)
    largest_flow = _crack(high, gas, faces)
    above = math.log(largest_flow / mass_flow)
    if above < 0.0:
        return math.nan, largest_flow, TOO_LARGE
    low, below = high, above
    for _ in range(_LIMIT):
        if below < 0.0:
            break
        high, above = low, below
        low -= math.log(_DESCENT)
        below = math.log(_crack(low, gas, faces) / mass_flow)
    if not below < 0.0:
        return math.nan, largest_flow, NOT_FOUND
    bracket = _bracket(low, below, high, above)
    for _ in range(_LIMIT):
        x = _next(bracket)
        bracket = _narrowed(bracket, x, math.log(_crack(x, gas, faces) / mass_flow))
        if _is_narrow(bracket):
            return math.exp(_best(bracket)), largest_flow, FOUND
    return math.nan, largest_flow, NOT_FOUND


@jit
def orifice_exponent(p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient):
    """Exponent ``dln(mdot)/dln(p_up)`` of an orifice; arguments as of `orifice.orifice_flow`."""
    flow, by_p_up, _ = orifice_flow_slopes(
        p_up, p_down, temperature, gas_constant, viscosity, gamma, area, discharge_coefficient
    )
    return by_p_up * p_up / flow


@jit
def crack_exponent(
    p_up,
    p_down,
    temperature,
    gas_constant,
    viscosity,
    gamma,
    opening,
    length,
    depth,
    tortuosity,
    roughness,
    taper,
    accommodation,
    inlet_loss,
):
    """Exponent ``dln(mdot)/dln(p_up)`` of a crack; arguments as of `crack.crack_flow`."""
    flow, by_p_up, _ = crack_flow_slopes(
        p_up,
        p_down,
        temperature,
        gas_constant,
        viscosity,
        gamma,
        opening,
        length,
        depth,
        tortuosity,
        roughness,
        taper,
        accommodation,
        inlet_loss,
    )
    return by_p_up * p_up / flow


@jit
def knudsen_number(pressure, size, temperature, gas_constant, viscosity):
    """Mean free path ``mu/p sqrt(pi R T/2)`` over a size [m]."""
    return viscosity / pressure * math.sqrt(0.5 * math.pi * gas_constant * temperature) / size


@jit
def _crack(log_opening, gas, faces):
    opening = math.exp(log_opening)
    return crack_flow(
        gas[0],
        gas[1],
        gas[2],
        gas[3],
        gas[4],
        gas[5],
        opening,
        faces[0],
        faces[1],
        faces[2],
        faces[3],
        faces[4],
        faces[5],
        faces[6],
    )


@jit
def _bracket(a, f_a, b, f_b):
    """Chandrupatla's state: newest point a, the end across the root b, the point before c; next fraction."""
    return a, f_a, b, f_b, a, f_a, 0.5


@jit
def _next(bracket):
    """Return where to look next."""
    return bracket[0] + bracket[6] * (bracket[2] - bracket[0])


@jit
def _narrowed(bracket, x, f):
    """Return the bracket after the function was found to be f at `_next`."""
    a, f_a, b, f_b, _, _, _ = bracket
    if (f > 0.0) == (f_a > 0.0):
        c, f_c = a, f_a
    else:
        c, f_c = b, f_b
        b, f_b = a, f_a
    a, f_a = x, f
    xi = (a - b) / (c - b)
    phi = (f_a - f_b) / (f_c - f_b)
    t = 0.5
    if phi * phi < xi and (1.0 - phi) * (1.0 - phi) < 1.0 - xi:
        t = f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    least = min(0.5, 0.5 * _resolution(a) / abs(b - a))
    return a, f_a, b, f_b, c, f_c, min(max(t, least), 1.0 - least)


@jit
def _is_narrow(bracket):
    return abs(bracket[1]) <= _RESIDUAL or abs(bracket[2] - bracket[0]) <= _resolution(bracket[0])


@jit
def _resolution(x):
    return _WIDTH * max(1.0, abs(x))


@jit
def _best(bracket):
    return bracket[0] if abs(bracket[1]) <= abs(bracket[3]) else bracket[2]

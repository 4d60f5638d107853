"""Cracks that move: openings that follow the pressure, elliptic profiles, growth.

A crack opens with the pressure across it, ``h = h_rest + C (p_source - p_sink)``. In a shell of radius
R and wall t under the membrane stress ``S = dp R/t`` a through-crack of length 2a opens by
``4 S a/E`` in its middle, so that ``C = 2 (2a) R/(t E)``, and its opening is elliptic along its length.

A crack that is shut at rest (``h_rest <= 0``) leaks once the pressure has opened it. Where what has closed
may not reopen, it opens for the first time as any other, and stays shut from when it then closes; a crack
that is open at rest and that the pressure holds closed from the start has closed, and stays shut.

Sources
-------
Opening of a crack under remote tension: Tada, Paris and Irwin, The Stress Analysis of Cracks Handbook
(2000), sec. 5.1. Growth by load cycles: Paris and Erdogan, J. Basic Eng. 85 (1963) 528, eq. 4.
"""

import math

import numpy as np

from .crack import crack_geometry, geometry_flow, geometry_flow_slopes
from .jit import jit, jit_rare

#: A crack that moves: its numbers at rest, compliance [m/Pa], what the shell adds to it for each metre of
#: its length [1/Pa], growth of its length [m/s], and whether it is shut: `UNOPENED`, `OPENED` or `SHUT`.
MOVING_CRACK = np.dtype(
    [(name, "f8") for name in ("opening", "length", "depth", "tortuosity", "roughness", "taper",
                               "accommodation", "inlet_loss", "compliance", "stretch", "growth", "shut")]
)  # fmt: skip

#: Of ``MOVING_CRACK["shut"]``: shut at rest and not open yet; open, or free to open again; shut for good.
UNOPENED, OPENED, SHUT = -1.0, 0.0, 1.0

#: Below this a crack is closed [m]. It is far under an atom, and what the law gives there is nothing beside
#: any leak, but its numbers still square without overflow.
LEAST_OPENING = 1e-15

# 4-point Gauss-Legendre rule on [0, pi/2]: in the angle along an ellipse everything is smooth
_ANGLE = tuple(
    0.25 * math.pi * (1.0 + x)
    for x in (-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526)
)
_WEIGHT = tuple(
    0.25 * math.pi * w
    for w in (0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538)
)
_STRIPS = 4
# relative change of the opening in the difference quotient of its slope
_NUDGE = 1e-6


@jit_rare
def shell_stretch(radius, wall, modulus):
    """Opening in the middle of a crack per pressure across the shell and length of the crack [1/Pa].

    Parameters
    ----------
    radius, wall : float
        Of the shell [m].
    modulus : float
        Young's modulus [Pa].
    """
    return 2.0 * radius / (wall * modulus)


@jit
def opening_at(crack, drop, time):
    """Opening of a crack under a pressure drop [m]; zero where it is closed, or once it has shut.

    Parameters
    ----------
    crack : MOVING_CRACK
    drop : float
        Pressure at the path's source less that at its sink [Pa].
    time : float
        For which the crack has grown [s].
    """
    opening = crack["opening"] + compliance_at(crack, time) * drop
    return opening if opening > LEAST_OPENING and crack["shut"] < SHUT else 0.0


@jit
def note_closure(crack, drop, time):
    """Mark a crack that may not reopen: as opened where it is open, and as shut where it was and is not.

    Parameters
    ----------
    crack : MOVING_CRACK
        Its ``shut`` is changed.
    drop, time : float
        As in `opening_at`, of a state that the sample was in.
    """
    if opening_at(crack, drop, time) > 0.0:
        crack["shut"] = OPENED
    elif crack["shut"] == OPENED:
        crack["shut"] = SHUT


@jit
def compliance_at(crack, time):
    """Opening of a crack per pressure across it [m/Pa]."""
    return crack["compliance"] + crack["stretch"] * length_at(crack, time)


@jit
def length_at(crack, time):
    """Length of a crack that has grown for a time [m]."""
    return crack["length"] + crack["growth"] * time


@jit
def can_open(compliance, stretch):
    """Whether some pressure opens a crack that is shut at rest."""
    return compliance != 0.0 or stretch > 0.0


@jit
def moving_flow(p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, crack, elliptic, time):
    """Flow of a crack that moves [kg/s].

    Parameters
    ----------
    p_source, p_sink : float
        [Pa]
    RT, viscosity, critical_ratio, critical_flow2 : float
        As in `crack.geometry_flow`.
    crack : MOVING_CRACK
    elliptic : bool
        The opening is that of the middle, and elliptic along the crack.
    time : float
        For which the crack has grown [s].
    """
    opening = opening_at(crack, p_source - p_sink, time)
    return _flow(
        p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, crack, elliptic, time, opening
    )


@jit
def moving_flow_slopes(
    p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, crack, elliptic, time
):
    """Return `moving_flow` and its derivatives by the two pressures [kg/s, kg/(s Pa), kg/(s Pa)]."""
    opening = opening_at(crack, p_source - p_sink, time)
    if opening == 0.0:
        return 0.0, 0.0, 0.0
    flow, by_source, by_sink = 0.0, 0.0, 0.0
    for k in range(_STRIPS if elliptic else 1):
        height, width = _strip(k, elliptic)
        geometry = _geometry(crack, height * opening, width * length_at(crack, time))
        one = geometry_flow_slopes(p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, geometry)
        flow += one[0]
        by_source += one[1]
        by_sink += one[2]
    compliance = compliance_at(crack, time)
    if compliance != 0.0:
        step = _NUDGE * opening
        nudged = _flow(
            p_source,
            p_sink,
            RT,
            viscosity,
            critical_ratio,
            critical_flow2,
            crack,
            elliptic,
            time,
            opening + step,
        )
        by_opening = (nudged - flow) / step
        by_source += by_opening * compliance
        by_sink -= by_opening * compliance
    return flow, by_source, by_sink


@jit_rare
def grow_by_cycles(length, cycles, stress_range, coefficient, exponent):
    """Length of a crack after load cycles [m], by Paris's law integrated in closed form.

    ``da/dN = C (dS sqrt(pi a))^m`` with the half length a.

    Parameters
    ----------
    length : float
        Before [m].
    cycles : float
        N.
    stress_range : float
        dS [Pa].
    coefficient, exponent : float
        C [m per cycle and (Pa sqrt(m))^m] and m.

    Returns
    -------
    float
        [m]; infinite if the crack runs away within these cycles, and the length before to the bit where
        there are none, or no load.
    """
    if cycles <= 0.0 or coefficient <= 0.0 or stress_range <= 0.0:
        return length
    # in logarithms, for with a large exponent both factors of C dK^m leave the range of floats
    half = 0.5 * length
    log_intensity = math.log(stress_range) + 0.5 * math.log(math.pi * half)
    growth = math.exp(math.log(cycles) + math.log(coefficient) + exponent * log_intensity - math.log(half))
    power = 1.0 - 0.5 * exponent
    if power == 0.0:
        return length * math.exp(growth)
    left = power * growth
    return math.inf if left <= -1.0 else length * math.exp(math.log1p(left) / power)


@jit
def _flow(p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, crack, elliptic, time, opening):
    if opening == 0.0:
        return 0.0
    total = 0.0
    for k in range(_STRIPS if elliptic else 1):
        height, width = _strip(k, elliptic)
        geometry = _geometry(crack, height * opening, width * length_at(crack, time))
        total += geometry_flow(p_source, p_sink, RT, viscosity, critical_ratio, critical_flow2, geometry)
    return total


@jit
def _strip(k, elliptic):
    """Height over the middle's and share of the length of strip k of an ellipse."""
    if not elliptic:
        return 1.0, 1.0
    return math.cos(_ANGLE[k]), _WEIGHT[k] * math.cos(_ANGLE[k])


@jit
def _geometry(crack, opening, length):
    return crack_geometry(
        opening,
        length,
        crack["depth"],
        crack["tortuosity"],
        crack["roughness"],
        crack["taper"],
        crack["accommodation"],
        crack["inlet_loss"],
    )

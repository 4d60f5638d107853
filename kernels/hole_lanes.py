"""Flow through an orifice at many pressures of one side at once, in the lanes of vector instructions.

The laws are those of `orifice`, without slopes; the sources stand there. What is below one of them: logarithm
and exponential are the arithmetic of `elementary`, with Kahan's corrections where ``1 + x`` is rounded, and
where a law has cases all are computed and one is taken.
"""

import math

from .elementary import exp, log
from .jit import jit, jit_inline
from .orifice import ISO_CORNER, PERRY, iso_scale, laminar_coefficient, laminar_part


@jit
def hole_flows(own, other, here, there, area, discharge_coefficient, inlet_loss, out):
    """Write what `orifice.thick_hole_slopes` gives.

    Parameters
    ----------
    own : float64[n]
        Pressures of the one side [Pa].
    other : float
        Pressure of the other [Pa].
    here, there : tuple of float
        Of the gas on either side: ``R T`` [J/kg], viscosity [Pa s], gamma, critical pressure ratio and
        squared critical flow.
    area, discharge_coefficient, inlet_loss : float
        As there; the area is not zero.
    out : float64[n]
        Output: out of the one side [kg/s].
    """
    scale_here, scale_there = area / math.sqrt(here[0]), area / math.sqrt(there[0])
    laminar_here, laminar_there = laminar_part(here[0], here[1], area), laminar_part(there[0], there[1], area)
    for i in range(own.size):
        outward = own[i] >= other
        p1 = own[i] if outward else other
        p2 = other if outward else own[i]
        gamma = here[2] if outward else there[2]
        ratio = here[3] if outward else there[3]
        choked = here[4] if outward else there[4]
        scale = scale_here if outward else scale_there
        laminar = laminar_here if outward else laminar_there
        Cd = discharge_coefficient
        flow = scale * hole_flow(p1, p2, gamma, ratio, choked, laminar, Cd, inlet_loss)
        out[i] = flow if outward else -flow


@jit_inline
def hole_flow(p1, p2, gamma, critical_ratio, critical_flow2, laminar, discharge_coefficient, inlet_loss):
    """Flow through a hole over ``A/sqrt(R T)``, from p1 to a lower p2; laminar: `orifice.laminar_part`."""
    perry = discharge_coefficient == PERRY
    laminar = laminar_coefficient(p1, laminar)
    drop = (p1 - p2) / p1
    r = 1.0 - drop
    log_r = _log_rest(drop)
    psi2 = 2.0 * gamma / (gamma - 1.0) * exp(2.0 / gamma * log_r)
    psi2 *= _below_one((gamma - 1.0) / gamma * log_r)
    psi2 = critical_flow2 if r <= critical_ratio else psi2
    X = drop * (1.0 + r)
    Q = X * X / psi2 if drop > 0.0 else 0.0
    Q += inlet_loss * X
    L2 = (laminar * r) * (laminar * r)
    g = X / math.sqrt(math.sqrt(Q * Q + L2 * L2))
    curve = 0.8414 + r * (-0.1002 + r * (0.8415 + r * (-3.9 + r * (4.6001 - 1.6827 * r))))
    flow = p1 * ((curve if perry else discharge_coefficient) * g)
    return flow if p1 > 0.0 else 0.0


@jit
def iso_flows(own, other, here, there, sonic_conductance, critical_ratio, subsonic_index, out):
    """Write what `orifice.iso_flow` gives; arguments as there and as of `hole_flows`.

    But ``here`` and ``there`` are the temperature and the gas constant of either side [K, J/(kg K)].
    """
    scale_here = sonic_conductance * iso_scale(here[0], here[1])
    scale_there = sonic_conductance * iso_scale(there[0], there[1])
    power = 4.0 * (1.0 - subsonic_index)
    for i in range(own.size):
        outward = own[i] >= other
        p1 = own[i] if outward else other
        p2 = other if outward else own[i]
        drop = (p1 - p2) / p1
        part = drop / (1.0 - critical_ratio)
        w = part * (2.0 - part)
        subsonic = w / math.sqrt(math.sqrt(exp(power * log(w + ISO_CORNER))))
        flow = (scale_here if outward else scale_there) * p1
        flow *= subsonic if 1.0 - drop > critical_ratio else 1.0
        flow = flow if p1 > 0.0 else 0.0
        out[i] = flow if outward else -flow


@jit_inline
def _log_rest(drop):
    """``log(1 - drop)``."""
    rest = 1.0 - drop
    lost = rest - 1.0
    return log(rest) * (-drop / lost) if lost != 0.0 else -drop


@jit_inline
def _below_one(y):
    """``1 - exp(y)``."""
    e = exp(y)
    lost = e - 1.0
    return -lost * (y / log(e)) if lost != 0.0 else -y

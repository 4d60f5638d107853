"""The flow laws over arrays of one length, for whoever wants only those."""

from .crack import crack_flow
from .gas import mixture_properties
from .jit import jit
from .orifice import orifice_flow
from .seal import seal_flow


@jit
def crack_flows(mole_fractions, columns, flows):
    """Write `crack.crack_flow` of each row.

    Parameters
    ----------
    mole_fractions : float64[6]
    columns : float64[11, n]
        Temperature, p_up, p_down, opening, length, depth, tortuosity, roughness, taper, accommodation,
        inlet loss.
    flows : float64[n]
        Output [kg/s].
    """
    for i in range(flows.size):
        c = columns[:, i]
        R, mu, gamma = mixture_properties(mole_fractions, c[0])
        flows[i] = crack_flow(c[1], c[2], c[0], R, mu, gamma, c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10])


@jit
def orifice_flows(mole_fractions, columns, flows):
    """Write `orifice.orifice_flow` of each row.

    Parameters
    ----------
    mole_fractions : float64[6]
    columns : float64[5, n]
        Temperature, p_up, p_down, area, discharge coefficient.
    flows : float64[n]
        Output [kg/s].
    """
    for i in range(flows.size):
        c = columns[:, i]
        R, mu, gamma = mixture_properties(mole_fractions, c[0])
        flows[i] = orifice_flow(c[1], c[2], c[0], R, mu, gamma, c[3], c[4])


@jit
def seal_flows(columns, flows):
    """Write `seal.seal_flow` of each row.

    Parameters
    ----------
    columns : float64[4, n]
        p_up, p_down, molecular and viscous conductance.
    flows : float64[n]
        Output [kg/s].
    """
    for i in range(flows.size):
        flows[i] = seal_flow(columns[0, i], columns[1, i], columns[2, i], columns[3, i])

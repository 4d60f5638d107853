"""Flow past an elastomer seal: a molecular and a viscous conductance in parallel."""

from .jit import jit


@jit
def seal_flow(p_up, p_down, molecular, viscous):
    """Mass flow past a seal [kg/s], ``(a + b (p1 + p2)/2)(p1 - p2)``; antisymmetric and smooth.

    Parameters
    ----------
    p_up, p_down : float
        Pressures on the two sides [Pa].
    molecular : float
        a [m s]
    viscous : float
        b [m s/Pa]
    """
    return (molecular + 0.5 * viscous * (p_up + p_down)) * (p_up - p_down)


@jit
def seal_flow_slopes(p_up, p_down, molecular, viscous):
    """Return `seal_flow` and its derivatives by ``p_up`` and ``p_down`` [kg/s, kg/(s Pa), kg/(s Pa)]."""
    flow = seal_flow(p_up, p_down, molecular, viscous)
    return flow, molecular + viscous * p_up, -(molecular + viscous * p_down)

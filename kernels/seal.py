"""Flow past an elastomer seal: a molecular and a viscous conductance in parallel, by contact stress.

Source
------
Conductance falls exponentially with the stress that presses the seal: Roth, Vacuum Sealing Techniques
(1966), sec. 2.1, ``C ~ exp(-3 P/R)`` with the sealing factor R of the material.
"""

import math

from .jit import jit, jit_rare

# largest exponent of the factor of a seal that has lifted, and largest change of the exponent over the
# pressure at the start: beyond, the flow would leap within a millionth of it
_LARGEST_EXPONENT = 50.0
_STEEPEST = 1e6


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


@jit
def contact_factor(drop, stress, at_stress, sealing_factor, gain):
    """Share of a seal's conductance under a contact stress, and its derivative by the pressure drop [1/Pa].

    ``exp(-3 (max(stress + gain drop, 0) - at_stress)/sealing_factor)``.

    Parameters
    ----------
    drop : float
        Pressure across the seal, of the path's source less that of its sink [Pa].
    stress, at_stress : float
        Contact stress without a drop, and that at which the conductances hold [Pa].
    sealing_factor : float
        R of Roth's law [Pa].
    gain : float
        What a pressure drop adds to the contact stress, over the drop; negative if it lifts the seal.
    """
    pressed = stress + gain * drop
    if pressed <= 0.0:
        return math.exp(3.0 * at_stress / sealing_factor), 0.0
    factor = math.exp(-3.0 * (pressed - at_stress) / sealing_factor)
    return factor, -3.0 * gain / sealing_factor * factor


@jit_rare
def fits_contact(pressure, at_stress, sealing_factor, gain):
    """Whether Roth's law says anything of a seal: no leap with the pressure, nor more than any hole passes.

    A seal that lifts passes ``exp(3 at_stress/sealing_factor)`` of its conductance; 5e21 times are allowed.

    Parameters
    ----------
    pressure : float
        The higher one of the two sides at the start [Pa].
    at_stress, sealing_factor, gain : float
        As in `contact_factor`.
    """
    gentle = 3.0 * abs(gain) * pressure <= _STEEPEST * sealing_factor
    return gentle and 3.0 * at_stress <= _LARGEST_EXPONENT * sealing_factor

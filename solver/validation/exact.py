"""Closed forms and quadratures that histories are held to. Nothing here calls a flow law of the kernels.

Sources: Saint-Venant and Wantzel (1839) for the orifice; Fanno flow as in Zuk, Ludwig and Johnson, NASA TN
D-6668 (1972); Poiseuille for the long laminar slot; the rest follows from ``V dp/dt = -R T mdot``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "adiabatic_fall", "adiabatic_time", "cabin_history", "choked_flow_function", "equalised_difference",
    "fanno_blowdown", "flow_function", "time_of_fall",
]  # fmt: skip

Array = NDArray[np.float64]

# nodes of a panel; with panels of at most 2 % in pressure the quadrature is exact to rounding
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_PANEL = 0.02


def flow_function(pressure_ratio: Array | float, gamma: float) -> Array:
    """``psi(r)`` of an ideal nozzle, ``mdot = A p1 psi/sqrt(R T)``.

    Parameters
    ----------
    pressure_ratio : array
        Lower pressure over higher, 0 to 1.
    gamma : float
        Ratio of specific heats.
    """
    critical = (2.0 / (gamma + 1.0)) ** (gamma / (gamma - 1.0))
    r = np.maximum(np.asarray(pressure_ratio, dtype=float), critical)
    psi: Array = np.sqrt(2.0 * gamma / (gamma - 1.0) * (r ** (2.0 / gamma) - r ** ((gamma + 1.0) / gamma)))
    return psi


def choked_flow_function(gamma: float) -> float:
    """``psi`` of a choked nozzle."""
    return math.sqrt(gamma) * math.pow(2.0 / (gamma + 1.0), (gamma + 1.0) / (2.0 * (gamma - 1.0)))


def time_of_fall(
    rate: Callable[[Array], Array], start: float, pressures: Array, kinks: tuple[float, ...] = ()
) -> Array:
    """When a pressure that falls at a known rate gets to each of some pressures.

    Parameters
    ----------
    rate : callable
        ``-dp/dt`` [Pa/s] at each pressure [Pa].
    start : float
        Pressure at time 0 [Pa].
    pressures : array (n,)
        Falling, all below ``start`` [Pa].
    kinks : tuple of float
        Pressures at which the rate is not smooth; panels end there.

    Returns
    -------
    array (n,)
        [s], by Gauss-Legendre panels.
    """
    edges = [start]
    for stop in sorted(
        {*map(float, pressures), *(k for k in kinks if pressures[-1] < k < start)}, reverse=True
    ):
        panels = max(1, math.ceil(math.log(edges[-1] / stop) / _PANEL))
        edges += list(np.geomspace(edges[-1], stop, panels + 1)[1:])
    high, low = np.array(edges[:-1]), np.array(edges[1:])
    nodes = 0.5 * (high + low)[:, None] + 0.5 * (high - low)[:, None] * _NODES
    times = np.cumsum((0.5 * (high - low)[:, None] * _WEIGHTS / rate(nodes)).sum(axis=1))
    found: Array = np.interp(-np.asarray(pressures), -low, times)
    return found


def equalised_difference(times: Array, start: float, linear: float, square: float) -> Array:
    """``D`` of ``dD/dt = -(linear + square D) D``, a Bernoulli equation.

    Parameters
    ----------
    times : array (n,)
        [s]
    start : float
        D at time 0.
    linear, square : float
        [1/s], and that over the unit of D.
    """
    fade = np.exp(-linear * times)
    difference: Array = linear * start * fade / (linear + square * start * (1.0 - fade))
    return difference


def fanno_blowdown(machs: Array, gamma: float) -> tuple[Array, Array]:
    """Fanno flow through a laminar slot that is choked at its end, at each Mach number of its inlet.

    Parameters
    ----------
    machs : array (n,)
        0 to 1, behind an inlet without loss.
    gamma : float
        Ratio of specific heats.

    Returns
    -------
    flow, friction : array (n,)
        ``g = mdot sqrt(R T)/(p A)`` and ``B = N g = 24 mu L sqrt(R T)/(h^2 p)``, as one over the pressure.
    """
    M2 = machs**2
    rise = 1.0 + 0.5 * (gamma - 1.0) * M2
    N = (1.0 - M2) / (gamma * M2) + (gamma + 1.0) / (2.0 * gamma) * np.log(0.5 * (gamma + 1.0) * M2 / rise)
    g = math.sqrt(gamma) * machs * rise ** (-(gamma + 1.0) / (2.0 * (gamma - 1.0)))
    return g, N * g


def adiabatic_time(ratio: float, gamma: float) -> float:
    """Time of an adiabatic choked blowdown to a share of the pressure, over ``V/(A psi* sqrt(R T0))``.

    ``dm/dt`` goes like ``p/sqrt(T)`` and ``T`` like ``p^((gamma - 1)/gamma)``; at constant temperature it is
    ``-ln(ratio)``.
    """
    return 2.0 / (gamma - 1.0) * (math.pow(ratio, -(gamma - 1.0) / (2.0 * gamma)) - 1.0)


def adiabatic_fall(times: Array, gamma: float) -> tuple[Array, Array]:
    """Pressure and temperature in an adiabatic choked blowdown, as shares of those at the start.

    The inverse of `adiabatic_time`: with ``x = 1 + (gamma - 1)/2 t`` the temperature goes like ``x^-2``.

    Parameters
    ----------
    times : array (n,)
        Over ``V/(A psi* sqrt(R T0))``.
    gamma : float
        Ratio of specific heats.
    """
    x = 1.0 + 0.5 * (gamma - 1.0) * times
    return x ** (-2.0 * gamma / (gamma - 1.0)), x**-2.0


def cabin_history(
    rates: Callable[[Array], Array], start: Array, duration: float, steps: int
) -> tuple[Array, Array]:
    """Integrate a few unknowns by the classical Runge-Kutta method of order 4, in equal steps.

    Parameters
    ----------
    rates : callable
        From the unknowns (k,) to their rates [1/s].
    start : array (k,)
    duration : float
        [s]
    steps : int
        Short beside the fastest time scale: the error of a history goes like its 4th power.

    Returns
    -------
    times, states : array (steps + 1,), array (steps + 1, k)
    """
    h = duration / steps
    states = np.empty((steps + 1, start.size))
    states[0] = start
    for i in range(steps):
        y = states[i]
        k1 = rates(y)
        k2 = rates(y + 0.5 * h * k1)
        k3 = rates(y + 0.5 * h * k2)
        k4 = rates(y + h * k3)
        states[i + 1] = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.linspace(0.0, duration, steps + 1), states

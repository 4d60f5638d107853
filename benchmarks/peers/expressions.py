"""The crack law into vacuum in expressions, for those who take no compiled function.

The same formulas as `leakflow.kernels.crack_lanes`, at a pressure ratio of zero, in whatever has
``+ - * /`` and the three functions of `Functions`: numbers, arrays of JAX, expressions of heyoka. Besides,
the table as one Chebyshev series of the logarithm of the flow over all pressures, without cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import crack

from . import rates

#: Terms of the series, and the pressures that it spans [Pa].
TERMS = 40
LOW, HIGH = 1.0, 1.2e5
_PASSES = 3


class Functions(NamedTuple):
    """Root, natural logarithm, and the larger of an expression and a number."""

    sqrt: Callable[[Any], Any]
    log: Callable[[Any], Any]
    at_least: Callable[[Any, float], Any]


def vacuum_flow(pressure: Any, gas: Sequence[Any], geometry: Sequence[Any], do: Functions) -> Any:
    """Flow of one crack into vacuum [kg/s].

    Parameters
    ----------
    pressure : expression
        [Pa]
    gas : RT, viscosity, squared critical flow function
    geometry : of `leakflow.kernels.crack.crack_geometry`
    do : Functions
    """
    RT, viscosity, flow2 = gas
    delta = pressure * geometry[0] / (viscosity * do.sqrt(2.0 * RT))
    B, phi = _friction(delta, geometry)
    loss = 1.0 / flow2 + geometry[9]
    power = delta * do.sqrt(do.sqrt(delta))
    s = power / (power + geometry[11])
    g = 2.0 / (B + do.sqrt(B * B + 4.0 * s * loss))
    N, _ = _turbulence(crack.REYNOLDS * g * delta, geometry, do)
    a = g * (geometry[9] + N) + phi * B
    E = crack.ACCELERATION * do.log((g + a) / g)
    g = 2.0 / (B + do.sqrt(B * B + 4.0 * s * (loss + N + E)))
    for _ in range(_PASSES):
        N, N_re = _turbulence(crack.REYNOLDS * g * delta, geometry, do)
        N_g = N_re * crack.REYNOLDS * delta
        K = geometry[9] + N
        inlet = g + g * K + phi * B
        E = crack.ACCELERATION * do.log(inlet / g)
        E_g = crack.ACCELERATION * ((1.0 + K + g * N_g) / inlet - 1.0 / g)
        C = loss + N + E
        F = s * C * g * g + B * g - 1.0
        F_g = s * (2.0 * C * g + g * g * (N_g + E_g)) + B
        g = g - F / F_g
    return geometry[1] / do.sqrt(RT) * pressure * g


def log_series(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chebyshev series of ``ln(flow)`` in ``ln(pressure)``, for each row of `rates`' numbers."""
    x = np.cos(np.pi * (np.arange(TERMS) + 0.5) / TERMS)
    pressures = LOW * np.exp(0.5 * math.log(HIGH / LOW) * (x + 1.0))
    values = np.log([[rates.plain_leak(p, row) for p in pressures] for row in samples])
    return np.polynomial.chebyshev.chebfit(x, values.T, TERMS - 1).T


def series_of(x: Any, terms: Sequence[Any]) -> Any:
    """Sum of a Chebyshev series at x, by Clenshaw."""
    b1, b2 = terms[len(terms) - 1], 0.0
    for j in range(len(terms) - 2, 0, -1):
        b1, b2 = terms[j] + 2.0 * x * b1 - b2, b1
    return terms[0] + x * b1 - b2


def place_of(log_pressure: Any) -> Any:
    """Where a pressure stands in the series, -1 to 1."""
    return log_pressure * (2.0 / math.log(HIGH / LOW)) - (1.0 + 2.0 * math.log(LOW) / math.log(HIGH / LOW))


def _friction(delta: Any, geometry: Sequence[Any]) -> tuple[Any, Any]:
    W, P = 0.0, 0.0
    for node, weight in zip(crack.GAUSS_NODE, crack.GAUSS_WEIGHT, strict=True):
        d = delta * node
        molecular = geometry[8]
        for pole, size, shift in zip(crack.POLE, crack.POLE_WEIGHT, crack.POLE_ACCOMMODATION, strict=True):
            molecular = molecular + size * (1.0 + shift * geometry[13]) / (
                d * geometry[7] + pole + geometry[6]
            )
        ends = 1.0 / (crack.SLIT_MOLECULAR + crack.SLIT_VISCOUS * d)
        channel = geometry[2] / (d * geometry[3] + molecular * geometry[4])
        w = 1.0 / (ends + channel)
        W = W + weight * w
        P = P + weight * w * w * channel
    return math.sqrt(2.0) / W, P / W


def _turbulence(Re: Any, geometry: Sequence[Any], do: Functions) -> tuple[Any, Any]:
    x2 = Re * Re * (1.0 / crack.ONSET_REYNOLDS**2)
    x4 = x2 * x2
    S = x4 / (1.0 + x4)
    S_re = 4.0 * S / ((1.0 + x4) * Re)
    clamped = do.at_least(Re, 100.0)
    argument = geometry[12] + 6.9 / clamped
    root = -crack.HAALAND * do.log(argument)
    f = 1.0 / (root * root)
    excess = f - 96.0 / Re
    # where the Reynolds number is clamped, turbulence is nothing: its slope there does not count
    excess_re = -2.0 * f / root * crack.HAALAND * 6.9 / (clamped * clamped * argument) + 96.0 / (Re * Re)
    width = crack.ONSET_WIDTH * 96.0 / Re
    smooth = do.sqrt(excess * excess + width * width)
    smooth_re = (excess * excess_re - width * width / Re) / smooth
    half_path = geometry[5]
    N = S * 0.5 * (excess + smooth) * half_path
    N_re = (S_re * 0.5 * (excess + smooth) + S * 0.5 * (excess_re + smooth_re)) * half_path
    return N, N_re

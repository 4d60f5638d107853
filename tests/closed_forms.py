"""Cases with a closed form: a choked blow-down, and two volumes that equalise through a seal."""

from __future__ import annotations

import math

import naive
import numpy as np
from plans import AIR, Case, orifice, outside, tank

P0, T, AREA = 101325.0, 293.15, 1e-5
R, _, GAMMA = naive.gas_properties(AIR, T)
TAU = 1.0 / (AREA * naive.choked_flow_function(GAMMA) * math.sqrt(R * T))
BLOWDOWN = Case([tank(1.0, P0), outside()], [orifice(0, 1, AREA)], 8.0 * TAU, rtol=1e-10, atol=1e-8)


def blowdown(t, *, start=P0):
    return start * np.exp(-np.asarray(t) / TAU)


def equalisation(a, b, sizes, pressures):
    """Pressures of two volumes joined by a seal, and its time constant: a Bernoulli equation in p1 - p2."""
    V, p = np.array(sizes), np.array(pressures)
    mean, D = V @ p / V.sum(), p[0] - p[1]
    k = R * T * (1.0 / V).sum()
    linear, square = k * (a + b * mean), 0.5 * k * b * (V[1] - V[0]) / V.sum()

    def at(t):
        fade = np.exp(-linear * np.asarray(t))
        difference = linear * D * fade / (linear + square * D * (1.0 - fade))
        return mean + np.outer(difference, V[::-1] / V.sum() * [1.0, -1.0])

    return at, 1.0 / linear

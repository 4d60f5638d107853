"""Four gases, two blends of them, and cases of volumes that hold these."""

from __future__ import annotations

import naive
import numpy as np
from plans import Case

GASES = [{"N2": 1.0}, {"O2": 1.0}, {"CO2": 1.0}, {"He": 1.0}]
N2, O2, CO2, HE = 0, 1, 2, 5  # places among the species
OF = [naive.gas_properties(gas, 300.0) for gas in GASES]
R = np.array([R for R, _, _ in OF])
CV = np.array([R / (gamma - 1.0) for R, _, gamma in OF])
CP = CV + R
T = 293.15
TIGHT = {"rtol": 1e-9, "atol": 1e-6}


def blend(*moles):
    """Mass fractions of mole fractions."""
    masses = np.array(moles) / R
    return tuple(masses / masses.sum())


CABIN = blend(0.78, 0.21, 0.01, 0.0)
TUNNEL = blend(0.5, 0.2, 0.1, 0.2)


def web(*volumes, paths, duration=3600.0, **more):
    of = {"gases": GASES, "blends": [CABIN, TUNNEL]} | TIGHT | more
    return Case(list(volumes), list(paths), duration, **of)


def masses(p, size, T, gas):
    """Of each gas in a volume."""
    y = np.array(gas)
    return p * size / (y @ R * T) * y

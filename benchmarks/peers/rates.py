"""The right-hand side that every contender is given: the laws of leakflow, compiled, over a flat array.

The state is the mass of the tunnel, then what has passed each path: cracks, seal, valve. A sample is one
array of numbers, so that it passes through any interface: a C pointer, ``userdata``, a closure.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from leakflow.kernels.crack import N_GEOMETRY, geometry_flow
from leakflow.kernels.orifice import orifice_flow
from leakflow.kernels.seal import seal_flow

#: Places of a sample's numbers: length of the array, what is open, 1 to use the table, paths, cracks; gas;
#: volume and pressures; seal; valve.
(
    LENGTH, OPEN, TABLED, PATHS, CRACKS,
    RT, VISCOSITY, RATIO, FLOW2, GAMMA, GAS_CONSTANT, TEMPERATURE,
    VOLUME, STATION, START,
    MOLECULAR, VISCOUS,
    AREA, COEFFICIENT,
    HEAD,
) = range(20)  # fmt: skip
#: What is open: nothing, the hatch, the valve.
SHUT, HATCH_OPEN, VALVE_OPEN = 0, 1, 2

#: The table is of the kind of `leakflow.kernels.table`, in narrower cells, each of a factor of four, with
#: fourteen nodes: as exact as that, and no slower to evaluate.
NODES = 14
CELLS = 12
LOWEST = 1e-2
_WIDTH = math.log(4.0)

OPTIONS = {"error_model": "numpy", "nogil": True}


@numba.njit(**OPTIONS)
def rates(state, sample, rate):
    """Write ``d state/dt`` [kg/s].

    Parameters
    ----------
    state, rate : float64[1 + paths]
    sample : float64[n]
    """
    pressure = state[0] * sample[RT] / sample[VOLUME]
    paths = int(sample[PATHS])
    lost = leak(pressure, sample)
    seal = 0.0
    valve = 0.0
    if paths > 1:
        seal = seal_flow(sample[STATION], pressure, sample[MOLECULAR], sample[VISCOUS])
    if sample[OPEN] == HATCH_OPEN:
        seal = lost
    elif sample[OPEN] == VALVE_OPEN:
        valve = orifice_flow(
            sample[STATION], pressure, sample[TEMPERATURE], sample[GAS_CONSTANT], sample[VISCOSITY],
            sample[GAMMA], sample[AREA], sample[COEFFICIENT],
        )  # fmt: skip
    rate[0] = seal + valve - lost
    rate[1] = lost
    if paths > 1:
        rate[2] = seal
    if paths > 2:
        rate[3] = valve


@numba.njit(**OPTIONS)
def leak(pressure, sample):
    """Flow through the cracks into vacuum [kg/s], by the sum over them or by the table."""
    return tabulated_leak(pressure, sample) if sample[TABLED] > 0.0 else plain_leak(pressure, sample)


@numba.njit(**OPTIONS)
def plain_leak(pressure, sample):
    """Flow through the cracks into vacuum [kg/s], one crack after the other."""
    total = 0.0
    for i in range(int(sample[CRACKS])):
        crack = sample[HEAD + i * N_GEOMETRY : HEAD + (i + 1) * N_GEOMETRY]
        total += geometry_flow(
            pressure, 0.0, sample[RT], sample[VISCOSITY], sample[RATIO], sample[FLOW2], crack
        )
    return total


@numba.njit(**OPTIONS)
def tabulated_leak(pressure, sample):
    """Flow through the cracks into vacuum [kg/s], by a Chebyshev series of the logarithm of the pressure."""
    if not pressure >= LOWEST:
        return plain_leak(pressure, sample)
    place = math.log(pressure / LOWEST) / _WIDTH
    cell = min(int(place), CELLS - 1)
    x = 2.0 * (place - cell) - 1.0
    first = int(sample[LENGTH]) - (CELLS - cell) * NODES
    b1, b2 = 0.0, 0.0
    for j in range(NODES - 1, 0, -1):
        b1, b2 = sample[first + j] + 2.0 * x * b1 - b2, b1
    return sample[first] + x * b1 - b2


@numba.njit(**OPTIONS)
def fill_table(sample):
    """Fill the table at the end of a sample's array from the sum over its cracks."""
    value = np.empty(NODES)
    for cell in range(CELLS):
        first = int(sample[LENGTH]) - (CELLS - cell) * NODES
        for i in range(NODES):
            x = math.cos(math.pi * (i + 0.5) / NODES)
            value[i] = plain_leak(LOWEST * math.exp(_WIDTH * (cell + 0.5 * (x + 1.0))), sample)
        for j in range(NODES):
            total = 0.0
            for i in range(NODES):
                total += math.cos(math.pi * j * (i + 0.5) / NODES) * value[i]
            sample[first + j] = (1.0 if j == 0 else 2.0) / NODES * total


@numba.njit(**OPTIONS)
def start_span(state, sample, what):
    """Set what is open from now on; an opened hatch brings the tunnel to the station's pressure at once."""
    sample[OPEN] = what
    if what == HATCH_OPEN:
        full = sample[STATION] * sample[VOLUME] / sample[RT]
        state[2] += full - state[0]
        state[0] = full


@numba.njit(**OPTIONS)
def final_outcomes(state, sample, row):
    """Write masses that passed the paths [kg], then pressure [Pa] and leak [kg/s] at the end."""
    paths = int(sample[PATHS])
    pressure = state[0] * sample[RT] / sample[VOLUME]
    for p in range(paths):
        row[p] = state[1 + p]
    row[paths] = pressure
    row[paths + 1] = leak(pressure, sample)

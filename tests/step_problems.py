"""Problems with closed solutions, for the methods of one step."""

from __future__ import annotations

import math

import naive
import numpy as np
from plans import AIR, Case, orifice, outside, seal, tank

T = 293.15
R, _, GAMMA = naive.gas_properties(AIR, T)


class Blowdown:
    """A choked hole into vacuum: linear, the mass decays by an exponential."""

    def __init__(self):
        area, volume = 1e-4, 1.0
        self.case = Case([tank(volume, 1e5), outside()], [orifice(0, 1, area)], 1.0)
        self.tau = volume / (area * naive.choked_flow_function(GAMMA) * math.sqrt(R * T))
        self.start = 1e5 * volume / (R * T)

    def state(self, t):
        mass = self.start * math.exp(-t / self.tau)
        return np.array([mass, self.start - mass])


class Equalisation:
    """Two volumes and a seal: the difference D of the pressures obeys D' = -k (a + b/2 (p1 + p2)) D.

    With p1 V1 + p2 V2 kept, p1 + p2 is linear in D, and Bernoulli's equation is left.
    """

    def __init__(self, molecular=1e-9, viscous=2e-12, sizes=(0.4, 1.3), pressures=(2e5, 1e4)):
        self.sizes, self.pressures = np.array(sizes), np.array(pressures)
        volumes = [tank(*of) for of in zip(sizes, pressures, strict=True)]
        self.case = Case(volumes, [seal(0, 1, molecular, viscous)], 1.0)
        whole = self.sizes.sum()
        mean = self.sizes @ self.pressures / whole
        k = R * T * (1.0 / self.sizes).sum()
        self.linear = k * (molecular + viscous * mean)
        self.square = k * 0.5 * viscous * (sizes[1] - sizes[0]) / whole
        self.mean, self.share = mean, self.sizes[::-1] / whole * np.array([1.0, -1.0])
        self.tau = 1.0 / (self.linear + self.square * (pressures[0] - pressures[1]))

    def difference(self, t):
        D = self.pressures[0] - self.pressures[1]
        fade = math.exp(-self.linear * t)
        return self.linear * D * fade / (self.linear + self.square * D * (1.0 - fade))

    def state(self, t):
        pressures = self.mean + self.share * self.difference(t)
        masses = pressures * self.sizes / (R * T)
        return np.array([*masses, self.pressures[0] * self.sizes[0] / (R * T) - masses[0]])


PROBLEMS = {
    "blow-down": Blowdown(),
    "equalisation": Equalisation(),
    "flow back": Equalisation(pressures=(1e4, 2e5)),
}


def slope(steps, errors):
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]

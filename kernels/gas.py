"""Properties of a dilute gas mixture: gas constant, viscosity, ratio of specific heats.

Sources
-------
Molar masses: IUPAC 2021. Heat capacities at 298 K: NIST-JANAF tables (Chase 1998). Viscosities:
Sutherland's form fitted over 240 to 350 K (water vapour 273 to 350 K) to reference correlations
(Lemmon and Jacobsen 2004; Laesecke and Muzny 2017; Huber et al. 2009), within 0.8 % or better.
Mixture viscosity: Wilke, J. Chem. Phys. 18 (1950) 517, eq. 13 and 14.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .jit import jit

UNIVERSAL_GAS_CONSTANT = 8.31446261815324  # J/(mol K), exact since 2019

SPECIES = ("N2", "O2", "CO2", "H2O", "Ar", "He")
N_SPECIES = 6
MOLAR_MASS = (28.0134e-3, 31.9988e-3, 44.0095e-3, 18.01528e-3, 39.948e-3, 4.002602e-3)  # kg/mol
HEAT_CAPACITY = (3.503, 3.533, 4.466, 4.040, 2.5, 2.5)  # molar, constant pressure, over R, at 298 K
SUTHERLAND_C = (1.419928e-6, 1.705868e-6, 1.574086e-6, 1.225980e-6, 1.967681e-6, 1.403958e-6)
SUTHERLAND_S = (112.62, 129.54, 245.08, 351.00, 149.81, 65.76)  # K


@jit
def viscosity(species, temperature):
    """Viscosity of one pure gas [Pa s], mu = C T^1.5/(T + S).

    Parameters
    ----------
    species : int
        Index into `SPECIES`.
    temperature : float
        [K]
    """
    return (
        SUTHERLAND_C[species] * temperature * math.sqrt(temperature) / (temperature + SUTHERLAND_S[species])
    )


@jit
def mixture_viscosity(mole_fractions, temperature):
    """Viscosity of a mixture [Pa s], Wilke (1950) eq. 13.

    Parameters
    ----------
    mole_fractions : float64[6]
        In the order of `SPECIES`, summing to one.
    temperature : float
        [K]
    """
    total = 0.0
    for i in range(N_SPECIES):
        if mole_fractions[i] > 0.0:
            mu_i = viscosity(i, temperature)
            weight = 0.0
            for j in range(N_SPECIES):
                if mole_fractions[j] > 0.0:
                    weight += mole_fractions[j] * _wilke_weight(i, j, mu_i, viscosity(j, temperature))
            total += mole_fractions[i] * mu_i / weight
    return total


@jit
def mixture_properties(mole_fractions, temperature):
    """Specific gas constant [J/(kg K)], viscosity [Pa s] and ratio of specific heats of a mixture.

    Parameters
    ----------
    mole_fractions : float64[6]
        In the order of `SPECIES`, summing to one.
    temperature : float
        [K]
    """
    R, gamma = mixture_constants(mole_fractions)
    return R, mixture_viscosity(mole_fractions, temperature), gamma


@jit
def mixture_constants(mole_fractions):
    """Specific gas constant [J/(kg K)] and ratio of specific heats of a mixture, float64[6] of `SPECIES`."""
    molar_mass = 0.0
    heat_capacity = 0.0
    for i in range(N_SPECIES):
        molar_mass += mole_fractions[i] * MOLAR_MASS[i]
        heat_capacity += mole_fractions[i] * HEAT_CAPACITY[i]
    return UNIVERSAL_GAS_CONSTANT / molar_mass, heat_capacity / (heat_capacity - 1.0)


@jit
def mole_fractions_of_masses(masses, components, mole_fractions):
    """Write the mole fractions of a gas made of ``masses[c]`` kilograms of each component c.

    Parameters
    ----------
    masses : float64[n_components]
        [kg]; a non-positive sum gives the first component's composition.
    components : float64[n_components, 6]
        Mole fractions of each component, each row summing to one.
    mole_fractions : float64[6]
        Output.
    """
    total = 0.0
    for i in range(N_SPECIES):
        mole_fractions[i] = 0.0
    for c in range(components.shape[0]):
        molar_mass = 0.0
        for i in range(N_SPECIES):
            molar_mass += components[c, i] * MOLAR_MASS[i]
        moles = max(masses[c], 0.0) / molar_mass
        total += moles
        for i in range(N_SPECIES):
            mole_fractions[i] += moles * components[c, i]
    for i in range(N_SPECIES):
        mole_fractions[i] = mole_fractions[i] / total if total > 0.0 else components[0, i]


@jit
def _wilke_weight(i, j, mu_i, mu_j):
    """Wilke (1950) eq. 14."""
    ratio = MOLAR_MASS[j] / MOLAR_MASS[i]
    root = 1.0 + math.sqrt(mu_i / mu_j) * math.sqrt(math.sqrt(ratio))
    return root * root / math.sqrt(8.0 * (1.0 + 1.0 / ratio))


def as_mole_fractions(composition: Mapping[str, float]) -> NDArray[np.float64]:
    """Return mole fractions float64[6] from a mapping of species to fraction (plain Python, not jitted)."""
    fractions = np.zeros(N_SPECIES)
    for name, value in composition.items():
        fractions[SPECIES.index(name)] = value
    normalised: NDArray[np.float64] = fractions / fractions.sum()
    return normalised

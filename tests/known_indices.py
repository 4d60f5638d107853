"""Functions whose Sobol' indices are known exactly, and rows placed by Saltelli's design."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.stats import norm, qmc


def saltelli(factors, base_samples, second_order=True, seed=1):
    """Rows in [0, 1)^D: A, AB_1 .. AB_D, (BA_1 .. BA_D,) B of each base point."""
    points = qmc.Sobol(2 * factors, scramble=True, seed=seed).random(base_samples)
    a, b = points[:, :factors], points[:, factors:]
    rows = [a]
    for first, second in [(a, b), (b, a)][: 1 + second_order]:
        for j in range(factors):
            mixed = first.copy()
            mixed[:, j] = second[:, j]
            rows.append(mixed)
    return np.stack([*rows, b], axis=1).reshape(-1, factors)


def ishigami(u):
    x = np.pi * (2.0 * u - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """Homma and Saltelli 1996, a = 7, b = 0.1."""
    pi = np.pi
    v1 = 0.5 * (1.0 + 0.1 * pi**4 / 5.0) ** 2
    v2, v13 = 49.0 / 8.0, 0.01 * pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    v = v1 + v2 + v13
    return np.array([v1, v2, 0.0]) / v, np.array([v1 + v13, v2, v13]) / v


G_COEFFICIENTS = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(u):
    return np.prod((np.abs(4.0 * u - 2.0) + G_COEFFICIENTS) / (1.0 + G_COEFFICIENTS), axis=1)


def sobol_g_indices():
    own = 1.0 / (3.0 * (1.0 + G_COEFFICIENTS) ** 2)
    v = np.prod(1.0 + own) - 1.0
    return own / v, own * np.prod(1.0 + own) / (1.0 + own) / v


def bratley(u):
    signs = (-1.0) ** np.arange(1, u.shape[1] + 1)
    return np.cumprod(u, axis=1) @ signs


def bratley_indices(factors):
    """From the moments of products: 1/3 where both have the input and it is held, 1/4 where it is not."""

    def held(kept):
        total = 0.0
        for i, k in product(range(1, factors + 1), repeat=2):
            low, high = min(i, k), max(i, k)
            both = np.prod([1.0 / 3.0 if j in kept else 0.25 for j in range(low)])
            total += (-1.0) ** (i + k) * both * 0.5 ** (high - low)
        return total - sum((-0.5) ** i for i in range(1, factors + 1)) ** 2

    everything = set(range(factors))
    v = held(everything)
    first = [held({j}) / v for j in range(factors)]
    return np.array(first), np.array([1.0 - held(everything - {j}) / v for j in range(factors)])


# leaks: a sum of flows through holes, and a slot's flow, which goes as opening^3 length / depth
AREAS = np.array([3.0, 2.0, 1.0])
POWERS, SPREADS = np.array([3.0, 1.0, -1.0]), np.array([0.2, 0.3, 0.4])


def additive_leak(u):
    return (u**0.5) @ AREAS


def additive_leak_indices():
    """The variance of sqrt(u) is the same for all: shares go as the areas squared."""
    shares = AREAS**2 / np.sum(AREAS**2)
    return shares, shares


def multiplicative_leak(u):
    return np.exp(norm.ppf(np.clip(u, 1e-12, 1.0 - 1e-12)) @ (POWERS * SPREADS))


def multiplicative_leak_indices():
    s = (POWERS * SPREADS) ** 2
    v = np.exp(s.sum()) - 1.0
    return (np.exp(s) - 1.0) / v, 1.0 - (np.exp(s.sum() - s) - 1.0) / v


KNOWN = {
    "ishigami": (ishigami, 3, ishigami_indices()),
    "sobol_g": (sobol_g, 4, sobol_g_indices()),
    "bratley": (bratley, 5, bratley_indices(5)),
    "additive_leak": (additive_leak, 3, additive_leak_indices()),
    "multiplicative_leak": (multiplicative_leak, 3, multiplicative_leak_indices()),
}

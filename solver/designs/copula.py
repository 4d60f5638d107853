"""Correlated inputs: a Gaussian copula with the rank correlations that a case gives.

Spearman's correlation r of two inputs is that of their normals' 2 sin(pi r / 6) (Pearson 1907; Nelsen, An
Introduction to Copulas, 2nd ed. (2006), ex. 5.4). A matrix that no inputs can have is refused with the
nearest that they can have (Higham, IMA J. Numer. Anal. 22 (2002) 329).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kernels import copula

__all__ = ["Copula", "cholesky", "make_copula", "nearest_correlations"]

# what rounding may take from the smallest eigenvalue, and what is left for the factor to be sound
_LEAST_EIGENVALUE = 1e-8
_PROJECTIONS = 200


@dataclass(frozen=True)
class Copula:
    """What makes some of the inputs depend on each other.

    Attributes
    ----------
    columns : int64 (k,)
        Which of the inputs.
    factor : float64 (k, k)
        Lower triangle: the Cholesky factor of the normals' correlations.
    """

    columns: NDArray[np.int64]
    factor: NDArray[np.float64]

    def apply(self, u: NDArray[np.float64]) -> None:
        """Correlate independent probabilities, float64 (n, K), in place."""
        chosen = np.ascontiguousarray(u[:, self.columns])
        copula.correlate(self.factor, chosen)
        u[:, self.columns] = chosen


def make_copula(columns: Sequence[int], ranks: NDArray[np.float64]) -> Copula | None:
    """Make a copula; None if no inputs can be so correlated.

    Parameters
    ----------
    columns : sequence of int
        Which inputs, k of them.
    ranks : float64 (k, k)
        Their rank correlations.
    """
    normal = _of_normals(ranks)
    if np.linalg.eigvalsh(normal)[0] < _LEAST_EIGENVALUE:
        return None
    return Copula(np.array(columns, np.int64), cholesky(normal))


def cholesky(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower Cholesky factor of a positive definite matrix, summed in a fixed order."""
    factor = np.zeros_like(matrix)
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = float(matrix[i, j])
            for k in range(j):
                rest -= float(factor[i, k]) * float(factor[j, k])
            factor[i, j] = math.sqrt(rest) if i == j else rest / factor[j, j]
    return factor


def nearest_correlations(ranks: NDArray[np.float64], digits: int = 3) -> NDArray[np.float64]:
    """Return rank correlations near to some that no inputs can have, which they can have, rounded.

    Parameters
    ----------
    ranks : float64 (k, k)
        Symmetric, 1 on the diagonal.
    digits : int
        Decimals to round to; the matrix is shrunk until it holds rounded as well.
    """
    nearest = _project(_of_normals(ranks))
    shrunk = 10.0**-digits
    while True:
        moved = (1.0 - shrunk) * nearest + shrunk * np.eye(len(nearest))
        rounded = np.round(6.0 / math.pi * np.arcsin(np.clip(moved, -1.0, 1.0) / 2.0), digits)
        np.fill_diagonal(rounded, 1.0)
        if np.linalg.eigvalsh(_of_normals(rounded))[0] >= _LEAST_EIGENVALUE:
            return rounded
        shrunk *= 1.5


def _of_normals(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlations of normals that have these rank correlations."""
    matrix: NDArray[np.float64] = 2.0 * np.sin(math.pi * ranks / 6.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _project(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project in turn onto matrices without negative eigenvalues (by Dykstra) and those of diagonal 1."""
    found, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(_PROJECTIONS):
        shifted = found - correction
        values, vectors = np.linalg.eigh(shifted)
        positive = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = positive - shifted
        found = 0.5 * (positive + positive.T)
        np.fill_diagonal(found, 1.0)
    return found

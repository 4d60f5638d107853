"""Probabilities that depend on each other: a Gaussian copula over some inputs of a sample.

Each probability becomes a standard normal, these are mixed by the Cholesky factor of their correlations,
and become probabilities again (Nelsen, An Introduction to Copulas, 2nd ed. (2006), sec. 2.9). Sums run over
the inputs of one sample, in order, so that a sample's bits depend on nothing else.
"""

import numpy as np

from .jit import jit
from .random import GREATEST_UNIFORM, LEAST_UNIFORM, normal_cdf, normal_quantile, uniform


@jit
def chance(seed, first, streams, u):
    """Fill in the probabilities that `draw.draw_inputs` would draw at.

    Parameters
    ----------
    seed, first : uint64
        Key of the random numbers; global index of the first sample.
    streams : int64[K]
        Of the inputs.
    u : float64[n, K]
        Output.
    """
    for i in range(u.shape[0]):
        for k in range(streams.size):
            u[i, k] = uniform(seed, np.uint64(first) + np.uint64(i), streams[k], 0)


@jit
def correlate(factor, u):
    """Turn independent probabilities into dependent ones.

    Parameters
    ----------
    factor : float64[K, K]
        Lower triangle, of which the rows have length 1: the Cholesky factor of the normals' correlations.
    u : float64[n, K]
        From 0 to 1; overwritten.
    """
    normal = np.empty(factor.shape[0])
    for i in range(u.shape[0]):
        for k in range(normal.size):
            normal[k] = normal_quantile(min(max(u[i, k], LEAST_UNIFORM), GREATEST_UNIFORM))
        for k in range(1, normal.size):  # the first stays as it was, to the bit
            mixed = 0.0
            for j in range(k + 1):
                mixed += factor[k, j] * normal[j]
            u[i, k] = min(max(normal_cdf(mixed), LEAST_UNIFORM), GREATEST_UNIFORM)

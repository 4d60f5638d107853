"""Dense linear algebra of a few unknowns: factorise once, solve for each stage."""

from .jit import jit


@jit
def factorise(matrix, pivots):
    """Replace a square matrix by its LU factors, with partial pivoting.

    Parameters
    ----------
    matrix : float64[n, n]
        Overwritten by the unit lower and the upper factor.
    pivots : int64[n]
        Output: the row exchanged with each row.

    Returns
    -------
    bool
        False if the matrix is singular or not finite.
    """
    n = pivots.size
    for k in range(n):
        best = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        pivots[k] = best
        if not 0.0 < abs(matrix[best, k]) < 1e300:
            return False
        if best != k:
            for j in range(n):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        inverse = 1.0 / matrix[k, k]
        for i in range(k + 1, n):
            factor = matrix[i, k] * inverse
            matrix[i, k] = factor
            for j in range(k + 1, n):
                matrix[i, j] -= factor * matrix[k, j]
    return True


@jit
def substitute(factors, pivots, vector):
    """Solve in place with the factors of `factorise`.

    Parameters
    ----------
    factors : float64[n, n]
    pivots : int64[n]
    vector : float64[>= n]
        Right-hand side in, solution out; what lies beyond n is left alone.
    """
    n = pivots.size
    for k in range(n):
        other = pivots[k]
        if other != k:
            vector[k], vector[other] = vector[other], vector[k]
    for i in range(1, n):
        for j in range(i):
            vector[i] -= factors[i, j] * vector[j]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            vector[i] -= factors[i, j] * vector[j]
        vector[i] /= factors[i, i]

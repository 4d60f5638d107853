"""Sobol' sequences by index, to the bit those of `scipy.stats.qmc.Sobol`.

SciPy makes the direction numbers and scrambles them; its own way to a later point takes time in proportion to
the index. Point i is the shift XOR the direction numbers of the bits of i's Gray code (Antonov and Saleev,
USSR Computational Mathematics and Mathematical Physics 19 (1979) 252; Joe and Kuo, SIAM J. Sci. Comput. 30
(2008) 2635).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .base import UnitDesign

__all__ = ["SobolDesign", "SobolSequence"]

_CHECKED_POINTS = 16


class SobolSequence:
    """A Sobol' sequence of 30 bits in d dimensions.

    Parameters
    ----------
    dimensions : int
        d, at most 21201.
    seed : int
        Of the scrambling, as ``scipy.stats.qmc.Sobol(d, seed=seed)`` takes it, and so SALib; not as ``rng``.
    scramble : bool
        Whether by a random linear matrix and a digital shift.
    """

    def __init__(self, dimensions: int, seed: int, *, scramble: bool = True) -> None:
        """Take the direction numbers from SciPy."""
        from scipy.stats import qmc

        engine = qmc.Sobol(dimensions, scramble=scramble, seed=seed)
        self._directions = np.ascontiguousarray(engine._sv.T)  # uint32 (30, d)
        self._shift = engine._shift.astype(self._directions.dtype)
        self._scale = 2.0 ** -self._directions.shape[0]
        if not np.array_equal(engine.random(_CHECKED_POINTS), self.points(0, _CHECKED_POINTS)):
            raise RuntimeError("this version of SciPy keeps the numbers of its Sobol' sequences otherwise")

    def points(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the points ``first`` to ``first + count - 1``, float64 (count, d), in [0, 1)."""
        bits = np.zeros((count, self._shift.size), self._directions.dtype)
        if count:
            bits[0] = self._shift
            gray = first ^ (first >> 1)
            for place in range(gray.bit_length()):
                if gray >> place & 1:
                    bits[0] ^= self._directions[place]
            index = np.arange(first + 1, first + count)
            # neighbouring Gray codes differ in one bit, the lowest one set in the later index
            bits[1:] = self._directions[np.frexp((index & -index).astype(np.float64))[1] - 1]
        found: NDArray[np.float64] = np.bitwise_xor.accumulate(bits, axis=0) * self._scale
        return found


class SobolDesign(UnitDesign):
    """Points of a Sobol' sequence, as `scipy.stats.qmc.Sobol` gives them.

    Parameters
    ----------
    inputs, noise : int
    seed : int
    scramble : bool
    skip : int
        Points left out at the start.
    """

    def __init__(self, inputs: int, noise: int, seed: int, *, scramble: bool = True, skip: int = 0) -> None:
        """Make the sequence."""
        super().__init__(inputs, noise)
        self._sequence = SobolSequence(self.dimensions, seed, scramble=scramble)
        self._skip = skip

    def u(self, first: int, count: int) -> NDArray[np.float64]:
        """Return points of the sequence."""
        return self._sequence.points(self._skip + first, count)

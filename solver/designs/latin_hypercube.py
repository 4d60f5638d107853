"""Latin hypercubes, those of `scipy.stats.qmc.LatinHypercube`.

Every stratum of every input is hit once, so that all rows hang together: the design is made whole, for a
number of samples fixed beforehand.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .base import UnitDesign

__all__ = ["LatinHypercubeDesign"]


class LatinHypercubeDesign(UnitDesign):
    """Rows of ``LatinHypercube(D, seed=seed).random(samples)``.

    Parameters
    ----------
    inputs, noise : int
    seed, samples : int
    """

    extendable = False

    def __init__(self, inputs: int, noise: int, seed: int, samples: int) -> None:
        """Take its size; the rows are made when the first of them is asked for."""
        super().__init__(inputs, noise)
        self._seed, self._samples = seed, samples

    def u(self, first: int, count: int) -> NDArray[np.float64]:
        """Return rows."""
        return self._whole[first : first + count].copy()

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        from scipy.stats import qmc

        engine = qmc.LatinHypercube(self.dimensions, seed=self._seed)
        whole: NDArray[np.float64] = engine.random(self._samples)
        return whole

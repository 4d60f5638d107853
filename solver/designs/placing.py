"""From the rows of a design to what the kernels take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine import Points
from .base import Design
from .copula import Copula

__all__ = ["Placed"]


@dataclass(frozen=True)
class Placed:
    """A design put to a plan: a `leakflow.solver.engine.PointSource`, which may be pickled.

    Attributes
    ----------
    design : Design
    copula : Copula or None
        What correlates the design's probabilities.
    columns : int64 (K,)
        Where each of the design's inputs is among the plan's draws.
    crack_paths : int64 (M,)
        The path of each noise input.
    draws, paths : int
        Of the plan.
    """

    design: Design
    copula: Copula | None
    columns: NDArray[np.int64]
    crack_paths: NDArray[np.int64]
    draws: int
    paths: int

    def __call__(self, first: int, count: int) -> Points:
        """Return the points of the samples ``first`` to ``first + count - 1``."""
        u, values, noise = self.design.rows(first, count)
        if u is not None and self.copula is not None:
            self.copula.apply(u)
        return Points(self._spread(u), self._spread(values), self._noise(noise, first, count))

    def _spread(self, given: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if given is None:
            return None
        wide = np.full((len(given), self.draws), np.nan)
        wide[:, self.columns] = given
        return wide

    def _noise(self, given: NDArray[np.uint64] | None, first: int, count: int) -> NDArray[np.uint64] | None:
        if given is None:
            return None
        index = np.arange(count, dtype=np.uint64) + np.uint64(first)
        wide = np.repeat(index[:, None], self.paths, axis=1)
        wide[:, self.crack_paths] = given
        return wide

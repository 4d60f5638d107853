"""Samples at random of which some inputs are correlated; without correlations no design is needed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...kernels import copula
from .base import Design, Rows

__all__ = ["MonteCarloDesign"]


class MonteCarloDesign(Design):
    """The probabilities that the kernels would draw at, of the inputs that are to be correlated.

    Parameters
    ----------
    inputs : int
        How many there are, K.
    seed : int
    streams : mapping of int to int
        Of the inputs that are given, by their column; all others are left to the kernels.
    """

    def __init__(self, inputs: int, seed: int, streams: Mapping[int, int]) -> None:
        """Take the addresses of the random numbers."""
        self._inputs, self._seed = inputs, seed
        self._columns = list(streams)
        self._streams = np.array(list(streams.values()), np.int64)

    def rows(self, first: int, count: int) -> Rows:
        """Return rows with NaN for the inputs left to the kernels."""
        chosen = np.empty((count, len(self._columns)))
        copula.chance(np.uint64(self._seed), np.uint64(first), self._streams, chosen)
        u = np.full((count, self._inputs), np.nan)
        u[:, self._columns] = chosen
        return Rows(u)

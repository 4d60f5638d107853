"""Morris's trajectories for elementary effects, those of `SALib.sample.morris.sample`.

A trajectory is D + 1 points on a grid of p levels; from each to the next one input, or group of inputs,
moves by p / (2 (p - 1)) of its range (Morris, Technometrics 33 (1991) 161). SALib draws the trajectories one
after the other from one generator, so they are made whole; more of them leave the first as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .base import Rows, UnitDesign

__all__ = ["MorrisDesign"]

#: 2^64 over the golden ratio, odd: its multiples modulo 2^64 are far apart and all differ.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class MorrisDesign(UnitDesign):
    """Points of trajectories, moved inwards by ``tail``: 0 and 1 of a normal distribution are no numbers.

    Parameters
    ----------
    inputs, noise : int
    seed, trajectories : int
    levels : int
        p, even.
    tail : float
        A level x of SALib's, from 0 to 1, becomes ``tail + (1 - 2 tail) x``.
    groups : sequence of str, optional
        The group of each dimension, D names; by default each is on its own.
    """

    def __init__(
        self, inputs: int, noise: int, seed: int, trajectories: int, *, levels: int = 4, tail: float = 0.0,
        groups: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        """Take its size; the rows are made when the first of them is asked for."""
        super().__init__(inputs, noise)
        self._seed, self._trajectories, self._levels, self._tail = seed, trajectories, levels, tail
        self._groups = list(groups) if groups else None
        self.rows_per_group = 1 + (len(set(self._groups)) if self._groups else self.dimensions)

    def u(self, first: int, count: int) -> NDArray[np.float64]:
        """Return rows."""
        levels = self._whole[first : first + count]
        return levels.copy() if self._tail == 0.0 else self._tail + (1.0 - 2.0 * self._tail) * levels

    def rows(self, first: int, count: int) -> Rows:
        """Return rows; each trajectory has cracks of its own, or there would be as few of them as levels."""
        found = super().rows(first, count)
        if found.noise is None:
            return found
        trajectory = np.arange(first, first + count, dtype=np.uint64) // np.uint64(self.rows_per_group)
        return found._replace(noise=found.noise + (trajectory * _GOLDEN)[:, None])

    @cached_property
    def _whole(self) -> NDArray[np.float64]:
        from SALib.sample.morris import sample

        problem = {
            "num_vars": self.dimensions,
            "names": [f"x{i}" for i in range(self.dimensions)],
            "bounds": [[0.0, 1.0]] * self.dimensions,
            "groups": self._groups,
        }
        whole: NDArray[np.float64] = sample(
            problem, self._trajectories, num_levels=self._levels, seed=self._seed
        )
        return whole

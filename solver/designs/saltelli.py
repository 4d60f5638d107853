"""Saltelli's design for Sobol' indices, by index; the rows of `SALib.sample.sobol.sample`.

Two points A and B of a Sobol' sequence in 2 D dimensions make a group of rows: A; for each input, or group
of inputs, A with that from B; for second order, also B with that from A; B (Saltelli, Computer Physics
Communications 145 (2002) 280).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .base import UnitDesign
from .sobol import SobolSequence

__all__ = ["SaltelliDesign"]


class SaltelliDesign(UnitDesign):
    """Rows of Saltelli's design.

    Parameters
    ----------
    inputs, noise : int
    seed : int
    groups : sequence of str, optional
        The group of each dimension, D names; by default each is on its own.
    second_order, scramble : bool
    skip : int
        Points of the sequence left out at the start.
    """

    def __init__(
        self, inputs: int, noise: int, seed: int, *, groups: Sequence[str] | None = None,
        second_order: bool = True, scramble: bool = True, skip: int = 0,
    ) -> None:  # fmt: skip
        """Make the sequence, and what each row of a group takes from B."""
        super().__init__(inputs, noise)
        self._sequence = SobolSequence(2 * self.dimensions, seed, scramble=scramble)
        self._skip = skip
        self._from_b = _rows_from_b(groups or list(map(str, range(self.dimensions))), second_order)
        self.rows_per_group = len(self._from_b)

    def u(self, first: int, count: int) -> NDArray[np.float64]:
        """Return rows."""
        index = np.arange(first, first + count)
        group, row = np.divmod(index, self.rows_per_group)
        start = first // self.rows_per_group
        groups = int(group[-1]) - start + 1 if count else 0
        pairs = self._sequence.points(self._skip + start, groups)[group - start]
        a, b = pairs[:, : self.dimensions], pairs[:, self.dimensions :]
        rows: NDArray[np.float64] = np.where(self._from_b[row], b, a)
        return rows


def _rows_from_b(groups: Sequence[str], second_order: bool) -> NDArray[np.bool_]:
    """Say for each row of a group and each dimension whether it is B's, bool (rows, D)."""
    names = list(dict.fromkeys(groups))
    own = np.array([[group == name for group in groups] for name in names])
    rows = [np.zeros((1, len(groups)), bool), own]
    if second_order:
        rows.append(~own)
    return np.vstack([*rows, np.ones((1, len(groups)), bool)])

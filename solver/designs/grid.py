"""Every combination of some values of some inputs: a parameter study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .base import Design, Rows

__all__ = ["Axis", "GridDesign"]


@dataclass(frozen=True)
class Axis:
    """What one input, or one noise input, takes on the grid.

    Attributes
    ----------
    column : int
        Of the input among the K, or of the noise input among the M.
    points : float64 (m,)
        Values in SI, or probabilities; of a noise input the numbers 0 to m - 1.
    kind : str
        "values", "u" or "noise".
    """

    column: int
    points: NDArray[np.float64]
    kind: str


class GridDesign(Design):
    """A full grid, the last axis fastest; after its last point it begins again.

    Parameters
    ----------
    inputs, noise : int
    axes : sequence of Axis
    random_others : bool
        Whether inputs that are on no axis are drawn at random; by default they are at their medians, and the
        cracks are those of sample 0.
    """

    extendable = False

    def __init__(self, inputs: int, noise: int, axes: Sequence[Axis], *, random_others: bool = False) -> None:
        """Take the axes."""
        self._inputs, self._noise, self._axes, self._random = inputs, noise, list(axes), random_others
        self._shape = [axis.points.size for axis in axes]

    @property
    def size(self) -> int:
        """Points of the grid."""
        return math.prod(self._shape)

    def rows(self, first: int, count: int) -> Rows:
        """Return points of the grid."""
        index = np.arange(first, first + count)
        u = np.full((count, self._inputs), math.nan if self._random else 0.5)
        values = np.full((count, self._inputs), math.nan)
        cracks = np.repeat((index if self._random else 0 * index)[:, None], self._noise, axis=1)
        noise = cracks.astype(np.uint64)
        stride = 1
        for axis, length in zip(reversed(self._axes), reversed(self._shape), strict=True):
            taken = axis.points[index // stride % length]
            stride *= length
            if axis.kind == "noise":
                noise[:, axis.column] = taken
            else:
                (values if axis.kind == "values" else u)[:, axis.column] = taken
        return Rows(u, values, noise)

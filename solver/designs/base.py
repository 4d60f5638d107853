"""What a design offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Design", "Rows", "UnitDesign", "noise_of"]


class Rows(NamedTuple):
    """Some rows of a design: n samples, K inputs, M noise inputs.

    Attributes
    ----------
    u : float64 (n, K) or None
        Where in its distribution each input is, from 0 to 1; NaN where it is drawn at random.
    values : float64 (n, K) or None
        Inputs outright, in SI; NaN where they follow from ``u``.
    noise : uint64 (n, M) or None
        What addresses the cracks of each population; by default the index of the sample.
    """

    u: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    noise: NDArray[np.uint64] | None = None


class Design(ABC):
    """Rows by index. A row depends on the design and its index alone.

    Attributes
    ----------
    rows_per_group : int
        Rows that an analysis needs together; the rows of group g are ``g * rows_per_group`` and so on.
    extendable : bool
        Whether more samples leave the rows that there were as they were.
    """

    rows_per_group: int = 1
    extendable: bool = True

    @abstractmethod
    def rows(self, first: int, count: int) -> Rows:
        """Return the rows ``first`` to ``first + count - 1``; safe on any thread."""


class UnitDesign(Design):
    """A design of points in the unit cube; a dimension for each input, then for each noise input.

    Parameters
    ----------
    inputs, noise : int
        How many there are: K and M.
    """

    def __init__(self, inputs: int, noise: int) -> None:
        """Take the numbers of inputs."""
        self.inputs, self.noise = inputs, noise

    @property
    def dimensions(self) -> int:
        """D = K + M."""
        return self.inputs + self.noise

    @abstractmethod
    def u(self, first: int, count: int) -> NDArray[np.float64]:
        """Return the points ``first`` to ``first + count - 1``, float64 (count, D), the caller's to keep."""

    def rows(self, first: int, count: int) -> Rows:
        """Return the points, those of noise inputs as what addresses cracks."""
        points = self.u(first, count)
        noise = noise_of(points[:, self.inputs :]) if self.noise else None
        return Rows(points[:, : self.inputs], None, noise)


def noise_of(u: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return what addresses the cracks where a noise input is at u: the bits of u."""
    return np.ascontiguousarray(u).view(np.uint64)

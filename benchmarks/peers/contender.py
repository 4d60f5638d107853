"""What a contender is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .samples import Samples

Solve = Callable[[float], NDArray[np.float64]]


@dataclass(frozen=True)
class Contender:
    """An integrator of another project.

    Attributes
    ----------
    name : str
    prepare : callable
        From samples, that say whether they are summed or tabulated, to a function that integrates them all
        at a relative tolerance and returns the outcomes of `rates.final_outcomes`.
    threads : int
        On which it runs.
    forms : tuple of str
        Of ``"plain"`` and ``"table"``.
    workloads : tuple of str or None
        Which it can do; None for all.
    """

    name: str
    prepare: Callable[[Samples], Solve]
    threads: int = 1
    forms: tuple[str, ...] = ("plain", "table")
    workloads: tuple[str, ...] | None = None

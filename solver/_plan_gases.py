"""The gases of a case as rows of a plan: what volumes contain, and what they start with or are given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..kernels import gas
from .case import SPECIES, Case

__all__ = ["Gases"]


class Gases:
    """The components that volumes contain, and each gas as mass fractions of these.

    Where species are separate every species is a component, else every gas is. The case's own gas is the
    first one.
    """

    def __init__(self, case: Case) -> None:
        """Take the gases of a case as they are asked for, its own first."""
        self._own = case.gas.composition
        self._species = case.species if case.is_separate else ()
        self._rows: list[NDArray[np.float64]] = []
        self.place(None)

    def place(self, composition: Mapping[str, float] | None) -> int:
        """Return the row of a gas, added if it is new; None is the case's own."""
        wanted = gas.as_mole_fractions(self._own if composition is None else composition)
        for place, row in enumerate(self._rows):
            if np.array_equal(row, wanted):
                return place
        self._rows.append(wanted)
        return len(self._rows) - 1

    def component(self, species: str) -> int:
        """Return the component that one species is; only where species are separate."""
        return self._species.index(species)

    def components(self) -> NDArray[np.float64]:
        """Return float64[K, 6], the mole fractions of each component."""
        if not self._species:
            return np.array(self._rows)
        return np.eye(len(SPECIES))[[SPECIES.index(name) for name in self._species]]

    def fractions(self) -> NDArray[np.float64]:
        """Return float64[G, K], the mass fractions of the components in each gas."""
        if not self._species:
            return np.eye(len(self._rows))
        masses = np.array(self._rows) * np.array(gas.MOLAR_MASS)
        kept = masses[:, [SPECIES.index(name) for name in self._species]]
        fractions: NDArray[np.float64] = kept / kept.sum(axis=1, keepdims=True)
        return fractions

"""What a section ``sweep`` says of inputs by their names: that there are such, in groups and correlations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._case_checks import nearest
from .._sweep_section import Sweep
from ..errors import Fault, FaultsError
from .copula import Copula, make_copula, nearest_correlations
from .own import Named

__all__ = ["Correlated", "check_names", "correlation_of", "group_labels"]


@dataclass(frozen=True)
class Correlated:
    """The inputs that go together, their rank correlations (k, k), and what makes them so."""

    names: tuple[str, ...]
    ranks: NDArray[np.float64]
    copula: Copula


def check_names(named: Named, *, needed: bool) -> None:
    """Refuse two inputs of one name, and a design of no inputs, where a design is needed at all."""
    if not needed:
        return
    twice = [name for name, count in Counter(named.names).items() if count > 1]
    if twice:
        text = f"{twice[0]} is an input, and the name of cracks; give the input another name"
        raise FaultsError([Fault(("design",), text)])
    if not named.names:
        raise FaultsError([Fault(("design",), "there are no random inputs to spread")])


def group_labels(sweep: Sweep, named: Named) -> list[str] | None:
    """Return the group of each of the D inputs, of one in none its own name; None if there are no groups."""
    if not sweep.groups:
        return None
    label: dict[str, str] = {}
    faults = []
    for group, members in sweep.groups.items():
        if group in named.names:
            faults.append(Fault(("groups", group), "is the name of an input; name the group otherwise"))
        if not members:
            faults.append(Fault(("groups", group), "must have an input at least"))
        for member in members:
            if member not in named.names:
                text = f"no such input; {nearest(member, named.names)}"
                faults.append(Fault(("groups", group), text, member))
            elif member in label:
                text = f"is in the group {label[member]} already"
                faults.append(Fault(("groups", group), text, member))
            label[member] = group
    if faults:
        raise FaultsError(faults)
    labels = [label.get(name, name) for name in named.names]
    if len(set(labels)) == 1 and len(labels) > 1:
        raise FaultsError([Fault(("groups",), "must leave two groups, or inputs, at least")])
    return labels


def correlation_of(sweep: Sweep, named: Named) -> Correlated | None:
    """Return what correlates inputs; None if nothing does."""
    if not sweep.correlations:
        return None
    inputs = [column.name for column in named.inputs]
    pairs: dict[tuple[str, str], float] = {}
    faults: list[Fault] = []
    for i, given in enumerate(sweep.correlations):
        for name in given.inputs:
            if name not in inputs:
                text = (
                    "cracks are not correlated with inputs"
                    if name in named.noise
                    else f"no such input; {nearest(name, inputs)}"
                )
                faults.append(Fault(("correlations", i, "inputs"), text, name))
        for a, one in enumerate(given.inputs):
            for b, other in enumerate(given.inputs[:a]):
                if {(one, other), (other, one)} & set(pairs):
                    text = f"{other} and {one} are correlated already"
                    faults.append(Fault(("correlations", i, "inputs"), text))
                rank = given.rank if given.matrix is None else given.matrix[a][b]
                pairs[other, one] = float(rank or 0.0)
    if faults:
        raise FaultsError(faults)
    names = [name for name in inputs if any(name in pair for pair in pairs)]
    ranks = np.eye(len(names))
    for (one, other), rank in pairs.items():
        a, b = names.index(one), names.index(other)
        ranks[a, b] = ranks[b, a] = rank
    made = make_copula([inputs.index(name) for name in names], ranks)
    if made is None:
        raise FaultsError([Fault(("correlations",), _suggestion(names, ranks))])
    return Correlated(tuple(names), ranks, made)


def _suggestion(names: list[str], ranks: NDArray[np.float64]) -> str:
    near = nearest_correlations(ranks)
    pairs = [
        f"{names[a]}, {names[b]} {near[a, b]:g}"
        for a in range(len(names))
        for b in range(a + 1, len(names))
        if near[a, b] != 0.0
    ]
    return f"not positive definite: no inputs go together so; the nearest that can: {'; '.join(pairs)}"

"""How the samples of a sweep were placed, as its results file says: what an index may be computed from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ResultsError

__all__ = ["PICK_FREEZE", "TRAJECTORIES", "Design", "read_design"]

#: Kinds whose rows come in groups that belong together.
PICK_FREEZE = "saltelli"
TRAJECTORIES = "morris"
_PLAIN = "monte-carlo"
_MOST_FACTORS = 10_000


@dataclass(frozen=True)
class Design:
    """Where the rows of a sweep lie.

    Attributes
    ----------
    kind : str
        "monte-carlo", "sobol", "saltelli", "morris", "latin-hypercube", "grid" or "table".
    names : tuple of str
        The inputs in the order of the design's columns, those of noise (cracks) too.
    factors : tuple of str
        What moves on its own: the groups of inputs, or each input if there are none.
    members : tuple of tuple of str
        The inputs of each factor.
    second_order : bool
        Whether a group of rows holds BA beside AB (Saltelli).
    rows_per_group : int
        Rows that belong together: D + 2 or 2 D + 2 (Saltelli), D + 1 (Morris), 1 otherwise.
    levels : int
        Of a Morris design.
    correlated : bool
        Whether inputs depend on each other.
    text : str
        The JSON it was read from.
    """

    kind: str = _PLAIN
    names: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    members: tuple[tuple[str, ...], ...] = ()
    second_order: bool = False
    rows_per_group: int = 1
    levels: int = 4
    correlated: bool = False
    text: str = ""


def read_design(where: str, provenance: Mapping[str, str]) -> Design:
    """Return the design that a results file's provenance tells; plain random samples if it tells none.

    Parameters
    ----------
    where : str
        The file, for messages.
    provenance : mapping of str to str
        Its group ``/provenance``.

    Raises
    ------
    ResultsError
        The text ``design`` is no JSON, or does not fit together; one line.
    """
    text = provenance.get("design", "")
    if not text.strip():
        return Design()
    try:
        return _design(json.loads(text), text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ResultsError(f"{where}: provenance design cannot be read: {reason}") from error


def _design(told: Mapping[str, Any], text: str) -> Design:
    kind = told.get("kind", _PLAIN)
    names = _names(told.get("names") or [])
    factors, members = _factors(names, told.get("groups"))
    second_order = bool(told.get("second_order", False))
    rows = 1
    if kind in (PICK_FREEZE, TRAJECTORIES):
        if not factors:
            raise ValueError(f"a {kind} design without names")
        each = 2 if kind == PICK_FREEZE and second_order else 1
        rows = each * len(factors) + (2 if kind == PICK_FREEZE else 1)
        said = int(told.get("rows_per_group", rows))
        if said != rows:
            raise ValueError(f"rows_per_group = {said}, but {len(factors)} factors need {rows}")
    levels = int(told.get("levels") or 4)
    if levels < 2:
        raise ValueError(f"levels = {levels}: must be 2 or more")
    return Design(
        kind, names, factors, members, second_order, rows, levels, bool(told.get("correlations")), text
    )


def _names(told: Sequence[Any]) -> tuple[str, ...]:
    names = tuple(told)
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        raise ValueError("names are not texts that differ")
    if len(names) > _MOST_FACTORS:
        raise ValueError(f"{len(names)} names; at most {_MOST_FACTORS} are read")
    return names


def _factors(names: tuple[str, ...], groups: Any) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the names of what moves on its own, and the inputs of each."""
    if not groups:
        return names, tuple((name,) for name in names)
    if isinstance(groups, dict):
        labels, members = tuple(groups), tuple(tuple(group) for group in groups.values())
    elif all(isinstance(group, str) for group in groups):  # one label for each input, as SALib has it
        labels = tuple(dict.fromkeys(groups))
        pairs = tuple(zip(names, groups, strict=True))
        members = tuple(tuple(name for name, own in pairs if own == label) for label in labels)
    else:
        members = tuple(tuple(group) for group in groups)
        labels = tuple("+".join(group) for group in members)
    if sorted(name for group in members for name in group) != sorted(names):
        raise ValueError("groups do not hold each of the names once")
    return labels, members

"""One named column of what kernels return by number, and how names of a case are written in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ._plan_layout import SeriesRow, series_of
from .case import Case

__all__ = ["Column", "label", "series_name", "series_names", "series_units"]


@dataclass(frozen=True)
class Column:
    """One named column of the kernels' arrays.

    Attributes
    ----------
    name : str
        As in the results file.
    place : int
        Column in the array; -1 of what the sweep derives from others.
    dimension : str
        For display: a key of `leakflow.solver.units.DIMENSIONS`, or ``pressure_rate``.
    units : str
        As UDUNITS writes them.
    long_name : str
    role : str
        "input", "output" or "diagnostic".
    attributes : mapping of str to str
    """

    name: str
    place: int
    dimension: str
    units: str
    long_name: str
    role: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def label(name: str) -> str:
    """Return a name of the case as part of a variable's name."""
    return name.replace("-", "_")


def series_names(case: Case) -> tuple[list[str], list[str]]:
    """Return the names of the series: of the volumes, in the order of `series_of`, and of the paths."""
    return [series_name(row) for row in series_of(case)], [f"flow_{label(name)}" for name in case.paths]


def series_name(row: SeriesRow) -> str:
    """Return the name of a series of a volume."""
    species = "" if row.species is None else f"_{row.species}"
    return f"{row.quantity}_{label(row.volume)}{species}"


def series_units(row: SeriesRow) -> tuple[str, str, str]:
    """Return the dimension, the UDUNITS unit and the description of a series of a volume."""
    if row.quantity == "temperature":
        return "temperature", "K", f"temperature of {row.volume}"
    of = "pressure" if row.species is None else f"partial pressure of {row.species}"
    return "pressure", "Pa", f"{of} {'of' if row.species is None else 'in'} {row.volume}"

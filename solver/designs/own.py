"""Designs that name inputs of a case: grids and tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import _sweep_section as section
from .._case_checks import nearest
from .._column import Column
from ..errors import Fault, FaultsError
from ..units import UnitError, parse_quantity
from .base import Design
from .grid import Axis, GridDesign
from .table import TableDesign, read_table

__all__ = ["Made", "Named", "grid_of", "table_of"]

_MOST_EXACT = 2.0**53


@dataclass(frozen=True)
class Named:
    """The D inputs of a case: those with a value, then noise inputs, the cracks of a path; each by name."""

    inputs: tuple[Column, ...]
    noise: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All D names."""
        return (*(column.name for column in self.inputs), *self.noise)

    def place(self, name: str, key: tuple[str | int, ...]) -> int:
        """Return the place of an input among the D."""
        if name not in self.names:
            raise FaultsError([Fault(key, f"no such input; {nearest(name, self.names)}", name)])
        return self.names.index(name)


class Made(NamedTuple):
    """A design that was made (None where the kernels draw everything), how many samples, and how.

    Attributes
    ----------
    design : Design or None
    samples : int
    told : dict
        What describes it besides what all designs tell; plain JSON.
    advice : str or None
        A line on a better number of samples.
    """

    design: Design | None
    samples: int
    told: dict[str, Any]
    advice: str | None = None


def grid_of(sweep: section.Sweep, chosen: section.GridDesign, named: Named) -> Made:
    """Make the grid of a case."""
    k = len(named.inputs)
    axes = []
    for name, items in chosen.values.items():
        place = named.place(name, ("design", "values"))
        if place >= k:
            raise FaultsError([Fault(("design", "values", name), "cracks have levels, no values")])
        points = [_si(item, named.inputs[place], ("design", "values", name)) for item in items]
        axes.append(Axis(place, np.array(points), "values"))
    for name, count in chosen.levels.items():
        place = named.place(name, ("design", "levels"))
        levels = np.arange(count, dtype=np.float64)
        axes.append(
            Axis(place, (levels + 0.5) / count, "u") if place < k else Axis(place - k, levels, "noise")
        )
    axes.sort(key=lambda axis: (axis.kind == "noise", axis.column))
    size = math.prod(axis.points.size for axis in axes)
    if size > section.MOST_SAMPLES:
        raise FaultsError([Fault(("design",), f"makes {size} samples, more than {section.MOST_SAMPLES}")])
    random_others = chosen.others == "random"
    design = GridDesign(k, len(named.noise), axes, random_others=random_others)
    samples = sweep.samples if "samples" in sweep.model_fields_set else size
    if samples % size or (samples != size and not random_others):
        many = f"a multiple of {size}" if random_others else f"left out, or {size}"
        raise FaultsError([Fault(("samples",), f"must be {many}, the points of the grid", samples)])
    names = [named.names[axis.column + (k if axis.kind == "noise" else 0)] for axis in axes]
    shape = {name: axis.points.size for name, axis in zip(names, axes, strict=True)}
    return Made(design, samples, {"axes": shape, "others": chosen.others})


def table_of(sweep: section.Sweep, chosen: section.TableDesign, named: Named) -> Made:
    """Make the design that a table gives."""
    try:
        table = read_table(chosen.file)
        if chosen.sha256 not in (None, table.sha256):
            raise FaultsError([Fault(("file",), "has changed since the case was read", chosen.file)])
    except FaultsError as error:
        raise FaultsError([fault.under(("design",)) for fault in error.faults]) from None
    rows = table.columns.shape[1]
    samples = sweep.samples if "samples" in sweep.model_fields_set else rows
    if samples > rows:
        raise FaultsError([Fault(("samples",), f"must be at most {rows}, the rows of the table", samples)])
    k = len(named.inputs)
    values = np.full((rows, k), np.nan)
    index = np.arange(rows, dtype=np.uint64)
    noise = np.repeat(index[:, None], len(named.noise), axis=1)
    places = []
    for name, unit, column in zip(table.names, table.units, table.columns, strict=True):
        place = named.place(name, ("design", "file"))
        places.append(name)
        if place < k:
            values[:, place] = _column_si(column, unit, named.inputs[place])
        else:
            noise[:, place - k] = _whole(column, name)
    if not places:
        raise FaultsError([Fault(("design", "file"), "has no column of an input", chosen.file)])
    return Made(TableDesign(values, noise), samples, {"columns": places, "sha256": table.sha256})


def _si(item: object, column: Column, key: tuple[str | int, ...]) -> float:
    try:
        return parse_quantity(item, column.dimension)
    except UnitError as error:
        raise FaultsError([Fault(key, error.allowed, item)]) from None


def _column_si(values: NDArray[np.float64], unit: str | None, column: Column) -> NDArray[np.float64]:
    """Convert a column to SI; every unit is a factor, and of temperatures an offset."""
    if unit is None:
        return values
    key = ("design", "file", column.name)
    zero, one = (_si(f"{number} {unit}", column, key) for number in (0, 1))
    factor = one if zero == 0.0 else round(one - zero, 12)
    return zero + factor * values


def _whole(values: NDArray[np.float64], name: str) -> NDArray[np.uint64]:
    bad = (values != np.floor(values)) | (values < 0.0) | (values > _MOST_EXACT)
    if bad.any():
        text = "must be whole numbers from 0 to 2^53, which choose the cracks"
        raise FaultsError([Fault(("design", "file", name), text, float(values[bad][0]))])
    whole: NDArray[np.uint64] = values.astype(np.uint64)
    return whole

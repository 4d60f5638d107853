"""What a results file or a part holds, and which of it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5o

from .. import _hdf5_check as check
from .._case_checks import nearest
from ..errors import ArgumentError

__all__ = ["Column", "Layout", "read_layout"]


@dataclass(frozen=True)
class Column:
    """One variable.

    Attributes
    ----------
    name, units, long_name, role : str
    dtype : numpy dtype
    times : int
        Of a series; 0 of a scalar.
    counts : str
        Of a property of cracks the variable that counts them, sample by sample; else empty.
    bytes_a_row : float
        On the disk, of a sample; of a crack for a property of cracks.
    """

    name: str
    units: str
    long_name: str
    role: str
    dtype: np.dtype[Any]
    times: int
    counts: str
    bytes_a_row: float

    @property
    def dimension(self) -> str:
        """Along which it grows: ``sample`` or ``<path>_crack``."""
        return f"{self.counts.removesuffix('_count')}_crack" if self.counts else "sample"


@dataclass(frozen=True)
class Layout:
    """The variables of a file, in its order, ``sample`` and ``status`` first; ``time`` is none of them.

    Attributes
    ----------
    columns : tuple of Column
    """

    columns: tuple[Column, ...]

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return [column.name for column in self.columns]

    def plain_names(self) -> list[str]:
        """Return the names of those with one number a sample."""
        return [column.name for column in self.columns if not column.times and not column.counts]

    def count_names(self) -> list[str]:
        """Return the names of the variables that count cracks."""
        return list(dict.fromkeys(column.counts for column in self.columns if column.counts))

    def chosen(self, wanted: Sequence[str] | None, *, series: bool, cracks: bool) -> Layout:
        """Return what is wanted, and what it cannot be read without.

        Parameters
        ----------
        wanted : sequence of str or None
            Names; None is all.
        series, cracks : bool
            Whether histories and the geometry of cracks are among them.

        Raises
        ------
        ArgumentError
            A name is not there, or cannot be in such a file.
        """
        known = {column.name: column for column in self.columns}
        for name in wanted or ():
            if name not in known:
                raise ArgumentError(
                    "columns", f" = {name[:100]}: is not in the results; {nearest(name, list(known))}"
                )
            if known[name].times and not series:
                raise ArgumentError("columns", f" = {name}: is a history, which --no-series leaves out")
            if known[name].counts and not cracks:
                raise ArgumentError(
                    "columns", f" = {name}: is of cracks, a list for each sample, which CSV has no place for"
                )
        names = set(known if wanted is None else wanted) | {"sample", "status"}
        names |= {known[name].counts for name in names if known[name].counts and cracks}
        kept = [
            column
            for column in self.columns
            if column.name in names and (series or not column.times) and (cracks or not column.counts)
        ]
        return replace(self, columns=tuple(kept))


def read_layout(path: Path) -> Layout:
    """Look at a results file or part that was checked."""
    with h5py.File(path, "r", locking=False) as file:
        kinds = check.members(path, file)
        datasets = {
            name: check.open_dataset(path, file, name)
            for name, kind in kinds.items()
            if kind == h5o.TYPE_DATASET and (name in ("sample", "status") or "role" in file[name].attrs)
        }
        first = ["sample", "status"]
        names = first + [name for name in datasets if name not in first]
        return Layout(tuple(_column(path, name, datasets[name]) for name in names))


def _column(path: Path, name: str, dataset: h5py.Dataset) -> Column:
    found = check.read_attributes(path, dataset)
    units, long_name, role, counts = (
        str(found.get(key, "")) for key in ("units", "long_name", "role", "count_variable")
    )
    times = dataset.shape[1] if len(dataset.shape) == 2 else 0
    size = dataset.id.get_storage_size() / max(len(dataset), 1)
    return Column(name, units, long_name, role, dataset.dtype.newbyteorder("="), times, counts, size)

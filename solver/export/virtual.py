"""One file that only points into the parts: made in no time, and worth no more than the parts are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .._hdf5_write import set_attributes, write_bare_dimension, write_texts
from ..campaign.merge import PROVENANCE, SCALE_ATTRIBUTES, Described, dimensions_of, provenance_texts
from .layout import Column, Layout
from .pieces import Cut

__all__ = ["write_virtual"]

#: What a part that is missing reads as where there is no NaN: status -1 is none of leakflow's.
_MISSING = -1


def write_virtual(cuts: Sequence[Cut], target: Path, layout: Layout, described: Described) -> None:
    """Write a file whose variables lie in the parts, found by their paths relative to its own folder.

    Parameters
    ----------
    cuts, layout, described
        As for `leakflow.solver.export.netcdf.write_netcdf`, but of whole parts.
    target : Path
        In the folder where the file will stay.
    """
    first = cuts[0].piece.path
    with (
        h5py.File(first, "r", locking=False) as source,
        h5py.File(target, "w", libver=("earliest", "v110"), track_order=True, locking=False) as file,
    ):
        set_attributes(file, dict(source.attrs) | dict(described.attributes))
        names = dict.fromkeys(["sample", *(["time"] if "time" in source else []), *layout.names()])
        columns = {column.name: column for column in layout.columns}
        for name in names:
            _create(file, source[name], columns.get(name), cuts, target.parent)
        for name in names:
            if name not in ("sample", "time"):
                for axis, dimension in enumerate(dimensions_of(source[name])):
                    file[name].dims[axis].attach_scale(file[dimension])
        texts = provenance_texts(first, source) | dict(described.provenance)
        write_texts(file, PROVENANCE, texts)


def _create(
    file: h5py.File, source: h5py.Dataset, column: Column | None, cuts: Sequence[Cut], folder: Path
) -> None:
    name = source.name.lstrip("/")
    if column is None:
        file.create_dataset(name, data=source[...], track_times=False)
    else:
        dimension = column.dimension
        if dimension not in ("sample", *file):
            write_bare_dimension(file, dimension, sum(cut.rows[dimension] for cut in cuts))
        layout = _pointing(name, source, dimension, cuts, folder)
        fill = np.nan if source.dtype.kind == "f" else _MISSING
        file.create_virtual_dataset(name, layout, fillvalue=fill)
    if name in ("sample", "time"):
        file[name].make_scale(name)
    set_attributes(file[name], _own(source.attrs))


def _pointing(
    name: str, source: h5py.Dataset, dimension: str, cuts: Sequence[Cut], folder: Path
) -> h5py.VirtualLayout:
    rows = sum(cut.rows[dimension] for cut in cuts)
    layout = h5py.VirtualLayout((rows, *source.shape[1:]), source.dtype)
    place = 0
    for cut in cuts:
        count = cut.rows[dimension]
        if count:
            path = os.path.relpath(cut.piece.path, os.path.realpath(folder))
            shape = (count, *source.shape[1:])
            layout[place : place + count] = h5py.VirtualSource(path, name, shape, source.dtype)
        place += count
    return layout


def _own(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key not in SCALE_ATTRIBUTES}

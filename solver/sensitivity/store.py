"""Indices in a results file: the group ``/sensitivity``, which netCDF readers open too.

The samples are never put at risk: a copy of the file is written whole, with the group, and takes the place
of the file by a rename.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5o
from numpy.typing import NDArray

from .. import _hdf5_check as check
from .. import _hdf5_write as writing
from .. import _whole_file as whole_file
from ..errors import ResultsError
from ._files import readable
from .indices import IndexVariable, Indices

__all__ = ["GROUP", "describe_stored", "open_indices", "write_indices"]

GROUP = "sensitivity"
#: What a file that holds indices alone says of itself.
ALONE = "sensitivity indices"
_MOST_BYTES = 2**30
_MOST_DIMENSIONS = 3
_REFERENCE = 16  # bytes in place of a text of variable length
_MOST_NAMES, _LONGEST_NAME = 10_000, 100_000
_ROOM = 64 * 2**20


def write_indices(path: str | Path, indices: Indices, *, into: str | Path | None = None) -> Path:
    """Write indices as the group ``/sensitivity``, which replaces one that is there.

    Parameters
    ----------
    path
        The file to write.
    indices
        What to write.
    into
        The results file that is copied and gets the group; ``path`` itself to put it into the same file.
        None writes a file with the group alone.

    Raises
    ------
    ResultsError
        The file cannot be written; an older one is then as it was. One line.
    """
    path = Path(path)
    target = whole_file._behind_links(path)
    if into is not None:
        _check_room(Path(into), target)
    temporary = whole_file._temporary_beside(target)
    try:
        try:
            if into is None:
                _new_file(temporary, indices)
            else:
                shutil.copyfile(into, temporary)
            with h5py.File(temporary, "r+", libver=("earliest", "v110"), track_order=True) as file:
                if GROUP in file:
                    del file[GROUP]
                _write_group(file.create_group(GROUP, track_order=True), indices)
            if into is not None and target.exists():
                shutil.copymode(target, temporary)
            _sync(temporary)
            os.replace(temporary, target)
        except BaseException:  # Ctrl-C too must leave nothing
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        whole_file.sync_folder(target.parent)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "not enough room, or no permission"
        raise ResultsError(f"{path}: cannot be written: {reason}") from error
    return path


def open_indices(path: str | Path) -> Indices:
    """Open the indices in a file, checked as results are.

    Raises
    ------
    ResultsError
        There are none, or they are damaged; one line.
    """
    path = Path(path)
    with readable(path) as file:
        group = _group(path, file)
        if group is None:
            raise ResultsError(f"{path}: holds no sensitivity indices; leakflow sensitivity puts them there")
        kinds = check.members(path, group)
        datasets = {
            name: check.open_dataset(path, group, name)
            for name, kind in kinds.items()
            if kind == h5o.TYPE_DATASET
        }
        _check_sizes(path, datasets)
        coordinates: dict[str, Any] = {}
        variables: dict[str, IndexVariable] = {}
        for name, dataset in datasets.items():
            if dataset.is_scale:
                if h5py.check_string_dtype(dataset.dtype) is not None and dataset.ndim == 1:
                    coordinates[name] = _texts(dataset)
                elif dataset.dtype.kind in "if" and dataset.ndim == 1:
                    coordinates[name] = _native(dataset)
                continue
            if dataset.dtype.kind not in "if":
                continue
            told = check.read_attributes(path, dataset)
            variables[name] = IndexVariable(
                _dims(dataset), _native(dataset), str(told.get("long_name", "")), _flags(dataset, told)
            )
        attributes = {k: v for k, v in check.read_attributes(path, group).items() if not k.startswith("_")}
        for name in ("outcome", "input"):
            if not isinstance(coordinates.get(name), tuple):
                raise ValueError(f"{GROUP} has no names of {name}s")
        found = Indices(coordinates, variables, attributes)
        _check_fit(found)
        return found


def describe_stored(path: str | Path) -> dict[str, Any] | None:
    """Return what indices a results file holds, in a few words; None if it holds none, or none that read."""
    try:
        found = open_indices(path)
    except ResultsError:
        return None
    keys = ("method", "design", "samples", "groups", "groups_failed", "replicates", "history")
    return {
        **{key: found.attributes[key] for key in keys if key in found.attributes},
        "outcomes": list(found.outcomes),
        "inputs": list(found.inputs),
    }


def _group(path: Path, file: h5py.File) -> h5py.Group | None:
    kinds = check.members(path, file)
    return file[GROUP] if kinds.get(GROUP) == h5o.TYPE_GROUP else None


def _new_file(path: Path, indices: Indices) -> None:
    with h5py.File(path, "w-", libver=("earliest", "v110"), track_order=True) as file:
        told = {key: indices.attributes[key] for key in ("title", "source", "history")}
        writing.set_attributes(file, {"Conventions": "CF-1.11", "content": ALONE, **told})


def _write_group(group: h5py.Group, indices: Indices) -> None:
    scales = {name: _write_labels(group, name, labels) for name, labels in indices.coordinates.items()}
    for name, variable in indices.variables.items():
        fill = np.nan if variable.data.dtype.kind == "f" else None
        dataset = group.create_dataset(
            name,
            data=np.ascontiguousarray(variable.data),
            track_order=True,
            track_times=False,
            fillvalue=fill,
        )
        for axis, dim in enumerate(variable.dims):
            dataset.dims[axis].attach_scale(scales[dim])
        writing.set_attributes(dataset, {"long_name": variable.long_name, **variable.attributes})
    writing.set_attributes(group, {k: v for k, v in indices.attributes.items() if v != ""})


def _write_labels(group: h5py.Group, name: str, labels: Any) -> h5py.Dataset:
    """Write a dimension with its labels, numbers or names.

    Names are texts of variable length: an array of characters would have a dimension of its own, whose
    number netCDF readers take for another's where the file has dimensions in several groups.
    """
    named = isinstance(labels, tuple)
    options = {"dtype": h5py.string_dtype()} if named else {}
    data = np.array(labels, object) if named else labels
    scale = group.create_dataset(name, data=data, track_order=True, track_times=False, **options)
    scale.make_scale(name)
    if name == "time":
        writing.set_attributes(scale, {"units": "s", "long_name": "time since the start of the run"})
    return scale


def _check_room(source: Path, target: Path) -> None:
    """Refuse what would fill the disk: HDF5 does not survive that."""
    try:
        needed, free = source.stat().st_size + _ROOM, shutil.disk_usage(target.parent).free
    except OSError as error:
        raise ResultsError(f"{target}: cannot be written: {error.strerror or error}") from error
    if free < needed:
        sizes = f"{needed / 1e6:.0f} MB are needed beside it, {free / 1e6:.0f} are free"
        raise ResultsError(f"{target}: cannot be written: {sizes}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_sizes(path: Path, datasets: Mapping[str, h5py.Dataset]) -> None:
    total = 0
    for name, dataset in datasets.items():
        if dataset.chunks is not None or not 1 <= dataset.ndim <= _MOST_DIMENSIONS:
            raise ValueError(f"{GROUP}/{name} is stored in a way that leakflow does not write")
        named = h5py.check_string_dtype(dataset.dtype) is not None
        size = dataset.size * (_REFERENCE if named else dataset.dtype.itemsize)
        if size != dataset.id.get_storage_size():
            raise ValueError(f"{GROUP}/{name} declares {size} bytes that the file does not hold")
        total += size
    if total > _MOST_BYTES:
        raise ValueError(f"{GROUP} holds {total} bytes; at most {_MOST_BYTES} are read")


def _check_fit(found: Indices) -> None:
    sizes = {name: len(labels) for name, labels in found.coordinates.items()}
    for name, variable in found.variables.items():
        if variable.data.shape != tuple(sizes.get(dim, -1) for dim in variable.dims):
            raise ValueError(f"{GROUP}/{name} has shape {variable.data.shape}")
    for needed in ("state", "method", "headline"):
        if needed not in found.variables and needed not in found.attributes:
            raise ValueError(f"{GROUP} has no {needed}")


def _dims(dataset: h5py.Dataset) -> tuple[str, ...]:
    return tuple(
        dataset.dims[axis][0].name.rsplit("/", 1)[-1] if len(dataset.dims[axis]) else ""
        for axis in range(dataset.ndim)
    )


def _native(dataset: h5py.Dataset) -> NDArray[Any]:
    return np.asarray(dataset[()], dataset.dtype.newbyteorder("="))


def _texts(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Return names, read one by one: many that point to one long text would fill the memory."""
    if dataset.size > _MOST_NAMES:
        raise ValueError(f"{dataset.name} has {dataset.size} names; at most {_MOST_NAMES} are read")
    found = []
    for place in range(dataset.size):
        text = dataset[place]
        if len(text) > _LONGEST_NAME:
            raise ValueError(
                f"{dataset.name} has a name of {len(text)} bytes; at most {_LONGEST_NAME} are read"
            )
        found.append(text.decode() if isinstance(text, bytes) else str(text))
    return tuple(found)


def _flags(dataset: h5py.Dataset, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the further attributes of a variable."""
    if "flag_meanings" not in told or dataset.attrs["flag_values"].size > 100:
        return {}
    return {
        "flag_values": np.asarray(dataset.attrs["flag_values"]),
        "flag_meanings": str(told["flag_meanings"]),
    }

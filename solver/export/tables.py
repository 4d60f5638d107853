"""Samples as rows of a table: CSV and Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .. import _hdf5_check as check
from ..campaign.merge import PROVENANCE, Described, provenance_texts
from ..errors import ResultsError
from .layout import Column, Layout
from .pieces import Cut, PieceData, opened
from .where import Where

if TYPE_CHECKING:
    import pyarrow

__all__ = ["require_pyarrow", "write_csv", "write_parquet"]

# values that are Python objects at a time, about 100 bytes each
_VALUES_AT_ONCE = 200_000


def write_csv(
    cuts: Sequence[Cut], target: Path, layout: Layout, where: Where | None, report: Callable[[int], None]
) -> None:
    """Write a table as RFC 4180 has it: a line of ``name [unit]``, then one for each sample.

    Numbers have all digits that they need to be read back to the bit; a history has a column for each time.

    Parameters
    ----------
    cuts, target, layout, where, report
        As for `leakflow.solver.export.netcdf.write_netcdf`; the layout has no properties of cracks.
    """
    times = _times(cuts)
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([head for column in layout.columns for head in _heads(column, times)])
        for data in _each(cuts, where, report):
            columns = [data.read(column.name) for column in layout.columns]
            width = sum(max(column.times, 1) for column in layout.columns)
            rows = max(_VALUES_AT_ONCE // width, 1)
            for start in range(0, len(columns[0]), rows):
                lists = [each for values in columns for each in _as_lists(values[start : start + rows])]
                writer.writerows(zip(*lists, strict=True))


def write_parquet(
    cuts: Sequence[Cut], target: Path, layout: Layout, where: Where | None,
    described: Described, report: Callable[[int], None],
) -> None:  # fmt: skip
    """Write a table with a group of rows for each piece.

    Histories are lists of fixed length, cracks of a sample lists. The metadata of each field have units,
    long_name and role; those of the schema the attributes and the provenance of a results file, and the
    times as JSON.

    Parameters
    ----------
    cuts, target, layout, where, described, report
        As for `leakflow.solver.export.netcdf.write_netcdf`.
    """
    import pyarrow
    from pyarrow import parquet

    fields = [_field(column) for column in layout.columns]
    times = _times(cuts)
    texts = _texts(cuts[0].piece.path, described)
    if times is not None:
        texts["time"] = json.dumps(times.tolist())
    schema = pyarrow.schema(fields, metadata=texts)
    with parquet.ParquetWriter(target, schema) as writer:
        for data in _each(cuts, where, report):
            arrays = [
                _arrow(data, column, field.type) for column, field in zip(layout.columns, fields, strict=True)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
    rows = parquet.ParquetFile(target).metadata.num_rows
    if rows != sum(cut.rows["sample"] for cut in cuts):
        raise ResultsError(f"{target}: it has {rows} rows, not all samples")


def require_pyarrow() -> None:
    """Say in one line what to install if Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ResultsError("Parquet needs pyarrow: pip install 'leakflow[parquet]'") from error


def _each(cuts: Sequence[Cut], where: Where | None, report: Callable[[int], None]) -> Iterator[PieceData]:
    for cut in cuts:
        with opened(cut.piece, where, verify=True) as data:
            yield data
        report(cut.rows["sample"])


def _times(cuts: Sequence[Cut]) -> NDArray[np.float64] | None:
    with h5py.File(cuts[0].piece.path, "r", locking=False) as file:
        return np.asarray(file["time"], dtype=np.float64) if "time" in file else None


def _texts(path: Path, described: Described) -> dict[str, str]:
    """Return what a results file says of itself."""
    with h5py.File(path, "r", locking=False) as file:
        attributes = {key: str(value) for key, value in check.read_attributes(path, file).items()}
        texts = provenance_texts(path, file) if PROVENANCE in file else {}
    texts.pop("parts", None)
    return attributes | texts | dict(described.attributes) | dict(described.provenance)


def _heads(column: Column, times: NDArray[np.float64] | None) -> list[str]:
    unit = f" [{column.units}]" if column.units else ""
    if not column.times or times is None:
        return [f"{column.name}{unit}"]
    return [f"{column.name} at {time!r} s{unit}" for time in times.tolist()]


def _as_lists(values: NDArray[Any]) -> list[list[Any]]:
    """Return the columns of an array as lists; a float32 as the shortest text that gives it again."""
    columns = list(values.T) if values.ndim == 2 else [values]
    if values.dtype == np.float32:
        return [[str(value) for value in column] for column in columns]
    return [column.tolist() for column in columns]


def _field(column: Column) -> pyarrow.Field:
    import pyarrow

    value = pyarrow.from_numpy_dtype(column.dtype)
    if column.counts:
        kind = pyarrow.list_(value)
    else:
        kind = pyarrow.list_(value, column.times) if column.times else value
    described = {"units": column.units, "long_name": column.long_name, "role": column.role}
    return pyarrow.field(column.name, kind, metadata=described)


def _arrow(data: PieceData, column: Column, kind: pyarrow.DataType) -> pyarrow.Array:
    import pyarrow

    values = np.ascontiguousarray(data.read(column.name, column.counts), dtype=column.dtype)
    if column.counts:
        ends = np.cumsum(data.read(column.counts), dtype=np.int64)
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        return pyarrow.ListArray.from_arrays(offsets, values, type=kind)
    if column.times:
        return pyarrow.FixedSizeListArray.from_arrays(values.ravel(), type=kind)
    return pyarrow.array(values, type=kind)

"""The reference tables that ship in ``cases/reference/``; each header says where its numbers come from."""

from __future__ import annotations

import csv
from fractions import Fraction
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import cases

__all__ = ["names", "percent_errors", "provenance", "rows", "table"]


def table(name: str) -> dict[str, NDArray[Any]]:
    """Columns of ``cases/reference/NAME.csv`` by heading.

    Parameters
    ----------
    name : str
        File name without ``.csv``.

    Returns
    -------
    dict of str to ndarray, shape (rows,)
        float64 where every cell is a number or a fraction such as ``5/3``, text otherwise; the file's units.

    Raises
    ------
    ValueError
        The table has no rows.
    """
    read = list(csv.DictReader(line for line in _lines(name) if not line.startswith("#")))
    if not read:
        raise ValueError(f"{name}.csv: no rows")
    return {heading: _column([row[heading] for row in read]) for heading in read[0]}


def rows(name: str, *headings: str) -> list[tuple[Any, ...]]:
    """Give the named columns of a table, row by row."""
    columns = table(name)
    return list(zip(*(columns[heading].tolist() for heading in headings), strict=True))


def names() -> list[str]:
    """Give the names of the tables, sorted."""
    return sorted(
        file.name.removesuffix(".csv") for file in _folder().iterdir() if file.name.endswith(".csv")
    )


def provenance(name: str) -> str:
    """Say where the numbers of a table come from: the line of its header that begins with ``provenance:``."""
    for line in _lines(name):
        text = line.lstrip("# ").rstrip()
        if line.startswith("#") and text.startswith("provenance:"):
            return text.removeprefix("provenance:").strip()
    raise ValueError(f"{name}.csv: no line of the header begins with provenance:")


def percent_errors(values: ArrayLike, expected: ArrayLike) -> tuple[float, float]:
    """Root mean square and largest relative error of `values`, in percent.

    Raises
    ------
    ValueError
        There are none.
    """
    relative = np.asarray(values, dtype=float) / np.asarray(expected, dtype=float) - 1.0
    if relative.size == 0:
        raise ValueError("no values to compare")
    return 100.0 * float(np.sqrt(np.mean(relative**2))), 100.0 * float(np.max(np.abs(relative)))


def _folder() -> Any:
    return resources.files(cases) / "reference"


def _lines(name: str) -> list[str]:
    text: str = (_folder() / f"{name}.csv").read_text(encoding="utf-8")
    return text.splitlines()


def _column(cells: list[str]) -> NDArray[Any]:
    try:
        return np.array([_number(cell) for cell in cells])
    except ValueError:
        return np.array(cells)


def _number(cell: str) -> float:
    return float(Fraction(cell)) if "/" in cell else float(cell)

"""Loader of the tables in ``tests/reference/``; each file's header says where its numbers come from."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "reference"


def table(name: str) -> dict[str, np.ndarray]:
    """Columns of ``tests/reference/NAME.csv`` by heading.

    Parameters
    ----------
    name : str
        File name without ``.csv``.

    Returns
    -------
    dict of str to ndarray, shape (rows,)
        float64 where every cell is a number or a fraction such as ``5/3``, text otherwise; the file's units.
    """
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    if not rows:
        raise ValueError(f"{name}.csv: no rows")
    return {heading: _column([row[heading] for row in rows]) for heading in rows[0]}


def rows(name: str, *headings: str) -> list[tuple]:
    """The named columns of a table, row by row."""
    columns = table(name)
    return list(zip(*(columns[heading].tolist() for heading in headings), strict=True))


def percent_errors(values: list[float], expected: list[float]) -> tuple[float, float]:
    """Root mean square and largest relative error of `values`, in percent."""
    relative = np.asarray(values, dtype=float) / np.asarray(expected, dtype=float) - 1.0
    if relative.size == 0:
        raise ValueError("no values to compare")
    return 100.0 * float(np.sqrt(np.mean(relative**2))), 100.0 * float(np.max(np.abs(relative)))


def _column(cells: list[str]) -> np.ndarray:
    try:
        return np.array([_number(cell) for cell in cells])
    except ValueError:
        return np.array(cells)


def _number(cell: str) -> float:
    return float(Fraction(cell)) if "/" in cell else float(cell)

"""Samples that a user's own table gives: a CSV, or the inputs of a results file."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._sweep_section import TableDesign as TableSection
from ..errors import Fault, FaultsError, ResultsError
from .base import Design, Rows

__all__ = ["Table", "TableDesign", "pinned", "read_table"]

_HEADER = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\[\s*([^\]]*?)\s*\])?\s*")
_RESULTS_SUFFIXES = (".nc", ".h5")
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file.

    Attributes
    ----------
    names : tuple of str
    units : tuple of str or None
        As the header gives them; None is SI.
    columns : float64 (k, n)
        All finite.
    sha256 : str
        Of the file's bytes.
    """

    names: tuple[str, ...]
    units: tuple[str | None, ...]
    columns: NDArray[np.float64]
    sha256: str


class TableDesign(Design):
    """Rows of a table in SI.

    Parameters
    ----------
    values : float64 (n, K)
        NaN for inputs that the table does not give.
    noise : uint64 (n, M) or None
        What addresses the cracks of each population; by default the index of the sample.
    """

    extendable = False

    def __init__(self, values: NDArray[np.float64], noise: NDArray[np.uint64] | None) -> None:
        """Take the rows."""
        self._values, self._noise = values, noise

    def rows(self, first: int, count: int) -> Rows:
        """Return rows of the table."""
        these = slice(first, first + count)
        return Rows(None, self._values[these], None if self._noise is None else self._noise[these])


def pinned(section: TableSection, folders: Iterable[Path]) -> TableSection:
    """Return the section with the whole path of its file, and the file's sha256.

    Parameters
    ----------
    section : leakflow.solver._sweep_section.TableDesign
    folders : iterable of Path
        Where the file is looked for, one after the other, unless its path is whole.

    Raises
    ------
    FaultsError
        There is no such file, or it is not the one whose sha256 the section has.
    """
    places = [folder / section.file for folder in folders]
    try:
        path = next((place for place in places if place.is_file()), None)
    except (OSError, ValueError):  # a name that no file can have
        path = None
    if path is None:
        raise FaultsError(
            [Fault(("file",), "no such file beside the case, nor in this folder", section.file)]
        )
    path = path.resolve()
    found = _digest(path)
    if section.sha256 not in (None, found):
        text = f"is another file than the one meant: its sha256 is {found}"
        raise FaultsError([Fault(("file",), text, section.file)])
    return section.model_copy(update={"file": str(path), "sha256": found})


def read_table(file: str) -> Table:
    """Read a table; the last one read is kept.

    Raises
    ------
    FaultsError
        It cannot be read, or it is no table of numbers.
    """
    path = Path(file)
    try:
        status = path.stat()
    except OSError as error:
        raise FaultsError([Fault(("file",), f"cannot be read: {error.strerror}", file)]) from None
    return _read(path, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=1)
def _read(path: Path, _version: tuple[int, int]) -> Table:
    if path.suffix in _RESULTS_SUFFIXES:
        return _read_results(path)
    return _read_csv(path)


def _read_results(path: Path) -> Table:
    from ..results import open_results

    try:
        results = open_results(path)
    except ResultsError as error:
        raise FaultsError([Fault(("file",), str(error).partition(": ")[2], str(path))]) from None
    inputs = results.inputs
    columns = np.array([*inputs.values()], np.float64).reshape(len(inputs), len(results))
    return Table(tuple(inputs), (None,) * len(inputs), columns, _digest(path))


def _read_csv(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
            names, units = _header(header, path)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # of no rows, which is told below
                    rows = np.loadtxt(file, delimiter=",", ndmin=2, comments=None)
            except ValueError as error:
                text = f"not a table of numbers: {error}, counted from the line after the header"
                raise FaultsError([Fault(("file",), text, str(path))]) from None
    except OSError as error:
        raise FaultsError([Fault(("file",), f"cannot be read: {error.strerror}", str(path))]) from None
    except UnicodeDecodeError:
        raise FaultsError([Fault(("file",), "is not text in UTF-8", str(path))]) from None
    if rows.shape[0] == 0:
        raise FaultsError([Fault(("file",), "has no rows", str(path))])
    if rows.shape[1] != len(names):
        text = f"has {rows.shape[1]} cells in a row; the header has {len(names)}"
        raise FaultsError([Fault(("file",), text, str(path))])
    bad = np.argwhere(~np.isfinite(rows))
    if bad.size:
        line, column = bad[0]
        text = f"line {line + 2}: {names[column]} is not finite"
        raise FaultsError([Fault(("file",), text, str(path))])
    return Table(names, units, np.ascontiguousarray(rows.T), _digest(path))


def _header(line: str, path: Path) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    names: list[str] = []
    units: list[str | None] = []
    for cell in line.rstrip("\r\n").split(","):
        match = _HEADER.fullmatch(cell.strip().strip('"'))
        if match is None or match[1] in names:
            text = f"line 1: {cell.strip()[:40]}: must be an input, once, such as depth or depth [mm]"
            raise FaultsError([Fault(("file",), text, str(path))])
        names.append(match[1])
        units.append(match[2])
    return tuple(names), tuple(units)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_READ_AT_ONCE):
                digest.update(block)
    except OSError as error:
        raise FaultsError([Fault(("file",), f"cannot be read: {error.strerror}", str(path))]) from None
    return digest.hexdigest()

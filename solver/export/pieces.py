"""The samples in pieces that fit into memory: the parts of a campaign, or slabs of one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..campaign.parts import DamagedPartError, Seal, read_seal, read_sealed
from ..errors import ResultsError
from .layout import Layout
from .where import Where

__all__ = ["Cut", "Piece", "PieceData", "cut_pieces", "opened", "pieces_of_file", "pieces_of_part"]

_SLAB_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Piece:
    """Some samples that follow each other in one file.

    Attributes
    ----------
    path : Path
    seal : Seal or None
        If it is a part of a campaign, all of it.
    start, count : int
        Its rows of the file.
    cracks : dict of str to (int, int)
        The same along each dimension of cracks.
    """

    path: Path
    seal: Seal | None
    start: int
    count: int
    cracks: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Cut:
    """A piece, and how much of it is wanted.

    Attributes
    ----------
    piece : Piece
    rows : dict of str to int
        How many samples are wanted, and cracks along each of their dimensions.
    """

    piece: Piece
    rows: Mapping[str, int]

    @property
    def is_whole(self) -> bool:
        """Whether every sample is wanted."""
        return self.rows["sample"] == self.piece.count


class PieceData:
    """A piece that is open; rows are those that are wanted."""

    def __init__(self, file: h5py.File, piece: Piece, where: Where | None) -> None:
        """Take an open file."""
        self.file, self.piece = file, piece
        self._kept = None if where is None else where.mask({name: self._all(name) for name in where.columns})
        if self._kept is not None and self._kept.all():
            self._kept = None
        self._of_cracks: dict[str, NDArray[np.bool_]] = {}

    def wanted(self, layout: Layout) -> dict[str, int]:
        """Count the rows along each dimension."""
        kept = self._kept
        found = {"sample": self.piece.count if kept is None else int(np.count_nonzero(kept))}
        for counts in layout.count_names():
            dimension = f"{counts.removesuffix('_count')}_crack"
            numbers = self._all(counts)
            found[dimension] = int((numbers if kept is None else numbers[kept]).sum())
        return found

    def read(self, name: str, counts: str = "") -> NDArray[Any]:
        """Return the wanted rows of a variable; of a property of cracks, with what counts them."""
        data = self._all(name, counts)
        if self._kept is None:
            return data
        return data[self._cracks(counts) if counts else self._kept]

    def _all(self, name: str, counts: str = "") -> NDArray[Any]:
        start, count = self.piece.start, self.piece.count
        if counts:
            start, count = self.piece.cracks[f"{counts.removesuffix('_count')}_crack"]
        data = np.asarray(self.file[name][start : start + count])
        if len(data) != count:
            raise ResultsError(f"{self.piece.path}: {name} ends before its samples do")
        return data

    def _cracks(self, counts: str) -> NDArray[np.bool_]:
        """Return which cracks belong to wanted samples."""
        if counts not in self._of_cracks:
            kept = np.ones(self.piece.count, dtype=bool) if self._kept is None else self._kept
            self._of_cracks[counts] = np.repeat(kept, self._all(counts))
        return self._of_cracks[counts]


@contextmanager
def opened(piece: Piece, where: Where | None, *, verify: bool) -> Iterator[PieceData]:
    """Open a piece; if it is a part, after its sha256 was checked.

    Raises
    ------
    DamagedPartError
        A part does not have its checksum.
    """
    if verify and piece.seal is not None:
        read_sealed(piece.path, piece.seal)
    with h5py.File(piece.path, "r", locking=False) as file:
        yield PieceData(file, piece, where)


def pieces_of_part(path: Path) -> list[Piece]:
    """Return a part as a piece.

    Raises
    ------
    DamagedPartError
        It is no part.
    """
    seal = read_seal(path)
    if seal is None:
        raise DamagedPartError(path)
    cracks = {name: (0, size) for name, size in seal.cracks.items()}
    return [Piece(path, seal, 0, seal.samples, cracks)]


def pieces_of_file(path: Path, layout: Layout) -> list[Piece]:
    """Return slabs of a results file: whole chunks of its series, about 16 MiB.

    Raises
    ------
    ResultsError
        Counts of cracks do not add up.
    """
    with h5py.File(path, "r", locking=False) as file:
        samples = len(file["sample"])
        row = sum(column.dtype.itemsize * max(column.times, 1) for column in layout.columns)
        chunks = {file[column.name].chunks[0] for column in layout.columns if column.times}
        least = max(chunks, default=1)
        rows = max(_SLAB_BYTES // max(row, 1) // least, 1) * least
        places = dict.fromkeys(layout.count_names(), 0)
        pieces = []
        for start in range(0, samples, rows):
            count = min(rows, samples - start)
            cracks = {}
            for name, place in places.items():
                numbers = np.asarray(file[name][start : start + count])
                size = int(numbers.sum())
                if len(numbers) != count or numbers.min() < 0 or numbers.max() > size:
                    raise ResultsError(f"{path}: {name} does not count cracks")
                cracks[f"{name.removesuffix('_count')}_crack"] = place, size
                places[name] += size
            pieces.append(Piece(path, None, start, count, cracks))
        for column in layout.columns:
            if column.counts and len(file[column.name]) != places[column.counts]:
                raise ResultsError(f"{path}: {column.counts} does not add up to the cracks of {column.name}")
    return pieces


def cut_pieces(pieces: Sequence[Piece], layout: Layout, where: Where | None) -> list[Cut]:
    """Look how much of each piece is wanted; pieces of which nothing is are left out."""
    cuts = []
    for piece in pieces:
        if where is None:
            rows = {"sample": piece.count} | {name: size for name, (_, size) in piece.cracks.items()}
        else:
            with opened(piece, where, verify=False) as data:
                rows = data.wanted(layout)
        if rows["sample"]:
            cuts.append(Cut(piece, rows))
    return cuts

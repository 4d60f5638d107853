"""Samples into netCDF files, one or several, in memory that does not grow with them.

Where all samples of a piece are wanted, and the compressed chunks of its series fall on chunks of the file,
they go over as they are; else they are encoded anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import h5py

from .._hdf5_write import write_texts
from ..campaign.merge import (
    PROVENANCE,
    Described,
    GrowingColumn,
    check_merged,
    check_places,
    copy_structure,
    growing_columns,
    provenance_texts,
    write_slab,
)
from ..errors import ResultsError
from .layout import Layout
from .pieces import Cut, PieceData, opened
from .where import Where

__all__ = ["into_shards", "write_netcdf"]


def into_shards(cuts: Sequence[Cut], layout: Layout, most_bytes: float) -> Iterator[list[Cut]]:
    """Divide pieces into files of about that many bytes at most, one piece in each at least."""
    shard: list[Cut] = []
    size = 0.0
    for cut in cuts:
        own = cut_bytes(cut, layout)
        if shard and size + own > most_bytes:
            yield shard
            shard, size = [], 0.0
        shard.append(cut)
        size += own
    if shard:
        yield shard


def cut_bytes(cut: Cut, layout: Layout) -> float:
    """Return about how many bytes of a file the wanted rows of a piece take."""
    return sum(column.bytes_a_row * cut.rows[column.dimension] for column in layout.columns)


def write_netcdf(
    cuts: Sequence[Cut], target: Path, layout: Layout, where: Where | None, described: Described,
    report: Callable[[int], None],
) -> None:  # fmt: skip
    """Write the wanted samples into a new results file, and check it.

    Parameters
    ----------
    cuts : sequence of Cut
        In the order of their samples.
    target : Path
        That does not exist; it is neither flushed to the disk nor renamed here.
    layout : Layout
        Of what is wanted.
    where : Where or None
    described : Described
    report : callable
        Called with the samples of each piece that is done.

    Raises
    ------
    DamagedPartError
        A part does not have its checksum.
    ResultsError
        A piece is not what it was when it was looked at.
    OSError, RuntimeError
        The file cannot be written.
    """
    sizes = _sizes(cuts, layout)
    counts = {column.name: column.counts for column in layout.columns}
    first = cuts[0].piece.path
    with h5py.File(target, "w", libver=("earliest", "v110"), track_order=True, locking=False) as file:
        with h5py.File(first, "r", locking=False) as source:
            copy_structure(first, source, file, sizes, layout.names(), described)
            texts = provenance_texts(first, source) if PROVENANCE in source else {}
        columns = growing_columns(file, sizes)
        places = dict.fromkeys(sizes, 0)
        for cut in cuts:
            with opened(cut.piece, where, verify=True) as data:
                for column in columns:
                    _append(data, cut, column, counts.get(column.name, ""), places[column.dimension])
            for dimension in places:
                places[dimension] += cut.rows[dimension]
            report(cut.rows["sample"])
        check_places(places, sizes)
        texts.pop("parts", None)
        write_texts(file, PROVENANCE, texts | dict(described.provenance) | _table(cuts))
    check_merged(target, sizes["sample"])


def _sizes(cuts: Sequence[Cut], layout: Layout) -> dict[str, int]:
    dimensions = {column.dimension for column in layout.columns}
    return {
        name: sum(cut.rows[name] for cut in cuts) for name in ("sample", *sorted(dimensions - {"sample"}))
    }


def _append(data: PieceData, cut: Cut, column: GrowingColumn, counts: str, place: int) -> None:
    """Put the wanted rows of one variable of a piece at their place."""
    name, target = column.name, column.target
    source = data.file[name]
    if source.dtype != column.dtype or source.shape[1:] != column.shape[1:]:
        raise ResultsError(f"{data.piece.path}: {name} has another shape or type than in other parts")
    if cut.is_whole and _can_copy_chunks(source, target, data.piece.start, cut.rows["sample"], place):
        _copy_chunks(source, target, data.piece.start, cut.rows["sample"], place)
        return
    values = data.read(name, counts)
    if len(values) != cut.rows[column.dimension]:
        raise ResultsError(f"{data.piece.path}: it changed while it was exported")
    if len(values):
        write_slab(target, place, values)


def _can_copy_chunks(source: h5py.Dataset, target: h5py.Dataset, start: int, count: int, place: int) -> bool:
    """Whether the chunks of a series fall on chunks of the file, none of them half filled."""
    if source.chunks is None or source.chunks != target.chunks or _filters(source) != _filters(target):
        return False
    rows = source.chunks[0]
    ends_both = start + count == len(source) and place + count == len(target)
    return start % rows == 0 and place % rows == 0 and (count % rows == 0 or ends_both)


def _filters(dataset: h5py.Dataset) -> list[tuple[int, tuple[int, ...]]]:
    storage = dataset.id.get_create_plist()
    found = (storage.get_filter(i) for i in range(storage.get_nfilters()))
    # how hard deflate tried does not matter to who inflates
    return [(code, tuple(values) if code != h5py.h5z.FILTER_DEFLATE else ()) for code, _, values, _ in found]


def _copy_chunks(source: h5py.Dataset, target: h5py.Dataset, start: int, count: int, place: int) -> None:
    for row in range(0, count, source.chunks[0]):
        for time in range(0, source.shape[1], source.chunks[1]):
            mask, content = source.id.read_direct_chunk((start + row, time))
            target.id.write_direct_chunk((place + row, time), content, mask)


def _table(cuts: Sequence[Cut]) -> dict[str, str]:
    """Return the table of parts, as a merge has it, if all of them are in the file, whole."""
    seals = [cut.piece.seal for cut in cuts if cut.is_whole and cut.piece.seal is not None]
    if len(seals) < len(cuts):
        return {}
    return {"parts": json.dumps([[seal.first, seal.samples, seal.data_sha256] for seal in seals])}

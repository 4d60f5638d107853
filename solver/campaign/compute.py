"""One part: its samples computed, encoded and written. What a worker runs, wherever it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .._hdf5_write import file_image
from ..case import Case
from ..engine import Block, warm_up
from ..errors import CampaignError
from ..plan import CompiledCase, compile_case
from ..provenance import describe
from ..results import Results
from ..sweep import run_range
from .manifest import Manifest, differences, read_manifest, with_numerics
from .parts import Seal, part_state, seal, set_aside, write_part

__all__ = ["PartReceipt", "Prepared", "compute_part", "encode_part", "mark_lost", "part_results", "prepare"]


class PartReceipt(NamedTuple):
    """What a worker says of a part, in about 100 bytes.

    Attributes
    ----------
    part, first, samples, failed : int
        Its number, its first sample, how many samples, and how many of them failed.
    size : int
        Bytes of its file.
    is_new : bool
        Whether it was computed now; False if it was there already.
    """

    part: int
    first: int
    samples: int
    failed: int
    size: int
    is_new: bool


@dataclass(frozen=True)
class Prepared:
    """A campaign ready to be computed in this process: its case compiled, its kernels loaded."""

    directory: Path
    manifest: Manifest
    case: Case
    compiled: CompiledCase


def compute_part(directory: str | os.PathLike[str], part: int, threads: int = 1) -> PartReceipt:
    """Make a part of a campaign, unless it is there.

    The function for any executor: it can be pickled, needs nothing but the folder, and may be run twice, at
    once even, on any machine that sees the folder: the bytes are the same, and the later rename changes
    nothing.

    Parameters
    ----------
    directory : path
        The campaign's folder.
    part : int
    threads : int
        One, where there are as many workers as processors.

    Returns
    -------
    PartReceipt

    Raises
    ------
    CampaignError
        No campaign is there, or kernels, packages or processor here are not those that it was made with.
    ResultsError
        The part cannot be written.
    """
    prepared = prepare(Path(directory))
    _check_part(prepared.manifest, part)
    state = part_state(prepared.directory, prepared.manifest, part)
    if state.is_done and state.seal is not None:
        return receipt(state.seal, is_new=False)
    if state.fault:
        set_aside(prepared.directory, part)
    return store_part(prepared, part, part_results(prepared, part, threads=threads))


def mark_lost(directory: str | os.PathLike[str], part: int, samples: Collection[int]) -> PartReceipt:
    """Make a part in which some samples are not run, because whatever ran them died.

    Their status is ``worker_lost``, their inputs are as drawn, their outcomes NaN; the other samples of the
    part are computed. A part that is there is replaced.

    Parameters
    ----------
    directory : path
    part : int
    samples : collection of int
        Global indices, all in the part.

    Raises
    ------
    CampaignError
        As for `compute_part`; or a sample is not in the part.
    ResultsError
        The part cannot be written.
    """
    prepared = prepare(Path(directory))
    _check_part(prepared.manifest, part)
    first, count = prepared.manifest.part_range(part)
    for sample in samples:
        if not first <= sample < first + count:
            own = f"part {part} has the samples {first} to {first + count - 1}"
            raise CampaignError(f"{directory}: sample = {sample}: {own}")
    return store_part(prepared, part, part_results(prepared, part, threads=1, lost=samples))


def prepare(directory: Path) -> Prepared:
    """Read a campaign and load its kernels, once in a process.

    Raises
    ------
    CampaignError
        As for `compute_part`.
    """
    manifest = read_manifest(directory)
    return _prepare(directory, manifest.text())


@lru_cache(maxsize=2)
def _prepare(directory: Path, _text: str) -> Prepared:
    manifest = read_manifest(directory)
    refuse_other_numbers(directory, manifest)
    case = manifest.resolved_case()
    compiled = compile_case(case)
    warm_up(compiled.plan, compiled.points)
    return Prepared(directory, manifest, case, compiled)


def refuse_other_numbers(directory: Path, manifest: Manifest) -> None:
    """Raise CampaignError, key by key, if the campaign's numbers would come out otherwise here."""
    found = differences(manifest, with_numerics(manifest))
    if found:
        raise CampaignError([f"{directory}: cannot be gone on with here: {line}" for line in found])


def part_results(
    prepared: Prepared, part: int, *, threads: int, lost: Collection[int] = (),
    report: Callable[[Block], None] | None = None,
) -> Results:  # fmt: skip
    """Compute the samples of a part.

    Raises
    ------
    SweepInterrupted
        Ctrl-C; it carries the samples that were finished.
    """
    first, count = prepared.manifest.part_range(part)
    return run_range(
        prepared.case, prepared.compiled, first, count, threads=threads, report=report, lost=lost
    )


def store_part(prepared: Prepared, part: int, results: Results) -> PartReceipt:
    """Encode a part and write it durably."""
    content, found = encode_part(prepared.manifest, prepared.case, part, results)
    write_part(prepared.directory, part, content)
    return receipt(found, is_new=True)


def encode_part(manifest: Manifest, case: Case, part: int, results: Results) -> tuple[bytes, Seal]:
    """Return the bytes of a part, the same whenever and wherever it is made, and its seal."""
    first, last = int(results.samples[0]), int(results.samples[-1])
    what = f"part {part} of a sweep of {case.source}, samples {first} to {last}, seed {case.sweep.seed}"
    attributes, provenance = describe(case, what, extendable=manifest.extendable, now=manifest.created)
    place = {"part": part, "first": first, "count": len(results)}
    whole = replace(
        results,
        attributes=attributes | {"campaign_id": manifest.id},
        provenance=dict(results.provenance) | provenance | {"part": json.dumps(place)},
    )
    image = file_image(whole, chunk_samples=manifest.chunk_samples)
    return seal(image, manifest.id, part, whole)


def receipt(found: Seal, *, is_new: bool) -> PartReceipt:
    """Return what a seal says, in short."""
    return PartReceipt(found.part, found.first, found.samples, found.failed, found.size, is_new)


def _check_part(manifest: Manifest, part: int) -> None:
    if not 0 <= part < manifest.n_parts:
        raise CampaignError(f"part = {part}: the campaign has parts 0 to {manifest.n_parts - 1}")

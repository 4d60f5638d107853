"""The manifest of a campaign that is to be begun: its parts, and what fixes its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import CampaignError
from .manifest import Manifest

if TYPE_CHECKING:
    from ..case import Case

__all__ = ["manifest_of", "new_manifest"]


_PARTS_PER_WORKER = 4  # fewer, and the last ones leave most workers idle


def new_manifest(
    case: Case, part_samples: int | None, threads: int | None, workers: int | None = None
) -> Manifest:
    """Return the manifest of a campaign that is not there yet.

    Parameters
    ----------
    case : Case
    part_samples : int or None
        By default as `leakflow.solver.campaign.part_size.choose_part_size` has it.
    threads : int or None
        That share the work of a part; by default all processors.
    workers : int, optional
        That make a part each at a time, on one thread: there are four parts or more for each.

    Raises
    ------
    CampaignError
        Parts of that size would cut a design's groups.
    """
    from ..engine import available_threads, warm_up
    from ..plan import compile_case
    from .part_size import Cost, choose_part_size, measure_cost

    compiled = compile_case(case)
    group = compiled.rows_per_group
    if part_samples is not None and part_samples % group:
        near = max(group, part_samples // group * group)
        text = f"must be a multiple of {group}, the rows of a group, such as {near}"
        raise CampaignError(f"part_samples = {part_samples}: {text}")
    if part_samples is None:
        warm_up(compiled.plan, compiled.points)
        cost = measure_cost(case, compiled)
    else:
        cost = Cost(1.0, 1.0)
    count = 1 if workers else threads or available_threads()
    size = choose_part_size(cost, case, compiled, count, part_samples)
    if workers and part_samples is None:
        share = -(-case.sweep.samples // (_PARTS_PER_WORKER * workers))
        if share < size.samples:
            size = choose_part_size(cost, case, compiled, count, -(-share // group) * group)
    return manifest_of(case, compiled.extendable, size.samples, size.chunk)


def manifest_of(case: Case, extendable: bool, part_samples: int, chunk_samples: int) -> Manifest:
    """Return the manifest of a case, here and now."""
    from ..provenance import identity, identity_hash, numerics, timestamp

    own = identity(case, extendable=extendable)
    sweep = {key: value for key, value in own["case"]["sweep"].items() if key != "samples"}
    return Manifest(
        identity_hash(own), case.source, timestamp(), own["case"] | {"sweep": sweep}, case.sweep.samples,
        part_samples, chunk_samples, extendable, numerics(),
    )  # fmt: skip

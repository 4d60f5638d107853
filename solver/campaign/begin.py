"""The manifest of a campaign that begins: from a case, and from what its samples cost."""

from __future__ import annotations

from ..case import Case
from ..engine import available_threads, warm_up
from ..errors import CampaignError
from ..plan import compile_case
from ..provenance import identity, identity_hash, numerics, timestamp
from .manifest import Manifest
from .part_size import Cost, choose_part_size, measure_cost

__all__ = ["manifest_of", "new_manifest"]


def new_manifest(case: Case, part_samples: int | None, threads: int | None) -> Manifest:
    """Return the manifest of a case; without ``part_samples`` the first few samples are run to choose it."""
    compiled = compile_case(case)
    rows = compiled.rows_per_group
    if part_samples is not None and part_samples % rows:
        raise CampaignError(f"part_samples = {part_samples}: must be a multiple of {rows}, a group")
    if part_samples is None:
        warm_up(compiled.plan, compiled.points)
        cost = measure_cost(case, compiled)
    else:
        cost = Cost(1.0, 1.0)
    size = choose_part_size(cost, case, compiled, threads or available_threads(), part_samples)
    return manifest_of(case, compiled.extendable, size.samples, size.chunk)


def manifest_of(case: Case, extendable: bool, part_samples: int, chunk_samples: int) -> Manifest:
    """Return the manifest of a case whose parts have a size."""
    own = identity(case, extendable=extendable)
    sweep = {key: value for key, value in own["case"]["sweep"].items() if key != "samples"}
    return Manifest(
        identity_hash(own), case.source, timestamp(), own["case"] | {"sweep": sweep}, case.sweep.samples,
        part_samples, chunk_samples, extendable, numerics(),
    )  # fmt: skip

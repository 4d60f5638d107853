"""The manifest of a campaign that begins: from a case, and from what its samples cost."""

from __future__ import annotations

from ..case import Case
from ..engine import available_threads, warm_up
from ..plan import compile_case
from ..provenance import identity, identity_hash, numerics, timestamp
from .manifest import Manifest
from .part_size import Cost, choose_part_size, measure_cost

__all__ = ["is_extendable", "manifest_of", "new_manifest"]


def new_manifest(case: Case, part_samples: int | None, threads: int | None) -> Manifest:
    """Return the manifest of a case; without ``part_samples`` the first few samples are run to choose it."""
    compiled = compile_case(case)
    if part_samples is None:
        warm_up(compiled.plan)
        cost = measure_cost(case, compiled)
    else:
        cost = Cost(1.0, 1.0)
    size = choose_part_size(cost, case, compiled, threads or available_threads(), part_samples)
    return manifest_of(case, is_extendable(compiled), size.samples, size.chunk)


def manifest_of(case: Case, extendable: bool, part_samples: int, chunk_samples: int) -> Manifest:
    """Return the manifest of a case whose parts have a size."""
    own = identity(case, extendable=extendable)
    sweep = {key: value for key, value in own["case"]["sweep"].items() if key != "samples"}
    return Manifest(
        identity_hash(own), case.source, timestamp(), own["case"] | {"sweep": sweep}, case.sweep.samples,
        part_samples, chunk_samples, extendable, numerics(),
    )  # fmt: skip


def is_extendable(compiled: object) -> bool:
    """Whether more samples leave the first ones as they are; a design may say otherwise."""
    return bool(getattr(compiled, "extendable", True))

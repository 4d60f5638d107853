"""How many samples a part has, from how long they take and how many bytes they are.

A part is what a crash can cost and what is handed to a worker: long enough that its file is no burden,
short enough to be made again without regret. The numbers of the samples do not depend on it.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from .. import engine
from .._hdf5_write import chunk_shape
from ..case import Case
from ..plan import CompiledCase

__all__ = ["Cost", "PartSize", "choose_part_size", "measure_cost", "row_bytes"]

_LEAST_SECONDS, _MOST_SECONDS = 5.0, 60.0
_LEAST_BYTES, _GOOD_BYTES, _MOST_BYTES = 16e6, 32e6, 64e6
_PROBE_SECONDS = 0.01  # of the last trial; all trials together take twice that
_PROBE_SAMPLES = 4096
_CRACK_FIELD_BYTES = 8  # float64


class Cost(NamedTuple):
    """What a sample costs.

    Attributes
    ----------
    seconds : float
        On one thread.
    bytes : float
        In memory, uncompressed.
    """

    seconds: float
    bytes: float


class PartSize(NamedTuple):
    """Samples of a part, and of a chunk of its series."""

    samples: int
    chunk: int


def measure_cost(case: Case, compiled: CompiledCase) -> Cost:
    """Run the first few samples and see what they cost; takes some hundredths of a second, or one sample.

    The kernels are loaded by then (`engine.warm_up`).
    """
    count, most = 1, min(_PROBE_SAMPLES, case.sweep.samples)
    while True:
        start = time.perf_counter()
        points = None if compiled.points is None else compiled.points(0, count)
        block = engine.run_block(
            compiled.plan, case.sweep.seed, 0, count, series=case.outcomes.series, points=points
        )
        seconds = time.perf_counter() - start
        if seconds >= _PROBE_SECONDS or count >= most:
            break
        count = min(4 * count, most)
    return Cost(seconds / count, row_bytes(case, compiled) + _crack_bytes(case, compiled, block))


def row_bytes(case: Case, compiled: CompiledCase) -> int:
    """Return the bytes of a sample's scalars and series, crack geometry left out."""
    times = compiled.plan.output_time.size if case.outcomes.series else 0
    series = 4 * times * (compiled.plan.series.size + len(compiled.paths))
    return 8 * (len(compiled.inputs) + len(compiled.outcomes)) + series + 8 + 1


def choose_part_size(
    cost: Cost, case: Case, compiled: CompiledCase, threads: int, wanted: int | None = None
) -> PartSize:
    """Choose 16 to 64 MB and 5 to 60 s of work a part; where both cannot be had, no more than 64 MB and 60 s.

    Parameters
    ----------
    cost : Cost
    case, compiled : Case, CompiledCase
        Samples that belong together (`rows_per_group` of a design) stay in one part.
    threads : int
        That share the work of a part.
    wanted : int, optional
        The samples of a part, if they are set.
    """
    rate = threads / max(cost.seconds, 1e-9)
    size = min(max(_GOOD_BYTES / cost.bytes, _LEAST_SECONDS * rate), _MOST_SECONDS * rate)
    group = compiled.rows_per_group
    target = wanted or max(1, int(min(size, _MOST_BYTES / cost.bytes)))
    if not case.outcomes.series:
        return PartSize(max(group, target // group * group), group)
    chunk, _ = chunk_shape(max(target, group), compiled.plan.output_time.size)
    chunk = group * (chunk // group) if chunk >= group else _divisor(group, chunk)
    unit = group if wanted else int(np.lcm(group, chunk))
    samples = max(unit, target // unit * unit)
    return PartSize(samples, chunk if samples % chunk == 0 else _divisor(samples, chunk))


def _crack_bytes(case: Case, compiled: CompiledCase, block: engine.Block) -> float:
    """Return the bytes of a sample's crack geometry, from the numbers of cracks drawn."""
    if not case.outcomes.crack_geometry:
        return 0.0
    from ...kernels import model

    places = [int(row["count"]) for row in compiled.plan.paths if row["count"] >= 0]
    cracks = float(block.inputs[:, places].mean(axis=0).sum()) if places else 0.0
    return _CRACK_FIELD_BYTES * (max(cracks, 0.0) * model.N_CRACK_FIELDS + len(places))


def _divisor(number: int, most: int) -> int:
    """Return the largest divisor of a number that is at most ``most``, or that where it would be far less.

    Chunks that do not divide a part are merged the slow way; tiny ones are slow for every reader.
    """
    found = next(k for k in range(min(most, number), 0, -1) if number % k == 0)
    return found if found * 4 > most else min(most, number)

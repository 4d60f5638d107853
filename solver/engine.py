"""Blocks of samples on threads: the one place that calls the batch kernel.

The kernel holds no lock of the interpreter, so plain threads run it side by side. Which thread takes
which block does not matter: a sample depends on the seed and its index alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import batch, draw, model, outcomes

__all__ = ["Block", "available_threads", "draw_block", "run_block", "run_blocks", "warm_up"]

# a block is what an interrupt has to wait for: a few tenths of a second of work
_BLOCK_SAMPLES = 256
_BLOCK_CRACKS = 16384


class Block(NamedTuple):
    """What the kernel gave for the samples ``first`` to ``first + n - 1``.

    Attributes
    ----------
    first : int
    inputs, outcomes : float64 (n, I), float64 (n, O)
    statuses : int8 (n,)
    values, flows : float64 (n, N or 0, Q), float64 (n, N or 0, P)
    """

    first: int
    inputs: NDArray[np.float64]
    outcomes: NDArray[np.float64]
    statuses: NDArray[np.int8]
    values: NDArray[np.float64]
    flows: NDArray[np.float64]


def available_threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def warm_up(plan: model.Plan) -> None:
    """Compile the kernels, or load them from disk, so that the first block is not slowed by it."""
    run_block(plan, 0, 0, 0, series=False)


def run_block(plan: model.Plan, seed: int, first: int, count: int, *, series: bool) -> Block:
    """Run some samples, on this thread."""
    times = plan.output_time.size if series else 0
    block = Block(
        first,
        np.zeros((count, plan.draws.size)),
        np.zeros((count, int(outcomes.n_outcomes(plan)))),
        np.zeros(count, np.int8),
        np.zeros((count, times, plan.series.size)),
        np.zeros((count, times, plan.paths.size)),
    )
    batch.run_samples(
        plan, np.uint64(seed), np.uint64(first), block.inputs, block.outcomes, block.statuses,
        block.values, block.flows,
    )  # fmt: skip
    return block


def draw_block(plan: model.Plan, seed: int, index: int, status: int, *, series: bool) -> Block:
    """Draw the inputs of one sample and run nothing: its outcomes are NaN, its status is the one given."""
    times = plan.output_time.size if series else 0
    block = Block(
        index,
        np.zeros((1, plan.draws.size)),
        np.full((1, int(outcomes.n_outcomes(plan))), np.nan),
        np.full(1, status, np.int8),
        np.full((1, times, plan.series.size), np.nan),
        np.full((1, times, plan.paths.size), np.nan),
    )
    draw.draw_inputs(plan, np.uint64(seed), np.uint64(index), block.inputs[0])
    return block


def run_blocks(
    plan: model.Plan, seed: int, first: int, count: int, *, series: bool, threads: int,
    report: Callable[[Block], None],
) -> None:  # fmt: skip
    """Run many samples on threads, and report each block as it ends, in no order.

    Parameters
    ----------
    plan : model.Plan
    seed, first, count : int
        The samples ``first`` to ``first + count - 1``.
    series : bool
        Whether series and flows at the output times are wanted.
    threads : int
    report : callable
        Called with each `Block` on the thread of the caller.

    Raises
    ------
    KeyboardInterrupt
        After the blocks at work have ended and were reported.
    """
    ranges = _ranges(plan, first, count)
    with ThreadPoolExecutor(threads, thread_name_prefix="leakflow") as pool:
        running: set[Future[Block]] = set()
        try:
            for start, length in ranges:
                if len(running) >= 2 * threads:
                    _report_done(running, report)
                running.add(pool.submit(run_block, plan, seed, start, length, series=series))
            while running:
                _report_done(running, report)
        except KeyboardInterrupt:
            for future in running:
                future.cancel()
            for future in running:
                if not future.cancelled():
                    report(future.result())
            raise


def _ranges(plan: model.Plan, first: int, count: int) -> Iterator[tuple[int, int]]:
    size = max(1, min(_BLOCK_SAMPLES, _BLOCK_CRACKS // max(plan.max_cracks, 1)))
    for start in range(first, first + count, size):
        yield start, min(size, first + count - start)


def _report_done(running: set[Future[Block]], report: Callable[[Block], None]) -> None:
    """Wait until a block ends; leave in ``running`` those that have not been reported."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        report(future.result())
        running.discard(future)

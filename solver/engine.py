"""Blocks of samples on threads: the one place that calls the batch kernel.

The kernel holds no lock of the interpreter, so plain threads run it side by side. Which thread takes
which block does not matter: a sample depends on the seed and its index, and on where a design puts it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import batch, draw, model, outcomes

__all__ = [
    "Block", "PointSource", "Points", "available_threads", "draw_block", "drawn_again", "run_block",
    "run_blocks", "warm_up",
]  # fmt: skip

# a block is what an interrupt has to wait for: a few tenths of a second of work
_BLOCK_SAMPLES = 256
_BLOCK_CRACKS = 16384


class Points(NamedTuple):
    """Where n samples lie among their inputs, by a design or a sampler; what is None is left to chance.

    The columns of ``u`` and ``values`` are the rows of ``plan.draws``: `leakflow.solver.plan.Column.place`
    of an input. An input given neither way is drawn at random from seed and index, as ever.

    Attributes
    ----------
    u : float64 (n, I) or None
        Where in its distribution each input is, from 0 to 1; NaN where it is drawn at random. The ends are
        moved into the open interval by half of the last bit of a random number.
    values : float64 (n, I) or None
        Inputs outright, in SI; NaN where they follow from ``u``, before which they go.
    noise : uint64 (n, P) or None
        For each path, what takes the place of the sample's index in the random numbers of its cracks: two
        samples of one seed with the same noise, and the same inputs, have the same cracks.
    """

    u: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    noise: NDArray[np.uint64] | None = None


#: Gives the points of the samples ``first`` to ``first + count - 1``; called on any thread.
PointSource = Callable[[int, int], Points]


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


def warm_up(plan: model.Plan, points: PointSource | None = None) -> None:
    """Compile the kernels, or load them from disk, so that the first block is not slowed by it."""
    run_block(plan, 0, 0, 0, series=False, points=None if points is None else points(0, 0))


def run_block(
    plan: model.Plan, seed: int, first: int, count: int, *, series: bool, points: Points | None = None
) -> Block:
    """Run some samples, on this thread.

    Parameters
    ----------
    plan : model.Plan
    seed, first, count : int
        The samples ``first`` to ``first + count - 1``.
    series : bool
        Whether series and flows at the output times are wanted.
    points : Points, optional
        Where these ``count`` samples lie; by default all are drawn at random.

    Raises
    ------
    ValueError
        An array of ``points`` has another shape than that of the samples and the plan.
    """
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
        block.values, block.flows, packed(plan, points, count),
    )  # fmt: skip
    return block


def packed(plan: model.Plan, points: Points | None, count: int) -> model.Points:
    """Return the points of ``count`` samples as the kernels take them; no rows where all is left to chance.

    Raises
    ------
    ValueError
        An array has another shape than that of the samples and the plan.
    """
    if points is None or count == 0:
        return model.NO_POINTS
    fields: dict[str, NDArray[Any]] = {}
    for name, width in (("u", plan.draws.size), ("values", plan.draws.size), ("noise", plan.paths.size)):
        empty = getattr(model.NO_POINTS, name)
        given = getattr(points, name)
        if given is None:
            fields[name] = empty
            continue
        fields[name] = np.ascontiguousarray(given, empty.dtype)
        if fields[name].shape != (count, width):
            raise ValueError(f"{name}: shape {np.shape(given)}, not {(count, width)}")
    return model.Points(**fields)


def draw_block(
    plan: model.Plan, seed: int, index: int, status: int, *, series: bool, points: PointSource | None = None
) -> Block:
    """Draw the inputs of one sample and run nothing: its outcomes are NaN, its status is the one given."""
    times = plan.output_time.size if series else 0
    inputs, _ = drawn_again(plan, seed, np.array([index]), points)
    return Block(
        index,
        inputs,
        np.full((1, int(outcomes.n_outcomes(plan))), np.nan),
        np.full(1, status, np.int8),
        np.full((1, times, plan.series.size), np.nan),
        np.full((1, times, plan.paths.size), np.nan),
    )


def run_blocks(
    plan: model.Plan, seed: int, first: int, count: int, *, series: bool, threads: int,
    report: Callable[[Block], None], points: PointSource | None = None,
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
    points : callable, optional
        Gives the `Points` of any range of samples; called on the thread that runs them.

    Raises
    ------
    KeyboardInterrupt
        After the blocks at work have ended and were reported.
    """

    def work(start: int, length: int) -> Block:
        placed = None if points is None else points(start, length)
        return run_block(plan, seed, start, length, series=series, points=placed)

    ranges = _ranges(plan, first, count)
    with ThreadPoolExecutor(threads, thread_name_prefix="leakflow") as pool:
        running: set[Future[Block]] = set()
        try:
            for start, length in ranges:
                if len(running) >= 2 * threads:
                    _report_done(running, report)
                running.add(pool.submit(work, start, length))
            while running:
                _report_done(running, report)
        except KeyboardInterrupt:
            for future in running:
                future.cancel()
            for future in running:
                if not future.cancelled():
                    report(future.result())
            raise


def drawn_again(
    plan: model.Plan, seed: int, samples: NDArray[np.int64], points: PointSource | None
) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    """Draw again what samples were made of, without running them.

    Parameters
    ----------
    plan : model.Plan
    seed : int
    samples : int64 (n,)
        Global indices, in any order.
    points : callable or None
        As of `run_blocks`.

    Returns
    -------
    tuple of float64 (n, I), uint64 (n, P)
        All inputs, constants too; and for each path what addresses the random numbers of its cracks.
    """
    inputs = np.empty((samples.size, plan.draws.size))
    noise = np.repeat(samples.astype(np.uint64)[:, None], plan.paths.size, axis=1)
    for row, index in enumerate(samples.tolist()):
        placed = model.NO_POINTS if points is None else packed(plan, points(index, 1), 1)
        draw.draw_point_inputs(plan, np.uint64(seed), np.uint64(index), placed, 0, inputs[row])
        if placed.noise.size:
            noise[row] = placed.noise[0]
    return inputs, noise


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

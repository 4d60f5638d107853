"""The parts that are missing, made one after the other, or by an executor.

Here a part is encoded and written on a thread of its own while the next one is computed: two parts are in
memory at most. An executor gets the numbers of parts in a sliding window, and gives receipts back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait

import numpy as np

from ..engine import Block
from ..errors import CampaignError
from ..results import Results
from ..sweep import SweepInterrupted
from .compute import PartReceipt, Prepared, compute_part, part_results, store_part

__all__ = ["Tally", "run_here", "run_on"]

_WINDOW_PER_WORKER = 2


class Tally:
    """What has been done so far, and who wants to know."""

    def __init__(self, done: int, failed: int, total: int, tell: Callable[[Tally], None]) -> None:
        """Start from what was there: samples done, those that failed, and all that are wanted."""
        self.done, self.failed, self.total = done, failed, total
        #: computed by this run, written or not
        self.computed = self.computed_failed = 0
        #: bytes of the parts that this run wrote
        self.written = 0
        self._tell = tell

    def add(self, samples: int, failed: int) -> None:
        """Count samples."""
        self.done += samples
        self.failed += failed
        self.computed += samples
        self.computed_failed += failed
        self._tell(self)

    def wrote(self, receipt: PartReceipt) -> None:
        """Count a file."""
        self.written += receipt.size
        self._tell(self)


def run_here(prepared: Prepared, parts: Iterable[int], threads: int, tally: Tally) -> None:
    """Make parts in this process.

    Raises
    ------
    SweepInterrupted
        Ctrl-C; all parts before the one at work are written, whose finished samples it carries.
    ResultsError
        A part cannot be written; those before it are there.
    """
    writing: Future[PartReceipt] | None = None
    results: Results | None = None  # of a part that nothing writes yet

    def report(block: Block) -> None:
        if writing is not None and writing.done():
            writing.result()  # a full disk is no reason to compute on
        tally.add(block.statuses.size, int(np.count_nonzero(block.statuses)))

    with ThreadPoolExecutor(1, thread_name_prefix="leakflow-writer") as writer:
        try:
            for part in parts:
                results = part_results(prepared, part, threads=threads, report=report)
                if writing is not None:
                    tally.wrote(writing.result())
                writing, results = writer.submit(store_part, prepared, part, results), None
            if writing is not None:
                tally.wrote(writing.result())
        except KeyboardInterrupt as stopped:
            if writing is not None:
                writing.result()
            if isinstance(stopped, SweepInterrupted):
                results = stopped.results
            raise SweepInterrupted(results) from None


def run_on(
    executor: Executor, prepared: Prepared, parts: Iterable[int], tally: Tally, *, window: int | None = None
) -> None:
    """Make parts by an executor, each on one thread of a worker.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        Its workers must see the campaign's folder under the same path. A pool of processes should spawn, not
        fork.
    prepared : Prepared
    parts : iterable of int
    tally : Tally
    window : int, optional
        How many parts are submitted at a time; by default two for each worker.

    Raises
    ------
    CampaignError
        Workers died; the parts that they were at are missing, the others are there.
    ResultsError
        A part cannot be written.
    """
    directory = str(prepared.directory)
    size = window or _WINDOW_PER_WORKER * int(getattr(executor, "_max_workers", 8))
    rest: Iterator[int] = iter(parts)
    running: set[Future[PartReceipt]] = set()
    try:
        while True:
            for part in rest:
                running.add(executor.submit(compute_part, directory, part))
                if len(running) >= size:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                receipt = future.result()
                tally.add(receipt.samples, receipt.failed)
                if receipt.is_new:
                    tally.wrote(receipt)
    except BrokenExecutor as error:
        kept = f"what they had finished is kept, leakflow resume {directory} does the rest"
        raise CampaignError(f"{directory}: workers died; {kept}") from error
    finally:
        for future in running:
            future.cancel()
        # those at work end by themselves, and what they write is kept
        with contextlib.suppress(BrokenExecutor):
            wait(running)

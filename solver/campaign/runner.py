"""The parts that are missing, made one after the other, or by workers.

Here a part is encoded and written on a thread of its own while the next one is computed: two parts are in
memory at most. Workers get the numbers of parts in a sliding window, and give receipts back.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..engine import Block
from ..errors import CampaignError
from ..results import Results
from ..sweep import SweepInterrupted
from .compute import PartReceipt, Prepared, compute_part, part_results, store_part
from .rescue import rescue_part

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Crew", "ExecutorCrew", "Maker", "Tally", "run_elsewhere", "run_here", "run_on"]

#: `compute_part` or `rescue_part`.
Maker = Callable[[str, int], PartReceipt]

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


class Crew(Protocol):
    """Workers that make parts: an executor, or a cluster."""

    #: What a future raises whose worker died.
    deaths: tuple[type[BaseException], ...]
    #: Whether one death ends all that was submitted, so that nothing more may be until `mourn`.
    all_die_together: bool
    #: How often workers may die of one part.
    most_deaths: int
    #: Seconds to wait at the end for what was taken back; None for as long as it takes.
    patience: float | None

    def window(self) -> int:
        """Return how many parts may be submitted at a time, now."""

    def submit(self, make: Maker, directory: str, part: int) -> Future[PartReceipt]:
        """Hand a part to a worker."""

    def result(self, future: Future[PartReceipt]) -> PartReceipt:
        """Return what a worker gave."""

    def mourn(self, directory: str, error: BaseException) -> None:
        """Take note that workers died, when nothing is running any more where all die together."""


class ExecutorCrew:
    """Any executor, or what makes one: then a pool whose processes died is replaced by a new one."""

    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)
    all_die_together = True
    most_deaths = 10  # most of them are of its neighbours in the pool
    patience: float | None = None

    def __init__(self, given: Executor | Callable[[], Executor], window: int | None = None) -> None:
        """Take an executor, which is left open, or a factory, whose executors are shut down."""
        self._window = window
        self._factory = None if isinstance(given, Executor) else given
        self._executor = given if isinstance(given, Executor) else given()

    def window(self) -> int:
        """Return two for each worker, if nothing else was asked for."""
        return self._window or _WINDOW_PER_WORKER * int(getattr(self._executor, "_max_workers", 8))

    def submit(self, make: Maker, directory: str, part: int) -> Future[PartReceipt]:
        """Submit a part."""
        return self._executor.submit(make, directory, part)

    def result(self, future: Future[PartReceipt]) -> PartReceipt:
        """Return what a worker gave."""
        return future.result()

    def mourn(self, directory: str, error: BaseException) -> None:
        """Make a new pool, or say that there is none."""
        if self._factory is None:
            kept = f"what they had finished is kept, leakflow resume {directory} does the rest"
            raise CampaignError(f"{directory}: workers died; {kept}") from error
        self._executor.shutdown(wait=False)
        self._executor = self._factory()

    def close(self) -> None:
        """Shut down what the factory made."""
        if self._factory is not None:
            self._executor.shutdown()


def run_on(crew: Crew, prepared: Prepared, parts: Iterable[int], tally: Tally) -> None:
    """Make parts by workers, each on one thread of one.

    A part whose worker died is made by `rescue_part`, and its poison samples are marked.

    Parameters
    ----------
    crew : Crew
        Its workers must see the campaign's folder under the same path. A pool of processes should spawn, not
        fork.
    prepared : Prepared
    parts : iterable of int
    tally : Tally

    Raises
    ------
    CampaignError
        Workers died, and there are no others, or they die again and again; the parts that they were at are
        missing, the others are there.
    ResultsError
        A part cannot be written.
    SweepInterrupted
        Ctrl-C; the parts that were finished are there.
    """
    work = _Work(crew, str(prepared.directory), iter(parts))
    try:
        while work.fill():
            done, _ = wait(work.running, return_when=FIRST_COMPLETED)
            for future in done:
                receipt = work.take(future)
                if receipt is not None:
                    tally.add(receipt.samples, receipt.failed)
                    if receipt.is_new:
                        tally.wrote(receipt)
    except KeyboardInterrupt:
        raise SweepInterrupted(None) from None
    finally:
        work.drop()


def run_elsewhere(
    executor: Executor | Callable[[], Executor] | None, client: Client | None, prepared: Prepared,
    parts: Iterable[int], tally: Tally, *, window: int | None = None,
) -> None:  # fmt: skip
    """Make parts by an executor or by the workers of a cluster, as `run_on` does.

    Raises
    ------
    CampaignError
        As for `run_on`; or both are given, or the workers are not fit for it.
    """
    if executor is not None and client is not None:
        raise CampaignError(f"{prepared.directory}: executor and client: one of them, not both")
    if client is not None:
        from .cluster import ClientCrew, check_workers

        check_workers(client, prepared)
        run_on(ClientCrew(client, prepared, window), prepared, parts, tally)
    elif executor is not None:
        with closing(ExecutorCrew(executor, window)) as crew:
            run_on(crew, prepared, parts, tally)


class _Work:
    """What is submitted, what waits to be, and what killed its worker."""

    def __init__(self, crew: Crew, directory: str, parts: Iterator[int]) -> None:
        self.running: dict[Future[PartReceipt], int] = {}
        self._crew, self._directory, self._parts = crew, directory, parts
        self._suspects: deque[int] = deque()
        self._deaths: Counter[int] = Counter()
        self._death: BaseException | None = None

    def fill(self) -> bool:
        """Submit what fits into the window; False if all is done."""
        if self._death is not None and not (self._crew.all_die_together and self.running):
            death, self._death = self._death, None
            self._crew.mourn(self._directory, death)
        size = self._crew.window()
        while self._death is None and len(self.running) < size:
            part = self._suspects.popleft() if self._suspects else next(self._parts, None)
            if part is None:
                break
            self._submit(part)
        return bool(self.running or self._suspects)

    def take(self, future: Future[PartReceipt]) -> PartReceipt | None:
        """Return what came back; None if its worker died."""
        part = self.running.pop(future)
        try:
            return self._crew.result(future)
        except self._crew.deaths as error:
            self._died(part, error)
            return None

    def drop(self) -> None:
        """Take back what no worker has begun; those at work end by themselves, their parts are kept."""
        for future in self.running:
            future.cancel()
        wait(self.running, timeout=self._crew.patience)

    def _submit(self, part: int) -> None:
        make = rescue_part if self._deaths[part] else compute_part
        try:
            self.running[self._crew.submit(make, self._directory, part)] = part
        except self._crew.deaths as error:
            self._died(part, error)

    def _died(self, part: int, error: BaseException) -> None:
        self._suspects.append(part)
        self._death = error
        self._deaths[part] += 1
        if self._deaths[part] > self._crew.most_deaths:
            why = "though processes of its own run its samples; what was finished is kept"
            raise CampaignError(
                f"{self._directory}: part {part}: its workers die again and again, {why}"
            ) from error

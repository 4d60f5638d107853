"""A campaign: a sweep in a folder, which goes on wherever it was stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import CampaignError, CaseError, ResultsError
from .begin import manifest_of, new_manifest
from .journal import Journal, forget_the_dead
from .lock import at_work
from .manifest import (
    MANIFEST,
    Manifest,
    create_manifest,
    differences,
    read_manifest,
    replace_manifest,
)
from .parts import Seal, deep_fault, part_path, remove_stale, set_aside
from .status import CampaignStatus, Ledger, read_ledger, read_status
from .wanted import setting_aside, wanted_parts

if TYPE_CHECKING:
    from distributed import Client

    from ..case import Case
    from .merge_process import Merged
    from .runner import Tally

__all__ = ["Campaign", "CampaignProgress"]


class CampaignProgress(Protocol):
    """What is called as samples are done: with those done, failed and wanted, and the bytes written."""

    def __call__(self, done: int, failed: int, total: int, /, *, written: int) -> None:
        """Take the numbers; the first call comes before any sample is run."""


class Campaign:
    """A sweep in a folder.

    Parameters
    ----------
    directory : path
        That holds its manifest.

    Attributes
    ----------
    directory : Path
    manifest : Manifest
    """

    def __init__(self, directory: str | os.PathLike[str], manifest: Manifest) -> None:
        """Take a folder and its manifest; use `create` or `open`."""
        self.directory = Path(directory)
        self.manifest = manifest

    @classmethod
    def create(
        cls, directory: str | os.PathLike[str], case: Case | str | os.PathLike[str], *,
        samples: int | None = None, seed: int | None = None, part_samples: int | None = None,
        threads: int | None = None, overrides: Mapping[str, object] | Sequence[str] = (),
        workers: int | None = None,
    ) -> Campaign:  # fmt: skip
        """Begin a campaign, or open the same one if it is there.

        Parameters
        ----------
        directory : path
            A folder that does not exist, or is empty, or holds this very campaign.
        case, samples, seed, overrides
            As for `sweep`.
        part_samples : int, optional
            Samples of a part; by default 5 to 60 s of work on ``threads`` and 16 to 64 MB.
        threads : int, optional
            By default all processors.
        workers : int, optional
            How many workers will each make a part at a time, on one thread; by default none do.

        Raises
        ------
        CaseError
            The case cannot be run.
        CampaignError
            The folder holds another campaign, or something else; a line for each difference.
        ResultsError
            The folder cannot be written.
        """
        from ..sweep import check_threads, resolve_case

        folder = Path(directory)
        if part_samples is not None and part_samples < 1:
            raise CampaignError(f"part_samples = {part_samples}: must be a whole number from 1")
        check_threads(threads)
        resolved = resolve_case(case, overrides, samples=samples, seed=seed)
        if (folder / MANIFEST).exists():
            return cls._continue(folder, resolved, part_samples)
        _make_room(folder)
        manifest = create_manifest(folder, new_manifest(resolved, part_samples, threads, workers))
        campaign = cls(folder, manifest)
        campaign._refuse_other(resolved, part_samples)  # another process may have been first
        return campaign

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Campaign:
        """Open a campaign that is there.

        Raises
        ------
        CampaignError
            There is none, or its manifest is damaged.
        """
        return cls(directory, read_manifest(Path(directory)))

    @property
    def id(self) -> str:
        """The sha256 of all that fixes its numbers."""
        return self.manifest.id

    def run(
        self, *, threads: int | None = None, executor: Executor | Callable[[], Executor] | None = None,
        client: Client | None = None, shard: tuple[int, int] | None = None,
        progress: CampaignProgress | None = None, verify: bool = False, window: int | None = None,
    ) -> CampaignStatus:  # fmt: skip
        """Make the parts that are missing.

        Files that are no parts are renamed to ``.bad`` and made again; temporary files of dead processes are
        removed.

        Parameters
        ----------
        threads : int, optional
            By default all processors. Without meaning where there is an executor or a client.
        executor : concurrent.futures.Executor or callable, optional
            That makes the parts, each on one thread of a worker, by `compute_part`. Of a callable, which
            returns an executor, another is made where the processes of one died: samples that kill them
            are found and get the status ``worker_lost``.
        client : distributed.Client, optional
            Of a dask cluster whose workers make the parts; samples that kill them are marked likewise.
        shard : tuple of int, optional
            ``(i, n)``: only the parts ``k`` with ``k % n == i``.
        progress : callable, optional
            As `CampaignProgress`; samples of the shard, if there is one.
        verify : bool
            Read every part that is there and check its sha256 first.
        window : int, optional
            Parts submitted to the workers at a time; by default two for each.

        Returns
        -------
        CampaignStatus
            Afterwards.

        Raises
        ------
        CampaignError
            Kernels, packages or processor, here or on a worker, are not those it was made with; another
            process is at work; workers do not see the folder; or workers died.
        ResultsError
            A part cannot be written: all before it are there.
        SweepInterrupted
            Ctrl-C: all parts before the one at work are there.
        """
        from ..engine import available_threads
        from ..sweep import check_threads
        from .compute import prepare
        from .runner import run_elsewhere, run_here

        check_threads(threads)
        _check_shard(shard)
        with at_work(self.directory, shard):
            prepared = prepare(self.directory.resolve())
            ledger = self._mended_ledger(shard, verify=verify)
            missing = ledger.missing(shard)
            with self._tally(ledger, shard, progress) as tally:
                if executor is None and client is None:
                    run_here(prepared, missing, threads or available_threads(), tally)
                elif missing:
                    run_elsewhere(executor, client, prepared, missing, tally, window=window)
                    remove_stale(self.directory, time.time())  # of workers that were killed here
        return self.status()

    def status(self) -> CampaignStatus:
        """Look how far it is; whoever is at work on it, wherever."""
        return read_status(self.directory)

    def missing(self, shard: tuple[int, int] | None = None) -> list[int]:
        """Return the parts that have to be made, of all or of a shard, in order."""
        _check_shard(shard)
        return read_ledger(self.directory, self.manifest).missing(shard)

    def part_paths(self) -> list[Path]:
        """Return the files of the parts that are there, in the order of their samples.

        Each is a results file by itself, with contiguous samples.
        """
        ledger = read_ledger(self.directory, self.manifest)
        return [part_path(self.directory, part) for part in ledger.done]

    def extend(self, samples: int) -> None:
        """Raise the number of samples; `run` then makes those that are missing.

        No part is lost: a last part that was not full is made again, whole, and replaces the short one.

        Raises
        ------
        CampaignError
            There are as many already, or the design cannot be extended; or another process is at work.
        ResultsError
            The folder cannot be written.
        """
        from ..plan import compile_case
        from ..sweep import resolve_case

        where = f"{self.directory}: samples = {samples}"
        with at_work(self.directory):
            self.manifest = read_manifest(self.directory)
            if not self.manifest.extendable:
                raise CampaignError(
                    f"{where}: its design is made for {self.manifest.samples} and no other number"
                )
            if samples < self.manifest.samples:
                raise CampaignError(f"{where}: there are {self.manifest.samples} already")
            try:  # a design may want whole groups of rows, which compiling tells
                compile_case(resolve_case(self.manifest.resolved_case(), samples=samples))
            except CaseError as error:
                faults = [fault.partition(": ")[2] or fault for fault in error.faults]
                raise CampaignError([f"{self.directory}: {fault}" for fault in faults]) from error
            if samples > self.manifest.samples:
                self.manifest = replace(self.manifest, samples=samples)
                replace_manifest(self.directory, self.manifest)

    def merge(
        self, path: str | os.PathLike[str], *, columns: Sequence[str] | None = None, partial: bool = False,
        report: Callable[[int, int], None] | None = None,
    ) -> Merged:  # fmt: skip
        """Put all parts into one results file, in a child process, in memory that does not grow with them.

        Parameters
        ----------
        path : path
            ``.nc`` or ``.h5``; replaced if it is there.
        columns : sequence of str, optional
            Only these variables, beside ``sample``, ``time`` and ``status``.
        partial : bool
            Merge the parts that are there, though others are missing.
        report : callable, optional
            Called with the bytes done and their total.

        Raises
        ------
        CampaignError
            Parts are missing or damaged. A damaged one is renamed to ``.bad``, so that `run` makes it again.
        ResultsError
            The file cannot be written; nothing is left of it.
        """
        from .merge import check_columns
        from .merge_process import merge_in_child

        if Path(path).resolve().is_relative_to((self.directory / "parts").resolve()):
            raise CampaignError(f"{path}: lies among the parts of the campaign")
        parts = wanted_parts(self.directory, self.manifest, partial=partial)
        if columns is not None:
            check_columns(parts[0][0], columns)
        with setting_aside(self.directory):
            return merge_in_child(parts, Path(path), self.manifest, columns=columns, report=report)

    @classmethod
    def _continue(cls, folder: Path, case: Case, part_samples: int | None) -> Campaign:
        campaign = cls.open(folder)
        campaign._refuse_other(case, part_samples)
        return campaign

    def _refuse_other(self, case: Case, part_samples: int | None) -> None:
        """Refuse to go on with another case, other samples or other parts, saying each difference."""
        from ..plan import compile_case

        there = self.manifest
        here = manifest_of(case, compile_case(case).extendable, there.part_samples, there.chunk_samples)
        lines = differences(there, here)
        if there.extendable and there.samples != case.sweep.samples:
            counts = f"{there.samples} there, {case.sweep.samples} here"
            lines.append(f"samples = {counts}; leakflow extend {self.directory} adds some")
        if part_samples is not None and part_samples != there.part_samples:
            lines.append(f"part_samples = {there.part_samples} there, {part_samples} here")
        if lines:
            raise CampaignError([f"{self.directory}: is another campaign: {line}" for line in lines])

    def _mended_ledger(self, shard: tuple[int, int] | None, *, verify: bool) -> Ledger:
        """Look at the parts, after what is no part was set aside and what dead processes left is gone."""
        number, count = shard or (0, 1)
        if shard is None:
            remove_stale(self.directory, time.time())
            forget_the_dead(self.directory)
        self.manifest = read_manifest(self.directory)
        ledger = read_ledger(self.directory, self.manifest)
        bad = set(ledger.faults)
        if verify:
            bad |= set(self._damaged(ledger))
        try:
            for part in bad:
                if part % count == number:
                    set_aside(self.directory, part)
        except OSError as error:
            raise ResultsError(f"{self.directory}: cannot be written: {error.strerror or error}") from error
        return Ledger(
            self.manifest, {part: state for part, state in ledger.states.items() if part not in bad}
        )

    def _damaged(self, ledger: Ledger) -> Iterator[int]:
        """Read all parts, a few at a time, and give those whose checksum is wrong."""
        seals = [state.seal for state in ledger.states.values() if state.seal is not None]

        def fault(seal: Seal) -> str:
            return deep_fault(self.directory, seal.part, seal)

        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as readers:
            for seal, found in zip(seals, readers.map(fault, seals), strict=True):
                if found:
                    yield seal.part

    @contextmanager
    def _tally(
        self, ledger: Ledger, shard: tuple[int, int] | None, progress: CampaignProgress | None
    ) -> Iterator[Tally]:
        """Count from what is there, and tell progress and journal."""
        from .runner import Tally

        journal = Journal(self.directory, shard)

        def tell(tally: Tally) -> None:
            journal.note(tally.computed, tally.computed_failed)
            if progress is not None:
                progress(tally.done, tally.failed, tally.total, written=tally.written)

        number, count = shard or (0, 1)
        counts, _ = ledger.count(shard)
        wanted = sum(
            self.manifest.part_range(part)[1] for part in range(number, self.manifest.n_parts, count)
        )
        done = sum(counts.values())
        tally = Tally(done, done - counts[0], wanted, tell)
        tell(tally)
        try:
            yield tally
        except BaseException:
            journal.close("stopped")
            raise
        journal.close("ended")


def _make_room(folder: Path) -> None:
    """Make the campaign's folder, or make sure that it is empty."""
    try:
        folder.mkdir(exist_ok=True)
        others = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    except FileNotFoundError as error:
        raise ResultsError(f"{folder}: cannot be written: no such folder") from error
    except FileExistsError as error:
        raise CampaignError(f"{folder}: a file, not a folder for a campaign") from error
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be written: {error.strerror or error}") from error
    if others and MANIFEST not in others:  # another process may just have begun it
        raise CampaignError(f"{folder}: is no campaign and not empty: it has {others[0]}; take a new folder")


def _check_shard(shard: tuple[int, int] | None) -> None:
    if shard is not None and not 0 <= shard[0] < shard[1]:
        raise CampaignError(f"shard = {shard[0]}/{shard[1]}: must be I/N with I from 0 to N - 1")

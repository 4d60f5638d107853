"""A sweep that ends in one file: in memory if it is one part, else a campaign in a hidden folder beside it.

So the samples need not fit into memory, and whatever stops the sweep leaves the parts that were finished.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .._whole_file import write_whole
from ..case import Case
from ..engine import available_threads, warm_up
from ..errors import LeakflowError, ResultsError
from ..plan import compile_case
from ..results import Results
from ..sweep import SweepInterrupted
from .compute import encode_part
from .folder import Campaign, CampaignProgress
from .merge_process import Merged, merge_in_child
from .part_size import choose_part_size, measure_cost, row_bytes
from .parts import Seal, part_path
from .status import read_ledger

__all__ = ["PartsInterrupted", "PartsKeptError", "check_room", "part_samples_of", "sweep_in_parts"]


class PartsInterrupted(KeyboardInterrupt):
    """Ctrl-C; ``merged`` is the file with the samples that were finished."""

    def __init__(self, merged: Merged) -> None:
        """Take the file."""
        super().__init__("the sweep was interrupted")
        self.merged = merged


class PartsKeptError(ResultsError):
    """The file could not be written; the samples that were finished are in a campaign beside it.

    Attributes
    ----------
    folder : Path
        Of the campaign.
    interrupted : bool
        Whether Ctrl-C was the reason.
    """

    def __init__(self, reason: str, folder: Path, *, interrupted: bool) -> None:
        """Take what went wrong, and the folder."""
        super().__init__(f"{reason}; what was finished is kept in {folder}: see leakflow resume and merge")
        self.folder = folder
        self.interrupted = interrupted


def part_samples_of(case: Case, threads: int | None) -> int | None:
    """Return the samples of a part, None if one part holds the sweep.

    Loads the kernels, and runs the first few samples to see how long they take.

    Raises
    ------
    SweepInterrupted
        Ctrl-C.
    """
    try:
        compiled = compile_case(case)
        warm_up(compiled.plan)
        size = choose_part_size(measure_cost(case, compiled), case, compiled, threads or available_threads())
    except KeyboardInterrupt:
        raise SweepInterrupted(None) from None
    return size.samples if case.sweep.samples > size.samples else None


def check_room(case: Case, path: Path) -> None:
    """Refuse a sweep whose parts and file have no room on the disk together, before it is begun.

    Raises
    ------
    ResultsError
        One line naming the file, what is needed and what is free.
    """
    needed = 2 * case.sweep.samples * row_bytes(case, compile_case(case))
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return
    # histories may become a third as large on the disk; nobody can tell before
    if needed > (3 if case.outcomes.series else 1) * free:
        sizes = f"parts and file need about {needed / 1e9:.3g} GB, {free / 1e9:.3g} are free"
        advice = "take fewer samples, fewer outcomes, or no series"
        raise ResultsError(f"{path}: cannot be written: {sizes}; {advice}")


def sweep_in_parts(
    case: Case, path: Path, part_samples: int, *, threads: int | None = None,
    progress: CampaignProgress | None = None,
) -> Merged:  # fmt: skip
    """Run a sweep into a file, by way of parts in a hidden folder beside it, which is removed at the end.

    Parameters
    ----------
    case : Case
        With its number of samples.
    path : Path
        Replaced if it is there.
    part_samples : int
    threads : int, optional
    progress : callable, optional

    Raises
    ------
    SweepInterrupted
        Ctrl-C before the first part was written; it carries what was finished.
    PartsInterrupted
        Ctrl-C after that: what was finished is in the file.
    PartsKeptError
        Something cannot be written; the folder is left, and is a campaign.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.campaign-", dir=path.parent))
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from error
    done: object = None
    try:
        campaign = Campaign.create(folder, case, part_samples=part_samples, threads=threads)
        try:
            campaign.run(threads=threads, progress=progress)
            done = campaign.merge(path)
        except SweepInterrupted as stopped:
            done = _interrupted(campaign, path, stopped)
            raise done from None
        return done
    except (LeakflowError, KeyboardInterrupt) as error:
        if done is not None or not any(folder.glob("parts/*/*.nc")):
            done = error
            raise
        is_interrupt = isinstance(error, KeyboardInterrupt)
        reason = f"{path}: interrupted before it was written" if is_interrupt else str(error)
        raise PartsKeptError(reason, folder, interrupted=is_interrupt) from error
    finally:
        if done is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _interrupted(campaign: Campaign, path: Path, stopped: SweepInterrupted) -> KeyboardInterrupt:
    """Put what was finished into the file; return what to raise."""
    ledger = read_ledger(campaign.directory, campaign.manifest)
    parts = [
        (part_path(campaign.directory, part), state.seal)
        for part, state in ledger.states.items()
        if state.seal is not None
    ]
    if not parts:
        return SweepInterrupted(stopped.results)
    if stopped.results is not None:
        parts.append(_write_unfinished(campaign, stopped.results))
    return PartsInterrupted(merge_in_child(parts, path, campaign.manifest))


def _write_unfinished(campaign: Campaign, results: Results) -> tuple[Path, Seal]:
    """Write the samples of the part that was at work, which need not follow each other, beside the parts."""
    part = int(results.samples[0]) // campaign.manifest.part_samples
    content, sealed = encode_part(campaign.manifest, campaign.manifest.resolved_case(), part, results)
    file = campaign.directory / "unfinished.nc"
    write_whole(file, content)
    return file, sealed

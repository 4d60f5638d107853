"""What `leakflow sweep --out` does: run a sweep into one file, in memory or in parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from ._cli_campaign import show_merged
from ._command_border import FAILED_SAMPLES, NOT_WRITTEN, fail, writing
from ._command_files import show_results, write
from ._interrupts import INTERRUPTED, interruptible

if TYPE_CHECKING:
    from .campaign import Merged
    from .case import Case
    from .console import Report
    from .results import Results

__all__ = ["sweep_to_file"]


def sweep_to_file(case: Case, path: Path, threads: int | None, *, as_json: bool, quiet: bool) -> None:
    """Run a sweep into a file; after Ctrl-C keep in it what was finished."""
    from .campaign.to_file import PartsInterrupted, check_room, part_samples_of
    from .console import progress_bar, terminal
    from .results import check_destination
    from .sweep import SweepInterrupted
    from .sweep import sweep as run_sweep

    merged = results = None
    with interruptible():
        with writing():
            check_destination(path)
        try:
            with progress_bar(terminal(stderr=True), quiet=quiet or as_json) as (report, clock):
                part_samples = part_samples_of(case, threads)
                if part_samples is None:
                    results = run_sweep(case, threads=threads, progress=report)
                else:
                    with writing():
                        check_room(case, path)
                        merged = _in_parts(case, path, part_samples, threads, report)
        except SweepInterrupted as stopped:
            _keep_finished(stopped.results, path, case.sweep.samples)
        except PartsInterrupted as stopped:
            _say_kept(stopped.merged.samples, path, case.sweep.samples)
        if results is not None:
            with writing():
                write(path, results)
    if results is not None:
        show_results(results, path, clock.rate(), as_json=as_json, quiet=quiet)
        if results.n_failed:
            raise typer.Exit(FAILED_SAMPLES)
    elif merged is not None:
        show_merged(merged, clock.rate(), as_json=as_json, quiet=quiet)


def _in_parts(case: Case, path: Path, part_samples: int, threads: int | None, report: Report) -> Merged:
    from .campaign.to_file import PartsKeptError, sweep_in_parts

    try:
        return sweep_in_parts(case, path, part_samples, threads=threads, progress=report)
    except PartsKeptError as kept:
        fail([str(kept)], INTERRUPTED if kept.interrupted else NOT_WRITTEN)


def _keep_finished(results: Results | None, path: Path, wanted: int) -> NoReturn:
    """After Ctrl-C: write the samples that were finished, and say so."""
    if results is None:
        fail(["interrupted; no sample was finished, nothing was written"], INTERRUPTED)
    with writing():
        write(path, results)
    _say_kept(len(results), path, wanted)


def _say_kept(samples: int, path: Path, wanted: int) -> NoReturn:
    fail([f"interrupted; kept {samples:,} of {wanted:,} samples in {path}"], INTERRUPTED)

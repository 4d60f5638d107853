"""The commands that read a results file: what it holds, which samples failed, one sample run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._cli_options import AsJson, Quiet, whole
from ._command_border import BAD_INPUT, FAILED_SAMPLES, border, fail, print_json, printing, writing
from ._command_files import PLOT_SUFFIXES, RESULTS_SUFFIXES, check_suffix, meaning, show_results
from ._interrupts import interruptible

if TYPE_CHECKING:
    from .failures import Failure
    from .replay import Replay
    from .results import Results

__all__ = ["register"]

File = Annotated[Path, typer.Argument(metavar="FILE", help="A results file.")]
Trusted = Annotated[
    bool,
    typer.Option(
        "--trusted", help="Open FILE at once, without a trial in a process of its own: if it is one's own."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(info)
    app.command()(replay)


def info(
    file: File,
    failed: Annotated[
        bool, typer.Option("--failed", help="List the samples that failed, and why, instead.")
    ] = False,
    limit: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="With --failed: the first N only.")
    ] = 20,
    trusted: Trusted = False,
    as_json: AsJson = False,
) -> None:
    """Show what a results file holds, or which of its samples failed."""
    with border():
        from .results import open_results

        if limit < 0:
            fail([f"--limit {limit}: must be at least 0"], BAD_INPUT)
        results = open_results(file, trusted=trusted)
        if failed:
            _show_failed(results, file, limit, as_json=as_json)
        else:
            show_results(results, file, None, as_json=as_json, quiet=False, stored=True)


def replay(
    file: File,
    sample: Annotated[
        int, typer.Option(parser=whole, metavar="I", help="Index of the sample, as in the file.")
    ],
    plot: Annotated[
        Path | None, typer.Option(help="Draw pressures and flows, with the record, into this picture.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the history to this netCDF file.")
    ] = None,
    trusted: Trusted = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run one sample of a results file again, from that file alone, and compare it to the bit."""
    with border():
        from ._whole_file import check_destination as check_place
        from .replay import replay_results
        from .results import check_destination, open_results
        from .run import write_run

        results = open_results(file, trusted=trusted)
        for option, path, suffixes in (("--plot", plot, PLOT_SUFFIXES), ("--out", out, RESULTS_SUFFIXES)):
            if path is not None:
                check_suffix(option, path, suffixes)
                if path.exists() and path.samefile(file):
                    fail([f"{option} {path}: is the results file itself"], BAD_INPUT)
        with interruptible(), writing():
            if plot is not None:
                check_place(plot)
            if out is not None:
                check_destination(out)
        again = replay_results(results, sample, str(file))
        with interruptible(), writing():
            if plot is not None:
                from .plot import plot_run

                plot_run(again, plot)
            if out is not None:
                write_run(out, again)
        reasons = _reasons(results, again)
        if as_json:
            print_json(_plain_replay(again, reasons))
        elif not quiet:
            _show_replay(again, reasons, file)
        if not again.same:
            fail([_largest(again, file)], FAILED_SAMPLES)


def _reasons(results: Results, again: Replay) -> list[str]:
    """Say why the sample failed, if it did."""
    from .failures import failure_of

    row = results.samples.tolist().index(again.sample)
    return [] if again.ok or not results.status[row] else list(failure_of(results, row).reasons)


def _plain_replay(again: Replay, reasons: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "sample": again.sample,
        "status": meaning(again.status),
        "reasons": reasons,
        "same": again.same,
        "compared": again.compared,
        "differences": [asdict(one) for one in again.differences],
        "changes": list(again.changes),
        "inputs": again.inputs,
        "outcomes": again.outcomes,
        "units": again.units,
    }


def _show_replay(again: Replay, reasons: list[str], file: Path) -> None:
    from .console import say, show_run, terminal

    console = terminal()
    with printing():
        show_run(console, again)
        if not again.ok:
            say(
                console, f"the sample failed: {meaning(again.status).replace('_', ' ')}: {'; '.join(reasons)}"
            )
        for change in again.changes:
            say(console, f"since {file.name} was made: {change}")
        if again.same:
            say(console, f"the same as in {file}, to the bit: all {again.compared} quantities compared")


def _largest(again: Replay, file: Path) -> str:
    """Say how many quantities differ from the file, and which most."""
    worst = again.differences[0]
    line = f"{file}: sample {again.sample}: {len(again.differences)} of {again.compared} quantities differ, "
    line += f"most {worst.name}: {worst.stored!r} in the file, {worst.found!r} here ({worst.relative:.1e})"
    return line if not again.changes else f"{line}; other since then: {'; '.join(again.changes)}"


def _show_failed(results: Results, file: Path, limit: int, *, as_json: bool) -> None:
    from .failures import failed_samples

    found = failed_samples(results, limit)
    if as_json:
        listed = [one.to_dict() for one in found]
        print_json({"file": str(file), "samples": len(results), "failed": results.n_failed, "listed": listed})
        return
    from .console import say, terminal

    console = terminal()
    with printing():
        say(console, f"{file}: {results.n_failed:,} of {len(results):,} samples failed")
        for one in found:
            for line in _failure_lines(one):
                say(console, line)
        if len(found) < results.n_failed:
            say(console, f"and {results.n_failed - len(found):,} more; --limit lists more of them")


def _failure_lines(failure: Failure) -> list[str]:
    start = f"sample {failure.sample}: {failure.status.replace('_', ' ')}"
    lines = [f"{start}: {reason}" for reason in failure.reasons]
    for extreme in failure.extremes:
        value = f"{extreme.value:.6g}{'' if extreme.units == '1' else f' {extreme.units}'}"
        lines.append(f"{start}: {extreme.name} = {value} is above {extreme.percentile:.4g} % of the samples")
    return lines

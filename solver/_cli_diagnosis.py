"""The command that judges hypotheses by a record: ``leakflow diagnose``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._cli_options import AsJson, CaseArgument, Overrides, Quiet, Seed, whole
from ._command_border import BAD_INPUT, FAILED_SAMPLES, border, fail, print_json, printing, writing
from ._command_files import PLOT_SUFFIXES, RESULTS_SUFFIXES, check_suffix, spare_the_case
from ._interrupts import interruptible

if TYPE_CHECKING:
    from .case import Case

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(diagnose)


def diagnose(
    case: CaseArgument,
    record: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A CSV instead of the case's record; may be given again."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A hypothesis that is wanted, not all; may be given again."),
    ] = None,
    seed: Seed = None,
    live: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Live points, instead of the case's.")
    ] = None,
    most_evaluations: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Of one hypothesis; then it is given up.")
    ] = 500_000,
    repeat: Annotated[
        int, typer.Option(parser=whole, metavar="N", help="Sample N times, with seeds that must agree.")
    ] = 2,
    define: Overrides = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write posteriors and evidences to this netCDF file.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw evidences, the record with predictions, and posteriors.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Judge by its record the hypotheses that a case names: which explains it, and whether it can tell."""
    with border():
        from ._whole_file import check_destination
        from .console import say, terminal
        from .diagnosis.diagnose import diagnose as judge
        from .diagnosis.diagnose import plain

        if live is not None and not 50 <= live <= 100_000:
            fail([f"--live {live}: must be from 50 to 100000"], BAD_INPUT)
        if seed is not None and not 0 <= seed < 2**63:
            fail([f"--seed {seed}: must be from 0 to {2**63 - 1}"], BAD_INPUT)
        if not 1 <= repeat <= 20:
            fail([f"--repeat {repeat}: must be from 1 to 20"], BAD_INPUT)
        if most_evaluations < 1:
            fail([f"--most-evaluations {most_evaluations}: must be at least 1"], BAD_INPUT)
        for option, path, suffixes in (("--out", out, RESULTS_SUFFIXES), ("--plot", plot, PLOT_SUFFIXES)):
            if path is not None:
                check_suffix(option, path, suffixes)
                with interruptible(), writing():
                    check_destination(path)
                _spare(case, record or [], path)
        screen = terminal(stderr=True)
        answer = judge(
            case, records=record or (), only=only or (), seed=seed, live=live,
            most_evaluations=most_evaluations, repeat=repeat, overrides=define or (),
            report=None if quiet else lambda name: say(screen, f"{name} ..."),
        )  # fmt: skip
        with interruptible(), writing():
            if out is not None:
                from .diagnosis.store import write_answer

                write_answer(answer, out)
            if plot is not None:
                from .diagnosis.plot import plot_answer

                plot_answer(answer, plot)
        if as_json:
            print_json(plain(answer))
        elif not quiet:
            from .diagnosis.tables import show_answer

            with printing():
                show_answer(terminal(), answer)
        if bad := answer.not_to_be_trusted:
            fail([f"{name}: {'; '.join(why)}" for name, why in bad.items()], FAILED_SAMPLES)


def _spare(case: str, records: list[Path], path: Path) -> None:
    """Refuse to write over what is read."""
    from .case import load_case

    for record in records:
        if path.exists() and record.exists() and path.samefile(record):
            fail([f"{path}: is the record itself"], BAD_INPUT)
    loaded: Case = load_case(case)
    spare_the_case(case, loaded, path)

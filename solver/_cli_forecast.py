"""The command that carries posteriors on: ``leakflow forecast``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._cli_options import AsJson, CaseArgument, Overrides, Quiet, Seed, whole
from ._command_border import BAD_INPUT, FAILED_SAMPLES, border, fail, print_json, printing, writing
from ._command_files import PLOT_SUFFIXES, RESULTS_SUFFIXES, check_suffix, spare_the_case
from ._interrupts import interruptible

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(forecast)


def forecast(
    case: CaseArgument,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='After the last reading, "30 d", or a date, 2021-08-24.'),
    ] = None,
    posterior: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What diagnose --out wrote, instead of sampling anew."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="An option that is wanted, not all; may be given again."),
    ] = None,
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
    define: Overrides = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write all draws to this netCDF file.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the pressure under each option.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Foretell pressures, make-up gas and limits crossed, under what operators could do, side by side."""
    with border():
        from .console import say, terminal
        from .diagnosis.forecast import forecast as look_ahead

        if live is not None and not 50 <= live <= 100_000:
            fail([f"--live {live}: must be from 50 to 100000"], BAD_INPUT)
        if live is not None and posterior is not None:
            fail(["--live: goes with sampling anew, not with --posterior"], BAD_INPUT)
        if seed is not None and not 0 <= seed < 2**63:
            fail([f"--seed {seed}: must be from 0 to {2**63 - 1}"], BAD_INPUT)
        if most_evaluations < 1:
            fail([f"--most-evaluations {most_evaluations}: must be at least 1"], BAD_INPUT)
        _check_places(case, [*(record or []), *([posterior] if posterior else [])], out, plot)
        screen = terminal(stderr=True)
        outlook = look_ahead(
            case, until=until, posterior=posterior, records=record or (), only=only or (),
            options=option or (), seed=seed, live=live, most_evaluations=most_evaluations,
            overrides=define or (),
            report=None if quiet else lambda name: say(screen, f"{name} ..."),
        )  # fmt: skip
        with interruptible(), writing():
            if out is not None:
                from .diagnosis.forecast_store import write_outlook

                write_outlook(outlook, out)
            if plot is not None:
                from .diagnosis.forecast_plot import plot_outlook

                plot_outlook(outlook, plot)
        if as_json:
            from .diagnosis.forecast_figures import plain_outlook

            print_json(plain_outlook(outlook))
        elif not quiet:
            from .diagnosis.forecast_tables import show_outlook

            with printing():
                show_outlook(terminal(), outlook)
        bad = [f"{one.name}: not converged: {'; '.join(one.reasons)}" for one in outlook.not_converged]
        if outlook.failures:
            bad.append(f"{outlook.failures:,} runs failed; they are left out of what comes after")
        if bad:
            fail(bad, FAILED_SAMPLES)


def _check_places(case: str, read: list[Path], out: Path | None, plot: Path | None) -> None:
    """Refuse at once what cannot be written, or would be written over what is read."""
    from ._whole_file import check_destination
    from .case import load_case

    loaded = load_case(case)
    for option, path, suffixes in (("--out", out, RESULTS_SUFFIXES), ("--plot", plot, PLOT_SUFFIXES)):
        if path is not None:
            check_suffix(option, path, suffixes)
            with interruptible(), writing():
                check_destination(path)
            spare_the_case(case, loaded, path)
            for other in read:
                if path.exists() and other.exists() and path.samefile(other):
                    fail([f"{path}: is what is read"], BAD_INPUT)

"""The command that looks for the test that would tell: ``leakflow design-test``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._cli_options import AsJson, CaseArgument, Overrides, Quiet, Seed, whole
from ._command_border import BAD_INPUT, FAILED_SAMPLES, border, fail, print_json, printing, writing
from ._command_files import PLOT_SUFFIXES, RESULTS_SUFFIXES, check_suffix, spare_the_case
from ._interrupts import interruptible

__all__ = ["register"]

#: Options that are whole numbers, with their bounds.
_BOUNDS = {"seed": (0, 2**63 - 1), "live": (50, 100_000), "records": (10, 100_000), "draws": (100, 1_000_000)}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("design-test")(design_test)


def design_test(
    case: CaseArgument,
    posterior: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Of diagnose --out: its posteriors, instead of sampling anew."),
    ] = None,
    record: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A CSV instead of the case's record; may be given again."),
    ] = None,
    priors: Annotated[bool, typer.Option("--priors", help="Leave the record of the case aside.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A hypothesis that is to be told apart; may be given again."),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A test that is wanted, not all; may be given again."),
    ] = None,
    records: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Records to simulate of each hypothesis.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Draws that a record is judged by.")
    ] = None,
    seed: Seed = None,
    live: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="Live points of the sampling.")
    ] = None,
    define: Overrides = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write all to this netCDF file.")] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw gain over hours, and what the best test would look like.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Say which test that operators could run would tell the hypotheses of a case apart, and how soon."""
    with border():
        from ._whole_file import check_destination
        from .case import load_case
        from .console import say, terminal
        from .diagnosis.design import design_test as judge
        from .diagnosis.design_tables import plain

        for name, value in (("seed", seed), ("live", live), ("records", records), ("draws", draws)):
            low, high = _BOUNDS[name]
            if value is not None and not low <= value <= high:
                fail([f"--{name} {value}: must be from {low} to {high}"], BAD_INPUT)
        if priors and posterior is not None:
            fail([f"--posterior {posterior}: must be left out with --priors"], BAD_INPUT)
        if priors and record:
            fail([f"--record {record[0]}: must be left out with --priors"], BAD_INPUT)
        for option, path, suffixes in (("--out", out, RESULTS_SUFFIXES), ("--plot", plot, PLOT_SUFFIXES)):
            if path is not None:
                check_suffix(option, path, suffixes)
                with interruptible(), writing():
                    check_destination(path)
                for read, what in ((posterior, "posterior"), *((one, "record") for one in record or [])):
                    if read is not None and path.exists() and read.exists() and path.samefile(read):
                        fail([f"{path}: is the {what} itself"], BAD_INPUT)
                spare_the_case(case, load_case(case), path)
        screen = terminal(stderr=True)
        plan = judge(
            case, posterior=posterior, record=record or (), priors=priors, only=only or (), tests=test or (),
            seed=seed, live=live, records=records, draws=draws, overrides=define or (),
            report=None if quiet else lambda name: say(screen, f"{name} ..."),
        )  # fmt: skip
        with interruptible(), writing():
            if out is not None:
                from .diagnosis.design_store import write_plan

                write_plan(plan, out)
            if plot is not None:
                from .diagnosis.design_plot import plot_plan

                plot_plan(plan, plot)
        if as_json:
            print_json(plain(plan))
        elif not quiet:
            from .diagnosis.design_tables import show_plan

            with printing():
                show_plan(terminal(), plan)
        if plan.reasons:
            lines = [f"{name}: not to be trusted: {'; '.join(why)}" for name, why in plan.reasons.items()]
            fail(lines, FAILED_SAMPLES)

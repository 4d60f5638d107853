"""The command line: what each command takes and does."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import _cli_design, _cli_diagnosis, _cli_forecast, _cli_sensitivity
from ._cli_campaign import PartSamples, ShardOption, begin_campaign
from ._cli_campaign import register as register_campaigns
from ._cli_cluster import Scheduler, TlsAuthority, TlsCertificate, TlsKey, Workers, chosen_cluster
from ._cli_export import register as register_export
from ._cli_options import (
    AsJson,
    CaseArgument,
    DesignName,
    GasOption,
    Overrides,
    Quiet,
    Rate,
    ReferencePressure,
    ReferenceTemperature,
    Seed,
    Temperature,
    design_first,
    whole,
)
from ._cli_results import register as register_results
from ._cli_warmup import register as register_warmup
from ._command_border import (
    BAD_INPUT,
    BROKEN_CHECK,
    FAILED_SAMPLES,
    NOT_WRITTEN,
    border,
    drop_output,
    fail,
    print_json,
    printing,
    writing,
)
from ._command_files import (
    PLOT_SUFFIXES,
    RESULTS_SUFFIXES,
    advise,
    check_suffix,
    meaning,
    spare_the_case,
)
from ._command_sweep import sweep_to_file
from ._interrupts import interruptible, stop_at_once
from ._kernel_start import load_numba, say_if_compiling

app = typer.Typer(
    name="leakflow",
    help="Gas that leaks through micro-cracks: one run, or a Monte Carlo sweep into a results file.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; the entry point of ``leakflow``."""
    stop_at_once()
    try:
        app()
    except Exception as error:  # no traceback reaches a user unless asked for
        if os.environ.get("LEAKFLOW_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # the help, which Typer prints
            drop_output()
            print(f"standard output: cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201
            sys.exit(NOT_WRITTEN)
        text = " ".join(str(error).split())
        sys.exit(f"leakflow: internal error: {type(error).__name__}: {text} (LEAKFLOW_DEBUG=1 shows where)")


@app.callback(invoke_without_command=True)
def overview(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Show help and the shipped cases if no command is given."""
    if version:
        from .provenance import version as installed

        with border(), printing():
            print(f"leakflow {installed()}")  # noqa: T201
        raise typer.Exit
    if context.invoked_subcommand is None:
        with border(), printing():
            print(context.get_help())  # noqa: T201
        cases()


@app.command()
def sweep(
    case: CaseArgument,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", "-n", parser=whole, metavar="N", help="How many, instead of the case's; 1e5 too."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Results file, replaced if it is there; by default CASE.nc here."),
    ] = None,
    seed: Seed = None,
    design: DesignName = None,
    threads: Annotated[
        int | None, typer.Option(parser=whole, metavar="N", help="By default all processors.")
    ] = None,
    define: Overrides = None,
    campaign: Annotated[
        Path | None,
        typer.Option("--campaign", metavar="DIR", help="Keep it in this folder, where it can be resumed."),
    ] = None,
    shard: ShardOption = None,
    part_samples: PartSamples = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    tls_ca: TlsAuthority = None,
    tls_cert: TlsCertificate = None,
    tls_key: TlsKey = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run many samples of a case and write the results file, or keep them in a campaign."""
    with border():
        load_numba()
        from .case import load_case
        from .sweep import check_threads, resolve_case

        if campaign is None:
            own = (("--shard", shard), ("--part-samples", part_samples), ("--scheduler", scheduler))
            for option, value in (*own, ("--workers", workers)):
                if value is not None:
                    fail([f"{option}: goes with --campaign DIR only"], BAD_INPUT)
        cluster = chosen_cluster(scheduler, workers, tls_ca, tls_cert, tls_key, threads=threads)
        settings, design = design_first(define or [], design)
        loaded = resolve_case(load_case(case, settings), samples=samples, seed=seed, design=design)
        check_threads(threads)
        path = out
        if path is None and campaign is None:
            path = Path(f"{Path(loaded.source).stem}.nc")
        if path is not None:
            check_suffix("--out", path, RESULTS_SUFFIXES)
            spare_the_case(case, loaded, path)
        if not quiet:
            advise(loaded)
        if not quiet:
            say_if_compiling(loaded)
        if campaign is not None:
            begin_campaign(
                loaded, campaign, out=path, shard=shard, part_samples=part_samples, threads=threads,
                cluster=cluster, as_json=as_json, quiet=quiet,
            )  # fmt: skip
        elif path is not None:
            sweep_to_file(loaded, path, threads, as_json=as_json, quiet=quiet)


@app.command()
def run(
    case: CaseArgument,
    sample: Annotated[
        int | None,
        typer.Option(
            parser=whole,
            metavar="N",
            help="Run this sample of the sweep; by default all inputs are at their medians.",
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw pressures and flows, with the record, into this picture.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the history to this netCDF file.")
    ] = None,
    seed: Seed = None,
    define: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run a case once and show its outcomes."""
    with border():
        load_numba()
        from ._whole_file import check_destination as check_place
        from .results import check_destination
        from .run import run as run_once
        from .run import write_run
        from .sweep import resolve_case

        loaded = resolve_case(case, define or (), seed=seed)
        for option, path, suffixes in (("--plot", plot, PLOT_SUFFIXES), ("--out", out, RESULTS_SUFFIXES)):
            if path is not None:
                check_suffix(option, path, suffixes)
                spare_the_case(case, loaded, path)
        with interruptible(), writing():
            if plot is not None:
                check_place(plot)
            if out is not None:
                check_destination(out)
        if not quiet:
            say_if_compiling(loaded)
        result = run_once(loaded, sample=sample)
        with interruptible(), writing():
            if plot is not None:
                from .plot import plot_run

                plot_run(result, plot)
            if out is not None:
                write_run(out, result)
        if as_json:
            numbers = {"inputs": result.inputs, "outcomes": result.outcomes, "units": result.units}
            print_json({"status": meaning(result.status)} | numbers)
        elif not quiet:
            from .console import show_run, terminal

            with printing():
                show_run(terminal(), result)
        if not result.ok:
            from .failures import why_it_failed

            why = why_it_failed(result.case, sample, result.status)
            fail([f"the run failed: {meaning(result.status)}: {why}"], FAILED_SAMPLES)


@app.command()
def cases(as_json: AsJson = False) -> None:
    """List the cases that ship."""
    with border():
        from .case import list_cases

        if as_json:
            print_json([{"name": name, "title": title} for name, title in list_cases()])
        else:
            from .console import show_cases, terminal

            with printing():
                show_cases(terminal(), list_cases())


@app.command()
def check(case: CaseArgument, define: Overrides = None, as_json: AsJson = False) -> None:
    """Check a case without running it; with --json, print it resolved, in SI."""
    with border():
        from .case import load_case
        from .plan import compile_case

        loaded = load_case(case, define or ())
        compiled = compile_case(loaded)
        if loaded.options is not None or loaded.forecast is not None:
            from .diagnosis.forecast import check_options

            check_options(case, define or ())
        if not (loaded.hypotheses is None and loaded.design is None and loaded.diagnosis is None):
            from .diagnosis.hypotheses import check_hypotheses

            check_hypotheses(case, define or ())
        if as_json:
            print_json(loaded.to_dict())
        else:
            drawn = f"{len(compiled.inputs)} random inputs, {len(compiled.outcomes)} outcomes"
            counts = f"{len(loaded.volumes)} volumes, {len(loaded.paths)} paths, {drawn}"
            with printing():
                print(f"{loaded.source}: ok; {counts}")  # noqa: T201


@app.command()
def size(
    rate: Rate,
    p_up: Annotated[str, typer.Option("--from", help='Absolute pressure before the opening, "735 mmHg".')],
    p_down: Annotated[str, typer.Option("--to", help="Absolute pressure behind it; vacuum.")] = "0 Pa",
    gas: GasOption = "air",
    temperature: Temperature = "20 degC",
    discharge_coefficient: Annotated[str, typer.Option(help='Of the hole: a number or "perry".')] = "perry",
    length: Annotated[str | None, typer.Option(help="Of the slot, along the wall; 10 mm.")] = None,
    depth: Annotated[str | None, typer.Option(help="Of the slot, through the wall; 3 mm.")] = None,
    tortuosity: Annotated[str, typer.Option(help="Of the slot: path over depth, from 1.")] = "1",
    roughness: Annotated[str, typer.Option(help="Of the slot: height of the peaks.")] = "0 um",
    taper: Annotated[str, typer.Option(help="Of the slot: largest gap over smallest, 1 to 10.")] = "1",
    accommodation: Annotated[str, typer.Option(help="Of the slot's walls, 0.6 to 1.")] = "1",
    inlet_loss: Annotated[str, typer.Option(help="Of the slot's edge: 0.5 sharp, 0 round.")] = "0.5",
    volume: Annotated[
        list[str] | None, typer.Option(help="That the leak empties; may be given again.")
    ] = None,
    reference_temperature: ReferenceTemperature = "0 degC",
    reference_pressure: ReferencePressure = "101325 Pa",
    as_json: AsJson = False,
) -> None:
    """Say what opening a leak rate is: a hole, a slot, and how fast volumes empty through it."""
    with border():
        from .sizing import size_leak

        found = size_leak(
            rate, p_up, p_down=p_down, gas=gas, temperature=temperature,
            discharge_coefficient=discharge_coefficient, length=length, depth=depth, tortuosity=tortuosity,
            roughness=roughness, taper=taper, accommodation=accommodation, inlet_loss=inlet_loss,
            volume=volume or None, reference_temperature=reference_temperature,
            reference_pressure=reference_pressure,
        )  # fmt: skip
        if as_json:
            print_json(found.to_dict())
        else:
            from .console import show_size, terminal

            with printing():
                show_size(terminal(), found, gas)


@app.command()
def convert(
    rate: Rate,
    to: Annotated[list[str] | None, typer.Option(help="A unit; may be given again. By default all.")] = None,
    gas: GasOption = "air",
    temperature: Temperature = "20 degC",
    volume: Annotated[str | None, typer.Option(help="Of which a pressure rate is.")] = None,
    reference_temperature: ReferenceTemperature = "0 degC",
    reference_pressure: ReferencePressure = "101325 Pa",
    as_json: AsJson = False,
) -> None:
    """Express a leak rate in other units: mass flow, throughput, standard flow, pressure rate."""
    with border():
        from .leak_units import leak_in_units, read_conditions

        conditions = read_conditions(
            gas=gas, temperature=temperature, volume=volume, reference_temperature=reference_temperature,
            reference_pressure=reference_pressure,
        )  # fmt: skip
        rates = leak_in_units(conditions, rate, to)
        if as_json:
            print_json([{"value": value, "unit": unit, "counted": basis} for value, unit, basis in rates])
        else:
            from .console import show_rates, terminal

            with printing():
                show_rates(terminal(), f"{rate} of {gas}", rates)


@app.command()
def validate(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="The report; its figures go into a folder of its name beside it."),
    ] = Path("validation.md"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer samples: the same checks, in seconds.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Compare leakflow with tables, closed forms and events of the record; write a report with figures."""
    with border():
        from ._whole_file import check_destination
        from .console import say, terminal
        from .validation import validate as run_all
        from .validation import write_report

        with interruptible(), writing():
            check_destination(out)
        screen = terminal(stderr=True)
        found = run_all(quick=quick, report=None if quiet else lambda line: say(screen, line))
        with interruptible(), writing():
            write_report(found, out)
        if not quiet:
            count = len(found.tables) + len(found.cases)
            with printing():
                say(terminal(), f"{count - len(found.broken)} of {count} checks hold; report: {out}")
        if found.broken:
            lines = [f"{check.name}: {check.errors} is out of its bound" for check in found.broken]
            fail(lines, BROKEN_CHECK)


@app.command()
def schema() -> None:
    """Print the JSON Schema of case files, for editors."""
    with border():
        from .case import case_schema

        print_json(case_schema())


_cli_sensitivity.register(app)
register_results(app)
register_campaigns(app)
register_warmup(app)
register_export(app)
_cli_diagnosis.register(app)
_cli_forecast.register(app)
_cli_design.register(app)

if __name__ == "__main__":
    main()

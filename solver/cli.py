"""The command line. Exit codes: 0 done, 2 bad input, 3 finished with failed samples or a broken check,
4 could not write, 130 interrupted."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from .errors import ArgumentError, CaseError, LeakflowError, ResultsError

if TYPE_CHECKING:
    from .results import Results

BAD_INPUT = 2
FAILED_SAMPLES = 3
BROKEN_CHECK = 3
NOT_WRITTEN = 4
INTERRUPTED = 130

app = typer.Typer(
    name="leakflow",
    help="Gas that leaks through micro-cracks: one run, or a Monte Carlo sweep into a results file.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Name of a shipped case, or a .toml file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--define", "-D", metavar="KEY=VALUE", help='Set a number, as -D paths.cracks.opening="10 um".'
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of the random numbers, instead of the case's.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]

Rate = Annotated[
    str, typer.Argument(metavar="RATE", help='As "1.7 kg/day", "1e-3 mbar L/s", "5 sccm", "1 mmHg/day".')
]
GasOption = Annotated[str, typer.Option(help='"air", N2, O2, CO2, H2O, Ar, He, or as "N2=0.8,O2=0.2".')]
Temperature = Annotated[str, typer.Option(help="Of the gas where its pressure is meant.")]
ReferenceTemperature = Annotated[str, typer.Option(help="At which standard volumes (sccm) are counted.")]
ReferencePressure = Annotated[str, typer.Option(help="At which standard volumes (sccm) are counted.")]


def main() -> None:
    """Run the command line; the entry point of ``leakflow``."""
    try:
        app()
    except BrokenPipeError:  # whoever read us has enough: `leakflow schema | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # no traceback reaches a user unless asked for
        if os.environ.get("LEAKFLOW_DEBUG"):
            raise
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

        print(f"leakflow {installed()}")  # noqa: T201
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())  # noqa: T201
        cases()


@app.command()
def sweep(
    case: CaseArgument,
    samples: Annotated[
        int | None, typer.Option("--samples", "-n", help="How many, instead of the case's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Results file, replaced if it is there; by default CASE.nc here."),
    ] = None,
    seed: Seed = None,
    threads: Annotated[int | None, typer.Option(help="By default all processors.")] = None,
    define: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run many samples of a case and write the results file."""
    with _border():
        from .case import load_case
        from .console import progress_bar
        from .results import check_destination
        from .sweep import SweepInterrupted, resolve_case
        from .sweep import sweep as run_sweep

        loaded = resolve_case(load_case(case, define or ()), samples=samples, seed=seed)
        path = out if out is not None else Path(f"{Path(loaded.source).stem}.nc")
        with _writing():
            check_destination(path)
        try:
            with progress_bar(Console(stderr=True), quiet=quiet or as_json) as (report, clock):
                results = run_sweep(loaded, threads=threads, progress=report)
        except SweepInterrupted as stopped:
            _keep(stopped.results, path, loaded.sweep.samples)
        with _writing():
            _write(path, results)
        _show(results, path, clock.rate(), as_json=as_json, quiet=quiet)
        if results.n_failed:
            raise typer.Exit(FAILED_SAMPLES)


@app.command()
def run(
    case: CaseArgument,
    sample: Annotated[
        int | None,
        typer.Option(help="Run this sample of the sweep; by default all inputs are at their medians."),
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
    with _border():
        from .run import run as run_once

        result = run_once(case, sample=sample, seed=seed, overrides=define or ())
        with _writing():
            if plot is not None:
                from .plot import plot_run

                plot_run(result, plot)
            if out is not None:
                _write_dataset(result.to_dataset(), out)
        if as_json:
            numbers = {"inputs": result.inputs, "outcomes": result.outcomes, "units": result.units}
            _print_json({"status": _meaning(result.status)} | numbers)
        elif not quiet:
            from .console import show_run

            show_run(Console(), result)
        if not result.ok:
            from ..kernels import status

            _fail(
                [f"the run failed: {_meaning(result.status)}: {status.ADVICE[result.status]}"], FAILED_SAMPLES
            )


@app.command()
def info(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A results file.")], as_json: AsJson = False
) -> None:
    """Show what a results file holds."""
    with _border():
        from .results import open_results

        _show(open_results(file), file, None, as_json=as_json, quiet=False)


@app.command()
def cases(as_json: AsJson = False) -> None:
    """List the cases that ship."""
    with _border():
        from .case import list_cases

        if as_json:
            _print_json([{"name": name, "title": title} for name, title in list_cases()])
        else:
            from .console import show_cases

            show_cases(Console(), list_cases())


@app.command()
def check(case: CaseArgument, define: Overrides = None, as_json: AsJson = False) -> None:
    """Check a case without running it; with --json, print it resolved, in SI."""
    with _border():
        from .case import load_case
        from .plan import compile_case

        loaded = load_case(case, define or ())
        compiled = compile_case(loaded)
        if as_json:
            _print_json(loaded.to_dict())
        else:
            drawn = f"{len(compiled.inputs)} random inputs, {len(compiled.outcomes)} outcomes"
            counts = f"{len(loaded.volumes)} volumes, {len(loaded.paths)} paths, {drawn}"
            Console().print(f"{loaded.source}: ok; {counts}", highlight=False)


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
    with _border():
        from .sizing import size_leak

        found = size_leak(
            rate, p_up, p_down=p_down, gas=gas, temperature=temperature,
            discharge_coefficient=discharge_coefficient, length=length, depth=depth, tortuosity=tortuosity,
            roughness=roughness, taper=taper, accommodation=accommodation, inlet_loss=inlet_loss,
            volume=volume or None, reference_temperature=reference_temperature,
            reference_pressure=reference_pressure,
        )  # fmt: skip
        if as_json:
            _print_json(found.to_dict())
        else:
            from .console import show_size

            show_size(Console(), found, gas)


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
    with _border():
        from .leak_units import leak_in_units, read_conditions

        conditions = read_conditions(
            gas=gas, temperature=temperature, volume=volume, reference_temperature=reference_temperature,
            reference_pressure=reference_pressure,
        )  # fmt: skip
        rates = leak_in_units(conditions, rate, to)
        if as_json:
            _print_json([{"value": value, "unit": unit, "counted": basis} for value, unit, basis in rates])
        else:
            from .console import show_rates

            show_rates(Console(), f"{rate} of {gas}", rates)


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
    with _border():
        from .results import check_destination
        from .validation import validate as run_all
        from .validation import write_report

        with _writing():
            check_destination(out)
        found = run_all(quick=quick, report=None if quiet else Console(stderr=True, highlight=False).print)
        with _writing():
            write_report(found, out)
        if not quiet:
            count = len(found.tables) + len(found.cases)
            Console(highlight=False).print(
                f"{count - len(found.broken)} of {count} checks hold; report: {out}"
            )
        if found.broken:
            lines = [f"{check.name}: {check.errors} is out of its bound" for check in found.broken]
            _fail(lines, BROKEN_CHECK)


@app.command()
def schema() -> None:
    """Print the JSON Schema of case files, for editors."""
    with _border():
        from .case import case_schema

        _print_json(case_schema())


@contextmanager
def _border() -> Iterator[None]:
    """Turn what went wrong into a line and an exit code."""
    try:
        yield
    except CaseError as error:
        _fail(error.faults, BAD_INPUT)
    except ArgumentError as error:
        _fail([f"{_OPTIONS.get(error.argument, error.argument.replace('_', '-'))}{error.text}"], BAD_INPUT)
    except LeakflowError as error:
        _fail([str(error)], BAD_INPUT)
    except MemoryError:
        _fail(["not enough memory: take fewer samples, or keep fewer outcomes or no series"], BAD_INPUT)
    except KeyboardInterrupt:
        _fail(["interrupted; nothing was kept"], INTERRUPTED)


#: Arguments whose options have other names.
_OPTIONS = {"p_up": "from", "p_down": "to"}


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except ResultsError as error:
        _fail([str(error)], NOT_WRITTEN)


def _write(path: Path, results: Results) -> None:
    from .results import write_results

    write_results(path, results)


def _write_dataset(dataset: Any, path: Path) -> None:
    from .results import check_destination

    check_destination(path)
    try:
        dataset.to_netcdf(path, engine="h5netcdf")
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from None


def _keep(results: Results | None, path: Path, wanted: int) -> NoReturn:
    """After Ctrl-C: write the samples that were finished, and say so."""
    if results is None:
        _fail(["interrupted; no sample was finished, nothing was written"], INTERRUPTED)
    with _writing():
        _write(path, results)
    _fail([f"interrupted; kept {len(results):,} of {wanted:,} samples in {path}"], INTERRUPTED)


def _show(results: Results, path: Path, rate: float | None, *, as_json: bool, quiet: bool) -> None:
    from .summary import summarise

    summary = summarise(results)
    if as_json:
        _print_json(summary.to_dict() | {"samples_per_second": rate, "file": str(path)})
    elif not quiet:
        from .console import show_summary

        console = Console()
        show_summary(console, summary)
        if rate is not None:
            console.print(f"speed: {rate:,.0f} samples/s", highlight=False)
        console.print(f"file: {path}", highlight=False, soft_wrap=True)


def _meaning(code: int) -> str:
    from ..kernels import status

    return status.MEANINGS[code]


def _print_json(value: Any) -> None:
    from .summary import finite

    print(json.dumps(finite(value), indent=2, allow_nan=False))  # noqa: T201


def _fail(lines: list[str], code: int) -> NoReturn:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201
    raise typer.Exit(code)


if __name__ == "__main__":
    main()

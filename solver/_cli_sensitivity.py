"""Commands about sensitivity: ``leakflow sensitivity`` and ``leakflow plot sensitivity``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._cli_options import AsJson, Quiet, whole
from ._command_border import (
    BAD_INPUT,
    FAILED_SAMPLES,
    border,
    fail,
    print_json,
    printing,
    writing,
)
from ._command_files import PLOT_SUFFIXES, RESULTS_SUFFIXES, check_suffix
from ._interrupts import interruptible

if TYPE_CHECKING:
    from .sensitivity.indices import Indices

__all__ = ["register"]

Method = Annotated[
    str,
    typer.Option(
        help="auto takes what the design is for; or sobol, morris, delta, pawn, rbd-fast, chatterjee, "
        "shapley, regression."
    ),
]
Outcomes = Annotated[
    str | None, typer.Option(metavar="A,B", help="Outcomes and series, by commas; by default all.")
]
MaxFailedShare = Annotated[
    float,
    typer.Option(metavar="X", help="Share of groups with failed samples above which it refuses."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(sensitivity)
    group = next((info.typer_instance for info in app.registered_groups if info.name == "plot"), None)
    if group is None:
        group = typer.Typer(help="Draw pictures.", no_args_is_help=True, rich_markup_mode=None)
        app.add_typer(group, name="plot")
    group.command("sensitivity")(plot_sensitivity)


def sensitivity(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Results of a sweep, or the folder of a campaign; several with other seeds are replicates.",
        ),
    ],
    method: Method = "auto",
    outcomes: Outcomes = None,
    as_json: AsJson = False,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the numbers to a CSV file.")] = None,
    max_failed_share: MaxFailedShare = 0.05,
    half_width: Annotated[
        float | None,
        typer.Option(metavar="H", help="Wanted half-width of the intervals: says how many samples reach it."),
    ] = None,
    seed: Annotated[int, typer.Option(parser=whole, metavar="N", help="Seed of the bootstrap.")] = 1,
    store: Annotated[
        bool | None,
        typer.Option(
            "--store/--no-store", help="Put the indices into the results file; so by default if it is one."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Put the indices into a file of their own instead.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Say which inputs decide the outcomes of a sweep, and how sure that is."""
    with border():
        from .results import check_destination
        from .sensitivity.analysis import TooManyFailedError, analyse

        if out is not None:
            check_suffix("--out", out, RESULTS_SUFFIXES)
        if out is not None and csv is not None and out.absolute() == csv.absolute():
            fail([f"--csv {csv}: is the file of --out too; name two files"], BAD_INPUT)
        into = _where(files, store, out)
        _spare_inputs(files, out, csv)
        with interruptible(), writing():
            if out is not None:
                check_destination(out)
            if csv is not None:
                from ._whole_file import check_destination as check_place

                check_place(csv)
        try:
            found = analyse(
                files, method=method, outcomes=_split(outcomes), max_failed_share=max_failed_share,
                half_width=half_width, seed=seed,
            )  # fmt: skip
        except TooManyFailedError as error:
            fail([str(error)], FAILED_SAMPLES)
        _show(found, as_json=as_json, quiet=quiet)
        _keep(found, into, out, csv, quiet=quiet or as_json)
        if half_width is not None and not _reached(found, half_width):
            raise typer.Exit(FAILED_SAMPLES)


def plot_sensitivity(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Results of a sweep, or a file of indices.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .png, .svg or .pdf.")],
    kind: Annotated[str, typer.Option(help="bars, heatmap, time, scatter or convergence.")] = "bars",
    method: Annotated[
        str | None, typer.Option(help="As for sensitivity; by default what the file holds, or auto.")
    ] = None,
    outcomes: Outcomes = None,
    max_failed_share: MaxFailedShare = 0.05,
) -> None:
    """Draw sensitivity indices: those in the file, or computed if there are none."""
    with border():
        from ._whole_file import check_destination
        from .sensitivity.analysis import TooManyFailedError
        from .sensitivity.plot import plot_indices

        check_suffix("--out", out, PLOT_SUFFIXES)
        _spare_inputs(files, out, None)
        with interruptible(), writing():
            check_destination(out)
        try:
            wanted = _split(outcomes)
            found = _stored(files, method, kind, wanted)
            if found is None:
                found = _computed(files, method or "auto", max_failed_share)
        except TooManyFailedError as error:
            fail([str(error)], FAILED_SAMPLES)
        source = _source(files) if kind == "scatter" else None
        with interruptible():
            plot_indices(found, out, kind=kind, outcomes=wanted, source=source)


def _where(files: list[Path], store: bool | None, out: Path | None) -> Path | None:
    """Return the results file that the indices go into, if they do."""
    single = len(files) == 1 and not files[0].is_dir()
    if store and out is not None:
        fail(["--store: goes into the results file, --out into another; give one of them"], BAD_INPUT)
    if store and not single:
        fail(["--store: there is no one results file to store into; give --out"], BAD_INPUT)
    return files[0] if single and out is None and store is not False else None


def _spare_inputs(files: list[Path], *targets: Path | None) -> None:
    """Refuse to write over what is read."""
    for target in targets:
        for file in files:
            if target is not None and target.exists() and file.exists() and target.samefile(file):
                fail([f"{target}: would overwrite {file}, which is read"], BAD_INPUT)


def _split(outcomes: str | None) -> list[str] | None:
    if outcomes is None:
        return None
    names = [name.strip() for name in outcomes.split(",") if name.strip()]
    if not names:
        fail([f"--outcomes {outcomes!r}: names no outcome; leave it out for all"], BAD_INPUT)
    return names


def _show(found: Indices, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        print_json(found.to_dict())
    elif not quiet:
        from ._console_sensitivity import show_indices
        from .console import terminal

        with printing():
            show_indices(terminal(), found)


def _keep(found: Indices, into: Path | None, out: Path | None, csv: Path | None, *, quiet: bool) -> None:
    from .console import say, terminal
    from .sensitivity.store import write_indices

    kept = []
    with interruptible(), writing():
        if csv is not None:
            from ._whole_file import write_whole

            write_whole(csv, found.to_csv().encode())
            kept.append(f"{csv}")
        if out is not None:
            kept.append(f"{write_indices(out, found)}")
        elif into is not None:
            kept.append(f"{write_indices(into, found, into=into)}, group /sensitivity")
    if kept and not quiet:
        with printing():
            say(terminal(), f"file: {'; '.join(kept)}")


def _reached(found: Indices, half_width: float) -> bool:
    if "half_width_reached" not in found:
        return False
    widest = found["half_width_reached"]
    return bool((widest[widest == widest] <= half_width).all())


def _stored(files: list[Path], method: str | None, kind: str, wanted: list[str] | None) -> Indices | None:
    """Return the indices that a single file holds, if they are of the method and the outcomes wanted."""
    if len(files) != 1 or files[0].is_dir():
        return None
    from .sensitivity.store import describe_stored, open_indices

    told: dict[str, Any] | None = describe_stored(files[0])
    if told is None or method not in (None, told["method"]):
        return None
    found = open_indices(files[0])
    there = found.coordinates.get("series", ()) if kind == "time" else found.outcomes
    lacking = not there or any(name not in there for name in wanted or ())
    # sensitivity may have been asked for some outcomes only; the samples can tell of the others
    return None if lacking and _source(files) is not None else found


def _computed(files: list[Path], method: str, max_failed_share: float) -> Indices:
    from .sensitivity.analysis import analyse

    return analyse(files, method=method, max_failed_share=max_failed_share)


def _source(files: list[Path]) -> Any:
    """Return the samples of the first sweep, None where a file holds indices alone."""
    from .errors import ResultsError
    from .sensitivity.sources import open_sources

    try:
        return open_sources(files[:1])[0]
    except ResultsError:
        return None

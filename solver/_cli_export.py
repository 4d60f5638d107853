"""The command that writes samples of a campaign or of a results file into files of other kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._cli_options import AsJson, Quiet
from ._command_border import border, print_json, printing, writing
from ._interrupts import interruptible

if TYPE_CHECKING:
    from .export import Exported

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE", help="A campaign, or a results file.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help=".nc, .h5, .csv or .parquet, replaced if it is there.")
    ],
    where: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help='Only these samples, as "status == 0 and mass_lost > 1".'),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these variables, with commas between them.")
    ] = None,
    series: Annotated[
        bool | None,
        typer.Option("--series/--no-series", help="Histories too; by default all but CSV has them."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="netcdf, csv or parquet; by default by the suffix.")
    ] = None,
    shard_size: Annotated[
        float | None, typer.Option(metavar="GB", help="Into several netCDF files above this size.")
    ] = None,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="A netCDF file that only points into the parts.")
    ] = False,
    partial: Annotated[bool, typer.Option("--partial", help="Take the parts that are there.")] = False,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Open FILE at once, without a trial: if it is one's own.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write samples of a campaign or of a results file as netCDF, CSV or Parquet."""
    with border():
        from .export import export as write

        names = None if columns is None else [name.strip() for name in columns.split(",") if name.strip()]
        if not source.is_dir():
            _try(source, trusted=trusted)
        with interruptible(), writing():
            found = write(
                source, out, columns=names, where=where, series=series, format=form,
                shard_gigabytes=shard_size, virtual=virtual, partial=partial,
            )  # fmt: skip
        _show(found, as_json=as_json, quiet=quiet)


def _try(source: Path, *, trusted: bool) -> None:
    """Refuse a file that is no results file, as bad input."""
    from ._hdf5_read import check_results
    from ._hdf5_trial import try_file

    if not trusted:
        try_file(source)
    check_results(source)


def _show(found: Exported, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        files = [str(path) for path in found.paths]
        print_json(
            {"files": files, "samples": found.samples, "available": found.available, "bytes": found.size}
        )
    elif not quiet:
        from .console import say, terminal

        console = terminal()
        with printing():
            say(
                console,
                f"samples: {found.samples:,} of {found.available:,}, {found.size / 1e6:,.3g} MB "
                f"in {found.seconds:.1f} s",
            )
            for path in found.paths:
                say(console, f"file: {path}")

"""Arguments and options that several commands share."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer


def whole(text: str) -> int:
    """Read a whole number, ``100000`` or ``1e5``."""
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError, OverflowError):
        if float(text).is_integer():
            return int(float(text))
    raise typer.BadParameter(f"{text!r} is not a whole number, such as 100000 or 1e5")


CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Name of a shipped case, or a .toml file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--define", "-D", metavar="KEY=VALUE", help='Set a number, as -D paths.cracks.opening="10 um".'
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(parser=whole, metavar="N", help="Seed of the random numbers, instead of the case's."),
]
DesignName = Annotated[
    str | None,
    typer.Option("--design", metavar="NAME", help="How the samples are spread: sobol, saltelli, morris, ..."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]

Rate = Annotated[
    str, typer.Argument(metavar="RATE", help='As "1.7 kg/day", "1e-3 mbar L/s", "5 sccm", "1 mmHg/day".')
]
GasOption = Annotated[str, typer.Option(help='"air", N2, O2, CO2, H2O, Ar, He, or as "N2=0.8,O2=0.2".')]
Temperature = Annotated[str, typer.Option(help="Of the gas where its pressure is meant.")]
ReferenceTemperature = Annotated[str, typer.Option(help="At which standard volumes (sccm) are counted.")]
ReferencePressure = Annotated[str, typer.Option(help="At which standard volumes (sccm) are counted.")]


def design_first(settings: list[str], design: str | None) -> tuple[list[str], str | None]:
    """Return ``--define`` and ``--design`` with the kind of a design set before its options, if any are."""
    if design is None or not any(text.strip().startswith("sweep.design.") for text in settings):
        return settings, design
    return [f"sweep.design={design}", *settings], None

"""The files of commands: where they may go, what is written and what is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._command_border import BAD_INPUT, NOT_WRITTEN, fail, print_json, printing

if TYPE_CHECKING:
    from .case import Case
    from .results import Results

__all__ = [
    "PLOT_SUFFIXES", "RESULTS_SUFFIXES", "advise", "check_suffix", "meaning", "show_results",
    "spare_the_case", "write",
]  # fmt: skip

RESULTS_SUFFIXES = (".nc", ".h5")
PLOT_SUFFIXES = (".png", ".svg", ".pdf")


def write(path: Path, results: Results) -> None:
    """Write the results of a sweep."""
    from .results import write_results

    write_results(path, results)


def check_suffix(option: str, path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file name whose suffix is none of these."""
    if path.suffix.lower() not in suffixes:
        fail([f"{option} {path}: must end in {' or '.join(suffixes)}"], BAD_INPUT)


def spare_the_case(name: str, case: Case, path: Path) -> None:
    """Refuse to write over the case, the CSV of its record or its table, however they are reached."""
    from ._case_file import files_of_case
    from ._sweep_section import TableDesign

    design = case.sweep.design
    tables = [Path(design.file)] if isinstance(design, TableDesign) else []
    for own in (*files_of_case(name), *tables):
        if path.exists() and own.exists() and path.samefile(own):
            fail([f"{path}: would overwrite {own.name}, which {case.source} is read from"], NOT_WRITTEN)


def advise(case: Case) -> None:
    """Say on standard error if another number of samples would suit the design better."""
    from .console import say, terminal
    from .plan import compile_case

    if case.sweep.design.kind in ("sobol", "saltelli"):
        design = compile_case(case).design
        if design is not None and design.advice is not None:
            say(terminal(stderr=True), design.advice)


def show_results(
    results: Results, path: Path, rate: float | None, *, as_json: bool, quiet: bool, stored: bool = False
) -> None:
    """Show what a sweep says, and where it is kept; if ``stored``, also which indices the file holds."""
    from .summary import summarise

    summary = summarise(results)
    indices = _stored_indices(path) if stored else {}
    if as_json:
        print_json(summary.to_dict() | indices | {"samples_per_second": rate, "file": str(path)})
    elif not quiet:
        from .console import say, show_summary, terminal

        console = terminal()
        with printing():
            show_summary(console, summary)
            if rate is not None:
                say(console, f"speed: {rate:,.0f} samples/s")
            for told in indices.values():
                what = f"{len(told['outcomes'])} outcomes by {', '.join(told['inputs'])}"
                say(console, f"sensitivity: {told['method']}, {what}")
            say(console, f"file: {path}")


def _stored_indices(path: Path) -> dict[str, dict[str, Any]]:
    """Return what sensitivity indices the file holds, under their name; nothing if it holds none."""
    from .sensitivity.store import describe_stored

    told = describe_stored(path)
    return {} if told is None else {"sensitivity": told}


def meaning(code: int) -> str:
    """Return the name of a status."""
    from ..kernels import status

    return status.MEANINGS[code]

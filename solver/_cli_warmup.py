"""The command that compiles ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from ._cli_options import AsJson, Quiet
from ._command_border import NOT_WRITTEN, border, fail, print_json, printing
from ._kernel_start import load_numba, say_if_compiling

if TYPE_CHECKING:
    from .warmup import Warmup

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(warmup)


def warmup(as_json: AsJson = False, quiet: Quiet = False) -> None:
    """Compile every kernel ahead, for an image or a cluster; the machine code is kept on disk."""
    with border():
        load_numba()
        if not quiet:
            say_if_compiling()
        from ._kernel_cache import CacheError
        from .warmup import compile_kernels

        try:
            done = compile_kernels()
        except CacheError as error:
            fail([str(error)], NOT_WRITTEN)
        if as_json:
            print_json(done.to_dict())
        elif not quiet:
            with printing():
                print(_told(done))  # noqa: T201


def _told(done: Warmup) -> str:
    """Say what was done and where it is kept."""
    if not done.cache:
        return "nothing to compile: NUMBA_DISABLE_JIT is set"
    lines = [
        f"compiled {len(done.compiled)} kernels, found {len(done.found)}, in {done.seconds:.1f} s",
        *(f"  compiled: {name}" for name in done.compiled),
        f"cache: {done.cache}",
        f"processor: {done.processor}",
    ]
    return "\n".join(lines)

"""What a command does about compiled kernels before its work: load Numba quickly, say if it compiles."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .case import Case

__all__ = ["load_numba", "say_if_compiling"]

#: Processor time that compiling a kernel of runs took where other work shared the processor [s].
_COMPILE_SECONDS = 30


def load_numba() -> None:
    """Load Numba without SciPy, whose BLAS it would look up: no kernel calls it, and it takes 0.2 s.

    For the process of a command only: in it Numba compiles no linear algebra thereafter. SciPy itself can
    be imported as ever. What is loaded stays to the end: the search for cycles is spared it.
    """
    if "scipy" in sys.modules or "numba" in sys.modules:
        return
    sys.modules["scipy"] = None  # type: ignore[assignment]
    gc.disable()
    try:
        from numba.core.registry import cpu_target

        cpu_target.target_context.refresh()
    finally:
        del sys.modules["scipy"]
        gc.freeze()
        gc.enable()


def say_if_compiling(case: Case | None = None) -> None:
    """Say on standard error that the work starts with compiling, where no cache spares that.

    Parameters
    ----------
    case : Case, optional
        What is to be run; by default any case may be.
    """
    from ._kernel_cache import is_kept_at_all, missing

    kernels = missing(case)
    if kernels > 0:
        often = "once" if is_kept_at_all() else "in every process"
        line = f"compiling the kernels, {often}: about {kernels * _COMPILE_SECONDS} s"
        print(line, file=sys.stderr, flush=True)  # noqa: T201

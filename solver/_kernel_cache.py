"""Whether the compiled kernels are on disk, and where; half private to Numba, as is `kernels/jit.py`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba.core.registry import cpu_target

from ..kernels import batch
from .errors import LeakflowError

if TYPE_CHECKING:
    from .case import Case

__all__ = ["CacheError", "cache_folder", "is_kept_at_all", "lookups", "missing", "processor"]

#: What runs call.
_OF_RUNS: tuple[Any, ...] = (batch._run_samples, batch._run_in_lanes)


class CacheError(LeakflowError):
    """Compiled kernels cannot be kept: one line that says so."""


def missing(case: Case | None = None) -> int:
    """Return how many kernels a run, of any case if none is given, does not find in the cache; compiles none.

    None is missing where the JIT is switched off. In the cache is what was made for this processor.
    """
    kernels = [kernel for kernel in _OF_RUNS if not _is_kept(kernel)]
    if kernels and case is not None:
        from .plan import compile_case

        needed = batch.kernel_of(compile_case(case).plan)
        kernels = [kernel for kernel in kernels if kernel is needed]
    return len(kernels)


def is_kept_at_all() -> bool:
    """Return whether there is a folder for what is compiled; without one every process compiles anew."""
    return all(not hasattr(kernel, "_cache") or kernel._cache.cache_path for kernel in _OF_RUNS)


def cache_folder() -> str:
    """Return the folder of the cache; empty where the JIT is switched off.

    Raises
    ------
    CacheError
        There is none that can be written, or it is not where ``NUMBA_CACHE_DIR`` says.
    """
    kernel = _OF_RUNS[0]
    if not hasattr(kernel, "_cache"):
        return ""
    if not is_kept_at_all():
        raise CacheError(
            "compiled kernels cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written"
        )
    path, wanted = str(kernel._cache.cache_path), os.environ.get("NUMBA_CACHE_DIR")
    if wanted and not Path(path).resolve().is_relative_to(Path(wanted).resolve()):
        raise CacheError(
            f"NUMBA_CACHE_DIR={wanted}: compiled kernels cannot be kept there: "
            "name a folder that can be written"
        )
    return path


def processor() -> str:
    """Return the class of processor that machine code is made for, as LLVM names it."""
    return str(_target()[1])


def lookups(kernel: Any) -> tuple[int, int]:
    """Return how many signatures of a kernel this process loaded from the cache, and how many it compiled."""
    if not hasattr(kernel, "stats"):
        return 0, 0
    return sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values())


def _is_kept(kernel: Any) -> bool:
    """Return whether the index of the kernel's cache lists machine code for this processor."""
    if not hasattr(kernel, "_cache"):
        return True
    file = getattr(kernel._cache, "_cache_file", None)
    if file is None:
        return False
    return any(key[1] == _target() for key in file._load_index())


def _target() -> Any:
    """Return what Numba tells machine code apart by: system, class of processor, features."""
    return cpu_target.target_context.codegen().magic_tuple()

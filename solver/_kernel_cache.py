"""Whether the compiled kernels are on disk, and where; half private to Numba, as is `kernels/jit.py`."""

from __future__ import annotations

from typing import Any

from numba.core.registry import cpu_target

from ..kernels import batch, outcomes
from .errors import LeakflowError

__all__ = ["CacheError", "cache_folder", "is_kept_at_all", "is_warm", "lookups", "processor"]

#: What a run calls.
_OF_A_RUN: tuple[Any, ...] = (batch._run_samples, outcomes.n_outcomes)


class CacheError(LeakflowError):
    """Compiled kernels cannot be kept: one line that says so."""


def is_warm() -> bool:
    """Return whether a run will find its kernels in the cache, made for this processor; compiles nothing.

    True as well where the JIT is switched off.
    """
    return all(_is_kept(kernel) for kernel in _OF_A_RUN)


def is_kept_at_all() -> bool:
    """Return whether there is a folder for what is compiled; without one every process compiles anew."""
    return all(not hasattr(kernel, "_cache") or kernel._cache.cache_path for kernel in _OF_A_RUN)


def cache_folder() -> str:
    """Return the folder of the cache; empty where the JIT is switched off.

    Raises
    ------
    CacheError
        There is none that can be written.
    """
    kernel = _OF_A_RUN[0]
    if not hasattr(kernel, "_cache"):
        return ""
    if not is_kept_at_all():
        raise CacheError(
            "compiled kernels cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written"
        )
    return str(kernel._cache.cache_path)


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
    try:
        keys = list(file._load_index())
    except Exception:  # noqa: BLE001  # a damaged index is what Numba will replace
        return False
    return any(key[1] == _target() for key in keys)


def _target() -> Any:
    """Return what Numba tells machine code apart by: system, class of processor, features."""
    return cpu_target.target_context.codegen().magic_tuple()

"""The one decorator behind which all jitted code stands: its options, and a cache that cannot be stale.

Numba stamps a cached function with the hash of its own file only, so a function keeps its old result
when a callee in another file changes (numba issue 1833). Here the stamp is a hash over every file of
``kernels/`` and over the options: any edit of any kernel recompiles all of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, config

from .whole import PartCompiler, RareCompiler, WholeCompiler

#: Division follows IEEE (``numpy``): a zero denominator gives infinity, and loops stay free of branches.
#: No fastmath: NaN and infinity keep their meaning and sums their order.
OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": False}

#: A function that only other kernels call needs no entry from Python or C.
_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

#: Names by which a kernel makes an array, or another form of one.
_MAKING_ARRAYS = frozenset({"argsort", "copy", "empty", "ravel", "reshape", "sort", "zeros"})

#: Bytes of the digest before an index of the cache.
_DIGEST = 32


def jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile ``function`` on its first call, and keep the machine code on disk.

    With ``NUMBA_DISABLE_JIT=1`` the plain Python function is returned. The cache lies beside the
    source, or in the user's cache folder where that is not writable, or in ``NUMBA_CACHE_DIR``; where
    no folder can be written at all the function is compiled anew in each process.
    """
    return _compile_cached(function, OPTIONS)


def jit_inline(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `jit`, inlined into its caller: for a small kernel of which a caller may drop part of the result."""
    return _compile_cached(function, OPTIONS | {"forceinline": True})


def jit_rare(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `jit`, for what a sample does once or at an event, or few kinds of case do: what is called stays so.

    To put it into its callers would take longer to compile, and save the time of a call.
    """
    return _compile_cached(function, OPTIONS, RareCompiler)


def _compile_cached(
    function: Callable[..., Any], options: dict[str, Any], compiler: type[PartCompiler] = PartCompiler
) -> Callable[..., Any]:
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    # counting references takes a tenth of the time to compile; what a kernel is given outlives its call
    options = options | {"_nrt": not _MAKING_ARRAYS.isdisjoint(function.__code__.co_names)}
    dispatcher = numba.njit(**options, pipeline_class=WholeCompiler)(function)
    part = cache(lambda: numba.njit(**options | _NO_WRAPPERS, pipeline_class=compiler)(function))
    # what Numba asks for when it meets the function in another one; most processes compile none
    dispatcher.get_call_template = lambda *arguments: part().get_call_template(*arguments)
    dispatcher.get_overload = lambda signature: part().get_overload(signature)
    try:
        dispatcher._cache = _StampedCache(function)
    except RuntimeError as error:
        warnings.warn(f"compiled kernels are not kept between runs: {error}", RuntimeWarning, stacklevel=3)
    return dispatcher  # type: ignore[no-any-return]


class _StampedCache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's cache of a function, stamped with all of ``kernels/`` instead of the function's own file.

    The stamp is part of the file names too: Numba unpickles an index before it compares stamps, which
    fails when a type named in an old index has gone.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = source_stamp()
        self._stamped = f"{self._impl.filename_base}.{stamp[:16]}"
        self._cache_file = _CheckedFiles(
            cache_path=self._cache_path, filename_base=self._stamped, source_stamp=stamp
        )

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled signature, and drop what other versions of ``kernels/`` left."""
        super().save_overload(sig, data)
        name, _, line_and_python = self._impl.filename_base.rpartition("-")
        python = line_and_python.partition(".")[2]
        for path in Path(self._cache_path).glob(f"{name}-*.{python}.*"):
            if not path.name.startswith(self._stamped):
                with contextlib.suppress(OSError):
                    path.unlink()


class _CheckedFiles(caching.IndexDataCacheFile):  # type: ignore[misc]
    """The files of a cache, each with the digest of its bytes: what is damaged is not there, and made again.

    Numba unpickles whatever a full disk or a crash has left. And it numbers files by what the index lists:
    two processes that compile two signatures at once would give both one number, and load machine code of
    the other's arguments from then on. Here a file is named by its digest; they lose an entry of the index at
    worst, and one of them compiles again.
    """

    def save(self, key: Any, data: Any) -> None:
        """Save machine code, then list it."""
        dumped = self._dump(data)
        name = self._data_name(_number(dumped))
        with self._open_for_write(self._data_path(name)) as file:
            file.write(dumped)
        self._save_index(self._load_index() | {key: name})

    def load(self, key: Any) -> Any:
        """Load machine code; None if there is none."""
        name = self._load_index().get(key)
        if name is None:
            return None
        try:
            dumped = Path(self._data_path(name)).read_bytes()
        except OSError:  # removed since
            return None
        return pickle.loads(dumped) if self._data_name(_number(dumped)) == name else None

    def _load_index(self) -> dict[Any, str]:
        try:
            content = Path(self._index_path).read_bytes()
        except OSError:  # there is none yet, as a rule
            return {}
        digest, dumped = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(dumped).digest() != digest:
            return {}
        overloads: dict[Any, str] = pickle.loads(dumped)
        return overloads

    def _save_index(self, overloads: dict[Any, str]) -> None:
        dumped = self._dump(overloads)
        with self._open_for_write(self._index_path) as file:
            file.write(hashlib.sha256(dumped).digest() + dumped)


def _number(dumped: bytes) -> int:
    """Return the number of a file of these bytes: the first eight of their digest."""
    return int.from_bytes(hashlib.sha256(dumped).digest()[:8], "big")


@cache
def source_stamp() -> str:
    """Return the sha256 over the names and bytes of every Python file in ``kernels/``, and the options."""
    folder = Path(__file__).resolve().parent
    digest = hashlib.sha256(repr((numba.__version__, OPTIONS)).encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(os.fsencode(path.relative_to(folder).as_posix()))
        digest.update(b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()

"""What a command is told by variables of the environment: those that Numba reads as it is loaded.

Numba itself answers a wrong one with an exception, with a warning that shows a traceback, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from .errors import EnvironmentVariableError

__all__ = ["check_environment"]


def check_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Check the variables that Numba reads and people set.

    Raises
    ------
    EnvironmentVariableError
        One line naming the variable, its value and what is allowed.
    """
    for name, (fits, allowed) in _ALLOWED.items():
        value = environment.get(name)
        if value is not None and not fits(value):
            raise EnvironmentVariableError(f"{name}={value}: must be {allowed}, or not be set")


def _whole(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _is_count(value: str) -> bool:
    number = _whole(value)
    return number is not None and number >= 1


def _is_switch(value: str) -> bool:
    return _whole(value) in (0, 1)


def _is_level(value: str) -> bool:
    return value in ("0", "1", "2", "3", "max")


def _is_integer(value: str) -> bool:
    return _whole(value) is not None


def _may_be_folder(value: str) -> bool:
    """Return whether it is a folder or can become one: the first of its parents that is there is one."""
    if not value:
        return True  # as if it were not set
    there = next((path for path in (Path(value), *Path(value).absolute().parents) if _exists(path)), None)
    return there is None or there.is_dir()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


# those that change what is compiled; Numba goes on without one that is no number
_NUMBERS = tuple(
    f"NUMBA_{name}"
    for name in (
        "BOUNDSCHECK",
        "DEBUG",
        "DEBUGINFO",
        "DEVELOPER_MODE",
        "DISABLE_INTEL_SVML",
        "ENABLE_AVX",
        "LOOP_VECTORIZE",
        "SLP_VECTORIZE",
    )
)
_ALLOWED: dict[str, tuple[Callable[[str], bool], str]] = {
    "NUMBA_NUM_THREADS": (_is_count, "a whole number, 1 or more"),
    "NUMBA_DISABLE_JIT": (_is_switch, "0 or 1"),
    "NUMBA_CACHE_DIR": (_may_be_folder, "a folder, one that is there or can be made"),
    "NUMBA_OPT": (_is_level, "0, 1, 2, 3 or max"),
    **dict.fromkeys(_NUMBERS, (_is_integer, "a whole number")),
}

"""How near the crack law comes to what this machine can do: ``python -m benchmarks.law_limit``.

The divisions, roots and other operations that one crack takes are counted, by the law's own code on numbers
that count. What the machine does of each in a nanosecond is measured with loops of nothing else, in the
same vector instructions. Divisions and roots share a unit, and everything else goes on beside them: the
longer of the two is the limit, which nothing can beat that takes these operations.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import numba
import numpy as np

from .parts import law_seconds

__all__ = ["main", "operations"]

_WIDTH = 128
_REPEATS = 20_000
_ROUNDS = 7
_CHAIN = 8


def main() -> None:
    """Print the operations of one crack, what they take at least, and what the law takes."""
    count = operations()
    seconds = {"division": _divisions(), "root": _roots(), "other": _others()}
    unit = count["division"] * seconds["division"] + count["root"] * seconds["root"]
    rest = count["other"] * seconds["other"]
    _, lanes = law_seconds()
    for name, each in seconds.items():
        print(f"{name:9} {count[name]:4d} a crack, {1e9 * each:6.3f} ns each")
    print(f"limit     {1e9 * max(unit, rest):.1f} ns a crack")
    print(f"          divisions and roots {1e9 * unit:.1f}, others {1e9 * rest:.1f}")
    print(f"law       {1e9 * lanes:.1f} ns a crack, {100.0 * max(unit, rest) / lanes:.0f} % of the limit")


def operations() -> dict[str, int]:
    """Count what a crack far from turbulence takes into vacuum, with one pass of Newton.

    Returns
    -------
    dict of str to int
        ``division``, ``root`` and ``other``: products, sums, comparisons and absolute values.
    """
    run = [sys.executable, "-c", "from benchmarks.law_limit import _count; _count()"]
    own = {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(run, env=os.environ | own, stdout=subprocess.PIPE, check=True, text=True)
    return dict(json.loads(done.stdout))


_counted: Counter[str] = Counter()


class _Counting(float):
    """A number that counts what is done with it."""


def _counts(name: str, kind: str) -> None:
    own = getattr(float, name)

    def operation(self: _Counting, *others: Any) -> Any:
        _counted[kind] += 1
        value = own(self, *others)
        return _Counting(value) if isinstance(value, float) else value

    setattr(_Counting, name, operation)


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "lt", "gt", "le", "ge", "abs"):
    _counts(f"__{_name}__", "other")
for _name in ("truediv", "rtruediv"):
    _counts(f"__{_name}__", "division")


class _Roots:
    """What the law takes of `math`."""

    @staticmethod
    def sqrt(x: float) -> float:
        if isinstance(x, _Counting):
            _counted["root"] += 1
            return _Counting(float(x) ** 0.5)
        return x**0.5


def _count() -> None:
    """Count in one lane, and print (in a process without the compiler)."""
    from leakflow.kernels import crack, crack_lanes, elementary

    of_log = _in_source(elementary.log)

    def log(x: float) -> float:
        _counted.update(of_log)
        return _Counting(float(np.log(float(x))))

    crack_lanes.log, crack_lanes.math = log, _Roots
    geometry = np.array([crack.crack_geometry(6e-6, 1e-2, 2.5e-3, 1.5, 5e-7, 1.0, 0.9, 0.5)])
    lanes = np.zeros(crack_lanes.BLOCK)
    with np.errstate(all="ignore"):
        crack_lanes.set_lanes(geometry, 0, 1, np.zeros(1, np.int64), lanes, 0)
    block = [_Counting(x) for x in lanes]
    work = [_Counting(0.0)] * crack_lanes.WORK
    _counted.clear()
    vectors = crack_lanes.LANES // crack_lanes.VECTOR
    crack_lanes._set_friction(3e9, 1.0, block, work, vectors)
    crack_lanes._estimate(3e9**1.25, 1.0, 3.0, block, work, vectors)
    crack_lanes._correct_estimate(1.0, 3.0, work, vectors)
    crack_lanes._improve_laminar(1.0, 3.0, work, vectors)
    print(json.dumps({kind: round(n / crack_lanes.LANES) for kind, n in _counted.items()}))


def _in_source(function: Any) -> Counter[str]:
    """Count the operations that stand in a function without a loop."""
    found: Counter[str] = Counter()
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if isinstance(node, ast.BinOp):
            found["division" if isinstance(node.op, ast.Div) else "other"] += 1
        elif isinstance(node, ast.Compare):
            found["other"] += 1
    return found


def _divisions() -> float:
    return _seconds_each(_divide, _CHAIN)


def _roots() -> float:
    """Seconds of a root; the sum beside it takes another unit."""
    return _seconds_each(_take_roots, _CHAIN)


def _others() -> float:
    return _seconds_each(_multiply_and_add, 2 * _CHAIN)


def _seconds_each(kernel: Any, chain: int) -> float:
    x = np.linspace(1.0, 2.0, _WIDTH)
    kernel(x, 1)
    least = np.inf
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        kernel(x, _REPEATS)
        least = min(least, time.perf_counter() - start)
    assert np.isfinite(x).all()
    return least / (_REPEATS * _WIDTH * chain)


@numba.njit(error_model="numpy")
def _divide(x, repeats):
    for _ in range(repeats):
        for i in range(_WIDTH):
            v = x[i]
            v = 1.5 / v
            v = 1.6 / v
            v = 1.5 / v
            v = 1.4 / v
            v = 1.5 / v
            v = 1.6 / v
            v = 1.5 / v
            x[i] = 1.4 / v


@numba.njit(error_model="numpy")
def _take_roots(x, repeats):
    for _ in range(repeats):
        for i in range(_WIDTH):
            v = x[i]
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            v = np.sqrt(v) + 1.0
            x[i] = np.sqrt(v) + 1.0


@numba.njit(error_model="numpy")
def _multiply_and_add(x, repeats):
    for _ in range(repeats):
        for i in range(_WIDTH):
            v = x[i]
            v = v * 0.9 + 0.1
            v = v * 0.8 + 0.3
            v = v * 0.9 + 0.1
            v = v * 0.8 + 0.3
            v = v * 0.9 + 0.1
            v = v * 0.8 + 0.3
            v = v * 0.9 + 0.1
            x[i] = v * 0.8 + 0.3


if __name__ == "__main__":
    main()

"""Samples side by side against one after the other: ``python -m benchmarks.lanes``.

Each workload of `workloads.SIDE_BY_SIDE` in pairs of runs, on one thread: the time of a sample either way,
the ratio, by how much the outcomes of the two differ, and the error of the first against a tighter rtol.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import batch, model
from leakflow.solver import engine
from leakflow.solver.plan import CompiledCase, compile_case

from .workloads import SEED, SIDE_BY_SIDE, workload

_SAMPLES = {"station-year": 256, "station-guard": 256, "station-valve": 64}
_PAIRS = 9
_TIGHT = 1e-11
# of few samples, for the errors; pressures and masses that are nothing beside others count to this share
_CHECKED = 16
_LITTLE = 1e-9


def main() -> None:
    """Print a line for each workload."""
    print("workload        side by side  one after the other  ratio                 differ   error")
    for name in SIDE_BY_SIDE:
        compiled = compile_case(workload(name))
        count = _SAMPLES[name]
        ours, theirs = times(compiled.plan, count)
        ratio = theirs / ours
        spread = f"{np.median(ratio):.2f} ({ratio.min():.2f} to {ratio.max():.2f})"
        differ = difference(outcomes_of(compiled, count), outcomes_of(compiled, count, alone=True))
        exact = outcomes_of(compile_case(workload(name, {"run.rtol": _TIGHT})), _CHECKED)
        error = difference(outcomes_of(compiled, _CHECKED), exact)
        print(
            f"{name:14}{1e6 * np.median(ours):11.1f} us{1e6 * np.median(theirs):18.1f} us  {spread:20}"
            f"{differ:9.1e}{error:9.1e}"
        )


def times(plan: model.Plan, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds for a sample side by side and one after the other, in pairs of runs."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(_PAIRS + 1):
        for alone, kept in zip((False, True), found, strict=True):
            with one_after_the_other(plan, alone=alone):
                engine.run_block(plan, SEED, 0, 1, series=False)  # with working memory of its own
                start = time.perf_counter()
                engine.run_block(plan, SEED, 0, count, series=False)
                kept.append((time.perf_counter() - start) / count)
    return np.array(found[0][1:]), np.array(found[1][1:])


def outcomes_of(compiled: CompiledCase, count: int, *, alone: bool = False) -> dict[str, NDArray[np.float64]]:
    """Masses and pressures of the first samples."""
    with one_after_the_other(compiled.plan, alone=alone):
        block = engine.run_block(compiled.plan, SEED, 0, count, series=False)
    assert not block.statuses.any()
    wanted = [c for c in compiled.outcomes if c.name.startswith(("mass_", "pressure_final", "leak_rate"))]
    return {c.name: block.outcomes[:, c.place] for c in wanted if c.name != "mass_balance_residual"}


def difference(one: dict[str, NDArray[np.float64]], other: dict[str, NDArray[np.float64]]) -> float:
    """Return the worst relative difference."""
    worst = 0.0
    for name, values in other.items():
        size = np.maximum(np.abs(values), _LITTLE * np.abs(values).max())
        worst = max(worst, float(np.max(np.abs(one[name] - values) / size, initial=0.0)))
    return worst


@contextmanager
def one_after_the_other(plan: model.Plan, *, alone: bool) -> Iterator[None]:
    """Let samples run ``alone``, without lanes, or as ever."""
    usual = batch.goes_in_lanes
    batch._SPARE.pop(plan, None)
    if alone:
        batch.goes_in_lanes = lambda plan: False  # type: ignore[assignment]
    try:
        yield
    finally:
        batch.goes_in_lanes = usual
        batch._SPARE.pop(plan, None)


if __name__ == "__main__":
    main()

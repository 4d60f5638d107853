"""Sobol' indices of 200,000 samples of 12 outcomes, streamed from a file."""

from __future__ import annotations

import numpy as np

from benchmarks.sensitivity_size import OUTCOMES, ROWS, exact, write_sweep
from leakflow.solver.sensitivity import analyse, tables

SAMPLES = 200_000


def test_sensitivity(benchmark, tmp_path, monkeypatch):
    """The indices are those of a sum; the way is that of a sweep too large for memory."""
    write_sweep(tmp_path / "sweep.nc", SAMPLES // ROWS)
    monkeypatch.setattr(tables, "_IN_MEMORY", 0)
    found = analyse(tmp_path / "sweep.nc")
    assert len(found.outcomes) == OUTCOMES
    for name in ("S1", "ST"):
        within = np.abs(found[name] - exact()) <= 2.0 * found[f"{name}_conf"]
        assert within.all()
    benchmark.pedantic(analyse, args=(tmp_path / "sweep.nc",), rounds=3)
    if benchmark.stats:
        benchmark.extra_info["samples_per_second"] = SAMPLES / benchmark.stats.stats.median

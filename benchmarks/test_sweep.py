"""A sweep of 1,000 samples of ``prk-july-2021`` on all processors, from the case to results in memory."""

from __future__ import annotations

import pytest

from leakflow.solver import sweep

SAMPLES = 1000


def test_sweep(benchmark, case, slow_tunnel):
    """Three of the samples are checked against scipy."""
    results = sweep(case, samples=SAMPLES)
    assert results.n_failed == 0
    for index in (0, 500, 999):
        slow = slow_tunnel(index).mass_lost(case.run.duration)
        assert results["mass_lost"][index] == pytest.approx(slow, rel=1e-5)

    benchmark.pedantic(sweep, args=(case,), kwargs={"samples": SAMPLES}, rounds=5)
    if benchmark.stats:
        benchmark.extra_info["samples_per_second"] = SAMPLES / benchmark.stats.stats.median

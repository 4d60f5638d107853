"""Samples of two unknowns side by side, and one after the other: the same outcomes."""

from __future__ import annotations

import pytest

from benchmarks import lanes
from benchmarks.workloads import SEED, SIDE_BY_SIDE, workload
from leakflow.solver import engine
from leakflow.solver.plan import compile_case

SAMPLES = 64


@pytest.mark.parametrize("alone", [False, True], ids=["side by side", "one after the other"])
@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_two_unknowns(benchmark, name, alone):
    """At rtol 1e-6 within 1e-5 of steps at 1e-11, and either way within 1e-9 of the other."""
    compiled = compile_case(workload(name))
    found = lanes.outcomes_of(compiled, 8, alone=alone)
    exact = lanes.outcomes_of(compile_case(workload(name, {"run.rtol": 1e-11})), 8)
    assert lanes.difference(found, exact) < 1e-5
    assert lanes.difference(found, lanes.outcomes_of(compiled, 8, alone=not alone)) < 1e-9

    with lanes.one_after_the_other(compiled.plan, alone=alone):
        engine.run_block(compiled.plan, SEED, 0, 1, series=False)
        benchmark(engine.run_block, compiled.plan, SEED, 0, SAMPLES, series=False)

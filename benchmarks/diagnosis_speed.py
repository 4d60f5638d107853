"""How long a diagnosis takes with 1e5 likelihood evaluations a hypothesis, and a design over 20 tests.

python -m benchmarks.diagnosis_speed [LIVE]
"""

from __future__ import annotations

import sys
import time

from leakflow.solver.diagnosis.design import design_test
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.sampler import sample

JULY, JUNE = "prk-july-2021-sealed-or-fed", "prk-june-2025-sealed-or-fed"
#: mmHg
PRESSURES = (10, *range(25, 276, 25), *range(325, 501, 25))


def evidence(live: int) -> None:
    """Print seconds and evaluations for three hypotheses on the record of July 2021."""
    start = time.perf_counter()
    for rival in load_rivals(JULY, only=["laminar", "linear", "linear-fed"])[1]:
        forward = Forward(rival.case, 1)
        own, processor = time.perf_counter(), time.process_time()
        found = sample(forward, forward.dimensions, seed=1, live=live, most_evaluations=2_000_000)
        print(
            f"{rival.name:11} {found.evaluations:9,} evaluations {time.perf_counter() - own:6.1f} s "
            f"({time.process_time() - processor:.1f} s of processors), "
            f"ln Z {found.log_evidence:.3f} +- {found.error:.3f}, ESS {found.ess:.0f}",
            flush=True,
        )
    print(f"three hypotheses, {live} live points: {time.perf_counter() - start:.1f} s")


def design() -> None:
    """Print seconds for a design over 20 tests of June 2025, the sampling of the posteriors included."""
    pressures = ", ".join(f'"{pressure} mmHg"' for pressure in PRESSURES)
    start, processor = time.perf_counter(), time.process_time()
    plan = design_test(JUNE, overrides=[f"design.pressures=[{pressures}]"], seed=1)
    took = time.perf_counter() - start
    judged = [test for test in plan.tests if test.told is not None]
    print(
        f"design over {len(judged)} tests, {len(plan.prospects)} hypotheses: {took:.1f} s "
        f"({time.process_time() - processor:.1f} s of processors)"
    )


if __name__ == "__main__":
    evidence(int(sys.argv[1]) if sys.argv[1:] else 2700)
    design()

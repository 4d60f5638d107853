"""How right what is read on the way is, over cases at random: ``python -m benchmarks.accuracy --cases 1000``.

Each of `random_cases` is run at an rtol from 1e-3 to 1e-9 in turn, three samples of it, and again at 1e-11.
What is printed is the error of the pressures at 122 times over the tolerance of a step, ``rtol p + atol``: of
each case the worst, in the median, at 90 and 99 of a hundred cases and the worst of all, then the same at the
end, then what samples ended otherwise. Outcomes must have the same bits with series as without, and samples
alone as beside others; the exit code is 1 where they have not.

Not looked at are flows, masses, temperatures and times of thresholds; energy, mixtures, controls and cracks
that reopen; and pressures far below `atol`, of which nothing is promised.
"""

from __future__ import annotations

import argparse
import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leakflow.solver import engine
from leakflow.solver.case import case_of
from leakflow.solver.plan import CompiledCase, compile_case

from .random_cases import random_case

_RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
_EXACT = 1e-11
_ATOL = 100.0  # Pa, times rtol: the atol that a case has where it names none
_SAMPLES = 3
_SEED = 5
_SHOWN = 12.0  # tolerances from which a case is named


class Compared(NamedTuple):
    """A case beside the same run more exactly.

    Attributes
    ----------
    worst, end : float
        Errors over tolerances, at any time and at the last; NaN where no sample ended well both times.
    statuses, exact_statuses : int8 (n,)
    has_same_bits : bool
    """

    worst: float
    end: float
    statuses: NDArray[np.int8]
    exact_statuses: NDArray[np.int8]
    has_same_bits: bool


def main() -> int:
    """Print the errors, and the cases worth a look; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=200, help="how many")
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    options = parser.parse_args()
    found, otherwise, faults = [], 0, 0
    for seed in range(options.first, options.first + options.cases):
        rtol = _RTOLS[seed % len(_RTOLS)]
        one = compare(seed, rtol)
        if not one.has_same_bits:
            faults += 1
            print(f"case {seed}, rtol {rtol:g}: other bits with series, or alone")
        if (one.statuses != one.exact_statuses).any():
            otherwise += 1
            print(f"case {seed}, rtol {rtol:g}: statuses {one.statuses}, exactly {one.exact_statuses}")
        if one.worst > _SHOWN:
            print(
                f"case {seed}, rtol {rtol:g}: {one.worst:.1f} tolerances, {one.end:.2g} at the end",
                flush=True,
            )
        if np.isfinite(one.worst):
            found.append((one.worst, one.end))
    worst, end = np.array(found).reshape(-1, 2).T
    print(
        f"{len(found)} of {options.cases} cases compared; {otherwise} with other statuses; "
        f"{faults} with other bits"
    )
    print("error over the tolerance   median     90 %     99 %    worst")
    for name, errors in (("at any time", worst), ("at the end", end)):
        at = np.quantile(errors, [0.5, 0.9, 0.99, 1.0]) if errors.size else np.full(4, np.nan)
        print(f"{name:24}" + "".join(f"{one:9.2g}" for one in at))
    return 1 if faults else 0


def compare(seed: int, rtol: float) -> Compared:
    """Run a case at an rtol and more exactly, with series and without, together and alone."""
    compiled = _compiled(seed, rtol)
    block = engine.run_block(compiled.plan, _SEED, 0, _SAMPLES, series=True)
    plain = engine.run_block(compiled.plan, _SEED, 0, _SAMPLES, series=False)
    last = engine.run_block(compiled.plan, _SEED, _SAMPLES - 1, 1, series=True)
    has_same_bits = (
        block.outcomes.tobytes() == plain.outcomes.tobytes()
        and block.outcomes[-1:].tobytes() == last.outcomes.tobytes()
        and block.values[-1:].tobytes() == last.values.tobytes()
    )
    exact = engine.run_block(_compiled(seed, _EXACT).plan, _SEED, 0, _SAMPLES, series=True)
    well = (block.statuses == 0) & (exact.statuses == 0)
    if not well.any():
        return Compared(np.nan, np.nan, block.statuses, exact.statuses, has_same_bits)
    pressures = slice(0, len(compiled.volumes))  # the first of the series
    right = exact.values[well][:, :, pressures]
    error = np.abs(block.values[well][:, :, pressures] - right) / (rtol * (np.abs(right) + _ATOL))
    return Compared(
        float(error.max()), float(error[:, -1].max()), block.statuses, exact.statuses, has_same_bits
    )


def _compiled(seed: int, rtol: float) -> CompiledCase:
    case = random_case(seed, rtol)
    if rtol == _EXACT:
        case["run"]["max_steps"] *= 10
    return compile_case(case_of(case, f"random case {seed}"))


if __name__ == "__main__":
    sys.exit(main())

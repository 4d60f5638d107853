"""Which method for the steps: ``python -m benchmarks.methods`` lets six follow the same problems, and counts.

The problems are right-hand sides of the engine, its tables of cracks filled beforehand; the methods are those
of `benchmarks.method_tableaus`, their driver is `benchmarks.method_driver`. Times are medians, in seconds of
the processor; counts are means over the samples and hardly depend on the machine.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import model, network, rosenbrock
from leakflow.solver.plan import compile_case

from .method_driver import Problem, follow, worst_error
from .method_tableaus import METHODS
from .parts import _prepared
from .workloads import workload

__all__ = ["RTOLS", "TARGETS", "Measured", "least", "main", "power_of_tolerance", "problems"]

#: Tolerances that are tried, and errors at which the methods are compared.
RTOLS = tuple(10.0**-k for k in range(3, 12))
TARGETS = (1e-6, 1e-8, 1e-10)
_SAMPLES = 4
# tolerance of the references, how far two of them may differ, and errors below which rounding is measured
_TIGHT = 1e-13
_AGREE = 1e-11
_ROUNDING = 1e-12
# least power of the tolerance that an error must go with
_LEAST_POWER = 0.5
# rtol that the tables of cracks are made for: their error is a thousandth of it
_TABLES = 1e-8
# times of a run, whose median counts, and how long each is at least; from the second on a run is timed once
_ROUNDS = 5
_ROUND_SECONDS, _LONG_SECONDS = 2e-3, 2e-2
_DAY = 86400.0
# while the valve is open: as the pressures meet, when they have met, and the end [s]
_OPEN = (30.0, 300.0, 3600.0)
_BETWEEN = np.geomspace(1.0, 3600.0, 100)


@dataclass(frozen=True)
class Measured:
    """What a method did at a tolerance: counts and seconds are means over the samples.

    error : float
        Worst of any sample, as `method_driver.worst_error`.
    """

    rtol: float
    error: float
    steps: float
    rejected: float
    rates: float
    slopes: float
    factorisations: float
    seconds: float

    @property
    def evaluations(self) -> float:
        """Of rates, with slopes or without."""
        return self.rates + self.slopes


def main() -> int:
    """Print a table for each problem and what is least at each error; 1 if an error does not fall."""
    failed = False
    for name, of_samples in problems().items():
        references = [_reference(problem) for problem in of_samples]
        methods = [name for name, method in METHODS.items() if method.has_dense or not of_samples[0].between]
        stiff = [_stiffness(problem, at[-1]) for problem, at in zip(of_samples, references, strict=True)]
        unknowns = model.sizes(of_samples[0].plan)[0]
        print(f"\n{name}: {unknowns} unknown{'s' if unknowns > 1 else ''}, {of_samples[0].stops[-1]:.0f} s;"
              f" fastest rate times span {min(stiff):.2g} to {max(stiff):.2g}")  # fmt: skip
        print(f"{'method':9}{'rtol':>6}{'error':>9}{'steps':>10}{'rejected':>10}{'rates':>10}{'slopes':>10}"
              f"{'factorised':>12}{'us':>11}")  # fmt: skip
        done = {}
        for method in methods:
            done[method] = [_measured(of_samples, method, rtol, references) for rtol in RTOLS]
            for run in done[method]:
                _print_run(method, run)
            power = power_of_tolerance(done[method])
            if not power >= _LEAST_POWER:
                print(f"{method}: the error goes with the tolerance to the power {power:.2f} only")
                failed = True
        _print_least(done)
    return 1 if failed else 0


def problems(samples: int = _SAMPLES) -> dict[str, list[Problem]]:
    """Make the problems: of each the first samples of its workload.

    Returns
    -------
    dict of str to list of Problem
        The hour in which the valve of ``stiff-valve`` is open, and the week before, with a station that is
        held or is an unknown too; ``prk-decay``; the hour at a tolerance of 2e-8 where pressures meet, and
        with that by the dense output at times between the steps.
    """
    loose = {"volumes.station.kind": "integrated"}
    limited = [replace(_valve({}, i), limited=True) for i in range(samples)]
    return {
        "valve open": [_valve({}, i) for i in range(samples)],
        "valve open, station not held": [_valve(loose, i) for i in range(samples)],
        "valve open, tolerance limited": limited,
        "valve open, tolerance limited, between steps": [
            replace(problem, between=True, stops=_BETWEEN) for problem in limited
        ],
        "valve shut, station not held": [_week(loose, i) for i in range(samples)],
        "decay": [_problem("prk-decay", {}, i, (30.0 * _DAY,)) for i in range(samples)],
    }


def power_of_tolerance(runs: Sequence[Measured]) -> float:
    """Power of the tolerance that the errors above rounding go with; infinite where there are not two."""
    seen = [run for run in runs if not run.error <= _ROUNDING]
    if len(seen) < 2:
        return math.inf
    rtols, errors = np.log([run.rtol for run in seen]), np.log([run.error for run in seen])
    return float(np.polyfit(rtols, errors, 1)[0])


def least(runs: Sequence[Measured], target: float, cost: str = "seconds") -> float:
    """Least cost of an error, interpolated in logarithms; NaN if no run is that good.

    Runs that another one beats in both error and cost are left out. Where the worst of the rest is better
    than asked for, it is the cost of that run.

    Parameters
    ----------
    runs : sequence of Measured
    target : float
        The error.
    cost : str
        Which field of `Measured`.
    """
    front: list[Measured] = []
    for run in sorted(runs, key=lambda run: (getattr(run, cost), run.error)):
        if not front or run.error < front[-1].error:
            front.append(run)
    if not front[-1].error <= target:
        return math.nan
    errors = [math.log(max(run.error, 1e-300)) for run in reversed(front)]
    costs = [math.log(getattr(run, cost)) for run in reversed(front)]
    return math.exp(float(np.interp(math.log(target), errors, costs)))


def _measured(
    of_samples: Sequence[Problem], name: str, rtol: float, references: Sequence[NDArray[Any]]
) -> Measured:
    """Run a method on all samples: its worst error, and of each sample the median of its times."""
    errors, counts = [], []
    for problem, truth in zip(of_samples, references, strict=True):
        run = follow(problem, METHODS[name], rtol)
        calls = max(1, round(_ROUND_SECONDS / run.seconds))
        rounds = _ROUNDS if run.seconds < _LONG_SECONDS else 0
        times = [follow(problem, METHODS[name], rtol, calls=calls).seconds for _ in range(rounds)]
        errors.append(worst_error(problem, run.states, truth))
        counts.append(
            [
                run.steps,
                run.rejected,
                run.rates,
                run.slopes,
                run.factorisations,
                np.median(times or run.seconds),
            ]
        )
    return Measured(rtol, max(errors), *map(float, np.mean(counts, axis=0)))


def _reference(problem: Problem) -> NDArray[Any]:
    """States at the stops by Rodas5P at its tightest, which DOP853 must confirm."""
    problem = replace(problem, between=False)
    truth = follow(problem, METHODS["Rodas5P"], _TIGHT).states
    apart = worst_error(problem, follow(problem, METHODS["DOP853"], _TIGHT).states, truth)
    if not apart < _AGREE:
        raise RuntimeError(f"the references of Rodas5P and DOP853 differ by {apart:.1e}")
    return truth


def _stiffness(problem: Problem, state: NDArray[Any]) -> float:
    """Largest eigenvalue at a state times the span."""
    plan, work = problem.plan, problem.work
    network.rates_and_slopes(plan, problem.sample, state, work.rate, work.slopes)
    jacobian = np.zeros((model.sizes(plan)[0], state.size))
    for j, row in enumerate(jacobian):
        network.collect(plan, np.ascontiguousarray(work.slopes[:, j]), row)
    eigenvalues = np.linalg.eigvals(jacobian[:, : len(jacobian)].T)
    return float(np.abs(eigenvalues).max() * problem.stops[-1])


def _print_run(method: str, run: Measured) -> None:
    print(f"{method:9}{run.rtol:6.0e}{run.error:9.1e}{run.steps:10.1f}{run.rejected:10.1f}{run.rates:10.1f}"
          f"{run.slopes:10.1f}{run.factorisations:12.1f}{1e6 * run.seconds:11.1f}")  # fmt: skip


def _print_least(done: Mapping[str, Sequence[Measured]]) -> None:
    """Print the least times and evaluations for each error, the best method first."""
    for cost, unit, scale in (("seconds", "us", 1e6), ("evaluations", "evaluations", 1.0)):
        for target in TARGETS:
            costs = {name: scale * least(runs, target, cost) for name, runs in done.items()}
            reached = sorted((at, name) for name, at in costs.items() if not math.isnan(at))
            listed = ", ".join(f"{name} {at:.0f}" for at, name in reached)
            missed = ", ".join(name for name, at in costs.items() if math.isnan(at))
            print(f"{unit} for {target:g}: {listed}" + (f"; not reached: {missed}" if missed else ""))


def _valve(overrides: Mapping[str, object], index: int) -> Problem:
    """Make the hour that the valve is open, from what a week has left; nothing has passed yet."""
    week = _week(overrides, index)
    start = follow(week, METHODS["DOP853"], _TIGHT).states[-1]
    start[model.sizes(week.plan)[0] :] = 0.0
    week.sample.paths["opening"][_valve_place(week.plan)] = 1.0
    return Problem(week.plan, week.sample, start, week.work, np.array(_OPEN))


def _week(overrides: Mapping[str, object], index: int) -> Problem:
    """Make the week before the valve opens."""
    week = _problem("stiff-valve", overrides, index, (7.0 * _DAY,))
    week.sample.paths["opening"][_valve_place(week.plan)] = 0.0
    return week


def _valve_place(plan: Any) -> int:
    return int(np.flatnonzero(plan.paths["opening"] >= 0)[0])


def _problem(name: str, overrides: Mapping[str, object], index: int, stops: tuple[float, ...]) -> Problem:
    plan = compile_case(workload(name, overrides)).plan
    plan.settings[model.RTOL] = _TABLES
    sample, start = _prepared(plan, model.new_sample(plan), index)
    return Problem(plan, sample, start, rosenbrock.new_work(plan), np.array(stops))


if __name__ == "__main__":
    sys.exit(main())

"""Error and time of every contender on every workload, beside the engine in the same minute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import draw, model
from leakflow.solver.plan import compile_case

from ..workloads import SEED, workload
from . import rates
from .contender import Contender, Solve
from .samples import Samples, engine_given_tables, engine_outcomes, engine_run, take_samples

Array = NDArray[np.float64]

#: Samples of each workload: few, as the slowest contender takes tenths of a second for one.
COUNTS = {"prk-year": 16, "prk-year-1024": 2, "prk-decay": 32, "stiff-valve": 4}
RTOL = 1e-6
#: Of the engine, the reference: without tables, which it leaves aside below 1e-9.
REFERENCE_RTOL = 1e-12
ROUNDS = 5
#: A contender may have so many times the engine's error.
FACTOR = 3.0
#: Tolerances tried, loosest first.
TRIED = tuple(10.0 ** (-k / 2.0) for k in range(8, 25))
# a single run takes at least, and the search for a tolerance at most about so long [s]
_SHORTEST = 0.05
_BUDGET = 30.0


@dataclass
class Row:
    """One line of the table.

    Attributes
    ----------
    contender, form : str
    threads : int
    rtol, error : float
        The tolerance that was needed, and the worst relative error of an outcome with it.
    seconds, engine_seconds : float
        Medians for one sample.
    ratio, ratio_low, ratio_high : float
        Time of the contender over that of the engine: median and extremes of the pairs.
    given_seconds, given_ratio, given_low, given_high : float
        The same where the engine is given drawn samples and full tables too; NaN for other forms.
    curve : list of (rtol, error, seconds)
        On the way to the tolerance; each timed once.
    failure : str
        Why there are no numbers.
    """

    contender: str
    form: str
    threads: int
    rtol: float = np.nan
    error: float = np.nan
    seconds: float = np.nan
    engine_seconds: float = np.nan
    ratio: float = np.nan
    ratio_low: float = np.nan
    ratio_high: float = np.nan
    given_seconds: float = np.nan
    given_ratio: float = np.nan
    given_low: float = np.nan
    given_high: float = np.nan
    curve: list[tuple[float, float, float]] = field(default_factory=list)
    failure: str = ""

    def set_times(self, pairs: Array) -> None:
        """Take medians from float64 (rounds, 2): seconds for a sample of the contender and of the engine."""
        ratios = pairs[:, 0] / pairs[:, 1]
        self.seconds, self.engine_seconds = (float(value) for value in np.median(pairs, axis=0))
        self.ratio, self.ratio_low, self.ratio_high = (
            float(value) for value in (np.median(ratios), ratios.min(), ratios.max())
        )

    def set_given(self, pairs: Array) -> None:
        """Take the same of the engine where it is given what the contender is."""
        ratios = pairs[:, 0] / pairs[:, 1]
        self.given_seconds = float(np.median(pairs[:, 1]))
        self.given_ratio, self.given_low, self.given_high = (
            float(value) for value in (np.median(ratios), ratios.min(), ratios.max())
        )


def measure(name: str, contenders: list[Contender]) -> dict[str, Any]:
    """Measure one workload; what comes back can be written as JSON."""
    count = COUNTS[name]
    samples = take_samples(name, count)
    truth = engine_run(name, REFERENCE_RTOL, count)()
    error = worst_error(engine_run(name, RTOL, count)(), truth)
    result: dict[str, Any] = {
        "samples": count,
        "rtol": RTOL,
        "error": error,
        "error_all_outcomes": _error_of_all(name, count),
        "curve": _engine_curve(name, count, truth),
        "parts": _parts(name, samples),
        "rows": [],
        "not_done": [],
    }
    for contender in contenders:
        if contender.workloads is not None and name not in contender.workloads:
            result["not_done"].append(contender.name)
            print(f"{name:14} {contender.name:32} not done")
            continue
        for form in contender.forms:
            row = _row(name, samples, truth, error, contender, form)
            print(line(name, row), flush=True)
            result["rows"].append(asdict(row))
    return result


def worst_error(outcomes: Array, truth: Array) -> float:
    """Worst relative error of any outcome of any sample; of one that is zero, the absolute one."""
    return float(np.max(np.abs(outcomes - truth) / np.where(truth == 0.0, 1.0, np.abs(truth))))


def line(name: str, row: Row) -> str:
    """One line of the printed table."""
    start = f"{name:14} {row.contender:32} {row.form:6}"
    if row.failure:
        return f"{start} {row.failure}"
    return (
        f"{start} rtol {row.rtol:7.1e} error {row.error:7.1e} {row.seconds * 1e3:9.3f} ms/sample,"
        f" leakflow {row.engine_seconds * 1e3:7.3f}:"
        f" {row.ratio:8.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
    )


def _row(
    name: str, samples: Samples, truth: Array, error: float, contender: Contender, form: str
) -> Row:  # fmt: skip
    row = Row(contender.name, form, contender.threads)
    try:
        solve = contender.prepare(samples.by(table=form == "table"))
    except ArithmeticError as failure:
        row.failure = str(failure)
        return row
    if not tune(row, solve, truth, FACTOR * error):
        row.failure = row.failure or "does not reach the error"
        return row
    ours = engine_run(name, RTOL, len(samples.numbers), contender.threads)
    pairs = np.array([pair(lambda: solve(row.rtol), ours) for _ in range(ROUNDS)]) / len(samples.numbers)
    row.set_times(pairs)
    if form == "table" and contender.threads == 1:
        given = engine_given_tables(name, RTOL, len(samples.numbers))
        assert np.array_equal(given(), ours()), "the engine makes other numbers of the same samples"
        pairs = np.array([pair(lambda: solve(row.rtol), given) for _ in range(ROUNDS)])
        row.set_given(pairs / len(samples.numbers))
    return row


def tune(row: Row, solve: Solve, truth: Array, allowed: float, tried: tuple[float, ...] = TRIED) -> bool:
    """Find the loosest tolerance whose outcomes are good enough; False if there is none in time."""
    budget = _BUDGET
    for rtol in tried:
        try:
            # compiled by the first call, of some at every tolerance
            _, first = _timed(solve, rtol)
            outcomes, spent = _timed(solve, rtol)
            spent = min(first, spent)
        except ArithmeticError as failure:
            row.failure = str(failure).splitlines()[0]
            continue
        row.rtol, row.error = rtol, worst_error(outcomes, truth)
        row.curve.append((rtol, row.error, spent / len(truth)))
        if row.error <= allowed:
            row.failure = ""
            return True
        budget -= spent
        if budget < 0.0:
            row.failure = f"stopped at an error of {row.error:.0e} and rtol {rtol:.0e}"
            return False
    return False


def _timed(solve: Solve, rtol: float) -> tuple[Array, float]:
    start = time.perf_counter()
    outcomes = solve(rtol)
    return outcomes, time.perf_counter() - start


def pair(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Time both, one after the other [s]."""
    return seconds_of(first), seconds_of(second)


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds for one call, over as many calls as make the clock count."""
    calls = 0
    start = time.perf_counter()
    while True:
        work()
        calls += 1
        spent = time.perf_counter() - start
        if spent >= _SHORTEST:
            return spent / calls


def _engine_curve(name: str, count: int, truth: Array) -> list[tuple[float, float, float]]:
    """Tolerance, error and seconds for one sample of the engine."""
    return list(_curve_points(name, count, truth))


def _curve_points(name: str, count: int, truth: Array) -> Iterator[tuple[float, float, float]]:
    for rtol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9):
        solve = engine_run(name, rtol, count)
        try:
            spent = np.median([seconds_of(solve) for _ in range(3)])
        except ArithmeticError as failure:
            print(f"{name:14} {failure}")
            continue
        yield rtol, worst_error(solve(), truth), float(spent) / count


def _error_of_all(name: str, count: int) -> dict[str, float]:
    """Worst relative error of each outcome that a user gets, at the workload's tolerance."""
    got, truth = engine_outcomes(name, RTOL, count), engine_outcomes(name, REFERENCE_RTOL, count)
    return {key: worst_error(got[key], truth[key]) for key in got if np.all(np.isfinite(truth[key]))}


def _parts(name: str, samples: Samples) -> dict[str, float]:
    """Seconds for one sample of drawing it, and of filling a whole table of its flow by a plain sum."""
    plan = compile_case(workload(name)).plan
    sample = model.new_sample(plan)
    count = len(samples.numbers)

    def draw_all() -> None:
        for i in range(count):
            draw.draw_sample(plan, np.uint64(SEED), np.uint64(i), sample)

    def fill_all() -> None:
        for row in samples.numbers:
            rates.fill_table(row)

    parts = {"draw": draw_all, "table": fill_all}
    return {
        key: float(np.median([seconds_of(work) for _ in range(ROUNDS)])) / count
        for key, work in parts.items()
    }

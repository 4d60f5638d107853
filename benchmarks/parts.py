"""What a sample's time is spent on: ``python -m benchmarks.parts`` counts the work and times its parts.

Times are medians, on one thread; what the parts leave of the whole is the stepping itself: the linear
solves, error control, events and outcomes. Each part is timed by itself, so that on a busy machine, or where
it is nearly all of the whole, the parts may come to more.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

from leakflow.kernels import draw, flows, model, network, table
from leakflow.kernels.crack import geometry_flow
from leakflow.kernels.crack_lanes import flow_in_lanes
from leakflow.solver import engine, sweep, write_results
from leakflow.solver.plan import CompiledCase, compile_case

from .workloads import CASES, SEED, workload

_SAMPLES = {"prk-year": 64, "prk-year-1024": 8, "prk-decay": 256, "stiff-valve": 32}
_CALLS = 2000
_ROUNDS = 7
_SWEPT = 20_000


def main() -> None:
    """Print a line for each workload, then writing to disk, threads, and the crack law alone."""
    columns = ("whole", "draws", "tables")
    print(
        f"{'us a sample':14}"
        + "".join(f"{name:>13}" for name in columns)
        + "   steps  rejected  us/evaluation"
    )
    for name in CASES:
        parts = sample_parts(name)
        times = "".join(f"{1e6 * parts[column]:13.1f}" for column in columns)
        counts = f"{parts['steps']:8.0f}{parts['rejected_steps']:10.0f}{1e6 * parts['evaluation']:15.3f}"
        print(f"{name:14}{times}{counts}")
    disk, threads = disk_ratios(), thread_ratios()
    print(f"prk-year to disk over in memory: {np.median(disk):.3f} ({min(disk):.3f} to {max(disk):.3f})")
    print(
        f"prk-year, one thread over two: {np.median(threads):.2f} ({min(threads):.2f} to {max(threads):.2f})"
    )
    scalar, lanes = law_seconds()
    print(
        f"crack law: {1e9 * scalar:.0f} ns scalar, {1e9 * lanes:.0f} ns in lanes: {scalar / lanes:.1f} times"
    )


def sample_parts(name: str) -> dict[str, float]:
    """Mean seconds for one sample, whole and in parts, and mean counts of steps.

    Tables are timed as the sums at the nodes and checks of the cells that the sample filled; an evaluation is
    the right-hand side at half the first pressure.
    """
    compiled = compile_case(workload(name))
    plan, count = compiled.plan, _SAMPLES[name]
    block = engine.run_block(plan, SEED, 0, count, series=False)
    places = {column.name: column.place for column in compiled.outcomes}
    parts = {key: float(np.mean(block.outcomes[:, places[key]])) for key in ("steps", "rejected_steps")}
    parts["whole"] = _median(lambda: engine.run_block(plan, SEED, 0, count, series=False)) / count
    sample = model.new_sample(plan)
    parts["draws"] = _median(lambda: _draw_all(plan, sample, count)) / count
    parts["tables"] = float(np.mean([_table_seconds(compiled, sample, i) for i in range(min(count, 16))]))
    parts["evaluation"] = _evaluation_seconds(plan, sample)
    return parts


def law_seconds() -> tuple[float, float]:
    """Seconds for one crack of prk-year-1024 into vacuum, one after the other and in lanes."""
    plan = compile_case(workload("prk-year-1024")).plan
    sample = _prepared(plan, model.new_sample(plan), 0)[0]
    geometry = sample.geometry
    gas = sample.volumes[1]
    RT = gas["gas_constant"] * gas["temperature"]
    law = (RT, gas["viscosity"], gas["critical_ratio"], gas["critical_flow2"])
    n = len(geometry)
    scalar, lanes = _many_scalar(geometry, law), _many_lanes(sample, n, law)
    assert abs(lanes / scalar - 1.0) < 1e-9
    return (
        _median(lambda: _many_scalar(geometry, law)) / (n * _LAW_CALLS),
        _median(lambda: _many_lanes(sample, n, law)) / (n * _LAW_CALLS),
    )


def disk_ratios() -> list[float]:
    """Time of sweeps written to disk over that of the same sweeps kept in memory, in pairs."""
    case = workload("prk-year")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sweep.nc"

        def to_disk() -> None:
            out.unlink(missing_ok=True)
            write_results(out, sweep(case, samples=_SWEPT, seed=SEED))

        return _paired(to_disk, lambda: sweep(case, samples=_SWEPT, seed=SEED))


def thread_ratios() -> list[float]:
    """Time of sweeps on one thread over that on two, in pairs."""
    case = workload("prk-year")
    return _paired(
        lambda: sweep(case, samples=_SWEPT, seed=SEED, threads=1),
        lambda: sweep(case, samples=_SWEPT, seed=SEED, threads=2),
    )


_LAW_CALLS = 20


@numba.njit(error_model="numpy")
def _many_scalar(geometry, law):
    total = 0.0
    for call in range(_LAW_CALLS):
        for i in range(geometry.shape[0]):
            total += geometry_flow(3e4 + call, 0.0, law[0], law[1], law[2], law[3], geometry[i])
    return total


@numba.njit(error_model="numpy")
def _many_lanes(sample, count, law):
    total = 0.0
    for call in range(_LAW_CALLS):
        total += flow_in_lanes(
            3e4 + call, 0.0, law[0], law[1], law[2], law[3], sample.lanes, 0, count, sample.work
        )
    return total


@numba.njit(error_model="numpy")
def _draw_many(plan, seed, count, sample):
    for i in range(count):
        draw.draw_sample(plan, seed, np.uint64(i), sample)


@numba.njit(error_model="numpy")
def _many_rates(plan, sample, state, rate, calls):
    for _ in range(calls):
        network.rates(plan, sample, state, rate)


@numba.njit(error_model="numpy")
def _refill(plan, sample, state, rate, masses):
    """Empty the table, and look at each of some masses."""
    for p in range(plan.paths.size):
        table.forget_table(sample, p)
    for i in range(masses.size):
        state[0] = masses[i]
        network.rates(plan, sample, state, rate)


def _draw_all(plan: model.Plan, sample: Any, count: int) -> None:
    _draw_many(plan, np.uint64(SEED), count, sample)


def _prepared(plan: model.Plan, sample: Any, index: int) -> tuple[Any, Any]:
    state = np.zeros(model.sizes(plan)[1])
    assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(index), sample) == 0
    assert network.prepare(plan, sample, state) == 0
    for p in np.flatnonzero(plan.paths["kind"] == model.CRACKS):
        flows.path_flow(plan, sample, p)  # its cracks are set side by side when they are first summed
    return sample, state


def _table_seconds(compiled: CompiledCase, sample: Any, index: int) -> float:
    """Seconds of filling the cells between the pressures at the start and at the end of a sample."""
    plan = compiled.plan
    place = next(c.place for c in compiled.outcomes if c.name == "pressure_final_tunnel")
    end = engine.run_block(plan, SEED, index, 1, series=False).outcomes[0, place]
    _, state = _prepared(plan, sample, index)
    start = sample.volumes[compiled.volumes.index("tunnel")]["pressure"]
    masses = state[0] * np.append(4.0 ** -np.arange(0.0, np.log(start / end) / np.log(4.0)), end / start)
    rate = np.zeros(state.size)
    return _median(lambda: _refill(plan, sample, state, rate, masses), 3)


def _evaluation_seconds(plan: model.Plan, sample: Any) -> float:
    _, state = _prepared(plan, sample, 0)
    state[0] *= 0.5
    rate = np.zeros(state.size)
    return _median(lambda: _many_rates(plan, sample, state, rate, _CALLS)) / _CALLS


def _median(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Median seconds of a call, the first of which compiles."""
    work()
    seconds = []
    for _ in range(rounds):
        seconds.append(_seconds(work))
    return float(np.median(seconds))


def _paired(first: Callable[[], object], second: Callable[[], object]) -> list[float]:
    """Ratios of the seconds of two calls, made in turn."""
    first()
    second()
    return [_seconds(first) / _seconds(second) for _ in range(_ROUNDS)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

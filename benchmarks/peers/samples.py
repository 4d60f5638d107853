"""Samples of a workload as the contenders get them, and what the engine makes of the same samples."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import draw, integrate, model, network, outcomes, rosenbrock, track
from leakflow.kernels.crack import N_GEOMETRY
from leakflow.kernels.orifice import critical_flow_squared, critical_pressure_ratio
from leakflow.kernels.whole import WholeCompiler
from leakflow.solver import engine
from leakflow.solver.plan import CompiledCase, compile_case

from ..workloads import SEED, workload
from . import rates

Array = NDArray[np.float64]

# of the absolute tolerance, as the engine has it [Pa]
_ATOL = 100.0


@dataclass(frozen=True)
class Samples:
    """The first samples of a workload.

    Attributes
    ----------
    name : str
        Of the workload.
    numbers : float64 (n, k)
        A row for each, in the places of `rates`.
    spans : tuple of (start, end, what is open)
        Between events; the same for all samples [s, s, int].
    """

    name: str
    numbers: Array
    spans: tuple[tuple[float, float, int], ...]

    @property
    def paths(self) -> int:
        """How many paths there are."""
        return int(self.numbers[0, rates.PATHS])

    def start(self, i: int) -> Array:
        """State of sample i at the start [kg]."""
        state = np.zeros(1 + self.paths)
        row = self.numbers[i]
        state[0] = row[rates.START] * row[rates.VOLUME] / row[rates.RT]
        return state

    def atol(self, rtol: float) -> float:
        """Absolute tolerance of the masses that goes with a relative one [kg]."""
        row = self.numbers[0]
        return float(_ATOL * rtol * row[rates.VOLUME] / row[rates.RT])

    def by(self, *, table: bool) -> Samples:
        """Return a copy whose leak is taken from the table, or summed over the cracks."""
        numbers = self.numbers.copy()
        numbers[:, rates.TABLED] = float(table)
        return Samples(self.name, numbers, self.spans)


def take_samples(name: str, count: int) -> Samples:
    """Draw the first samples of a workload, by the kernels that the engine draws them with."""
    compiled = compile_case(workload(name))
    plan = compiled.plan
    sample = model.new_sample(plan)
    state = np.zeros(model.sizes(plan)[1])
    rows = []
    for i in range(count):
        assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(i), sample) == 0
        assert network.prepare(plan, sample, state) == 0
        rows.append(_numbers(compiled, sample))
    return Samples(name, np.array(rows), _spans(compiled, sample))


def engine_run(name: str, rtol: float, count: int, threads: int = 1) -> Callable[[], Array]:
    """Return what runs the engine on the first samples: draws, tables, integration, all outcomes.

    What it returns are the outcomes in the order of `rates.final_outcomes`.
    """
    compiled = compile_case(workload(name, {"run.rtol": rtol}))
    places = _outcome_places(compiled)
    size = -(-count // threads)

    def solve() -> Array:
        blocks: list[engine.Block] = []
        if threads == 1:
            blocks.append(engine.run_block(compiled.plan, SEED, 0, count, series=False))
        else:
            engine_ranges = [(first, min(size, count - first)) for first in range(0, count, size)]
            _run_ranges(compiled.plan, engine_ranges, blocks)
        if any(block.statuses.any() for block in blocks):
            raise ArithmeticError(f"leakflow gave up a sample at rtol {rtol:.0e}")
        return np.concatenate([block.outcomes for block in sorted(blocks, key=lambda b: b.first)])[:, places]

    return solve


def engine_given_tables(name: str, rtol: float, count: int) -> Callable[[], Array]:
    """Return what runs the engine on samples that are drawn, and whose tables are filled: the rest of a run.

    So much as the peers do that are given the table, and all outcomes.
    """
    compiled = compile_case(workload(name, {"run.rtol": rtol}))
    plan, places = compiled.plan, _outcome_places(compiled)
    work, notes = rosenbrock.new_work(plan), track.new_track(plan)
    start, state = np.zeros(work.new.size), np.zeros(work.new.size)
    got = np.zeros((count, int(outcomes.n_outcomes(plan))))
    sample = model.new_sample(plan)
    # all that drawing writes and filling the tables does, as words in one row for each sample
    words = tuple(
        array.reshape(-1).view(np.int64) for array in (sample.inputs, sample.geometry, sample.paths)
    )
    tables = sample.cells.view(np.int64)
    drawn = np.zeros((count, sum(array.size for array in words)), np.int64)
    filled = np.zeros((count, tables.size), np.int64)
    memory = (sample, words, tables, start, state, work, notes, np.zeros((0, 0)), np.zeros((0, 0)), got)
    for i in range(count):
        assert draw.draw_sample(plan, np.uint64(SEED), np.uint64(i), sample) == 0
        drawn[i] = np.concatenate(words)
        assert _run_given(plan, drawn[i : i + 1], filled[i : i + 1], *memory) == 0
        drawn[i] = np.concatenate(words)  # with the temperatures for which the tables hold
        filled[i] = tables

    def solve() -> Array:
        if _run_given(plan, drawn, filled, *memory) != 0:
            raise ArithmeticError(f"leakflow gave up a sample at rtol {rtol:.0e}")
        return np.asarray(got[:, places])

    return solve


@numba.njit(**rates.OPTIONS, pipeline_class=WholeCompiler)
def _run_given(  # type: ignore[no-untyped-def]
    plan, drawn, filled, sample, words, tables, start, state, work, notes, values, flows, got
):
    """Run drawn samples with the tables given; return the last status that is not OK."""
    bad = 0
    for i in range(drawn.shape[0]):
        place = 0
        for array in words:
            for j in range(array.size):
                array[j] = drawn[i, place + j]
            place += array.size
        result = network.prepare(plan, sample, start)
        for j in range(tables.size):
            tables[j] = filled[i, j]
        for k in range(state.size):
            state[k] = start[k]
        network.regroup(plan, sample, state)
        outcomes.note_start(plan, sample, state, work.right, got[i])
        if result == 0:
            result = integrate.integrate(plan, sample, state, work, notes, values, flows)
        if result != 0:
            bad = result
        outcomes.note_end(plan, sample, start, state, work.right, notes, got[i])
    return bad


def engine_outcomes(name: str, rtol: float, count: int) -> dict[str, Array]:
    """All outcomes that a user gets of the first samples, by name."""
    compiled = compile_case(workload(name, {"run.rtol": rtol}))
    block = engine.run_block(compiled.plan, SEED, 0, count, series=False)
    wanted = [column for column in compiled.outcomes if column.role == "output"]
    return {column.name: block.outcomes[:, column.place] for column in wanted}


def _run_ranges(plan: model.Plan, ranges: list[tuple[int, int]], blocks: list[engine.Block]) -> None:
    """A range on each thread; `engine.run_blocks` would put few samples into one block."""
    with ThreadPoolExecutor(len(ranges)) as pool:
        blocks += pool.map(lambda span: engine.run_block(plan, SEED, *span, series=False), ranges)


def _numbers(compiled: CompiledCase, sample: Any) -> Array:
    """Return the row of a prepared sample."""
    plan = compiled.plan
    cracks = compiled.paths.index("cracks")
    count = int(sample.paths[cracks]["crack_count"])
    tunnel = sample.volumes[compiled.volumes.index("tunnel")]
    row = np.zeros(rates.HEAD + count * N_GEOMETRY + rates.CELLS * rates.NODES)
    row[rates.LENGTH] = row.size
    row[rates.PATHS] = len(compiled.paths)
    row[rates.CRACKS] = count
    row[rates.RT] = tunnel["gas_constant"] * tunnel["temperature"]
    row[rates.VISCOSITY] = tunnel["viscosity"]
    row[rates.RATIO] = critical_pressure_ratio(tunnel["gamma"])
    row[rates.FLOW2] = critical_flow_squared(tunnel["gamma"])
    row[rates.GAMMA] = tunnel["gamma"]
    row[rates.GAS_CONSTANT] = tunnel["gas_constant"]
    row[rates.TEMPERATURE] = tunnel["temperature"]
    row[rates.VOLUME] = tunnel["size"]
    row[rates.START] = tunnel["pressure"]
    if "station" in compiled.volumes:
        row[rates.STATION] = sample.volumes[compiled.volumes.index("station")]["pressure"]
    for p, path in enumerate(plan.paths):
        if path["molecular"] >= 0:
            row[rates.MOLECULAR] = sample.inputs[path["molecular"]]
            row[rates.VISCOUS] = sample.inputs[path["viscous"]]
        if compiled.paths[p] == "valve":
            row[rates.AREA] = sample.paths[p]["area"]
            row[rates.COEFFICIENT] = sample.inputs[path["coefficient"]]
    first = int(sample.paths[cracks]["crack_start"])
    row[rates.HEAD : rates.HEAD + count * N_GEOMETRY] = sample.geometry[first : first + count].ravel()
    rates.fill_table(row)
    return row


def _spans(compiled: CompiledCase, sample: Any) -> tuple[tuple[float, float, int], ...]:
    """What is open between which times."""
    plan = compiled.plan
    events = sorted(plan.events, key=lambda event: float(sample.inputs[event["at"]]))
    spans = []
    start, what = 0.0, rates.SHUT
    for event in events:
        at = float(sample.inputs[event["at"]])
        spans.append((start, at, what))
        opened = sample.inputs[event["value"]] > 0.0
        kind = rates.HATCH_OPEN if plan.paths[event["target"]]["kind"] == model.HATCH else rates.VALVE_OPEN
        start, what = at, kind if opened else rates.SHUT
    spans.append((start, float(plan.settings[model.DURATION]), what))
    return tuple(spans)


def _outcome_places(compiled: CompiledCase) -> list[int]:
    """Columns of the engine's outcomes in the order of `rates.final_outcomes`."""
    places = {column.name: column.place for column in compiled.outcomes}
    names = [f"mass_{path}" for path in compiled.paths] + ["pressure_final_tunnel", "leak_rate_final"]
    return [places[name] for name in names]

"""A test run ahead of time: what its readings would be, for draws of a hypothesis, on the batch engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._column import label
from .._sections import Outcomes, Point, Record
from ..case import Case, RepressuriseEvent, Sweep, VentEvent
from ..engine import Block, Points, available_threads, drawn_again, run_blocks
from ..errors import LeakflowError
from ..numbers import Constant, Distribution
from ..plan import CompiledCase, compile_case
from .candidates import Candidate
from .dependent import copula_of

__all__ = ["Draws", "Seen", "before", "from_prior", "run_trial"]

Floats = NDArray[np.float64]
# a pressure that was set is looked at so long after, s
_AFTER = 1.0
# inputs that the steps of a test add to those of the case
_SET = "test_set"


class Draws(NamedTuple):
    """Draws of the inputs of a hypothesis.

    Attributes
    ----------
    names : list of str
    values : float64 (n, D)
        In SI.
    """

    names: list[str]
    values: Floats


class Seen(NamedTuple):
    """What came of a test, or of the wait before it.

    Attributes
    ----------
    pressures : float64 (n, K)
        At the readings, Pa.
    gas : float64 (n,)
        What was let into the volume, from the start of the run, kg.
    reached : float64 (n, S)
        A second after each step, Pa.
    sound : bool (n,)
        Of which the run did not fail.
    """

    pressures: Floats
    gas: Floats
    reached: Floats
    sound: NDArray[np.bool_]


def from_prior(case: Case, seed: int, count: int) -> Draws:
    """Draw inputs of a case from the distributions that it gives them."""
    compiled = compile_case(case)
    places = [column.place for column in compiled.inputs]
    u = np.random.default_rng(seed).random((count, len(places)))
    copula = copula_of(case, compiled.inputs)
    if copula is not None:
        copula.apply(u)

    def points(first: int, length: int) -> Points:
        placed = np.full((length, compiled.plan.draws.size), np.nan)
        placed[:, places] = u[first : first + length]
        return Points(u=placed)

    inputs, _ = drawn_again(compiled.plan, seed, np.arange(count), points)
    return Draws([column.name for column in compiled.inputs], inputs[:, places])


def run_trial(
    case: Case, candidate: Candidate, draws: Draws, settings: Floats, *, seed: int, threads: int | None = None
) -> Seen:
    """Run a test on draws of a hypothesis.

    Parameters
    ----------
    case : Case
        With the changes of the hypothesis.
    candidate : Candidate
    draws : Draws
    settings : float64 (n, S)
        Of each step, by how much the pressure that is reached differs from the one that was wanted, Pa.
    seed : int
        Of the random numbers of each crack, the same in all runs.
    threads : int, optional
    """
    looked = [time + _AFTER for time, _ in candidate.steps]
    end = max([float(candidate.times[-1]), *looked])
    numbers = [
        Distribution("normal", {"mean": Constant(pressure), "sd": Constant(1.0)}, per="sample")
        for _, pressure in candidate.steps
    ]
    compiled, places = _compiled(case, candidate, [*candidate.times, *looked], end, numbers)
    wanted = np.array([pressure for _, pressure in candidate.steps])
    own = {
        f"{_SET}_{i}{way}": np.maximum(wanted[i] + settings[:, i], 0.0)
        for i in range(wanted.size)
        for way in ("_up", "_down")
    }
    return _run(compiled, places, candidate, draws, own, seed, threads)


def before(case: Case, candidate: Candidate, draws: Draws, *, seed: int, threads: int | None = None) -> Seen:
    """Run the time before a test; its one pressure is that at the start of the test."""
    compiled, places = _compiled(case, candidate, [candidate.start], max(candidate.start, 1e-3), [])
    nothing = candidate._replace(steps=[], times=np.array([candidate.start]))
    return _run(compiled, places, nothing, draws, {}, seed, threads)


def _compiled(
    case: Case, candidate: Candidate, times: Sequence[float], end: float, numbers: Sequence[Distribution]
) -> tuple[CompiledCase, NDArray[np.int64]]:
    """Compile a case with the steps of a test in its schedule, and a pressure wanted at some times.

    A step fills the volume up to the pressure and lets gas out down to it: one of the two does nothing.
    """
    points = [
        Point.model_construct(
            volume=candidate.volume, time=float(time), pressure=0.0, uncertainty=1.0, time_uncertainty=0.0,
            temperature=1.0, species=None,
        )
        for time in times
    ]  # fmt: skip
    steps: list[RepressuriseEvent | VentEvent] = []
    for i, ((time, _), number) in enumerate(zip(candidate.steps, numbers, strict=False)):
        at = Constant(time)
        up, down = (replace(number, name=f"{_SET}_{i}{way}") for way in ("_up", "_down"))
        steps.append(
            RepressuriseEvent.model_construct(
                action="repressurise", at=at, every=None, volume=candidate.volume, to=up, gas=None,
                temperature=None,
            )
        )  # fmt: skip
        steps.append(
            VentEvent.model_construct(action="vent", at=at, every=None, volume=candidate.volume, to=down)
        )
    compiled = compile_case(
        case.model_copy(
            update={
                "record": Record.model_construct(points=points, file=None, compare="pressure", start=None),
                "run": case.run.model_copy(update={"duration": end, "output_times": [0.0], "thresholds": []}),
                "schedule": [event for event in case.schedule if _begins(event) <= end] + steps,
                "outcomes": Outcomes(),
                "sweep": Sweep(),  # its design and correlations know nothing of the inputs of the steps
            }
        )
    )
    return compiled, compiled.record_columns[:, 1]


def _run(
    compiled: CompiledCase, places: NDArray[np.int64], candidate: Candidate, draws: Draws,
    own: dict[str, Floats], seed: int, threads: int | None,
) -> Seen:  # fmt: skip
    plan, n = compiled.plan, len(draws.values)
    given = dict(zip(draws.names, draws.values.T, strict=True)) | own
    for column in compiled.inputs:
        if column.name not in given:  # of an event after the record: nothing is known of it
            text = f"input {column.name}: is of an event after the last reading; must be fixed in a test"
            raise LeakflowError(text)
    columns = [(column.place, given[column.name]) for column in compiled.inputs]

    def points(first: int, count: int) -> Points:
        values = np.full((count, plan.draws.size), np.nan)
        for place, column in columns:
            values[:, place] = column[first : first + count]
        # the same cracks in all runs: of them nothing is inferred
        return Points(values=values, noise=np.zeros((count, plan.paths.size), np.uint64))

    added = f"gas_added_{label(candidate.volume)}"
    gas_place = [column.place for column in compiled.outcomes if column.name == added]
    found = np.zeros((n, places.size + 1))
    sound = np.empty(n, np.bool_)

    def take(block: Block) -> None:
        where = slice(block.first, block.first + block.statuses.size)
        found[where, :-1] = block.outcomes[:, places]
        found[where, -1] = block.outcomes[:, gas_place].sum(axis=1)
        sound[where] = block.statuses == 0

    run_blocks(
        plan, seed, 0, n, series=False, threads=threads or available_threads(), report=take, points=points
    )
    readings = candidate.times.size
    return Seen(found[:, :readings], found[:, -1], found[:, readings:-1], sound)


def _begins(event: object) -> float:
    """Return when an event begins, if that is fixed."""
    return float(getattr(getattr(event, "at", None), "value", 0.0))

"""The log likelihood of a case as a function on the unit cube: what a nested sampler asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels import model
from .._diagnosis_section import Diagnosis
from .._sections import Point, Record
from ..case import Case
from ..engine import Block, Points, PointSource, available_threads, run_blocks, warm_up
from ..plan import CompiledCase, compile_case
from .dependent import copula_of, uncorrelated
from .gauges import error_inputs, gauge_of
from .likelihood import (
    REACH,
    Reading,
    at_places,
    log_limit,
    log_stable,
    log_timed,
    node_offsets,
    window_nodes,
    window_start,
)
from .shared_time import log_together

__all__ = ["READINGS", "Forward", "Found", "last_reading", "last_time", "quantity_of", "wanted_point"]

Floats = NDArray[np.float64]

#: Kinds of what was read off an instrument, not only told.
READINGS = ("reading", "temperature")
# times, from start to end, at which somebody who calls a pressure stable has looked at it
_LOOKS = 9
# runs end this long after the last reading, so that its window lies inside
_SLACK = 1e-9


class Found(NamedTuple):
    """What was computed for some points of the unit cube.

    Attributes
    ----------
    log_likelihood : float64 (n, M)
        Of each term: a reading, readings that share an uncertain time, or a thing told; -inf where the
        sample failed.
    inputs : float64 (n, D)
        In SI, in the order of `Forward.names`.
    outcomes : float64 (n, O)
        As the kernel gave them.
    nodes : list of float64 (n, k)
        Pressures at the nodes of each reading and each thing told, as its gauge saw them; temperatures at
        those of each temperature.
    failed : bool (n,)
    """

    log_likelihood: Floats
    inputs: Floats
    outcomes: Floats
    nodes: list[Floats]
    failed: NDArray[np.bool_]


class _Wanted(NamedTuple):
    """A reading, or something told, and the times at which it needs a pressure; or a temperature.

    ``scale`` takes a pressure to what is compared: 1, or 1/T of the temperature that was read with it; what
    is no pressure has 0, for the errors of the gauge are none of its own.
    ``windows`` are empty unless all times are shifted together: then the pressure is asked for at the nodes
    of each, of which there is one for all times, or one for each.
    ``clock`` is the label of the reading whose uncertain time it shares: they are judged together.
    """

    kind: str
    label: str
    volume: str
    species: str | None
    times: Floats
    reading: Reading
    scale: float = 1.0
    windows: tuple[tuple[float, float], ...] = ()
    clock: str | None = None

    @property
    def asked(self) -> Floats:
        """Times at which the run has to give a pressure, s."""
        if not self.windows:
            return self.times
        return np.concatenate([window_nodes(*window) for window in self.windows])

    def shifted(self, asked: Floats, shift: Floats) -> Floats:
        """Return pressures at the times, shifted by float64 (n,), from those that were asked for."""
        groups = np.array_split(self.times, len(self.windows))
        found = []
        for (first, last), times, own in zip(
            self.windows, groups, np.hsplit(asked, len(self.windows)), strict=True
        ):
            at = np.clip(times + shift[:, None], first, last)
            found.append(at_places(own, 2.0 * (at - first) / (last - first) - 1.0))
        return np.hstack(found)


class Forward:
    """A case as a likelihood over the unit cube of its random inputs and of its gauge's errors.

    Parameters
    ----------
    case : Case
    seed : int
        Of the random numbers that are no inputs: those of each crack, the same in all evaluations.
    threads : int, optional
    end : float, optional
        End of the run, s; by default the last time that a reading needs.
    extra : sequence of Point, optional
        Pressures wanted besides, for predictions; as of `wanted_point`.
    extra_quantities : sequence of int or None, optional
        What is wanted there if it is no pressure, by `leakflow.kernels.model`.
    """

    def __init__(
        self, case: Case, seed: int, *, threads: int | None = None, end: float | None = None,
        extra: Sequence[Point] = (), extra_quantities: Sequence[int | None] = (),
    ) -> None:  # fmt: skip
        """Compile the case, with a pressure wanted wherever a reading needs one."""
        self.case, self.seed, self.threads = case, seed, threads or available_threads()
        self.section = case.diagnosis or Diagnosis()
        self.wanted = _wanted(case, self.section)
        self.end = end if end is not None else last_time(case)
        self.compiled = self._compile(extra, extra_quantities)
        self._copula = copula_of(case, self.compiled.inputs)
        self.errors = error_inputs(case)
        inputs = self.compiled.inputs
        self.names = [column.name for column in inputs] + [error.name for error in self.errors]
        self.units = [column.units for column in inputs] + [error.units for error in self.errors]
        self.terms = _terms(self.wanted)
        self.labels = [self.wanted[term[0]].label for term in self.terms]
        self.read = [wanted.label for wanted in self.wanted if wanted.kind in READINGS]
        self.failures = self.evaluations = 0
        warm_up(self.compiled.plan, self._points(np.zeros((0, len(self.names)))))

    @property
    def dimensions(self) -> int:
        """How many inputs there are."""
        return len(self.names)

    def __call__(self, cube: Floats) -> Floats:
        """Return the log likelihood of points of the unit cube, float64 (n,); -inf where a run failed."""
        found = self.run(cube)
        self.evaluations += len(cube)
        self.failures += int(found.failed.sum())
        return np.asarray(found.log_likelihood.sum(axis=1))

    def run(self, cube: Floats) -> Found:
        """Run the case at points of the unit cube, float64 (n, D)."""
        n, plan = len(cube), self.compiled.plan
        inputs = np.empty((n, plan.draws.size))
        outcomes: Floats | None = None
        statuses = np.empty(n, np.int8)

        def take(block: Block) -> None:
            nonlocal outcomes
            if outcomes is None:
                outcomes = np.empty((n, block.outcomes.shape[1]))
            where = slice(block.first, block.first + block.statuses.size)
            inputs[where], outcomes[where], statuses[where] = block.inputs, block.outcomes, block.statuses

        run_blocks(
            plan, self.seed, 0, n, series=False, threads=self.threads, report=take, points=self._points(cube)
        )
        assert outcomes is not None
        failed = statuses != 0
        errors = self._errors(cube)
        own = inputs[:, [column.place for column in self.compiled.inputs]]
        nodes = self._nodes(outcomes, errors)
        logs = np.stack([self.log_of(term, nodes) for term in self.terms], axis=1)
        logs[failed] = -np.inf
        return Found(
            np.where(np.isnan(logs), -np.inf, logs), np.hstack([own, errors]), outcomes, nodes, failed,
        )  # fmt: skip

    def log_of(
        self, term: Sequence[int], nodes: Sequence[Floats], values: Mapping[int, Floats] | None = None
    ) -> Floats:
        """Return the log likelihood of one of `terms`, or of replicates, by place in `wanted`."""
        wanted = self.wanted[term[0]]
        readings = [
            self.wanted[i].reading if values is None else self.wanted[i].reading._replace(value=values[i])
            for i in term
        ]
        if len(term) > 1:
            return log_together(readings, [nodes[i] for i in term])
        (reading,), own = readings, nodes[term[0]]
        if wanted.kind in READINGS:
            return log_timed(reading, own)
        if wanted.kind == "stable":
            return log_stable(_largest(own - own[:, :1]), float(reading.value), reading.uncertainty)
        return log_limit(own[:, 0], float(reading.value), reading.uncertainty, below=wanted.kind == "below")

    def extra(self, found: Found) -> Floats:
        """Return the pressures, or what else was wanted besides, float64 (n, E)."""
        return found.outcomes[:, self._extra_places]

    def _compile(self, extra: Sequence[Point], extra_quantities: Sequence[int | None]) -> CompiledCase:
        """Compile the case with a point of the record wherever a pressure is wanted, and no longer a run."""
        points, quantities = [], []
        for wanted in self.wanted:
            for time in wanted.asked:
                points.append(wanted_point(wanted.volume, float(time), wanted.species))
                quantities.append(quantity_of(self.case, wanted.kind))
        readings = len(points)
        points += extra
        quantities += extra_quantities or [None] * len(extra)
        record = Record.model_construct(points=points, file=None, compare="pressure", start=None)
        run = self.case.run.model_copy(update={"duration": self.end, "output_times": [0.0], "thresholds": []})
        schedule = [event for event in self.case.schedule if _begins(event) <= self.end]
        own = self.case.model_copy(update={"record": record, "run": run, "schedule": schedule})
        compiled = compile_case(uncorrelated(own), nominal=False)
        for rows, quantity in zip(compiled.record_columns, quantities, strict=True):
            if quantity is not None:
                compiled.plan.records["quantity"][rows - compiled.record_columns.min()] = quantity
        middle = compiled.record_columns[:, 1]
        self._places, self._extra_places = middle[:readings], middle[readings:]
        return compiled

    def _points(self, cube: Floats) -> PointSource:
        plan = self.compiled.plan
        places = [column.place for column in self.compiled.inputs]
        own = cube[:, : len(places)].copy()
        if self._copula is not None:
            self._copula.apply(own)

        def points(first: int, count: int) -> Points:
            u = np.full((count, plan.draws.size), np.nan)
            u[:, places] = own[first : first + count]
            return Points(u=u, noise=np.zeros((count, plan.paths.size), np.uint64))

        return points

    def _errors(self, cube: Floats) -> Floats:
        """Return the errors of the gauges, and the shift of times, as `errors` lists them, float64 (n, E)."""
        from scipy.special import ndtr, ndtri

        errors = np.zeros((len(cube), len(self.errors)))
        for i, one in enumerate(self.errors):
            u = np.clip(cube[:, len(self.compiled.inputs) + i], 1e-16, 1.0 - 1e-16)
            if one.kind == "start_offset":  # within what the windows reach to
                u = ndtr(-REACH) + u * (ndtr(REACH) - ndtr(-REACH))
            errors[:, i] = one.sd * ndtri(u)
        return errors

    def _nodes(self, outcomes: Floats, errors: Floats) -> list[Floats]:
        """Return what its gauge would show at the nodes of everything wanted."""
        nodes, start = [], 0
        for wanted in self.wanted:
            stop = start + wanted.asked.size
            true = outcomes[:, self._places[start:stop]]
            if wanted.windows:
                true = wanted.shifted(true, errors[:, -1])  # the shift of all times is the last
            nodes.append(true + self._off(wanted, errors))
            start = stop
        return nodes

    def _off(self, wanted: _Wanted, errors: Floats) -> Floats:
        """Return by how much the gauge of something wanted errs at its nodes, in what is compared."""
        off = np.zeros((len(errors), wanted.times.size))
        for i, one in enumerate(self.errors):
            if (one.volume, one.species) == (wanted.volume, wanted.species):
                off += errors[:, i, None] * (wanted.times if one.kind == "drift" else 1.0)
        return off * wanted.scale


def last_time(case: Case) -> float:
    """Return the last time that any reading of a case needs, s.

    The window of an uncertain time may reach beyond the end of the case's run: the run is then prolonged.
    """
    times = [float(wanted.asked.max()) for wanted in _wanted(case, case.diagnosis or Diagnosis())]
    return max(times) * (1.0 + _SLACK) if max(times) > 0.0 else case.run.duration


def last_reading(case: Case) -> float:
    """Return when the last reading was taken, or the last thing told, s."""
    points = case.record.points if case.record is not None else []
    section = case.diagnosis or Diagnosis()
    return max([
        *(point.time for point in points), *(item.end for item in section.stable),
        *(item.time for item in section.limits),
    ])  # fmt: skip


def quantity_of(case: Case, kind: str) -> int | None:
    """Return what is compared if it is no pressure: what was told, and is foretold, is one."""
    if kind == "temperature":
        return model.TEMPERATURE
    by_temperature = case.record is not None and case.record.compare == "p/T"
    return model.PRESSURE_OVER_TEMPERATURE if kind == "reading" and by_temperature else None


def _begins(event: object) -> float:
    """Return when an event begins, if that is fixed."""
    return float(getattr(getattr(event, "at", None), "value", 0.0))


def wanted_point(volume: str, time: float, species: str | None = None) -> Point:
    """Return a point of a record at which a pressure is only wanted, not compared."""
    return Point.model_construct(
        volume=volume, time=time, pressure=0.0, uncertainty=1.0, time_uncertainty=0.0, temperature=1.0,
        species=species,  # type: ignore[arg-type]
    )  # fmt: skip


def _wanted(case: Case, section: Diagnosis) -> list[_Wanted]:
    """List the readings of the record, then what was told, with the times of their nodes."""
    uniform = section.time_law == "uniform"
    wanted = []
    by_temperature = case.record is not None and case.record.compare == "p/T"
    for i, point in enumerate(case.record.points if case.record is not None else []):
        scale = 1.0 / (point.temperature or 1.0) if by_temperature else 1.0
        start = window_start(point.time, point.time_uncertainty, uniform=uniform)
        step = gauge_of(section, point.volume, point.species).resolution
        reading = Reading(
            point.pressure * scale, point.uncertainty * scale, step * scale, point.time_uncertainty,
            uniform, start,
        )  # fmt: skip
        offsets = node_offsets(point.time_uncertainty, uniform=uniform, start=start)
        times = np.maximum(point.time + offsets, 0.0)  # rounding may leave the first below 0
        wanted.append(
            _Wanted("reading", f"record_{i + 1}", point.volume, point.species, times, reading, scale)
        )
    if section.temperature_error > 0.0:
        wanted = _with_temperatures(case, section, wanted)
    for i, stable in enumerate(section.stable):
        times = np.linspace(stable.start, stable.end, _LOOKS)
        reading = Reading(stable.within, stable.uncertainty)
        wanted.append(_Wanted("stable", f"stable_{i + 1}", stable.volume, None, times, reading))
    for i, limit in enumerate(section.limits):
        kind = "below" if limit.below is not None else "above"
        reading = Reading(limit.below or limit.above or 0.0, limit.uncertainty)
        wanted.append(_Wanted(kind, f"limit_{i + 1}", limit.volume, None, np.array([limit.time]), reading))
    if section.start_offset > 0.0:
        wanted = [item._replace(windows=_windows(item, REACH * section.start_offset)) for item in wanted]
    return wanted


def _with_temperatures(case: Case, section: Diagnosis, readings: Sequence[_Wanted]) -> list[_Wanted]:
    """Add the temperatures of the record to its readings; one that stands beside two pressures was read once.

    What was read together at an uncertain time shares it.
    """
    points = case.record.points if case.record is not None else []
    clocks: dict[object, str] = {}
    timed, temperatures = [], []
    for i, (point, own) in enumerate(zip(points, readings, strict=True)):
        if point.temperature is None:
            timed.append(own)
            continue
        key = (point.volume, point.time, point.time_uncertainty, point.temperature)
        first = key not in clocks
        label = clocks.setdefault(key, own.label)
        clock = label if point.time_uncertainty > 0.0 else None
        timed.append(own._replace(clock=clock))
        if first:
            reading = own.reading._replace(
                value=point.temperature, uncertainty=section.temperature_error, resolution=0.0
            )
            name = f"temperature_{i + 1}"
            thermometer = _Wanted("temperature", name, point.volume, None, own.times, reading, 0.0)
            temperatures.append(thermometer._replace(clock=clock))
    return timed + temperatures


def _terms(wanted: Sequence[_Wanted]) -> list[tuple[int, ...]]:
    """Group what is wanted into terms of the likelihood: what shares an uncertain time is one."""
    terms: dict[str, list[int]] = {}
    for i, one in enumerate(wanted):
        terms.setdefault(one.clock or one.label, []).append(i)
    return [tuple(term) for term in terms.values()]


def _largest(changes: Floats) -> Floats:
    """Return of each sample the change that is largest either way, float64 (n,)."""
    return np.asarray(changes[np.arange(len(changes)), np.abs(changes).argmax(axis=1)])


def _windows(wanted: _Wanted, reach: float) -> tuple[tuple[float, float], ...]:
    """Return where the times of something wanted may be once they are shifted by up to ``reach``, s."""
    groups = [wanted.times] if wanted.kind in READINGS else wanted.times[:, None]
    return tuple((max(float(own.min()) - reach, 0.0), float(own.max()) + reach) for own in groups)

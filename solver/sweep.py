"""Sweeps: many samples of a case, each from the seed, its index, and where the design puts it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from ..kernels import draw, model
from ..kernels import status as status_codes
from ._case_faults import faults_of, lines_of
from ._deviations import deviations
from ._plan_layout import series_of
from ._plan_paths import CRACK_DIMENSIONS
from ._sections import Section
from ._sweep_section import GridDesign, TableDesign
from .case import Case, Sweep, load_case, with_pinned_table
from .columns import crack_prefix, series_name, series_names, series_units
from .engine import Block, available_threads, draw_block, drawn_again, run_blocks, warm_up
from .errors import CaseError
from .plan import CompiledCase, compile_case
from .provenance import describe
from .results import Results, Variable

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Progress", "SweepInterrupted", "check_threads", "resolve_case", "run_range", "sweep"]

#: Called with the samples done, those of them that failed, and the total.
Progress = Callable[[int, int, int], None]


class SweepInterrupted(KeyboardInterrupt):
    """A sweep that was stopped by Ctrl-C.

    Attributes
    ----------
    results : Results or None
        The samples that were finished; None if none were.
    """

    def __init__(self, results: Results | None) -> None:
        """Take the samples that were finished."""
        super().__init__("the sweep was interrupted")
        self.results = results


def sweep(
    case: Case | str | os.PathLike[str],
    *,
    samples: int | None = None,
    seed: int | None = None,
    design: str | Mapping[str, object] | None = None,
    threads: int | None = None,
    overrides: Mapping[str, object] | Sequence[str] = (),
    progress: Progress | None = None,
    client: Client | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> Results:
    """Run many samples of a case.

    Parameters
    ----------
    case : Case, str or path
        A case, the name of one that ships, or a file.
    samples, seed : int, optional
        Other than the case's ``sweep.samples`` and ``sweep.seed``.
    design : str or mapping, optional
        Other than the case's ``sweep.design``: ``"sobol"``, ``{"kind": "saltelli", "base_samples": 512}``.
    threads : int, optional
        By default all processors; the results do not depend on it.
    overrides : mapping or sequence of str
        As for `load_case`; only for a case given by name or path.
    progress : callable, optional
        Called with the numbers of samples done, failed and wanted: once the kernels are loaded, and after
        each block of samples.
    client : distributed.Client, optional
        Of a dask cluster whose workers run the samples, each on one thread; the results do not depend on it.
    folder : path, optional
        With a client: where parts are kept until all are there. All workers must see it under this path; by
        default it is the current folder.

    Returns
    -------
    Results
        Inputs, outcomes, statuses, and series if ``outcomes.series`` asks for them.

    Raises
    ------
    CaseError
        The case, or an argument, cannot be run; one line for each fault.
    CampaignError
        The client's workers are not fit for it, or have died.
    SweepInterrupted
        Ctrl-C; it carries the samples that were finished.
    """
    case = resolve_case(case, overrides, samples=samples, seed=seed, design=design)
    check_threads(threads)
    compiled = compile_case(case)
    count = case.sweep.samples
    _refuse_too_many(case, compiled)
    if client is not None:
        from .campaign.in_memory import sweep_on

        return sweep_on(case, client, folder=None if folder is None else Path(folder), progress=progress)
    done = failed = 0

    def report(block: Block) -> None:
        nonlocal done, failed
        done += block.statuses.size
        failed += int(np.count_nonzero(block.statuses))
        if progress is not None:
            progress(done, failed, count)

    try:
        warm_up(compiled.plan, compiled.points)
        if progress is not None:
            progress(0, 0, count)
    except KeyboardInterrupt:
        raise SweepInterrupted(None) from None
    return run_range(case, compiled, 0, count, threads=threads or available_threads(), report=report)


def run_range(
    case: Case,
    compiled: CompiledCase,
    first: int,
    count: int,
    *,
    threads: int,
    report: Callable[[Block], None] | None = None,
    lost: Collection[int] = (),
) -> Results:
    """Run the samples ``first`` to ``first + count - 1`` of a sweep.

    Parameters
    ----------
    case : Case
    compiled : CompiledCase
        Of that case.
    first, count : int
    threads : int
    report : callable, optional
        Called with each block as it ends.
    lost : collection of int
        Samples that are not run: they get the status ``worker_lost``, their inputs, and no outcomes.

    Returns
    -------
    Results
        The same bits as the rows of a sweep of all samples.

    Raises
    ------
    SweepInterrupted
        Ctrl-C; it carries the samples that were finished.
    """
    series = case.outcomes.series
    gathered = _Gathered(compiled, first, count, series=series)

    def add(block: Block) -> None:
        gathered.add(block)
        if report is not None:
            report(block)

    try:
        for index in sorted(lost):
            lost_block = draw_block(
                compiled.plan, case.sweep.seed, index, status_codes.WORKER_LOST, series=series,
                points=compiled.points,
            )  # fmt: skip
            add(lost_block)
        for start, length in _runs_between(first, count, lost):
            run_blocks(
                compiled.plan, case.sweep.seed, start, length, series=series, threads=threads, report=add,
                points=compiled.points,
            )  # fmt: skip
        return gathered.results(case)
    except KeyboardInterrupt:
        raise SweepInterrupted(gathered.results(case) if gathered.done else None) from None


def _runs_between(first: int, count: int, lost: Collection[int]) -> Iterator[tuple[int, int]]:
    """Give the first and the length of each run of samples that has no lost one in it."""
    edges = [first - 1, *sorted(lost), first + count]
    for before, after in pairwise(edges):
        if after - before > 1:
            yield before + 1, after - before - 1


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that cannot be."""
    if threads is not None and not 1 <= threads <= 1024:
        raise CaseError(f"threads = {threads}: must be from 1 to 1024")


def resolve_case(
    case: Case | str | os.PathLike[str],
    overrides: Mapping[str, object] | Sequence[str] = (),
    *,
    samples: int | None = None,
    seed: int | None = None,
    design: str | Mapping[str, object] | None = None,
) -> Case:
    """Return a case with everything that a caller set otherwise, and the number of samples of its design.

    Raises
    ------
    CaseError
        The case, or an argument, cannot be; one line for each fault.
    """
    if isinstance(case, Case) and overrides:
        raise CaseError(f"{case.source}: overrides go with a case's name or path, not with a loaded case")
    loaded = case if isinstance(case, Case) else load_case(case, overrides)
    given = {"design": design, "samples": samples, "seed": seed}
    changes = {name: value for name, value in given.items() if value is not None}
    if changes:
        section = _changed(loaded.sweep, changes)
        loaded = with_pinned_table(loaded.model_copy(update={"sweep": section}), (Path(),))
    return _fitted(loaded)


class _Holder(Section):
    """A case of which only the sweep counts."""

    sweep: Sweep


def _changed(section: Sweep, changes: Mapping[str, Any]) -> Sweep:
    """Return a section with keys set otherwise; of two that say how many samples, the caller's counts."""
    data = section.model_dump(by_alias=True, exclude_none=True, exclude_unset=True)
    if "samples" in changes and isinstance(data.get("design"), dict):
        data["design"] = {key: item for key, item in data["design"].items() if key not in _SIZES}
    if "design" in changes:
        data.pop("samples", None)
    whole = {"sweep": {**data, **changes}}
    try:
        return _Holder.model_validate(whole).sweep
    except ValidationError as error:
        faults = [fault._replace(key=fault.key[1:]) for fault in faults_of(error, whole, _Holder)]
        raise CaseError([line.removeprefix(": ") for line in lines_of(faults, "")]) from None


# keys of a design that make the number of samples
_SIZES = ("base_samples", "trajectories")


def _fitted(case: Case) -> Case:
    """Return a case with the number of samples that its design makes, where that is for the design to say."""
    design = case.sweep.design
    sized = any(getattr(design, key, None) is not None for key in _SIZES)
    if not sized and not isinstance(design, GridDesign | TableDesign):
        return case
    made = compile_case(case).design
    assert made is not None
    return case.model_copy(update={"sweep": case.sweep.model_copy(update={"samples": made.samples})})


class _Gathered:
    """The arrays of a sweep as its blocks come in."""

    def __init__(self, compiled: CompiledCase, first: int, count: int, *, series: bool) -> None:
        self.compiled = compiled
        self.first = first
        self.done = 0
        times = compiled.plan.output_time.size if series else 0
        self._inputs = np.empty((len(compiled.inputs), count))
        self._columns = [column for column in compiled.outcomes if column.place >= 0]
        self._outcomes = np.empty((len(self._columns), count))
        self._record = np.empty((*compiled.record_columns.shape, count))
        self._statuses = np.full(count, -1, np.int8)
        self._values = np.empty((compiled.plan.series.size, count, times), np.float32)
        self._flows = np.empty((len(compiled.paths), count, times), np.float32)

    def add(self, block: Block) -> None:
        """Take over what is kept of a block."""
        start = block.first - self.first
        where = slice(start, start + block.statuses.size)
        self._inputs[:, where] = block.inputs[:, [c.place for c in self.compiled.inputs]].T
        self._outcomes[:, where] = block.outcomes[:, [c.place for c in self._columns]].T
        self._record[..., where] = np.moveaxis(block.outcomes[:, self.compiled.record_columns], 0, -1)
        self._statuses[where] = block.statuses
        self._values[:, where] = np.moveaxis(block.values, 2, 0)
        self._flows[:, where] = np.moveaxis(block.flows, 2, 0)
        self.done += block.statuses.size

    def results(self, case: Case) -> Results:
        """Return the samples that are there."""
        there = np.flatnonzero(self._statuses >= 0)
        attributes, provenance = describe(case, extendable=self.compiled.extendable)
        if self.compiled.design is not None:
            provenance["design"] = self.compiled.design.description
        wants_series = self._values.shape[2] > 0
        return Results(
            samples=there + self.first,
            status=self._statuses[there],
            variables={variable.name: variable for variable in self._variables(case, there)},
            times=self.compiled.plan.output_time if wants_series else None,
            cracks=self._cracks(case, there + self.first) if case.outcomes.crack_geometry else None,
            attributes=attributes,
            provenance=provenance,
        )

    def _variables(self, case: Case, there: NDArray[np.int64]) -> list[Variable]:
        whole = there.size == self._statuses.size  # then nothing need be copied
        columns = [*self.compiled.inputs, *self._columns]
        data = [values if whole else values[there] for values in (*self._inputs, *self._outcomes)]
        derived = deviations(case, self._record if whole else self._record[..., there])
        for column in self.compiled.outcomes:
            if column.place < 0:
                columns.append(column)
                data.append(derived[column.name])
        variables = [
            Variable(c.name, values, c.units, c.long_name, c.role, c.attributes)
            for c, values in zip(columns, data, strict=True)
        ]
        if self._values.shape[2] > 0:
            for row, values in zip(series_of(case), self._values, strict=True):
                _, units, text = series_units(row)
                variables.append(Variable(series_name(row), values[there], units, text, "output"))
            flow_names = series_names(case)[1]
            for label_, name, values in zip(flow_names, case.paths, self._flows, strict=True):
                text = f"mass flow through {name}"
                variables.append(Variable(label_, values[there], "kg s-1", text, "output"))
        return variables

    def _cracks(self, case: Case, samples: NDArray[np.int64]) -> dict[str, Variable]:
        """Draw the cracks once more: they depend on seed and index alone, so none had to be kept."""
        plan = self.compiled.plan
        inputs, noise = drawn_again(plan, case.sweep.seed, samples, self.compiled.points)
        variables: dict[str, Variable] = {}
        for p, name in enumerate(self.compiled.paths):
            if plan.paths[p]["count"] >= 0:
                counts = np.floor(inputs[:, plan.paths[p]["count"]] + 0.5).astype(np.int64)
                fields = np.empty((int(counts.sum()), model.N_CRACK_FIELDS))
                addresses = noise[:, p].view(np.int64)
                draw.draw_populations(plan, p, np.uint64(case.sweep.seed), addresses, inputs, counts, fields)
                own = crack_prefix(name)
                text = f"number of cracks of {name}"
                variables[f"{own}_count"] = Variable(f"{own}_count", counts, "1", text, "input")
                for place, field in enumerate(model.CRACK_FIELDS):
                    units = _UNITS[CRACK_DIMENSIONS[field]]
                    label = f"{own}_{field}"
                    text = f"{field} of each crack of {name}"
                    variables[label] = Variable(label, fields[:, place].copy(), units, text, "input")
        return variables


_UNITS = {"length": "m", "dimensionless": "1", "compliance": "m Pa-1", "growth_rate": "m s-1"}


def _refuse_too_many(case: Case, compiled: CompiledCase) -> None:
    """Refuse a sweep whose results do not fit into memory, where they are held thrice when written."""
    series = compiled.plan.output_time.size if case.outcomes.series else 0
    numbers = len(compiled.inputs) + len(compiled.outcomes) + compiled.record_columns.size
    row = 8 * numbers + 4 * series * (compiled.plan.series.size + len(compiled.paths)) + 9
    needed = 3 * row * case.sweep.samples
    installed = _installed_memory()
    if installed is not None and needed > installed:
        raise CaseError(
            f"{case.source}: sweep.samples = {case.sweep.samples}: needs about {needed / 1e9:.3g} GB of "
            f"memory, there are {installed / 1e9:.3g}; take fewer samples, fewer outcomes, or no series"
        )


def _installed_memory() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None

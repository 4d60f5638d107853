"""The analysis of a sweep: its design says which indices, its statuses which samples may be used."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, LeakflowError, ResultsError
from ..results import Results
from ._assembly import assemble
from .design import PICK_FREEZE
from .failures import Failures, find_failures
from .groups import Column, Survey, survey
from .indices import Indices
from .methods import SEQUENCES, SHAPLEY, MethodKind, choose_method
from .replicates import mean_of_replicates
from .sources import Source, open_sources
from .streaming import Stream
from .tables import MOST_ROWS, Options, Table, given_table, morris_table, sobol_series, sobol_table

__all__ = ["TooManyFailedError", "analyse"]

Floats = NDArray[np.float64]


class TooManyFailedError(LeakflowError):
    """So many samples failed that the rest would tell of another distribution; one line."""


@dataclass(frozen=True)
class Found:
    """What was computed of one sweep, before it is put together.

    Attributes
    ----------
    scalars, series : tuple of Column
        What the tables are of; ``series`` holds every time of each series.
    table, series_table : Table
        The latter None without series.
    states : int8 (outcomes,)
    failed : Table or None
        Of "it failed", by Saltelli's design.
    """

    source: Source
    method: MethodKind
    options: Options
    inputs: tuple[str, ...]
    survey: Survey
    scalars: tuple[Column, ...]
    states: NDArray[np.int8]
    table: Table
    series: tuple[Column, ...]
    series_table: Table | None
    stream: Stream | None
    failures: Failures | None
    failed: Table | None
    max_failed_share: float
    notes: tuple[str, ...]


def analyse(
    results: Results | str | os.PathLike[str] | Sequence[Any],
    *,
    method: str = "auto",
    outcomes: Sequence[str] | None = None,
    max_failed_share: float = 0.05,
    half_width: float | None = None,
    resamples: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> Indices:
    """Say how much each input decides of each outcome.

    Parameters
    ----------
    results : Results, path, or a sequence of them
        A sweep, or several with other seeds whose indices are then compared. A path is a results file or the
        folder of a campaign; files of one campaign are put together.
    method : str
        "sobol" (of a saltelli design), "morris" (of a morris design), "chatterjee", "delta", "pawn",
        "rbd-fast", "shapley" or "regression"; "auto" takes what the design is for.
    outcomes : sequence of str, optional
        Outcomes and series; by default all but the deviations from single points of a record.
    max_failed_share : float
        Share of groups of samples (of samples, where there are no groups) with failed ones above which
        nothing is computed; and of groups without a value above which an outcome gets no indices.
    half_width : float, optional
        Half-width of confidence intervals that is wanted: the samples that would reach it are told. For
        Morris, over the largest ``mu_star``.
    resamples : int
        Of the bootstrap.
    confidence : float
        Of the intervals.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Indices

    Raises
    ------
    ResultsError
        A file cannot be read.
    ArgumentError
        No such method, outcome or number; or not of this design.
    TooManyFailedError
        More failed than ``max_failed_share`` allows.
    """
    _check_arguments(max_failed_share, half_width, resamples, confidence, seed)
    options = Options(resamples, confidence, seed)
    sources = open_sources(results)
    found = [
        assemble(_analyse(source, method, outcomes, max_failed_share, options), half_width)
        for source in sources
    ]
    return found[0] if len(found) == 1 else mean_of_replicates(found, confidence)


def _check_arguments(
    max_failed_share: float, half_width: float | None, resamples: int, confidence: float, seed: int
) -> None:
    for name, value, fits, allowed in (
        ("max_failed_share", max_failed_share, 0.0 <= max_failed_share < 1.0, "from 0 to below 1"),
        ("half_width", half_width, half_width is None or 0.0 < half_width < 1.0, "between 0 and 1"),
        ("resamples", resamples, 2 <= resamples <= 10_000, "from 2 to 10000"),
        ("confidence", confidence, 0.0 < confidence < 1.0, "between 0 and 1"),
        ("seed", seed, 0 <= seed < 2**63, "from 0 to 2^63 - 1"),
    ):
        if not fits:
            raise ArgumentError(name, f" = {value}: must be {allowed}")


def _analyse(
    source: Source, name: str, outcomes: Sequence[str] | None, max_failed_share: float, options: Options
) -> Found:
    method = choose_method(name, source.design, source.name)
    design = source.design
    if method.name == "shapley":
        method = replace(method, of_rows=SHAPLEY[source.noisy])
    inputs = _inputs(source, method)
    scalars, series = _columns(source, outcomes, method)
    found = survey(source, design.rows_per_group)
    _refuse_failed(source, found, method, max_failed_share)
    table = _table(source, found, scalars, method, inputs, options)
    table, states, reached = _set_apart(table, scalars, found, method, max_failed_share)
    if reached:
        scalars = (*scalars, *reached)
        table = _joined(table, _table(source, found, reached, method, inputs, options))
        states = np.r_[states, np.zeros(len(reached), np.int8)]
    states[table.constant & (states == 0)] = 1
    series_table = stream = None
    if series:
        if method.name == "sobol":
            series_table, stream = sobol_series(source, found, series, design, options)
        else:
            series_table = _table(source, found, series, method, inputs, options, in_parts=False)
    failures = failed = None
    if found.failed_samples:
        failures = find_failures(source, _stored(source))
        if design.kind == PICK_FREEZE and found.failed.any():
            failed = sobol_table(source, found, [Column("failed", kind="failed")], design, options)
    notes = _notes(source, method, found, table)
    return Found(
        source, method, options, inputs, found, scalars, states, table, series, series_table, stream,
        failures, failed, max_failed_share, notes,
    )  # fmt: skip


def _inputs(source: Source, method: MethodKind) -> tuple[str, ...]:
    """Return the names of what the indices are over."""
    if method.of_rows is None:
        return source.design.factors
    names = tuple(_stored(source))
    if not names:
        raise ResultsError(f"{source.name}: it has no inputs that were drawn, so nothing to be sensitive to")
    return names


def _stored(source: Source) -> list[str]:
    """Return the inputs whose values are in the results, in the order of the design."""
    stored = [name for name, q in source.quantities.items() if q.role == "input" and not q.times]
    designed = [name for name in source.design.names if name in stored]
    return designed or stored


def _columns(
    source: Source, outcomes: Sequence[str] | None, method: MethodKind
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Return what is analysed: scalars, and every time of series."""
    known = {name: q for name, q in source.quantities.items() if q.role == "output"}
    if outcomes is None:
        chosen = [name for name in known if not name.startswith("record_deviation_")]
    else:
        chosen = list(dict.fromkeys(outcomes))
        for name in chosen:
            if name not in known:
                import difflib

                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                raise ArgumentError("outcomes", f" = {name}: {source.name} has no such outcome; {hint}")
    scalars = tuple(Column(name) for name in chosen if not known[name].times)
    series = tuple(Column(name, time) for name in chosen for time in range(known[name].times))
    if series and not method.series:
        if outcomes is not None:
            name = next(name for name in chosen if known[name].times)
            raise ArgumentError("outcomes", f" = {name}: method {method.name} is too slow for a series")
        series = ()
    if not scalars and not series:
        raise ResultsError(f"{source.name}: it has no outcomes")
    return scalars, series


def _refuse_failed(source: Source, found: Survey, method: MethodKind, most: float) -> None:
    if not found.whole.any():
        raise ResultsError(f"{source.name}: no group of {source.design.rows_per_group} samples is whole")
    if method.of_rows is None:
        share, what = found.failed_share, "groups of samples hold failed ones"
    else:
        share, what = found.failed_samples / found.samples, "samples failed"
    if share > most:
        raise TooManyFailedError(
            f"{source.name}: {share:.2%} of the {what}, more than the {most:.2%} of --max-failed-share: "
            "the rest is a biased sample"
        )


def _table(
    source: Source,
    found: Survey,
    columns: Sequence[Column],
    method: MethodKind,
    inputs: tuple[str, ...],
    options: Options,
    *,
    in_parts: bool = True,
) -> Table:
    """Return the indices of columns, whatever the method."""
    design = source.design
    if not columns:
        return _empty(len(inputs))
    if method.of_rows is None:
        compute = sobol_table if method.name == "sobol" else morris_table
        return compute(source, found, columns, design, options)
    # the first part of a grid or a table is no sample of the whole
    in_parts = in_parts and design.kind not in ("grid", "table") and method.name != "delta"
    return given_table(
        source, method.of_rows, inputs, columns, design, options, most=MOST_ROWS[method.name],
        in_parts=in_parts,
    )  # fmt: skip


def _set_apart(
    table: Table, columns: Sequence[Column], found: Survey, method: MethodKind, most: float
) -> tuple[Table, NDArray[np.int8], tuple[Column, ...]]:
    """Take the numbers of outcomes that miss too many values, and say what to analyse instead."""
    states = np.zeros(len(columns), np.int8)
    failed = int(found.failed.sum()) if method.of_rows is None else 0
    missing = table.dropped - failed
    good = table.used + missing
    too_many = missing > most * np.maximum(good, 1)
    states[too_many] = 2
    if not too_many.any():
        return table, states, ()
    values = {}
    for name, data in table.values.items():
        values[name] = data.copy()
        values[name][too_many] = np.nan
    at = {name: np.where(too_many[None, :, None], np.nan, data) for name, data in table.at_sizes.items()}
    # a density of two values, which delta is about, says nothing
    reached = tuple(
        Column(c.name, kind="reached")
        for c, apart in zip(columns, too_many, strict=True)
        if apart and method.name != "delta"
    )
    return (
        replace(table, values=values, at_sizes=at, constant=table.constant & ~too_many,
                unused=table.unused & ~too_many[:, None]),
        states,
        reached,
    )  # fmt: skip


def _joined(one: Table, other: Table) -> Table:
    """Return the columns of two tables after each other."""
    names = dict.fromkeys([*one.values, *other.values])

    def both(name: str) -> Floats:
        first, second = one.values.get(name), other.values.get(name)
        if first is None:
            assert second is not None
            first = np.full((len(one.used), *second.shape[1:]), np.nan)
        if second is None:
            second = np.full((len(other.used), *first.shape[1:]), np.nan)
        return np.concatenate([first, second])

    rest: dict[str, Any] = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("used", "dropped", "mean", "variance", "constant", "unused")
    }
    if one.at_sizes and one.sizes != other.sizes:
        other = replace(other, at_sizes={})
    at = {
        name: np.concatenate(
            [data, other.at_sizes.get(name, np.full((len(one.sizes), *other.unused.shape), np.nan))], axis=1
        )
        for name, data in one.at_sizes.items()
    }
    return Table({name: both(name) for name in names}, sizes=one.sizes, at_sizes=at, **rest)


def _empty(inputs: int) -> Table:
    none = np.zeros(0)
    return Table(
        {}, none.astype(np.int64), none.astype(np.int64), none, none, none.astype(bool),
        np.zeros((0, inputs), bool),
    )  # fmt: skip


def _notes(source: Source, method: MethodKind, found: Survey, table: Table) -> tuple[str, ...]:
    """Say in lines what the numbers leave out."""
    notes = []
    if method.of_rows is None and found.failed.any():
        count, whole = int(found.failed.sum()), int(found.whole.sum())
        first = ", ".join(map(str, found.named()))
        more = ", ..." if count > len(found.named()) else ""
        notes.append(
            f"dropped {count} of {whole} groups of {source.design.rows_per_group} samples, since a sample in "
            f"them failed ({found.failed_samples} samples): groups {first}{more}"
        )
    elif found.failed_samples:
        notes.append(f"{found.failed_samples} of {found.samples} samples failed and are left out")
    torn = int((~found.whole).sum())
    if torn and source.design.rows_per_group > 1:
        notes.append(f"{torn} groups are not there whole and are left out; the sweep was interrupted")
    if method.of_rows is not None:
        hidden = [name for name in source.design.names if name not in source.quantities]
        if hidden:
            notes.append(f"not among the inputs, since its values are not kept: {', '.join(hidden)}")
        elif source.noisy:
            notes.append("the cracks themselves are drawn too and are not among the inputs")
        if method.name == "shapley" and source.design.kind in SEQUENCES:
            notes.append(
                f"neighbours of a {source.design.kind} design lie apart: Shapley effects are less exact than "
                "their intervals say"
            )
        most = MOST_ROWS[method.name]
        if source.count > most and table.used.size and int((table.used + table.dropped).max()) <= most:
            notes.append(f"of {source.count} samples {most} were drawn, since {method.name} is slow")
    return tuple(notes)

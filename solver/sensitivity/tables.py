"""Each method over many columns at once: one table of indices, whatever the method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...kernels import status as status_codes
from ..errors import ResultsError
from .design import Design
from .groups import Column, Survey, group_values, row_values
from .morris import MorrisEffects, morris_of_trajectories, steps_of_trajectories
from .sobol import SobolIndices, is_constant, sobol_of_groups
from .sources import ABSENT, Source
from .streaming import Stream, stream_sobol

__all__ = ["MOST_ROWS", "Options", "Table", "given_table", "morris_table", "sobol_series", "sobol_table"]

Floats = NDArray[np.float64]

#: Up to so many groups an outcome is held in memory, and its bootstrap is SALib's.
_IN_MEMORY = 2**16
#: Rows beyond which a method of given samples would take too long; so many are then drawn from all.
MOST_ROWS = {
    "delta": 2_000, "pawn": 200_000, "rbd-fast": 50_000, "shapley": 10_000, "chatterjee": 1_000_000,
    "regression": 1_000_000,
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Of the bootstrap."""

    resamples: int = 100
    confidence: float = 0.95
    seed: int = 1


@dataclass(frozen=True)
class Table:
    """Indices of C columns.

    Attributes
    ----------
    values : dict of str to float64 (C,), (C, D) or (C, D, D)
    used, dropped : int64 (C,)
        Groups, or rows where there are no groups, that count, and that were left out.
    mean, variance : float64 (C,)
    constant : bool (C,)
    unused : bool (C, D)
        Inputs that change nothing.
    sizes : tuple of int
        How many groups, or rows, from the first on ``at_sizes`` are of.
    at_sizes : dict of str to float64 (K, C, D)
    """

    values: dict[str, Floats]
    used: NDArray[np.int64]
    dropped: NDArray[np.int64]
    mean: Floats
    variance: Floats
    constant: NDArray[np.bool_]
    unused: NDArray[np.bool_]
    sizes: tuple[int, ...] = ()
    at_sizes: dict[str, Floats] = field(default_factory=dict)


def sobol_table(
    source: Source, found: Survey, columns: Sequence[Column], design: Design, options: Options
) -> Table:
    """Return Sobol' indices of scalar columns, with bounds and convergence."""
    sizes = _parts(len(found.whole))
    if len(found.whole) > _IN_MEMORY:
        stream = stream_sobol(
            source, found, columns, design.factors, second_order=design.second_order, sizes=sizes,
            resamples=options.resamples, confidence=options.confidence, seed=options.seed,
        )  # fmt: skip
        return _sobol_table(stream.at_sizes, sizes)
    at: list[list[SobolIndices]] = [[] for _ in sizes]
    for column in columns:
        rows = group_values(source, found, design.rows_per_group, 0, len(found.whole), [column])[0]
        for size, kept in zip(sizes, at, strict=True):
            kept.append(
                sobol_of_groups(
                    rows[: int(found.whole[:size].sum())], design.factors, second_order=design.second_order,
                    resamples=options.resamples, confidence=options.confidence, seed=options.seed,
                )
            )  # fmt: skip
    return _sobol_table(at, sizes)


def sobol_series(
    source: Source, found: Survey, columns: Sequence[Column], design: Design, options: Options
) -> tuple[Table, Stream]:
    """Return Sobol' indices of many times at once, in one pass; and its sums, for whole series."""
    stream = stream_sobol(
        source, found, columns, design.factors, second_order=False, sizes=[len(found.whole)],
        resamples=options.resamples, confidence=options.confidence, seed=options.seed, bounded=False,
        step=design.rows_per_group,
    )  # fmt: skip
    return _sobol_table(stream.at_sizes, stream.sizes), stream


def morris_table(
    source: Source, found: Survey, columns: Sequence[Column], design: Design, options: Options
) -> Table:
    """Return elementary effects."""
    step, count = design.rows_per_group, len(found.whole)
    stored = [name for name in design.names if name in source.quantities]
    status, x, y = row_values(source, stored, columns)
    if len(status) != count * step or not found.whole.all():  # an interrupted sweep
        there = np.flatnonzero(found.whole)
        kept = _rows_of_groups(source, found, step, there)
        x, y = x[kept], y[kept]
    place = {name: j for j, name in enumerate(stored)}
    members = [tuple(place[name] for name in own if name in place) for own in design.members]
    moved, sign = steps_of_trajectories(x.reshape(-1, step, len(stored)), members)
    sizes = _parts(len(moved))
    at = [
        [
            morris_of_trajectories(
                y[: size * step, c].reshape(-1, step), moved[:size], sign[:size], levels=design.levels,
                resamples=options.resamples, confidence=options.confidence, seed=options.seed,
            )
            for c in range(len(columns))
        ]
        for size in sizes
    ]  # fmt: skip
    return _morris_table(at, sizes, y)


#: A method of given samples: inputs (n, D), outcomes (n, m), options to names and arrays (m, D) or (m,).
Method = Callable[[Floats, Floats, Options], dict[str, Floats]]


def given_table(
    source: Source,
    method: Method,
    names: Sequence[str],
    columns: Sequence[Column],
    design: Design,
    options: Options,
    *,
    most: int,
    in_parts: bool,
) -> Table:
    """Return the indices of a method that needs no special design.

    Parameters
    ----------
    names : sequence of str
        Inputs.
    most : int
        Rows at most; more are drawn from.
    in_parts : bool
        Whether indices of the first part of the rows are wanted too.
    """
    # the rows A and B of Saltelli's design are random samples, the others share inputs with them
    every = (0, design.rows_per_group - 1) if design.rows_per_group > 1 else None
    chosen = None
    span = source.last - source.first
    available = source.count if every is None else 2 * source.count // design.rows_per_group
    if available > most:
        chosen = np.zeros(span, bool)
        among = np.arange(source.first, source.last)
        if every is not None:
            among = among[np.isin(among % design.rows_per_group, every)]
        drawn = np.random.default_rng(options.seed).choice(among, most, replace=False)
        chosen[drawn - source.first] = True
    status, x, y = row_values(
        source, names, columns, every=every, rows=design.rows_per_group, chosen=chosen
    )  # fmt: skip
    good = (status == status_codes.OK) & np.isfinite(x).all(axis=1)
    x, y = x[good], y[good]
    sizes = _parts(len(x)) if in_parts else (len(x),)
    found = [_given(x[:size], y[:size], method, options) for size in sizes]
    last = found[-1]
    known = np.isfinite(y)
    used = known.sum(axis=0)
    shape = (len(columns), len(names))
    at = {name: np.stack([one[name] for one in found]) for name in last if last[name].shape == shape}
    with np.errstate(invalid="ignore"):
        mean = np.array([y[k, c].mean() if k.any() else np.nan for c, k in enumerate(known.T)])
        variance = np.array([y[k, c].var() if k.any() else np.nan for c, k in enumerate(known.T)])
    return Table(
        last, used, len(y) - used, mean, variance,
        np.array([is_constant(y[k, c]) for c, k in enumerate(known.T)], bool),
        np.zeros(shape, bool), sizes, at if in_parts else {},
    )  # fmt: skip


def _given(x: Floats, y: Floats, method: Method, options: Options) -> dict[str, Floats]:
    """Apply a method to the columns, those that miss the same rows together."""
    known = np.isfinite(y)
    found: dict[str, Floats] = {}
    patterns: dict[bytes, list[int]] = {}
    for c in range(y.shape[1]):
        patterns.setdefault(known[:, c].tobytes(), []).append(c)
    for own in patterns.values():
        rows = known[:, own[0]]
        varying = [c for c in own if rows.sum() > 3 and not is_constant(y[rows, c])]
        if not varying:
            continue
        for name, values in method(x[rows], y[rows][:, varying], options).items():
            found.setdefault(name, np.full((y.shape[1], *values.shape[1:]), np.nan))[varying] = values
    if not found:
        probe = np.random.default_rng(0).random((50, x.shape[1]))
        for name, values in method(probe, probe[:, :1], options).items():
            found[name] = np.full((y.shape[1], *values.shape[1:]), np.nan)
    return found


def _parts(count: int) -> tuple[int, ...]:
    """Return an eighth, a quarter, a half and all, as far as they are not next to nothing."""
    return (*(count // by for by in (8, 4, 2) if count // by >= 8), count)


def _sobol_table(at: list[list[SobolIndices]], sizes: Sequence[int]) -> Table:
    last = at[-1]
    values = {}
    for name in ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf"):
        if getattr(last[0], name) is not None:
            values[name] = np.stack([getattr(one, name) for one in last])
    if any(int(one.dropped) for one in last):
        for name in ("S1_low", "S1_high", "ST_low", "ST_high", "S2_low", "S2_high"):
            if getattr(last[0].bounds, name) is not None:
                values[name] = np.stack([getattr(one.bounds, name) for one in last])
    return Table(
        values,
        np.array([one.groups for one in last], np.int64),
        np.array([one.dropped for one in last], np.int64),
        np.array([one.mean for one in last]),
        np.array([one.variance for one in last]),
        np.array([bool(one.constant) for one in last]),
        np.stack([one.unused for one in last]),
        tuple(sizes),
        {
            name: np.stack([np.stack([getattr(one, name) for one in part]) for part in at])
            for name in ("S1", "S1_conf", "ST", "ST_conf")
        },
    )


def _morris_table(at: list[list[MorrisEffects]], sizes: Sequence[int], y: Floats) -> Table:
    last = at[-1]
    names = ["mu", "mu_star", "mu_star_conf", "sigma"]
    if any(one.dropped for one in last):
        names += [f"{name}_{end}" for name in ("mu", "mu_star", "sigma") for end in ("low", "high")]
    known = [column[np.isfinite(column)] for column in y.T]
    return Table(
        {name: np.stack([getattr(one, name) for one in last]) for name in names},
        np.array([one.trajectories for one in last], np.int64),
        np.array([one.dropped for one in last], np.int64),
        np.array([k.mean() if k.size else np.nan for k in known]),
        np.array([k.var() if k.size else np.nan for k in known]),
        np.array([one.constant for one in last], bool),
        np.stack([one.unused for one in last]),
        tuple(sizes),
        {
            name: np.stack([np.stack([getattr(one, name) for one in part]) for part in at])
            for name in ("mu_star", "mu_star_conf", "sigma")
        },
    )


def _rows_of_groups(source: Source, found: Survey, step: int, groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where, among the rows there are, those of some groups stand."""
    if not groups.size:
        raise ResultsError(f"{source.name}: no trajectory is there whole")
    status, _ = source.read(found.first * step, (found.first + len(found.whole)) * step, ())
    place = np.cumsum(status != ABSENT) - 1
    rows: NDArray[np.int64] = place.reshape(-1, step)[groups].ravel()
    return rows

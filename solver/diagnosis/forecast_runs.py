"""Runs of a forecast: posterior draws from the start of the record to the horizon, or as far as they go."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...kernels import model
from ..engine import Block, Points, available_threads, run_blocks
from .options import Ahead
from .posterior import Posterior

__all__ = ["Ran", "Reached", "reached_before", "run_draws"]

Floats = NDArray[np.float64]
# ends that are tried between two of the times at which pressures are wanted
_BETWEEN = 8


class Ran(NamedTuple):
    """What the runs of the draws of one posterior gave.

    Attributes
    ----------
    ahead : Ahead
    outcomes : dict of str to float64 (n,)
    pressures : float64 (n, V, T)
    failed : bool (n,)
        All else of these is NaN.
    """

    ahead: Ahead
    outcomes: dict[str, Floats]
    pressures: Floats
    failed: NDArray[np.bool_]


class Reached(NamedTuple):
    """What runs that fail before the horizon gave until then.

    Attributes
    ----------
    until : float64 (n,)
        How far after the last reading each is known to go, s; NaN of draws that did not even reach that.
    pressures : float64 (n, V, T)
        NaN beyond.
    crossings : dict of str to float64 (n,)
        The outcomes that were asked for; NaN where nothing had happened.
    """

    until: Floats
    pressures: Floats
    crossings: dict[str, Floats]


def run_draws(
    ahead: Ahead,
    posterior: Posterior,
    seed: int,
    threads: int | None,
    *,
    rows: NDArray[np.int64] | None = None,
    end: float | None = None,
) -> Ran:
    """Run draws at once; what an option adds to the inputs is drawn independently of them.

    Parameters
    ----------
    ahead : Ahead
    posterior : Posterior
    seed : int
    threads : int or None
    rows : int64 (n,), optional
        Draws that are run; by default all.
    end : float, optional
        An earlier end than that of the case, s; pressures at later times are NaN.
    """
    plan = ahead.compiled.plan if end is None else _ended(ahead.compiled.plan, end)
    u, values = _placed(ahead, posterior, seed)
    if rows is not None:
        u, values = u[rows], values[rows]
    n = len(values)
    outcomes: Floats | None = None
    statuses = np.empty(n, np.int8)

    def points(first: int, count: int) -> Points:
        part = slice(first, first + count)
        # all samples of a diagnosis have the same cracks
        return Points(u=u[part], values=values[part], noise=np.zeros((count, plan.paths.size), np.uint64))

    def take(block: Block) -> None:
        nonlocal outcomes
        if outcomes is None:
            outcomes = np.empty((n, block.outcomes.shape[1]))
        where = slice(block.first, block.first + block.statuses.size)
        outcomes[where], statuses[where] = block.outcomes, block.statuses

    run_blocks(
        plan, seed, 0, n, series=False, threads=threads or available_threads(), report=take, points=points
    )
    assert outcomes is not None
    failed = statuses != 0
    outcomes[failed] = np.nan
    named = {
        column.name: outcomes[:, column.place] for column in ahead.compiled.outcomes if column.place >= 0
    }
    return Ran(ahead, named, outcomes[:, ahead.places], failed)


def reached_before(
    ran: Ran, posterior: Posterior, seed: int, threads: int | None, *, last: float, times: Floats,
    wanted: list[str], lost: NDArray[np.bool_],
) -> Reached:  # fmt: skip
    """Run what failed before the horizon again, to earlier ends, to find how far each draw goes.

    The ends are those times and seven between each two of them; of each draw the last that it reaches is
    found by halving.

    Parameters
    ----------
    ran : Ran
        To the horizon.
    posterior, seed, threads
        As for `run_draws`.
    last : float
        The last reading, s.
    times : float64 (T,)
        Of the pressures, s after the last reading.
    wanted : list of str
        Outcomes that are wanted of what was reached.
    lost : bool (n,)
        Draws that do not reach the last reading.
    """
    ends = np.interp(np.arange((times.size - 1) * _BETWEEN + 1) / _BETWEEN, np.arange(times.size), times)
    until = np.where(ran.failed, np.nan, times[-1])
    pressures = ran.pressures.copy()
    crossings = {name: ran.outcomes[name].copy() for name in wanted}
    reached = np.full(ran.failed.size, -1)
    failing = np.where(ran.failed & ~lost, ends.size - 1, -1)
    while np.any(open_ := failing - reached > 1):
        middle = (failing + reached) // 2
        for place in np.unique(middle[open_]):
            rows = np.flatnonzero(open_ & (middle == place))
            again = run_draws(ran.ahead, posterior, seed, threads, rows=rows, end=last + ends[place])
            failing[rows[again.failed]] = place
            kept = rows[~again.failed]
            reached[kept], until[kept] = place, ends[place]
            known = times <= ends[place]
            pressures[kept] = np.where(known, again.pressures[~again.failed], np.nan)
            for name, found in crossings.items():
                found[kept] = again.outcomes[name][~again.failed]
    return Reached(until, pressures, crossings)


def _placed(ahead: Ahead, posterior: Posterior, seed: int) -> tuple[Floats, Floats]:
    """Return where each draw puts each input, float64 (n, I) twice: as a level, and as a value."""
    n, width = posterior.size, ahead.compiled.plan.draws.size
    u, values = np.full((n, width), np.nan), np.full((n, width), np.nan)
    for column in ahead.compiled.inputs:
        if column.name in posterior.draws:
            values[:, column.place] = posterior.draws[column.name]
        else:  # by its name, so that options that share it have the same draws
            rng = np.random.default_rng([seed, zlib.crc32(column.name.encode())])
            u[:, column.place] = rng.random(n)
    return u, values


def _ended(plan: model.Plan, end: float) -> model.Plan:
    """Return a plan that ends earlier: what was scheduled for later is not reached."""
    settings, records = plan.settings.copy(), plan.records.copy()
    settings[model.DURATION] = end
    records["time"] = np.minimum(records["time"], end)
    own = {name: getattr(plan, name) for name in plan.fields}
    return model.Plan(**own | {"settings": settings, "records": records})

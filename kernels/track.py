"""What is noted on the way of one sample: thresholds crossed, the record, series.

Output and record times are read off the dense output and cost no step; thresholds are found on it.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .jit import jit
from .model import Plan, fill, sizes
from .network import rates
from .pack import Pack
from .places import CURVE, METHOD
from .quadrature import curve_state
from .rosenbrock import dense_state
from .volumes import look, observe, path_total

#: Pieces of a step in which a crossing is looked for, so that a dip and return is seen.
PIECES = 8


class Track(Pack):
    """What is noted on the way of one sample; T thresholds, M record points.

    record : float64[M]
        What was watched at the record's times.
    crossing : float64[T]
        First time at which each threshold holds [s], NaN if never.
    counts : int64[2]
        Steps accepted and rejected.
    probe : float64[n]
        Working memory: a state between steps.
    next_record, next_output : int64[1]
        The first times not yet reached.
    """

    record: NDArray[Any]
    crossing: NDArray[Any]
    counts: NDArray[Any]
    probe: NDArray[Any]
    next_record: NDArray[Any]
    next_output: NDArray[Any]


def new_track(plan: Plan) -> Track:
    """Allocate the notes of one sample; reused from sample to sample (Python)."""
    return Track(
        record=np.zeros(plan.records.size),
        crossing=np.zeros(plan.thresholds.size),
        counts=np.zeros(2, np.int64),
        probe=np.zeros(sizes(plan)[1]),
        next_record=np.zeros(1, np.int64),
        next_output=np.zeros(1, np.int64),
    )


@jit
def clear_track(track):
    """Forget the sample before."""
    fill(track.record, math.nan)
    fill(track.crossing, math.nan)
    track.counts[0] = 0
    track.counts[1] = 0
    track.next_record[0] = 0
    track.next_output[0] = 0


@jit
def has_times(plan, track, values, end):
    """Whether a step that ends at ``end`` has times of the record or of outputs in it."""
    i, k = track.next_record[0], track.next_output[0]
    if i < track.record.size and plan.records[i]["time"] < end:
        return True
    return k < values.shape[0] and plan.output_time[k] < end


@jit
def note_times(plan, sample, start, end, t, t_end, limit, work, track, values, flows):
    """Note what is watched at the record and output times below ``limit`` within a step.

    Parameters
    ----------
    plan : model.Plan
    sample : model.Sample
    start, end : float64[n]
        States at the two ends of the step.
    t, t_end, limit : float
        [s]
    work : rosenbrock.Work
        With the coefficients of the dense output.
    track : Track
    values, flows : float64[N or 0, Q], float64[N or 0, P]
    """
    sample.aside[0] = 1
    span = t_end - t
    while track.next_record[0] < track.record.size:
        i = track.next_record[0]
        row = plan.records[i]
        if not row["time"] < limit:
            break
        probe(plan, sample, start, end, t, t_end, (row["time"] - t) / span, work, track)
        track.record[i] = observe(plan, sample, work.right, row["quantity"], row["volume"], row["species"])
        track.next_record[0] += 1
    while track.next_output[0] < values.shape[0]:
        i = track.next_output[0]
        if not plan.output_time[i] < limit:
            break
        _set_probe(plan, start, end, t, t_end, min((plan.output_time[i] - t) / span, 1.0), work, track)
        sample.clock[0] = plan.output_time[i]
        rates(plan, sample, track.probe, work.right)
        for k in range(plan.series.size):
            row = plan.series[k]
            values[i, k] = observe(plan, sample, work.right, row["quantity"], row["volume"], row["species"])
        for p in range(plan.paths.size):
            flows[i, p] = path_total(plan, sample, p)
        track.next_output[0] += 1
    sample.aside[0] = 0


@jit
def probe(plan, sample, start, end, t, t_end, theta, work, track):
    """Look at the state at the fraction theta of a step; leaves it in ``track.probe``."""
    theta = min(theta, 1.0)
    sample.clock[0] = t + theta * (t_end - t)
    _set_probe(plan, start, end, t, t_end, theta, work, track)
    look(plan, sample, track.probe)


@jit
def _set_probe(plan, start, end, t, t_end, theta, work, track):
    """Write the state at the fraction theta of a step, or of a range, into ``track.probe``."""
    if work.method[METHOD] == CURVE:
        curve_state(plan, theta * (t_end - t), start, work, track.probe)
    else:
        dense_state(theta, start, end, work.dense, track.probe)


@jit
def note_thresholds_at(plan, sample, state, t, track):
    """Note the thresholds that hold at time t, after its events."""
    if track.crossing.size > 0:
        look(plan, sample, state)
    for i in range(track.crossing.size):
        if math.isnan(track.crossing[i]) and _excess(plan, sample, i) >= 0.0:
            track.crossing[i] = t


@jit
def note_crossings(plan, sample, state, t, t_end, last, work, track):
    """Find by bisection the thresholds first crossed in an accepted step, up to its fraction ``last``."""
    for i in range(track.crossing.size):
        piece = 1
        while math.isnan(track.crossing[i]) and piece <= PIECES:
            high = last * piece / PIECES
            probe(plan, sample, state, work.new, t, t_end, high, work, track)
            if _excess(plan, sample, i) >= 0.0:
                low = last * (piece - 1) / PIECES
                while high - low > 1e-15:
                    middle = 0.5 * (low + high)
                    probe(plan, sample, state, work.new, t, t_end, middle, work, track)
                    if _excess(plan, sample, i) >= 0.0:
                        high = middle
                    else:
                        low = middle
                track.crossing[i] = t + high * (t_end - t)
            piece += 1


@jit
def _excess(plan, sample, i):
    """How far threshold i is passed; it holds where this is not negative."""
    row = plan.thresholds[i]
    value = observe(plan, sample, sample.flux, row["quantity"], row["volume"], row["species"])
    return row["sign"] * (value - sample.inputs[row["level"]])

"""How likely a reading is, given what the pressure was: rounded gauges, uncertain times, limits.

All functions are vectorised over samples and return natural logarithms; a tail that is too far for a double
keeps its logarithm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NODES", "REACH", "Reading", "at_offsets", "at_places", "between_nodes", "log_law", "log_limit",
    "log_rounded", "log_stable", "log_timed", "node_offsets", "window", "window_nodes", "window_start",
]  # fmt: skip

Floats = NDArray[np.float64]

#: Times of a reading's window at which the pressure is asked for; one if its time is known.
NODES = 5
# pieces of the window within which the pressure is taken as linear in time
_PIECES = 40
#: Standard deviations of a normal time that its window reaches to: beyond lies 0.03 %
REACH = 3.6
# pieces that the best of them and its neighbours are cut into where the likelihood is narrow beside them:
# where its logarithm changes by so much from one to the next, and is above so little as to matter to nobody
_SMALL, _MUCH, _LITTLE = 24, 0.5, -500.0
# change of the log likelihood over a piece up to which its second order is believed
_STEEPEST = 3.0
# standard deviations of the gauge; below this the mean over a piece is the value in its middle
_SHORT = 1e-3


class Reading(NamedTuple):
    """What was read off a gauge, in what is compared (Pa, or Pa/K).

    Attributes
    ----------
    value : float, or float64 (n,)
        The reading; one for each sample where replicates are judged.
    uncertainty : float
        Standard deviation of the gauge.
    resolution : float
        Step of its scale; 0 if it was not rounded.
    time_uncertainty : float
        Standard deviation of a normal time, half width of a uniform one, in s.
    uniform : bool
        The law of the time.
    start : float
        Where its window starts, from -1 to 1 of the whole: later than -1 where the run starts within it.
    """

    value: float | Floats
    uncertainty: float
    resolution: float = 0.0
    time_uncertainty: float = 0.0
    uniform: bool = False
    start: float = -1.0


def log_rounded(value: float | Floats, pressure: Floats, uncertainty: float, resolution: float) -> Floats:
    """Return the log likelihood of a reading that was rounded to the nearest step.

    The gauge shows ``value`` if pressure and its Gaussian error together lie within half a step of it:
    ``Phi((v + r/2 - p)/s) - Phi((v - r/2 - p)/s)``, here over ``r``, so that without rounding it is the
    normal density. (Sheppard; e.g. Heitjan, Statist. Sci. 4 (1989) 164.)
    """
    z = (value - pressure) / uncertainty
    half = 0.5 * resolution / uncertainty
    if half < 1e-6:
        return np.asarray(-0.5 * z * z - np.log(np.sqrt(2.0 * np.pi) * uncertainty))
    return np.asarray(_log_between(z - half, z + half) - np.log(resolution))


def log_timed(reading: Reading, pressures: Floats) -> Floats:
    """Return the log likelihood of a reading whose time is uncertain.

    The likelihood of `log_rounded` is averaged over the law of the time. The pressure at any time of the
    window is the polynomial through its nodes; between the edges of the pieces it is taken as linear, and
    the average over a piece is then exact: ``int Phi(z) dz = z Phi(z) + phi(z)``. The normal law is taken as
    even within small pieces about the place that counts most, and as exponential elsewhere. Where the
    logarithm is above -500 it is good to 0.02.

    Parameters
    ----------
    reading : Reading
    pressures : float64 (n, `NODES`), or (n, 1) if the time is known
        At `node_offsets` from the time of the reading.
    """
    if reading.time_uncertainty == 0.0:
        return log_rounded(reading.value, pressures[:, 0], reading.uncertainty, reading.resolution)
    edges = np.linspace(-1.0, 1.0, _PIECES + 1)
    weights = _mass(edges, reading.uniform, reading.start)
    at_edges = pressures @ _interpolation(edges).T
    value = np.asarray(reading.value)
    value = value[:, None] if value.ndim else value
    logs = _log_mean(value, at_edges[:, :-1], at_edges[:, 1:], reading.uncertainty, reading.resolution)
    found = _log_sum(logs + np.log(weights) + (0.0 if reading.uniform else _tilt(logs, edges, reading.start)))
    narrow = np.flatnonzero(_narrow(logs))
    if narrow.size and not reading.uniform:
        own = value[narrow] if value.ndim else value
        found[narrow] = _refined(reading, own, pressures[narrow], logs[narrow], weights)
    return found


def log_limit(pressure: Floats, limit: float, uncertainty: float, *, below: bool) -> Floats:
    """Return the log probability that a gauge showed less (or more) than a limit."""
    from scipy.special import log_ndtr

    z = (limit - pressure) / uncertainty
    return np.asarray(log_ndtr(z if below else -z))


def log_stable(change: Floats, within: float, uncertainty: float) -> Floats:
    """Return the log probability that a change was seen as less than ``within``, either way."""
    return _log_between((-within - change) / uncertainty, (within - change) / uncertainty)


def log_law(places: Floats, reading: Reading) -> Floats:
    """Return the log density of the law of a reading's time at places of its window, from -1 to 1."""
    from scipy.special import ndtr

    if reading.uniform:
        return np.full(places.shape, -np.log(2.0))
    z = REACH * _whole(places, reading.start)
    of_one = 0.5 * REACH * (1.0 - reading.start) / (ndtr(REACH) - ndtr(REACH * reading.start))
    return np.asarray(np.log(of_one / np.sqrt(2.0 * np.pi)) - 0.5 * z * z)


def window(time_uncertainty: float, *, uniform: bool) -> float:
    """Return how far from its time a reading may have been taken, in s."""
    return time_uncertainty * (1.0 if uniform else REACH)


def window_start(time: float, time_uncertainty: float, *, uniform: bool) -> float:
    """Return where a reading's window starts, from -1 to 1 of the whole: not before the run does, at 0."""
    reach = window(time_uncertainty, uniform=uniform)
    return -1.0 if time >= reach else -time / reach


def node_offsets(time_uncertainty: float, *, uniform: bool, start: float = -1.0) -> Floats:
    """Return the nodes of a reading's window, in s from its time: Chebyshev's, the ends included."""
    if time_uncertainty == 0.0:
        return np.zeros(1)
    return window(time_uncertainty, uniform=uniform) * _whole(_NODES, start)


def at_offsets(pressures: Floats, at: Floats) -> Floats:
    """Return the pressure of each sample at a time of its window, ``at`` from -1 to 1, float64 (n,)."""
    return np.asarray((pressures * _interpolation(at)).sum(axis=1))


def at_places(pressures: Floats, places: Floats) -> Floats:
    """Return the pressures of each sample at places of its window from -1 to 1, float64 (n, k)."""
    powers = pressures @ _TO_POWERS
    found = np.zeros_like(places)
    for k in reversed(range(NODES)):
        found = found * places + powers[:, k, None]
    return found


def window_nodes(first: float, last: float) -> Floats:
    """Return the nodes of a window that starts and ends at given times, s."""
    return first + 0.5 * (_NODES + 1.0) * (last - first)


def between_nodes(pressures: Floats) -> Floats:
    """Return the pressures halfway between the nodes, float64 (n, `NODES` - 1), by their polynomial."""
    return np.asarray(pressures @ _interpolation(0.5 * (_NODES[:-1] + _NODES[1:])).T)


_NODES = -np.cos(np.pi * np.arange(NODES) / (NODES - 1))
# takes values at the nodes to the coefficients of their polynomial, from the lowest power on
_TO_POWERS = np.linalg.inv(np.vander(_NODES, increasing=True)).T


def _narrow(logs: Floats) -> NDArray[np.bool_]:
    """Return of which samples the likelihood changes much from its best piece to one beside it."""
    best = logs.argmax(axis=1)
    rows = np.arange(len(logs))
    top = logs[rows, best]
    beside = [logs[rows, np.clip(best + way, 0, _PIECES - 1)] for way in (-1, 1)]
    with np.errstate(invalid="ignore"):
        return np.asarray((top > _LITTLE) & (top - np.minimum(*beside) > _MUCH))


def _tilt(logs: Floats, edges: Floats, start: float) -> Floats:
    """Return the log of the mean of likelihood times normal law over a piece, less those of both means.

    To second order that is a twelfth of the product of their slopes, both as logarithms.
    """
    with np.errstate(invalid="ignore"):
        slopes = np.nan_to_num(np.gradient(logs, axis=1), nan=0.0)
    law = np.diff(-0.5 * (REACH * _whole(edges, start)) ** 2, axis=-1)
    return np.asarray(np.clip(slopes, -_STEEPEST, _STEEPEST) * law / 12.0)


def _whole(at: Floats, start: float) -> Floats:
    """Return places of a window that starts late as places of the whole window, from -1 to 1 both."""
    return start + 0.5 * (at + 1.0) * (1.0 - start)


def _mass(edges: Floats, uniform: bool, start: float) -> Floats:
    """Return the probability of the pieces between edges from -1 to 1 of the window, along the last axis."""
    from scipy.special import ndtr

    places = _whole(edges, start)
    if uniform:
        return np.asarray(np.diff(places, axis=-1) / (1.0 - start))
    total = ndtr(REACH) - ndtr(REACH * start)
    return np.asarray(np.diff(ndtr(REACH * places), axis=-1) / total)


def _interpolation(at: Floats) -> Floats:
    """Return the matrix that takes values at the nodes to those of their polynomial, (len(at), NODES)."""
    matrix = np.ones((at.size, NODES))
    for j in range(NODES):
        for k in range(NODES):
            if k != j:
                matrix[:, j] *= (at - _NODES[k]) / (_NODES[j] - _NODES[k])
    return matrix


def _refined(
    reading: Reading, value: float | Floats, pressures: Floats, logs: Floats, weights: Floats
) -> Floats:
    """Return the log likelihood of samples of which one piece counts for much more, or less, than the next.

    Within a piece the law of the time is taken as even. Where the likelihood is narrow beside a piece, it
    matters on which side of it that is: the best piece and its neighbours are then cut into small ones.
    """
    n = len(pressures)
    first = np.clip(logs.argmax(axis=1) - 1, 0, _PIECES - 3)
    ends = 2.0 * (first[:, None] + 3.0 * np.arange(_SMALL + 1) / _SMALL) / _PIECES - 1.0
    at_ends = at_places(pressures, ends)
    small = _log_mean(value, at_ends[:, :-1], at_ends[:, 1:], reading.uncertainty, reading.resolution)
    with np.errstate(divide="ignore"):
        small += np.log(_mass(ends, reading.uniform, reading.start)) + _tilt(small, ends, reading.start)
    rest = logs + np.log(weights)
    rest[np.arange(n)[:, None], first[:, None] + np.arange(3)] = -np.inf
    return _log_sum(np.hstack([rest, small]))


def _log_mean(
    value: float | Floats, first: Floats, last: Floats, uncertainty: float, resolution: float
) -> Floats:
    """Return the log of the mean of the likelihood while the pressure goes evenly from first to last."""
    one, other = (value - first) / uncertainty, (value - last) / uncertainty
    low, high = np.minimum(one, other), np.maximum(one, other)
    # both are moved into the lower tail, where all is small and keeps its digits
    flip = low + high > 0.0
    low, high = np.where(flip, -high, low), np.where(flip, -low, high)
    length, half = high - low, 0.5 * resolution / uncertainty
    found = np.empty(length.shape)
    short = length <= _SHORT
    found[short] = log_rounded(0.0, 0.5 * (low + high)[short], 1.0, 2.0 * half) - np.log(uncertainty)
    if half < 1e-6:
        found[~short] = _log_between(low[~short], high[~short]) - np.log(length[~short] * uncertainty)
        return found
    far = high + half < 0.0
    for where, log_of in ((~short & ~far, _log_steps), (~short & far, _log_far_steps)):
        if where.any():
            found[where] = log_of(low[where], high[where], half) - np.log(length[where] * resolution)
    return found


def _log_steps(low: Floats, high: Floats, half: float) -> Floats:
    """Return the log of the integral of Phi(z + half) - Phi(z - half) from low to high."""
    whole = _ramp(high + half) - _ramp(low + half) - _ramp(high - half) + _ramp(low - half)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.maximum(whole, 0.0)))


def _log_far_steps(low: Floats, high: Floats, half: float) -> Floats:
    """Return the same where all of it is in the lower tail, relative to the largest of its four terms."""
    top = _log_ramp(high + half)
    others = _log_ramp(low + half), _log_ramp(high - half), _log_ramp(low - half)
    less, by, again = (np.expm1(other - top) for other in others)
    # 1 - a - b + c, of numbers less one
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.maximum(again - less - by, 0.0)))


def _log_ramp(z: Floats) -> Floats:
    """Return the log of `_ramp` where z is below 0: phi(z) (1 + z Phi(z)/phi(z))."""
    from scipy.special import erfcx

    share = 1.0 + z * np.sqrt(0.5 * np.pi) * erfcx(-z / np.sqrt(2.0))
    square = z * z
    with np.errstate(divide="ignore"):
        # the series where the difference has lost its digits
        share = np.where(square > 1e4, (1.0 - 3.0 / square * (1.0 - 5.0 / square)) / square, share)
    return np.asarray(np.log(share) - 0.5 * square - 0.5 * np.log(2.0 * np.pi))


def _ramp(z: Floats) -> Floats:
    """Return the integral of Phi from -inf to z."""
    from scipy.special import ndtr

    return np.asarray(z * ndtr(z) + np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))


def _log_between(low: Floats, high: Floats) -> Floats:
    """Return log(Phi(high) - Phi(low)), low < high, accurate in both tails."""
    from scipy.special import log_ndtr

    # both are moved into the lower tail, where Phi does not round to 1
    flip = low > 0.0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    upper, lower = log_ndtr(b), log_ndtr(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(upper + np.log(-np.expm1(lower - upper)))


def _log_sum(logs: Floats) -> Floats:
    """Return log(sum(exp(logs))) over the last axis; -inf stays -inf."""
    top = logs.max(axis=-1)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(safe + np.log(np.exp(logs - safe[:, None]).sum(axis=-1)))

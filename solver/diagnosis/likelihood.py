"""How likely a reading is, given what the pressure was: rounded gauges, uncertain times, limits.

All functions are vectorised over samples and return natural logarithms; a tail that is too far for a double
keeps its logarithm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NODES", "Reading", "at_offsets", "between_nodes", "log_limit", "log_rounded", "log_stable", "log_timed",
    "node_offsets", "window", "window_start",
]  # fmt: skip

Floats = NDArray[np.float64]

#: Times of a reading's window at which the pressure is asked for; one if its time is known.
NODES = 5
# pieces of the window within which the pressure is taken as linear in time
_PIECES = 40
# standard deviations of a normal time that the window reaches to: beyond lies 0.03 %
_REACH = 3.6
# below this the mean over a piece is the value in its middle, within 1e-4
_SHORT = 0.05
_FAR = 7.0


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
    the average over a piece is then exact: ``int Phi(z) dz = z Phi(z) + phi(z)``.

    Parameters
    ----------
    reading : Reading
    pressures : float64 (n, `NODES`), or (n, 1) if the time is known
        At `node_offsets` from the time of the reading.
    """
    if reading.time_uncertainty == 0.0:
        return log_rounded(reading.value, pressures[:, 0], reading.uncertainty, reading.resolution)
    edges, weights = _pieces(reading.uniform, reading.start)
    at_edges = pressures @ _interpolation(edges).T
    value = np.asarray(reading.value)
    value = value[:, None] if value.ndim else value
    logs = _log_mean(value, at_edges[:, :-1], at_edges[:, 1:], reading.uncertainty, reading.resolution)
    return _log_sum(logs + np.log(weights))


def log_limit(pressure: Floats, limit: float, uncertainty: float, *, below: bool) -> Floats:
    """Return the log probability that a gauge showed less (or more) than a limit."""
    from scipy.special import log_ndtr

    z = (limit - pressure) / uncertainty
    return np.asarray(log_ndtr(z if below else -z))


def log_stable(change: Floats, within: float, uncertainty: float) -> Floats:
    """Return the log probability that a change was seen as less than ``within``, either way."""
    return _log_between((-within - change) / uncertainty, (within - change) / uncertainty)


def window(time_uncertainty: float, *, uniform: bool) -> float:
    """Return how far from its time a reading may have been taken, in s."""
    return time_uncertainty * (1.0 if uniform else _REACH)


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


def between_nodes(pressures: Floats) -> Floats:
    """Return the pressures halfway between the nodes, float64 (n, `NODES` - 1), by their polynomial."""
    return np.asarray(pressures @ _interpolation(0.5 * (_NODES[:-1] + _NODES[1:])).T)


_NODES = -np.cos(np.pi * np.arange(NODES) / (NODES - 1))


def _whole(at: Floats, start: float) -> Floats:
    """Return places of a window that starts late as places of the whole window, from -1 to 1 both."""
    return start + 0.5 * (at + 1.0) * (1.0 - start)


def _pieces(uniform: bool, start: float) -> tuple[Floats, Floats]:
    """Return the edges of the pieces, from -1 to 1 of the window, and the probability of each."""
    from scipy.special import ndtr

    edges = np.linspace(-1.0, 1.0, _PIECES + 1)
    whole = _whole(edges, start)
    mass = np.diff(whole if uniform else ndtr(_REACH * whole))
    return edges, mass / mass.sum()


def _interpolation(at: Floats) -> Floats:
    """Return the matrix that takes values at the nodes to those of their polynomial, (len(at), NODES)."""
    matrix = np.ones((at.size, NODES))
    for j in range(NODES):
        for k in range(NODES):
            if k != j:
                matrix[:, j] *= (at - _NODES[k]) / (_NODES[j] - _NODES[k])
    return matrix


def _log_mean(value: Floats, first: Floats, last: Floats, uncertainty: float, resolution: float) -> Floats:
    """Return the log of the mean of the likelihood while the pressure goes evenly from first to last."""
    middle = log_rounded(value, 0.5 * (first + last), uncertainty, resolution)
    one, other = (value - first) / uncertainty, (value - last) / uncertainty
    low, high = np.minimum(one, other), np.maximum(one, other)
    length = high - low
    safe = np.where(length > _SHORT, length, 1.0)
    half = 0.5 * resolution / uncertainty
    if half < 1e-6:
        exact = _log_between(low, high) - np.log(safe * uncertainty)
        return np.where(length > _SHORT, exact, middle)
    whole = _ramp(high + half) - _ramp(low + half) - _ramp(high - half) + _ramp(low - half)
    near = np.maximum(0.0, np.maximum(low - half, -high - half))
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = np.log(np.maximum(whole, 0.0)) - np.log(safe * resolution)
    # far from the reading the differences above are rounding: the nearer end counts, by its own tail
    end = np.where(np.abs(one) < np.abs(other), first, last)
    tail = log_rounded(value, end, uncertainty, resolution) - np.log1p(near * length)
    return np.where(length <= _SHORT, middle, np.where(near > _FAR - 2.0, tail, exact))


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

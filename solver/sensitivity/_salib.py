"""Indices of given samples through SALib, kept from what it does to the process that calls it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ROWS", "SALIB_METHODS", "salib_indices"]

Floats = NDArray[np.float64]

#: Method to SALib's module and to what of its result is kept, under which name; half-widths end in _conf.
SALIB_METHODS: dict[str, tuple[str, dict[str, str]]] = {
    "pawn": (
        "pawn",
        {"pawn_median": "median", "pawn_maximum": "maximum", "pawn_mean": "mean"},
    ),
    "rbd-fast": ("rbd_fast", {"S1": "S1", "S1_conf": "S1_conf"}),
}

#: Rows beyond which a method takes too long to be waited for; evenly spaced ones are then taken.
MOST_ROWS = {"delta": 2_000, "pawn": 200_000, "rbd-fast": 50_000, "shapley": 20_000}


def salib_indices(
    method: str, x: Floats, y: Floats, *, resamples: int = 100, confidence: float = 0.95, seed: int = 1
) -> dict[str, Floats]:
    """Return the indices of one outcome, name to (D,); NaN where SALib finds none.

    Parameters
    ----------
    method : str
        "pawn" (Pianosi and Wagener 2018, doi:10.1016/j.envsoft.2018.07.019) or "rbd-fast" (Tarantola et al.
        2006, doi:10.1016/j.ress.2005.06.003; bias taken away as Tissot and Prieur 2012).
    x : float64 (n, D)
    y : float64 (n,)
        All finite, not constant.
    """
    import importlib

    module, kept = SALIB_METHODS[method]
    analyze = importlib.import_module(f"SALib.analyze.{module}").analyze
    d = x.shape[1]
    problem = {"num_vars": d, "names": [f"x{j}" for j in range(d)], "bounds": [[0.0, 1.0]] * d}
    varies = np.flatnonzero(np.ptp(x, axis=0) > 0.0)
    options: dict[str, Any] = {}
    if method != "pawn":
        options = {"num_resamples": resamples, "conf_level": confidence}
    if method == "rbd-fast":
        options["seed"] = seed
    if varies.size == 0:
        return {name: np.full(d, np.nan) for name in kept}
    problem |= {
        "num_vars": varies.size,
        "names": [f"x{j}" for j in varies],
        "bounds": [[0.0, 1.0]] * varies.size,
    }
    with _undisturbed(seed):
        found = analyze(problem, x[:, varies], y, **options)
    result = {name: np.full(d, np.nan) for name in kept}
    for name, key in kept.items():
        result[name][varies] = np.asarray(found[key], float)
    return result


@contextmanager
def _undisturbed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which SALib draws from, and put it and the warnings back."""
    state, form = np.random.get_state(), warnings.formatwarning
    np.random.seed(seed % 2**32)
    try:
        with warnings.catch_warnings():
            yield
    finally:
        np.random.set_state(state)
        warnings.formatwarning = form

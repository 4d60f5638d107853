"""A tank that is fed at a steady, uncertain rate: its pressure is linear in time and in the rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import integrate, stats

P0, SLOW, FAST, SPREAD = 1e5, 4e-6, 6e-6, 1e-6
#: Pa/kg
RISE = 8.31446261815324 / 0.0280134 * 293.15 / 2.0

CASE = """
title = "A tank that is fed at a steady rate"
[gas]
composition = "N2"
temperature = 293.15
[volumes.tank]
kind = "integrated"
volume = 2
pressure = 1e5
[feeds.in]
kind = "rate"
volume = "tank"
gas = "N2"
rate = { dist = "normal", mean = 4e-6, sd = 1e-6, name = "rate" }
[run]
duration = 1000
[hypotheses.slow]
[hypotheses.fast]
[hypotheses.fast.changes]
"feeds.in.rate" = { dist = "normal", mean = 6e-6, sd = 1e-6, name = "rate" }
"""

DESIGN = """
[design]
uncertainty = 2000
setting = 800
every = "1e4 s"
duration = "4e4 s"
wait = "1e4 s"
certainty = 0.9
"""


def written(folder: Path, text: str) -> str:
    path = folder / "feed.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def separation(times: np.ndarray, sd: float, shared: float) -> float:
    """How many standard deviations lie between the two hypotheses' readings, along what tells most.

    The readings are jointly Gaussian: noise, an error that all share, and the spread of the rate.
    """
    times = np.asarray(times, np.float64)
    covariance = sd**2 * np.eye(times.size) + shared**2 + (SPREAD * RISE) ** 2 * np.outer(times, times)
    apart = (FAST - SLOW) * RISE * times
    return float(np.sqrt(apart @ np.linalg.solve(covariance, apart)))


def gain(apart: float) -> float:
    """Mutual information of the index of two equally probable unit Gaussians that far apart, nats."""

    def integrand(x: float) -> float:
        each = np.array([stats.norm.pdf(x), stats.norm.pdf(x - apart)])
        return float(0.5 * each[0] * np.log(2.0 * each[0] / each.sum()))

    return 2.0 * integrate.quad(integrand, -9.0, 9.0, epsabs=1e-10)[0]


def decisive(apart: float, certainty: float) -> float:
    """Probability that the true one of the two has a posterior of at least a certainty."""
    return float(stats.norm.cdf(0.5 * apart - np.log(certainty / (1.0 - certainty)) / apart))

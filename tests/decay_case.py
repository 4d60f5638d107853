"""A tank that empties through a linear leak: its pressure, and so its likelihood, has a closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np

P0, VOLUME, TEMPERATURE, R_AIR_ROUGH = 1e5, 2.0, 293.15, 287.05
TIMES = np.array([2e4, 5e4, 9e4])
SD = 200.0

CASE = """
title = "A tank that empties through a linear leak"
[gas]
composition = "N2"
temperature = 293.15
[volumes.tank]
kind = "integrated"
volume = 2
pressure = 1e5
[volumes.vacuum]
kind = "boundary"
pressure = 0
[paths.leak]
kind = "seal"
from = "tank"
to = "vacuum"
molecular = { dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }
[run]
duration = "2 d"
rtol = 1e-9
[record]
"""


def points(pressures: np.ndarray, time_uncertainty: float = 0.0) -> str:
    return "".join(
        f"[[record.points]]\nvolume = 'tank'\ntime = {t}\npressure = {p}\nuncertainty = {SD}\n"
        f"time_uncertainty = {time_uncertainty}\n"
        for t, p in zip(TIMES, pressures, strict=True)
    )


def decayed(conductance: np.ndarray | float, times: np.ndarray = TIMES) -> np.ndarray:
    """p0 exp(-C R T t/V), with the gas constant of nitrogen."""
    rate = np.asarray(conductance) * 8.31446261815324 / 0.0280134 * TEMPERATURE / VOLUME
    return P0 * np.exp(-np.multiply.outer(rate, times))


def written(folder: Path, text: str) -> str:
    path = folder / "decay.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)

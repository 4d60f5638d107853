"""The work that all measurements of speed are made with: cases, and the crack law alone.

``prk-year``
    Station and tunnel, a hatch with its seal, 32 cracks; a year, the hatch open two days every two months.
``prk-year-1024``
    The same with 1,024 cracks.
``prk-decay``
    The isolated tunnel with 8 cracks for 30 days.
``stiff-valve``
    A valve of 20 mm between the two, opened for an hour each week, for 90 days.
``station-year``, ``station-valve``
    ``prk-year`` and ``stiff-valve`` without life support: the station's pressure is an unknown too.
``station-guard``
    ``station-year`` with a threshold of the station's pressure, which no sample crosses.
``law``
    The crack law over random geometries and pressures: `law_columns`.

Every sample is that of the seed `SEED` and its index.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from leakflow.solver import load_case
from leakflow.solver.case import Case

__all__ = ["CASES", "SEED", "SIDE_BY_SIDE", "law_columns", "workload"]

#: Of the draws of all workloads.
SEED = 20210714

_FOLDER = Path(__file__).parent
_GUARD = [{"name": "unsafe", "volume": "station", "below": "70 kPa"}]
_FILES: Mapping[str, tuple[str, dict[str, object]]] = MappingProxyType(
    {
        "prk-year": ("prk-year", {}),
        "prk-year-1024": ("prk-year", {"paths.cracks.count": 1024}),
        "prk-decay": ("prk-decay", {}),
        "stiff-valve": ("stiff-valve", {}),
        "station-year": ("prk-year", {"volumes.station.kind": "integrated"}),
        "station-valve": ("stiff-valve", {"volumes.station.kind": "integrated"}),
        "station-guard": ("prk-year", {"volumes.station.kind": "integrated", "run.thresholds": _GUARD}),
    }
)
#: Names of the workloads that are cases of one unknown, and of those of two, whose samples go side by side.
CASES = ("prk-year", "prk-year-1024", "prk-decay", "stiff-valve")
SIDE_BY_SIDE = ("station-year", "station-guard", "station-valve")


def workload(name: str, overrides: Mapping[str, object] = MappingProxyType({})) -> Case:
    """Read a workload as a case.

    Parameters
    ----------
    name : str
        One of `CASES` or `SIDE_BY_SIDE`.
    overrides : mapping of str to object
        As of `leakflow.solver.load_case`.
    """
    file, own = _FILES[name]
    return load_case(_FOLDER / f"{file}.toml", own | dict(overrides))


def law_columns(count: int, low: float = 1e-6, high: float = 2e-3, seed: int = SEED) -> NDArray[np.float64]:
    """Draw random cracks between random pressures, as columns of `leakflow.kernels.laws.crack_flows`.

    Parameters
    ----------
    count : int
        Of cracks.
    low, high : float
        Between which the opening is loguniform [m].
    seed : int

    Returns
    -------
    float64 (11, count)
        Temperature, the two pressures, opening, length, depth, tortuosity, roughness, taper, accommodation
        and inlet loss, in SI.
    """
    rng = np.random.default_rng(seed)
    return np.array([
        np.full(count, 293.15),
        rng.uniform(2e3, 1e5, count),
        rng.uniform(0.0, 1.5e3, count),
        np.exp(rng.uniform(np.log(low), np.log(high), count)),
        rng.uniform(5e-3, 20e-3, count),
        rng.uniform(2e-3, 5e-3, count),
        rng.uniform(1.0, 2.0, count),
        rng.uniform(0.0, 1e-6, count),
        rng.uniform(1.0, 2.0, count),
        rng.uniform(0.8, 1.0, count),
        np.full(count, 0.5),
    ])  # fmt: skip

"""What the cases with a closed form are built of, and how they are run and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels import gas
from ..case import AIR, Case
from ..run import Run, run
from .report import Check

__all__ = [
    "CLOSED", "TEMPERATURE", "VACUUM", "air", "case_of", "check", "crack_to_vacuum", "finished", "hole",
    "tank", "worst",
]  # fmt: skip

Array = NDArray[np.float64]

TEMPERATURE = 293.15
VACUUM = {"kind": "boundary", "pressure": 0.0}
CLOSED = "closed form"
_TIGHT = {"rtol": 1e-10, "atol": 1e-8}


def air() -> tuple[float, float, float]:
    """Give R, viscosity and gamma of dry air at `TEMPERATURE`."""
    R, viscosity, gamma = gas.mixture_properties(gas.as_mole_fractions(AIR), TEMPERATURE)
    return float(R), float(viscosity), float(gamma)


def case_of(
    title: str,
    volumes: Mapping[str, Any],
    paths: Mapping[str, Any],
    times: Sequence[float] | Array,
    composition: str | Mapping[str, float] = "air",
    **sections: Any,
) -> Case:
    """Build a case of one gas that ends with the last of ``times``; ``sections`` are further ones."""
    points = [float(time) for time in times]
    return Case.model_validate(
        {
            "title": title,
            "gas": {"composition": composition, "temperature": TEMPERATURE},
            "volumes": dict(volumes),
            "paths": dict(paths),
            "run": {"duration": points[-1], "output_times": points, **_TIGHT},
            **sections,
        }
    )


def tank(volume: float, pressure: float, **keys: Any) -> dict[str, Any]:
    """Give an integrated volume."""
    return {"kind": "integrated", "volume": volume, "pressure": pressure, **keys}


def hole(start: str, end: str, area: float, coefficient: float = 1.0) -> dict[str, Any]:
    """Give an orifice."""
    return {
        "kind": "orifice", "from": start, "to": end, "area": area, "discharge_coefficient": coefficient,
    }  # fmt: skip


def crack_to_vacuum(opening: float, length: float, depth: float, **keys: Any) -> dict[str, Any]:
    """Give one straight crack from the tank to the vacuum."""
    return {
        "kind": "cracks", "from": "tank", "to": "vacuum", "count": 1,
        "opening": opening, "length": length, "depth": depth, **keys,
    }  # fmt: skip


def finished(case: Case) -> Run:
    """Run a case; one that does not get to its end has no numbers to compare."""
    result = run(case)
    if not result.ok:
        raise RuntimeError(f"{case.title}: the run ended with status {result.status}")
    return result


def worst(values: Array | float, expected: Array | float) -> float:
    """Largest relative error."""
    return float(np.max(np.abs(np.asarray(values) / np.asarray(expected) - 1.0)))


def check(name: str, source: str, error: float, bound: str, rows: int) -> Check:
    """Give the check of a case."""
    return Check(name, source, {"largest": (error, bound)}, unit="", rows=rows)

"""What of a case is watched, as rows of a plan: thresholds, the record, series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model
from ._plan_layout import series_of
from ._plan_slots import Slots
from .case import SPECIES, Case, Point
from .columns import label

__all__ = ["record_rows", "series_rows", "threshold_rows"]

_QUANTITIES = {
    "pressure": model.PRESSURE,
    "temperature": model.TEMPERATURE,
    "partial_pressure": model.PARTIAL_PRESSURE,
}


def threshold_rows(case: Case, slots: Slots) -> NDArray[Any]:
    """Give THRESHOLD[T], in the order of the case."""
    volumes = list(case.volumes)
    rows = []
    for threshold in case.run.thresholds:
        level = threshold.below if threshold.below is not None else threshold.above
        assert level is not None
        slot = slots.add(level, f"threshold_{label(threshold.name)}", "pressure")
        sign = -1.0 if threshold.below is not None else 1.0
        rows.append((volumes.index(threshold.volume), slot, sign, *_pressure_of(threshold.species)))
    return np.array(rows, model.THRESHOLD)


def record_rows(case: Case) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Give RECORD[M], times rising, and where each point's early, middle and late one stand."""
    points = case.record.points if case.record is not None else []
    volumes = list(case.volumes)
    wanted = np.array(
        [
            (
                volumes.index(point.volume),
                min(max(point.time + shift * point.time_uncertainty, 0.0), case.run.duration),
                *_compared(case, point),
            )
            for point in points
            for shift in (-1.0, 0.0, 1.0)
        ],
        model.RECORD,
    )
    order = np.argsort(wanted["time"], kind="stable")
    where = np.empty(order.size, np.int64)
    where[order] = np.arange(order.size)
    return wanted[order], where.reshape(-1, 3)


def series_rows(case: Case) -> NDArray[Any]:
    """Give SERIES[Q], in the order of `series_of`."""
    volumes = list(case.volumes)
    rows = [
        (_QUANTITIES[row.quantity], volumes.index(row.volume), _species(row.species))
        for row in series_of(case)
    ]
    return np.array(rows, model.SERIES)


def _compared(case: Case, point: Point) -> tuple[int, int]:
    if case.record is not None and case.record.compare == "p/T":
        return model.PRESSURE_OVER_TEMPERATURE, -1
    return _pressure_of(point.species)


def _pressure_of(species: str | None) -> tuple[int, int]:
    """Return the quantity and the species of a pressure, or of a partial pressure."""
    return (model.PRESSURE if species is None else model.PARTIAL_PRESSURE), _species(species)


def _species(name: str | None) -> int:
    return -1 if name is None else SPECIES.index(name)

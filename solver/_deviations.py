"""How far samples are from the measured record: the outcomes that the sweep derives from others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .case import Case

__all__ = ["deviations"]


def deviations(case: Case, found: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """How far each sample is from each point of the record, over its uncertainty, and from all of them.

    What is compared are pressures, or pressures over temperatures. The uncertainty of a time counts by what
    the sample's own changes within it.

    Parameters
    ----------
    case : Case
    found : float64 (n_points, 3, n)
        What was found at the time of each point less its uncertainty, at the time, and at the time plus it.

    Returns
    -------
    dict of str to float64 (n,)
        By the name of the outcome; empty without a record.
    """
    if case.record is None:
        return {}
    points = case.record.points
    scale = [1.0 if case.record.compare == "pressure" else 1.0 / (p.temperature or 1.0) for p in points]
    measured = np.array([[point.pressure * by] for point, by in zip(points, scale, strict=True)])
    uncertainty = np.array([[point.uncertainty * by] for point, by in zip(points, scale, strict=True)])
    from_time = 0.5 * (found[:, 2] - found[:, 0])
    apart = (found[:, 1] - measured) / np.hypot(uncertainty, from_time)
    named = {f"record_deviation_{i + 1}": values for i, values in enumerate(apart)}
    # point after point: what np.mean does with the bits depends on how many samples there are
    total = np.zeros(found.shape[2])
    for values in apart:
        total += values**2
    return named | {"record_misfit": np.sqrt(total / len(points))}

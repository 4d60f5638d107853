"""A plan as a netCDF-4 file: its group ``/design``, along tests, readings and hypotheses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._case_resolved import resolved_text
from .._whole_file import replacing
from ..errors import ResultsError
from ..provenance import version
from .design import Judged, Plan
from .design_words import advice

if TYPE_CHECKING:
    import xarray

__all__ = ["write_plan"]

_QUANTILES = (0.05, 0.5, 0.95)


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan; the file is there whole or not at all.

    Raises
    ------
    ResultsError
        It cannot be written; one line.
    """
    with replacing(path) as temporary:
        try:
            _dataset(plan).to_netcdf(temporary, mode="w", group="design", engine="h5netcdf")
        except OSError as error:
            raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from None


def _dataset(plan: Plan) -> xarray.Dataset:
    """Return all tests; what is refused has NaN, and so have the readings that a test does not have."""
    import xarray

    tests, count = plan.tests, len(plan.prospects)
    longest = max(test.candidate.times.size for test in tests)
    along: dict[str, NDArray[Any]] = {
        "hours": _padded([test.candidate.hours for test in tests], longest),
        "information_gain": _told(tests, "gain", longest),
        "information_gain_error": _told(tests, "error", longest),
        "information_gain_bias": _told(tests, "bias", longest),
        "decisive": _told(tests, "decisive", longest),
        "decisive_error": _told(tests, "decisive_error", longest),
        "wrongly_decisive": _told(tests, "wrong", longest),
    }
    variables: dict[str, Any] = {name: (("test", "reading"), values) for name, values in along.items()}
    by = np.full((len(tests), count, longest), np.nan)
    bands = np.full((len(tests), count, len(_QUANTILES), longest), np.nan)
    gas = np.full((len(tests), count, len(_QUANTILES)), np.nan)
    for i, test in enumerate(tests):
        if test.told is not None and test.bands is not None and test.gas is not None:
            by[i, :, : test.candidate.times.size] = test.told.decisive_if
            bands[i, :, :, : test.candidate.times.size] = test.bands
            gas[i] = test.gas
    variables["decisive_if"] = (("test", "hypothesis", "reading"), by)
    variables["pressure"] = (("test", "hypothesis", "quantile", "reading"), bands, {"units": "Pa"})
    variables["gas"] = (("test", "hypothesis", "quantile"), gas, {"units": "kg"})
    variables["hours_enough"] = ("test", np.array([np.nan if t.enough is None else t.enough for t in tests]))
    variables["refused"] = ("test", np.array([test.refused for test in tests], object))
    variables["probability"] = ("hypothesis", np.array([one.probability for one in plan.prospects]))
    data = xarray.Dataset(
        variables,
        {
            "test": [test.candidate.name for test in tests],
            "hypothesis": plan.names,
            "quantile": list(_QUANTILES),
        },
    )
    data["hours"].attrs["units"] = "h"
    return data.assign_attrs(
        {
            "case": plan.case.source,
            "case_resolved": resolved_text(plan.case),
            "leakflow_version": version(),
            "seed": json.dumps(plan.seed),  # any whole number fits into text
            "probabilities_from": plan.source,
            "certainty": plan.design.certainty,
            "chance": plan.design.chance,
            "advice": advice(plan),
        }
    )


def _told(tests: list[Judged], name: str, longest: int) -> NDArray[np.float64]:
    empty = np.empty(0)
    return _padded([empty if test.told is None else getattr(test.told, name) for test in tests], longest)


def _padded(rows: list[NDArray[np.float64]], longest: int) -> NDArray[np.float64]:
    return np.stack([np.append(row, np.full(longest - row.size, np.nan)) for row in rows])

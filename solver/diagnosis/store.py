"""An answer as a netCDF-4 file: for each hypothesis the groups that ArviZ knows, and the evidences of all.

``arviz.InferenceData.from_netcdf(file, base_group="laminar")`` reads one hypothesis.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._case_resolved import resolved_text
from .._column import label
from .._whole_file import replacing
from ..errors import ResultsError
from ..provenance import version
from .diagnose import Answer, Explanation
from .words import remarks, verdict

if TYPE_CHECKING:
    import xarray

__all__ = ["write_answer"]


def write_answer(answer: Answer, path: Path) -> None:
    """Write an answer; the file is there whole or not at all.

    Raises
    ------
    ResultsError
        It cannot be written; one line.
    """
    with replacing(path) as temporary:
        try:
            _evidence(answer).to_netcdf(temporary, mode="w", group="evidence", engine="h5netcdf")
            for one in answer.explanations:
                for group, data in _groups(answer, one).items():
                    where = f"{one.rival.name}/{group}"
                    data.to_netcdf(temporary, mode="a", group=where, engine="h5netcdf")
        except OSError as error:
            raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from None


def _evidence(answer: Answer) -> xarray.Dataset:
    """Return evidences and probabilities, along a dimension of hypotheses."""
    import xarray

    found = [one.sampled for one in answer.explanations]
    moved = np.array(answer.moved(10.0))
    by: dict[str, NDArray[Any]] = {
        "log_evidence": answer.log_evidences,
        "log_evidence_error": answer.errors,
        "prior": np.array([one.rival.prior for one in answer.explanations]),
        "probability": answer.probabilities(),
        "probability_prior_odds_tenth": moved[:, 0],
        "probability_prior_odds_tenfold": moved[:, 1],
        "ess": np.array([one.ess for one in found]),
        "evaluations": np.array([one.evaluations for one in found]),
        "failed_runs": np.array([one.failed_runs for one in answer.explanations]),
        "converged": np.array([not one.reasons and not one.doubts for one in found], np.int8),
        "p_value": np.array([np.nan if one.p_value is None else one.p_value for one in answer.explanations]),
        "loo": np.array([one.loo.elpd for one in answer.explanations]),
    }
    data = xarray.Dataset(
        {name: ("hypothesis", values) for name, values in by.items()},
        {"hypothesis": [one.rival.name for one in answer.explanations]},
    )
    said = {"verdict": verdict(answer), "remarks": " ".join(remarks(answer))}
    if answer.without:
        said["without_evidence"] = json.dumps(
            {name: {"zero": why.zero, "because": str(why)} for name, why in answer.without.items()}
        )
    return data.assign_attrs(_attributes(answer) | said)


def _groups(answer: Answer, one: Explanation) -> dict[str, xarray.Dataset]:
    """Return the groups of one hypothesis; all draws are one chain."""
    import xarray

    readings = [name for name in one.read if name.startswith("record_")]
    warmths = [name for name in one.read if name.startswith("temperature_")]
    points = [] if one.rival.case.record is None else one.rival.case.record.points
    posterior = {name: (("chain", "draw"), draws[None]) for name, draws in one.inputs.items()}
    posterior |= {name: (("chain", "draw"), draws[None]) for name, draws in one.flows.items()}
    count = len(readings)
    predictive: dict[str, Any] = {"readings": (("chain", "draw", "reading"), one.replicates[None, :, :count])}
    if warmths:
        predictive["temperatures"] = ("chain", "draw", "temperature"), one.replicates[None, :, count:]
    for volume, band in one.bands.items():
        predictive[f"pressure_{label(volume)}"] = (("chain", "draw", "time"), band[None])
    chains = {"chain": [0], "draw": np.arange(len(one.log_likelihood))}
    groups = {
        "posterior": xarray.Dataset(posterior, chains),
        "log_likelihood": xarray.Dataset(
            {"told": (("chain", "draw", "item"), one.log_likelihood[None])}, chains | {"item": one.labels}
        ),
        "posterior_predictive": xarray.Dataset(predictive, chains | {"reading": readings, "time": one.times}),
        "observed_data": xarray.Dataset(
            {
                "readings": ("reading", np.array([_compared(one, point) for point in points])),
                "reading_time": ("reading", np.array([point.time for point in points])),
            },
            {"reading": readings},
        ),
    }
    if warmths:
        read = [points[int(name.removeprefix("temperature_")) - 1].temperature for name in warmths]
        for group in ("posterior_predictive", "observed_data"):
            groups[group] = groups[group].assign_coords(temperature=warmths)
        groups["observed_data"]["temperatures"] = "temperature", np.array(read, np.float64)
    for name, units in (one.units | dict.fromkeys(one.flows, "kg s-1")).items():
        groups["posterior"][name].attrs["units"] = units
    groups["posterior_predictive"]["time"].attrs["units"] = "s"
    own = {
        "hypothesis": one.rival.name,
        "title": one.rival.title,
        "case_resolved": resolved_text(one.rival.case),
    }
    attributes = _attributes(answer) | own
    return {name: data.assign_attrs(attributes) for name, data in groups.items()}


def _compared(one: Explanation, point: Any) -> float:
    """Return a reading in what is compared: a pressure, or one over its temperature."""
    record = one.rival.case.record
    by_temperature = record is not None and record.compare == "p/T"
    return float(point.pressure / (point.temperature or 1.0) if by_temperature else point.pressure)


def _attributes(answer: Answer) -> dict[str, Any]:
    return {
        "inference_library": "leakflow",
        "inference_library_version": version(),
        "seed": json.dumps(answer.seed),  # any whole number fits into text
        "live": answer.live,
        "case": answer.case.source,
    }

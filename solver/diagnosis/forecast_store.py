"""A forecast as the group ``/forecast`` of a netCDF-4 file, which xarray reads."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._case_resolved import resolved_text
from .._column import label
from .._whole_file import replacing
from ..errors import ResultsError
from ..provenance import version
from .forecast import Outlook
from .forecast_figures import better, figures

__all__ = ["write_outlook"]


def write_outlook(outlook: Outlook, path: Path) -> None:
    """Write an outlook; the file is there whole or not at all.

    Raises
    ------
    ResultsError
        It cannot be written; one line.
    """
    import xarray

    options, hypotheses = list(outlook.options), [one.name for one in outlook.posteriors]
    count = max(one.size for one in outlook.posteriors)
    by_draw = ("option", "hypothesis", "draw")
    variables: dict[str, Any] = {
        "probability": ("hypothesis", np.array([one.probability for one in outlook.posteriors])),
        "converged": ("hypothesis", np.array([not one.reasons for one in outlook.posteriors], np.int8)),
    }
    for volume in outlook.volumes:
        values = np.full((len(options), len(hypotheses), count, outlook.times.size), np.nan, np.float32)
        for (i, option), (j, name) in product(enumerate(options), enumerate(hypotheses)):
            drawn = outlook.predictions[option, name].pressures[volume]
            values[i, j, : len(drawn)] = drawn
        variables[f"pressure_{label(volume)}"] = (*[(*by_draw, "time")], values, {"units": "Pa"})
    for figure in figures(outlook):
        if figure.name.startswith("pressure_"):
            continue
        filled = np.full((len(options), len(hypotheses), count), np.nan)
        for (i, option), (j, name) in product(enumerate(options), enumerate(hypotheses)):
            drawn = figure.of(outlook.predictions[option, name])
            filled[i, j, : len(drawn)] = drawn
        variables[label(figure.name)] = (by_draw, filled, {"units": figure.units})
    for figure in figures(outlook):
        pairs: NDArray[np.float64] = np.array(
            [[0.0 if a == b else better(outlook, a, b, figure)[0] for b in options] for a in options]
        )
        text = f"probability that option has the better {figure.name} than option_other"
        variables[f"better_{label(figure.name)}"] = (("option", "option_other"), pairs, {"long_name": text})
    data = xarray.Dataset(
        variables,
        {"option": options, "option_other": options, "hypothesis": hypotheses, "draw": np.arange(count),
         "time": ("time", outlook.times, {"units": "s", "long_name": "after the last reading"})},
        {"case": outlook.case.source, "seed": json.dumps(outlook.seed), "last_reading": outlook.last,
         "inference_library": "leakflow", "inference_library_version": version(),
         "case_resolved": resolved_text(outlook.case)},
    )  # fmt: skip
    packed = {name: {"zlib": True, "complevel": 1, "shuffle": True} for name in data.data_vars
              if str(name).startswith("pressure_")}  # fmt: skip
    with replacing(path) as temporary:
        try:
            data.to_netcdf(temporary, mode="w", group="forecast", engine="h5netcdf", encoding=packed)
        except OSError as error:
            raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from None

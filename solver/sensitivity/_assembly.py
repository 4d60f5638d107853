"""From the tables of an analysis to `Indices`: every array with its dimensions, name and origin."""

from __future__ import annotations

import datetime
import math
import platform
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..provenance import version
from .indices import CONSTANT, MISSING, STATES, IndexVariable, Indices
from .methods import LONG_NAMES
from .streaming import generalised
from .tables import Table

if TYPE_CHECKING:
    from .analysis import Found

__all__ = ["assemble"]

Floats = NDArray[np.float64]
_PAIR = ("outcome", "input")


def assemble(found: Found, half_width: float | None) -> Indices:
    """Return the indices of one sweep.

    Parameters
    ----------
    found : Found
    half_width : float or None
        Wanted half-width of the confidence intervals.
    """
    coordinates: dict[str, Any] = {
        "outcome": tuple(column.label for column in found.scalars),
        "input": found.inputs,
    }
    variables: dict[str, IndexVariable] = {}
    notes = [*found.notes]
    if found.scalars:
        _add_table(variables, coordinates, found.table, found)
        notes += _outcome_notes(found)
        if half_width is not None:
            notes += _add_needed(variables, found, half_width)
    if found.series_table is not None:
        _add_series(variables, coordinates, found)
    _add_failures(variables, coordinates, found)
    if "S2" in variables:
        coordinates["input2"] = found.inputs
    return Indices(coordinates, variables, _attributes(found, notes, half_width))


def long_name(name: str) -> str:
    """Return in words what an array holds."""
    for ending, words in _ENDINGS.items():
        if name.endswith(ending):
            base = name.removesuffix(ending)
            return words.format(long_name(base)) if base else name
    return LONG_NAMES.get(name, name)


_ENDINGS = {
    "_needed": "samples for the half-width wanted: {}",
    "_at": "{}, from the first samples",
    "_series": "{}, at each time",
    "_generalised": "{}, of the whole series",
    "_conf": "half-width of the confidence interval: {}",
    "_low": "least value, whatever the missing samples are: {}",
    "_high": "largest value, whatever the missing samples are: {}",
}


def _variable(dims: tuple[str, ...], data: NDArray[Any], name: str, **attributes: Any) -> IndexVariable:
    return IndexVariable(dims, data, long_name(name), attributes)


def _add_table(
    variables: dict[str, IndexVariable], coordinates: dict[str, Any], table: Table, found: Found
) -> None:
    dims = {1: ("outcome",), 2: _PAIR, 3: (*_PAIR, "input2")}
    for name, data in table.values.items():
        variables[name] = _variable(dims[data.ndim], data, name)
    flags = {
        "flag_values": np.array(list(STATES), np.int8),
        "flag_meanings": " ".join(STATES.values()),
    }
    variables["state"] = IndexVariable(("outcome",), found.states, "whether the outcome has indices", flags)
    variables["unused"] = IndexVariable(
        _PAIR, table.unused.astype(np.int8), "1 where the input changes nothing of the outcome"
    )
    what = "groups" if found.method.of_rows is None else "samples"
    counts: list[tuple[str, NDArray[Any], str]] = [
        ("used", table.used, f"{what} that count"),
        ("dropped", table.dropped, f"{what} left out since a value is missing"),
        ("mean", table.mean, "mean of the outcome"),
        ("variance", table.variance, "variance of the outcome"),
    ]
    for name, own, words in counts:
        variables[name] = IndexVariable(("outcome",), own, words)
    if len(table.sizes) > 1 and table.at_sizes:
        coordinates["size"] = np.array(table.sizes, np.int64)
        for name, data in table.at_sizes.items():
            variables[f"{name}_at"] = _variable(("size", *_PAIR), data, f"{name}_at")


def _outcome_notes(found: Found) -> list[str]:
    """Say which outcomes are constant or miss values, and which inputs nothing depends on."""
    notes = []
    failed = int(found.survey.failed.sum()) if found.method.of_rows is None else 0
    what = "groups" if found.method.of_rows is None else "samples"
    for column, state, dropped, used in zip(
        found.scalars, found.states, found.table.dropped, found.table.used, strict=True
    ):
        missing = int(dropped) - failed
        if state == CONSTANT:
            notes.append(f"{column.label}: constant, it does not vary; it has no indices")
        elif state == MISSING:
            share = missing / max(missing + int(used), 1)
            label = f"{column.name}_reached"
            instead = any(other.label == label for other in found.scalars)
            rest = (
                f"{label}, which says whether there is one, is analysed instead"
                if instead
                else (f"method {found.method.name} is not for whether there is one, others are")
            )
            notes.append(f"{column.label}: {share:.1%} of the good {what} lack a value; {rest}")
        elif missing > 0:
            notes.append(f"{column.label}: {missing} more {what} dropped, since they lack a value")
    varying = found.states == 0
    if varying.any():
        for name, unused in zip(found.inputs, found.table.unused[varying].all(axis=0), strict=True):
            if unused:
                notes.append(f"{name}: unused, it changes none of these outcomes")
    return notes


def _add_needed(variables: dict[str, IndexVariable], found: Found, half_width: float) -> list[str]:
    """Tell how many samples would reach a half-width: it goes as one over their square root."""
    table, rows = found.table, found.source.design.rows_per_group
    widest = np.full(len(found.scalars), np.nan)
    for name in found.method.headline:
        half = table.values.get(f"{name}_conf")
        if half is None:
            continue
        scale = 1.0
        with np.errstate(invalid="ignore", divide="ignore"):
            if name == "mu_star":
                scale = np.nanmax(np.nan_to_num(table.values[name]), axis=1, keepdims=True)
            widest = np.fmax(widest, _largest(half / scale))
    if np.isnan(widest).all():
        return [f"method {found.method.name} gives no confidence intervals, so no number of samples"]
    per = rows if found.method.of_rows is None else 1
    with np.errstate(invalid="ignore"):
        needed = np.ceil(table.used * (widest / half_width) ** 2) * per
    variables["half_width_reached"] = IndexVariable(
        ("outcome",), widest, "widest half-width of the confidence intervals"
    )
    variables["samples_needed"] = IndexVariable(
        ("outcome",),
        needed,
        f"samples for a half-width of {half_width:g}, by the square root of their number",
    )
    worst = int(np.nanargmax(widest))
    label = found.scalars[worst].label
    if widest[worst] <= half_width:
        return [f"half-width {half_width:g} is reached: the widest is {widest[worst]:.2g}, of {label}"]
    per_group = " (a power of two of base samples is best)" if per > 1 else ""
    return [
        f"half-width {half_width:g} is not reached: the widest is {widest[worst]:.2g}, of {label}; "
        f"about {needed[worst]:,.0f} samples would do{per_group}"
    ]


def _largest(values: Floats) -> Floats:
    """Return the largest of each row, NaN left out."""
    known = np.isfinite(values).any(axis=1)
    found = np.full(len(values), np.nan)
    found[known] = np.nanmax(values[known], axis=1)
    return found


def _add_series(variables: dict[str, IndexVariable], coordinates: dict[str, Any], found: Found) -> None:
    table, times = found.series_table, found.source.times
    assert table is not None
    assert times is not None
    names = tuple(dict.fromkeys(column.name for column in found.series))
    coordinates |= {"series": names, "time": times}
    shape = (len(names), times.size)
    failed = int(found.survey.failed.sum()) if found.method.of_rows is None else 0
    missing = (table.dropped - failed) > found.max_failed_share * np.maximum(table.used, 1)
    for name, data in table.values.items():
        if data.ndim == 3 or name.endswith(("_low", "_high")):
            continue
        shown = np.where(missing.reshape(-1, *[1] * (data.ndim - 1)), np.nan, data)
        dims = ("series", "time", "input")[: data.ndim + 1]
        key = f"{name}_series"
        variables[key] = _variable(dims, shown.reshape(*shape, *data.shape[1:]), key)
    variance = np.where(missing, np.nan, table.variance).reshape(shape)
    variables["variance_series"] = IndexVariable(("series", "time"), variance, "variance at each time")
    for name, data in _whole_series(found, table, times, missing.reshape(shape)).items():
        variables[name] = _variable(("series", "input"), data, name)


def _whole_series(found: Found, table: Table, times: Floats, missing: NDArray[np.bool_]) -> dict[str, Floats]:
    """Return generalised indices: those of each time by its variance and by what time it stands for."""
    weights = _time_weights(times)
    n, d = times.size, len(found.inputs)
    series = range(missing.shape[0])
    counts = table.used.reshape(missing.shape)
    whole = [not missing[s].any() and bool((counts[s] == counts[s, 0]).all()) for s in series]
    gathered: dict[str, Floats] = {}
    for s in series:
        own: dict[str, Floats] = {}
        if not whole[s]:
            pass  # other samples at other times: no sum of theirs is an index
        elif found.stream is not None:
            own = generalised(found.stream, range(s * n, (s + 1) * n), weights, d, found.options.confidence)
        elif "Sh" in table.values:
            by = weights * np.nan_to_num(table.variance[s * n : (s + 1) * n])
            shares = np.nan_to_num(table.values["Sh"][s * n : (s + 1) * n])
            own = {
                "Sh": (by[:, None] * shares).sum(axis=0) / by.sum() if by.sum() > 0.0 else np.full(d, np.nan)
            }
        for name, values in own.items():
            key = f"{name}_generalised"
            gathered.setdefault(key, np.full((len(whole), d), np.nan))[s] = values
    return gathered


def _time_weights(times: Floats) -> Floats:
    """Return how much time each point stands for, by the trapezoidal rule."""
    if times.size < 2:
        return np.ones(times.size)
    steps = np.diff(times)
    weights: Floats = np.r_[steps, 0.0] / 2.0 + np.r_[0.0, steps] / 2.0
    return weights


def _add_failures(variables: dict[str, IndexVariable], coordinates: dict[str, Any], found: Found) -> None:
    if found.failures is not None and found.failures.inputs:
        own = found.failures
        coordinates |= {
            "failure_input": own.inputs,
            "class": np.arange(1, own.rates.shape[1] + 1),
            "limit": np.arange(own.edges.shape[1]),
        }
        for name, dims, data, words in (
            (
                "failure_auc",
                (),
                own.auc,
                "probability that a failed sample has a larger value than a good one",
            ),
            ("failure_first", (), own.S1, "share of the variance of failure that the input alone explains"),
            ("failure_rate", ("class",), own.rates, "share that failed, by classes of equal count"),
            ("failure_limit", ("limit",), own.edges, "limits of the classes"),
        ):
            variables[name] = IndexVariable(("failure_input", *dims), data, words)
    if found.failed is not None and not found.failed.constant.any():
        for name in ("S1", "S1_conf", "ST", "ST_conf"):
            key = f"failure_{name}"
            words = f"of whether the sample fails: {long_name(name)}"
            variables[key] = IndexVariable(("input",), found.failed.values[name][0], words)


def _attributes(found: Found, notes: list[str], half_width: float | None) -> dict[str, Any]:
    source, design, survey = found.source, found.source.design, found.survey
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    grouped = found.method.of_rows is None
    attributes: dict[str, Any] = {
        "method": found.method.name,
        "headline": " ".join(found.method.headline),
        "title": source.attributes.get("title", ""),
        "design": design.kind,
        "campaign_id": source.attributes.get("campaign_id", ""),
        "samples": survey.samples,
        "failed_samples": survey.failed_samples,
        "rows_per_group": design.rows_per_group if grouped else 1,
        "groups": int(survey.whole.sum()),
        "groups_failed": int(survey.failed.sum()),
        "groups_failed_first": ", ".join(map(str, survey.named())),
        "max_failed_share": found.max_failed_share,
        "confidence": found.options.confidence,
        "resamples": found.options.resamples,
        "seed": found.options.seed,
        "replicates": 1,
        "source": f"leakflow {version()}, numpy {np.__version__}, python {platform.python_version()}",
        "history": f"{now} leakflow {version()}: sensitivity, method {found.method.name}",
        "notes": "\n".join(notes),
    }
    if found.failures is not None:
        attributes["failure_samples"] = found.failures.samples
        attributes["failure_failed"] = found.failures.failed
    if half_width is not None and math.isfinite(half_width):
        attributes["half_width"] = half_width
    return attributes

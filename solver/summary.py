"""What a sweep says, in the units operators use; nothing here is computed twice from the physics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import status as status_codes
from ._volume_columns import record_name
from .results import Results
from .units import convert

__all__ = ["Comparison", "Receipt", "Row", "Summary", "display_units", "finite", "shown_value", "summarise"]

# Units in the file to units of the console, with the dimension they have.
_DISPLAY: dict[str, tuple[str, tuple[str, ...]]] = {
    "Pa": ("pressure", ("mmHg",)),
    "Pa s-1": ("pressure_rate", ("mmHg/h",)),
    "kg": ("mass", ("kg",)),
    "kg s-1": ("mass_flow", ("kg/day", "lb/day")),
    "m": ("length", ("mm",)),
    "s": ("time", ("day",)),
    "N": ("force", ("mN",)),
    "K": ("temperature", ("degC",)),
    "J": ("energy", ("kJ",)),
}
_SMALLEST_IN_MM = 1e-4  # m; gaps below it are spoken of in micrometres


@dataclass(frozen=True)
class Row:
    """One outcome over the good samples, in one unit.

    Attributes
    ----------
    name, unit, text : str
    median, low, high : float
        Median, 5 % and 95 % quantiles; infinite where that share of the samples never gets there, NaN if
        there is no value at all.
    missing : float
        Share of the good samples without a value.
    """

    name: str
    unit: str
    median: float
    low: float
    high: float
    missing: float
    text: str


@dataclass(frozen=True)
class Comparison:
    """One point of the measured record beside the samples, pressures in mmHg, time in days.

    Attributes
    ----------
    near : float
        Share of the good samples within two uncertainties of it, that of the time counted.
    """

    volume: str
    time: float
    measured: float
    uncertainty: float
    median: float
    low: float
    high: float
    near: float


@dataclass(frozen=True)
class Receipt:
    """How accurate the integration was, at its worst.

    Attributes
    ----------
    mass_balance_residual : float
        Gas unaccounted for over all the gas there was, in the worst sample.
    steps_median, steps_most : float
        Steps of a sample.
    rejected : float
        Share of all steps that were taken again.
    table_error : float or None
        Error of the tables of flow through cracks, over the largest flow; None if the case has no cracks.
    energy_balance_residual : float or None
        Energy unaccounted for over all the energy there was; None where none is followed.
    """

    mass_balance_residual: float
    steps_median: float
    steps_most: float
    rejected: float
    table_error: float | None = None
    energy_balance_residual: float | None = None


@dataclass(frozen=True)
class Summary:
    """All that is shown of a sweep.

    Attributes
    ----------
    title : str
    samples, failed : int
    reasons : dict of str to int
        Statuses other than ok, with how many samples have each.
    rows : tuple of Row
    record : tuple of Comparison
    record_near : float or None
        Share of the good samples whose misfit with the record is below 2.
    receipt : Receipt or None
        None if no sample is good.
    """

    title: str
    samples: int
    failed: int
    reasons: dict[str, int]
    rows: tuple[Row, ...]
    record: tuple[Comparison, ...]
    record_near: float | None
    receipt: Receipt | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; what is not finite becomes None."""
        plain: dict[str, Any] = finite(asdict(self))
        return plain


def summarise(results: Results) -> Summary:
    """Sum up the good samples of a sweep.

    Parameters
    ----------
    results : Results
        Of `sweep`, or opened from a file.
    """
    with np.errstate(all="ignore"):  # a stranger's numbers may be of any size
        return _summary(results)


def _summary(results: Results) -> Summary:
    good = results.status == status_codes.OK
    reasons = {name: count for name, count in results.status_counts().items() if name != "ok"}
    misfit = results["record_misfit"][good] if "record_misfit" in results.variables else None
    return Summary(
        title=results.attributes.get("title", ""),
        samples=len(results),
        failed=results.n_failed,
        reasons=reasons,
        rows=tuple(_rows(results, good)) if good.any() else (),
        record=tuple(_comparisons(results, good)) if good.any() else (),
        record_near=float(np.mean(misfit < 2.0)) if misfit is not None and misfit.size else None,
        receipt=_receipt(results, good),
    )


def display_units(units: str, value: float = math.nan) -> tuple[str, ...]:
    """Return the units in which a value of these file units is shown; its own if none are better."""
    if units == "m" and 0.0 < abs(value) < _SMALLEST_IN_MM:
        return ("um",)
    return _DISPLAY[units][1] if units in _DISPLAY else (units,)


def _rows(results: Results, good: NDArray[np.bool_]) -> list[Row]:
    rows = []
    for name, data in results.outputs.items():
        if name.startswith("record_deviation_"):
            continue  # shown with the record
        variable = results.variables[name]
        is_time = variable.units == "s"
        never = math.inf if is_time else math.nan
        values = np.where(np.isnan(data[good]), never, data[good])
        low, median, high = _quantiles(values)
        missing = float(np.mean(~np.isfinite(values)))
        for unit in display_units(variable.units, median):
            a, b, c = (shown_value(value, variable.units, unit) for value in (low, median, high))
            rows.append(Row(name, "" if unit == "1" else unit, b, a, c, missing, variable.long_name))
    return rows


def _comparisons(results: Results, good: NDArray[np.bool_]) -> list[Comparison]:
    rows = []
    for i, point in enumerate(_points(results)):
        name = record_name(point.by_temperature, point.volume, point.species, i)
        deviation = f"record_deviation_{i + 1}"
        if name not in results.variables or deviation not in results.variables:
            continue
        # a pressure over a temperature is shown as the pressure at the temperature measured
        pressures = results[name][good] * (point.temperature if point.by_temperature else 1.0)
        low, median, high = (shown_value(value, "Pa", "mmHg") for value in _quantiles(pressures))
        near = np.abs(results[deviation][good]) <= 2.0
        rows.append(
            Comparison(
                volume=point.volume,
                time=shown_value(point.time, "s", "day"),
                measured=shown_value(point.pressure, "Pa", "mmHg"),
                uncertainty=shown_value(point.uncertainty, "Pa", "mmHg"),
                median=median,
                low=low,
                high=high,
                near=float(np.mean(near)),
            )
        )
    return rows


class _Point(NamedTuple):
    """A point of the record, as it stands in the provenance."""

    volume: str
    species: str | None
    by_temperature: bool
    time: float
    pressure: float
    uncertainty: float
    temperature: float = math.nan


def _points(results: Results) -> Iterator[_Point]:
    """Give the points of the record, from the first on; none of a case that cannot be read."""
    try:
        case = json.loads(results.provenance.get("case", "{}"))
    except (ValueError, RecursionError):
        return
    record = case.get("record") if isinstance(case, dict) else None
    points, compare = (
        (record.get("points"), record.get("compare")) if isinstance(record, dict) else (None, None)
    )
    by_temperature = compare == "p/T"
    for point in points if isinstance(points, list) else ():
        needed = ("time", "pressure", "uncertainty", *(["temperature"] if by_temperature else []))
        if not isinstance(point, dict) or not isinstance(point.get("volume"), str):
            return
        try:
            time, pressure, uncertainty, *warmth = (float(point[key]) for key in needed)
        except (LookupError, TypeError, ValueError, OverflowError):
            return
        species = point.get("species")
        yield _Point(
            point["volume"],
            species if isinstance(species, str) else None,
            by_temperature,
            time,
            pressure,
            uncertainty,
            *warmth,
        )


def _receipt(results: Results, good: NDArray[np.bool_]) -> Receipt | None:
    wanted = ("mass_balance_residual", "steps", "rejected_steps")
    if not good.any() or not all(name in results.variables for name in wanted):
        return None
    residual, steps, rejected = (results[name][good] for name in wanted)
    return Receipt(
        mass_balance_residual=float(residual.max()),
        steps_median=float(np.median(steps)),
        steps_most=float(steps.max()),
        rejected=float(rejected.sum()) / max(float(steps.sum() + rejected.sum()), 1.0),
        **{
            name: float(results[name][good].max())
            for name in ("table_error", "energy_balance_residual")
            if name in results.variables
        },
    )


def _quantiles(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """5, 50 and 95 % quantiles, NaN left out; nothing is interpolated into infinity."""
    there = values[~np.isnan(values)]
    if not there.size:
        return math.nan, math.nan, math.nan
    method: Literal["linear", "nearest"] = "linear" if np.isfinite(there).all() else "nearest"
    low, median, high = np.quantile(there, [0.05, 0.5, 0.95], method=method)
    return float(low), float(median), float(high)


def shown_value(value: float, units: str, unit: str) -> float:
    """Convert a number from the units of the file to one of `display_units`; what is not finite passes."""
    if not math.isfinite(value) or units not in _DISPLAY:
        return value
    return float(convert(value, _DISPLAY[units][0], unit))


def finite(value: Any) -> Any:
    """Return a value for JSON: numbers that are not finite become None."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

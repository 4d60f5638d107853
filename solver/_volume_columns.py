"""The outcomes of each volume, and of the points of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._column import Column, label, series_units
from ._controls import RepressuriseControl
from ._plan_layout import is_thermal, series_of
from ._schedule import RepressuriseEvent, VentEvent
from .case import Case, Point

__all__ = ["record_columns", "record_name", "volume_columns"]


def volume_columns(case: Case, places: Mapping[str, int]) -> Iterator[Column]:
    """Give the outcomes of the volumes.

    Parameters
    ----------
    case : Case
    places : mapping of str to int
        Where each group of outcomes starts.
    """
    yield from _final_columns(case, places)
    for i, (name, volume) in enumerate(case.volumes.items()):
        own = label(name)
        if volume.kind != "boundary":
            yield Column(
                f"pressure_rate_{own}", places["pressure_rate"] + i, "pressure_rate", "Pa s-1",
                f"rate of the pressure of {name} at the start with all valves shut"
                + (", were it not held" if volume.kind == "held" else ""),
                "output",
            )  # fmt: skip
        if volume.kind == "held":
            yield Column(
                f"makeup_{own}", places["gas_added"] + i, "mass", "kg",
                f"gas that keeps the pressure of {name}", "output",
            )  # fmt: skip
        yield from _handled_columns(case, places, i, name)
        if volume.kind == "integrated" and is_thermal(case):
            yield Column(
                f"heat_{own}", places["heat"] + i, "energy", "J",
                f"heat that the gas of {name} took up from its wall", "output",
            )  # fmt: skip
        if volume.kind == "integrated" and case.is_separate:
            yield from _trend_columns(case, places, i, name)


def _final_columns(case: Case, places: Mapping[str, int]) -> Iterator[Column]:
    """Give what series come to at the end; a pressure that is given has no outcome."""
    for i, row in enumerate(series_of(case)):
        if row.quantity == "temperature" or case.volumes[row.volume].kind == "integrated":
            dimension, units, text = series_units(row)
            species = "" if row.species is None else f"_{row.species}"
            name = f"{row.quantity}_final_{label(row.volume)}{species}"
            yield Column(name, places["final"] + i, dimension, units, f"{text} at the end", "output")


def _handled_columns(case: Case, places: Mapping[str, int], i: int, name: str) -> Iterator[Column]:
    """Give the gas that events and controls put into a volume or let out of it at once."""
    fills = any(isinstance(event, RepressuriseEvent) and event.volume == name for event in case.schedule)
    fills = fills or any(
        isinstance(control, RepressuriseControl) and control.rate is None and control.volume == name
        for control in case.controls.values()
    )
    if fills:
        yield Column(
            f"gas_added_{label(name)}", places["gas_added"] + i, "mass", "kg",
            f"gas put into {name} at once by schedule and controls", "output",
        )  # fmt: skip
    if any(isinstance(event, VentEvent) and event.volume == name for event in case.schedule):
        yield Column(
            f"gas_vented_{label(name)}", places["gas_vented"] + i, "mass", "kg",
            f"gas let out of {name} by the schedule", "output",
        )  # fmt: skip


def _trend_columns(case: Case, places: Mapping[str, int], i: int, name: str) -> Iterator[Column]:
    """Give the leaks that would be read off a volume's own pressure and nitrogen."""
    for what, key, there in (
        ("pressure", "trend_pressure", True),
        ("nitrogen", "trend_nitrogen", "N2" in case.species),
    ):
        if there:
            yield Column(
                f"leak_rate_from_{what}_{label(name)}", places[key] + i, "mass_flow", "kg s-1",
                f"leak of {name} as its {what} tells over the run, gas from bottles taken off", "output",
            )  # fmt: skip


def record_columns(case: Case, places: Mapping[str, int]) -> Iterator[Column]:
    """Give what is compared with each point of the record, and how far it is off.

    Parameters
    ----------
    case : Case
    places : mapping of str to int
        Where each group of outcomes starts.
    """
    points = case.record.points if case.record is not None else []
    by_temperature = case.record is not None and case.record.compare == "p/T"
    for i, point in enumerate(points):
        place = places["record"] + 3 * i + 1
        own = record_name(by_temperature, point.volume, point.species, i)
        when = f"at {point.time:.12g} s, when {_measured(point)} was measured"
        if by_temperature:
            text = f"pressure over temperature of {point.volume} {when}"
            yield Column(own, place, "pressure_over_temperature", "Pa K-1", text, "output")
        else:
            of = "pressure" if point.species is None else f"partial pressure of {point.species}"
            text = f"{of} {'of' if point.species is None else 'in'} {point.volume} {when}"
            yield Column(own, place, "pressure", "Pa", text, "output")
        yield Column(
            f"record_deviation_{i + 1}", -1, "dimensionless", "1",
            f"pressure of {point.volume} less the {i + 1}. measured one, over its uncertainty", "output",
        )  # fmt: skip
    if points:
        text = "root mean square of the deviations from the record over their uncertainties"
        yield Column("record_misfit", -1, "dimensionless", "1", text, "output")


def record_name(by_temperature: bool, volume: str, species: str | None, index: int) -> str:
    """Return the name of the outcome that a point of the record is compared with."""
    if by_temperature:
        return f"pressure_over_temperature_{label(volume)}_record_{index + 1}"
    if species is not None:
        return f"partial_pressure_{label(volume)}_{species}_record_{index + 1}"
    return f"pressure_{label(volume)}_record_{index + 1}"


def _measured(point: Point) -> str:
    warmth = "" if point.temperature is None else f" at {point.temperature:.12g} K"
    return f"{point.pressure:.12g} Pa{warmth}"

"""The order of what a plan numbers besides volumes and paths: feeds, controls and series.

Compiling a case and naming its outcomes both go by these lists.
"""

from __future__ import annotations

from typing import NamedTuple

from ._controls import CloseControl, RepressuriseControl
from ._feeds import CrewFeed, HoldFeed, RateFeed, RemovalFeed
from ._paths import ReliefPath
from ._schedule import TemperatureEvent
from .case import Case

__all__ = [
    "FeedRow", "SeriesRow", "controls_of", "feeds_of", "has_temperature", "is_thermal", "series_of",
]  # fmt: skip


class FeedRow(NamedTuple):
    """One feed of a plan: whose it is in the case, in which section, and of a crew the species."""

    section: str
    name: str
    item: RateFeed | RemovalFeed | HoldFeed | CrewFeed | RepressuriseControl | None
    species: str | None = None


class SeriesRow(NamedTuple):
    """One series of a plan: ``"pressure"``, ``"temperature"`` or ``"partial_pressure"``, of a volume."""

    quantity: str
    volume: str
    species: str | None = None


def feeds_of(case: Case) -> list[FeedRow]:
    """List the feeds of a plan: the case's, those that controls switch, then the heat of walls."""
    rows: list[FeedRow] = []
    for name, feed in case.feeds.items():
        species = ("O2", "CO2", "H2O") if isinstance(feed, CrewFeed) else (None,)
        rows += [FeedRow("feeds", name, feed, one) for one in species]
    for name, control in case.controls.items():
        if isinstance(control, RepressuriseControl) and control.rate is not None:
            rows.append(FeedRow("controls", name, control))
    rows += [FeedRow("volumes", name, None) for name, v in case.volumes.items() if v.energy == "wall"]
    return rows


def controls_of(case: Case) -> list[tuple[str, RepressuriseControl | CloseControl | ReliefPath]]:
    """List the controls of a plan: the case's, then its relief valves."""
    reliefs = [(name, path) for name, path in case.paths.items() if isinstance(path, ReliefPath)]
    return [*case.controls.items(), *reliefs]


def series_of(case: Case) -> list[SeriesRow]:
    """List the series of a plan: pressures, temperatures that change, partial pressures."""
    rows = [SeriesRow("pressure", name) for name in case.volumes]
    rows += [SeriesRow("temperature", name) for name in case.volumes if has_temperature(case, name)]
    if case.is_separate:
        inner = [name for name, volume in case.volumes.items() if volume.kind != "boundary"]
        rows += [SeriesRow("partial_pressure", name, one) for name in inner for one in case.species]
    return rows


def has_temperature(case: Case, name: str) -> bool:
    """Whether the temperature of a volume can change."""
    volume = case.volumes[name]
    steps = any(isinstance(event, TemperatureEvent) and event.volume == name for event in case.schedule)
    return volume.energy != "isothermal" or bool(volume.temperature_cycles) or steps


def is_thermal(case: Case) -> bool:
    """Whether the energy of the volumes is followed."""
    return any(volume.energy != "isothermal" for volume in case.volumes.values())

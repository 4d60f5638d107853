"""Which gases a case has, and whether their species are followed one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from ._controls import RepressuriseControl
from ._feeds import CrewFeed, HoldFeed, RateFeed, RemovalFeed
from ._schedule import RepressuriseEvent
from ._seals import Permeabilities
from ._sections import SPECIES, Gas, Record, Run
from .numbers import support

__all__ = ["is_separate", "reasons_to_separate", "species_of"]

_BREATHED = ("O2", "CO2", "H2O")


class _Gassy(Protocol):
    """What of a case names gases or species; parts that cannot be read are None."""

    @property
    def gas(self) -> Gas | None: ...
    @property
    def volumes(self) -> Mapping[str, Any]: ...
    @property
    def paths(self) -> Mapping[str, Any]: ...
    @property
    def feeds(self) -> Mapping[str, Any]: ...
    @property
    def controls(self) -> Mapping[str, Any]: ...
    @property
    def schedule(self) -> Sequence[Any]: ...
    @property
    def run(self) -> Run | None: ...
    @property
    def record(self) -> Record | None: ...


def is_separate(case: _Gassy) -> bool:
    """Whether the species of a case's gases are followed one by one: as it says, or as it needs."""
    assert case.gas is not None
    if case.gas.separate is not None:
        return case.gas.separate
    if next(reasons_to_separate(case), None) is not None:
        return True
    own = _there(case.gas.composition)
    return any(_there(other) != own for other in _other_gases(case))


def species_of(case: _Gassy) -> tuple[str, ...]:
    """Give the species that a case has anywhere, in the order of `SPECIES`."""
    assert case.gas is not None
    found = set(_there(case.gas.composition))
    for other in _other_gases(case):
        found |= _there(other).keys()
    for feed in case.feeds.values():
        found |= set(_BREATHED if isinstance(feed, CrewFeed) else ())
        found |= {feed.gas} if isinstance(feed, RemovalFeed) else set()
    found.update(_watched(case))
    return tuple(name for name in SPECIES if name in found)


def reasons_to_separate(case: _Gassy) -> Iterator[str]:
    """Name what in a case has to do with one species of a mixture, by its key."""
    for name, feed in case.feeds.items():
        takes_out = isinstance(feed, RateFeed) and support(feed.rate)[0] < 0.0
        holds = isinstance(feed, HoldFeed) and feed.partial_pressure is not None
        if takes_out or holds or isinstance(feed, CrewFeed | RemovalFeed):
            yield f"feeds.{name}"
    for name, control in case.controls.items():
        if isinstance(control, RepressuriseControl) and control.species is not None:
            yield f"controls.{name}"
    for name, path in case.paths.items():
        permeation = getattr(path, "permeation", None)
        if permeation is not None and isinstance(permeation.permeability, Permeabilities):
            yield f"paths.{name}.permeation"
    for i, threshold in enumerate(case.run.thresholds if case.run is not None else ()):
        if threshold.species is not None:
            yield f"run.thresholds.{i}"
    for i, point in enumerate(case.record.points if case.record is not None else ()):
        if point.species is not None:
            yield f"record.points.{i}"


def _other_gases(case: _Gassy) -> Iterator[Mapping[str, float]]:
    """Give the gases that a case names besides its own."""
    for volume in case.volumes.values():
        if volume is not None and volume.composition is not None:
            yield volume.composition
    for item in (*case.feeds.values(), *case.controls.values(), *case.schedule):
        if isinstance(item, RateFeed | HoldFeed | RepressuriseControl | RepressuriseEvent):
            yield from (item.gas,) if item.gas is not None else ()


def _watched(case: _Gassy) -> Iterator[str]:
    thresholds = case.run.thresholds if case.run is not None else []
    points = case.record.points if case.record is not None else []
    yield from (threshold.species for threshold in thresholds if threshold.species is not None)
    yield from (point.species for point in points if point.species is not None)


def _there(composition: Mapping[str, float]) -> dict[str, float]:
    return {name: share for name, share in composition.items() if share > 0.0}

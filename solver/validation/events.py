"""The events of the public record, in the order of the report. A new one is a function, listed here."""

from __future__ import annotations

from collections.abc import Callable

from . import events_cabin, events_station, events_tunnel, events_vehicles
from .report import Event

__all__ = ["EVENTS"]

#: From a number of samples to what the event says.
EVENTS: tuple[Callable[[int], Event], ...] = (
    events_tunnel.october_2020,
    events_tunnel.december_2020,
    events_tunnel.march_2021,
    events_tunnel.july_2021,
    events_tunnel.reduced_pressure,
    events_vehicles.soyuz_ms_09,
    events_vehicles.mir_spektr,
    events_vehicles.soyuz_11,
    events_vehicles.window_hose,
    events_cabin.nitrogen_2003,
    events_station.january_2021,
    events_cabin.false_alarm,
    events_station.totals,
)

"""The feeds and controls of a case as rows of a plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model
from ._controls import CloseControl, RepressuriseControl
from ._feeds import CrewFeed, HoldFeed, RateFeed, RemovalFeed
from ._paths import ReliefPath
from ._plan_gases import Gases
from ._plan_layout import FeedRow, controls_of, feeds_of
from ._plan_slots import Slots
from .case import SPECIES, Case
from .columns import label

__all__ = ["control_rows", "feed_rows"]


def feed_rows(case: Case, slots: Slots, gases: Gases) -> NDArray[Any]:
    """Give FEED[S], in the order of `feeds_of`."""
    layout = feeds_of(case)
    volumes = list(case.volumes)
    rows = np.zeros(len(layout), model.FEED)
    for name in ("factor", "temperature", "time", "most", "species", "heat"):
        rows[name] = -1
    rows["runs"] = 1
    rows["sign"] = 1.0
    for row, of in zip(rows, layout, strict=True):
        own = label(of.name)
        if of.item is None:
            _wall(row, case, of, slots)
            continue
        row["volume"] = volumes.index(of.item.volume)
        if isinstance(of.item, RateFeed | RepressuriseControl):
            _rate(row, of.item, own, case, slots, gases)
        elif isinstance(of.item, RemovalFeed):
            row["kind"] = model.REMOVAL
            row["gas"] = gases.component(of.item.gas)
            row["value"] = slots.add(of.item.flow, f"{own}_flow", "volume_flow")
        elif isinstance(of.item, HoldFeed):
            _hold(row, of.item, own, case, slots, gases)
        else:
            _crew(row, of.item, of.species, own, slots, gases)
    return rows


def control_rows(case: Case, slots: Slots, gases: Gases) -> NDArray[Any]:
    """Give CONTROL[C], in the order of `controls_of`."""
    layout = controls_of(case)
    rows = np.zeros(len(layout), model.CONTROL)
    for name in ("species", "off", "temperature", "delay"):
        rows[name] = -1
    for row, (name, item) in zip(rows, layout, strict=True):
        own = label(name)
        if isinstance(item, RepressuriseControl):
            _repressurise(row, item, name, case, slots, gases)
        elif isinstance(item, CloseControl):
            _close(row, item, own, case, slots)
        else:
            _relief(row, item, name, case, slots)
        if not isinstance(item, ReliefPath):
            row["delay"] = slots.add_if(item.delay, f"{own}_delay", "time")
    return rows


def _rate(
    row: Any, item: RateFeed | RepressuriseControl, own: str, case: Case, slots: Slots, gases: Gases
) -> None:
    """Gas at a given rate; that of a control does not run before it is switched on."""
    assert item.rate is not None
    row["kind"] = model.RATE
    row["gas"] = gases.place(item.gas)
    row["value"] = slots.add(item.rate, f"{own}_rate", "mass_flow")
    row["temperature"] = _warmth(item, own, case, slots)
    row["runs"] = isinstance(item, RateFeed)


def _hold(row: Any, item: HoldFeed, own: str, case: Case, slots: Slots, gases: Gases) -> None:
    row["kind"] = model.HOLD
    row["gas"] = gases.place(item.gas)
    if item.pressure is not None:
        row["value"] = slots.add(item.pressure, f"{own}_pressure", "pressure")
    elif item.partial_pressure is not None and item.species is not None:
        row["value"] = slots.add(item.partial_pressure, f"{own}_partial_pressure", "pressure")
        row["species"] = SPECIES.index(item.species)
    row["time"] = slots.add(item.time_constant, f"{own}_time_constant", "time")
    row["most"] = slots.add_if(item.at_most, f"{own}_at_most", "mass_flow")
    row["temperature"] = _warmth(item, own, case, slots)


def _crew(row: Any, item: CrewFeed, species: str | None, own: str, slots: Slots, gases: Gases) -> None:
    """What people take or give of one species; their heat comes with the carbon dioxide."""
    assert species is not None
    key = {"O2": "oxygen", "CO2": "carbon_dioxide", "H2O": "water"}[species]
    row["kind"] = model.RATE
    row["gas"] = gases.place({species: 1.0})
    row["value"] = slots.add(getattr(item, key), f"{own}_{key}", "mass_flow")
    row["factor"] = slots.add(item.count, f"{own}_count", "dimensionless")
    row["sign"] = -1.0 if species == "O2" else 1.0
    if species == "CO2":
        row["heat"] = slots.add(item.heat, f"{own}_heat", "power")


def _wall(row: Any, case: Case, of: FeedRow, slots: Slots) -> None:
    volume = case.volumes[of.name]
    assert volume.wall_conductance is not None
    row["kind"] = model.WALL
    row["volume"] = list(case.volumes).index(of.name)
    key = f"{label(of.name)}_wall_conductance"
    row["value"] = slots.add(volume.wall_conductance, key, "heat_conductance")


def _repressurise(
    row: Any, item: RepressuriseControl, name: str, case: Case, slots: Slots, gases: Gases
) -> None:
    """Fill at once up to a pressure, or switch on the control's own feed until it is reached."""
    own = label(name)
    volume = list(case.volumes).index(item.volume)
    row["quantity"], row["place"], row["sign"] = model.PRESSURE, volume, -1.0
    if item.species is not None:
        row["quantity"], row["species"] = model.PARTIAL_PRESSURE, SPECIES.index(item.species)
    row["on"] = slots.add(item.below, f"{own}_below", "pressure")
    to = slots.add(item.to, f"{own}_to", "pressure")
    row["gas"] = gases.place(item.gas)
    row["temperature"] = _warmth(item, own, case, slots)
    if item.rate is None:
        row["action"], row["target"], row["value"] = model.REPRESSURISE, volume, to
        return
    feeds = [(of.section, of.name) for of in feeds_of(case)]
    row["action"], row["target"] = model.SET_FEED, feeds.index(("controls", name))
    row["value"], row["off"], row["releases"] = slots.fixed(1.0), to, 1


def _close(row: Any, item: CloseControl, own: str, case: Case, slots: Slots) -> None:
    paths = list(case.paths)
    row["sign"] = 1.0
    if item.volume is not None and item.fall_above is not None:
        row["quantity"], row["place"] = model.PRESSURE_FALL, list(case.volumes).index(item.volume)
        row["on"] = slots.add(item.fall_above, f"{own}_fall_above", "pressure_rate")
    elif item.through is not None and item.flow_above is not None:
        row["quantity"], row["place"] = model.FLOW, paths.index(item.through)
        row["on"] = slots.add(item.flow_above, f"{own}_flow_above", "mass_flow")
    row["action"], row["target"], row["value"] = model.SET_OPENING, paths.index(item.path), slots.fixed(0.0)
    row["once"] = 1


def _relief(row: Any, item: ReliefPath, name: str, case: Case, slots: Slots) -> None:
    own = label(name)
    place = list(case.paths).index(name)
    row["quantity"], row["place"], row["sign"] = model.PRESSURE_DROP, place, 1.0
    row["on"] = slots.add(item.cracking, f"{own}_cracking", "pressure")
    row["off"] = slots.add(item.reseat, f"{own}_reseat", "pressure")
    row["action"], row["target"], row["value"] = model.SET_OPENING, place, slots.fixed(1.0)
    row["releases"] = 1


def _warmth(item: RateFeed | HoldFeed | RepressuriseControl, own: str, case: Case, slots: Slots) -> int:
    """Slot of the temperature of what comes in: the case's gas's where none is given."""
    if item.temperature is None:
        return slots.add(case.gas.temperature, "gas_temperature", "temperature")
    return slots.add(item.temperature, f"{own}_temperature", "temperature")

"""Which numbers of a sample, its cracks aside, lie outside what the kernels take.

Each function here mirrors the one of the kernels that gives the status; these return an integer only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..kernels import flows, hatches, model, network, seal
from ._controls import RepressuriseControl
from ._failure_draw import FITTED, Drawn, outside
from ._paths import ReliefPath
from ._plan_layout import controls_of, feeds_of

__all__ = ["contact_reasons", "run_reasons", "start_reasons", "temperature_reasons"]

#: Slot of a number, its key, its bounds, its unit.
_Check = tuple[int, str, str, str]


def temperature_reasons(drawn: Drawn) -> Iterator[str]:
    """Say which temperature made `network.prepare` return ``OUT_OF_RANGE``."""
    low, high = network._TEMPERATURE_LOW, network._TEMPERATURE_HIGH
    for name, volume in zip(drawn.case.volumes, drawn.sample.volumes, strict=True):
        wrong = outside(float(volume["temperature"]), f"[{low}, {high}]", "K")
        if wrong:
            yield f"volumes.{name} at the start: {wrong} K, {FITTED}"


def contact_reasons(drawn: Drawn) -> Iterator[str]:
    """Say which seal made `network.prepare` return ``OUT_OF_RANGE``, as `flows.fits_law` does."""
    for p, name in enumerate(drawn.case.paths):
        row = drawn.plan.paths[p]
        if flows.fits_law(drawn.plan, drawn.sample, p):
            continue
        _, at_stress, factor, gain = (drawn.at(slot) for slot in row["contact"])
        ends = (drawn.sample.volumes[int(row[end])]["pressure"] for end in ("source", "sink"))
        exponent, change = 3.0 * at_stress / factor, 3.0 * abs(gain) * float(max(ends)) / factor
        own = f"paths.{name}.contact: 3"
        if not exponent <= seal._LARGEST_EXPONENT:
            yield f"{own} at_stress/sealing_factor {exponent:.6g} is above {seal._LARGEST_EXPONENT:g}"
        if not change <= seal._STEEPEST:
            yield (
                f"{own} gain times the higher pressure over sealing_factor {change:.6g} "
                f"is above {seal._STEEPEST:g}"
            )


def start_reasons(drawn: Drawn) -> Iterator[str]:
    """Say why `network.prepare` returned ``IMPOSSIBLE``."""
    volumes = zip(drawn.case.volumes, drawn.plan.volumes, strict=True)
    found = [
        line for name, row in volumes for line in _checked(drawn, f"volumes.{name}", _of_volume(drawn, row))
    ]
    yield from found
    if found:
        return  # what comes after rests on the volumes
    for p, name in enumerate(drawn.case.paths):
        own = _checked(drawn, f"paths.{name}", _of_path(drawn.plan.paths[p]))
        yield from own
        if not own and not flows.fits_wall(drawn.plan, drawn.sample, p, 0.0):
            yield f"paths.{name} is larger than the least wall of the smaller of its volumes"
    for row, feed in zip(drawn.plan.feeds, feeds_of(drawn.case), strict=True):
        yield from _checked(drawn, f"{feed.section}.{feed.name}", _of_feed(row))
    yield from _checked(drawn, "schedule", [(row["at"], "at", "[0, inf]", "s") for row in drawn.plan.events])
    if not hatches.set_groups(drawn.plan, drawn.sample):
        yield "hatches open at the start join two volumes whose pressures are both given"


def run_reasons(drawn: Drawn) -> Iterator[str]:
    """Name the numbers of controls and events that make a run impossible once they act."""
    for row, (name, item) in zip(drawn.plan.controls, controls_of(drawn.case), strict=True):
        is_relief = isinstance(item, ReliefPath)
        key = f"{'paths' if is_relief else 'controls'}.{name}"
        if is_relief:
            low, high = ("reseat", drawn.at(row["off"])), ("cracking", drawn.at(row["on"]))
        elif isinstance(item, RepressuriseControl):
            to = row["off"] if row["off"] >= 0 else row["value"]
            low, high = ("below", drawn.at(row["on"])), ("to", drawn.at(to))
        else:
            low, high = ("", 0.0), ("", 1.0)
        if not high[1] > low[1]:
            yield f"{key}.{high[0]} {high[1]:.6g} Pa is not above {low[0]}, {low[1]:.6g} Pa"
        yield from _checked(drawn, key, [(row["delay"], "delay", "[0, inf]", "s")])
    for row in drawn.plan.events:
        if drawn.at(row["at"]) > drawn.plan.settings[model.DURATION]:
            continue
        yield from _checked(drawn, f"schedule, at {drawn.at(row['at']):.6g} s", _of_event(row))


def _checked(drawn: Drawn, key: str, checks: Sequence[_Check]) -> list[str]:
    """Give a line for each number that is there and lies outside its bounds."""
    separator = "." if "," not in key else ": "
    return [
        f"{key}{separator}{name} {wrong}"
        for slot, name, bounds, unit in checks
        if slot >= 0 and (wrong := outside(drawn.at(slot), bounds, unit))
    ]


def _of_volume(drawn: Drawn, row: Any) -> list[_Check]:
    """Mirror `volumes.start_volume`."""
    first = int(row["first_cycle"])
    cycles = drawn.plan.cycles[first : first + int(row["cycles"])]
    checks = [
        (cycle["period"], f"temperature_cycles.{i}.period", "(0, inf]", "s") for i, cycle in enumerate(cycles)
    ]
    return [
        *checks,
        (row["size"], "volume", "(0, inf]", "m^3"),
        (row["temperature"], "temperature", "(0, inf]", "K"),
        (row["wall"], "wall_temperature", "(0, inf]", "K"),
        (row["pressure"], "pressure", "[0, inf)", "Pa"),
    ]


def _of_path(row: Any) -> list[_Check]:
    """Mirror `flows.start_path`."""
    size = ("diameter", "m") if row["is_diameter"] else ("area", "m^2")
    return [
        (row["size"], size[0], "[0, inf]", size[1]),
        (row["coefficient"] if row["size"] >= 0 else -1, "discharge_coefficient", "(0, 1]", ""),
        (row["opening"], "opening", "[0, 1]", ""),
        (row["iso"][0], "iso6358.C", "[0, inf]", "m^3/s/Pa"),
        (row["iso"][1], "iso6358.b", "[0, 1)", ""),
        (row["iso"][2], "iso6358.m", "(0, 1]", ""),
        (row["inlet_loss"], "inlet_loss", "[0, inf)", ""),
        (row["molecular"], "molecular", "[0, inf)", "m*s"),
        (row["viscous"], "viscous", "[0, inf)", "m*s/Pa"),
        (row["contact"][2], "contact.sealing_factor", "(0, inf]", "Pa"),
        (row["membrane"][0], "permeation.area", "[0, inf)", "m^2"),
        (row["membrane"][1], "permeation.thickness", "(0, inf]", "m"),
    ]


def _of_feed(row: Any) -> list[_Check]:
    """Mirror `feeds.start_feed`."""
    name, unit = {
        model.RATE: ("rate", "kg/s"),
        model.REMOVAL: ("flow", "m^3/s"),
        model.HOLD: ("pressure", "Pa"),
        model.WALL: ("wall_conductance", "W/K"),
    }[int(row["kind"])]
    return [
        (row["value"], name, "(-inf, inf)" if row["kind"] == model.RATE else "[0, inf)", unit),
        (row["time"], "time_constant", "(0, inf]", "s"),
        (row["temperature"], "temperature", "(0, inf]", "K"),
        (row["most"], "at_most", "[0, inf]", "kg/s"),
        (row["factor"], "count", "[0, inf]", ""),
    ]


def _of_event(row: Any) -> list[_Check]:
    """Mirror `events.apply_event` and `events.act`."""
    name, bounds, unit = {
        model.SET_OPENING: ("opening", "[0, 1]", ""),
        model.REPRESSURISE: ("to", "[0, inf]", "Pa"),
        model.VENT: ("to", "[0, inf]", "Pa"),
        model.PATCH: ("factor", "[0, inf]", ""),
        model.START: ("", "", ""),
        model.LOAD_CYCLES: ("cycles", "[0, inf]", ""),
        model.SET_TEMPERATURE: ("to", "(0, inf]", "K"),
        model.SET_FEED: ("to", "[0, inf]", ""),
    }[int(row["action"])]
    second = {
        model.PATCH: ("ageing", "(0, inf]", "s"),
        model.LOAD_CYCLES: ("stress_range", "[0, inf]", "Pa"),
    }.get(int(row["action"]), ("temperature", "[0, inf]", "K"))
    return [(row["value"], name, bounds, unit), (row["second"], *second)]

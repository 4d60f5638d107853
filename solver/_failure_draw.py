"""A sample drawn again, and which numbers of its cracks lie outside what the kernels take.

Each function here mirrors the one of the kernels that gives the status; these return an integer only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..kernels import draw, model, opening, status
from ._paths import CracksPath
from .case import Case

__all__ = ["FITTED", "Drawn", "draw_reasons", "outside"]

FITTED = "what the law is fitted to"


class Drawn(NamedTuple):
    """A sample drawn again.

    Attributes
    ----------
    case : Case
    plan : leakflow.kernels.model.Plan
    seed : uint64
        Key of the random numbers.
    sample : leakflow.kernels.model.Sample
    """

    case: Case
    plan: Any
    seed: np.uint64
    sample: Any

    def at(self, slot: int) -> float:
        """Return one of its inputs."""
        return float(self.sample.inputs[slot])


def outside(value: float, bounds: str, unit: str = "") -> str | None:
    """Say on which side of an interval a value lies, None if it lies in it.

    Parameters
    ----------
    value : float
    bounds : str
        As in mathematics: ``"[0, 1]"``, ``"(0, inf)"``; a bracket holds its end, a parenthesis does not.
    unit : str, optional
        Of the value, for the text.
    """
    low, high = (float(end) for end in bounds[1:-1].split(","))
    shown = f"{value:.6g} {unit}".rstrip()
    if not (value >= low if bounds[0] == "[" else value > low):
        return f"{shown} is {'below' if bounds[0] == '[' else 'not above'} {low:g}"
    if not (value <= high if bounds[-1] == "]" else value < high):
        return f"{shown} is {'above' if bounds[-1] == ']' else 'not below'} {high:g}"
    return None


def draw_reasons(drawn: Drawn, result: int) -> Iterator[str]:
    """Say why `draw.draw_sample` returned ``result``, which it mirrors."""
    room = int(drawn.plan.max_cracks)
    for p, (name, path) in enumerate(drawn.case.paths.items()):
        row = drawn.plan.paths[p]
        if row["count"] < 0:
            continue
        key = f"paths.{name}" if isinstance(path, CracksPath) else f"paths.{name}.slot"
        wrong = outside(drawn.at(row["count"]), f"[0, {room + 0.5})")
        if wrong:
            yield f"{key}.count {wrong}"
            return
        count = int(draw.whole_count(drawn.at(row["count"])))
        yield from _population_reasons(drawn, p, key, count, result)
        room -= count


def _population_reasons(drawn: Drawn, p: int, key: str, count: int, result: int) -> Iterator[str]:
    """Mirror `draw._draw_population`."""
    row = drawn.plan.paths[p]
    if result == status.IMPOSSIBLE:
        wrong = outside(drawn.at(row["inlet_loss"]), "[0, inf)")
        if wrong and count:
            yield f"{key}.inlet_loss {wrong}"
    stretch = 0.0
    if row["moves"] > 0 and row["elastic"][0] >= 0:
        shell = [drawn.at(slot) for slot in row["elastic"]]
        faults = [
            f"{key}.shell.{name} {wrong}"
            for name, value in zip(("radius", "wall", "modulus"), shell, strict=True)
            if (wrong := outside(value, "(0, inf)"))
        ]
        stretch = math.nan if faults else float(opening.shell_stretch(*shell))
        if not faults and not stretch < math.inf:
            faults = [f"{key}.shell opens cracks without bound"]
        yield from faults
        if faults:
            return
    check = _impossible if result == status.IMPOSSIBLE else _out_of_range
    fields = np.empty(model.N_CRACK_FIELDS)
    noise = drawn.sample.paths[p]["noise"]
    for crack in range(count):
        draw.draw_crack(drawn.plan, p, drawn.seed, noise, crack, drawn.sample.inputs, fields)
        named = dict(zip(model.CRACK_FIELDS, fields.tolist(), strict=True))
        opens = row["moves"] > 0 and bool(opening.can_open(named["compliance"], stretch))
        for text in check(named, opens):
            yield f"crack {crack + 1} of {key}: {text}"


def _impossible(crack: dict[str, float], opens: bool) -> Iterator[str]:
    """Mirror the first half of `draw._crack_status`."""
    if not (crack["opening"] > 0.0 or opens):
        yield f"opening {crack['opening']:.6g} m is not above 0, and no pressure opens it"
    for name, bounds, unit in (
        ("opening", "(-inf, inf)", "m"),
        ("length", "(0, inf)", "m"),
        ("depth", "[0, inf)", "m"),
        ("tortuosity", "[1, inf)", ""),
        ("roughness", "[0, inf)", "m"),
        ("taper", "[1, inf)", ""),
        ("compliance", "(-inf, inf)", "m/Pa"),
        ("growth", "[0, inf)", "m/s"),
    ):
        wrong = outside(crack[name], bounds, unit)
        if wrong:
            yield f"{name} {wrong}"


def _out_of_range(crack: dict[str, float], opens: bool) -> Iterator[str]:
    """Mirror the second half of `draw._crack_status`."""
    for name, bounds in (
        ("accommodation", f"[{draw._ACCOMMODATION_LOW}, 1]"),
        ("taper", f"[-inf, {draw._TAPER_HIGH}]"),
    ):
        wrong = outside(crack[name], bounds)
        if wrong:
            yield f"{name} {wrong}, {FITTED}"

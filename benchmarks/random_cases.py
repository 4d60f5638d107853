"""Cases at random, harder than any that a user writes: vessels from empty to full beside each other.

Two to five volumes of a litre to a room, empty or at up to 1 bar, joined in a chain and across it by holes,
cracks, seals, valves and hatches of any width, fed, vented, patched and opened on the way. A case depends on
its seed alone.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

__all__ = ["random_case"]

_PRESSURES = (0.0, 0.0, 0.0, 1e-6, 1e-3, 1.0, 50.0, 3e4, 1e5, 1e5)
_KINDS = ("orifice", "orifice", "orifice", "valve", "cracks", "seal", "seal", "hatch")
_AIR = 84000.0  # R T of air near 293 K [J/kg], for feeds that matter within the run


def random_case(seed: int, rtol: float) -> dict[str, Any]:
    """Return a case as the tables of its file, for `leakflow.solver.case.case_of`.

    Parameters
    ----------
    seed : int
    rtol : float
    """
    random = Random(seed)
    volumes = {f"v{i}": _volume(random) for i in range(random.randint(2, 5))}
    inner = list(volumes)
    contents = {name: (table.pop("near"), table.pop("full")) for name, table in volumes.items()}
    if random.random() < 0.8:
        volumes["space"] = {"kind": "boundary", "pressure": random.choice([0.0, 0.0, 0.0, 1.0, 600.0])}
    if random.random() < 0.35:
        volumes["cabin"] = {"kind": "held", "volume": 100.0, "pressure": 1e5}
    duration = _log(random, 100.0, 1e7)
    paths = _paths(random, inner, list(volumes))
    case: dict[str, Any] = {
        "title": f"random case {seed}",
        "gas": {"composition": "air", "temperature": 293.15},
        "volumes": volumes,
        "paths": paths,
        "feeds": _feeds(random, contents, duration),
        "schedule": [_event(random, paths, inner, duration) for _ in range(random.randint(0, 4))],
        "run": {"duration": duration, "rtol": rtol, "max_steps": 20_000},
        "outcomes": {"series": True},
    }
    early = [duration * 10.0 ** random.uniform(-6.0, 0.0) for _ in range(60)]
    later = [duration * random.random() for _ in range(60)]
    case["run"]["output_times"] = sorted({0.0, duration, *early, *later})
    if random.random() < 0.5:
        side = random.choice(["below", "above"])
        threshold = {"name": "passed", "volume": random.choice(inner), side: _log(random, 1.0, 1e5)}
        case["run"]["thresholds"] = [threshold]
    return case


def _volume(random: Random) -> dict[str, Any]:
    size, pressure = _log(random, 1e-3, 1e3), random.choice(_PRESSURES)
    varies = pressure > 0.0 and random.random() < 0.7
    return {
        "kind": "integrated",
        "volume": _about(size, 1.5),
        "pressure": _about(pressure, 1.1) if varies else pressure,
        "near": size,
        "full": pressure,
    }


def _paths(random: Random, inner: list[str], ends: list[str]) -> dict[str, Any]:
    """Return a chain through all volumes, then some between any ends; one hatch between two volumes."""
    paths: dict[str, Any] = {}
    hatches: set[frozenset[str]] = set()
    for k in range(random.randint(len(inner) - 1, len(inner) + 3)):
        pair = inner[k : k + 2]
        if len(pair) < 2:
            first = random.choice(inner)
            pair = [first, random.choice([end for end in ends if end != first])]
        if random.random() < 0.3:
            pair.reverse()
        kind = random.choice(_KINDS)
        if kind == "hatch":
            if not set(pair) <= set(inner) or frozenset(pair) in hatches:
                kind = "orifice"
            else:
                hatches.add(frozenset(pair))
        paths[f"{kind}{k}"] = {"kind": kind, "from": pair[0], "to": pair[1], **_keys(random, kind)}
    return paths


def _keys(random: Random, kind: str) -> dict[str, Any]:
    diameter = _log(random, 1e-5, 8e-2)
    if kind == "orifice":
        own = {"discharge_coefficient": "perry"} if random.random() < 0.3 else {}
        return {"diameter": _about(diameter, 1.5), **own}
    if kind == "valve":
        return {"diameter": _about(diameter, 1.5), "opening": random.choice([0.0, 0.0, 0.5, 1.0])}
    if kind == "seal":
        return {
            "molecular": _log(random, 1e-13, 1e-6),
            "viscous": random.choice([0.0, _log(random, 1e-18, 1e-11)]),
        }
    if kind == "hatch":
        opening = random.choice([0.0, 0.0, 0.3, 1.0])
        return {"diameter": _log(random, 1e-3, 0.8), "opening": opening, "molecular": 1e-10, "viscous": 1e-14}
    own = {"compliance": 1e-11} if random.random() < 0.25 else {}
    if random.random() < 0.2:
        own["growth"] = 1e-11
    return {
        "count": {"dist": "choice", "values": [1, 5, 12]},
        "length": 1e-2,
        "depth": 3e-3,
        "opening": {"dist": "loguniform", "low": _log(random, 1e-7, 2e-5), "high": 1e-4},
        **own,
    }


def _feeds(random: Random, contents: dict[str, tuple[float, float]], duration: float) -> dict[str, Any]:
    feeds: dict[str, Any] = {}
    for k in range(random.randint(0, 2)):
        volume = random.choice(list(contents))
        size, pressure = contents[volume]
        usual = size * max(pressure, 10.0) / _AIR / duration
        if random.random() < 2.0 / 3.0:
            feeds[f"feed{k}"] = {"kind": "rate", "volume": volume, "rate": usual * _log(random, 0.01, 10.0)}
            continue
        feeds[f"feed{k}"] = {
            "kind": "hold",
            "volume": volume,
            "pressure": _log(random, 10.0, 1e5),
            "time_constant": _log(random, 1e-5 * duration, duration),
            **({"at_most": usual * _log(random, 0.1, 30.0)} if random.random() < 0.5 else {}),
        }
    return feeds


def _event(random: Random, paths: dict[str, Any], inner: list[str], duration: float) -> dict[str, Any]:
    at = duration * random.uniform(0.02, 0.95)
    name = random.choice(list(paths))
    kind = paths[name]["kind"]
    if kind in ("valve", "hatch"):
        if random.random() < 0.4:
            return {"action": "close", "path": name, "at": at}
        opening = {"opening": random.choice([0.1, 1.0])} if kind == "valve" else {}
        return {"action": "open", "path": name, "at": at, **opening}
    if random.random() < 0.5:
        ageing = {"ageing": 0.3 * duration} if random.random() < 0.3 else {}
        return {"action": "patch", "path": name, "at": at, "factor": random.choice([0.0, 0.3, 1.0]), **ageing}
    action = random.choice(["vent", "repressurise"])
    return {
        "action": action,
        "volume": random.choice(inner),
        "at": at,
        "to": random.choice([0.0, 1.0, 1e3, 5e4]),
    }


def _about(value: float, within: float) -> dict[str, Any]:
    return {"dist": "loguniform", "low": value / within, "high": value * within}


def _log(random: Random, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))

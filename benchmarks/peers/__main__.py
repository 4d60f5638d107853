"""Measure, print the table, save it and draw the figure."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..workloads import CASES, SEED
from . import field, measure, reactor
from .figure import draw

_HOLE = "hole"  # of Cantera


def main() -> None:
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("peers.json"), help="the numbers")
    parser.add_argument("--figure", type=Path, help="error against cost; none if left out")
    parser.add_argument("--workload", action="append", choices=(*CASES, _HOLE), help="only these")
    parser.add_argument("--contender", action="append", help="only those whose name holds this text")
    given = parser.parse_args()
    contenders, missing = field.find()
    if given.contender:
        contenders = [one for one in contenders if any(text in one.name for text in given.contender)]
    for name, why in missing.items():
        print(f"{name}: {why}")
    result: dict[str, Any] = {
        "seed": SEED,
        "machine": f"{platform.machine()}, {_processor()}",
        "versions": {name: _version(name) for name in field.PACKAGES},
        "missing": missing,
        "workloads": {},
    }
    wanted = given.workload or (*CASES, _HOLE)
    for name in [name for name in wanted if name != _HOLE]:
        result["workloads"][name] = measure.measure(name, contenders)
        _save(result, given.out)  # minutes of work each
    if _HOLE in wanted:
        result["hole"] = _hole(missing)
        _save(result, given.out)
    if given.figure:
        draw(result, given.figure)


def _save(result: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(result, indent=1) + "\n")


def _hole(missing: dict[str, str]) -> dict[str, object] | None:
    try:
        row = reactor.measure_hole()
    except ImportError as error:
        missing["Cantera"] = str(error)
        return None
    print(measure.line(_HOLE, row))
    return asdict(row)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    """Name of the processor where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for text in info.read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()

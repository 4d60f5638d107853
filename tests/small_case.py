"""A small case that tests spoil in one place each, and how they read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakflow.solver.case import load_case
from leakflow.solver.errors import CaseError

SMALL = """
title = "A tank with a hole and a valve"
[volumes.tank]
kind = "integrated"
volume = 2
pressure = "1 bar"
[volumes.room]
kind = "held"
volume = 100
pressure = "1 bar"
[volumes.vacuum]
kind = "boundary"
pressure = 0
[paths.hole]
kind = "orifice"
from = "tank"
to = "vacuum"
diameter = "1 mm"
[paths.valve]
kind = "valve"
from = "room"
to = "tank"
area = "2 mm^2"
[run]
duration = "10 d"
"""


def written(folder: Path, text: str, name: str = "case.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(CaseError) as caught:
        load_case(written(folder, text))
    assert str(caught.value) == "\n".join(caught.value.faults)
    assert all(len(line.splitlines()) == 1 and line.isprintable() for line in caught.value.faults)
    return caught.value.faults

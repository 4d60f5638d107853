"""A case written as one text and read back: the same case, in the same order, or lines of faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_case import SMALL, written

from leakflow.solver._case_resolved import case_from_resolved, resolved_text
from leakflow.solver.case import Case, list_cases, load_case
from leakflow.solver.errors import CaseError

EVERYTHING = """
title = "Zwei Kammern — everything a case may hold"
description = "long"
sources = ["one", "two"]
[gas]
composition = { N2 = 0.7, O2 = 0.2, He = 0.1 }
temperature = { dist = "normal", mean = "22 degC", sd = "2 K", name = "warmth" }
[volumes.zeta]
kind = "integrated"
volume = { dist = "choice", values = [1, "2 m^3", 3], weights = [1, 2, 1], name = "size" }
pressure = "735 mmHg"
energy = "wall"
wall_conductance = "20 W/K"
wall_temperature = "23 degC"
temperature_cycles = [{ amplitude = "1 K", period = "92 min", peak = "10 min" }]
[volumes.alpha]
kind = "integrated"
volume = { dist = "constant", value = 2, name = "alpha_size" }
pressure = "1 bar"
composition = "N2"
[volumes.cabin]
kind = "held"
volume = 100
pressure = "1 bar"
[volumes.outside]
kind = "boundary"
pressure = 0
[paths.z-cracks]
kind = "cracks"
from = "zeta"
to = "outside"
count = { dist = "uniform", low = 1, high = 4 }
opening = { dist = "lognormal", sigma = 0.2, median = { dist = "uniform", low = 1e-6, high = "3 um" } }
length = { dist = "weibull", shape = 2, scale = "10 mm" }
depth = { dist = "triangular", low = "1 mm", mode = "2 mm", high = "3 mm", per = "sample" }
accommodation = { dist = "truncated-normal", mean = 0.9, sd = 0.1, low = 0.7, high = 1 }
compliance = "0.01 um/kPa"
growth = "0.1 mm/day"
profile = "elliptic"
reopens = true
shell = { radius = 2, wall = "3 mm", modulus = 7e10 }
paris = { coefficient = 1e-20, exponent = 2.1 }
[paths.b-ring]
kind = "seal"
from = "alpha"
to = "outside"
molecular = 1e-13
contact = { stress = 1e6, sealing_factor = 1e6, gain = 0.5 }
permeation = { area = 0.01, thickness = 0.003, permeability = { He = "10 barrer", O2 = 1e-16 } }
[paths.a-slot]
kind = "seal"
from = "alpha"
to = "outside"
slot = { opening = "1 um", length = "1 m", depth = "5 mm" }
[paths.iso]
kind = "orifice"
from = "alpha"
to = "zeta"
iso6358 = { C = 1e-9, b = 0.3 }
[paths.perry]
kind = "orifice"
from = "zeta"
to = "outside"
diameter = { dist = "loguniform", low = "0.1 mm", high = "0.2 mm" }
discharge_coefficient = "perry"
[paths.valve]
kind = "valve"
from = "cabin"
to = "alpha"
area = "2 mm^2"
schedule = [{ at = "1 h", opening = 0.5 }, { at = "2 h", opening = 0 }]
[paths.hatch]
kind = "hatch"
from = "cabin"
to = "zeta"
area = "0.5 m^2"
viscous = 1e-18
[paths.relief]
kind = "relief"
from = "alpha"
to = "outside"
area = "1 mm^2"
cracking = "1.2 bar"
reseat = "1.1 bar"
[feeds.crew]
kind = "crew"
volume = "zeta"
count = 2
[feeds.bottle]
kind = "rate"
volume = "alpha"
rate = "1 g/h"
gas = "O2"
[feeds.scrubber]
kind = "removal"
volume = "zeta"
gas = "CO2"
flow = "3 l/min"
[feeds.hold]
kind = "hold"
volume = "alpha"
gas = "O2"
partial_pressure = "21 kPa"
[controls.fill]
kind = "repressurise"
volume = "alpha"
below = "0.5 bar"
to = "0.6 bar"
[controls.shut]
kind = "close"
path = "valve"
through = "b-ring"
flow_above = 1.0
[[schedule]]
action = "open"
path = "hatch"
at = "3 h"
every = "12 h"
for = "1 h"
opening = 0.5
[[schedule]]
action = "repressurise"
volume = "zeta"
at = "5 h"
to = "1 bar"
gas = { N2 = 0.123, O2 = 0.877 }
[[schedule]]
action = "patch"
path = "perry"
at = { dist = "uniform", low = "1 h", high = "2 h", name = "patched" }
factor = 0.1
ageing = "10 d"
[[schedule]]
action = "load_cycles"
path = "z-cracks"
at = "6 h"
cycles = 100
stress_range = 1e8
[[schedule]]
action = "crew"
feed = "crew"
at = "4 h"
to = 3
[run]
duration = "1 d"
output_times = [0, "1 h", "1 d"]
rtol = 1e-7
[[run.thresholds]]
name = "low"
volume = "zeta"
below = { dist = "uniform", low = 5e4, high = 6e4 }
species = "O2"
[outcomes]
keep = ["mass*", "time_to_*", "pressure_*"]
series = true
crack_geometry = true
[record]
file = "measured.csv"
start = 2021-07-14
[sweep]
samples = 12
seed = 18446744073709551615
"""
CSV = "volume,time [h],pressure [mmHg],uncertainty [mmHg],species\nzeta,2,735,1,\nalpha,4,20,0.5,O2\n"


def ordered(value: Any) -> Any:
    """A value in which the order of tables counts."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    return [ordered(item) for item in value] if isinstance(value, list) else value


def read_back(case: Case) -> Case:
    again = case_from_resolved(resolved_text(case), "again")
    assert again == case
    assert ordered(again.to_dict()) == ordered(case.to_dict())
    assert again.source == "again"
    return again


@pytest.mark.parametrize("name", [name for name, _ in list_cases()])
def test_every_shipped_case_comes_back(name: str) -> None:
    case = load_case(name)
    read_back(case)
    assert case_from_resolved(case.to_dict(), "table") == case


def test_a_case_with_everything_comes_back_without_its_files(tmp_path: Path) -> None:
    path = written(tmp_path, EVERYTHING)
    (tmp_path / "measured.csv").write_text(CSV, encoding="utf-8")
    case = load_case(path)
    path.unlink()
    (tmp_path / "measured.csv").unlink()
    again = read_back(case)
    assert list(again.volumes) == ["zeta", "alpha", "cabin", "outside"]
    assert list(again.paths)[:3] == ["z-cracks", "b-ring", "a-slot"]
    assert [point.pressure for point in again.record.points] == [  # type: ignore[union-attr]
        pytest.approx(735 * 133.322387, rel=1e-6), pytest.approx(20 * 133.322387, rel=1e-6)
    ]  # fmt: skip


def test_what_is_set_otherwise_comes_back(tmp_path: Path) -> None:
    case = load_case(written(tmp_path, SMALL), ["volumes.tank.volume=3 m^3", "sweep.seed=7"])
    assert read_back(case).sweep.seed == 7


def nested(depth: int) -> str:
    return '{"title": ' + "[" * depth + "]" * depth + "}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "stranger: the case cannot be read: "),
        ("[]", "stranger: the case must be a table"),
        ('"case"', "stranger: the case must be a table"),
        ("{}", "stranger: title: missing"),
        (nested(100_000), "stranger: the case is nested too deeply"),
        ('{"title": NaN}', "stranger: the case cannot be read: NaN is no number"),
        ('{"title": ' + "9" * 5000 + "}", "stranger: the case cannot be read: "),
        ('{"title": "\\ud800"}', "stranger: the case cannot be read: "),
        (" " * (8 * 2**20 + 1), "stranger: the case is longer than 8 MiB"),
        (
            "{" + ", ".join(f'"{i}": 1' for i in range(200_001)) + "}",
            "stranger: the case cannot be read: it has more",
        ),
        ('{"title": "\\u001b[31mx", "wolumes": {}}', "stranger: wolumes: unknown key"),
        ('{"record": {"file": "/etc/passwd"}}', 'stranger: record.file = "/etc/passwd": must be left out'),
    ],
)
def test_a_text_that_is_no_case_is_refused_in_lines(text: str, line: str) -> None:
    with pytest.raises(CaseError) as caught:
        case_from_resolved(text, "stranger")
    assert any(fault.startswith(line) for fault in caught.value.faults)
    assert all(fault.isprintable() and len(fault) < 600 for fault in caught.value.faults)


def test_a_fault_in_a_resolved_case_names_its_key() -> None:
    data = load_case("choked-blowdown").to_dict()
    data["run"]["duration"] = -1.0
    with pytest.raises(CaseError, match=r"^stranger: run\.duration = -1: must be greater than 0 s$"):
        case_from_resolved(json.dumps(data), "stranger")

"""One sample run again from its results file alone: the same bits, or it says which differ."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_case import written

from leakflow.solver import (
    Results,
    ResultsError,
    list_cases,
    load_case,
    open_results,
    replay,
    run,
    sweep,
    write_results,
)

Command = Callable[..., tuple[int, str, str]]

CRACKED = """
title = "a tank that is cracked, in a cabin that warms and cools"
[volumes.zeta]
kind = "integrated"
volume = { dist = "uniform", low = 1, high = 2, name = "size" }
pressure = "1 bar"
energy = "wall"
wall_conductance = 5
temperature_cycles = [{ amplitude = "3 K", period = "92 min" }]
[volumes.alpha]
kind = "integrated"
volume = 1
pressure = "1 bar"
composition = "N2"
[volumes.space]
kind = "boundary"
pressure = 0
[paths.cracks]
kind = "cracks"
from = "zeta"
to = "space"
count = { dist = "uniform", low = 1, high = 4 }
opening = { dist = "lognormal", median = "20 um", sigma = 0.4 }
length = "10 mm"
depth = "2 mm"
accommodation = { dist = "normal", mean = 0.75, sd = 0.1, per = "sample" }
[paths.between]
kind = "orifice"
from = "zeta"
to = "alpha"
diameter = "1 mm"
[run]
duration = "2 h"
output_times = { count = 7 }
[[run.thresholds]]
name = "low"
volume = "alpha"
below = "0.6 bar"
"""


def swept(folder: Path, name: str = "sweep.nc", samples: int = 12, **changes: Any) -> Path:
    overrides = [f"{key.replace('__', '.')}={value}" for key, value in changes.items()]
    case = load_case(written(folder, CRACKED), overrides)
    path = write_results(folder / name, sweep(case, samples=samples, seed=3))
    (folder / "case.toml").unlink()
    return path


def spoilt(results: Results, path: Path, **changes: Any) -> Path:
    fields = {
        name: getattr(results, name)
        for name in ("samples", "status", "variables", "times", "cracks", "attributes", "provenance")
    }
    return write_results(path, Results(**(fields | changes)))


@pytest.mark.parametrize("name", [name for name, _ in list_cases()])
def test_a_sample_of_every_shipped_case_comes_out_to_the_bit(tmp_path: Path, name: str) -> None:
    results = sweep(name, samples=5)
    path = write_results(tmp_path / "sweep.nc", results)
    again = replay(path, 3)
    assert again.same
    assert again.compared == 1 + len(results.variables)
    for key, values in {**results.inputs, **results.outputs, **results.diagnostics}.items():
        found = (again.inputs | again.outcomes)[key]
        np.testing.assert_array_equal(np.float64(found), values[3], err_msg=key)
    assert (again.sample, again.status) == (3, results.status[3])
    assert again.case.to_dict()["volumes"] == load_case(name).to_dict()["volumes"]


@pytest.mark.parametrize("series", ["true", "false"])
def test_series_and_cracks_are_compared_too(tmp_path: Path, series: str) -> None:
    path = swept(tmp_path, outcomes__series=series, outcomes__crack_geometry="true")
    results = open_results(path)
    again = replay(path, 5)
    assert again.same
    assert again.compared == 1 + len(results.variables) + len(results.cracks or {})
    assert again.pressures["zeta"].size == 7
    if series == "true":
        np.testing.assert_array_equal(results["pressure_zeta"][5], again.pressures["zeta"].astype(np.float32))


def test_a_replay_is_the_run_of_that_sample(tmp_path: Path) -> None:
    path = swept(tmp_path)
    again = replay(path, 4)
    alone = run(load_case(written(tmp_path, CRACKED)), sample=4, seed=3)
    assert again.outcomes == pytest.approx(alone.outcomes, rel=0.0, abs=0.0, nan_ok=True)
    for name, values in alone.pressures.items():
        np.testing.assert_array_equal(again.pressures[name], values)


def test_a_failed_sample_fails_again(tmp_path: Path, leakflow: Command) -> None:
    path = swept(tmp_path, samples=60)
    results = open_results(path)
    sample = int(np.flatnonzero(results.status)[0])
    again = replay(path, sample)
    assert again.same
    assert not again.ok
    code, out, _ = leakflow("replay", path, "--sample", sample)
    assert code == 0
    assert "the sample failed: out of range: crack 1 of paths.cracks: accommodation 0.5" in out


def test_a_bit_that_differs_is_found_and_named(tmp_path: Path, leakflow: Command) -> None:
    path = swept(tmp_path)
    results = open_results(path)
    results["mass_lost"][2] = np.nextafter(results["mass_lost"][2], 0.0)
    results["size"][2] *= 1.01
    other = spoilt(results, tmp_path / "other.nc")
    again = replay(other, 2)
    assert [one.name for one in again.differences] == ["size", "mass_lost"]
    assert again.differences[0].relative == pytest.approx(0.01, rel=0.02)
    assert 0.0 < again.differences[1].relative < 3e-16
    assert replay(other, 3).same
    code, out, err = leakflow("replay", other, "--sample", 2, "--quiet")
    assert (code, out) == (3, "")
    assert err.startswith(f"{other}: sample 2: 2 of {again.compared} quantities differ, most size: ")
    assert len(err.splitlines()) == 1


def test_other_packages_are_named_and_bits_still_compared(tmp_path: Path, leakflow: Command) -> None:
    path = swept(tmp_path)
    results = open_results(path)
    environment = json.loads(results.provenance["environment"])
    environment["packages"]["numpy"] = "1.0\x1b[31m"
    provenance = dict(results.provenance) | {"environment": json.dumps(environment)}
    numerics = json.loads(results.provenance["numerics"])
    numerics["packages"]["numpy"] = "1.0\x1b[31m"
    provenance["numerics"] = json.dumps(numerics | {"kernels": "f" * 64})
    other = spoilt(results, tmp_path / "other.nc", provenance=provenance)
    again = replay(other, 1)
    assert again.same
    assert [change.split(":")[0] for change in again.changes] == ["numpy", "kernels"]
    assert again.changes[0].startswith("numpy: 1.0[31m in the file, here ")
    assert again.changes[1].startswith("kernels: ffffffffffff... in the file, here ")
    code, out, _ = leakflow("replay", other, "--sample", 1)
    assert code == 0
    assert "since other.nc was made: numpy: 1.0[31m in the file" in out
    assert f"the same as in {other}, to the bit: all {again.compared}" in out


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", "[" * 100_000, '{"packages": 3, "python": []}'])
def test_an_environment_that_cannot_be_read_is_no_error(tmp_path: Path, text: str) -> None:
    results = open_results(swept(tmp_path))
    provenance = dict(results.provenance) | {"environment": text, "numerics": text}
    again = replay(spoilt(results, tmp_path / "other.nc", provenance=provenance), 1)
    assert again.same
    assert "kernels: the file does not say" in " ".join(again.changes)


@pytest.mark.parametrize(
    ("provenance", "line"),
    [
        ({}, "holds no case in /provenance: its samples cannot be run again"),
        ({"case": "{}"}, "its case cannot be run: case in other.nc: title: missing; must be given"),
        ({"case": "[" * 10**6}, "its case cannot be run: case in other.nc: the case is nested too deeply"),
    ],
)
def test_a_file_without_a_case_is_refused(tmp_path: Path, provenance: dict[str, str], line: str) -> None:
    other = spoilt(open_results(swept(tmp_path)), tmp_path / "other.nc", provenance=provenance)
    with pytest.raises(ResultsError) as caught:
        replay(other, 1)
    assert str(caught.value).startswith(f"{other}: {line}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("sample", [-1, 12, 2**70])
def test_a_sample_that_is_not_there(tmp_path: Path, sample: int) -> None:
    path = swept(tmp_path)
    with pytest.raises(ResultsError, match=r"has no sample -?[0-9]+; it has 12, from 0 to 11$"):
        replay(path, sample)


def test_the_command_writes_a_picture_a_history_and_json(tmp_path: Path, leakflow: Command) -> None:
    path = swept(tmp_path)
    picture, history = tmp_path / "p.png", tmp_path / "h.nc"
    code, out, err = leakflow("replay", path, "--sample", 3, "--plot", picture, "--out", history, "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    again = replay(path, 3)
    assert said["same"]
    assert said["compared"] == again.compared
    assert said["outcomes"]["mass_lost"] == again.outcomes["mass_lost"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(history) as dataset:
        np.testing.assert_array_equal(dataset["pressure_zeta"], again.pressures["zeta"])
    before = path.read_bytes()
    code, _, err = leakflow("replay", path, "--sample", 3, "--out", path)
    assert (code, err) == (2, f"--out {path}: is the results file itself\n")
    assert path.read_bytes() == before


def test_info_lists_the_failed_samples(tmp_path: Path, leakflow: Command) -> None:
    path = swept(tmp_path, samples=60)
    results = open_results(path)
    failed = np.flatnonzero(results.status).tolist()
    code, out, _ = leakflow("info", path, "--failed", "--limit", 1)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"{path}: {len(failed)} of 60 samples failed"
    assert lines[1].startswith(
        f"sample {failed[0]}: out of range: crack 1 of paths.cracks: accommodation 0.5"
    )
    assert lines[-1] == f"and {len(failed) - 1} more; --limit lists more of them"
    said = json.loads(leakflow("info", path, "--failed", "--json")[1])
    assert [one["sample"] for one in said["listed"]] == failed[:20]
    assert (said["failed"], said["samples"]) == (len(failed), 60)


@pytest.mark.parametrize("kind", ["sobol", "saltelli"])
def test_samples_of_a_design_are_replayed_as_they_were_made(tmp_path, kind):
    """With their cracks, which take their numbers from the design as well."""
    saltelli = {"kind": kind, "base_samples": 4}
    of_kind = {"sobol": {"design": kind, "samples": 8}, "saltelli": {"design": saltelli}}
    overrides = {f"sweep.{key}": value for key, value in of_kind[kind].items()}
    case = load_case("prk-july-2021", overrides | {"outcomes.crack_geometry": True})
    path = write_results(tmp_path / "made.nc", sweep(case))
    for sample in (0, 3, 5):
        again = replay(path, sample)
        assert again.same
        assert again.compared > 10

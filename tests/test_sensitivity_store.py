"""Indices in a results file: read back, by every reader, and never at the samples' risk."""

from __future__ import annotations

import json
import os
import shutil

import h5py
import numpy as np
import pytest
from sensitivity_example import example_sweep

from leakflow.solver.errors import ResultsError
from leakflow.solver.results import open_results, write_results
from leakflow.solver.sensitivity import analyse, open_indices, write_indices
from leakflow.solver.sensitivity.store import describe_stored


@pytest.fixture
def file(tmp_path):
    outcomes = {"time_to": lambda u: np.where(u[:, 1] > 0.4, u[:, 0], np.nan)}
    sweep = example_sweep(64, failed=[9], outcomes=outcomes, series=True)
    return write_results(tmp_path / "sweep.nc", sweep)


@pytest.fixture
def indices(file):
    return analyse(file, half_width=0.1)


def same(one, other):
    assert set(one.variables) == set(other.variables)
    for name, variable in one.variables.items():
        assert variable.dims == other.variables[name].dims, name
        np.testing.assert_array_equal(variable.data, other[name], err_msg=name)
        assert variable.long_name == other.variables[name].long_name
    for name, labels in one.coordinates.items():
        assert list(labels) == list(other.coordinates[name])
    assert {k: v for k, v in one.attributes.items() if v != ""} == dict(other.attributes)
    assert one.notes == other.notes


def test_written_into_the_file_and_read_back(file, indices):
    before = open_results(file)
    write_indices(file, indices, into=file)
    same(indices, open_indices(file))
    after = open_results(file)
    for name, variable in before.variables.items():
        np.testing.assert_array_equal(after[name], variable.data)
    assert after.provenance == before.provenance
    told = describe_stored(file)
    assert (told["method"], told["outcomes"]) == ("sobol", list(indices.outcomes))
    assert [p.name for p in file.parent.iterdir()] == ["sweep.nc"]


def test_written_again_replaces_what_was_there(file, indices):
    write_indices(file, indices, into=file)
    other = analyse(file, method="regression")
    write_indices(file, other, into=file)
    same(other, open_indices(file))


def test_a_file_of_indices_alone(file, indices, tmp_path):
    path = write_indices(tmp_path / "alone.nc", indices)
    same(indices, open_indices(path))
    with pytest.raises(ResultsError, match="not a leakflow results file"):
        open_results(path)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("alone", [True, False])
def test_opens_in_xarray(file, indices, tmp_path, engine, alone):
    import xarray

    path = tmp_path / "alone.nc" if alone else file
    write_indices(path, indices, into=None if alone else file)
    expected = indices.to_dataset()
    with xarray.open_dataset(path, engine=engine, group="sensitivity", decode_times=False) as opened:
        assert set(opened.variables) == set(expected.variables)
        for name, variable in expected.variables.items():
            np.testing.assert_array_equal(opened[name].values, variable.values, err_msg=name)
            assert opened[name].dims == variable.dims
        value = opened.ST.sel(outcome="leak_rate", input="opening").item()
        assert value == indices.of("ST", "leak_rate")["opening"]
        assert opened.attrs["method"] == "sobol"
    if not alone:
        with xarray.open_dataset(path, engine=engine, decode_times=False) as opened:
            assert opened.sizes["sample"] == 512


@pytest.mark.parametrize("tool", ["ncdump", "h5dump"])
def test_opens_in_the_tools(file, indices, tool):
    import subprocess

    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    write_indices(file, indices, into=file)
    out = subprocess.run([tool, file], capture_output=True, text=True, check=True).stdout
    assert "each_crack" in out


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_file_as_it_was(file, indices, monkeypatch, call):
    before = file.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(ResultsError, match=r"sweep\.nc: cannot be written: No space left on device"):
        write_indices(file, indices, into=file)
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == ["sweep.nc"]


def test_a_disk_that_is_too_small_is_seen_before(file, indices, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(ResultsError, match=r"cannot be written: 67 MB are needed beside it, 0 are"):
        write_indices(file, indices, into=file)


def test_no_indices_are_told_in_a_line(file, tmp_path):
    with pytest.raises(ResultsError, match="holds no sensitivity indices"):
        open_indices(file)
    assert describe_stored(file) is None
    with pytest.raises(ResultsError, match="no such file"):
        open_indices(tmp_path / "x.nc")


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda g: g.__setitem__("spy", h5py.ExternalLink("/etc/hostname", "/")), "link to somewhere else"),
        (lambda g: g.create_dataset("S9", (10**7, 10), "f8"), "declares"),
        (
            lambda g: g.create_dataset("S9", (2, 2), "f8", chunks=(1, 1)),
            "in a way that leakflow does not write",
        ),
        (lambda g: g.__delitem__("outcome"), "it is damaged"),
        (lambda g: g.create_dataset("S9", data=np.ones(3)), "shape"),
        (
            lambda g: g["input"].__setitem__(0, "x" * 200_000),
            "a name of 200000 bytes; at most 100000 are read",
        ),
    ],
    ids=["link", "hollow", "chunked", "nameless", "misfit", "long"],
)
def test_a_group_built_to_do_harm_is_refused(file, indices, harm, why):
    write_indices(file, indices, into=file)
    with h5py.File(file, "r+") as opened:
        harm(opened["sensitivity"])
    with pytest.raises(ResultsError, match=why) as caught:
        open_indices(file)
    assert "\n" not in str(caught.value)
    assert describe_stored(file) is None


def test_plain_values_for_machines(indices):
    told = json.loads(json.dumps(indices.to_dict(), default=str))
    assert told["outcomes"]["leak_rate"]["ST"]["opening"] == indices.of("ST", "leak_rate")["opening"]
    assert told["outcomes"]["time_to"]["state"] == "missing_values"
    assert set(told["outcomes"]["leak_rate"]["S2"]) == {
        "volume, opening", "volume, each_crack", "opening, each_crack",
    }  # fmt: skip
    lines = indices.to_csv().splitlines()
    assert lines[0] == "outcome,input,input2,time,size,class,index,value"
    value = indices.of("S1", "leak_rate")["volume"]
    assert f"leak_rate,volume,,,,,S1,{value!r}" in lines
    assert "time_to,volume,,,,,S1," in lines
    for name in indices.variables:
        of_pairs = "input2" in indices.variables[name].dims
        d = len(indices.inputs)
        count = indices[name].size // d**2 * (d * (d - 1) // 2) if of_pairs else indices[name].size
        assert sum(line.split(",")[6] == name for line in lines[1:]) == count
    at = indices["ST_series"][0, 1, 0].item()
    assert f"pressure,volume,,86400.0,,,ST_series,{at!r}" in lines
    at = indices["ST_at"][0, 0, 1].item()
    assert f"leak_rate,opening,,,8,,ST_at,{at!r}" in lines

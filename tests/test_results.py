from __future__ import annotations

import dataclasses
import errno
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from results_example import FAILED, TIMES, N, example_results

from leakflow.solver.errors import ResultsError
from leakflow.solver.results import Results, Variable, check_destination, open_results, write_results


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_results(tmp_path / "sweep.nc", example_results())


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed here")


HAS_NETCDF4 = importlib.util.find_spec("netCDF4") is not None
needs_netcdf4 = pytest.mark.skipif(not HAS_NETCDF4, reason="netCDF4 is not installed here")


def in_subprocess(script: str, *arguments: object) -> None:
    """netCDF4 brings an HDF5 of its own, which must not share a process with h5py's."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


# Round trip


def test_what_is_written_is_read(file: Path) -> None:
    written, read = example_results(), open_results(file)
    np.testing.assert_array_equal(read.samples, np.arange(100, 100 + N))
    np.testing.assert_array_equal(read.times, TIMES)
    assert read.status.dtype == np.int8
    assert {i: s for i, s in enumerate(read.status.tolist()) if s} == FAILED
    for kept, expected in ((read.variables, written.variables), (read.cracks, written.cracks)):
        assert list(kept) == list(expected)
        for name, variable in expected.items():
            assert kept[name].data.dtype == variable.data.dtype
            np.testing.assert_array_equal(kept[name].data, variable.data)
            for key in ("name", "units", "long_name", "role", "attributes"):
                assert getattr(kept[name], key) == getattr(variable, key)
    assert read.provenance == written.provenance
    assert read.attributes == {"Conventions": "CF-1.11", "schema_version": "1", **written.attributes}


def test_the_same_results_give_the_same_bytes(file: Path, tmp_path: Path) -> None:
    again = write_results(tmp_path / "again.nc", example_results())
    reread = write_results(tmp_path / "reread.nc", open_results(file))
    assert again.read_bytes() == file.read_bytes() == reread.read_bytes()


def test_the_least_that_results_can_be(tmp_path: Path) -> None:
    attributes = example_results().attributes
    least = Results(np.array([0]), np.zeros(1, np.int8), {}, attributes=attributes)
    read = open_results(write_results(tmp_path / "least.nc", least))
    assert (len(read), read.times, read.cracks, dict(read.variables)) == (1, None, None, {})


def test_no_crack_at_all(tmp_path: Path) -> None:
    results = example_results()
    cracks = {
        name: dataclasses.replace(v, data=v.data[:0] if v.data.size > N else 0 * v.data)
        for name, v in results.cracks.items()
    }
    file = write_results(tmp_path / "none.nc", dataclasses.replace(results, cracks=cracks))
    assert open_results(file)["wall-1_opening"].shape == (0,)
    with xarray.open_dataset(file, engine="h5netcdf") as dataset:
        assert dataset.sizes["wall-1_crack"] == 0


def test_long_texts(tmp_path: Path) -> None:
    long = json.dumps({"values": list(range(50_000))})
    results = example_results()
    volume = dataclasses.replace(results.variables["tunnel_volume"], attributes={"distribution": long})
    results = dataclasses.replace(results, variables={"tunnel_volume": volume}, provenance={"case": 3 * long})
    read = open_results(write_results(tmp_path / "long.nc", results))
    assert read.variables["tunnel_volume"].attributes["distribution"] == long
    assert read.provenance["case"] == 3 * long


# The guide


def test_the_examples_of_the_guide_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[1] / "docs" / "results.md").read_text(encoding="utf-8")
    of_one_file = guide.partition("## Reading it")[2].partition("Several results files")[0]
    examples = re.findall(r"```python\n(.*?)```", of_one_file, flags=re.DOTALL)
    assert len(examples) == 4
    monkeypatch.chdir(file.parent)
    for example in examples:
        exec(compile(example, "docs/results.md", "exec"), {})


# Results in memory


def test_views_by_role() -> None:
    results = example_results()
    assert list(results.inputs) == ["tunnel_volume"]
    assert list(results.outputs) == ["mass_lost"]
    assert list(results.diagnostics) == ["steps"]
    assert list(results.series) == ["pressure_tunnel"]
    assert results["mass_lost"] is results.variables["mass_lost"].data
    assert results["wall-1_count"] is results.cracks["wall-1_count"].data
    assert results["status"] is results.status
    with pytest.raises(KeyError, match="mass_lost"):
        results["mass_list"]


def test_failed_samples_are_counted_by_reason() -> None:
    results = example_results()
    assert results.n_failed == 3
    assert results.status_counts() == {"ok": N - 3, "step_limit": 2, "not_finite": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"samples": np.arange(N, dtype=np.int32)},
        {"samples": np.arange(0), "status": np.zeros(0, np.int8)},
        {"status": np.zeros(N)},
        {"status": np.zeros(N + 1, np.int8)},
        {"times": TIMES[:-1]},
        {"times": None},
        {"variables": {"x": Variable("x", np.zeros(N + 1), "1", "x", "input")}},
        {"variables": {"x": Variable("x", np.zeros((N, TIMES.size)), "1", "a series in float64", "output")}},
        {"variables": {"y": Variable("x", np.zeros(N), "1", "x", "input")}},
        {"cracks": {"a_opening": Variable("a_opening", np.zeros(N), "m", "without a count", "input")}},
        {"cracks": {"a_count": Variable("a_count", np.zeros(N), "1", "float counts", "input")}},
        {"cracks": {"steps": Variable("steps", np.zeros(N), "1", "named twice", "input")}},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        dataclasses.replace(example_results(), **change)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a/b"},
        {"name": "status"},
        {"name": ""},
        {"role": "result"},
        {"data": np.zeros(3, np.float16)},
        {"data": np.zeros(3, bool)},
        {"attributes": {"units": "m"}},
        {"attributes": {"_FillValue": 1}},
        {"attributes": {"flag": True}},
        {"attributes": {"list": [1]}},
        {"attributes": {"text": "x" * 2_000_000}},
    ],
)
def test_variables_that_no_reader_could_use_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        dataclasses.replace(Variable("x", np.zeros(3), "m", "x", "input"), **change)


def test_a_file_needs_its_attributes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="title"):
        write_results(tmp_path / "x.nc", dataclasses.replace(example_results(), attributes={}))
    assert list(tmp_path.iterdir()) == []


# Other readers

XARRAY_SCRIPT = """
import sys, numpy as np, xarray
path, engine, saved = sys.argv[1:]
with xarray.open_dataset(path, engine=engine) as dataset:
    assert not dataset.pressure_tunnel.variable._in_memory, "not lazy"
    assert dataset.status.dtype == np.int8, dataset.status.dtype
    assert dict(dataset.pressure_tunnel.sizes) == {"sample": 40, "time": 7}
    assert dataset["wall-1_count"].attrs["sample_dimension"] == "wall-1_crack" in dataset.sizes
    assert dataset.title == "A tunnel, 4 \\u2013 7 m\\u00b3", dataset.title
    np.savez(saved, **{name: v.values for name, v in dataset.variables.items()})
with xarray.open_dataset(path, engine=engine, group="provenance") as group:
    assert group.case.item() == '{"title": "a tunnel \\u00e9"}', group.case
"""


@pytest.mark.parametrize("engine", ["h5netcdf", pytest.param("netcdf4", marks=needs_netcdf4)])
def test_xarray_reads_it_lazily(file: Path, tmp_path: Path, engine: str) -> None:
    in_subprocess(XARRAY_SCRIPT, file, engine, tmp_path / "read.npz")
    results = example_results()
    with np.load(tmp_path / "read.npz") as read:
        assert set(read) == {"sample", "time", "status", *results.variables, *results.cracks}
        for name in read:
            assert read[name].dtype == results[name].dtype
            np.testing.assert_array_equal(read[name], results[name])


def test_to_dataset_is_what_xarray_opens(file: Path) -> None:
    with xarray.open_dataset(file, engine="h5netcdf") as opened:
        xarray.testing.assert_identical(example_results().to_dataset(), opened.load())


def test_role_filters_variables(file: Path) -> None:
    with xarray.open_dataset(file, engine="h5netcdf") as dataset:
        assert list(dataset.filter_by_attrs(role="diagnostic")) == ["steps"]


NETCDF4_SCRIPT = """
import sys, netCDF4, numpy as np
with netCDF4.Dataset(sys.argv[1], "a") as file:
    assert np.ma.count_masked(file["mass_lost"][:]) == 3
    assert file["mass_lost"].dimensions == ("sample",)
    assert file["pressure_tunnel"].dimensions == ("sample", "time")
    assert file["wall-1_opening"].dimensions == ("wall-1_crack",)
    assert file["status"].flag_meanings.split()[1] == "step_limit"
    assert str(file["provenance/seed"][:]) == "7"
    added = file.createVariable("added", "f8", ("sample",))
    added[:] = 2.5
    added.units = "K"
    file["mass_lost"].remark = "seen"
    file.createVariable("label", str, ("sample",))[0] = "text"
    file.createGroup("sensitivity").createDimension("order", 2)
"""


@needs_netcdf4
def test_netcdf4_reads_and_appends(file: Path) -> None:
    in_subprocess(NETCDF4_SCRIPT, file)
    with xarray.open_dataset(file, engine="h5netcdf") as dataset:
        assert (dataset.added.values == 2.5).all()
    # what others added has no role: ours is still read, and theirs left aside
    read = open_results(file)
    assert list(read.variables) == list(example_results().variables)
    assert read.variables["mass_lost"].attributes == {"remark": "seen"}
    np.testing.assert_array_equal(read["mass_lost"], example_results()["mass_lost"])


@needs("ncdump")
def test_ncdump_reads_it(file: Path) -> None:
    text = subprocess.run(["ncdump", str(file)], check=True, capture_output=True, encoding="utf-8").stdout
    assert "double mass_lost(sample) ;" in text
    assert "byte status(sample) ;" in text
    assert "float pressure_tunnel(sample, time) ;" in text
    assert 'seed = "7" ;' in text


@needs("h5dump")
def test_h5dump_reads_it(file: Path) -> None:
    text = subprocess.run(
        ["h5dump", "-p", str(file)], check=True, capture_output=True, encoding="utf-8", errors="replace"
    ).stdout
    assert 'DATASET "mass_lost"' in text
    assert "COMPRESSION DEFLATE { LEVEL 1 }" in text


def test_storage(tmp_path: Path) -> None:
    results = example_results(n=3000, times=np.linspace(0.0, 1.0, 101))
    with h5py.File(write_results(tmp_path / "big.nc", results)) as file:
        assert file["mass_lost"].chunks is None
        series = file["pressure_tunnel"]
        assert 2**18 <= np.prod(series.chunks) * series.dtype.itemsize <= 2**20
        assert (series.shuffle, series.compression, series.compression_opts) == (True, "gzip", 1)
        assert np.isnan(series.fillvalue)
        assert np.isnan(file["mass_lost"].attrs["_FillValue"]).all()
        assert "_FillValue" not in file["status"].attrs
        texts = [
            value
            for item in (file, *file.values())
            for value in item.attrs.values()
            if isinstance(value, str | bytes)
        ]
        assert all(isinstance(value, np.bytes_) or not value.isascii() for value in texts)


def test_a_series_of_very_many_times_is_chunked_along_time(tmp_path: Path) -> None:
    results = example_results(n=9, times=np.arange(300_000.0))
    file = write_results(tmp_path / "long.nc", results)
    with h5py.File(file) as h5:
        assert h5["pressure_tunnel"].chunks == (1, 131_072)
    np.testing.assert_array_equal(open_results(file)["pressure_tunnel"], results["pressure_tunnel"])


# Written whole or not at all


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def fill_up(descriptor: int, data: memoryview) -> int:
        write(descriptor, data[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", fill_up)
    with pytest.raises(ResultsError, match=r"x\.nc: cannot be written: No space left") as caught:
        write_results(tmp_path / "x.nc", example_results())
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_keeps_the_old_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def interrupt(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_results(file, example_results(first=0))
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_pieces_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:1000]))
    assert open_results(write_results(tmp_path / "x.nc", example_results())).n_failed == 3


def test_overwriting(file: Path) -> None:
    with pytest.raises(ResultsError, match="exists already"):
        write_results(file, example_results(first=0), overwrite=False)
    write_results(file, example_results(first=0))
    assert open_results(file).samples[0] == 0


@pytest.mark.parametrize("function", [check_destination, lambda path: write_results(path, example_results())])
@pytest.mark.parametrize(
    "place, reason",
    [
        ("missing/x.nc", "no such folder"),
        (".", "folder"),
        pytest.param(
            "/proc/x.nc",
            "its folder takes no new files",
            marks=pytest.mark.skipif(not os.path.exists("/proc/self"), reason="no such folder here"),
        ),
        ("file.txt/x.nc", "."),
        ("n" * 300 + ".nc", "."),
        ("nul\0.nc", "null"),
    ],
)
def test_a_place_that_cannot_be_written(tmp_path: Path, function: object, place: str, reason: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(ResultsError, match=reason) as caught:
        function(tmp_path / place)
    assert "cannot be written" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_good_place_is_left_as_it_was(tmp_path: Path) -> None:
    check_destination(tmp_path / "x.nc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nc")
    with pytest.raises(ResultsError, match="not a regular file"):
        write_results(tmp_path / "pipe.nc", example_results())
    assert stat.S_ISFIFO((tmp_path / "pipe.nc").stat().st_mode)


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "umask"), reason="permissions of POSIX")
def test_the_file_has_the_permissions_of_any_new_file(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    assert file.stat().st_mode == (tmp_path / "other").stat().st_mode

"""The files that commands write: whole, where they are meant to be, and over nothing else."""

import os
from importlib import resources

import h5py
import numpy as np
import pytest
from command_line import lines

from leakflow.solver import open_results

PRK = "prk-july-2021"


def test_a_file_of_a_run_says_what_it_is(leakflow, tmp_path):
    assert leakflow("run", "choked-blowdown", "--sample", 3, "--seed", 5, "-o", "run.nc", "-q")[0] == 0
    code, out, err = leakflow("info", "run.nc")
    assert (code, out) == (2, "")
    assert lines(err) == ["run.nc: the history of one run, not a sweep; open it with xarray or ncdump"]
    with h5py.File(tmp_path / "run.nc") as file:
        assert file.attrs["history"].endswith(": run of choked-blowdown.toml, sample 3, seed 5")


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_a_file_of_a_run_opens_in_xarray(leakflow, tmp_path, engine):
    import xarray

    import leakflow.solver as solver

    assert leakflow("run", PRK, "--out", "run.nc", "-q")[0] == 0
    expected = solver.run(PRK).to_dataset()
    with xarray.open_dataset(tmp_path / "run.nc", engine=engine, decode_times=False) as opened:
        assert set(opened.variables) == set(expected.variables)
        for name, variable in expected.variables.items():
            np.testing.assert_array_equal(opened[name].values, variable.values)
            assert {key: opened[name].attrs[key] for key in variable.attrs} == variable.attrs


def test_history_and_picture_are_written_whole(leakflow, tmp_path, monkeypatch):
    """A write that fails halfway leaves the old files as they were, and nothing beside them."""
    arguments = ("run", "choked-blowdown", "-q", "--out", "x.nc", "--plot", "x.png")
    assert leakflow(*arguments)[0] == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"x.nc", "x.png"}
    real = os.write

    def full(descriptor, content):
        if len(content) > 1000:
            raise OSError(28, "No space left on device")
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", full)
    for option, name in (("--out", "x.nc"), ("--plot", "x.png")):
        code, _, err = leakflow("run", "choked-blowdown", "-D", "volumes.tank.pressure=5e5", option, name)
        assert code == 4
        assert lines(err) == [f"{name}: cannot be written: No space left on device"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", [("sweep", "choked-blowdown", "-n", 2), ("run", "choked-blowdown")])
@pytest.mark.parametrize("name", ["x.txt", "x", "x.nc.gz"])
def test_a_results_file_has_a_suffix_of_one(leakflow, tmp_path, command, name):
    code, _, err = leakflow(*command, "--out", name)
    assert code == 2
    assert lines(err) == [f"--out {name}: must end in .nc or .h5"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("sweep", "choked-blowdown", "-n", 2), ("run", "choked-blowdown")])
def test_a_file_that_is_no_hdf5_is_not_replaced(leakflow, tmp_path, command):
    (tmp_path / "thesis.nc").write_text("years of work")
    code, _, err = leakflow(*command, "--out", "thesis.nc")
    assert code == 4
    assert lines(err) == ["thesis.nc: is there already and is no HDF5 file; it is not replaced"]
    assert (tmp_path / "thesis.nc").read_text() == "years of work"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_the_case_and_its_record_are_not_overwritten(leakflow, tmp_path):
    for suffix in ("toml", "csv"):
        shipped = resources.files("leakflow.cases") / f"{PRK}.{suffix}"
        (tmp_path / f"{PRK}.{suffix}").write_bytes(shipped.read_bytes())
    for suffix in ("toml", "csv"):
        (tmp_path / f"{suffix}.png").symlink_to(f"{PRK}.{suffix}")
        before = (tmp_path / f"{PRK}.{suffix}").read_bytes()
        code, _, err = leakflow("run", f"{PRK}.toml", "--plot", f"{suffix}.png")
        assert code == 4
        assert f"{suffix}.png: would overwrite {PRK}.{suffix}, which" in err
        assert (tmp_path / f"{PRK}.{suffix}").read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_is_followed(leakflow, tmp_path):
    (tmp_path / "disk").mkdir()
    for name in ("x.nc", "x.png"):
        (tmp_path / name).symlink_to(tmp_path / "disk" / name)
    assert leakflow("run", "choked-blowdown", "-q", "--plot", "x.png")[0] == 0
    for samples in (2, 3):
        assert leakflow("sweep", "choked-blowdown", "-n", samples, "-o", "x.nc", "-q")[0] == 0
        assert len(open_results(tmp_path / "disk" / "x.nc")) == samples
    assert (tmp_path / "x.nc").is_symlink()
    assert (tmp_path / "disk" / "x.png").read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in (tmp_path / "disk").iterdir()} == {"x.nc", "x.png"}

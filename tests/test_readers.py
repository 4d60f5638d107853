"""The results file in other readers: shards together, and the ten lines of docs/results.md in each language.

Python's readers of one file are in test_results.py. What is not installed here is skipped, with the reason.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leakflow.solver import Results, load_case, open_results, sweep, write_results

DOCUMENT = (Path(__file__).parent.parent / "docs" / "results.md").read_text(encoding="utf-8")
SAMPLES = 40
#: Some samples fail: the accommodation of their cracks is below what the law is fitted to.
WIDE = 'paths.cracks.accommodation={ dist = "normal", mean = 0.7, sd = 0.08, per = "sample" }'


def lines_in(language: str) -> str:
    """The ten lines of analysis in a language."""
    section = DOCUMENT.partition("## The same ten lines")[2].partition("\n## ")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(block)


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")


@pytest.fixture(scope="module")
def results() -> Results:
    found = sweep(load_case("prk-july-2021", [WIDE, "outcomes.series=true"]), samples=SAMPLES)
    assert 0 < found.n_failed < SAMPLES
    return found


@pytest.fixture
def folder(results: Results, tmp_path: Path) -> Path:
    write_results(tmp_path / "sweep.nc", results)
    return tmp_path


def expected(results: Results) -> list[float]:
    """What every language has to find: samples failed, median lost, rank correlation, last pressure."""
    good = results.status == 0
    lost, volume = results["mass_lost"][good], results["tunnel_volume"][good]
    ranks = [np.argsort(np.argsort(values)) for values in (lost, volume)]
    correlation = np.corrcoef(*ranks)[0, 1]
    return [
        results.n_failed, float(np.median(lost)), float(correlation),
        float(np.mean(results["pressure_tunnel"][good, -1], dtype=float)),
    ]  # fmt: skip


def check(printed: str, results: Results) -> None:
    numbers = [float(word) for word in printed.split()[-4:]]
    assert numbers[0] == expected(results)[0]
    assert numbers[1:] == pytest.approx(expected(results)[1:], rel=2e-5, abs=0.0)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python(folder: Path, results: Results) -> None:
    check(run([sys.executable, "-c", lines_in("python")], folder), results)


def test_octave_runs_the_lines_for_matlab(folder: Path, results: Results) -> None:
    needs("octave-cli")
    has_netcdf = run(["octave-cli", "--norc", "--eval", "disp(numel(pkg('list', 'netcdf')))"], folder)
    if has_netcdf.strip() != "1":
        pytest.skip("the package netcdf of Octave, which has ncread, is not installed here")
    (folder / "analysis.m").write_text(lines_in("matlab"), encoding="utf-8")
    run_it = "pkg load netcdf; run('analysis.m')"
    check(run(["octave-cli", "--norc", "--eval", run_it], folder), results)


def test_octave_loads_it_as_hdf5(folder: Path, results: Results) -> None:
    """Without any package, by what Octave itself loads of HDF5."""
    needs("octave-cli")
    program = "s = load('-hdf5', 'sweep.nc', 'mass_lost'); printf('%.17g\\n', s.mass_lost);"
    found = np.array(run(["octave-cli", "--norc", "--eval", program], folder).split(), float)
    np.testing.assert_array_equal(found, results["mass_lost"])


def test_r(folder: Path, results: Results) -> None:
    needs("Rscript")
    if run(["Rscript", "-e", 'cat(requireNamespace("ncdf4", quietly = TRUE))'], folder) != "TRUE":
        pytest.skip("the package ncdf4 of R is not installed here")
    (folder / "analysis.R").write_text(lines_in("r"), encoding="utf-8")
    check(run(["Rscript", "analysis.R"], folder), results)


def test_julia(folder: Path, results: Results) -> None:
    needs("julia")
    found = run(["julia", "-e", 'print(Base.find_package("NCDatasets") !== nothing)'], folder)
    if found != "true":
        pytest.skip("the package NCDatasets of Julia is not installed here")
    (folder / "analysis.jl").write_text(lines_in("julia"), encoding="utf-8")
    check(run(["julia", "analysis.jl"], folder), results)


# Shards: results files of one sweep, each with samples of its own


@pytest.fixture
def shards(results: Results, tmp_path: Path) -> list[Path]:
    """The same sweep in three files, cut at odd places."""
    return [
        write_results(tmp_path / f"shard-{i}.nc", part(results, slice(first, last)))
        for i, (first, last) in enumerate([(0, 7), (7, 24), (24, SAMPLES)])
    ]


def part(results: Results, rows: slice) -> Results:
    from dataclasses import replace

    return replace(
        results,
        samples=results.samples[rows],
        status=results.status[rows],
        variables={name: replace(v, data=v.data[rows]) for name, v in results.variables.items()},
    )


MULTI_FILE = """
import sys, numpy as np, xarray
engine, saved, *shards = sys.argv[1:]
options = dict(engine=engine, combine="nested", concat_dim="sample", data_vars="all", coords="minimal",
               compat="override", combine_attrs="override", join="outer")
with xarray.open_mfdataset(shards, **options) as dataset:
    assert dataset.pressure_tunnel.chunks is not None, "not lazy"
    assert dict(dataset.sizes) == {"sample": 40, "time": 121}, dataset.sizes
    assert dataset.status.dtype == np.int8
    np.savez(saved, **{name: v.values for name, v in dataset.variables.items()})
"""


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_shards_open_as_one_dataset(
    engine: str, shards: list[Path], results: Results, tmp_path: Path
) -> None:
    for module in ("dask", *(["netCDF4"] if engine == "netcdf4" else [])):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed here")
    order = [shards[2], shards[0], shards[1]]
    run([sys.executable, "-c", MULTI_FILE, engine, "read.npz", *map(os.fspath, order)], tmp_path)
    with np.load(tmp_path / "read.npz") as read:
        place = np.argsort(read["sample"])
        np.testing.assert_array_equal(read["sample"][place], results.samples)
        for name in ("status", *results.variables):
            assert read[name].dtype == results[name].dtype
            np.testing.assert_array_equal(read[name][place], results[name])


def test_shards_concatenate_in_pandas(shards: list[Path], results: Results, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frames = []
    for shard in shards:
        one = open_results(shard)
        frames.append(
            pandas.DataFrame({**one.inputs, **one.outputs, "status": one.status}, index=one.samples)
        )
    frame = pandas.concat(frames)
    assert frame.index.is_unique
    np.testing.assert_array_equal(frame.loc[results.samples, "mass_lost"], results["mass_lost"])
    assert (frame.status != 0).sum() == results.n_failed


def test_a_shard_is_replayed_by_its_own_samples(shards: list[Path]) -> None:
    from leakflow.solver import replay

    assert replay(shards[1], 20).same


H5PY = """
import sys, h5py, numpy as np
parts = [h5py.File(shard) for shard in sys.argv[2:]]
both = {name: np.concatenate([part[name][:] for part in parts]) for name in ("sample", "mass_lost")}
np.savez(sys.argv[1], **both)
"""
NETCDF4 = """
import sys, netCDF4, numpy as np
parts = [netCDF4.Dataset(shard) for shard in sys.argv[2:]]
for part in parts:
    part.set_auto_mask(False)
both = {name: np.concatenate([part[name][:] for part in parts]) for name in ("sample", "mass_lost")}
np.savez(sys.argv[1], **both)
"""


@pytest.mark.parametrize(("module", "program"), [("h5py", H5PY), ("netCDF4", NETCDF4)])
def test_shards_in_lower_layers(
    module: str, program: str, shards: list[Path], results: Results, tmp_path: Path
) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed here")
    run([sys.executable, "-c", program, "read.npz", *map(os.fspath, shards)], tmp_path)
    with np.load(tmp_path / "read.npz") as read:
        np.testing.assert_array_equal(read["sample"], results.samples)
        np.testing.assert_array_equal(read["mass_lost"], results["mass_lost"])

from __future__ import annotations

import json

import h5py
import pytest
import xarray
from command_line import lines, start
from decay_case import CASE, decayed, points, written

FIXED = CASE.replace(
    'molecular = { dist = "loguniform", low = 1e-11, high = 1e-9, name = "conductance" }', "molecular = 1e-10"
) + points(decayed(1e-10))
OPTIONS = """
[forecast]
until = "10 d"
limits = [{ name = "low", volume = "tank", below = 3e4 }]
[options.patch]
patch = { path = "leak", efficacy = 0.5 }
[hypotheses.leaks]
[hypotheses.sealed]
[hypotheses.sealed.changes]
"paths.leak.molecular" = 0
"""


def run(command, *arguments, cwd):
    process = start(command, *map(str, arguments), cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_json_file_picture_and_table(tmp_path):
    case = written(tmp_path, FIXED + OPTIONS)
    assert run("diagnose", case, "--quiet", "--out", "d.nc", cwd=tmp_path)[0] == 0
    code, out, err = run(
        "forecast", case, "--posterior", "d.nc", "--json", "--out", "a.nc", "--plot", "a.png", cwd=tmp_path
    )
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["horizon"] == 10 * 86400.0
    assert list(told["options"]) == ["nothing", "patch"]
    assert told["hypotheses"]["leaks"] == pytest.approx(1.0)
    assert told["better"][0]["time_to_low"]["better"] == pytest.approx(0.0, abs=1e-9)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with xarray.open_dataset(tmp_path / "a.nc", group="forecast") as data:
        end = data.pressure_tank.sel(option="patch", hypothesis="leaks").isel(time=-1)
        figure = told["options"]["patch"]["figures"]["leaks"]["pressure_tank_end"]
        assert float(end.median()) == pytest.approx(figure["median"], rel=1e-6)
        assert data.time.attrs["units"] == "s"
        assert float(data.better_gas_lost.sel(option="patch", option_other="nothing")) == pytest.approx(1.0)
    # what has not converged says so, in the file too
    with h5py.File(tmp_path / "d.nc", "r+") as file:
        file["evidence/converged"][0] = 0
    code, out, err = run("forecast", case, "--posterior", "d.nc", "--until", "8 d", cwd=tmp_path)
    assert code == 3
    assert lines(err) == ["leaks: not converged: not converged when d.nc was written"]
    assert "to 8 days after it" in " ".join(out.split())
    assert "has not converged" in " ".join(out.split())


def test_check_looks_into_options(tmp_path):
    case = written(tmp_path, FIXED + OPTIONS.replace('path = "leak"', 'path = "leek"'))
    code, out, err = run("check", case, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert "options.patch.patch.path" in err
    assert len(lines(err)) == 1


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["--until", "3 kg"], "--until 3 kg: must be a time"),
        (["--posterior", "none.nc"], "none.nc: no such file"),
        (["--option", "ptach"], "options.ptach: no such option; did you mean patch?"),
        (["--out", "a.txt"], "--out a.txt: must end in .nc or .h5"),
        (["--posterior", "a.nc", "--live", "100"], "--live: goes with sampling anew"),
    ],
)
def test_faults_are_one_line_and_exit_2(tmp_path, arguments, line):
    code, out, err = run("forecast", written(tmp_path, FIXED + OPTIONS), *arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert line in err
    assert len(lines(err)) == 1

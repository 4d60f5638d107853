from __future__ import annotations

import json
import warnings

import h5py
import numpy as np
import pytest
from command_line import lines, start
from decay_case import CASE, decayed, points, written

READ = decayed(1e-10) + np.array([150.0, -120.0, 60.0])
SEALED = '[hypotheses.leaks]\n[hypotheses.sealed]\n[hypotheses.sealed.changes]\n"paths.leak.molecular" = 0\n'


def run(*arguments, cwd):
    process = start("diagnose", *map(str, arguments), cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_json_file_and_picture(tmp_path):
    case = written(tmp_path, CASE + points(READ) + SEALED)
    code, out, err = run(
        case, "--json", "--live", 100, "--seed", 4, "--out", "a.nc", "--plot", "a.png", cwd=tmp_path
    )
    assert code == 0, err
    told = json.loads(out)
    assert told["converged"] is True
    assert told["hypotheses"][0]["probability"] == pytest.approx(1.0)
    assert "favours leaks" in told["verdict"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with h5py.File(tmp_path / "a.nc") as file:
        assert [name.decode() for name in file["evidence/hypothesis"].asstr()[:].astype("S")] == [
            "leaks",
            "sealed",
        ]
        assert file["evidence/log_evidence"][0] == told["hypotheses"][0]["log_evidence"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from arviz import InferenceData

        data = InferenceData.from_netcdf(str(tmp_path / "a.nc"), base_group="leaks")
    assert set(data.groups()) == {"posterior", "posterior_predictive", "log_likelihood", "observed_data"}
    assert data.posterior["conductance"].dims == ("chain", "draw")
    assert data.observed_data["readings"].values == pytest.approx(READ)
    again = run(case, "--json", "--live", 100, "--seed", 4, cwd=tmp_path)[1]
    assert json.loads(again) == told


def test_what_has_not_converged_exits_3(tmp_path):
    volume = 'volume = { dist = "uniform", low = 1.9, high = 2.1, name = "size" }'
    case = written(tmp_path, CASE.replace("volume = 2\n", volume + "\n") + points(READ))
    code, out, err = run(case, "--live", 100, "--most-evaluations", 600, cwd=tmp_path)
    assert code == 3
    assert "not converged: stopped after 600 evaluations" in lines(err)[-1]
    assert "has not converged" in " ".join(out.split())


@pytest.mark.parametrize(
    "text, arguments, line",
    [
        (CASE.replace("[record]", ""), [], "record: missing; a diagnosis needs a record"),
        (CASE + points(READ), ["--live", "3"], "--live 3: must be from 50 to 100000"),
        (CASE + points(READ), ["--record", "none.csv"], "--record none.csv: no such file"),
        (CASE + points(READ), ["--out", "a.txt"], "--out a.txt: must end in .nc or .h5"),
        (CASE + points(READ) + SEALED, ["--only", "leak"], "no such hypothesis; did you mean leaks?"),
    ],
)
def test_faults_are_one_line_and_exit_2(tmp_path, text, arguments, line):
    code, out, err = run(written(tmp_path, text), *arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert line in err
    assert len(lines(err)) == 1

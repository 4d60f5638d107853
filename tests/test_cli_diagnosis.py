from __future__ import annotations

import json
import warnings

import h5py
import numpy as np
import pytest
from command_line import lines, start
from decay_case import CASE, decayed, points, written

from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.posterior import read_posteriors

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


IMPOSSIBLE = """
[hypotheses.leaks]
[hypotheses.pumped]
[hypotheses.pumped.changes]
feeds = { pump = { kind = "rate", volume = "tank", gas = "N2", rate = -1 } }
"""


def test_a_hypothesis_that_cannot_be_has_a_probability_of_zero(tmp_path):
    """Its runs fail, for it takes out more than there is; the other is judged all the same."""
    case = written(tmp_path, CASE + points(READ) + IMPOSSIBLE)
    code, out, err = run(case, "--json", "--live", 100, "--out", "a.nc", cwd=tmp_path)
    assert code == 0, err
    told = json.loads(out)
    assert [one["name"] for one in told["hypotheses"]] == ["leaks"]
    assert told["hypotheses"][0]["probability"] == 1.0
    (pumped,) = told["without_evidence"]
    assert (pumped["name"], pumped["probability"]) == ("pumped", 0.0)
    assert "likelihood is zero" in pumped["because"]
    assert "pumped has a probability of 0" in told["verdict"]
    left = read_posteriors(tmp_path / "a.nc", load_rivals(case)[1], 0)
    assert [(one.name, one.probability) for one in left] == [("leaks", 1.0)]
    code, out, err = run(case, "--only", "pumped", cwd=tmp_path)
    assert (code, out) == (3, "")
    assert lines(err)[-1].startswith("decay.toml: hypothesis pumped: the likelihood is zero")


def test_a_sampling_stopped_too_soon_exits_3(tmp_path):
    volume = 'volume = { dist = "uniform", low = 1.9, high = 2.1, name = "size" }'
    case = written(tmp_path, CASE.replace("volume = 2\n", volume + "\n") + points(READ) + SEALED)
    code, out, err = run(case, "--live", 50, "--most-evaluations", 500, cwd=tmp_path)
    assert code == 3
    said = f"{out} {err}"
    assert "stopped after 500 evaluations" in " ".join(said.split())
    assert "Traceback" not in said

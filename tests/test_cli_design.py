from __future__ import annotations

import json

import h5py
import numpy as np
import pytest
from command_line import lines, start
from feed_case import CASE, DESIGN, FAST, RISE, SLOW, SPREAD, gain, separation, written
from scipy import stats

FEW = ("--records", "60", "--draws", "200", "--seed", "4")


def run(*arguments, cwd):
    process = start(*map(str, arguments), cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_json_file_and_picture(tmp_path):
    case = written(tmp_path, CASE + DESIGN + "pressures = [9e4, 5e5]\nhighest = 2e5\n")
    options = ("design-test", case, *FEW, "--json")
    code, out, err = run(*options, "--out", "a.nc", "--plot", "a.png", cwd=tmp_path)
    assert code == 0, err
    told = json.loads(out)
    tests = {test["name"]: test for test in told["tests"]}
    assert list(tests) == ["675.055 mmHg", "3750.31 mmHg", "unchanged"]
    assert tests["3750.31 mmHg"]["refused"].endswith("is above the highest, 1500.12 mmHg")
    still = tests["unchanged"]
    apart = separation(np.array([1e4, 2e4, 3e4, 4e4]), 2000.0, 0.0)
    error = still["information_gain_error"][-1]
    assert still["information_gain"][-1] == pytest.approx(gain(apart), abs=3.0 * error)
    assert told["entropy"] == pytest.approx(np.log(2.0))
    assert told["best"] in tests
    assert told["probabilities_from"] == "priors"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with h5py.File(tmp_path / "a.nc") as file:
        design = file["design"]
        assert [str(name) for name in design["test"].asstr()[:]] == list(tests)
        assert design["information_gain"][2].tolist() == still["information_gain"]
        assert np.isnan(design["information_gain"][1]).all()
        assert design["pressure"].shape == (3, 2, 3, 4)
        assert design.attrs["advice"] == told["advice"]
    again = run("design-test", case, *FEW, "--json", cwd=tmp_path)[1]
    assert json.loads(again) == told


def test_tables_and_what_is_not_to_be_trusted(tmp_path):
    sharp = CASE.replace("sd = 1e-6", "sd = 2e-6") + DESIGN.replace("2000", "3").replace("800", "0")
    code, out, err = run(
        "design-test", written(tmp_path, sharp), "--records", 100, "--draws", 100, cwd=tmp_path
    )
    assert code == 3
    assert "Before any test, by their priors" in out
    assert "Not to be trusted: unchanged:" in " ".join(out.split())
    assert lines(err)[-1].startswith("unchanged: not to be trusted: its probabilities are off by -0.")


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["design-test", "--draws", "9"], "--draws 9: must be from 100 to 1000000"),
        (["design-test", "--posterior", "none.nc"], "none.nc: no such file"),
        (["design-test", "--test", "unchange"], "tests.unchange: no such test; there is unchanged"),
        (["check"], "hypotheses.fast: override feeds.in.rat: unknown key; did you mean feeds.in.rate?"),
    ],
)
def test_faults_are_one_line_and_exit_2(tmp_path, arguments, line):
    text = CASE + DESIGN
    if arguments == ["check"]:
        text = text.replace('"feeds.in.rate"', '"feeds.in.rat"')
    code, out, err = run(arguments[0], written(tmp_path, text), *arguments[1:], cwd=tmp_path)
    assert (code, out) == (2, "")
    assert line in err
    assert len(lines(err)) == 1


def test_a_record_that_is_given_and_its_posterior(tmp_path):
    """Both give the same probabilities, known in closed form; a posterior of another record is refused."""
    case = written(tmp_path, CASE + DESIGN)
    read, sd, time = 1e5 + 4.5e-6 * RISE * 1000.0, 600.0, 1000.0
    (tmp_path / "own.csv").write_text(f"volume,time,pressure,uncertainty\ntank,{time},{read},{sd}\n")
    spread = np.hypot(sd, SPREAD * RISE * time)
    logs = [stats.norm.logpdf(read, 1e5 + rate * RISE * time, spread) for rate in (SLOW, FAST)]
    slow = 1.0 / (1.0 + np.exp(logs[1] - logs[0]))
    own = ("--record", "own.csv", "--seed", "4")
    code, _, err = run("diagnose", case, *own, "--live", "100", "--out", "a.nc", "-q", cwd=tmp_path)
    assert code == 0, err
    few = (*own, "--records", "60", "--draws", "200", "--json")
    for by in (["--posterior", "a.nc"], ["--live", "100"]):
        _, out, err = run("design-test", case, *few, *by, cwd=tmp_path)
        assert json.loads(out)["hypotheses"][0]["probability"] == pytest.approx(slow, abs=0.03), err
    code, out, _ = run("forecast", case, *own, "--posterior", "a.nc", "--json", cwd=tmp_path)
    assert code == 0
    assert json.loads(out)["hypotheses"]["slow"] == pytest.approx(slow, abs=0.03)
    code, _, err = run("design-test", case, "--seed", "4", "--posterior", "a.nc", cwd=tmp_path)
    assert code == 2
    assert "is of another record than that of feed.toml" in err

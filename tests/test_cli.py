"""The command line as a user meets it: what it prints, what it writes, and its exit codes."""

import json
import re
import subprocess
import sys
import time
from importlib import resources

import h5py
import numpy as np
import pytest
from command_line import lines

from leakflow.solver import open_results, sweep
from leakflow.solver.errors import ResultsError

PRK = "prk-july-2021"


def test_without_arguments_it_shows_help_and_cases(leakflow):
    code, out, _ = leakflow()
    assert code == 0
    assert "Usage: " in out
    assert "sweep" in out
    assert PRK in out
    assert "choked-blowdown" in out


def test_version(leakflow):
    code, out, _ = leakflow("--version")
    assert code == 0
    assert re.fullmatch(r"leakflow \d+\.\d+\.\d+\n", out)


def test_sweep_writes_the_file_and_says_what_is_in_it(leakflow, tmp_path):
    code, out, _ = leakflow("sweep", PRK, "--samples", 300, "--out", "prk.nc", "--threads", 2)
    assert code == 0
    for text in ("leak_rate_mean", "kg/day", "lb/day", "mmHg/h", "failed: 0.000%", "samples/s"):
        assert text in out
    assert re.search(r"mass-balance residual \d\.\de-1[4-6]", out)
    assert re.search(r"tunnel +6 +273 ± 1", out)
    assert "file: prk.nc" in out
    results = open_results(tmp_path / "prk.nc")
    expected = sweep(PRK, samples=300)
    np.testing.assert_array_equal(results["mass_lost"], expected["mass_lost"])
    assert results.attributes["title"] == expected.attributes["title"]
    median = np.median(expected["leak_rate_mean"]) * 86400.0
    assert f"{median:.4g}" in out


def test_sweep_takes_a_design_and_its_options_in_any_order(leakflow):
    options = ("-D", "sweep.design.trajectories=2", "--design", "morris", "-q")
    assert leakflow("sweep", "prk-july-2021", *options, "--out", "a.nc")[:2] == (0, "")
    design = json.loads(open_results("a.nc").provenance["design"])
    assert (design["kind"], design["rows_per_group"]) == ("morris", len(design["names"]) + 1)
    assert len(open_results("a.nc").samples) == 2 * design["rows_per_group"]


def test_sweep_names_its_file_after_the_case(leakflow, tmp_path):
    code, _, _ = leakflow("sweep", "choked-blowdown", "-n", 5, "--quiet")
    assert code == 0
    assert (tmp_path / "choked-blowdown.nc").is_file()


def test_quiet_says_nothing(leakflow):
    code, out, err = leakflow("sweep", "choked-blowdown", "-n", 5, "-o", "x.nc", "-q")
    assert (code, out, err) == (0, "", "")


def test_sweep_json(leakflow):
    code, out, err = leakflow("sweep", PRK, "-n", 40, "-o", "x.nc", "--json")
    assert code == 0
    assert err == ""
    said = json.loads(out)
    assert said["samples"] == 40
    assert said["file"] == "x.nc"
    assert {row["name"] for row in said["rows"]} >= {"mass_lost", "leak_rate_mean"}
    assert said["receipt"]["mass_balance_residual"] < 1e-12
    assert [point["measured"] for point in said["record"]] == pytest.approx([273.0, 200.0])


def test_info_shows_a_file_as_the_sweep_did(leakflow):
    _, swept, _ = leakflow("sweep", PRK, "-n", 60, "-o", "x.nc", "--json")
    code, shown, _ = leakflow("info", "x.nc", "--json")
    assert code == 0
    a, b = json.loads(swept), json.loads(shown)
    for said in (a, b):
        said.pop("samples_per_second")
    assert a == b
    code, table, _ = leakflow("info", "x.nc")
    assert code == 0
    assert "makeup_station" in table


def test_failed_samples_are_counted_and_exit_with_3(leakflow):
    wild = "volumes.tunnel.volume={dist='normal',mean='1 m^3',sd='1 m^3'}"
    code, out, _ = leakflow("sweep", PRK, "-n", 200, "-o", "x.nc", "-D", wild)
    assert code == 3
    share, count = re.search(r"failed: ([\d.]+)% \((\d+) impossible geometry\)", out).groups()
    assert float(share) == pytest.approx(int(count) / 2.0)
    code, out, _ = leakflow("info", "x.nc")
    assert code == 0
    assert f"({count} impossible geometry)" in out


def test_overrides_reach_the_case(leakflow):
    code, out, err = leakflow(
        "check", PRK, "-D", "paths.cracks.opening=10 um", "-D", "volumes.tunnel.volume=5", "--json"
    )
    assert code == 0, err
    case = json.loads(out)
    assert case["paths"]["cracks"]["opening"] == pytest.approx(1e-5)
    assert case["volumes"]["tunnel"]["volume"] == 5.0


def test_check_says_ok(leakflow):
    code, out, _ = leakflow("check", PRK)
    assert code == 0
    assert out.startswith("prk-july-2021.toml: ok; 3 volumes, 2 paths, 7 random inputs")


def test_every_fault_of_a_case_is_one_line(leakflow, tmp_path):
    (tmp_path / "bad.toml").write_text(
        'title = "x"\ndescription = ""\n'
        '[volumes.a]\nkind = "integrated"\nvolume = -3\npressure = "1 kg"\n'
        '[paths.p]\nkind = "orifice"\nfrom = "a"\nto = "b"\ndiametre = 1\ndiameter = "1 mm"\n'
        '[run]\nduration = "1 d"\n'
    )
    code, out, err = leakflow("check", "bad.toml")
    assert code == 2
    assert out == ""
    faults = lines(err)
    assert len(faults) == 4
    for key in ("volumes.a.volume", "volumes.a.pressure", "paths.p.diametre", "paths.p.to"):
        assert any(line.startswith(f"bad.toml: {key}") for line in faults), key


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep", "prk-juli-2021"), "prk-july-2021"),
        (("sweep", PRK, "-n", "0"), "samples = 0: must be a whole number from 1 to"),
        (("sweep", PRK, "--threads", "0"), "threads = 0: must be from 1 to 1024"),
        (("sweep", PRK, "--seed", "-1"), "seed = -1: must be a whole number"),
        (("sweep", PRK, "-D", "run.duration"), "run.duration"),
        (("sweep", PRK, "-D", "run.durations=3"), "did you mean run.duration"),
        (("run", PRK, "--sample", "-1"), "sample = -1: must be from 0"),
        (("info", "nothing.nc"), "nothing.nc"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(leakflow, arguments, message):
    code, out, err = leakflow(*arguments)
    assert code == 2
    assert out == ""
    (line,) = err.splitlines()  # and no bar of progress
    assert message in line


def test_usage_errors_exit_2(leakflow):
    code, _, err = leakflow("sweeep")
    assert code == 2
    assert "sweeep" in err


def test_what_cannot_be_written_exits_with_4_before_any_work(leakflow):
    started = time.perf_counter()
    code, _, err = leakflow("sweep", PRK, "-n", 10**8, "-o", "no/such/folder/x.nc")
    assert code == 4
    assert time.perf_counter() - started < 60.0
    assert lines(err) == ["no/such/folder/x.nc: cannot be written: no such folder"]
    code, _, err = leakflow("run", "choked-blowdown", "--plot", "no/such/folder/x.png")
    assert code == 4
    assert len(lines(err)) == 1
    code, _, err = leakflow("run", "choked-blowdown", "--plot", "x.gibberish")
    assert code == 2
    assert lines(err) == ["--plot x.gibberish: must end in .png or .svg or .pdf"]
    code, _, err = leakflow("run", "choked-blowdown", "--out", "no/such/folder/x.nc")
    assert code == 4


def test_a_full_disk_is_a_line_and_exit_4(leakflow, monkeypatch):
    import leakflow.solver.results as results_module

    def full(*args, **kwargs):
        raise ResultsError("x.nc: cannot be written: no space left on device")

    monkeypatch.setattr(results_module, "write_results", full)
    code, _, err = leakflow("sweep", "choked-blowdown", "-n", 3, "-o", "x.nc")
    assert code == 4
    assert "no space left" in err


def test_run_shows_outcomes_and_draws_a_picture(leakflow, tmp_path):
    code, out, _ = leakflow("run", PRK, "--plot", "run.png", "--out", "run.nc")
    assert code == 0
    assert "leak_rate_mean" in out
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    with h5py.File(tmp_path / "run.nc") as file:
        assert file["pressure_tunnel"].shape == (121,)
        assert file["pressure_tunnel"][0] == pytest.approx(473 * 133.322387415, rel=1e-6)


def test_whole_numbers_may_have_an_exponent(leakflow, tmp_path):
    code, _, err = leakflow("sweep", "choked-blowdown", "-n", "1e1", "--seed", "2e0", "-o", "x.nc", "-q")
    assert (code, err) == (0, "")
    results = open_results(tmp_path / "x.nc")
    assert len(results) == 10
    assert results.attributes["history"].endswith("sweep of choked-blowdown.toml, 10 samples, seed 2")
    for wrong in ("1.5", "1e-3", "many", "inf", "nan"):
        code, _, err = leakflow("sweep", "choked-blowdown", "-n", wrong, "-o", "x.nc")
        assert code == 2
        assert f"'{wrong}' is not a whole number" in err


def test_run_of_one_sample_as_json(leakflow):
    code, out, _ = leakflow("run", PRK, "--sample", 2, "--json")
    assert code == 0
    said = json.loads(out)
    assert said["status"] == "ok"
    assert said["outcomes"]["mass_lost"] == sweep(PRK, samples=3)["mass_lost"][2]
    assert said["units"]["mass_lost"] == "kg"


def test_a_run_that_fails_says_why(leakflow):
    code, _, err = leakflow("run", PRK, "-D", "run.max_steps=3", "-D", "run.rtol=1e-10")
    assert code == 3
    assert lines(err) == ["the run failed: step_limit: more steps than run.max_steps were needed: raise it, "
                          "or loosen run.rtol"]  # fmt: skip


def test_cases_as_json(leakflow):
    code, out, _ = leakflow("cases", "--json")
    assert code == 0
    assert PRK in {case["name"] for case in json.loads(out)}


def test_schema_accepts_the_shipped_cases(leakflow):
    import tomllib

    import jsonschema

    code, out, _ = leakflow("schema")
    assert code == 0
    validator = jsonschema.Draft202012Validator(json.loads(out))
    shipped = [p for p in resources.files("leakflow.cases").iterdir() if p.name.endswith(".toml")]
    assert len(shipped) >= 6
    for path in shipped:
        data = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))
        validator.validate(data)


def test_an_internal_error_is_one_line(tmp_path):
    code = (
        "import sys; sys.argv = ['leakflow', 'cases']\n"
        "import leakflow.solver.case as case\n"
        "def broken(): raise RuntimeError('two\\nlines')\n"
        "case.list_cases = broken\n"
        "from leakflow.solver.cli import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    (line,) = lines(done.stderr)
    assert line.startswith("leakflow: internal error: RuntimeError: two lines")


def test_importing_the_face_loads_no_numba():
    code = (
        "import sys, leakflow.solver as s, leakflow.solver.cli\n"
        "assert 'numba' not in sys.modules and 'pint' not in sys.modules, sorted(sys.modules)\n"
        "from leakflow.solver import sweep, run\n"
        "import leakflow.solver.sweep, leakflow.solver.run\n"
        "assert callable(sweep) and callable(run) and callable(s.sweep) and callable(s.run)\n"
        "assert set(dir(s)) == set(s.__all__)\n"
        "print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "fine\n", done.stderr

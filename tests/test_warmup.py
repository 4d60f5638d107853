"""Compiling ahead: what is compiled is what commands call, and whoever waits for it is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leakflow.solver import _kernel_cache, warmup

# the commands in one process, and the types that they called each kernel with
COMMANDS = """
import json, sys
from typer.testing import CliRunner
import leakflow.kernels
from leakflow.solver.cli import app
PRK = "prk-july-2021"
pairs = "sweep.correlations=[{inputs=['tunnel_volume','seal_viscous'],rank=0.5}]"
for words in (
    ["run", PRK], ["run", PRK, "--sample", "1", "-D", pairs],
    ["sweep", PRK, "-n", "3", "-o", "a.nc", "-D", "outcomes.crack_geometry=true", "-D", pairs],
    ["sweep", PRK, "-n", "4", "--design", "sobol", "-o", "b.nc"], ["replay", "a.nc", "--sample", "1"],
    ["size", "1 kg/day", "--from", "1 bar", "--length", "10 mm", "--depth", "3 mm", "--volume", "1 m3"],
    ["convert", "1 kg/day"], ["run", "window-hose-2004"],
    ["sweep", "mir-spektr-1997", "-n", "2", "-o", "c.nc"],
):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, (words, result.stderr)
"""
AHEAD = """
import json
import leakflow.kernels
from leakflow.solver.warmup import compile_kernels
compile_kernels()
"""
SIGNATURES = """
modules = [m for m in vars(leakflow.kernels).values() if getattr(m, "__file__", None)]
kernels = {f.py_func.__qualname__ + " of " + f.__module__: f for m in modules for f in vars(m).values()
           if hasattr(f, "stats")}
print(json.dumps({
    name: [str(s) for s in f.signatures] for name, f in kernels.items()
    if f.stats.cache_hits or f.stats.cache_misses
}))
"""


def printed(code, folder, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_call_of_a_command_was_compiled_ahead(tmp_path, warm):
    called = printed(COMMANDS + SIGNATURES, tmp_path)
    ahead = printed(AHEAD + SIGNATURES, tmp_path)
    assert len(called) > 5
    for name, signatures in called.items():
        assert set(signatures) <= set(ahead.get(name, [])), name


def test_what_was_there_is_found(leakflow):
    code, out, err = leakflow("warmup", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert told["compiled"] == []
    assert set(told["found"]) == set(warmup.KERNELS)
    assert list(Path(told["cache"]).glob("batch._run_samples-*.nbi"))


def test_the_command_says_where_the_cache_is(leakflow):
    code, out, _ = leakflow("warmup")
    assert code == 0
    assert out.startswith("compiled 0 kernels, found ")
    assert f"cache: {_kernel_cache.cache_folder()}\n" in out


MISSING = "import json; from leakflow.solver._kernel_cache import missing; print(json.dumps(missing()))"


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({}, 0),
        ({"NUMBA_CACHE_DIR": "empty"}, 2),
        ({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, 2),
        ({"NUMBA_DISABLE_JIT": "1"}, 0),
    ],
    ids=["as it is", "another cache", "another processor", "no compiler"],
)
def test_whether_a_run_will_compile(tmp_path, warm, environment, expected):
    assert printed(MISSING, tmp_path, **environment) == expected


@pytest.mark.parametrize("command", [["run"], ["sweep", "-n", "2", "-o", "x.nc"]], ids=lambda c: c[0])
def test_whoever_waits_for_compiling_is_told(leakflow, monkeypatch, command):
    name, *options = command
    _, _, err = leakflow(name, "choked-blowdown", *options)
    assert "compiling" not in err
    monkeypatch.setattr(_kernel_cache, "missing", lambda case=None: 1)
    _, _, err = leakflow(name, "choked-blowdown", *options)
    assert err.startswith("compiling the kernels, once: about ")
    assert err.splitlines()[0].endswith(" s")
    _, out, err = leakflow(name, "choked-blowdown", *options, "--json")
    assert err.startswith("compiling")
    assert json.loads(out)
    assert "compiling" not in leakflow(name, "choked-blowdown", *options, "--quiet")[2]


def test_a_folder_that_cannot_be_written_is_one_line(leakflow, monkeypatch):
    class Nowhere:
        cache_path = None

    class Kernel:
        _cache = Nowhere()

    monkeypatch.setattr(_kernel_cache, "_OF_RUNS", (Kernel(),))
    assert leakflow("warmup", "-q") == (
        4, "",
        "compiled kernels cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written\n",
    )  # fmt: skip


def test_scipy_is_spared_and_comes_back(tmp_path):
    code = (
        "import gc, json, sys; from leakflow.solver._kernel_start import load_numba; load_numba(); "
        "assert gc.isenabled(); assert gc.get_freeze_count() > 0; "
        "before = 'scipy' in sys.modules; import scipy.linalg; "
        "print(json.dumps([before, 'numba' in sys.modules, float(scipy.linalg.det([[2.0]]))]))"
    )
    assert printed(code, tmp_path) == [False, True, 2.0]


NUMERICS = "import json; from leakflow.solver.provenance import numerics; print(json.dumps(numerics()))"


@pytest.mark.parametrize("features, kept", [("", ""), ("+avx2,-avx512f,+fma", "avx2 fma")])
def test_nodes_that_share_a_class_of_processor_share_the_numerics(tmp_path, features, kept):
    """What the node itself can do is then no part of them."""
    told = printed(NUMERICS, tmp_path, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES=features)
    assert (told["cpu"], told["cpu_features"]) == ("generic", kept)


def test_a_cache_that_is_not_where_it_was_wanted_is_one_line(leakflow, monkeypatch, tmp_path):
    """Numba passes over a folder that cannot be written, and a cluster would compile on each node."""
    wanted = tmp_path / "shared"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(wanted))
    line = f"NUMBA_CACHE_DIR={wanted}: compiled kernels cannot be kept there: "
    assert leakflow("warmup", "-q") == (4, "", line + "name a folder that can be written\n")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("NUMBA_CACHE_DIR", _kernel_cache.cache_folder())
    assert leakflow("warmup", "-q") == (0, "", "")

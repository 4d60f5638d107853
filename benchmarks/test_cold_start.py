"""Whole processes: the first ``leakflow run`` ever, which compiles; a later one; warming up; an import."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import naive
import pytest

import leakflow.solver
from leakflow.solver import load_case


def process(folder, *words, **environment):
    """Run a command in a folder; the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "leakflow.solver", *words, "--json"],
        env=os.environ | environment, cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def assert_right(told):
    """Half of the pressure is left after tau ln 2."""
    R, _, gamma = naive.gas_properties(load_case("choked-blowdown").gas.composition, 293.15)
    area = 0.25 * math.pi * 1e-3**2
    tau = 1.0 / (area * naive.choked_flow_function(gamma) * math.sqrt(R * 293.15))
    assert told["outcomes"]["time_to_half"] == pytest.approx(tau * math.log(2.0), rel=1e-4)


def test_first_process(benchmark, tmp_path):
    """There is but one first time, so it is timed and checked at once; then its kernels are there."""
    own = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    run = ("run", "choked-blowdown")
    assert_right(benchmark.pedantic(process, args=(tmp_path, *run), kwargs=own, rounds=1))
    warmed, again = (process(tmp_path, "warmup", **own) for _ in range(2))
    assert {"batch.run_samples", "outcomes.n_outcomes"} <= set(warmed["found"])
    assert warmed["cache"].startswith(own["NUMBA_CACHE_DIR"])
    assert set(again["found"]) == {*warmed["found"], *warmed["compiled"]}
    assert again["compiled"] == []


@pytest.mark.parametrize("case", ["choked-blowdown", "prk-july-2021"])
def test_later_process(benchmark, tmp_path, case):
    """The kernels are loaded from the cache."""
    told = process(tmp_path, "run", case)
    if case == "choked-blowdown":
        assert_right(told)
    else:
        expected = leakflow.solver.run(case).outcomes
        assert told["outcomes"]["mass_lost"] == expected["mass_lost"]

    benchmark.pedantic(process, args=(tmp_path, "run", case), rounds=5)


def test_later_warmup(benchmark, tmp_path):
    """Nothing is left to compile."""
    before = process(tmp_path, "warmup")
    after = process(tmp_path, "warmup")
    assert set(after["found"]) == {*before["found"], *before["compiled"]}

    benchmark.pedantic(process, args=(tmp_path, "warmup"), rounds=3)


def test_import(benchmark, tmp_path):
    """``import leakflow.solver`` in a new interpreter, which loads nothing that it does not need."""

    def loaded():
        code = "import sys, leakflow.solver as s; print(len(s.__all__), 'numba' in sys.modules)"
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.split()

    assert loaded() == [str(len(leakflow.solver.__all__)), "False"]

    benchmark.pedantic(loaded, rounds=5)

"""A whole process, ``leakflow run choked-blowdown``: the first ever, which compiles, and a later one."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import naive
import pytest

from leakflow.solver import load_case


@pytest.fixture(scope="module")
def leakflow_run(tmp_path_factory):
    """Run the process with a cache of its own, empty at first; its outcomes."""
    folder = tmp_path_factory.mktemp("cold")

    def process():
        done = subprocess.run(
            [sys.executable, "-m", "leakflow.solver.cli", "run", "choked-blowdown", "--json"],
            env=os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")},
            cwd=folder, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return json.loads(done.stdout)["outcomes"]

    return process


def assert_right(outcomes):
    """Half of the pressure is left after tau ln 2."""
    R, _, gamma = naive.gas_properties(load_case("choked-blowdown").gas.composition, 293.15)
    area = 0.25 * math.pi * 1e-3**2
    tau = 1.0 / (area * naive.choked_flow_function(gamma) * math.sqrt(R * 293.15))
    assert outcomes["time_to_half"] == pytest.approx(tau * math.log(2.0), rel=1e-4)


def test_first_process(benchmark, leakflow_run):
    """There is but one first time, so it is timed and checked at once."""
    assert_right(benchmark.pedantic(leakflow_run, rounds=1))


def test_later_process(benchmark, leakflow_run):
    """The kernels are loaded from the cache."""
    assert_right(leakflow_run())

    benchmark.pedantic(leakflow_run, rounds=3)

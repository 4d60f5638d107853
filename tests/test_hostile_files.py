"""Every hostile file is refused in one line, or read without harm; whatever it says, a terminal is safe."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile_files import FILES, make
from results_example import N

from leakflow.solver import _hdf5_trial, failed_samples, summarise
from leakflow.solver.errors import ResultsError
from leakflow.solver.results import open_results

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_in_one_line_or_read(name: str, tmp_path: Path) -> None:
    path, why = make(name, tmp_path), FILES[name][1]
    start = time.process_time()
    if why is None:
        results = open_results(path)
        assert len(results) == N
        summarise(results)
        failed_samples(results, 2)
    else:
        with pytest.raises(ResultsError, match=why) as caught:
            open_results(path)
        line = str(caught.value)
        assert line.startswith(f"{path}: ")
        assert "\n" not in line
        assert len(line) < 400
    assert time.process_time() - start < 5.0  # what no file may take, not how fast it is


@pytest.mark.parametrize("name", ["bomb", "external-link", "provenance-deep", "cut-7", "counts-wrap"])
def test_the_trial_says_what_the_reader_says(name: str, tmp_path: Path) -> None:
    path, why = make(name, tmp_path), FILES[name][1]
    if why is None:
        assert len(open_results(path, trusted=False)) == N
    else:
        with pytest.raises(ResultsError, match=why):
            open_results(path, trusted=False)


DISPLAYED = [name for name in FILES if name.endswith("-escapes")]


@pytest.mark.parametrize("name", DISPLAYED)
def test_no_control_character_reaches_a_terminal(name: str, tmp_path: Path, leakflow: Command) -> None:
    path = make(name, tmp_path)
    for arguments in (["info", path], ["info", path, "--failed"], ["info", path, "--json"],
                      ["replay", path, "--sample", 100]):  # fmt: skip
        code, out, err = leakflow(*arguments, "--trusted")
        assert all(line.isprintable() for line in (out + err).split("\n"))
        assert code in (0, 2)
        assert out or err


def test_the_trial_answers_for_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="no such file"):
        open_results(tmp_path / "x.nc", trusted=False)


# A child that HDF5 crashes or keeps busy, here played by a script


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    if os.name != "posix":
        pytest.skip("needs a shell")

    def play(script: str) -> Path:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))
        return make("loops", tmp_path)

    return play


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("kill -SEGV $$", r"crashes the HDF5 library \(-11\): refused$"),
        ("kill -KILL $$", r"crashes the HDF5 library \(-9\): refused$"),
        ("kill -ALRM $$", r"takes more than 5 s: refused$"),
        ("kill -PROF $$", r"takes more than 5 s: refused$"),
        ("exit 7", r"crashes the HDF5 library \(7\): refused$"),
        ("printf '\"two\\\\nlines\\\\u001b\"'; exit 7", "^two lines$"),
        ("exec sleep 60", r"takes more than 5 s: refused$"),
    ],
)
def test_what_a_dying_child_becomes(
    script: str, why: str, child: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_hdf5_trial, "_SECONDS_TO_START", 0.5)
    monkeypatch.setattr(_hdf5_trial, "_PATIENCE", 0.1)
    path = child(script)
    with pytest.raises(ResultsError, match=why) as caught:
        open_results(path, trusted=False)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="bounds of memory hold on Linux")
@pytest.mark.parametrize(
    ("work", "code"),
    [("while True: pass", -signal.SIGPROF), ("bytearray(3 * 2**30)", 1), ("bytearray(2**20)", 0)],
)
def test_the_bounds_of_the_child_hold(work: str, code: int) -> None:
    program = f"from leakflow.solver._hdf5_trial import _bound\n_bound(1.0)\n{work}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == code
    assert (b"MemoryError" in done.stderr) == (code == 1)


def test_the_child_does_not_import_from_where_it_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make("loops", tmp_path)
    (tmp_path / "numpy.py").write_text("open('owned', 'w')", encoding="ascii")
    (tmp_path / "h5py.py").write_text("open('owned', 'w')", encoding="ascii")
    monkeypatch.chdir(tmp_path)
    assert len(open_results(path, trusted=False)) == N
    assert not (tmp_path / "owned").exists()


def test_a_record_that_is_none_is_left_out(tmp_path: Path) -> None:
    results = open_results(make("provenance-numbers", tmp_path))
    numbers = {"time": 1, "pressure": 1, "uncertainty": 1}
    points = [1, [1], [{"volume": "tunnel", "time": 1}], [{"volume": 3} | numbers]]
    for case in ({"record": 1}, *({"record": {"points": these}} for these in points)):
        object.__setattr__(results, "provenance", {"case": json.dumps(case)})
        assert summarise(results).record == ()
    assert np.isfinite(summarise(results).rows[0].median)

"""Ctrl-C, and standard output that is full or closed."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from command_line import lines, start

from leakflow.solver import open_results

PRK = "prk-july-2021"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_keeps_what_was_finished_and_exits_with_130(tmp_path):
    process = start("sweep", PRK, "-n", "10000000", "-o", "x.nc", cwd=tmp_path)
    time.sleep(15.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    last = lines(err)[-1]
    kept = re.fullmatch(r"interrupted; kept ([\d,]+) of 10,000,000 samples in x.nc", last)
    if kept is None:  # a slow machine had not finished the first block
        assert last.startswith("interrupted; ")
        return
    results = open_results(tmp_path / "x.nc")
    assert len(results) == int(kept[1].replace(",", ""))
    assert not np.isnan(results["mass_lost"]).any()


# SIGINT as it is at a terminal: a test runner in the background hands down an ignored one.
AT_TERMINAL = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("module", ["typer", "rich", "pydantic", "numba", "xarray"])
def test_ctrl_c_during_an_import_is_one_line(tmp_path, module):
    code = (
        f"{AT_TERMINAL}\nimport os, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv = ['leakflow', 'run', 'choked-blowdown', '--out', 'x.nc']\n"
        "from leakflow.solver.__main__ import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (130, "interrupted; nothing was kept\n")
    assert done.stdout == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_stays_ignored_where_it_is(tmp_path):
    code = (
        "import os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from leakflow.solver._interrupts import stop_at_once; stop_at_once()\n"
        "os.kill(os.getpid(), signal.SIGINT); print('on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "on\n")


def test_the_entry_point_is_the_light_one():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="leakflow")
    assert entry.value == "leakflow.solver.__main__:main"
    code = (
        "import sys, leakflow.solver.__main__\n"
        "print([m for m in ('typer', 'rich', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize(
    "arguments",
    [("sweep", "choked-blowdown", "-n", "3", "-o", "x.nc", "--threads", "1"), ("cases",), ("schema",),
     ("check", PRK), ("--version",), ("--help",), ()],
)  # fmt: skip
def test_output_that_cannot_be_written_is_a_line_and_exit_4(tmp_path, arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "leakflow.solver", *arguments],
            cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert done.returncode == 4
    assert lines(done.stderr)[-1] == "standard output: cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
    if arguments[:1] == ("sweep",):
        assert len(open_results(tmp_path / "x.nc")) == 3


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", [("schema",), ("cases",), ("check", PRK, "--json"), ("--version",)])
def test_a_reader_that_is_gone_is_no_error(tmp_path, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "leakflow.solver", *arguments],
        cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_stops_early_is_no_error(tmp_path):
    process = start("schema", cwd=tmp_path)
    process.stdout.close()
    process.wait(timeout=60)
    assert process.stderr.read() == ""
    process.stderr.close()

"""Variables of the environment that Numba reads: a wrong one is a line, whatever Numba would make of it."""

import os

import pytest
from command_line import lines, start

from leakflow.solver._environment import check_environment
from leakflow.solver.errors import EnvironmentVariableError

THREADS = "must be a whole number, 1 or more, or not be set"


@pytest.mark.parametrize("value", ["0", "-1", "abc", "4.5", ""])
def test_a_count_of_threads_that_is_none(value):
    with pytest.raises(EnvironmentVariableError) as caught:
        check_environment({"NUMBA_NUM_THREADS": value})
    assert str(caught.value) == f"NUMBA_NUM_THREADS={value}: {THREADS}"


@pytest.mark.parametrize("value", ["abc", "2", "true", ""])
def test_a_switch_that_is_neither_on_nor_off(value):
    with pytest.raises(EnvironmentVariableError) as caught:
        check_environment({"NUMBA_DISABLE_JIT": value})
    assert str(caught.value) == f"NUMBA_DISABLE_JIT={value}: must be 0 or 1, or not be set"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("OPT", "abc", "0, 1, 2, 3 or max"),
        ("OPT", "4", "0, 1, 2, 3 or max"),
        ("OPT", "", "0, 1, 2, 3 or max"),
        ("BOUNDSCHECK", "yes", "a whole number"),
        ("ENABLE_AVX", "", "a whole number"),
    ],
)
def test_what_is_compiled_by_no_level_or_number(name, value, allowed):
    with pytest.raises(EnvironmentVariableError) as caught:
        check_environment({f"NUMBA_{name}": value})
    assert str(caught.value) == f"NUMBA_{name}={value}: must be {allowed}, or not be set"


@pytest.mark.parametrize("below", ["", "a", "a/b"])
def test_a_folder_that_is_a_file(tmp_path, below):
    (tmp_path / "file").touch()
    value = os.path.join(tmp_path, "file", *below.split("/")).rstrip("/")
    with pytest.raises(EnvironmentVariableError) as caught:
        check_environment({"NUMBA_CACHE_DIR": value})
    text = "must be a folder, one that is there or can be made, or not be set"
    assert str(caught.value) == f"NUMBA_CACHE_DIR={value}: {text}"


def test_what_numba_takes_is_taken(tmp_path):
    check_environment({})
    for folder in (str(tmp_path), str(tmp_path / "a" / "b"), "relative", ""):
        check_environment(
            {"NUMBA_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": folder, "NUMBA_OPT": "2"}
        )
    check_environment({"NUMBA_NUM_THREADS": "64", "NUMBA_DISABLE_JIT": "1", "NUMBA_OPT": "max"})
    check_environment({"NUMBA_BOUNDSCHECK": "1", "NUMBA_ENABLE_AVX": "0"})


def test_no_warning_comes_before_the_line(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_OPT", "abc")
    process = start("run", "choked-blowdown", cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert lines(err) == ["NUMBA_OPT=abc: must be 0, 1, 2, 3 or max, or not be set"]


@pytest.mark.parametrize("command", [["run", "choked-blowdown"], ["sweep", "choked-blowdown"], ["warmup"]])
def test_a_command_says_so_in_one_line(tmp_path, monkeypatch, command):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "0")
    process = start(*command, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert lines(err) == [f"NUMBA_NUM_THREADS=0: {THREADS}"]

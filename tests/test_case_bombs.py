"""Cases of at most 1 MiB that are built to take long: each is refused in seconds, and in little memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_case import SMALL, written

MANY = 80_000


def in_tank(text: str) -> str:
    return SMALL.replace("volume = 2\n", f"volume = 2\n{text}\n")


def in_run(values: list[str]) -> str:
    return SMALL.replace('"10 d"', f'"10 d"\noutput_times = [{", ".join(values)}]')


MANY_UNITS = [
    f"'{i} s{'*m/m' * (i % 5)}{'*s/s' * (i // 5 % 5)}{'*g/g' * (i // 25 % 5)}{'*K/K' * (i // 125)}'"
    for i in range(500)
]
BOMBS = {
    "points": (f"{SMALL}[record]\npoints = [{'{},' * 3 * MANY}]", "record.points: must have at most 10000"),
    "thresholds": (f"{SMALL}thresholds = [{'{},' * 3 * MANY}]", "run.thresholds: must have at most 1000"),
    "steps": (SMALL.replace("area", f"schedule = [{'{},' * 3 * MANY}]\narea"), "at most 1000, not"),
    "sources": (f"sources = [{'1,' * MANY}]\n{SMALL}", "sources: must have at most 1000, not 80000"),
    "keys": ("".join(f"k{i} = 1\n" for i in range(MANY)) + SMALL, "has 80000 faults; this is no case"),
    "tables": (SMALL + "".join(f"[k{i}]\n" for i in range(MANY)), "has 80000 faults; this is no case"),
    "species": (in_tank(f"composition = {{ {', '.join(f'k{i} = 1' for i in range(MANY))} }}"), "k0: unknown"),
    "times": (in_run(["'x'"] * (MANY - 1)), 'run.output_times.0 = "x": must be a time'),
    "units": (in_run([f"'1 s{i}'" for i in range(MANY // 2)]), 'run.output_times.0 = "1 s0": must be a time'),
    "many units": (in_run(MANY_UNITS), "is in one unit more than the 250 that a case may use"),
    "powers": (SMALL.replace("volume = 2", "volume = '1 m**999999'"), "must be a volume"),
    "towers": (SMALL.replace("volume = 2", "volume = '10^10^10 m'"), "must be a volume"),
    "groups": (SMALL.replace("volume = 2", f"volume = '1 {'(' * 20000}m'"), "must be a volume"),
    "huge number": (SMALL.replace("volume = 2", f"volume = {'9' * 900_000}"), "a number or a date is out of"),
    "exponent": (SMALL.replace("volume = 2", "volume = 1e999999"), "volume = inf: must be finite"),
    "nested": (f"x = {'[' * 50_000}{']' * 50_000}\n{SMALL}", "nested too deeply"),
    "dots": (f"{'a.' * 30_000}b = 1\n{SMALL}", "a key has too many dots"),
    "events": (SMALL + '[[schedule]]\naction = "open"\npath = "valve"\nat = 1\nevery = "1 s"\n' * 900,
               "must have at most 10000 events, repetitions counted"),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="bounds of memory hold on Linux")
def test_bombs_are_refused_in_seconds_and_little_memory(tmp_path: Path) -> None:
    """All in one child with a bound on its memory, and an alarm that kills it over any one of them."""
    program = """
import json, resource, signal, sys
from leakflow.solver import CaseError, load_case
load_case("prk-july-2021")
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
for path in sys.argv[1:]:
    signal.alarm(20)
    try:
        load_case(path)
        print(json.dumps("loaded"))
    except CaseError as error:
        print(json.dumps(error.faults), flush=True)
"""
    paths = [written(tmp_path, text, f"{name.replace(' ', '_')}.toml") for name, (text, _) in BOMBS.items()]
    assert all(path.stat().st_size < 2**20 for path in paths)
    command = [sys.executable, "-c", program, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.splitlines()
    assert len(answers) == len(BOMBS)
    for (name, (_, expected)), answer in zip(BOMBS.items(), answers, strict=True):
        assert expected.replace('"', '\\"') in answer, name
        assert len(answer) < 100_000

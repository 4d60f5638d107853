"""What whole processes take: ``python -m benchmarks.starting PYTHON [PYTHON ...]``.

Each interpreter has its own leakflow installed, its kernels compiled; they are run in turn, and medians of
processor time and of time on the clock are printed. Where others use the machine too, the first says more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

COMMANDS = {
    "import leakflow.solver": ("-c", "import leakflow.solver"),
    "leakflow --help": ("-m", "leakflow.solver", "--help"),
    "leakflow run prk-july-2021": ("-m", "leakflow.solver", "run", "prk-july-2021"),
}
_ROUNDS = 7


def main(pythons: Sequence[str]) -> None:
    """Print a line for each command and interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        for name, words in COMMANDS.items():
            taken: list[list[tuple[float, float]]] = [[] for _ in pythons]
            for _ in range(_ROUNDS):
                for python, of_it in zip(pythons, taken, strict=True):
                    of_it.append(_seconds([python, *words], folder))
            for python, of_it in zip(pythons, taken, strict=True):
                used, clock = ([one[i] for one in of_it] for i in (0, 1))
                print(
                    f"{name:28} {python:28} processor {statistics.median(used):.2f} s, clock "
                    f"{statistics.median(clock):.2f} s (least {min(clock):.2f} s)",
                    flush=True,
                )


def _seconds(command: Sequence[str], folder: str) -> tuple[float, float]:
    """Return the processor time and the time on the clock of a process [s]."""
    import resource  # not on Windows

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before, start = used(), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return used() - before, time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])

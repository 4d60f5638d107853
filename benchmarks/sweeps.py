"""What whole sweeps take: on disk over in memory, two threads over one, and time and memory by their size.

python -m benchmarks.sweeps [WORKLOAD [SAMPLES ...]]

Pairs are run in turn. With numbers of samples, a process of its own writes a sweep of each to disk.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from leakflow.solver import sweep, write_results

from .workloads import SEED, workload

PAIRS, SAMPLES = 7, 20_000
WORK_FILES = Path(__file__).parent


def pairs(name: str) -> None:
    """Print the ratios of writing to disk over keeping in memory, and of one thread over two."""
    case = workload(name)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sweep.nc"

        def kept(threads: int | None = None) -> float:
            start = time.perf_counter()
            sweep(case, samples=SAMPLES, seed=SEED, threads=threads)
            return time.perf_counter() - start

        def written() -> float:
            out.unlink(missing_ok=True)
            start = time.perf_counter()
            write_results(out, sweep(case, samples=SAMPLES, seed=SEED))
            return time.perf_counter() - start

        kept()
        _print(f"{name}, disk over memory", [(written(), kept()) for _ in range(PAIRS)])
        _print(f"{name}, one thread over two", [(kept(1), kept(2)) for _ in range(PAIRS)])


def sizes(name: str, counts: list[int]) -> None:
    """Print seconds, samples a second and peak memory of processes that write sweeps of these sizes."""
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "leakflow.solver", "sweep", str(WORK_FILES / f"{name}.toml"),
                 "--samples", str(count), "--quiet", "--out", f"{folder}/s.nc"],
            )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
            took = time.perf_counter() - start
            if status != 0:
                raise SystemExit(f"{name}: a sweep of {count} samples ended with {status}")
            size = sum(file.stat().st_size for file in Path(folder).iterdir())
        print(
            f"{name}, {count:,} samples: {took:.1f} s, {count / took:,.0f} samples/s, "
            f"{used.ru_maxrss / 1024:.0f} MiB at the most, {size / 1e6:,.0f} MB on disk"
        )


def _print(what: str, times: list[tuple[float, float]]) -> None:
    ratios = [first / second for first, second in times]
    first, second = (SAMPLES / statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{what}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{first:,.0f} and {second:,.0f} samples/s"
    )


if __name__ == "__main__":
    chosen, *counts = sys.argv[1:] or ["prk-year"]
    if counts:
        sizes(chosen, [int(float(count)) for count in counts])
    else:
        pairs(chosen)

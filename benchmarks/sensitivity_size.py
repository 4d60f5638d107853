"""How long Sobol' indices of a large sweep take, and how much memory.

    python -m benchmarks.sensitivity_size            # 1e7 samples of 12 outcomes
    python -m benchmarks.sensitivity_size 1000000

A results file of that size is written in pieces to a temporary folder (1.3 GB for 1e7 samples), with outcomes
whose indices are known, and analysed in a process of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np

FACTORS, OUTCOMES = 8, 12
ROWS = FACTORS + 2
_PIECE = 20_000  # groups


def weights():
    """How much each input counts in each outcome, (OUTCOMES, FACTORS)."""
    return 1.0 + np.arange(OUTCOMES)[:, None] * np.arange(FACTORS) % 7


def exact():
    """The first and total order of each: those of a sum."""
    return weights() ** 2 / np.sum(weights() ** 2, axis=1, keepdims=True)


def write_sweep(path, groups, failed_every=0):
    """Write a results file, a piece of its samples at a time; no more of it is ever in memory."""
    names = [f"input_{j}" for j in range(FACTORS)]
    design = {"kind": "saltelli", "names": names, "groups": None, "second_order": False,
              "base_samples": groups, "rows_per_group": ROWS, "seed": 1}  # fmt: skip
    samples = groups * ROWS
    with h5py.File(path, "w", libver=("earliest", "v110"), track_order=True) as file:
        for key in ("title", "source", "history", "campaign_id"):
            file.attrs[key] = np.bytes_("a sum")
        file.attrs["schema_version"] = np.bytes_("1")
        file["sample"] = np.arange(samples)
        status = np.zeros(samples, np.int8)
        if failed_every:
            status[::failed_every] = 1
        file["status"] = status
        text = np.frombuffer(json.dumps(design).encode(), "S1")
        file.create_group("provenance")["design"] = text
        outcomes = [file.create_dataset(f"outcome_{o}", (samples,), "f8") for o in range(OUTCOMES)]
        for outcome in outcomes:
            outcome.attrs["role"] = np.bytes_("output")
        for start in range(0, groups, _PIECE):
            count = min(_PIECE, groups - start)
            u = np.random.default_rng([7, start]).random((2, count, FACTORS))
            rows = np.repeat(u[0][:, None, :], ROWS, axis=1)
            rows[:, -1] = u[1]
            for j in range(FACTORS):
                rows[:, 1 + j, j] = u[1][:, j]
            values = rows.reshape(-1, FACTORS) @ weights().T
            where = slice(start * ROWS, (start + count) * ROWS)
            values[status[where] != 0] = np.nan
            for o, outcome in enumerate(outcomes):
                outcome[where] = values[:, o]


def analyse_here(path):
    """Analyse a file in this process; print seconds by clock and of processors, peak memory [MiB], error."""
    from leakflow.solver.sensitivity import analyse

    start, used = time.perf_counter(), time.process_time()
    found = analyse(path)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    error = max(float(np.abs(found[name] - exact()).max()) for name in ("S1", "ST"))
    within = float(np.mean([np.abs(found[n] - exact()) <= found[f"{n}_conf"] for n in ("S1", "ST")]))
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": memory, "error": error, "within": within}))


def main(samples=10_000_000):
    """Write, analyse and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.nc"
        write_sweep(path, samples // ROWS)
        code = f"from benchmarks.sensitivity_size import analyse_here; analyse_here({str(path)!r})"
        out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        told = json.loads(out)
        print(
            f"{samples // ROWS * ROWS:,} samples of {OUTCOMES} outcomes, {FACTORS} inputs, S1 and ST with "
            f"intervals: {told['seconds']:.1f} s, {told['cpu']:.1f} s of processors, "
            f"{told['memory']:.0f} MiB; "
            f"largest error {told['error']:.4f}, {told['within']:.0%} within the interval of 95 %"
        )


if __name__ == "__main__":
    main(*(int(float(text)) for text in sys.argv[1:2]))

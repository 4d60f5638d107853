"""What campaigns cost: ``python -m benchmarks.campaigns`` prints a table, in some minutes.

Beside the same sweep in memory, the merge, the look at a hundred million samples' worth of parts, and the
peak memory of a sweep, a merge and exports as they grow. Needs about 3 GB in the folder for temporary files.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from leakflow.solver import load_case, sweep, write_results
from leakflow.solver.campaign import Campaign
from leakflow.solver.campaign.compute import encode_part
from leakflow.solver.campaign.parts import Seal, part_path, seal_bytes, write_part

from .workloads import workload

_PAIRS = 3
_SAMPLES = 6000
_PARTS = 6
_MERGED_BYTES = 1e9
_LISTED = 100_000_000
_LISTED_PART = 1000
_SWEPT_PART = 5000
_HALF = "where='mass_lost > {median!r}'"
_JOBS = {
    "its merge": "export('c', 'x.nc')",
    "an export of half of it as netCDF": f"export('c', 'y.nc', {_HALF})",
    "an export of half of it as CSV": f"export('c', 'y.csv', columns=['mass_lost'], {_HALF})",
    "an export of half of it as Parquet": f"export('c', 'y.parquet', {_HALF})",
}


def main() -> None:
    """Print a line for each figure."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("figures", nargs="*", help=f"of {', '.join(_FIGURES)}; by default all")
    chosen = options.parse_args().figures or list(_FIGURES)
    with tempfile.TemporaryDirectory() as name:
        for group in chosen:
            for figure, value in _FIGURES[group](Path(name)):
                print(f"{figure:76} {value}", flush=True)


def _time(folder: Path) -> Iterator[tuple[str, str]]:
    ratios = [campaign_ratio(folder / f"pair-{i}") for i in range(_PAIRS)]
    spread = f"{np.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"
    yield f"prk-year, {_SAMPLES:,} samples in {_PARTS} parts: campaign over in memory", spread


def _merge(folder: Path) -> Iterator[tuple[str, str]]:
    for kind in ("scalars", "series"):
        size, seconds = merge_speed(folder / kind, series=kind == "series")
        speed = f"{size / 1e6 / seconds:.0f} MB/s"
        yield f"merge of {kind}, {size / 1e6:,.0f} MB, from start to renamed", speed
        shutil.rmtree(folder / kind)


def _list(folder: Path) -> Iterator[tuple[str, str]]:
    yield f"look at {_LISTED // _LISTED_PART:,} parts of {_LISTED_PART:,}", f"{list_seconds(folder):.2f} s"


def _memory(folder: Path) -> Iterator[tuple[str, str]]:
    for parts in (2, 20):
        sizes = f"samples={parts * _SWEPT_PART}, part_samples={_SWEPT_PART}"
        job = f"Campaign.create('c', 'choked-blowdown', {sizes}).run()"
        memory = peak_memory(folder / f"swept-{parts}", job)
        yield f"peak memory of a sweep in {parts} parts of {_SWEPT_PART:,} samples", f"{memory:.0f} MB"
    for parts in (2, 20):
        made = folder / f"made-{parts}"
        made.mkdir()
        campaign, median = repeated_campaign(made / "c", series=True, parts=parts)
        for what, job in _JOBS.items():
            memory = peak_memory(made, job.format(median=median))
            sizes = f"{campaign.manifest.samples:,} samples in {parts} parts"
            yield f"peak memory of {what}, {sizes}", f"{memory:.0f} MB"
        shutil.rmtree(made)


_FIGURES = {"time": _time, "merge": _merge, "list": _list, "memory": _memory}


def campaign_ratio(folder: Path) -> float:
    """Return the time of a sweep into a campaign over that of one in memory and into a file."""
    folder.mkdir()
    case = workload("prk-year")
    start = time.perf_counter()
    write_results(folder / "memory.nc", sweep(case, samples=_SAMPLES))
    between = time.perf_counter()
    Campaign.create(folder / "c", case, samples=_SAMPLES, part_samples=_SAMPLES // _PARTS).run()
    return (time.perf_counter() - between) / (between - start)


def merge_speed(folder: Path, *, series: bool) -> tuple[int, float]:
    """Return the bytes of a merged file and the seconds it took."""
    campaign, _ = repeated_campaign(folder, series=series, least=_MERGED_BYTES)
    merged = campaign.merge(folder.with_suffix(".nc"))
    return merged.size, merged.seconds


def repeated_campaign(
    folder: Path, *, series: bool, parts: int = 0, least: float = 0.0
) -> tuple[Campaign, float]:
    """Make a campaign whose parts repeat a thousand samples; return it and the median of the mass lost.

    It has that many parts and bytes at least.
    """
    case = load_case("prk-july-2021", {"outcomes.series": series})
    few = sweep(case, samples=1000)
    row = sum(variable.data[0].nbytes for variable in few.variables.values())
    wanted = int(32e6 / row) // 1083 * 1083  # whole chunks of series
    campaign = Campaign.create(folder, case, samples=1, part_samples=wanted)
    chosen = np.random.default_rng(1).integers(0, len(few), wanted)
    variables = {name: replace(v, data=v.data[chosen]) for name, v in few.variables.items()}
    part = size = 0
    while part < parts or size < least:
        numbers = np.arange(wanted) + part * wanted
        results = replace(few, samples=numbers, status=few.status[chosen], variables=variables)
        content, _ = encode_part(campaign.manifest, case, part, results)
        write_part(folder, part, content)
        part, size = part + 1, size + len(content)
    campaign.extend(part * wanted)
    return campaign, float(np.median(few["mass_lost"]))


def list_seconds(folder: Path) -> float:
    """Return the seconds that `Campaign.missing` takes with very many parts, which are seals without data."""
    directory = folder / "listed"
    campaign = Campaign.create(directory, "prk-july-2021", samples=_LISTED, part_samples=_LISTED_PART)
    for part in range(_LISTED // _LISTED_PART):
        path = part_path(directory, part)
        if part % 1000 == 0:
            path.parent.mkdir(parents=True)
        fields = Seal(
            campaign.id, part, part * _LISTED_PART, _LISTED_PART, 0, "", "", {"0": _LISTED_PART}, {}
        )
        path.write_bytes(seal_bytes(fields))
    start = time.perf_counter()
    if campaign.missing():
        raise RuntimeError("parts that are there were not seen")
    return time.perf_counter() - start


def peak_memory(folder: Path, job: str) -> float:
    """Return the peak memory [MB] of a process that does a job in a folder, or of its child."""
    folder.mkdir(exist_ok=True)
    code = (
        "import resource; from leakflow.solver import export; from leakflow.solver.campaign import Campaign\n"
        f"{job}\n"
        "both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN\n"
        "print(max(resource.getrusage(who).ru_maxrss for who in both))"
    )
    # Linux counts the memory of who started a process to its peak: a shell between has little
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return int(done.stdout) * (1.0 if sys.platform == "darwin" else 1024.0) / 1e6


if __name__ == "__main__":
    main()

"""The process that writes an export: what ends HDF5 there, such as a full disk, is a line in the parent."""

from __future__ import annotations

import datetime
import json
import re
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..campaign.merge import Described, check_merged, merge_parts
from ..campaign.merge_process import follow_parent, reason_of, room_fault, say
from ..campaign.parts import DamagedPartError
from ..errors import ArgumentError, ResultsError
from ..results import check_destination
from .layout import Layout, read_layout
from .netcdf import cut_bytes, into_shards, write_netcdf
from .pieces import Cut, cut_pieces, pieces_of_file, pieces_of_part
from .tables import write_csv, write_parquet
from .virtual import write_virtual
from .where import Where, parse_where

#: Characters of a value and its comma in CSV, about: of a double, of a float, of an integer.
_DOUBLE, _FLOAT, _WHOLE = 20, 12, 8


@dataclass(frozen=True)
class _Job:
    """What is to be written, and from what."""

    task: dict[str, Any]
    layout: Layout
    where: Where | None
    cuts: Sequence[Cut]

    @property
    def samples(self) -> int:
        return sum(cut.rows["sample"] for cut in self.cuts)

    @property
    def described(self) -> Described:
        """What the files say of themselves."""
        task = self.task
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        what = task["what"]
        if self.where is not None:
            what += f", {self.samples} of {task['samples']} samples where {self.where.text}"
        attributes = {"history": f"{now} {task['version']}: {'' if self.of_campaign else 'export of '}{what}"}
        if self.of_campaign:
            attributes["campaign_id"] = task["campaign"]
        return Described(attributes, task["provenance"])

    @property
    def of_campaign(self) -> bool:
        return "parts" in self.task

    @property
    def is_plain(self) -> bool:
        """Whether it is a merge."""
        return self.of_campaign and self.where is None and self.task["format"] == "netcdf"


def main() -> None:
    """Do as the line on standard input says, and answer."""
    task = json.loads(sys.stdin.readline())
    is_done = threading.Event()
    follow_parent(lambda: _remove(Path(task["prefix"])), is_done)
    answer = _answer(task)
    is_done.set()  # before it is said: the parent then closes the pipe and renames the files
    say(answer)


def _answer(task: dict[str, Any]) -> dict[str, Any]:
    try:
        job = _plan(task)
        paths = _write(job)
        return {"paths": paths, "samples": job.samples, "available": task["samples"]}
    except ArgumentError as error:
        return {"argument": [error.argument, error.text]}
    except DamagedPartError as error:
        return {"damaged": str(error.path)}
    except (ResultsError, OSError, RuntimeError, LookupError, ValueError, TypeError, MemoryError) as error:
        return {"error": reason_of(error)}


def _plan(task: dict[str, Any]) -> _Job:
    """Look at the source, and at what is wanted of it."""
    where = None if task["where"] is None else parse_where(task["where"])
    files = [Path(part) for part in task.get("parts") or [task["file"]]]
    there = read_layout(files[0])
    if where is not None:
        where.check(there.plain_names())
    layout = there.chosen(task["columns"], series=task["series"], cracks=task["format"] != "csv")
    if "parts" in task:
        pieces = [piece for file in files for piece in pieces_of_part(file)]
    else:
        pieces = pieces_of_file(files[0], layout)
    cuts = cut_pieces(pieces, layout, where)
    if not cuts:
        raise ArgumentError("where", f" = {task['where']!r}: holds for none of {task['samples']:,} samples")
    return _Job(task, layout, where, cuts)


def _write(job: _Job) -> list[str]:
    """Write the files under temporary names; return the names they are to have."""
    task = job.task
    path, prefix = Path(task["path"]), task["prefix"]
    if not task["virtual"] and (fault := room_fault(Path(prefix).parent, _size(job))):
        raise ResultsError(fault)
    target = Path(f"{prefix}0000.tmp")
    report = _reporter()
    if task["virtual"]:
        write_virtual(job.cuts, target, job.layout, job.described)
    elif task["format"] == "csv":
        write_csv(job.cuts, target, job.layout, job.where, report)
    elif task["format"] == "parquet":
        write_parquet(job.cuts, target, job.layout, job.where, job.described, report)
    else:
        return _write_netcdf(job, path, prefix, report)
    return [str(path)]


def _write_netcdf(job: _Job, path: Path, prefix: str, report: Callable[[int], None]) -> list[str]:
    most = job.task["shard_bytes"]
    shards = list(into_shards(job.cuts, job.layout, most)) if most else [list(job.cuts)]
    names = [path] if len(shards) == 1 else [_shard_path(path, i) for i in range(1, len(shards) + 1)]
    if most:
        _check_names(path, names)
    if len(shards) == 1 and job.is_plain:
        _merge(job, Path(f"{prefix}0000.tmp"))
        return [str(path)]
    for number, shard in enumerate(shards):
        target = Path(f"{prefix}{number:04d}.tmp")
        write_netcdf(shard, target, job.layout, job.where, job.described, report)
    return [str(name) for name in names]


def _merge(job: _Job, target: Path) -> None:
    """Do what `leakflow merge` does."""
    task = job.task
    columns = [name for name in job.layout.names() if name not in ("sample", "status")]

    def tell(done: int) -> None:
        say({"bytes": int(task["samples"] * done / max(task["total_bytes"], 1))})

    merge_parts([Path(part) for part in task["parts"]], target, job.described, columns=columns, report=tell)
    check_merged(target, job.samples)


def _check_names(path: Path, names: Sequence[Path]) -> None:
    """Refuse files that may not be replaced, or that would be taken for more of these."""
    for name in names:
        check_destination(name)
    pattern = re.compile(re.escape(path.stem) + r"-\d{4,}" + re.escape(path.suffix))
    for other in path.parent.iterdir():
        if pattern.fullmatch(other.name) and other.name not in {name.name for name in names}:
            raise ResultsError(f"{other} is there from another export; remove it first")


def _shard_path(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number:04d}{path.suffix}")


def _size(job: _Job) -> float:
    """Return about how many bytes will be written."""
    if job.task["format"] == "netcdf":
        return sum(cut_bytes(cut, job.layout) for cut in job.cuts)
    is_csv = job.task["format"] == "csv"
    size = 0.0
    for column in job.layout.columns:
        text = _WHOLE if column.dtype.kind != "f" else _DOUBLE if column.dtype.itemsize == 8 else _FLOAT
        value = text if is_csv else column.dtype.itemsize
        size += value * max(column.times, 1) * sum(cut.rows[column.dimension] for cut in job.cuts)
    return size


def _reporter() -> Callable[[int], None]:
    done = 0

    def report(samples: int) -> None:
        nonlocal done
        done += samples
        say({"bytes": done})

    return report


def _remove(prefix: Path) -> None:
    for left in prefix.parent.glob(f"{prefix.name}*.tmp"):
        with suppress(OSError):
            left.unlink()


if __name__ == "__main__":
    main()

"""The merge in a child process: what ends HDF5 there, such as a full disk, is a line here.

The child is told what to do by a line of JSON on its standard input, which stays open: when it is closed,
the parent is gone, and the child removes its file and ends. It answers in lines of JSON.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from .._case_resolved import resolved_text
from .._whole_file import replacing
from ..errors import ResultsError
from .manifest import Manifest
from .parts import DamagedPartError, Seal

__all__ = ["Merged", "merge_in_child"]


@dataclass(frozen=True)
class Merged:
    """What a merge gave.

    Attributes
    ----------
    path : Path
    samples, size : int
        In the file; bytes of it.
    seconds : float
        That the merge took.
    """

    path: Path
    samples: int
    size: int
    seconds: float


def merge_in_child(
    parts: Sequence[tuple[Path, Seal]], path: Path, manifest: Manifest, *,
    columns: Sequence[str] | None = None, report: Callable[[int, int], None] | None = None,
) -> Merged:  # fmt: skip
    """Write the samples of parts into one file: complete, checked, flushed and renamed, or not at all.

    Parameters
    ----------
    parts : sequence of (Path, Seal)
        By their first samples.
    path : Path
        Replaced if it is there.
    manifest : Manifest
    columns : sequence of str, optional
        As for `leakflow.solver.campaign.merge.merge_parts`.
    report : callable, optional
        Called with the bytes done and their total.

    Raises
    ------
    DamagedPartError
        A part does not have its checksum.
    ResultsError
        The file cannot be written, for want of room too; or a column is in none of the parts.
    """
    start = time.perf_counter()
    samples = sum(seal.samples for _, seal in parts)
    total = sum(seal.size for _, seal in parts)
    _check_room(path, total)
    with replacing(path) as temporary:
        task = {
            "parts": [str(file) for file, _ in parts],
            "target": str(temporary),
            "columns": None if columns is None else list(columns),
            "samples": samples,
            "campaign": manifest.id,
            "source": f"leakflow {metadata.version('leakflow')}",
            "what": _what(manifest, samples),
            "provenance": _provenance(manifest),
        }
        answer = _ask(task, lambda done: None if report is None else report(done, total))
        if answer.get("damaged"):
            raise DamagedPartError(Path(answer["damaged"]))
        if "error" in answer:
            raise ResultsError(f"{path}: cannot be written: {answer['error']}")
    return Merged(path, samples, path.stat().st_size, time.perf_counter() - start)


def _what(manifest: Manifest, samples: int) -> str:
    count = f"{samples}" if samples == manifest.samples else f"{samples} of {manifest.samples}"
    return f"sweep of {manifest.source}, {count} samples, seed {manifest.case['sweep']['seed']}"


def _provenance(manifest: Manifest) -> dict[str, str]:
    """Return the case and the design of all samples; those in a part may be of fewer."""
    from ..plan import compile_case

    case = manifest.resolved_case()
    design = compile_case(case).design
    texts = {"case": resolved_text(case)}
    return texts if design is None else texts | {"design": design.description}


def _check_room(path: Path, size: int) -> None:
    """Refuse a file for which there is no room, before it is begun."""
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return
    if size > free:
        raise ResultsError(
            f"{path}: cannot be written: it needs {size / 1e9:.3g} GB, {free / 1e9:.3g} are free"
        )


def _ask(task: dict[str, Any], report: Callable[[int], None]) -> dict[str, Any]:
    """Run the child; return its last answer."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env=environment,
        start_new_session=True,  # Ctrl-C is for the parent, which ends the child
    ) as child:  # fmt: skip
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child has no pipes")
        try:
            child.stdin.write(json.dumps(task) + "\n")
            child.stdin.flush()
            for line in child.stdout:
                answer: dict[str, Any] = json.loads(line)
                if "bytes" not in answer:
                    return answer
                report(answer["bytes"])
        except (BrokenPipeError, ValueError):
            pass
        except BaseException:
            child.kill()
            raise
        with suppress(OSError):
            child.stdin.close()
        code = child.wait()
    return {"error": f"the process that merged died, with code {code}; is there room on the disk?"}


def main() -> None:
    """Merge, as the child."""
    task = json.loads(sys.stdin.readline())
    target = Path(task["target"])
    is_done = threading.Event()
    threading.Thread(target=_follow_parent, args=(target, is_done), daemon=True).start()
    answer = _merge(task, target)
    is_done.set()  # before it is said: the parent then closes the pipe and renames the file
    _say(answer)


def _merge(task: dict[str, Any], target: Path) -> dict[str, Any]:
    from .merge import Described, check_merged, merge_parts

    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    described = Described(
        {"history": f"{now} {task['source']}: {task['what']}", "campaign_id": task["campaign"]},
        task["provenance"],
    )

    parts = [Path(part) for part in task["parts"]]
    try:
        merge_parts(
            parts, target, described, columns=task["columns"], report=lambda done: _say({"bytes": done})
        )
        check_merged(target, task["samples"])
        return {"done": True}
    except DamagedPartError as error:
        return {"damaged": str(error.path)}
    except (ResultsError, OSError, RuntimeError, KeyError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return {"error": " ".join(reason.split())}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _follow_parent(target: Path, is_done: threading.Event) -> None:
    """End with the parent, and leave nothing of what is not done."""
    sys.stdin.read()
    if not is_done.is_set():
        target.unlink(missing_ok=True)
        os._exit(1)


if __name__ == "__main__":
    main()

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

__all__ = [
    "Merged", "ask_child", "follow_parent", "merge_in_child", "provenance_of", "reason_of", "room_fault",
    "say", "what_was_swept",
]  # fmt: skip


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
    if fault := room_fault(path.parent, total):
        raise ResultsError(f"{path}: cannot be written: {fault}")
    with replacing(path) as temporary:
        task = {
            "parts": [str(file) for file, _ in parts],
            "target": str(temporary),
            "columns": None if columns is None else list(columns),
            "samples": samples,
            "campaign": manifest.id,
            "source": f"leakflow {metadata.version('leakflow')}",
            "what": what_was_swept(manifest, samples),
            "provenance": provenance_of(manifest),
        }
        answer = ask_child(task, lambda done: None if report is None else report(done, total))
        if answer.get("damaged"):
            raise DamagedPartError(Path(answer["damaged"]))
        if "error" in answer:
            raise ResultsError(f"{path}: cannot be written: {answer['error']}")
    return Merged(path, samples, path.stat().st_size, time.perf_counter() - start)


def what_was_swept(manifest: Manifest, samples: int) -> str:
    """Return a line of history."""
    count = f"{samples}" if samples == manifest.samples else f"{samples} of {manifest.samples}"
    return f"sweep of {manifest.source}, {count} samples, seed {manifest.case['sweep']['seed']}"


def provenance_of(manifest: Manifest) -> dict[str, str]:
    """Return the case and the design of all samples; those in a part may be of fewer."""
    from ..plan import compile_case

    case = manifest.resolved_case()
    design = compile_case(case).design
    texts = {"case": resolved_text(case)}
    return texts if design is None else texts | {"design": design.description}


def room_fault(folder: Path, size: float) -> str:
    """Say that there is no room for a file, before it is begun; nothing if there is."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return ""
    return f"it needs {size / 1e9:.3g} GB, {free / 1e9:.3g} are free" if size > free else ""


def ask_child(task: dict[str, Any], report: Callable[[int], None], module: str = __name__) -> dict[str, Any]:
    """Run the child, a module whose ``main`` takes the task; return its last answer."""
    environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
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
    return {"error": f"the process that wrote it died, with code {code}; is there room on the disk?"}


def main() -> None:
    """Merge, as the child."""
    task = json.loads(sys.stdin.readline())
    target = Path(task["target"])
    is_done = threading.Event()
    follow_parent(lambda: target.unlink(missing_ok=True), is_done)
    answer = _merge(task, target)
    is_done.set()  # before it is said: the parent then closes the pipe and renames the file
    say(answer)


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
            parts, target, described, columns=task["columns"], report=lambda done: say({"bytes": done})
        )
        check_merged(target, task["samples"])
        return {"done": True}
    except DamagedPartError as error:
        return {"damaged": str(error.path)}
    except (ResultsError, OSError, RuntimeError, KeyError, ValueError) as error:
        return {"error": reason_of(error)}


def reason_of(error: Exception) -> str:
    """Return what went wrong, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(reason.split())


def say(answer: dict[str, Any]) -> None:
    """Answer the parent."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def follow_parent(remove: Callable[[], None], is_done: threading.Event) -> None:
    """From now on end with the parent, and leave nothing of what is not done."""

    def follow() -> None:
        sys.stdin.read()
        if not is_done.is_set():
            remove()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


if __name__ == "__main__":
    main()

"""A part whose worker died, made in child processes until what kills them is known.

The part is first made whole in a child. If that dies too, the part is halved, and the halves that kill a
child are halved again, down to the samples that do it; each is given up only when three children died of it
alone. The worker itself never runs such a part, so that a cluster keeps its workers.

The child is told by lines of JSON on its standard input what to do, and answers in such lines. When its input
is closed, the parent is gone, and it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from ..errors import CampaignError, LeakflowError, ResultsError
from .compute import PartReceipt, mark_lost, prepare, receipt
from .manifest import read_manifest
from .parts import part_state, set_aside

__all__ = ["find_lost", "rescue_part"]

_TRIALS = 3  # children that have to die of a sample alone: one may be killed by something else
_MOST_LOST = 32  # in a part; more are no poison but a machine that cannot run the case


def rescue_part(directory: str | os.PathLike[str], part: int) -> PartReceipt:
    """Make a part that something died of, with the status ``worker_lost`` for the samples that kill.

    The same part, byte for byte, as `compute_part` makes if none does, and as `mark_lost` makes of them.

    Parameters
    ----------
    directory : path
        The campaign's folder.
    part : int

    Raises
    ------
    CampaignError
        As for `compute_part`; or processes die for another reason than single samples.
    ResultsError
        The part cannot be written.
    """
    folder = Path(directory)
    manifest = read_manifest(folder)
    state = part_state(folder, manifest, part)
    if state.is_done and state.seal is not None:
        return receipt(state.seal, is_new=False)
    if state.fault:
        set_aside(folder, part)
    with _Child(folder, part) as child:
        made = child.store([])
        if made is None:
            lost = find_lost(*manifest.part_range(part), child.survives)
            made = child.store(lost)
        if made is None:
            reason = "kills whatever makes it, though none of its samples does by itself"
            raise CampaignError(f"{directory}: part {part} {reason}; is there memory enough for a part?")
    return made


def find_lost(first: int, count: int, survives: Callable[[int, int], bool]) -> list[int]:
    """Return the samples that a process dies of, by halving a range that one died of.

    Parameters
    ----------
    first, count : int
        The range.
    survives : callable
        Called with the first sample and the count of a part of it; says whether a process survived it.

    Raises
    ------
    CampaignError
        There are more of them than a poison sample or two.
    """
    lost: list[int] = []

    def search(first: int, count: int) -> None:
        if count == 1:
            if not any(survives(first, 1) for _ in range(_TRIALS - 1)):
                lost.append(first)
            if len(lost) > _MOST_LOST:
                raise CampaignError(
                    f"more than {_MOST_LOST} samples from {lost[0]} to {first} kill what runs them; "
                    "is there memory enough, and do the kernels run on this machine?"
                )
            return
        half = count // 2
        for start, length in ((first, half), (first + half, count - half)):
            if not survives(start, length):
                search(start, length)

    search(first, count)
    return lost


class _Child:
    """A process that may die; another is started when the next is needed."""

    def __init__(self, directory: Path, part: int) -> None:
        self._directory, self._part = directory, part
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def survives(self, first: int, count: int) -> bool:
        """Run samples and keep nothing; say whether the child lived on."""
        return self._ask({"first": first, "count": count}) is not None

    def store(self, lost: list[int]) -> PartReceipt | None:
        """Make the part without the samples that are lost; None if the child died."""
        answer = self._ask({"lost": lost})
        return None if answer is None else PartReceipt(**answer["receipt"])

    def _ask(self, task: dict[str, Any]) -> dict[str, Any] | None:
        try:
            process = self._process or self._start()
            answer = _exchange(process, task)
        except BaseException:
            self._end()
            raise
        if answer is None:
            self._end()
        return answer

    def _start(self) -> subprocess.Popen[str]:
        environment = dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=environment,
            start_new_session=True,  # Ctrl-C is for the parent, which ends the child
        )  # fmt: skip
        if _exchange(self._process, {"directory": str(self._directory), "part": self._part}) is None:
            code = self._process.wait()
            raise CampaignError(
                f"{self._directory}: a process for part {self._part} died before it ran a sample, "
                f"with code {code}"
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()


def _exchange(process: subprocess.Popen[str], task: dict[str, Any]) -> dict[str, Any] | None:
    """Send a task and return its answer; None if the process died of it."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child has no pipes")
    try:
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
    except (OSError, ValueError):
        return None
    if "campaign_error" in answer:
        raise CampaignError(answer["campaign_error"])
    if "results_error" in answer:
        raise ResultsError(answer["results_error"])
    return answer


def main() -> None:
    """Do what the parent asks, as the child."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else gets between the answers
    tasks: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin, tasks), daemon=True).start()
    start = tasks.get()
    directory, part = Path(start["directory"]), int(start["part"])
    task: dict[str, Any] = {}
    while True:
        try:
            answer = _done(directory, part, task)
        except CampaignError as error:
            answer = {"campaign_error": error.faults}
        except LeakflowError as error:
            answer = {"results_error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        task = tasks.get()


def _done(directory: Path, part: int, task: dict[str, Any]) -> dict[str, Any]:
    prepared = prepare(directory)
    if "lost" in task:
        return {"receipt": mark_lost(directory, part, task["lost"])._asdict()}
    if "count" in task:
        from ..sweep import run_range

        run_range(prepared.case, prepared.compiled, task["first"], task["count"], threads=1)
    return {"done": True}


def _listen(source: IO[str], tasks: SimpleQueue[dict[str, Any]]) -> None:
    """Pass tasks on; end with the parent, whatever is being computed."""
    for line in source:
        tasks.put(json.loads(line))
    os._exit(1)


if __name__ == "__main__":
    main()

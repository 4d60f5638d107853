"""Campaigns killed on purpose, in forks of one process that has the kernels loaded; run as a program.

Prints a line of JSON for each kind of fault. Nothing here is asserted: `test_campaign_faults` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from campaign_case import cracked_case

from leakflow.solver import sweep
from leakflow.solver.campaign import Campaign, data_digest, file_digest
from leakflow.solver.campaign import folder as folder_module
from leakflow.solver.campaign.merge import Described, merge_parts

CALLS = ("write", "fsync", "replace", "rename", "link", "unlink", "mkdir", "open")
OPEN = os.open
DIED = 86
SAMPLES, PART = 7, 4


class Counter:
    """Ends the process before the n-th of the calls that change a disk."""

    def __init__(self, last):
        self.left = last
        for name in CALLS:
            setattr(os, name, self.counted(getattr(os, name)))

    def counted(self, real):
        def call(*arguments, **options):
            if real is OPEN and not arguments[1] & os.O_CREAT:
                return real(*arguments, **options)
            self.left -= 1
            if self.left == 0:
                os._exit(DIED)
            return real(*arguments, **options)

        return call


def forked(task) -> int:
    """Run a task in a fork; return its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            task()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def work(directory, case, samples=SAMPLES, part=PART):
    Campaign.create(directory, case, samples=samples, part_samples=part).run(threads=2)


def merged_digest(directory, target) -> str:
    """sha256 of the merged data; merged in this process, which is quicker."""
    target.unlink(missing_ok=True)
    merge_parts(Campaign.open(directory).part_paths(), target, Described({}, {}))
    return file_digest(target)


def sealed_parts(directory) -> dict[str, str]:
    """The parts that the campaign counts as done, by sha256 of their files."""
    with contextlib.suppress(Exception):
        paths = Campaign.open(directory).part_paths()
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    return {}


def leftovers(directory) -> list[str]:
    return sorted(path.name for path in directory.rglob("*.tmp") if path.name.startswith(".part"))


def at_every_call(folder, case, wanted) -> dict:
    """Kill at the n-th call, for every n until the campaign gets to its end; go on each time."""
    said = {"kills": 0, "wrong": 0, "lost": 0, "leftovers": 0}
    for n in range(1, 10_000):
        directory = folder / "c"
        shutil.rmtree(directory, ignore_errors=True)

        def task(n=n, directory=directory):
            Counter(n)
            work(directory, case)

        if forked(task) == 0:
            return said
        said["kills"] += 1
        before = sealed_parts(directory)
        work(directory, case)
        said["lost"] += sum(sealed_parts(directory).get(name) != found for name, found in before.items())
        said["wrong"] += merged_digest(directory, folder / "x.nc") != wanted
        said["leftovers"] += len(leftovers(directory))
    raise RuntimeError("it never came to its end")


def at_random(folder, case, kills) -> dict:
    """Kill -9 at random moments, again and again, until as many kills as wanted hit; go on each time."""
    samples, part = 300, 25
    wanted = data_digest(sweep(case, samples=samples))
    rng = random.Random(5)
    said = {"kills": 0, "wrong": 0, "lost": 0, "leftovers": 0, "begun_again": 0}
    directory = folder / "r"
    known = {}
    while said["kills"] < kills:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                work(directory, case, samples, part)
            os._exit(0)
        time.sleep(rng.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said["kills"] += ended == -signal.SIGKILL
        found = sealed_parts(directory)
        said["lost"] += sum(found.get(name) != was for name, was in known.items())
        known = found
        if ended == 0:
            work(directory, case, samples, part)
            said["wrong"] += merged_digest(directory, folder / "x.nc") != wanted
            said["leftovers"] += len(leftovers(directory))
            said["begun_again"] += 1
            shutil.rmtree(directory)
            known = {}
    work(directory, case, samples, part)
    said["wrong"] += merged_digest(directory, folder / "x.nc") != wanted
    said["leftovers"] += len(leftovers(directory))
    return said


def two_without_locks(folder, case) -> dict:
    """Two processes at once where locks do not work."""
    directory = folder / "two"
    folder_module.at_work = lambda *_: contextlib.nullcontext()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(BaseException):
                work(directory, case, 40, 2)
                code = 0
            os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    whole = data_digest(sweep(case, samples=40))
    return {"codes": codes, "wrong": int(merged_digest(directory, folder / "x.nc") != whole)}


def main(folder: Path) -> None:
    case = cracked_case(folder)
    plain = cracked_case(folder, outcomes__series=False, outcomes__crack_geometry=False)
    wanted = data_digest(sweep(plain, samples=SAMPLES))
    for name, found in (
        ("at every call", at_every_call(folder, plain, wanted)),
        ("at random", at_random(folder, case, kills=8)),
        ("two without locks", two_without_locks(folder, case)),
    ):
        print(json.dumps({"fault": name} | found))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))

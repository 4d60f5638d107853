"""What befalls campaigns, caused on purpose: ``python -m benchmarks.faults [--kills 200]`` prints a table.

For each kind of fault: how often it was caused; samples that were acknowledged before, and of these those
that are not there any more, or not as they were; samples that are there twice; files that neither open nor
give one line; and whether the merged data have the sha256 of an undisturbed sweep, each time, after going on.
An acknowledgement is the return of the function that writes a part. Needs forks, so not Windows.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from leakflow.solver import open_results, sweep
from leakflow.solver.campaign import Campaign, data_digest, file_digest
from leakflow.solver.campaign import compute as compute_module
from leakflow.solver.campaign import folder as folder_module
from leakflow.solver.campaign.merge import Described, merge_parts
from leakflow.solver.campaign.parts import part_path
from leakflow.solver.case import Case
from leakflow.solver.errors import LeakflowError

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from campaign_case import cracked_case
from campaign_killer import Counter, forked, sealed_parts

_HEADS = ("fault", "tries", "acknowledged", "lost", "twice", "unclear files", "merged sha256 equal")
_PART = 25
_LONG, _SHORT = 300, 75  # samples


@dataclass
class Found:
    """What one kind of fault did."""

    fault: str
    tries: int = 0
    acknowledged: int = 0
    lost: int = 0
    twice: int = 0
    unclear: int = 0
    equal: int = 0
    merges: int = 0
    notes: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Return a line of a Markdown table."""
        equal = f"{self.equal} of {self.merges}"
        cells = (self.fault, self.tries, self.acknowledged, self.lost, self.twice, self.unclear, equal)
        return f"| {' | '.join(map(str, cells))} |"


class Bench:
    """A small case, its folder, and the sha256 of its undisturbed sweeps."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        """Make the case, and load the kernels."""
        self.folder, self.rng = folder, rng
        self.case: Case = cracked_case(folder)
        self.wanted = {n: data_digest(sweep(self.case, samples=n)) for n in (_LONG, _SHORT)}
        self.directory = folder / "c"

    def fresh(self) -> None:
        """Take an empty folder."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def work(self, samples: int = _SHORT) -> None:
        """Begin or go on, to the end."""
        Campaign.create(self.directory, self.case, samples=samples, part_samples=_PART).run(threads=2)

    def whole(self, samples: int = _SHORT) -> None:
        """Make a complete campaign."""
        self.fresh()
        self.work(samples)

    def judge(self, found: Found, acknowledged: set[int], before: dict[str, str], samples: int) -> None:
        """Look what a fault left, go on, merge, and compare."""
        there = sealed_parts(self.directory)
        found.acknowledged += _PART * len(acknowledged)
        found.lost += _PART * sum(part_path(self.directory, part).name not in there for part in acknowledged)
        found.lost += _PART * sum(there.get(name) != was for name, was in before.items())
        found.unclear += sum(not _is_clear(path) for path in self.directory.rglob("*.nc"))
        try:
            self.work(samples)
        except LeakflowError as error:
            if len(str(error).splitlines()) != 1:
                found.unclear += 1
            found.notes.append(str(error))
            return
        self.compare(found, samples)

    def compare(self, found: Found, samples: int) -> None:
        """Merge, and compare with an undisturbed sweep."""
        target = self.folder / "x.nc"
        target.unlink(missing_ok=True)
        merge_parts(Campaign.open(self.directory).part_paths(), target, Described({}, {}))
        found.merges += 1
        found.equal += file_digest(target) == self.wanted[samples]
        with h5py.File(target) as file:
            numbers = file["sample"][:]
        found.twice += len(numbers) - len(np.unique(numbers))


def main() -> None:
    """Print a line for each kind of fault."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200, help="at random moments")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    print(f"| {' | '.join(_HEADS)} |\n|{'---|' * len(_HEADS)}", flush=True)
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), random.Random(chosen.seed))
        for fault in (
            lambda: killed_at_random(bench, chosen.kills), lambda: killed_at_every_call(bench),
            lambda: merge_killed_at_every_call(bench), lambda: merging_child_killed(bench),
            lambda: disk_full(bench), lambda: damaged(bench), lambda: two_at_once(bench),
            lambda: interrupted(bench), lambda: read_only(bench), lambda: clock_jumps(bench),
        ):  # fmt: skip
            found = fault()
            bad += found.lost + found.twice + found.unclear + found.merges - found.equal
            print(found.row(), flush=True)
            for note in dict.fromkeys(found.notes):
                print(f"  {note}", file=sys.stderr)
    sys.exit(bad > 0)


def killed_at_random(bench: Bench, kills: int) -> Found:
    """``kill -9`` at a random moment of a run; each goes on where the last one was killed."""
    found = Found("`kill -9` at a random moment")
    bench.fresh()
    known: dict[str, str] = {}
    while found.tries < kills:
        ended, acknowledged = _killed(lambda: bench.work(_LONG), bench.rng.uniform(0.0, 0.4))
        found.tries += ended == -signal.SIGKILL
        there = sealed_parts(bench.directory)
        found.acknowledged += _PART * len(acknowledged)
        found.lost += _PART * sum(part_path(bench.directory, p).name not in there for p in acknowledged)
        found.lost += _PART * sum(there.get(name) != was for name, was in known.items())
        found.unclear += sum(not _is_clear(path) for path in bench.directory.rglob("*.nc"))
        known = there
        if ended == 0:
            bench.judge(found, set(), known, _LONG)
            bench.fresh()
            known = {}
    bench.judge(found, set(), known, _LONG)
    return found


def killed_at_every_call(bench: Bench) -> Found:
    """The process ends before the n-th call that changes the disk, for every n."""
    found = Found("killed at each system call of a run")
    for n in range(1, 10_000):
        bench.fresh()
        acknowledged: set[int] = set()
        if _forked(lambda n=n: (Counter(n), bench.work()), acknowledged) == 0:  # type: ignore[misc]
            return found
        found.tries += 1
        bench.judge(found, acknowledged, sealed_parts(bench.directory), _SHORT)
    raise RuntimeError("it never came to its end")


def merge_killed_at_every_call(bench: Bench) -> Found:
    """The same for a merge over a file that is there: it is then the old one or the new one, whole."""
    found = Found("killed at each system call of a merge")
    bench.whole()
    target = bench.folder / "m.nc"
    before = sealed_parts(bench.directory)
    Campaign.open(bench.directory).merge(target)
    for n in range(1, 10_000):
        ended = forked(lambda n=n: (Counter(n), Campaign.open(bench.directory).merge(target)))
        found.unclear += file_digest(target) != bench.wanted[_SHORT]
        if ended == 0:
            break
        found.tries += 1
        bench.judge(found, set(), before, _SHORT)
    for left in bench.folder.glob(".leakflow*"):
        left.unlink()
    return found


def merging_child_killed(bench: Bench, tries: int = 4) -> Found:
    """``kill -9`` to the child that merges: one line, nothing left."""
    found = Found("`kill -9` to the process that merges")
    bench.whole()
    target = bench.folder / "k.nc"
    before = sealed_parts(bench.directory)
    for _ in range(tries):
        said = bench.folder / "said"
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                try:
                    Campaign.open(bench.directory).merge(target)
                except LeakflowError as error:
                    said.write_text(str(error))
            os._exit(0)
        killed = False
        deadline = time.monotonic() + 60.0
        while not killed and time.monotonic() < deadline and os.waitpid(child, os.WNOHANG)[0] == 0:
            for number in _children(child):
                time.sleep(bench.rng.uniform(0.0, 1.0))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
                    killed = True
            time.sleep(0.01)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
        found.tries += killed
        is_line = said.exists() and len(said.read_text().splitlines()) == 1
        found.unclear += killed and not target.exists() and not is_line
        found.unclear += len(list(bench.folder.glob(".leakflow*")))
        bench.judge(found, set(), before, _SHORT)
        target.unlink(missing_ok=True)
        said.unlink(missing_ok=True)
    return found


def disk_full(bench: Bench) -> Found:
    """A disk that fills after some bytes: a small file system where it may be mounted, else `os.write`."""
    small = bench.folder / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    can_mount = not subprocess.run(command, capture_output=True, check=False).returncode
    found = Found(f"disk full ({'a tmpfs of 256 kB' if can_mount else '`os.write` says so'})")
    usual = bench.directory
    try:
        for kilobytes in range(0, 240, 30):
            bench.directory = small / "c" if can_mount else usual
            bench.fresh()
            ballast = small / "ballast"
            if can_mount:
                ballast.write_bytes(bytes(kilobytes * 1000))
            acknowledged: set[int] = set()
            code = _forked(
                lambda k=kilobytes: _until_full(bench, None if can_mount else 1000 * k),
                acknowledged,  # type: ignore[misc]
            )
            found.tries += code == _REFUSED
            found.unclear += code not in (0, _REFUSED)
            if can_mount:
                ballast.unlink()
                if bench.directory.exists():
                    shutil.rmtree(usual, ignore_errors=True)
                    shutil.copytree(bench.directory, usual)
                bench.directory = usual
            bench.judge(found, acknowledged, sealed_parts(bench.directory), _SHORT)
    finally:
        bench.directory = usual
        if can_mount:
            subprocess.run(["umount", str(small)], capture_output=True, check=False)
    return found


def damaged(bench: Bench) -> Found:
    """Parts cut, flipped, swapped; then merged, which must refuse, and gone on with."""
    found = Found("part cut, bit flipped, parts swapped")
    for harm in (_cut, _flip, _swap):
        for _ in range(5):
            bench.whole()
            harm(bench)
            found.tries += 1
            with contextlib.suppress(LeakflowError):
                Campaign.open(bench.directory).run(verify=True)
            bench.judge(found, set(), {}, _SHORT)
    return found


def two_at_once(bench: Bench) -> Found:
    """Two processes on one campaign: one gets a line; without locks both do the same work."""
    found = Found("two processes on one campaign")
    lock = folder_module.at_work
    for locked in (True, True, False, False):
        bench.fresh()
        if not locked:
            folder_module.at_work = lambda *_: contextlib.nullcontext()  # type: ignore[assignment]
        acknowledged: set[int] = set()
        with _acknowledging(acknowledged):
            children = [_start(lambda: bench.work(_LONG)) for _ in range(2)]
            codes = [_end(child) for child in children]
        folder_module.at_work = lock
        found.tries += 1
        found.unclear += sum(code not in (0, _REFUSED) for code in codes)
        bench.judge(found, acknowledged, sealed_parts(bench.directory), _LONG)
    return found


def interrupted(bench: Bench, tries: int = 10) -> Found:
    """Ctrl-C at a random moment."""
    found = Found("Ctrl-C")
    for _ in range(tries):
        bench.fresh()
        ended, acknowledged = _killed(lambda: bench.work(_LONG), bench.rng.uniform(0.02, 0.3), signal.SIGINT)
        found.tries += ended == _INTERRUPTED
        found.unclear += ended not in (0, _INTERRUPTED)
        bench.judge(found, acknowledged, sealed_parts(bench.directory), _LONG)
    return found


def read_only(bench: Bench) -> Found:
    """A folder that takes no files: refused in one line. Root may write anywhere, so the calls refuse."""
    found = Found("read-only folder")
    for part in range(_SHORT // _PART):
        bench.whole()
        part_path(bench.directory, part).unlink()
        before = sealed_parts(bench.directory)
        acknowledged: set[int] = set()
        code = _forked(lambda: (_no_new_files(), bench.work()), acknowledged)
        found.tries += 1
        found.unclear += code != _REFUSED
        bench.judge(found, acknowledged, before, _SHORT)
    return found


def clock_jumps(bench: Bench) -> Found:
    """The time of day jumps by days at every look, forwards and back, and the process is killed."""
    found = Found("clock that jumps, and `kill -9`")
    for _ in range(5):
        bench.fresh()
        ended, acknowledged = _killed(
            lambda: (_jump(bench.rng.randrange(2)), bench.work(_LONG)), bench.rng.uniform(0.05, 0.3)
        )
        found.tries += 1
        found.unclear += ended not in (0, -signal.SIGKILL)
        bench.judge(found, acknowledged, sealed_parts(bench.directory), _LONG)
    return found


_REFUSED, _INTERRUPTED = 4, 130


def _start(task: Callable[[], object]) -> int:
    """Run a task in a fork; it ends with 0, 4 after one line, 130 after Ctrl-C, else 1."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background jobs
        task()
        code = 0
    except LeakflowError as error:
        code = _REFUSED if len(str(error).splitlines()) == 1 else 1
    except KeyboardInterrupt:
        code = _INTERRUPTED
    finally:
        os._exit(code)


def _end(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _forked(task: Callable[[], object], acknowledged: set[int]) -> int:
    with _acknowledging(acknowledged):
        return _end(_start(task))


def _killed(task: Callable[[], object], seconds: float, number: int = signal.SIGKILL) -> tuple[int, set[int]]:
    """Start a task and send a signal after some seconds; return how it ended, and the parts it told of."""
    acknowledged: set[int] = set()
    with _acknowledging(acknowledged):
        child = _start(task)
        time.sleep(seconds)
        os.kill(child, number)
        ended = _end(child)
    return ended, acknowledged


@contextlib.contextmanager
def _acknowledging(acknowledged: set[int]) -> Iterator[None]:
    """Let forks tell through a pipe which parts `write_part` has returned of."""
    reading, writing = os.pipe()
    real_part, real_write = compute_module.write_part, os.write

    def write_part(directory: Path, part: int, content: bytes) -> Path:
        path = real_part(directory, part, content)
        real_write(writing, b"%d\n" % part)
        return path

    compute_module.write_part = write_part
    try:
        yield
    finally:
        compute_module.write_part = real_part
        os.close(writing)
        with os.fdopen(reading) as pipe:
            acknowledged.update(int(line) for line in pipe)


def _until_full(bench: Bench, room: int | None) -> None:
    """Work with so many bytes of room; None is for a disk that is small itself."""
    real, left = os.write, [room]

    def write(descriptor: int, content: bytes) -> int:
        if left[0] is not None:
            taken = min(len(content), left[0])
            left[0] -= taken
            if taken == 0:
                raise OSError(28, "No space left on device")
            return real(descriptor, content[:taken])
        return real(descriptor, content)

    os.write = write
    bench.work()


def _no_new_files() -> None:
    real = os.open

    def refuse(path: object, flags: int, *rest: object, **options: object) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *rest, **options)  # type: ignore[arg-type]

    os.open = refuse  # type: ignore[assignment]


def _jump(way: int) -> None:
    real, calls = time.time, [way]

    def jumping() -> float:
        calls[0] += 1
        return real() + (1e6 if calls[0] % 2 else -1e6)

    time.time = jumping


def _cut(bench: Bench) -> None:
    path = _any_part(bench)
    os.truncate(path, bench.rng.randrange(path.stat().st_size))


def _flip(bench: Bench) -> None:
    path = _any_part(bench)
    content = bytearray(path.read_bytes())
    content[bench.rng.randrange(len(content))] ^= 1 << bench.rng.randrange(8)
    path.write_bytes(content)


def _swap(bench: Bench) -> None:
    first, second = bench.rng.sample(range(_SHORT // _PART), 2)
    paths = [part_path(bench.directory, part) for part in (first, second)]
    contents = [path.read_bytes() for path in paths]
    paths[0].write_bytes(contents[1])
    paths[1].write_bytes(contents[0])


def _any_part(bench: Bench) -> Path:
    return part_path(bench.directory, bench.rng.randrange(_SHORT // _PART))


def _is_clear(path: Path) -> bool:
    """Whether a file opens, or is refused in one line, by itself or as a part."""
    try:
        open_results(path)
    except LeakflowError as error:
        return len(str(error).splitlines()) == 1
    except Exception:  # noqa: BLE001
        return False
    return True


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
        return [int(word) for word in text.split()]
    return []


if __name__ == "__main__":
    main()

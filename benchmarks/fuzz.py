"""Damage results files and cases at random, and see that each is read or refused in one line.

    python -m benchmarks.fuzz --minutes 10 --seed 1

A child process does the reading, with 5 s of processor time and 3 GiB for each file: HDF5 may crash or
hang on damaged bytes. That is counted ("crashed", "hung") and is no fault as long as
`open_results(path, trusted=False)`, which the commands use, refuses the same file in one line. Faults are any
other exception, a line that is no line, and a case that takes longer. Files at fault are kept; the exit code
is then 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

SECONDS = 5.0
MEMORY = 3 * 2**30
#: How a piece of a file is damaged: at a place, with some bytes.
ACTIONS = ("flip", "write", "zeros", "ones", "insert", "delete", "copy", "cut")

EDGES = (
    0,
    1,
    7,
    64,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63 - 1,
    2**64 - 2,
    2**64 - 1,
)
NASTY = [
    "1e999999", "-1e999999", "nan", "inf", "0x" + "f" * 400, "9" * 4000, "1979-05-27T07:32:00Z", "true", "''",
    '"m**999999"', '"1 m**999999"', '"10^10^10 m"', '"9**9**9 Pa"', '"1 (((((((((m)))))))))"',
    f'"1 {"m*" * 500}m"', f'"1 m/{"(" * 200}s{")" * 200}"', '"1 " ', '"1e400 Pa"', '"\\u0000"',
    '"\\u001b[31m 5 Pa"', '"1 \\u202e aP"', f'"{"x" * 5000}"', "[" * 400 + "]" * 400,
    "{ dist = " * 60 + "1" + " }" * 60, '{ dist = "choice", values = [] }',
    '{ dist = "uniform", low = 1, high = { dist = "uniform", low = { dist = "uniform" } } }',
    '{ dist = "normal", mean = 1e308, sd = 1e308 }', '{ dist = "weibull", shape = 1e-300, scale = 1e300 }',
    "{ count = 100000 }", "{ every = 1e-300 }", '{ every = "1 s" }', "[1, 2, 3]", "{}", "[[]]", "-0.0",
    "1e-320", f"[{', '.join(map(str, range(20000)))}]", '"../../../etc/passwd"', '"/dev/zero"', '"case.toml"',
    "1e6",
]  # fmt: skip
LINES = [
    "[volumes]", "[[volumes]]", "[run]", '[paths."a b"]', "a." * 30 + "b = 1", '"" = 1', "= 1",
    "[[schedule]]", '[paths.__proto__]\nkind = "orifice"', "[record]\nfile = 'record.csv'",
    "sweep.seed = 1", "\x00", "[",
    '[volumes.x]\nkind = "integrated"\nvolume = 1\npressure = 1', "\ufeff", 'title = """', "sources = [1]",
]  # fmt: skip


class Answer(NamedTuple):
    """What came of a file: ``ok``, ``refused``, ``escaped`` (another exception), ``crashed`` or ``hung``."""

    outcome: str
    text: str
    seconds: float


class Reader:
    """A child process that reads files one after the other; it is started again when one of them kills it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """Start with no child; each file may take so many seconds."""
        self._seconds = seconds
        self._child: subprocess.Popen[str] | None = None
        self.peak = 0

    def answer(self, kind: str, path: Path) -> Answer:
        """Let the child read a file of a kind, ``results`` or ``case``."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, __file__, "--serve", str(self._seconds)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
        start = time.perf_counter()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps([kind, os.fspath(path)]) + "\n")
        self._child.stdin.flush()
        line = self._child.stdout.readline()
        seconds = time.perf_counter() - start
        if line:
            outcome, text, peak = json.loads(line)
            self.peak = max(self.peak, peak)
            return Answer(outcome, text, seconds)
        self._child.communicate()
        code = self._child.returncode
        self._child = None
        return Answer("hung" if code == -signal.SIGPROF else "crashed", f"exit code {code}", seconds)

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None


def damage(content: bytes, edits: Sequence[tuple[int, str, bytes]]) -> bytes:
    """Return the content with pieces damaged.

    Parameters
    ----------
    content : bytes
    edits : sequence of (int, str, bytes)
        Place (counted around the end), one of `ACTIONS`, and bytes to do it with.
    """
    data = bytearray(content)
    for place, action, piece in edits:
        at = place % max(len(data), 1)
        span = slice(at, at + len(piece))
        if action == "flip":
            data[at : at + 1] = bytes(byte ^ (1 << (place >> 20) % 8) for byte in data[at : at + 1])
        elif action == "write":
            data[span] = piece
        elif action in ("zeros", "ones"):
            data[span] = (b"\x00" if action == "zeros" else b"\xff") * len(data[span])
        elif action == "insert":
            data[at:at] = piece
        elif action == "delete":
            del data[span]
        elif action == "copy":
            source = int.from_bytes(piece[:4], "little") % max(len(data), 1)
            data[at : at + 64] = data[source : source + 64]
        else:
            del data[at:]
    return bytes(data)


def random_edits(rng: random.Random) -> list[tuple[int, str, bytes]]:
    """Draw a few edits; most are of single bits and bytes, which get furthest."""
    weights = (8, 8, 2, 2, 1, 1, 2, 0.3)
    edits = []
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6, 12))):
        size = rng.choice((1, 1, 2, 4, 8))
        edge = rng.choice(EDGES) % 256**size  # sizes and offsets go wrong at their ends
        piece = rng.randbytes(size) if rng.random() < 0.7 else edge.to_bytes(size, "little")
        edits.append((rng.getrandbits(40), rng.choices(ACTIONS, weights)[0], piece))
    return edits


def results_bases(folder: Path) -> list[bytes]:
    """Return small results files to start from: ours, and one as other versions of HDF5 lay it out."""
    import h5py

    from leakflow.solver import sweep, write_results

    keep = ["outcomes.series=true", "outcomes.crack_geometry=true", "run.output_times={count=4}"]
    path = write_results(folder / "base.nc", sweep("prk-july-2021", samples=3, overrides=keep))
    bare = write_results(folder / "bare.nc", sweep("choked-blowdown", samples=2))
    bases = [path.read_bytes(), bare.read_bytes()]
    for version in ("earliest", "latest"):
        with h5py.File(bare) as source, h5py.File(folder / f"{version}.h5", "w", libver=version) as copy:
            copy.attrs.update(source.attrs)
            for name in source:
                source.copy(name, copy)
        bases.append((folder / f"{version}.h5").read_bytes())
    return bases


def case_bases() -> list[bytes]:
    """Return the cases that ship."""
    folder = Path(str(resources.files("leakflow.cases")))
    return [path.read_bytes() for path in sorted(folder.glob("*.toml"))]


def damaged_case(base: bytes, rng: random.Random) -> bytes:
    """Return a case with values, lines and bytes exchanged."""
    lines = base.decode().splitlines()
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(lines))
        what = rng.random()
        if what < 0.6 and "=" in lines[at]:
            lines[at] = f"{lines[at].partition('=')[0]}= {rng.choice(NASTY)}"
        elif what < 0.75:
            lines.insert(at, rng.choice(LINES))
        elif what < 0.85:
            lines[at] = lines[rng.randrange(len(lines))]
        else:
            del lines[at : at + rng.choice((1, 3))]
            lines = lines or [""]
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return damage(content, random_edits(rng)) if rng.random() < 0.3 else content


def damaged_record(rng: random.Random) -> bytes:
    """Return a CSV of a record, damaged."""
    rows = ["volume,time [d],pressure [mmHg],uncertainty [mmHg]", "tunnel,1,700,1", "tunnel,2,650,1"]
    cells = [*NASTY[:20], '"' * 50, '"unclosed', "," * 3000, "tunnel\x00", "=1+1", "\u202e7", "1e5000"]
    rows += [
        ",".join(rng.choices(cells, k=rng.choice((1, 4, 4, 9)))) for _ in range(rng.choice((0, 1, 5, 20000)))
    ]
    content = "\n".join(rows).encode()
    return damage(content, random_edits(rng)) if rng.random() < 0.5 else content


def main() -> int:
    """Fuzz for a while, and print what was tried."""
    parser = argparse.ArgumentParser(description="Damage files at random, and see how they are refused.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-faults"), help="where files at fault go")
    parser.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return _fuzz(Path(folder), options)


def _fuzz(folder: Path, options: argparse.Namespace) -> int:
    rng = random.Random(options.seed)
    bases, cases = results_bases(folder), case_bases()
    reader, counts, faults = Reader(), Counter[tuple[str, str]](), 0
    slowest = {"results": 0.0, "case": 0.0}
    end = time.monotonic() + 60.0 * options.minutes
    while time.monotonic() < end:
        for kind, path in _next_files(folder, bases, cases, rng):
            answer = reader.answer(kind, path)
            counts[kind, answer.outcome] += 1
            if answer.outcome in ("ok", "refused"):
                slowest[kind] = max(slowest[kind], answer.seconds)
            wrong = fault(kind, answer, path)
            if wrong:
                faults += 1
                options.keep.mkdir(exist_ok=True)
                kept = options.keep / f"{options.seed}-{sum(counts.values())}-{path.name}"
                kept.write_bytes(path.read_bytes())
                print(f"fault: {kept}: {wrong}", flush=True)
    reader.close()
    print(f"seed {options.seed}, {options.minutes:g} minutes")
    for (kind, outcome), count in sorted(counts.items()):
        print(f"{kind:8} {outcome:8} {count:8}")
    print(f"slowest results {slowest['results']:.2f} s, slowest case {slowest['case']:.2f} s")
    print(f"peak memory of the reader {reader.peak / 2**20:.0f} MiB; faults {faults}")
    return 1 if faults else 0


def _next_files(
    folder: Path, bases: list[bytes], cases: list[bytes], rng: random.Random
) -> Iterator[tuple[str, Path]]:
    path = folder / "damaged.nc"
    for base in bases:
        path.write_bytes(damage(base, random_edits(rng)))
        yield "results", path
    case, record = folder / "damaged.toml", folder / "record.csv"
    for base in rng.sample(cases, 2):
        case.write_bytes(damaged_case(base, rng))
        yield "case", case
    record.write_bytes(damaged_record(rng))
    case.write_bytes(b"\n".join([*_without_record(cases[4]), b'[record]\nfile = "record.csv"\n']))
    yield "case", case
    case.write_bytes(rng.randbytes(rng.choice((0, 10, 1000))))
    yield "case", case


def _without_record(case: bytes) -> list[bytes]:
    """Return the lines of a case up to its record."""
    return case.partition(b"[record")[0].splitlines()


def fault(kind: str, answer: Answer, path: Path) -> str:
    """Say what is wrong with an answer; nothing if it is as it should be."""
    if answer.outcome == "escaped" or (kind == "case" and answer.outcome in ("crashed", "hung")):
        return f"{answer.outcome}: {answer.text}"
    if answer.outcome in ("crashed", "hung"):
        from leakflow.solver import ResultsError, open_results

        try:
            open_results(path, trusted=False)
        except ResultsError:
            return ""
        return f"{answer.outcome} ({answer.text}), yet the trial in a process of its own lets it pass"
    return ""


def _serve(seconds: float) -> None:
    """Read the files that are named on standard input, within bounds."""
    import resource

    from leakflow.solver import CaseError, ResultsError, open_results, summarise
    from leakflow.solver.case import load_case
    from leakflow.solver.console import show_summary, terminal
    from leakflow.solver.failures import failed_samples
    from leakflow.solver.plan import compile_case

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    console = terminal()

    def look(kind: str, path: str) -> None:
        if kind != "results":
            {"case": lambda: compile_case(load_case(path)), **_TRIALS}[kind]()
            return
        results = open_results(path)
        summary = summarise(results)
        with console.capture() as captured:
            show_summary(console, summary)
        shown = captured.get() + json.dumps(summary.to_dict())
        shown += "".join(reason for one in failed_samples(results, 3) for reason in one.reasons)
        _check_plain(shown.replace("\n", ""))

    for line in sys.stdin:
        kind, path = json.loads(line)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        answer: tuple[str, Any] = ("ok", "")
        try:
            look(kind, path)
        except (CaseError, ResultsError) as error:
            lines = error.faults if isinstance(error, CaseError) else [str(error)]
            answer = ("refused", lines[0])
            if not all(line.isprintable() and 0 < len(line) < 3000 for line in lines):
                answer = ("escaped", f"no line: {lines!r}"[:300])
        except BaseException as error:  # noqa: BLE001 - whatever comes is what is looked for
            answer = ("escaped", f"{type(error).__name__}: {error}"[:300])
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        sys.stdout.write(json.dumps([*answer, peak]) + "\n")
        sys.stdout.flush()


def _hang() -> None:
    while True:
        pass


#: What the tests see that the bounds hold with.
_TRIALS = {"hang": _hang, "crash": os.abort, "eat": lambda: bytearray(2 * MEMORY)}


def _check_plain(text: str) -> None:
    bad = next((char for char in text if not char.isprintable()), None)
    if bad is not None:
        raise ValueError(f"{bad!r} would reach the terminal")


if __name__ == "__main__":
    sys.exit(main())

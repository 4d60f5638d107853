"""Whether this commit is slower than another: ``python -m benchmarks.gate --base REF``.

Both are checked out beside each other, installed into a virtual environment each, and their own benchmarks
run in turn, round by round. What is compared are the ratios to the calibration that each round timed beside
(`benchmarks.calibration`), medians over the rounds. A benchmark whose rounds do not agree says nothing.

Exit codes: 0 nothing stable became slower, 1 something did or a benchmark's result is wrong, 2 no comparison
could be made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .verdicts import Verdict, judge, shown

# compiling takes minutes, and is done but once
_BY_DEFAULT = "not first_process"


class GateError(Exception):
    """No comparison could be made; one line."""


@dataclass(frozen=True)
class Side:
    """A commit, checked out and installed.

    Attributes
    ----------
    name : str
        ``base`` or ``head``.
    tree, python : Path
        Its worktree, and the interpreter of its virtual environment.
    """

    name: str
    tree: Path
    python: Path

    def benchmarks(self, out: Path | None, keyword: str, paths: Sequence[str]) -> bool:
        """Run its benchmarks; without ``out`` once each, untimed, which compiles. True if all are right."""
        timed = ["--benchmark-disable"] if out is None else [f"--benchmark-json={out}"]
        there = [path for path in paths if (self.tree / path.partition("::")[0]).exists()]
        command = [str(self.python), "-m", "pytest", *(there or ["benchmarks"]), "-k", keyword, *timed]
        done = subprocess.run(
            command, cwd=self.tree, env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise GateError(f"{self.name}: {_last_line(done.stdout + done.stderr)}")
        if done.returncode:
            print(done.stdout)
        return done.returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print the table, and return the exit code."""
    options = _options(arguments)
    try:
        verdicts = compare(options)
    except GateError as error:
        print(f"gate: {error}", file=sys.stderr)
        return 2
    if verdicts is None:
        print("a benchmark of head gives a wrong result")
        return 1
    print(shown(verdicts))
    noisy = [v.name for v in verdicts if not v.stable and v.change == v.change]
    slower = [v.name for v in verdicts if v.slower]
    if noisy:
        print(f"too noisy to say ({len(noisy)}): {', '.join(noisy)}")
    print(
        f"slower by more than {options.threshold:.0%}: {', '.join(slower)}"
        if slower
        else f"nothing stable is slower by more than {options.threshold:.0%}"
    )
    if options.json:
        told = {"threshold": options.threshold, "noise": options.noise, "rounds": options.rounds}
        told["benchmarks"] = [asdict(v) for v in verdicts]
        Path(options.json).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 1 if slower else 0


def compare(options: argparse.Namespace) -> list[Verdict] | None:
    """Measure both sides in turn; None if a result of head is wrong."""
    repository = Path(_git(Path.cwd(), "rev-parse", "--show-toplevel"))
    head = options.head or _git(repository, "stash", "create") or "HEAD"
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        sides = []
        try:
            for name, ref in (("base", options.base), ("head", head)):
                sides.append(set_up(repository, Path(folder), name, ref))
                print(f"{name}: {_git(sides[-1].tree, 'log', '-1', '--format=%h %s')}", flush=True)
            return _rounds(sides, Path(folder), options)
        finally:
            for name in ("base", "head"):
                if (Path(folder) / name).exists():
                    _git(repository, "worktree", "remove", "--force", str(Path(folder) / name))


def set_up(repository: Path, folder: Path, name: str, ref: str) -> Side:
    """Check a commit out, and install it in an environment that shares what this interpreter has."""
    tree, environment = folder / name, folder / f"venv-{name}"
    _git(repository, "worktree", "add", "--detach", str(tree), ref)
    _run([sys.executable, "-m", "venv", str(environment)], folder)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    own = Path(_run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder))
    shared = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (own / "zz_shared.pth").write_text("\n".join(shared) + "\n", encoding="utf-8")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*install, "--no-deps", str(tree)], folder)
    probe = "import pytest_benchmark, scipy, leakflow.solver as s, leakflow.solver.run; print(s.__file__)"
    try:
        found = _run([str(python), "-c", probe], folder)
    except GateError:  # this interpreter lacks what that commit needs
        _run([*install, f"{tree}[test]"], folder)
        found = _run([str(python), "-c", probe], folder)
    if not Path(found.splitlines()[-1]).resolve().is_relative_to(environment.resolve()):
        raise GateError(f"{name}: leakflow is loaded from {found}, not from its own environment")
    return Side(name, tree, python)


def ratios(files: Sequence[Path], *, calibrated: bool) -> dict[str, list[float]]:
    """Read the rounds of one side.

    Parameters
    ----------
    files : sequence of Path
        What pytest-benchmark wrote, one for each round.
    calibrated : bool
        Whether ratios to the calibration are wanted, or the least seconds.
    """
    found: dict[str, list[float]] = {}
    for file in files:
        for one in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]:
            number = one["extra_info"]["ratio"] if calibrated else one["stats"]["min"]
            found.setdefault(one["fullname"], []).append(float(number))
    return found


def is_calibrated(files: Sequence[Path]) -> bool:
    """Return whether every benchmark of every round was timed beside the calibration."""
    return all(
        "ratio" in one["extra_info"]
        for file in files
        for one in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    )


def _rounds(sides: Sequence[Side], folder: Path, options: argparse.Namespace) -> list[Verdict] | None:
    for side in sides:
        print(f"{side.name}: compiling and checking", flush=True)
        if not side.benchmarks(None, options.keyword, options.paths):
            if side.name == "head":
                return None
            raise GateError("base: a benchmark gives a wrong result")
    files: dict[str, list[Path]] = {side.name: [] for side in sides}
    for turn in range(options.rounds):
        print(f"round {turn + 1} of {options.rounds}", flush=True)
        for side in sides if turn % 2 == 0 else sides[::-1]:
            out = folder / f"{side.name}-{turn}.json"
            if not side.benchmarks(out, options.keyword, options.paths):
                if side.name == "head":
                    return None
                raise GateError("base: a benchmark gives a wrong result")
            files[side.name].append(out)
    calibrated = all(is_calibrated(of_side) for of_side in files.values())
    if not calibrated:
        print("one side knows no calibration: seconds are compared")
    base, head = (ratios(files[name], calibrated=calibrated) for name in ("base", "head"))
    return judge(base, head, threshold=options.threshold, noise=options.noise)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", help="benchmark files or tests; by default all")
    parser.add_argument("--base", required=True, metavar="REF", help="the commit to compare with")
    parser.add_argument("--head", metavar="REF", help="by default the working tree's tracked files")
    parser.add_argument("--rounds", type=int, default=5, help="of both sides in turn, at least 3")
    parser.add_argument("--threshold", type=float, default=0.10, help="by what share one may be slower")
    parser.add_argument("--noise", type=float, default=0.05, help="up to what spread one is stable")
    parser.add_argument("--keyword", "-k", default=_BY_DEFAULT, help="as of pytest -k")
    parser.add_argument("--json", metavar="FILE", help="keep the verdicts")
    options = parser.parse_args(arguments)
    if options.rounds < 3:
        parser.error(f"--rounds {options.rounds}: must be at least 3, or no spread can be told")
    return options


def _environment() -> dict[str, str]:
    """Return this environment without what would let a side load another's code or cache."""
    dropped = ("PYTHONPATH", "NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if key not in dropped}


def _git(folder: Path, *words: str) -> str:
    return _run(["git", *words], folder)


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise GateError(f"{' '.join(command[:4])}: {_last_line(done.stderr or done.stdout)}")
    return done.stdout.strip()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "failed without a word"


if __name__ == "__main__":
    sys.exit(main())

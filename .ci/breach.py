"""Prove that the import linter notices a breach: a copy of the installed packages with one must fail.

Called as ``breach.py FOLDER PYPROJECT``.
"""

# ruff: noqa: T201

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("solver", "kernels", "cases")
BREACH = "from ..solver import units\n"


def main(folder: Path, config: Path) -> int:
    """Lint a copy with `kernels/seal.py` importing from the solver; 0 if that is refused."""
    copy = folder / "leakflow"
    for package in PACKAGES:
        spec = importlib.util.find_spec(f"leakflow.{package}")
        if spec is None or spec.origin is None:
            print(f"leakflow.{package} is not installed")
            return 1
        shutil.copytree(
            Path(spec.origin).parent, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    with (copy / "kernels" / "seal.py").open("a", encoding="utf-8") as file:
        file.write(BREACH)
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()",
         "--config", str(config), "--no-cache"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if linted.returncode == 0 or "leakflow.kernels.seal -> leakflow.solver.units" not in linted.stdout:
        print(f"the import linter did not notice a breach\n{linted.stdout}{linted.stderr}")
        return 1
    print("a breach would be noticed: leakflow.kernels.seal -> leakflow.solver.units")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

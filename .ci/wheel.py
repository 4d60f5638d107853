"""Check a wheel against the tree: every module, marker and case is in it, and nothing else.

Called as ``wheel.py CHECKOUT WHEEL``.
"""

# ruff: noqa: T201

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PACKAGES = ("solver", "kernels", "cases")
KEPT = {"solver": (".py",), "kernels": (".py",), "cases": (".py", ".toml", ".csv")}


def main(checkout: Path, wheel: Path) -> int:
    """Compare; 0 if the wheel holds what it should."""
    expected = {f"leakflow/{package}/py.typed" for package in PACKAGES}
    for package in PACKAGES:
        for path in (checkout / package).rglob("*"):
            if path.suffix in KEPT[package] and "__pycache__" not in path.parts:
                expected.add(f"leakflow/{path.relative_to(checkout).as_posix()}")
    names = set(zipfile.ZipFile(wheel).namelist())
    found = {name for name in names if ".dist-info/" not in name}
    for name in sorted(expected - found):
        print(f"{wheel.name}: {name} is missing")
    for name in sorted(found - expected):
        print(f"{wheel.name}: {name} does not belong there")
    licences = [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]
    if not licences:
        print(f"{wheel.name}: the licence is missing")
    print(f"{wheel.name}: {len(found)} files")
    return int(found != expected or not licences)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

"""The saved numbers as Markdown: ``python -m benchmarks.peers.tables peers.json``."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

_HEAD = """| contender | given | rtol | error | ms a sample | leakflow | theirs / ours | both given it |
|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print a table for each workload of the file."""
    result = json.loads(Path(sys.argv[1]).read_text())
    print(f"{result['machine']}; " + ", ".join(f"{k} {v}" for k, v in result["versions"].items()))
    for name, one in result["workloads"].items():
        print(f"\n**{name}**, {one['samples']} samples, leakflow at rtol {one['rtol']:.0e}:", end=" ")
        print(f"error {one['error']:.1e}, {max(one['error_all_outcomes'].values()):.1e} of any outcome\n")
        print(_HEAD)
        for row in one["rows"]:
            print(row_line(row))
        if one["not_done"]:
            print(f"\nNot done: {', '.join(one['not_done'])}.")
    if result.get("hole"):
        print(f"\n{_HEAD}\n{row_line(result['hole'])}")


def row_line(row: dict[str, Any]) -> str:
    """One line of a table."""
    start = f"| {row['contender']} | {row['form']} |"
    if row["failure"] or math.isnan(row["seconds"]):
        return f"{start} | | | | {row['failure'] or 'not done'} | |"
    span = f"{_short(row['ratio_low'])} to {_short(row['ratio_high'])}"
    return (
        f"{start} {row['rtol']:.0e} | {row['error']:.0e} | {_short(1e3 * row['seconds'])} |"
        f" {_short(1e3 * row['engine_seconds'])} | **{_short(row['ratio'])}** ({span}) | {_given(row)} |"
    )


def _given(row: dict[str, Any]) -> str:
    """Ratio to the engine given drawn samples and full tables, and its time [ms]."""
    if math.isnan(row.get("given_ratio", math.nan)):
        return ""
    span = f"{_short(row['given_low'])} to {_short(row['given_high'])}"
    return f"**{_short(row['given_ratio'])}** ({span}), {_short(1e3 * row['given_seconds'])} ms"


def _short(value: float) -> str:
    """Two digits, or whole if large."""
    return f"{value:.0f}" if value >= 100.0 else f"{value:.2g}"


if __name__ == "__main__":
    main()

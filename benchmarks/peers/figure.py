"""Error against cost, a panel for each workload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

_COLOURS = plt.colormaps["tab10"].colors


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw what `measure.measure` gave of each workload, on logarithmic axes.

    Parameters
    ----------
    result : dict
        As it is saved.
    path : Path
        Of the picture.
    """
    workloads = result["workloads"]
    columns = min(2, len(workloads))
    rows = -(-len(workloads) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(5.5 * columns, 4.2 * rows), squeeze=False, layout="constrained"
    )
    for panel in axes.ravel()[len(workloads) :]:
        panel.axis("off")
    names = list(
        dict.fromkeys(
            row["contender"] for one in workloads.values() for row in one["rows"] if row["threads"] == 1
        )
    )
    for panel, (name, one) in zip(axes.ravel(), workloads.items(), strict=False):
        _draw_workload(panel, name, one, names)
    handles = {line.get_label(): line for panel in axes.ravel() for line in panel.get_lines()}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_workload(panel: Any, name: str, one: dict[str, Any], names: list[str]) -> None:
    for row in one["rows"]:
        if row["curve"] and row["threads"] == 1:
            _, errors, seconds = zip(*row["curve"], strict=True)
            style = "-" if row["form"] == "plain" else "--"
            colour = _COLOURS[names.index(row["contender"]) % len(_COLOURS)]
            label = f"{row['contender']}, {row['form']}"
            panel.loglog([1e3 * s for s in seconds], errors, style, marker=".", color=colour, label=label)
    _, errors, seconds = zip(*one["curve"], strict=True)
    panel.loglog([1e3 * s for s in seconds], errors, "k-", marker="o", linewidth=2, label="leakflow")
    panel.set_title(name)
    panel.set_xlabel("time for a sample [ms]")
    panel.set_ylabel("worst relative error of an outcome")
    panel.grid(alpha=0.3)

"""Pictures of sensitivity indices: legible in grey, by hatches, line styles and numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._terminal_text import plain
from .._whole_file import write_whole
from ..errors import ArgumentError, ResultsError
from ..plot import picture, time_unit
from .indices import Indices
from .sources import Source

__all__ = ["KINDS", "plot_indices"]

Floats = NDArray[np.float64]

_HATCHES = ("", "////", "....", "xxxx")
_GREYS = ("0.35", "0.8", "0.6", "0.95")
_LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 3)), (0, (7, 3)))
_MARKERS = ("o", "s", "^", "v", "D", "x", "+", "*")
_SCATTER_POINTS = 5_000
_STRONGEST = 3


def plot_indices(
    indices: Indices,
    path: str | Path,
    *,
    kind: str = "bars",
    outcomes: Sequence[str] | None = None,
    source: Source | None = None,
) -> Path:
    """Draw indices into an image file.

    Parameters
    ----------
    indices : Indices
    path : str or path
        The picture; its suffix says the format, ``.png``, ``.svg`` or ``.pdf``.
    kind : str
        "bars": the indices of each outcome with their confidence; "heatmap": outcomes by inputs; "time":
        indices of series over time; "scatter": outcomes against their strongest inputs; "convergence":
        indices of the first samples.
    outcomes : sequence of str, optional
        By default all that have indices.
    source : Source, optional
        The samples, for "scatter".

    Raises
    ------
    ArgumentError
        No such kind or outcome.
    ResultsError
        There is nothing of that kind to draw, or the file cannot be written.
    """
    from matplotlib.figure import Figure

    if kind not in KINDS:
        raise ArgumentError("kind", f" = {kind}: must be {', '.join(KINDS)}")
    figure = Figure(layout="constrained")
    title = str(indices.attributes.get("title", ""))
    KINDS[kind](figure, indices, outcomes, source)
    whole = plain(f"{title}: {indices.method}" if title else indices.method)
    wide = max(20, int(9.0 * figure.get_size_inches()[0]))  # characters
    figure.suptitle("\n".join(textwrap.wrap(whole, wide)), parse_math=False)
    return write_whole(Path(path), picture(figure, Path(path)))


def _bars(figure: Any, indices: Indices, outcomes: Sequence[str] | None, source: Source | None) -> None:
    chosen = _chosen(indices, outcomes)
    axes = _panels(figure, len(chosen), height=0.6 + 0.32 * len(indices.inputs))
    order = _by_weight(indices)[::-1]
    names = indices.headline
    thickness = 0.8 / len(names)
    for ax, outcome in zip(axes, chosen, strict=True):
        row = indices.outcomes.index(outcome)
        for k, name in enumerate(names):
            values = indices[name][row][order]
            half = _half(indices, name)[row][order]
            bars = ax.barh(
                np.arange(len(order)) + (0.5 * (len(names) - 1) - k) * thickness, values, thickness,
                xerr=np.nan_to_num(half), color=_GREYS[k], edgecolor="black", hatch=_HATCHES[k], label=name,
                error_kw={"capsize": 2.5, "linewidth": 1.0},
            )  # fmt: skip
            for cap in bars.errorbar.lines[1]:
                cap.set_color("black")
        ax.set_yticks(np.arange(len(order)), [indices.inputs[j] for j in order], parse_math=False)
        ax.set_title(outcome, fontsize="medium", parse_math=False)
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.grid(axis="x", alpha=0.3)
    axes[0].legend(fontsize="small", loc="lower right")


def _heatmap(figure: Any, indices: Indices, outcomes: Sequence[str] | None, source: Source | None) -> None:
    chosen = _chosen(indices, outcomes)
    order, name = _by_weight(indices), indices.headline[0]
    values = indices[name][[indices.outcomes.index(outcome) for outcome in chosen]][:, order]
    figure.set_size_inches(2.5 + 0.9 * len(order), 1.6 + 0.4 * len(chosen))
    ax = figure.subplots()
    shade = np.abs(values)
    if name == "mu_star":  # in the outcome's own unit: each row by its largest
        with np.errstate(invalid="ignore", divide="ignore"):
            shade = shade / np.nanmax(np.nan_to_num(shade), axis=1, keepdims=True)
    image = ax.imshow(np.ma.masked_invalid(shade), cmap="Greys", vmin=0.0, vmax=1.0, aspect="auto")
    for (o, j), value in np.ndenumerate(values):
        text = f"{value:.2g}" if name == "mu_star" else f"{value:.2f}"
        text = text if np.isfinite(value) else "-"
        dark = np.isfinite(shade[o, j]) and shade[o, j] > 0.6
        ax.text(j, o, text, ha="center", va="center", color="white" if dark else "black", fontsize="small")
    ax.set_xticks(np.arange(len(order)), [indices.inputs[j] for j in order], rotation=35, ha="right")
    ax.set_yticks(np.arange(len(chosen)), chosen)
    figure.colorbar(image, label=name if name != "mu_star" else "mu_star over the row's largest")


def _time(figure: Any, indices: Indices, outcomes: Sequence[str] | None, source: Source | None) -> None:
    key = f"{indices.headline[0]}_series"
    if key not in indices:
        raise ResultsError("there are no indices over time: the sweep keeps no series (outcomes.series)")
    known = indices.coordinates["series"]
    chosen = _known(outcomes, known) if outcomes is not None else list(known)
    times = np.asarray(indices.coordinates["time"])
    scale, unit = time_unit(float(times.max(initial=0.0)))
    shown_times = times / scale
    axes = _panels(figure, len(chosen), height=2.6)
    half = indices[f"{key.replace('_series', '_conf_series')}"] if _has_conf(indices, key) else None
    for ax, name in zip(axes, chosen, strict=True):
        row = known.index(name)
        for j, label in enumerate(indices.inputs):
            values = indices[key][row, :, j]
            style = {"linestyle": _LINES[j % len(_LINES)], "marker": _MARKERS[j % len(_MARKERS)]}
            (line,) = ax.plot(
                shown_times,
                values,
                label=label,
                markevery=max(len(shown_times) // 8, 1),
                markersize=4.0,
                **style,
            )
            if half is not None:
                ax.fill_between(
                    shown_times, values - half[row, :, j], values + half[row, :, j],
                    color=line.get_color(), alpha=0.15, linewidth=0.0,
                )  # fmt: skip
        ax.set_title(name, fontsize="medium", parse_math=False)
        ax.set_ylabel(indices.headline[0])
        ax.set_xlabel(f"time [{unit}]")
        ax.grid(alpha=0.3)
    _legend_beside(figure, axes[0])


def _scatter(figure: Any, indices: Indices, outcomes: Sequence[str] | None, source: Source | None) -> None:
    from .groups import Column, row_values

    if source is None:
        raise ResultsError("a scatter needs the samples: name the results file, not one with indices alone")
    stored = [name for name, q in source.quantities.items() if q.role == "input" and not q.times]
    chosen = [name for name in _chosen(indices, outcomes) if name in source.quantities][:6]
    if not chosen or not stored:
        raise ResultsError("there are no outcomes and inputs whose samples could be shown")
    status, x, y = row_values(source, stored, [Column(name) for name in chosen])
    taken = np.linspace(0, len(x) - 1, min(len(x), _SCATTER_POINTS)).astype(int)
    failed = np.flatnonzero(status != 0)[:_SCATTER_POINTS]
    columns = min(_STRONGEST, len(stored))
    figure.set_size_inches(2.8 * columns + 0.6, 2.3 * len(chosen) + 0.5)
    grid = figure.subplots(len(chosen), columns, squeeze=False, sharey="row")
    for o, outcome in enumerate(chosen):
        strongest = _strongest(indices, outcome, stored)[:columns]
        for k, name in enumerate(strongest):
            ax, j = grid[o, k], stored.index(name)
            ax.plot(x[taken, j], y[taken, o], ".", color="0.3", markersize=2.0, alpha=0.6, rasterized=True)
            if failed.size:
                ax.plot(
                    x[failed, j], np.full(failed.size, 0.03), "kx", markersize=4.0,
                    transform=ax.get_xaxis_transform(), label="failed",
                )  # fmt: skip
            ax.set_xlabel(_labelled(source, name), parse_math=False)
            ax.grid(alpha=0.3)
        for ax in grid[o, len(strongest) :]:
            ax.set_axis_off()
        grid[o, 0].set_ylabel(_labelled(source, outcome), parse_math=False)
    if failed.size:
        grid[0, 0].legend(fontsize="small")


def _convergence(
    figure: Any, indices: Indices, outcomes: Sequence[str] | None, source: Source | None
) -> None:
    name = indices.headline[0]
    if f"{name}_at" not in indices:
        raise ResultsError("there are no indices of parts of the samples: too few, or not of this method")
    sizes = np.asarray(indices.coordinates["size"])
    chosen = _chosen(indices, outcomes)
    axes = _panels(figure, len(chosen), height=2.4)
    for ax, outcome in zip(axes, chosen, strict=True):
        row = indices.outcomes.index(outcome)
        for j, label in enumerate(indices.inputs):
            half = indices[f"{name}_conf_at"][:, row, j] if f"{name}_conf_at" in indices else None
            ax.errorbar(
                sizes * 1.03 ** (j - 0.5 * len(indices.inputs)), indices[f"{name}_at"][:, row, j], yerr=half,
                linestyle=_LINES[j % len(_LINES)], marker=_MARKERS[j % len(_MARKERS)], markersize=4.0,
                capsize=2.0, label=label,
            )  # fmt: skip
        ax.set_xscale("log", base=2)
        ax.set_title(outcome, fontsize="medium", parse_math=False)
        ax.set_ylabel(name)
        ax.set_xlabel("base points" if int(indices.attributes["rows_per_group"]) > 1 else "samples")
        ax.grid(alpha=0.3)
    _legend_beside(figure, axes[0])


KINDS: dict[str, Callable[[Any, Indices, Sequence[str] | None, Source | None], None]] = {
    "bars": _bars,
    "heatmap": _heatmap,
    "time": _time,
    "scatter": _scatter,
    "convergence": _convergence,
}


def _panels(figure: Any, count: int, height: float) -> list[Any]:
    columns = 1 if count == 1 else 2 if count < 9 else 3
    rows = -(-count // columns)
    figure.set_size_inches(4.6 * columns if columns > 1 else 6.5, height * rows + 0.8)
    axes: list[Any] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for ax in axes[count:]:
        ax.set_axis_off()
    return axes[:count]


def _legend_beside(figure: Any, ax: Any) -> None:
    """Put the names of the lines beside the panels, where they hide none of them."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width + 1.8, max(height, 3.6))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right center", fontsize="small")


def _chosen(indices: Indices, outcomes: Sequence[str] | None) -> list[str]:
    """Return the outcomes to draw: those named, or those that have indices."""
    if outcomes is not None:
        return _known(outcomes, indices.outcomes)
    chosen = [name for name in indices.outcomes if indices.state(name) == "ok"]
    if not chosen:
        raise ResultsError("no outcome has indices")
    return chosen


def _known(outcomes: Sequence[str], known: Sequence[str]) -> list[str]:
    for name in outcomes:
        if name not in known:
            raise ArgumentError("outcomes", f" = {name}: there are {', '.join(known)}")
    return list(outcomes)


def _by_weight(indices: Indices) -> list[int]:
    """Return the inputs, those that matter most to any outcome first."""
    values = np.abs(np.nan_to_num(indices[indices.headline[0]]))
    largest = values.max(axis=1, keepdims=True)
    shares = values / np.where(largest > 0.0, largest, 1.0)
    order: list[int] = np.argsort(-shares.mean(axis=0), kind="stable").tolist()
    return order


def _strongest(indices: Indices, outcome: str, stored: Sequence[str]) -> list[str]:
    """Return the stored inputs, the strongest first; those of a group have its rank."""
    of = indices.of(indices.headline[0], outcome)
    weight = {name: abs(value) if np.isfinite(value) else 0.0 for name, value in of.items()}
    return sorted(stored, key=lambda name: -weight.get(name, 0.0))


def _half(indices: Indices, name: str) -> Floats:
    key = f"{name}_conf"
    return indices[key] if key in indices else np.zeros_like(indices[name])


def _has_conf(indices: Indices, key: str) -> bool:
    return key.replace("_series", "_conf_series") in indices


def _labelled(source: Source, name: str) -> str:
    units = source.quantities[name].units
    return f"{name} [{units}]" if units not in ("", "1") else name

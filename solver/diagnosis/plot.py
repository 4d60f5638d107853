"""Pictures of an answer: evidences, the record with predictive bands, posteriors; they read in grey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._terminal_text import plain
from .._whole_file import write_whole
from ..plot import picture, time_unit
from ..units import convert
from .diagnose import DECISIVE, Answer, Explanation, interval

__all__ = ["plot_answer"]

_HATCHES = ("", "//", "\\\\", "..", "xx", "--")
_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MOST_SHOWN = 4


def plot_answer(answer: Answer, path: Path) -> Path:
    """Draw the evidences, the record with predictions, and the posterior of the best hypothesis.

    Parameters
    ----------
    answer : Answer
    path : Path
        Its suffix says the format, ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ResultsError
        The file cannot be written; one line.
    """
    from matplotlib.figure import Figure

    best = answer.explanations[int(np.argmax(answer.log_evidences))]
    figure = Figure(figsize=(8.0, 11.0), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.3, 1.0))  # type: ignore[misc]
    bars, record = upper.subplots(2, 1, height_ratios=(1.0, 2.0))
    upper.suptitle(plain(answer.case.title), parse_math=False, wrap=True, fontsize=10)
    _draw_evidence(bars, answer)
    _draw_record(record, answer)
    _draw_corner(lower, best)
    return write_whole(path, picture(figure, path))


def _draw_evidence(axes: Any, answer: Answer) -> None:
    """Draw ln B to the best; what is cut off at the left is told in figures."""
    behind = answer.log_evidences - answer.log_evidences.max()
    least = -4.0 * DECISIVE
    for i, one in enumerate(answer.explanations):
        axes.barh(
            i, max(behind[i], least), xerr=one.sampled.error, color=str(0.35 + 0.1 * (i % 5)),
            hatch=_HATCHES[i % len(_HATCHES)], edgecolor="black",
        )  # fmt: skip
        text = axes.annotate(f" {behind[i]:.1f} ", (max(behind[i], least), i), va="center", fontsize=8)
        cut = behind[i] < least
        text.set(ha="left" if cut else "right", backgroundcolor="white" if cut else "none")
    axes.axvline(-DECISIVE, color="black", linestyle=":", label="20 to 1")
    axes.set_yticks(range(len(behind)), [plain(one.rival.name) for one in answer.explanations], fontsize=8)
    axes.set_xlim(least * 1.15, 1.0)
    axes.invert_yaxis()
    axes.set_xlabel("ln Bayes factor to the best")
    axes.legend(fontsize=8, loc="upper left")


def _draw_record(axes: Any, answer: Answer) -> None:
    """Draw the bands of the most probable hypotheses over the readings of the first volume."""
    order = np.argsort(-answer.log_evidences, kind="stable")[:_MOST_SHOWN]
    volume = next(iter(answer.explanations[0].bands))
    scale, unit = time_unit(float(answer.explanations[0].times.max()))
    for rank, i in enumerate(order):
        one = answer.explanations[int(i)]
        pressures = np.asarray(convert(one.bands[volume], "pressure", "mmHg"))
        kept = ~np.isnan(pressures).any(axis=1)  # a run that fails on the way has no course
        if not kept.any():
            continue
        low, middle, high = np.quantile(pressures[kept], [0.05, 0.5, 0.95], axis=0)
        times = one.times / scale
        grey = str(0.15 + 0.18 * rank)
        axes.plot(times, middle, color=grey, linestyle=_LINES[rank], label=plain(one.rival.name))
        axes.fill_between(times, low, high, color=grey, alpha=0.18, linewidth=0)
    points = [] if answer.case.record is None else answer.case.record.points
    there = [point for point in points if point.volume == volume and point.species is None]
    if there:
        axes.errorbar(
            [point.time / scale for point in there],
            [float(convert(point.pressure, "pressure", "mmHg")) for point in there],
            xerr=[point.time_uncertainty / scale for point in there],
            yerr=[float(convert(point.uncertainty, "pressure", "mmHg")) for point in there],
            fmt="ko", capsize=3, label="record",
        )  # fmt: skip
    axes.set_xlabel(f"time [{unit}]")
    axes.set_ylabel(f"pressure of {plain(volume)} [mmHg]")
    axes.legend(fontsize=8, title="median and 90 %", title_fontsize=8)


def _draw_corner(figure: Any, one: Explanation) -> None:
    """Draw the posterior of one hypothesis: histograms on the diagonal, pairs below it."""
    names = list(one.inputs)[:_MOST_SHOWN]
    count = len(names)
    figure.suptitle(plain(f"posterior of {one.rival.name}"), fontsize=10)
    if not count:
        return
    grid = figure.subplots(count, count, squeeze=False)
    for row in range(count):
        for column in range(count):
            axes = grid[row][column]
            axes.tick_params(labelsize=6)
            x = one.inputs[names[column]]
            if column > row:
                axes.set_visible(False)
            elif column == row:
                axes.hist(x, bins=25, color="0.6", edgecolor="black", linewidth=0.3)
                for edge in interval(x, 0.9):
                    axes.axvline(edge, color="black", linestyle=":")
                axes.set_yticks([])
            else:
                axes.plot(x, one.inputs[names[row]], "k.", markersize=1, alpha=0.4)
            if row == count - 1:
                axes.set_xlabel(plain(names[column]), fontsize=7)
            if column == 0 and row > 0:
                axes.set_ylabel(plain(names[row]), fontsize=7)

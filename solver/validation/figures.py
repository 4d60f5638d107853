"""The figures of the report: small pictures, each from the numbers of the same run."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from .report import Check, Event, Prediction

__all__ = ["draw_figures"]

_DPI = 90


def draw_figures(tables: Sequence[Check], events: Sequence[Event]) -> dict[str, tuple[str, bytes]]:
    """Draw all figures.

    Parameters
    ----------
    tables : sequence of Check
        In percent.
    events : sequence of Event

    Returns
    -------
    dict of str to (str, bytes)
        What each file shows and what is to stand in it, by its name.
    """
    curves = [event for event in events if "median" in event.picture]
    rows = [row for event in events for row in event.picture.get("rows", ())]
    judged = [
        (event, prediction) for event in events for prediction in event.predictions
        if prediction.is_test and prediction.observed is not None and prediction.observed[0] > 0.0
    ]  # fmt: skip
    return {
        "tables.png": (
            "Largest error of each comparison with a table, and its bound", _png(_draw_tables(tables))
        ),
        "curves.png": (
            "Pressures of the events, 5 to 95 % and median, with what was observed",
            _png(_draw_curves(curves)),
        ),
        "predictions.png": (
            "Predicted interval over what was observed", _png(_draw_predictions(judged))
        ),
        "totals.png": (
            "Station totals and the opening of one equivalent crack", _png(_draw_totals(rows))
        ),
    }  # fmt: skip


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _png(figure: Any) -> bytes:
    picture = io.BytesIO()
    # without a date and a version in it the same numbers give the same file
    figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})
    return picture.getvalue()


def _draw_tables(checks: Sequence[Check]) -> Any:
    figure = _figure(7.5, 0.24 * len(checks) + 0.8)
    axes = figure.subplots()
    for place, check in enumerate(checks):
        error, bound = check.errors["largest"]
        axes.plot(max(error, 1e-6), place, "o", color="C0" if check.holds else "C3", markersize=5)
        if bound:
            axes.plot(max(float(bound), 1e-6), place, "|", color="black", markersize=11)
    axes.set_yticks(range(len(checks)), [check.name for check in checks], fontsize=7)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("largest error [%]; bars: bounds; below 1e-6 drawn there")
    axes.grid(axis="x", alpha=0.3)
    return figure


def _draw_curves(events: Sequence[Event]) -> Any:
    columns = 2
    lines = max(1, -(-len(events) // columns))
    figure = _figure(8.0, 2.4 * lines)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for axes, event in zip(grid, events, strict=False):
        _draw_band(axes, event.picture, "C0")
        if "second" in event.picture:
            _draw_band(axes, event.picture["second"], "C1")
        for time, pressure, dt, dp in event.picture["points"]:
            axes.errorbar(time, pressure, xerr=dt, yerr=dp, fmt="o", color="black", markersize=4, capsize=2)
        axes.set_title(event.title.partition(":")[0], fontsize=8)
        axes.set_xlabel(event.picture["unit"], fontsize=7)
        axes.set_ylabel("mmHg", fontsize=7)
        axes.tick_params(labelsize=7)
        axes.set_xlim(0.0, event.picture.get("until", event.picture["times"][-1]))
        axes.grid(alpha=0.3)
    for axes in grid[len(events) :]:
        axes.set_visible(False)
    return figure


def _draw_band(axes: Any, picture: dict[str, Any], colour: str) -> None:
    axes.fill_between(
        picture["times"], picture["low"], picture["high"], color=colour, alpha=0.25, linewidth=0
    )
    axes.plot(picture["times"], picture["median"], color=colour)


def _draw_predictions(judged: Sequence[tuple[Event, Prediction]]) -> Any:
    figure = _figure(8.0, 0.36 * len(judged) + 0.9)
    axes = figure.subplots()
    colours = {"inside": "C0", "in part": "C1", "MISS": "C3"}
    for place, (_, prediction) in enumerate(judged):
        assert prediction.observed is not None  # chosen by the caller
        centre = float(np.sqrt(prediction.observed[0] * prediction.observed[1]))
        low, median, high = (value / centre for value in prediction.predicted)
        axes.plot([low, high], [place, place], color=colours[prediction.verdict], linewidth=4, alpha=0.6)
        axes.plot(median, place, "o", color=colours[prediction.verdict], markersize=5)
        axes.plot([o / centre for o in prediction.observed], [place, place], "k|-", markersize=9, linewidth=1)
    labels = [
        f"{event.title.partition(':')[0]}\n{textwrap.shorten(prediction.what.partition(';')[0], 58)}"
        for event, prediction in judged
    ]
    axes.set_yticks(range(len(judged)), labels, fontsize=6)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("predicted over observed; blue inside, orange in part, red a miss")
    axes.grid(axis="x", alpha=0.3)
    return figure


def _draw_totals(rows: Sequence[tuple[Any, ...]]) -> Any:
    figure = _figure(7.5, 3.2)
    left, right = figure.subplots(1, 2, sharey=True)
    labels = [f"{row[1]} ({row[0]})" for row in rows]
    left.barh(range(len(rows)), [row[2] for row in rows], color="C0")
    right.plot([row[7] for row in rows], range(len(rows)), "o", color="C1")
    left.set_yticks(range(len(rows)), labels, fontsize=7)
    left.invert_yaxis()
    left.set_xlabel("kg/day", fontsize=8)
    right.set_xlabel("opening of one crack of 10 mm by 3 mm [um]", fontsize=8)
    for axes in (left, right):
        axes.tick_params(axis="x", labelsize=7)
        axes.grid(axis="x", alpha=0.3)
    return figure

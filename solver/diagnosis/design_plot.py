"""Pictures of a plan: what each test tells as it goes on, and what the best one would look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .._terminal_text import plain
from .._whole_file import write_whole
from ..plot import picture, time_unit
from ..units import convert
from .design import Plan

__all__ = ["plot_plan"]

_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_MARKS = "osv^D<>"
# more curves than these cannot be told apart; the best are drawn
_MOST_CURVES = 7


def plot_plan(plan: Plan, path: Path) -> Path:
    """Draw information gain and chance of a decisive answer over hours, and the pressures of the best test.

    Parameters
    ----------
    plan : Plan
    path : Path
        Its suffix says the format, ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ResultsError
        The file cannot be written; one line.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 11.0), layout="constrained")
    above, middle, below = figure.subplots(3, 1)
    figure.suptitle(plain(plan.case.title), parse_math=False, wrap=True, fontsize=10)
    _draw_tests(above, middle, plan)
    _draw_best(below, plan)
    return write_whole(path, picture(figure, path))


def _draw_tests(gains: Any, chances: Any, plan: Plan) -> None:
    run = [test for test in plan.tests if test.told is not None]
    run.sort(key=lambda test: -float(test.told.gain[-1]) if test.told is not None else 0.0)
    scale, unit = time_unit(max((float(test.candidate.hours[-1]) for test in run), default=1.0) * 3600.0)
    for i, test in enumerate(run[:_MOST_CURVES]):
        assert test.told is not None
        style: dict[str, Any] = {
            "color": str(0.1 + 0.09 * i), "linestyle": _LINES[i % len(_LINES)], "marker": _MARKS[i],
            "markersize": 3, "label": plain(test.candidate.name),
        }  # fmt: skip
        times = test.candidate.hours * 3600.0 / scale
        gains.errorbar(times, test.told.gain, yerr=test.told.error, elinewidth=0.6, **style)
        chances.plot(times, test.told.decisive, **style)
    if run and run[0].told is not None:
        gains.axhline(run[0].told.entropy, color="black", linewidth=0.8, linestyle=":", label="all there is")
    gains.set_ylabel("information gain [nats]")
    chances.axhline(plan.design.chance, color="black", linewidth=0.8, linestyle=":", label="wanted")
    chances.set_ylabel(f"chance that p of the truth >= {plan.design.certainty:g}")
    chances.set_ylim(-0.02, 1.02)
    for axes in (gains, chances):
        axes.set_xlabel(f"length of the test [{unit}]")
        axes.legend(fontsize=7)


def _draw_best(axes: Any, plan: Plan) -> None:
    """Draw what each hypothesis would show in the best test: median and 90 %."""
    best = plan.best
    if best is None or best.bands is None:
        axes.set_visible(False)
        return
    scale, unit = time_unit(float(best.candidate.hours[-1]) * 3600.0)
    times = best.candidate.hours * 3600.0 / scale
    for i, (one, bands) in enumerate(zip(plan.prospects, best.bands, strict=True)):
        low, middle, high = np.asarray(convert(bands, "pressure", "mmHg"))
        grey = str(0.15 + 0.18 * (i % 4))
        name = f"{plain(one.rival.name)} ({one.probability:.2f})"
        axes.plot(times, middle, color=grey, linestyle=_LINES[i % len(_LINES)], label=name)
        axes.fill_between(times, low, high, color=grey, alpha=0.2, linewidth=0)
    axes.set_xlabel(f"time from the start of {plain(best.candidate.name)} [{unit}]")
    axes.set_ylabel(f"pressure of {plain(best.candidate.volume)} [mmHg]")
    axes.legend(fontsize=8, title="median and 90 %", title_fontsize=8)

"""Pictures of a forecast: for each option the bands of the pressure; they read in grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .._forecast_section import Forecast
from .._terminal_text import plain
from .._whole_file import write_whole
from ..plot import picture, time_unit
from ..units import convert
from .forecast import Outlook
from .forecast_figures import MIXTURE, Figure, draws_of, quantiles

__all__ = ["plot_outlook"]

_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLUMNS = 2


def plot_outlook(outlook: Outlook, path: Path) -> Path:
    """Draw the pressure of the first volume under each option, over all hypotheses by their probability.

    Parameters
    ----------
    outlook : Outlook
    path : Path
        Its suffix says the format, ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ResultsError
        The file cannot be written; one line.
    """
    from matplotlib.figure import Figure as Sheet

    options = list(outlook.options)
    rows = -(-len(options) // _COLUMNS)
    sheet = Sheet(figsize=(8.0, 1.2 + 2.4 * rows), layout="constrained")
    sheet.suptitle(plain(outlook.case.title), parse_math=False, wrap=True, fontsize=10)
    grid = sheet.subplots(rows, _COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
    scale, unit = time_unit(float(outlook.times[-1]))
    volume = outlook.volumes[0]
    for axes, option in zip(grid, options, strict=False):
        bands = np.array([_band(outlook, option, volume, place) for place in range(outlook.times.size)]).T
        low, left, middle, right, high = np.asarray(convert(bands, "pressure", "mmHg"))
        times = outlook.times / scale
        axes.fill_between(times, low, high, color="0.8", linewidth=0, label="90 %")
        axes.fill_between(times, left, right, color="0.6", linewidth=0, label="50 %")
        axes.plot(times, middle, color="black", label="median")
        for limit in (outlook.case.forecast or Forecast()).limits:
            if limit.volume == volume:
                level = float(convert(limit.below or limit.above or 0.0, "pressure", "mmHg"))
                axes.axhline(level, color="black", linestyle=":")
        axes.set_title(plain(option), fontsize=9)
    for axes in grid[len(options) :]:
        axes.set_visible(False)
    grid[0].legend(fontsize=7)
    sheet.supxlabel(f"after the last reading [{unit}]", fontsize=9)
    sheet.supylabel(plain(f"pressure of {volume} [mmHg]"), fontsize=9)
    return write_whole(path, picture(sheet, path))


def _band(outlook: Outlook, option: str, volume: str, place: int) -> list[float]:
    figure = Figure("pressure", "Pa", True, lambda one: one.pressures[volume][:, place])
    return quantiles(*draws_of(outlook, option, MIXTURE, figure), _LEVELS)

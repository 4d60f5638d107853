"""Pictures of a run: pressures and flows over time, with the measured record over them."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ._terminal_text import plain
from ._whole_file import write_whole
from .errors import ResultsError
from .run import Run
from .units import convert

__all__ = ["picture", "plot_run", "time_unit"]

_DAY = 86400.0


def plot_run(run: Run, path: str | Path) -> Path:
    """Draw the pressures and the flows of a run into an image file.

    Parameters
    ----------
    run : Run
    path : str or path
        The picture; its suffix says the format, ``.png``, ``.svg`` or ``.pdf``.

    Raises
    ------
    ResultsError
        The file cannot be written, or its suffix is no known format; one line.
    """
    from matplotlib.figure import Figure

    path = Path(path)
    figure = Figure(figsize=(7.0, 6.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    scale, unit = time_unit(float(np.max(run.times)))
    figure.suptitle(plain(run.case.title), parse_math=False)
    _draw_pressures(above, run, scale)
    _draw_flows(below, run, scale)
    below.set_xlabel(f"time [{unit}]")
    return write_whole(path, picture(figure, path))


def picture(figure: Any, path: Path) -> bytes:
    """Draw the figure into the bytes of a file of that suffix."""
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
            figure.savefig(buffer, format=path.suffix.removeprefix(".").lower() or "none", dpi=150)
    except ValueError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ResultsError(f"{path}: {reason}") from None
    return buffer.getvalue()


def _draw_pressures(axes: Any, run: Run, scale: float) -> None:
    for place, (name, volume) in enumerate(run.case.volumes.items()):
        if volume.kind != "boundary":
            style = "-" if volume.kind == "integrated" else "--"
            axes.plot(
                run.times / scale,
                convert(run.pressures[name], "pressure", "mmHg"),
                style,
                color=f"C{place}",
                label=name,
            )
    places = list(run.case.volumes)
    points = run.case.record.points if run.case.record is not None else []
    for i, point in enumerate(point for point in points if point.species is None):
        pressure, uncertainty = (convert(p, "pressure", "mmHg") for p in (point.pressure, point.uncertainty))
        axes.errorbar(
            point.time / scale, pressure,
            xerr=2.0 * point.time_uncertainty / scale, yerr=2.0 * uncertainty,
            fmt="o", color=f"C{places.index(point.volume)}", markeredgecolor="black", capsize=3.0,
            label="measured, two standard deviations" if i == 0 else None,
        )  # fmt: skip
    axes.set_ylabel("pressure [mmHg]")
    axes.set_ylim(bottom=0.0)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def _draw_flows(axes: Any, run: Run, scale: float) -> None:
    for place, (name, flow) in enumerate(run.flows.items()):
        path = run.case.paths[name]
        label = f"{name}: {path.from_} to {path.to}"
        axes.plot(run.times / scale, convert(flow, "mass_flow", "kg/day"), color=f"C{place + 4}", label=label)
    axes.set_ylabel("mass flow [kg/day]")
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def time_unit(duration: float) -> tuple[float, str]:
    """Return in what a time axis of that length [s] is marked, in seconds, and its name."""
    for scale, unit in ((_DAY, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if duration >= 2.0 * scale:
            return scale, unit
    return 1.0, "s"

"""The gauges of a record: each pressure, or partial pressure, of a volume is read off one of its own."""

from __future__ import annotations

from typing import NamedTuple

from .._column import label
from .._diagnosis_section import Diagnosis
from ..case import Case

__all__ = ["ErrorInput", "Gauge", "error_inputs", "gauge_of"]


class Gauge(NamedTuple):
    """How one instrument errs: its step, Pa, and standard deviations of its offset, Pa, and drift, Pa/s."""

    resolution: float
    offset: float
    drift: float


class ErrorInput(NamedTuple):
    """An input that the instruments of a record add to those of the case.

    Attributes
    ----------
    name, units : str
    kind : str
        ``"offset"``, ``"drift"`` or ``"start_offset"``.
    sd : float
        Standard deviation of its normal prior.
    volume, species : str or None
        Whose gauge it is; None of the start, which all share, and of a pressure that is no partial one.
    """

    name: str
    units: str
    kind: str
    sd: float
    volume: str | None = None
    species: str | None = None


def gauge_of(section: Diagnosis, volume: str, species: str | None = None) -> Gauge:
    """Return what is known of the gauge of a volume: what the case says of it, else what it says of all."""
    common = Gauge(section.resolution, section.gauge_offset, section.gauge_drift)
    for own in section.gauges:
        if (own.volume, own.species) == (volume, species):
            given = own.resolution, own.offset, own.drift
            return Gauge(*(c if g is None else g for g, c in zip(given, common, strict=True)))
    return common


def error_inputs(case: Case) -> list[ErrorInput]:
    """List the errors of the gauges that are inputs: offsets, drifts, then the shift of all times.

    They bear the name of their gauge if there is more than one.
    """
    section = case.diagnosis or Diagnosis()
    points = case.record.points if case.record is not None else []
    gauges: dict[tuple[str, str | None], None] = {(point.volume, point.species): None for point in points}
    told = [item.volume for item in section.stable] + [item.volume for item in section.limits]
    gauges |= {(volume, None): None for volume in told}
    found = []
    for kind, units in (("offset", "Pa"), ("drift", "Pa s-1")):
        for volume, species in gauges:
            own = "" if len(gauges) == 1 else f"_{label(volume)}" + (f"_{species}" if species else "")
            sd = float(getattr(gauge_of(section, volume, species), kind))
            found.append(ErrorInput(f"gauge_{kind}{own}", units, kind, sd, volume, species))
    found.append(ErrorInput("start_offset", "s", "start_offset", section.start_offset))
    return [one for one in found if one.sd > 0.0]

"""The sections of a case that a diagnosis reads: how the record was made, and what could have made it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ._sections import Section, SpeciesName, Time, Whole
from .errors import Fault, FaultsError
from .numbers import Quantity

__all__ = ["Diagnosis", "GaugeOf", "Hypothesis", "Limit", "Stable"]

_Pressure = Annotated[float, Quantity("pressure", above=0.0, fixed=True)]
_Spread = Annotated[float, Quantity("pressure", minimum=0.0, fixed=True)]


class Stable(Section):
    """A pressure of which was only told that it did not change, such as "stable over the night"."""

    volume: str = Field(description="The volume it was told of.")
    start: Time = Field(description="From when, from the start of the run.")
    end: Time = Field(description="Until when.")
    within: _Pressure = Field(description="Largest change that would still have been told so.")
    uncertainty: _Pressure = Field(description="Standard deviation of the change that was seen.")

    @model_validator(mode="after")
    def _ordered(self) -> Stable:
        if self.end <= self.start:
            raise FaultsError([Fault(("end",), "must be after start", self.end)])
        return self


class Limit(Section):
    """A pressure of which was only told on which side of a limit it was."""

    volume: str = Field(description="The volume it was told of.")
    time: Time = Field(description="When, from the start of the run.")
    below: _Pressure | None = Field(None, description="It was below this.")
    above: _Pressure | None = Field(None, description="It was above this.")
    uncertainty: _Pressure = Field(description="Standard deviation of the pressure that was seen.")

    @model_validator(mode="after")
    def _one_side(self) -> Limit:
        if (self.below is None) == (self.above is None):
            raise FaultsError([Fault((), "must have either below or above")])
        return self


class GaugeOf(Section):
    """What differs from gauge to gauge: how the pressure of one volume, or one partial pressure, was read."""

    volume: str = Field(description="The volume it reads.")
    species: SpeciesName | None = Field(
        None, description="The species whose partial pressure it reads; the pressure if left out."
    )
    resolution: _Spread | None = Field(None, description="Step of this gauge; as of [diagnosis] if left out.")
    offset: _Spread | None = Field(
        None, description="Standard deviation of its offset; gauge_offset of [diagnosis] if left out."
    )
    drift: Annotated[float | None, Quantity("pressure_rate", minimum=0.0, fixed=True)] = Field(
        None, description="Standard deviation of its drift; gauge_drift of [diagnosis] if left out."
    )


class Diagnosis(Section):
    """How the record was made: what a likelihood has to know beyond its points."""

    resolution: _Spread = Field(
        0.0, description="Step of the gauge: readings are rounded to the nearest multiple; 0 for none."
    )
    gauge_offset: _Spread = Field(
        0.0, description="Standard deviation of an offset that all readings of a gauge share; 0 for none."
    )
    gauge_drift: Annotated[float, Quantity("pressure_rate", minimum=0.0, fixed=True)] = Field(
        0.0, description="Standard deviation of a drift of the gauge, from the start on; 0 for none."
    )
    gauges: list[GaugeOf] = Field(
        default_factory=list, max_length=100, description="Gauges that err otherwise than the rest."
    )
    temperature_error: Annotated[float, Quantity("temperature_difference", minimum=0.0, fixed=True)] = Field(
        0.0,
        description="Standard deviation of the record's temperatures, which then are readings too; 0 if "
        "they are no data.",
    )
    start_offset: Annotated[float, Quantity("time", minimum=0.0, fixed=True)] = Field(
        0.0,
        description="Standard deviation of a shift that all times of the record share, as where its start is "
        "uncertain; 0 for none.",
    )
    time_law: Literal["normal", "uniform"] = Field(
        "normal",
        description="What time_uncertainty of a point is: the standard deviation of a normal law, or the "
        "half width of a uniform one.",
    )
    live: Annotated[int, Whole(50, 100_000)] = Field(
        500, description="Live points of the nested sampling: the more, the surer the evidence."
    )
    stable: list[Stable] = Field(
        default_factory=list, max_length=100, description="Pressures told to be stable."
    )
    limits: list[Limit] = Field(
        default_factory=list, max_length=1000, description="Pressures told to be below or above a limit."
    )


class Hypothesis(Section):
    """One explanation of the record, as changes to the case."""

    title: str = Field("", description="What it says, in words.")
    prior: Annotated[float, Quantity("dimensionless", above=0.0, fixed=True)] = Field(
        1.0, description="Prior probability, in the ratio of those of the others."
    )
    changes: dict[str, Any] = Field(
        default_factory=dict,
        max_length=100,
        description='Keys of the case that it sets otherwise, as "volumes.tunnel.volume".',
    )

    @model_validator(mode="after")
    def _plain(self) -> Hypothesis:
        # the case is written into results as JSON
        try:
            json.dumps(self.changes, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            text = "must hold numbers, text, lists and tables only; write a date as text"
            raise FaultsError([Fault(("changes",), text)]) from None
        return self

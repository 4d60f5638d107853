"""The sections of a case that a forecast reads: how far it goes, and what operators could do."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from ._schedule import Event
from ._sections import TEMPERATURE, Composition, Name, Section
from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity, parse_fixed

__all__ = ["Forecast", "Hold", "Option", "Patch", "TopUp", "WatchedLimit", "until_of"]

_PRESSURE = Quantity("pressure", above=0.0)
_PressureFixed = Annotated[float, Quantity("pressure", above=0.0, fixed=True)]
_After = Annotated[float, Quantity("time", minimum=0.0, fixed=True)]
_TIME = Quantity("time", above=0.0, fixed=True)
_MINUTES = 600.0


def until_of(value: object) -> float | str:
    """Read how far a forecast goes: seconds after the last reading, or a calendar date as ISO text.

    Raises
    ------
    FaultsError
        It is neither a time above 0 nor a date.
    """
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return datetime.datetime.fromisoformat(value.strip()).isoformat()
        except ValueError:
            pass
    try:
        return parse_fixed(value, _TIME)
    except FaultsError as error:
        text = f'{error.faults[0].text}; or a date, e.g. "2021-08-24"'
        raise FaultsError([error.faults[0]._replace(text=text)]) from None


_Until = Annotated[
    float | str,
    BeforeValidator(until_of),
    WithJsonSchema({"type": ["number", "string"], "description": "A time, or a date."}),
]


class WatchedLimit(Section):
    """A pressure of which is wanted when it is crossed."""

    name: Name | None = Field(None, description="Its name in results; made of volume and value if left out.")
    volume: str = Field(description="The volume that is watched; an integrated one.")
    below: _PressureFixed | None = Field(None, description="Crossed when the pressure falls below this.")
    above: _PressureFixed | None = Field(None, description="Crossed when the pressure rises above this.")

    @model_validator(mode="after")
    def _one_side(self) -> WatchedLimit:
        if (self.below is None) == (self.above is None):
            raise FaultsError([Fault((), "must have either below or above")])
        return self

    @property
    def label(self) -> str:
        """What it is called in results."""
        side = "below" if self.below is not None else "above"
        return self.name or f"{self.volume}_{side}_{self.below or self.above:.6g}_Pa"


class Forecast(Section):
    """How far a forecast goes beyond the record, and what is watched on the way."""

    until: _Until = Field(
        30 * 86400.0,
        description="How far: a time after the last reading, or a date if the record has a start.",
    )
    limits: list[WatchedLimit] = Field(
        default_factory=list, max_length=20, description="Pressures of which is wanted when they are crossed."
    )
    better: Literal["higher-pressure", "lower-pressure"] = Field(
        "higher-pressure", description="Which counts as better where options are compared."
    )

    @model_validator(mode="after")
    def _names_once(self) -> Forecast:
        seen: set[str] = set()
        for i, limit in enumerate(self.limits):
            if limit.label in seen:
                raise FaultsError([Fault(("limits", i), "must differ from the other limits", limit.label)])
            seen.add(limit.label)
        return self


class Hold(Section):
    """A volume is vented down to a pressure once, and make-up keeps it there."""

    volume: str = Field(description="The volume; an integrated one.")
    pressure: _PressureFixed = Field(description="Pressure that is kept.")
    gas: Composition | None = Field(None, description="What with; the case's gas if left out.")
    time_constant: Annotated[float, _TIME] = Field(
        _MINUTES, description="It gives what is missing over this time."
    )
    vent_every: Annotated[float | None, Quantity("time", above=0.0, fixed=True)] = Field(
        None, description="Vented down again after each such time, if it has risen; once only if left out."
    )


class TopUp(Section):
    """A volume is filled each time its pressure has fallen too far."""

    volume: str = Field(description="The volume; an integrated one.")
    below: Annotated[Number, _PRESSURE] = Field(
        description="It is filled when the pressure falls below this."
    )
    to: Annotated[Number, _PRESSURE] = Field(description="Up to this.")
    gas: Composition | None = Field(None, description="What with; the case's gas if left out.")
    rate: Annotated[Number | None, Quantity("mass_flow", above=0.0)] = Field(
        None, description="Mass flow while it fills; at once if left out."
    )
    temperature: Annotated[Number | None, TEMPERATURE] = Field(
        None, description="Temperature of what comes in; the case's gas's if left out."
    )


class Patch(Section):
    """A path is patched; how well is independent of what the record tells."""

    path: str = Field(description="The path that is patched.")
    efficacy: Annotated[Number, Quantity("dimensionless", minimum=0.0, maximum=1.0)] = Field(
        description="Share of the flow that it stops, 0 to 1."
    )
    ageing: Annotated[Number | None, Quantity("time", above=0.0)] = Field(
        None, description="Time in which what it holds back falls to 1/e; it holds for good if left out."
    )

    @model_validator(mode="after")
    def _can_be_mirrored(self) -> Patch:
        allowed = ("uniform", "triangular", "truncated-normal", "choice")
        if not isinstance(self.efficacy, Constant) and self.efficacy.kind not in allowed:
            text = f"must be one number, or a distribution within 0 and 1: {', '.join(allowed)}"
            raise FaultsError([Fault(("efficacy", "dist"), text, self.efficacy.kind)])
        return self


class Option(Section):
    """Something that operators could do after the last reading; without any deed nothing is done."""

    title: str = Field("", description="What it is, in words.")
    at: _After = Field(0.0, description="When it begins, after the last reading.")
    shut: str | None = Field(None, description="A valve or hatch that is shut.")
    open: str | None = Field(None, description="A valve or hatch that is opened.")
    hold: Hold | None = Field(None, description="A pressure that is held.")
    top_up: TopUp | None = Field(None, description="A volume that is filled when its pressure has fallen.")
    patch: Patch | None = Field(None, description="A path that is patched.")
    events: list[Event] = Field(
        default_factory=list,
        max_length=100,
        description="Further events, as of the schedule; their times count from when the option begins.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Option:
        for i, event in enumerate(self.events):
            if not isinstance(event.at, Constant):
                text = "must be one time, after the option begins"
                raise FaultsError([Fault(("events", i, "at"), text, event.at.kind)])
        if self.shut is not None and self.shut == self.open:
            raise FaultsError([Fault(("shut",), "must not be the one that is opened", self.shut)])
        return self

    def to_dict(self) -> dict[str, Any]:
        """Write the option as plain JSON types in SI."""
        return self.model_dump(by_alias=True, exclude_none=True)

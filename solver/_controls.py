"""The controls of a case: what acts when a pressure, its rate or a flow passes a limit."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ._sections import TEMPERATURE, Composition, Section, SpeciesName
from .errors import Fault, FaultsError
from .numbers import Number, Quantity, support

__all__ = ["CONTROLS", "CloseControl", "Control", "RepressuriseControl"]

_PRESSURE = Quantity("pressure", above=0.0)


class _Control(Section):
    delay: Annotated[Number | None, Quantity("time", minimum=0.0)] = Field(
        None, description="Time from the crossing of the limit to the action; none if left out."
    )


class RepressuriseControl(_Control):
    """A volume is filled when its pressure has fallen too far: at once, or at a rate."""

    kind: Literal["repressurise"] = Field(description="Fills a volume when its pressure falls too far.")
    volume: str = Field(description="The volume that is watched and filled; an integrated one.")
    below: Annotated[Number, _PRESSURE] = Field(description="It acts when the pressure falls below this.")
    to: Annotated[Number, _PRESSURE] = Field(description="Pressure to which it fills; above the other.")
    species: SpeciesName | None = Field(
        None, description="Watch the partial pressure of this species, which gas must be; with rate."
    )
    gas: Composition | None = Field(None, description="What with; the case's gas if left out.")
    rate: Annotated[Number | None, Quantity("mass_flow", above=0.0)] = Field(
        None, description="Mass flow while it fills; at once if left out."
    )
    temperature: Annotated[Number | None, TEMPERATURE] = Field(
        None, description="Temperature of what comes in; the case's gas's if left out."
    )

    @model_validator(mode="after")
    def _consistent(self) -> RepressuriseControl:
        faults = []
        highest, lowest = support(self.to)[1], support(self.below)[0]
        if highest <= lowest:
            faults.append(Fault(("to",), f"must be above below, {lowest:.12g} Pa", highest))
        if self.species is not None:
            if self.rate is None:
                faults.append(Fault(("rate",), "missing; a control of a partial pressure needs it"))
            if self.gas is None or any(self.gas[name] > 0.0 for name in self.gas if name != self.species):
                faults.append(Fault(("gas",), f'must be "{self.species}", whose partial pressure is watched'))
        if faults:
            raise FaultsError(faults)
        return self


class CloseControl(_Control):
    """A valve or hatch is shut, once, when a pressure falls too fast or a flow is too large."""

    kind: Literal["close"] = Field(description="Shuts a valve or hatch when a rate is exceeded; acts once.")
    path: str = Field(description="The valve or hatch that is shut.")
    volume: str | None = Field(None, description="The volume whose pressure is watched; an integrated one.")
    fall_above: Annotated[Number | None, Quantity("pressure_rate", above=0.0)] = Field(
        None, description="It acts when the pressure of volume falls faster than this."
    )
    through: str | None = Field(None, description="Or the path whose flow is watched.")
    flow_above: Annotated[Number | None, Quantity("mass_flow", above=0.0)] = Field(
        None, description="It acts when the flow of through, either way, is larger than this."
    )

    @model_validator(mode="after")
    def _one_watch(self) -> CloseControl:
        by_fall = self.volume is not None, self.fall_above is not None
        by_flow = self.through is not None, self.flow_above is not None
        if {by_fall, by_flow} != {(True, True), (False, False)}:
            raise FaultsError(
                [Fault((), "must have either volume and fall_above, or through and flow_above")]
            )
        return self


CONTROLS: dict[str, type[Section]] = {"repressurise": RepressuriseControl, "close": CloseControl}
Control = Annotated[RepressuriseControl | CloseControl, Field(discriminator="kind")]

"""The feeds of a case: what comes into a volume, or leaves it, other than by a path."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ._sections import TEMPERATURE, Composition, Section, SpeciesName
from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity, support

__all__ = ["FEEDS", "CrewFeed", "Feed", "HoldFeed", "RateFeed", "RemovalFeed"]

_MASS_FLOW = Quantity("mass_flow", minimum=0.0)
_PRESSURE = Quantity("pressure", minimum=0.0)
_GAS = "What it gives; the case's gas if left out."
_WARMTH = "Temperature of what comes in; the case's gas's if left out."
_DAY = 86400.0


class _Feed(Section):
    volume: str = Field(description="The volume that is fed; an integrated one.")


class RateFeed(_Feed):
    """Gas at a given rate."""

    kind: Literal["rate"] = Field(description="Gas at a given rate.")
    gas: Composition | None = Field(None, description=_GAS)
    rate: Annotated[Number, Quantity("mass_flow")] = Field(
        description="Mass flow into the volume; of a pure gas it may be negative, and takes gas out."
    )
    temperature: Annotated[Number | None, TEMPERATURE] = Field(None, description=_WARMTH)

    @model_validator(mode="after")
    def _takes_out_one_gas(self) -> RateFeed:
        least = support(self.rate)[0]
        if least < 0.0 and (self.gas is None or sum(share > 0.0 for share in self.gas.values()) > 1):
            text = "must be at least 0 kg/s: only a pure gas, named by gas, can be taken out"
            raise FaultsError([Fault(("rate",), text, least)])
        return self


class RemovalFeed(_Feed):
    """A filter that cleans a flow of the volume's gas of one species."""

    kind: Literal["removal"] = Field(description="A filter that takes one species out.")
    gas: SpeciesName = Field(description="The species that is taken out.")
    flow: Annotated[Number, Quantity("volume_flow", minimum=0.0)] = Field(
        description="Volume of gas that is freed of it per time."
    )


class HoldFeed(_Feed):
    """Make-up gas while a pressure, or the partial pressure of its gas, is too low."""

    kind: Literal["hold"] = Field(description="Make-up gas that holds a pressure; nothing is taken out.")
    gas: Composition | None = Field(None, description=_GAS)
    pressure: Annotated[Number | None, _PRESSURE] = Field(None, description="Pressure that is held.")
    partial_pressure: Annotated[Number | None, _PRESSURE] = Field(
        None, description="Or the partial pressure of gas, which must then be one species."
    )
    time_constant: Annotated[Number, Quantity("time", above=0.0)] = Field(
        Constant(3600.0), description="Time in which what is missing would be made good at the first rate."
    )
    at_most: Annotated[Number | None, _MASS_FLOW] = Field(None, description="Largest rate.")
    temperature: Annotated[Number | None, TEMPERATURE] = Field(None, description=_WARMTH)

    @model_validator(mode="after")
    def _one_pressure(self) -> HoldFeed:
        if (self.pressure is None) == (self.partial_pressure is None):
            raise FaultsError([Fault((), "must have either pressure or partial_pressure")])
        if self.partial_pressure is not None and self.species is None:
            text = "must be one species where its partial_pressure is held"
            raise FaultsError([Fault(("gas",), text, None if self.gas is None else self.gas)])
        return self

    @property
    def species(self) -> str | None:
        """The species whose partial pressure is held; None if the pressure is, or if gas is a mixture."""
        there = [name for name, share in (self.gas or {}).items() if share > 0.0]
        return there[0] if self.partial_pressure is not None and len(there) == 1 else None


class CrewFeed(_Feed):
    """People, who take oxygen and give carbon dioxide, water and heat.

    The defaults are those per person and day of Wieland, Designing for Human Presence in Space, NASA
    RP-1324 (1994); the water is that of respiration and perspiration.
    """

    kind: Literal["crew"] = Field(description="People, who take oxygen and give CO2, water and heat.")
    count: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(description="How many people.")
    oxygen: Annotated[Number, _MASS_FLOW] = Field(
        Constant(0.84 / _DAY), description="O2 that each takes; by default 0.84 kg/day."
    )
    carbon_dioxide: Annotated[Number, _MASS_FLOW] = Field(
        Constant(1.00 / _DAY), description="CO2 that each gives; by default 1 kg/day."
    )
    water: Annotated[Number, _MASS_FLOW] = Field(
        Constant(2.28 / _DAY), description="Water vapour that each gives; by default 2.28 kg/day."
    )
    heat: Annotated[Number, Quantity("power", minimum=0.0)] = Field(
        Constant(0.0), description="Heat that each gives; it counts where the energy of volumes is followed."
    )


FEEDS: dict[str, type[Section]] = {
    "rate": RateFeed,
    "removal": RemovalFeed,
    "hold": HoldFeed,
    "crew": CrewFeed,
}
Feed = Annotated[RateFeed | RemovalFeed | HoldFeed | CrewFeed, Field(discriminator="kind")]

"""The volumes of a case: their size, their gas, and where their temperature comes from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ._sections import TEMPERATURE, Composition, Section
from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity

__all__ = ["TemperatureCycle", "Volume"]


class TemperatureCycle(Section):
    """A sine that is added to a temperature."""

    amplitude: Annotated[Number, Quantity("temperature_difference", minimum=0.0)] = Field(
        description="Largest departure from the mean."
    )
    period: Annotated[Number, Quantity("time", above=0.0)] = Field(description="Time of one cycle.")
    peak: Annotated[Number, Quantity("time")] = Field(Constant(0.0), description="Time of a maximum.")


class Volume(Section):
    """A space with one pressure: integrated, held at its pressure, or a boundary."""

    kind: Literal["integrated", "held", "boundary"] = Field(
        description="integrated: its pressure follows from the flows. held: life support keeps its pressure "
        "and the make-up gas is counted. boundary: vacuum or surroundings."
    )
    volume: Annotated[Number | None, Quantity("volume", above=0.0)] = Field(
        None, description="Free gas volume; not for a boundary."
    )
    pressure: Annotated[Number, Quantity("pressure", minimum=0.0)] = Field(
        description="Absolute pressure at the start; 0 is exact vacuum."
    )
    temperature: Annotated[Number | None, TEMPERATURE] = Field(
        None, description="Temperature at the start; the gas's if left out."
    )
    composition: Composition | None = Field(
        None, description="What fills it at the start; the case's gas if left out."
    )
    energy: Literal["isothermal", "adiabatic", "wall"] = Field(
        "isothermal",
        description="isothermal: it has the temperature of its wall. adiabatic: no heat comes from its wall. "
        "wall: heat does, by wall_conductance.",
    )
    wall_conductance: Annotated[Number | None, Quantity("heat_conductance", minimum=0.0)] = Field(
        None, description="Heat from the wall over the difference of temperature; with energy wall."
    )
    wall_temperature: Annotated[Number | None, TEMPERATURE] = Field(
        None, description="Temperature of the wall, with energy wall; the volume's own if left out."
    )
    temperature_cycles: list[TemperatureCycle] = Field(
        default_factory=list,
        max_length=100,
        description="Sines added to the temperature of the wall, which is the gas's own if isothermal.",
    )

    @model_validator(mode="after")
    def _volume_fits_kind(self) -> Volume:
        if self.kind == "boundary" and self.volume is not None:
            raise FaultsError([Fault(("volume",), "must be left out: a boundary has no volume")])
        if self.kind != "boundary" and self.volume is None:
            raise FaultsError(
                [Fault(("volume",), f'missing; a volume of kind {self.kind} needs it, e.g. "6 m^3"')]
            )
        return self

    @model_validator(mode="after")
    def _energy_fits(self) -> Volume:
        faults = []
        if self.kind != "integrated" and self.energy != "isothermal":
            text = f"must be isothermal: the temperature of a volume of kind {self.kind} is given"
            faults.append(Fault(("energy",), text, self.energy))
        if self.energy == "wall" and self.wall_conductance is None:
            faults.append(Fault(("wall_conductance",), 'missing; energy = "wall" needs it, e.g. "20 W/K"'))
        if self.energy != "wall":
            faults += [
                Fault((key,), f'must be left out: it goes with energy = "wall", not "{self.energy}"')
                for key in ("wall_conductance", "wall_temperature")
                if getattr(self, key) is not None
            ]
        if self.energy == "adiabatic" and self.temperature_cycles:
            text = "must be left out: an adiabatic volume takes no heat from its wall"
            faults.append(Fault(("temperature_cycles",), text))
        if faults:
            raise FaultsError(faults)
        return self

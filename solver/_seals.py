"""What a seal may have besides its conductances: the stress that presses it, and what permeates it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator

from ._sections import SPECIES, Section
from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity

__all__ = ["Contact", "Permeabilities", "Permeation"]

_STRESS = Quantity("pressure", minimum=0.0)
_PERMEABILITY = Quantity("permeability", minimum=0.0)


class Contact(Section):
    """How the conductances go with the contact stress, by Roth's law for gaskets."""

    stress: Annotated[Number, _STRESS] = Field(description="Contact stress without a pressure difference.")
    at_stress: Annotated[Number | None, _STRESS] = Field(
        None, description="Contact stress at which the conductances hold; that of stress if left out."
    )
    sealing_factor: Annotated[Number, Quantity("pressure", above=0.0)] = Field(
        description="Stress that makes the conductances exp(-3) of what they are."
    )
    gain: Annotated[Number, Quantity("dimensionless")] = Field(
        Constant(0.0), description="Stress that each unit of pressure of from less that of to adds."
    )


class Permeabilities(Section):
    """The permeability to each species; one that is left out does not permeate."""

    N2: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To N2.")
    O2: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To O2.")
    CO2: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To CO2.")
    H2O: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To H2O.")
    Ar: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To Ar.")
    He: Annotated[Number | None, _PERMEABILITY] = Field(None, description="To He.")

    @model_validator(mode="after")
    def _not_empty(self) -> Permeabilities:
        if all(getattr(self, name) is None for name in SPECIES):
            raise FaultsError([Fault((), f"must name one of {', '.join(SPECIES)} at least")])
        return self


def _form(value: object) -> str:
    is_table = isinstance(value, Permeabilities) or (isinstance(value, dict) and "dist" not in value)
    return "table" if is_table else "number"


class Permeation(Section):
    """Gas that dissolves in an elastomer and passes it: permeability times area over thickness."""

    area: Annotated[Number, Quantity("area", above=0.0)] = Field(description="Area that gas passes.")
    thickness: Annotated[Number, Quantity("length", above=0.0)] = Field(description="Way through it.")
    permeability: Annotated[
        Annotated[Number, _PERMEABILITY, Tag("number")] | Annotated[Permeabilities, Tag("table")],
        Discriminator(_form),
    ] = Field(description="To all species alike, or a table of species.")

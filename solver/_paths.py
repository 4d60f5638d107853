"""The paths of a case: what gas leaks through, from one volume to another."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ._seals import Contact, Permeation
from ._sections import Section
from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity, parse_number, support

__all__ = [
    "PATHS",
    "CracksPath",
    "HatchPath",
    "Iso6358",
    "Openable",
    "OrificePath",
    "Paris",
    "Path",
    "ReliefPath",
    "SealPath",
    "Shell",
    "Slot",
    "ValvePath",
    "ValveStep",
]  # fmt: skip

_FRACTION = Quantity("dimensionless", minimum=0.0, maximum=1.0)
# The range of each number that describes a crack; a fit of the law goes down to an accommodation of 0.6.
_SIZE: dict[str, Any] = {"dimension": "length", "above": 0.0}
_AT_LEAST_ONE: dict[str, Any] = {"dimension": "dimensionless", "minimum": 1.0}
_ROUGHNESS: dict[str, Any] = {"dimension": "length", "minimum": 0.0}
_ACCOMMODATION: dict[str, Any] = {"dimension": "dimensionless", "minimum": 0.6, "maximum": 1.0}
_LOSS = Quantity("dimensionless", minimum=0.0)

_OPENING = "Smallest gap between the faces."
_LENGTH = "Length along the wall."
_DEPTH = "Depth through the wall."
_TORTUOSITY = "Way of the gas over the depth."
_ROUGHNESS_TEXT = "Height of the roughness peaks."
_TAPER = "Largest opening over the smallest."
_ACCOMMODATION_TEXT = "Share of molecules that leave the wall diffusely."
_INLET_LOSS = "Loss coefficient of the inlet."


class _Path(Section):
    from_: str = Field(alias="from", description="The volume at one end; a flow from it counts as positive.")
    to: str = Field(description="The volume at the other end.")

    @model_validator(mode="after")
    def _joins_two(self) -> _Path:
        if self.from_ == self.to:
            raise FaultsError([Fault(("to",), "must be another volume than from", self.to)])
        return self


class _Hole(_Path):
    diameter: Annotated[Number | None, Quantity("length", above=0.0)] = Field(
        None, description="Diameter of the hole, if round."
    )
    area: Annotated[Number | None, Quantity("area", above=0.0)] = Field(None, description="Area of the hole.")
    discharge_coefficient: Annotated[
        Number | Literal["perry"], Quantity("dimensionless", above=0.0, maximum=1.0, words=("perry",))
    ] = Field(Constant(1.0), description="Flow over the ideal one; perry is the curve of a sharp round hole.")

    @model_validator(mode="after")
    def _one_size(self) -> _Hole:
        measured = getattr(self, "iso6358", None)
        if sum(size is not None for size in (self.diameter, self.area, measured)) != 1:
            other = " or iso6358" if "iso6358" in type(self).model_fields else ""
            raise FaultsError([Fault((), f"must have either diameter or area{other}")])
        # at their defaults they are allowed: so they stand in a resolved case
        at_rest = {"discharge_coefficient": Constant(1.0), "inlet_loss": Constant(0.0)}
        given = [key for key, default in at_rest.items() if getattr(self, key, default) != default]
        if measured is not None and given:
            text = "must be left out: iso6358 has measured it"
            raise FaultsError([Fault((key,), text) for key in given])
        return self


class Iso6358(Section):
    """A part as ISO 6358-1 measures it."""

    C: Annotated[Number, Quantity("sonic_conductance", above=0.0)] = Field(
        description="Sonic conductance, at 293.15 K and 100 kPa."
    )
    b: Annotated[Number, Quantity("dimensionless", minimum=0.0, maximum=0.99)] = Field(
        description="Critical back-pressure ratio."
    )
    m: Annotated[Number, Quantity("dimensionless", above=0.0, maximum=1.0)] = Field(
        Constant(0.5), description="Subsonic index."
    )


class OrificePath(_Hole):
    """A hole in a thin wall, a thick one with a loss at its inlet, or a part measured by ISO 6358."""

    kind: Literal["orifice"] = Field(description="A hole, or a part measured by ISO 6358.")
    inlet_loss: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(
        Constant(0.0), description="Loss coefficient of the inlet of a thick hole."
    )
    iso6358: Iso6358 | None = Field(None, description="Instead of a size: what ISO 6358 measured.")


class ValveStep(Section):
    """A new opening of a valve from some time on."""

    at: Annotated[Number, Quantity("time", minimum=0.0)] = Field(description="When.")
    opening: Annotated[Number, _FRACTION] = Field(description="Open share of the area, 0 to 1.")


class Openable(_Hole):
    """What opens and closes: a valve or a hatch."""

    opening: Annotated[Number, _FRACTION] = Field(
        Constant(0.0), description="Open share of the area at the start."
    )
    schedule: list[ValveStep] = Field(
        default_factory=list, max_length=1000, description="Openings from given times on."
    )

    @model_validator(mode="after")
    def _times_rise(self) -> Openable:
        times = [step.at.value if isinstance(step.at, Constant) else None for step in self.schedule]
        faults = []
        latest = -1.0
        for i, time in enumerate(times):
            if time is not None and time <= latest:
                faults.append(
                    Fault(("schedule", i, "at"), f"must be after {latest:.12g} s, the one before", time)
                )
            latest = latest if time is None else time
        if faults:
            raise FaultsError(faults)
        return self


class ValvePath(Openable):
    """A hole that opens and closes."""

    kind: Literal["valve"] = Field(description="A hole that opens and closes.")


class ReliefPath(_Hole):
    """A hole that its valve opens at one pressure difference and shuts at a smaller one."""

    kind: Literal["relief"] = Field(description="A valve that opens by pressure and shuts again.")
    cracking: Annotated[Number, Quantity("pressure", above=0.0)] = Field(
        description="Pressure of from less that of to at which it opens."
    )
    reseat: Annotated[Number, Quantity("pressure", above=0.0)] = Field(
        description="Pressure of from less that of to at which it shuts; below cracking."
    )

    @model_validator(mode="after")
    def _shuts_below(self) -> ReliefPath:
        lowest, highest = support(self.reseat)[0], support(self.cracking)[1]
        if lowest >= highest:
            raise FaultsError([Fault(("reseat",), f"must be below cracking, {highest:.12g} Pa", lowest)])
        return self


class Shell(Section):
    """The wall around cracks that open elastically: a thin shell under the pressure across it."""

    radius: Annotated[Number, Quantity(**_SIZE)] = Field(description="Radius of the shell.")
    wall: Annotated[Number, Quantity(**_SIZE)] = Field(description="Thickness of the wall.")
    modulus: Annotated[Number, Quantity("pressure", above=0.0)] = Field(description="Young's modulus.")


class Paris(Section):
    """Growth by load cycles, da/dN = C dK^m, with the half length a and dK = dS sqrt(pi a), in SI."""

    coefficient: Annotated[Number, Quantity("dimensionless", minimum=0.0)] = Field(
        description="C, in metres per cycle and (Pa sqrt(m))^m."
    )
    exponent: Annotated[Number, Quantity("dimensionless", above=0.0)] = Field(description="m.")


class CracksPath(_Path):
    """A population of planar cracks; each number is drawn per crack unless it says ``per = "sample"``."""

    kind: Literal["cracks"] = Field(description="A population of cracks.")
    count: Annotated[Number, Quantity("dimensionless", minimum=1.0, maximum=1e6)] = Field(
        description="Number of cracks, rounded; drawn per sample."
    )
    opening: Annotated[Number, Quantity("length", population=True)] = Field(
        description=f"{_OPENING[:-1]}; of cracks with compliance or shell that at no pressure, and then 0 or "
        "less is a crack shut at rest."
    )
    length: Annotated[Number, Quantity(**_SIZE, population=True)] = Field(description=_LENGTH)
    depth: Annotated[Number, Quantity(**_SIZE, population=True)] = Field(description=_DEPTH)
    tortuosity: Annotated[Number, Quantity(**_AT_LEAST_ONE, population=True)] = Field(
        Constant(1.0), description=_TORTUOSITY
    )
    roughness: Annotated[Number, Quantity(**_ROUGHNESS, population=True)] = Field(
        Constant(0.0), description=_ROUGHNESS_TEXT
    )
    taper: Annotated[Number, Quantity(**_AT_LEAST_ONE, population=True)] = Field(
        Constant(1.0), description=_TAPER
    )
    accommodation: Annotated[Number, Quantity(**_ACCOMMODATION, population=True)] = Field(
        Constant(1.0), description=_ACCOMMODATION_TEXT
    )
    inlet_loss: Annotated[Number, _LOSS] = Field(
        Constant(0.5), description=f"{_INLET_LOSS[:-1]}, drawn per sample."
    )
    compliance: Annotated[Number, Quantity("compliance", population=True)] = Field(
        Constant(0.0), description="Opening per pressure, of from less that of to; opening is that at none."
    )
    growth: Annotated[Number, Quantity("growth_rate", minimum=0.0, population=True)] = Field(
        Constant(0.0), description="Growth of the length with time."
    )
    profile: Literal["uniform", "elliptic"] = Field(
        "uniform",
        description="Opening along the crack; of an elliptic one the opening is that of its middle.",
    )
    reopens: Annotated[bool, Field(strict=True)] = Field(
        False, description="Whether a crack that its pressure has closed may open again."
    )
    shell: Shell | None = Field(None, description="The wall, whose elasticity adds to the compliance.")
    paris: Paris | None = Field(None, description="Growth by the load cycles of the schedule.")

    @model_validator(mode="after")
    def _open_at_rest(self) -> CracksPath:
        if self.compliance == Constant(0.0) and self.shell is None:
            try:
                parse_number(self.opening, Quantity(**_SIZE, population=True))
            except FaultsError as error:
                raise FaultsError(fault.under(("opening",)) for fault in error.faults) from None
        return self

    def moves(self) -> bool:
        """Whether anything but the pressures changes what its cracks pass."""
        still = Constant(0.0)
        return (
            self.compliance != still
            or self.growth != still
            or self.profile == "elliptic"
            or self.shell is not None
            or self.paris is not None
        )


class Slot(Section):
    """One crack that stands for a whole seal."""

    opening: Annotated[Number, Quantity(**_SIZE)] = Field(description=_OPENING)
    length: Annotated[Number, Quantity(**_SIZE)] = Field(description=_LENGTH)
    depth: Annotated[Number, Quantity(**_SIZE)] = Field(description=_DEPTH)
    tortuosity: Annotated[Number, Quantity(**_AT_LEAST_ONE)] = Field(Constant(1.0), description=_TORTUOSITY)
    roughness: Annotated[Number, Quantity(**_ROUGHNESS)] = Field(Constant(0.0), description=_ROUGHNESS_TEXT)
    taper: Annotated[Number, Quantity(**_AT_LEAST_ONE)] = Field(Constant(1.0), description=_TAPER)
    accommodation: Annotated[Number, Quantity(**_ACCOMMODATION)] = Field(
        Constant(1.0), description=_ACCOMMODATION_TEXT
    )
    inlet_loss: Annotated[Number, _LOSS] = Field(Constant(0.5), description=_INLET_LOSS)


_CONTACT = "Contact stress, by which molecular and viscous go."
_PERMEATION = "What permeates it besides."


class SealPath(_Path):
    """A hatch or docking seal: two coefficients, or an equivalent slot. One coefficient left out is 0."""

    kind: Literal["seal"] = Field(description="A seal, by two coefficients or an equivalent slot.")
    molecular: Annotated[Number | None, Quantity("molecular_conductance", minimum=0.0)] = Field(
        None, description="Flow per pressure difference."
    )
    viscous: Annotated[Number | None, Quantity("viscous_conductance", minimum=0.0)] = Field(
        None, description="Flow per pressure difference and mean pressure."
    )
    slot: Slot | None = Field(None, description="One slot with the flow of the whole seal.")
    contact: Contact | None = Field(None, description=_CONTACT)
    permeation: Permeation | None = Field(None, description=_PERMEATION)

    @model_validator(mode="before")
    @classmethod
    def _other_coefficient_is_zero(cls, data: Any) -> Any:
        given = [
            key for key in ("molecular", "viscous") if isinstance(data, dict) and data.get(key) is not None
        ]
        return {"molecular": 0.0, "viscous": 0.0} | data if len(given) == 1 else data

    @model_validator(mode="after")
    def _one_way(self) -> SealPath:
        has_coefficients = self.molecular is not None
        if self.slot is not None and has_coefficients:
            raise FaultsError([Fault((), "must have either molecular and viscous, or slot")])
        if self.slot is None and not has_coefficients and self.permeation is None:
            raise FaultsError([Fault((), "must have molecular and viscous, or slot, or permeation")])
        if self.contact is not None and not has_coefficients:
            raise FaultsError([Fault(("contact",), "must be left out: it goes with molecular and viscous")])
        return self


class HatchPath(Openable):
    """A hatch: shut it is a seal, ajar an orifice, and open it makes one of its two volumes."""

    kind: Literal["hatch"] = Field(description="A hatch: a seal when shut, an orifice ajar, one volume open.")
    molecular: Annotated[Number, Quantity("molecular_conductance", minimum=0.0)] = Field(
        Constant(0.0), description="Of its seal when shut: flow per pressure difference."
    )
    viscous: Annotated[Number, Quantity("viscous_conductance", minimum=0.0)] = Field(
        Constant(0.0), description="Of its seal when shut: flow per pressure difference and mean pressure."
    )
    slot: Slot | None = Field(None, description="Instead: one slot with the flow of the seal when shut.")
    contact: Contact | None = Field(None, description=_CONTACT)
    permeation: Permeation | None = Field(None, description=f"{_PERMEATION[:-1]}, when it is shut.")

    @model_validator(mode="after")
    def _one_seal(self) -> HatchPath:
        none = Constant(0.0)
        if self.slot is not None and (self.molecular != none or self.viscous != none):
            raise FaultsError([Fault((), "must have either molecular and viscous, or slot")])
        if self.slot is not None and self.contact is not None:
            raise FaultsError([Fault(("contact",), "must be left out: it goes with molecular and viscous")])
        return self


PATHS: dict[str, type[Section]] = {
    "orifice": OrificePath,
    "cracks": CracksPath,
    "seal": SealPath,
    "valve": ValvePath,
    "hatch": HatchPath,
    "relief": ReliefPath,
}
Path = Annotated[
    OrificePath | CracksPath | SealPath | ValvePath | HatchPath | ReliefPath, Field(discriminator="kind")
]

"""The paths of a case as rows of a plan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model
from ._paths import CracksPath, HatchPath, Openable, OrificePath, ReliefPath, SealPath
from ._plan_slots import Slots
from ._schedule import StartEvent
from ._seals import Contact, Permeabilities, Permeation
from ._sections import SPECIES
from .case import Case
from .columns import label
from .errors import CaseError
from .numbers import Constant, Number, support

__all__ = ["CRACK_DIMENSIONS", "path_rows"]

_STILL = Constant(0.0)
_SLOTS = (
    "size", "coefficient", "opening", "molecular", "viscous", "count", "inlet_loss", "iso", "elastic",
    "paris", "contact", "membrane", "permeability",
)  # fmt: skip
#: What each field of a crack measures.
CRACK_DIMENSIONS = dict.fromkeys(model.CRACK_FIELDS, "dimensionless") | {
    "opening": "length",
    "length": "length",
    "depth": "length",
    "roughness": "length",
    "compliance": "compliance",
    "growth": "growth_rate",
}


def path_rows(case: Case, slots: Slots) -> NDArray[Any]:
    """Give PATH[P], in the order of the case."""
    places = {name: place for place, name in enumerate(case.volumes)}
    later = {event.path for event in case.schedule if isinstance(event, StartEvent)}
    rows = np.zeros(len(case.paths), model.PATH)
    for field_name in _SLOTS:
        rows[field_name] = -1
    for row, (name, path) in zip(rows, case.paths.items(), strict=True):
        row["source"] = places[path.from_]
        row["sink"] = places[path.to]
        row["starts_later"] = name in later
        own = label(name)
        if isinstance(path, CracksPath):
            _population(row, path, own, path.count, slots)
        elif isinstance(path, SealPath):
            _seal(row, path, own, slots)
        else:
            _hole(row, path, own, slots)
            if isinstance(path, HatchPath):
                _hatch(row, path, own, slots)
    return rows


def _hatch(row: Any, path: HatchPath, own: str, slots: Slots) -> None:
    """What a hatch has besides its opening: the seal that it is when shut."""
    if path.slot is not None:
        _population(row, path.slot, own, Constant(1.0), slots)
    else:
        _conductances(row, path, own, slots)
    _permeation(row, path.permeation, own, slots)
    row["kind"] = model.HATCH


def _hole(row: Any, path: OrificePath | Openable | ReliefPath, own: str, slots: Slots) -> None:
    row["kind"] = model.ORIFICE
    if path.diameter is not None:
        row["is_diameter"] = 1
        row["size"] = slots.add(path.diameter, f"{own}_diameter", "length")
    elif path.area is not None:
        row["size"] = slots.add(path.area, f"{own}_area", "area")
    if not isinstance(path.discharge_coefficient, str):
        key = f"{own}_discharge_coefficient"
        row["coefficient"] = slots.add(path.discharge_coefficient, key, "dimensionless")
    if isinstance(path, OrificePath):
        row["inlet_loss"] = slots.add(path.inlet_loss, f"{own}_inlet_loss", "dimensionless")
        if path.iso6358 is not None:
            for place, (name, dimension) in enumerate(
                (("C", "sonic_conductance"), ("b", "dimensionless"), ("m", "dimensionless"))
            ):
                row["iso"][place] = slots.add(getattr(path.iso6358, name), f"{own}_{name}", dimension)
    if isinstance(path, Openable):
        row["opening"] = slots.add(path.opening, f"{own}_opening", "dimensionless")
    elif isinstance(path, ReliefPath):
        row["opening"] = slots.fixed(0.0)  # its control opens it


def _seal(row: Any, path: SealPath, own: str, slots: Slots) -> None:
    row["kind"] = model.SEAL
    if path.slot is not None:
        _population(row, path.slot, own, Constant(1.0), slots)
    elif path.molecular is not None:
        _conductances(row, path, own, slots)
    else:
        row["molecular"] = row["viscous"] = slots.fixed(0.0)
    _permeation(row, path.permeation, own, slots)


def _conductances(row: Any, path: SealPath | HatchPath, own: str, slots: Slots) -> None:
    assert path.molecular is not None
    assert path.viscous is not None
    row["molecular"] = slots.add(path.molecular, f"{own}_molecular", "molecular_conductance")
    row["viscous"] = slots.add(path.viscous, f"{own}_viscous", "viscous_conductance")
    if path.contact is not None:
        _contact(row, path.contact, f"{own}_contact", slots)


def _contact(row: Any, contact: Contact, own: str, slots: Slots) -> None:
    """The stress on a seal; one that is not told at which stress it was measured has its own."""
    at_stress = contact.stress if contact.at_stress is None else contact.at_stress
    row["contact"] = (
        slots.add(contact.stress, f"{own}_stress", "pressure"),
        slots.add(at_stress, f"{own}_at_stress", "pressure"),
        slots.add(contact.sealing_factor, f"{own}_sealing_factor", "pressure"),
        slots.add(contact.gain, f"{own}_gain", "dimensionless"),
    )


def _permeation(row: Any, permeation: Permeation | None, own: str, slots: Slots) -> None:
    if permeation is None:
        return
    row["membrane"] = (
        slots.add(permeation.area, f"{own}_permeation_area", "area"),
        slots.add(permeation.thickness, f"{own}_permeation_thickness", "length"),
    )
    by = permeation.permeability
    key = f"{own}_permeability"
    for place, name in enumerate(SPECIES):
        if isinstance(by, Permeabilities):
            row["permeability"][place] = slots.add_if(getattr(by, name), f"{key}_{name}", "permeability")
        else:
            row["permeability"][place] = slots.add(by, key, "permeability")


def _population(row: Any, path: Any, own: str, count: Number, slots: Slots) -> None:
    """Draws of a population of cracks, or of the one slot that stands for a seal."""
    most = support(count)[1]
    if not math.isfinite(most):
        key = f"{slots.source}: paths.{own}.count"
        raise CaseError(f"{key}: must have an upper bound, such as uniform or truncated-normal have")
    slots.max_cracks += math.floor(most + 0.5)
    row["kind"] = model.CRACKS
    row["count"] = slots.add(count, f"{own}_count", "dimensionless")
    row["inlet_loss"] = slots.add(path.inlet_loss, f"{own}_inlet_loss", "dimensionless")
    row["crack_row"] = len(slots.crack_rows)
    for name in model.CRACK_FIELDS:
        number = getattr(path, name, _STILL)  # a seal's slot does not move
        slots.add_crack_row(number, f"{own}_{name}", CRACK_DIMENSIONS[name])
    if isinstance(path, CracksPath) and path.moves():
        _motion(row, path, own, slots)


def _motion(row: Any, path: CracksPath, own: str, slots: Slots) -> None:
    """What lets the cracks of a population move."""
    row["moves"] = 1
    row["elliptic"] = path.profile == "elliptic"
    row["reopens"] = path.reopens
    if path.shell is not None:
        for place, (name, dimension) in enumerate(
            (("radius", "length"), ("wall", "length"), ("modulus", "pressure"))
        ):
            key = f"{own}_shell_{name}"
            row["elastic"][place] = slots.add(getattr(path.shell, name), key, dimension)
    if path.paris is not None:
        for place, name in enumerate(("coefficient", "exponent")):
            row["paris"][place] = slots.add(getattr(path.paris, name), f"{own}_paris_{name}", "dimensionless")

"""What opening a leak rate is: a hole, a slot, and how fast volumes empty through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..kernels import sizing as kernel
from ..kernels.orifice import PERRY
from ..kernels.throughput import volume_decay
from ._arguments import Gas, is_listed, read_number
from .errors import ArgumentError
from .leak_units import Conditions, read_conditions
from .units import quoted

__all__ = ["Decay", "Hole", "LeakSize", "Slot", "size_leak"]

#: Shown if no volume is given: pressurised volume of the station, and the larger guess at its tunnel's [m3].
USUAL_VOLUMES = {"station": 916.0, "isolated tunnel": 7.0}
#: Leak rates that can be sized [kg/s]. The finest helium detectors end at 1e-13 Pa m3/s, 2e-19 kg/s, where
#: molecules can soon be counted; the largest rate would empty a station in a second, and is no leak.
LEAST_RATE, LARGEST_RATE = 1e-20, 1e3
#: The slot if none is described: as a crack through a hull [m].
USUAL_LENGTH, USUAL_DEPTH = 10e-3, 3e-3


@dataclass(frozen=True)
class Hole:
    """A round hole in a thin wall.

    Attributes
    ----------
    diameter, area : float
        [m, m2]
    discharge_coefficient : float or "perry"
    knudsen_number : float
        Mean free path at the higher pressure over the diameter; above 0.1 it is no orifice any more.
    pressure_exponent : float
        ``dln(mdot)/dln(p)`` at the higher pressure, the other held.
    """

    diameter: float
    area: float
    discharge_coefficient: float | str
    knudsen_number: float
    pressure_exponent: float


@dataclass(frozen=True)
class Slot:
    """A planar crack, as for `leakflow.solver.crack_flow`; lengths in m.

    Attributes
    ----------
    knudsen_number, pressure_exponent : float
        As of a `Hole`, over the opening.
    """

    opening: float
    length: float
    depth: float
    tortuosity: float
    roughness: float
    taper: float
    accommodation: float
    inlet_loss: float
    knudsen_number: float
    pressure_exponent: float


@dataclass(frozen=True)
class Decay:
    """How fast a volume at the higher pressure empties.

    Attributes
    ----------
    name : str
    volume, gas_mass : float
        [m3, kg]
    time_constant : float
        The gas in it over the rate [s]: a choked hole into vacuum leaves 1/e of the pressure after it.
    pressure_rate : float
        Fall of the pressure at first [Pa/s].
    """

    name: str
    volume: float
    gas_mass: float
    time_constant: float
    pressure_rate: float


@dataclass(frozen=True)
class LeakSize:
    """A leak rate as openings; everything in SI.

    Attributes
    ----------
    mass_flow : float
        [kg/s]
    p_up, p_down, temperature : float
        [Pa, Pa, K]
    composition : dict of str to float
        Mole fractions of the gas.
    hole : Hole
    slot : Slot or None
        None where no slot was described and one of the usual length cannot be wide enough.
    decays : tuple of Decay
    """

    mass_flow: float
    p_up: float
    p_down: float
    temperature: float
    composition: dict[str, float]
    hole: Hole
    slot: Slot | None
    decays: tuple[Decay, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain numbers and texts."""
        return asdict(self)


@dataclass(frozen=True)
class _State:
    """Both ends and the gas, as the kernels take them."""

    p_up: float
    p_down: float
    temperature: float
    gas_constant: float
    viscosity: float
    gamma: float

    def arguments(self) -> tuple[float, ...]:
        return (
            self.p_up, self.p_down, self.temperature, self.gas_constant, self.viscosity, self.gamma,
        )  # fmt: skip

    def knudsen_number(self, size: float) -> float:
        return float(
            kernel.knudsen_number(self.p_up, size, self.temperature, self.gas_constant, self.viscosity)
        )


def size_leak(
    rate: float | str,
    p_up: float | str,
    *,
    p_down: float | str = 0.0,
    gas: Gas = "air",
    temperature: float | str = 293.15,
    discharge_coefficient: float | str = "perry",
    length: float | str | None = None,
    depth: float | str | None = None,
    tortuosity: float | str = 1.0,
    roughness: float | str = 0.0,
    taper: float | str = 1.0,
    accommodation: float | str = 1.0,
    inlet_loss: float | str = 0.5,
    volume: float | str | Sequence[float | str] | None = None,
    reference_temperature: float | str = 273.15,
    reference_pressure: float | str = 101325.0,
) -> LeakSize:
    """Find the openings that pass a leak rate: the flow laws, solved for the size.

    Numbers are in SI, or text with a unit.

    Parameters
    ----------
    rate : float or str
        In kg/s, or as for `convert_leak`; a pressure rate is of ``volume``. From 1e-20 kg/s, under the finest
        leak detectors, to 1000 kg/s.
    p_up, p_down : float or str
        Absolute pressures before and behind the opening [Pa]; vacuum behind it unless told. Before it from
        1e-9 Pa to 1e7 Pa, above which real gases leave the ideal gas of the laws by some 5 %.
    gas, temperature, reference_temperature, reference_pressure
        As for `convert_leak`; the temperature is that before the opening.
    discharge_coefficient : float or "perry"
        Of the hole: flow over that of the ideal nozzle, above 0 and at most 1, or Perry's curve of a sharp
        round hole.
    length, depth : float or str, optional
        Of the slot, along the wall and through it [m]: 10 mm and 3 mm unless told.
    tortuosity, roughness, taper, accommodation, inlet_loss : float or str
        Of the slot, as for `crack_flow`.
    volume : float or str, or several, optional
        Volumes that the leak empties [m3], from 1e-9 to 1e9; a station and its isolated tunnel unless told.

    Returns
    -------
    LeakSize
        `orifice_flow` and `crack_flow` of these openings give the rate again within 1e-10.

    Raises
    ------
    ValueError
        An argument is no such quantity or out of its range, or no opening passes the rate; one line that
        names it.
    """
    volumes = _read_volumes(volume)
    conditions = read_conditions(
        gas=gas, temperature=temperature, volume=_only(volumes) if volume is not None else None,
        reference_temperature=reference_temperature, reference_pressure=reference_pressure,
    )  # fmt: skip
    mass_flow = _mass_flow(rate, conditions)
    state = _state(p_up, p_down, conditions)
    coefficient = _coefficient(discharge_coefficient)
    faces = {
        "length": read_number("length", USUAL_LENGTH if length is None else length),
        "depth": read_number("depth", USUAL_DEPTH if depth is None else depth),
        "tortuosity": read_number("tortuosity", tortuosity),
        "roughness": read_number("roughness", roughness),
        "taper": read_number("taper", taper),
        "accommodation": read_number("accommodation", accommodation),
        "inlet_loss": read_number("inlet_loss", inlet_loss),
    }
    asked = length is not None or depth is not None
    slot = _slot(mass_flow, state, faces, asked=asked)
    return LeakSize(
        mass_flow, state.p_up, state.p_down, state.temperature, conditions.composition,
        _hole(mass_flow, state, coefficient), slot,
        tuple(_decay(mass_flow, state, name, size) for name, size in volumes.items()),
    )  # fmt: skip


def _mass_flow(rate: object, conditions: Conditions) -> float:
    mass_flow = conditions.mass_flow(rate)
    if not mass_flow > 0.0:
        raise ArgumentError("rate", f" = {quoted(rate)}: must be greater than 0")
    if not LEAST_RATE <= mass_flow <= LARGEST_RATE:
        text = f"must be from {LEAST_RATE:g} to {LARGEST_RATE:g} kg/s, and is {mass_flow:.4g} kg/s"
        raise ArgumentError("rate", f" = {quoted(rate)}: {text}")
    return mass_flow


def _read_volumes(volume: object) -> dict[str, float]:
    if volume is None:
        return USUAL_VOLUMES
    if not is_listed(volume):
        return {"volume": read_number("volume", volume)}
    if not volume:
        raise ArgumentError("volume", " = []: must be a volume or several")
    values = [read_number("volume", each) for each in volume]
    return {f"volume {i}" if len(values) > 1 else "volume": value for i, value in enumerate(values, 1)}


def _only(volumes: dict[str, float]) -> float | None:
    """Return the volume that a pressure rate is of, if there is but one."""
    return next(iter(volumes.values())) if len(volumes) == 1 else None


def _state(p_up: object, p_down: object, conditions: Conditions) -> _State:
    before, behind = read_number("p_up", p_up), read_number("p_down", p_down)
    if not before > behind:
        text = f" = {quoted(p_down)}: must be below the pressure before the opening, {before:.12g} Pa"
        raise ArgumentError("p_down", f"{text}: nothing flows otherwise")
    return _State(before, behind, conditions.temperature, *conditions.properties())


def _coefficient(value: object) -> float | str:
    return "perry" if value == "perry" else read_number("discharge_coefficient", value)


def _hole(mass_flow: float, state: _State, coefficient: float | str) -> Hole:
    number = PERRY if isinstance(coefficient, str) else coefficient
    area, diameter, status = kernel.orifice_size(mass_flow, *state.arguments(), number)
    if status != kernel.FOUND:
        raise ArgumentError("rate", f" = {mass_flow:.12g} kg/s: no hole was found that passes it")
    exponent = kernel.orifice_exponent(*state.arguments(), area, number)
    return Hole(diameter, area, coefficient, state.knudsen_number(diameter), float(exponent))


def _slot(mass_flow: float, state: _State, faces: dict[str, float], *, asked: bool) -> Slot | None:
    opening, largest, status = kernel.crack_opening(mass_flow, *state.arguments(), *faces.values())
    if status == kernel.TOO_LARGE:
        if not asked:
            return None
        text = f"a slot as wide as long passes {largest:.4g} kg/s, less than the rate of {mass_flow:.4g} kg/s"
        raise ArgumentError("length", f" = {faces['length']:.6g} m: must be more; {text}")
    if status != kernel.FOUND:
        raise ArgumentError("rate", f" = {mass_flow:.12g} kg/s: no slot was found that passes it")
    exponent = kernel.crack_exponent(*state.arguments(), opening, *faces.values())
    return Slot(
        opening, **faces, knudsen_number=state.knudsen_number(opening), pressure_exponent=float(exponent)
    )


def _decay(mass_flow: float, state: _State, name: str, volume: float) -> Decay:
    numbers = volume_decay(mass_flow, state.p_up, volume, state.gas_constant, state.temperature)
    return Decay(name, volume, *(float(number) for number in numbers))

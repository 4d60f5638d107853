"""The flow laws for whoever wants only those: arrays in, arrays out, SI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._sections import parse_composition
from .errors import FaultsError

__all__ = ["crack_flow", "orifice_flow", "seal_flow"]


def crack_flow(
    gas: str | Mapping[str, float],
    temperature: ArrayLike,
    p_up: ArrayLike,
    p_down: ArrayLike,
    opening: ArrayLike,
    length: ArrayLike,
    depth: ArrayLike,
    *,
    tortuosity: ArrayLike = 1.0,
    roughness: ArrayLike = 0.0,
    taper: ArrayLike = 1.0,
    accommodation: ArrayLike = 1.0,
    inlet_loss: ArrayLike = 0.5,
) -> Any:
    """Mass flow through planar cracks, from choked orifice to free molecules.

    All arguments but the gas broadcast against each other.

    Parameters
    ----------
    gas : str or mapping
        ``"air"``, the name of a species (N2, O2, CO2, H2O, Ar, He), or mole fractions that sum to one.
    temperature : array_like
        [K], 150 to 500.
    p_up, p_down : array_like
        Pressures at the two ends [Pa], zero or more; a flow from ``p_up`` to ``p_down`` is positive.
    opening, length, depth : array_like
        Smallest gap between the faces, length along the wall, depth through the wall [m].
    tortuosity : array_like
        Path of the gas over the depth, at least 1.
    roughness : array_like
        Height of the roughness peaks [m].
    taper : array_like
        Largest gap over smallest, 1 to 10.
    accommodation : array_like
        Tangential momentum accommodation of the walls, 0.6 to 1.
    inlet_loss : array_like
        Loss coefficient of the entrance: 0.5 for a sharp edge.

    Returns
    -------
    float64 array or float
        [kg/s]

    Raises
    ------
    ValueError
        An argument is out of its range; one line that names it, the value and what is allowed.

    See Also
    --------
    leakflow.kernels.crack : the law, its sources and its accuracy.
    """
    fractions = _fractions(gas)
    columns, shape = _columns(
        temperature=(temperature, 150.0, 500.0),
        p_up=(p_up, 0.0, np.inf),
        p_down=(p_down, 0.0, np.inf),
        opening=(opening, _POSITIVE, np.inf),
        length=(length, _POSITIVE, np.inf),
        depth=(depth, 0.0, np.inf),
        tortuosity=(tortuosity, 1.0, np.inf),
        roughness=(roughness, 0.0, np.inf),
        taper=(taper, 1.0, 10.0),
        accommodation=(accommodation, 0.6, 1.0),
        inlet_loss=(inlet_loss, 0.0, np.inf),
    )
    from ..kernels import laws

    flows = np.empty(columns.shape[1])
    laws.crack_flows(fractions, columns, flows)
    return _shaped(flows, shape)


def orifice_flow(
    gas: str | Mapping[str, float],
    temperature: ArrayLike,
    p_up: ArrayLike,
    p_down: ArrayLike,
    area: ArrayLike,
    *,
    discharge_coefficient: ArrayLike | str = 1.0,
) -> Any:
    """Mass flow through holes in a thin wall, choked or not [kg/s].

    Parameters
    ----------
    gas, temperature, p_up, p_down
        As for `crack_flow`.
    area : array_like
        Open area [m2].
    discharge_coefficient : array_like or "perry"
        Flow over that of the ideal nozzle, above 0 and at most 1; or Perry's curve of a sharp round hole.

    Raises
    ------
    ValueError
        As for `crack_flow`.

    See Also
    --------
    leakflow.kernels.orifice : the law and its sources.
    """
    from ..kernels import laws
    from ..kernels.orifice import PERRY

    if isinstance(discharge_coefficient, str) and discharge_coefficient != "perry":
        raise ValueError(f'discharge_coefficient = {discharge_coefficient!r}: must be a number or "perry"')
    perry = isinstance(discharge_coefficient, str)
    fractions = _fractions(gas)
    columns, shape = _columns(
        temperature=(temperature, 150.0, 500.0),
        p_up=(p_up, 0.0, np.inf),
        p_down=(p_down, 0.0, np.inf),
        area=(area, 0.0, np.inf),
        discharge_coefficient=(1.0 if perry else discharge_coefficient, _POSITIVE, 1.0),
    )
    if perry:
        columns[4] = PERRY
    flows = np.empty(columns.shape[1])
    laws.orifice_flows(fractions, columns, flows)
    return _shaped(flows, shape)


def seal_flow(p_up: ArrayLike, p_down: ArrayLike, molecular: ArrayLike, viscous: ArrayLike) -> Any:
    """Mass flow past elastomer seals, ``(a + b (p1 + p2)/2)(p1 - p2)`` [kg/s].

    Parameters
    ----------
    p_up, p_down : array_like
        Pressures on the two sides [Pa].
    molecular : array_like
        a [m s]
    viscous : array_like
        b [m s/Pa]

    Raises
    ------
    ValueError
        As for `crack_flow`.
    """
    columns, shape = _columns(
        p_up=(p_up, 0.0, np.inf),
        p_down=(p_down, 0.0, np.inf),
        molecular=(molecular, 0.0, np.inf),
        viscous=(viscous, 0.0, np.inf),
    )
    from ..kernels import laws

    flows = np.empty(columns.shape[1])
    laws.seal_flows(columns, flows)
    return _shaped(flows, shape)


_POSITIVE = np.nextafter(0.0, 1.0)


def _columns(**arguments: tuple[Any, float, float]) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    """Broadcast arguments given with their ranges into the rows of one array."""
    arrays = []
    for name, (value, low, high) in arguments.items():
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{name} = {value!r}: must be a number or an array of numbers") from None
        outside = ~((array >= low) & (array <= high) & (array < np.inf))
        if outside.any():
            raise ValueError(f"{name} = {array[outside].flat[0]:.12g}: must be {_range(low, high)}")
        arrays.append(array)
    try:
        broadcast = np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(arguments, arrays, strict=True))
        raise ValueError(f"the shapes do not broadcast: {shapes}") from None
    shape = broadcast[0].shape
    return np.array([array.ravel() for array in broadcast]), shape


def _shaped(flows: NDArray[np.float64], shape: tuple[int, ...]) -> Any:
    if not np.isfinite(flows).all():
        raise ValueError("a flow is not finite: the arguments are too large or too small for the arithmetic")
    return flows.reshape(shape)[()]


def _range(low: float, high: float) -> str:
    least = "greater than 0" if low == _POSITIVE else f"at least {low:g}"
    return f"{least} and finite" if high == np.inf else f"{least} and at most {high:g}"


def _fractions(gas: str | Mapping[str, float]) -> NDArray[np.float64]:
    from ..kernels.gas import as_mole_fractions

    try:
        return as_mole_fractions(parse_composition(gas))
    except FaultsError as error:
        raise ValueError(f"gas = {gas!r}: {error}") from None

"""The units that cases are mostly written in, as numbers, so that most runs need not load Pint.

Loading Pint and its registry takes as long as a run. Every number here is what Pint gives, to the last
bit; a unit that is not here is Pint's to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["FROM_SI", "TO_SI"]

#: By dimension and unit: SI value = number * scale + offset.
TO_SI: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "length": {
            "m": (1.0, 0.0),
            "cm": (0.01, 0.0),
            "mm": (0.001, 0.0),
            "um": (1e-06, 0.0),
            "inch": (0.0254, 0.0),
        },
        "area": {
            "m^2": (1.0, 0.0),
            "cm^2": (0.0001, 0.0),
            "mm^2": (1e-06, 0.0),
        },
        "volume": {
            "m^3": (1.0, 0.0),
            "L": (0.0010000000000000002, 0.0),
            "cm^3": (1.0000000000000002e-06, 0.0),
            "ft^3": (0.028316846591999994, 0.0),
        },
        "pressure": {
            "Pa": (1.0, 0.0),
            "kPa": (1000.0, 0.0),
            "hPa": (100.0, 0.0),
            "mbar": (100.0, 0.0),
            "bar": (100000.0, 0.0),
            "mmHg": (133.322387415, 0.0),
            "torr": (133.32236842105263, 0.0),
            "atm": (101325.0, 0.0),
            "psi": (6894.7572931683635, 0.0),
            "psia": (6894.7572931683635, 0.0),
        },
        "temperature": {
            "K": (1.0, 0.0),
            "degC": (1.0, 273.15),
        },
        "temperature_difference": {
            "K": (1.0, 0.0),
            "delta_degC": (1.0, 0.0),
        },
        "time": {
            "s": (1.0, 0.0),
            "min": (60.0, 0.0),
            "h": (3600.0, 0.0),
            "hour": (3600.0, 0.0),
            "d": (86400.0, 0.0),
            "day": (86400.0, 0.0),
        },
        "mass": {
            "kg": (1.0, 0.0),
            "g": (0.001, 0.0),
            "lb": (0.4535923700000001, 0.0),
        },
        "mass_flow": {
            "kg/s": (1.0, 0.0),
            "g/s": (0.001, 0.0),
            "g/h": (2.7777777777777776e-07, 0.0),
            "kg/d": (1.1574074074074073e-05, 0.0),
            "kg/day": (1.1574074074074073e-05, 0.0),
            "lb/day": (5.249911689814815e-06, 0.0),
        },
        "volume_flow": {
            "m^3/s": (1.0, 0.0),
            "m^3/h": (0.0002777777777777778, 0.0),
            "L/s": (0.0010000000000000002, 0.0),
            "cm^3/s": (1.0000000000000002e-06, 0.0),
            "cm^3/min": (1.666666666666667e-08, 0.0),
        },
        "molecular_conductance": {
            "m*s": (1.0, 0.0),
            "kg/s/Pa": (1.0, 0.0),
        },
        "viscous_conductance": {
            "m*s/Pa": (1.0, 0.0),
        },
        "pressure_rate": {
            "Pa/s": (1.0, 0.0),
            "mmHg/min": (2.22203979025, 0.0),
            "mmHg/h": (0.037033996504166666, 0.0),
            "mmHg/day": (0.001543083187673611, 0.0),
        },
        "heat_conductance": {
            "W/K": (1.0, 0.0),
        },
        "power": {
            "W": (1.0, 0.0),
        },
        "energy": {
            "J": (1.0, 0.0),
            "kJ": (1000.0, 0.0),
        },
        "force": {
            "N": (1.0, 0.0),
            "mN": (0.001, 0.0),
        },
        "dimensionless": {
            "percent": (0.01, 0.0),
        },
    }
)

#: By dimension and unit: number = SI value * scale + offset, as tables for the reader show it.
FROM_SI: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "length": {
            "mm": (1000.0, 0.0),
            "um": (1000000.0, 0.0),
        },
        "force": {
            "mN": (1000.0, 0.0),
        },
        "energy": {
            "kJ": (0.001, 0.0),
        },
        "mass": {
            "kg": (1.0, 0.0),
        },
        "mass_flow": {
            "kg/day": (86400.0, 0.0),
            "lb/day": (190479.39452773423, 0.0),
        },
        "pressure": {
            "Pa": (1.0, 0.0),
            "mmHg": (0.0075006157584565645, 0.0),
        },
        "pressure_rate": {
            "mmHg/day": (648.0532015306471, 0.0),
            "mmHg/h": (27.00221673044363, 0.0),
        },
        "temperature": {
            "degC": (1.0, -273.15),
        },
        "time": {
            "h": (0.0002777777777777778, 0.0),
            "day": (1.1574074074074073e-05, 0.0),
        },
    }
)

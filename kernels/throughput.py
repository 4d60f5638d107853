"""Leak rates in other guises than a mass flow: all are the ideal gas, ``p V = m R T``, per time."""

from .jit import jit

#: Kinds of leak rate: kg/s; Pa m3/s; m3/s at reference conditions; Pa/s in a volume.
MASS_FLOW, THROUGHPUT, STANDARD_FLOW, PRESSURE_RATE = range(4)


@jit
def unit_mass_flow(kind, gas_constant, temperature, volume, reference_pressure, reference_temperature):
    """Mass flow [kg/s] that a leak rate of one SI unit is.

    Parameters
    ----------
    kind : int
        `MASS_FLOW`, `THROUGHPUT`, `STANDARD_FLOW` or `PRESSURE_RATE`.
    gas_constant, temperature : float
        Of the gas where the pressure is meant [J/(kg K), K].
    volume : float
        That loses the pressure [m3]; for `PRESSURE_RATE` only.
    reference_pressure, reference_temperature : float
        At which a standard volume is counted [Pa, K]; for `STANDARD_FLOW` only.
    """
    if kind == MASS_FLOW:
        return 1.0
    if kind == THROUGHPUT:
        return 1.0 / (gas_constant * temperature)
    if kind == STANDARD_FLOW:
        return reference_pressure / (gas_constant * reference_temperature)
    return volume / (gas_constant * temperature)


@jit
def volume_decay(mass_flow, pressure, volume, gas_constant, temperature):
    """Mass of the gas in a volume, the time in which the flow would empty it, and the fall of pressure.

    Parameters
    ----------
    mass_flow : float
        Out of the volume [kg/s].
    pressure, volume, gas_constant, temperature : float
        Of the gas in it [Pa, m3, J/(kg K), K].

    Returns
    -------
    gas_mass, time_constant, pressure_rate : float
        [kg, s, Pa/s]; the fall is positive.
    """
    RT = gas_constant * temperature
    gas_mass = pressure * volume / RT
    return gas_mass, gas_mass / mass_flow, mass_flow * RT / volume

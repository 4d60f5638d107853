"""What the pressure hides: the temperature of September 2020, and the crew's oxygen of 2003."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels import gas
from ..case import AIR
from .report import Event, Prediction, interval
from .sampling import Samples, in_mmhg, sampled

__all__ = ["false_alarm", "nitrogen_2003"]

_DAY, _POUND = 86400.0, 0.45359237
_T = 295.15
_MMHG = 133.322387415
_CABIN = 735.0 * _MMHG  # Pa, the middle of the usual range (R01 of the record)


def false_alarm(samples: int) -> Event:
    """Kelvins that imitate kilograms, on the station and in its tunnel; p/T undoes them."""
    swept = sampled("station-false-alarm-2020", 4 * samples)
    start = swept.of("pressure_station").astype(float)[:, 0]
    volume = swept.of("station_volume")
    by_pressure = _told(swept, volume, np.full(start.shape, _start_temperature(swept)))
    by_ratio = _told(swept, volume, swept.of("temperature_station").astype(float)[:, -1])
    apparent = 15.0 * _POUND
    given = np.abs(by_pressure - apparent) <= 0.1 * apparent
    cooling = _start_temperature(swept) - swept.of("temperature_final_station")
    true = swept.of("leak_rate_mean") * _DAY

    R = _gas_constant()
    per_kelvin = start * volume / (R * _start_temperature(swept) ** 2)
    tunnel = _CABIN * np.linspace(4.0, 7.0, samples) / (R * _T**2)
    return Event(
        title="The false alarm of 28 September 2020: an apparent 15 lb/day",
        case="station-false-alarm-2020",
        trust="number D, cause A",
        predictions=(
            Prediction("mass that one kelvin of cooling imitates, station", interval(per_kelvin), None, "kg"),
            Prediction("the same in the shut tunnel, 4 to 7 m^3 at 735 mmHg", interval(1e3 * tunnel), None,
                       "g"),
            Prediction("cooling in 12 h that makes the pressure tell 15 lb/day, within a tenth",
                       interval(cooling[given]), None, "K", "explains"),
            Prediction("leak that p/T tells of the same samples", interval(by_ratio[given]), (1.4, 1.4),
                       "kg/day", "explains"),
        ),
        unknown="the temperatures of that night, and how the apparent rate was computed",
        text=(
            "The walls become colder in a step and the gas follows. NASA gave a temporary change of "
            "temperature as the cause and the true rate as unchanged: the cooling needed is small enough "
            "for that to be true. No temperature was told, so nothing is tested; the last line is the leak "
            f"that was put in, {np.median(true[given]):.2f} kg/day: a record of p/T would have raised no "
            f"alarm. A kelvin is {float(in_mmhg(_CABIN)) / _T:.2f} mmHg. In the tunnel it imitates so much "
            f"less gas, but to a leak of 0.5 kg/day there it is {24 * np.median(tunnel) / 0.5:.1f} h, "
            f"and {24 * np.median(per_kelvin) / 1.4:.0f} h to one of 1.4 kg/day on the station."
        ),
    )  # fmt: skip


def nitrogen_2003(samples: int) -> Event:
    """The leak by the gas that was metered in, by nitrogen, and as it was."""
    swept = sampled("station-crew-2003", samples)
    true = swept.of("leak_rate_mean") * _DAY
    by_gas = swept.of("leak_rate_from_pressure_station") * _DAY
    by_nitrogen = swept.of("leak_rate_from_nitrogen_station") * _DAY
    pressures = swept.of("pressure_station").astype(float)
    R = _gas_constant()
    bare = (pressures[:, 0] - pressures[:, -1]) * swept.of("station_volume") / (R * _T) / 85.0
    nitrogen = swept.of("partial_pressure_station_N2").astype(float)
    return Event(
        title="Station, January to April 2003: the leak by nitrogen",
        case="station-crew-2003",
        trust="method A, rate A*",
        predictions=(
            Prediction("leak that the nitrogen tells, over the leak that was put in",
                       interval(by_nitrogen / true), None, ""),
            Prediction("leak that the bare fall of the total pressure tells, over the same",
                       interval(bare / true), None, ""),
            Prediction("leak that the total pressure tells with the oxygen that was made, over the same",
                       interval(by_gas / true), None, ""),
            Prediction("fall of the nitrogen in 85 days", interval(in_mmhg(nitrogen[:, 0] - nitrogen[:, -1])),
                       None, "mmHg"),
        ),
        unknown="the rate of those 85 days, what was brought and repressurised then, the levels of all gases",
        text=(
            "A leak of some tens of grams a day against crew who breathe 2.5 kg of oxygen a day. The bare "
            "pressure shows the partial pressures that found another level, and whoever counts the oxygen "
            "that is made, and not what becomes of it, takes the crew for a leak. Only the nitrogen has no "
            "other way out. Nothing is tested: the public abstract has no number."
        ),
    )  # fmt: skip


def _told(swept: Samples, volume: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leak [kg/day] by the pressures at the start and the end and a temperature [K] at the end."""
    pressures = swept.of("pressure_station").astype(float)
    lost = (pressures[:, 0] / _start_temperature(swept) - pressures[:, -1] / end) * volume / _gas_constant()
    times = swept.results.times
    assert times is not None  # the sweep was asked for series
    return np.asarray(lost / times[-1] * _DAY)


def _start_temperature(swept: Samples) -> float:
    return float(swept.of("temperature_station")[0, 0])


def _gas_constant() -> float:
    return float(gas.mixture_properties(gas.as_mole_fractions(AIR), _T)[0])

"""Vehicles and hoses: Soyuz MS-09, Mir and Spektr, Soyuz 11, the window hose of Destiny."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels import gas
from ..case import AIR
from . import exact
from .report import Event, Prediction, interval
from .sampling import Samples, in_mmhg, sampled

__all__ = ["mir_spektr", "soyuz_11", "soyuz_ms_09", "window_hose"]

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


def soyuz_ms_09(samples: int) -> Event:
    """A hole of known size in a station of known volume: the rate is predicted outright."""
    swept = sampled("soyuz-ms-09", samples)
    rate = -swept.of("pressure_rate_station", "pressure_rate", "mmHg/h")
    small = swept.of("hole_diameter") < 1.7e-3
    observed = (0.6, 0.6)
    days = swept.of("time_to_station_below_520_mmHg", "time", "day")
    return Event(
        title="Soyuz MS-09, 30 August 2018: a drilled hole of 1.5 or 2 mm",
        case="soyuz-ms-09",
        trust="hole A and A*, rate C and D",
        predictions=(
            Prediction("rate of fall, either hole", interval(rate), observed, "mmHg/h"),
            Prediction("rate of fall, 1.5 mm", interval(rate[small]), observed, "mmHg/h"),
            Prediction("rate of fall, 2 mm", interval(rate[~small]), observed, "mmHg/h"),
            Prediction("time to 520 mmHg, nothing done; the press told 14 days", interval(days),
                       (14.0, 14.0), "days"),
        ),
        unknown=(
            "where the hole was narrowest and what lay over it outside; the shape of its edges; to what "
            "pressure the 14 days lead, here the limit of 520 mmHg for a crew that hunts a leak (R02)"
        ),
        text=(
            f"The observed rate is that of a sharp hole of {_sharp_hole(0.6):.2f} mm in 916 m^3 "
            "(coefficient 0.84). What leaks into a blanket, or past drill chips, would be less than what "
            "is predicted."
        ),
        picture=swept.picture("station", "days", _DAY),
    )  # fmt: skip


def _sharp_hole(rate: float) -> float:
    """Diameter [mm] of a sharp hole that makes 916 m3 of air fall at a rate [mmHg/h] from 742 mmHg."""
    R, _, gamma = gas.mixture_properties(gas.as_mole_fractions(AIR), 295.15)
    speed = 0.84 * exact.choked_flow_function(gamma) * np.sqrt(R * 295.15)
    return float(1e3 * np.sqrt(4.0 / np.pi * rate / 742.0 / _HOUR * 916.0 / speed))


def mir_spektr(samples: int) -> Event:
    """Which hole, and which closing of the hatch, explain both pressures; then the crew's estimate."""
    swept = sampled("mir-spektr-1997", 20 * samples)
    given = _both_pressures(swept)
    late: dict[str, object] = {"schedule.0.at": 60 * _MINUTE}
    open_ = sampled("mir-spektr-1997", 20 * samples, late).given(given.kept)
    adiabatic: dict[str, object] = {"volumes.mir.energy": "adiabatic", "volumes.spektr.energy": "adiabatic"}
    cooled = _both_pressures(sampled("mir-spektr-1997", 20 * samples, adiabatic))
    diameter = given.of("hole_diameter") * 1e3
    cold = sampled("mir-spektr-1997", 20 * samples, adiabatic | late).given(cooled.kept)
    whole = open_.of("time_to_mir_below_490_mmHg") / _MINUTE
    return Event(
        title="Mir and Spektr, 25 June 1997: 750 to 675 mmHg, then Spektr alone to 480",
        case="mir-spektr-1997",
        trust="pressures A, clock C",
        predictions=(
            Prediction("area times discharge coefficient", interval(_hole_area(given)), None, "cm2",
                       "explains"),
            Prediction("the same, adiabatic", interval(_hole_area(cooled)), None, "cm2", "explains"),
            Prediction("diameter of the hole", interval(diameter), None, "mm", "explains"),
            Prediction("hatch shut after the collision",
                       interval(given.of("time_of_closing") / _MINUTE), None, "min", "explains"),
            Prediction("time left to 490 mmHg from the alarm at 690, hatch open",
                       interval(_time_left(open_)),
                       (23.0, 24.0), "min", "given another reading"),
            Prediction("the same, adiabatic", interval(_time_left(cold)), (23.0, 24.0), "min",
                       "given another reading"),
            Prediction("from the collision, hatch open, isothermal", interval(whole), (23.0, 24.0), "min",
                       "given another reading"),
        ),
        unknown=(
            "hole, minute of the collision (13:10 or 13:18), minute of the hatch, volumes in use; from "
            "when and to what pressure the crew's 23 or 24 minutes were counted: 490 mmHg is the "
            "station's limit today, not Mir's"
        ),
        text=(
            f"{len(given)} of {len(swept)} samples have both pressures between the two times of the "
            "collision. One hole explains both: the mass that the whole complex lost until the hatch was "
            "shut and that of Spektr alone afterwards share the area and the clock. Gas "
            "that no wall warms falls faster through the same hole, so that the adiabatic one is smaller."
        ),
        picture=given.picture("spektr", "min", _MINUTE) | {
            "points": [(14.0, 480.0, 4.0, 3.0)], "until": 25.0,
            "second": given.picture("mir", "min", _MINUTE),
        },
    )  # fmt: skip


def _both_pressures(swept: Samples) -> Samples:
    """Those with Mir's lowest pressure to its three digits, and 13:10 or 13:18 to Spektr's 13:28."""
    lowest = in_mmhg(swept.results["pressure_final_mir"])
    time = swept.results["time_to_spektr_below_480_mmHg"] / _MINUTE
    return swept.given((np.abs(lowest - 675.0) <= 3.0) & (time >= 10.0) & (time <= 18.0))


def _time_left(swept: Samples) -> NDArray[np.float64]:
    """Minutes from the alarm to the pressure at which a station is left today."""
    left = swept.of("time_to_mir_below_490_mmHg") - swept.of("time_to_mir_below_690_mmHg")
    return np.asarray(left / _MINUTE)


def _hole_area(swept: Samples) -> NDArray[np.float64]:
    """Area of the hole times its discharge coefficient [cm2]."""
    area = np.pi / 4.0 * (100.0 * swept.of("hole_diameter")) ** 2 * swept.of("discharge_coefficient")
    return np.asarray(area)


def soyuz_11(samples: int) -> Event:
    """Which valve explains 915 to 50 mmHg; and whether the other histories can be true beside it."""
    walled = sampled("soyuz-11", 8 * samples).near(2)
    warm, cold = (
        sampled(
            "soyuz-11", 8 * samples, {"volumes.cabin.energy": energy, "volumes.cabin.wall_conductance": None}
        ).near(2)
        for energy in ("isothermal", "adiabatic")
    )
    diameter, smaller, between = (1e3 * swept.of("valve_diameter") for swept in (warm, cold, walled))
    gamma = float(gas.mixture_properties(gas.as_mole_fractions(AIR), 295.15)[2])
    ratio = 50.0 / 915.0
    less = 1.0 - exact.adiabatic_time(ratio, gamma) / -np.log(ratio)
    at_115_s = 295.15 * ratio ** ((gamma - 1.0) / gamma)
    return Event(
        title="Soyuz 11, 30 June 1971: 915 to 50 mmHg in 115 s through a valve",
        case="soyuz-11",
        trust="C",
        predictions=(
            Prediction("diameter of the valve, isothermal", interval(diameter), None, "mm", "explains"),
            Prediction("the same, adiabatic", interval(smaller), None, "mm", "explains"),
            Prediction("the same, heat from the walls", interval(between), None, "mm", "explains"),
            Prediction("pressure 45 s after the opening, isothermal; another history: near zero after 30 to "
                       "45 s", interval(_at_45_s(warm)), (0.0, 10.0), "mmHg", "given another reading"),
            Prediction("the same, adiabatic", interval(_at_45_s(cold)), (0.0, 10.0), "mmHg",
                       "given another reading"),
            Prediction("the same, heat from the walls", interval(_at_45_s(walled)), (0.0, 10.0), "mmHg",
                       "given another reading"),
            Prediction("gas at the end, 178 s after the opening, heat from the walls",
                       interval(walled.of("temperature_final_cabin")), None, "K", "explains"),
        ),
        unknown="the valve's size, the free volume, the gas's temperature while it left",
        text=(
            "The two pressures say one number, area over volume. Isothermal and adiabatic gas are the "
            f"limits: the adiabatic one needs {100 * less:.0f} % less area and is at {at_115_s:.0f} K as it "
            "gets to 50 mmHg. Between walls of 20 to 300 W/K it is nearly adiabatic at first, and what is "
            "left is warmed later on, when the fall slows down: the limits do not bracket that. None of the "
            "three that go through both pressures is near zero after 45 s: these histories contradict each "
            "other. The 112 s to vacuum of a third account go with the 113 s from the valve's opening to "
            "50 mmHg here."
        ),
        picture=walled.picture("cabin", "s", 1.0),
    )  # fmt: skip


def _at_45_s(swept: Samples) -> NDArray[np.float64]:
    """Pressures in Soyuz 11 that are compared with the other history [mmHg]."""
    return np.asarray(in_mmhg(swept.of("pressure_cabin_record_1")))


def window_hose(samples: int) -> Event:
    """What the hole alone would do, and the restriction that would bring it down to what was seen."""
    alone = sampled("window-hose-2004", samples, {"paths.fittings.diameter": "25 mm"})
    swept = sampled("window-hose-2004", 8 * samples)

    start = float(in_mmhg(swept.results["pressure_station"][0, 0]))
    bare = start - in_mmhg(alone.of("pressure_final_station"))
    rates = start - in_mmhg(swept.results["pressure_final_station"])
    given = swept.given((rates >= 1.0) & (rates <= 2.5))
    inside = in_mmhg(given.of("pressure_final_hose"))
    return Event(
        title="The window hose of Destiny, January 2004: 0.1 inch, and 1 to 2.5 mmHg a day",
        case="window-hose-2004",
        trust="A* to B",
        predictions=(
            Prediction("fall in a day through the hole alone", interval(bare), (1.0, 2.5), "mmHg"),
            Prediction("restriction in series that gives 1 to 2.5 mmHg a day, as an orifice",
                       interval(given.of("restriction_diameter") * 1e3), None, "mm", "explains"),
            Prediction("pressure in the hose behind it", interval(inside), None, "mmHg", "explains"),
        ),
        unknown="the station's volume then, the fittings, whether the hole was the narrowest place",
        text=(
            "The miss of the first line is the point: the hole that was found cannot be what limited the "
            "leak. A restriction before it of about a tenth of its diameter would; the hose behind it is "
            "then nearly empty."
        ),
    )  # fmt: skip

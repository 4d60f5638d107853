"""The whole station: its totals over the years, and January 2021."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels import gas
from ..case import AIR
from ..laws import crack_flow, orifice_flow
from .report import Event, Prediction, interval
from .sampling import in_mmhg, sampled

__all__ = ["TOTALS", "equivalent_diameter", "equivalent_opening", "january_2021", "totals"]

_T = 295.15
_CABIN = 735.0 * 133.322387415  # Pa, the middle of the usual range (R01 of the record)
_VOLUME = 916.0  # m^3 (G05)
_DAY, _POUND = 86400.0, 0.45359237

_SOURCES = (
    "L02, L03: raumfahrer.net summary of NTRS 20110012997, https://forum.raumfahrer.net/index.php?topic=3793.msg192660",
    "L04, L06, L09: Five Times More Air (UrduPoint/Sputnik), https://www.urdupoint.com/en/world/five-times-more-air-now-leaking-from-internat-1041298.html",
    "L15: Graphic News GN46368, http://46.235.172.94/Archive/arch-46000-46499/GN46368T_words_EN.txt; L29: https://www.graphicnews.com/en/pages/46368/",
    "L20, L21: Behind the Black, https://behindtheblack.com/category/behind-the-black/points-of-information/page/153",
    "L22: Details of an air leak (Pledge Times/TASS), https://pledgetimes.com/details-of-an-air-leak-on-the-russian-segment-of-the-iss-have-become-known/",
    "L24: OIG IG-24-020 (worldheadlines copy of Ars), https://worldheadlines.site/international-space-station-leaks-get-worse-and-keep-nasa-up-at-night",
    "L26: NASA cites progress (SpaceNews copy), https://vuink.com/post/fcnprarjf-d-dpbz/nasa-cites-progress-in-reducing-iss-air-leak",
    "L33: mogazmasr quoting NASA, https://www.mogazmasr.com/121811",
    "L34: Roscosmos paused (Morning Overview), https://morningoverview.com/roscosmos-paused-its-risky-repair-on-the-station-leak-to-gather-more-data-before-cutting-further/",
)

#: Station totals of the record: row, date, kg/day, trust, note.
TOTALS: tuple[tuple[str, str, float, str, str], ...] = (
    ("L02", "2004", 0.064, "A*", "average"),
    ("L03", "2011 Q1", 0.227, "A*", "average"),
    ("L22", "design", 0.325, "B", "allowed"),
    ("L04", "2019-09", 0.27, "B", "first detection"),
    ("L06", "2020-08", 0.54, "B", ""),
    ("L09", "2020-09", 1.4, "B", ""),
    ("L20", "2020-21", 1.14, "C", "before repairs"),
    ("L15", "2020-10", 0.77, "A*", ""),
    ("L21", "2020-21", 0.30, "C", "after repairs"),
    ("L24", "2024-02", 2.4 * _POUND, "A*", ""),
    ("L26", "2024-04", 3.7 * _POUND, "A*", "highest"),
    ("L29", "2024-09", 1.13, "C", "computed by an outlet"),
    ("L33", "2026-05", 1.0 * _POUND, "A*", ""),
    ("L34", "2026-06", 2.0 * _POUND, "A*", ""),
)


def january_2021(samples: int) -> Event:
    """A hole and a rate of fall out of one mouth: do they fit the station's volume?"""
    swept = sampled("station-january-2021", samples)
    rate = -swept.of("pressure_rate_station", "pressure_rate", "mmHg/h") * 24.0
    return Event(
        title="Station, January 2021: an equivalent hole of 0.2 mm, 0.3 to 0.4 mmHg a day",
        case="station-january-2021",
        trust="B",
        predictions=(Prediction("fall in a day", interval(rate), (0.3, 0.4), "mmHg/day"),),
        unknown="whether one number was computed from the other, and what counts as equivalent",
        text="A sharp hole's coefficient gives the lower end, an ideal hole's the upper.",
    )


def totals(samples: int) -> Event:
    """Equivalent openings of the totals; nothing is predicted, the law is turned round."""
    del samples  # nothing is drawn
    rates = np.array([row[2] for row in TOTALS])
    diameters, openings = equivalent_diameter(rates) * 1e3, equivalent_opening(rates) * 1e6
    return Event(
        title="Station totals, 2004 to 2026",
        case="",
        trust="A* to C, row by row",
        predictions=(),
        unknown="how many openings share a total, and where they are",
        text=(
            "One ideal orifice, and one crack 3 mm deep and 10 mm long (smooth, straight), that leak as "
            "much at 735 mmHg and 22 degC. The pressure falls as it would in 916 m^3 without make-up."
        ),
        sources=_SOURCES,
        picture={
            "rows": [
                (key, date, rate, trust, note, mmhg, d, h)
                for (key, date, rate, trust, note), mmhg, d, h in zip(
                    TOTALS, _fall(rates), diameters, openings, strict=True
                )
            ]
        },
    )


def equivalent_diameter(kg_per_day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Diameter [m] of the ideal orifice into vacuum that leaks as much from the cabin."""
    flux = float(orifice_flow("air", _T, _CABIN, 0.0, 1.0))
    return np.asarray(np.sqrt(4.0 / np.pi * kg_per_day / _DAY / flux))


def equivalent_opening(kg_per_day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Opening [m] of a crack 3 mm deep and 10 mm long that leaks as much, by bisection of the law."""
    low, high = np.full(kg_per_day.shape, 1e-7), np.full(kg_per_day.shape, 1e-3)
    for _ in range(60):
        middle = np.sqrt(low * high)
        less = crack_flow("air", _T, _CABIN, 0.0, middle, 0.01, 0.003) * _DAY < kg_per_day
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.asarray(np.sqrt(low * high))


def _fall(kg_per_day: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fall of the station's pressure without make-up [mmHg/day]."""
    R = float(gas.mixture_properties(gas.as_mole_fractions(AIR), _T)[0])
    return np.asarray(in_mmhg(kg_per_day * R * _T / _VOLUME))

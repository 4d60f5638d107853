"""The transfer tunnel of Zvezda, 2020 and 2021: four closings of its hatch."""

from __future__ import annotations

from typing import Any

import numpy as np

from .report import Event, Prediction, interval
from .sampling import Samples, in_mmhg, sampled

__all__ = ["december_2020", "july_2021", "march_2021", "october_2020", "reduced_pressure"]

_HOUR, _DAY = 3600.0, 86400.0
_UNKNOWN = (
    "the tunnel's free volume (no figure found); number, size and shape of the cracks; the gauge's "
    "accuracy and the tunnel's temperature"
)


def _reading(samples: Samples, point: int, observed: tuple[float, float], what: str, kind: str) -> Prediction:
    pressures = in_mmhg(samples.of(f"pressure_tunnel_record_{point}"))
    return Prediction(what, interval(pressures), observed, "mmHg", kind)


def october_2020(samples: int) -> Event:
    """A fall of 90 mmHg in half a day, and the rate that was told three days later."""
    swept = sampled("prk-october-2020", samples)
    given = swept.near(1)
    rate = -given.of("pressure_rate_tunnel", "pressure_rate", "mmHg/h")
    return Event(
        title="Tunnel, 2 October 2020: 733 to 643 mmHg in about half a day",
        case="prk-october-2020",
        trust="B",
        predictions=(
            _reading(swept, 1, (643.0, 643.0), "pressure after 12 h", "informed"),
            Prediction(
                "rate of fall at the start, of the samples near that reading; told three days later, after "
                "the seals were taped to no effect",
                interval(rate), (9.0, 9.0), "mmHg/h", "given another reading",
            ),
        ),
        unknown=_UNKNOWN + "; how long half a day was",
        text=(
            "The prior of the opening, 6 to 25 um in the median, comes from the depth of the wall and "
            "from the argument that wider gaps would empty the tunnel within hours, so the first line is "
            "a weak test: it is wide. The second is sharper: duration and volume drop out of it."
        ),
        picture=swept.picture("tunnel", "h", _HOUR),
    )  # fmt: skip


def december_2020(samples: int) -> Event:
    """A fall of 110 mmHg in 18 hours."""
    swept = sampled("prk-december-2020", samples)
    return Event(
        title="Tunnel, 27 December 2020: 730 to 620 mmHg in 18 h",
        case="prk-december-2020",
        trust="B",
        predictions=(_reading(swept, 1, (620.0, 620.0), "pressure after 18 h", "informed"),),
        unknown=_UNKNOWN,
        text="The same prior as in October: wide, and a weak test.",
        picture=swept.picture("tunnel", "h", _HOUR),
    )


def march_2021(samples: int) -> Event:
    """After two cracks were sealed; and what a reported factor of three would have meant."""
    swept = sampled("prk-march-2021", samples)
    before = sampled("prk-december-2020", samples, {"run.duration": 18 * _HOUR}).near(1)
    patched = sampled(
        "prk-december-2020",
        samples,
        {"schedule": [{"action": "patch", "path": "cracks", "at": 0.0, "factor": 1.0 / 3.0}]},
    )
    kept = patched.given(before.kept)
    times = patched.results.times
    assert times is not None  # the sweep was asked for series
    at = int(np.argmin(np.abs(times - 11.5 * _HOUR)))
    third = in_mmhg(kept.of("pressure_tunnel")[:, at])
    return Event(
        title="Tunnel, 12 to 13 March 2021: 730 to 678 mmHg in 11.5 h, both known cracks sealed",
        case="prk-march-2021",
        trust="B",
        predictions=(
            _reading(swept, 1, (670.0, 678.0), "pressure after 11.5 h, 1 to 4 cracks left",
                     "given another reading"),
            Prediction(
                "the same if the sealing had cut December's cracks to the third that was told in April",
                interval(third), (670.0, 678.0), "mmHg", "given another reading",
            ),
        ),
        unknown=_UNKNOWN + "; what the factor of three was a factor of; two agencies differ by 8 mmHg",
        text=(
            "The first line is the prior of the other two readings with fewer cracks. The second takes "
            "the samples near December's reading and a cosmonaut's word, in April, that the sealing cut "
            "the leak to a third; a miss says that December is not what he compared with, or that the "
            "third came after this night."
        ),
        picture=swept.picture("tunnel", "h", _HOUR),
    )  # fmt: skip


def july_2021(samples: int) -> Event:
    """Three pressures: the first fall chooses among the samples, the second is predicted."""
    swept = sampled("prk-july-2021", samples)
    given = swept.near(1)
    exponent = _exponent(given)
    return Event(
        title="Tunnel, July 2021: 473, 273 and 200 mmHg on days 0, 6 and 11",
        case="prk-july-2021",
        trust="A*",
        predictions=(
            _reading(swept, 1, (273.0, 273.0), "pressure after 6 days", "explains"),
            _reading(given, 2, (200.0, 200.0), "pressure after 11 days, given the one after 6",
                     "given another reading"),
            Prediction("exponent dln(mdot)/dln(p) between 473 and 273 mmHg, given the same",
                       interval(exponent), None, "", "given another reading"),
        ),
        unknown=_UNKNOWN + "; the hours of day of the readings",
        text=(
            "The first line is no test: the case's prior of the opening was chosen for the record to lie "
            "within it. The second is one: how much the leak slows down as the pressure falls is the "
            "law's own, whatever the volume and the cracks are."
        ),
        picture=given.picture("tunnel", "days", _DAY),
    )  # fmt: skip


def reduced_pressure(samples: int) -> Event:
    """A saw-tooth between two limits; what is added is the leak."""
    swept = sampled("prk-reduced-pressure-2026", samples)
    duration = swept.case.run.duration
    fills = swept.of("control_make_up_count")
    added = swept.of("gas_added_tunnel") / duration * _DAY
    lost = swept.of("leak_rate_mean") * _DAY
    usual = int(np.argmin(np.abs(swept.results["control_make_up_count"] - np.median(fills))))
    return Event(
        title="Tunnel, from May 2026: kept at a reduced pressure",
        case="prk-reduced-pressure-2026",
        trust="mode A*, limits unknown",
        predictions=(
            Prediction("fills in 30 days between 300 and 350 mmHg", interval(fills), None, ""),
            Prediction("gas added", interval(added), None, "kg/day"),
            Prediction("leak", interval(lost), None, "kg/day"),
        ),
        unknown=_UNKNOWN + "; the limits; which cracks were left or new in 2026",
        text=(
            "With the cracks of the case of July 2021 and limits that are an example. Nothing is tested: "
            "of that summer only totals of the station were told, 1 and 2 lb/day. What is added differs from "
            "the leak by what the seal lets in and by the last, unfinished tooth. "
            "The picture shows one sample, with the median of fills."
        ),
        picture=swept.given(np.arange(swept.kept.size) == usual).picture("tunnel", "days", _DAY),
    )


def _exponent(samples: Samples) -> Any:
    """Slope of the cracks' flow over pressure, both logarithmic, from the start to day 6."""
    times = samples.results.times
    assert times is not None  # the sweep was asked for series
    at = int(np.argmin(np.abs(times - 6.0 * _DAY)))
    flow, pressure = samples.of("flow_cracks").astype(float), samples.of("pressure_tunnel").astype(float)
    return np.log(flow[:, 0] / flow[:, at]) / np.log(pressure[:, 0] / pressure[:, at])

"""Records whose truth is known, and whether a diagnosis finds it, or says that it cannot tell.

``python -m benchmarks.synthetic`` diagnoses the cases ``synthetic-*`` and prints a table;
``--write`` makes their files anew, from the truths below and a seed.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

CASES = Path(__file__).parent.parent / "cases"
MMHG = 133.322387415
_DAY = 86400.0


class Truth(NamedTuple):
    """How a record came about, and how it was read.

    Attributes
    ----------
    title, about : str
    pressure : float
        At the start, mmHg.
    changes : dict
        What of the case is set to the truth, as overrides.
    days : tuple of float
        When it was read.
    gauge : float
        Standard deviation and step of the gauge, mmHg.
    truth : str
        The hypothesis that is true; the record must never speak against it.
    rejected : tuple of str
        Hypotheses that the record must speak against: what is neither is beyond what it can tell.
    thermometer : float
        Standard deviation of the temperatures that were read too, K; 0 if none were.
    schedule : str
        Further lines of the case.
    more : str
        Further hypotheses.
    """

    title: str
    about: str
    pressure: float
    changes: dict[str, object]
    days: tuple[float, ...]
    gauge: float
    truth: str
    rejected: tuple[str, ...] = ()
    thermometer: float = 0.0
    schedule: str = ""
    more: str = ""


def _daily(last: int) -> tuple[float, ...]:
    return tuple(float(day) for day in range(last + 1))


_SEALED = {"volumes.tunnel.volume": 5.5, "paths.leak.viscous": 0.0}
_COOLED = _SEALED | {
    "volumes.tunnel.temperature": 295.15 - 8.0,
    "volumes.tunnel.temperature_cycles": [{"amplitude": "8 K", "period": "40 d"}],
}
_FED = {
    "volumes.tunnel.volume": 5.5, "paths.leak.viscous": 3e-15,
    "feeds": {"in_leak": {"kind": "rate", "volume": "tunnel", "rate": 0.5 * 3e-15 * (300.0 * MMHG) ** 2}},
}  # fmt: skip
# a thermometer knows where the cooling starts from, so that its mean is a further input
_MEAN = """
"volumes.tunnel.temperature" = { dist = "uniform", low = "275 K", high = "297 K", name = "mean_temperature" }"""  # noqa: E501
_BOTH = f"""
[hypotheses.cooling-laminar]
title = "a laminar crack, and the tunnel cools by up to 20 K"
[hypotheses.cooling-laminar.changes]{_MEAN}
"volumes.tunnel.temperature_cycles" = [{{ amplitude = {{ dist = "uniform", low = "0 K", high = "10 K", name = "cooling_half" }}, period = "40 d" }}]
"""  # noqa: E501
_VENT = '\n[[schedule]]\naction = "vent"\nvolume = "tunnel"\nat = "2 d"\nto = "150 mmHg"\n'

TRUTHS = {
    "sealed": Truth(
        "A tunnel that is shut tight", "no leak, no change of temperature", 473.0, _SEALED, _daily(8), 0.3,
        "sealed",
        ("laminar", "orifice", "growth"),
    ),
    "laminar": Truth(
        "A laminar crack under a good gauge", "a laminar crack of 0.5 kg/day at the start", 473.0,
        {"volumes.tunnel.volume": 5.5, "paths.leak.viscous": 3e-15}, _daily(10), 1.0,
        "laminar",
        ("sealed", "orifice", "cooling"),
    ),
    "orifice": Truth(
        "A round hole under a good gauge", "a hole of 0.18 mm", 473.0,
        {"volumes.tunnel.volume": 5.5,
         "paths.leak": {"kind": "orifice", "from": "tunnel", "to": "vacuum", "diameter": "0.18 mm"}},
        _daily(10), 1.0, "orifice", ("laminar", "fed", "sealed", "cooling"),
    ),
    "balanced": Truth(
        "A leak that is fed as fast as it leaks", "a laminar crack and an in-leak, in balance",
        300.0, _FED, (0.0, 0.5, 1.0, 1.5, 2.0), 1.0, "fed",
    ),
    "balanced-then-vented": Truth(
        "The same, its pressure lowered after two days", "a laminar crack and an in-leak, in balance at "
        "300 mmHg, then vented to 150 mmHg", 300.0, _FED,
        (0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0), 1.0, "fed",
        ("sealed", "laminar", "orifice", "growth"), schedule=_VENT,
    ),
    "cooling": Truth(
        "Cooling that looks like a leak that grows", "no leak; the tunnel cools ever faster, by 5.5 K in all",
        473.0, _COOLED, _daily(8), 0.3, "cooling",
        ("sealed", "laminar", "orifice", "growth"),
    ),
    "cooling-measured": Truth(
        "The same cooling, with its temperature measured", "no leak; the tunnel cools ever faster", 473.0,
        _COOLED, _daily(8), 0.3, "cooling",
        ("sealed", "laminar", "orifice", "fed", "growth"), 0.05, more=_BOTH,
    ),
    "growth": Truth(
        "A crack that is growing", "a crack of 14 um that grows by 2 mm a day from 20 mm", 473.0,
        {"volumes.tunnel.volume": 5.5,
         "paths.leak": {"kind": "cracks", "from": "tunnel", "to": "vacuum", "count": 1, "opening": "14 um",
                        "length": "20 mm", "depth": "2.5 mm", "growth": 2e-3 / _DAY}},
        _daily(8), 1.0, "growth", ("sealed", "laminar", "orifice", "cooling"),
    ),
}  # fmt: skip

_CASE = '''title = "{title}"
description = """
Measured: nothing. The record is made up: {about}, in 5.5 m^3.
Read with a gauge good to {gauge:g} mmHg, rounded to {gauge:g} mmHg; {times}.
Assumed: no more than a real diagnosis would know; that is what the hypotheses have.
Trust: the truth, from which python -m benchmarks.synthetic --write makes this file.
"""

[gas]
composition = "air"
temperature = "22 degC"

[volumes.tunnel]
kind = "integrated"
volume = {{ dist = "uniform", low = "4 m^3", high = "7 m^3", name = "tunnel_volume" }}
pressure = {{ dist = "uniform", low = "{low:g} mmHg", high = "{high:g} mmHg", name = "initial_pressure" }}

[volumes.vacuum]
kind = "boundary"
pressure = 0

[paths.leak]
kind = "seal"
from = "tunnel"
to = "vacuum"
viscous = {{ dist = "loguniform", low = 2e-17, high = 2e-14, name = "leak_viscous" }}
{schedule}
[run]
duration = "12 d"
output_times = {{ every = "6 h" }}

[record]
compare = "pressure"
points = [
{points}
]

[diagnosis]
resolution = "{gauge:g} mmHg"{felt}

[hypotheses.sealed]
title = "nothing leaks"
[hypotheses.sealed.changes]
"paths.leak.viscous" = 0

[hypotheses.laminar]
title = "a laminar crack"

[hypotheses.orifice]
title = "a round hole"
[hypotheses.orifice.changes]
"paths.leak" = {{ kind = "orifice", from = "tunnel", to = "vacuum", diameter = {{ dist = "loguniform", low = "0.02 mm", high = "0.6 mm", name = "hole_diameter" }} }}

[hypotheses.fed]
title = "a laminar crack, and a constant in-leak"
[hypotheses.fed.changes]
feeds = {{ in_leak = {{ kind = "rate", volume = "tunnel", rate = {{ dist = "loguniform", low = 1e-8, high = 1e-5, name = "in_leak_rate" }} }} }}

[hypotheses.cooling]
title = "nothing leaks; the tunnel cools by up to 20 K"
[hypotheses.cooling.changes]{mean}
"paths.leak.viscous" = 0
"volumes.tunnel.temperature_cycles" = [{{ amplitude = {{ dist = "uniform", low = "0 K", high = "10 K", name = "cooling_half" }}, period = "40 d" }}]

[hypotheses.growth]
title = "a crack that grows"
[hypotheses.growth.changes]
"paths.leak" = {{ kind = "cracks", from = "tunnel", to = "vacuum", count = 1, depth = "2.5 mm", length = {{ dist = "loguniform", low = "2 mm", high = "40 mm", per = "sample", name = "crack_length" }}, opening = {{ dist = "loguniform", low = "5 um", high = "25 um", per = "sample", name = "crack_opening" }}, growth = {{ dist = "loguniform", low = "0.05 mm/day", high = "5 mm/day", per = "sample", name = "crack_growth" }} }}
{more}'''  # noqa: E501


def case_text(name: str) -> str:
    """Return the case of one truth, with the record that it gives."""
    truth = TRUTHS[name]
    times = f"{len(truth.days)} readings in {truth.days[-1]:g} days"
    times += f", and the temperature to {truth.thermometer:g} K" if truth.thermometer else ""
    felt = f'\ntemperature_error = "{truth.thermometer:g} K"' if truth.thermometer else ""
    ends = {"low": truth.pressure - 5.0, "high": truth.pressure + 5.0}
    filled = {**truth._asdict(), **ends, "times": times, "felt": felt, "mean": _MEAN if felt else ""}
    first = _point(1.0, truth.pressure, 1.0, 295.15 if felt else None)
    read = _readings(truth, _CASE.format(**filled, points=first), list(TRUTHS).index(name))
    return _CASE.format(**filled, points="\n".join(read))


def _readings(truth: Truth, text: str, seed: int) -> list[str]:
    """Run the truth and read its pressure, and its temperature, as a gauge would."""
    from leakflow.solver import run

    times = [day * _DAY for day in truth.days]
    settings = truth.changes | {
        "volumes.tunnel.pressure": truth.pressure * MMHG, "run.output_times": times, "run.rtol": 1e-9,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "truth.toml"
        path.write_text(text, encoding="utf-8")
        history = run(path, overrides=settings)
    rng = np.random.default_rng([2025, seed])
    shown = history.pressures["tunnel"] / MMHG + truth.gauge * rng.standard_normal(len(times))
    shown = np.round(shown / truth.gauge) * truth.gauge
    felt: list[float | None] = [None] * len(times)
    if truth.thermometer:
        true = history.temperatures.get("tunnel", np.full(len(times), 295.15))
        felt = (true + truth.thermometer * rng.standard_normal(len(times))).round(2).tolist()
    spreads = [truth.gauge] * len(times)
    return [_point(*row) for row in zip(truth.days, shown, spreads, felt, strict=True)]


def _point(day: float, pressure: float, spread: float, temperature: float | None) -> str:
    warmth = "" if temperature is None else f", temperature = {temperature:.2f}"
    return (
        f'    {{ volume = "tunnel", time = "{day:g} d", pressure = "{pressure:.1f} mmHg", '
        f'uncertainty = "{spread:.3g} mmHg"{warmth} }},'
    )


def judge(name: str, *, live: int, only: tuple[str, ...] = ()) -> tuple[dict[str, float], str, str]:
    """Diagnose one case; return each ln B to the best, what is said, and whether it is right."""
    from leakflow.solver.diagnosis.diagnose import DECISIVE, diagnose
    from leakflow.solver.diagnosis.words import verdict

    truth = TRUTHS[name]
    answer = diagnose(f"synthetic-{name}", live=live, seed=1, only=only)
    logs = answer.log_evidences
    behind = dict(zip([one.rival.name for one in answer.explanations], logs - logs.max(), strict=True))
    rejected = [one for one in truth.rejected if one in behind]
    right = behind[truth.truth] > -DECISIVE and all(behind[one] < -DECISIVE for one in rejected)
    return behind, verdict(answer), "right" if right else "WRONG"


def main() -> None:
    """Write the cases, or judge them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(TRUTHS), metavar="NAME")
    parser.add_argument("--write", action="store_true", help="make the files of the cases anew")
    parser.add_argument("--live", type=int, default=300)
    options = parser.parse_args()
    for name in options.names:
        if options.write:
            (CASES / f"synthetic-{name}.toml").write_text(case_text(name), encoding="utf-8", newline="\n")
            continue
        behind, said, right = judge(name, live=options.live)
        shown = ", ".join(f"{one} {log:.1f}" for one, log in behind.items())
        print(f"{name}: {right}\n  ln B: {shown}\n  {said}", flush=True)


if __name__ == "__main__":
    main()

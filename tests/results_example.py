"""A small sweep's results with everything a file can hold, for the tests of results files."""

from __future__ import annotations

import numpy as np

from leakflow.solver.results import Results, Variable

N = 40
TIMES = np.linspace(0.0, 86400.0, 7)
FAILED = {3: 2, 5: 1, 8: 1}  # sample: status


def example_results(n: int = N, times: np.ndarray = TIMES, first: int = 100) -> Results:
    rng = np.random.default_rng(7)
    status = np.zeros(n, np.int8)
    for sample, code in FAILED.items():
        status[sample] = code
    bad = status != 0
    counts = rng.integers(1, 4, n).astype(np.int32)
    mass = rng.random(n)
    mass[bad] = np.nan
    pressure = (6e4 * rng.random((n, times.size))).astype(np.float32)
    pressure[bad] = np.nan
    uniform = '{"dist": "uniform", "low": 4.0, "high": 7.0}'
    variables = [
        Variable(
            "tunnel_volume",
            4 + 3 * rng.random(n),
            "m3",
            "volume of the tunnel",
            "input",
            {"distribution": uniform},
        ),
        Variable("mass_lost", mass, "kg", "mass lost in the run", "output"),
        Variable("steps", rng.integers(10, 99, n), "1", "steps taken", "diagnostic"),
        Variable("pressure_tunnel", pressure, "Pa", "pressure of the tunnel, µbar not", "output"),
    ]
    cracks = [
        Variable("wall-1_count", counts, "1", "cracks of the wall", "input"),
        Variable("wall-1_opening", 1e-5 * rng.random(counts.sum()), "m", "opening", "input"),
    ]
    return Results(
        samples=np.arange(first, first + n),
        status=status,
        variables={v.name: v for v in variables},
        times=times,
        cracks={v.name: v for v in cracks},
        attributes={
            "title": "A tunnel, 4 \u2013 7 m\u00b3",
            "source": "leakflow 0.1.0",
            "history": "2026-01-01 sweep",
            "campaign_id": "0" * 64,
        },
        provenance={"case": '{"title": "a tunnel \u00e9"}', "seed": "7", "empty": ""},
    )

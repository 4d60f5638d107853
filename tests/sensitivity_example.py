"""Small sweeps of Saltelli's design, with whatever goes wrong in one, for the tests of sensitivity."""

from __future__ import annotations

import json

import numpy as np
from known_indices import ishigami, saltelli

from leakflow.solver.results import Results, Variable

NAMES = ("volume", "opening", "each_crack")
STORED = NAMES[:2]
TIMES = np.array([0.0, 1.0, 3.0, 10.0]) * 86400.0


def design_of(base_samples, second_order=True, seed=1, **more):
    step = 8 if second_order else 5
    return {
        "kind": "saltelli", "names": list(NAMES), "groups": None, "second_order": second_order,
        "base_samples": base_samples, "rows_per_group": step, "scramble": True, "seed": seed, **more,
    }  # fmt: skip


def example_sweep(base_samples=64, second_order=True, seed=1, failed=(), outcomes=None, series=False, **more):
    """Ishigami's function of two stored inputs and of the cracks, which are not stored.

    Parameters
    ----------
    failed : rows that failed, or a function of the points that says which
    outcomes : further ones, name to a function of the points
    """
    u = saltelli(3, base_samples, second_order, seed)
    status = np.zeros(len(u), np.int8)
    bad = failed(u) if callable(failed) else np.isin(np.arange(len(u)), failed)
    status[bad] = 2
    variables = [
        Variable(name, u[:, j].copy(), "m", f"{name} of it", "input") for j, name in enumerate(STORED)
    ]
    for name, function in {"leak_rate": ishigami, **(outcomes or {})}.items():
        values = np.asarray(function(u), float).copy()
        values[bad] = np.nan
        variables.append(Variable(name, values, "kg s-1", name, "output"))
    if series:
        days = TIMES / 86400.0
        pressure = (u[:, [0]] * days + 2.0 * u[:, [1]]).astype(np.float32)
        pressure[bad] = np.nan
        variables.append(Variable("pressure", pressure, "Pa", "pressure", "output"))
    return Results(
        np.arange(len(u)),
        status,
        {v.name: v for v in variables},
        times=TIMES if series else None,
        attributes={"title": "A leak", "source": "leakflow 0", "history": "-", "campaign_id": f"seed {seed}"},
        provenance={"design": json.dumps(design_of(base_samples, second_order, seed, **more))},
    )


def rows_of(results, rows, **more):
    """Only some rows of results, as an interrupted sweep or a part of a campaign has them."""
    variables = {
        name: Variable(name, v.data[rows], v.units, v.long_name, v.role, v.attributes)
        for name, v in results.variables.items()
    }
    return Results(
        results.samples[rows], results.status[rows], variables, times=results.times,
        attributes={**results.attributes, **more}, provenance=results.provenance,
    )  # fmt: skip

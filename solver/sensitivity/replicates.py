"""Several sweeps with other seeds: their mean, and the error that they show by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import LeakflowError, ResultsError
from .indices import IndexVariable, Indices

__all__ = ["mean_of_replicates"]

_BETWEEN = (
    ("outcome", "input"),
    ("outcome", "input", "input2"),
    ("series", "time", "input"),
    ("series", "input"),
)


def mean_of_replicates(found: Sequence[Indices], confidence: float) -> Indices:
    """Return the mean over replicates, with the half-widths that their spread gives.

    The half-widths ``_conf`` are Student's: they hold whatever makes the replicates differ, also for
    randomised Sobol' sequences, for which a bootstrap within one sweep is too wide (Owen 2023, "Practical
    quasi-Monte Carlo integration", chapter 17). ``_se`` is the standard error of the mean.

    Raises
    ------
    ResultsError
        They are not replicates: other inputs, outcomes or methods; one line.
    """
    first = found[0]
    for other in found[1:]:
        for what, one, two in (
            ("inputs", first.inputs, other.inputs),
            ("outcomes", first.outcomes, other.outcomes),
            ("method", (first.method,), (other.method,)),
            (
                "series",
                tuple(first.coordinates.get("series", ())),
                tuple(other.coordinates.get("series", ())),
            ),
        ):
            if one != two:
                raise ResultsError(
                    f"not replicates: one sweep has {what} {', '.join(one)}, another {', '.join(two)}"
                )
    variables: dict[str, IndexVariable] = {}
    spread_by = _students(confidence, len(found)) / np.sqrt(len(found))
    for name, variable in first.variables.items():
        if not all(name in other and other[name].shape == variable.data.shape for other in found):
            continue
        data = np.stack([other[name] for other in found])
        if name in ("state", "unused"):
            agreed = data.max(axis=0) if name == "state" else data.min(axis=0)
            variables[name] = replace(variable, data=agreed)
        elif name in ("used", "dropped"):
            variables[name] = replace(variable, data=data.sum(axis=0))
        elif not name.startswith(("failure_", "samples_", "half_")) and "size" not in variable.dims:
            variables[name] = replace(variable, data=data.mean(axis=0))
            base = name.replace("_conf", "", 1)  # of ST_conf_series it is ST_series
            if name != base and base in first and variable.dims in _BETWEEN:
                values = np.stack([other[base] for other in found])
                error = values.std(axis=0, ddof=1)
                variables[name] = replace(variable, data=spread_by * error)
                variables[name.replace("_conf", "_se", 1)] = IndexVariable(
                    variable.dims, error / np.sqrt(len(found)), f"standard error between replicates: {base}"
                )
    kept = {dim for variable in variables.values() for dim in variable.dims}
    coordinates = {name: labels for name, labels in first.coordinates.items() if name in kept}
    notes = list(dict.fromkeys(note for other in found for note in other.notes))
    attributes = {
        **first.attributes,
        "replicates": len(found),
        "samples": sum(int(other.attributes["samples"]) for other in found),
        "failed_samples": sum(int(other.attributes["failed_samples"]) for other in found),
        "campaign_id": ", ".join(str(other.attributes["campaign_id"]) for other in found),
        "notes": "\n".join([f"the mean of {len(found)} sweeps; intervals from their spread", *notes]),
    }
    return Indices(coordinates, variables, attributes)


def _students(confidence: float, count: int) -> float:
    """Return Student's factor for the mean of so many values."""
    try:
        from scipy.special import stdtrit
    except ImportError:
        raise LeakflowError(
            "several sweeps at once need scipy, which is not installed: "
            'python -m pip install "leakflow[sensitivity]"'
        ) from None
    return float(stdtrit(count - 1, 0.5 + confidence / 2.0))

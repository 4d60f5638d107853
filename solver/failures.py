"""The samples of a sweep that failed, and why: which number of which part, from the results alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..kernels import draw, model, network
from ..kernels import status as status_codes
from ._case_resolved import case_from_resolved
from ._failure_draw import Drawn, draw_reasons
from ._failure_start import contact_reasons, run_reasons, start_reasons, temperature_reasons
from .case import Case
from .engine import packed
from .errors import CaseError
from .plan import CompiledCase, compile_case
from .results import Results

__all__ = ["Extreme", "Failure", "failed_samples", "failure_of", "reasons_of", "why_it_failed"]

#: A case with more cracks than this is not looked into: a stranger's may ask for a thousand million.
_MOST_CRACKS = 10_000_000
_MOST_REASONS = 5
#: An input is extreme if at most this share of the samples lies beyond it.
_EXTREME = 0.025
_LEAST_SAMPLES = 50


@dataclass(frozen=True)
class Extreme:
    """An input of a failed sample that few other samples go beyond.

    Attributes
    ----------
    name : str
    value : float
        In the units of the file.
    units : str
    percentile : float
        Share of all samples below it, in per cent.
    """

    name: str
    value: float
    units: str
    percentile: float


@dataclass(frozen=True)
class Failure:
    """One sample that failed.

    Attributes
    ----------
    sample : int
    status : str
        A name in `leakflow.kernels.status.MEANINGS`.
    reasons : tuple of str
        One line for each number that is out of its bounds; else what the status means.
    extremes : tuple of Extreme
        Where no number is out of its bounds: those of its inputs that few samples go beyond, the most extreme
        first. Empty where the sweep is too small to tell.
    """

    sample: int
    status: str
    reasons: tuple[str, ...]
    extremes: tuple[Extreme, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def failed_samples(results: Results, limit: int | None = None) -> list[Failure]:
    """List the failed samples of a sweep, and why they failed.

    Their inputs and cracks are drawn again from the seed and the sample's index, and held against the
    bounds that the kernels hold.

    Parameters
    ----------
    results : Results
        Of `sweep`, or opened from a file.
    limit : int, optional
        The first so many only.
    """
    rows = np.flatnonzero(results.status != status_codes.OK)[:limit]
    looked_into = _compiled(results) if rows.size else ""
    return [_failure(results, row, looked_into) for row in rows.tolist()]


def failure_of(results: Results, row: int) -> Failure:
    """Say why the sample in a row of the results failed, as `failed_samples` does."""
    return _failure(results, row, _compiled(results))


def why_it_failed(case: Case, sample: int | None, code: int) -> str:
    """Say why one run of a case failed: the numbers outside what the kernels take, or what its status means.

    Parameters
    ----------
    case : Case
    sample : int or None
        As for `run`: None for the medians.
    code : int
        Its status.
    """
    found = reasons_of(case, compile_case(case, nominal=sample is None), sample or 0, code)
    return "; ".join(found) or status_codes.ADVICE[code]


def reasons_of(case: Case, compiled: CompiledCase, index: int, code: int) -> list[str]:
    """Say which numbers of a failed sample lie outside what the kernels take, one line each, at most five.

    Parameters
    ----------
    case : Case
    compiled : CompiledCase
        Of that case.
    index : int
        Of the sample.
    code : int
        Its status.

    Returns
    -------
    list of str
        Empty if no number is outside by itself: then it failed on the way.
    """
    if code not in (status_codes.IMPOSSIBLE, status_codes.OUT_OF_RANGE):
        return []
    if index < 0 or compiled.plan.max_cracks > _MOST_CRACKS:
        return []
    found = list(itertools.islice(_reasons(case, compiled, index), _MOST_REASONS + 1))
    return [*found[:_MOST_REASONS], "and more"] if len(found) > _MOST_REASONS else found


def _failure(results: Results, row: int, looked_into: tuple[Case, CompiledCase] | str) -> Failure:
    code, index = int(results.status[row]), int(results.samples[row])
    reasons = [] if isinstance(looked_into, str) else reasons_of(*looked_into, index, code)
    extremes = () if reasons else tuple(_extremes(results, row))
    reasons = reasons or [status_codes.ADVICE.get(code, "a status that this leakflow does not know")]
    if isinstance(looked_into, str):
        reasons.append(f"its numbers cannot be drawn again: {looked_into}")
    name = status_codes.MEANINGS.get(code, f"status_{code}")
    return Failure(index, name, tuple(reasons), extremes)


def _reasons(case: Case, compiled: CompiledCase, index: int) -> Iterator[str]:
    """Go the way of `kernels.batch`, as far as it went."""
    plan = compiled.plan
    seed, counter = np.uint64(case.sweep.seed), np.uint64(index)
    drawn = Drawn(case, plan, seed, model.new_sample(plan))
    placed = packed(plan, None if compiled.points is None else compiled.points(index, 1), 1)
    result = draw.draw_point(plan, seed, counter, placed, 0, drawn.sample)
    if result != status_codes.OK:
        yield from draw_reasons(drawn, result)
        return
    result = network.prepare(plan, drawn.sample, np.zeros(model.sizes(plan)[1]))
    if result == status_codes.OUT_OF_RANGE:
        yield from temperature_reasons(drawn)
        yield from contact_reasons(drawn)
    elif result == status_codes.IMPOSSIBLE:
        yield from start_reasons(drawn)
    else:
        yield from run_reasons(drawn)


def _compiled(results: Results) -> tuple[Case, CompiledCase] | str:
    """Return the case of the results, compiled; or why there is none."""
    if "case" not in results.provenance:
        return "there is no case in the results"
    try:
        case = case_from_resolved(results.provenance["case"], "case in the results")
        return case, compile_case(case)
    except CaseError as error:
        return error.faults[0]


def _extremes(results: Results, row: int) -> Iterator[Extreme]:
    """Give the inputs of a sample that few samples go beyond, the most extreme first."""
    if len(results) < _LEAST_SAMPLES:
        return
    found = []
    for name, values in results.inputs.items():
        value = float(values[row])
        if math.isfinite(value):
            below = float(np.mean(values < value))
            beyond = min(below, float(np.mean(values > value)))
            if beyond <= _EXTREME and not np.all(values == value):
                found.append((beyond, Extreme(name, value, results.variables[name].units, 100.0 * below)))
    yield from (extreme for _, extreme in sorted(found, key=lambda pair: pair[0]))

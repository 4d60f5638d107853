"""One sample of a sweep run again from its results file alone, with its whole history."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import draw, model
from ._case_resolved import case_from_resolved
from ._terminal_text import plain
from .case import Case
from .columns import crack_prefix, series_names
from .engine import Block, drawn_again, run_block
from .errors import CaseError, ResultsError
from .plan import CompiledCase, compile_case
from .provenance import describe
from .results import Results, open_results
from .run import Run, history_of, outcomes_of

__all__ = ["Difference", "Replay", "replay"]

_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Difference:
    """One quantity whose bits are not those in the file.

    Attributes
    ----------
    name : str
    stored, found : float
        In the file and now; of a series or of cracks where they are farthest apart.
    relative : float
        How far apart, over the larger; infinite where only one is a number.
    """

    name: str
    stored: float
    found: float
    relative: float


@dataclass(frozen=True, eq=False)
class Replay(Run):
    """The history of one sample of a results file, and whether it came out as it is stored.

    Attributes
    ----------
    compared : int
        Quantities of the file that were compared, bit by bit: the status, inputs, outcomes, series, cracks.
    differences : tuple of Difference
        Those that differ, the largest first.
    changes : tuple of str
        What was otherwise when the file was made: kernels, packages, system; one line each.
    """

    compared: int
    differences: tuple[Difference, ...]
    changes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether every bit is as it is stored."""
        return not self.differences


def replay(path: str | Path, sample: int) -> Replay:
    """Run one sample of a results file again, from that file alone.

    Its inputs and cracks follow from the seed and its index, as in the sweep. The case comes from the file's
    ``/provenance``, checked as any case is. Outcomes are compared with those stored, to the bit.

    Parameters
    ----------
    path : str or path
        A file written by `write_results`, or by ``leakflow sweep``.
    sample : int
        Index of the sample, as in the file's ``sample``.

    Returns
    -------
    Replay
        A `Run` at the output times of the case, and what differs from the file.

    Raises
    ------
    ResultsError
        No such file, no results file, no such sample in it, or no case that can be read.
    """
    return replay_results(open_results(path), sample, str(path))


def replay_results(results: Results, sample: int, name: str) -> Replay:
    """Do what `replay` does, with a results file called ``name`` that has been opened."""
    rows = np.flatnonzero(results.samples == sample) if 0 <= sample < 2**63 else np.empty(0, np.int64)
    if not rows.size:
        first, last = int(results.samples.min()), int(results.samples.max())
        raise ResultsError(f"{name}: has no sample {sample}; it has {len(results)}, from {first} to {last}")
    row = int(rows[0])
    case = _case_of(results, name)
    try:
        compiled = compile_case(case)
    except CaseError as error:
        raise ResultsError(f"{name}: its case cannot be run: {error.faults[0]}") from None
    points = None
    if compiled.points is not None:
        if sample >= case.sweep.samples:
            raise ResultsError(f"{name}: sample {sample} is beyond the design of its case")
        points = compiled.points(sample, 1)
    # As in the sweep: dense output may look into tables of flow that the steps themselves never need.
    block = run_block(compiled.plan, case.sweep.seed, sample, 1, series=case.outcomes.series, points=points)
    history = block
    if not case.outcomes.series:
        history = run_block(compiled.plan, case.sweep.seed, sample, 1, series=True, points=points)
    found = _found(case, compiled, block, sample)
    stored = _stored(results, row)
    compared = [key for key in found if key in stored]
    differences = [
        _difference(key, stored[key], found[key])
        for key in compared
        if stored[key].tobytes() != found[key].tobytes()
    ]
    fields = history_of(case, compiled, history) | {"outcomes": outcomes_of(case, compiled, block)}
    return Replay(
        **fields,
        sample=sample,
        compared=len(compared),
        differences=tuple(sorted(differences, key=lambda one: -one.relative)),
        changes=tuple(_changes(results, case)),
    )


def _case_of(results: Results, name: str) -> Case:
    if "case" not in results.provenance:
        raise ResultsError(f"{name}: holds no case in /provenance: its samples cannot be run again")
    try:
        return case_from_resolved(results.provenance["case"], f"case in {Path(name).name}")
    except CaseError as error:
        raise ResultsError(f"{name}: its case cannot be run: {error.faults[0]}") from None


def _found(case: Case, compiled: CompiledCase, block: Block, sample: int) -> dict[str, NDArray[Any]]:
    """Return what the sweep would store of the sample, by name."""
    found: dict[str, NDArray[Any]] = {"status": block.statuses}
    for column in compiled.inputs:
        found[column.name] = block.inputs[:, column.place]
    for name, value in outcomes_of(case, compiled, block).items():
        found[name] = np.array([value])
    if case.outcomes.series:
        of_volumes, of_paths = series_names(case)
        columns = [*block.values[0].T, *block.flows[0].T]
        for name, values in zip([*of_volumes, *of_paths], columns, strict=True):
            found[name] = values.astype(np.float32)
    if case.outcomes.crack_geometry:
        for p, name in enumerate(compiled.paths):
            if compiled.plan.paths[p]["count"] >= 0:
                found |= _cracks(crack_prefix(name), p, case, compiled, block, sample)
    return found


def _cracks(
    prefix: str, p: int, case: Case, compiled: CompiledCase, block: Block, sample: int
) -> dict[str, NDArray[Any]]:
    plan = compiled.plan
    counts = np.floor(block.inputs[:, plan.paths[p]["count"]] + 0.5).astype(np.int64)
    fields = np.empty((int(counts.sum()), model.N_CRACK_FIELDS))
    noise = (
        drawn_again(plan, case.sweep.seed, np.array([sample]), compiled.points)[1][:, p].copy().view(np.int64)
    )
    draw.draw_populations(plan, p, np.uint64(case.sweep.seed), noise, block.inputs, counts, fields)
    named = {f"{prefix}_{name}": fields[:, place].copy() for place, name in enumerate(model.CRACK_FIELDS)}
    return {f"{prefix}_count": counts} | named


def _stored(results: Results, row: int) -> dict[str, NDArray[Any]]:
    """Return what the file holds of the sample in a row, by name."""
    stored: dict[str, NDArray[Any]] = {"status": results.status[row : row + 1]}
    stored |= {name: np.atleast_1d(variable.data[row]) for name, variable in results.variables.items()}
    for name, variable in (results.cracks or {}).items():
        dimension = results.dimensions(name)[0]
        if dimension == "sample":
            stored[name] = variable.data[row : row + 1]
        else:
            counts = results[f"{dimension.removesuffix('_crack')}_count"]
            first = int(counts[:row].sum())
            stored[name] = variable.data[first : first + int(counts[row])]
    return stored


def _difference(name: str, stored: NDArray[Any], found: NDArray[Any]) -> Difference:
    """Give the place where two arrays are farthest apart."""
    if stored.shape != found.shape:
        return Difference(name, float(stored.size), float(found.size), math.inf)
    worst = Difference(name, float(stored[0]), float(found[0]), 0.0)
    for a, b in zip(stored.tolist(), found.tolist(), strict=True):
        if math.isfinite(a) and math.isfinite(b):
            relative = abs(a - b) / (max(abs(a), abs(b)) or 1.0)
        else:
            relative = 0.0 if a == b or (math.isnan(a) and math.isnan(b)) else math.inf
        if relative > worst.relative:
            worst = Difference(name, float(a), float(b), relative)
    return worst


def _changes(results: Results, case: Case) -> Iterator[str]:
    """Say what was otherwise when the results were made: what a difference may come from."""
    attributes, here = describe(case)
    then = {"leakflow": results.attributes.get("source", "").removeprefix("leakflow ")}
    now = {"leakflow": attributes["source"].removeprefix("leakflow ")}
    for text in ("environment", "numerics"):
        then |= _flat(results.provenance.get(text, ""))
        now |= _flat(here[text])
    for key, value in now.items():
        before = then.get(key)
        if before is None:
            yield f"{key}: the file does not say; here {_short(value)}"
        elif before != value:
            yield f"{key}: {_short(before)} in the file, here {_short(value)}"


def _flat(text: str) -> dict[str, str]:
    """Read a JSON object of texts, nested once; nothing of one that is none."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    flat: dict[str, str] = {}
    for key, value in data.items() if isinstance(data, Mapping) else ():
        nested = value if isinstance(value, Mapping) else {key: value}
        flat |= {str(name): str(item)[:200] for name, item in nested.items() if isinstance(item, str)}
    return flat


def _short(text: str) -> str:
    shown = plain(text)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:12]}..."

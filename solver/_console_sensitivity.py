"""How sensitivity indices look on a terminal."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from .console import _add_row, _print_table, _table, say
from .sensitivity.indices import Indices

__all__ = ["show_indices"]


def show_indices(console: Console, indices: Indices) -> None:
    """Show the indices of each outcome, the strongest input first, and what is to be said beside them."""
    for outcome in indices.outcomes:
        if indices.state(outcome) == "ok":
            _print_table(console, _outcome_table(indices, outcome))
    for series in indices.coordinates.get("series", ()):
        table = _series_table(indices, series)
        if table is not None:
            _print_table(console, table)
    if "failure_auc" in indices:
        _print_table(console, _failure_table(indices))
    if "failure_ST" in indices:
        table = _table("Failure, by Sobol' indices", "name", "ST", "S1")
        for j, name in enumerate(indices.inputs):
            _add_row(table, name, *(f"{indices[f'failure_{key}'][j]:.3f}" for key in ("ST", "S1")))
        _print_table(console, table)
    for note in indices.notes:
        say(console, note)
    say(console, _made(indices))


def _outcome_table(indices: Indices, outcome: str) -> Table:
    row = indices.outcomes.index(outcome)
    names = [name for name in indices.headline if name in indices]
    also = [name for name in _ALSO.get(indices.method, ()) if name in indices]
    bounded = [name for name in names if f"{name}_low" in indices and int(indices["dropped"][row])]
    heads = [head for name in names for head in (name, "±")]
    heads += [f"{name} if not dropped" for name in bounded] + also
    table = _table(_title(indices, outcome, row), "name", *heads)
    first = indices[names[0]][row]
    order = sorted(range(len(indices.inputs)), key=lambda j: -abs(first[j]) if first[j] == first[j] else 1.0)
    shown = _effect if indices.method == "morris" else _number
    for j in order:
        unused = bool(indices["unused"][row, j])
        cells = []
        for name in names:
            half = indices[f"{name}_conf"][row, j] if f"{name}_conf" in indices else math.nan
            cells += ["unused" if unused else shown(indices[name][row, j]), "" if unused else shown(half)]
        for name in bounded:
            low, high = (indices[f"{name}_{end}"][row, j] for end in ("low", "high"))
            cells.append(f"{shown(low)} to {shown(high)}")
        _add_row(table, indices.inputs[j], *cells, *(shown(indices[name][row, j]) for name in also))
    return table


def _series_table(indices: Indices, series: str) -> Table | None:
    """Show the indices of a whole series, None where there are none."""
    names = [name for name in indices.headline if f"{name}_generalised" in indices]
    row = list(indices.coordinates["series"]).index(series)
    shares = [indices[f"{name}_generalised"][row] for name in names]
    if not names or not any(math.isfinite(value) for value in shares[0]):
        return None
    halves = [
        indices[key][row] if (key := f"{name}_conf_generalised") in indices else [math.nan] * len(values)
        for name, values in zip(names, shares, strict=True)
    ]
    table = _table(f"{series}, the whole series", "name", *(head for name in names for head in (name, "±")))
    for j in sorted(range(len(indices.inputs)), key=lambda j: -shares[0][j]):
        cells = [_number(own[j]) for pair in zip(shares, halves, strict=True) for own in pair]
        _add_row(table, indices.inputs[j], *cells)
    return table


#: Arrays shown beside the headline.
_ALSO = {"morris": ("sigma", "mu"), "regression": ("SRC", "PRCC", "spearman"), "pawn": ("pawn_maximum",)}


def _title(indices: Indices, outcome: str, row: int) -> str:
    parts = [outcome]
    for name in ("R2", "R2_rank", "unexplained"):
        if name in indices:
            parts.append(f"{name} {_number(indices[name][row])}")
    if "samples_needed" in indices and math.isfinite(indices["samples_needed"][row]):
        parts.append(f"samples needed {indices['samples_needed'][row]:,.0f}")
    return ", ".join(parts)


def _failure_table(indices: Indices) -> Table:
    """Show which inputs lead to failure, those that explain most of it first."""
    title = "Which inputs lead to failure"
    if "failure_failed" in indices.attributes:
        failed, samples = (int(indices.attributes[f"failure_{key}"]) for key in ("failed", "samples"))
        title += f", {failed:,} of {samples:,} samples"
    table = _table(
        title,
        "name",
        "share explained",
        "AUC",
        "fails, lowest tenth",
        "highest tenth",
    )
    explained, names = indices["failure_first"], indices.coordinates["failure_input"]
    order = sorted(range(len(names)), key=lambda j: -explained[j] if explained[j] == explained[j] else 1.0)
    for j in order:
        rates = indices["failure_rate"][j]
        _add_row(
            table, names[j], _number(explained[j]), _number(indices["failure_auc"][j]),
            _percent(rates[0]), _percent(rates[-1]),
        )  # fmt: skip
    return table


def _made(indices: Indices) -> str:
    told = indices.attributes
    rows = int(told["rows_per_group"])
    line = f"method {indices.method}, {told['design']} design, {int(told['samples']):,} samples"
    if rows > 1:
        line += f" in groups of {rows}"
    if int(told["replicates"]) > 1:
        line += f", {told['replicates']} replicates"
    return f"{line}; intervals of {float(told['confidence']):.0%}"


def _number(value: float) -> str:
    """Show a share or a correlation."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def _effect(value: float) -> str:
    """Show a number in the outcome's own unit."""
    return "-" if math.isnan(value) else f"{value:.3g}"


def _percent(value: float) -> str:
    return f"{value:.2%}" if value == value else "-"

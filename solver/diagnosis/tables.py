"""An answer on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from .._terminal_text import plain
from ..console import say
from ..units import convert
from .diagnose import Answer, Explanation, Floats, interval
from .digits import resolving
from .sampler import said_against
from .words import remarks, verdict

__all__ = ["show_answer"]

_PER_DAY = 86400.0


def show_answer(console: Console, answer: Answer) -> None:
    """Print evidences, flows, inputs and predictions, and what they come to in words."""
    _show_evidence(console, answer)
    _show_flows(console, answer)
    for one in answer.explanations:
        _show_inputs(console, one)
    for remark in remarks(answer):
        say(console, remark)
    say(console, verdict(answer))


def _show_evidence(console: Console, answer: Answer) -> None:
    table = _table("Evidence", "hypothesis", ("ln Z", "ln B", "probability", "prior odds\n/10 .. x10"))
    fit = _table("How it fits, and was sampled", "hypothesis", ("prior", "p-value", "LOO", "ESS"))
    best = answer.log_evidences.max()
    probable, moved = answer.probabilities(), answer.moved(10.0)
    for i, one in enumerate(answer.explanations):
        found = one.sampled
        unsure = " (k > 0.7)" if np.any(one.loo.pareto_k > 0.7) else ""
        table.add_row(
            plain(one.rival.name), f"{found.log_evidence:.2f} ± {found.error:.2f}",
            f"{found.log_evidence - best:.2f}", f"{probable[i]:.3f}",
            f"{moved[i][0]:.3f} .. {moved[i][1]:.3f}",
        )  # fmt: skip
        fit.add_row(
            plain(one.rival.name), f"{one.rival.prior:.3f}",
            "-" if one.p_value is None else f"{one.p_value:.2f}",
            f"{one.loo.elpd:.2f}{unsure}", f"{found.ess:.0f}" + (" !" if said_against(found) else ""),
        )  # fmt: skip
    console.print(table)
    console.print(fit)
    for one in answer.explanations:
        if one.failed_runs:
            say(
                console, f"{one.rival.name}: {one.failed_runs:,} runs failed; their likelihood counts as zero"
            )


def _show_flows(console: Console, answer: Answer) -> None:
    names = ["gas_out", "gas_in"]
    if any(np.any(one.flows["gas_supplied"]) for one in answer.explanations):
        names.append("gas_supplied")
    heads = [f"{name.removeprefix('gas_')} [kg/day]" for name in names]
    table = _table("What it means: median (90 %)", "hypothesis", heads)
    for one in answer.explanations:
        flows = [_shown(one.flows[name] * _PER_DAY) for name in names]
        table.add_row(plain(one.rival.name), *flows)
    console.print(table)
    first = answer.explanations[0].next_pressure
    for volume in dict.fromkeys(volume for by in first.values() for volume in by):
        title = plain(f"{volume} [mmHg]: median (90 %)")
        table = _table(title, "hypothesis", [f"a {when} on" for when in first])
        for one in answer.explanations:
            ahead = [
                _shown(np.asarray(convert(by[volume], "pressure", "mmHg")))
                for by in one.next_pressure.values()
            ]
            table.add_row(plain(one.rival.name), *ahead)
        console.print(table)
        for one in answer.explanations:
            for when, by in one.next_pressure.items():
                failed = int(np.isnan(by[volume]).sum())
                if failed:
                    text = f"{failed:,} of {by[volume].size:,} runs fail before a {when} on, and are left out"
                    say(console, f"{one.rival.name}: {text}")


def _show_inputs(console: Console, one: Explanation) -> None:
    table = _table(plain(f"{one.rival.name}: {one.rival.title}"), "input", ("median", "50 %", "90 %"))
    table.add_column("units", overflow="fold")
    for name, draws in one.inputs.items():
        half, most = interval(draws, 0.5), interval(draws, 0.9)
        table.add_row(
            plain(name), f"{np.median(draws):.4g}", f"{half[0]:.4g} .. {half[1]:.4g}",
            f"{most[0]:.4g} .. {most[1]:.4g}", one.units[name],
        )  # fmt: skip
    console.print(table)


def _table(title: str, first: str, others: Sequence[str]) -> Table:
    """Return a table of named rows, in which a narrow terminal folds what it has no place for."""
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    table.add_column(first, overflow="fold", min_width=len(first))
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table


def _shown(draws: Floats) -> str:
    """Write median and interval of the draws whose runs reach so far, with digits that resolve them."""
    known = draws[~np.isnan(draws)]
    if not known.size:
        return "-"
    low, high = interval(known, 0.9)
    digits = resolving(low, high)
    return f"{np.median(known):.{digits}g} ({low:.{digits}g} .. {high:.{digits}g})"

"""An answer on the terminal."""

from __future__ import annotations

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from .._terminal_text import plain
from ..console import say
from ..units import convert
from .diagnose import Answer, Explanation, Floats, interval
from .sampler import said_against
from .words import verdict

__all__ = ["show_answer"]

_PER_DAY = 86400.0


def show_answer(console: Console, answer: Answer) -> None:
    """Print evidences, flows, inputs and predictions, and what they come to in words."""
    _show_evidence(console, answer)
    _show_flows(console, answer)
    for one in answer.explanations:
        _show_inputs(console, one)
    say(console, verdict(answer))


def _show_evidence(console: Console, answer: Answer) -> None:
    table = Table(box=box.SIMPLE, title="Evidence", title_justify="left")
    table.add_column("hypothesis", overflow="fold")
    for name in ("ln Z", "ln B", "prior", "probability", "prior odds /10 .. x10", "p-value", "LOO", "ESS"):
        table.add_column(name, justify="right")
    best = answer.log_evidences.max()
    probable, moved = answer.probabilities(), answer.moved(10.0)
    for i, one in enumerate(answer.explanations):
        found = one.sampled
        unsure = " (k > 0.7)" if np.any(one.loo.pareto_k > 0.7) else ""
        table.add_row(
            plain(one.rival.name), f"{found.log_evidence:.2f} ± {found.error:.2f}",
            f"{found.log_evidence - best:.2f}", f"{one.rival.prior:.3f}", f"{probable[i]:.3f}",
            f"{moved[i][0]:.3f} .. {moved[i][1]:.3f}",
            "-" if one.p_value is None else f"{one.p_value:.2f}",
            f"{one.loo.elpd:.2f}{unsure}", f"{found.ess:.0f}" + (" !" if said_against(found) else ""),
        )  # fmt: skip
    console.print(table)
    for one in answer.explanations:
        if one.failed_runs:
            say(
                console, f"{one.rival.name}: {one.failed_runs:,} runs failed; their likelihood counts as zero"
            )


def _show_flows(console: Console, answer: Answer) -> None:
    table = Table(box=box.SIMPLE, title="What it means: median (90 %)", title_justify="left")
    table.add_column("hypothesis", overflow="fold")
    table.add_column("out [kg/day]", justify="right")
    table.add_column("in [kg/day]", justify="right")
    first = answer.explanations[0].next_pressure
    for when, volumes in first.items():
        for volume in volumes:
            table.add_column(f"{plain(volume)} a {when} on [mmHg]", justify="right")
    for one in answer.explanations:
        flows = [_shown(one.flows[name] * _PER_DAY) for name in ("gas_out", "gas_in")]
        ahead = [
            _shown(np.asarray(convert(draws, "pressure", "mmHg")))
            for by in one.next_pressure.values()
            for draws in by.values()
        ]
        table.add_row(plain(one.rival.name), *flows, *ahead)
    console.print(table)


def _show_inputs(console: Console, one: Explanation) -> None:
    table = Table(box=box.SIMPLE, title=plain(f"{one.rival.name}: {one.rival.title}"), title_justify="left")
    for name in ("input", "median", "50 %", "90 %", "units"):
        table.add_column(name, justify="left" if name in ("input", "units") else "right")
    for name, draws in one.inputs.items():
        half, most = interval(draws, 0.5), interval(draws, 0.9)
        table.add_row(
            plain(name), f"{np.median(draws):.4g}", f"{half[0]:.4g} .. {half[1]:.4g}",
            f"{most[0]:.4g} .. {most[1]:.4g}", one.units[name],
        )  # fmt: skip
    console.print(table)


def _shown(draws: Floats) -> str:
    low, high = interval(draws, 0.9)
    return f"{np.median(draws):.3g} ({low:.3g} .. {high:.3g})"

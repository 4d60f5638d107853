"""The tests of a case on the terminal, and as plain types for machines."""

from __future__ import annotations

from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from .._terminal_text import plain as plain_text
from ..console import say
from .design import Judged, Plan
from .design_words import advice, duration

__all__ = ["plain", "show_plan"]

# columns of a terminal that has place for all columns of the table of tests
_WIDE = 90


def show_plan(console: Console, plan: Plan) -> None:
    """Print what each test tells, how surely, how soon, and what it comes to in words."""
    _show_hypotheses(console, plan)
    _show_tests(console, plan)
    for test in plan.tests:
        if test.refused:
            say(console, f"{test.candidate.name}: refused: {test.refused}")
        elif test.failed:
            say(console, f"{test.candidate.name}: {test.failed:,} runs failed; their draws are left out")
    say(console, advice(plan))


def _show_hypotheses(console: Console, plan: Plan) -> None:
    by = "by their priors" if plan.source == "priors" else f"by the {plan.source}"
    if plan.source not in ("priors", "record"):
        by = f"by {plain_text(plan.source)}"
    table = Table(box=box.SIMPLE, title=f"Before any test, {by}", title_justify="left")
    table.add_column("hypothesis", overflow="fold")
    table.add_column("probability", justify="right")
    table.add_column("what it says", overflow="fold")
    for one in plan.prospects:
        table.add_row(plain_text(one.rival.name), f"{one.probability:.3f}", plain_text(one.rival.title))
    console.print(table)


def _show_tests(console: Console, plan: Plan) -> None:
    table = Table(box=box.SIMPLE, title="Tests", title_justify="left")
    table.add_column("test", overflow="fold", min_width=9)
    wanted = f"p >= {plan.design.certainty:g}"
    # a narrow terminal does without what follows from the rest, and folds what it has no place for yet
    shared = console.width >= _WIDE
    for name in ("h", "nats told", *(["share"] if shared else []), wanted, "wrong", "enough", "kg"):
        table.add_column(name, justify="right", overflow="fold")
    for test in sorted(plan.tests, key=_order):
        if test.told is None:
            table.add_row(plain_text(test.candidate.name), "refused", *["-"] * (6 if shared else 5))
            continue
        told = test.told
        share = ["-" if test.share is None else f"{test.share * 100:.0f} %"] if shared else []
        gas = np.max(test.gas[:, 1]) if test.gas is not None else 0.0
        table.add_row(
            plain_text(test.candidate.name) + (" !" if test.reasons() else ""),
            f"{test.candidate.hours[-1]:.4g}", f"{told.gain[-1]:.3f}±{told.error[-1]:.3f}",
            *share, f"{told.decisive[-1]:.2f}±{told.decisive_error[-1]:.2f}",
            f"{told.wrong[-1]:.3f}", "never" if test.enough is None else duration(test.enough), f"{gas:.2f}",
        )  # fmt: skip
    console.print(table)


def _order(test: Judged) -> tuple[float, float]:
    if test.told is None:
        return np.inf, 0.0
    return (1e9 if test.enough is None else test.enough), -float(test.told.decisive[-1])


def plain(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON types, in SI but for hours."""
    best = plan.best
    return {
        "case": plan.case.source,
        "seed": plan.seed,
        "probabilities_from": plan.source,
        "certainty": plan.design.certainty,
        "chance": plan.design.chance,
        "best": None if best is None else best.candidate.name,
        "advice": advice(plan),
        "not_to_be_trusted": plan.reasons,
        "entropy": next((test.told.entropy for test in plan.tests if test.told is not None), None),
        "hypotheses": [
            {"name": one.rival.name, "title": one.rival.title, "probability": one.probability}
            for one in plan.prospects
        ],
        "left_out": plan.negligible,
        "tests": [_plain_test(plan, test) for test in plan.tests],
    }


def _plain_test(plan: Plan, test: Judged) -> dict[str, Any]:
    own: dict[str, Any] = {
        "name": test.candidate.name,
        "title": test.candidate.title,
        "refused": test.refused or None,
        "failed_runs": test.failed,
    }
    if test.told is None:
        return own
    told = test.told
    by_name = zip(plan.names, told.decisive_if, strict=True)
    return own | {
        "hours": test.candidate.hours.tolist(),
        "information_gain": told.gain.tolist(),
        "information_gain_error": told.error.tolist(),
        "information_gain_bias_removed": told.bias.tolist(),
        "decisive": told.decisive.tolist(),
        "decisive_error": told.decisive_error.tolist(),
        "wrongly_decisive": told.wrong.tolist(),
        "decisive_if": {name: shares.tolist() for name, shares in by_name},
        "hours_enough": test.enough,
        "gas_5_50_95": [] if test.gas is None else test.gas.tolist(),
        "imbalance": float(told.imbalance[-1]),
        "imbalance_error": float(told.imbalance_error[-1]),
        "effective_draws": told.effective.tolist(),
    }

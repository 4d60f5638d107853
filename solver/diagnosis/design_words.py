"""What the tests come to, in plain words: which would tell, how soon, and what none of them tells."""

from __future__ import annotations

from .design import Judged, Plan

__all__ = ["advice", "duration"]

_SELDOM = 0.5


def advice(plan: Plan) -> str:
    """Return a few sentences on which test to run, and what it leaves open."""
    best = plan.best
    if best is None:
        return "None of the tests may be run: each breaks a limit."
    said = [_choice(plan, best)]
    assert best.told is not None
    hidden = [
        f"{name} ({share:.2f})"
        for name, share in zip(plan.names, best.told.decisive_if[:, -1], strict=True)
        if share < _SELDOM
    ]
    if hidden:
        said.append(f"Even then an answer is seldom decisive if the truth is {' or '.join(hidden)}.")
    still = next((test for test in plan.tests if test.told is not None and not test.candidate.steps), None)
    if still is not None and still is not best and still.told is not None:
        said.append(
            f"To read on without any change would be decisive with a chance of {still.told.decisive[-1]:.2f}."
        )
    if plan.negligible:
        said.append(f"The record leaves nothing to {', '.join(plan.negligible)}.")
    said += [f"Not to be trusted: {name}: {'; '.join(why)}." for name, why in plan.reasons.items()]
    return " ".join(said)


def _choice(plan: Plan, best: Judged) -> str:
    told, design = best.told, plan.design
    assert told is not None
    name = f"{best.candidate.name} ({best.candidate.title})"
    if best.enough is not None:
        k = int((best.candidate.hours <= best.enough).sum()) - 1
        return (
            f"The test that tells soonest is {name}: after {duration(best.enough)} one of the hypotheses has "
            f"a probability of {design.certainty:g} with a chance of {told.decisive[k]:.2f}, and a wrong one "
            f"with a chance of {told.wrong[k]:.3f}."
        )
    known = "" if best.share is None else f", and {best.share * 100:.0f} % of what there is to know is known"
    return (
        f"No test gives the true hypothesis a probability of {design.certainty:g} with the wanted chance of "
        f"{design.chance:g}. The nearest is {name}: after {duration(best.candidate.hours[-1])} the chance is "
        f"{told.decisive[-1]:.2f}, that of a wrong answer {told.wrong[-1]:.3f}{known}."
    )


def duration(hours: float) -> str:
    """Return a time as people say it."""
    return f"{hours:.3g} h" if hours < 72.0 else f"{hours / 24.0:.3g} days"

"""What the evidence says, in plain words: also that it says nothing."""

from __future__ import annotations

import numpy as np

from .diagnose import DECISIVE, Answer

__all__ = ["remarks", "verdict"]

_POOR_FIT = 0.01
# K; a model that is further off the thermometer than that is another vessel's
_OFF_THERMOMETER = 1.0


def verdict(answer: Answer) -> str:
    """Return one or a few sentences on what the record can tell, and what it cannot."""
    said = [_ranking(answer)]
    poor = [
        one.rival.name for one in answer.explanations if one.p_value is not None and one.p_value < _POOR_FIT
    ]
    if poor and len(poor) == len(answer.explanations):
        said.append("None of the hypotheses fits the record: the truth is likely another.")
    elif poor:
        said.append(f"By itself {_joined(poor)} does not fit the record.")
    for one in answer.explanations:
        if one.sampled.reasons:
            said.append(
                f"The sampling of {one.rival.name} has not converged: {'; '.join(one.sampled.reasons)}."
            )
        said += [
            f"The figures of {one.rival.name} are not to be trusted: {why}." for why in one.sampled.doubts
        ]
    for name, why in answer.without.items():
        told = "has a probability of 0" if why.zero else "has no evidence, and was not weighed"
        said.append(f"{name} {told}: {why}.")
    return " ".join(said)


def remarks(answer: Answer) -> list[str]:
    """Return a line on temperatures of the record that are no data, and one on who contradicts them."""
    told = {one.rival.name: one.temperature_off for one in answer.explanations}
    known = {name: off for name, off in told.items() if off is not None}
    if not known:
        return []
    record = answer.case.record
    by_temperature = record is not None and record.compare == "p/T"
    used = "used in p/T only" if by_temperature else 'not used, for compare = "pressure"'
    said = [
        f"The record's temperatures are {used}, and no data: diagnosis.temperature_error would make them so."
    ]
    off = [f"{name} by up to {gap:.2g} K" for name, gap in known.items() if gap > _OFF_THERMOMETER]
    if off:
        said.append(
            f"The temperatures that were read contradict {_joined(off)}: what is foretold then starts from a "
            "state that nobody read."
        )
    return said


def _ranking(answer: Answer) -> str:
    names = [one.rival.name for one in answer.explanations]
    if len(names) == 1:
        return f"Only one hypothesis, {names[0]}: there is nothing to weigh it against."
    logs = answer.log_evidences
    order = np.argsort(-logs, kind="stable")
    best = int(order[0])
    # a factor is decisive only if it is so beyond the error of both evidences
    behind = {int(i): float(logs[best] - logs[i]) for i in order[1:]}
    slack = {i: 2.0 * float(np.hypot(answer.errors[best], answer.errors[i])) for i in behind}
    level = [i for i in behind if behind[i] - slack[i] < DECISIVE]
    if not level:
        second = int(order[1])
        return (
            f"The record favours {names[best]} by a factor of {_odds(behind[second])} over {names[second]}, "
            "the next best (ln B = "
            f"{behind[second]:.1f})."
        )
    text = f"The record cannot tell {_joined([names[i] for i in (best, *level)])} apart: "
    widest = max(level, key=lambda i: behind[i])
    text += f"the largest ln B among them is {behind[widest]:.1f}, "
    if behind[widest] < DECISIVE - 0.05:
        text += f"below {DECISIVE:.0f}"
    else:
        text += f"not beyond {DECISIVE:.0f} by twice its error, {0.5 * slack[widest]:.2g}"
    out = [names[i] for i in behind if i not in level]
    return text + (f"; it speaks against {_joined(out)}." if out else ".")


def _odds(log_factor: float) -> str:
    return f"{np.exp(log_factor):.0f}" if log_factor < 12.0 else f"e^{log_factor:.0f}"


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""The report as Markdown. It holds no number that was not measured in the run that writes it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from .report import Check, Event, Limit, Prediction
from .tables import provenance, table

__all__ = ["to_markdown"]

_HEAD = """# How far the numbers can be trusted

Written by `leakflow validate`, which runs all of this again; every number here was measured in that run.

Three kinds of evidence follow. Tables and closed forms have a bound each, and the command ends with exit
code 3 if one is broken. Events of the public record have none: a miss is reported as a miss, and nothing
was tuned until it passed. Most figures of that record are second-hand; their grades go from A, an agency's
own words (A* as quoted), over B, the press, and C, encyclopedias and blogs, to D, forums.
"""
_TABLES = """## Tables

Errors in percent, rms and largest, each with its bound in brackets; a measured one is rounded to the
bound's digits. The bounds of the crack law are the errors that it had when its constants were chosen: they
guard against change, and how far to trust it says the error itself. Where no bound was set beforehand there
is none, and the row judges nothing. Read the rows of the transition with care: the law's fading of inertia
was fitted to the same simulations.
"""
_CASES = """## Closed forms

Each is a case, run through the whole of leakflow at `rtol` 1e-10: the largest relative error, and its
bound. The integrator is held to 1e-8; where the law is an approximation of the closed form, the bound is
that of its table.
"""
_EVENTS = """## Events of the public record

The interval is the 5 to 95 % of the samples. *Prediction*: nothing in the inputs comes from the
observation. *Given another reading*: other numbers of the same record chose among the samples. *Informed*:
the record helped to choose the prior. *Explains*: this record itself chose among the samples, or the prior
was made to hold it. The last two are no tests and are not counted.
"""
_LIMITS = """## What is not modelled

| what | how large it could be | source |
|---|---|---|
"""


def to_markdown(
    *, version: str, stamp: str, samples: int, tables: Sequence[Check], cases: Sequence[Check],
    events: Sequence[Event], limits: Sequence[Limit], figures: Mapping[str, str], folder: str,
) -> str:  # fmt: skip
    """Put a validation into words.

    Parameters
    ----------
    version, stamp : str
        Of leakflow, and of its kernels' sources.
    samples : int
        Of a sweep of cracks.
    tables, cases : sequence of Check
    events : sequence of Event
    limits : sequence of Limit
    figures : mapping of str to str
        What each file of the figures shows.
    folder : str
        Where they are, from the report.
    """
    broken = [check for check in (*tables, *cases) if not check.holds]
    judged = [p for event in events for p in event.predictions if p.is_test]
    counts = {verdict: sum(p.verdict == verdict for p in judged) for verdict in ("inside", "in part", "MISS")}
    held = f"{len(tables) + len(cases) - len(broken)} of {len(tables) + len(cases)} checks hold"
    failed = "".join(f"; **broken: {check.name}**" for check in broken)
    parts = [
        _HEAD,
        _wrapped(
            f"leakflow {version}, kernels {stamp}, {samples:,} samples of each sweep of cracks. "
            f"{held}{failed}. Of {len(judged)} tests by the record {counts['inside']} lie inside, "
            f"{counts['in part']} in part, {counts['MISS']} miss."
        )
        + "\n",
        _TABLES,
        _check_table(tables, "rms [%]", "largest [%]"),
        _picture(figures, folder, "tables.png"),
        _source_list(tables),
        _CASES,
        _case_table(cases),
        _EVENTS,
        _picture(figures, folder, "predictions.png"),
        "Not drawn: what was observed as zero. In each picture below time starts with the case.\n",
        _picture(figures, folder, "curves.png"),
        *(_event(event) for event in events),
        _picture(figures, folder, "totals.png"),
        _LIMITS + "\n".join(f"| {row.what} | {row.size} | {row.source} |" for row in limits) + "\n",
    ]
    return "\n".join(parts)


def _check_table(checks: Sequence[Check], *headings: str) -> str:
    lines = [f"| comparison | table | rows | {' | '.join(headings)} | |", "|---|---|---|---|---|---|"]
    for check in checks:
        errors = " | ".join(_error(*check.errors[name]) for name in ("rms", "largest"))
        lines.append(f"| {check.name} | {_table_name(check)} | {check.rows} | {errors} | {_mark(check)} |")
    return "\n".join(lines) + "\n"


def _case_table(checks: Sequence[Check]) -> str:
    lines = ["| case | against | numbers | largest | bound | |", "|---|---|---|---|---|---|"]
    for check in checks:
        error, bound = check.errors["largest"]
        lines.append(
            f"| {check.name} | {_table_name(check)} | {check.rows} | {error:.1e} | {bound} | {_mark(check)} |"
        )
    return "\n".join(lines) + "\n"


def _source_list(checks: Sequence[Check]) -> str:
    used = sorted({check.source for check in checks if "_" in check.source})
    items = (f"- `cases/reference/{name}.csv` ({_length(name)} rows): {provenance(name)}" for name in used)
    return "Where the tables come from, by their headers:\n\n" + "\n".join(items) + "\n"


def _length(name: str) -> int:
    return len(next(iter(table(name).values())))


def _table_name(check: Check) -> str:
    return f"`{check.source}`" if "_" in check.source else check.source


def _error(error: float, bound: str) -> str:
    shown = f"{error:.1e}" if error < 1e-3 else f"{error:.3g}"
    return f"{shown} ({bound or 'none'})"


def _mark(check: Check) -> str:
    if not check.holds:
        return "**broken**"
    return "holds" if any(bound for _, bound in check.errors.values()) else ""


def _picture(figures: Mapping[str, str], folder: str, name: str) -> str:
    return f"![{figures[name]}]({folder}/{name})\n"


def _event(event: Event) -> str:
    source = f"case `{event.case}`, with its sources" if event.case else "arithmetic, no case"
    lines = [f"### {event.title}", "", f"Trust {event.trust}; {source}.", ""]
    if event.predictions:
        lines += ["| | 5 % | median | 95 % | observed | kind | |", "|---|---|---|---|---|---|---|"]
        lines += [_prediction(prediction) for prediction in event.predictions]
        lines.append("")
    if event.picture.get("rows"):
        lines += [*_totals(event), ""]
    lines += [_wrapped(event.text), "", _wrapped(f"Unknown: {event.unknown}."), ""]
    if event.sources:
        lines += ["Sources:", "", *(f"- {source}" for source in event.sources), ""]
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _prediction(prediction: Prediction) -> str:
    low, median, high = (f"{value:.3g}" for value in prediction.predicted)
    if prediction.observed is None:
        observed = "not told"
    elif prediction.observed[0] == prediction.observed[1]:
        observed = f"{prediction.observed[0]:g}"
    else:
        observed = f"{prediction.observed[0]:g} to {prediction.observed[1]:g}"
    unit = f" [{prediction.unit}]" if prediction.unit else ""
    verdict = f"**{prediction.verdict}**" if prediction.verdict == "MISS" else prediction.verdict
    kind = prediction.kind
    return f"| {prediction.what}{unit} | {low} | {median} | {high} | {observed} | {kind} | {verdict} |"


def _totals(event: Event) -> Iterator[str]:
    yield "| row | date | kg/day | trust | | mmHg/day | orifice [mm] | crack [um] |"
    yield "|---|---|---|---|---|---|---|---|"
    for key, date, rate, trust, note, fall, diameter, opening in event.picture["rows"]:
        yield (
            f"| {key} | {date} | {rate:.3g} | {trust} | {note} | {fall:.2f} | {diameter:.3f} | "
            f"{opening:.1f} |"
        )

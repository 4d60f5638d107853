"""Run the whole validation and write the report."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...kernels.jit import source_stamp
from .._whole_file import write_all_whole
from ..errors import ResultsError
from ..provenance import version
from .analytic import CASES
from .events import EVENTS
from .figures import draw_figures
from .limits import LIMITS
from .markdown import to_markdown
from .report import Check, Event, Limit
from .table_checks import table_checks

__all__ = ["Validation", "validate", "write_report"]

SAMPLES = 1500
QUICK_SAMPLES = 200


@dataclass(frozen=True)
class Validation:
    """All that was found.

    Attributes
    ----------
    samples : int
        Of each sweep of cracks.
    tables, cases : tuple of Check
    events : tuple of Event
    limits : tuple of Limit
    """

    samples: int
    tables: tuple[Check, ...]
    cases: tuple[Check, ...]
    events: tuple[Event, ...]
    limits: tuple[Limit, ...]

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in (*self.tables, *self.cases) if not check.holds)


def validate(*, quick: bool = False, report: Callable[[str], None] | None = None) -> Validation:
    """Compare leakflow with every table, closed form and event.

    Parameters
    ----------
    quick : bool
        Fewer samples: the same checks, rougher intervals.
    report : callable, optional
        Called with a line before each part.
    """
    say = report or (lambda line: None)
    samples = QUICK_SAMPLES if quick else SAMPLES
    say("tables")
    tables = table_checks()
    cases: list[Check] = []
    for case in CASES:
        say(f"case: {case.__name__.replace('_', ' ')}")
        cases += case()
    events = []
    for event in EVENTS:
        say(f"event: {event.__name__.replace('_', ' ')}")
        events.append(event(samples))
    return Validation(samples, tuple(tables), tuple(cases), tuple(events), tuple(limit() for limit in LIMITS))


def write_report(validation: Validation, path: str | os.PathLike[str]) -> Path:
    """Write the report, and its figures into the folder beside it that has its name without the suffix.

    All of it or nothing: where it cannot be finished, an older report keeps its figures.

    Raises
    ------
    ResultsError
        It cannot be written; one line.
    """
    path = Path(path)
    folder = path.with_suffix("")
    if folder == path:
        raise ResultsError(f"{path}: must have a suffix, as in validation.md")
    figures = draw_figures(validation.tables, validation.events)
    text = to_markdown(
        version=version(), stamp=source_stamp()[:12], samples=validation.samples,
        tables=validation.tables, cases=validation.cases, events=validation.events,
        limits=validation.limits, figures={name: caption for name, (caption, _) in figures.items()},
        folder=folder.name,
    )  # fmt: skip
    pictures = {folder / name: picture for name, (_, picture) in figures.items()}
    write_all_whole(pictures | {path: text.encode()})
    return path

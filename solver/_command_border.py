"""From what goes wrong in a command to a line and an exit code, and the printing of what goes right.

Exit codes: 0 done, 2 bad input, 3 finished with failed samples or a broken check, 4 could not write,
130 interrupted.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

from ._environment import check_environment
from ._interrupts import INTERRUPTED
from ._terminal_text import plain
from .errors import ArgumentError, CampaignError, CaseError, LeakflowError, NoEvidenceError, ResultsError

__all__ = [
    "BAD_INPUT",
    "BROKEN_CHECK",
    "FAILED_SAMPLES",
    "NOT_WRITTEN",
    "border",
    "drop_output",
    "fail",
    "print_json",
    "printing",
    "writing",
]

BAD_INPUT = 2
FAILED_SAMPLES = 3
BROKEN_CHECK = 3
NOT_WRITTEN = 4


@contextmanager
def border() -> Iterator[None]:
    """Turn what went wrong into a line and an exit code."""
    try:
        check_environment()
        yield
    except CaseError as error:
        fail(error.faults, BAD_INPUT)
    except CampaignError as error:
        fail(error.faults, BAD_INPUT)
    except ArgumentError as error:
        fail([f"{_OPTIONS.get(error.argument, error.argument.replace('_', '-'))}{error.text}"], BAD_INPUT)
    except NoEvidenceError as error:
        fail(str(error).splitlines(), FAILED_SAMPLES)
    except LeakflowError as error:
        fail([str(error)], BAD_INPUT)
    except MemoryError:
        fail(["not enough memory: take fewer samples, or keep fewer outcomes or no series"], BAD_INPUT)
    except KeyboardInterrupt:
        fail(["interrupted; nothing was kept"], INTERRUPTED)


#: Arguments whose options have other names.
_OPTIONS = {"p_up": "from", "p_down": "to"}


@contextmanager
def writing() -> Iterator[None]:
    """Give the exit code of what could not be written to an error over a file."""
    try:
        yield
    except ResultsError as error:
        fail([str(error)], NOT_WRITTEN)


@contextmanager
def printing() -> Iterator[None]:
    """Print to standard output. A reader that has enough is no error; a full disk is."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        drop_output()
        if error.errno != errno.EPIPE and not (os.name == "nt" and error.errno == errno.EINVAL):
            fail([f"standard output: cannot be written: {error.strerror or error}"], NOT_WRITTEN)


def drop_output() -> None:
    """Send what is still buffered nowhere, or Python would fail over it once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, sys.stdout.fileno())
    finally:
        os.close(nowhere)


def print_json(value: Any) -> None:
    """Print a value for machines."""
    from .summary import finite

    with printing():
        print(json.dumps(finite(value), indent=2, allow_nan=False))  # noqa: T201


def fail(lines: list[str], code: int) -> NoReturn:
    """Print the lines as errors and leave the command."""
    for line in lines:
        print(plain(line), file=sys.stderr)  # noqa: T201
    raise typer.Exit(code)

"""A case as it was run, written as one text and read back from it, without the files that it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from ._case_faults import line_of, printable
from .case import Case, case_of
from .errors import CaseError, Fault

__all__ = ["case_from_resolved", "resolved_text"]

# a case file of 1 MiB with a CSV of 1 MiB, defaults and all, comes to less than half of this
_LARGEST = 8 << 20
_MOST_KEYS = 200_000


def resolved_text(case: Case) -> str:
    """Write a case, defaults included, as JSON in SI; `case_from_resolved` reads it back.

    Its tables keep the order of the case. With volumes or paths in another order, sums are taken in another
    order, and results differ in their last bits.
    """
    return json.dumps(case.to_dict(), allow_nan=False)


def case_from_resolved(resolved: str | Mapping[str, Any], source: str) -> Case:
    """Make a case again from `resolved_text`, or from `Case.to_dict`.

    Parameters
    ----------
    resolved : str or mapping
        Checked as a case file is: it may come from a stranger.
    source : str
        What the case is called in messages, and its `Case.source`.

    Returns
    -------
    Case
        Equal to the one that was written, its tables in the order of ``resolved``.

    Raises
    ------
    CaseError
        With one line for each fault.
    """
    data = _parsed(resolved, source) if isinstance(resolved, str) else resolved
    if not isinstance(data, Mapping):
        raise CaseError(f"{printable(source)}: the case must be a table")
    record = data.get("record")
    if isinstance(record, Mapping) and "file" in record:
        text = "must be left out: a resolved case holds the points themselves"
        raise CaseError(line_of(Fault(("record", "file"), text, record["file"]), source))
    return case_of(data, source)


def _parsed(text: str, source: str) -> object:
    shown = printable(source)
    if len(text) > _LARGEST:
        raise CaseError(f"{shown}: the case is longer than {_LARGEST >> 20} MiB")
    try:
        data = json.loads(text, parse_constant=_refuse)
        json.dumps(data, ensure_ascii=False).encode()  # half a character cannot be written again
        if _keys_in(data) > _MOST_KEYS:
            raise ValueError(f"it has more than {_MOST_KEYS} keys")
        return data
    except RecursionError:
        raise CaseError(f"{shown}: the case is nested too deeply") from None
    except ValueError as error:  # also of an integer of thousands of digits
        reason = f"cannot be read: {error}"[:300]
        raise CaseError(line_of(Fault((), f"the case {reason}"), source)) from None


def _keys_in(data: object) -> int:
    """Count the keys of all tables: each unknown one becomes a fault, and faults take time and memory."""
    count, rest = 0, [data]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            count += len(item)
            rest.extend(item.values())
        elif isinstance(item, list):
            rest.extend(item)
    return count


def _refuse(word: str) -> NoReturn:
    """JSON has no NaN and no Infinity, and neither has a case."""
    raise ValueError(f"{word} is no number")

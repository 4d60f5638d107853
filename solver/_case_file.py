"""Reading what stands in a case file: its TOML, the CSV of its record, and overrides on top."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from .. import cases
from ._case_checks import nearest
from ._case_faults import known_keys, line_of, printable
from ._sections import MOST_POINTS
from .errors import CaseError, Fault

__all__ = [
    "CaseFile",
    "RecordFile",
    "apply_overrides",
    "files_of_case",
    "read_case_file",
    "read_record_file",
    "shipped_names",
]

_LARGEST = 1 << 20
_COLUMNS = ("volume", "time", "pressure", "uncertainty", "time_uncertainty", "temperature", "species")
_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d")
_HEADER = re.compile(r"\s*(\w+)\s*(?:\[\s*([^\]]+?)\s*\])?\s*")
# tables whose parts are named by the case
_NAMED = ("volumes", "paths", "feeds", "controls", "hypotheses", "options", "tests")
# tomllib takes quadratic time over a key of many dots; no key of a case has more than six.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:[\w"'-]++\s*+\.\s*+){40}""")


class CaseFile(NamedTuple):
    """A case as it stands in its file.

    Attributes
    ----------
    source : str
        The file's name without its folder.
    path : Path
        The file.
    data : dict
        Its TOML.
    """

    source: str
    path: Path
    data: dict[str, Any]


class RecordFile(NamedTuple):
    """The rows of a record's CSV as the points of a case, and the line in the file of each."""

    name: str
    points: list[dict[str, object]]
    lines: list[int]


def shipped_names() -> list[str]:
    """Give the names of the cases that ship, sorted."""
    return sorted(path.stem for path in _shipped_folder().glob("*.toml"))


def read_case_file(name_or_path: str | os.PathLike[str]) -> CaseFile:
    """Find and read a case by the name it ships under, or by the path of a ``.toml`` file.

    Raises
    ------
    CaseError
        One line, if there is no such case or its file cannot be read.
    """
    text = os.fspath(name_or_path)
    is_path = not isinstance(name_or_path, str) or text.endswith(".toml") or bool(re.search(r"[/\\]", text))
    if not is_path and text not in shipped_names():
        raise CaseError(line_of(Fault((), f"no such case; {nearest(text, shipped_names())}"), text or '""'))
    path = Path(text) if is_path else _shipped_folder() / f"{text}.toml"
    source = printable(path.name)
    content = _read_text(path, source)
    if _LONG_KEY.search(content):
        raise CaseError(f"{source}: a key has too many dots")
    try:
        return CaseFile(source, path, tomllib.loads(content))
    except RecursionError:
        raise CaseError(f"{source}: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise CaseError(line_of(Fault((), f"not TOML: {error}"[:300]), source)) from None
    except ValueError:
        raise CaseError(f"{source}: a number or a date is out of range") from None


def read_record_file(case: Path, name: object, source: str) -> RecordFile:
    """Read the CSV of a record, which lies beside its case.

    Parameters
    ----------
    case : Path
        The case's file.
    name : object
        What the case names.
    source : str
        The case's file name, for messages.

    Raises
    ------
    CaseError
        If it cannot be read, or its header does not fit.
    """
    if not isinstance(name, str) or not _lies_beside(case, name):
        raise CaseError(
            line_of(Fault(("record", "file"), "must be a CSV file in the case's folder", name), source)
        )
    shown = printable(name)
    try:
        content = _read_text(case.parent / name, shown)
    except CaseError as error:
        reason = error.faults[0].removeprefix(f"{shown}: ")
        raise CaseError(line_of(Fault(("record", "file"), reason, name), source)) from None
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        raise CaseError(line_of(Fault((), f"not CSV: {error}"), shown)) from None
    if len(rows) > MOST_POINTS:
        raise CaseError(f"{shown}: must have at most {MOST_POINTS} rows")
    columns = _header(rows[0] if rows else [], shown)
    points: list[dict[str, object]] = []
    lines: list[int] = []
    for line, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            points.append(
                {column: _cell(cell, unit) for (column, unit), cell in zip(columns, row, strict=False)}
            )
            lines.append(line)
            if _DATE.match(str(points[-1].get("time", ""))):
                text = "must be a time from the start of the record, as 6 under time [d], not a date"
                raise CaseError(line_of(Fault((f"line {line}: time",), text, points[-1]["time"]), shown))
            if len(row) > len(columns):
                raise CaseError(f"{shown}: line {line}: has {len(row)} cells; the header has {len(columns)}")
    if not points:
        raise CaseError(f"{shown}: has no rows below its header; must hold at least one measured pressure")
    return RecordFile(
        shown, [{key: cell for key, cell in point.items() if cell != ""} for point in points], lines
    )


def files_of_case(name_or_path: str | os.PathLike[str]) -> list[Path]:
    """Give the files that a case is read from: its own, and the CSV of its record if it has one.

    Raises
    ------
    CaseError
        As from `read_case_file`.
    """
    file = read_case_file(name_or_path)
    record = file.data.get("record")
    name = record.get("file") if isinstance(record, dict) else None
    return [file.path, file.path.parent / name] if isinstance(name, str) else [file.path]


def apply_overrides(
    data: dict[str, Any], overrides: Mapping[str, object] | Sequence[str], root: type[BaseModel], source: str
) -> None:
    """Set keys of a case in place.

    Parameters
    ----------
    data : dict
        The case as it stands in its file.
    overrides : mapping or sequence of str
        ``{"volumes.tunnel.volume": "5 m^3"}`` or ``["volumes.tunnel.volume=5 m^3"]``. Text is read as TOML
        where it is TOML, else taken as it is.
    root : type
        The model of a case, for the keys that there are.
    source : str
        The case's file name, for messages.

    Raises
    ------
    CaseError
        With a line for each override of a key that does not exist.
    """
    faults = []
    for key, value in _pairs(overrides, source):
        known = list(known_keys(data, root))
        if key in known and _set(data, key.split("."), value):
            continue
        faults.append(
            line_of(Fault((), f"override {key}: unknown key; {_nearest_override(key, known, data)}"), source)
        )
    if faults:
        raise CaseError(faults)


def _pairs(overrides: Mapping[str, object] | Sequence[str], source: str) -> Iterator[tuple[str, object]]:
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            yield key, _override_value(value) if isinstance(value, str) else value
        return
    for text in overrides:
        key, equals, value = text.partition("=")
        if not equals:
            raise CaseError(line_of(Fault((), f"override {text}: must be KEY=VALUE"), source))
        yield key.strip(), _override_value(value.strip())


def _override_value(text: str) -> object:
    """Read ``10``, ``true``, ``[1, 2]`` or ``{ dist = ... }`` as TOML, and all else as text."""
    if "\n" in text or _LONG_KEY.search(text):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"]


def _set(data: dict[str, Any], parts: Sequence[str], value: object) -> bool:
    """Set a key, making the tables on the way; False if something else is in the way."""
    target: Any = data
    for place, part in enumerate(parts[:-1]):
        if list(parts[:place]) == ["sweep"] and isinstance(target.get(part), str):
            target[part] = {"kind": target[part]}  # a design that was given by its kind alone
        target = target[int(part)] if isinstance(target, list) else target.setdefault(part, {})
        if not isinstance(target, dict | list):
            return False
    if isinstance(target, list):
        target[int(parts[-1])] = value
    else:
        target[parts[-1]] = value
    return True


def _nearest_override(key: str, known: Sequence[str], data: Mapping[str, Any]) -> str:
    """Say which key may have been meant; or, of a part that the case does not have, that it has none."""
    section, *rest = key.split(".")
    if section in _NAMED and rest:
        parts = data.get(section)
        if not isinstance(parts, Mapping) or not parts:
            whole = " = { ".join(rest) + " = ..." + " }" * (len(rest) - 1)
            return f"the case has no [{section}], so give them whole: {section}={{ {whole} }}"
        if rest[0] not in parts and not (named := nearest(rest[0], list(parts))).startswith("did you mean"):
            return f"the case has no {section}.{rest[0]}; {named}"
    # keys as deep as the one that was meant are compared first
    depth = key.count(".")
    said = nearest(key, sorted(known, key=lambda other: abs(other.count(".") - depth)))
    above = key.rpartition(".")[0]
    beside = [other for other in known if above and other.rpartition(".")[0] == above]
    if beside and not any(said == f"did you mean {other}?" for other in beside):
        return f"there is {', '.join(beside)}"
    return said


def _read_text(path: Path, shown: str) -> str:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise CaseError(f"{shown}: is a folder; must be a file")
        if not stat.S_ISREG(status.st_mode):
            raise CaseError(f"{shown}: must be a plain file")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise CaseError(f"{shown}: no such file") from None
    except (OSError, ValueError) as error:
        raise CaseError(
            f"{shown}: cannot be read: {getattr(error, 'strerror', None) or 'not a file name'}"
        ) from None
    if len(content) > _LARGEST:
        raise CaseError(f"{shown}: is larger than 1 MiB; a case is small")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CaseError(f"{shown}: is not text in UTF-8") from None


def _lies_beside(case: Path, name: str) -> bool:
    """Whether a file lies in the folder of the case, or of what the case is a link to.

    A strict editable install links each file on its own.
    """
    if not name or "\x00" in name or Path(name).is_absolute():
        return False
    try:
        found = (case.parent / name).resolve()
        return any(found.is_relative_to(home) for home in (case.parent.resolve(), case.resolve().parent))
    except (OSError, RuntimeError):
        return False


def _header(cells: Sequence[str], shown: str) -> list[tuple[str, str | None]]:
    if len(cells) == 1 and any(mark in cells[0] for mark in ";\t"):
        mark = "semicolons" if ";" in cells[0] else "tabs"
        raise CaseError(
            f"{shown}: line 1: fields are separated by {mark}; must be by commas, and decimals by points"
        )
    columns: list[tuple[str, str | None]] = []
    for cell in cells:
        match = _HEADER.fullmatch(cell)
        if match is None or match[1] not in _COLUMNS or match[1] in [name for name, _ in columns]:
            allowed = f"must be one of {', '.join(_COLUMNS)}, each once, with its unit as in time [d]"
            raise CaseError(line_of(Fault(("line 1", cell.strip()), allowed), shown))
        columns.append((match[1], match[2]))
    missing = [name for name in _COLUMNS[:4] if name not in [column for column, _ in columns]]
    if missing:
        raise CaseError(
            f"{shown}: line 1: missing {', '.join(missing)}; e.g. volume,time [d],pressure [mmHg]"
        )
    return columns


def _cell(cell: str, unit: str | None) -> object:
    """Join a cell with its column's unit; without one it is a number in SI, or text with its own unit."""
    text = cell.strip()
    if not text:
        return ""
    if unit is not None:
        return f"{text} {unit}"
    try:
        return float(text)
    except ValueError:
        return text


def _shipped_folder() -> Path:
    return Path(str(resources.files(cases)))

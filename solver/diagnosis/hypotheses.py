"""The cases of the rival hypotheses: the case as it stands, each time with the changes of one of them."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .._case_checks import nearest
from .._case_faults import line_of, lines_of, printable
from .._case_file import RecordFile, apply_overrides, read_case_file, read_record_file
from .._diagnosis_section import Diagnosis
from .._sweep_section import Correlation
from ..case import Case, case_of
from ..errors import CaseError, Fault
from ..plan import compile_case
from .dependent import among
from .readings import refuse_readings
from .reserved import refuse_reserved

__all__ = ["Rival", "check_hypotheses", "is_recorded", "load_rivals"]

# sections that say nothing of a hypothesis: a posterior stands, however they are changed
_BESIDES = ("forecast", "options", "design", "tests")


# what a change of a hypothesis must not touch, for it would say nothing: runs of a diagnosis have none of it
_IDLE = ("sweep", "outcomes", "hypotheses", *_BESIDES)
_HEEDED = "sweep.correlations"


class Rival(NamedTuple):
    """One explanation of the record.

    Attributes
    ----------
    name, title : str
    prior : float
        Its probability before the record is looked at; those of all rivals sum to 1.
    case : Case
        With its changes.
    """

    name: str
    title: str
    prior: float
    case: Case


def load_rivals(
    name_or_path: str | os.PathLike[str],
    overrides: Mapping[str, object] | Sequence[str] = (),
    records: Sequence[str | os.PathLike[str]] = (),
    only: Sequence[str] = (),
    *,
    recorded: bool = True,
) -> tuple[Case, list[Rival]]:
    """Read a case and the hypotheses that it names; without any, the case itself is the only one.

    Parameters
    ----------
    name_or_path : str or path
        As for `leakflow.solver.case.load_case`.
    overrides : mapping or sequence of str
        Keys to set otherwise in the case itself, before any hypothesis changes it.
    records : sequence of paths
        CSV files that take the place of the case's record; the points of all count.
    only : sequence of str
        Names of the hypotheses that are wanted; by default all.
    recorded : bool
        Whether the case must have a record, or something told.

    Returns
    -------
    tuple of Case, list of Rival

    Raises
    ------
    CaseError
        With one line for each fault, also of the changes of a hypothesis.
    """
    file = read_case_file(name_or_path)
    apply_overrides(file.data, overrides, Case, file.source)
    rows = (
        _take_records(file.data, records, file.source)
        if records
        else _inline_record(file.data, file.path, file.source)
    )
    case = case_of(file.data, file.source, rows)
    if recorded and not is_recorded(case):
        text = "missing; a diagnosis needs a record, from the case or from --record FILE"
        raise CaseError(line_of(Fault(("record",), text), file.source))
    if case.sweep.correlations:  # each must be of inputs, before hypotheses make some of them certain
        compile_case(case, nominal=False)
    hypotheses = case.hypotheses or {}
    for name in only:
        if name not in hypotheses:
            text = f"no such hypothesis; {nearest(name, list(hypotheses))}"
            raise CaseError(line_of(Fault(("hypotheses", name), text), file.source))
    if only:
        hypotheses = {name: hypotheses[name] for name in hypotheses if name in only}
    if not hypotheses:
        bare = case.model_copy(update=dict.fromkeys(_BESIDES))
        if recorded or case.diagnosis is not None:
            refuse_readings(bare, case.source)
        refuse_reserved(file.source, {"case": bare}, named=False)
        return case, [Rival("case", case.title, 1.0, bare)]
    total = sum(hypothesis.prior for hypothesis in hypotheses.values())
    rivals, faults = [], []
    for name, hypothesis in hypotheses.items():
        try:
            own = f"{file.source}: hypotheses.{name}"
            changed = _changed(file.data, hypothesis.changes, own, case.sweep.correlations or [])
            refuse_readings(changed, own)
            rivals.append(Rival(name, hypothesis.title or name, hypothesis.prior / total, changed))
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    _refuse_other_data(case, rivals)
    refuse_reserved(file.source, {rival.name: rival.case for rival in rivals})
    return case, rivals


def check_hypotheses(
    name_or_path: str | os.PathLike[str], overrides: Mapping[str, object] | Sequence[str] = ()
) -> None:
    """Make the case of each hypothesis, and the tests of the case, to find what is wrong with them.

    Raises
    ------
    CaseError
        With one line for each fault.
    """
    from .candidates import candidates_of

    case, rivals = load_rivals(name_or_path, overrides, recorded=False)
    for rival in rivals:
        compile_case(rival.case)
    if case.design is not None:
        candidates_of(case)


def is_recorded(case: Case) -> bool:
    """Whether there are readings, or anything was told, that hypotheses can be judged by."""
    told = case.diagnosis is not None and (case.diagnosis.stable or case.diagnosis.limits)
    return case.record is not None or bool(told)


def _changed(
    data: Mapping[str, Any], changes: Mapping[str, Any], source: str, correlations: Sequence[Correlation]
) -> Case:
    """Return the case with the changes of one hypothesis.

    What it makes certain is correlated with nothing, unless it says itself what is.
    """
    idle = [
        line_of(Fault(("changes", key), "must not be changed: it says nothing of a hypothesis"), source)
        for key in changes
        if key.split(".")[0] in _IDLE and not (key + ".").startswith(_HEEDED + ".")
    ]
    if idle:
        raise CaseError(idle)
    own = {key: item for key, item in data.items() if key not in ("hypotheses", *_BESIDES)}
    own = copy.deepcopy(own)
    apply_overrides(own, changes, Case, source)
    if not correlations or any((key + ".").startswith(_HEEDED + ".") for key in changes):
        return case_of(own, source)
    own["sweep"].pop("correlations")
    case = case_of(own, source)
    names = {column.name for column in compile_case(case).inputs}
    left = case.sweep.model_copy(update={"correlations": among(correlations, names)})
    return case.model_copy(update={"sweep": left})


def _refuse_other_data(case: Case, rivals: Sequence[Rival]) -> None:
    """Refuse hypotheses that change what was measured: evidences are of the same data or mean nothing."""
    base = case.diagnosis or Diagnosis()
    for rival in rivals:
        for key, own, common in (
            ("record", rival.case.record, case.record),
            ("diagnosis", rival.case.diagnosis or Diagnosis(), base),
        ):
            if own != common:
                text = f"must not change {key}: all hypotheses explain the same readings"
                raise CaseError(line_of(Fault(("hypotheses", rival.name, "changes"), text), case.source))


def _take_records(
    data: dict[str, Any], records: Sequence[str | os.PathLike[str]], source: str
) -> RecordFile | None:
    """Put the points of files given by a user in the place of the record; give the file if it is one."""
    section = data.get("record")
    kept = section if isinstance(section, dict) else {}
    kept = {key: item for key, item in kept.items() if key not in ("points", "file")}
    files = [_record_file(Path(record)) for record in records]
    if len(files) > 1:
        for rows in files:  # by itself, so that a fault names its file and line
            case_of(data | {"record": kept | {"points": rows.points}}, source, rows)
    data["record"] = kept | {"points": [point for rows in files for point in rows.points]}
    return files[0] if len(files) == 1 else None


def _record_file(path: Path) -> RecordFile:
    try:
        return read_record_file(path, path.name, path.name)
    except CaseError as error:
        reason = error.faults[0].removeprefix(f"{printable(path.name)}: ")
        if reason.startswith("record.file"):
            reason = reason.split(": ", 1)[-1]
        raise CaseError(f"--record {path}: {reason}") from None


def _inline_record(data: dict[str, Any], path: Path, source: str) -> RecordFile | None:
    """Put the rows of the record's CSV, if it has one, in the place of its name; give them."""
    record = data.get("record")
    if not isinstance(record, dict) or "file" not in record:
        return None
    if "points" in record:
        raise CaseError(lines_of([Fault(("record",), "must have either points or file")], source))
    rows = read_record_file(path, record.pop("file"), source)
    record["points"] = rows.points
    return rows

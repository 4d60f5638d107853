"""Names that a diagnosis keeps for itself: no input and no hypothesis of a case may have them."""

from __future__ import annotations

from collections.abc import Mapping

from .._case_faults import line_of
from ..case import Case
from ..errors import CaseError, Fault
from ..plan import compile_case
from .gauges import error_inputs

__all__ = ["MIXTURE", "OWN_NAMES", "refuse_reserved"]

#: What stands in the place of a hypothesis for all of them, weighted by their posterior probabilities.
MIXTURE = "all"
# the errors of a gauge and of the start, where a record has one gauge
_ERRORS = ("gauge_offset", "gauge_drift", "start_offset")
#: Names in the group of a posterior that are not of the inputs of the case.
OWN_NAMES = ("chain", "draw", "gas_in", "gas_out", "gas_supplied", *_ERRORS)


def refuse_reserved(source: str, cases: Mapping[str, Case], *, named: bool = True) -> None:
    """Refuse hypotheses, by name, whose name or whose inputs have a name that results need.

    Parameters
    ----------
    source : str
        Of the case, for messages.
    cases : mapping of str to Case
    named : bool
        Whether the case names hypotheses; or it is itself the only one.

    Raises
    ------
    CaseError
        With one line for each name.
    """
    faults = []
    if named and MIXTURE in cases:
        text = "must have another name: results call all hypotheses together so"
        faults.append(line_of(Fault(("hypotheses", MIXTURE), text), source))
    taken: dict[str, str] = {}
    kept = list(OWN_NAMES)
    for case in list(cases.values())[:1]:  # the record is the same for all
        errors = [one.name for one in error_inputs(case)]
        kept += [name for name in dict.fromkeys(errors) if name not in kept]
        twice = next((name for name in errors if errors.count(name) > 1), None)
        if twice is not None:
            faults.append(f"{source}: two gauges would both be called {twice}; give a volume another name")
    for hypothesis, case in cases.items():
        for column in compile_case(case, nominal=False).inputs:
            if column.name in kept:
                taken.setdefault(column.name, hypothesis)
    for name, hypothesis in taken.items():
        text = f"must have another name; a diagnosis keeps {', '.join(kept)} for itself"
        where = f" of hypothesis {hypothesis}" if named else ""
        faults.append(f"{source}: input {name}{where}: {text}")
    if faults:
        raise CaseError(faults)

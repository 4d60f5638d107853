"""Names that a diagnosis keeps for itself: no input and no hypothesis of a case may have them."""

from __future__ import annotations

from collections.abc import Mapping

from .._case_faults import line_of
from ..case import Case
from ..errors import CaseError, Fault
from ..plan import compile_case
from .forward import GAUGE_INPUTS

__all__ = ["MIXTURE", "OWN_NAMES", "refuse_reserved"]

#: What stands in the place of a hypothesis for all of them, weighted by their posterior probabilities.
MIXTURE = "all"
#: Names in the group of a posterior that are not of the inputs of the case.
OWN_NAMES = ("chain", "draw", "gas_in", "gas_out", "gas_supplied", *GAUGE_INPUTS)


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
    for hypothesis, case in cases.items():
        for column in compile_case(case, nominal=False).inputs:
            if column.name in OWN_NAMES:
                taken.setdefault(column.name, hypothesis)
    for name, hypothesis in taken.items():
        text = f"must have another name; a diagnosis keeps {', '.join(OWN_NAMES)} for itself"
        where = f" of hypothesis {hypothesis}" if named else ""
        faults.append(f"{source}: input {name}{where}: {text}")
    if faults:
        raise CaseError(faults)

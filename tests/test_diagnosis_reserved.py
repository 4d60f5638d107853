from __future__ import annotations

import pytest
from decay_case import CASE, decayed, points, written

from leakflow.solver.diagnosis.hypotheses import check_hypotheses, load_rivals
from leakflow.solver.diagnosis.reserved import OWN_NAMES
from leakflow.solver.errors import CaseError

WHOLE = CASE + points(decayed(1e-10))
RIVALS = "[hypotheses.sealed]\n[hypotheses.sealed.changes]\n'paths.leak.molecular' = 0\n[hypotheses.{0}]\n"


@pytest.mark.parametrize("name", OWN_NAMES)
def test_inputs_must_not_be_called_what_results_call_their_own(tmp_path, name):
    text = WHOLE.replace('"conductance"', f'"{name}"')
    for case, whose in ((text, ""), (text + RIVALS.format("leaks"), " of hypothesis leaks")):
        with pytest.raises(CaseError, match=f"input {name}{whose}: must have another name") as caught:
            check_hypotheses(written(tmp_path, case))
        assert len(caught.value.faults) == 1


def test_no_hypothesis_is_called_all(tmp_path):
    with pytest.raises(CaseError, match=r"hypotheses\.all: must have another name"):
        load_rivals(written(tmp_path, WHOLE + RIVALS.format("all")))
    assert len(load_rivals(written(tmp_path, WHOLE + RIVALS.format("any")))[1]) == 2

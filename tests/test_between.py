"""States between the ends of implicit steps, beside the same run with steps a thousand times as exact."""

from __future__ import annotations

import numpy as np
import pytest

from leakflow.solver import run
from leakflow.solver.case import case_of

# volumes a, b and c [m3], pressures of a and b [Pa], what joins them, the hole from c to b [m], duration [s],
# rtol
CASES = {
    # the step that follows explicit ones was five times too long, its estimate small by chance
    "first implicit step": (
        (0.05425528105514655, 0.029605064663741056, 0.0038), (0.0, 0.0),
        {"kind": "cracks", "count": 1, "opening": 0.00013815837188756524, "length": 0.1, "depth": 3e-3},
        0.00012782076836089857, 882.5380281395894, 1e-6,
    ),
    # flow from b to a stops choking within a step, and b follows the flow from c at once
    "end of choking": (
        (6.442634942521136, 0.04872025563833149, 0.9325848703734541), (0.0, 0.0001201788776406547),
        {"kind": "orifice", "diameter": 0.01820505406512538},
        0.0007167657355497068, 958.6671797550614, 1e-7,
    ),
    # nothing passed from b to a in the first step, where a hole passed next to nothing of thin gas
    "nearly empty": (
        (0.1879, 0.8228, 0.1133), (2.081e-09, 7.379e-05),
        {"kind": "orifice", "diameter": 0.04366},
        0.0001098, 17.39, 1e-6,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_states_between_the_ends_of_steps_are_right(name):
    volumes, pressures, joins, hole, duration, rtol = CASES[name]

    def pressures_at(rtol):
        case = {
            "title": name,
            "gas": {"composition": "air"},
            "volumes": {
                "a": {"kind": "integrated", "volume": volumes[0], "pressure": pressures[0]},
                "b": {"kind": "integrated", "volume": volumes[1], "pressure": pressures[1]},
                "c": {
                    "kind": "held" if joins["kind"] == "cracks" else "integrated",
                    "volume": volumes[2],
                    "pressure": 1e5,
                },
            },
            "paths": {
                "wide": {"from": "a", "to": "b", **joins},
                "jet": {"kind": "orifice", "from": "c", "to": "b", "diameter": hole},
            },
            "run": {"rtol": rtol, "duration": duration, "output_times": {"count": 401}},
        }
        result = run(case_of(case, name))
        assert result.ok
        return np.array([result.pressures[v] for v in "abc"])

    found, exact = pressures_at(rtol), pressures_at(1e-11)
    assert np.max(np.abs(found - exact) / (rtol * exact + 100.0 * rtol)) < 5.0

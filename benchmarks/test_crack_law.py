"""The crack law alone, over random cracks and pressures, in narrow and in wide cracks."""

from __future__ import annotations

import naive
import numpy as np
import pytest

from benchmarks.workloads import law_columns
from leakflow.kernels import gas, laws

COUNT = 4096
CHECKED = 40
AIR = {"N2": 0.78, "O2": 0.21, "Ar": 0.01}


# The kernel smooths the onset of turbulence, near a Reynolds number of 2500.
@pytest.mark.parametrize(
    ("low", "high", "tolerance"),
    [pytest.param(1e-6, 30e-6, 5e-5, id="narrow"), pytest.param(300e-6, 2e-3, 1e-2, id="wide")],
)
def test_crack_flows(benchmark, low, high, tolerance):
    """The law over arrays, gas properties included."""
    columns = law_columns(COUNT, low, high)
    flows = np.empty(COUNT)
    fractions = gas.as_mole_fractions(AIR)
    laws.crack_flows(fractions, columns, flows)
    properties = naive.gas_properties(AIR, 293.15)
    slow = [
        naive.crack_flow(p_up, p_down, temperature, *properties, *crack)
        for temperature, p_up, p_down, *crack in columns[:, :CHECKED].T.tolist()
    ]
    np.testing.assert_allclose(flows[:CHECKED], slow, rtol=tolerance)

    benchmark(laws.crack_flows, fractions, columns, flows)
    if benchmark.stats:
        benchmark.extra_info["flows_per_second"] = COUNT / benchmark.stats.stats.median

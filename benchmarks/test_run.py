"""One run: a closed form, and the tunnel of ``prk-july-2021``."""

from __future__ import annotations

import math

import naive
import pytest

from leakflow.solver import load_case, run


def test_choked_blowdown(benchmark):
    """The pressure of a tank that empties through a choked hole falls like exp(-t/tau)."""
    case = load_case("choked-blowdown", {"run.rtol": "1e-10", "run.duration": "5 h"})
    R, _, gamma = naive.gas_properties(case.gas.composition, 293.15)
    area = 0.25 * math.pi * 1e-3**2
    tau = 1.0 / (area * naive.choked_flow_function(gamma) * math.sqrt(R * 293.15))
    result = run(case)
    assert result.outcomes["pressure_final_tank"] == pytest.approx(
        101325.0 * math.exp(-18000.0 / tau), rel=1e-8
    )
    assert result.outcomes["time_to_half"] == pytest.approx(tau * math.log(2.0), rel=1e-8)

    benchmark(run, case)


def test_tunnel(benchmark, case, slow_tunnel):
    """32 cracks and a seal over 30 days, against scipy."""
    slow = slow_tunnel(0).mass_lost(case.run.duration)
    assert run(case, sample=0).outcomes["mass_lost"] == pytest.approx(slow, rel=1e-5)

    benchmark(run, case, sample=0)

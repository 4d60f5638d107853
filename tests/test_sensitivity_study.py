"""The study in docs/sensitivity.md: a smaller one of another seed finds what its tables say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leakflow.solver import sweep
from leakflow.solver.sensitivity import analyse

DOCUMENT = (Path(__file__).parent.parent / "docs" / "sensitivity.md").read_text(encoding="utf-8")
STRONGEST = ("opening_median", "tunnel_volume", "depth", "crack_count", "each_cracks", "tortuosity")


@pytest.fixture(scope="module")
def indices():
    design = {"kind": "saltelli", "base_samples": 128, "second_order": False}
    return analyse(sweep("prk-july-2021-study", design=design, seed=5))


def table_of_shares():
    """Return the cells of the table of ST and S1 by input: pairs of a value and its half-width."""
    section = DOCUMENT.partition("### Shares of the variance")[2].partition("###")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    return {
        name: [tuple(map(float, c.split(" ± "))) for c in cells.split(" | ") if "±" in c]
        for name, cells in rows
    }


def test_the_shares_hold_for_other_samples(indices):
    """Within the intervals of both: 128 groups here, 1024 there."""
    shares = table_of_shares()
    assert set(STRONGEST) <= set(shares)
    for outcome, place in (("leak_rate_mean", 0), ("pressure_final_tunnel", 2)):
        total, half = indices.of("ST", outcome), indices.of("ST_conf", outcome)
        for name in STRONGEST:
            said, within = shares[name][place]
            assert total[name] == pytest.approx(said, abs=half[name] + within)


def test_temperature_and_seal_have_no_share_in_a_month(indices):
    for name in ("temperature", "seal_viscous", "seal_molecular", "accommodation"):
        assert indices.of("ST", "pressure_final_tunnel")[name] < 0.005


def test_the_seal_is_heard_in_the_tail():
    """After a year it counts as much as the wall; the volume no longer does."""
    design = {"kind": "saltelli", "base_samples": 128, "second_order": False}
    year = {"run.duration": "1 year", "run.output_times": {"count": 2}, "outcomes.series": False}
    total = analyse(sweep("prk-july-2021-study", overrides=year, design=design, seed=5)).of(
        "ST", "pressure_final_tunnel"
    )
    assert total["seal_viscous"] > 0.1
    assert total["seal_molecular"] > 0.1
    assert total["tunnel_volume"] < 0.02

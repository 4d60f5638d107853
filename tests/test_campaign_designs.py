"""Campaigns of designs: in parts of whole groups, extended, with the bits of the whole."""

from __future__ import annotations

import json

import numpy as np
import pytest

from leakflow.solver import load_case, open_results, sweep
from leakflow.solver.campaign import Campaign
from leakflow.solver.errors import CampaignError
from leakflow.solver.plan import compile_case
from leakflow.solver.sweep import resolve_case


def of_design(design: dict[str, object]):
    return load_case("prk-july-2021", {f"sweep.{key}": value for key, value in design.items()})


SIZES = {
    "sobol": lambda groups: {"design": "sobol", "samples": 4 * groups},
    "saltelli": lambda groups: {"design": {"kind": "saltelli", "base_samples": groups}},
}


def same(one, other) -> None:
    assert np.array_equal(one.samples, other.samples)
    assert np.array_equal(one.status, other.status)
    for name in one.variables:
        assert one[name].tobytes() == other[name].tobytes()


@pytest.mark.parametrize(
    "design, part",
    [
        ({"design": "sobol", "samples": 16}, 6),
        ({"design": {"kind": "saltelli", "base_samples": 4}}, None),
        ({"design": "latin-hypercube", "samples": 12}, 5),
    ],
)
def test_parts_have_the_bits_of_the_whole_and_the_file_its_design(tmp_path, design, part):
    case = of_design(design)
    whole = sweep(case)
    if part is None:
        part = json.loads(whole.provenance["design"])["rows_per_group"]
    campaign = Campaign.create(tmp_path / "made", case, part_samples=part)
    campaign.run(threads=1)
    campaign.merge(tmp_path / "made.nc")
    merged = open_results(tmp_path / "made.nc")
    same(whole, merged)
    assert json.loads(merged.provenance["design"]) == json.loads(whole.provenance["design"])
    assert len(list((tmp_path / "made").rglob("part-*.nc"))) > 1


def test_groups_stay_in_one_part(tmp_path):
    case = of_design({"design": {"kind": "saltelli", "base_samples": 4}})
    with pytest.raises(CampaignError, match="part_samples = 7: must be a multiple of"):
        Campaign.create(tmp_path / "made", case, part_samples=7)


@pytest.mark.parametrize("kind", ["sobol", "saltelli"])
def test_extended_it_is_the_bigger_sweep(tmp_path, kind):
    case = of_design(SIZES[kind](2))
    rows = case.sweep.samples if kind == "sobol" else compile_case(case).rows_per_group
    campaign = Campaign.create(tmp_path / "made", case, part_samples=rows)
    campaign.run(threads=1)
    wanted = 2 * resolve_case(case).sweep.samples
    campaign.extend(wanted)
    campaign.run(threads=1)
    campaign.merge(tmp_path / "made.nc")
    whole = sweep(of_design(SIZES[kind](4)))
    assert len(whole) == wanted
    same(whole, open_results(tmp_path / "made.nc"))


def test_a_hypercube_is_not_extended(tmp_path):
    campaign = Campaign.create(tmp_path / "made", of_design({"design": "latin-hypercube", "samples": 12}))
    with pytest.raises(CampaignError, match="no other number"):
        campaign.extend(24)


def test_an_extension_that_would_cut_a_group_leaves_the_campaign_as_it_was(tmp_path):
    campaign = Campaign.create(tmp_path / "made", of_design(SIZES["saltelli"](2)), part_samples=18)
    campaign.run(threads=1)
    with pytest.raises(CampaignError, match=r"made: sweep\.samples = 50: must be a multiple of 18"):
        campaign.extend(50)
    assert Campaign.open(tmp_path / "made").status().is_complete

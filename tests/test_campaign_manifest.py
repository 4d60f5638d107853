"""What a campaign is, in one file."""

import json
import math

import pytest
from campaign_case import cracked_case

from leakflow.solver import sweep
from leakflow.solver.campaign import Campaign
from leakflow.solver.campaign.manifest import MANIFEST, differences, read_manifest, replace_manifest
from leakflow.solver.errors import CampaignError


@pytest.fixture
def campaign(tmp_path):
    return Campaign.create(tmp_path / "c", cracked_case(tmp_path), samples=10, part_samples=4)


def test_the_file_is_json_in_one_way(campaign, tmp_path):
    text = (tmp_path / "c" / MANIFEST).read_text()
    data = json.loads(text)
    assert text == json.dumps(data, separators=(",", ":")) + "\n"
    assert data["case"]["paths"]["cracks"]["length"] == 0.005
    assert "samples" not in data["case"]["sweep"]
    assert (data["samples"], data["part_samples"], data["format"]) == (10, 4, 1)
    assert read_manifest(tmp_path / "c").text() == text


def test_the_id_is_that_of_a_file_from_memory_whatever_the_samples(campaign, tmp_path):
    case = cracked_case(tmp_path)
    assert campaign.id == sweep(case, samples=3).attributes["campaign_id"]
    assert campaign.id != sweep(case, samples=3, seed=2).attributes["campaign_id"]


def test_parts_cover_the_samples(campaign):
    manifest = campaign.manifest
    assert [manifest.part_range(part) for part in range(manifest.n_parts)] == [(0, 4), (4, 4), (8, 2)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"samples":10', '"samples":11'),
        lambda text: text.replace("0.005", "0.006"),
        lambda text: text.replace('"format":1', '"format":"x"'),
        lambda text: text[:-200],
        lambda text: "[" * 100_000,
        lambda text: "null",
        lambda text: "{}",
        lambda text: "\x00",
    ],
)
def test_a_spoilt_file_is_one_line(campaign, tmp_path, spoil):
    path = tmp_path / "c" / MANIFEST
    text = path.read_text()
    assert spoil(text) != text
    path.write_text(spoil(text))
    with pytest.raises(CampaignError) as caught:
        read_manifest(tmp_path / "c")
    (line,) = caught.value.faults
    assert line.startswith(f"{path}: ")
    assert len(line.splitlines()) == 1


def test_the_order_of_paths_is_a_difference(campaign):
    from dataclasses import replace

    there = campaign.manifest
    case = there.case | {"paths": dict(reversed(there.case["paths"].items()))}
    here = replace(there, case=case, id="0" * 64)
    assert differences(there, there) == []
    assert differences(there, here) == ["the order of volumes, paths or other names of the case"]


def test_many_differences_are_cut_off(campaign):
    from dataclasses import replace

    there = campaign.manifest
    case = there.case | {"run": {f"key_{i}": math.pi for i in range(100)}}
    lines = differences(there, replace(there, case=case))
    assert len(lines) == 21
    assert lines[-1].startswith("and ")


def test_one_whose_number_of_samples_is_fixed_says_so(campaign, tmp_path):
    """A design may be made for one number of samples."""
    from dataclasses import replace

    there = replace(campaign.manifest, extendable=False)
    assert differences(there, replace(there, samples=20)) == ["samples = 10 there, 20 here"]
    replace_manifest(tmp_path / "c", there)
    with pytest.raises(CampaignError, match="samples = 20: its design is made for 10 and no other number"):
        Campaign.open(tmp_path / "c").extend(20)

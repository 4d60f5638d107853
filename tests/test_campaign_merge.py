"""The merged file: chunks, columns, and how it is read."""

import json

import h5py
import numpy as np
import pytest
from campaign_case import cracked_case, digest_by_hand

from leakflow.solver import open_results, sweep, write_results
from leakflow.solver.campaign import Campaign, data_digest, file_digest
from leakflow.solver.campaign import merge as merge_module
from leakflow.solver.errors import ArgumentError, CampaignError

FINE = {"run__output_times": {"count": 600}}  # 2.4 kB a sample and series: chunks of 218 samples


def merged(tmp_path, case, samples, part_samples, **how):
    campaign = Campaign.create(tmp_path / "c", case, samples=samples, part_samples=part_samples)
    campaign.run()
    campaign.merge(tmp_path / "x.nc", **how)
    return tmp_path / "x.nc"


@pytest.mark.parametrize(
    ("samples", "part_samples", "as_they_are"),
    [
        (1000, 436, True),  # two chunks a part, the last one not full
        (900, 218, True),  # and a last part below a chunk
        (900, 300, False),  # chunks of 150
        (500, 211, False),  # a prime
    ],
)
def test_chunks_go_over_as_they_are_where_they_fall_on_chunks(
    tmp_path, monkeypatch, samples, part_samples, as_they_are
):
    copied = []
    real = merge_module._copy_chunks
    monkeypatch.setattr(merge_module, "_copy_chunks", lambda *rest: copied.append(0) or real(*rest))
    case = cracked_case(tmp_path, **FINE, outcomes__crack_geometry=False)
    campaign = Campaign.create(tmp_path / "c", case, samples=samples, part_samples=part_samples)
    assert campaign.manifest.part_samples % campaign.manifest.chunk_samples == 0 or not as_they_are
    campaign.run()
    merge_module.merge_parts(campaign.part_paths(), tmp_path / "x.nc", merge_module.Described({}, {}))
    whole = sweep(case, samples=samples)
    assert file_digest(tmp_path / "x.nc") == data_digest(whole)
    assert bool(copied)
    if as_they_are:
        write_results(tmp_path / "y.nc", whole)
        with h5py.File(tmp_path / "x.nc") as a, h5py.File(tmp_path / "y.nc") as b:
            assert a["flow_hole"].chunks == b["flow_hole"].chunks == (218, 600)
            for i in range(a["flow_hole"].id.get_num_chunks()):
                place = a["flow_hole"].id.get_chunk_info(i).chunk_offset
                assert a["flow_hole"].id.read_direct_chunk(place) == b["flow_hole"].id.read_direct_chunk(
                    place
                )


def test_tiny_chunks_are_put_together(tmp_path):
    path = merged(tmp_path, cracked_case(tmp_path), 100, 3)
    with h5py.File(path) as file:
        assert file["flow_hole"].chunks == (100, 7)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_xarray_sees_the_same_as_in_a_file_from_memory(tmp_path, engine):
    import xarray

    case = cracked_case(tmp_path)
    path = merged(tmp_path, case, 50, 20)
    write_results(tmp_path / "y.nc", sweep(case, samples=50))
    with (
        xarray.open_dataset(path, engine=engine) as a,
        xarray.open_dataset(tmp_path / "y.nc", engine=engine) as b,
    ):
        assert list(a.variables) == list(b.variables)
        assert a.attrs.keys() == b.attrs.keys()
        a.attrs["history"] = b.attrs["history"]
        assert a.identical(b)


def test_only_the_columns_that_are_wanted(tmp_path):
    case = cracked_case(tmp_path)
    path = merged(tmp_path, case, 30, 12, columns=["mass_lost", "pressure_tank"])
    found, whole = open_results(path), sweep(case, samples=30)
    assert list(found.variables) == ["mass_lost", "pressure_tank"]
    assert not found.cracks
    for name in found.variables:
        np.testing.assert_array_equal(found[name], whole[name])
    np.testing.assert_array_equal(found.times, whole.times)
    with pytest.raises(ArgumentError, match="columns = mass: is not in the results; did you mean mass_lost"):
        merged(tmp_path, case, 30, 12, columns=["mass"])


def test_a_campaign_that_is_not_complete_is_merged_only_if_asked(tmp_path):
    case = cracked_case(tmp_path)
    campaign = Campaign.create(tmp_path / "c", case, samples=50, part_samples=10)
    with pytest.raises(CampaignError, match="5 of 5 parts are missing; leakflow resume"):
        campaign.merge(tmp_path / "x.nc", partial=True)
    campaign.run(shard=(1, 2))
    with pytest.raises(CampaignError, match="3 of 5 parts are missing; leakflow resume"):
        campaign.merge(tmp_path / "x.nc")
    assert campaign.merge(tmp_path / "x.nc", partial=True).samples == 20
    found = open_results(tmp_path / "x.nc")
    assert found.samples.tolist() == [*range(10, 20), *range(30, 40)]
    assert found.attributes["history"].endswith("sweep of cracked.toml, 20 of 50 samples, seed 0")
    whole = sweep(case, samples=50)
    np.testing.assert_array_equal(found["mass_lost"], whole["mass_lost"][found.samples])


def test_the_table_of_parts_has_their_digests(tmp_path):
    case = cracked_case(tmp_path)
    path = merged(tmp_path, case, 30, 20)
    table = json.loads(open_results(path).provenance["parts"])
    digests = [data_digest(open_results(part)) for part in Campaign.open(tmp_path / "c").part_paths()]
    assert [row[2] for row in table] == digests


def test_digests_are_those_of_the_plain_way(tmp_path):
    results = sweep(cracked_case(tmp_path), samples=30)
    write_results(tmp_path / "x.nc", results)
    assert digest_by_hand(tmp_path / "x.nc") == data_digest(results) == file_digest(tmp_path / "x.nc")
    other = sweep(cracked_case(tmp_path), samples=30, seed=1)
    assert data_digest(other) != data_digest(results)


def test_a_part_is_not_merged_over(tmp_path):
    campaign = Campaign.create(tmp_path / "c", cracked_case(tmp_path), samples=9, part_samples=3)
    campaign.run()
    part = campaign.part_paths()[1]
    before = part.read_bytes()
    with pytest.raises(CampaignError, match="among the parts"):
        campaign.merge(part)
    assert part.read_bytes() == before


def test_no_column_at_all_is_refused_and_status_may_be_named(tmp_path):
    campaign = Campaign.create(tmp_path / "c", cracked_case(tmp_path), samples=9, part_samples=3)
    campaign.run()
    with pytest.raises(ArgumentError, match="names no variable"):
        campaign.merge(tmp_path / "x.nc", columns=[])
    campaign.merge(tmp_path / "x.nc", columns=["status"])
    assert not open_results(tmp_path / "x.nc").variables


def test_what_is_whole_is_merged_beside_a_damaged_part(tmp_path):
    campaign = Campaign.create(tmp_path / "c", cracked_case(tmp_path), samples=9, part_samples=3)
    campaign.run()
    part = campaign.part_paths()[1]
    part.write_bytes(part.read_bytes()[:1000])
    with pytest.raises(CampaignError, match="resume"):
        campaign.merge(tmp_path / "x.nc")
    campaign.merge(tmp_path / "x.nc", partial=True)
    assert open_results(tmp_path / "x.nc").samples.tolist() == [0, 1, 2, 6, 7, 8]

"""Campaigns: the same data as a sweep in memory, however they are cut, stopped, shared out and extended."""

import json
import multiprocessing
import os
import shutil
from concurrent.futures import Executor, Future, ProcessPoolExecutor

import campaign_case
import numpy as np
import pytest
from campaign_case import cracked_case, digest_by_hand

from leakflow.kernels import status
from leakflow.solver import SweepInterrupted, load_case, open_results, sweep, write_results
from leakflow.solver.campaign import Campaign, compute_part, file_digest, mark_lost, runner
from leakflow.solver.campaign.lock import at_work
from leakflow.solver.campaign.parts import part_path
from leakflow.solver.errors import CampaignError, CaseError

SAMPLES = 200


@pytest.fixture
def case(tmp_path):
    return cracked_case(tmp_path)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """sha256 of the data of the undisturbed sweep, written from memory and read by hand."""
    folder = tmp_path_factory.mktemp("expected")
    results = sweep(cracked_case(folder), samples=SAMPLES)
    assert 0 < results.n_failed < SAMPLES // 4
    return digest_by_hand(write_results(folder / "whole.nc", results))


@pytest.mark.parametrize(("part_samples", "threads"), [(7, 2), (64, 1), (199, 3), (1000, 2)])
def test_parts_and_threads_do_not_change_a_bit(case, tmp_path, expected, part_samples, threads):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=part_samples)
    found = campaign.run(threads=threads)
    assert (found.samples, found.parts, found.is_complete) == (SAMPLES, -(-SAMPLES // part_samples), True)
    merged = campaign.merge(tmp_path / "x.nc")
    assert merged.samples == SAMPLES
    assert digest_by_hand(tmp_path / "x.nc") == expected


def test_a_part_has_the_same_bytes_whenever_it_is_made(case, tmp_path):
    campaign = Campaign.create(tmp_path / "c", case, samples=20, part_samples=5)
    campaign.run()
    paths = campaign.part_paths()
    before = [path.read_bytes() for path in paths]
    paths[2].unlink()
    assert campaign.missing() == [2]
    campaign.run(threads=1)
    assert [path.read_bytes() for path in paths] == before


def test_what_is_there_is_not_made_again(case, tmp_path):
    campaign = Campaign.create(tmp_path / "c", case, samples=20, part_samples=5)
    campaign.run()
    stamps = [path.stat().st_mtime_ns for path in campaign.part_paths()]
    again = Campaign.create(tmp_path / "c", case, samples=20)
    assert again.manifest == campaign.manifest
    assert again.run().is_complete
    assert not compute_part(tmp_path / "c", 3).is_new
    assert [path.stat().st_mtime_ns for path in campaign.part_paths()] == stamps


def test_the_case_file_is_not_needed_to_go_on(case, tmp_path, expected):
    Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=90)
    (tmp_path / "cracked.toml").unlink()
    campaign = Campaign.open(tmp_path / "c")
    campaign.run()
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected


def test_a_merged_file_says_what_the_sweep_says(case, tmp_path):
    campaign = Campaign.create(tmp_path / "c", case, samples=20, part_samples=6)
    campaign.run()
    campaign.merge(tmp_path / "x.nc")
    found, wanted = open_results(tmp_path / "x.nc"), sweep(case, samples=20)
    for name in ("title", "source", "campaign_id"):
        assert found.attributes[name] == wanted.attributes[name], name
    assert found.attributes["history"].endswith("sweep of cracked.toml, 20 samples, seed 0")
    for name in ("environment", "numerics"):
        assert found.provenance[name] == wanted.provenance[name], name
    assert json.loads(found.provenance["case"]) == json.loads(wanted.provenance["case"])
    assert [row[:2] for row in json.loads(found.provenance["parts"])] == [[0, 6], [6, 6], [12, 6], [18, 2]]


def test_extending_is_a_larger_sweep_from_the_start(case, tmp_path, expected):
    campaign = Campaign.create(tmp_path / "c", case, samples=90, part_samples=40)
    campaign.run()
    whole = [part_path(tmp_path / "c", part).stat().st_mtime_ns for part in (0, 1)]
    campaign.extend(SAMPLES)
    assert campaign.missing() == [2, 3, 4]  # the third had 10 samples of 40
    assert len(open_results(part_path(tmp_path / "c", 2))) == 10
    assert campaign.status().bad_parts == 0
    assert campaign.run().is_complete
    assert [part_path(tmp_path / "c", part).stat().st_mtime_ns for part in (0, 1)] == whole
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected
    assert campaign.id == Campaign.create(tmp_path / "direct", case, samples=SAMPLES).id
    with pytest.raises(CampaignError, match="samples = 90: there are 200 already"):
        campaign.extend(90)


def test_shards_are_the_whole(case, tmp_path, expected):
    for i in (2, 0, 1):
        campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=30)
        assert not campaign.status().is_complete
        found = campaign.run(shard=(i, 3))
        assert campaign.missing((i, 3)) == []
    assert found.is_complete
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected
    with pytest.raises(CampaignError, match="shard = 3/3: must be I/N with I from 0 to N - 1"):
        campaign.run(shard=(3, 3))


def test_progress_begins_with_what_is_there(case, tmp_path):
    Campaign.create(tmp_path / "c", case, samples=50, part_samples=20).run()
    campaign = Campaign.open(tmp_path / "c")
    campaign.extend(90)
    seen = []
    campaign.run(progress=lambda *numbers, written: seen.append((*numbers, written)))
    failed = (
        open_results(part_path(tmp_path / "c", 0)).n_failed
        + open_results(part_path(tmp_path / "c", 1)).n_failed
    )
    assert seen[0] == (40, failed, 90, 0)
    done, _, total, written = seen[-1]
    assert (done, total) == (90, 90)
    new = [part_path(tmp_path / "c", part) for part in (2, 3, 4)]
    assert written == sum(path.stat().st_size - 4096 for path in new)


def test_a_process_pool_does_it(case, tmp_path, expected):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=25)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert campaign.run(executor=pool).is_complete
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected


def test_workers_that_die_leave_parts_missing(case, tmp_path, monkeypatch, expected):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=50)
    monkeypatch.setattr(runner, "compute_part", campaign_case.die_of_part_2)
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(CampaignError, match="workers died; what they had finished is kept, leakflow resume"),
    ):
        campaign.run(executor=pool)
    assert 2 in campaign.missing()
    assert {0, 1} & set(campaign.missing()) == set()
    monkeypatch.undo()
    assert campaign.run().is_complete
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected


class Lazy(Executor):
    """Runs what was submitted when it is waited for; notes how much was waiting."""

    def __init__(self):
        self.waiting, self.most = [], 0

    def submit(self, function, /, *arguments):
        future = Future()
        self.waiting.append((future, function, arguments))
        self.most = max(self.most, len(self.waiting))
        return future

    def work(self):
        future, function, arguments = self.waiting.pop(0)
        future.set_result(function(*arguments))


def test_an_executor_gets_parts_in_a_window(case, tmp_path, monkeypatch):
    campaign = Campaign.create(tmp_path / "c", case, samples=40, part_samples=4)
    lazy = Lazy()
    real = runner.wait

    def wait(futures, **how):
        if lazy.waiting:
            lazy.work()
        return real(futures, **how)

    monkeypatch.setattr(runner, "wait", wait)
    assert campaign.run(executor=lazy, window=3).is_complete
    assert lazy.most == 3


def test_lost_samples_have_a_status_and_the_others_their_values(case, tmp_path):
    campaign = Campaign.create(tmp_path / "c", case, samples=60, part_samples=30)
    receipt = mark_lost(tmp_path / "c", 1, [33, 58, 59])
    assert (receipt.part, receipt.first, receipt.samples, receipt.is_new) == (1, 30, 30, True)
    campaign.run()
    campaign.merge(tmp_path / "x.nc")
    found, whole = open_results(tmp_path / "x.nc"), sweep(case, samples=60)
    lost = np.isin(found.samples, [33, 58, 59])
    np.testing.assert_array_equal(found.status[~lost], whole.status[~lost])
    assert (found.status[lost] == status.WORKER_LOST).all()
    assert found.status_counts()["worker_lost"] == 3
    for name, variable in whole.variables.items():
        np.testing.assert_array_equal(found[name][~lost], variable.data[~lost], err_msg=name)
        if variable.role == "input":
            np.testing.assert_array_equal(found[name], variable.data, err_msg=name)
        else:
            assert np.isnan(found[name][lost]).all(), name
    np.testing.assert_array_equal(found["each_cracks_opening"], whole["each_cracks_opening"])
    assert campaign.status().reasons["worker_lost"] == 3
    with pytest.raises(CampaignError, match="sample = 29: part 1 has the samples 30 to 59"):
        mark_lost(tmp_path / "c", 1, [29])


def test_another_case_is_refused_key_by_key(case, tmp_path):
    Campaign.create(tmp_path / "c", case, samples=10)
    other = cracked_case(tmp_path, paths__cracks__length="6 mm", run__rtol=1e-5)
    with pytest.raises(CampaignError) as caught:
        Campaign.create(tmp_path / "c", other, samples=20, seed=3)
    where = f"{tmp_path / 'c'}: is another campaign"
    assert caught.value.faults == [
        f"{where}: case.paths.cracks.length = 0.005 there, 0.006 here",
        f"{where}: case.run.rtol = {case.run.rtol} there, 1e-05 here",
        f"{where}: case.sweep.seed = 0 there, 3 here",
        f"{where}: samples = 10 there, 20 here; leakflow extend {tmp_path / 'c'} adds some",
    ]


def test_other_packages_kernels_and_processors_are_refused(case, tmp_path, monkeypatch):
    from leakflow.solver import provenance

    campaign = Campaign.create(tmp_path / "c", case, samples=10)
    there = provenance.numerics()
    here = there | {
        "packages": there["packages"] | {"numba": "0.99.0"},
        "kernels": "0" * 64,
        "cpu_features": there["cpu_features"] + " avx9",
    }
    monkeypatch.setattr(provenance, "numerics", lambda: here)
    with pytest.raises(CampaignError) as caught:
        campaign.run()
    where = f"{tmp_path / 'c'}: cannot be gone on with here: numerics"
    numba = there["packages"]["numba"]
    assert caught.value.faults == [
        f"{where}.kernels = {there['kernels']} there, {'0' * 64} here",
        f"{where}.packages.numba = {numba} there, 0.99.0 here",
        f"{where}.cpu_features = ... there, ... avx9 ... here",
    ]
    with pytest.raises(CampaignError, match="numba"):
        compute_part(tmp_path / "c", 0)
    monkeypatch.undo()
    assert campaign.run().is_complete


def test_two_at_once_get_a_line(case, tmp_path):
    campaign = Campaign.create(tmp_path / "c", case, samples=10, part_samples=5)
    if os.name == "nt":
        pytest.skip("no such locks on Windows")
    with at_work(tmp_path / "c"), pytest.raises(CampaignError, match="another process is at work on it"):
        campaign.run()
    with at_work(tmp_path / "c", (0, 2)):
        with pytest.raises(CampaignError, match="another process is at work on it"):
            campaign.extend(20)
        with pytest.raises(CampaignError, match="another process is at work on shard 0/2"):
            campaign.run(shard=(0, 2))
        campaign.run(shard=(1, 2))
    assert campaign.run().is_complete


def test_ctrl_c_keeps_all_parts_before_it(case, tmp_path, expected):
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=30)

    def stop(done, failed, total, /, *, written):
        if done >= 100:
            raise KeyboardInterrupt

    with pytest.raises(SweepInterrupted):
        campaign.run(progress=stop)
    assert campaign.missing() == [3, 4, 5, 6]
    assert campaign.run().is_complete
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == expected


def test_a_folder_with_something_else_is_refused(case, tmp_path):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "thesis.txt").write_text("years of work")
    with pytest.raises(CampaignError, match=r"is no campaign and not empty: it has thesis\.txt"):
        Campaign.create(tmp_path / "c", case)
    with pytest.raises(CampaignError, match=r"no campaign: it has no manifest.json"):
        Campaign.open(tmp_path / "c")


def test_arguments_are_checked(case, tmp_path):
    with pytest.raises(CaseError, match="samples = 0"):
        Campaign.create(tmp_path / "c", case, samples=0)
    with pytest.raises(CampaignError, match="part_samples = 0: must be a whole number from 1"):
        Campaign.create(tmp_path / "c", case, part_samples=0)
    campaign = Campaign.create(tmp_path / "c", case, samples=10, part_samples=5)
    with pytest.raises(CampaignError, match="part_samples = 5 there, 4 here"):
        Campaign.create(tmp_path / "c", case, samples=10, part_samples=4)
    with pytest.raises(CampaignError, match="part = 2: the campaign has parts 0 to 1"):
        compute_part(tmp_path / "c", 2)
    with pytest.raises(CaseError, match="threads = 0"):
        campaign.run(threads=0)


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
def test_every_part_is_a_results_file(case, tmp_path, engine):
    import netCDF4
    import xarray

    campaign = Campaign.create(tmp_path / "c", case, samples=25, part_samples=10)
    campaign.run()
    whole = sweep(case, samples=25)
    for i, path in enumerate(campaign.part_paths()):
        rows = slice(10 * i, 10 * i + 10)
        opened = open_results(path)
        np.testing.assert_array_equal(opened["mass_lost"], whole["mass_lost"][rows])
        assert opened.attributes["campaign_id"] == campaign.id
        with xarray.open_dataset(path, engine=engine) as dataset:
            np.testing.assert_array_equal(dataset.sample, np.arange(25)[rows])
            np.testing.assert_array_equal(dataset.pressure_tank, whole["pressure_tank"][rows])
        with netCDF4.Dataset(path) as file:
            np.testing.assert_array_equal(file["status"][:], whole.status[rows])
    if shutil.which("ncdump"):
        import subprocess

        assert subprocess.run(["ncdump", "-h", path], capture_output=True).returncode == 0


def test_every_shipped_case_is_rebuilt_from_its_manifest(tmp_path):
    from leakflow.solver import list_cases
    from leakflow.solver.campaign.manifest import read_manifest

    for name, _ in list_cases():
        case = load_case(name)
        Campaign.create(tmp_path / name, case, samples=4, part_samples=4)
        manifest = read_manifest(tmp_path / name)
        again = manifest.resolved_case()
        assert json.dumps(again.to_dict()["volumes"]) == json.dumps(case.to_dict()["volumes"])
        assert again.source == case.source
        found, wanted = sweep(again), sweep(case, samples=4)
        assert found.variables.keys() == wanted.variables.keys()
        for variable in wanted.variables:
            np.testing.assert_array_equal(found[variable], wanted[variable], err_msg=f"{name} {variable}")
        assert manifest.id == wanted.attributes["campaign_id"]

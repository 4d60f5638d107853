"""The commands of campaigns, and sweeps into a file that are more than one part."""

import json
import re
import shutil

import h5py
import numpy as np
import pytest
from campaign_case import cracked_case
from command_line import lines

from leakflow.solver import open_results, sweep
from leakflow.solver.campaign import Campaign, data_digest, file_digest, part_size


@pytest.fixture
def case(tmp_path):
    return cracked_case(tmp_path, outcomes__series=False)


SWEEP = ("sweep", "cracked.toml", "-D", "outcomes.series=false", "-n", 200)
BEGIN = (*SWEEP, "--campaign", "c", "--part-samples", 80)


def test_a_campaign_from_begin_to_file(leakflow, tmp_path, case):
    code, out, err = leakflow(*BEGIN)
    whole = sweep(case, samples=200)
    assert whole.n_failed > 0
    assert (code, err) == (3, "")
    assert lines(out)[0] == f"campaign {whole.attributes['campaign_id']}"
    assert "parts: 3 of 3" in out
    failed = f"{whole.n_failed / 200:.3%} ({whole.n_failed} impossible geometry)"
    assert f"samples: 200 of 200, failed: {failed}" in out
    assert lines(out)[-1] == "complete; leakflow merge c --out FILE makes one file of it"
    code, merged, _ = leakflow("merge", "c", "--out", "x.nc", "--json")
    assert code == 3
    assert file_digest(tmp_path / "x.nc") == data_digest(whole)
    _, shown, _ = leakflow("info", "x.nc", "--json")
    assert json.loads(shown) == json.loads(merged)


def test_resume_extend_and_out(leakflow, tmp_path, case):
    assert leakflow(*BEGIN, "-q")[0] == 3
    (tmp_path / "c/parts/000/part-000001.nc").unlink()
    code, out, _ = leakflow("resume", "c", "--json")
    said = json.loads(out)
    assert (code, said["samples"], said["complete"]) == (3, 200, True)
    assert leakflow("extend", "c", "-n", 280, "-q")[0] == 3
    code, _, err = leakflow("extend", "c", "-n", 270)
    assert (code, lines(err)) == (2, ["c: samples = 270: there are 280 already"])
    arguments = [280 if word == 200 else word for word in BEGIN]
    code, out, _ = leakflow(*arguments, "--out", "x.nc")
    assert code == 3
    assert "file: x.nc" in out
    assert file_digest(tmp_path / "x.nc") == data_digest(sweep(case, samples=280))


def test_shards_end_with_0_and_the_whole_with_3(leakflow, tmp_path, case):
    for i in (1, 0):
        code, out, _ = leakflow(*BEGIN, "--shard", f"{i}/2")
        assert code == 0
    assert "parts: 3 of 3" in out
    assert leakflow("resume", "c", "-q")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resume", "c"), "c: no campaign: it has no manifest.json"),
        (("status", "c"), "c: no campaign: it has no manifest.json"),
        ((*SWEEP, "--shard", "0/2"), "--shard: goes with --campaign DIR only"),
        ((*SWEEP, "--part-samples", 3), "--part-samples: goes with --campaign DIR only"),
        ((*BEGIN, "--shard", "0/2", "-o", "x.nc"),
         "--out x.nc: goes not with --shard; leakflow merge does it when all shards are done"),
        ((*SWEEP, "--campaign", "cracked.toml"), "cracked.toml: a file, not a folder for a campaign"),
        ((*SWEEP, "--campaign", "c", "--part-samples", 0), "part_samples = 0: must be a whole number"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_2(leakflow, tmp_path, case, arguments, message):
    code, out, err = leakflow(*arguments)
    assert (code, out) == (2, "")
    (line,) = lines(err)
    assert line.startswith(message)


@pytest.mark.parametrize("shard", ["2/2", "-1/2", "1", "0/0", "a/b", "1/2/3"])
def test_what_is_no_shard_is_refused(leakflow, case, shard):
    code, _, err = leakflow(*BEGIN, f"--shard={shard}")
    assert code == 2
    assert f"'{shard}' is no shard: must be I/N with I from 0 to N - 1" in " ".join(err.split())


def test_a_folder_that_cannot_be_is_exit_4(leakflow, case):
    code, _, err = leakflow("sweep", "cracked.toml", "--campaign", "no/such/folder")
    assert (code, lines(err)) == (4, ["no/such/folder: cannot be written: no such folder"])


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of a few samples, whatever the machine."""
    monkeypatch.setattr(part_size, "_MOST_BYTES", 20e3)


def test_a_sweep_of_several_parts_is_the_one_in_memory(leakflow, tmp_path, case, small_parts):
    code, out, err = leakflow(*SWEEP, "-o", "x.nc")
    assert (code, err) == (3, "")
    assert "samples/s" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cracked.toml", "x.nc"]
    with h5py.File(tmp_path / "x.nc") as file:
        table = json.loads(file["provenance/parts"][()].tobytes())
        assert len(table) > 1  # how many depends on how fast the machine is
    assert file_digest(tmp_path / "x.nc") == data_digest(sweep(case, samples=200))
    code, said, _ = leakflow(*SWEEP, "-o", "y.nc", "--json")
    _, shown, _ = leakflow("info", "x.nc", "--json")
    a, b = json.loads(said), json.loads(shown)
    for summary in (a, b):
        summary.pop("samples_per_second")
        summary.pop("file")
    assert a == b


def test_no_room_for_parts_and_file_is_told_before_any_work(
    leakflow, tmp_path, monkeypatch, small_parts, case
):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=20_000))
    code, _, err = leakflow(*SWEEP, "-o", "x.nc")
    assert code == 4
    (line,) = lines(err)
    assert re.fullmatch(
        r"x\.nc: cannot be written: parts and file need about [\d.e-]+ GB, 2e-05 are free; "
        "take fewer samples, fewer outcomes, or no series",
        line,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["cracked.toml"]


def test_merged_summary_of_a_subset_counts_all(tmp_path, case):
    from leakflow.solver.file_summary import summarise_file
    from leakflow.solver.summary import summarise

    campaign = Campaign.create(tmp_path / "c", case, samples=500, part_samples=200)
    campaign.run()
    campaign.merge(tmp_path / "x.nc")
    results = open_results(tmp_path / "x.nc")
    exact = summarise(results)
    assert summarise_file(tmp_path / "x.nc") == (exact, 1)
    part, step = summarise_file(tmp_path / "x.nc", most=72)
    assert step == 7
    assert (part.samples, part.failed, part.reasons) == (exact.samples, exact.failed, exact.reasons)
    for name in ("mass_balance_residual", "steps_most", "table_error"):
        assert getattr(part.receipt, name) == getattr(exact.receipt, name)
    assert part.receipt.rejected == pytest.approx(exact.receipt.rejected, rel=1e-12)
    rows = slice(None, None, 7)
    good = results.status[rows] == 0
    median = np.median(results["mass_lost"][rows][good])
    (row,) = [row for row in part.rows if (row.name, row.unit) == ("mass_lost", "kg")]
    assert row.median == pytest.approx(median, rel=1e-12)

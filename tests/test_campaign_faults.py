"""What happens to machines, caused on purpose: nothing is lost, and the data are those of no fault."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from campaign_case import cracked_case
from command_line import lines, start

from leakflow.solver import sweep
from leakflow.solver.campaign import Campaign, data_digest, file_digest
from leakflow.solver.campaign.parts import SEAL_BYTES, part_path, read_seal, remove_stale
from leakflow.solver.errors import CampaignError, ResultsError

SAMPLES, PART = 40, 10


@pytest.fixture
def case(tmp_path):
    return cracked_case(tmp_path)


@pytest.fixture
def done(case, tmp_path):
    """A campaign that is complete."""
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=PART)
    campaign.run()
    return campaign


def assert_mended(campaign, case, tmp_path):
    assert campaign.run().is_complete
    campaign.merge(tmp_path / "x.nc")
    assert file_digest(tmp_path / "x.nc") == data_digest(sweep(case, samples=SAMPLES))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on Windows")
def test_killed_at_every_system_call_and_at_random(tmp_path):
    """Every kill is followed by going on; the parts that were there stay, byte for byte."""
    killer = Path(__file__).with_name("campaign_killer.py")
    environment = os.environ | {"PYTHONPATH": str(killer.parent), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, killer, tmp_path], capture_output=True, text=True, env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    every, random, two = map(json.loads, lines(run.stdout))
    # manifest: open, write, fsync, link, fsync; lock: open; folders: 2 mkdir, 2 fsync;
    # each of 2 parts: open, write, fsync, replace, fsync; the journal: replace
    assert every["kills"] >= 21
    assert random["kills"] == 8
    for found in (every, random):
        assert (found["wrong"], found["lost"], found["leftovers"]) == (0, 0, 0), found
    assert (two["codes"], two["wrong"]) == ([0, 0], 0)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def flip_in_the_seal(path):
    content = bytearray(path.read_bytes())
    content[-SEAL_BYTES + 60] ^= 1
    path.write_bytes(content)


def swap(path):
    other = path.with_name("part-000002.nc")
    kept = path.read_bytes()
    path.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def empty(path):
    path.write_bytes(b"")


def cut(path):
    os.truncate(path, path.stat().st_size - 2)


def append(path):
    with path.open("ab") as file:
        file.write(b"x")


def of_another_campaign(path):
    folder = path.parents[2]
    case = Campaign.open(folder).manifest.resolved_case()
    other = Campaign.create(folder / "other", case, seed=8, samples=SAMPLES, part_samples=PART)
    other.run()
    shutil.copy(part_path(folder / "other", 1), path)


@pytest.mark.parametrize(
    "harm", [Path.unlink, flip_in_the_seal, swap, empty, cut, append, of_another_campaign]
)
def test_a_part_that_is_none_is_made_again(done, case, tmp_path, harm):
    path = part_path(tmp_path / "c", 1)
    harm(path)
    with pytest.raises(CampaignError, match="leakflow resume"):
        done.merge(tmp_path / "x.nc")
    assert not (tmp_path / "x.nc").exists()
    assert 1 in done.missing()
    assert_mended(done, case, tmp_path)
    assert path.with_name("part-000001.nc.bad").exists() == (harm is not Path.unlink)


def test_a_bit_that_changed_is_found_when_merged(done, case, tmp_path):
    """Resuming looks at seals only: it would have to read all data."""
    flip(part_path(tmp_path / "c", 1))
    assert done.missing() == []
    with pytest.raises(CampaignError, match=r"part-000001\.nc: damaged: it does not have its checksum"):
        done.merge(tmp_path / "x.nc")
    assert list(tmp_path.glob("*.nc")) + list(tmp_path.glob(".leakflow*")) == []
    assert done.missing() == [1]
    assert_mended(done, case, tmp_path)


def test_a_bit_that_changed_is_found_when_asked_for(done, case, tmp_path):
    flip(part_path(tmp_path / "c", 2))
    done.run(verify=True)
    assert part_path(tmp_path / "c", 2).with_name("part-000002.nc.bad").exists()
    assert_mended(done, case, tmp_path)


@pytest.mark.parametrize(
    "fields",
    [
        {"samples": "ten"}, {"samples": -1}, {"first": 1.5}, {"statuses": 5}, {"statuses": {"ok": 1}},
        {"statuses": {"0": None}}, {"cracks": []}, {"campaign": None}, {"sha256": ["x"]}, {"more": 1},
        {"part": True},
    ],
)  # fmt: skip
def test_a_seal_that_says_nonsense_is_none(done, tmp_path, leakflow, fields):
    """Whoever made it knew how to compute its sha256."""
    path = part_path(tmp_path / "c", 1)
    image = path.read_bytes()[:-SEAL_BYTES]
    said = json.dumps(read_seal(path)._asdict() | fields).encode()
    body = (b"\nleakflow part 1\n" + said).ljust(SEAL_BYTES - 66) + b"\n"
    path.write_bytes(image + body + hashlib.sha256(body).hexdigest().encode() + b"\n")
    assert done.missing() == [1]
    assert done.status().bad_parts == 1
    code, out, _ = leakflow("status", "c")
    assert code == 0
    assert "bad parts: 1; leakflow resume c makes them again" in out


@pytest.mark.parametrize("harm", [flip, empty, cut, append])
def test_a_damaged_manifest_is_a_line(done, tmp_path, leakflow, harm):
    harm(tmp_path / "c" / "manifest.json")
    for command in (("resume", "c"), ("status", "c"), ("merge", "c", "-o", "x.nc")):
        code, _, err = leakflow(*command)
        assert code == 2
        assert len(lines(err)) == 1
        assert lines(err)[0].startswith("c/manifest.json: damaged: it ")


def test_a_full_disk_is_a_line_and_exit_4_and_loses_nothing(case, tmp_path, leakflow, monkeypatch):
    real, parts = os.write, []

    def write(descriptor, content):
        if bytes(content[:4]) == b"\x89HDF":
            parts.append(len(content))
            if len(parts) == 3:
                raise OSError(28, "No space left on device")
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", write)
    arguments = ("sweep", "cracked.toml", "-n", SAMPLES, "--campaign", "c", "--part-samples", PART, "-q")
    code, _, err = leakflow(*arguments)
    assert code == 4
    (line,) = lines(err)
    assert line.endswith("c/parts/000/part-000002.nc: cannot be written: No space left on device")
    campaign = Campaign.open(tmp_path / "c")
    assert campaign.missing() == [2, 3]
    assert campaign.status().bad_parts == 0
    assert list((tmp_path / "c").rglob("*.tmp")) == []
    monkeypatch.undo()
    assert_mended(campaign, case, tmp_path)


def test_a_full_disk_keeps_the_parts_of_a_sweep_into_a_file(case, tmp_path, monkeypatch):
    from leakflow.solver.campaign.to_file import PartsKeptError, sweep_in_parts

    real = os.write

    def write(descriptor, content):
        if "part-000002" in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(28, "No space left on device")
        return real(descriptor, content)

    if not os.path.exists("/proc/self/fd"):
        pytest.skip("no /proc here")
    monkeypatch.setattr(os, "write", write)
    small = case.model_copy(update={"sweep": case.sweep.model_copy(update={"samples": SAMPLES})})
    with pytest.raises(
        PartsKeptError, match="No space left on device; what was finished is kept in"
    ) as caught:
        sweep_in_parts(small, tmp_path / "x.nc", PART)
    assert not caught.value.interrupted
    monkeypatch.undo()
    kept = Campaign.open(caught.value.folder)
    assert len(kept.part_paths()) == 2
    assert_mended(kept, case, tmp_path)


def test_no_room_for_the_merged_file_is_told_before_it_is_begun(done, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(ResultsError, match=r"x\.nc: cannot be written: it needs .* GB, 1e-06 are free"):
        done.merge(tmp_path / "x.nc")


def test_a_merge_that_dies_is_a_line_and_leaves_nothing(done, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false") or "/nonexistent")
    with pytest.raises(
        ResultsError, match=r"x\.nc: cannot be written: the process that wrote it died, with code"
    ):
        done.merge(tmp_path / "x.nc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "cracked.toml"]


def test_a_folder_that_cannot_be_written_is_a_line_and_exit_4(done, tmp_path, leakflow, monkeypatch):
    real = os.open

    def read_only(path, flags, *arguments, **options):
        if flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *arguments, **options)

    part_path(tmp_path / "c", 3).unlink()
    monkeypatch.setattr(os, "open", read_only)
    for arguments in (
        ("resume", "c"),
        ("extend", "c", "-n", 80),
        ("merge", "c", "-o", "c/x.nc", "--partial"),
    ):
        code, _, err = leakflow(*arguments)
        assert code == 4, arguments
        assert len(lines(err)) == 1, err
        assert "cannot be written: Permission denied" in err


def test_temporary_files_of_the_dead_go_and_those_of_the_living_stay(done, tmp_path):
    from leakflow.solver.campaign.parts import host_name

    folder = tmp_path / "c" / "parts" / "000"
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead = folder / f".part-000003.nc.{host_name()}.{child.pid}.00aa.tmp"
    living = folder / f".part-000003.nc.{host_name()}.{os.getpid()}.00aa.tmp"
    elsewhere = folder / ".part-000003.nc.another-host.1.00aa.tmp"
    old = folder / ".part-000002.nc.another-host.1.00aa.tmp"
    for path in (dead, living, elsewhere, old):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert remove_stale(tmp_path / "c", time.time()) == 2
    assert sorted(path for path in folder.iterdir() if path.suffix == ".tmp") == sorted([living, elsewhere])


def test_a_temporary_file_that_another_machine_took_away_is_written_again(case, tmp_path, monkeypatch):
    real, taken = os.replace, []

    def replace(source, target):
        if "part-000001" in str(target) and not taken:
            taken.append(source)
            os.unlink(source)
        return real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=PART)
    assert campaign.run().is_complete
    assert len(taken) == 1


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_jumps_changes_no_data_and_no_rate(case, tmp_path, monkeypatch, jump):
    real = time.time
    calls = []

    def jumping():
        calls.append(0)
        return real() + jump * (len(calls) % 2)

    monkeypatch.setattr(time, "time", jumping)
    campaign = Campaign.create(tmp_path / "c", case, samples=SAMPLES, part_samples=PART)
    found = campaign.run()
    assert found.seconds_since_last_sign >= 0.0
    assert_mended(campaign, case, tmp_path)


SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize("number", SIGNALS)
def test_signals_stop_a_campaign_which_goes_on(case, tmp_path, number):
    process = start(
        "sweep", "cracked.toml", "-n", "100000000", "--campaign", "c", "--part-samples", "500", cwd=tmp_path
    )
    deadline = time.monotonic() + 100.0
    while not list(tmp_path.glob("c/parts/*/part-000002.nc")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    count = len(Campaign.open(tmp_path / "c").part_paths())
    assert count >= 3
    said = f"interrupted; {500 * count:,} of 100,000,000 samples are in c; leakflow resume c goes on"
    assert lines(err)[-1] == said


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_a_job_in_the_background_is_stopped_by_sigterm(case, tmp_path):
    """A shell starts it with Ctrl-C ignored; a scheduler asks it to end."""
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "sys.argv = ['leakflow', 'sweep', 'cracked.toml', '-n', '100000000', '--campaign', 'c',"
        " '--part-samples', '500']\n"
        "from leakflow.solver.__main__ import main; main()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 100.0
    while not list(tmp_path.glob("c/parts/*/part-000000.nc")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert lines(err)[-1].startswith("interrupted; ")


@pytest.mark.parametrize("after", [5, 17, 39])
def test_ctrl_c_keeps_the_finished_samples_of_a_sweep_into_a_file(case, tmp_path, monkeypatch, after):
    from leakflow.solver import SweepInterrupted, engine, open_results
    from leakflow.solver.campaign.to_file import PartsInterrupted, sweep_in_parts

    def stop(done, failed, total, /, *, written):
        if done >= after:
            raise KeyboardInterrupt

    monkeypatch.setattr(engine, "_BLOCK_SAMPLES", 2)
    small = case.model_copy(update={"sweep": case.sweep.model_copy(update={"samples": SAMPLES})})
    with pytest.raises(KeyboardInterrupt) as caught:
        sweep_in_parts(small, tmp_path / "x.nc", PART, threads=1, progress=stop)
    if after < PART:
        assert isinstance(caught.value, SweepInterrupted)
        kept = caught.value.results
    else:
        assert isinstance(caught.value, PartsInterrupted)
        kept = open_results(tmp_path / "x.nc")
        assert caught.value.merged.samples == len(kept)
    assert after <= len(kept) <= SAMPLES
    whole = sweep(case, samples=SAMPLES)
    for name in whole.variables:
        np.testing.assert_array_equal(kept[name], whole[name][kept.samples], err_msg=name)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

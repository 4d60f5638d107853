"""What processes say of themselves, and what the status makes of it."""

import json
import os
import subprocess
import sys

import pytest
from campaign_case import cracked_case

from leakflow.solver.campaign import Campaign
from leakflow.solver.campaign.journal import Entry, Journal, forget_the_dead, read_journals
from leakflow.solver.campaign.parts import host_name


def test_a_journal_is_written_every_few_seconds_by_a_clock_that_no_one_sets(tmp_path):
    now = [100.0]
    journal = Journal(tmp_path, (2, 8), clock=lambda: now[0])
    written = []
    for second in range(12):
        now[0] = 100.0 + second
        journal.note(50 * second, second)
        written.append(read_journals(tmp_path)[0].samples)
    assert written == [0, 0, 0, 0, 0, 250, 250, 250, 250, 250, 500, 500]
    (entry,) = read_journals(tmp_path)
    assert (entry.shard, entry.failed, entry.pid, entry.state) == ("2/8", 10, os.getpid(), "at work")
    assert entry.samples_per_second == pytest.approx(50.0)
    assert entry.is_at_work(entry.written + 59.0)
    assert not entry.is_at_work(entry.written + 61.0)
    assert entry.is_at_work(entry.written - 1e6)  # the clock was set back
    journal.close("ended")
    assert not read_journals(tmp_path)[0].is_at_work(entry.written)


def test_a_journal_that_cannot_be_written_or_read_stops_nothing(tmp_path):
    (tmp_path / "journal").write_text("a file")
    journal = Journal(tmp_path)
    journal.note(1, 0)
    journal.close("ended")
    assert read_journals(tmp_path) == []
    (tmp_path / "journal").unlink()
    (tmp_path / "journal").mkdir()
    for i, text in enumerate(("", "{", "[1]", '{"host": 1}', "\xff")):
        (tmp_path / "journal" / f"{i}.json").write_text(text)
    assert read_journals(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="processes are not asked after on Windows")
def test_a_process_that_is_gone_is_not_at_work(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not Entry(host_name(), child.pid, "", "at work", 1, 0, 1.0, 1e9).is_at_work(1e9)
    folder = tmp_path / "journal"
    folder.mkdir()
    names = [
        f"{host_name()}-{child.pid}-00aa.json",
        f"{host_name()}-{os.getpid()}-00aa.json",
        "far-7-00aa.json",
    ]
    for name in names:
        (folder / name).write_text("{}")
    forget_the_dead(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(names[1:])


def test_status_tells_rate_and_time_left_of_who_is_at_work(tmp_path, leakflow):
    campaign = Campaign.create(tmp_path / "c", cracked_case(tmp_path), samples=1000, part_samples=10)
    campaign.run(shard=(0, 10))
    for path in (tmp_path / "c" / "journal").iterdir():
        path.unlink()
    now = [0.0]
    for samples in (60, 240):
        now[0] = 0.0
        journal = Journal(tmp_path / "c", clock=lambda: now[0])
        now[0] = 10.0
        journal.note(samples, 0)
    found = campaign.status()
    assert (found.samples, found.workers) == (100, 2)
    assert found.samples_per_second == pytest.approx(30.0)
    assert found.seconds_left == pytest.approx(900 / 30.0)
    code, out, _ = leakflow("status", "c")
    assert code == 0
    assert "parts: 10 of 100" in out
    assert "samples: 100 of 1,000, failed: " in out
    assert "at work: 2 processes, 30 samples/s, 30 s left" in out
    assert "last sign of life: " in out
    code, out, _ = leakflow("status", "c", "--json")
    assert json.loads(out)["seconds_left"] == pytest.approx(30.0)
    assert json.loads(out)["complete"] is False

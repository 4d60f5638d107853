"""Progress as it is said where there is no terminal, and times as people say them."""

import io

import pytest

from leakflow.solver import console as console_module
from leakflow.solver.console import Clock, duration, progress_bar, terminal


@pytest.fixture
def now(monkeypatch):
    """A clock to be set."""
    time = [1000.0]
    monkeypatch.setattr(console_module.time, "perf_counter", lambda: time[0])
    return time


def test_a_line_every_30_seconds_where_there_is_no_terminal(now):
    screen = terminal()
    screen.file = io.StringIO()
    said = []
    with progress_bar(screen, quiet=False) as (report, clock):
        for second in range(0, 100, 10):
            now[0] = 1000.0 + second
            report(500 + 40 * second, second // 10, 10_500, written=second * 100_000)
            said.append(screen.file.getvalue())
    assert [len(text.splitlines()) for text in said] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert said[-1].splitlines()[0] == (
        "1,700 of 10,500 samples (16.2%), 3 failed, 40 samples/s, 3 min 40 s left, 3 MB written"
    )
    assert clock.rate() == pytest.approx(40.0)


def test_quiet_says_nothing_and_keeps_the_clock(now):
    screen = terminal()
    screen.file = io.StringIO()
    with progress_bar(screen, quiet=True) as (report, clock):
        report(0, 0, 100)
        now[0] += 50.0
        report(100, 0, 100)
    assert screen.file.getvalue() == ""
    assert clock.rate() == pytest.approx(2.0)


def test_a_clock_counts_what_was_done_since_it_started(now):
    clock = Clock()
    assert clock.rate() is None
    clock.note(1000)
    now[0] += 4.0
    clock.note(1000)
    assert clock.rate() is None
    clock.note(1100)
    assert clock.rate() == pytest.approx(25.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (3600, "1 h 0 min"),
     (7500, "2 h 5 min"), (86400 * 3 + 4 * 3600, "3 d 4 h")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text

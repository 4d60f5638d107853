"""Schedules: what clashes, and how repetitions and openings of some length unroll."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_case import SMALL, faults_of

from leakflow.solver.case import Case, CloseEvent, OpenEvent
from leakflow.solver.errors import CaseError
from leakflow.solver.numbers import Constant

DAY = 86400.0


def scheduled(events: str, valve: str = "", duration: str = '"10 d"') -> Case:
    text = SMALL.replace('"2 mm^2"', f'"2 mm^2"\n{valve}').replace('"10 d"', duration)
    return Case.model_validate(tomllib.loads(text + events))


def event(action: str, at: str, rest: str = "") -> str:
    target = 'volume = "tank"' if action in ("vent", "repressurise") else 'path = "valve"'
    return f'[[schedule]]\nat = {at}\naction = "{action}"\n{target if "path" not in rest else ""}\n{rest}\n'


@pytest.mark.parametrize(
    "events, line",
    [
        (event("open", '"11 d"'), "schedule.0.at = 950400: must not be after the duration, 864000 s"),
        (event("open", "-1"), "schedule.0.at = -1: must be at least 0 s"),
        (
            event("open", "0", 'path = "hole"'),
            'schedule.0.path = "hole": must be a valve or a hatch; hole is of kind orifice',
        ),
        (event("close", "0", 'path = "hol"'), 'schedule.0.path = "hol": no such path; did you mean hole?'),
        (event("open", "0", "opening = 2"), "schedule.0.opening = 2: must be from 0 to 1"),
        (event("vent", "0"), "schedule.0.to: missing"),
        (
            event("vent", "0", "to = 0").replace("tank", "room"),
            'volume = "room": must be an integrated volume',
        ),
        (event("repressurise", "0", "to = 0").replace("tank", "tonk"), "no such volume; did you mean tank?"),
        (
            event("repressurise", "0", 'to = 0\ngas = "Xe"'),
            'schedule.0.gas = "Xe": must be "air", one of N2,',
        ),
        (event("patch", "0", "factor = -1"), "schedule.0.factor = -1: must be at least 0"),
        (
            event("opn", "0"),
            'schedule.0.action = "opn": must be one of open, close, repressurise, vent, patch',
        ),
        (event("open", "0", "for = 10\nevery = 5"), "schedule.0.every = 5: must be longer than for, 10 s"),
        (event("open", "0", "for = 10") + event("open", "5"), "schedule.1.at: overlaps schedule.0"),
        (event("open", "0", "for = 10") + event("close", "10"), "schedule.1.at: overlaps schedule.0"),
        (event("close", "5") + event("open", "0", "for = 9"), "schedule.1.at: overlaps schedule.0"),
        (
            event("open", "5") + event("close", "5"),
            "schedule.1.at: overlaps schedule.0, which sets the opening",
        ),
        (
            event("open", "0", "every = 1000\nfor = 2") + event("open", "3001"),
            "schedule.1.at: overlaps schedule.0",
        ),
        (
            event("vent", "5", "to = 0") + event("repressurise", "5", "to = 1"),
            "sets the pressure of tank at 5 s",
        ),
        (event("patch", "5", "factor = 0") * 2, "sets the factor of valve at 5 s too"),
        (
            event("start", "5") + event("start", "7"),
            'schedule.1.path = "valve": starts in another event already',
        ),
        (event("start", "5", "every = 7"), "schedule.0.every = 7: must be left out: a path starts once"),
        (
            event("open", '{ dist = "uniform", low = 1, high = 2 }', "for = 3"),
            "schedule.0.at: must be one time, not a distribution, with every or for",
        ),
        (
            event("open", "5", "for = 3") + event("close", '{ dist = "uniform", low = 1, high = 2 }'),
            "schedule.0.for = 3: returns to the opening before: valve must have constant openings",
        ),
    ],
)
def test_a_clash_is_one_line(tmp_path: Path, events: str, line: str) -> None:
    faults = faults_of(tmp_path, SMALL + events)
    assert len(faults) == 1
    assert line in faults[0]


def test_a_valve_may_not_move_by_itself_within_an_opening(tmp_path: Path) -> None:
    text = SMALL.replace('"2 mm^2"', '"2 mm^2"\nschedule = [{ at = 5, opening = 1 }]')
    assert faults_of(tmp_path, text + event("open", "3", "for = 4")) == [
        "case.toml: schedule.0.at: overlaps paths.valve.schedule, which sets the opening of valve at 5 s too"
    ]


def test_what_does_not_clash() -> None:
    together = event("open", "5") + event("patch", "5", "factor = 0.5") + event("start", "5")
    other = event("patch", "5", 'path = "hole"\nfactor = 0') + event("vent", "5", "to = 1")
    case = scheduled(together + other + event("open", "6", "opening = 0.5") + event("close", "8"))
    assert len(case.expanded_events()) == 7


def test_repetitions_reach_the_duration() -> None:
    case = scheduled(event("vent", '"1 d"', 'to = 0\nevery = "3 d"'))
    assert [e.at.value / DAY for e in case.expanded_events()] == [1, 4, 7, 10]
    assert {e.every for e in case.expanded_events()} == {None}


def test_a_repetition_on_a_duration_that_is_not_exact_in_binary() -> None:
    """In floats 10000.3 - 10000.2 is 1.5e-11 of itself short of 0.1."""
    assert (10000.3 - 10000.2) / 0.1 * (1.0 + 1e-12) < 1.0
    case = scheduled(event("vent", "10000.2", "to = 0\nevery = 0.1"), duration="10000.3")
    assert [e.at.value for e in case.expanded_events()] == pytest.approx([10000.2, 10000.3], rel=1e-15)


def test_an_opening_returns_to_what_was_before() -> None:
    valve = "opening = 0.2\nschedule = [{ at = 50, opening = 0.3 }]"
    case = scheduled(event("open", "10", "for = 5\nevery = 80") + event("close", "200"), valve, "260")
    first = [
        (e.at.value, e.opening.value if isinstance(e, OpenEvent) else 0.0) for e in case.expanded_events()
    ]
    assert first == [
        (10, 1),
        (15, 0.2),
        (90, 1),
        (95, 0.3),
        (170, 1),
        (175, 0.3),
        (200, 0),
        (250, 1),
        (255, 0),
    ]
    assert isinstance(case.expanded_events()[6], CloseEvent)


def test_random_times_stand_at_the_end() -> None:
    case = scheduled(
        event("patch", '{ dist = "uniform", low = 1, high = 2 }', "factor = 0") + event("vent", "5", "to = 0")
    )
    assert [isinstance(e.at, Constant) for e in case.expanded_events()] == [True, False]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.none() | st.integers(1, 8),
            st.none() | st.integers(5, 30),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 4),
)
def test_the_opening_at_any_time_is_as_if_done_by_hand(
    openings: list[tuple[int, int | None, int | None, int]], start: int
) -> None:
    duration = 100
    text = "".join(
        event("open", str(at), f"opening = {share / 4}" + (f"\nfor = {length}" if length else "")
              + (f"\nevery = {every}" if every else ""))
        for at, length, every, share in openings
    )  # fmt: skip
    data = tomllib.loads(
        SMALL.replace('"10 d"', str(duration)).replace('"2 mm^2"', f'"2 mm^2"\nopening = {start / 4}')
    )
    data["schedule"] = tomllib.loads(text)["schedule"]
    try:
        case = Case.model_validate(data)
    except ValueError:
        assume(False)
    expanded = case.expanded_events()
    assert [e.at.value for e in expanded] == sorted(e.at.value for e in expanded)
    for time in (moment + 0.5 for moment in range(duration)):
        kept, held = (-1, start), None
        for at, length, every, share in openings:
            for begin in range(at, duration + 1, every or duration + 1):
                if length is None and kept[0] < begin < time:
                    kept = (begin, share)
                if length is not None and begin < time < begin + length:
                    held = share
        found = start / 4
        for e in expanded:
            if e.at.value < time:
                found = e.opening.value if isinstance(e, OpenEvent) else 0.0
        assert found == (kept[1] if held is None else held) / 4


def test_too_many_events(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="must have at most 10000 events, repetitions counted"):
        raise CaseError(faults_of(tmp_path, SMALL + event("vent", "0", "to = 0\nevery = 1")))

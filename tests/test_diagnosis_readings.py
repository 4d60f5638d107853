from __future__ import annotations

import pytest
from decay_case import CASE, decayed, points, written

from leakflow.solver.diagnosis.hypotheses import check_hypotheses, load_rivals
from leakflow.solver.errors import CaseError

READ = decayed(1e-10)
EVENT = '[[schedule]]\nat = {at}\naction = "{what}"\n'
VENT, START = EVENT + 'volume = "tank"\nto = 9e3\n', EVENT + 'path = "leak"\n'
BOUNDED = '{ dist = "uniform", low = 5.2e4, high = 6e4 }'
HATCH = """
[volumes.station]
kind = "integrated"
volume = 9
pressure = 1e5
[paths.hatch]
kind = "hatch"
from = "tank"
to = "station"
area = 0.5
"""


def refused(folder, text, **options):
    with pytest.raises(CaseError) as caught:
        load_rivals(written(folder, text), **options)
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    "event, when",
    [
        (VENT.format(at=5.1e4, what="vent"), "at 51000 s (vent)"),
        (VENT.format(at=BOUNDED, what="vent"), "between 52000 and 60000 s (vent)"),
        (START.format(at=4.9e4, what="start"), "at 49000 s (start)"),
        (HATCH + (VENT.replace("tank", "station")).format(at=5e4, what="vent"), "at 50000 s (vent)"),
    ],
)
def test_a_window_that_holds_an_event_is_refused(tmp_path, event, when):
    line = refused(tmp_path, CASE + points(READ, 1000.0) + event)
    assert line.startswith("decay.toml: record.points.1.time_uncertainty = 1000: must leave out the event ")
    assert when in line
    assert "its window, 46400 to 53600 s" in line


@pytest.mark.parametrize(
    "event, spread",
    [
        (VENT.format(at=5.4e4, what="vent"), 1000.0),
        (VENT.format(at=5e4, what="vent"), 0.0),
        (VENT.format(at='{ dist = "weibull", scale = 5e4, shape = 2 }', what="vent"), 1000.0),
    ],
)
def test_events_beside_the_windows_are_allowed(tmp_path, event, spread):
    assert load_rivals(written(tmp_path, CASE + points(READ, spread) + event))


@pytest.mark.parametrize(
    "told, key",
    [
        ("[[record.points]]\nvolume='vacuum'\ntime=9\npressure=1\nuncertainty=1\n", "record.points.3"),
        ("[diagnosis]\nlimits = [{ volume = 'vacuum', time = 9, below = 5, uncertainty = 1 }]\n",
         "diagnosis.limits.0"),
        ("[diagnosis]\nstable = [{ volume='vacuum', start=1, end=9, within=5, uncertainty=1 }]\n",
         "diagnosis.stable.0"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_given_pressure_is_refused(tmp_path, told, key):
    line = refused(tmp_path, CASE + points(READ) + told)
    assert line.startswith(f'decay.toml: {key}.volume = "vacuum": must be an integrated volume')
    random = CASE.replace("pressure = 0\n", 'pressure = { dist = "uniform", low = 0, high = 9 }\n')
    assert load_rivals(written(tmp_path, random + points(READ) + told))


def test_a_hypothesis_that_gives_a_pressure_which_was_read_is_refused_by_check(tmp_path):
    rivals = '[hypotheses.one]\n[hypotheses.given.changes]\n"volumes.tank.kind" = "held"\n'
    with pytest.raises(CaseError, match=r"hypotheses.given: record.points.0.volume"):
        check_hypotheses(written(tmp_path, CASE + points(READ) + rivals))


HEADER = "volume,time [s],pressure [Pa],uncertainty [Pa]\n"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "content, line",
    [
        (
            HEADER + "tank,1,2,3\ntank,1,2,-3\n",
            'bad.csv: line 3: uncertainty = "-3 Pa": must be greater than 0',
        ),
        (HEADER + "tank,1,2,3\n\ntnak,1,2,3\n", 'bad.csv: line 4: volume = "tnak": no such volume'),
        (HEADER + "tank,1e9,2,3\n", "bad.csv: line 2: time = 1000000000: must not be after the duration"),
        (HEADER + "tank,1,2,3,4\n", "bad.csv: line 2: has 5 cells; the header has 4"),
        (HEADER.replace("time [s]", "tmie [s]"), "bad.csv: line 1.tmie [s]: must be one of volume, time"),
        ("volume,time [s]\n", "bad.csv: line 1: missing pressure, uncertainty"),
    ],
)
def test_faults_of_a_record_that_was_given_name_its_line_and_column(tmp_path, count, content, line):
    (tmp_path / "good.csv").write_text(HEADER + "tank,1,2,3\n")
    (tmp_path / "bad.csv").write_text(content)
    files = [tmp_path / "good.csv", tmp_path / "bad.csv"][-count:]
    assert line in refused(tmp_path, CASE + points(READ), records=files)


def test_faults_of_the_records_file_name_its_line(tmp_path):
    (tmp_path / "bad.csv").write_text(HEADER + "tank,1,2,3\ntank,1,-2,3\n")
    line = refused(tmp_path, CASE + 'file = "bad.csv"\n')
    assert line == 'bad.csv: line 3: pressure = "-2 Pa": must be at least 0 Pa'

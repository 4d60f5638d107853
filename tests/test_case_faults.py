"""Faulty and hostile case files: one line for each fault, whatever stands in the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from small_case import SMALL, faults_of

from leakflow.solver.case import load_case
from leakflow.solver.errors import CaseError, LeakflowError

FAULTS = [
    (
        "pressure = 0\n",
        "pressure = 0\nvolume = 3\n",
        "volumes.vacuum.volume: must be left out: a boundary has no volume",
    ),
    ("volume = 2", "volume = -2", "volumes.tank.volume = -2: must be greater than 0 m^3"),
    (
        "volume = 2",
        "volume = true",
        'volumes.tank.volume = true: must be a volume, e.g. "6 m^3", or a number in m^3',
    ),
    ("volume = 2\n", "", 'volumes.tank.volume: missing; a volume of kind integrated needs it, e.g. "6 m^3"'),
    ("volume = 2", "volum = 2", "volumes.tank.volum: unknown key; did you mean volumes.tank.volume?"),
    (
        '"1 bar"',
        '"1 kg"',
        'volumes.tank.pressure = "1 kg": must be a pressure, e.g. "473 mmHg", or a number in Pa',
    ),
    ('"1 bar"', "-1", "volumes.tank.pressure = -1: must be at least 0 Pa"),
    (
        '"1 bar"',
        '{ dist = "uniform", low = 2, high = 1 }',
        "volumes.tank.pressure.high = 1: must be greater than low, 2",
    ),
    (
        'kind = "held"',
        'kind = "hold"',
        "volumes.room.kind = \"hold\": must be 'integrated', 'held' or 'boundary'",
    ),
    ("", '[volumes."a b"]\nkind = "boundary"\npressure = 0', 'volumes.a b = "a b": must be up to 64 letters'),
    ('from = "tank"', 'from = "tnak"', 'paths.hole.from = "tnak": no such volume; did you mean tank?'),
    ('from = "tank"', 'from = "vacuum"', 'paths.hole.to = "vacuum": must be another volume than from'),
    ('from = "tank"\n', "", "paths.hole.from: missing; must be given"),
    (
        'kind = "orifice"',
        'kind = "orfice"',
        'paths.hole.kind = "orfice": must be one of orifice, cracks, seal, valve',
    ),
    ('kind = "orifice"\n', "", "paths.hole.kind: missing; one of orifice, cracks, seal, valve"),
    ('"1 mm"', '"1 mm"\narea = 1', "paths.hole: must have either diameter or area"),
    (
        '"1 mm"',
        '"1 mm"\ndischarge_coefficient = 1.1',
        "paths.hole.discharge_coefficient = 1.1: must be greater than 0 and at most 1",
    ),
    (
        '"1 mm"',
        '"1 mm"\ndischarge_coefficient = "pery"',
        'discharge_coefficient = "pery": must be a plain number, e.g. 0.5 or "perry"',
    ),
    ('"2 mm^2"', '"2 mm^2"\nopening = 2', "paths.valve.opening = 2: must be from 0 to 1"),
    (
        '"2 mm^2"',
        '"2 mm^2"\nschedule = [{ at = 5, opening = 1 }, { at = 5, opening = 0 }]',
        "paths.valve.schedule.1.at = 5: must be after 5 s, the one before",
    ),
    (
        '"2 mm^2"',
        '"2 mm^2"\nschedule = [{ at = "11 d", opening = 1 }]',
        "paths.valve.schedule.0.at = 950400: must not be after the duration, 864000 s",
    ),
    ('"10 d"', '"-10 d"', 'run.duration = "-10 d": must be greater than 0 s'),
    (
        '"10 d"',
        '{ dist = "uniform", low = 1, high = 2 }',
        "run.duration = {...}: must be one number, not a distribution",
    ),
    ('"10 d"', '"10 d"\nrtol = 0.1', "run.rtol = 0.1: must be from 1e-13 to 0.01"),
    ('"10 d"', '"10 d"\nmax_steps = 1.5', "run.max_steps = 1.5: must be a whole number from 1 to 1000000000"),
    ('"10 d"', '"10 d"\noutput_times = [0, 2, 1]', "run.output_times: must rise from one to the next"),
    (
        '"10 d"',
        '"10 d"\noutput_times = [0, "11 d"]',
        "run.output_times = 950400: must not be after the duration, 864000 s",
    ),
    ('"10 d"', '"10 d"\noutput_times = []', "run.output_times: must have at least 1, not 0"),
    (
        '"10 d"',
        '"10 d"\noutput_times = { count = 1 }',
        "run.output_times.count = 1: must be a whole number from 2 to 100000",
    ),
    (
        '"10 d"',
        '"10 d"\noutput_times = { count = 2, every = 1 }',
        "run.output_times: must be a list of times, { count = N } or { every = TIME }",
    ),
    (
        '"10 d"',
        '"10 d"\n[[run.thresholds]]\nname = "a"\nvolume = "tonk"\nbelow = 1',
        'run.thresholds.0.volume = "tonk": no such volume; did you mean tank?',
    ),
    (
        '"10 d"',
        '"10 d"\n[[run.thresholds]]\nname = "a"\nvolume = "tank"',
        "run.thresholds.0: must have either below or above",
    ),
    (
        "",
        "[gas]\ncomposition = { N2 = 0.5, O2 = 0.4 }",
        "gas.composition: sums to 0.9; mole fractions must sum to 1 within 1e-06",
    ),
    (
        "",
        "[gas]\ncomposition = { Xe = 1 }",
        "gas.composition.Xe: unknown species; use N2, O2, CO2, H2O, Ar, He",
    ),
    ("", "[gas]\ntemperature = 22", "gas.temperature = 22: must be from 200 to 500 K"),
    ("", "[record]", "record.points: must hold at least one measured pressure, or file name a CSV"),
    (
        "",
        "[record]\npoints = []",
        "record.points: must hold at least one measured pressure, or file name a CSV",
    ),
    ("", '[record]\nfile = "../x.csv"', 'record.file = "../x.csv": must be a CSV file in the case\'s folder'),
    (
        "",
        '[record]\npoints = [{ volume = "tank", time = "11 d", pressure = 1, uncertainty = 1 }]',
        "record.points.0.time = 950400: must not be after the duration, 864000 s",
    ),
    (
        "",
        '[record]\npoints = [{ volume = "tank", time = 0, pressure = 1, uncertainty = 0 }]',
        "record.points.0.uncertainty = 0: must be greater than 0 Pa",
    ),
    ("", "[sweep]\nsamples = 0", "sweep.samples = 0: must be a whole number from 1 to 10000000000"),
    (
        "",
        "[sweep]\nseed = 18446744073709551616",
        "sweep.seed = 18446744073709551616: must be a whole number from 0 to 18446744073709551615",
    ),
    ("", '[sweep]\ndesign = "sobl"', 'sweep.design = "sobl": must be one of monte-carlo, sobol, saltelli'),
    ("", "[outcomes]\nkeep = 3", 'outcomes.keep = 3: must be "all" or a list of outcome names'),
    ("", "[outcomes]\nseries = 1", "outcomes.series = 1: must be true or false"),
    ("", "[volumess.a]", "volumess: unknown key; did you mean volumes?"),
]


@pytest.mark.parametrize("old, new, line", FAULTS, ids=[line.split(":")[0] for _, _, line in FAULTS])
def test_a_fault_is_one_line_with_key_value_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1) if old else f"{SMALL}\n{new}\n"
    faults = faults_of(tmp_path, text)
    assert len(faults) == 1
    assert faults[0].startswith("case.toml: ")
    assert line in faults[0]


def test_all_faults_at_once_also_between_sections(tmp_path: Path) -> None:
    text = (
        SMALL.replace("volume = 2", "volume = -2")
        .replace('from = "tank"', 'from = "tnak"\ncolour = 3')
        .replace('"10 d"', '"10 d"\nrtol = 3')
        + '[[schedule]]\nat = "11 d"\naction = "open"\npath = "hole"\n'
    )
    found = [line.split(": ")[1] for line in faults_of(tmp_path, text)]
    assert sorted(found) == [
        "paths.hole.colour",
        'paths.hole.from = "tnak"',
        "run.rtol = 3",
        "volumes.tank.volume = -2",
    ]
    sound = text.replace("rtol = 3", "rtol = 1e-3").replace("colour = 3", "")
    found = [line.split(": ")[1] for line in faults_of(tmp_path, sound)]
    assert sorted(found) == [
        'paths.hole.from = "tnak"',
        "schedule.0.at = 950400",
        'schedule.0.path = "hole"',
        "volumes.tank.volume = -2",
    ]


def test_boundaries_alone_are_no_case(tmp_path: Path) -> None:
    text = SMALL.replace('kind = "integrated"\nvolume = 2', 'kind = "boundary"')
    text = text.replace('kind = "held"\nvolume = 100', 'kind = "boundary"')
    found = [line.split(": ", 1)[1] for line in faults_of(tmp_path, text)]
    assert found == [
        'paths.hole = "tank to vacuum": must not join two boundaries',
        'paths.valve = "room to tank": must not join two boundaries',
        "volumes: must have at least one that is integrated or held",
    ]


def test_one_name_for_two_numbers(tmp_path: Path) -> None:
    dist = '{ dist = "uniform", low = 1, high = 2, name = "v" }'
    text = SMALL.replace("volume = 2", f"volume = {dist}").replace("volume = 100", f"volume = {dist}")
    assert faults_of(tmp_path, text) == [
        'case.toml: volumes.room.volume.name = "v": must differ from the name in volumes.tank.volume'
    ]


HOSTILE = {
    "nested arrays": "a = " + "[" * 100_000,
    "closed nested arrays": "a = " + "[" * 2000 + "]" * 2000,
    "dotted key": "a." * 200_000 + "b = 1",
    "spaced dotted key": "a . " * 200_000 + "b = 1",
    "quoted dotted key": "'a'." * 100_000 + "b = 1",
    "long word": "a" * 1_000_000,
    "long hexadecimal": "a = 0x" + "f" * 100_000,
    "long hexadecimal duration": SMALL.replace('"10 d"', "0x" + "f" * 100_000),
    "long decimal": "a = " + "9" * 5000,
    "many unknown keys": SMALL + "[gas]\n" + "\n".join(f"k{i} = 1" for i in range(50_000)),
    "many volumes": SMALL + "\n".join(f"[volumes.v{i}]\nkind = 'x'" for i in range(20_000)),
    "many events": SMALL + "[[schedule]]\nat=1\naction='open'\npath='v'\nfor=1\n" * 15_000,
    "endless repetition": SMALL + "[[schedule]]\nat=0\naction='patch'\npath='hole'\nfactor=1\nevery=1e-300\n",
    "endless output": SMALL.replace('"10 d"', "10\noutput_times = { every = 1e-308 }"),
    "control characters": SMALL + '"\\u001b[31m\\n" = 1\n[volumes."\\u0007"]\nkind = "\\u001b[2J"\n',
    "wrong types": "title=[]\ngas=1\nvolumes=[]\npaths=3\nschedule={}\nrun=[1]\nrecord=[]\nsweep=false",
    "wrong items": "title=''\nvolumes={a=1,b={}}\npaths={a=1,b={kind=[]},c={kind={}}}\n"
    "schedule=[1,{},{action=3},{action=[]}]\nrun={output_times=3,thresholds=[1],duration={}}\n"
    "record={points=[1,{}],start=3,file=3}",
    "dates for numbers": SMALL.replace("volume = 2", "volume = 2020-01-01").replace('"10 d"', "07:32:00"),
    "not finite": SMALL.replace("volume = 2", "volume = nan").replace('"10 d"', "inf"),
    "nul": "\x00\x01",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_only_a_case_error(tmp_path: Path, text: str) -> None:
    faults = faults_of(tmp_path, text)
    assert 1 <= len(faults) <= 210
    assert max(map(len, faults)) < 500


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large.toml").write_text("#" * 1_100_000)
    for name, text in {
        "missing.toml": "no such file",
        "folder.toml": "is a folder; must be a file",
        "binary.toml": "is not text in UTF-8",
        "large.toml": "is larger than 1 MiB; a case is small",
        "nul\x00.toml": "cannot be read",
        "x" * 5000 + ".toml": "cannot be read",
    }.items():
        with pytest.raises(CaseError) as caught:
            load_case(str(tmp_path / name))
        assert text in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(CaseError, match="must be a plain file"):
        load_case(tmp_path / "pipe.toml")


def test_bad_toml_has_its_place(tmp_path: Path) -> None:
    (line,) = faults_of(tmp_path, 'title = "a"\nvolume = = 3\n')
    assert line == "case.toml: not TOML: Invalid value (at line 2, column 10)"


def test_an_unknown_case_names_the_nearest() -> None:
    with pytest.raises(LeakflowError, match="prk-july: no such case; did you mean prk-july-2021"):
        load_case("prk-july")
    with pytest.raises(CaseError, match="no such case; there is choked-blowdown, "):
        load_case("zzzz")

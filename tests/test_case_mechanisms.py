"""Energy, species, feeds, controls and seals in case files: what is refused, and what a default is."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from small_case import SMALL, faults_of, written

from leakflow.solver.case import Case, case_schema, load_case
from leakflow.solver.numbers import Constant, Distribution

CREW = '[feeds.crew]\nkind = "crew"\nvolume = "tank"\ncount = 3\n'
HATCH = '[paths.hatch]\nkind = "hatch"\nfrom = "room"\nto = "tank"\narea = "1 m^2"\n'
SEAL = '[paths.ring]\nkind = "seal"\nfrom = "tank"\nto = "vacuum"\n'
RELIEF = '[paths.relief]\nkind = "relief"\nfrom = "tank"\nto = "vacuum"\narea = "1 mm^2"\n'
CRACKS = (
    '[paths.cracks]\nkind = "cracks"\nfrom = "tank"\nto = "vacuum"\ncount = 1\nlength = 0.01\ndepth = 0.002\n'
)


def with_tank(keys: str) -> str:
    return SMALL.replace("volume = 2\n", f"volume = 2\n{keys}\n")


def feed(kind: str, keys: str, volume: str = "tank") -> str:
    return f'{SMALL}[feeds.feed]\nkind = "{kind}"\nvolume = "{volume}"\n{keys}\n'


def control(kind: str, keys: str) -> str:
    return f'{SMALL}[controls.control]\nkind = "{kind}"\n{keys}\n'


def event(action: str, keys: str, at: str = "5") -> str:
    return f'[[schedule]]\naction = "{action}"\nat = {at}\n{keys}\n'


FAULTS = [
    (
        SMALL.replace("volume = 100\n", 'volume = 100\nenergy = "adiabatic"\n'),
        'volumes.room.energy = "adiabatic": must be isothermal: the temperature of a volume of kind held is',
    ),
    (with_tank('energy = "wall"'), 'volumes.tank.wall_conductance: missing; energy = "wall" needs it, e.g.'),
    (with_tank("wall_conductance = 5"), 'wall_conductance: must be left out: it goes with energy = "wall"'),
    (with_tank('energy = "wall"\nwall_conductance = -5'), "wall_conductance = -5: must be at least 0 W/K"),
    (
        with_tank('energy = "adiabatic"\ntemperature_cycles = [{ amplitude = 1, period = 5 }]'),
        "volumes.tank.temperature_cycles: must be left out: an adiabatic volume takes no heat",
    ),
    (
        with_tank('temperature_cycles = [{ amplitude = "1 degC", period = 5 }]'),
        'temperature_cycles.0.amplitude = "1 degC": must be a temperature difference, e.g. "2 K"',
    ),
    (
        with_tank("temperature_cycles = [{ amplitud = 1, amplitude = 1, period = 5 }]"),
        "volumes.tank.temperature_cycles.0.amplitud: unknown key; did you mean volumes.tank.temperature_cycl",
    ),
    (with_tank('composition = "Xe"'), 'volumes.tank.composition = "Xe": must be "air", one of N2,'),
    (feed("rte", ""), 'feeds.feed.kind = "rte": must be one of rate, removal, hold, crew'),
    (feed("rate", "rate = 1", "tonk"), 'feeds.feed.volume = "tonk": no such volume; did you mean tank?'),
    (feed("rate", "rate = 1", "room"), 'feeds.feed.volume = "room": must be an integrated volume; room is'),
    (feed("rate", "rate = -1"), "feeds.feed.rate = -1: must be at least 0 kg/s: only a pure gas, named by"),
    (
        feed("rate", 'gas = { N2 = 0.5, O2 = 0.5 }\nrate = { dist = "normal", mean = 1, sd = 1 }'),
        "feeds.feed.rate = -inf: must be at least 0 kg/s: only a pure gas",
    ),
    (feed("removal", 'gas = "air"\nflow = 1'), "feeds.feed.gas = \"air\": must be 'N2', 'O2', 'CO2', 'H2O',"),
    (feed("removal", 'gas = "CO2"\nflow = "1 kg/s"'), 'feeds.feed.flow = "1 kg/s": must be a volume flow'),
    (feed("hold", ""), "feeds.feed: must have either pressure or partial_pressure"),
    (feed("hold", "pressure = 1\npartial_pressure = 1"), "feeds.feed: must have either pressure or partial"),
    (feed("hold", "partial_pressure = 1"), "feeds.feed.gas: must be one species where its partial_pressure"),
    (feed("hold", 'pressure = 1\ntime_constant = "0 s"'), '"0 s": must be greater than 0 s'),
    (feed("crew", "count = -1"), "feeds.feed.count = -1: must be at least 0"),
    (feed("crew", "cuont = 1\ncount = 1"), "feeds.feed.cuont: unknown key; did you mean feeds.feed.count?"),
    (control("opn", ""), 'controls.control.kind = "opn": must be one of repressurise, close'),
    (
        control("repressurise", 'volume = "tank"\nbelow = 5\nto = 5'),
        "controls.control.to = 5: must be above below, 5 Pa",
    ),
    (
        control("repressurise", 'volume = "tank"\nbelow = 5\nto = 6\nspecies = "O2"\ngas = "O2"'),
        "controls.control.rate: missing; a control of a partial pressure needs it",
    ),
    (
        control("repressurise", 'volume = "tank"\nbelow = 5\nto = 6\nspecies = "O2"\nrate = 1'),
        'controls.control.gas: must be "O2", whose partial pressure is watched',
    ),
    (control("repressurise", 'volume = "room"\nbelow = 5\nto = 6'), "must be an integrated volume; room is"),
    (
        control("close", 'path = "hole"\nvolume = "tank"\nfall_above = 1'),
        'controls.control.path = "hole": must be a valve or a hatch; hole is of kind orifice',
    ),
    (
        control("close", 'path = "valve"\nvolume = "tank"\nflow_above = 1'),
        "controls.control: must have either volume and fall_above, or through and flow_above",
    ),
    (
        control("close", 'path = "valve"\nthrough = "hol"\nflow_above = 1'),
        'controls.control.through = "hol": no such path; did you mean hole?',
    ),
    (SMALL + RELIEF + "cracking = 5\nreseat = 5", "paths.relief.reseat = 5: must be below cracking, 5 Pa"),
    (SMALL + RELIEF + "cracking = 5", "paths.relief.reseat: missing; must be given"),
    (
        SMALL + RELIEF + "cracking = 5\nreseat = 4\n" + event("open", 'path = "relief"'),
        'schedule.0.path = "relief": must be a valve or a hatch; relief is of kind relief',
    ),
    (SMALL + SEAL, "paths.ring: must have molecular and viscous, or slot, or permeation"),
    (
        SMALL + SEAL + "slot = { opening = 1e-6, length = 1, depth = 0.01 }\n"
        "contact = { stress = 1e6, sealing_factor = 1e6 }",
        "paths.ring.contact: must be left out: it goes with molecular and viscous",
    ),
    (
        SMALL + SEAL + "molecular = 1e-12\ncontact = { stress = 1e6, sealing_factor = 0 }",
        "paths.ring.contact.sealing_factor = 0: must be greater than 0 Pa",
    ),
    (
        SMALL + SEAL + "permeation = { area = 1, thickness = 1, permeability = -1 }",
        "paths.ring.permeation.permeability = -1: must be at least 0 mol/m/s/Pa",
    ),
    (
        SMALL + SEAL + "permeation = { area = 1, thickness = 1, permeability = { Ne = 1, He = 1 } }",
        "paths.ring.permeation.permeability.Ne: unknown key; did you mean paths.ring",
    ),
    (
        SMALL + SEAL + 'permeation = { area = 1, thickness = 1, permeability = { He = "1 m" } }',
        'paths.ring.permeation.permeability.He = "1 m": must be a permeability, e.g. "0.5 barrer"',
    ),
    (SMALL + CRACKS + "opening = -1e-6", "paths.cracks.opening = -1e-06: must be greater than 0 m"),
    (
        SMALL + CRACKS + 'opening = { dist = "uniform", low = -1e-6, high = 1e-6 }',
        "paths.cracks.opening.low = -1e-06: must be at least 0 m",
    ),
    (
        SMALL + event("temperature", 'volume = "tonk"\nto = 300'),
        'schedule.0.volume = "tonk": no such volume; did you mean tank?',
    ),
    (
        with_tank('energy = "adiabatic"') + event("temperature", 'volume = "tank"\nto = 300'),
        'schedule.0.volume = "tank": must not be adiabatic: no heat comes from its wall',
    ),
    (SMALL + event("temperature", 'volume = "tank"\nto = 22'), "to = 22: must be from 200 to 500 K"),
    (
        SMALL + event("temperature", 'volume = "tank"\nto = 300') * 2,
        "schedule.1.at: overlaps schedule.0, which sets the temperature of tank at 5 s too",
    ),
    (SMALL + CREW + event("crew", 'feed = "cew"\nto = 3'), 'schedule.0.feed = "cew": no such feed; did you'),
    (
        feed("rate", "rate = 1") + event("crew", 'feed = "feed"\nto = 3'),
        'schedule.0.feed = "feed": must be a crew; feed is of kind rate',
    ),
    (
        SMALL + CREW + event("feed", 'feed = "crew"\nto = 3'),
        'schedule.0.feed = "crew": must not be a crew; the action crew sets how many people',
    ),
    (
        SMALL + CREW
        + event("crew", 'feed = "crew"\nto = 3\nevery = "1 d"') + event("crew", 'feed = "crew"\nto = 3'),
        "schedule.1.at: overlaps schedule.0, which sets the count of crew at 5 s too",
    ),
    (
        SMALL + CREW + "[gas]\nseparate = false",
        "gas.separate = false: must be true, or left out: feeds.crew needs species one by one",
    ),
    (
        SMALL + '[record]\ncompare = "p/T"\n'
        'points = [{ volume = "tank", time = 0, pressure = 1, uncertainty = 1 }]',
        'record.points.0.temperature: missing; compare = "p/T" needs it',
    ),
    (
        SMALL + HATCH.replace('"tank"', '"vacuum"') + "opening = 1",
        "paths.hatch: must not open: it would make one volume of room (held) and vacuum (boundary), whose",
    ),
    (
        SMALL + HATCH.replace('"tank"', '"vacuum"')
        + event("open", 'path = "hatch"', '{ dist = "uniform", low = 0, high = 1 }'),
        "paths.hatch: must not open: it would make one volume of room (held) and vacuum (boundary), whose",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), FAULTS)
def test_a_fault_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    faults = faults_of(tmp_path, text)
    assert len(faults) == 1
    assert faults[0].startswith("case.toml: ")
    assert line in faults[0]


PORT = '[paths.port]\nkind = "hatch"\nfrom = "tank"\nto = "vacuum"\narea = "1 m^2"\n'
SPACE = SMALL + HATCH + PORT


def test_a_chain_of_open_hatches_joins_no_two_given_pressures(tmp_path: Path) -> None:
    both = event("open", 'path = "hatch"', "5") + event("open", 'path = "port"', "7")
    (fault,) = faults_of(tmp_path, SPACE + both)
    assert fault.startswith("case.toml: paths.port: must not open: it would make one volume of")
    assert "room (held)" in fault
    assert "vacuum (boundary)" in fault
    in_turn = event("open", 'path = "hatch"\nfor = 1', "5") + event("open", 'path = "port"', "7")
    load_case(written(tmp_path, SPACE + in_turn))
    ajar = event("open", 'path = "hatch"', "5") + event("open", 'path = "port"\nopening = 0.99', "7")
    load_case(written(tmp_path, SPACE + ajar))


def case_of(text: str) -> Case:
    case = Case.model_validate(tomllib.loads(text))
    plain = json.loads(json.dumps(case.to_dict(), allow_nan=False))
    assert Case.model_validate(plain) == case
    jsonschema.validate(plain, case_schema())
    jsonschema.validate(tomllib.loads(text), case_schema())
    return case


def test_what_a_crew_takes_and_gives_by_default() -> None:
    crew = case_of(SMALL + CREW).feeds["crew"]
    per_day = {key: getattr(crew, key).value * 86400.0 for key in ("oxygen", "carbon_dioxide", "water")}
    assert per_day == pytest.approx({"oxygen": 0.84, "carbon_dioxide": 1.0, "water": 2.28})


@pytest.mark.parametrize(
    ("text", "separate"),
    [
        (SMALL, False),
        (with_tank('composition = "air"'), False),
        (with_tank('composition = "N2"'), True),
        (with_tank('composition = "N2"') + "[gas]\nseparate = false", False),
        (SMALL + "[gas]\nseparate = true", True),
        (SMALL + CREW, True),
        (feed("rate", "rate = 1"), False),
        (feed("rate", 'rate = 1\ngas = "O2"'), True),
        (feed("rate", 'rate = -1\ngas = "N2"') + '[gas]\ncomposition = "N2"', True),
        (feed("hold", "pressure = 1"), False),
        (control("repressurise", 'volume = "tank"\nbelow = 5\nto = 6\ngas = "N2"'), True),
        (SMALL + event("repressurise", 'volume = "tank"\nto = 5\ngas = "He"'), True),
        (SMALL + SEAL + "permeation = { area = 1, thickness = 1, permeability = 1 }", False),
        (SMALL + SEAL + "permeation = { area = 1, thickness = 1, permeability = { He = 1 } }", True),
        (SMALL + '[[run.thresholds]]\nname = "t"\nvolume = "tank"\nbelow = 5\nspecies = "O2"', True),
    ],
)  # fmt: skip
def test_species_are_separate_where_they_have_to_be(text: str, separate: bool) -> None:
    assert case_of(text).is_separate is separate


def test_the_species_of_a_case() -> None:
    assert case_of(SMALL).species == ("N2", "O2", "CO2", "Ar")
    assert case_of(SMALL + CREW + '[gas]\ncomposition = "N2"').species == ("N2", "O2", "CO2", "H2O")
    watched = '[[run.thresholds]]\nname = "t"\nvolume = "tank"\nbelow = 5\nspecies = "He"'
    assert case_of(SMALL + watched).species == ("N2", "O2", "CO2", "Ar", "He")


def test_a_permeability_is_a_number_or_a_table() -> None:
    dist = '{ dist = "uniform", low = "1 barrer", high = "2 barrer", name = "rubber" }'
    start = f"{SMALL}{SEAL}permeation = {{ area = 1, thickness = 1, permeability = "
    one = case_of(f"{start}{dist} }}").paths["ring"].permeation  # type: ignore[union-attr]
    assert isinstance(one.permeability, Distribution)  # type: ignore[union-attr]
    many = case_of(f"{start}{{ He = {dist}, N2 = 2e-16 }} }}")
    table = many.paths["ring"].permeation.permeability  # type: ignore[union-attr]
    assert (table.N2, table.O2, table.He.name) == (Constant(2e-16), None, "rubber")  # type: ignore[union-attr]
    found = {key: dimension for key, _, dimension in many.numbers()}
    assert found["paths.ring.permeation.permeability.He"] == "permeability"


@pytest.mark.parametrize(
    "more", ['compliance = "0.1 um/kPa"', "shell = { radius = 1, wall = 2e-3, modulus = 7e10 }"]
)
def test_a_crack_that_its_pressure_opens_may_be_shut_at_rest(more: str) -> None:
    cracks = case_of(f'{SMALL}{CRACKS}opening = "-2 um"\n{more}\n').paths["cracks"]
    assert cracks.opening == Constant(-2e-6)  # type: ignore[union-attr]


def test_a_record_in_a_csv_may_have_temperatures_and_species(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "volume,time [d],pressure [mmHg],uncertainty [Pa],temperature [degC],species\ntank,1,473,1,22,\n"
        "tank,2,2,1,,CO2\n",
        encoding="utf-8",
    )
    record = load_case(written(tmp_path, SMALL + '[record]\nfile = "r.csv"\n')).record
    assert record is not None
    assert [point.temperature for point in record.points] == [pytest.approx(295.15), None]
    assert [point.species for point in record.points] == [None, "CO2"]

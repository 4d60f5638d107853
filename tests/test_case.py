"""Cases: what ships, what is refused and how, overrides, schedules, and the schema for editors."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_case import SMALL, written

from leakflow.kernels import gas as gas_kernel
from leakflow.solver.case import SPECIES, Case, case_schema, list_cases, load_case
from leakflow.solver.errors import CaseError
from leakflow.solver.numbers import Constant, Distribution

MMHG = 133.322387415
DAY = 86400.0
SHIPPED = [
    "choked-blowdown",
    "knudsen-crack",
    "mir-spektr-1997",
    "prk-december-2020",
    "prk-december-2020-sealed-or-fed",
    "prk-july-2021",
    "prk-july-2021-sealed-or-fed",
    "prk-july-2021-study",
    "prk-june-2025-sealed-or-fed",
    "prk-march-2021",
    "prk-march-2021-sealed-or-fed",
    "prk-october-2020",
    "prk-october-2020-sealed-or-fed",
    "prk-reduced-pressure-2026",
    "soyuz-11",
    "soyuz-ms-09",
    "station-crew-2003",
    "station-false-alarm-2020",
    "station-january-2021",
    "synthetic-balanced",
    "synthetic-balanced-then-vented",
    "synthetic-cooling",
    "synthetic-cooling-measured",
    "synthetic-growth",
    "synthetic-laminar",
    "synthetic-orifice",
    "synthetic-sealed",
    "two-volume-equalisation",
    "window-hose-2004",
]
CLOSED_FORMS = ("choked-blowdown", "knudsen-crack", "two-volume-equalisation")


def test_the_shipped_cases() -> None:
    assert [name for name, _ in list_cases()] == SHIPPED
    assert all(len(title) > 20 for _, title in list_cases())


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_case_is_written_and_read_again(name: str) -> None:
    case = load_case(name)
    assert case.source == f"{name}.toml"
    plain = json.loads(json.dumps(case.to_dict(), allow_nan=False))
    assert Case.model_validate(plain) == case
    assert Case.model_validate(plain).to_dict() == case.to_dict()
    words = ("A test",) if name in CLOSED_FORMS else ("Measured", "Assumed", "Trust")
    assert all(f"{word}" in case.description for word in words)


@pytest.mark.parametrize(
    "name, start, record",
    [  # rows P23 to P25, P17 and P18, P13 and P14, P01 and P02 of the record: mmHg, then s and mmHg
        ("prk-july-2021", 473, [(6 * DAY, 273), (11 * DAY, 200)]),
        ("prk-march-2021", 730, [(11.5 * 3600, 678)]),
        ("prk-december-2020", 730, [(18 * 3600, 620)]),
        ("prk-october-2020", 733, [(12 * 3600, 643)]),
    ],
)
def test_the_figures_of_the_tunnel(name: str, start: float, record: list[tuple[float, float]]) -> None:
    case = load_case(name)
    pressure, volume = case.volumes["tunnel"].pressure, case.volumes["tunnel"].volume
    assert isinstance(pressure, Distribution)
    assert pressure.args["mean"].value == pytest.approx(start * MMHG)  # type: ignore[union-attr]
    prior = {"low": Constant(4.0), "high": Constant(7.0)}
    assert volume == Distribution("uniform", prior, "tunnel_volume", "sample")
    assert case.record is not None
    found = [(point.time, point.pressure) for point in case.record.points]
    assert found == [(pytest.approx(time), pytest.approx(p * MMHG)) for time, p in record]
    assert any("P" in source and "http" in source for source in case.sources)


def test_species_are_those_of_the_kernels() -> None:
    assert SPECIES == gas_kernel.SPECIES


def test_a_case_is_checked_without_loading_numba() -> None:
    code = "import sys; from leakflow.solver.case import load_case; load_case('knudsen-crack');"
    done = subprocess.run(
        [sys.executable, "-c", code + "print('numba' in sys.modules, 'pint' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split()[0] == "False"


def test_defaults() -> None:
    case = Case.model_validate(tomllib.loads(SMALL))
    assert case.gas.temperature == Constant(293.15)
    assert math.fsum(case.gas.composition.values()) == 1.0
    assert case.gas.composition["N2"] == 0.78084
    assert (case.run.rtol, case.run.max_steps, case.sweep.samples, case.sweep.seed) == (
        1e-6,
        100_000,
        1000,
        0,
    )
    assert case.outcomes.keep == "all"
    assert case.record is None
    assert case.source == ""


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=6))
def test_a_composition_sums_to_one_and_keeps_its_bits(shares: list[float]) -> None:
    total = math.fsum(shares)
    composition = {species: share / total for species, share in zip(SPECIES, shares, strict=False)}
    case = Case.model_validate(tomllib.loads(SMALL) | {"gas": {"composition": composition}})
    assert case.gas.composition == pytest.approx(composition, rel=1e-12)
    again = Case.model_validate(case.to_dict())
    assert again.gas.composition == case.gas.composition


def test_output_times() -> None:
    def times(text: str) -> list[float]:
        data = tomllib.loads(SMALL)
        return Case.model_validate(data | {"run": tomllib.loads(text)}).run.times().tolist()

    assert times("duration = 10\noutput_times = { count = 5 }") == [0.0, 2.5, 5.0, 7.5, 10.0]
    assert times("duration = 10\noutput_times = { every = 4 }") == [0.0, 4.0, 8.0, 10.0]
    assert times("duration = 0.3\noutput_times = { every = 0.1 }") == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert times("duration = '1 min'\noutput_times = ['1 s', 2]") == [1.0, 2.0]
    assert len(times("duration = 10")) == 101


def test_a_seal_with_one_coefficient_has_none_of_the_other() -> None:
    path = {"kind": "seal", "from": "tank", "to": "room", "viscous": "1e-16 m*s/Pa"}
    data = tomllib.loads(SMALL)
    case = Case.model_validate(data | {"paths": {"seal": path}})
    assert case.paths["seal"].molecular == Constant(0.0)  # type: ignore[union-attr]
    assert Case.model_validate(case.to_dict()) == case


def test_numbers_of_a_case() -> None:
    numbers = {key: (number, dimension) for key, number, dimension in load_case("prk-july-2021").numbers()}
    assert numbers["volumes.station.volume"] == (Constant(916.0), "volume")
    assert numbers["paths.hatch_seal.viscous"][1] == "viscous_conductance"
    assert numbers["run.thresholds.0.below"][0].value == pytest.approx(100 * MMHG)  # type: ignore[union-attr]
    opening = numbers["paths.cracks.opening"][0]
    assert isinstance(opening, Distribution)
    assert (opening.kind, opening.per, opening.args["median"].name) == (
        "lognormal",
        "crack",
        "opening_median",
    )
    assert "run.duration" not in numbers


# The record's CSV


def with_record(folder: Path, csv: str) -> Path:
    written(folder, csv, "record.csv")
    return written(folder, f'{SMALL}\n[record]\nfile = "record.csv"\nstart = 2021-07-14\n')


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_case_and_its_csv_may_each_be_a_link(tmp_path: Path) -> None:
    """A strict editable install links every file on its own into a folder elsewhere."""
    (tmp_path / "source").mkdir()
    (tmp_path / "installed").mkdir()
    with_record(tmp_path / "source", f"{HEADER}tank,1,473,1\n")
    for name in ("case.toml", "record.csv"):
        (tmp_path / "installed" / name).symlink_to(tmp_path / "source" / name)
    assert load_case(tmp_path / "installed" / "case.toml") == load_case(tmp_path / "source" / "case.toml")
    (tmp_path / "secret.csv").write_text("root:x", encoding="utf-8")
    (tmp_path / "installed" / "record.csv").unlink()
    (tmp_path / "installed" / "record.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(CaseError, match=r'record\.file = "record\.csv": must be a CSV file in the case'):
        load_case(tmp_path / "installed" / "case.toml")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".", 'case.toml: record.file = ".": is a folder; must be a file'),
        ("gone.csv", 'case.toml: record.file = "gone.csv": no such file'),
    ],
)
def test_a_csv_that_cannot_be_read_names_case_and_key(tmp_path: Path, name: str, line: str) -> None:
    path = written(tmp_path, f'{SMALL}\n[record]\nfile = "{name}"\n')
    with pytest.raises(CaseError) as caught:
        load_case(path)
    assert caught.value.faults == [line]


def test_a_record_from_a_csv(tmp_path: Path) -> None:
    csv = (
        "\ufeffpressure [mmHg], time [d], volume, uncertainty\r\n473,0,tank,1 mmHg\r\n\r\n273,6,tank,150\r\n"
    )
    record = load_case(with_record(tmp_path, csv)).record
    assert record is not None
    assert record.start == "2021-07-14"
    assert [point.time for point in record.points] == [0.0, 6 * DAY]
    assert [point.pressure for point in record.points] == pytest.approx([473 * MMHG, 273 * MMHG])
    assert [point.uncertainty for point in record.points] == pytest.approx([MMHG, 150.0])
    assert [point.time_uncertainty for point in record.points] == [0.0, 0.0]


HEADER = "volume,time [d],pressure [mmHg],uncertainty [Pa]\n"


@pytest.mark.parametrize(
    "csv, line",
    [
        ("", "record.csv: line 1: missing volume, time, pressure, uncertainty"),
        (HEADER, "record.csv: has no rows below its header; must hold at least one measured pressure"),
        (
            "volume,time [d],pressure,uncertainty,mood\n",
            "record.csv: line 1.mood: must be one of volume, time,",
        ),
        ("volume,time\n", "record.csv: line 1: missing pressure, uncertainty"),
        (f"{HEADER}tank,1,-5,1\n", 'record.csv: line 2: pressure = "-5 mmHg": must be at least 0 Pa'),
        (f"{HEADER}tank,1,5,1\ntonk,1,5,1\n", 'record.csv: line 3: volume = "tonk": no such volume; did you'),
        (f"{HEADER}tank,1,5,\n", "record.csv: line 2: uncertainty: missing"),
        (f"{HEADER}tank,1,5,1,7\n", "record.csv: line 2: has 5 cells; the header has 4"),
        (f"{HEADER}tank,11,5,1\n", "record.csv: line 2: time = 950400: must not be after the duration"),
        (f'{HEADER}"tank,1', "record.csv: not CSV"),
    ],
)
def test_a_faulty_csv(tmp_path: Path, csv: str, line: str) -> None:
    with pytest.raises(CaseError) as caught:
        load_case(with_record(tmp_path, csv))
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(line)


def test_a_csv_outside_the_folder_is_refused(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    written(tmp_path, HEADER + "tank,1,5,1\n", "outside.csv")
    names = ["../outside.csv", str(tmp_path / "outside.csv")]
    if sys.platform != "win32":  # where links need a privilege
        (inner / "link.csv").symlink_to(tmp_path / "outside.csv")
        names.append("link.csv")
    for name in names:
        text = f"{SMALL}\n[record]\nfile = {json.dumps(name)}\n"
        with pytest.raises(CaseError, match="must be a CSV file in the case's folder"):
            load_case(written(inner, text))


# Overrides


def overridden(*overrides: str, name: str = "prk-july-2021") -> dict[str, Any]:
    return load_case(name, overrides).to_dict()


def test_overrides() -> None:
    plain = overridden(
        "volumes.tunnel.volume=5",
        "paths.cracks.opening.median=8 um",
        'paths.cracks.length="12 mm"',
        "run.duration=12 d",
        "run.rtol = 1e-8",
        "gas.composition=N2",
        "outcomes.series=true",
        "run.thresholds.0.below=50 mmHg",
        "sweep.seed=7",
        'paths.cracks.depth={ dist = "uniform", low = "1 mm", high = "2 mm" }',
    )
    assert plain["volumes"]["tunnel"]["volume"] == 5.0
    assert plain["paths"]["cracks"]["opening"]["median"] == 8e-6
    assert plain["paths"]["cracks"]["opening"]["sigma"] == 0.5
    assert plain["paths"]["cracks"]["length"] == pytest.approx(0.012)
    assert plain["paths"]["cracks"]["depth"]["high"] == 2e-3
    assert (plain["run"]["duration"], plain["run"]["rtol"]) == (12 * DAY, 1e-8)
    assert plain["gas"]["composition"] == {"N2": 1.0}
    assert plain["outcomes"]["series"] is True
    assert plain["run"]["thresholds"][0]["below"] == pytest.approx(50 * MMHG)
    assert plain["sweep"]["seed"] == 7


def test_overrides_as_a_mapping() -> None:
    case = load_case("choked-blowdown", {"volumes.tank.volume": 3, "paths.hole.diameter": "2 mm"})
    assert case.volumes["tank"].volume == Constant(3.0)
    assert case.paths["hole"].diameter == Constant(2e-3)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "override, line",
    [
        (
            "volumes.tunel.volume=5",
            "override volumes.tunel.volume: unknown key; did you mean volumes.tunnel.volume?",
        ),
        ("run.durration=5", "override run.durration: unknown key; did you mean run.duration?"),
        ("paths.cracks.opening.medan=5", "did you mean paths.cracks.opening.median?"),
        ("paths.cracks.count.low=5", "override paths.cracks.count.low: unknown key"),
        ("schedule.0.at=1 d", "override schedule.0.at: unknown key"),
        (
            "volumes.new.volume=1",
            "override volumes.new.volume: unknown key; the case has no volumes.new; there is ",
        ),
        (
            "tests.x.pressure=1 mmHg",
            "override tests.x.pressure: unknown key; the case has no [tests], so give them whole: "
            "tests={ x = { pressure = ... } }",
        ),
        ("feeds.in.rate=1", "the case has no [feeds], so give them whole: feeds={ in = { rate = ... } }"),
        ("=5", "override : unknown key"),
        ("volumes.tunnel.volume", "override volumes.tunnel.volume: must be KEY=VALUE"),
        ("volumes.tunnel.volume=-5", "volumes.tunnel.volume = -5: must be greater than 0 m^3"),
        ("title=1\nrun=2", "title"),
    ],
)
def test_a_faulty_override(override: str, line: str) -> None:
    if override.startswith("title"):
        assert load_case("prk-july-2021", [override]).title == "1\nrun=2"
        return
    with pytest.raises(CaseError) as caught:
        load_case("prk-july-2021", [override])
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith("prk-july-2021.toml: ")
    assert line in caught.value.faults[0]


# The schema for editors


def test_the_schema_accepts_the_shipped_cases() -> None:
    schema = case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in resources.files("leakflow.cases").iterdir():
        if path.name.endswith(".toml"):
            raw = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))
            assert [error.message for error in validator.iter_errors(raw)] == []
    for name in SHIPPED:
        validator.validate(load_case(name).to_dict())


@pytest.mark.parametrize(
    "old, new",
    [
        ("volume = 2", "volume = -2"),
        ("volume = 2", "volum = 2"),
        ("volume = 2", "volume = { dist = 'uniform', low = 1 }"),
        ("volume = 2", "volume = { dist = 'gaussian', mean = 1, sd = 1 }"),
        ("volume = 2", "volume = 'large'"),
        ('kind = "orifice"', 'kind = "orfice"'),
        ('"10 d"', "0"),
        ('"10 d"', "10\noutput_times = { count = 1 }"),
    ],
)
def test_the_schema_refuses(old: str, new: str) -> None:
    validator = jsonschema.Draft202012Validator(case_schema())
    validator.validate(tomllib.loads(SMALL))
    assert not validator.is_valid(tomllib.loads(SMALL.replace(old, new, 1)))


def test_every_field_of_the_schema_is_described_and_closed() -> None:
    def tables(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            if node.get("type") == "object" and "properties" in node:
                yield node
            for item in node.values():
                yield from tables(item)
        elif isinstance(node, list):
            for item in node:
                yield from tables(item)

    found = list(tables(case_schema()))
    assert len(found) > 30
    for table in found:
        assert table["additionalProperties"] is False
        for key, field in table["properties"].items():
            assert field.get("description"), key

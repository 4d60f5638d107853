"""The commands `size` and `convert` as a user meets them."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakflow.solver import convert_leak, size_leak
from leakflow.solver.cli import app

PAGE = (Path(__file__).parent.parent / "docs" / "howto-sizing.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```sh\nleakflow ([^\n]+)\n```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def leakflow(*arguments):
    """Run a command; return its exit code, standard output and standard error."""
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_page_shows_what_is_printed(command, printed):
    code, out, err = leakflow(*shlex.split(command))
    assert [line.rstrip() for line in (out or err).strip().splitlines()] == printed.strip().splitlines()
    assert code == (0 if out else 2)


def test_the_page_shows_both_commands():
    assert {command.split()[0] for command, _ in SHOWN} == {"size", "convert"}


def test_the_example_in_python_prints_what_it_says(capsys):
    (code, printed) = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGE, re.DOTALL).groups()
    exec(compile(code, "howto-sizing.md", "exec"), {"__name__": "document"})
    assert capsys.readouterr().out == printed


def test_size_as_json_is_the_python_answer():
    code, out, err = leakflow("size", "1.7 kg/day", "--from", "735 mmHg", "--json")
    assert (code, err) == (0, "")
    found = size_leak("1.7 kg/day", "735 mmHg")
    assert json.loads(out) == json.loads(json.dumps(found.to_dict()))
    assert [decay["name"] for decay in json.loads(out)["decays"]] == ["station", "isolated tunnel"]


def test_every_option_of_size_arrives():
    faces = {
        "length": "2 cm", "depth": "1 mm", "tortuosity": "1.5", "roughness": "2 um", "taper": "2",
        "accommodation": "0.9", "inlet_loss": "0.3",
    }  # fmt: skip
    rest = {
        "gas": "N2=0.5,He=0.5", "temperature": "300 K", "discharge_coefficient": "0.7",
        "reference_temperature": "293.15 K", "reference_pressure": "1 bar",
    }  # fmt: skip
    words = [word for key, value in (faces | rest).items() for word in ("--" + key.replace("_", "-"), value)]
    volumes = ("--volume", "3 m^3", "--volume", "5 m3")
    ends = ("--from", "2 bar", "--to", "1.2 bar")
    code, out, err = leakflow("size", "5 sccm", *ends, *volumes, *words, "--json")
    assert (code, err) == (0, "")
    expected = size_leak("5 sccm", 2e5, p_down=1.2e5, volume=[3.0, 5.0], **faces, **rest)
    assert json.loads(out) == json.loads(json.dumps(expected.to_dict()))


def test_a_thin_gas_and_a_wide_leak_are_told():
    _, out, _ = leakflow("size", "1e-9 kg/s", "--from", "1 Pa")
    assert "under 10 mean free paths wide, where no orifice law holds" in out
    code, out, _ = leakflow("size", "1 kg/s", "--from", "1 atm")
    assert code == 0
    assert "slot: none of the usual length is wide enough" in out
    assert "mean free paths" not in out


def test_convert_as_json():
    code, out, _ = leakflow("convert", "3.7 lb/day", "--volume", "916 m^3", "--gas", "N2", "--json")
    assert code == 0
    rows = {row["unit"]: row for row in json.loads(out)}
    assert set(rows) >= {"kg/day", "lb/day", "mmHg/day", "Pa m3/s", "mbar L/s", "sccm", "standard cm3/s"}
    for unit, row in rows.items():
        assert row["value"] == convert_leak("3.7 lb/day", unit, volume=916.0, gas="N2")
    assert rows["lb/day"]["value"] == pytest.approx(3.7, rel=1e-14)
    assert rows["sccm"]["counted"] == "at 273.15 K, 101325 Pa"
    assert rows["Pa m3/s"]["counted"] == "at 293.15 K"
    assert rows["mmHg/day"]["counted"] == "in 916 m^3 at 293.15 K"


def test_convert_takes_its_conditions():
    code, out, _ = leakflow(
        "convert", "2 sccm", "--to", "Pa m3/s", "--to", "g/h", "--gas", "He", "--temperature", "40 degC",
        "--reference-temperature", "20 degC", "--reference-pressure", "1 bar", "--json",
    )  # fmt: skip
    assert code == 0
    conditions = {
        "gas": "He", "temperature": 313.15, "reference_temperature": 293.15, "reference_pressure": 1e5
    }  # fmt: skip
    expected = [convert_leak("2 sccm", unit, **conditions) for unit in ("Pa m3/s", "g/h")]
    assert [row["value"] for row in json.loads(out)] == expected


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("size", "1 kg/day", "--from", "735"),
         "from = '735': has no unit; must be a pressure, e.g. \"473 mmHg\", or a number in Pa"),
        (("size", "1 kg/day", "--from", "1 atm", "--to", "1 atm"),
         "to = '1 atm': must be below the pressure before the opening, 101325 Pa: nothing flows otherwise"),
        (("size", "1 kg/day", "--from", "1 atm", "--discharge-coefficient", "2"),
         "discharge-coefficient = '2': must be greater than 0 and at most 1"),
        (("size", "1 mmHg/day", "--from", "1 atm"),
         "rate = '1 mmHg/day': a pressure rate needs the one volume that loses it, "
         "e.g. volume = \"916 m^3\""),
        (("size", "0 kg/day", "--from", "1 atm"), "rate = '0 kg/day': must be greater than 0"),
        (("convert", "1 sccm", "--gas", "N2=0.5,O2=0.2"),
         "gas = 'N2=0.5,O2=0.2': sums to 0.7; mole fractions must sum to 1 within 1e-06"),
        (("convert", "1 sccm", "--reference-pressure", "0 Pa"),
         "reference-pressure = '0 Pa': must be from 1 to 10000000 Pa"),
        (("size", "1e9 kg/day", "--from", "1 atm"),
         "rate = '1e9 kg/day': must be from 1e-20 to 1000 kg/s, and is 1.157e+04 kg/s"),
        (("size", "1 kg/day", "--from", "1e9 Pa"), "from = '1e9 Pa': must be from 1e-09 to 10000000 Pa"),
        (("size", "1 kg/day", "--from", "1 atm", "--temperature", "5000 K"),
         "temperature = '5000 K': must be from 150 to 500 K"),
        (("convert", "1e308 kg/s", "--to", "kg/day"),
         "to = 'kg/day': the rate of 1e+308 kg/s is too large a number of that unit"),
        (("convert", "1 sccm", "--to", "mmHg/day"),
         "to = 'mmHg/day': a pressure rate needs the one volume that loses it, e.g. volume = \"916 m^3\""),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_2(arguments, line):
    assert leakflow(*arguments) == (2, "", line + "\n")


def test_size_needs_a_pressure():
    code, _, err = leakflow("size", "1 kg/day")
    assert code == 2
    assert "--from" in err

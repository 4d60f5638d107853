"""What the documents say is true: their code runs, their commands, names and links exist."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import typer

from leakflow.kernels import status
from leakflow.solver import case_schema, list_cases, load_case, run, sweep, write_results
from leakflow.solver._cli_options import design_first
from leakflow.solver.case import Case
from leakflow.solver.cli import app
from leakflow.solver.columns import outcome_names

ROOT = Path(__file__).parent.parent
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
}


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a document that name a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENTS[document], re.DOTALL | re.MULTILINE)


def numbered(language: str) -> list[Any]:
    """One pytest parameter for each block of a language in any document."""
    return [
        pytest.param(block, id=f"{document}-{i + 1}")
        for document in DOCUMENTS
        for i, block in enumerate(blocks(document, language))
    ]


@pytest.fixture(scope="module")
def results_file(tmp_path_factory):
    """A results file with all that the documents read from one."""
    path = tmp_path_factory.mktemp("results") / "sweep.nc"
    overrides = ["outcomes.crack_geometry=true", "outcomes.series=true"]
    write_results(path, sweep("prk-july-2021", samples=20, overrides=overrides))
    return path


@pytest.mark.parametrize("code", numbered("python"))
def test_python_runs(code, results_file, tmp_path, monkeypatch):
    if "open_mfdataset" in code:
        pytest.importorskip("dask")
    (tmp_path / "sweep.nc").write_bytes(results_file.read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "document", "exec"), {"__name__": "document"})


def test_readme_example_prints_what_it_says(capsys):
    (code,), (printed,) = blocks("README.md", "python"), blocks("README.md", "text")
    exec(compile(code, "README.md", "exec"), {"__name__": "document"})
    assert capsys.readouterr().out == printed


def commands() -> list[Any]:
    """Every call of leakflow in a shell block or in inline code."""
    found = []
    for document, text in DOCUMENTS.items():
        shell = "\n".join(blocks(document, "sh")).replace("\\\n", " ")
        inline = re.findall(r"`(leakflow [a-z][^`]*)`", text)
        lines = [part for line in shell.splitlines() for part in line.split("&&")] + inline
        for line in lines:
            words = shlex.split(line.split(">")[0], comments=True)
            if words[:1] == ["leakflow"] and words[1:]:
                found.append(pytest.param(words[1:], id=f"{document}: {' '.join(words)}"))
    return found


@pytest.mark.parametrize("words", commands())
def test_command_exists(words):
    """It parses; and a case that it names ships, or is the document's own."""
    command = typer.main.get_command(app).commands[words[0]]
    context = command.make_context(words[0], words[1:], resilient_parsing=False)
    case = context.params.get("case")
    if case is not None and not case.endswith(".toml"):
        settings, _ = design_first(context.params.get("define") or [], context.params.get("design"))
        load_case(case, settings)


def test_readme_commands():
    """The two commands of the README, which the checks on a push take from it."""
    lines = [line for block in blocks("README.md", "sh") for line in block.splitlines()]
    assert lines == [
        "python -m pip install . && leakflow sweep prk-july-2021 --samples 100000 --out prk.nc",
        'python -m pip install ".[test]" && leakflow warmup && python -m pytest -n 2',
    ]


def test_readme_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) < 100


@pytest.fixture
def example(tmp_path):
    """The complete case of docs/cases.md, in a file."""
    path = tmp_path / "airlock.toml"
    path.write_text(blocks("docs/cases.md", "toml")[0], encoding="utf-8")
    return path


def test_example_case_runs(example):
    assert run(example).ok
    results = sweep(example, samples=20)
    assert results.n_failed == 0
    # both ends of the schedule are reached: filled on day 5, punctured from day 6 to 8 on
    assert (results["gas_added_airlock"] > 0.0).all()
    assert (results["mass_puncture"] > 0.0).all()
    assert (results["mass_relief"] > 0.0).all()


def test_example_case_fits_the_schema(example):
    data = json.loads(json.dumps(load_case(example).to_dict()))
    jsonschema.validate(data, case_schema())


WHOLE_CASES = [block for block in blocks("docs/cases.md", "toml") if block.startswith("title")]


@pytest.mark.parametrize("text", WHOLE_CASES[1:], ids=["crew", "wall", "relief", "hatch"])
def test_short_cases_do_what_is_said_of_them(text, tmp_path):
    path = tmp_path / "short.toml"
    path.write_text(text, encoding="utf-8")
    history = run(path)
    assert history.ok
    found = history.outcomes
    assert found["mass_balance_residual"] < 1e-10
    if "feed_crew_O2" in found:
        assert found["leak_rate_from_nitrogen_cabin"] == pytest.approx(found["leak_rate_mean"], rel=0.02)
        people = 3 * 4 + 6 * 6  # times days
        assert found["feed_crew_O2"] == pytest.approx(-0.84 * people, rel=1e-6)
    if "heat_module" in found:
        swing = np.ptp(history.temperatures["module"])
        assert 3.0 < swing < 6.0
        ratio = history.pressures["module"] / history.temperatures["module"]
        assert np.all(np.diff(ratio) < 0.0)
    if "relief_relief_count" in found:
        assert found["relief_relief_count"] >= 2
        assert 0.99 * 102e3 < found["pressure_final_tank"] < 105e3
        assert found["control_make_up_count"] == 0
    if "control_alarm_first" in found:
        assert 600.0 < found["control_alarm_first"] < 740.0
        assert found["pressure_final_station"] > 2.0 * found["pressure_final_module"]


def schema_keys(node: Any) -> set[str]:
    """Every key that a case file can have by the schema, and every fixed word."""
    if isinstance(node, list):
        return set().union(*map(schema_keys, node))
    if not isinstance(node, dict):
        return set()
    own = set(node.get("properties", ()))
    own |= {word for word in [node.get("const"), *node.get("enum", [])] if isinstance(word, str)}
    return own.union(*map(schema_keys, node.values()))


def test_every_key_of_a_case_is_explained():
    words = set(re.findall(r'`"?([\w./-]+)"?', DOCUMENTS["docs/cases.md"]))
    words |= set(re.findall(r"\[+([a-z]+)[\].]", DOCUMENTS["docs/cases.md"]))
    missing = {key for key in schema_keys(case_schema()) if key not in words}
    assert missing == set()


def test_every_outcome_is_explained(example):
    """Names in capitals stand for those of the case: ``mass_PATH`` is ``mass_cracks``."""
    table = DOCUMENTS["docs/cases.md"].partition("| outcome |")[2].partition("### `[record]`")[0]
    patterns = [re.sub(r"[A-Z]+", "*", name) for name in re.findall(r"`([A-Za-z_]+)`", table)]
    assert len(patterns) > 10
    cases = [load_case(name) for name, _ in list_cases()] + [load_case(example)]
    cases += [Case.model_validate(tomllib.loads(block)) for block in WHOLE_CASES]
    names = {name for case in cases for name in outcome_names(case)}
    assert {name for name in names if not any(fnmatchcase(name, p) for p in patterns)} == set()
    assert {p for p in patterns if not any(fnmatchcase(name, p) for name in names)} == set()


def test_every_status_is_explained():
    rows = dict(re.findall(r"^\| (\d+) \| `(\w+)` \|", DOCUMENTS["docs/results.md"], re.MULTILINE))
    assert {int(code): name for code, name in rows.items()} == status.MEANINGS


def test_tables_of_the_law_hold_in_a_test():
    """Each figure in the theory's table of errors stands in the test that it names."""
    test = (ROOT / "tests" / "test_crack_tables.py").read_text(encoding="utf-8")
    theory = DOCUMENTS["docs/theory.md"].partition("## 6. ")[2].partition("## 7. ")[0]
    rows = re.findall(r"^\| .+ \| .+ \| ([\d.]+) \| ([\d.]+) \|$", theory, re.MULTILINE)
    assert len(rows) == 13
    for rms, largest in rows:
        assert f'"{rms}", "{largest}"' in test


def anchors(text: str) -> set[str]:
    """The anchors that a heading gets on GitHub."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_resolve(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[document]):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / document).parent / name if name else ROOT / document
        assert path.exists(), f"{document}: {target}"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{document}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_named_exist(document):
    """Files and folders of the repository in inline code; `*` stands for any letters."""
    for name in re.findall(
        r"`((?:solver|kernels|cases|tests|benchmarks|docs|\.ci)/[^`\s:]*)`", DOCUMENTS[document]
    ):
        assert any(ROOT.glob(name.rstrip("/"))), f"{document}: {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_path_of_a_machine(document):
    assert not re.search(r"(?<![\w.])(/(home|root|tmp|work|Users|mnt)/|[A-Z]:\\)", DOCUMENTS[document])

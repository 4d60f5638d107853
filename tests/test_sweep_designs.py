"""Designs of cases: what a section ``sweep`` may say, and where the samples then lie."""

from __future__ import annotations

import json
import math
import pickle
import tomllib

import jsonschema
import numpy as np
import pytest
from scipy import stats
from scipy.stats import qmc
from small_case import SMALL, faults_of, written
from typer.testing import CliRunner

from leakflow.kernels.random import normal_quantile
from leakflow.solver import engine
from leakflow.solver.case import Case, case_schema, list_cases, load_case
from leakflow.solver.cli import app
from leakflow.solver.columns import label
from leakflow.solver.designs import read_design
from leakflow.solver.errors import CaseError
from leakflow.solver.plan import compile_case
from leakflow.solver.results import write_results
from leakflow.solver.run import run
from leakflow.solver.sweep import resolve_case, sweep

CASE = """
title = "A tank with cracks"
[volumes.tank]
kind = "integrated"
volume = { dist = "uniform", low = 1, high = 3, name = "size" }
pressure = { dist = "lognormal", median = "1 bar", sigma = 0.1, name = "filling" }
[volumes.vacuum]
kind = "boundary"
pressure = 0
[paths.fine]
kind = "cracks"
from = "tank"
to = "vacuum"
count = { dist = "uniform", low = 1, high = 4, name = "number" }
opening.dist = "lognormal"
opening.median = { dist = "loguniform", low = "4 um", high = "9 um", name = "opening" }
opening.sigma = { dist = "uniform", low = 0.1, high = 0.5, name = "spread" }
length = "10 mm"
depth = "3 mm"
[paths.coarse]
kind = "cracks"
from = "tank"
to = "vacuum"
count = 2
opening = "5 um"
length = { dist = "uniform", low = "5 mm", high = "9 mm" }
depth = "3 mm"
[run]
duration = "1 d"
output_times = { count = 2 }
"""
INPUTS = ["filling", "number", "opening", "size", "spread"]  # by name, as designs order them
CRACKS = ["each_coarse", "each_fine"]


def swept(text=""):
    """The case with a section ``sweep``."""
    return f"{CASE}[sweep]\n{text}\n"


def case_of(folder, text=""):
    return load_case(written(folder, swept(text)))


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return case_of(tmp_path_factory.mktemp("case"))


def told(results):
    return json.loads(results.provenance["design"])


def told_of(compiled):
    return json.loads(compiled.design.description)


def u_of(results):
    """Where in their distributions inputs are, by scipy."""
    return {
        "filling": stats.lognorm(0.1, scale=1e5).cdf(results["filling"]),
        "number": stats.uniform(1.0, 3.0).cdf(results["number"]),
        "opening": stats.loguniform(4e-6, 9e-6).cdf(results["opening"]),
        "size": stats.uniform(1.0, 2.0).cdf(results["size"]),
        "spread": stats.uniform(0.1, 0.4).cdf(results["spread"]),
    }


def outcome_bits(results):
    return [results[name].tobytes() for name in (*results.inputs, *results.outputs)]


def test_chance_is_what_it_was(case):
    results = sweep(case, samples=6, seed=3)
    assert told(results)["kind"] == "monte-carlo"
    assert told(results)["names"] == INPUTS + CRACKS
    assert told(results)["noise"] == CRACKS
    compiled = compile_case(case)
    assert compiled.points is None
    assert compiled.extendable
    block = engine.run_block(compiled.plan, 3, 0, 6, series=False)
    places = {column.name: column.place for column in compiled.inputs}
    assert results["opening"].tolist() == block.inputs[:, places["opening"]].tolist()


@pytest.mark.parametrize("design", ["sobol", "latin-hypercube"])
def test_inputs_lie_where_scipy_puts_them(case, design):
    results = sweep(case, samples=64, seed=3, design=design)
    engines = {"sobol": qmc.Sobol, "latin-hypercube": qmc.LatinHypercube}
    points = engines[design](len(INPUTS + CRACKS), seed=3).random(64)
    for name, u in u_of(results).items():
        assert u == pytest.approx(points[:, INPUTS.index(name)], abs=1e-12)
    description = told(results)
    assert description["kind"] == design
    assert description["seed"] == 3
    assert description["samples"] == len(results) == 64
    assert (read_design(results.provenance["design"]).u(0, 64) == points).all()


def test_rows_of_saltelli_change_one_input_or_its_cracks_alone(case):
    results = sweep(case, design={"kind": "saltelli", "base_samples": 2, "second_order": False})
    rows = told(results)["rows_per_group"]
    assert (rows, len(results), told(results)["base_samples"]) == (9, 18, 2)
    for group in (0, 9):
        a, b = group, group + rows - 1
        for place in range(7):
            row = group + 1 + place
            for name in INPUTS:
                source = b if name in INPUTS[place : place + 1] else a
                assert results[name][row] == results[name][source]
            assert results["mass_lost"][row] != results["mass_lost"][a]


def test_the_cracks_of_a_row_are_those_of_its_noise(tmp_path):
    """Rows with the same noise have the same cracks, where number, median and spread are the same."""
    case = case_of(
        tmp_path, 'design = { kind = "saltelli", base_samples = 1 }\n[outcomes]\ncrack_geometry = true'
    )
    results = sweep(case)
    counts = results["each_fine_count"]
    openings = np.split(results["each_fine_opening"], np.cumsum(counts)[:-1])
    lengths = np.split(results["each_coarse_length"], np.cumsum(results["each_coarse_count"])[:-1])
    names = [*INPUTS, *CRACKS]
    for row, name in enumerate(names, start=1):  # A with this one of B
        moved = name in ("number", "opening", "spread", "each_fine")
        assert np.array_equal(openings[row], openings[0]) == (not moved), name
        assert np.array_equal(lengths[row], lengths[0]) == (name != "each_coarse"), name
    coarse = 1 + names.index("each_coarse")
    assert np.array_equal(lengths[-1], lengths[coarse])  # B's own
    assert np.array_equal(openings[-1], openings[len(names) + coarse])


def test_groups_move_together(case, tmp_path):
    text = 'design = { kind = "saltelli", base_samples = 1, second_order = false }\n'
    grouped = case_of(tmp_path, f'{text}[sweep.groups]\ncracking = ["opening", "spread", "each_fine"]')
    results = sweep(grouped)
    labels = ["filling", "number", "cracking", "size", "cracking", "each_coarse", "cracking"]
    assert told(results)["groups"] == labels
    assert len(results) == 5 + 2
    moved = [name for name in INPUTS if results[name][3] != results[name][0]]
    assert moved == ["opening", "spread"]


def test_trajectories_move_one_input_a_step(case):
    results = sweep(case, design={"kind": "morris", "trajectories": 3, "levels": 6})
    assert len(results) == 3 * 8
    u = np.array(list(u_of(results).values()))
    steps = np.abs(np.diff(u.reshape(5, 3, 8), axis=2))
    assert ((steps > 1e-9).sum(axis=0) <= 1).all()
    assert ((steps > 1e-9).sum(axis=2) == 1).all()
    assert steps[steps > 1e-9] == pytest.approx(0.99 * 0.6, abs=1e-9)  # p / (2 (p - 1)) between the tails
    assert u.min() == pytest.approx(0.005, abs=1e-9)


@pytest.mark.parametrize("design", ["sobol", {"kind": "morris", "trajectories": 5}, "latin-hypercube"])
def test_same_bits_for_any_threads_blocks_and_single_runs(case, design, monkeypatch):
    samples = None if isinstance(design, dict) else 40
    whole = sweep(case, samples=samples, design=design, threads=1)
    monkeypatch.setattr(engine, "_BLOCK_SAMPLES", 7)
    assert outcome_bits(sweep(case, samples=samples, design=design, threads=3)) == outcome_bits(whole)
    alone = run(resolve_case(case, samples=samples, design=design), sample=23)
    assert {name: alone.outcomes[name] for name in whole.outputs} == {
        name: values[23] for name, values in whole.outputs.items()
    }


def test_points_go_to_other_processes(case):
    compiled = compile_case(resolve_case(case, design={"kind": "saltelli", "base_samples": 4}))
    assert compiled.rows_per_group == 16
    again = pickle.loads(pickle.dumps(compiled.points))
    for one, other in zip(compiled.points(5, 9), again(5, 9), strict=True):
        assert (one is None and other is None) or one.tobytes() == other.tobytes()


def test_medians_do_not_ask_for_the_design(tmp_path):
    alone = run(case_of(tmp_path, 'samples = 7\ndesign = "saltelli"'))
    assert alone.inputs["size"] == pytest.approx(2.0, rel=1e-12)


def test_provenance_makes_a_designed_sweep_again(case):
    results = sweep(case, design={"kind": "saltelli", "base_samples": 1, "second_order": False})
    again = sweep(Case.model_validate(json.loads(results.provenance["case"])))
    assert list(json.loads(results.provenance["case"])["paths"]) == ["fine", "coarse"]  # as in the case
    for name, values in {**results.inputs, "mass_lost": results["mass_lost"]}.items():
        assert again[name].tobytes() == values.tobytes()
    assert again.attributes["campaign_id"] == results.attributes["campaign_id"]
    assert told(again) == told(results)


# Grids and tables


def test_a_grid_of_values_and_levels(case):
    design = {"kind": "grid", "values": {"filling": ["1 bar", 5e4]}, "levels": {"opening": 3, "each_fine": 2}}
    results = sweep(case, design=design)
    assert len(results) == 12
    assert results["filling"].tolist() == [1e5] * 6 + [5e4] * 6
    levels = 4e-6 * (9 / 4) ** (np.array([0, 0, 1, 1, 2, 2] * 2) / 3 + 1 / 6)
    assert results["opening"] == pytest.approx(levels, rel=1e-12, abs=0.0)
    assert results["size"] == pytest.approx(2.0, rel=1e-12)
    assert results["mass_lost"][0] != results["mass_lost"][1]  # other cracks
    assert told(results)["axes"] == {"filling": 2, "opening": 3, "each_fine": 2}


def test_a_grid_with_the_others_at_random(case):
    design = {"kind": "grid", "levels": {"opening": 3}, "others": "random"}
    results = sweep(case, design=design, samples=6, seed=4)
    chance = sweep(case, samples=6, seed=4)
    assert results["size"].tolist() == chance["size"].tolist()
    assert results["opening"][:3].tolist() == results["opening"][3:].tolist()


def table_case(folder, csv, name="mine.csv", more=""):
    (folder / name).write_text(csv, encoding="utf-8")
    return swept(f'{more}design = {{ kind = "table", file = "{name}" }}')


def test_a_table_gives_inputs_their_values(tmp_path):
    csv = "opening [um],filling,each_coarse\n5,9e4,0\n6.5,1e5,7\n8,1.1e5,7\n"
    results = sweep(written(tmp_path, table_case(tmp_path, csv)))
    assert results["opening"] == pytest.approx([5e-6, 6.5e-6, 8e-6], rel=1e-15, abs=0.0)
    assert results["filling"].tolist() == [9e4, 1e5, 1.1e5]
    chance = sweep(written(tmp_path, swept("samples = 3")))
    assert results["size"].tolist() == chance["size"].tolist()
    assert told(results)["columns"] == ["opening", "filling", "each_coarse"]
    fewer = sweep(written(tmp_path, table_case(tmp_path, csv)), samples=2)
    assert fewer["opening"].tolist() == results["opening"][:2].tolist()


@pytest.mark.parametrize("suffix", [".nc", ".csv"])
def test_a_sweep_goes_round_by_its_table(case, tmp_path, suffix):
    """The inputs of a sweep as a table give the sweep again: its cracks are those of its indices."""
    results = sweep(case, samples=5, seed=8)
    path = tmp_path / f"inputs{suffix}"
    if suffix == ".nc":
        write_results(path, results)
    else:
        rows = zip(*(values.tolist() for values in results.inputs.values()), strict=True)
        lines = [",".join(results.inputs), *(",".join(map(repr, row)) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    again = sweep(case, seed=8, design={"kind": "table", "file": str(path)})
    assert outcome_bits(again) == outcome_bits(results)


def test_a_table_that_changed_is_noticed(tmp_path):
    path = written(tmp_path, table_case(tmp_path, "opening\n5e-6\n"))
    case = load_case(path)
    assert load_case(path).to_dict() == case.to_dict()
    (tmp_path / "mine.csv").write_text("opening\n6e-6\n")
    with pytest.raises(CaseError, match=r"sweep.design.file = .*: has changed since the case was read"):
        sweep(case)
    design = case.sweep.design.model_dump()
    with pytest.raises(CaseError, match=r"sweep.design.file = .*: is another file than the one meant"):
        load_case(path, {"sweep.design": design})


TABLE_FAULTS = [
    ("openning\n1\n", "no such input; did you mean opening?"),
    ("opening [kg]\n1\n", 'sweep.design.file.opening = "0 kg": must be a length'),
    ("opening\n", "has no rows"),
    ("opening\n5e-6,2\n", "has 2 cells in a row; the header has 1"),
    ("opening,size\n5e-6,x\n", "not a table of numbers: could not convert string 'x'"),
    ("opening\n5e-6\nnan\n", "line 3: opening is not finite"),
    ("opening,opening\n1,1\n", "line 1: opening: must be an input, once"),
    ("each_fine\n1.5\n", "sweep.design.file.each_fine = 1.5: must be whole numbers from 0 to 2^53"),
]


@pytest.mark.parametrize("csv, line", TABLE_FAULTS)
def test_faults_of_a_table_are_named(tmp_path, csv, line):
    path = written(tmp_path, table_case(tmp_path, csv))
    with pytest.raises(CaseError) as caught:
        compile_case(load_case(path))
    (fault,) = caught.value.faults
    assert fault.startswith("case.toml: sweep.design.file")
    assert line in fault


# Correlations


@pytest.mark.parametrize("design", ["monte-carlo", "sobol", "latin-hypercube"])
def test_rank_correlations_are_those_wanted(tmp_path, design):
    n = 16384
    text = f'samples = {n}\ndesign = "{design}"\n'
    text += '[[sweep.correlations]]\ninputs = ["opening", "size"]\nrank = 0.6\n'
    text += '[[sweep.correlations]]\ninputs = ["filling", "spread", "opening"]\n'
    text += "matrix = [[1, -0.3, 0.2], [-0.3, 1, 0], [0.2, 0, 1]]"
    compiled = compile_case(case_of(tmp_path, text))
    u = np.concatenate([compiled.points(first, 4096).u for first in range(0, n, 4096)])
    u = u[:, [column.place for column in compiled.inputs]]
    u = u[:, np.argsort([column.name for column in compiled.inputs])]
    wanted = {("opening", "size"): 0.6, ("filling", "spread"): -0.3, ("filling", "opening"): 0.2}
    number = INPUTS.index("number")
    assert np.isnan(u[:, number]).all() == (design == "monte-carlo")
    for (one, other), rank in wanted.items():
        pair = u[:, [INPUTS.index(one), INPUTS.index(other)]]
        assert stats.spearmanr(pair).statistic == pytest.approx(rank, abs=4.5 / math.sqrt(n))
    free = u[:, [INPUTS.index("size"), INPUTS.index("spread")]]
    assert stats.spearmanr(free).statistic == pytest.approx(0.0, abs=4.5 / math.sqrt(n))


def test_correlated_inputs_reach_the_samples(tmp_path):
    text = '[[sweep.correlations]]\ninputs = ["opening", "size"]\nrank = 0.8'
    case = case_of(tmp_path, "samples = 40\n" + text)
    results, plain = sweep(case), sweep(case_of(tmp_path, "samples = 40"))
    own, other = u_of(results), u_of(plain)
    assert own["opening"].tolist() == other["opening"].tolist()  # the first by name stays as it was
    assert results["filling"].tolist() == plain["filling"].tolist()
    rho = 2.0 * math.sin(math.pi * 0.8 / 6.0)
    z = [[normal_quantile(u) for u in other[name]] for name in ("opening", "size")]
    mixed = rho * np.array(z[0]) + math.sqrt(1.0 - rho**2) * np.array(z[1])
    assert own["size"] == pytest.approx(stats.norm.cdf(mixed), rel=1e-6)
    assert told(results)["correlations"] == {"names": ["opening", "size"], "rank": [[1.0, 0.8], [0.8, 1.0]]}


# What is refused

REFUSED = [
    ('design = "sobl"', 'sweep.design = "sobl": must be one of monte-carlo, sobol, saltelli'),
    ("design = {}", "sweep.design.kind: missing; one of monte-carlo, sobol"),
    ("design = 3", "sweep.design = 3: must be a table"),
    ('design = { kind = "saltelli", base_sample = 3 }', "did you mean sweep.design.base_samples?"),
    ('design = { kind = "morris", levels = 5 }', "sweep.design.levels = 5: must be an even number"),
    ('design = { kind = "morris", tail = 0.5 }', "sweep.design.tail = 0.5: must be a plain number from 0"),
    ('design = "grid"', "sweep.design: must have values or levels of an input at least"),
    ('design = { kind = "grid", levels = { a = 0 } }', "must be a table of whole numbers from 1"),
    ('design = { kind = "grid", values = { a = [] } }', "must be a table of lists of numbers"),
    ('design = { kind = "grid", values = { a = [1] }, levels = { a = 2 } }', "design.levels.a: is in values"),
    ('design = { kind = "table", file = "none.csv" }', 'sweep.design.file = "none.csv": no such file'),
    ('[sweep.groups]\n"a b" = ["size"]', "sweep.groups.a b"),
    ('[[sweep.correlations]]\ninputs = ["a"]\nrank = 0.1', "correlations.0.inputs: must have at least 2"),
    ('[[sweep.correlations]]\ninputs = ["a", "b"]', "sweep.correlations.0: must have either rank or matrix"),
    ('[[sweep.correlations]]\ninputs = ["a", "b"]\nrank = 1.5', "rank = 1.5: must be from -1 to 1"),
    ('[[sweep.correlations]]\ninputs = ["a", "b"]\nmatrix = [[1, 0.2], [0.3, 1]]', "= 0.3: must be 0.2"),
    ('[[sweep.correlations]]\ninputs = ["a", "b"]\nrnk = 0', "did you mean sweep.correlations.0.rank?"),
    (
        'design = "saltelli"\n[[sweep.correlations]]\ninputs = ["opening", "size"]\nrank = 0.5',
        "sweep.correlations: not with a saltelli design: Sobol' indices and elementary effects assume",
    ),
]  # fmt: skip


@pytest.mark.parametrize("text, line", REFUSED)
def test_a_section_that_cannot_be_is_refused(tmp_path, text, line):
    (fault,) = faults_of(tmp_path, swept(text))
    assert fault.startswith("case.toml: sweep")
    assert line in fault


PAIR = '[[sweep.correlations]]\ninputs = ["opening", "size"]\nrank = 0.1'
NAMED = [
    ('samples = 100\ndesign = "saltelli"', "sweep.samples = 100: must be a multiple of 16, the rows"),
    ('samples = 100\ndesign = "saltelli"', "; take 96 or 112, or set design.base_samples"),
    ('samples = 5\ndesign = "morris"', "must be a multiple of 8, the rows of a group; take 8, or"),
    ('samples = 5\ndesign = { kind = "saltelli", base_samples = 2 }', "must be left out, or 32"),
    ('samples = 2000000000\ndesign = "sobol"', "sweep.samples = 2000000000: must be at most 1073741824"),
    ('samples = 100000000\ndesign = "latin-hypercube"', "must be at most 28571428: a latin-hyper"),
    ('[sweep.groups]\na = ["opning"]', 'sweep.groups.a = "opning": no such input; did you mean opening?'),
    ('[sweep.groups]\nsize = ["opening"]', "sweep.groups.size: is the name of an input"),
    ('[sweep.groups]\na = ["opening"]\nb = ["opening"]', 'groups.b = "opening": is in the group a already'),
    ("[sweep.groups]\na = []", "sweep.groups.a: must have an input at least"),
    (f"[sweep.groups]\na = {json.dumps(INPUTS + CRACKS)}", "must leave two groups, or inputs, at least"),
    ('design = { kind = "grid", levels = { opning = 2 } }', 'sweep.design.levels = "opning": no such input'),
    ('design = { kind = "grid", values = { opening = ["5 kg"] } }', '.opening = "5 kg": must be a length'),
    ('design = { kind = "grid", values = { each_fine = [1] } }', "cracks have levels, no values"),
    ('samples = 3\ndesign = { kind = "grid", levels = { opening = 2 } }', "must be left out, or 2"),
    (PAIR.replace("size", "each_fine"), "cracks are not correlated with inputs"),
    (PAIR.replace("size", "siz"), "no such input; did you mean size?"),
    (f"{PAIR}\n{PAIR}", "are correlated already"),
    (
        '[[sweep.correlations]]\ninputs = ["size", "opening", "spread"]\n'
        "matrix = [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]",
        "sweep.correlations: not positive definite: no inputs go together so; the nearest that can: open",
    ),
]  # fmt: skip


@pytest.mark.parametrize("text, line", NAMED)
def test_what_the_case_cannot_have_is_named(tmp_path, text, line):
    with pytest.raises(CaseError) as caught:
        compile_case(case_of(tmp_path, text))
    (fault,) = caught.value.faults
    assert fault.startswith("case.toml: sweep.")
    assert line in fault


def test_a_suggested_matrix_is_taken(tmp_path):
    text = '[[sweep.correlations]]\ninputs = ["size", "opening", "spread"]\nmatrix = '
    with pytest.raises(CaseError) as caught:
        compile_case(case_of(tmp_path, text + "[[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]"))
    pairs = caught.value.faults[0].partition("nearest that can: ")[2].split("; ")
    rows = np.eye(3)
    names = ["size", "opening", "spread"]
    for pair in pairs:
        one, other, rank = pair.replace(",", "").split()
        rows[names.index(one), names.index(other)] = rows[names.index(other), names.index(one)] = float(rank)
    assert compile_case(case_of(tmp_path, text + str(rows.tolist()))).points


def test_a_case_of_constants_has_nothing_to_spread(tmp_path):
    path = written(tmp_path, SMALL + '[sweep]\ndesign = "sobol"')
    with pytest.raises(CaseError, match=r"sweep.design: there are no random inputs to spread"):
        compile_case(load_case(path))
    assert len(sweep(load_case(written(tmp_path, SMALL)), samples=2)) == 2


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CaseError, match=r'sweep.design = "morris": needs SALib.*pip install "leakflow\[sens'):
        compile_case(case_of(tmp_path, 'samples = 8\ndesign = "morris"'))


def test_a_sample_beyond_the_design_is_refused(case):
    with pytest.raises(CaseError, match=r"sample = 8: must be below 8, the design's samples"):
        run(resolve_case(case, samples=8, design="latin-hypercube"), sample=8)


@pytest.mark.parametrize(
    "design, line",
    [
        ("sobl", 'design = "sobl": must be one of monte-carlo, sobol'),
        ({"kind": "saltelli", "base": 3}, "design.base: unknown key; did you mean"),
        ({"kind": "saltelli", "base_samples": 0}, "design.base_samples = 0: must be a whole number from 1"),
        ({"kind": "table", "file": "none.csv"}, "no such file"),
    ],
)  # fmt: skip
def test_a_design_given_by_a_caller_is_checked(case, design, line):
    with pytest.raises(CaseError) as caught:
        sweep(case, design=design)
    assert line in caught.value.faults[0]


def test_who_calls_says_how_many(tmp_path):
    case = case_of(tmp_path, 'design = { kind = "saltelli", base_samples = 4 }')
    assert resolve_case(case).sweep.samples == 4 * 16
    assert resolve_case(case, samples=32).sweep.samples == 32
    assert resolve_case(resolve_case(case), samples=32).sweep.samples == 32
    assert resolve_case(case, design={"kind": "morris", "trajectories": 3}).sweep.samples == 24


SCHEMED = [
    ("", True),
    ('design = "latin-hypercube"', True),
    ('design = "table"', False),
    ('design = { kind = "saltelli", base_samples = 4, second_order = false, skip = 2 }', True),
    ('design = { kind = "saltelli", levels = 4 }', False),
    ('design = { kind = "morris", trajectories = 4, levels = 6, tail = 0.1 }', True),
    ('design = { kind = "grid", values = { size = ["1 m^3", 2] }, levels = { opening = 3 } }', True),
    ('[[sweep.correlations]]\ninputs = ["size", "opening"]\nrank = 0.5\n[sweep.groups]\na = ["size"]', True),
    ('[[sweep.correlations]]\ninputs = ["size", "opening"]\nrank = 1.5', False),
]


@pytest.mark.parametrize("text, fits", SCHEMED)
def test_the_schema_says_what_is_read(tmp_path, text, fits):
    data = tomllib.loads(swept(text))
    assert jsonschema.Draft202012Validator(case_schema()).is_valid(data) == fits
    if fits:
        compile_case(resolve_case(case_of(tmp_path, text), samples=None))
    else:
        faults_of(tmp_path, swept(text))


@pytest.mark.parametrize("name", [name for name, _ in list_cases()])
def test_shipped_cases_may_be_spread_by_any_design(name):
    """The names of the D inputs are those of the results, and each population whose cracks differ has one."""
    plain = compile_case(load_case(name))
    populations = [f"each_{label(path)}" for path, p in load_case(name).paths.items() if p.kind == "cracks"]
    if not told_of(plain)["names"]:  # closed forms, in which nothing is random
        assert not plain.inputs
        with pytest.raises(CaseError, match="no random inputs to spread"):
            resolve_case(name, design={"kind": "saltelli", "base_samples": 2})
        return
    case = resolve_case(name, design={"kind": "saltelli", "base_samples": 2})
    compiled = compile_case(case)
    names = told_of(compiled)["names"]
    assert names[: len(plain.inputs)] == sorted(column.name for column in plain.inputs)
    assert set(names[len(plain.inputs) :]) <= set(populations)
    assert compiled.rows_per_group == 2 * len(names) + 2
    points = compiled.points(0, case.sweep.samples)
    places = [column.place for column in plain.inputs]
    assert np.isfinite(points.u[:, places]).all()
    assert np.isnan(np.delete(points.u, places, axis=1)).all()


# The command line


def test_the_command_takes_a_design(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, CASE)
    runner = CliRunner()
    done = runner.invoke(app, ["sweep", "case.toml", "-n", "24", "--design", "sobol", "--out", "a.nc"])
    assert done.exit_code == 0, done.output
    assert "balanced at powers of two: 16 or 32 samples rather than 24" in done.output
    options = ("-D", "sweep.design=saltelli", "-D", "sweep.design.base_samples=2")
    done = runner.invoke(app, ["sweep", "case.toml", *options, "--out", "b.nc", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["samples"] == 32
    done = runner.invoke(app, ["sweep", "case.toml", "--design", "saltelli"])
    assert done.exit_code == 2
    assert "samples = 1000: must be a multiple of 16" in done.output

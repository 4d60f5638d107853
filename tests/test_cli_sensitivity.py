"""``leakflow sensitivity`` and ``leakflow plot sensitivity``: what they print, write, refuse and end with."""

from __future__ import annotations

import json

import numpy as np
import pytest
from command_line import lines
from sensitivity_example import example_sweep

from leakflow.solver.results import write_results
from leakflow.solver.sensitivity import analyse, open_indices


@pytest.fixture
def sweep(leakflow, tmp_path):
    outcomes = {"seal": lambda u: np.full(len(u), 3.0)}
    return write_results(tmp_path / "s.nc", example_sweep(64, failed=[77], outcomes=outcomes, series=True))


def test_a_table_of_each_outcome_and_what_is_to_be_said(leakflow, sweep):
    code, out, err = leakflow("sensitivity", "s.nc")
    assert (code, err) == (0, "")
    for text in (
        "leak_rate", "ST if not dropped", "each_crack", "Which inputs lead to failure",
        "dropped 1 of 64 groups of 8 samples, since a sample in them failed (1 samples): groups 9",
        "seal: constant, it does not vary; it has no indices",
        "method sobol, saltelli design, 512 samples in groups of 8; intervals of 95%",
        "file: s.nc, group /sensitivity",
    ):  # fmt: skip
        assert text in out
    assert open_indices("s.nc").method == "sobol"
    code, out, _ = leakflow("info", "s.nc")
    assert "sensitivity: sobol, 2 outcomes by volume, opening, each_crack" in out
    assert json.loads(leakflow("info", "s.nc", "--json")[1])["sensitivity"]["method"] == "sobol"


def test_a_whole_series_has_a_table_of_its_own(leakflow, sweep):
    code, out, _ = leakflow("sensitivity", "s.nc", "--outcomes", "pressure", "--no-store")
    assert code == 0
    assert "pressure, the whole series" in out
    indices = analyse("s.nc", outcomes=["pressure"])
    shown = out.partition("the whole series")[2].partition("Which inputs")[0].splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in shown if len(line.split()) == 5}
    for j, name in enumerate(indices.inputs):
        keys = ("ST", "ST_conf", "S1", "S1_conf")
        assert rows[name] == [f"{indices[f'{key}_generalised'][0, j]:.3f}" for key in keys]


def test_json_and_csv(leakflow, sweep, tmp_path):
    before = sweep.read_bytes()
    code, out, err = leakflow(
        "sensitivity", "s.nc", "--json", "--no-store", "--csv", "x.csv", "--outcomes", "leak_rate"
    )
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["method"] == "sobol"
    assert told["outcomes"]["leak_rate"]["S2"]["volume, each_crack"] > 0.1
    assert list(told["outcomes"]) == ["leak_rate"]
    assert (
        (tmp_path / "x.csv")
        .read_text()
        .startswith("outcome,input,input2,time,size,class,index,value\nleak_rate,volume,")
    )
    assert sweep.read_bytes() == before


def test_out_goes_elsewhere(leakflow, sweep, tmp_path):
    before = sweep.read_bytes()
    assert leakflow("sensitivity", "s.nc", "--out", "i.nc", "-q", "--method", "regression")[:2] == (0, "")
    assert sweep.read_bytes() == before
    assert open_indices(tmp_path / "i.nc").method == "regression"


def test_several_sweeps_are_replicates(leakflow, tmp_path):
    for seed in (1, 2, 3):
        write_results(tmp_path / f"{seed}.nc", example_sweep(32, seed=seed))
    code, out, _ = leakflow("sensitivity", "1.nc", "2.nc", "3.nc")
    assert code == 0
    assert "3 replicates" in out
    assert "file:" not in out
    code, _, err = leakflow("sensitivity", "1.nc", "2.nc", "--store")
    assert (code, lines(err)) == (2, ["--store: there is no one results file to store into; give --out"])


def test_a_half_width_that_is_not_reached_ends_with_3(leakflow, sweep):
    code, out, _ = leakflow("sensitivity", "s.nc", "--half-width", "0.01", "--no-store")
    assert code == 3
    assert "half-width 0.01 is not reached" in out
    assert leakflow("sensitivity", "s.nc", "--half-width", "0.9", "--no-store")[0] == 0


def test_too_many_failures_end_with_3_and_a_line(leakflow, sweep):
    code, out, err = leakflow("sensitivity", "s.nc", "--max-failed-share", "0.01")
    assert (code, out) == (3, "")
    assert lines(err) == [
        "s.nc: 1.56% of the groups of samples hold failed ones, more than the 1.00% of --max-failed-share: "
        "the rest is a biased sample"
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nope.nc",), "nope.nc: no such file"),
        (("s.nc", "--method", "morris"),
         "method = morris: needs a morris design; s.nc is of a saltelli design"),
        (("s.nc", "--outcomes", "leak"),
         "outcomes = leak: s.nc has no such outcome; did you mean leak_rate?"),
        (("s.nc", "--max-failed-share", "2"), "max-failed-share = 2.0: must be from 0 to below 1"),
        (("s.nc", "--out", "x.txt"), "--out x.txt: must end in .nc or .h5"),
        (("s.nc", "--out", "s.nc"), "s.nc: would overwrite s.nc, which is read"),
        (("s.nc", "--csv", "s.nc"), "s.nc: would overwrite s.nc, which is read"),
        (("s.nc", "--store", "--out", "x.nc"),
         "--store: goes into the results file, --out into another; give one of them"),
        (("s.nc", "--csv", "x.nc", "--out", "x.nc"),
         "--csv x.nc: is the file of --out too; name two files"),
        (("s.nc", "--outcomes", " ,"), "--outcomes ' ,': names no outcome; leave it out for all"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_2(leakflow, sweep, arguments, why):
    before = sweep.read_bytes()
    code, out, err = leakflow("sensitivity", *arguments)
    assert (code, out, lines(err)) == (2, "", [why])
    assert sweep.read_bytes() == before


def test_a_place_that_cannot_be_written_is_4(leakflow, sweep):
    code, _, err = leakflow("sensitivity", "s.nc", "--out", "nowhere/x.nc")
    assert (code, lines(err)) == (4, ["nowhere/x.nc: cannot be written: no such folder"])


@pytest.mark.parametrize("kind", ["bars", "heatmap", "time", "scatter", "convergence"])
def test_pictures(leakflow, sweep, tmp_path, kind):
    assert leakflow("plot", "sensitivity", "s.nc", "--out", "p.svg", "--kind", kind) == (0, "", "")
    picture = (tmp_path / "p.svg").read_text()
    assert picture.startswith("<?xml")
    assert len(picture) > 10_000


def test_bars_are_told_apart_without_colour(leakflow, sweep, tmp_path):
    """All fills are grey, and one of them is hatched."""
    import re

    leakflow("plot", "sensitivity", "s.nc", "--out", "p.svg")
    picture = (tmp_path / "p.svg").read_text()
    assert "<pattern" in picture
    colours = set(re.findall(r"(?:fill|stroke): #([0-9a-f]{6})", picture))
    assert len(colours) > 3
    assert all(colour[:2] == colour[2:4] == colour[4:] for colour in colours)


def test_pictures_use_what_the_file_holds(leakflow, sweep, monkeypatch):
    assert leakflow("sensitivity", "s.nc", "-q")[0] == 0
    import leakflow.solver.sensitivity.analysis as analysis

    def never(*_, **__):
        raise AssertionError

    monkeypatch.setattr(analysis, "analyse", never)
    assert leakflow("plot", "sensitivity", "s.nc", "--out", "p.png")[0] == 0
    assert leakflow("plot", "sensitivity", "s.nc", "--out", "q.png", "--kind", "scatter")[0] == 0


def test_pictures_of_what_was_not_asked_for_before(leakflow, sweep):
    assert leakflow("sensitivity", "s.nc", "--outcomes", "leak_rate", "-q")[0] == 0
    for more in (("--kind", "time"), ("--kind", "time", "--outcomes", "pressure"), ("--outcomes", "seal")):
        assert leakflow("plot", "sensitivity", "s.nc", "--out", "p.png", *more) == (0, "", "")
    assert leakflow("sensitivity", "s.nc", "--outcomes", "leak_rate", "--out", "i.nc", "-q")[0] == 0
    code, _, err = leakflow("plot", "sensitivity", "i.nc", "--out", "p.png", "--outcomes", "pressure")
    assert (code, lines(err)) == (2, ["outcomes = pressure: there are leak_rate"])


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--out", "p.gif"), 2, "--out p.gif: must end in .png or .svg or .pdf"),
        (
            ("--out", "p.png", "--kind", "pie"),
            2,
            "kind = pie: must be bars, heatmap, time, scatter, convergence",
        ),
        (("--out", "p.png", "--outcomes", "x"), 2, "outcomes = x: there are leak_rate, seal"),
        (("--out", "no/p.png"), 4, "no/p.png: cannot be written: no such folder"),
        (("--out", "p.png", "--max-failed-share", "0"), 3, "s.nc: 1.56% of the groups"),
    ],
)
def test_pictures_that_cannot_be_are_one_line(leakflow, sweep, arguments, code, why):
    found = leakflow("plot", "sensitivity", "s.nc", *arguments)
    assert found[:2] == (code, "")
    assert len(lines(found[2])) == 1
    assert found[2].startswith(why)


def test_indices_alone_have_no_samples_to_scatter(leakflow, sweep):
    leakflow("sensitivity", "s.nc", "--out", "i.nc", "-q")
    assert leakflow("plot", "sensitivity", "i.nc", "--out", "p.png")[0] == 0
    code, _, err = leakflow("plot", "sensitivity", "i.nc", "--out", "q.png", "--kind", "scatter")
    assert (code, len(lines(err))) == (2, 1)
    assert "a scatter needs the samples" in err

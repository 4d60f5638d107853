"""Sweeps read by sample index, from memory, from a file and from parts; and the design that they tell."""

from __future__ import annotations

import itertools
import json

import h5py
import numpy as np
import pytest
from results_example import example_results
from sensitivity_example import design_of, example_sweep, rows_of

from leakflow.solver.errors import ResultsError
from leakflow.solver.results import write_results
from leakflow.solver.sensitivity.design import read_design
from leakflow.solver.sensitivity.groups import Column, group_values, row_values, survey
from leakflow.solver.sensitivity.sources import ABSENT, open_sources


def design(**told):
    return read_design("x.nc", {"design": json.dumps(told)})


def parts(folder, results, cuts):
    """The parts of a campaign, as files."""
    edges = [0, *cuts, len(results)]
    (folder / "parts" / "000").mkdir(parents=True)
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        write_results(folder / "parts" / "000" / f"part-{k:06d}.nc", rows_of(results, slice(a, b)))
    return folder


# The design


def test_without_a_design_samples_are_random():
    assert (read_design("x.nc", {}).kind, read_design("x.nc", {}).rows_per_group) == ("monte-carlo", 1)


def test_a_saltelli_design_has_its_rows():
    assert read_design("x.nc", {"design": json.dumps(design_of(4))}).rows_per_group == 8
    assert design(kind="saltelli", names=["a", "b"], second_order=False).rows_per_group == 4
    assert design(kind="morris", names=["a", "b"]).rows_per_group == 3


@pytest.mark.parametrize(
    "groups",
    [{"p": ["a", "c"], "q": ["b"]}, [["a", "c"], ["b"]], ["p", "q", "p"]],
    ids=["named", "lists", "labels"],
)
def test_groups_are_what_moves(groups):
    found = design(kind="saltelli", names=["a", "b", "c"], groups=groups, second_order=False)
    assert found.members == (("a", "c"), ("b",))
    assert found.rows_per_group == 4
    assert found.factors[1] in ("q", "b")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ('{"kind": "saltelli"', "delimiter"),
        ('{"kind": "saltelli", "names": []}', "a saltelli design without names"),
        (
            '{"kind": "morris", "names": ["a"], "rows_per_group": 9}',
            "rows_per_group = 9, but 1 factors need 2",
        ),
        ('{"names": ["a", "a"]}', "not texts that differ"),
        ('{"names": ["a"], "groups": [["b"]]}', "do not hold each of the names once"),
        ('{"kind": "morris", "names": ["a"], "levels": 1}', "levels = 1: must be 2 or more"),
        ("[1]", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_design_that_cannot_be_is_refused_in_a_line(told, why):
    with pytest.raises(ResultsError, match=why) as caught:
        read_design("x.nc", {"design": told})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("x.nc: provenance design")


# Reading


def test_a_file_and_its_parts_read_as_the_results_do(tmp_path):
    results = example_sweep(16, failed=[3, 50], series=True)
    one = write_results(tmp_path / "x.nc", results)
    folder = parts(tmp_path / "campaign", results, [7, 40, 41])
    (expected,), (file,), (campaign,) = open_sources(results), open_sources(one), open_sources(folder)
    names = ["volume", "leak_rate", "pressure"]
    for lo, hi in ((0, 128), (5, 43), (120, 140), (39, 42)):
        status, values = expected.read(lo, hi, names)
        for source in (file, campaign):
            found_status, found = source.read(lo, hi, names)
            np.testing.assert_array_equal(found_status, status)
            for name in names:
                np.testing.assert_array_equal(found[name], values[name])
    assert (status == 0).sum() == 3
    assert campaign.count == 128
    assert campaign.noisy


def test_files_named_one_by_one_are_put_together_too(tmp_path):
    results = example_sweep(8)
    for name, rows in (("b.nc", slice(30, 64)), ("a.nc", slice(0, 30))):
        write_results(tmp_path / name, rows_of(results, rows))
    (source,) = open_sources([tmp_path / "b.nc", tmp_path / "a.nc"])
    assert (source.first, source.last, source.count) == (0, 64, 64)


def test_other_campaigns_are_sweeps_of_their_own(tmp_path):
    for seed in (1, 2):
        write_results(tmp_path / f"{seed}.nc", example_sweep(8, seed=seed))
    assert len(open_sources([tmp_path / "1.nc", tmp_path / "2.nc"])) == 2


def test_samples_with_gaps_are_found_by_their_index(tmp_path):
    results = example_sweep(8)
    kept = np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, *range(16, 64)])
    path = write_results(tmp_path / "x.nc", rows_of(results, kept))
    for source in (*open_sources(path), *open_sources(rows_of(results, kept))):
        found = survey(source, 8)
        assert found.whole.tolist() == [True, False, *[True] * 6]
        status, values = source.read(6, 12, ["leak_rate"])
        assert status.tolist() == [0, 0, ABSENT, 0, 0, ABSENT]
        np.testing.assert_array_equal(values["leak_rate"][[0, 3]], results["leak_rate"][[6, 9]])
        groups = group_values(source, found, 8, 0, 8, [Column("leak_rate")])[0]
        np.testing.assert_array_equal(groups[1], results["leak_rate"][16:24])


def test_rows_of_a_group_and_chosen_samples(tmp_path):
    results = example_sweep(8)
    (source,) = open_sources(results)
    _, x, y = row_values(source, ["volume"], [Column("leak_rate")], every=(0, 7), rows=8)
    rows = np.flatnonzero(np.isin(np.arange(64) % 8, (0, 7)))
    np.testing.assert_array_equal(x[:, 0], results["volume"][rows])
    np.testing.assert_array_equal(y[:, 0], results["leak_rate"][rows])
    chosen = np.arange(64) % 5 == 1
    _, x, _ = row_values(source, ["volume"], (), chosen=chosen)
    np.testing.assert_array_equal(x[:, 0], results["volume"][chosen])


def test_failed_samples_have_no_values_whatever_the_file_says(tmp_path):
    path = write_results(tmp_path / "x.nc", example_sweep(8, failed=[3]))
    with h5py.File(path, "r+") as file:
        file["leak_rate"][3] = 5.0
    (source,) = open_sources(path)
    assert np.isnan(group_values(source, survey(source, 8), 8, 0, 1, [Column("leak_rate")])[0, 0, 3])


# What is refused


def test_overlapping_files_are_refused(tmp_path):
    results = example_sweep(8)
    for name, rows in (("a.nc", slice(0, 40)), ("b.nc", slice(39, 64))):
        write_results(tmp_path / name, rows_of(results, rows))
    with pytest.raises(ResultsError, match=r"b\.nc: holds samples that are in .*a\.nc too"):
        open_sources([tmp_path / "a.nc", tmp_path / "b.nc"])


def test_parts_with_other_variables_are_refused(tmp_path):
    write_results(tmp_path / "a.nc", rows_of(example_sweep(8), slice(0, 32)))
    other = example_sweep(8, outcomes={"more": lambda u: u[:, 0]})
    write_results(tmp_path / "b.nc", rows_of(other, slice(32, 64)))
    with pytest.raises(ResultsError, match=r"b\.nc: other variables than"):
        open_sources([tmp_path / "a.nc", tmp_path / "b.nc"])


def test_samples_out_of_order_are_refused(tmp_path):
    path = write_results(tmp_path / "x.nc", example_sweep(8))
    with h5py.File(path, "r+") as file:
        file["sample"][20:22] = [21, 20]
    (source,) = open_sources(path)
    with pytest.raises(ResultsError, match="not in ascending order"):
        survey(source, 8)
    results = example_sweep(8)
    with pytest.raises(ResultsError, match="not in ascending order"):
        open_sources(rows_of(results, np.arange(64)[::-1]))


def test_what_is_no_results_file_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultsError, match="no such file"):
        open_sources(tmp_path / "x.nc")
    with pytest.raises(ResultsError, match="a folder without parts of a campaign"):
        open_sources(tmp_path / "empty")
    with pytest.raises(ResultsError, match="no results to analyse"):
        open_sources([])
    with h5py.File(tmp_path / "o.h5", "w") as other:
        other["sample"] = np.arange(3)
    with pytest.raises(ResultsError, match="not a leakflow results file"):
        open_sources(tmp_path / "o.h5")


def test_a_link_to_another_file_is_refused(tmp_path):
    path = write_results(tmp_path / "x.nc", example_sweep(8))
    with h5py.File(path, "r+") as file:
        file["spy"] = h5py.ExternalLink("/etc/hostname", "/")
    with pytest.raises(ResultsError, match="link to somewhere else"):
        open_sources(path)


def test_geometry_of_cracks_is_no_input():
    (source,) = open_sources(example_results())
    assert [name for name, q in source.quantities.items() if q.role == "input"] == ["tunnel_volume"]

"""The analysis of a sweep: what is chosen, what is dropped, refused and said."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sensitivity_example import NAMES, STORED, example_sweep, rows_of

from leakflow.solver.errors import ArgumentError, ResultsError
from leakflow.solver.results import Results, Variable, write_results
from leakflow.solver.sensitivity import TooManyFailedError, analyse, sobol_indices, tables


def with_design(results, **told):
    provenance = {"design": json.dumps(told)} if told else {}
    return Results(
        results.samples,
        results.status,
        results.variables,
        attributes=results.attributes,
        provenance=provenance,
    )


def without_design(results):
    """As if the random rows A and B were all there is."""
    kept = rows_of(results, np.isin(results.samples % 8, (0, 7)))
    return Results(kept.samples, kept.status, kept.variables, times=kept.times)


def random_sweep(n=300, correlated=False):
    x = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n)
    variables = [Variable(name, x[:, j].copy(), "1", name, "input") for j, name in enumerate("ab")]
    variables.append(Variable("rate", x @ np.array([1.0, 2.0]), "1", "rate", "output"))
    attributes = {"title": "T", "source": "s", "history": "h", "campaign_id": "c"}
    told = {"kind": "monte-carlo", "names": ["a", "b"], "correlations": {"a b": 0.6} if correlated else {}}
    return Results(np.arange(n), np.zeros(n, np.int8), {v.name: v for v in variables},
                   attributes=attributes, provenance={"design": json.dumps(told)})  # fmt: skip


# What is chosen


def test_a_saltelli_design_gives_sobol_indices_of_all_inputs():
    results = example_sweep(64)
    found = analyse(results)
    assert (found.method, found.inputs, found.outcomes) == ("sobol", NAMES, ("leak_rate",))
    expected = sobol_indices(results["leak_rate"], NAMES)
    for name in ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf"):
        np.testing.assert_array_equal(found[name][0], getattr(expected, name))
    assert found.notes == ()


def test_groups_of_inputs_are_what_indices_are_of():
    results = example_sweep(64)
    names = [*NAMES, "more"]
    groups = {"hull": ["volume", "more"], "opening": ["opening"], "cracks": ["each_crack"]}
    told = {"kind": "saltelli", "names": names, "second_order": True, "groups": groups}
    assert analyse(with_design(results, **told)).inputs == ("hull", "opening", "cracks")


def test_random_samples_give_chatterjees_correlation():
    found = analyse(random_sweep())
    assert (found.method, found.inputs) == ("chatterjee", ("a", "b"))
    assert found.of("xi", "rate")["b"] > found.of("xi", "rate")["a"] > 0.1


def test_correlated_inputs_give_shapley_effects():
    """By the closed form: (1 - r^2 / 2 + 2 r + 2 r^2) / (1 + 4 r + 4) for the weaker."""
    found = analyse(random_sweep(1500, correlated=True))
    assert found.method == "shapley"
    r = 0.6
    expected = (1.0 - r**2 / 2.0 + 2.0 * r + 2.0 * r**2) / (5.0 + 4.0 * r)
    assert abs(found.of("Sh", "rate")["a"] - expected) <= found.of("Sh_conf", "rate")["a"]


def test_trajectories_give_elementary_effects():
    from SALib.analyze import morris as analyze
    from SALib.sample import morris as sample

    problem = {"num_vars": 3, "names": ["volume", "opening", "each_crack"], "bounds": [[0, 1]] * 3}
    x = sample.sample(problem, 20, num_levels=4, seed=1)
    y = x[:, 0] + 2.0 * x[:, 1] ** 2 + x[:, 0] * x[:, 2]
    variables = [Variable(name, x[:, j].copy(), "1", name, "input") for j, name in enumerate(STORED)]
    variables.append(Variable("rate", y, "1", "rate", "output"))
    told = json.dumps({"kind": "morris", "names": NAMES, "levels": 4})
    results = Results(np.arange(80), np.zeros(80, np.int8), {v.name: v for v in variables},
                      provenance={"design": told})  # fmt: skip
    found = analyse(results)
    theirs = analyze.analyze(problem, x, y, num_levels=4, seed=1)
    assert found.method == "morris"
    np.testing.assert_allclose(found["mu_star"][0], np.asarray(theirs["mu_star"], float), rtol=1e-12)
    np.testing.assert_allclose(found["mu"][0, :2], np.asarray(theirs["mu"], float)[:2], rtol=1e-12)
    assert np.isnan(found["mu"][0, 2])  # the cracks have no direction
    torn = analyse(rows_of(results, np.arange(80) != 13))
    assert (int(torn["used"][0]), int(torn["dropped"][0])) == (19, 0)
    with pytest.raises(ArgumentError, match="rows of a morris design are no random samples"):
        analyse(results, method="regression")


def test_a_sequence_gives_delta_and_refuses_what_it_would_spoil():
    """Neighbours in one input repel each other in the others: an input without effect gets far below zero."""
    from scipy.stats import qmc

    from leakflow.solver.sensitivity import chatterjee

    drawn = {
        "sequence": [qmc.Sobol(7, seed=seed).random(512) for seed in range(8)],
        "random": [np.random.default_rng(seed).random((512, 7)) for seed in range(8)],
    }
    unrelated = {
        name: np.mean(
            [chatterjee(u, u[:, :2].sum(axis=1, keepdims=True), resamples=0)[0][0, 6] for u in each]
        )
        for name, each in drawn.items()
    }
    assert unrelated["sequence"] < -0.08
    assert abs(unrelated["random"]) < 0.03
    results = with_design(random_sweep(), kind="sobol", names=["a", "b"])
    assert analyse(results).method == "delta"
    with pytest.raises(ArgumentError, match="method = chatterjee: samples that are neighbours"):
        analyse(results, method="chatterjee")


@pytest.mark.parametrize("method", ["regression", "shapley", "delta", "pawn", "rbd-fast"])
def test_given_data_methods_take_the_random_rows(method):
    """Of a Saltelli design only A and B; the cracks are not among the inputs, and that is said."""
    results = example_sweep(128, failed=[8])
    found = analyse(results, method=method)
    assert found.inputs == STORED
    assert int(found["used"][0]) == 255
    assert any("each_crack" in note for note in found.notes)
    headline = found[found.headline[0]][0]
    assert np.isfinite(headline).all()


def test_the_rows_of_all_but_random_samples_are_left_out():
    """The other rows repeat inputs, so they would count what is there once several times."""
    results = example_sweep(64)
    rows = np.isin(np.arange(512) % 8, (0, 7))
    expected = np.corrcoef(results["opening"][rows], results["leak_rate"][rows])[0, 1]
    assert analyse(results, method="regression").of("pearson", "leak_rate")["opening"] == pytest.approx(
        expected
    )


def test_many_rows_are_drawn_from(monkeypatch):
    monkeypatch.setitem(tables.MOST_ROWS, "regression", 50)
    found = analyse(random_sweep(), method="regression")
    assert int(found["used"][0]) == 50
    assert "of 300 samples 50 were drawn, since regression is slow" in found.notes


# Failures


def test_groups_with_failed_samples_are_dropped_counted_and_named():
    results = example_sweep(128, failed=[8 * 5 + 3, 8 * 77, 8 * 77 + 1])
    found = analyse(results)
    assert found.notes[0] == (
        "dropped 2 of 128 groups of 8 samples, since a sample in them failed (3 samples): groups 5, 77"
    )
    clean = np.delete(results["leak_rate"].reshape(128, 8), [5, 77], axis=0).ravel()
    np.testing.assert_array_equal(found["ST"][0], sobol_indices(clean, NAMES).ST)
    assert np.all(found["ST_low"] < found["ST"])
    assert np.all(found["ST"] < found["ST_high"])
    assert found.attributes["groups_failed_first"] == "5, 77"


def test_too_many_failures_are_refused():
    results = example_sweep(64, failed=np.arange(0, 512, 100))
    with pytest.raises(
        TooManyFailedError, match=r"9\.38% of the groups of samples hold failed ones"
    ) as caught:
        analyse(results)
    assert "\n" not in str(caught.value)
    assert analyse(results, max_failed_share=0.1).state("leak_rate") == "ok"
    with pytest.raises(TooManyFailedError, match=r"1\.17% of the samples failed"):
        analyse(results, method="regression", max_failed_share=0.01)


def test_one_missing_value_in_a_good_sample_drops_its_group_of_that_outcome_only():
    results = example_sweep(64, outcomes={"time_to": lambda u: u[:, 0]})
    results["time_to"][100] = np.nan
    found = analyse(results)
    assert found["dropped"].tolist() == [0, 1]
    assert found.notes == ("time_to: 1 more groups dropped, since they lack a value",)
    assert np.isfinite(found["ST"]).all()


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_an_outcome_often_not_reached_is_analysed_by_whether_it_is(missing):
    results = example_sweep(64, outcomes={"time_to": lambda u: np.where(u[:, 1] > 0.4, u[:, 0], missing)})
    found = analyse(results)
    assert found.outcomes == ("leak_rate", "time_to", "time_to_reached")
    assert [found.state(name) for name in found.outcomes] == ["ok", "missing_values", "ok"]
    assert np.isnan(found["ST"][1]).all()
    assert found.of("ST", "time_to_reached")["opening"] == pytest.approx(1.0, abs=0.1)
    assert found["unused"][2].tolist() == [1, 0, 1]
    assert any("time_to_reached, which says whether there is one" in note for note in found.notes)


def test_constant_outcomes_and_unused_inputs_are_said_so():
    outcomes = {"leak_rate": lambda u: u[:, 0], "seal": lambda u: np.full(len(u), 3.3)}
    found = analyse(example_sweep(32, outcomes=outcomes))
    assert found.state("seal") == "constant"
    assert "seal: constant, it does not vary; it has no indices" in found.notes
    assert "opening: unused, it changes none of these outcomes" in found.notes
    assert "each_crack: unused, it changes none of these outcomes" in found.notes


def test_groups_that_are_not_there_are_no_failures():
    results = example_sweep(64)
    found = analyse(rows_of(results, np.arange(512) != 13))
    assert found.notes == ("1 groups are not there whole and are left out; the sweep was interrupted",)
    assert found.attributes["groups_failed"] == 0
    clean = np.delete(results["leak_rate"].reshape(64, 8), 1, axis=0).ravel()
    np.testing.assert_array_equal(found["ST"][0], sobol_indices(clean, NAMES).ST)


def test_no_whole_group_is_refused():
    with pytest.raises(ResultsError, match="no group of 8 samples is whole"):
        analyse(rows_of(example_sweep(8), slice(1, 7)))


# Enough samples


def test_indices_of_the_first_eighth_quarter_and_half():
    results = example_sweep(128)
    found = analyse(results)
    assert found.coordinates["size"].tolist() == [16, 32, 64, 128]
    part = sobol_indices(results["leak_rate"][: 32 * 8], NAMES)
    np.testing.assert_array_equal(found["ST_at"][1, 0], part.ST)
    np.testing.assert_array_equal(found["ST_conf_at"][1, 0], part.ST_conf)


def test_the_samples_that_a_half_width_needs_reach_it():
    """What is predicted from a fourth of the samples is near what those four fourths then have."""
    few, many = example_sweep(128), example_sweep(2048)
    told = analyse(few, half_width=0.05)
    reached = float(analyse(many, half_width=0.05)["half_width_reached"][0])
    assert "half-width 0.05 is not reached" in told.notes[-1]
    assert told["samples_needed"][0] * (0.05 / reached) ** 2 == pytest.approx(2048 * 8, rel=0.4)
    assert "is reached" in analyse(many, half_width=0.5).notes[-1]


def test_a_method_without_intervals_says_so():
    found = analyse(example_sweep(32), method="pawn", half_width=0.1)
    assert "method pawn gives no confidence intervals, so no number of samples" in found.notes


def test_replicates_show_their_own_error():
    sweeps = [example_sweep(64, seed=seed) for seed in range(1, 6)]
    found = analyse(sweeps)
    values = np.array([analyse(one)["ST"][0] for one in sweeps])
    np.testing.assert_allclose(found["ST"][0], values.mean(axis=0), rtol=1e-12)
    error = values.std(axis=0, ddof=1) / np.sqrt(5.0)
    np.testing.assert_allclose(found["ST_se"][0], error, rtol=1e-12)
    np.testing.assert_allclose(found["ST_conf"][0], 2.7764451 * error, rtol=1e-7)  # Student, 4 degrees
    assert found.attributes["replicates"] == 5
    # randomised Sobol' sequences are better than a bootstrap within one knows
    assert np.all(found["ST_se"][0] < analyse(sweeps[0])["ST_conf"][0])


def test_replicates_of_series_show_their_own_error_too():
    sweeps = [example_sweep(64, seed=seed, series=True) for seed in range(1, 4)]
    found, alone = analyse(sweeps), [analyse(one) for one in sweeps]
    for name, conf, se in (
        ("ST_series", "ST_conf_series", "ST_se_series"),
        ("ST_generalised", "ST_conf_generalised", "ST_se_generalised"),
    ):
        error = np.array([one[name] for one in alone]).std(axis=0, ddof=1) / np.sqrt(3.0)
        np.testing.assert_allclose(found[se], error, rtol=1e-12)
        np.testing.assert_allclose(found[conf], 4.3026527 * error, rtol=1e-7)  # Student, 2 degrees


def test_sweeps_of_other_inputs_are_no_replicates():
    other = example_sweep(64, seed=2, outcomes={"more": lambda u: u[:, 0]})
    with pytest.raises(ResultsError, match="not replicates: one sweep has outcomes leak_rate, another"):
        analyse([example_sweep(64), other])


# Size


def test_a_sweep_too_large_for_memory_has_the_same_indices(tmp_path, monkeypatch):
    outcomes = {"time_to": lambda u: np.where(u[:, 1] > 0.4, u[:, 0], np.nan)}
    results = example_sweep(128, failed=[8], outcomes=outcomes)
    path = write_results(tmp_path / "x.nc", results)
    small = analyse(path)
    monkeypatch.setattr(tables, "_IN_MEMORY", 0)
    large = analyse(path)
    assert large.notes == small.notes
    for name in ("S1", "ST", "S2", "state", "used", "dropped", "ST_at"):
        np.testing.assert_allclose(large[name], small[name], rtol=1e-9, atol=1e-12)


# Series


def test_series_have_indices_at_each_time_and_as_a_whole():
    found = analyse(example_sweep(512, series=True))
    assert found.coordinates["series"] == ("pressure",)
    days = found.coordinates["time"] / 86400.0
    expected = np.array([days**2, np.full(4, 4.0), np.zeros(4)]).T / (days**2 + 4.0)[:, None]
    np.testing.assert_allclose(found["ST_series"][0], expected, atol=0.05)
    by = np.array([0.5, 1.5, 4.5, 3.5])
    share = by @ days**2 / (by @ (days**2 + 4.0))
    np.testing.assert_allclose(found["ST_generalised"][0], [share, 1.0 - share, 0.0], atol=0.05)
    assert found["variance_series"].shape == (1, 4)


@pytest.mark.parametrize("method", ["regression", "chatterjee", "shapley"])
def test_quick_methods_take_series_too(method):
    results = example_sweep(64, series=True)
    results = results if method != "chatterjee" else without_design(results)
    found = analyse(results, method=method)
    key = f"{found.headline[0]}_series"
    assert found[key].shape == (1, 4, 2)
    assert found[key][0, 0, 1] > 0.8  # at first all is the opening's
    assert found[key][0, -1, 0] > found[key][0, -1, 1]


def test_slow_methods_refuse_series_and_leave_them_aside_by_default():
    results = example_sweep(64, series=True)
    assert "series" not in analyse(results, method="delta").coordinates
    with pytest.raises(ArgumentError, match="outcomes = pressure: method delta is too slow for a series"):
        analyse(results, method="delta", outcomes=["pressure"])


# Arguments


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"method": "sobl"}, "method = sobl: must be auto, sobol, .*; did you mean sobol"),
        ({"method": "morris"}, "method = morris: needs a morris design; A leak is of a saltelli design"),
        (
            {"outcomes": ["leek_rate"]},
            "outcomes = leek_rate: A leak has no such outcome; did you mean leak_rate",
        ),
        ({"outcomes": ["volume"]}, "no such outcome; there are leak_rate"),
        ({"max_failed_share": 1.0}, "max_failed_share = 1.0: must be from 0 to below 1"),
        ({"half_width": 0.0}, "half_width = 0.0: must be between 0 and 1"),
        ({"confidence": 1.0}, "confidence = 1.0: must be between 0 and 1"),
        ({"resamples": 1}, "resamples = 1: must be from 2 to 10000"),
        ({"seed": -1}, "seed = -1: must be from 0"),
    ],
)
def test_wrong_arguments_are_refused_in_a_line(arguments, why):
    with pytest.raises(ArgumentError, match=why) as caught:
        analyse(example_sweep(8), **arguments)
    assert "\n" not in str(caught.value)


def test_what_is_not_installed_is_named(monkeypatch):
    import importlib.util

    from leakflow.solver.errors import LeakflowError

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "SALib" else real(name))
    with pytest.raises(
        LeakflowError, match=r"method pawn needs SALib, which is not installed: .*pip install"
    ):
        analyse(example_sweep(8), method="pawn")
    assert analyse(example_sweep(8)).method == "sobol"


def test_nothing_drawn_is_nothing_to_be_sensitive_to():
    results = random_sweep()
    rate = {"rate": results.variables["rate"]}
    with pytest.raises(ResultsError, match="no inputs that were drawn"):
        analyse(Results(results.samples, results.status, rate))

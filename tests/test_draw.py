from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import CRACK, Case, cracks, drawn, outside, tank
from scipy import stats

from leakflow.kernels import crack, draw, model, opening, status

N = 4000
SEED = 20210714
WEIGHTS = [1.0, 2.0, 5.0, 2.0]
INPUTS = {
    "constant": 3.5,
    "uniform": ("uniform", -2.0, 7.0),
    "loguniform": ("loguniform", 1e-7, 2e-3),
    "normal": ("normal", 100.0, 15.0),
    "truncated": ("truncated_normal", 1.0, 0.5, 0.8, 2.5),
    "lognormal": ("lognormal", 8e-6, 0.5),
    "triangular": ("triangular", 1.0, 2.0, 5.0),
    "weibull": ("weibull", 2.3, 9e-6),
    "choice": ("choice", [10.0, 20.0, 30.0, 40.0], WEIGHTS),
}
LAWS = {
    "uniform": stats.uniform(-2.0, 9.0),
    "loguniform": stats.loguniform(1e-7, 2e-3),
    "normal": stats.norm(100.0, 15.0),
    "truncated": stats.truncnorm(-0.4, 3.0, 1.0, 0.5),
    "lognormal": stats.lognorm(0.5, scale=8e-6),
    "triangular": stats.triang(0.25, 1.0, 4.0),
    "weibull": stats.weibull_min(2.3, scale=9e-6),
}
PLAIN = Case([tank(1.0, 1e5), outside()], [cracks(0, 1, 3.0)], 3600.0)
DRAWN = PLAIN.but(inputs=INPUTS)


def inputs(case, samples=N, *, seed=SEED, first=0):
    plan = case.plan
    rows = np.full((samples, plan.draws.size), np.nan)
    for i, row in enumerate(rows):
        draw.draw_inputs(plan, np.uint64(seed), np.uint64(first + i), row)
    return rows


def crack_fields(case, *, index=0, crack=0, p=0):
    _, sample = drawn(case, seed=SEED, index=index)
    fields = np.full(model.N_CRACK_FIELDS, np.nan)
    draw.draw_crack(case.plan, p, np.uint64(SEED), np.uint64(index), crack, sample.inputs, fields)
    return fields


@pytest.fixture(scope="module")
def table():
    return inputs(DRAWN)


# Distributions


@pytest.mark.parametrize("name", LAWS)
def test_inputs_follow_their_distributions(table, name):
    values = table[:, DRAWN.slot(name)]
    assert stats.kstest(values, LAWS[name].cdf).pvalue > 1e-3
    assert values.mean() == pytest.approx(LAWS[name].mean(), abs=4.0 * LAWS[name].std() / math.sqrt(N))
    low, high = LAWS[name].support()
    assert low <= values.min()
    assert values.max() <= high


def test_a_constant_is_constant(table):
    assert set(table[:, DRAWN.slot("constant")]) == {3.5}


def test_a_choice_takes_each_value_as_often_as_its_weight(table):
    values, counts = np.unique(table[:, DRAWN.slot("choice")], return_counts=True)
    assert values.tolist() == [10.0, 20.0, 30.0, 40.0]
    assert stats.chisquare(counts, N * np.array(WEIGHTS) / sum(WEIGHTS)).pvalue > 1e-3


def test_a_second_choice_has_its_own_values():
    of = {"first": ("choice", [1.0, 2.0], [1.0, 1.0]), "second": ("choice", [3.0, 4.0, 5.0], [0.0, 1.0, 0.0])}
    case = PLAIN.but(inputs=of)
    rows = inputs(case, 40)
    assert set(rows[:, case.slot("first")]) == {1.0, 2.0}
    assert set(rows[:, case.slot("second")]) == {4.0}


def test_inputs_are_independent_of_each_other(table):
    columns = [DRAWN.slot(name) for name in LAWS]
    correlation = stats.spearmanr(table[:, columns]).statistic
    assert np.abs(correlation - np.eye(len(columns))).max() < 4.5 / math.sqrt(N)


def test_cracks_of_a_sample_follow_their_distributions_and_are_independent():
    case = PLAIN.but(paths=[cracks(0, 1, opening=("lognormal", 8e-6, 0.5), depth=("uniform", 2e-3, 3e-3))])
    rows = np.array([crack_fields(case, crack=k) for k in range(1000)])
    assert stats.kstest(rows[:, 0], LAWS["lognormal"].cdf).pvalue > 1e-3
    assert stats.kstest(rows[:, 2], stats.uniform(2e-3, 1e-3).cdf).pvalue > 1e-3
    assert abs(stats.spearmanr(rows[:, 0], rows[:, 2]).statistic) < 4.5 / math.sqrt(1000)
    assert abs(stats.spearmanr(rows[:-1, 0], rows[1:, 0]).statistic) < 4.5 / math.sqrt(1000)
    assert rows[:, 3].tolist() == [CRACK["tortuosity"]] * 1000


# Arguments that are inputs themselves


def test_an_input_may_use_those_before_it():
    of = {"mean": ("uniform", 5.0, 50.0), "sd": ("uniform", 0.1, 2.0), "nested": ("normal", "mean", "sd")}
    case = PLAIN.but(inputs=of)
    mean, sd, nested = (inputs(case)[:, case.slot(name)] for name in of)
    assert stats.kstest((nested - mean) / sd, stats.norm.cdf).pvalue > 1e-3
    assert np.ptp(mean) > 40.0


def test_cracks_may_use_an_input_of_the_sample():
    case = PLAIN.but(
        inputs={"median": ("loguniform", 1e-6, 1e-4)},
        paths=[cracks(0, 1, 3.0, opening=("lognormal", "median", 0.3))],
    )
    medians = inputs(case, 500)[:, case.slot("median")]
    openings = [crack_fields(case, index=i)[0] for i in range(500)]
    assert stats.kstest(np.log(openings / medians) / 0.3, stats.norm.cdf).pvalue > 1e-3


# A draw depends on the seed, the sample, the name and the crack, and on nothing else


def test_a_sample_does_not_depend_on_the_block(table):
    assert np.array_equal(inputs(DRAWN, 30, first=70), table[70:100])


def test_seeds_and_samples_differ(table):
    column = DRAWN.slot("uniform")
    assert len(set(table[:, column])) == N
    assert not set(table[:, column]) & set(inputs(DRAWN, 100, seed=SEED + 1)[:, column])


def test_a_large_sample_index_and_seed_count_to_the_last_bit():
    far = [inputs(DRAWN, 1, seed=2**64 - 1 - i, first=2**63 + j)[0, 1] for i in (0, 1) for j in (0, 1, 2**33)]
    assert len(set(far)) == 6


def test_a_further_input_moves_no_other_draw(table):
    more = DRAWN.but(inputs={"new": ("normal", 0.0, 1.0)} | INPUTS | {"newer": ("choice", [1.0], [1.0])})
    rows = inputs(more, 50)
    for name in INPUTS:
        assert np.array_equal(rows[:, more.slot(name)], table[:50, DRAWN.slot(name)])


def test_a_further_crack_moves_no_other_draw():
    of = {"opening": ("lognormal", 8e-6, 0.5), "length": ("uniform", 1e-3, 1e-2)}
    geometries = []
    for count in (3.0, 7.0):
        case = PLAIN.but(paths=[cracks(0, 1, count, **of)], inputs=INPUTS)
        result, sample = drawn(case, seed=SEED, index=5)
        assert result == status.OK
        assert sample.paths[0]["crack_count"] == count
        geometries.append(sample.geometry[: int(count)].copy())
    assert np.array_equal(geometries[0], geometries[1][:3])
    assert len(set(geometries[1][:, 0])) == 7


def test_a_further_population_moves_no_other_draw():
    one = cracks(0, 1, 2.0, opening=("lognormal", 8e-6, 0.5))
    _, alone = drawn(PLAIN.but(paths=[one]), seed=SEED, index=5)
    _, beside = drawn(PLAIN.but(paths=[one, one]), seed=SEED, index=5)
    assert np.array_equal(beside.geometry[:2], alone.geometry[:2])
    assert beside.paths["crack_start"].tolist() == [0, 2]
    assert len(set(beside.geometry[:4, 0])) == 4


def test_cracks_drawn_again_are_those_of_the_samples():
    case = PLAIN.but(
        inputs={"median": ("loguniform", 1e-6, 1e-4)},
        paths=[cracks(0, 1, 3.0), cracks(0, 1, ("uniform", 0.0, 5.0), opening=("lognormal", "median", 0.3))],
    )
    indices = np.array([4, 0, 2**40])
    rows, counts, expected = [], [], []
    for index in indices:
        _, sample = drawn(case, seed=SEED, index=index)
        rows.append(sample.inputs)
        counts.append(sample.paths[1]["crack_count"])
        start = sample.paths[1]["crack_start"]
        expected += sample.geometry[start : start + counts[-1], 0].tolist()
    fields = np.full((sum(counts), model.N_CRACK_FIELDS), np.nan)
    arguments = (np.uint64(SEED), indices, np.array(rows), np.array(counts), fields)
    draw.draw_populations(case.plan, 1, *arguments)
    assert fields[:, 0].tolist() == expected
    assert len(expected) >= 2


def test_nominal_inputs_are_medians_and_cracks_are_drawn_as_ever():
    of = {"paths": [cracks(0, 1, 3.0, opening=("lognormal", 8e-6, 0.5))], "nominal": True}
    case = DRAWN.but(**of)
    row = inputs(case, 1)[0]
    for name, law in LAWS.items():
        assert row[case.slot(name)] == pytest.approx(law.median(), rel=1e-12)
    assert row[case.slot("choice")] == 30.0
    assert np.array_equal(crack_fields(case, crack=2), crack_fields(case.but(nominal=False), crack=2))


# Counts


@pytest.mark.parametrize(
    "count, whole",
    [(0.0, 0), (0.49, 0), (0.5, 1), (1.0, 1), (2.49, 2), (2.5, 3), (3.5, 4), (5.0, 5), (5.49, 5)],
)
def test_a_count_is_rounded_to_the_nearest_half_up(count, whole):
    result, sample = drawn(PLAIN.but(paths=[cracks(0, 1, count)], max_cracks=5))
    assert result == status.OK
    assert sample.paths[0]["crack_count"] == whole


@pytest.mark.parametrize("count", [5.5, 6.0, -0.01, -1.0, math.nan, math.inf, -math.inf, 1e300])
def test_a_count_that_has_no_room_is_impossible(count):
    assert drawn(PLAIN.but(paths=[cracks(0, 1, count)], max_cracks=5))[0] == status.IMPOSSIBLE


@settings(deadline=None, max_examples=50)
@given(counts=st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_populations_stand_one_after_the_other(counts):
    case = PLAIN.but(paths=[cracks(0, 1, float(n)) for n in counts], max_cracks=8)
    result, sample = drawn(case)
    assert result == (status.OK if sum(counts) <= 8 else status.IMPOSSIBLE)
    if result == status.OK:
        assert sample.paths["crack_start"].tolist() == [sum(counts[:k]) for k in range(len(counts))]


# What cannot be built, and what the law does not hold for

IMPOSSIBLE = [
    ("opening", 0.0), ("opening", -1e-6), ("opening", math.nan), ("opening", math.inf),
    ("length", 0.0), ("length", -1.0), ("length", math.nan), ("length", math.inf),
    ("depth", -1e-9), ("depth", math.nan), ("depth", math.inf),
    ("tortuosity", 0.999), ("tortuosity", math.nan), ("tortuosity", math.inf),
    ("roughness", -1e-9), ("roughness", math.nan), ("roughness", math.inf),
    ("taper", 0.999), ("taper", math.nan), ("taper", math.inf),
    ("inlet_loss", -0.1), ("inlet_loss", math.nan),
]  # fmt: skip
OUTSIDE = [
    ("accommodation", 0.599), ("accommodation", 1.001), ("accommodation", math.nan), ("taper", 10.01),
]  # fmt: skip
FITTING = [
    ("accommodation", 0.6), ("accommodation", 1.0), ("taper", 1.0), ("taper", 10.0), ("tortuosity", 1.0),
    ("roughness", 0.0), ("inlet_loss", 0.0), ("depth", 0.0),
]  # fmt: skip


@pytest.mark.parametrize(
    "field, value, expected",
    [(*row, status.IMPOSSIBLE) for row in IMPOSSIBLE]
    + [(*row, status.OUT_OF_RANGE) for row in OUTSIDE]
    + [(*row, status.OK) for row in FITTING],
)
def test_status_of_a_crack(field, value, expected):
    assert drawn(PLAIN.but(paths=[cracks(0, 1, 2.0, **{field: value})]))[0] == expected


def test_impossible_outweighs_out_of_range():
    paths = [cracks(0, 1, accommodation=0.5), cracks(0, 1, opening=-1.0)]
    assert drawn(PLAIN.but(paths=paths))[0] == status.IMPOSSIBLE
    assert drawn(PLAIN.but(paths=[paths[0], cracks(0, 1)]))[0] == status.OUT_OF_RANGE


def test_a_crack_that_is_not_there_is_not_judged():
    assert drawn(PLAIN.but(paths=[cracks(0, 1, 0.0, opening=-1.0)]))[0] == status.OK


# Points of a design


def placed(case, *, u=None, values=None, noise=None, index=7):
    """One sample drawn at a point: what it gives by name, the rest NaN."""
    plan = case.plan
    sample = model.new_sample(plan)
    tables = [np.full((2, plan.draws.size), np.nan) for _ in range(2)]
    for table, given_ in zip(tables, (u or {}, values or {}), strict=True):
        for name, value in given_.items():
            table[1, case.slot(name)] = value
    rows = np.zeros((0, 0), np.uint64) if noise is None else np.array([[0] * len(noise), noise], np.uint64)
    points = model.Points(*tables, rows)
    assert draw.draw_point(plan, np.uint64(SEED), np.uint64(index), points, 1, sample) == status.OK
    return sample


def test_a_point_that_gives_nothing_is_chance():
    case = DRAWN.but(paths=[cracks(0, 1, 3.0, opening=("lognormal", 8e-6, 0.5))])
    chance = drawn(case, seed=SEED, index=7)[1]
    bare = model.new_sample(case.plan)
    empty = (case.plan, np.uint64(SEED), np.uint64(7), model.NO_POINTS, 0, bare)
    assert draw.draw_point(*empty) == status.OK
    for sample in (placed(case), bare):
        assert sample.inputs.tobytes() == chance.inputs.tobytes()
        assert sample.geometry[:3].tobytes() == chance.geometry[:3].tobytes()


@pytest.mark.parametrize("name", list(LAWS))
@pytest.mark.parametrize("u", [1e-6, 0.2, 0.5, 0.987])
def test_u_is_where_in_its_distribution_an_input_is(name, u):
    sample = placed(DRAWN, u={name: u})
    assert sample.inputs[DRAWN.slot(name)] == pytest.approx(LAWS[name].ppf(u), rel=1e-9, abs=0.0)
    others = [DRAWN.slot(other) for other in LAWS if other != name]
    assert (sample.inputs[others] == drawn(DRAWN, seed=SEED, index=7)[1].inputs[others]).all()


@pytest.mark.parametrize("u, inside", [(0.0, 2.0**-54), (1.0, 1.0 - 2.0**-53)])
def test_the_ends_of_u_are_those_of_a_random_number(u, inside):
    sample = placed(DRAWN, u=dict.fromkeys(LAWS, u))
    assert np.isfinite(sample.inputs).all()
    found = [sample.inputs[DRAWN.slot(name)] for name in LAWS]
    assert found == pytest.approx([law.ppf(inside) for law in LAWS.values()], rel=1e-9, abs=0.0)


def test_a_value_goes_before_u_and_what_depends_on_it_follows():
    case = PLAIN.but(inputs={"middle": ("uniform", 1.0, 2.0), "leaning": ("uniform", 0.0, "middle")})
    sample = placed(case, u={"middle": 0.1, "leaning": 0.25}, values={"middle": 40.0})
    assert sample.inputs[[case.slot("middle"), case.slot("leaning")]].tolist() == [40.0, 10.0]


def test_noise_is_the_index_of_a_paths_cracks():
    random_cracks = cracks(0, 1, 3.0, opening=("lognormal", 8e-6, 0.5))
    case = PLAIN.but(paths=[random_cracks, random_cracks])
    at = {index: drawn(case, seed=SEED, index=index)[1].geometry[:6] for index in (7, 2**63 + 3, 11)}
    sample = placed(case, noise=[2**63 + 3, 11])
    assert sample.geometry[:3].tobytes() == at[2**63 + 3][:3].tobytes()
    assert sample.geometry[3:6].tobytes() == at[11][3:6].tobytes()
    assert len({array.tobytes() for array in at.values()}) == 3
    assert placed(case, index=11).geometry[:6].tobytes() == at[11].tobytes()


# Cracks that are shut at rest


def moving(case, *, compliance=0.0, shell=None):
    """The plan of a case whose only population moves, and its sample drawn."""
    inputs = dict(zip(("radius", "wall", "modulus"), shell, strict=True)) if shell else {}
    case = case.but(inputs=inputs)
    plan = case.plan
    plan.paths[0]["moves"] = 1
    if shell:
        plan.paths[0]["elastic"] = [case.slot(name) for name in inputs]
    row = plan.paths[0]["crack_row"] + model.CRACK_FIELDS.index("compliance")
    plan.crack_draws[row]["value"][0] = compliance
    sample = model.new_sample(plan)
    return draw.draw_sample(plan, np.uint64(SEED), np.uint64(0), sample), sample


@pytest.mark.parametrize("value", [0.0, -1e-6, -1e300, -5e-324])
def test_a_crack_may_be_shut_at_rest_where_pressure_opens_it(value):
    case = PLAIN.but(paths=[cracks(0, 1, 2.0, opening=value)])
    assert moving(case)[0] == status.IMPOSSIBLE  # it would only grow
    for way in ({"compliance": 1e-10}, {"compliance": -1e-10}, {"shell": (1.0, 2e-3, 70e9)}):
        result, sample = moving(case, **way)
        assert result == status.OK
        assert sample.moving["opening"][:2].tolist() == [value] * 2
        assert sample.moving["shut"][:2].tolist() == [opening.UNOPENED] * 2
        assert np.isfinite(sample.geometry[:2]).all()
        assert sample.geometry[0, 1] == 0.0
        still = crack.geometry_flow(1e5, 0.0, 84e3, 1.8e-5, 0.528, 0.47, sample.geometry[0])
        assert still == 0.0


def test_a_crack_that_is_open_at_rest_counts_as_opened():
    result, sample = moving(PLAIN, compliance=-1e-10)
    assert result == status.OK
    assert sample.moving["shut"][:3].tolist() == [opening.OPENED] * 3


@pytest.mark.parametrize("value", [math.nan, -math.inf, math.inf])
def test_a_crack_of_no_number_is_impossible_though_it_moves(value):
    case = PLAIN.but(paths=[cracks(0, 1, 2.0, opening=value)])
    assert moving(case, compliance=1e-10)[0] == status.IMPOSSIBLE


@pytest.mark.parametrize("compliance", [math.nan, math.inf, -math.inf])
def test_a_compliance_of_no_number_is_impossible(compliance):
    for value in (20e-6, 0.0):
        case = PLAIN.but(paths=[cracks(0, 1, 2.0, opening=value)])
        assert moving(case, compliance=compliance)[0] == status.IMPOSSIBLE

from __future__ import annotations

import numpy as np
import pytest
from plans import Case, cracks, outside, tank

from leakflow.kernels import random
from leakflow.kernels.outcomes import n_outcomes
from leakflow.solver import engine
from leakflow.solver.engine import Points

SEED = 11
N = 12
CASE = Case(
    [tank(("uniform", 1.0, 4.0), ("normal", 9e4, 2e3)), outside()],
    [
        cracks(0, 1, ("uniform", 0.0, 4.5), opening=("lognormal", "median", 0.4)),
        cracks(0, 1, 2.0, length=("uniform", 1e-3, 2e-2)),
    ],
    3600.0,
    inputs={"median": ("loguniform", 2e-6, 2e-5)},
)


@pytest.fixture(scope="module")
def plan():
    return CASE.plan


@pytest.fixture(scope="module")
def drawn(plan):
    return engine.run_block(plan, SEED, 5, N, series=True)


def bits(block):
    return [array.tobytes() for array in block[1:]]


def own_points(plan, first, count):
    """The points of samples that are drawn at random, each number written out."""
    u = np.array(
        [
            [random.uniform(np.uint64(SEED), np.uint64(i), row["stream"], 0) for row in plan.draws]
            for i in range(first, first + count)
        ]
    ).reshape(count, plan.draws.size)
    noise = np.repeat(np.arange(first, first + count, dtype=np.uint64)[:, None], plan.paths.size, axis=1)
    return Points(u, None, noise)


def test_points_where_chance_puts_them_give_the_bits_of_chance(plan, drawn):
    given = own_points(plan, 5, N)
    assert bits(engine.run_block(plan, SEED, 5, N, series=True, points=given)) == bits(drawn)
    values = given._replace(u=None, values=drawn.inputs)
    assert bits(engine.run_block(plan, SEED, 5, N, series=True, points=values)) == bits(drawn)
    for empty in (Points(), Points(u=np.full((N, plan.draws.size), np.nan))):
        assert bits(engine.run_block(plan, SEED, 5, N, series=True, points=empty)) == bits(drawn)


def test_noise_alone_is_enough_to_have_other_cracks(plan, drawn):
    noise = np.full((N, 2), 3, np.uint64)
    block = engine.run_block(plan, SEED, 5, N, series=True, points=Points(noise=noise))
    assert block.inputs.tobytes() == drawn.inputs.tobytes()
    assert (block.outcomes[:, 0] != drawn.outcomes[:, 0]).any() or (block.flows != drawn.flows).any()
    same = Points(values=np.repeat(drawn.inputs[:1], N, axis=0), noise=noise)
    twins = engine.run_block(plan, SEED, 5, N, series=True, points=same)
    assert len({row.tobytes() for row in twins.flows}) == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_same_bits_on_any_number_of_threads(plan, drawn, threads, monkeypatch):
    monkeypatch.setattr(engine, "_BLOCK_SAMPLES", 5)
    got = {}
    engine.run_blocks(
        plan, SEED, 5, N, series=True, threads=threads, report=lambda block: got.update({block.first: block}),
        points=lambda first, count: own_points(plan, first, count),
    )  # fmt: skip
    assert sorted(got) == [5, 10, 15]
    for place in range(1, len(drawn)):
        assert np.concatenate([got[k][place] for k in sorted(got)]).tobytes() == drawn[place].tobytes()


@pytest.mark.parametrize("name", Points._fields)
def test_points_of_another_shape_are_refused(plan, name):
    with pytest.raises(ValueError, match=rf"^{name}: shape \(2, 1\), not \(3, "):
        engine.run_block(plan, SEED, 0, 3, series=False, points=Points(**{name: np.zeros((2, 1))}))


def test_of_no_samples(plan):
    engine.warm_up(plan, lambda first, count: own_points(plan, first, count))
    block = engine.run_block(plan, SEED, 0, 0, series=True, points=own_points(plan, 0, 0))
    assert block.outcomes.shape == (0, n_outcomes(plan))

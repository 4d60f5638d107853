"""Designs by index, against SciPy's and SALib's whole ones."""

from __future__ import annotations

import json
import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
import SALib.analyze.sobol
import SALib.sample.morris
import SALib.sample.sobol
from scipy.stats import qmc

from leakflow.solver.designs import read_design
from leakflow.solver.designs.base import noise_of
from leakflow.solver.designs.grid import Axis, GridDesign
from leakflow.solver.designs.latin_hypercube import LatinHypercubeDesign
from leakflow.solver.designs.morris import MorrisDesign
from leakflow.solver.designs.saltelli import SaltelliDesign
from leakflow.solver.designs.sobol import SobolDesign, SobolSequence
from leakflow.solver.designs.table import TableDesign
from leakflow.solver.errors import ResultsError

SEED = 20210714
ODD = (0, 1, 2, 9, 10, 27, 64)  # bounds of chunks, none of which is a group's


def in_chunks(design, bounds):
    """Rows of a design from odd ranges, the last asked for first."""
    parts = {low: design.u(low, high - low) for low, high in reversed(list(pairwise(bounds)))}
    return np.concatenate([parts[low] for low in sorted(parts)])


def bounds_to(n):
    return [*(b for b in ODD if b < n), n]


def problem(d, groups=None):
    return {"num_vars": d, "names": [f"x{i}" for i in range(d)], "bounds": [[0, 1]] * d, "groups": groups}


# Sobol' sequences


@pytest.mark.parametrize("scramble", [True, False])
@pytest.mark.parametrize("d", [1, 2, 7, 40])
def test_sobol_is_scipys(d, scramble):
    whole = qmc.Sobol(d, scramble=scramble, seed=SEED).random(256)
    design = SobolDesign(d - 1, 1, SEED, scramble=scramble)
    assert in_chunks(design, bounds_to(256)).tobytes() == whole.tobytes()
    assert design.u(200, 3).tobytes() == whole[200:203].tobytes()


def test_sobol_far_out_is_scipys_after_a_fast_forward():
    far = 3 * 2**20 + 17
    engine = qmc.Sobol(3, seed=SEED).fast_forward(far)
    assert SobolSequence(3, SEED).points(far, 20).tobytes() == engine.random(20).tobytes()
    assert (
        SobolDesign(3, 0, SEED, skip=far - 5).u(5, 20).tobytes()
        == SobolSequence(3, SEED).points(far, 20).tobytes()
    )


def test_sobol_reaches_its_last_point():
    last = SobolSequence(2, SEED).points(2**30 - 4, 4)
    assert ((last >= 0.0) & (last < 1.0)).all()
    plain = SobolSequence(1, SEED, scramble=False).points(2**30 - 1, 1)
    # the Gray code of the last index has its highest bit alone, whose direction number is the smallest odd
    gray = (2**30 - 1) ^ ((2**30 - 1) >> 1)
    assert plain[0, 0] == int(f"{gray:030b}"[::-1], 2) / 2**30


# Saltelli's rows

SALTELLI = [
    (second_order, groups, scramble, skip)
    for second_order in (True, False)
    for groups in (None, ["a", "b", "a", "x3", "b"])
    for scramble, skip in ((True, 0), (False, 16))
]


@pytest.mark.parametrize("second_order, groups, scramble, skip", SALTELLI)
def test_saltelli_is_salibs(second_order, groups, scramble, skip):
    whole = SALib.sample.sobol.sample(
        problem(5, groups), 16, calc_second_order=second_order, scramble=scramble, skip_values=skip, seed=SEED
    )
    design = SaltelliDesign(
        3, 2, SEED, groups=groups, second_order=second_order, scramble=scramble, skip=skip
    )
    n = len(set(groups)) if groups else 5
    assert design.rows_per_group == (2 * n + 2 if second_order else n + 2)
    assert in_chunks(design, bounds_to(len(whole))).tobytes() == whole.tobytes()


def test_rows_of_a_group_share_the_cracks_of_a_or_of_b():
    design = SaltelliDesign(2, 1, SEED, second_order=False)
    noise = design.rows(0, 5).noise[:, 0]
    assert noise.dtype == np.uint64
    a, b = noise[0], noise[-1]
    assert a != b
    assert noise.tolist() == [a, a, a, b, b]  # A; A with the first and second input of B; with its cracks; B


def test_saltelli_gives_ishigamis_indices():
    """Closed forms of Ishigami and Homma (1990) with a = 7, b = 0.1."""
    design = SaltelliDesign(3, 0, SEED)
    x = math.pi * (2.0 * design.u(0, 1024 * 8) - 1.0)
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = SALib.analyze.sobol.analyze(problem(3), y, seed=1)
    assert found["S1"] == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert found["ST"] == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)


# Morris's trajectories


def test_trajectories_have_cracks_of_their_own():
    """Two populations in each trajectory, and none of them in another."""
    design = MorrisDesign(2, 1, SEED, 50, levels=4)
    noise = design.rows(0, 50 * 4).noise.reshape(50, 4)
    assert all(len(set(own.tolist())) == 2 for own in noise)
    assert len(np.unique(noise)) == 100
    moved = np.diff(design.u(0, 50 * 4)[:, 2].reshape(50, 4)) != 0.0
    assert ((noise[:, 1:] != noise[:, :-1]) == moved).all()
    assert (design.rows(7, 30).noise.ravel() == noise.ravel()[7:37]).all()


@pytest.mark.parametrize("groups", [None, ["a", "b", "a", "x3", "b"]])
@pytest.mark.parametrize("levels", [4, 10])
def test_morris_is_salibs(levels, groups):
    whole = SALib.sample.morris.sample(problem(5, groups), 12, num_levels=levels, seed=SEED)
    design = MorrisDesign(3, 2, SEED, 12, levels=levels, groups=groups)
    assert design.rows_per_group * 12 == len(whole)
    assert in_chunks(design, bounds_to(len(whole))).tobytes() == whole.tobytes()
    moved = MorrisDesign(3, 2, SEED, 12, levels=levels, groups=groups, tail=0.01).u(0, len(whole))
    assert moved.min() == 0.01
    assert moved == pytest.approx(0.01 + 0.98 * whole, rel=1e-15)


def test_more_trajectories_leave_the_first_as_they_were():
    few, many = (MorrisDesign(4, 0, SEED, n).u(0, 5 * 6) for n in (6, 50))
    assert few.tobytes() == many.tobytes()


# Latin hypercubes


def test_a_latin_hypercube_is_scipys():
    whole = qmc.LatinHypercube(6, seed=SEED).random(101)
    design = LatinHypercubeDesign(4, 2, SEED, 101)
    assert not design.extendable
    assert in_chunks(design, bounds_to(101)).tobytes() == whole.tobytes()
    strata = np.sort(np.floor(whole * 101).astype(int), axis=0)
    assert (strata == np.arange(101)[:, None]).all()


# Grids


def test_a_grid_is_every_combination():
    axes = [
        Axis(2, np.array([7.0, 8.0, 9.0]), "values"),
        Axis(0, np.array([0.25, 0.75]), "u"),
        Axis(0, np.array([0.0, 1.0]), "noise"),
    ]
    grid = GridDesign(3, 2, axes)
    rows = [grid.rows(low, high - low) for low, high in ((0, 5), (5, 12))]
    u, values, noise = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    assert grid.size == 12
    expected = [(v, p, c) for v in (7.0, 8.0, 9.0) for p in (0.25, 0.75) for c in (0, 1)]
    assert list(zip(values[:, 2], u[:, 0], noise[:, 0], strict=True)) == expected
    assert np.isnan(values[:, :2]).all()
    assert (u[:, 1:] == 0.5).all()
    assert (noise[:, 1] == 0).all()


def test_a_grid_again_and_again_with_the_rest_at_random():
    grid = GridDesign(2, 1, [Axis(1, np.array([0.1, 0.9]), "u")], random_others=True)
    u, values, noise = grid.rows(3, 4)
    assert u[:, 1].tolist() == [0.9, 0.1, 0.9, 0.1]
    assert np.isnan(u[:, 0]).all()
    assert np.isnan(values).all()
    assert noise[:, 0].tolist() == [3, 4, 5, 6]


# All


def test_equal_u_are_equal_noise_and_others_are_others():
    u = np.array([[0.0, 0.5], [0.5, np.nextafter(0.5, 1.0)]])
    noise = noise_of(u)
    assert noise[0, 1] == noise[1, 0]
    assert len(set(noise.ravel().tolist())) == 3


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "sobol", "scramble": True, "skip": 8},
        {"kind": "saltelli", "scramble": True, "skip": 0, "second_order": False},
        {"kind": "morris", "base_samples": 5, "levels": 6, "tail": 0.1},
        {"kind": "latin-hypercube"},
    ],
    ids=lambda told: told["kind"],
)
def test_a_design_is_made_again_from_its_description_and_from_a_pickle(told):
    groups = ["g", "g", "c"] if told["kind"] in ("saltelli", "morris") else None
    common = {"names": ["a", "b", "c"], "noise": ["c"], "seed": 3, "samples": 20, "groups": groups}
    design = read_design(json.dumps(common | told))
    options = {key: item for key, item in told.items() if key not in ("kind", "base_samples")}
    if groups:
        options["groups"] = groups
    sizes = {"morris": (5,), "latin-hypercube": (20,)}.get(told["kind"], ())
    makers = {
        "sobol": SobolDesign,
        "saltelli": SaltelliDesign,
        "morris": MorrisDesign,
        "latin-hypercube": LatinHypercubeDesign,
    }
    same = makers[told["kind"]](2, 1, 3, *sizes, **options)
    assert design.u(0, 15).tobytes() == same.u(0, 15).tobytes()
    assert pickle.loads(pickle.dumps(design)).u(0, 15).tobytes() == same.u(0, 15).tobytes()
    assert design.u(4, 0).shape == (0, 3)


def test_no_design_is_made_of_chance_nor_of_nonsense():
    common = {"names": [], "noise": [], "seed": 3, "samples": 20, "groups": None}
    assert read_design(json.dumps(common | {"kind": "monte-carlo"})) is None
    for text in ("", "[]", json.dumps(common), json.dumps(common | {"kind": "sobol"})):
        with pytest.raises(ResultsError, match="describes no design"):
            read_design(text)


def test_rows_of_a_table():
    values = np.arange(8.0).reshape(4, 2)
    design = TableDesign(values, np.arange(4, dtype=np.uint64)[:, None])
    u, given, noise = design.rows(1, 2)
    assert u is None
    assert given.tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert noise.tolist() == [[1], [2]]

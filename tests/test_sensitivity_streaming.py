"""Indices of a sweep in one pass: those in memory, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from known_indices import ishigami, saltelli
from sensitivity_example import NAMES, TIMES, example_sweep

from leakflow.solver.sensitivity import streaming
from leakflow.solver.sensitivity.groups import Column, survey
from leakflow.solver.sensitivity.sobol import sobol_indices
from leakflow.solver.sensitivity.sources import open_sources
from leakflow.solver.sensitivity.streaming import generalised, stream_sobol


def stream(results, columns, second_order=True, sizes=None, step=None):
    (source,) = open_sources(results)
    found = survey(source, 8)
    return stream_sobol(
        source, found, columns, NAMES, second_order=second_order, resamples=100, confidence=0.95, seed=1,
        sizes=sizes or [len(found.whole)], step=step,
    )  # fmt: skip


@pytest.mark.parametrize("second_order", [True, False])
def test_the_indices_are_those_in_memory(second_order):
    results = example_sweep(512, failed=[5, 900, 901])
    u = results["leak_rate"] + 1e4  # far from zero, where sums lose digits
    results.variables["leak_rate"].data[:] = u
    found = stream(results, [Column("leak_rate")], second_order, step=8).at_sizes[-1][0]
    expected = sobol_indices(u, NAMES, second_order=True)
    for name in ("S1", "ST", "mean", "variance", "groups", "dropped", "unused"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-11)
    for name in ("S1", "ST"):
        for end in ("low", "high"):
            key = f"{name}_{end}"
            np.testing.assert_allclose(
                getattr(found.bounds, key), getattr(expected.bounds, key), atol=1e-5, err_msg=key
            )
        # another bootstrap: of the same width, not of the same draws
        ratio = getattr(found, f"{name}_conf") / getattr(expected, f"{name}_conf")
        assert np.all((ratio > 0.6) & (ratio < 1.6))
    if second_order:
        np.testing.assert_allclose(found.S2, expected.S2, atol=1e-9)


def test_pieces_do_not_move_the_numbers(monkeypatch):
    results = example_sweep(256, failed=[5])
    columns = [Column("leak_rate")]
    whole = stream(results, columns).at_sizes[-1][0]
    monkeypatch.setattr(streaming, "_VALUES", 8 * 37)
    pieces = stream(results, columns, sizes=[10, 111, 256])
    for name in ("S1", "S1_conf", "ST", "ST_conf", "S2", "S2_conf"):
        np.testing.assert_allclose(
            getattr(pieces.at_sizes[-1][0], name), getattr(whole, name), rtol=1e-9, atol=1e-12
        )


def test_weights_belong_to_the_group_not_to_the_file():
    """The second half of a sweep has the same weights alone as within the whole."""
    drawn = streaming._Weights(10, 1)
    np.testing.assert_array_equal(drawn.of(4103, 4105), streaming._Weights(10, 1).of(4103, 4105))
    assert not np.array_equal(drawn.of(4096, 4106), drawn.of(0, 10))
    assert abs(drawn.of(0, 4096).mean() - 1.0) < 0.02


def test_first_parts_are_those_of_fewer_groups():
    results = example_sweep(256)
    found = stream(results, [Column("leak_rate")], sizes=[64, 256])
    part = sobol_indices(ishigami(saltelli(3, 256))[: 64 * 8], NAMES)
    np.testing.assert_allclose(found.at_sizes[0][0].ST, part.ST, rtol=1e-9)


def test_constant_missing_and_unused_are_said():
    outcomes = {
        "same": lambda u: np.full(len(u), 0.1),
        "never": lambda u: np.full(len(u), np.nan),
        "volume_only": lambda u: u[:, 0],
    }
    results = example_sweep(32, outcomes=outcomes)
    same, never, one = stream(results, [Column(name) for name in outcomes]).at_sizes[-1]
    assert bool(same.constant)
    assert np.isnan(same.ST).all()
    assert (int(never.groups), int(never.dropped), bool(never.constant)) == (0, 32, False)
    assert one.unused.tolist() == [False, True, True]
    assert one.ST[1] == 0.0


def test_a_whole_series_by_hand():
    """Pressure is u0 t + 2 u1: with variances s of u, indices go as the sum of t^2 s and of 4 s."""
    results = example_sweep(2048, series=True)
    found = stream(results, [Column("pressure", k) for k in range(4)], second_order=False, step=8)
    days = TIMES / 86400.0
    by_time = np.array([days**2, np.full(4, 4.0), np.zeros(4)]) / (days**2 + 4.0)
    for k in range(4):
        np.testing.assert_allclose(found.at_sizes[-1][k].ST, by_time[:, k], atol=0.03)
    weights = np.array([0.5, 1.5, 4.5, 3.5])
    share = weights @ days**2 / (weights @ (days**2 + 4.0))
    whole = generalised(found, range(4), weights, 3, 0.95)
    for name in ("S1", "ST"):
        assert np.all(np.abs(whole[name] - [share, 1.0 - share, 0.0]) <= whole[f"{name}_conf"] + 1e-12)
    assert whole["ST_conf"].max() < 0.1


_BITS = """
import hashlib
from leakflow.solver.sensitivity import analyse, tables
for most in (2**16, 0):
    tables._IN_MEMORY = most
    for method in ("sobol", "regression"):
        found = analyse("x.nc", method=method)
        print(hashlib.sha256(b"".join(v.data.tobytes() for v in found.variables.values())).hexdigest())
"""


def test_the_bits_do_not_depend_on_threads(tmp_path):
    """Those of BLAS, which is told by its variables before it is loaded."""
    import os
    import subprocess
    import sys

    from leakflow.solver.results import write_results

    write_results(tmp_path / "x.nc", example_sweep(1024, failed=[5]))
    out = [
        subprocess.run(
            [sys.executable, "-c", _BITS], cwd=tmp_path, check=True, capture_output=True, text=True,
            env=os.environ | {f"{library}_NUM_THREADS": count for library in ("OPENBLAS", "MKL", "OMP")},
        ).stdout
        for count in ("1", "2", "3")
    ]  # fmt: skip
    assert len(out[0].split()) == 4
    assert out[0] == out[1] == out[2]

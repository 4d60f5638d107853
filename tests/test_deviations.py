"""Deviations from a record: by hand, and the same bits for one sample and for many."""

from __future__ import annotations

import numpy as np

from leakflow.solver._deviations import deviations
from leakflow.solver.case import Case

POINTS = [
    {"volume": "tank", "time": float(i), "pressure": 1e5 - 100.0 * i, "uncertainty": 30.0 + i}
    for i in range(37)
]
CASE = Case.model_validate(
    {
        "title": "measured often",
        "volumes": {"tank": {"kind": "integrated", "volume": 1.0, "pressure": 1e5}},
        "run": {"duration": 100.0},
        "record": {"points": POINTS},
    }
)
FOUND = 1e5 + np.random.default_rng(1).normal(size=(37, 3, 500)) * 200.0


def test_one_sample_has_the_bits_that_it_has_among_many() -> None:
    whole = deviations(CASE, FOUND)
    for i in range(0, 500, 7):
        for name, values in deviations(CASE, FOUND[:, :, i : i + 1]).items():
            assert values[0] == whole[name][i], name


def test_a_deviation_is_over_both_uncertainties() -> None:
    found = deviations(CASE, FOUND)
    early, there, late = FOUND[4, :, 9]
    apart = (there - (1e5 - 400.0)) / np.sqrt(34.0**2 + (0.5 * (late - early)) ** 2)
    np.testing.assert_allclose(found["record_deviation_5"][9], apart, rtol=1e-14)
    all_of_them = [found[f"record_deviation_{i + 1}"][9] for i in range(37)]
    np.testing.assert_allclose(
        found["record_misfit"][9], np.sqrt(np.mean(np.square(all_of_them))), rtol=1e-14
    )

"""Nested samplers beside each other: on a known evidence, and on the record of July 2021.

python -m benchmarks.samplers nautilus|ultranest|dynesty
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals

Likelihood = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def shells(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two Gaussian shells (Feroz et al., MNRAS 398 (2009) 1601); in 5 dimensions ln Z = -5.67."""
    x = 12.0 * cube - 6.0
    centre = np.zeros(x.shape[1])
    centre[0] = 3.5
    radii = [np.sqrt(((x - c) ** 2).sum(axis=1)) for c in (centre, -centre)]
    logs = [-0.5 * ((r - 2.0) / 0.1) ** 2 - 0.5 * np.log(2.0 * np.pi * 0.01) for r in radii]
    return np.logaddexp(*logs)


def nautilus(likelihood: Likelihood, dimensions: int) -> tuple[float, float, int]:
    """As `leakflow.solver.diagnosis.sampler` calls it."""
    from leakflow.solver.diagnosis.sampler import sample

    found = sample(likelihood, dimensions, seed=1, live=500)
    return found.log_evidence, found.error, found.evaluations


def ultranest(likelihood: Likelihood, dimensions: int) -> tuple[float, float, int]:
    """With its defaults, vectorised."""
    from ultranest import ReactiveNestedSampler

    logging.disable(logging.CRITICAL)
    np.random.seed(1)
    names = [f"u{i}" for i in range(dimensions)]
    sampler = ReactiveNestedSampler(names, likelihood, lambda u: u, vectorized=True)
    found = sampler.run(min_num_live_points=400, show_status=False, viz_callback=None)
    return found["logz"], found["logzerr"], found["ncall"]


def dynesty(likelihood: Likelihood, dimensions: int) -> tuple[float, float, int]:
    """With its defaults; it calls a likelihood point by point."""
    from dynesty import NestedSampler

    sampler = NestedSampler(
        lambda u: float(likelihood(u[None])[0]), lambda u: u, dimensions, nlive=500,
        rstate=np.random.default_rng(1),
    )  # fmt: skip
    sampler.run_nested(print_progress=False)
    found: Any = sampler.results
    return float(found.logz[-1]), float(found.logzerr[-1]), int(np.sum(found.ncall))


def main(name: str) -> None:
    """Print evidence, error, evaluations and seconds of one sampler."""
    run = {"nautilus": nautilus, "ultranest": ultranest, "dynesty": dynesty}[name]
    problems: list[tuple[str, Likelihood, int]] = [("shells", shells, 5)]
    for rival in load_rivals("prk-july-2021-sealed-or-fed", only=["laminar", "linear-fed"])[1]:
        forward = Forward(rival.case, 1)
        problems.append((rival.name, forward, forward.dimensions))
    for title, likelihood, dimensions in problems:
        start = time.perf_counter()
        evidence, error, calls = run(likelihood, dimensions)
        took = time.perf_counter() - start
        print(
            f"{name:10} {title:12} ln Z {evidence:8.3f} +- {error:.3f} {calls:8,} calls {took:6.1f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1])

"""Contenders that are called from Python for each sample and span: SciPy and SUNDIALS.

Their right-hand side is a Python function around the compiled one: that is what their interface takes.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numba
import numpy as np
from numpy.typing import NDArray

from . import rates
from .contender import Contender
from .samples import Samples

Array = NDArray[np.float64]
Span = Callable[[Array, float, float, Array, float, float], Array]


@numba.njit(**rates.OPTIONS)
def rates_of(state, sample):
    """Return ``d state/dt`` as a new array."""
    rate = np.empty_like(state)
    rates.rates(state, sample, rate)
    return rate


def contenders() -> list[Contender]:
    """SciPy's LSODA and Radau; CVODE with BDF where scikit-sundae is installed."""
    found = [
        Contender("SciPy LSODA", lambda samples: _driven(samples, _scipy_span("LSODA"))),
        Contender(
            "SciPy Radau",
            lambda samples: _driven(samples, _scipy_span("Radau")),
            # with 1,024 cracks it takes seconds for a sample, and with the valve open its Jacobian overflows
            workloads=("prk-year", "prk-decay"),
        ),
        Contender(
            "SciPy DOP853",
            lambda samples: _driven(samples, _scipy_span("DOP853")),
            workloads=("prk-year", "prk-decay"),
        ),
    ]
    if find_spec("sksundae") is not None:
        found.append(Contender("CVODE BDF (scikit-sundae)", lambda samples: _driven(samples, _cvode_span())))
    return found


def _driven(samples: Samples, span: Span) -> Callable[[float], Array]:
    """Integrate all spans of all samples, one after the other."""

    def solve(rtol: float) -> Array:
        numbers = samples.numbers.copy()
        rows = np.empty((len(numbers), samples.paths + 2))
        atol = samples.atol(rtol)
        for i, sample in enumerate(numbers):
            state = samples.start(i)
            for start, end, what in samples.spans:
                rates.start_span(state, sample, what)
                state = span(sample, start, end, state, rtol, atol)
            rates.final_outcomes(state, sample, rows[i])
        return rows

    return solve


def _scipy_span(method: str) -> Span:
    from scipy.integrate import solve_ivp

    def span(sample: Array, start: float, end: float, state: Array, rtol: float, atol: float) -> Array:
        solution = solve_ivp(
            lambda _, y: rates_of(y, sample), (start, end), state, method, t_eval=(end,), rtol=rtol, atol=atol
        )
        if not solution.success:
            raise ArithmeticError(solution.message)
        return np.ascontiguousarray(solution.y[:, -1])

    return span


def _cvode_span() -> Span:
    from sksundae.cvode import CVODE

    def right(_, state, rate, given):
        rates.rates(state, given[0], rate)

    def span(sample: Array, start: float, end: float, state: Array, rtol: float, atol: float) -> Array:
        solver = CVODE(right, userdata=(sample,), rtol=rtol, atol=atol, max_num_steps=100_000)
        solution = solver.solve(np.array([start, end]), state)
        if not solution.success:
            raise ArithmeticError(solution.message)
        return np.ascontiguousarray(solution.y[-1])

    return span

"""numbalsoda: LSODA compiled, its right-hand side a C function; nothing of Python between the steps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

from . import rates
from .contender import Contender
from .samples import Samples

Array = NDArray[np.float64]
_MOST_STEPS = 100_000


def contenders() -> list[Contender]:
    """On one thread and on two."""
    solve_some = _compile()

    def prepare(threads: int) -> Callable[[Samples], Callable[[float], Array]]:
        return lambda samples: _prepared(solve_some, samples, threads)

    return [
        Contender("numbalsoda LSODA", prepare(1)),
        Contender("numbalsoda LSODA, 2 threads", prepare(2), threads=2),
    ]


def _prepared(solve_some: Callable[..., bool], samples: Samples, threads: int) -> Callable[[float], Array]:
    spans = np.array(samples.spans)
    starts = np.array([samples.start(i) for i in range(len(samples.numbers))])
    parts = np.array_split(np.arange(len(starts)), threads)

    def solve(rtol: float) -> Array:
        numbers = samples.numbers.copy()
        rows = np.empty((len(numbers), samples.paths + 2))

        def solve_part(part: Array) -> bool:
            here = slice(part[0], part[-1] + 1)
            return solve_some(numbers[here], starts[here], spans, rtol, samples.atol(rtol), rows[here])

        if threads == 1:
            done = [solve_part(parts[0])]
        else:
            with ThreadPoolExecutor(threads) as pool:
                done = list(pool.map(solve_part, parts))
        if not all(done):
            raise ArithmeticError("numbalsoda gave up")
        return rows

    return solve


def _compile() -> Callable[..., bool]:
    from numbalsoda import lsoda, lsoda_sig

    @numba.cfunc(lsoda_sig)
    def right(_, state, rate, sample):
        numbers = numba.carray(sample, (int(sample[0]),))
        count = 1 + int(numbers[rates.PATHS])
        rates.rates(numba.carray(state, (count,)), numbers, numba.carray(rate, (count,)))

    address = right.address

    @numba.njit(**rates.OPTIONS)
    def solve_some(numbers, starts, spans, rtol, atol, rows):
        fine = True
        for i in range(numbers.shape[0]):
            sample = numbers[i]
            state = starts[i].copy()
            for k in range(spans.shape[0]):
                rates.start_span(state, sample, spans[k, 2])
                states, success = lsoda(address, state, spans[k, :2].copy(), sample, rtol, atol, _MOST_STEPS)
                fine = fine and success
                state[:] = states[1]
            rates.final_outcomes(state, sample, rows[i])
        return fine

    return solve_some

"""heyoka: Taylor series of the right-hand side, written in its expressions and compiled.

The state is the logarithm of the mass, in which the table needs no logarithm, then what passed the cracks
and the seal. The method is explicit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels.crack import N_GEOMETRY

from . import expressions, rates
from .contender import Contender
from .samples import Samples

Array = NDArray[np.float64]

_WORKLOADS = ("prk-year", "prk-decay", "prk-year-1024")
# parameters before those of the cracks or the series
_SHARED = (
    rates.RT,
    rates.VISCOSITY,
    rates.FLOW2,
    rates.VOLUME,
    rates.STATION,
    rates.MOLECULAR,
    rates.VISCOUS,
)
_OPEN = len(_SHARED)
_OWN = _OPEN + 1
# above this many cracks the sum is too long an expression to compile
_MOST_CRACKS = 32


def contenders() -> list[Contender]:
    """One sample after another, four and eight side by side, and two threads."""
    import heyoka

    def one(batch: int) -> Callable[[Samples], Callable[[float], Array]]:
        return lambda samples: _prepared(heyoka, samples, batch)

    shared: dict[str, Any] = {"workloads": _WORKLOADS}
    return [
        Contender("heyoka", one(1), **shared),
        Contender("heyoka, batch of 4", one(4), **shared),
        Contender("heyoka, batch of 8", one(8), forms=("table",), **shared),
    ]


def _prepared(heyoka: Any, samples: Samples, batch: int) -> Callable[[float], Array]:
    table = samples.numbers[0, rates.TABLED] > 0.0
    if not table and samples.numbers[0, rates.CRACKS] > _MOST_CRACKS:
        raise ArithmeticError("not done: the sum is too long an expression")
    equations = _equations(heyoka, int(samples.numbers[0, rates.CRACKS]), table=table)
    parameters = _parameters(samples, table=table)
    known: dict[float, Any] = {}

    def solve(rtol: float) -> Array:
        if rtol not in known:
            width = parameters.shape[0]
            make, shape = (
                (heyoka.taylor_adaptive, ()) if batch == 1 else (heyoka.taylor_adaptive_batch, (batch,))
            )
            known[rtol] = make(
                equations,
                np.zeros((3, *shape)),
                tol=rtol,
                pars=np.ones((width, *shape)),
                compact_mode=not table,
            )
        return _solve_all(known[rtol], samples, parameters, batch)

    return solve


def _solve_all(integrator: Any, samples: Samples, parameters: Array, batch: int) -> Array:
    numbers = samples.numbers.copy()
    count = len(numbers)
    rows = np.empty((count, samples.paths + 2))
    for first in range(0, count, batch):
        # the last batch is filled up with its last sample
        which = np.minimum(np.arange(first, first + batch), count - 1)
        states = np.array([samples.start(i) for i in which])
        for start, end, what in samples.spans:
            for state, i in zip(states, which, strict=True):
                rates.start_span(state, numbers[i], what)
            _advance(integrator, states, parameters[:, which], start, end, what)
        for state, i in zip(states, which, strict=True):
            rates.final_outcomes(state, numbers[i], rows[i])
    return rows


def _advance(
    integrator: Any, states: Array, parameters: Array, start: float, end: float, what: int
) -> None:  # fmt: skip
    """Integrate masses over a span, in place."""
    paths = states.shape[1] - 1
    begun = np.zeros((3, len(states)))
    begun[0] = np.log(states[:, 0])
    begun[1 : 1 + paths] = states[:, 1:].T
    single = len(states) == 1
    integrator.state[...] = begun[:, 0] if single else begun
    integrator.pars[...] = parameters[:, 0] if single else parameters
    integrator.pars[_OPEN] = float(what == rates.HATCH_OPEN)
    if single:
        integrator.time = start
        integrator.propagate_until(end)
    else:
        integrator.set_time(start)
        integrator.propagate_until(np.full(len(states), end))
    ended = np.array(integrator.state).reshape(3, len(states))
    if not np.all(np.isfinite(ended)):
        raise ArithmeticError("not finite")
    states[:, 0] = np.exp(ended[0])
    states[:, 1:] = ended[1 : 1 + paths].T


def _parameters(samples: Samples, *, table: bool) -> Array:
    """Return float64 (parameters, n)."""
    numbers = samples.numbers
    shared = numbers[:, _SHARED]
    cracks = int(numbers[0, rates.CRACKS])
    own = numbers[:, rates.HEAD : rates.HEAD + cracks * N_GEOMETRY]
    if table:
        own = expressions.log_series(numbers)
    return np.ascontiguousarray(np.hstack([shared, np.zeros((len(numbers), 1)), own]).T)


def _equations(heyoka: Any, cracks: int, *, table: bool) -> list[tuple[Any, Any]]:
    par, exp = heyoka.par, heyoka.exp
    log_mass, lost, passed = heyoka.make_vars("log_mass", "lost", "passed")
    RT, viscosity, flow2, volume, station, molecular, viscous = (par[i] for i in range(_OPEN))
    hatch = par[_OPEN]
    mass = exp(log_mass)
    pressure = mass * RT / volume
    if table:
        log_pressure = log_mass + heyoka.log(RT / volume)
        terms = [par[_OWN + j] for j in range(expressions.TERMS)]
        leak = exp(expressions.series_of(expressions.place_of(log_pressure), terms))
    else:
        do = expressions.Functions(
            heyoka.sqrt, heyoka.log, lambda a, least: heyoka.select(heyoka.lt(a, least), least, a)
        )
        flows = []
        for i in range(cracks):
            geometry = [par[_OWN + i * N_GEOMETRY + k] for k in range(N_GEOMETRY)]
            flows.append(expressions.vacuum_flow(pressure, (RT, viscosity, flow2), geometry, do))
        leak = heyoka.sum(flows)
    seal = (molecular + 0.5 * viscous * (station + pressure)) * (station - pressure)
    seal = seal + hatch * (leak - seal)
    return [(log_mass, (seal - leak) / mass), (lost, leak), (passed, seal)]

"""diffrax on the processor: samples side by side by ``vmap``, compiled by XLA, the law in arrays of JAX."""

from __future__ import annotations

import os
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
_MOST_STEPS = 100_000


def contenders() -> list[Contender]:
    """An implicit and an explicit method, on one thread."""
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
    import diffrax
    import jax

    jax.config.update("jax_enable_x64", True)
    return [
        Contender("diffrax Kvaerno5", lambda s: _prepared(s, diffrax.Kvaerno5()), workloads=_WORKLOADS),
        Contender("diffrax Dopri8", lambda s: _prepared(s, diffrax.Dopri8()), workloads=_WORKLOADS),
    ]


def _prepared(samples: Samples, method: Any) -> Callable[[float], Array]:
    import jax
    import jax.numpy as jnp

    paths = samples.paths
    right = _right(samples)
    table = samples.numbers[0, rates.TABLED] > 0.0
    starts = np.array([samples.start(i) for i in range(len(samples.numbers))])
    own = expressions.log_series(samples.numbers) if table else np.zeros((len(starts), 1))
    spans = jnp.array(samples.spans)

    def history(start: Any, numbers: Any, series: Any, rtol: Any) -> Any:
        def one_span(state: Any, span: Any) -> tuple[Any, None]:
            hatch = (span[2] == rates.HATCH_OPEN).astype(float)
            full = numbers[rates.STATION] * numbers[rates.VOLUME] / numbers[rates.RT]
            gain = hatch * (full - state[0])
            state = state.at[0].add(gain)
            if paths > 1:
                state = state.at[2].add(gain)
            return _integrate(method, right, state, span, (numbers, series, hatch), rtol, samples), None

        return jax.lax.scan(one_span, start, spans)[0]

    compiled = jax.jit(jax.vmap(history, in_axes=(0, 0, 0, None)))

    def solve(rtol: float) -> Array:
        states = np.array(compiled(starts, samples.numbers, own, rtol))
        if not np.all(np.isfinite(states)):
            raise ArithmeticError("not finite")
        rows = np.empty((len(states), paths + 2))
        for state, row, sample in zip(states, rows, samples.numbers, strict=True):
            rates.final_outcomes(state, sample, row)
        return rows

    return solve


def _integrate(
    method: Any, right: Any, state: Any, span: Any, given: Any, rtol: Any, samples: Samples
) -> Any:
    import diffrax

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(right), method, span[0], span[1], None, state, given,
        stepsize_controller=diffrax.PIDController(rtol=rtol, atol=rtol * samples.atol(1.0)),
        saveat=diffrax.SaveAt(t1=True), max_steps=_MOST_STEPS,
        adjoint=diffrax.ForwardMode(), throw=False,
    )  # fmt: skip
    return solution.ys[0]


def _right(samples: Samples) -> Callable[[Any, Any, Any], Any]:
    import jax.numpy as jnp

    table = samples.numbers[0, rates.TABLED] > 0.0
    cracks = int(samples.numbers[0, rates.CRACKS])
    do = expressions.Functions(jnp.sqrt, jnp.log, jnp.maximum)

    def right(_: Any, state: Any, given: Any) -> Any:
        numbers, series, hatch = given
        pressure = state[0] * numbers[rates.RT] / numbers[rates.VOLUME]
        if table:
            terms = [series[j] for j in range(expressions.TERMS)]
            leak = jnp.exp(expressions.series_of(expressions.place_of(jnp.log(pressure)), terms))
        else:
            own = numbers[rates.HEAD : rates.HEAD + cracks * N_GEOMETRY].reshape(cracks, N_GEOMETRY).T
            gas = (numbers[rates.RT], numbers[rates.VISCOSITY], numbers[rates.FLOW2])
            leak = expressions.vacuum_flow(pressure, gas, own, do).sum()
        if samples.paths == 1:
            return jnp.array([-leak, leak])
        station = numbers[rates.STATION]
        seal = (numbers[rates.MOLECULAR] + 0.5 * numbers[rates.VISCOUS] * (station + pressure)) * (
            station - pressure
        )
        seal = seal + hatch * (leak - seal)
        return jnp.array([seal - leak, leak, seal])

    return right

"""Coefficients of the six methods that `benchmarks.methods` compares, in one form.

Sources
-------
RODAS4 (Hairer and Wanner's RODAS) and DOP853: the kernels' own coefficients. Rodas5P: Steinebach, BIT Numer.
Math. 63 (2023) 27. Rodas3: Sandu et al., Atmos. Environ. 31 (1997) 3459. Dormand and Prince 5(4): Hairer,
Norsett and Wanner, Solving ODE I, tab. II.5.2. Bogacki and Shampine 3(2): Appl. Math. Lett. 2 (1989) 321.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leakflow.kernels import explicit, rosenbrock

__all__ = ["METHODS", "Method", "stability"]


class Method(NamedTuple):
    """A Rosenbrock method, in the form of Solving ODE II, eq. IV.7.25, or an explicit Runge-Kutta pair.

    gamma : float
        Of a Rosenbrock method; zero for an explicit one.
    A : float64[s, s]
        Arguments of the stages.
    C : float64[s, s]
        Of a Rosenbrock method; not used by an explicit one.
    weights, error, error3 : float64[s]
        Of the new state, of the error estimate, and of the second estimate that DOP853 has.
    order : int
        Of the method.
    power : int
        Of the step that the error estimate goes with.
    dense : float64[3, s]
        Of dense output, as `leakflow.kernels.rosenbrock.dense_state` takes it; zeros where it is not here.
    ends : bool
        Whether the last stage of an explicit method stands at the new state.
    """

    gamma: float
    A: NDArray[Any]
    C: NDArray[Any]
    weights: NDArray[Any]
    error: NDArray[Any]
    error3: NDArray[Any]
    order: int
    power: int
    dense: NDArray[Any]
    ends: bool

    @property
    def has_dense(self) -> bool:
        """Whether its dense output is here."""
        return bool(self.dense.any())

    @property
    def is_implicit(self) -> bool:
        """Whether it is a Rosenbrock method."""
        return self.gamma > 0.0


def stability(method: Method, z: complex) -> complex:
    """Growth of a step at ``y' = lambda y``, as a function of ``z = h lambda``."""
    stages: list[complex] = []
    for s in range(method.weights.size):
        there = 1.0 + sum(method.A[s, j] * stages[j] for j in range(s))
        if method.is_implicit:
            known = z * there + sum(method.C[s, j] * stages[j] for j in range(s))
            stages.append(known / (1.0 / method.gamma - z))
        else:
            stages.append(z * there)
    return complex(1.0 + sum(weight * stage for weight, stage in zip(method.weights, stages, strict=True)))


def _rosenbrock(
    gamma: float, A: list[list[float]], C: list[list[float]], order: int, last: int = 1
) -> Method:
    """Make a stiffly accurate method: each of the ``last`` stages adds the one before to its argument.

    The new state is the last argument plus the last stage, and that stage is the error.
    """
    stages = len(A) + last
    arguments, coupling = np.zeros((stages + 1, stages)), np.zeros((stages, stages))
    for s, row in enumerate(A):
        arguments[s, : len(row)] = row
    for s in range(len(A), stages + 1):
        arguments[s] = arguments[s - 1]
        arguments[s, s - 1] = 1.0
    for s, row in enumerate(C):
        coupling[s, : len(row)] = row
    error = np.eye(stages)[-1]
    new, dense = arguments[-1].copy(), np.zeros((3, stages))
    arguments = arguments[:-1].copy()
    return Method(gamma, arguments, coupling, new, error, 0.0 * error, order, order, dense, False)


def _explicit(A: list[list[float]], weights: list[float], other: list[float], order: int) -> Method:
    """Make a pair whose last stage stands at the new state; ``other`` are the weights of its lower order."""
    stages = len(weights)
    arguments = np.zeros((stages, stages))
    for s, row in enumerate(A):
        arguments[s, : len(row)] = row
    new = np.array(weights)
    error = new - np.array(other)
    dense = np.zeros((3, stages))
    return Method(0.0, arguments, 0.0 * arguments, new, error, 0.0 * error, order, order, dense, True)


def _rodas() -> Method:
    A = [row[:s].tolist() for s, row in enumerate(rosenbrock.A)]
    C = [row[:s].tolist() for s, row in enumerate(rosenbrock.C)]
    made = _rosenbrock(rosenbrock.GAMMA, A, C, rosenbrock.ORDER)
    return made._replace(dense=np.vstack([rosenbrock._H, np.zeros((1, rosenbrock.STAGES))]))


def _dop853() -> Method:
    n = explicit.STAGES
    A, order = explicit.A[:n, :n].copy(), explicit.ORDER
    dense = np.zeros((3, n))
    return Method(0.0, A, 0.0 * A, explicit.B, explicit.E5, explicit.E3, order, order, dense, False)


_RODAS5P = _rosenbrock(
    0.21193756319429014,
    [
        [],
        [3.0],
        [2.849394379747939, 0.45842242204463923],
        [-6.954028509809101, 2.489845061869568, -10.358996098473584],
        [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
        [
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
        ],
    ],
    [
        [],
        [-14.155112264123755],
        [-17.97296035885952, -2.859693295451294],
        [147.12150275711716, -1.41221402718213, 71.68940251302358],
        [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
        [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
        [
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ],
        [
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ],
    ],
    5,
    last=2,
)._replace(
    dense=np.array(
        [
            [
                25.948786856663858,
                -2.5579724845846235,
                10.433815404888879,
                -2.3679251022685204,
                0.524948541321073,
                1.1241088310450404,
                0.4272876194431874,
                -0.17202221070155493,
            ],
            [
                -9.91568850695171,
                -0.9689944594115154,
                3.0438037242978453,
                -24.495224566215796,
                20.176138334709044,
                15.98066361424651,
                -6.789040303419874,
                -6.710236069923372,
            ],
            [
                11.419903575922262,
                2.8879645146136994,
                72.92137995996029,
                80.12511834622643,
                -52.072871366152654,
                -59.78993625266729,
                -0.15582684282751913,
                4.883087185713722,
            ],
        ]
    )
)
_RODAS3 = _rosenbrock(
    0.5,
    [[], [0.0], [2.0, 0.0]],
    [[], [4.0], [1.0, -1.0], [1.0, -1.0, -8.0 / 3.0]],
    3,
)
_DORMAND_PRINCE_B = [35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
_DORMAND_PRINCE = _explicit(
    [
        [],
        [1 / 5],
        [3 / 40, 9 / 40],
        [44 / 45, -56 / 15, 32 / 9],
        [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
        [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
        _DORMAND_PRINCE_B,
    ],
    [*_DORMAND_PRINCE_B, 0.0],
    [5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40],
    5,
)
_BOGACKI_SHAMPINE = _explicit(
    [[], [1 / 2], [0.0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
    [2 / 9, 1 / 3, 4 / 9, 0.0],
    [7 / 24, 1 / 4, 1 / 3, 1 / 8],
    3,
)
#: By name; the first three are L-stable.
METHODS: Mapping[str, Method] = MappingProxyType({
    "Rodas5P": _RODAS5P,
    "RODAS4": _rodas(),
    "Rodas3": _RODAS3,
    "DOP853": _dop853(),
    "DP5(4)": _DORMAND_PRINCE,
    "BS3(2)": _BOGACKI_SHAMPINE,
})  # fmt: skip

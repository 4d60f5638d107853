from __future__ import annotations

import gc

import numba
import numpy as np
import pytest

from leakflow.kernels.crack import crack_geometry, geometry_flow
from leakflow.kernels.jit import OPTIONS, jit, jit_rare
from leakflow.kernels.orifice import perry_coefficient
from leakflow.kernels.whole import WholeCompiler

compiled = pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
CRACK = crack_geometry(6e-6, 1e-2, 2.5e-3, 1.5, 5e-7, 1.0, 0.9, 0.5)
PRESSURES = np.linspace(200.0, 1e5, 7)
RATIOS = np.linspace(0.0, 1.0, 101)


@jit
def twice(x):
    return 2.0 * x


@jit
def four_times(x):
    return twice(twice(x))


@jit
def eight_times(x):
    return twice(four_times(x))


def test_a_function_may_be_called_from_python_and_from_others():
    assert (twice(1.5), four_times(1.5), eight_times(1.5)) == (3.0, 6.0, 12.0)


def flows(pressures, out):
    """Calls a law that is too long to be put in its place twice."""
    for i in range(pressures.size):
        first = geometry_flow(pressures[i], 100.0, 84434.0, 1.8e-5, 0.528, 0.4688, CRACK)
        out[i] = first - geometry_flow(100.0, pressures[i], 84434.0, 1.8e-5, 0.528, 0.4688, CRACK)


@pytest.fixture(scope="module")
def whole():
    kernel = numba.njit(**OPTIONS, pipeline_class=WholeCompiler)(flows)
    kernel(PRESSURES, np.zeros(PRESSURES.size))
    return kernel


@compiled
def test_what_is_called_is_linked_once_and_nothing_else_can_call_it(whole):
    functions = list(next(iter(whole.overloads.values())).library.get_defined_functions())
    inside = [f for f in functions if f.linkage.name == "internal"]
    assert len([f for f in inside if "geometry_flow" in f.name]) == 1
    assert {f.linkage.name for f in functions if "test_whole" in f.name} == {"external"}


def polynomial(x):
    """Long enough to be worth a call, and short enough to be put in its place at two."""
    for k in range(1, 12):
        x = x * (x + k) / (1.0 + k * x * x)
    return x


usual, rare = jit(polynomial), jit_rare(polynomial)


def usual_twice(x):
    return usual(x) + usual(2.0 * x)


def rare_twice(x):
    return rare(x) + rare(2.0 * x)


@compiled
def test_what_runs_rarely_is_called_where_other_things_are_put_in_place():
    wholes = [numba.njit(**OPTIONS, pipeline_class=WholeCompiler)(f) for f in (usual_twice, rare_twice)]
    assert wholes[0](0.7) == wholes[1](0.7) == polynomial(0.7) + polynomial(1.4)
    inside = []
    for kernel in wholes:
        functions = next(iter(kernel.overloads.values())).library.get_defined_functions()
        inside.append([f.name for f in functions if "polynomial" in f.name])
    assert [len(names) for names in inside] == [0, 1]


@jit
def long_sum(x):
    total = 0.0
    for k in range(int(x)):
        total += np.sin(total + k) * np.cos(total - k) + np.sqrt(abs(total) + k)
    return total


@jit
def sum_unless_none(kind, x):
    return 1.0 if kind == 0 else long_sum(x) + long_sum(2.0 * x)


@jit
def none(x):
    return sum_unless_none(0, x)


@jit
def one(x):
    return long_sum(x) - long_sum(0.5 * x)


@jit
def one_and_none(x):
    return one(x) + none(x)


@jit
def none_and_one(x):
    return none(x) + one(x)


@compiled
def test_what_one_caller_drops_is_there_for_another():
    """Where a kind is known, a call is dropped before the parts are linked."""
    expected = 1.0 + long_sum(9.0) - long_sum(4.5)
    assert none_and_one(9.0) == pytest.approx(expected, rel=1e-15)
    assert one_and_none(9.0) == pytest.approx(expected, rel=1e-15)


@compiled
def test_what_a_whole_keeps_inside_is_not_bound_to_other_functions(whole):
    """There the law may rely on its 84,434 J/kg, so that the loader must not take it for the law itself."""

    @numba.njit(**OPTIONS)
    def mine(pressure, RT, crack):
        return geometry_flow(pressure, 100.0, RT, 1.8e-5, 0.528, 0.4688, crack)

    for RT in (84434.0, 50000.0):
        assert mine(1e5, RT, CRACK) == geometry_flow(1e5, 100.0, RT, 1.8e-5, 0.528, 0.4688, CRACK)


@compiled
def test_a_function_of_the_users_own_may_call_kernels():
    """Numba compiles it in its own way, to the same bits."""

    @numba.njit(error_model="numpy")
    def mine(ratios, out):
        for i in range(ratios.size):
            out[i] = perry_coefficient(ratios[i])

    out = np.zeros(RATIOS.size)
    mine(RATIOS, out)
    assert np.array_equal(out, [perry_coefficient(r) for r in RATIOS])


@compiled
@pytest.mark.parametrize("on", [True, False])
def test_numba_and_the_collector_of_garbage_are_as_they_were(on):
    def wrong(x):
        return x.no_such_thing

    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        numba.njit(pipeline_class=WholeCompiler)(lambda x: x + 1.0)(1.0)
        assert gc.isenabled() is on
        with pytest.raises(numba.TypingError):
            numba.njit(pipeline_class=WholeCompiler)(wrong)(1.0)
        assert gc.isenabled() is on
        assert "get_call_type" not in vars(numba.types.Function)
    finally:
        (gc.enable if was_on else gc.disable)()

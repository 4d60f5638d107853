"""Elementary functions as arithmetic: against mpmath, and what they are compiled to."""

from __future__ import annotations

import math
import platform
import re

import mpmath
import numba
import numpy as np
import pytest

from leakflow.kernels import elementary, random
from leakflow.kernels.jit import OPTIONS

LEAST, LEAST_NORMAL, LARGEST = 5e-324, 2.0**-1022, math.nextafter(math.inf, 0.0)
EXP_OVERFLOW = 709.782712893384  # the last number whose exponential is finite
EXP_UNDERFLOW = -745.1332191019411  # the last one whose exponential is not zero

generator = np.random.default_rng(20210714)


def over(function):
    """A compiled loop of a function over an array."""

    @numba.njit(**OPTIONS)
    def loop(values, results):
        for i in range(values.size):
            results[i] = function(values[i])

    return loop


LOOPS = {name: over(getattr(elementary, name)) for name in ("exp", "log", "normal_quantile")}


def results(name, values):
    values = np.asarray(values, float)
    found = np.full(values.size, -777.25)
    with np.errstate(all="ignore"):  # NumPy speaks up where nothing is compiled
        LOOPS[name](values, found)
    return found


def largest_error(name, values, reference):
    """Of a function over many values, in units of the last place of the right answer."""
    worst = 0.0
    with mpmath.workdps(45):
        for value, found in zip(values, results(name, values), strict=True):
            right = reference(mpmath.mpf(float(value)))
            error = abs(mpmath.mpf(float(found)) - right) / mpmath.mpf(math.ulp(float(right)))
            worst = max(worst, float(error)) if math.isfinite(found) else math.inf
    return worst


def quantile(u):
    """The root of the distribution function, by Newton's method on its logarithm, and that it is one."""
    tail = min(u, 1 - u)
    z = mpmath.mpf(0)
    for _ in range(100):
        above = mpmath.erfc(z / mpmath.sqrt(2)) / 2
        if abs(above - tail) <= mpmath.mpf(10) ** -38 * tail:
            return -z if u < 0.5 else z
        density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
        z += mpmath.log(above / tail) * above / density
    raise AssertionError(f"no quantile at {u}")


# Numbers


def test_exp_is_right_to_the_last_place():
    wide = generator.uniform(EXP_UNDERFLOW, EXP_OVERFLOW, 3000)
    small = np.concatenate([s * np.geomspace(1e-320, 1.0, 1000) for s in (-1.0, 1.0)])
    odd_halves = (np.arange(-1000, 1000) + 0.5) * math.log(2.0)  # ends of the reduced argument
    near_ends = [EXP_OVERFLOW, EXP_UNDERFLOW, -708.4, -708.3964185322641, -745.0, -740.0, 0.0]
    values = np.concatenate([wide, small, odd_halves[np.abs(odd_halves) < 700.0], near_ends])
    assert largest_error("exp", values, mpmath.exp) <= 1.0


def test_log_is_right_to_the_last_place():
    whole = np.concatenate([np.geomspace(1e-307, 1e307, 2000), 2.0 ** generator.uniform(-1074, -1022, 500)])
    near_one = 1.0 + np.concatenate([s * np.geomspace(2.3e-16, 0.3, 700) for s in (-1.0, 1.0)])
    binade = np.linspace(0.5, 2.0, 1001)
    ends = [LEAST, LEAST_NORMAL, math.nextafter(LEAST_NORMAL, 0.0), LARGEST, math.sqrt(0.5), math.sqrt(2.0)]
    values = np.concatenate([whole, near_one[near_one != 1.0], binade[binade != 1.0], ends])
    assert largest_error("log", values, mpmath.log) <= 1.0


def test_the_normal_quantile_is_right_to_eight_places_of_the_last():
    tails = np.concatenate([np.geomspace(1e-300, 0.5, 1200), 1.0 - np.geomspace(1.2e-16, 0.5, 500)])
    middle = np.concatenate([0.5 + s * np.geomspace(1e-15, 0.5, 300)[:-1] for s in (-1.0, 1.0)])
    seams = np.array([0.075, 0.925, math.exp(-25.0), 1.0 - math.exp(-25.0)])
    values = np.concatenate([tails, middle, seams, np.nextafter(seams, 0.0), np.nextafter(seams, 1.0)])
    assert largest_error("normal_quantile", values, quantile) <= 8.0


def test_the_normal_quantile_is_that_of_the_draws():
    u = np.concatenate([generator.uniform(0.0, 1.0, 5000), np.geomspace(LEAST_NORMAL, 0.5, 3000)])
    expected = [random.normal_quantile(value) for value in u]
    np.testing.assert_allclose(results("normal_quantile", u), expected, rtol=5e-15, atol=0.0)


# Ends


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("exp", [0.0, -0.0, LEAST, -LEAST, 1e-310], [1.0] * 5),
        ("exp", [-math.inf, -LARGEST, -746.0, math.nextafter(EXP_UNDERFLOW, -math.inf)], [0.0] * 4),
        ("exp", [math.inf, LARGEST, 710.0, math.nextafter(EXP_OVERFLOW, math.inf)], [math.inf] * 4),
        ("exp", [EXP_UNDERFLOW, math.nan], [LEAST, math.nan]),
        ("log", [0.0, -0.0, 1.0, math.inf], [-math.inf, -math.inf, 0.0, math.inf]),
        ("log", [-LEAST, -1.0, -LARGEST, -math.inf, math.nan], [math.nan] * 5),
        ("normal_quantile", [0.0, -0.0, 1.0, 0.5], [-math.inf, -math.inf, math.inf, 0.0]),
        (
            "normal_quantile",
            [-LEAST, math.nextafter(1.0, 2.0), -math.inf, math.inf, math.nan],
            [math.nan] * 5,
        ),
    ],
)
def test_ends(name, values, expected):
    np.testing.assert_array_equal(results(name, values), expected)


def test_the_quantile_reaches_the_last_numbers():
    found = results("normal_quantile", [LEAST, 1.0 - 2.0**-53])
    assert found == pytest.approx([-38.467405617144344, 8.209536151601387], rel=1e-14, abs=0.0)


def test_plain_python_gives_the_same_bits():
    with np.errstate(all="ignore"):
        for name, values in (
            ("exp", [-750.0, -1.5, 0.0, 0.3, 700.0]),
            ("log", [0.0, 1e-310, 0.3, 7.0, math.inf]),
        ):
            plain = getattr(elementary, name)
            plain = getattr(plain, "py_func", plain)
            assert [float(plain(value)) for value in values] == results(name, values).tolist()


# What they are compiled to


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads x86 instructions")
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_takes_several_numbers_at_once_and_calls_nothing(name):
    results(name, [0.3])
    (assembly,) = LOOPS[name].inspect_asm().values()
    loop = assembly.partition("cpython")[0]  # before the wrapper that Python calls
    assert len(re.findall(r"\bv?mulpd\b.*%[xyz]mm", loop)) >= 10
    assert len(re.findall(r"\bv?addpd\b.*%[xyz]mm", loop)) >= 10
    assert re.findall(r"\bcallq?\b.*", loop) == []
    assert re.findall(r"\$(?:exp|log)\b", assembly) == []


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="reads x86 instructions")
@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_what_calls_the_library_would_be_seen():
    library = over(math.exp)
    library(np.zeros(1), np.zeros(1))
    (assembly,) = library.inspect_asm().values()
    assert re.findall(r"\bcallq?\b.*", assembly.partition("cpython")[0]) != []
    assert re.findall(r"\$(?:exp|log)\b", assembly) != []

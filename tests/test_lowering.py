"""Items of arrays, ranges and variables, in a kernel and in Python."""

from __future__ import annotations

import numpy as np
import pytest

from leakflow.kernels.jit import jit

A = np.arange(60.0).reshape(3, 4, 5) ** 1.5
LAYOUTS = {
    "C": A[0].copy(),
    "F": np.asfortranarray(A[0]),
    "strided": A[:, ::2, 1:4:2][1],
    "backwards": A[1, ::-1, ::-1],
}


def items(a):
    """Of one array: rows, items from both ends, by signed, unsigned and given places, and sizes."""
    rows, columns = a.shape
    out = np.zeros(40)
    n = 0
    for i in range(-rows, rows):
        row = a[i]
        out[n] = row[-1] + row[0] + 3.0 * row[row.size - 1]
        out[n + 1] = a[i, -columns] - a[i][1]
        n += 2
    last = np.uint64(columns - 1)
    out[n] = a[np.uint64(1), last]
    out[-1] = a.size
    out[-2] = a[-1, -1]
    out[-3] = a[1][row.shape[0] - 1]
    return out


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reads_of_arrays_of_every_layout(layout):
    a = LAYOUTS[layout]
    np.testing.assert_array_equal(jit(items)(a), items(a))


def fill(a, by):
    """Write items, of rows too, and of a whole number."""
    for i in range(a.shape[0]):
        row = a[i]
        row[-1] = by + i
        a[i, 0] += i
        a[i][1] = a[i, 0] * by
    a[-1, -1] = 7
    a[0][0] = True


@pytest.mark.parametrize("layout", LAYOUTS)
def test_writes_to_arrays_of_every_layout(layout):
    a = LAYOUTS[layout]
    compiled, plain = a.copy(order="K"), a.copy(order="K")
    jit(fill)(compiled, 2.5)
    fill(plain, 2.5)
    np.testing.assert_array_equal(compiled, plain)
    assert not np.array_equal(plain, a)


def test_a_write_to_a_view_is_seen_in_the_array():
    base = np.zeros((4, 6))
    jit(fill)(base[::2, 1::2], 2.5)
    plain = np.zeros((2, 3))
    fill(plain, 2.5)
    np.testing.assert_array_equal(base[::2, 1::2], plain)
    assert not base[1::2].any()
    assert not base[:, ::2].any()


def test_deep_views():
    @jit
    def deep(a):
        middle = a[1]
        return middle[-1][2] + a[-1, 2][0] + middle.shape[1] + a[0, 0].size

    assert deep(A) == A[1, -1, 2] + A[-1, 2, 0] + 5 + 5


@jit
def count(start, stop, step, out):
    """How often each kind of range runs, and where it ends."""
    for i in range(stop):
        out[0] += i
        out[1] += 1
    for i in range(start, stop):
        out[2] += i
        for _ in range(i, 3):
            out[3] += 1
    for i in range(start, stop, step):
        out[4] += i
        if i == 4:
            break
        if i == 2:
            continue
        out[5] += 1
    last = -1
    for last in range(start, stop):  # noqa: B007
        pass
    out[6] = last
    if stop > 5:
        last = 100
    out[7] = last


@pytest.mark.parametrize("bounds", [(0, 6, 1), (2, 5, 2), (5, 2, -1), (3, 3, 1), (-4, -9, 1), (-4, 3, 3)])
def test_ranges(bounds):
    out, plain = np.zeros(8, np.int64), np.zeros(8, np.int64)
    count(*bounds, out)
    getattr(count, "py_func", count)(*bounds, plain)
    np.testing.assert_array_equal(out, plain)


@jit
def carried(values, out):
    """Variables that are assigned in some rounds only, and read in later ones."""
    previous = 0.0
    best = -1
    seen = 0
    for i in range(values.size):
        value = values[i]
        if value < 0.0:
            continue
        if seen == 0:
            first = value
        elif value > previous:
            best = i
        previous = value
        seen += 1
        while value > 1.0:
            value /= 2.0
            if value < 1.5:
                half = value
                break
        else:
            half = 0.0
        out[i] = half + first
    return best, seen, previous


def test_variables_that_live_across_blocks():
    values = np.array([-1.0, 3.0, 0.5, -2.0, 6.0, 1.25, 8.0])
    out, plain = np.zeros(7), np.zeros(7)
    assert carried(values, out) == getattr(carried, "py_func", carried)(values, plain)
    np.testing.assert_array_equal(out, plain)

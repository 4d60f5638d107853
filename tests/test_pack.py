"""Packs: what a kernel reads through the one pointer is what Python put in."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from leakflow.kernels.jit import jit
from leakflow.kernels.pack import Pack, Packs

ROW = np.dtype([("a", "f8"), ("b", "i8", (2,))])


class Three(Pack):
    line: NDArray[Any]
    table: NDArray[Any]
    rows: NDArray[Any]
    count: int


@jit
def read(pack, out):
    out[0] = pack.line[pack.line.size - 1]
    out[1] = pack.table[1, 2]
    out[2] = pack.rows[1]["a"] + pack.rows[1]["b"][1]
    out[3] = pack.count
    out[4] = pack.table.shape[0] * 10 + pack.table.shape[1]


@jit
def write(pack):
    pack.line[0] = 7.0
    pack.table[1, 0] = 8.0
    row = pack.rows[0]
    row["a"] = 9.0


def three():
    rows = np.zeros(2, ROW)
    rows[1]["a"], rows[1]["b"] = 0.5, (3, 4)
    return Three(np.arange(5.0), np.arange(6.0).reshape(2, 3), rows, count=11)


def seen(pack):
    out = np.zeros(5)
    read(pack, out)
    return out.tolist()


def test_a_kernel_reads_what_was_put_in():
    assert seen(three()) == [4.0, 5.0, 4.5, 11.0, 23.0]


def test_a_kernel_writes_to_the_packs_arrays():
    pack = three()
    write(pack)
    assert (pack.line[0], pack.table[1, 0], pack.rows[0]["a"]) == (7.0, 8.0, 9.0)


def test_arrays_in_another_order_are_made_contiguous():
    pack = three().replace(table=np.asfortranarray(np.arange(6.0).reshape(2, 3)), line=np.arange(10.0)[::2])
    assert seen(pack) == [8.0, 5.0, 4.5, 11.0, 23.0]


def test_empty_arrays_and_other_sizes_are_of_the_same_type():
    small = three()
    large = small.replace(line=np.arange(50.0), count=3)
    assert seen(large)[0] == 49.0
    if hasattr(read, "signatures"):
        assert len(read.signatures) == 1


def test_a_pickled_pack_has_a_table_of_its_own():
    pack = pickle.loads(pickle.dumps(three()))
    assert seen(pack) == seen(three())


@pytest.mark.parametrize("values", [(1,), (np.zeros(1),) * 5])
def test_fields_are_all_given_once(values):
    with pytest.raises(TypeError, match="takes the fields line, table, rows, count"):
        Three(*values)


@jit
def read_each(packs, count, out):
    for i in range(count):
        pack = packs[i]
        out[i] = pack.line[0] + pack.count
        write(pack)


def test_packs_are_read_and_written_by_number():
    several = [three().replace(line=np.array([10.0 * i]), count=i) for i in range(5)]
    packs = Packs(several)
    out = np.zeros(5)
    read_each(packs, 5, out)
    assert out.tolist() == [0.0, 11.0, 22.0, 33.0, 44.0]
    assert [packs[i].line[0] for i in range(5)] == [7.0] * 5
    assert packs[3] is several[3]

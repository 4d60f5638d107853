"""Samples put side by side by hand, for the tests of rates and steps in lanes."""

from __future__ import annotations

import platform
import re

import numba
import numpy as np
import pytest
from plans import prepared

from leakflow.kernels import model, network, rate_lanes, sample_lanes
from leakflow.kernels.jit import OPTIONS
from leakflow.kernels.pack import Packs
from leakflow.kernels.places import EXPLICIT
from leakflow.kernels.sample_lanes import LANES, NEW


class SideBySide:
    """The first samples of a case, each at the start of its run, in a lane of its own."""

    def __init__(self, case, turn=EXPLICIT, *, seed=1):
        self.each = [prepared(case, seed=seed, index=lane) for lane in range(LANES)]
        self.plan = self.each[0].plan
        self.samples = Packs([p.sample for p in self.each])
        self.lanes = sample_lanes.new_lanes(self.plan)
        self.lanes.content[:] = np.nan  # nothing is read that was not written
        self.lanes.turn[:] = turn
        self.turn = turn
        for lane, p in enumerate(self.each):
            network.rates(self.plan, p.sample, p.state, p.work.rate)
            sample_lanes.set_conditions(self.plan, p.sample, self.lanes, lane)
            self.put(lane, 0.0)

    def put(self, lane, h):
        p = self.each[lane]
        sample_lanes.put_step(self.lanes, lane, h, p.state, p.work.rate)
        for i, content in enumerate(p.state):
            self.lanes.content[i, NEW + lane] = content

    def rates(self):
        """Rates of all lanes where their contents stand, a row for each lane."""
        rate_lanes.rates_in_lanes(self.plan, self.samples, self.lanes, self.turn, NEW)
        return self.row(sample_lanes.RATE)

    def row(self, at):
        """Numbers of all contents in a row of their blocks, a row for each lane."""
        return self.lanes.content[:, at : at + LANES].T.copy()


def ones(p):
    """Rates of a sample by itself."""
    rate = np.full(p.state.size, np.nan)
    network.rates(p.plan, p.sample, p.state, rate)
    return rate


def packed_in(kernel, *arguments):
    """Packed arithmetic instructions in a kernel compiled alone, and what it calls of exp and log.

    A loop is in lanes if these are as many at least as the operations in its body: each stands once in a loop
    over vectors. Scalar ones may be there for what is left of a count that the compiler does not know.
    """
    if not hasattr(kernel, "py_func"):
        pytest.skip("not compiled")
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("another instruction set")
    compiled = numba.njit(**OPTIONS)(kernel.py_func)
    compiled(*arguments)
    code = "\n".join(compiled.inspect_asm().values())
    calls = re.findall(r"call\S*\s+\S*(?:exp|log)", code)
    return len(re.findall(r"\bv?(?:div|mul|add|sub|sqrt)pd\b", code)), calls


def cells_filled(p, path):
    """Cells of a path that a sample has looked at."""
    cells = p.sample.cells[path * model.CELLS : (path + 1) * model.CELLS]
    return int(np.count_nonzero(cells["kind"]))

"""The vector of inputs of a plan: a slot, and a way to draw it, for every number of a case."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model, random
from .columns import Column
from .errors import CaseError
from .numbers import ARGUMENTS, Constant, Distribution, Number, to_plain
from .units import DIMENSIONS

__all__ = ["Slots", "stack"]

_KINDS = {
    "constant": random.CONSTANT,
    "uniform": random.UNIFORM,
    "loguniform": random.LOGUNIFORM,
    "normal": random.NORMAL,
    "truncated-normal": random.TRUNCATED_NORMAL,
    "lognormal": random.LOGNORMAL,
    "triangular": random.TRIANGULAR,
    "weibull": random.WEIBULL,
    "choice": random.CHOICE,
}


@dataclass
class Slots:
    """The vector of inputs as it grows: one row of draws for each number."""

    source: str
    draws: list[NDArray[Any]] = field(default_factory=list)
    crack_rows: list[NDArray[Any]] = field(default_factory=list)
    choices: list[tuple[float, float]] = field(default_factory=list)
    random: list[Column] = field(default_factory=list)
    max_cracks: int = 0
    # the number itself is kept, or its identity could come to stand for another
    _known: dict[int, tuple[Number, int]] = field(default_factory=dict)
    _streams: dict[int, str] = field(default_factory=dict)

    def rows(self) -> NDArray[Any]:
        """Return the table of draws."""
        return stack(self.draws, model.DRAW)

    def add(self, number: Number, key: str, dimension: str) -> int:
        """Give a number its slot; the same object asked for twice keeps its slot."""
        if id(number) in self._known:
            return self._known[id(number)][1]
        row = self._row(number, key, dimension)
        slot = len(self.draws)
        self.draws.append(row)
        self._known[id(number)] = number, slot
        if isinstance(number, Distribution):
            name = number.name or key
            text = json.dumps(to_plain(number), sort_keys=True)
            column = Column(
                name, slot, dimension, DIMENSIONS[dimension].unit or "1", f"input {key}", "input",
                {"distribution": text},
            )  # fmt: skip
            self.random.append(column)
        return slot

    def add_if(self, number: Number | None, key: str, dimension: str) -> int:
        """Give a number its slot; -1 if there is none."""
        return -1 if number is None else self.add(number, key, dimension)

    def fixed(self, value: float) -> int:
        """Give a slot to a value that is not of the case."""
        return self.add(Constant(value), "", "dimensionless")

    def add_crack_row(self, number: Number, key: str, dimension: str) -> None:
        """Add the draw of one field of a population; what is common to its cracks gets a slot."""
        if isinstance(number, Distribution) and number.per == "crack":
            self.crack_rows.append(self._row(number, key, dimension))
            return
        row = _empty_row(random.CONSTANT)
        row["slot"][0] = self.add(number, key, dimension)
        self.crack_rows.append(row)

    def _row(self, number: Number, key: str, dimension: str) -> NDArray[Any]:
        if isinstance(number, Constant):
            row = _empty_row(random.CONSTANT)
            row["value"][0] = number.value
            return row
        row = _empty_row(_KINDS[number.kind])
        row["stream"] = self._stream(number.name or key)
        if number.kind == "choice":
            row["value"][:2] = len(self.choices), len(number.values)
            self.choices += _cumulative(number)
            return row
        for place, name in enumerate(ARGUMENTS[number.kind]):
            argument = number.args[name]
            if isinstance(argument, Constant):
                row["value"][place] = argument.value
            else:
                own = "dimensionless" if ARGUMENTS[number.kind][name] == "shape" else dimension
                row["slot"][place] = self.add(argument, f"{key}_{name}", own)
        return row

    def _stream(self, name: str) -> int:
        stream = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
        if stream in self._streams:
            other = self._streams[stream]
            said = "two numbers are" if other == name else f"{name} and {other} draw alike:"
            raise CaseError(f"{self.source}: name = {name}: {said} named so; give one of them another name")
        self._streams[stream] = name
        return stream


def _cumulative(number: Distribution) -> Iterable[tuple[float, float]]:
    weights = np.array(number.weights or [1.0] * len(number.values))
    return list(zip(number.values, (np.cumsum(weights) / weights.sum()).tolist(), strict=True))


def _empty_row(kind: int) -> NDArray[Any]:
    row = np.zeros((), model.DRAW)
    row["kind"] = kind
    row["slot"] = -1
    return row


def stack(rows: Sequence[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    table = np.zeros(len(rows), dtype)
    for place, row in enumerate(rows):
        table[place] = row
    return table

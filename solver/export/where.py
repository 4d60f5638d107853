"""Which samples are wanted, as words: ``status == 0 and (mass_lost > 1 or not tunnel_volume <= 2e1)``.

Read by Python's parser into its tree, of which only comparisons of a column with a number are taken, joined
by ``and``, ``or``, ``not`` and parentheses. Nothing is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._case_checks import nearest
from ..errors import ArgumentError

__all__ = ["Where", "parse_where"]

Columns = Mapping[str, NDArray[Any]]
Mask = NDArray[np.bool_]

_LONGEST = 2000
_ALLOWED = "must be comparisons of a column with a number, joined by and, or, not, as status == 0"
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


@dataclass(frozen=True)
class Where:
    """A condition on one sample.

    Attributes
    ----------
    text : str
        As it was given.
    columns : tuple of str
        That it looks at, each once.
    """

    text: str
    columns: tuple[str, ...]
    _tree: ast.expr

    def check(self, known: Sequence[str]) -> None:
        """Refuse columns that are not there.

        Parameters
        ----------
        known : sequence of str
            Columns with one number a sample.

        Raises
        ------
        ArgumentError
            One line naming the column, and the nearest that is known.
        """
        for name in self.columns:
            if name not in known:
                raise ArgumentError(
                    "where", f" = {self.text!r}: no column {name[:100]!r} of one number a sample; "
                    f"{nearest(name, known)}",
                )  # fmt: skip

    def mask(self, columns: Columns) -> Mask:
        """Say which samples are wanted.

        Parameters
        ----------
        columns : mapping of str to array (n,)
            All of ``self.columns``.

        Returns
        -------
        bool (n,)
            Comparisons with NaN are false, but ``!=``, as IEEE 754 has them.
        """
        return _mask(self._tree, columns)


def parse_where(text: str) -> Where:
    """Read a condition.

    Raises
    ------
    ArgumentError
        One line with the condition and what is allowed.
    """
    if len(text) > _LONGEST:
        raise ArgumentError("where", f" = ...: longer than {_LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        names = list(dict.fromkeys(_check(text, tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError("where", f" = {text!r}: cannot be read; {_ALLOWED}") from error
    return Where(text, tuple(names), tree)


def _check(text: str, node: ast.expr) -> list[str]:
    """Return the columns of a condition, refusing all that is none."""
    if isinstance(node, ast.BoolOp):
        return [name for value in node.values for name in _check(text, value)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _check(text, node.operand)
    if not isinstance(node, ast.Compare):
        raise ArgumentError("where", f" = {text!r}: {_shown(node)} is no comparison; {_ALLOWED}")
    names = []
    sides = [node.left, *node.comparators]
    for left, comparison, right in zip(sides, node.ops, sides[1:], strict=False):
        columns = [name for name in map(_column, (left, right)) if name is not None]
        numbers = [side for side in (left, right) if _number(side) is not None]
        if len(columns) != 1 or len(numbers) != 1 or type(comparison) not in _COMPARISONS:
            raise ArgumentError("where", f" = {text!r}: {_shown(node)}: {_ALLOWED}")
        names += columns
    return names


def _mask(node: ast.expr, columns: Columns) -> Mask:
    """Work out a tree that was checked."""
    if isinstance(node, ast.BoolOp):
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        found = _mask(node.values[0], columns)
        for value in node.values[1:]:
            found = join(found, _mask(value, columns))
        return found
    if isinstance(node, ast.UnaryOp):
        return ~_mask(node.operand, columns)
    assert isinstance(node, ast.Compare)
    sides = [_value(side, columns) for side in (node.left, *node.comparators)]
    pairs = zip(sides, node.ops, sides[1:], strict=False)
    masks = [_COMPARISONS[type(comparison)](left, right) for left, comparison, right in pairs]
    return np.asarray(np.logical_and.reduce(masks), dtype=bool)


def _value(node: ast.expr, columns: Columns) -> Any:
    name = _column(node)
    if name is None:
        return _number(node)
    column = columns[name]
    # an int8 status would not be compared with 300
    return column if column.dtype.kind == "f" else column.astype(np.int64)


def _column(node: ast.expr) -> str | None:
    """Return the name of a column; names may have dots."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _column(node.value)
        return None if before is None else f"{before}.{node.attr}"
    return None


def _number(node: ast.expr) -> int | float | None:
    """Return a number, signed or not, that a double or a sample index can be."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(node.operand)
        return -value if value is not None and isinstance(node.op, ast.USub) else value
    if not isinstance(node, ast.Constant):
        return None
    found = node.value
    if not isinstance(found, int | float) or isinstance(found, bool):
        return None
    if isinstance(found, int) and abs(found) >= 2**63:
        return None
    return found if math.isfinite(found) else None


def _shown(node: ast.expr) -> str:
    text = ast.unparse(node)
    return repr(text if len(text) <= 100 else f"{text[:100]}...")

"""A forecast on the terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from .._terminal_text import plain
from ..console import say
from ..units import convert
from .digits import is_one_number, resolving
from .forecast import Outlook
from .forecast_figures import MIXTURE, Figure, better, draws_of, figures, quantiles

__all__ = ["show_outlook"]

T = TypeVar("T")
_PER_DAY = 86400.0
# columns of a terminal that names of options, and each cell beside them, take at most
_FIRST, _CELL = 14, 13
_LEAST_SHOWN = 0.001
# what is less, in the units shown, is rounding
_NOTHING = 1e-8
# digits of what has no band
_ONE_NUMBER = 4
_UNITS = {"Pa": "mmHg", "kg s-1": "kg/day", "s": "d", "kg": "kg", "1": ""}


def show_outlook(console: Console, outlook: Outlook) -> None:
    """Print each option by hypothesis, then pair by pair which is better."""
    days = outlook.times[-1] / _PER_DAY
    say(console, f"{outlook.case.source}: from the last reading to {days:.4g} days after it")
    shown = [figure for figure in figures(outlook) if _varies(outlook, figure)]
    _show_options(console, outlook, shown)
    if len(outlook.options) > 1 and shown:
        _show_pairs(console, outlook, shown)
    for one in outlook.not_converged:
        say(console, f"The posterior of {one.name} has not converged: {'; '.join(one.reasons)}.")
    for name in outlook.left_out:
        say(console, f"Left out, for it acts on nothing that these hypotheses have: {name}")
    if outlook.failures:
        say(console, f"{outlook.failures:,} runs failed; they are left out of what comes after")
        reached = np.floor(outlook.all_reach / _PER_DAY * 100.0) / 100.0
        if reached > 0.0:
            say(console, f'All runs go on for {reached:g} days: --until "{reached:g} d" keeps them all.')


def _show_options(console: Console, outlook: Outlook, shown: list[Figure]) -> None:
    shares = {one.name: one.probability for one in outlook.posteriors}
    hypotheses = [name for name, share in shares.items() if share >= _LEAST_SHOWN]
    rows = [MIXTURE, *hypotheses] if len(hypotheses) > 1 else hypotheses
    for figure in shown:
        of = "probability and median" if figure.limit else "median"
        title = plain(f"{_titled(figure)}: {of}, (50 %), [90 %]")
        for part in _parts(rows, (console.width - _FIRST) // _CELL):
            table = _table(title, {"option": outlook.options})
            for name in part:
                share = "" if name == MIXTURE else f" {shares[name]:.2f}"
                table.add_column(plain(f"{name}{share}"), justify="right", overflow="fold")
            for option in outlook.options:
                table.add_row(plain(option), *(_cell(outlook, option, name, figure) for name in part))
            console.print(table)
    left_out = [name for name in shares if name not in hypotheses]
    if left_out:
        say(console, f"Left out, of probability below {_LEAST_SHOWN}: {', '.join(left_out)}")


def _show_pairs(console: Console, outlook: Outlook, shown: list[Figure]) -> None:
    title = "Probability that the first is better (= that they are equal)"
    for part in _parts(shown, (console.width - 2 * _FIRST) // _CELL):
        table = _table(title, {"option": outlook.options, "than": outlook.options})
        for figure in part:
            name = plain(f"{_titled(figure)}: {_direction(figure)}")
            table.add_column(name, justify="right", overflow="fold")
        for one, other in combinations(outlook.options, 2):
            table.add_row(
                plain(one), plain(other), *(_compared(*better(outlook, one, other, by)) for by in part)
            )
        console.print(table)


def _compared(wins: float, ties: float) -> str:
    return f"{wins:.2f}" + (f" (= {ties:.2f})" if ties > 0.005 else "")


def _table(title: str, named: Mapping[str, Collection[str]]) -> Table:
    """Return a table whose first columns hold names: long ones are folded, none is cut."""
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    for head, names in named.items():
        longest = max(map(len, names))
        table.add_column(head, overflow="fold", min_width=min(longest, _FIRST - 3))
    return table


def _parts(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Give the columns that a terminal has place for side by side, at least two, then those that are left."""
    most = max(most, 2)
    for first in range(0, len(items), most):
        yield items[first : first + most]


def _varies(outlook: Outlook, figure: Figure) -> bool:
    """Whether a figure says anything: gas that nobody puts in, or that does not come in, is not shown."""
    if figure.name not in ("make_up", "gas_in", "top_ups"):
        return True
    return any(np.any(figure.of(one)[~one.failed] != 0.0) for one in outlook.predictions.values())


def _titled(figure: Figure) -> str:
    units = _UNITS[figure.units]
    return figure.name.replace("_", " ") + (f" [{units}]" if units else "")


def _direction(figure: Figure) -> str:
    return "later" if figure.limit else "more" if figure.more else "less"


def _cell(outlook: Outlook, option: str, hypothesis: str, figure: Figure) -> str:
    values, weights = draws_of(outlook, option, hypothesis, figure)
    if not values.size:  # all runs failed
        return "-"
    found = [_scaled(figure, level) for level in quantiles(values, weights, (0.05, 0.25, 0.5, 0.75, 0.95))]
    single = is_one_number(found[0], found[-1])
    digits = _ONE_NUMBER if single else resolving(found[0], found[-1])
    low, left, middle, right, high = (_number(figure, number, digits) for number in found)
    if figure.limit:
        share = weights[np.isfinite(values)].sum() / weights.sum() if weights.sum() > 0.0 else np.nan
        middle = f"{share:.2f}, {middle}" if share > 0.0 else f"{share:.2f}"
    if single or low == high:
        return middle
    return f"{middle}\n({left} .. {right})\n[{low} .. {high}]"


def _scaled(figure: Figure, value: float) -> float:
    """Return a value in the units that are shown; what is rounding of nothing is nothing."""
    scaled = value
    if figure.units == "Pa":
        scaled = float(convert(value, "pressure", "mmHg"))
    elif figure.units == "kg s-1":
        scaled = value * _PER_DAY
    elif figure.units == "s":
        scaled = value / _PER_DAY
    return 0.0 if abs(scaled) <= _NOTHING else scaled


def _number(figure: Figure, scaled: float, digits: int) -> str:
    if np.isinf(scaled):
        return "never"
    return f"{scaled:.0f}" if figure.units == "1" else f"{scaled:.{digits}g}"

"""How results look on a terminal: tables and the progress bar, with Rich."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, Protocol

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ._terminal_text import plain
from .summary import Comparison, Receipt, Row, Summary, display_units, shown_value
from .units import convert, format_quantity

if TYPE_CHECKING:  # they load the kernels
    from .run import Run
    from .sizing import Hole, LeakSize, Slot

__all__ = [
    "Clock", "Report", "duration", "progress_bar", "say", "show_cases", "show_rates", "show_run",
    "show_size", "show_summary", "terminal",
]  # fmt: skip


def terminal(*, stderr: bool = False) -> Console:
    """Return what is printed to: a broken pipe is an error like any other there, for the caller to judge."""
    return _Terminal(stderr=stderr, markup=False, emoji=False, highlight=False)


def say(console: Console, line: str) -> None:
    """Print one line as it stands, brackets and all; a narrow terminal does not cut it."""
    console.print(Text(plain(line)), soft_wrap=True)


class _Terminal(Console):
    def on_broken_pipe(self) -> None:
        """Pass the error on; Rich would end the process with code 1."""
        raise


class Clock:
    """Samples per second from the first report on, which comes once the kernels are loaded."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._first: float | None = None
        self._last = 0.0
        self._before = self._done = 0

    def note(self, done: int) -> None:
        """Note how many samples are done; those of the first call were there before."""
        self._last = time.perf_counter()
        if self._first is None:
            self._first, self._before = self._last, done
        self._done = done

    def seconds(self) -> float:
        """Return the time from the first report to the last."""
        return self._last - (self._last if self._first is None else self._first)

    def rate(self) -> float | None:
        """Return samples per second, None as long as none are done."""
        if self._done == self._before or self.seconds() <= 0.0:
            return None
        return (self._done - self._before) / self.seconds()


class Report(Protocol):
    """What is called as samples are done: with those done, failed and wanted, and the bytes written."""

    def __call__(self, done: int, failed: int, total: int, /, *, written: int = 0) -> None:
        """Take the numbers; the first call comes before any sample is run."""


@contextmanager
def progress_bar(console: Console, *, quiet: bool) -> Iterator[tuple[Report, Clock]]:
    """Show samples done and failed, samples per second, time left and bytes written.

    In a terminal that is a bar, elsewhere a line every 30 s. Yields what reports to it, and a clock.
    """
    clock = Clock()
    if quiet or not console.is_terminal:
        yield (_counting if quiet else _lines)(console, clock), clock
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), TextColumn("{task.fields[failed]}"),
        TextColumn("{task.fields[written]}"),
    )  # fmt: skip
    bar = Progress(*columns, console=console, refresh_per_second=4)
    with bar:
        text = "loading kernels (compiling, the first time)"
        task = bar.add_task(text, total=None, rate="", failed="", written="")
        is_first = True

        def report(done: int, failed: int, total: int, /, *, written: int = 0) -> None:
            nonlocal is_first
            clock.note(done)
            if is_first:
                bar.reset(task, description="samples", total=total, completed=done)
                is_first = False
                return
            rate = clock.rate()
            bar.update(
                task,
                completed=done,
                rate=f"{rate:,.0f}/s" if rate is not None else "",
                failed=f"{failed:,} failed" if failed else "",
                written=f"{written / 1e6:,.0f} MB" if written else "",
            )

        try:
            yield report, clock
        except Exception:  # an error is to stand alone, not under a bar of nothing
            bar.live.transient = True
            raise


def _counting(console: Console, clock: Clock) -> Report:
    """Return what only keeps the clock."""

    def report(done: int, failed: int, total: int, /, *, written: int = 0) -> None:
        clock.note(done)

    return report


def _lines(console: Console, clock: Clock) -> Report:
    """Return what says a line now and then."""
    said = 0.0

    def report(done: int, failed: int, total: int, /, *, written: int = 0) -> None:
        nonlocal said
        clock.note(done)
        if clock.seconds() - said < _SECONDS_A_LINE:
            return
        said = clock.seconds()
        parts = [f"{done:,} of {total:,} samples ({done / total:.1%})", f"{failed:,} failed"]
        if rate := clock.rate():
            parts += [f"{rate:,.0f} samples/s", f"{duration((total - done) / rate)} left"]
        if written:
            parts.append(f"{written / 1e6:,.0f} MB written")
        say(console, ", ".join(parts))
        console.file.flush()

    return report


_SECONDS_A_LINE = 30.0


def duration(seconds: float) -> str:
    """Write a time as people say it: ``42 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    whole = round(seconds)
    for size, unit, below, under in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // below} {under}"
    return f"{whole} s"


def show_cases(console: Console, cases: list[tuple[str, str]]) -> None:
    """List the cases that ship."""
    table = _table("Shipped cases", "name", "title")
    for name, title in cases:
        _add_row(table, name, title)
    _print_table(console, table)


def show_summary(console: Console, summary: Summary) -> None:
    """Show what a sweep says: outcomes, record, failures, accuracy."""
    table = _table(summary.title, "outcome", "unit", "5 %", "median", "95 %")
    previous = ""
    for row in summary.rows:
        _add_row(table, "" if row.name == previous else row.name, row.unit, *_values(row))
        previous = row.name
    if summary.rows:
        _print_table(console, table)
    for row in {row.name: row for row in summary.rows if 0.0 < row.missing < 1.0}.values():
        if row.unit not in display_units("s"):  # a time that is not reached counts as never
            say(console, f"{row.name}: {row.missing:.1%} of the good samples have none, and are left aside")
    if summary.record:
        _print_table(console, _record_table(summary.record))
        if summary.record_near is not None:
            say(console, f"samples within two uncertainties of the whole record: {summary.record_near:.2%}")
    reasons = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary.reasons.items())
    share = summary.failed / summary.samples
    say(console, f"samples: {summary.samples:,}, failed: {share:.3%}{f' ({reasons})' if reasons else ''}")
    if summary.receipt is not None:
        say(console, _receipt_line(summary.receipt))


def show_run(console: Console, run: Run) -> None:
    """Show the inputs and the outcomes of one run."""
    which = "inputs at their medians" if run.sample is None else f"sample {run.sample}"
    for title, values in ((f"{run.case.title}: {which}", run.inputs), ("outcomes", run.outcomes)):
        table = _table(title, "name", "value", "unit")
        for name, value in values.items():
            for unit in display_units(run.units[name], value):
                shown = shown_value(value, run.units[name], unit)
                _add_row(table, name, _number(shown), "" if unit == "1" else unit)
        if values:
            _print_table(console, table)


def show_rates(console: Console, title: str, rates: list[tuple[float, str, str]]) -> None:
    """Show one leak rate as values, each with its unit and what it is counted at."""
    table = _table(title, "rate", "unit", "counted")
    for value, unit, basis in rates:
        _add_row(table, f"{value:.6g}", unit, basis)
    _print_table(console, table)


def show_size(console: Console, size: LeakSize, gas: str) -> None:
    """Show the openings that a leak rate is, and how fast volumes empty through them."""
    rate, before = format_quantity(size.mass_flow, "mass_flow", "kg/day"), _pressure(size.p_up)
    behind = _pressure(size.p_down) if size.p_down > 0.0 else "vacuum"
    title = f"{rate} of {gas} at {size.temperature:.6g} K, {before} to {behind}"
    table = _table(title, "opening", "size", "unit", "Knudsen no.", "pressure exponent")
    _add_row(table, "round hole: diameter", f"{size.hole.diameter * 1e3:.5g}", "mm", *_regime(size.hole))
    if size.slot is not None:
        _add_row(table, "slot: opening", f"{size.slot.opening * 1e6:.5g}", "um", *_regime(size.slot))
    _print_table(console, table)
    for line in _assumptions(size):
        say(console, line)
    decays = _table(
        "How fast it empties", "volume", "m^3", "gas, kg", "gas over rate, days", "fall, mmHg/day"
    )
    for decay in size.decays:
        days = convert(decay.time_constant, "time", "day")
        fall = convert(decay.pressure_rate, "pressure_rate", "mmHg/day")
        _add_row(decays, decay.name, *(_number(x) for x in (decay.volume, decay.gas_mass, days, fall)))
    console.print()
    _print_table(console, decays)


def _assumptions(size: LeakSize) -> Iterator[str]:
    """Say what the two openings are taken to be, and where one is not to be trusted."""
    coefficient = size.hole.discharge_coefficient
    curve = f"coefficient {coefficient:.4g}" if isinstance(coefficient, float) else "Perry's coefficient"
    thin = size.hole.knudsen_number > _ORIFICE_KNUDSEN
    yield f"hole: {curve}" + ("; under 10 mean free paths wide, where no orifice law holds" if thin else "")
    slot = size.slot
    if slot is None:
        yield "slot: none of the usual length is wide enough; give --length"
        return
    faces = (
        f"tortuosity {slot.tortuosity:.4g}, roughness {slot.roughness * 1e6:.4g} um, taper {slot.taper:.4g}"
    )
    walls = f"accommodation {slot.accommodation:.4g}, inlet loss {slot.inlet_loss:.4g}"
    yield f"slot: {slot.length * 1e3:.4g} mm long, {slot.depth * 1e3:.4g} mm deep, {faces}, {walls}"


#: A hole smaller than 10 mean free paths is no continuum orifice.
_ORIFICE_KNUDSEN = 0.1
_LEAST_IN_MMHG = 1e3  # Pa


def _pressure(value: float) -> str:
    return format_quantity(value, "pressure", "mmHg" if value >= _LEAST_IN_MMHG else "Pa")


def _regime(opening: Hole | Slot) -> tuple[str, str]:
    return f"{opening.knudsen_number:.2g}", f"{opening.pressure_exponent:.3f}"


def _record_table(rows: tuple[Comparison, ...]) -> Table:
    table = _table(
        "Measured record [mmHg]", "volume", "day", "measured", "5 %", "median", "95 %", "within 2 s.d."
    )
    for row in rows:
        measured = f"{row.measured:.5g} ± {row.uncertainty:.2g}"
        spread = [_number(value) for value in (row.low, row.median, row.high)]
        _add_row(table, row.volume, f"{row.time:.4g}", measured, *spread, f"{row.near:.1%}")
    return table


def _receipt_line(receipt: Receipt) -> str:
    line = f"accuracy: worst mass-balance residual {receipt.mass_balance_residual:.1e}; "
    if receipt.energy_balance_residual is not None:
        line += f"energy balance {receipt.energy_balance_residual:.1e}; "
    if receipt.table_error:
        line += f"flow tables {receipt.table_error:.1e}; "
    return line + (
        f"steps a sample: median {receipt.steps_median:.0f}, most {receipt.steps_most:.0f}; "
        f"steps rejected {receipt.rejected:.1%}"
    )


def _values(row: Row) -> list[str]:
    return [_number(value) for value in (row.low, row.median, row.high)]


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "never"
    return f"{value:.4g}"


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=Text(_cut(title)),
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    words = ("name", "title", "outcome", "unit", "volume", "opening", "counted")
    for column in columns:
        justify: Literal["left", "right"] = "left" if column in words else "right"
        # only titles may be broken: half a number is a wrong number
        may_wrap = column == "title"
        width = _NARROWEST_TITLE if may_wrap else len(column)
        table.add_column(Text(column), justify=justify, no_wrap=not may_wrap, min_width=width)
    return table


def _add_row(table: Table, *cells: str) -> None:
    texts = [Text(_cut(cell)) for cell in cells]
    for column, text in zip(table.columns, texts, strict=True):
        if column.no_wrap:
            column.min_width = max(column.min_width or 0, text.cell_len)
    table.add_row(*texts)


_NARROWEST_TITLE = 20
_LONGEST_CELL = 300


def _cut(text: str) -> str:
    """Keep what stands in a table harmless, and short enough to be looked at."""
    shown = plain(text[: 4 * _LONGEST_CELL])
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}..."


def _print_table(console: Console, table: Table) -> None:
    """Print a table at its least width if the terminal is narrower: lines may break, nothing is cut."""
    wide = console.options.update(max_width=10_000)
    needed = Measurement.get(console, wide, table).minimum
    if needed <= console.width:
        console.print(table)
        return
    width = console.width
    console.width = needed
    try:
        console.print(table, crop=False)
    finally:
        console.width = width

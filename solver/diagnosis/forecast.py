"""A forecast: posterior draws carried on from the last reading, under what operators could do."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._case_checks import nearest
from .._case_faults import line_of
from .._column import label
from .._controls import RepressuriseControl
from .._forecast_section import Forecast, Option, WatchedLimit, until_of
from ..case import Case, load_case
from ..errors import CaseError, Fault, FaultsError, LeakflowError
from ..numbers import Constant
from .accounts import gas_of
from .diagnose import diagnose
from .forecast_runs import Ran, Reached, reached_before, run_draws
from .forward import last_reading
from .hypotheses import Rival, load_rivals
from .options import LIMIT, Ahead, applies, look_ahead, refuse_too_late, refuse_unknown_names
from .posterior import Posterior, posteriors_of, read_posteriors

__all__ = ["NOTHING", "Outlook", "Prediction", "check_options", "forecast"]

Floats = NDArray[np.float64]
#: Name of the option that changes nothing; it is always there.
NOTHING = "nothing"
WEEK = 7.0 * 86400.0
_TIMES = 41
# s before an event of an option, and how many of one that comes again and again are shown
_BESIDE, _MOST_ACTS = 1.0, 100


class Prediction(NamedTuple):
    """What one hypothesis foretells under one option; all of its posterior draws, in their order.

    Attributes
    ----------
    pressures : dict of str to float64 (n, T)
        Of each integrated volume, Pa.
    make_up : float64 (n,)
        Gas supplied to the integrated volumes, and put into held ones to keep their pressure, from the last
        reading to the end, kg; never negative.
    gas_lost, gas_in : float64 (n,)
        Gas that the integrated volumes lost, and got otherwise than by make-up, to the microgram, as means
        over the same time, kg/s; as `leakflow.solver.diagnosis.accounts.Gas` has them.
    top_ups : float64 (n,)
        How often a control filled a volume.
    crossings : dict of str to float64 (n,)
        When each limit was crossed first, s after the last reading; infinite where it was not.
    failed : bool (n,)
        Draws whose run failed before the end: all else of them is NaN but pressures until then, and limits
        that they crossed before.
    reached : float64 (n,)
        How far after the last reading each run is known to go, s; NaN where not even so far.
    """

    pressures: dict[str, Floats]
    make_up: Floats
    gas_lost: Floats
    gas_in: Floats
    top_ups: Floats
    crossings: dict[str, Floats]
    failed: NDArray[np.bool_]
    reached: Floats


@dataclass(frozen=True)
class Outlook:
    """What is foretold under each option by each hypothesis.

    Attributes
    ----------
    case : Case
    posteriors : list of Posterior
    options : dict of str to Option
        `NOTHING` first.
    times : float64 (T,)
        After the last reading, s; the first is 0, the last the end.
    last : float
        The last reading, s from the start of the record.
    predictions : dict of (str, str) to Prediction
        By option and hypothesis.
    seed : int
    left_out : list of str
        Options that act on nothing that these hypotheses have.
    """

    case: Case
    posteriors: list[Posterior]
    options: dict[str, Option]
    times: Floats
    last: float
    predictions: dict[tuple[str, str], Prediction]
    seed: int
    left_out: list[str] = field(default_factory=list)

    @property
    def limits(self) -> list[str]:
        """Names of the limits that are watched."""
        return [limit.label for limit in (self.case.forecast or Forecast()).limits]

    @property
    def volumes(self) -> list[str]:
        """Volumes whose pressure is foretold by all hypotheses."""
        first = self.predictions[NOTHING, self.posteriors[0].name].pressures
        return [name for name in first if all(name in one.pressures for one in self.predictions.values())]

    @property
    def failures(self) -> int:
        """Runs that failed, of all options and hypotheses."""
        return sum(int(one.failed.sum()) for one in self.predictions.values())

    @property
    def all_reach(self) -> float:
        """How far after the last reading all runs go, s; 0 if one fails before it."""
        return float(min(np.nan_to_num(one.reached, nan=0.0).min() for one in self.predictions.values()))

    @property
    def not_converged(self) -> list[Posterior]:
        """Hypotheses whose posterior has not converged."""
        return [one for one in self.posteriors if one.reasons]


def forecast(
    case: str | os.PathLike[str],
    *,
    until: float | str | None = None,
    posterior: str | os.PathLike[str] | None = None,
    records: Sequence[str | os.PathLike[str]] = (),
    only: Sequence[str] = (),
    options: Sequence[str] = (),
    seed: int | None = None,
    live: int | None = None,
    most_evaluations: int = 500_000,
    threads: int | None = None,
    overrides: Mapping[str, object] | Sequence[str] = (),
    report: Callable[[str], None] | None = None,
) -> Outlook:
    """Carry the posterior of each hypothesis of a case on, under each option that it names.

    Parameters
    ----------
    case : str or path
        Name of a shipped case, or a file.
    until : float or str, optional
        End: seconds or a time with its unit after the last reading, or a date; by default the case's.
    posterior : path, optional
        A file of `leakflow.solver.diagnosis.diagnose.diagnose`, instead of sampling anew.
    records, only, seed, live, most_evaluations, threads, overrides, report
        As for `leakflow.solver.diagnosis.diagnose.diagnose`.
    options : sequence of str
        Names of the options that are wanted; by default all. Doing nothing is always among them.

    Raises
    ------
    CaseError
        The case, an option or a hypothesis is faulty; one line each.
    ResultsError
        The file of the posterior is of another case, record or seed, or cannot be read.
    LeakflowError
        The end is before the last reading, or as `diagnose` raises.
    """
    loaded, rivals = load_rivals(case, overrides, records, only)
    every = load_rivals(case, overrides, records)[1] if only else rivals
    seed = loaded.sweep.seed if seed is None else seed
    last = last_reading(loaded)
    wanted, times, ready = _all_ready(loaded, rivals, options, until, last, every)
    if posterior is not None:
        posteriors = read_posteriors(Path(posterior), rivals, seed)
    else:
        posteriors = posteriors_of(
            diagnose(case, records=records, only=only, seed=seed, live=live, threads=threads,
                     most_evaluations=most_evaluations, overrides=overrides, report=report)
        )  # fmt: skip
    predictions = {}
    for one in posteriors:
        start = run_draws(_ready(loaded, one.case, NOTHING, Option(), last, times[:1]), one, seed, threads)
        for name in wanted:
            end = run_draws(ready[name, one.name], one, seed, threads)
            crossed = [f"control_{LIMIT}_{i + 1}_first" for i in range(len(_limits(loaded)))]
            reached = reached_before(
                end, one, seed, threads, last=last, times=times, wanted=crossed, lost=start.failed
            )
            predictions[name, one.name] = _prediction(loaded, start, end, reached, last, float(times[-1]))
    left = [name for name in _wanted_options(loaded, options) if name not in wanted]
    return Outlook(loaded, posteriors, wanted, times, last, predictions, seed, left)


def check_options(case: str | os.PathLike[str], overrides: Mapping[str, object] | Sequence[str] = ()) -> None:
    """Write each option into the case of each hypothesis, to find what is wrong with it.

    Without a record, which may come by ``--record`` yet, there is no last reading: nothing is done.

    Raises
    ------
    CaseError, LeakflowError
        As `forecast` does before anything is sampled.
    """
    alone = load_case(case, overrides)
    told = alone.diagnosis is not None and (alone.diagnosis.stable or alone.diagnosis.limits)
    if alone.record is None and not told:
        return
    loaded, rivals = load_rivals(case, overrides)
    _all_ready(loaded, rivals, (), None, last_reading(loaded))


def _all_ready(
    loaded: Case,
    rivals: Sequence[Rival],
    options: Sequence[str],
    until: float | str | None,
    last: float,
    every: Sequence[Rival] | None = None,
) -> tuple[dict[str, Option], Floats, dict[tuple[str, str], Ahead]]:
    """Return the options that are wanted, the times, and all options written into all hypotheses.

    What an option names must be in one of the hypotheses of the case, ``every``; one that names nothing of
    those at hand is left out.
    """
    wanted = _wanted_options(loaded, options)
    refuse_unknown_names(loaded.source, wanted, [rival.case for rival in every or rivals])
    cases = [rival.case for rival in rivals]
    wanted = {name: option for name, option in wanted.items() if applies(option, cases)}
    _refuse_unwatched(loaded)
    span = _span(loaded, until, last)
    acting = {name: option for name, option in wanted.items() if name != NOTHING}
    refuse_too_late(loaded.source, acting, span)
    # an event is shown by the times on both sides of it
    acts = [
        time + side for option in acting.values() for time in _acts(option, span) for side in (-_BESIDE, 0.0)
    ]
    times = np.union1d(np.linspace(0.0, span, _TIMES), [min(WEEK, span), *acts])
    ready = {
        (name, rival.name): _ready(loaded, rival.case, name, option, last, times)
        for name, option in wanted.items()
        for rival in rivals
    }
    return wanted, times, ready


def _acts(option: Option, span: float) -> list[float]:
    """Return when an option does something, s after the last reading; the first of many times only."""
    found = [option.at]
    repeated = [(event.at.value, event.every) for event in option.events if isinstance(event.at, Constant)]
    if option.hold is not None and option.hold.vent_every is not None:
        repeated.append((0.0, option.hold.vent_every))
    for begin, every in repeated:
        count = 1 if not every else int(min((span - option.at - begin) / every + 1.0, _MOST_ACTS))
        found += [option.at + begin + k * (every or 0.0) for k in range(count)]
    return [time for time in found if _BESIDE < time < span]


def _ready(loaded: Case, case: Case, name: str, option: Option, last: float, times: Floats) -> Ahead:
    """Write an option into the case of a hypothesis, up to the last of the times."""
    limits = (loaded.forecast or Forecast()).limits
    return look_ahead(
        case, name, option, last=last, end=last + float(times[-1]), limits=limits, times=last + times
    )


def _limits(case: Case) -> list[WatchedLimit]:
    return (case.forecast or Forecast()).limits


def _prediction(loaded: Case, start: Ran, end: Ran, reached: Reached, last: float, span: float) -> Prediction:
    """Take what had passed at the last reading off what has passed at the end."""
    case, failed = end.ahead.case, start.failed | end.failed

    def passed(name: str) -> Floats:
        before = start.outcomes.get(name)
        now = end.outcomes[name]
        return now if before is None else now - before

    nothing = np.where(failed, np.nan, 0.0)
    vessel = {name for name, volume in case.volumes.items() if volume.kind == "integrated"}
    gas = gas_of(case, vessel, lambda name: passed(name) if name in end.outcomes else None)
    fills = nothing.copy()
    for name, control in case.controls.items():
        if isinstance(control, RepressuriseControl) and not name.startswith(LIMIT):
            fills += passed(f"control_{label(name)}_count")
    crossings = {}
    for limit, found in zip(_limits(loaded), reached.crossings.values(), strict=True):
        # found by bisection: to the microsecond, so that what holds at once is 0
        first = np.round(found - last, 6)
        # whether one that failed before would have crossed it is not known
        never = np.where(failed, np.nan, np.inf)
        crossings[limit.label] = np.where(start.failed, np.nan, np.where(np.isnan(first), never, first))
    pressures = {
        volume: np.where(start.failed[:, None], np.nan, reached.pressures[:, i])
        for i, volume in enumerate(end.ahead.volumes)
    }
    until = np.where(start.failed, np.nan, reached.until)
    make_up, lost, came = (
        np.asarray(np.round(nothing + mass, 9), np.float64)  # to the microgram: less is what rounding leaves
        for mass in (gas.supplied + gas.kept, gas.lost, gas.came)
    )
    return Prediction(pressures, make_up, lost / span, came / span, fills, crossings, failed, until)


def _wanted_options(case: Case, names: Sequence[str]) -> dict[str, Option]:
    """Return the options that are wanted, doing nothing first."""
    named = case.options or {}
    own = named.get(NOTHING, Option(title="nothing is done"))
    if own.to_dict().keys() - {"title", "at", "events"} or own.events:
        text = "must do nothing; give an option that acts another name"
        raise CaseError(line_of(Fault(("options", NOTHING), text), case.source))
    for name in names:
        if name not in named and name != NOTHING:
            text = f"no such option; {nearest(name, list(dict.fromkeys([NOTHING, *named])))}"
            raise CaseError(line_of(Fault(("options", name), text), case.source))
    chosen = {name: option for name, option in named.items() if not names or name in names}
    return {NOTHING: own} | {name: option for name, option in chosen.items() if name != NOTHING}


def _refuse_unwatched(case: Case) -> None:
    """Refuse a limit on what is no integrated volume."""
    known = [name for name, volume in case.volumes.items() if volume.kind == "integrated"]
    faults = [
        line_of(
            Fault(("forecast", "limits", i, "volume"),
                  f"no such integrated volume; {nearest(limit.volume, known)}", limit.volume), case.source,
        )
        for i, limit in enumerate((case.forecast or Forecast()).limits)
        if limit.volume not in known
    ]  # fmt: skip
    if faults:
        raise CaseError(faults)


def _span(case: Case, until: float | str | None, last: float) -> float:
    """Return how long after the last reading the forecast ends, s."""
    end: float | str
    if until is None:
        end, named = (case.forecast or Forecast()).until, f"{case.source}: forecast.until"
    else:
        named = "--until"
        try:
            end = until_of(_as_seconds(until))
        except FaultsError as error:
            raise LeakflowError(f"{named} {until}: {error.faults[0].text}") from None
    if not isinstance(end, str):
        return end
    start = case.record.start if case.record is not None else None
    if start is None:
        raise LeakflowError(
            f"{named} {end}: is a date, but the record has no start; give a time, such as 30 d"
        )
    begin, over = datetime.datetime.fromisoformat(start), datetime.datetime.fromisoformat(end)
    if over.tzinfo is not None and begin.tzinfo is None:
        raise LeakflowError(f"{named} {end}: has a time zone, but the record's start, {start}, has none")
    if over.tzinfo is None:  # in the zone of the record
        over = over.replace(tzinfo=begin.tzinfo)
    span = (over - begin).total_seconds() - last
    if not span > 0.0:
        reading = (begin + datetime.timedelta(seconds=last)).isoformat(sep=" ", timespec="minutes")
        raise LeakflowError(f"{named} {end}: must be after the last reading, {reading}")
    return span


def _as_seconds(until: float | str) -> float | str:
    """Return a plain number as one, s, as it comes from a command line; a date of eight digits stays one."""
    try:
        datetime.datetime.fromisoformat(str(until).strip())
    except ValueError:
        try:
            return float(until)
        except ValueError:
            pass
    return until

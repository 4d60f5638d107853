"""Diagnosis: what a record says of the inputs of a case, and of the hypotheses that the case names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._diagnosis_section import Diagnosis
from ..case import Case
from ..errors import NoEvidenceError
from .accounts import gas_of
from .checks import LeaveOneOut, leave_one_out, p_value, replicates
from .forward import Forward, last_reading, wanted_point
from .hypotheses import Rival, load_rivals
from .repeats import sample_repeatedly
from .sampler import Sampled, resampled, said_against
from .windows import rough_windows

__all__ = ["DECISIVE", "Answer", "Explanation", "diagnose"]

Floats = NDArray[np.float64]
#: ln of the Bayes factor (20 to 1) from which a record is said to tell two hypotheses apart.
DECISIVE = 3.0
# ln of the Bayes factor to the best beyond which a hypothesis is sampled once: no scatter would bring it back
_HOPELESS = 30.0
_DAY = 86400.0
_DRAWS = 1000
_BAND_TIMES = 41
_AHEAD = {"day": _DAY, "week": 7.0 * _DAY}


@dataclass(frozen=True)
class Explanation:
    """What the record says of one hypothesis.

    Arrays over draws are of its posterior, all of equal weight.

    Attributes
    ----------
    rival : Rival
        Name, title, prior probability and case.
    sampled : Sampled
        Evidence, its error, and whether the sampling has converged.
    failed_runs : int
        Evaluations whose run failed: their likelihood counts as zero.
    inputs, units : dict
        Draws of each input, float64 (n,), and the units; in SI.
    flows : dict
        Draws of ``gas_out``, ``gas_in`` and ``gas_supplied`` of the integrated volumes of the record, as
        `leakflow.solver.diagnosis.accounts.Gas` has them, kg/s, means from the start to the end of the last
        reading's window.
    log_likelihood, replicates : float64 (n, M), (n, R)
        Of all that was read or told; readings as the draws would have made them.
    labels, read : list of str
        Of the M, where what shares an uncertain time is one, and of the R.
    p_value : float or None
        Posterior predictive; None without readings.
    loo : LeaveOneOut
    times, bands : float64 (T,), dict of float64 (n, T)
        Pressures of each volume of the record, to a week after it.
    next_pressure : dict
        ``"day"``, ``"week"`` after the last reading: by volume, draws of the pressure.
    temperature_off : float or None
        Where the record has temperatures that are no data: the largest difference of the model's, as the
        median of the draws, from one of them, K.
    """

    rival: Rival
    sampled: Sampled
    failed_runs: int
    inputs: dict[str, Floats]
    units: dict[str, str]
    flows: dict[str, Floats]
    log_likelihood: Floats
    replicates: Floats
    labels: list[str]
    read: list[str]
    p_value: float | None
    loo: LeaveOneOut
    times: Floats
    bands: dict[str, Floats]
    next_pressure: dict[str, dict[str, Floats]]
    temperature_off: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a record says of all hypotheses of a case.

    Attributes
    ----------
    case : Case
    explanations : list of Explanation
        In the order of the case.
        Those without evidence are left out.
    seed, live : int
    without : dict of str to NoEvidenceError
        By name, hypotheses without evidence: zero, so that their probability is, or not known.
    """

    case: Case
    explanations: list[Explanation]
    seed: int
    live: int
    without: dict[str, NoEvidenceError] = field(default_factory=dict)

    @property
    def log_evidences(self) -> Floats:
        """Natural logarithms of the evidences, in the order of the explanations."""
        return np.array([one.sampled.log_evidence for one in self.explanations])

    @property
    def errors(self) -> Floats:
        """Standard errors of the log evidences."""
        return np.array([one.sampled.error for one in self.explanations])

    @property
    def converged(self) -> bool:
        """Whether the sampling of all has converged."""
        stopped = any(not why.zero for why in self.without.values())
        return not stopped and not any(one.sampled.reasons for one in self.explanations)

    @property
    def not_to_be_trusted(self) -> dict[str, list[str]]:
        """By hypothesis, why its figures are not to be trusted; those that are to be are absent."""
        found = {one.rival.name: said_against(one.sampled) for one in self.explanations}
        found |= {name: [f"not converged: {why}"] for name, why in self.without.items() if not why.zero}
        return {name: said for name, said in found.items() if said}

    def probabilities(self, priors: Sequence[float] | None = None) -> Floats:
        """Return the posterior probabilities of the hypotheses, under the case's priors or under others."""
        given = [one.rival.prior for one in self.explanations] if priors is None else priors
        logs = self.log_evidences + np.log(np.asarray(given, np.float64))
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    def moved(self, factor: float) -> list[tuple[float, float]]:
        """Return each probability with its prior odds divided by a factor, and multiplied by it."""
        probable = self.probabilities()
        return [tuple(p * f / (1.0 - p + p * f) for f in (1.0 / factor, factor)) for p in probable]  # type: ignore[misc]


def diagnose(
    case: str | os.PathLike[str],
    *,
    records: Sequence[str | os.PathLike[str]] = (),
    only: Sequence[str] = (),
    seed: int | None = None,
    live: int | None = None,
    most_evaluations: int = 500_000,
    repeat: int = 2,
    threads: int | None = None,
    overrides: Mapping[str, object] | Sequence[str] = (),
    report: Callable[[str], None] | None = None,
) -> Answer:
    """Judge the hypotheses of a case by its record.

    Parameters
    ----------
    case : str or path
        Name of a shipped case, or a file.
    records : sequence of paths
        CSV files instead of the case's record.
    only : sequence of str
        Names of the hypotheses that are wanted; by default all.
    seed, live : int, optional
        Other than the case's ``sweep.seed`` and ``diagnosis.live``.
    most_evaluations : int
        After so many of one hypothesis its sampling is given up.
    repeat : int
        How often each hypothesis is sampled, with seeds of their own, to see whether the runs agree; once
        where the first run leaves it hopelessly (30 in the ln of the Bayes factor) behind another.
    threads : int, optional
        By default all processors; the answer does not depend on it.
    overrides : mapping or sequence of str
        As for `leakflow.solver.case.load_case`.
    report : callable, optional
        Told the name of each hypothesis before it is sampled.

    Raises
    ------
    CaseError
        The case, the record or the changes of a hypothesis are faulty; one line each.
    LeakflowError
        A package is missing.
    NoEvidenceError
        No hypothesis has any evidence: each gives the record no likelihood at all, or was stopped too soon.
    """
    loaded, rivals = load_rivals(case, overrides, records, only)
    section = loaded.diagnosis or Diagnosis()
    seed = loaded.sweep.seed if seed is None else seed
    live = section.live if live is None else live
    forwards: dict[str, Forward] = {}
    sampled: dict[str, Sampled] = {}
    without: dict[str, NoEvidenceError] = {}

    def sample_one(name: str, times: int) -> None:
        forward = forwards[name]
        try:
            sampled[name] = sample_repeatedly(
                forward, forward.names, seed=seed, live=live, most_evaluations=most_evaluations, repeat=times,
                first=sampled.pop(name, None),
            )  # fmt: skip
        except NoEvidenceError as error:
            without[name] = error

    for rival in rivals:
        if report is not None:
            report(rival.name)
        forwards[rival.name] = Forward(rival.case, seed, threads=threads)
        sample_one(rival.name, 1)
    best = max((one.log_evidence for one in sampled.values()), default=0.0)
    for name in [name for name, one in sampled.items() if one.log_evidence > best - _HOPELESS]:
        sample_one(name, repeat)
    if not sampled:
        lines = [f"{loaded.source}: hypothesis {name}: {why}" for name, why in without.items()]
        raise NoEvidenceError("\n".join(lines), zero=all(why.zero for why in without.values()))
    explanations = [
        _explained(rival, forwards[rival.name], sampled[rival.name], seed, threads)
        for rival in rivals
        if rival.name in sampled
    ]
    return Answer(loaded, explanations, seed, live, without)


def _explained(
    rival: Rival, forward: Forward, sampled: Sampled, seed: int, threads: int | None
) -> Explanation:
    """Run the posterior of one hypothesis on to a week after the record."""
    cube = sampled.cube[resampled(sampled, _DRAWS, seed)]
    sampled = sampled._replace(doubts=rough_windows(rival.case, cube, seed, threads))
    found = forward.run(cube)
    made = replicates(forward, found, seed)
    inputs = dict(zip(forward.names, found.inputs.T, strict=True))
    last = last_reading(rival.case)
    times, bands = _ahead(rival.case, seed, threads, last, cube, max(_AHEAD.values()))
    ahead = {}
    for name, after in _AHEAD.items():
        reached, found_then = times, bands
        if any(np.isnan(band).any() for band in bands.values()):
            # a run that fails later says what comes before only if it ends there
            reached, found_then = _ahead(rival.case, seed, threads, last, cube, after)
        place = _nearest(reached, last + after)
        ahead[name] = {volume: band[:, place] for volume, band in found_then.items()}
    return Explanation(
        rival, sampled, forward.failures, inputs, dict(zip(forward.names, forward.units, strict=True)),
        _flows(forward, found.outcomes), found.log_likelihood, made, forward.labels, forward.read,
        p_value(forward, found, made), leave_one_out(found.log_likelihood), times, bands, ahead,
        _temperature_off(rival.case, seed, threads, cube),
    )  # fmt: skip


def _ahead(
    case: Case, seed: int, threads: int | None, last: float, cube: Floats, span: float
) -> tuple[Floats, dict[str, Floats]]:
    """Return the pressures of the volumes of the record from the start to some time after it."""
    end = last + span
    known = [last + after for after in _AHEAD.values() if after <= span]
    times = np.union1d(np.linspace(0.0, end, _BAND_TIMES), known)
    volumes = list(dict.fromkeys(_volumes_of(case)))
    extra = [wanted_point(volume, float(time)) for volume in volumes for time in times]
    forward = Forward(case, seed, threads=threads, end=end, extra=extra)
    pressures = forward.extra(forward.run(cube)).reshape(len(cube), len(volumes), times.size)
    return times, {volume: pressures[:, i] for i, volume in enumerate(volumes)}


def _temperature_off(case: Case, seed: int, threads: int | None, cube: Floats) -> float | None:
    """Return by how much draws contradict temperatures of the record that are no data; None without any."""
    section = case.diagnosis or Diagnosis()
    points = case.record.points if case.record is not None else []
    if section.temperature_error > 0.0 or all(point.temperature is None for point in points):
        return None
    asked = section.model_copy(update={"temperature_error": 1.0})
    forward = Forward(case.model_copy(update={"diagnosis": asked}), seed, threads=threads)
    found = forward.run(cube)
    off = [0.0]
    for wanted, nodes in zip(forward.wanted, found.nodes, strict=True):
        middle = nodes[~found.failed, nodes.shape[1] // 2]
        if wanted.kind == "temperature" and middle.size:
            off.append(abs(float(np.median(middle)) - float(wanted.reading.value)))
    return max(off)


def _volumes_of(case: Case) -> list[str]:
    section = case.diagnosis or Diagnosis()
    points = case.record.points if case.record is not None else []
    told = [item.volume for item in section.stable] + [item.volume for item in section.limits]
    return [point.volume for point in points] + told


def _nearest(times: Floats, time: float) -> int:
    return int(np.argmin(np.abs(times - time)))


def _flows(forward: Forward, outcomes: Floats) -> dict[str, Floats]:
    """Return the mean flows of the volumes of the record, as `gas_of` accounts for them."""
    case, span = forward.case, forward.end
    places = {column.name: column.place for column in forward.compiled.outcomes if column.place >= 0}
    own = {name for name in _volumes_of(case) if case.volumes[name].kind == "integrated"}

    def mass(name: str) -> Floats | None:
        return outcomes[:, places[name]] if name in places else None

    found = gas_of(case, own, mass)
    by = {"gas_out": found.lost, "gas_in": found.came, "gas_supplied": found.supplied}
    return {name: np.zeros(len(outcomes)) + moved / span for name, moved in by.items()}


def interval(draws: Floats, share: float) -> tuple[float, float]:
    """Return the central interval that holds a share of the draws."""
    low, high = np.quantile(draws, [0.5 * (1.0 - share), 0.5 * (1.0 + share)])
    return float(low), float(high)


def plain(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain JSON types, in SI."""
    from .words import remarks, verdict

    probable, moved = answer.probabilities(), answer.moved(10.0)
    best = float(answer.log_evidences.max())
    listed = [
        {
            "name": one.rival.name,
            "title": one.rival.title,
            "prior": one.rival.prior,
            "probability": float(probable[i]),
            "probability_prior_odds_tenth_and_tenfold": list(moved[i]),
            "log_evidence": one.sampled.log_evidence,
            "log_evidence_error": one.sampled.error,
            "log_bayes_factor_to_best": one.sampled.log_evidence - best,
            "converged": not one.sampled.reasons,
            "not_converged_because": list(one.sampled.reasons),
            "likelihood_off_because": list(one.sampled.doubts),
            "ess": one.sampled.ess,
            "log_evidence_of_runs": list(one.sampled.runs) or [one.sampled.log_evidence],
            "rhat": one.sampled.rhat,
            "evaluations": one.sampled.evaluations,
            "failed_runs": one.failed_runs,
            "temperature_off": one.temperature_off,
            "p_value": one.p_value,
            "loo": {"elpd": one.loo.elpd, "pareto_k": one.loo.pareto_k.tolist()},
            "inputs": {name: _told(draws) | {"units": one.units[name]} for name, draws in one.inputs.items()},
            "flows": {name: _told(draws) | {"units": "kg s-1"} for name, draws in one.flows.items()},
            "next_pressure": {
                when: {volume: _told(draws) for volume, draws in by.items()}
                for when, by in one.next_pressure.items()
            },
        }
        for i, one in enumerate(answer.explanations)
    ]
    return {
        "case": answer.case.source,
        "seed": answer.seed,
        "live": answer.live,
        "converged": answer.converged,
        "verdict": verdict(answer),
        "remarks": remarks(answer),
        "hypotheses": listed,
        "without_evidence": [
            {"name": name, "probability": 0.0 if why.zero else None, "because": str(why)}
            for name, why in answer.without.items()
        ],
    }


def _told(draws: Floats) -> dict[str, Any]:
    """Return quantiles of the draws whose runs reach so far; None where there is none."""
    known = draws[~np.isnan(draws)]
    if not known.size:
        return {"median": None, "interval_50": None, "interval_90": None, "failed": draws.size}
    failed = {"failed": draws.size - known.size} if known.size < draws.size else {}
    return failed | {
        "median": float(np.median(known)),
        "interval_50": list(interval(known, 0.5)),
        "interval_90": list(interval(known, 0.9)),
    }

"""The test that would tell: which of the tests that operators could run settles most, and how soon."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .._case_faults import line_of
from .._design_section import Design, volume_of
from .._diagnosis_section import Diagnosis
from ..case import Case
from ..engine import available_threads
from ..errors import ArgumentError, CaseError, Fault
from .candidates import Candidate, candidates_of, pressure_name
from .gauges import gauge_of
from .hypotheses import is_recorded, load_rivals
from .information import Gauge, Told, information, least_draws
from .prospects import Prospect, by_priors, by_record, from_file
from .trial import Draws, Seen, before, run_trial

__all__ = ["Judged", "Plan", "design_test"]

Floats = NDArray[np.float64]

# a hypothesis less probable than this is as good as out, and not simulated
_NEGLIGIBLE = 1e-4
# share of the draws that may break a limit of pressure or gas
_MAY_BREAK = 0.05
# a pressure that was set but not held, as where an open hatch lets it out at once
_MISSED = 0.02
# by which probabilities may be surer of themselves than they are right
_MOST_IMBALANCE = 0.02
# nats; a larger bias of the plain estimate is no small correction
_MOST_BIAS = 0.05
# standard errors by which a gain may lie below nothing, or above all there is
_OUTSIDE = 2.0
# of the entropy; with a larger standard error a gain says next to nothing
_MOST_ERROR = 0.25
_BANDS = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Judged:
    """What a test would tell.

    Attributes
    ----------
    candidate : Candidate
    refused : str
        Why it may not be run; all that follows is then None.
    told : Told or None
        Along the readings of the candidate.
    gas : float64 (H, 3) or None
        Gas that it uses by each hypothesis, 5, 50 and 95 %, kg.
    bands : float64 (H, 3, K) or None
        Pressures at the readings by each hypothesis, 5, 50 and 95 %, Pa.
    enough : float or None
        Hours after which an answer is decisive with the chance that is wanted; None if that is never.
    failed : int
        Runs that failed; their draws are left out.
    """

    candidate: Candidate
    refused: str
    told: Told | None = None
    gas: Floats | None = None
    bands: Floats | None = None
    enough: float | None = None
    failed: int = 0

    def reasons(self) -> list[str]:
        """Say why its figures are not to be trusted; empty if they are."""
        if self.told is None:
            return []
        found = []
        off, error = float(self.told.imbalance[-1]), float(self.told.imbalance_error[-1])
        if abs(off) > max(_MOST_IMBALANCE, 4.0 * error):
            found.append(f"its probabilities are off by {off:+.2f}: too few draws, raise --draws")
        worst = int(np.argmax(np.abs(self.told.bias)))
        if abs(self.told.bias[worst]) > max(_MOST_BIAS, 3.0 * self.told.error[worst]):
            found.append(f"the correction for few draws is {abs(self.told.bias[worst]):.2f} nats")
        return found + _impossible(self.told)

    @property
    def share(self) -> float | None:
        """Of all there is to know, what is known at the end; None if its figures are not to be trusted."""
        if self.told is None or self.reasons():
            return None
        if not self.told.entropy > 0.0:
            return 0.0
        return float(np.clip(self.told.gain[-1] / self.told.entropy, 0.0, 1.0))


@dataclass(frozen=True)
class Plan:
    """All tests of a case, judged.

    Attributes
    ----------
    case : Case
    prospects : list of Prospect
        The hypotheses that tests are to tell apart, with their probabilities.
    negligible : list of str
        Hypotheses left out, for the record leaves them no probability.
    tests : list of Judged
    source : str
        ``"record"``, ``"priors"`` or the name of a file: what the hypotheses' probabilities come from.
    seed : int
    """

    case: Case
    prospects: list[Prospect]
    negligible: list[str]
    tests: list[Judged]
    source: str
    seed: int

    @property
    def design(self) -> Design:
        """The section of the case."""
        assert self.case.design is not None
        return self.case.design

    @property
    def names(self) -> list[str]:
        """Of the hypotheses."""
        return [one.rival.name for one in self.prospects]

    @property
    def best(self) -> Judged | None:
        """The test that is long enough soonest; if none is, the one most often decisive at its end."""
        run = [test for test in self.tests if test.told is not None]
        return min(run, key=_rank) if run else None

    @property
    def reasons(self) -> dict[str, list[str]]:
        """By test or hypothesis, why figures are not to be trusted; those that are to be are absent."""
        found = {f"hypothesis {one.rival.name}": list(one.reasons) for one in self.prospects}
        found |= {test.candidate.name: test.reasons() for test in self.tests}
        return {name: reasons for name, reasons in found.items() if reasons}


def design_test(
    case: str | os.PathLike[str],
    *,
    posterior: str | os.PathLike[str] | None = None,
    record: Sequence[str | os.PathLike[str]] = (),
    priors: bool = False,
    only: Sequence[str] = (),
    tests: Sequence[str] = (),
    seed: int | None = None,
    live: int | None = None,
    records: int | None = None,
    draws: int | None = None,
    threads: int | None = None,
    overrides: Mapping[str, object] | Sequence[str] = (),
    report: Callable[[str], None] | None = None,
) -> Plan:
    """Judge the tests that operators could run by what they would tell of the hypotheses of a case.

    Parameters
    ----------
    case : str or path
        Name of a shipped case, or a file.
    posterior : path, optional
        File of ``leakflow diagnose --out``, so that the record need not be judged again.
    record : sequence of paths
        CSV files instead of the case's record; a posterior must be of the same.
    priors : bool
        Leave the record aside.
    only : sequence of str
        Hypotheses that are to be told apart; by default all.
    tests : sequence of str
        Tests that are wanted; by default all.
    seed, live, records, draws : int, optional
        Other than those of the case.
    threads : int, optional
        By default all processors; the answer does not depend on it.
    overrides : mapping or sequence of str
        As for `leakflow.solver.case.load_case`.
    report : callable, optional
        Told what is done.

    Raises
    ------
    CaseError
        The case, its hypotheses or its tests are faulty; one line each.
    ResultsError
        The file of the posterior is of another case, record or seed, lacks an input, or cannot be read.
    LeakflowError
        A package is missing, or a hypothesis gives the record no likelihood at all.
    """
    loaded, rivals = load_rivals(case, overrides, record, only, recorded=False)
    candidates = _chosen(loaded, candidates_of(loaded), tests)
    if len(rivals) < 2:
        text = "must be two or more: a test is to tell them apart"
        raise CaseError(line_of(Fault(("hypotheses",), text), loaded.source))
    design = loaded.design
    assert design is not None  # or there were no candidates
    seed = loaded.sweep.seed if seed is None else seed
    records, draws = records or design.records, draws or design.draws
    if draws < least_draws():
        raise ArgumentError("draws", f" {draws}: must be at least {least_draws()}")
    if posterior is not None:
        prospects, source = from_file(rivals, Path(posterior), seed, records, draws), Path(posterior).name
    elif priors or not is_recorded(loaded):
        prospects, source = by_priors(rivals, seed, records, draws), "priors"
    else:
        live = live or (loaded.diagnosis or Diagnosis()).live
        prospects = by_record(rivals, seed, records, draws, live, threads=threads, report=report)
        source = "record"
    kept = [one for one in prospects if one.probability >= _NEGLIGIBLE]
    total = sum(one.probability for one in kept)
    kept = [one._replace(probability=one.probability / total) for one in kept]
    left = [one.rival.name for one in prospects if one.probability < _NEGLIGIBLE]
    judged = _Judge(loaded, kept, seed, threads)
    found = []
    for candidate in candidates:
        if report is not None:
            report(candidate.name)
        found.append(judged(candidate))
    return Plan(loaded, kept, left, found, source, seed)


class _Judge:
    """Runs a test on all hypotheses and judges what it would tell."""

    def __init__(self, case: Case, prospects: list[Prospect], seed: int, threads: int | None) -> None:
        """Take what is common to all tests."""
        assert case.design is not None
        self.design, self.prospects, self.seed = case.design, prospects, seed
        self.units = case.pressure_units
        self.threads = threads or available_threads()
        volume = volume_of(self.design, case.volumes)
        assert volume is not None  # the case was checked
        known = gauge_of(case.diagnosis or Diagnosis(), volume)._asdict()
        self.errors = {
            name: own if own is not None else known[name.removeprefix("gauge_")]
            for name in ("resolution", "gauge_offset", "gauge_drift")
            for own in (getattr(self.design, name),)
        }
        self.gauge = Gauge(self.design.uncertainty, self.errors["resolution"])
        self.gas_before: list[tuple[Seen, Seen]] | None = None

    def __call__(self, candidate: Candidate) -> Judged:
        """Judge one test."""
        if candidate.refused:
            return Judged(candidate, candidate.refused)
        # the same seed for all tests: what is compared differs by the test alone
        rng = np.random.default_rng([self.seed % 2**63, 1])
        records, shown, gas, bands, refusals, failed = [], [], [], [], [], 0
        used = self._gas_before(candidate)
        for i, prospect in enumerate(self.prospects):
            made, makers = self._seen(prospect, prospect.makers, candidate, rng)
            judged, judges = self._seen(prospect, prospect.judges, candidate, rng)
            failed += sum(int((~seen.sound).sum()) for seen in (made, judged))
            noise = rng.standard_normal(makers.shape)
            records.append(self.gauge.read(makers, noise)[made.sound])
            shown.append(judges[judged.sound])
            if not records[-1].shape[0] or shown[-1].shape[0] < least_draws():
                return Judged(candidate, f"too many runs of {prospect.rival.name} failed", failed=failed)
            own_gas = (judged.gas - used[i][1].gas)[judged.sound]
            refusals.append(self._broken(candidate, judged, own_gas))
            gas.append(np.quantile(own_gas, _BANDS))
            bands.append(np.quantile(judged.pressures[judged.sound], _BANDS, axis=0))
        broken = next((reason for reason in refusals if reason), "")
        if broken:
            return Judged(candidate, broken, failed=failed)
        weights = np.array([one.probability for one in self.prospects])
        told = information(records, shown, weights, self.gauge, self.design.certainty, threads=self.threads)
        return Judged(
            candidate, "", told, np.stack(gas), np.stack(bands), _enough(candidate, told, self.design.chance),
            failed,
        )  # fmt: skip

    def _seen(
        self, prospect: Prospect, draws: Draws, candidate: Candidate, rng: np.random.Generator
    ) -> tuple[Seen, Floats]:
        """Run a test on some draws, and return also what the gauge would show but for its noise."""
        spread = self.design.uncertainty if self.design.setting is None else self.design.setting
        settings = spread * rng.standard_normal((len(draws.values), len(candidate.steps)))
        shared = rng.standard_normal((len(draws.values), 2))
        seen = run_trial(
            prospect.rival.case, candidate, draws, settings, seed=self.seed, threads=self.threads
        )
        drift = self.errors["gauge_drift"] * shared[:, 1:] * (candidate.times - candidate.start)
        return seen, seen.pressures + self.errors["gauge_offset"] * shared[:, :1] + drift

    def _gas_before(self, candidate: Candidate) -> list[tuple[Seen, Seen]]:
        """Return what was let in before any test begins; the same for all of them."""
        if self.gas_before is None:
            self.gas_before = [
                tuple(  # type: ignore[misc]
                    before(one.rival.case, candidate, draws, seed=self.seed, threads=self.threads)
                    for draws in (one.makers, one.judges)
                )
                for one in self.prospects
            ]
        return self.gas_before

    def _broken(self, candidate: Candidate, seen: Seen, gas: Floats) -> str:
        """Say which limit the test would break in more than a few of the draws."""
        pressures, design = seen.pressures[seen.sound], self.design
        often = f"in more than {_MAY_BREAK * 100:.0f} % of the draws"
        for i, (_, wanted) in enumerate(candidate.steps):
            off = np.abs(seen.reached[seen.sound, i] - wanted)
            spread = self.design.uncertainty if design.setting is None else design.setting
            if np.mean(off > _MISSED * wanted + 6.0 * spread) > _MAY_BREAK:
                return f"{pressure_name(wanted, self.units)} is not reached {often}: is a hatch open?"
        if design.most_gas is not None and np.mean(gas > design.most_gas) > _MAY_BREAK:
            most = np.quantile(gas, 1.0 - _MAY_BREAK)
            return f"uses {most:.3g} kg of gas, more than {design.most_gas:.3g} kg, {often}"
        if design.lowest is not None and np.mean((pressures < design.lowest).any(axis=1)) > _MAY_BREAK:
            return f"falls below the lowest, {pressure_name(design.lowest, self.units)}, {often}"
        if design.highest is not None and np.mean((pressures > design.highest).any(axis=1)) > _MAY_BREAK:
            return f"rises above the highest, {pressure_name(design.highest, self.units)}, {often}"
        return ""


def _chosen(case: Case, candidates: list[Candidate], wanted: Sequence[str]) -> list[Candidate]:
    names = [candidate.name for candidate in candidates]
    for name in wanted:
        if name not in names:
            text = f"no such test; there is {', '.join(names)}"
            raise CaseError(line_of(Fault(("tests", name), text), case.source))
    return [candidate for candidate in candidates if not wanted or candidate.name in wanted]


def _impossible(told: Told) -> list[str]:
    """Say whether a gain is none that can be, or has an error as large as what there is to know."""
    if not told.entropy > 0.0:
        return []
    found = []
    # the slack is for rounding, where a test tells nothing or all
    outside = np.maximum(-told.gain, told.gain - told.entropy) - 1e-6 * told.entropy
    worst = int(np.argmax(outside - _OUTSIDE * told.error))
    if outside[worst] > _OUTSIDE * told.error[worst]:
        where = f"{told.gain[worst]:.2f} ± {told.error[worst]:.2f} nats"
        found.append(f"a gain of {where} is not within 0 and {told.entropy:.2f}: raise --draws")
    error = float(told.error.max())
    if error > _MOST_ERROR * told.entropy:
        found.append(
            f"the error of a gain, {error:.2f} nats, is above a quarter of all there is, {told.entropy:.2f}: "
            "raise --records and --draws"
        )
    return found


def _enough(candidate: Candidate, told: Told, chance: float) -> float | None:
    """Return the hours from which on an answer is decisive with the chance that is wanted."""
    late = np.flatnonzero(told.decisive < chance)
    first = 0 if late.size == 0 else int(late[-1]) + 1
    return None if first == told.decisive.size else float(candidate.hours[first])


def _rank(test: Judged) -> tuple[float, float, float]:
    assert test.told is not None
    soon = np.inf if test.enough is None else test.enough
    return soon, -float(test.told.decisive[-1]), -float(test.told.gain[-1])

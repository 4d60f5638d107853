"""Is a diagnosis calibrated? Many synthetic records, each judged as a real one would be.

python -m benchmarks.diagnosis_calibration [RECORDS [WORKERS]]

A hypothesis is drawn from its prior, its inputs from theirs, and readings from the gauge; then all
hypotheses are judged by those readings. If likelihood and sampler are right, the true input is as often at
any rank among the posterior draws (Talts et al., arXiv:1804.06788), a 90 % interval holds it in 90 % of the
records, and of all hypotheses given 0.7 seven in ten are true. Temperature cycles in every record; in about
half of them no leak grows.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leakflow.solver.diagnosis.checks import replicates
from leakflow.solver.diagnosis.forward import Forward
from leakflow.solver.diagnosis.hypotheses import load_rivals
from leakflow.solver.diagnosis.sampler import resampled, sample

Floats = NDArray[np.float64]

#: Four coarse readings, so that a record is judged in a second; the time of one is known to an hour.
CASE = """
title = "A tank that leaks, warms and cools; does the leak grow?"
[gas]
composition = "N2"
temperature = 293.15
[volumes.tank]
kind = "integrated"
volume = 2
pressure = 1e5
temperature_cycles = [{ amplitude = { dist = "uniform", low = "0 K", high = "6 K", name = "swing" }, period = "1 d", peak = "6 h" }]
[volumes.vacuum]
kind = "boundary"
pressure = 0
[paths.leak]
kind = "seal"
from = "tank"
to = "vacuum"
molecular = { dist = "loguniform", low = 1e-11, high = 3e-10, name = "conductance" }
[paths.more]
kind = "seal"
from = "tank"
to = "vacuum"
molecular = 0
[run]
duration = "3 d"
rtol = 1e-8
[diagnosis]
resolution = 2000
[[schedule]]
action = "start"
at = "20 h"
path = "more"
[hypotheses.steady]
[hypotheses.grows]
[hypotheses.grows.changes]
"paths.more.molecular" = { dist = "loguniform", low = 3e-12, high = 3e-10, name = "growth" }
[record]
"""  # noqa: E501 - as a case file is written
TIMES, SD, TIME_SD = (3e4, 6.5e4, 1.1e5, 1.6e5), 1500.0, 3600.0
SHARP = 200.0
RANKS = 99
LIVE, ESS = 50, 600
_DRAWS = 1000


class Outcome(NamedTuple):
    """What one record gave.

    Attributes
    ----------
    truth : int
        Place of the true hypothesis.
    probabilities : tuple of float
        Posterior ones, priors being even.
    ranks : dict of str to int
        Of each true input among `RANKS` posterior draws of the true hypothesis.
    inside : dict of str to (bool, bool)
        Whether its 50 and its 90 % interval hold it.
    converged : bool
    """

    truth: int
    probabilities: tuple[float, ...]
    ranks: dict[str, int]
    inside: dict[str, tuple[bool, bool]]
    converged: bool


def written(
    folder: Path, changes: Sequence[tuple[str, str]] = (), sd: float = SD, time_sd: float = TIME_SD
) -> Path:
    """Write the case with readings that stand for any others, some of its text replaced."""
    text = CASE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for i, reading_time in enumerate(TIMES):
        text += f"[[record.points]]\nvolume = 'tank'\ntime = {reading_time}\npressure = 9e4\n"
        text += f"uncertainty = {sd}\ntime_uncertainty = {time_sd if i == 1 else 0.0}\n"
    path = folder / "calibration.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Bench:
    """The likelihoods of a case, for any readings.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        """Compile all hypotheses."""
        _, rivals = load_rivals(path)
        self.forwards = [Forward(rival.case, 1, threads=1) for rival in rivals]

    def truth(self, seed: int) -> int:
        """Draw a hypothesis from the prior, which is even."""
        return int(np.random.default_rng([seed, 3]).integers(len(self.forwards)))

    def record(self, seed: int, truth: int) -> tuple[Floats, Floats]:
        """Draw inputs of a hypothesis from its prior, and readings of them: inputs and readings."""
        forward = self.forwards[truth]
        cube = np.random.default_rng([seed, 1]).random((1, forward.dimensions))
        found = forward.run(cube)
        return found.inputs[0], replicates(forward, found, _own(seed, 2))[0]

    def judge(self, seed: int, truth: int, readings: Floats, inputs: Floats) -> Outcome:
        """Judge all hypotheses by some readings."""
        logs, converged = [], True
        ranks: dict[str, int] = {}
        inside: dict[str, tuple[bool, bool]] = {}
        for i, forward in enumerate(self.forwards):
            forward.wanted = [
                wanted._replace(reading=wanted.reading._replace(value=float(value)))
                for wanted, value in zip(forward.wanted, readings, strict=True)
            ]
            sampled = sample(forward, forward.dimensions, seed=seed, live=LIVE, wanted_ess=ESS)
            logs.append(sampled.log_evidence)
            converged = converged and not sampled.reasons
            if i == truth:
                draws = forward.run(sampled.cube[resampled(sampled, _DRAWS, seed)]).inputs
                for name, value, own in zip(forward.names, inputs, draws.T, strict=True):
                    ranks[name] = int((own[:RANKS] < value).sum())
                    low, quarter, rest, high = np.quantile(own, [0.05, 0.25, 0.75, 0.95])
                    inside[name] = (bool(quarter <= value <= rest), bool(low <= value <= high))
        weights = np.exp(np.array(logs) - max(logs))
        return Outcome(truth, tuple((weights / weights.sum()).tolist()), ranks, inside, converged)

    def outcome(self, seed: int) -> Outcome:
        """Simulate and judge one record."""
        truth = self.truth(seed)
        inputs, readings = self.record(seed, truth)
        return self.judge(seed, truth, readings, inputs)


def uniformity(ranks: Sequence[int], bins: int = 10) -> float:
    """Return the p-value of a chi-square test that ranks 0 to `RANKS` are equally frequent."""
    from scipy import stats

    counts, _ = np.histogram(ranks, bins, (0, RANKS + 1))
    return float(stats.chisquare(counts).pvalue)


def interval(hits: int, count: int, share: float = 0.95) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (Biometrika 26 (1934) 404) of a binomial share."""
    from scipy import stats

    tail = 0.5 * (1.0 - share)
    low = 0.0 if hits == 0 else float(stats.beta.ppf(tail, hits, count - hits + 1))
    high = 1.0 if hits == count else float(stats.beta.ppf(1.0 - tail, hits + 1, count - hits))
    return low, high


def spiegelhalter(probable: Floats, happened: NDArray[np.bool_]) -> float:
    """Return the z of Spiegelhalter's test (Stat. Med. 5 (1986) 421) that probabilities are calibrated."""
    off = (happened - probable) * (1.0 - 2.0 * probable)
    variance = (1.0 - 2.0 * probable) ** 2 * probable * (1.0 - probable)
    return float(off.sum() / np.sqrt(variance.sum()))


def gather(path: Path, seeds: Sequence[int], workers: int) -> list[Outcome]:
    """Judge the records of some seeds, on as many processes."""
    if workers == 1:
        bench = Bench(path)
        return [bench.outcome(seed) for seed in seeds]
    with ProcessPoolExecutor(workers, get_context("spawn"), _start, (path,)) as pool:
        return list(pool.map(_outcome, seeds, chunksize=10))


_bench: Bench | None = None


def _start(path: Path) -> None:
    global _bench
    _bench = Bench(path)


def _outcome(seed: int) -> Outcome:
    assert _bench is not None
    return _bench.outcome(seed)


def report(outcomes: Sequence[Outcome]) -> list[str]:
    """Say how well ranks, intervals and probabilities hold."""
    from scipy import stats

    count = len(outcomes)
    lines = [f"{count} records, {sum(not one.converged for one in outcomes)} of them not converged"]
    for truth, hypothesis in enumerate(("steady", "grows")):
        own = [one for one in outcomes if one.truth == truth]
        for name in own[0].ranks:
            ranks = [one.ranks[name] for one in own]
            even = (np.array(ranks) + np.random.default_rng(0).random(len(ranks))) / (RANKS + 1)
            shares = []
            for which, wanted in enumerate((50, 90)):
                hits = sum(one.inside[name][which] for one in own)
                low, high = interval(hits, len(own))
                shares.append(
                    f"{wanted} %: {100 * hits / len(own):.1f} ({100 * low:.1f} .. {100 * high:.1f})"
                )
            tests = f"chi-square p {uniformity(ranks):.3f}, KS p {stats.kstest(even, 'uniform').pvalue:.3f}"
            histogram = np.histogram(ranks, 10, (0, RANKS + 1))[0].tolist()
            lines.append(f"{hypothesis:8}{name:12} ranks {histogram} {tests}; {', '.join(shares)}")
    grows = np.array([one.probabilities[1] for one in outcomes])
    truth_grows = np.array([one.truth == 1 for one in outcomes])
    lines.append("probability of 'grows': mean foretold, share true (95 %), records")
    for low, high in zip((0.0, 0.1, 0.3, 0.5, 0.7, 0.9), (0.1, 0.3, 0.5, 0.7, 0.9, 1.0001), strict=True):
        where = (grows >= low) & (grows < high)
        if where.any():
            hits = int(truth_grows[where].sum())
            least, most = interval(hits, int(where.sum()))
            share = f"{hits / where.sum():.3f} ({least:.3f} .. {most:.3f})"
            lines.append(f"  {grows[where].mean():.3f}  {share}  {where.sum()}")
    brier, expected = np.mean((grows - truth_grows) ** 2), np.mean(grows * (1.0 - grows))
    z = spiegelhalter(grows, truth_grows)
    lines.append(f"Brier score {brier:.4f}, foretold {expected:.4f}; Spiegelhalter's z {z:+.2f}")
    lines.append(_alarms("temperature cycles, no growth", grows[~truth_grows]))
    return lines


def _alarms(what: str, grows: Floats) -> str:
    hits, count = int((grows >= 0.95).sum()), grows.size
    low, high = interval(hits, count)
    return (
        f"{what}: growth given 0.95 or more in {hits} of {count} records "
        f"({100 * low:.1f} .. {100 * high:.1f} %), its mean probability {grows.mean():.3f}"
    )


def _own(seed: int, what: int) -> int:
    """Return a seed of its own: numbers that are drawn for one thing must not come again for another."""
    return int(np.random.SeedSequence([seed, what]).generate_state(1)[0])


class Weighed:
    """The same judgement without a sampler: draws from the prior, weighed by the likelihood.

    Parameters
    ----------
    bench : Bench
    draws : int
        Of each hypothesis, the same for all records; those records are judged well that many come near.
    """

    def __init__(self, bench: Bench, draws: int) -> None:
        """Run all draws once."""
        self.bench = bench
        self.found = [
            forward.run(np.random.default_rng([i, 7]).random((draws, forward.dimensions)))
            for i, forward in enumerate(bench.forwards)
        ]

    def judge(self, seed: int) -> tuple[int, float, dict[str, float]]:
        """Judge a record: the truth, the probability of growth, and where the true inputs lie, 0 to 1."""
        truth = self.bench.truth(seed)
        inputs, readings = self.bench.record(seed, truth)
        logs, places = [], {}
        for i, (forward, found) in enumerate(zip(self.bench.forwards, self.found, strict=True)):
            shown = {k: np.full(len(found.failed), value) for k, value in enumerate(readings)}
            log = sum(forward.log_of(term, found.nodes, shown) for term in forward.terms)
            weights = np.exp(log - np.max(log))
            logs.append(float(np.max(log) + np.log(weights.mean())))
            if i == truth:
                below = (found.inputs < inputs) * (weights / weights.sum())[:, None]
                places = dict(zip(forward.names, below.sum(axis=0).tolist(), strict=True))
        return truth, float(1.0 / (1.0 + np.exp(logs[0] - logs[1]))), places


def weighed(folder: Path, records: int, draws: int = 20_000) -> tuple[dict[str, float], float]:
    """Return what the same test says of the likelihood alone, times being exact.

    Returns
    -------
    dict of str to float
        By hypothesis and input, the p-value of a Kolmogorov-Smirnov test that the places are uniform.
    float
        Spiegelhalter's z of the probabilities of growth.
    """
    from scipy import stats

    judge = Weighed(Bench(written(folder, time_sd=0.0)), draws).judge
    found = [judge(seed) for seed in range(records)]
    tests = {}
    for i, hypothesis in enumerate(("steady", "grows")):
        own = [places for truth, _, places in found if truth == i]
        for name in own[0]:
            test = stats.kstest([places[name] for places in own], "uniform")
            tests[f"{hypothesis} {name}"] = float(test.pvalue)
    grows = np.array([probable for _, probable, _ in found])
    return tests, spiegelhalter(grows, np.array([truth == 1 for truth, _, _ in found]))


def alarms(folder: Path, seeds: Sequence[int]) -> list[str]:
    """Say how often a sharp gauge's records of a steady leak pass for growth, with and without a temperature.

    The swing of temperature is ten standard deviations of the gauge: without it, a leak seems to change.
    """
    sharp = ("resolution = 2000", f"resolution = {SHARP}")
    knowing = Bench(written(folder, [sharp], SHARP))
    start = CASE.index("temperature_cycles")
    cycles = CASE[start : CASE.index("\n", start)]
    blind = Bench(written(folder, [sharp, (cycles, "")], SHARP))
    names, kept = knowing.forwards[0].names, blind.forwards[0].names
    wise, fooled = [], []
    for seed in seeds:
        inputs, readings = knowing.record(seed, 0)
        own = inputs[[names.index(name) for name in kept]]
        wise.append(knowing.judge(seed, 0, readings, inputs).probabilities[1])
        fooled.append(blind.judge(seed, 0, readings, own).probabilities[1])
    return [
        _alarms(f"a gauge of {SHARP:.0f} Pa, temperature cycles, no growth", np.array(wise)),
        _alarms("the same, judged without a temperature", np.array(fooled)),
    ]


def gain_of_gaussians() -> str:
    """Compare the expected information gain of a linear-Gaussian test with its closed form."""
    from scipy import integrate, stats

    from leakflow.solver.diagnosis.information import Gauge, information

    means, weights, spread = np.array([0.0, 1.0, 4.0]), np.array([0.2, 0.5, 0.3]), 0.7

    def integrand(y: float) -> float:
        each = weights * stats.norm.pdf(y, means, np.hypot(1.0, spread))
        return float(np.sum(each * np.log(each / each.sum() / weights)))

    exact = integrate.quad(integrand, -12.0, 16.0, limit=400)[0]
    rng = np.random.default_rng(0)
    shown = [rng.normal(mean, spread, (2000, 1)) for mean in means]
    records = [own + rng.standard_normal(own.shape) for own in shown]
    inner = [rng.normal(mean, spread, (10_000, 1)) for mean in means]
    told: Any = information(records, inner, weights, Gauge(1.0), 0.95, threads=2)
    return f"information gain {told.gain[0]:.4f} +- {told.error[0]:.4f} nats, closed form {exact:.4f}"


def main(records: int, workers: int) -> None:
    """Print all figures."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder))
        for line in report(gather(path, range(records), workers)):
            print(line, flush=True)
        for line in alarms(Path(folder), range(max(20, records // 12))):
            print(line, flush=True)
        tests, z = weighed(Path(folder), 4 * records)
        shown = ", ".join(f"{name} {p:.3f}" for name, p in tests.items())
        print(f"{4 * records} records without a sampler: KS p {shown}; Spiegelhalter's z {z:+.2f}")
    print(gain_of_gaussians())
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(*(int(text) for text in (sys.argv[1:] + ["500", "2"][len(sys.argv) - 1 :])))

"""The methods by name: what each needs, what it gives, and what it is best for."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError, LeakflowError
from .design import PICK_FREEZE, TRAJECTORIES, Design
from .tables import Options

__all__ = ["LONG_NAMES", "METHODS", "SEQUENCES", "SHAPLEY", "MethodKind", "choose_method"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MethodKind:
    """A method.

    Attributes
    ----------
    name : str
    headline : tuple of str
        The indices to look at, the most telling first.
    design : str or None
        The design that it needs; None if any random samples do.
    packages : tuple of str
        What has to be installed beside leakflow.
    series : bool
        Whether it is quick enough for every time of a series.
    of_rows : callable or None
        For given samples: inputs (n, D), outcomes (n, m) to arrays (m, D) or (m,).
    """

    name: str
    headline: tuple[str, ...]
    design: str | None = None
    packages: tuple[str, ...] = ("scipy",)
    series: bool = False
    of_rows: Callable[[Floats, Floats, Options], dict[str, Floats]] | None = None


def choose_method(name: str, design: Design, where: str) -> MethodKind:
    """Return a method, by its name or by what the design is for.

    Raises
    ------
    ArgumentError
        There is no such method, or the design is not the one that it needs.
    LeakflowError
        A package that it needs is not installed.
    """
    if name == "auto":
        by_design = {PICK_FREEZE: "sobol", TRAJECTORIES: "morris"}
        by_samples = "delta" if design.kind in SEQUENCES else "chatterjee"
        name = by_design.get(design.kind, "shapley" if design.correlated else by_samples)
    if name not in METHODS:
        import difflib

        near = difflib.get_close_matches(name, METHODS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ArgumentError("method", f" = {name}: must be auto, {', '.join(METHODS)}{hint}")
    method = METHODS[name]
    if method.design is not None and method.design != design.kind:
        raise ArgumentError(
            "method", f" = {name}: needs a {method.design} design; {where} is of a {design.kind} design"
        )
    if method.design is None and design.kind == TRAJECTORIES:
        raise ArgumentError(
            "method", f" = {name}: the rows of a morris design are no random samples; {where} is of one"
        )
    if method.name == "chatterjee" and design.kind in SEQUENCES:
        raise ArgumentError(
            "method",
            f" = {name}: samples that are neighbours in one input lie apart in the others in a {design.kind} "
            f"design, as {where} is of, which spoils it; take delta, rbd-fast or regression",
        )
    for package in method.packages:
        if importlib.util.find_spec(package) is None:
            raise LeakflowError(
                f"method {name} needs {package}, which is not installed: "
                'python -m pip install "leakflow[sensitivity]"'
            )
    return method


#: Designs made of a low-discrepancy sequence.
SEQUENCES = ("sobol", PICK_FREEZE)


def _chatterjee(x: Floats, y: Floats, options: Options) -> dict[str, Floats]:
    from .chatterjee_xi import chatterjee

    found, half = chatterjee(
        x, y, resamples=options.resamples, confidence=options.confidence, seed=options.seed
    )
    return {"xi": found, "xi_conf": half}


def _regression(x: Floats, y: Floats, options: Options) -> dict[str, Floats]:
    from dataclasses import asdict

    from .linear import regression

    found = asdict(regression(x, y, confidence=options.confidence))
    del found["collinear"]
    return found


def _shapley(noisy: bool) -> Callable[[Floats, Floats, Options], dict[str, Floats]]:
    def shapley(x: Floats, y: Floats, options: Options) -> dict[str, Floats]:
        from .shapley import shapley_effects

        found = shapley_effects(x, y, noisy=noisy, confidence=options.confidence, seed=options.seed)
        return {"Sh": found.effects, "Sh_conf": found.conf, "unexplained": found.unexplained}

    return shapley


def _delta(x: Floats, y: Floats, options: Options) -> dict[str, Floats]:
    from .delta import delta_indices

    found = [
        delta_indices(
            x, column, resamples=options.resamples, confidence=options.confidence, seed=options.seed
        )
        for column in y.T
    ]
    return {"delta": np.stack([one[0] for one in found]), "delta_conf": np.stack([one[1] for one in found])}


def _through_salib(name: str) -> Callable[[Floats, Floats, Options], dict[str, Floats]]:
    def through_salib(x: Floats, y: Floats, options: Options) -> dict[str, Floats]:
        from ._salib import salib_indices

        found = [
            salib_indices(
                name, x, column,
                resamples=options.resamples, confidence=options.confidence, seed=options.seed,
            )
            for column in y.T
        ]  # fmt: skip
        return {key: np.stack([one[key] for one in found]) for key in found[0]}

    return through_salib


#: Of shapley, whether something random besides the inputs moves the outcomes is put in by the analysis.
SHAPLEY = {noisy: _shapley(noisy) for noisy in (False, True)}

METHODS: dict[str, MethodKind] = {
    kind.name: kind
    for kind in (
        MethodKind("sobol", ("ST", "S1"), design=PICK_FREEZE, packages=(), series=True),
        MethodKind("morris", ("mu_star",), design=TRAJECTORIES, packages=(), series=True),
        MethodKind("delta", ("delta",), of_rows=_delta),
        MethodKind("pawn", ("pawn_median",), packages=("scipy", "SALib"), of_rows=_through_salib("pawn")),
        MethodKind("rbd-fast", ("S1",), packages=("scipy", "SALib"), of_rows=_through_salib("rbd-fast")),
        MethodKind("chatterjee", ("xi",), series=True, of_rows=_chatterjee),
        MethodKind("shapley", ("Sh",), series=True, of_rows=SHAPLEY[False]),
        MethodKind("regression", ("SRRC",), series=True, of_rows=_regression),
    )
}

LONG_NAMES = {
    "S1": "first-order Sobol' index: share of the variance by this input alone",
    "ST": "total-order Sobol' index: share of the variance by this input, interactions too",
    "S2": "second-order Sobol' index: share by these two inputs together, beyond each alone",
    "mu": "mean elementary effect",
    "mu_star": "mean size of the elementary effects",
    "sigma": "standard deviation of the elementary effects",
    "delta": "Borgonovo's delta: how far the density moves when the input is held",
    "pawn_median": "PAWN index: median distance of conditional distributions",
    "pawn_maximum": "PAWN index: largest distance of conditional distributions",
    "pawn_mean": "PAWN index: mean distance of conditional distributions",
    "xi": "Chatterjee's rank correlation",
    "Sh": "Shapley effect: share of the variance, inputs may depend on each other",
    "unexplained": "share of the variance that no input shows",
    "pearson": "correlation",
    "spearman": "rank correlation",
    "SRC": "standardised regression coefficient",
    "SRRC": "standardised regression coefficient of ranks",
    "PCC": "partial correlation",
    "PRCC": "partial rank correlation",
    "R2": "share of the variance that the linear regression explains",
    "R2_rank": "share of the variance of ranks that the linear regression on ranks explains",
}

"""The design of a case: what its section ``sweep`` says, put to its inputs."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...kernels import model
from ...kernels.random import CONSTANT
from .. import _sweep_section as section
from .._case_faults import lines_of
from .._column import Column
from ..columns import crack_prefix
from ..engine import PointSource
from ..errors import CaseError, Fault, FaultsError
from .base import Design
from .checks import check_names, correlation_of, group_labels
from .latin_hypercube import LatinHypercubeDesign
from .monte_carlo import MonteCarloDesign
from .morris import MorrisDesign
from .own import Made, Named, grid_of, table_of
from .placing import Placed
from .saltelli import SaltelliDesign
from .sobol import SobolDesign

__all__ = ["SweepDesign", "design_of"]

# numbers of a design that is held whole: 1.6 GB
_MOST_HELD = 200_000_000
# two for each input in Saltelli's; SciPy has direction numbers for 21201
_MOST_DIMENSIONS = 10600
_PACKAGES = {"sobol": "scipy", "saltelli": "scipy", "latin-hypercube": "scipy", "morris": "SALib"}


@dataclass(frozen=True)
class SweepDesign:
    """Where the samples of a sweep lie.

    Attributes
    ----------
    points : callable or None
        A `leakflow.solver.engine.PointSource`; None where the kernels draw everything.
    samples : int
        Of the whole sweep.
    rows_per_group : int
        Samples that an analysis needs together, from a multiple of this on; D + 2 or 2 D + 2 of Saltelli's
        design, D + 1 of Morris's, else 1.
    extendable : bool
        Whether more samples leave those that there were as they were.
    description : str
        JSON, for the provenance of a results file; `leakflow.solver.designs.read_design` reads it.
    advice : str or None
        A line on a better number of samples.
    """

    points: PointSource | None
    samples: int
    rows_per_group: int
    extendable: bool
    description: str
    advice: str | None = None


def design_of(
    sweep: section.Sweep, source: str, inputs: Sequence[Column], plan: model.Plan, paths: Sequence[str]
) -> SweepDesign:
    """Make the design of a case.

    Parameters
    ----------
    sweep : leakflow.solver._sweep_section.Sweep
    source : str
        The case's file name, for messages.
    inputs : sequence of Column
        What is random, K of them.
    plan : leakflow.kernels.model.Plan
    paths : sequence of str
        Names, in the order of the plan.

    Raises
    ------
    CaseError
        A line for each fault: no such input, a number of samples that the design cannot have, correlations
        that no inputs can have, a package that is not installed.
    """
    try:
        return _Builder(sweep, inputs, plan, paths).build()
    except FaultsError as error:
        raise CaseError(lines_of([fault.under(("sweep",)) for fault in error.faults], source)) from None


class _Builder:
    """Takes the parts of a case that a design needs."""

    def __init__(
        self, sweep: section.Sweep, inputs: Sequence[Column], plan: model.Plan, paths: Sequence[str]
    ) -> None:
        self.sweep, self.plan, self.paths = sweep, plan, paths
        # by name, for a case written out and read again has its tables in another order
        noise = sorted((crack_prefix(paths[p]), p) for p in range(plan.paths.size) if _draws_cracks(plan, p))
        self.crack_paths = [p for _, p in noise]
        in_order = sorted(inputs, key=lambda column: column.name)
        self.named = Named(tuple(in_order), tuple(name for name, _ in noise))
        self.size = len(self.named.inputs), len(self.named.noise)
        self.groups = group_labels(sweep, self.named)
        self.correlation = correlation_of(sweep, self.named)

    def build(self) -> SweepDesign:
        """Make the design, and say how it was made."""
        kind = self.sweep.design.kind
        check_names(self.named, needed=kind != "monte-carlo")
        package = _PACKAGES.get(kind)
        if package is not None and importlib.util.find_spec(package) is None:
            text = f'needs {package}, which is not installed: pip install "leakflow[sensitivity]"'
            raise FaultsError([Fault(("design",), text, kind)])
        if kind in ("sobol", "saltelli") and len(self.named.names) > _MOST_DIMENSIONS:
            text = (
                f"must be another one: there are {len(self.named.names)} inputs, more than {_MOST_DIMENSIONS}"
            )
            raise FaultsError([Fault(("design",), text, kind)])
        made = self._made()
        rows_per_group = 1 if made.design is None else made.design.rows_per_group
        extendable = made.design is None or made.design.extendable
        points = None if made.design is None else self._placed(made.design)
        return SweepDesign(
            points,
            made.samples,
            rows_per_group,
            extendable,
            self._description(made, rows_per_group),
            made.advice,
        )

    def _description(self, made: Made, rows_per_group: int) -> str:
        correlated = self.correlation
        told: dict[str, Any] = {
            "kind": self.sweep.design.kind,
            "names": list(self.named.names),
            "noise": list(self.named.noise),
            "groups": self.groups,
            "seed": self.sweep.seed,
            "samples": made.samples,
            "rows_per_group": rows_per_group,
            "correlations": None,
        }
        if correlated is not None:
            told["correlations"] = {"names": list(correlated.names), "rank": correlated.ranks.tolist()}
        return json.dumps(told | made.told)

    def _placed(self, design: Design) -> Placed:
        return Placed(
            design,
            None if self.correlation is None else self.correlation.copula,
            np.array([column.place for column in self.named.inputs], np.int64),
            np.array(self.crack_paths, np.int64),
            self.plan.draws.size,
            self.plan.paths.size,
        )

    def _made(self) -> Made:
        chosen, sweep, named = self.sweep.design, self.sweep, self.named
        if isinstance(chosen, section.SobolDesign):
            return self._sobol(chosen)
        if isinstance(chosen, section.SaltelliDesign):
            return self._saltelli(chosen)
        if isinstance(chosen, section.MorrisDesign):
            return self._morris(chosen)
        if isinstance(chosen, section.LatinHypercubeDesign):
            self._check_held(sweep.samples)
            return Made(LatinHypercubeDesign(*self.size, sweep.seed, sweep.samples), sweep.samples, {})
        if isinstance(chosen, section.GridDesign):
            return grid_of(sweep, chosen, named)
        if isinstance(chosen, section.TableDesign):
            return table_of(sweep, chosen, named)
        return self._monte_carlo()

    def _monte_carlo(self) -> Made:
        """Nothing, where the kernels draw everything; or what is to be correlated."""
        if self.correlation is None:
            return Made(None, self.sweep.samples, {})
        places = {k: self.named.inputs[k].place for k in self.correlation.copula.columns.tolist()}
        streams = {k: int(self.plan.draws[place]["stream"]) for k, place in places.items()}
        return Made(MonteCarloDesign(self.size[0], self.sweep.seed, streams), self.sweep.samples, {})

    def _sobol(self, chosen: section.SobolDesign) -> Made:
        samples = self.sweep.samples
        _check_sequence(chosen.skip, samples, "samples")
        options: dict[str, Any] = {"scramble": chosen.scramble, "skip": chosen.skip}
        design = SobolDesign(*self.size, self.sweep.seed, **options)
        return Made(design, samples, options, _power_of_two(samples, "samples"))

    def _saltelli(self, chosen: section.SaltelliDesign) -> Made:
        options: dict[str, Any] = {
            "second_order": chosen.second_order, "scramble": chosen.scramble, "skip": chosen.skip,
        }  # fmt: skip
        design = SaltelliDesign(*self.size, self.sweep.seed, groups=self.groups, **options)
        samples = self._samples(chosen.base_samples, "base_samples", design.rows_per_group)
        base = samples // design.rows_per_group
        _check_sequence(chosen.skip, base, "base_samples")
        return Made(design, samples, {"base_samples": base, **options}, _power_of_two(base, "base samples"))

    def _morris(self, chosen: section.MorrisDesign) -> Made:
        options: dict[str, Any] = {"levels": chosen.levels, "tail": chosen.tail}
        rows = 1 + len(set(self.groups or self.named.names))
        samples = self._samples(chosen.trajectories, "trajectories", rows)
        self._check_held(samples)
        design = MorrisDesign(*self.size, self.sweep.seed, samples // rows, groups=self.groups, **options)
        return Made(design, samples, {"base_samples": samples // rows, **options})

    def _samples(self, groups: int | None, key: str, rows: int) -> int:
        """Return the number of samples, which must be whole groups of rows."""
        samples = self.sweep.samples
        given = "samples" in self.sweep.model_fields_set
        if groups is None:
            if samples % rows:
                low, high = samples // rows * rows, (samples // rows + 1) * rows
                near = f"{low} or {high}" if low else f"{high}"
                text = f"must be a multiple of {rows}, the rows of a group; take {near}, or set design.{key}"
                raise FaultsError([Fault(("samples",), text, samples)])
            return samples
        if given and samples != groups * rows:
            text = f"must be left out, or {groups * rows}: design.{key} = {groups} of {rows} rows each"
            raise FaultsError([Fault(("samples",), text, samples)])
        if groups * rows > section.MOST_SAMPLES:
            text = f"makes more than {section.MOST_SAMPLES} samples"
            raise FaultsError([Fault(("design", key), text, groups)])
        return groups * rows

    def _check_held(self, samples: int) -> None:
        """Refuse a design that is held whole and is too large for it."""
        most = _MOST_HELD // max(1, len(self.named.names))
        if samples > most:
            kind = self.sweep.design.kind
            text = f"must be at most {most}: a {kind} design is held in memory; sobol and saltelli are not"
            raise FaultsError([Fault(("samples",), text, samples)])


def _draws_cracks(plan: model.Plan, p: int) -> bool:
    """Whether a path is a population of cracks of which something is drawn for each."""
    row = int(plan.paths[p]["crack_row"])
    rows = plan.crack_draws[row : row + model.N_CRACK_FIELDS]
    return bool(plan.paths[p]["count"] >= 0 and np.any(rows["kind"] != CONSTANT))


def _check_sequence(skip: int, points: int, key: str) -> None:
    if skip + points > section.MOST_SOBOL_POINTS:
        text = f"must be at most {section.MOST_SOBOL_POINTS - skip}, the points that the sequence has left"
        raise FaultsError([Fault((key,) if key == "samples" else ("design", key), text, points)])


def _power_of_two(count: int, what: str) -> str | None:
    if count & (count - 1) == 0:
        return None
    low = 1 << (count.bit_length() - 1)
    return f"a Sobol' sequence is balanced at powers of two: {low} or {2 * low} {what} rather than {count}"

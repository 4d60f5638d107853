"""Names, units and meanings of what kernels return by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..kernels.model import CRACK_FIELDS
from ..kernels.outcomes import offsets
from ._schedule import RepressuriseEvent, VentEvent
from .case import Case
from .errors import CaseError

__all__ = ["Column", "crack_prefix", "label", "outcome_columns", "outcome_names", "series_names"]


@dataclass(frozen=True)
class Column:
    """One named column of the kernels' arrays.

    Attributes
    ----------
    name : str
        As in the results file.
    place : int
        Column in the array; -1 of what the sweep derives from others.
    dimension : str
        For display: a key of `leakflow.solver.units.DIMENSIONS`, or ``pressure_rate``.
    units : str
        As UDUNITS writes them.
    long_name : str
    role : str
        "input", "output" or "diagnostic".
    attributes : mapping of str to str
    """

    name: str
    place: int
    dimension: str
    units: str
    long_name: str
    role: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def outcome_columns(case: Case, inputs: Sequence[str]) -> tuple[tuple[Column, ...], int]:
    """Choose the outcomes of a case, and say where the pressures at the record's times start.

    Parameters
    ----------
    case : Case
    inputs : sequence of str
        Names of the inputs.

    Raises
    ------
    CaseError
        A name or pattern of ``outcomes.keep`` fits no outcome, or two things that the results may hold
        have one name.
    """
    everything = list(_all_columns(case))
    names = [column.name for column in everything]
    _refuse_twins(case, inputs, names)
    keep = case.outcomes.keep
    patterns = ["*"] if isinstance(keep, str) else keep
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise CaseError(
                f"{case.source}: outcomes.keep = {pattern}: fits no outcome; there are {', '.join(names)}"
            )
    kept = tuple(
        column
        for column in everything
        if column.role == "diagnostic" or any(fnmatchcase(column.name, pattern) for pattern in patterns)
    )
    return kept, _places(case)["record"][0]


def outcome_names(case: Case) -> list[str]:
    """Return the names of all outcomes that a case can give."""
    return [column.name for column in _all_columns(case)]


def label(name: str) -> str:
    """Return a name of the case as part of a variable's name."""
    return name.replace("-", "_")


def series_names(case: Case) -> tuple[list[str], list[str]]:
    """Return the names of the series: the pressures of the volumes and the flows of the paths."""
    return [f"pressure_{label(name)}" for name in case.volumes], [
        f"flow_{label(name)}" for name in case.paths
    ]


def crack_prefix(path: str) -> str:
    """Return what the names of the variables on each crack of a path begin with."""
    return f"each_{label(path)}"


def _refuse_twins(case: Case, inputs: Sequence[str], outcomes: Sequence[str]) -> None:
    """Refuse a case in whose results one name would stand for two things."""
    kinds = [(name, "an input") for name in inputs]
    kinds += [(name, "an outcome") for name in outcomes]
    if case.outcomes.series:
        kinds += [(name, "a series") for names in series_names(case) for name in names]
    if case.outcomes.crack_geometry:
        for path in case.paths:
            fields = ("count", "crack", *CRACK_FIELDS)
            kinds += [(f"{crack_prefix(path)}_{field}", "a number of cracks") for field in fields]
    seen: dict[str, str] = {}
    for name, kind in kinds:
        if name in seen:
            one = f"{seen[name]} and {kind}" if kind != seen[name] else f"{kind} twice"
            raise CaseError(
                f"{case.source}: {name} would be the name of {one} in the results; change the name of an "
                "input, a volume, a path or a threshold (- counts as _)"
            )
        seen[name] = kind


def _places(case: Case) -> dict[str, tuple[int, int]]:
    points = 0 if case.record is None else len(case.record.points)
    return offsets(len(case.volumes), len(case.paths), len(case.run.thresholds), 3 * points)


def _all_columns(case: Case) -> Iterator[Column]:
    places = {name: start for name, (start, _) in _places(case).items()}
    yield from _leak_columns(case, places)
    yield from _path_columns(case, places)
    yield from _volume_columns(case, places)
    for i, threshold in enumerate(case.run.thresholds):
        side = "falls below" if threshold.below is not None else "rises above"
        yield Column(
            f"time_to_{label(threshold.name)}", places["time_to"] + i, "time", "s",
            f"first time the pressure of {threshold.volume} {side} the threshold, missing if it never does",
            "output",
        )  # fmt: skip
    yield from _record_columns(case, places)
    for name, text in (
        ("steps", "accepted steps"),
        ("rejected_steps", "rejected steps"),
        ("mass_balance_residual", "gas unaccounted for, over all the gas there was"),
    ):
        yield Column(name, places[name], "dimensionless", "1", text, "diagnostic")


def _leak_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    if not any(volume.kind == "boundary" for volume in case.volumes.values()):
        return
    yield Column("mass_lost", places["mass_lost"], "mass", "kg", "net mass lost to the boundaries", "output")
    for i, (name, text) in enumerate(
        (("initial", "at the start, before any event"), ("mean", "mean of the run"), ("final", "at the end"))
    ):
        yield Column(
            f"leak_rate_{name}", places["leak_rate"] + i, "mass_flow", "kg s-1",
            f"net mass flow to the boundaries, {text}", "output",
        )  # fmt: skip


def _path_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    for i, (name, path) in enumerate(case.paths.items()):
        yield Column(
            f"mass_{label(name)}", places["mass"] + i, "mass", "kg",
            f"mass that passed {name} from {path.from_} to {path.to}", "output",
        )  # fmt: skip
        if path.kind not in ("valve", "hatch"):
            yield Column(
                f"equivalent_diameter_{label(name)}", places["equivalent_diameter"] + i, "length", "m",
                f"diameter of the ideal nozzle that passes the same as {name} at the start", "output",
            )  # fmt: skip
            if "boundary" in (case.volumes[path.from_].kind, case.volumes[path.to].kind):
                yield Column(
                    f"thrust_{label(name)}", places["thrust"] + i, "force", "N",
                    f"thrust of an ideal jet that carries the flow of {name} at the start", "output",
                )  # fmt: skip
            yield Column(
                f"flow_exponent_{label(name)}", places["flow_exponent"] + i, "dimensionless", "1",
                f"exponent of the flow through {name} in the pressure upstream, at the start", "output",
            )  # fmt: skip


def _volume_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    filled = {event.volume for event in case.schedule if isinstance(event, RepressuriseEvent)}
    vented = {event.volume for event in case.schedule if isinstance(event, VentEvent)}
    for i, (name, volume) in enumerate(case.volumes.items()):
        own = label(name)
        if volume.kind == "integrated":
            yield Column(
                f"pressure_final_{own}", places["pressure_final"] + i, "pressure", "Pa",
                f"pressure of {name} at the end", "output",
            )  # fmt: skip
        if volume.kind != "boundary":
            yield Column(
                f"pressure_rate_{own}", places["pressure_rate"] + i, "pressure_rate", "Pa s-1",
                f"rate of the pressure of {name} at the start with all valves shut"
                + (", were it not held" if volume.kind == "held" else ""),
                "output",
            )  # fmt: skip
        if volume.kind == "held":
            yield Column(
                f"makeup_{own}", places["gas_added"] + i, "mass", "kg",
                f"gas that keeps the pressure of {name}", "output",
            )  # fmt: skip
        if name in filled:
            yield Column(
                f"gas_added_{own}", places["gas_added"] + i, "mass", "kg",
                f"gas put into {name} by the schedule", "output",
            )  # fmt: skip
        if name in vented:
            yield Column(
                f"gas_vented_{own}", places["gas_vented"] + i, "mass", "kg",
                f"gas let out of {name} by the schedule", "output",
            )  # fmt: skip


def _record_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    points = case.record.points if case.record is not None else []
    for i, point in enumerate(points):
        yield Column(
            f"pressure_{label(point.volume)}_record_{i + 1}", places["record"] + 3 * i + 1, "pressure", "Pa",
            f"pressure of {point.volume} at {point.time:.12g} s, when {point.pressure:.12g} Pa was measured",
            "output",
        )  # fmt: skip
        yield Column(
            f"record_deviation_{i + 1}", -1, "dimensionless", "1",
            f"pressure of {point.volume} less the {i + 1}. measured one, over its uncertainty", "output",
        )  # fmt: skip
    if points:
        text = "root mean square of the deviations from the record over their uncertainties"
        yield Column("record_misfit", -1, "dimensionless", "1", text, "output")

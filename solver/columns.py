"""Names, units and meanings of what kernels return by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from ..kernels.model import CRACK_FIELDS
from ..kernels.outcomes import offsets
from ._column import Column, label, series_name, series_names, series_units
from ._paths import CracksPath, Path, ReliefPath, SealPath
from ._plan_layout import controls_of, feeds_of, is_thermal, series_of
from ._volume_columns import record_columns, volume_columns
from .case import Case
from .errors import CaseError

__all__ = [
    "Column", "crack_prefix", "label", "outcome_columns", "outcome_names", "series_name", "series_names",
    "series_units",
]  # fmt: skip


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
                "input, a volume, a path, a feed, a control or a threshold (- counts as _)"
            )
        seen[name] = kind


def _places(case: Case) -> dict[str, tuple[int, int]]:
    points = 0 if case.record is None else len(case.record.points)
    return offsets(
        len(case.volumes),
        len(case.paths),
        len(case.run.thresholds),
        3 * points,
        len(series_of(case)),
        len(feeds_of(case)),
        len(controls_of(case)),
    )


def _all_columns(case: Case) -> Iterator[Column]:
    places = {name: start for name, (start, _) in _places(case).items()}
    yield from _leak_columns(case, places)
    yield from _path_columns(case, places)
    yield from volume_columns(case, places)
    yield from _feed_columns(case, places)
    yield from _control_columns(case, places)
    for i, threshold in enumerate(case.run.thresholds):
        side = "falls below" if threshold.below is not None else "rises above"
        of = "pressure" if threshold.species is None else f"partial pressure of {threshold.species} in"
        yield Column(
            f"time_to_{label(threshold.name)}", places["time_to"] + i, "time", "s",
            f"first time the {of}{' of' if threshold.species is None else ''} {threshold.volume} {side} the "
            "threshold, missing if it never does",
            "output",
        )  # fmt: skip
    yield from record_columns(case, places)
    diagnostics = [
        ("steps", "accepted steps"),
        ("rejected_steps", "rejected steps"),
        ("mass_balance_residual", "gas unaccounted for, over all the gas there was"),
    ]
    if is_thermal(case):
        text = "energy unaccounted for, over all the energy there was"
        diagnostics.append(("energy_balance_residual", text))
    if any(isinstance(path, CracksPath) for path in case.paths.values()):
        text = "error of the tables of flow through cracks, over the largest flow of a cell; 0 without any"
        diagnostics.append(("table_error", text))
    for name, text in diagnostics:
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
        if path.kind not in ("valve", "hatch", "relief") and not _only_permeates(path):
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


def _only_permeates(path: Path) -> bool:
    return isinstance(path, SealPath) and path.slot is None and path.molecular is None


def _feed_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    for i, feed in enumerate(feeds_of(case)):
        if feed.item is None:
            continue  # heat from a wall
        own = label(feed.name) + ("" if feed.species is None else f"_{feed.species}")
        gas = "gas" if feed.species is None else feed.species
        yield Column(
            f"feed_{own}", places["feed_mass"] + i, "mass", "kg",
            f"{gas} given to {feed.item.volume} by {feed.name}, negative if taken out", "output",
        )  # fmt: skip


def _control_columns(case: Case, places: dict[str, int]) -> Iterator[Column]:
    for i, (name, item) in enumerate(controls_of(case)):
        kind = "relief" if isinstance(item, ReliefPath) else "control"
        own = f"{kind}_{label(name)}"
        yield Column(
            f"{own}_count", places["control_count"] + i, "dimensionless", "1", f"how often {name} acted",
            "output",
        )  # fmt: skip
        yield Column(
            f"{own}_first", places["control_time"] + i, "time", "s",
            f"first time that {name} acted, missing if it never did", "output",
        )  # fmt: skip

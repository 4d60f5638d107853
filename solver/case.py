"""Cases: what leaks into what. `load_case` reads one and reports all its faults at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from ._case_checks import MOST_ITEMS, Parts, cross_faults, numbers_of, readable_parts
from ._case_faults import faults_of, lines_of
from ._case_file import CaseFile, RecordFile, apply_overrides, read_case_file, read_record_file, shipped_names
from ._case_schema import schema_of
from ._controls import CloseControl, Control, RepressuriseControl
from ._design_section import Design, Profile, pressure_units
from ._diagnosis_section import Diagnosis, Hypothesis
from ._feeds import CrewFeed, Feed, HoldFeed, RateFeed, RemovalFeed
from ._forecast_section import Forecast, Option
from ._paths import (
    CracksPath,
    HatchPath,
    Openable,
    OrificePath,
    Paris,
    Path,
    ReliefPath,
    SealPath,
    Shell,
    Slot,
    ValvePath,
    ValveStep,
)
from ._schedule import (
    AnyEvent,
    CloseEvent,
    CrewEvent,
    Event,
    FeedEvent,
    LoadCyclesEvent,
    OpenEvent,
    PatchEvent,
    RepressuriseEvent,
    StartEvent,
    TemperatureEvent,
    VentEvent,
    expand,
)
from ._seals import Contact, Permeabilities, Permeation
from ._sections import (
    AIR,
    SPECIES,
    Gas,
    Name,
    Outcomes,
    Point,
    Record,
    Run,
    Section,
    Threshold,
    TimeGrid,
    parse_composition,
)
from ._species import is_separate, species_of
from ._sweep_section import Sweep, TableDesign
from ._volumes import TemperatureCycle, Volume
from .errors import CaseError, Fault, FaultsError
from .numbers import Number
from .units import few_units

__all__ = [
    "AIR", "SPECIES", "AnyEvent", "Case", "CloseControl", "CloseEvent", "Contact", "CracksPath", "CrewEvent",
    "CrewFeed", "Event", "FeedEvent", "Gas", "HatchPath", "HoldFeed", "LoadCyclesEvent", "OpenEvent",
    "OrificePath", "Outcomes", "Paris", "PatchEvent", "Path", "Permeabilities", "Permeation", "Point",
    "RateFeed", "Record", "ReliefPath", "RemovalFeed", "RepressuriseControl", "RepressuriseEvent", "Run",
    "SealPath", "Shell", "Slot", "StartEvent", "Sweep", "TemperatureCycle", "TemperatureEvent", "Threshold",
    "TimeGrid", "ValvePath", "ValveStep", "VentEvent", "Volume", "case_schema", "list_cases", "load_case",
    "parse_composition",
]  # fmt: skip


_MOST_FAULTS = 5000


def load_case(
    name_or_path: str | os.PathLike[str], overrides: Mapping[str, object] | Sequence[str] = ()
) -> Case:
    """Read a case that ships with leakflow, or a file of one's own.

    Parameters
    ----------
    name_or_path : str or path
        ``"prk-july-2021"``, or the path of a ``.toml`` file.
    overrides : mapping or sequence of str
        Keys to set otherwise: ``{"volumes.tunnel.volume": "5 m^3"}`` or ``["volumes.tunnel.volume=5 m^3"]``.

    Returns
    -------
    Case
        In SI; the points of its record are read, from wherever they stand.

    Raises
    ------
    CaseError
        With one line for each fault of the case.
    """
    file = read_case_file(name_or_path)
    apply_overrides(file.data, overrides, Case, file.source)
    rows, lines = _take_record(file)
    try:
        case = case_of(file.data, file.source, rows)
    except CaseError as error:
        lines += error.faults
    if lines:
        raise CaseError(lines)
    return with_pinned_table(case, (file.path.parent, FilePath()))


def with_pinned_table(case: Case, folders: Iterable[FilePath]) -> Case:
    """Return a case whose design, if it is a table, has the whole path and the sha256 of its file."""
    design = case.sweep.design
    if not isinstance(design, TableDesign):
        return case
    from .designs.table import pinned

    try:
        design = pinned(design, folders)
    except FaultsError as error:
        faults = [fault.under(("sweep", "design")) for fault in error.faults]
        raise CaseError(lines_of(faults, case.source)) from None
    return case.model_copy(update={"sweep": case.sweep.model_copy(update={"design": design})})


def list_cases() -> list[tuple[str, str]]:
    """Give the name and the title of every case that ships, by name."""
    return [(name, str(read_case_file(name).data.get("title", ""))) for name in shipped_names()]


def case_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a case file, for editors that complete and check TOML."""
    return schema_of(Case)


class Case(Section):
    """A case, checked, in SI. Two cases are equal if they say the same, whatever file they came from."""

    title: Annotated[str, Field(pattern=r"\S")] = Field(description="One line on what the case is.")
    description: str = Field("", description="What is measured, what is assumed, and how far to trust it.")
    sources: list[str] = Field(
        default_factory=list, max_length=MOST_ITEMS, description="Where the figures come from."
    )
    gas: Gas = Field(default_factory=Gas, description="What fills the volumes at the start.")
    volumes: dict[Name, Volume] = Field(
        min_length=1,
        max_length=MOST_ITEMS,
        description="The volumes by name; at least one is integrated or held.",
    )
    paths: dict[Name, Path] = Field(
        default_factory=dict, max_length=MOST_ITEMS, description="What gas flows through, by name."
    )
    feeds: dict[Name, Feed] = Field(
        default_factory=dict,
        max_length=MOST_ITEMS,
        description="What comes into volumes, or leaves them, other than by a path, by name.",
    )
    controls: dict[Name, Control] = Field(
        default_factory=dict,
        max_length=MOST_ITEMS,
        description="What acts when a pressure, its rate or a flow passes a limit, by name.",
    )
    schedule: list[Event] = Field(
        default_factory=list, max_length=MOST_ITEMS, description="What happens at given times."
    )
    run: Run = Field(description="How long, how accurately, and what is watched.")
    outcomes: Outcomes = Field(default_factory=Outcomes, description="What of each sample is kept.")
    record: Record | None = Field(None, description="Measured pressures to compare with.")
    diagnosis: Diagnosis | None = Field(None, description="How the record was made, for a diagnosis.")
    hypotheses: dict[Name, Hypothesis] | None = Field(
        None, max_length=50, description="Rival explanations of the record, as changes to the case, by name."
    )
    forecast: Forecast | None = Field(None, description="How far a forecast goes, and what it watches.")
    options: dict[Name, Option] | None = Field(
        None, max_length=50, description="What operators could do after the last reading, by name."
    )
    design: Design | None = Field(None, description="Which test would tell the hypotheses apart.")
    tests: dict[Name, Profile] | None = Field(
        None, max_length=200, description="Tests that operators could run, by name."
    )
    sweep: Sweep = Field(default_factory=Sweep, description="How the samples are drawn.")
    _source: str = PrivateAttr("")
    _pressure_units: dict[float, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Case:
        ends = {name: (path.from_, path.to) for name, path in self.paths.items()}
        parts = Parts(
            self.gas, self.volumes, self.paths, ends, self.feeds, self.controls, self.schedule, self.run,
            self.record, self.diagnosis, self.design, self.tests or {},
        )  # fmt: skip
        faults = cross_faults(parts)
        if faults:
            raise FaultsError(faults)
        return self

    def __eq__(self, other: object) -> bool:
        """Compare what the cases say."""
        return self.to_dict() == other.to_dict() if isinstance(other, Case) else NotImplemented

    @property
    def source(self) -> str:
        """Name of the file that the case was read from, without its folder; empty if it came from none."""
        return self._source

    @property
    def pressure_units(self) -> Mapping[float, str]:
        """Units in which its file has the pressures of its tests, by the pressure in Pa."""
        return self._pressure_units

    def to_dict(self) -> dict[str, Any]:
        """Write the case, defaults included, as plain JSON types in SI; `Case.model_validate` reads it."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def numbers(self) -> Iterator[tuple[str, Number, str]]:
        """Give every number that may be random: its dotted key, the number, and its dimension.

        The dimension is a key of `leakflow.solver.units.DIMENSIONS`.
        """
        for key, number, quantity in numbers_of(self):
            yield ".".join(map(str, key)), number, quantity.dimension

    @property
    def is_separate(self) -> bool:
        """Whether the species of its gases are followed one by one."""
        return is_separate(self)

    @property
    def species(self) -> tuple[str, ...]:
        """The species that it has anywhere, in the order of `SPECIES`."""
        return species_of(self)

    def expanded_events(self) -> list[AnyEvent]:
        """Give the schedule flat: no ``every``, no ``for``, and by time where times are constant.

        A repetition is there up to the duration; an opening with ``for`` becomes an opening and, if that
        still falls in the run, the return to the opening before. Events at random times stand at the end. The
        schedules of the valves themselves are not included.
        """
        valves = {name: path for name, path in self.paths.items() if isinstance(path, Openable)}
        return expand(self.schedule, valves, self.run.duration)


def case_of(data: Mapping[str, Any], source: str, rows: RecordFile | None = None) -> Case:
    """Make a case of what stands in its file.

    Parameters
    ----------
    data : mapping
        The sections of the file.
    source : str
        What to call it in messages.
    rows : RecordFile, optional
        The CSV that the points of the record came from, for messages.

    Raises
    ------
    CaseError
        With one line for each fault.
    """
    try:
        with few_units():
            case = Case.model_validate(data)
    except ValidationError as error:
        if error.error_count() > _MOST_FAULTS:  # to list them takes minutes, and gigabytes
            raise CaseError(f"{source}: has {error.error_count()} faults; this is no case") from None
        lines = lines_of(_all_faults(error, data), source, None if rows is None else (rows.name, rows.lines))
        raise CaseError(lines) from None
    case._source = source
    case._pressure_units = pressure_units(data)
    return case


def _take_record(file: CaseFile) -> tuple[RecordFile | None, list[str]]:
    """Put the rows of the record's CSV, if it has one, in the place of its name; give them and any fault."""
    record = file.data.get("record")
    if not isinstance(record, dict) or "file" not in record:
        return None, []
    name = record.pop("file")
    if "points" in record:
        return None, lines_of([Fault(("record",), "must have either points or file")], file.source)
    try:
        rows = read_record_file(file.path, name, file.source)
    except CaseError as error:
        del file.data["record"]
        return None, error.faults
    record["points"] = rows.points
    return rows, []


def _all_faults(error: ValidationError, data: Mapping[str, Any]) -> list[Fault]:
    """Give the faults of single keys, and those between sections as far as these can be read."""
    faults = faults_of(error, data, Case)
    between = (
        [] if any(not details["loc"] for details in error.errors()) else cross_faults(readable_parts(data))
    )
    return faults + between

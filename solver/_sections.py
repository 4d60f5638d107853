"""The sections of a case file that stand on their own: gas, run, outcomes and record."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from .errors import Fault, FaultsError
from .numbers import Constant, Number, Quantity, parse_fixed

__all__ = [
    "AIR", "SPECIES", "TEMPERATURE", "Composition", "Gas", "Name", "Outcomes", "Point", "Record", "Run",
    "Section", "SpeciesName", "Threshold", "TimeGrid", "Whole", "parse_composition",
]  # fmt: skip

#: Species of a gas, in the order of `leakflow.kernels.gas.SPECIES` (repeated here, for that loads Numba).
SPECIES = ("N2", "O2", "CO2", "H2O", "Ar", "He")
#: Dry air by mole fraction (US Standard Atmosphere 1976, the traces below Ar counted as CO2).
AIR = {"N2": 0.78084, "O2": 0.20946, "CO2": 0.00036, "Ar": 0.00934}

NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_-]*$"
MOST_OUTPUT_TIMES = 100_000
MOST_POINTS = 10_000
_SUM_TOLERANCE = 1e-6
_MOST_UNKNOWN = 20
# A sum this near 1 is left as it is, so that a case written out and read again keeps its bits.
_ROUNDING = 4e-16

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
SpeciesName = Literal["N2", "O2", "CO2", "H2O", "Ar", "He"]
Time = Annotated[float, Quantity("time", minimum=0.0, fixed=True)]


class Section(BaseModel):
    """A table of a case file: unknown keys are refused, and nothing can be changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, validate_default=False)


class Whole:
    """A whole number in a range, for ``Annotated[int, Whole(1, 100)]``; ``1e6`` is one, ``true`` is not."""

    def __init__(self, minimum: int, maximum: int) -> None:
        """Take the smallest and the largest number allowed."""
        self.minimum, self.maximum = minimum, maximum

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to read the key with this class."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Describe the key to an editor."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def _validate(self, value: object) -> int:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if is_whole and not isinstance(value, bool) and self.minimum <= value <= self.maximum:  # type: ignore[operator]
            return int(value)  # type: ignore[call-overload, no-any-return]
        raise FaultsError([Fault((), f"must be a whole number from {self.minimum} to {self.maximum}", value)])


def parse_composition(value: object) -> dict[str, float]:
    """Read a gas: ``"air"``, the name of a species, or mole fractions that sum to 1 within 1e-6."""
    if isinstance(value, str) and value in ("air", *SPECIES):
        return dict(AIR) if value == "air" else {value: 1.0}
    allowed = f'must be "air", one of {", ".join(SPECIES)}, or a table of their mole fractions'
    if not isinstance(value, Mapping) or not value:
        raise FaultsError([Fault((), allowed, value)])
    faults: list[Fault] = []
    fractions: dict[str, float] = {}
    unknown = [key for key in value if key not in SPECIES][:_MOST_UNKNOWN]
    for species in (*SPECIES, *unknown):
        try:
            if species not in SPECIES:
                raise FaultsError([Fault((), f"unknown species; use {', '.join(SPECIES)}")])
            if species in value:
                fractions[species] = parse_fixed(value[species], _MOLE_FRACTION)
        except FaultsError as error:
            faults += [fault.under((species,)) for fault in error.faults]
    if faults:
        raise FaultsError(faults)
    total = math.fsum(fractions.values())
    if abs(total - 1.0) > _SUM_TOLERANCE:
        raise FaultsError(
            [Fault((), f"sums to {total:.9g}; mole fractions must sum to 1 within {_SUM_TOLERANCE:g}")]
        )
    if abs(total - 1.0) <= _ROUNDING:
        return fractions
    return {key: fraction / total for key, fraction in fractions.items()}


_MOLE_FRACTION = Quantity("dimensionless", minimum=0.0, maximum=1.0, fixed=True)
_COMPOSITION_SCHEMA = {
    "anyOf": [
        {"enum": ["air", *SPECIES], "description": "Dry air, or one pure gas."},
        {
            "type": "object",
            "description": "Mole fractions; they sum to 1.",
            "properties": {
                key: {"type": ["number", "string"], "description": f"Of {key}."} for key in SPECIES
            },
            "additionalProperties": False,
            "minProperties": 1,
        },
    ]
}
Composition = Annotated[
    dict[str, float], PlainValidator(parse_composition), WithJsonSchema(_COMPOSITION_SCHEMA)
]
# The viscosity fits hold from 240 to 350 K; the range is wider, yet refuses 22 meant in degC.
TEMPERATURE = Quantity("temperature", minimum=200.0, maximum=500.0)


class Gas(Section):
    """What fills the volumes at the start."""

    composition: Composition = Field(
        default_factory=lambda: dict(AIR), description="Composition by mole fraction."
    )
    temperature: Annotated[Number, TEMPERATURE] = Field(Constant(293.15), description="Temperature.")
    separate: Annotated[bool | None, Field(strict=True)] = Field(
        None,
        description="Whether species are followed one by one; if left out, where the case needs it.",
    )


class TimeGrid(Section):
    """Evenly spaced output times from 0 to the duration, both included."""

    count: Annotated[int | None, Whole(2, MOST_OUTPUT_TIMES)] = Field(None, description="How many.")
    every: Annotated[float | None, Quantity("time", above=0.0, fixed=True)] = Field(
        None, description="How far apart; the duration itself is always the last one."
    )

    @model_validator(mode="after")
    def _one_way(self) -> TimeGrid:
        if (self.count is None) == (self.every is None):
            raise FaultsError([Fault((), "must be a list of times, { count = N } or { every = TIME }")])
        return self


class Threshold(Section):
    """A pressure, or a partial pressure, whose first crossing is wanted."""

    name: Name = Field(description="The name that the results file uses.")
    volume: str = Field(description="The volume that is watched.")
    below: Annotated[Number | None, Quantity("pressure", above=0.0)] = Field(
        None, description="Crossed when the pressure falls below this."
    )
    above: Annotated[Number | None, Quantity("pressure", above=0.0)] = Field(
        None, description="Crossed when the pressure rises above this."
    )
    species: SpeciesName | None = Field(
        None, description="The species whose partial pressure is watched; the pressure if left out."
    )

    @model_validator(mode="after")
    def _one_side(self) -> Threshold:
        if (self.below is None) == (self.above is None):
            raise FaultsError([Fault((), "must have either below or above")])
        return self


OutputTimes = Annotated[
    # of a hundred thousand faulty times one line is enough
    Annotated[list[Time], Field(min_length=1, max_length=MOST_OUTPUT_TIMES, fail_fast=True), Tag("list")]
    | Annotated[TimeGrid, Tag("grid")],
    Discriminator(lambda value: "list" if isinstance(value, list | tuple) else "grid"),
]


class Run(Section):
    """How long, how accurately, and what is watched."""

    duration: Annotated[float, Quantity("time", above=0.0, fixed=True)] = Field(description="Time simulated.")
    output_times: OutputTimes = Field(
        TimeGrid(count=101), description="When pressures and rates are kept: a list, a count, or a spacing."
    )
    rtol: Annotated[float, Quantity("dimensionless", minimum=1e-13, maximum=1e-2, fixed=True)] = Field(
        1e-6, description="Relative error allowed in a step."
    )
    atol: Annotated[float | None, Quantity("pressure", above=0.0, fixed=True)] = Field(
        None,
        description="Absolute error allowed in a step, as a pressure; by default rtol times 100 Pa, or times "
        "the largest pressure where that is less and nothing is fed.",
    )
    max_steps: Annotated[int, Whole(1, 10**9)] = Field(
        100_000, description="Steps after which a sample is given up."
    )
    thresholds: list[Threshold] = Field(
        default_factory=list, max_length=1000, description="Pressures whose crossing times are wanted."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Run:
        faults = []
        if isinstance(self.output_times, list):
            if any(
                late <= early for early, late in zip(self.output_times, self.output_times[1:], strict=False)
            ):
                faults.append(Fault(("output_times",), "must rise from one to the next"))
            if max(self.output_times) > self.duration:
                text = f"must not be after the duration, {self.duration:.12g} s"
                faults.append(Fault(("output_times",), text, max(self.output_times)))
        elif (
            self.output_times.every is not None
            and self.duration / self.output_times.every > MOST_OUTPUT_TIMES
        ):
            text = f"gives more than {MOST_OUTPUT_TIMES} output times; must be longer"
            faults.append(Fault(("output_times", "every"), text, self.output_times.every))
        seen: set[str] = set()
        for i, threshold in enumerate(self.thresholds):
            if threshold.name in seen:
                text = "must differ from the other thresholds' names"
                faults.append(Fault(("thresholds", i, "name"), text, threshold.name))
            seen.add(threshold.name)
        if faults:
            raise FaultsError(faults)
        return self

    def times(self) -> np.ndarray:
        """Give the output times, shape (n_times,), in s, rising."""
        if isinstance(self.output_times, list):
            return np.array(self.output_times, dtype=np.float64)
        if self.output_times.every is None:
            return np.linspace(0.0, self.duration, self.output_times.count or 2)
        step = self.output_times.every
        # the slack keeps a duration that is a whole number of steps from being listed twice
        inner = np.arange(math.ceil(self.duration / step - 1e-9)) * step
        return np.append(inner, self.duration)


def _parse_keep(value: object) -> list[str] | str:
    if value == "all":
        return "all"
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) and item for item in value):
        return list(value)
    raise FaultsError([Fault((), 'must be "all" or a list of outcome names, * and ? allowed', value)])


_KEEP_SCHEMA = {
    "anyOf": [{"const": "all"}, {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}]
}


class Outcomes(Section):
    """What of each sample is kept."""

    keep: Annotated[list[str] | Literal["all"], PlainValidator(_parse_keep), WithJsonSchema(_KEEP_SCHEMA)] = (
        Field("all", description="Names of the outcomes to keep, * and ? allowed, or all.")
    )
    series: Annotated[bool, Field(strict=True)] = Field(
        False, description="Keep pressures and rates at every time."
    )
    crack_geometry: Annotated[bool, Field(strict=True)] = Field(
        False, description="Keep the geometry of every crack."
    )


class Point(Section):
    """One measured pressure."""

    volume: str = Field(description="The volume it was measured in.")
    time: Time = Field(description="When, from the start of the run.")
    pressure: Annotated[float, Quantity("pressure", minimum=0.0, fixed=True)] = Field(
        description="Absolute pressure."
    )
    uncertainty: Annotated[float, Quantity("pressure", above=0.0, fixed=True)] = Field(
        description="Standard deviation of the pressure."
    )
    time_uncertainty: Time = Field(0.0, description="Standard deviation of the time.")
    temperature: Annotated[
        float | None, Quantity("temperature", minimum=200.0, maximum=500.0, fixed=True)
    ] = Field(None, description="Temperature measured with it; for a comparison in p/T.")
    species: SpeciesName | None = Field(
        None, description="The species whose partial pressure was measured; the pressure if left out."
    )


def _parse_date(value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    try:
        return datetime.datetime.fromisoformat(value).isoformat() if "T" in value else _date(value)  # type: ignore
    except (TypeError, ValueError):
        raise FaultsError([Fault((), 'must be a date, e.g. "2021-07-14"', value)]) from None


def _date(text: str) -> str:
    return datetime.date.fromisoformat(text).isoformat()


class Record(Section):
    """Measured pressures that the results are compared with."""

    points: list[Point] = Field(
        default_factory=list,
        max_length=MOST_POINTS,
        description="The measured pressures, in the case itself.",
    )
    file: str | None = Field(
        None,
        description="Or a CSV file beside the case with columns volume, time, pressure, uncertainty, "
        "time_uncertainty, temperature and species, units in the header: time [d], pressure [mmHg].",
    )
    compare: Literal["pressure", "p/T"] = Field(
        "pressure", description="What is compared: the pressure, or the pressure over the temperature."
    )
    start: Annotated[
        str | None, BeforeValidator(lambda value: None if value is None else _parse_date(value))
    ] = Field(None, description="Calendar date of time 0.")

    @model_validator(mode="after")
    def _comparable(self) -> Record:
        if not self.points:
            raise FaultsError(
                [Fault(("points",), "must hold at least one measured pressure, or file name a CSV")]
            )
        if self.compare == "p/T":
            faults = []
            for i, point in enumerate(self.points):
                if point.temperature is None:
                    faults.append(Fault(("points", i, "temperature"), 'missing; compare = "p/T" needs it'))
                if point.species is not None:
                    text = 'must be left out: compare = "p/T" is of the whole pressure'
                    faults.append(Fault(("points", i, "species"), text, point.species))
            if faults:
                raise FaultsError(faults)
        return self

"""The sections of a case that the design of a test reads: what operators could do, and how well they see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, model_validator

from ._sections import Section, Time, Whole
from ._volumes import Volume
from .errors import Fault, FaultsError
from .numbers import Quantity, parse_fixed
from .units import split_quantity

__all__ = ["Design", "Profile", "Step", "design_faults", "pressure_units", "volume_of"]

#: Readings that a test may have.
MOST_READINGS = 200
_MOST_TESTS = 200
_MOST_STEPS = 100
_PRESSURE = Quantity("pressure", minimum=0.0, fixed=True)
_Pressure = Annotated[float, _PRESSURE]
_Spread = Annotated[float, Quantity("pressure", minimum=0.0, fixed=True)]
_Span = Annotated[float, Quantity("time", above=0.0, fixed=True)]
_Share = Annotated[float, Quantity("dimensionless", above=0.0, maximum=1.0, fixed=True)]


class Step(Section):
    """A pressure that the volume is brought to, some time after the start of the test."""

    after: Time = Field(0.0, description="When, from the start of the test.")
    pressure: _Pressure = Field(description="What it is brought to, by gas let in or let out.")


class Profile(Section):
    """One test that operators could run."""

    title: str = Field("", description="What it is, in words.")
    pressure: _Pressure | None = Field(
        None, description="What the volume is brought to at the start; it is left as it is if left out."
    )
    steps: list[Step] = Field(
        default_factory=list, max_length=_MOST_STEPS, description="Or several pressures, one after another."
    )
    again: _Span | None = Field(
        None, description="Bring it to that pressure again after each such time, to hold it."
    )
    wait: Time | None = Field(None, description="From the start to the first reading; as of [design].")
    every: _Span | None = Field(None, description="From reading to reading; as of [design].")
    duration: _Span | None = Field(None, description="From the start to the last reading; as of [design].")

    @model_validator(mode="after")
    def _one_way(self) -> Profile:
        faults = []
        if self.pressure is not None and self.steps:
            faults.append(Fault(("steps",), "must be left out where pressure is given"))
        if self.again is not None and self.pressure is None:
            faults.append(Fault(("again",), "must be left out without a pressure", self.again))
        times = [step.after for step in self.steps]
        if any(late <= early for early, late in pairwise(times)):
            faults.append(Fault(("steps",), "must rise in time from one to the next"))
        if faults:
            raise FaultsError(faults)
        return self


class Design(Section):
    """What tests there are to choose from, within what limits, and when one has told enough."""

    volume: str | None = Field(
        None, description="The volume that is changed and read; the only integrated one if left out."
    )
    start: Time | None = Field(
        None, description="When a test begins, from the start of the run; by default at the last reading."
    )
    uncertainty: Annotated[float, Quantity("pressure", above=0.0, fixed=True)] = Field(
        description="Standard deviation of a reading."
    )
    resolution: _Spread | None = Field(
        None, description="Step of the gauge; as of [diagnosis] if left out, 0 for none."
    )
    gauge_offset: _Spread | None = Field(
        None, description="Standard deviation of an offset that all readings share; as of [diagnosis]."
    )
    gauge_drift: Annotated[float | None, Quantity("pressure_rate", minimum=0.0, fixed=True)] = Field(
        None, description="Standard deviation of a drift from the start of the test on; as of [diagnosis]."
    )
    setting: _Spread | None = Field(
        None,
        description="Standard deviation of a pressure that was reached about the one wanted; by default that "
        "of a reading.",
    )
    pressures: list[_Pressure] = Field(
        default_factory=list, max_length=_MOST_TESTS, description="Pressures, each of them a test."
    )
    unchanged: Annotated[bool, Field(strict=True)] = Field(
        True, description="Whether to judge also the test that changes nothing and reads on."
    )
    wait: Time = Field(0.0, description="From the start of a test to its first reading.")
    every: _Span = Field(description="From reading to reading.")
    duration: _Span = Field(description="From the start of a test to its last reading.")
    lowest: _Pressure | None = Field(None, description="The volume must not be below this pressure.")
    highest: _Pressure | None = Field(None, description="The volume must not be above this pressure.")
    most_gas: Annotated[float | None, Quantity("mass", minimum=0.0, fixed=True)] = Field(
        None, description="Most gas that a test may use."
    )
    longest: _Span | None = Field(None, description="Longest time that a test may take.")
    certainty: Annotated[float, Quantity("dimensionless", above=0.5, maximum=0.999999, fixed=True)] = Field(
        0.95, description="An answer is decisive from this probability of a hypothesis on."
    )
    chance: _Share = Field(
        0.9, description="A test is long enough once an answer is decisive with this probability."
    )
    records: Annotated[int, Whole(10, 100_000)] = Field(
        300, description="Records to simulate of each hypothesis."
    )
    draws: Annotated[int, Whole(100, 1_000_000)] = Field(
        10_000, description="Draws of each hypothesis that a simulated record is judged by."
    )


def volume_of(design: Design, volumes: Mapping[str, Volume | None]) -> str | None:
    """Return the volume that a test is made with; None if the case leaves that open."""
    if design.volume is not None:
        return design.volume
    free = [name for name, volume in volumes.items() if volume is not None and volume.kind == "integrated"]
    return free[0] if len(free) == 1 else None


def pressure_units(data: Mapping[str, Any]) -> dict[float, str]:
    """Return the units that a case writes the pressures of its tests in: by the pressure, Pa.

    Parameters
    ----------
    data : mapping
        The case as it stands in its file; a pressure that is a plain number has no unit there.
    """
    found: dict[float, str] = {}
    for text in _pressures_in([data.get("design"), data.get("tests")]):
        split = split_quantity(text)
        if split is not None and split[1]:
            with suppress(FaultsError):
                found.setdefault(parse_fixed(text, _PRESSURE), split[1])
    return found


def _pressures_in(raw: object, key: str = "") -> Iterator[str]:
    """Give all text of the keys that take pressures."""
    if isinstance(raw, Mapping):
        for name, inner in raw.items():
            yield from _pressures_in(inner, str(name))
    elif isinstance(raw, list):
        for inner in raw:
            yield from _pressures_in(inner, key)
    elif isinstance(raw, str) and key in ("pressure", "pressures", "lowest", "highest"):
        yield raw


def design_faults(
    design: Design | None, tests: Mapping[str, Profile | None], volumes: Mapping[str, Volume | None]
) -> Iterator[Fault]:
    """Say what is wrong between a design, its tests and the volumes of the case."""
    if design is None:
        if tests:
            yield Fault(("design",), "missing; [tests] need it, for its gauge and its limits")
        return
    volume = volume_of(design, volumes)
    if volume is None:
        yield Fault(("design", "volume"), "missing; the case has not just one integrated volume")
    elif volume not in volumes:
        listed = ", ".join(volumes)
        yield Fault(("design", "volume"), f"no such volume; there is {listed}", volume)
    else:
        found = volumes[volume]
        if found is not None and found.kind != "integrated":
            yield Fault(("design", "volume"), f"must be integrated, not {found.kind}", volume)
    if not design.pressures and not design.unchanged and not tests:
        yield Fault(("design", "pressures"), "missing; there is no test to judge")
    if None not in (design.lowest, design.highest) and design.lowest >= design.highest:  # type: ignore[operator]
        yield Fault(("design", "lowest"), "must be below highest", design.lowest)
    whole = {"design": Profile()} | {f"tests.{name}": test for name, test in tests.items()}
    for name, test in whole.items():
        if test is not None:
            yield from _reading_faults(tuple(name.split(".", 1)), design, test)


def _reading_faults(key: tuple[str, ...], design: Design, test: Profile) -> Iterator[Fault]:
    """Refuse a test without a reading, or with too many."""
    wait = design.wait if test.wait is None else test.wait
    every, duration = test.every or design.every, test.duration or design.duration
    if wait > duration:
        yield Fault((*key, "wait"), f"must not be longer than the test, {duration:.12g} s", wait)
    elif (duration - wait) / every >= MOST_READINGS:
        yield Fault((*key, "every"), f"gives more than {MOST_READINGS} readings; must be longer", every)
    if test.steps and test.steps[-1].after >= duration:
        last = test.steps[-1].after
        yield Fault((*key, "steps"), f"must come before the end of the test, {duration:.12g} s", last)
    if test.again is not None and duration / test.again > _MOST_STEPS:
        yield Fault((*key, "again"), f"comes more than {_MOST_STEPS} times; must be longer", test.again)

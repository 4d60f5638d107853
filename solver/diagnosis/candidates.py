"""The tests of a case: what is done when, what is read when, and which of them limits refuse beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._case_faults import line_of
from .._design_section import Design, Profile, Step, volume_of
from ..case import Case
from ..errors import CaseError, Fault
from ..units import format_quantity
from .forward import last_reading

__all__ = ["Candidate", "candidates_of", "start_of"]

# a reading at the time of a step is taken this long after the first step, or before a later one
_APART = 1.0


class Candidate(NamedTuple):
    """A test, and how it would be run.

    Attributes
    ----------
    name, title : str
    volume : str
        What is changed and read.
    steps : list of (float, float)
        Times from the start of the run, s, and the pressures that the volume is brought to then, Pa.
    start, wait : float
        Start of the test from that of the run; first reading from that of the test, s.
    times : float64 (K,)
        Readings, from the start of the run, s.
    refused : str
        Why it may not be run; empty if it may.
    """

    name: str
    title: str
    volume: str
    steps: list[tuple[float, float]]
    start: float
    times: NDArray[np.float64]
    refused: str

    @property
    def hours(self) -> NDArray[np.float64]:
        """Length of the test up to each reading, h."""
        return (self.times - self.start) / 3600.0


def start_of(case: Case) -> float:
    """Return when a test begins: as the case says, or when the last reading was taken, or at the start.

    Raises
    ------
    CaseError
        The case says a time before its last reading; one line.
    """
    section = case.diagnosis
    told = section is not None and (section.stable or section.limits)
    last = last_reading(case) if case.record is not None or told else 0.0
    start = None if case.design is None else case.design.start
    if start is not None and start < last:
        text = f"must not be before the last reading, {last:.12g} s"
        raise CaseError(line_of(Fault(("design", "start"), text, start), case.source))
    return last if start is None else start


def candidates_of(case: Case) -> list[Candidate]:
    """List the tests of a case: each pressure of its grid, no change at all, and those that it names.

    Raises
    ------
    CaseError
        The case has no ``[design]``, two tests of one name, or tests that begin before the last reading.
    """
    if case.design is None:
        raise CaseError(line_of(Fault(("design",), "missing; the design of a test needs it"), case.source))
    design = case.design
    profiles = {
        pressure_name(pressure, case.pressure_units): Profile(pressure=pressure)
        for pressure in design.pressures
    }
    if design.unchanged:
        profiles["unchanged"] = Profile(title="nothing is done, readings go on")
    for name, profile in (case.tests or {}).items():
        if name in profiles:
            raise CaseError(line_of(Fault(("tests", name), "is the name of another test"), case.source))
        profiles[name] = profile
    volume = volume_of(design, case.volumes)
    assert volume is not None  # the case was checked
    start = start_of(case)
    units = case.pressure_units
    return [_candidate(name, profile, design, volume, start, units) for name, profile in profiles.items()]


def pressure_name(pressure: float, units: Mapping[float, str]) -> str:
    """Return the name of the test that brings a volume to a pressure: in the unit that the case has it in."""
    return format_quantity(pressure, "pressure", units.get(pressure, "mmHg"))


def _candidate(
    name: str, profile: Profile, design: Design, volume: str, start: float, units: Mapping[float, str]
) -> Candidate:
    wait = design.wait if profile.wait is None else profile.wait
    every, duration = profile.every or design.every, profile.duration or design.duration
    steps = _steps(profile, duration)
    # the slack keeps a reading that falls on the end
    count = int((duration - wait) / every * (1.0 + 1e-12) + 1e-9) + 1
    readings = wait + every * np.arange(count, dtype=np.float64)
    for i, step in enumerate(steps):
        readings = np.where(readings == step.after, readings + (_APART if i == 0 else -_APART), readings)
    return Candidate(
        name, profile.title or _described(steps, units), volume,
        [(start + step.after, step.pressure) for step in steps], start, start + readings,
        _refusal(design, steps, duration, units),
    )  # fmt: skip


def _steps(profile: Profile, duration: float) -> list[Step]:
    if profile.pressure is None:
        return profile.steps
    times = [0.0]
    if profile.again is not None:
        times += [profile.again * k for k in range(1, 1 + int(duration / profile.again * (1.0 - 1e-12)))]
    return [Step.model_construct(after=time, pressure=profile.pressure) for time in times]


def _described(steps: list[Step], units: Mapping[float, str]) -> str:
    distinct = list(dict.fromkeys(pressure_name(step.pressure, units) for step in steps))
    return f"brought to {', then '.join(distinct)}" if distinct else "nothing is done"


def _refusal(design: Design, steps: list[Step], duration: float, units: Mapping[float, str]) -> str:
    """Say which limit a test breaks by what it is, before anything is computed."""
    if design.longest is not None and duration > design.longest:
        return f"takes {duration / 3600.0:.4g} h, longer than {design.longest / 3600.0:.4g} h"
    for step in steps:
        named = pressure_name(step.pressure, units)
        if design.lowest is not None and step.pressure < design.lowest:
            return f"{named} is below the lowest, {pressure_name(design.lowest, units)}"
        if design.highest is not None and step.pressure > design.highest:
            return f"{named} is above the highest, {pressure_name(design.highest, units)}"
    return ""

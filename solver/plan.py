"""From a case to the arrays that kernels work on, and the names of what comes back.

Every number of the case gets a slot in the vector of inputs. An input's random numbers are addressed by
a hash of its name, so that adding another moves no draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import model
from ._paths import CracksPath
from ._plan_events import event_rows
from ._plan_feeds import control_rows, feed_rows
from ._plan_gases import Gases
from ._plan_layout import is_thermal
from ._plan_paths import path_rows
from ._plan_slots import Slots, stack
from ._plan_watch import record_rows, series_rows, threshold_rows
from ._schedule import PatchEvent, RepressuriseEvent
from .case import Case
from .columns import Column, label, outcome_columns
from .designs.build import SweepDesign, design_of
from .engine import PointSource
from .numbers import Constant, support

__all__ = ["CompiledCase", "compile_case"]

#: Pressure of which an absolute error is told, as a rule [Pa].
_USUAL_PRESSURE = 100.0
_VOLUME_KINDS = {"integrated": model.INTEGRATED, "held": model.HELD, "boundary": model.BOUNDARY}


@dataclass(frozen=True)
class CompiledCase:
    """A case ready for the kernels.

    Attributes
    ----------
    plan : leakflow.kernels.model.Plan
    inputs, outcomes : tuple of Column
        What is random, and what is kept of each sample; ``place`` is the column in the kernels' arrays.
    volumes, paths : tuple of str
        Names, in the order of the plan.
    record_columns : int64 (n_points, 3)
        For each point of the record, the outcome columns of what is compared at the time less its
        uncertainty, at the time, and at the time plus its uncertainty.
    design : leakflow.solver.designs.build.SweepDesign or None
        Where the samples lie; None of a case compiled for a run at the medians.
    """

    plan: model.Plan
    inputs: tuple[Column, ...]
    outcomes: tuple[Column, ...]
    volumes: tuple[str, ...]
    paths: tuple[str, ...]
    record_columns: NDArray[np.int64]
    design: SweepDesign | None = None

    @property
    def points(self) -> PointSource | None:
        """What `leakflow.solver.engine.run_blocks` takes as ``points``: where the design puts samples."""
        return None if self.design is None else self.design.points

    @property
    def rows_per_group(self) -> int:
        """Samples that an analysis needs together, from a multiple of this on."""
        return 1 if self.design is None else self.design.rows_per_group

    @property
    def extendable(self) -> bool:
        """Whether more samples leave those that there were as they were."""
        return self.design is None or self.design.extendable


def compile_case(case: Case, *, nominal: bool = False) -> CompiledCase:
    """Turn a case into arrays.

    Parameters
    ----------
    case : Case
        Checked by `leakflow.solver.load_case`.
    nominal : bool
        Take every input of the sample at its median, whatever the design; cracks are drawn as ever.

    Raises
    ------
    CaseError
        Two numbers share a name, the number of cracks has no upper bound, an outcome that is wanted does not
        exist, or the design of the sweep cannot be.
    """
    slots = Slots(case.source)
    gases = Gases(case)
    volumes, cycles = _volumes(case, slots, gases)
    paths = path_rows(case, slots)
    feeds = feed_rows(case, slots, gases)
    controls = control_rows(case, slots, gases)
    events = event_rows(case, slots, gases)
    thresholds = threshold_rows(case, slots)
    records, record_places = record_rows(case)
    plan = model.Plan(
        draws=slots.rows(),
        crack_draws=stack(slots.crack_rows, model.DRAW),
        choices=np.array(slots.choices, dtype=np.float64).reshape(-1, 2),
        components=gases.components(),
        gases=gases.fractions(),
        volumes=volumes,
        cycles=cycles,
        paths=paths,
        feeds=feeds,
        controls=controls,
        events=events,
        thresholds=thresholds,
        records=records,
        series=series_rows(case),
        output_time=case.run.times(),
        settings=_settings(case, nominal=nominal),
        max_cracks=slots.max_cracks,
    )
    columns, record_start = outcome_columns(case, [column.name for column in slots.random])
    paths_in_order = tuple(case.paths)
    design = None if nominal else design_of(case.sweep, case.source, slots.random, plan, paths_in_order)
    return CompiledCase(
        plan, tuple(slots.random), columns, tuple(case.volumes), paths_in_order,
        record_places + record_start, design,
    )  # fmt: skip


def _volumes(case: Case, slots: Slots, gases: Gases) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return VOLUME[V] and the CYCLE[] of all their walls."""
    common = slots.add(case.gas.temperature, "gas_temperature", "temperature")
    rows = np.zeros(len(case.volumes), model.VOLUME)
    cycles: list[tuple[int, int, int]] = []
    integrated = 0
    for row, (name, volume) in zip(rows, case.volumes.items(), strict=True):
        own = label(name)
        row["kind"] = _VOLUME_KINDS[volume.kind]
        row["state"] = integrated if volume.kind == "integrated" else -1
        integrated += volume.kind == "integrated"
        row["size"] = slots.add_if(volume.volume, f"{own}_volume", "volume")
        row["pressure"] = slots.add(volume.pressure, f"{own}_pressure", "pressure")
        row["temperature"] = (
            common
            if volume.temperature is None
            else slots.add(volume.temperature, f"{own}_temperature", "temperature")
        )
        row["gas"] = gases.place(volume.composition)
        row["balanced"] = volume.energy != "isothermal"
        row["wall"] = slots.add_if(volume.wall_temperature, f"{own}_wall_temperature", "temperature")
        row["first_cycle"], row["cycles"] = len(cycles), len(volume.temperature_cycles)
        for i, cycle in enumerate(volume.temperature_cycles):
            key = f"{own}_cycle_{i}"
            cycles.append(
                (
                    slots.add(cycle.amplitude, f"{key}_amplitude", "temperature_difference"),
                    slots.add(cycle.period, f"{key}_period", "time"),
                    slots.add(cycle.peak, f"{key}_peak", "time"),
                )
            )
    return rows, np.array(cycles, model.CYCLE)


def _settings(case: Case, *, nominal: bool) -> NDArray[np.float64]:
    """Return float64[N_SETTINGS], in the order of the places in `kernels.model`."""
    return np.array(
        [
            case.run.duration,
            case.run.rtol,
            case.run.rtol * _usual_pressure(case) if case.run.atol is None else case.run.atol,
            case.run.max_steps,
            float(nominal),
            float(_is_timed(case)),
            float(is_thermal(case)),
        ]
    )


def _usual_pressure(case: Case) -> float:
    """Return 100 Pa, or the largest pressure of the case where that is less for sure [Pa]."""
    adds = any(isinstance(event, RepressuriseEvent) for event in case.schedule)
    if adds or case.feeds or case.controls:
        return _USUAL_PRESSURE
    largest = max(support(volume.pressure)[1] for volume in case.volumes.values())
    return largest if 0.0 < largest < _USUAL_PRESSURE else _USUAL_PRESSURE


def _is_timed(case: Case) -> bool:
    """Whether flows depend on time itself: cracks that grow, patches that age, temperatures that cycle."""
    paths = case.paths.values()
    grows = any(isinstance(path, CracksPath) and path.growth != Constant(0.0) for path in paths)
    ages = any(isinstance(event, PatchEvent) and event.ageing is not None for event in case.schedule)
    cycles = any(volume.temperature_cycles for volume in case.volumes.values())
    return grows or ages or cycles

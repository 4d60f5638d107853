"""One run of a case, with its whole history."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import status as status_codes
from ._deviations import deviations
from ._plan_layout import SeriesRow, series_of
from ._whole_file import write_whole
from .case import Case
from .columns import label, series_name, series_units
from .engine import Block, run_block
from .errors import CaseError
from .plan import CompiledCase, compile_case
from .provenance import describe
from .results import RUN_CONTENT, check_destination
from .sweep import resolve_case

if TYPE_CHECKING:
    import xarray

__all__ = ["Run", "run", "write_run"]


@dataclass(frozen=True, eq=False)
class Run:
    """The history of one sample.

    Attributes
    ----------
    case : Case
    sample : int or None
        Index of the sample; None if the inputs were at their medians.
    status : int
        Of `leakflow.kernels.status`.
    times : float64 (n_times,)
        [s]
    pressures, flows : dict of str to float64 (n_times,)
        Of each volume [Pa] and each path [kg/s], positive in the path's own direction.
    temperatures : dict of str to float64 (n_times,)
        Of each volume whose temperature can change [K].
    partial_pressures : dict of str to dict of str to float64 (n_times,)
        Of each volume that is no boundary, of each species [Pa]; empty unless species are separate.
    inputs, outcomes : dict of str to float
        What was random, and the outcomes, in SI.
    units : dict of str to str
        Of inputs and outcomes, as UDUNITS writes them.
    """

    case: Case
    sample: int | None
    status: int
    times: NDArray[np.float64]
    pressures: dict[str, NDArray[np.float64]]
    flows: dict[str, NDArray[np.float64]]
    temperatures: dict[str, NDArray[np.float64]]
    partial_pressures: dict[str, dict[str, NDArray[np.float64]]]
    inputs: dict[str, float]
    outcomes: dict[str, float]
    units: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether the run reached its end."""
        return self.status == status_codes.OK

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray Dataset over ``time``; inputs and outcomes are scalars in it."""
        import xarray

        data: dict[str, Any] = {}
        of_volume = {"pressure": self.pressures, "temperature": self.temperatures}
        for row in series_of(self.case):
            values = (
                of_volume[row.quantity][row.volume]
                if row.species is None
                else self.partial_pressures[row.volume][row.species]
            )
            data[series_name(row)] = ("time", values, {"units": series_units(row)[1]})
        for name, values in self.flows.items():
            data[f"flow_{label(name)}"] = ("time", values, {"units": "kg s-1"})
        for role, values_of in (("input", self.inputs), ("output", self.outcomes)):
            for name, value in values_of.items():
                data[name] = ((), value, {"units": self.units[name], "role": role})
        which = "medians" if self.sample is None else f"sample {self.sample}"
        attributes, _ = describe(
            self.case, f"run of {self.case.source}, {which}, seed {self.case.sweep.seed}"
        )
        attributes["content"] = RUN_CONTENT
        data["status"] = ((), np.int8(self.status))
        return xarray.Dataset(data, coords={"time": ("time", self.times, {"units": "s"})}, attrs=attributes)


def run(
    case: Case | str | os.PathLike[str],
    *,
    sample: int | None = None,
    seed: int | None = None,
    overrides: Mapping[str, object] | Sequence[str] = (),
) -> Run:
    """Run a case once.

    Parameters
    ----------
    case : Case, str or path
        A case, the name of one that ships, or a file.
    sample : int, optional
        Run this sample of the case's sweep. Without it, every input of the sample takes its median, and
        the cracks are those of sample 0.
    seed : int, optional
        Other than the case's ``sweep.seed``.
    overrides : mapping or sequence of str
        As for `load_case`; only for a case given by name or path.

    Raises
    ------
    CaseError
        The case cannot be run; one line for each fault.
    """
    case = resolve_case(case, overrides, seed=seed)
    if sample is not None and not 0 <= sample < 2**63:
        raise CaseError(f"sample = {sample}: must be from 0 to 2^63 - 1")
    compiled = compile_case(case, nominal=sample is None)
    points = None
    if sample is not None and compiled.points is not None:
        if sample >= case.sweep.samples:
            raise CaseError(f"sample = {sample}: must be below {case.sweep.samples}, the design's samples")
        points = compiled.points(sample, 1)
    block = run_block(compiled.plan, case.sweep.seed, sample or 0, 1, series=True, points=points)
    return Run(**history_of(case, compiled, block), sample=sample)


def history_of(case: Case, compiled: CompiledCase, block: Block) -> dict[str, Any]:
    """Return the fields of a `Run` but its sample, from a block of one sample with its series."""
    series = list(zip(series_of(case), block.values[0].T, strict=True))
    return {
        "case": case,
        "status": int(block.statuses[0]),
        "times": compiled.plan.output_time,
        "pressures": {row.volume: values for row, values in series if row.quantity == "pressure"},
        "flows": {name: block.flows[0, :, p] for p, name in enumerate(compiled.paths)},
        "temperatures": {row.volume: values for row, values in series if row.quantity == "temperature"},
        "partial_pressures": _by_species(series),
        "inputs": {c.name: float(block.inputs[0, c.place]) for c in compiled.inputs},
        "outcomes": outcomes_of(case, compiled, block),
        "units": {c.name: c.units for c in (*compiled.inputs, *compiled.outcomes)},
    }


def outcomes_of(case: Case, compiled: CompiledCase, block: Block) -> dict[str, float]:
    """Return the outcomes of a block of one sample by name, those derived from the record among them."""
    found = np.moveaxis(block.outcomes[:, compiled.record_columns], 0, -1)
    derived = {name: values[0] for name, values in deviations(case, found).items()}
    return {
        c.name: float(block.outcomes[0, c.place] if c.place >= 0 else derived[c.name])
        for c in compiled.outcomes
    }


def write_run(path: str | Path, run: Run) -> Path:
    """Write the history of a run as netCDF: the file is there complete, or not at all.

    Parameters
    ----------
    path : str or path
        The file, ``.nc`` or ``.h5``; its folder must exist.
    run : Run

    Raises
    ------
    ResultsError
        One line naming the file and the reason, as from `write_results`.
    """
    check_destination(path)
    return write_whole(path, _file_image(run.to_dataset()))


def _by_species(
    series: Sequence[tuple[SeriesRow, NDArray[np.float64]]],
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Give the partial pressures by volume, then by species."""
    nested: dict[str, dict[str, NDArray[np.float64]]] = {}
    for row, values in series:
        if row.species is not None:
            nested.setdefault(row.volume, {})[row.species] = values
    return nested


def _file_image(dataset: xarray.Dataset) -> bytes:
    """Return a Dataset as the bytes of a netCDF file; built in memory, for HDF5 dies of a full disk."""
    import h5netcdf  # takes a while: not spent by whoever does not come near a file

    buffer = io.BytesIO()
    with h5netcdf.File(buffer, "w") as file:
        file.dimensions = dict(dataset.sizes)
        file.attrs.update(dataset.attrs)
        for name, array in dataset.variables.items():
            variable = file.create_variable(str(name), array.dims, array.dtype, data=array.values)
            variable.attrs.update(array.attrs)
    return buffer.getvalue()

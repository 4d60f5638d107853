"""What a results file says, in memory that does not grow with its samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..kernels import status as status_codes
from .results import Results, Variable
from .summary import Receipt, Summary, summarise

__all__ = ["summarise_file"]

#: Samples that quantiles are taken of; of a million the 5 % quantile is right to 0.02 % of the samples.
MOST_SAMPLES = 1_000_000
_SLAB = 1 << 20
_WATCHED = ("mass_balance_residual", "steps", "rejected_steps", "table_error", "energy_balance_residual")


def summarise_file(path: Path, *, most: int = MOST_SAMPLES) -> tuple[Summary, int]:
    """Sum up the good samples of a results file that leakflow has just written.

    Parameters
    ----------
    path : Path
        Trusted; a stranger's goes through `open_results`.
    most : int
        Quantiles are taken of that many samples at most.

    Returns
    -------
    Summary
        Counts and worst values are of all samples.
    int
        Quantiles are of every n-th sample: this n, 1 or a prime.
    """
    with h5py.File(path, "r") as file:
        step = _prime_from(-(-len(file["sample"]) // most))
        summary = summarise(_subset(file, step))
        if step == 1:
            return summary, step
        counts = np.zeros(256, np.int64)
        for status, _ in _slabs(file, []):
            counts += np.bincount(status.view(np.uint8), minlength=256)
        samples, good = int(counts.sum()), int(counts[status_codes.OK])
        reasons = {
            name: int(counts[code])
            for code, name in status_codes.MEANINGS.items()
            if code != status_codes.OK and counts[code]
        }
        receipt = None if summary.receipt is None else _exact(file, summary.receipt)
    return replace(summary, samples=samples, failed=samples - good, reasons=reasons, receipt=receipt), step


def _exact(file: h5py.File, receipt: Receipt) -> Receipt:
    """Return the receipt with its worst values and shares of all good samples."""
    names = [
        name
        for name in (
            "mass_balance_residual",
            "steps",
            "rejected_steps",
            "table_error",
            "energy_balance_residual",
        )
        if name in file
    ]
    worst = dict.fromkeys(names, -np.inf)
    total = dict.fromkeys(names, 0.0)
    for status, columns in _slabs(file, names):
        good = status == status_codes.OK
        if good.any():
            for name, values in columns.items():
                worst[name] = max(worst[name], float(values[good].max()))
                total[name] += float(values[good].sum())
    taken = total["steps"] + total["rejected_steps"]
    return replace(
        receipt,
        mass_balance_residual=worst["mass_balance_residual"],
        steps_most=worst["steps"],
        rejected=total["rejected_steps"] / max(taken, 1.0),
        table_error=worst.get("table_error"),
        energy_balance_residual=worst.get("energy_balance_residual"),
    )


def _subset(file: h5py.File, step: int) -> Results:
    """Read every ``step``-th sample's scalars."""
    variables = {}
    for name, dataset in file.items():
        if not isinstance(dataset, h5py.Dataset) or "role" not in dataset.attrs or len(dataset.shape) != 1:
            continue
        if "count_variable" in dataset.attrs or "sample_dimension" in dataset.attrs:
            continue
        units, text, role = (_text(dataset.attrs[key]) for key in ("units", "long_name", "role"))
        variables[name] = Variable(name, _every(dataset, step), units, text, role)
    provenance = file.get("provenance", {})
    return Results(
        samples=_every(file["sample"], step),
        status=_every(file["status"], step),
        variables=variables,
        attributes={key: _text(value) for key, value in file.attrs.items()},
        provenance={"case": provenance["case"][()].tobytes().decode()} if "case" in provenance else {},
    )


def _every(dataset: h5py.Dataset, step: int) -> NDArray[Any]:
    """Read every ``step``-th value, in slabs: HDF5 takes a selection with steps value by value."""
    slabs = []
    for start in range(0, len(dataset), _SLAB):
        offset = -start % step
        slabs.append(dataset[start : start + _SLAB][offset::step])
    return np.concatenate(slabs)


def _slabs(file: h5py.File, names: list[str]) -> Iterator[tuple[NDArray[np.int8], dict[str, NDArray[Any]]]]:
    """Give the statuses and some columns in slabs."""
    for start in range(0, len(file["status"]), _SLAB):
        where = slice(start, start + _SLAB)
        yield file["status"][where], {name: file[name][where] for name in names}


def _prime_from(number: int) -> int:
    """Return 1, or the least prime from a number on: steps that no design repeats itself in."""
    if number <= 1:
        return 1
    while any(number % k == 0 for k in range(2, int(number**0.5) + 1)):
        number += 1
    return number


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)

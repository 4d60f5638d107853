"""What an analysis gives: named arrays over outcomes and inputs, in memory, as a Dataset, JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray

__all__ = ["CONSTANT", "MISSING", "OK", "STATES", "IndexVariable", "Indices"]

#: States of an outcome, which is why it has indices or none.
OK, CONSTANT, MISSING = 0, 1, 2
STATES = {OK: "ok", CONSTANT: "constant", MISSING: "missing_values"}


@dataclass(frozen=True)
class IndexVariable:
    """One array with the names of its dimensions."""

    dims: tuple[str, ...]
    data: NDArray[Any]
    long_name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Indices:
    """Sensitivity of the outcomes of a sweep.

    Attributes
    ----------
    coordinates : mapping of str to tuple of str or array
        Labels of the dimensions: ``outcome`` and ``input``; ``input2``, ``series``, ``time``, ``size``,
        ``failure_input`` and ``class`` where they occur.
    variables : mapping of str to IndexVariable
        Names as SALib's: ``S1(outcome, input)``, ``S1_conf``, ``ST``, ``S2(outcome, input, input2)``; with
        ``_low`` and ``_high`` for the bounds of what missing samples could do, ``_at`` for indices of the
        first part of the samples, ``_series`` for those at each time, ``_generalised`` for a whole series.
    attributes : mapping of str to text or number
        How they were made: method, design, samples, dropped, seed, versions; ``notes`` in lines.
    """

    coordinates: Mapping[str, Any]
    variables: Mapping[str, IndexVariable]
    attributes: Mapping[str, Any]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array by name."""
        return self.variables[name].data

    def __contains__(self, name: str) -> bool:
        """Tell whether there is an array of that name."""
        return name in self.variables

    @property
    def method(self) -> str:
        """How they were computed."""
        return str(self.attributes["method"])

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return tuple(self.coordinates["outcome"])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, or of the groups of inputs."""
        return tuple(self.coordinates["input"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be said beside the numbers."""
        text = str(self.attributes.get("notes", ""))
        return tuple(text.split("\n")) if text else ()

    @property
    def headline(self) -> tuple[str, ...]:
        """The indices that the method is for, the most telling first."""
        return tuple(str(self.attributes["headline"]).split())

    def state(self, outcome: str) -> str:
        """Return ``ok``, ``constant`` or ``missing_values``."""
        return STATES[int(self["state"][self.outcomes.index(outcome)])]

    def of(self, name: str, outcome: str) -> dict[str, float]:
        """Return an index of one outcome, by input."""
        row = self[name][self.outcomes.index(outcome)]
        return {key: float(value) for key, value in zip(self.inputs, row, strict=True)}

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray Dataset, the same as `xarray.open_dataset` gives for the group ``sensitivity``."""
        import xarray

        data = {
            name: (v.dims, v.data, {"long_name": v.long_name, **v.attributes})
            for name, v in self.variables.items()
        }
        coordinates = {
            name: (name, np.asarray(labels, object) if isinstance(labels, tuple) else labels)
            for name, labels in self.coordinates.items()
        }
        return xarray.Dataset(data, coordinates, dict(self.attributes))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; what is not finite becomes None there."""
        outcomes = {}
        for o, outcome in enumerate(self.outcomes):
            own: dict[str, Any] = {"state": self.state(outcome)}
            for name, v in self.variables.items():
                if v.dims == ("outcome",) and name != "state":
                    own[name] = v.data[o].item()
                elif v.dims[:1] == ("outcome",) and v.dims[1:] == ("input",):
                    own[name] = dict(zip(self.inputs, v.data[o].tolist(), strict=True))
                elif v.dims == ("outcome", "input", "input2"):
                    own[name] = {
                        f"{a}, {b}": float(v.data[o, j, k])
                        for j, a in enumerate(self.inputs)
                        for k, b in enumerate(self.inputs)
                        if j < k
                    }
            outcomes[outcome] = own
        rest = {
            name: {"dims": list(v.dims), "values": v.data.tolist()}
            for name, v in self.variables.items()
            if v.dims[:1] != ("outcome",)
        }
        labels = {
            name: list(values) if isinstance(values, tuple) else np.asarray(values).tolist()
            for name, values in self.coordinates.items()
        }
        return {
            **{key: value for key, value in self.attributes.items() if key != "notes"},
            "notes": list(self.notes),
            "inputs": list(self.inputs),
            "outcomes": outcomes,
            "coordinates": {k: v for k, v in labels.items() if k not in ("outcome", "input", "input2")},
            "others": rest,
        }

    def to_csv(self) -> str:
        """Return a line for each number: what it is of, the index, and the value, empty where there is none.

        Of a pair of inputs, which is the same either way round, there is one line.
        """
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\n")
        columns = list(dict.fromkeys(_COLUMNS.values()))
        out.writerow([*columns, "index", "value"])
        for name, v in self.variables.items():
            labels = [self._labels(dim) for dim in v.dims]
            for place in np.ndindex(v.data.shape):
                if "input2" in v.dims and place[v.dims.index("input")] >= place[v.dims.index("input2")]:
                    continue
                row = dict.fromkeys(columns, "")
                for dim, own, at in zip(v.dims, labels, place, strict=True):
                    row[_COLUMNS[dim]] = own[at]
                out.writerow([*row.values(), name, _cell(v.data[place])])
        return text.getvalue()

    def _labels(self, dim: str) -> list[str]:
        values = self.coordinates[dim]
        return list(values) if isinstance(values, tuple) else [_cell(value) for value in np.asarray(values)]


#: In which column of the CSV a dimension stands.
_COLUMNS = {
    "outcome": "outcome", "series": "outcome", "input": "input", "failure_input": "input", "input2": "input2",
    "time": "time", "size": "size", "class": "class", "limit": "class",
}  # fmt: skip


def _cell(value: Any) -> str:
    number = value.item()
    if isinstance(number, float) and not np.isfinite(number):
        return ""
    return repr(number)

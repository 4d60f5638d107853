"""The results of a sweep: in memory (`Results`), written to one file and opened again.

The file's format is described in docs/results.md. How it is laid out in HDF5 is in `_hdf5_write`, what is
refused on the way in is in `_hdf5_read`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..kernels import status as status_codes
from . import _whole_file
from .errors import ResultsError

if TYPE_CHECKING:
    import xarray

__all__ = ["Results", "Variable", "check_destination", "open_results", "write_results"]

SCHEMA_VERSION = 1
#: The attribute ``content`` of a file with one history, which tells it from a sweep's.
RUN_CONTENT = "history of one run"
CONVENTIONS = "CF-1.11"
ROLES = ("input", "output", "diagnostic")
REQUIRED_ATTRIBUTES = ("title", "source", "history", "campaign_id")
MAX_ATTRIBUTE_BYTES = 2**20
DATA_TYPES = ("float64", "float32", "int64", "int32")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,199}")
_TAKEN_NAMES = frozenset({"sample", "time", "status", "provenance"})
_COUNT = "_count"
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Written by the file itself, so not free for a variable's further attributes.
OWN_ATTRIBUTES = frozenset(
    {
        "units",
        "long_name",
        "role",
        "ancillary_variables",
        "sample_dimension",
        "count_variable",
        "CLASS",
        "NAME",
        "DIMENSION_LIST",
        "REFERENCE_LIST",
    }
)


def write_results(path: str | Path, results: Results, *, overwrite: bool = True) -> Path:
    """Write a results file whole: it is there complete, or not at all.

    Parameters
    ----------
    path
        The file, `.nc` or `.h5`; its folder must exist.
    results
        What to write. The same results give the same bytes.
    overwrite
        Whether a file that is already there may be replaced.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ValueError
        An attribute that every file carries (title, source, history, campaign_id) is missing.
    ResultsError
        No such folder, no permission, no room: one line naming the file and the reason. An older file of that
        name is then untouched, and nothing is left beside it.
    """
    # h5py takes a tenth of a second to import: not spent by whoever does not come near a file
    from ._hdf5_write import file_image

    check_destination(path, overwrite=overwrite)
    return _whole_file.write_whole(path, file_image(results), overwrite=overwrite)


def check_destination(path: str | Path, *, overwrite: bool = True) -> None:
    """Make sure that a results file could be written there, before the work that fills it is done.

    Raises
    ------
    ResultsError
        One line naming the file and the reason; also if what is there is no HDF5 file, for it is then hardly
        meant to be replaced.
    """
    _whole_file.check_destination(path, overwrite=overwrite)
    try:
        with Path(path).open("rb") as file:
            start = file.read(len(_SIGNATURE))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    if start not in (b"", _SIGNATURE):
        raise ResultsError(f"{path}: is there already and is no HDF5 file; it is not replaced")


def open_results(path: str | Path, *, trusted: bool = True) -> Results:
    """Open a results file, checked before anything in it is believed.

    Parameters
    ----------
    path
        A file written by `write_results`, by this version or an older one.
    trusted
        False for a file from a stranger: the HDF5 library itself may crash or hang on one that is damaged on
        purpose, so it is first read once in a process of its own, bounded in time and memory.

    Returns
    -------
    Results
        With all data in memory.

    Raises
    ------
    ResultsError
        One line naming the file and what is wrong: no such file, not a results file, written by a newer
        leakflow, cut short, or built so that opening it would read other files or exhaust the memory.
    """
    from ._hdf5_read import read_results

    if not trusted:
        from ._hdf5_trial import try_file

        try_file(Path(path))
    return read_results(Path(path))


@dataclass(frozen=True, eq=False)
class Variable:
    """One named quantity of a sweep.

    Parameters
    ----------
    name
        Its name in the file.
    data
        Shape (n,), one value a sample, or (n, n_times) float32 for a series; for a property of cracks
        (n_cracks,), the cracks of all samples one after the other. float64, float32, int64 or int32.
    units
        As UDUNITS writes them: "kg", "Pa", "m s Pa-1", "1" for a pure number.
    long_name
        What it is, in words.
    role
        "input", "output" or "diagnostic".
    attributes
        Further attributes: text, integers or floats; `distribution` holds an input's distribution as JSON.
    """

    name: str
    data: NDArray[Any]
    units: str
    long_name: str
    role: str
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no reader could use."""
        if not _NAME.fullmatch(self.name) or self.name in _TAKEN_NAMES:
            raise ValueError(f"{self.name!r} is no name for a variable")
        if self.role not in ROLES:
            raise ValueError(f"{self.name}: role {self.role!r} is none of {', '.join(ROLES)}")
        if self.data.dtype.name not in DATA_TYPES:
            raise ValueError(f"{self.name}: data type {self.data.dtype} is none of {', '.join(DATA_TYPES)}")
        for key, value in self.attributes.items():
            if key in OWN_ATTRIBUTES or key.startswith("_"):
                raise ValueError(f"{self.name}: the attribute {key!r} is the file's own")
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise ValueError(f"{self.name}: attribute {key} is neither text, integer nor float")
            if isinstance(value, str) and len(value.encode()) > MAX_ATTRIBUTE_BYTES:
                raise ValueError(f"{self.name}: attribute {key} is longer than {MAX_ATTRIBUTE_BYTES} bytes")


@dataclass(frozen=True, eq=False)
class Results:
    """What a sweep of n samples gave.

    Parameters
    ----------
    samples
        int64 (n,), the global sample index, which is the counter of the random numbers.
    status
        int8 (n,), 0 where the sample is good; the others are in `leakflow.kernels.status.MEANINGS`. Outputs
        of a sample that is not good are NaN.
    variables
        Name to variable: shape (n,), or (n, n_times) for a series.
    times
        float64 (n_times,), the times of the series in seconds; None without series.
    cracks
        The geometry of every crack, if it is kept: for each path of cracks `<path>_count`, integers (n,), and
        any number of `<path>_<property>`, shape (sum of the counts,), sample after sample; None otherwise.
    attributes
        Of the file: title, source, history, campaign_id and whatever else.
    provenance
        Name to text (JSON): the resolved case, environment, seed, numerics.
    """

    samples: NDArray[np.int64]
    status: NDArray[np.int8]
    variables: Mapping[str, Variable]
    times: NDArray[np.float64] | None = None
    cracks: Mapping[str, Variable] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other."""
        n = len(self.samples)
        if n == 0:
            raise ValueError("results need one sample at least")
        _require(self.samples, "sample", "int64", (n,))
        _require(self.status, "status", "int8", (n,))
        if self.times is not None:
            _require(self.times, "time", "float64", (max(len(self.times), 1),))
        for name, variable in self.variables.items():
            self._check_variable(name, variable, n)
        for name, variable in (self.cracks or {}).items():
            if name != variable.name or name in self.variables:
                raise ValueError(f"{name}: two variables of one name, or one under another's name")
            if name in self.crack_dimensions():
                raise ValueError(f"{name}: a variable with the name of a dimension")
            self._check_crack_variable(name, variable, n)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the data of one variable, `sample`, `status` or `time` by name."""
        if name in self.variables:
            return self.variables[name].data
        if self.cracks and name in self.cracks:
            return self.cracks[name].data
        own: dict[str, NDArray[Any] | None]
        own = {"sample": self.samples, "status": self.status, "time": self.times}
        data = own.get(name)
        if data is None:
            raise KeyError(f"{name!r} is not in these results; there are {', '.join(self.variables)}")
        return data

    @property
    def inputs(self) -> dict[str, NDArray[Any]]:
        """Inputs, name to (n,)."""
        return self._of_role("input")

    @property
    def outputs(self) -> dict[str, NDArray[Any]]:
        """Outcomes, name to (n,); NaN where the sample failed."""
        return self._of_role("output")

    @property
    def diagnostics(self) -> dict[str, NDArray[Any]]:
        """Accuracy and effort of each sample, name to (n,)."""
        return self._of_role("diagnostic")

    @property
    def series(self) -> dict[str, NDArray[Any]]:
        """Histories, name to (n, n_times)."""
        return {name: v.data for name, v in self.variables.items() if v.data.ndim == 2}

    @property
    def n_failed(self) -> int:
        """Number of samples whose status is not ok."""
        return int(np.count_nonzero(self.status != status_codes.OK))

    def status_counts(self) -> dict[str, int]:
        """Count the samples by status, those that occur, in the order of the codes."""
        codes, counts = np.unique(self.status, return_counts=True)
        return {
            status_codes.MEANINGS.get(code, f"status_{code}"): count
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        }

    def dimensions(self, name: str) -> tuple[str, ...]:
        """Return the names of a variable's dimensions, as in the file."""
        if self.cracks and name in self.cracks and not name.endswith(_COUNT):
            return (f"{self._crack_path(name)}_crack",)
        return ("sample", "time") if name in self.series else ("sample",)

    def crack_dimensions(self) -> dict[str, int]:
        """Return the ragged dimensions and their sizes, `<path>_crack` to the sum of `<path>_count`."""
        return {
            f"{name.removesuffix(_COUNT)}_crack": int(v.data.sum())
            for name, v in (self.cracks or {}).items()
            if name.endswith(_COUNT)
        }

    def file_attributes(self) -> dict[str, str]:
        """Return the attributes of the file's root, those of the format first."""
        own = {
            "Conventions": CONVENTIONS,
            "title": "",
            "source": "",
            "history": "",
            "schema_version": str(SCHEMA_VERSION),
            "campaign_id": "",
        }
        return own | {k: v for k, v in self.attributes.items() if k not in ("Conventions", "schema_version")}

    def variable_attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of one variable as in the file (but `_FillValue`, which is encoding)."""
        if name in _FIXED_ATTRIBUTES:
            return dict(_FIXED_ATTRIBUTES[name])
        is_crack = name not in self.variables
        variable = (self.cracks or {})[name] if is_crack else self.variables[name]
        own = {"units": variable.units, "long_name": variable.long_name, "role": variable.role}
        if variable.role == "output":
            own["ancillary_variables"] = "status"
        if is_crack and name.endswith(_COUNT):
            own["sample_dimension"] = f"{name.removesuffix(_COUNT)}_crack"
        elif is_crack:
            own["count_variable"] = f"{self._crack_path(name)}{_COUNT}"
        return own | dict(variable.attributes)

    def to_dataset(self) -> xarray.Dataset:
        """Return an xarray Dataset, the same as `xarray.open_dataset` gives for the file."""
        import xarray

        coordinates: dict[str, Any] = {"sample": ("sample", self.samples, self.variable_attributes("sample"))}
        if self.times is not None:
            coordinates["time"] = ("time", self.times, self.variable_attributes("time"))
        data: dict[str, Any] = {"status": ("sample", self.status, self.variable_attributes("status"))}
        for name, variable in {**self.variables, **(self.cracks or {})}.items():
            data[name] = (self.dimensions(name), variable.data, self.variable_attributes(name))
        return xarray.Dataset(data, coords=coordinates, attrs=self.file_attributes())

    def _of_role(self, role: str) -> dict[str, NDArray[Any]]:
        return {name: v.data for name, v in self.variables.items() if v.role == role and v.data.ndim == 1}

    def _crack_path(self, name: str) -> str:
        """Return the path that a property of cracks belongs to: the longest that begins its name."""
        paths = [c.removesuffix(_COUNT) for c in self.cracks or {} if c.endswith(_COUNT)]
        fitting = [path for path in paths if name.startswith(f"{path}_")]
        if not fitting:
            raise ValueError(f"{name}: no {_COUNT[1:]} of cracks goes with it")
        return max(fitting, key=len)

    def _check_variable(self, name: str, variable: Variable, n: int) -> None:
        if name != variable.name:
            raise ValueError(f"{name}: a variable under another's name, {variable.name}")
        if variable.data.ndim == 1:
            _require(variable.data, name, variable.data.dtype.name, (n,))
        elif self.times is None:
            raise ValueError(f"{name}: shape {variable.data.shape}, but there are no times for a series")
        else:
            _require(variable.data, name, "float32", (n, len(self.times)))

    def _check_crack_variable(self, name: str, variable: Variable, n: int) -> None:
        if name.endswith(_COUNT):
            _require(variable.data, name, variable.data.dtype.name, (n,))
            if variable.data.dtype.kind != "i" or variable.data.min() < 0:
                raise ValueError(f"{name}: counts are integers of zero or more")
            return
        total = self.crack_dimensions()[f"{self._crack_path(name)}_crack"]
        _require(variable.data, name, variable.data.dtype.name, (total,))


def _require(data: NDArray[Any], name: str, data_type: str, shape: tuple[int, ...]) -> None:
    if data.dtype.name != data_type or data.shape != shape:
        raise ValueError(f"{name}: {data.dtype} of shape {data.shape}, not {data_type} of shape {shape}")


_FIXED_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "sample": {"long_name": "global sample index, the counter of the random numbers", "units": "1"},
        "time": {"long_name": "time since the start of the run", "units": "s"},
        "status": {
            "standard_name": "status_flag",
            "long_name": "whether the sample is good, and why not",
            "flag_values": np.array(list(status_codes.MEANINGS), dtype=np.int8),
            "flag_meanings": " ".join(status_codes.MEANINGS.values()),
        },
    }
)

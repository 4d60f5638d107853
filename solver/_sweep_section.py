"""The section of a case that says how many samples are drawn, and how they are spread among the inputs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic_core import core_schema

from ._sections import Name, Section, Whole
from .errors import Fault, FaultsError
from .numbers import Quantity

__all__ = [
    "DESIGNS", "Correlation", "Design", "GridDesign", "LatinHypercubeDesign", "MonteCarloDesign",
    "MorrisDesign", "SaltelliDesign", "SobolDesign", "Sweep", "TableDesign",
]  # fmt: skip

#: Points that a Sobol' sequence of 30 bits has.
MOST_SOBOL_POINTS = 2**30
MOST_SAMPLES = 10**10

_INDEPENDENT = (
    "Sobol' indices and elementary effects assume independent inputs; take design = "
    '"sobol" or "monte-carlo", and given-data indices or Shapley effects'
)


class _Design(Section):
    @model_serializer(mode="wrap")
    def _shortest(self, handler: Any) -> Any:
        """Write a design that has nothing to say but its kind as that."""
        plain = handler(self)
        return plain["kind"] if len(plain) == 1 else plain


class MonteCarloDesign(_Design):
    """Each sample at random, from the seed and its index."""

    kind: Literal["monte-carlo"] = Field(description="All at random.")


class SobolDesign(_Design):
    """A Sobol' sequence: fills the space of inputs evenly, so that means converge faster."""

    kind: Literal["sobol"] = Field(description="A Sobol' sequence.")
    scramble: Annotated[bool, Field(strict=True)] = Field(
        True, description="Scramble it by the seed; without, it begins at the end of every range."
    )
    skip: Annotated[int, Whole(0, MOST_SOBOL_POINTS - 1)] = Field(
        0, description="Points left out at its start."
    )


class SaltelliDesign(_Design):
    """Saltelli's groups of rows, for Sobol' indices."""

    kind: Literal["saltelli"] = Field(description="Saltelli's rows over a Sobol' sequence, for its indices.")
    base_samples: Annotated[int | None, Whole(1, MOST_SOBOL_POINTS)] = Field(
        None, description="Groups of rows, which make the number of samples."
    )
    second_order: Annotated[bool, Field(strict=True)] = Field(
        True, description="2 D + 2 rows a group, for indices of second order too; otherwise D + 2."
    )
    scramble: Annotated[bool, Field(strict=True)] = Field(True, description="Scramble the Sobol' sequence.")
    skip: Annotated[int, Whole(0, MOST_SOBOL_POINTS - 1)] = Field(
        0, description="Points of the Sobol' sequence left out at its start."
    )


def _parse_tail(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value < 0.5:
        return float(value)
    raise FaultsError([Fault((), "must be a plain number from 0 to less than 0.5", value)])


class MorrisDesign(_Design):
    """Trajectories on a grid that move one input at a time, for elementary effects."""

    kind: Literal["morris"] = Field(description="Morris's trajectories, for elementary effects.")
    trajectories: Annotated[int | None, Whole(1, 10**8)] = Field(
        None, description="How many, which makes the number of samples: D + 1 rows each."
    )
    levels: Annotated[int, Whole(2, 10**4)] = Field(4, description="Of each input, an even number.")
    tail: Annotated[float, BeforeValidator(_parse_tail)] = Field(
        0.005, description="Probability beyond the first and the last level."
    )

    @model_validator(mode="after")
    def _even(self) -> MorrisDesign:
        if self.levels % 2:
            raise FaultsError([Fault(("levels",), "must be an even number", self.levels)])
        return self


class LatinHypercubeDesign(_Design):
    """As many strata of each input as there are samples, one sample in each."""

    kind: Literal["latin-hypercube"] = Field(description="A Latin hypercube, at a fixed number of samples.")


def _parse_levels(value: object) -> dict[str, int]:
    if isinstance(value, dict) and all(
        isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= 10**6 for n in value.values()
    ):
        return value
    raise FaultsError([Fault((), "must be a table of whole numbers from 1 to 1000000, by input", value)])


def _parse_values(value: object) -> dict[str, list[float | str]]:
    if isinstance(value, dict) and all(
        isinstance(items, list) and items and all(_is_value(item) for item in items)
        for items in value.values()
    ):
        return value
    raise FaultsError([Fault((), "must be a table of lists of numbers, or of texts with units", value)])


def _is_value(item: object) -> bool:
    return isinstance(item, int | float | str) and not isinstance(item, bool)


class GridDesign(_Design):
    """Every combination of some values of some inputs."""

    kind: Literal["grid"] = Field(description="Every combination of values of some inputs.")
    values: Annotated[dict[str, list[float | str]], BeforeValidator(_parse_values)] = Field(
        default_factory=dict, description="Values of an input, by its name."
    )
    levels: Annotated[dict[str, int], BeforeValidator(_parse_levels)] = Field(
        default_factory=dict,
        description="Or how many values, in the middle of as many equally likely parts of its range.",
    )
    others: Literal["median", "random"] = Field("median", description="Where the other inputs are.")

    @model_validator(mode="after")
    def _some(self) -> GridDesign:
        if not self.values and not self.levels:
            raise FaultsError([Fault((), "must have values or levels of an input at least")])
        twice = [Fault(("levels", name), "is in values too") for name in self.levels if name in self.values]
        if twice:
            raise FaultsError(twice)
        return self


class TableDesign(_Design):
    """A row of a user's own table for each sample."""

    kind: Literal["table"] = Field(description="Rows of a file.")
    file: Annotated[str, Field(min_length=1)] = Field(
        description="CSV with a column for each input, its unit in the header as in opening [um]; or a "
        "results file, of which the inputs are taken."
    )
    sha256: str | None = Field(None, description="Of the file's bytes; filled in, or to be sure of them.")


DESIGNS: dict[str, type[Section]] = {
    "monte-carlo": MonteCarloDesign,
    "sobol": SobolDesign,
    "saltelli": SaltelliDesign,
    "morris": MorrisDesign,
    "latin-hypercube": LatinHypercubeDesign,
    "grid": GridDesign,
    "table": TableDesign,
}
#: Those whose kind alone says all that must be said.
_PLAIN = [kind for kind in DESIGNS if kind not in ("grid", "table")]


class _ByName:
    """Lets a design be given by its kind alone, as text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_as_table, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"enum": _PLAIN, "description": "By its kind alone."}, handler(schema)]}


def _as_table(value: object) -> object:
    return {"kind": value} if isinstance(value, str) else value


Design = Annotated[
    Annotated[
        MonteCarloDesign
        | SobolDesign
        | SaltelliDesign
        | MorrisDesign
        | LatinHypercubeDesign
        | GridDesign
        | TableDesign,
        Field(discriminator="kind"),
    ],
    _ByName(),
]


_RANK = Quantity("dimensionless", minimum=-1.0, maximum=1.0, fixed=True)


class Correlation(Section):
    """Inputs that go together: rank correlations of two, or a matrix of several."""

    inputs: list[str] = Field(min_length=2, description="Names of inputs, as in the results file.")
    rank: Annotated[float | None, _RANK] = Field(
        None, description="Spearman's rank correlation of the two, -1 to 1."
    )
    matrix: list[list[Annotated[float, _RANK]]] | None = Field(
        None, description="Or Spearman's rank correlations of all of them, row by row."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Correlation:
        if (self.rank is None) == (self.matrix is None):
            raise FaultsError([Fault((), "must have either rank or matrix")])
        if len(set(self.inputs)) < len(self.inputs):
            raise FaultsError([Fault(("inputs",), "must name each input once")])
        if self.rank is not None and len(self.inputs) != 2:
            raise FaultsError([Fault(("inputs",), "must be two; give more of them a matrix")])
        if self.matrix is not None:
            _check_matrix(self.matrix, len(self.inputs))
        return self


def _check_matrix(matrix: list[list[float]], size: int) -> None:
    if len(matrix) != size or any(len(row) != size for row in matrix):
        raise FaultsError([Fault(("matrix",), f"must have {size} rows of {size} numbers")])
    for i in range(size):
        if matrix[i][i] != 1.0:
            raise FaultsError([Fault(("matrix", i, i), "must be 1", matrix[i][i])])
        for j in range(i):
            if matrix[i][j] != matrix[j][i]:
                text = f"must be {matrix[j][i]:.12g}, as on the other side of the diagonal"
                raise FaultsError([Fault(("matrix", i, j), text, matrix[i][j])])


class Sweep(Section):
    """How the samples are drawn."""

    samples: Annotated[int, Whole(1, MOST_SAMPLES)] = Field(1000, description="Number of samples.")
    seed: Annotated[int, Whole(0, 2**64 - 1)] = Field(0, description="Seed of the random numbers.")
    design: Design = Field(MonteCarloDesign(kind="monte-carlo"), description="How the samples are spread.")
    groups: dict[Name, list[str]] | None = Field(
        None, description="Inputs that count as one in sensitivity analysis, by the group's name."
    )
    correlations: list[Correlation] | None = Field(None, description="Inputs that go together.")

    @model_validator(mode="after")
    def _fits(self) -> Sweep:
        if self.correlations and self.design.kind in ("saltelli", "morris"):
            raise FaultsError(
                [Fault(("correlations",), f"not with a {self.design.kind} design: {_INDEPENDENT}")]
            )
        if self.correlations and self.design.kind in ("grid", "table"):
            text = f"not with a {self.design.kind} design, which itself says what goes with what"
            raise FaultsError([Fault(("correlations",), text)])
        return self

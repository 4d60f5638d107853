"""A number of a case: one value, or a distribution that samples are drawn from. SI inside.

In a case file a number is ``63061.0``, ``"473 mmHg"`` or
``{ dist = "uniform", low = "4 m^3", high = "7 m^3", name = "tunnel_volume" }``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from ._number_schema import number_schema
from .errors import Fault, FaultsError
from .units import DIMENSIONS, UnitError, allowed, parse_quantity

__all__ = [
    "ARGUMENTS", "Constant", "Distribution", "Number", "Quantity",
    "parse_fixed", "parse_number", "support", "to_plain",
]  # fmt: skip

Per = Literal["sample", "crack"]

#: The arguments of each kind of distribution, and the role of each. ``own``: a value of the number itself,
#: inside its range. ``positive``: the same, above 0. ``centre``: the same, in any range. ``scale``: of the
#: number's dimension, above 0. ``spread``: a difference, above 0. ``shape``: a plain number above 0.
ARGUMENTS: dict[str, dict[str, str]] = {
    "constant": {"value": "own"},
    "uniform": {"low": "own", "high": "own"},
    "loguniform": {"low": "positive", "high": "positive"},
    "normal": {"mean": "own", "sd": "spread"},
    "truncated-normal": {"mean": "centre", "sd": "spread", "low": "own", "high": "own"},
    "lognormal": {"median": "positive", "sigma": "shape"},
    "triangular": {"low": "own", "mode": "own", "high": "own"},
    "weibull": {"shape": "shape", "scale": "scale"},
    "choice": {},
}
_COMMON_KEYS = ("dist", "name", "per")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_RESERVED_NAMES = ("sample", "time", "status", "provenance")
_LONGEST_CHOICE = 10_000


@dataclass(frozen=True)
class Constant:
    """One value in SI; ``name`` is the one that the results file uses, if the case gives one."""

    value: float
    name: str | None = None


@dataclass(frozen=True)
class Distribution:
    """What a number is drawn from.

    Attributes
    ----------
    kind : str
        A key of `ARGUMENTS`.
    args : dict of str to Number
        The arguments in SI, named and ordered as in `ARGUMENTS`; each a `Constant`, or for a number drawn per
        crack possibly a `Distribution` drawn once per sample.
    name : str or None
        The name that the results file uses, if the case gives one.
    per : "sample", "crack" or None
        Drawn once per sample or once per crack; a loaded case always says which.
    values, weights : tuple of float
        The values of a ``choice`` in SI and their weights; no weights means equal ones.
    """

    kind: str
    args: dict[str, Number] = field(default_factory=dict)
    name: str | None = None
    per: Per | None = None
    values: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()


Number = Constant | Distribution


@dataclass(frozen=True)
class Quantity:
    """What a key of a case may hold; used as ``Annotated[Number, Quantity("pressure", minimum=0.0)]``.

    Attributes
    ----------
    dimension : str
        A key of `leakflow.solver.units.DIMENSIONS`.
    minimum, above, maximum : float or None
        Its range in SI: at least, more than, at most.
    population : bool
        A number of a crack population: drawn per crack unless it says ``per = "sample"``, and its arguments
        may be distributions.
    fixed : bool
        Never random; the field is then ``Annotated[float, Quantity(..., fixed=True)]``.
    words : tuple of str
        Texts allowed besides numbers, kept as they are.
    """

    dimension: str
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    population: bool = False
    fixed: bool = False
    words: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The SI unit."""
        return DIMENSIONS[self.dimension].unit

    def limits(self) -> str:
        """Say the range, ``"greater than 0 m^3"``; empty if there is none."""
        if self.minimum is not None and self.maximum is not None:
            return f"from {self.minimum:.12g} to {self.maximum:.12g} {self.unit}".rstrip()
        bounds = [
            f"{word} {bound:.12g} {self.unit}".rstrip()
            for word, bound in (
                ("greater than", self.above),
                ("at least", self.minimum),
                ("at most", self.maximum),
            )
            if bound is not None
        ]
        return " and ".join(bounds)

    def contains(self, value: float) -> bool:
        """Whether a value in SI is in the range."""
        return not (
            (self.above is not None and value <= self.above)
            or (self.minimum is not None and value < self.minimum)
            or (self.maximum is not None and value > self.maximum)
        )

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Tell pydantic to read the key with `parse_number`."""
        schema: core_schema.CoreSchema = core_schema.no_info_plain_validator_function(
            self._validate, serialization=core_schema.plain_serializer_function_ser_schema(to_plain)
        )
        return core_schema.nullable_schema(schema) if type(None) in get_args(source) else schema

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe the key to an editor."""
        return number_schema(
            self.dimension,
            minimum=self.minimum,
            above=self.above,
            maximum=self.maximum,
            population=self.population,
            fixed=self.fixed,
            words=self.words,
        )

    def _validate(self, value: object) -> Number | float | str:
        if isinstance(value, str) and value in self.words:
            return value
        return parse_fixed(value, self) if self.fixed else parse_number(value, self)


def parse_number(value: object, quantity: Quantity) -> Number:
    """Read a number of a case.

    Parameters
    ----------
    value : object
        As it stands in the file, or a `Constant` or `Distribution` in SI.
    quantity : Quantity
        What the key may hold.

    Raises
    ------
    FaultsError
        With every fault; the keys are relative to the number's own.
    """
    if isinstance(value, Constant | Distribution):
        value = to_plain(value)
    if isinstance(value, Mapping):
        return _parse_distribution(value, quantity)
    return Constant(parse_fixed(value, quantity))


def parse_fixed(value: object, quantity: Quantity) -> float:
    """Read a number that may not be a distribution; faults as from `parse_number`."""
    if isinstance(value, Mapping):
        text = f"must be one number, not a distribution; {allowed(quantity.dimension)}"
        raise FaultsError([Fault((), text, value)])
    faults: list[Fault] = []
    number = _parse_value(value, quantity, (), faults)
    if faults:
        raise FaultsError(faults)
    return number


def to_plain(number: object) -> object:
    """Write a number as a case file would, in SI; the inverse of `parse_number`. Anything else passes."""
    if isinstance(number, Constant):
        if number.name is None:
            return number.value
        return {"dist": "constant", "value": number.value, "name": number.name}
    if not isinstance(number, Distribution):
        return number
    plain: dict[str, object] = {"dist": number.kind}
    plain.update({key: to_plain(arg) for key, arg in number.args.items()})
    if number.kind == "choice":
        plain["values"] = list(number.values)
        if number.weights:
            plain["weights"] = list(number.weights)
    if number.name is not None:
        plain["name"] = number.name
    if number.per is not None:
        plain["per"] = number.per
    return plain


def support(number: Number) -> tuple[float, float]:
    """Give the smallest and the largest value that a number can take; infinite where nothing bounds it."""
    if isinstance(number, Constant):
        return number.value, number.value
    if number.kind == "choice":
        return min(number.values), max(number.values)
    if number.kind in ("lognormal", "weibull"):
        return 0.0, math.inf
    low, high = number.args.get("low"), number.args.get("high")
    return -math.inf if low is None else support(low)[0], math.inf if high is None else support(high)[1]


def _parse_distribution(table: Mapping[Any, Any], quantity: Quantity) -> Number:
    kind = table.get("dist")
    if not isinstance(kind, str) or kind not in ARGUMENTS:
        key = ("dist",) if "dist" in table else ()
        raise FaultsError(
            [Fault(key, f"must be a distribution; dist is one of {', '.join(ARGUMENTS)}", kind)]
        )
    faults: list[Fault] = []
    known = (*ARGUMENTS[kind], *(("values", "weights") if kind == "choice" else ()), *_COMMON_KEYS)
    text = f"unknown key; a {kind} has {', '.join(known)}"
    faults += [Fault((key,), text) for key in table if key not in known]
    name = _parse_name(table, faults)
    per = _parse_per(table, quantity, faults)
    args = _parse_arguments(table, kind, quantity, per, faults)
    values, weights = _parse_choice(table, quantity, faults) if kind == "choice" else ((), ())
    faults += _order_faults(kind, args)
    if faults:
        raise FaultsError(faults)
    if kind == "constant" and isinstance(constant := args["value"], Constant):
        return Constant(constant.value, name)
    return Distribution(kind, args, name, per, values, weights)


def _parse_name(table: Mapping[Any, Any], faults: list[Fault]) -> str | None:
    name = table.get("name")
    if name is None:
        return None
    if isinstance(name, str) and _NAME.fullmatch(name) and name not in _RESERVED_NAMES:
        return name
    text = "must be up to 64 letters, digits and _, a letter first"
    faults.append(Fault(("name",), f"{text}, and none of {', '.join(_RESERVED_NAMES)}", name))
    return None


def _parse_per(table: Mapping[Any, Any], quantity: Quantity, faults: list[Fault]) -> Per:
    default: Per = "crack" if quantity.population else "sample"
    per = table.get("per", default)
    if per == "sample":
        return "sample"
    if per != "crack":
        faults.append(Fault(("per",), 'must be "sample" or "crack"', per))
    elif not quantity.population:
        text = 'must be "sample": only the numbers of cracks are drawn per crack'
        faults.append(Fault(("per",), text, per))
    return default


def _parse_arguments(
    table: Mapping[Any, Any], kind: str, quantity: Quantity, per: Per, faults: list[Fault]
) -> dict[str, Number]:
    args: dict[str, Number] = {}
    for key, role in ARGUMENTS[kind].items():
        if key not in table:
            faults.append(Fault((key,), f"missing; a {kind} needs {', '.join(ARGUMENTS[kind])}"))
        elif not isinstance(table[key], Mapping):
            value = _parse_value(table[key], _argument(role, quantity), (key,), faults)
            args[key] = Constant(value)
        elif per != "crack" or kind == "constant":
            text = "must be one number: only the arguments of numbers drawn per crack may be distributions"
            faults.append(Fault((key,), text, table[key]))
        else:
            try:
                args[key] = _parse_distribution(table[key], _argument(role, quantity))
            except FaultsError as nested:
                faults += [fault.under((key,)) for fault in nested.faults]
    return args


def _argument(role: str, quantity: Quantity) -> Quantity:
    """Say what an argument with that role may hold. A distribution may start right at an open bound."""
    dimension = quantity.dimension
    if role == "shape":
        return Quantity("dimensionless", above=0.0)
    if role == "spread":
        return Quantity("temperature_difference" if dimension == "temperature" else dimension, above=0.0)
    if role == "scale":
        return Quantity(dimension, above=0.0)
    if role == "centre":
        return Quantity(dimension)
    minimum = quantity.above if quantity.minimum is None else quantity.minimum
    if role == "positive" and (minimum is None or minimum <= 0.0):
        return Quantity(dimension, above=0.0, maximum=quantity.maximum)
    return Quantity(dimension, minimum=minimum, maximum=quantity.maximum)


def _parse_choice(
    table: Mapping[Any, Any], quantity: Quantity, faults: list[Fault]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    values = _parse_list(table.get("values"), "values", quantity, faults)
    if "weights" not in table:
        return values, ()
    weights = _parse_list(table["weights"], "weights", Quantity("dimensionless", minimum=0.0), faults)
    if weights and len(weights) != len(values):
        faults.append(Fault(("weights",), f"must be as many as the values, {len(values)}", len(weights)))
    elif weights and not any(map(math.isnan, weights)) and not 0.0 < sum(weights) < math.inf:
        faults.append(Fault(("weights",), "must not all be 0"))
    return values, weights


def _parse_list(items: object, key: str, quantity: Quantity, faults: list[Fault]) -> tuple[float, ...]:
    if not isinstance(items, Sequence) or isinstance(items, str) or not 1 <= len(items) <= _LONGEST_CHOICE:
        faults.append(Fault((key,), f"must be a list of 1 to {_LONGEST_CHOICE} numbers", items))
        return ()
    return tuple(_parse_value(item, quantity, (key, i), faults) for i, item in enumerate(items))


def _parse_value(value: object, quantity: Quantity, key: tuple[str | int, ...], faults: list[Fault]) -> float:
    """Read one value; a fault goes to ``faults`` and gives NaN, which no later check complains of."""
    try:
        number = parse_quantity(value, quantity.dimension)
    except UnitError as error:
        words = "".join(f' or "{word}"' for word in quantity.words)
        faults.append(Fault(key, error.allowed + words, value))
        return math.nan
    if not quantity.contains(number):
        faults.append(Fault(key, f"must be {quantity.limits()}", value))
        return math.nan
    return number


def _order_faults(kind: str, args: dict[str, Number]) -> list[Fault]:
    bounds = [args.get(key) for key in ARGUMENTS[kind] if key in ("low", "mode", "high")]
    low, *_, high = [arg.value if isinstance(arg, Constant) else math.nan for arg in bounds] or [0.0, 1.0]
    faults = []
    if low >= high:
        faults.append(Fault(("high",), f"must be greater than low, {low:.12g}", high))
    mode = args.get("mode")
    if isinstance(mode, Constant) and (mode.value < low or mode.value > high):
        text = f"must be between low and high, {low:.12g} and {high:.12g}"
        faults.append(Fault(("mode",), text, mode.value))
    return faults

"""The JSON Schema of a number of a case, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .units import DIMENSIONS

__all__ = ["PLACEHOLDER", "distribution_schemas", "number_schema"]

#: Stands for a reference until the whole schema is put together: pydantic refuses references it did not make.
PLACEHOLDER = "x-leakflow-ref"

_TEXT_PATTERN = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*\S.*$"
_SINGLE = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _TEXT_PATTERN}]}
_KIND_TEXTS = {
    "constant": "Always the same value.",
    "uniform": "Any value from low to high, all equally likely.",
    "loguniform": "Any value from low to high, all orders of magnitude equally likely.",
    "normal": "Mean and standard deviation.",
    "truncated-normal": "A normal distribution cut off below low and above high.",
    "lognormal": "Median, and standard deviation of the natural logarithm.",
    "triangular": "Rising from low to mode, falling to high.",
    "weibull": "Shape and scale.",
    "choice": "One of the values, by weight.",
}
_ARGUMENT_TEXTS = {
    "value": "The value.",
    "low": "Smallest value.",
    "high": "Largest value.",
    "mode": "Most likely value.",
    "mean": "Mean (of the normal distribution before it is cut off).",
    "sd": "Standard deviation, in the same unit; for a temperature in K.",
    "median": "Median.",
    "sigma": "Standard deviation of the natural logarithm.",
    "shape": "Shape, a plain number.",
    "scale": "Scale, in the same unit as the number.",
}


def number_schema(
    dimension: str,
    *,
    minimum: float | None,
    above: float | None,
    maximum: float | None,
    population: bool,
    fixed: bool,
    words: tuple[str, ...],
) -> dict[str, Any]:
    """Describe one number: SI, or text with a unit, or a distribution; the arguments are `Quantity`'s."""
    si = DIMENSIONS[dimension]
    bounds = {"minimum": minimum, "exclusiveMinimum": above, "maximum": maximum}
    number: dict[str, Any] = {
        "type": "number",
        "description": f"In {si.unit}." if si.unit else "A plain number.",
    }
    number |= {key: bound for key, bound in bounds.items() if bound is not None}
    text = {
        "type": "string",
        "pattern": _TEXT_PATTERN,
        "description": f"{si.noun[0].upper()}{si.noun[1:]} with its unit.",
        "examples": ["21 %" if dimension == "dimensionless" else si.example],
    }
    forms: list[dict[str, Any]] = [number, text]
    if words:
        forms.append({"enum": list(words), "description": "By name."})
    if not fixed:
        forms.append({PLACEHOLDER: "PopulationDistribution" if population else "Distribution"})
    return {"anyOf": forms}


def distribution_schemas(arguments: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Describe the distributions, as definitions for ``$defs``.

    Parameters
    ----------
    arguments : mapping
        `leakflow.solver.numbers.ARGUMENTS`.
    """
    return {
        "Distribution": {
            "description": "A distribution, drawn once per sample.",
            "oneOf": [_kind_schema(kind, names, population=False) for kind, names in arguments.items()],
        },
        "PopulationDistribution": {
            "description": "A distribution, drawn once per crack unless per is sample.",
            "oneOf": [_kind_schema(kind, names, population=True) for kind, names in arguments.items()],
        },
    }


def _kind_schema(kind: str, names: Mapping[str, str], *, population: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {"dist": {"const": kind, "description": _KIND_TEXTS[kind]}}
    for name in names:
        forms = list(_SINGLE["anyOf"])
        if population and kind != "constant":
            forms.append({"$ref": "#/$defs/Distribution"})
        properties[name] = {"description": _ARGUMENT_TEXTS[name], "anyOf": forms}
    required = ["dist", *names]
    if kind == "choice":
        properties["values"] = _list_of(_SINGLE, "The values.")
        weight = {"type": "number", "minimum": 0}
        properties["weights"] = _list_of(weight, "A weight for each value; equal ones if left out.")
        required.append("values")
    properties["name"] = {
        "type": "string",
        "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$",
        "description": "The name of this number in the results file.",
    }
    properties["per"] = {
        "enum": ["sample", "crack"] if population else ["sample"],
        "description": "Drawn once per sample, or once per crack.",
    }
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list_of(items: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items, "description": description}

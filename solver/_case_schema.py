"""The JSON Schema of a case file, put together from pydantic's and the distributions'."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ._number_schema import PLACEHOLDER, distribution_schemas
from .numbers import ARGUMENTS

__all__ = ["schema_of"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(case: type[BaseModel]) -> dict[str, Any]:
    """Describe a case file in JSON Schema, draft 2020-12.

    Parameters
    ----------
    case : type
        The model of a case.
    """
    schema = _tidied(case.model_json_schema(by_alias=True))
    schema["$defs"] |= distribution_schemas(ARGUMENTS)
    for name, info in case.model_fields.items():
        # pydantic leaves out the description of a section that is not optional
        schema["properties"][info.alias or name].setdefault("description", info.description)
    record = schema["$defs"]["Record"]
    record["oneOf"] = [{"required": ["points"]}, {"required": ["file"]}]
    return {"$schema": _DIALECT, **schema, "title": "A case of leakflow"}


def _tidied(node: Any) -> Any:
    """Make references of the placeholders, and drop what TOML cannot write: null."""
    if isinstance(node, list):
        return [_tidied(item) for item in node if item != {"type": "null"}]
    if not isinstance(node, dict):
        return node
    if PLACEHOLDER in node:
        return {"$ref": f"#/$defs/{node[PLACEHOLDER]}"}
    tidy = {key: _tidied(item) for key, item in node.items() if not _is_noise(key, item)}
    default = tidy.get("default")
    if isinstance(default, dict):
        given = {key: item for key, item in default.items() if item is not None}
        tidy["default"] = given.get("value", given)
    if len(forms := tidy.get("anyOf", [])) == 1 and "$ref" not in forms[0]:
        tidy |= tidy.pop("anyOf")[0]
    return tidy


def _is_noise(key: str, item: Any) -> bool:
    """Whether it only repeats the key's name, or is a default that means none."""
    return (key == "title" and isinstance(item, str)) or (key == "default" and item is None)

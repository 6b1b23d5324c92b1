"""The OpenAPI document as people who write counters read it: in Portuguese, with nothing of this program's insides."""

from __future__ import annotations

import json
from typing import Any

_COMPONENTS = "#/components/schemas/"
_DONE = "Feito."
_SUCCESS_OF_FASTAPI = "Successful Response"


def in_portuguese(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its schemas named by their titles, without docstrings and without those that nothing uses."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {name: schema.get("title", name) for name, schema in schemas.items()}
    if len(set(names.values())) < len(names):
        raise ValueError("Two schemas have the same title")
    for schema in schemas.values():
        schema.pop("description", None)  # the docstring of its class
    renamed = _tidied({**document, "components": {"schemas": {names[name]: s for name, s in schemas.items()}}}, names)
    kept = renamed["components"]["schemas"]
    for name in set(kept) - _used(renamed["paths"], kept):
        del kept[name]
    return {**renamed, "components": {**document["components"], "schemas": kept}}


def _tidied(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _reference(item, names) if key == "$ref" else _tidied(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidied(item, names) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # limits of whole numbers, which FastAPI writes as "1.0"
    return _DONE if value == _SUCCESS_OF_FASTAPI else value


def _reference(target: str, names: dict[str, str]) -> str:
    return _COMPONENTS + names[target.removeprefix(_COMPONENTS)]


def _used(part: Any, schemas: dict[str, Any]) -> set[str]:
    """The names of the schemas that a part of the document refers to, by way of others too."""
    found: set[str] = set()
    parts = [part]
    while parts:
        written = json.dumps(parts.pop())
        for name in schemas.keys() - found:
            if f'"{_COMPONENTS}{name}"' in written:
                found.add(name)
                parts.append(schemas[name])
    return found

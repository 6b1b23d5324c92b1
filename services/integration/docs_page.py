"""`GET /docs`: the routes as a person reads them, written by this computer alone: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

Json = Mapping[str, Any]

_TITLE = "Integração dos balcões"
# Of what the page is made, and nothing else may be loaded into it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1.5rem; }
h2 { border-bottom: 1px solid #8886; margin-top: 2.5rem; }
h3 { margin: 2rem 0 .25rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: #8882; border-radius: 6px; overflow-x: auto; padding: .75rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; }
.metodo { display: inline-block; font-weight: 600; min-width: 4rem; }
nav ul { list-style: none; padding: 0; }
"""
_PLACES = {"path": "no endereço", "query": "na consulta", "header": "no cabeçalho"}
_TYPES = {
    "string": "texto",
    "integer": "número inteiro",
    "number": "número",
    "boolean": "true ou false",
    "array": "lista",
    "object": "objeto",
    "null": "nulo",
}
_FORMATS = {"date": "data", "date-time": "momento"}


def add(api: FastAPI, document: Json) -> None:
    """Declare the route over a finished OpenAPI document."""
    page = render(document)

    @api.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def render(document: Json) -> str:
    """The page of an OpenAPI document."""
    groups: dict[str, list[_Route]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_Route(method.upper(), path, operation, document))
    contents = "".join(
        f"<li><b>{escape(tag)}</b><ul>{''.join(route.entry() for route in routes)}</ul></li>"
        for tag, routes in groups.items()
    )
    sections = "".join(
        f"<h2>{escape(tag)}</h2>{''.join(route.section() for route in routes)}" for tag, routes in groups.items()
    )
    info = document["info"]
    return (
        f'<!DOCTYPE html><html lang="pt-BR"><head><meta charset="utf-8"><title>{_TITLE}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><h1>{_TITLE}</h1><p>Retaguarda {escape(info['version'])}</p>{_paragraphs(info['description'])}"
        f'<p>A descrição para programas (OpenAPI) está em <a href="/openapi.json">/openapi.json</a>.</p>'
        f"<nav><ul>{contents}</ul></nav>{sections}</body></html>"
    )


class _Route:
    """One method of one path."""

    def __init__(self, method: str, path: str, operation: Json, document: Json) -> None:
        self._method = method
        self._path = path
        self._operation = operation
        self._document = document
        self._anchor = escape(operation["operationId"])

    def entry(self) -> str:
        """Its line in the contents."""
        summary = escape(self._operation["summary"])
        return f'<li><a href="#{self._anchor}"><code>{self._method} {escape(self._path)}</code></a> {summary}</li>'

    def section(self) -> str:
        """Everything about it."""
        parts = [
            f'<h3 id="{self._anchor}">{escape(self._operation["summary"])}</h3>',
            f'<p><code><span class="metodo">{self._method}</span>{escape(self._path)}</code></p>',
            _paragraphs(self._operation.get("description", "")),
            self._parameters(),
        ]
        body = self._operation.get("requestBody")
        if body is not None:
            parts += ["<h4>Corpo do pedido</h4>", self._body(_schema_of(body))]
        for status, answer in self._operation["responses"].items():
            schema = _schema_of(answer)
            if status.startswith("2") and schema:
                parts += [f"<h4>Resposta {status}</h4>", self._body(schema)]
        return "".join([*parts, self._errors()])

    def _parameters(self) -> str:
        rows = [
            (
                f"<code>{escape(one['name'])}</code>",
                _PLACES[one["in"]],
                _kind(one["schema"]),
                _needed(one.get("required", False)),
                escape(one.get("description", "")),
            )
            for one in self._operation.get("parameters", ())
        ]
        return _table(("Parâmetro", "Onde", "Tipo", "", "O que é"), rows)

    def _body(self, schema: Json) -> str:
        rows = [
            (f"<code>{escape(name)}</code>", _kind(field), _needed(needed), escape(field.get("description", "")))
            for name, field, needed in self._fields(schema)
        ]
        example = json.dumps(self._example(schema), ensure_ascii=False, indent=2)
        return f"{_table(('Campo', 'Tipo', '', 'O que é'), rows)}<pre>{escape(example)}</pre>"

    def _errors(self) -> str:
        rows = [
            (f"<code>{status}</code>", escape(answer["description"]))
            for status, answer in self._operation["responses"].items()
            if not status.startswith("2")
        ]
        return f"<details><summary>Erros</summary>{_table(('Situação', 'Quando'), rows)}</details>"

    def _fields(self, schema: Json, prefix: str = "") -> Iterator[tuple[str, Json, bool]]:
        """The fields of an object, those of the objects in it by their whole path."""
        found = self._resolved(schema)
        for name, given in found.get("properties", {}).items():
            field = self._resolved(given)
            yield prefix + name, {**field, **given}, name in found.get("required", ())
            yield from self._fields(field, f"{prefix}{name}.")
        if "items" in found:
            yield from self._fields(found["items"], f"{prefix.removesuffix('.')}[]." if prefix else "[].")

    def _resolved(self, schema: Json) -> Json:
        """What a reference stands for; of an optional object, the object."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._resolved(self._document["components"]["schemas"][name])
        present = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(present) == 1:
            return {**self._resolved(present[0]), **{k: v for k, v in schema.items() if k != "anyOf"}}
        return schema

    def _example(self, schema: Json) -> Any:
        found = self._resolved(schema)
        if found.get("examples"):
            return found["examples"][0]
        if "const" in found or "enum" in found:
            return found.get("const", next(iter(found.get("enum", ())), None))
        if "properties" in found:
            return {name: self._example(field) for name, field in found["properties"].items()}
        if "items" in found:
            return [self._example(found["items"])]
        if "additionalProperties" in found:
            return {}
        return {"string": "…", "integer": 1, "number": 1.5, "boolean": True}.get(found.get("type", ""))


def _schema_of(part: Json) -> Json:
    schema: Json = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _kind(schema: Json) -> str:
    alternatives = schema.get("anyOf")
    if alternatives:
        return " ou ".join(_kind(one) for one in alternatives)
    if "const" in schema or "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema.get("enum", [schema.get("const")]))
    word = _FORMATS.get(schema.get("format", "")) or _TYPES.get(schema.get("type", "object"), "objeto")
    limits = [f"{sign} {schema[name]}" for name, sign in (("minimum", "≥"), ("maximum", "≤")) if name in schema]
    if "maxLength" in schema:
        limits.append(f"até {schema['maxLength']} caracteres")
    if "maxItems" in schema:
        limits.append(f"até {schema['maxItems']} itens")
    return f"{word} ({', '.join(limits)})" if limits else word


def _needed(needed: bool) -> str:
    return "obrigatório" if needed else "opcional"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_with_code(part)}</p>" for part in text.strip().split("\n\n") if part)


def _with_code(text: str) -> str:
    """Text with what stands between grave accents as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _table(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{header}</th>' for header in headers)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"

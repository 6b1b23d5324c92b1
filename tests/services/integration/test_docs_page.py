"""`/docs`: every route is there, in Portuguese, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from services.integration import docs_page
from tests.services.integration.conftest import Service

_VOID = {"meta"}


class Reader(HTMLParser):
    """Takes a page apart: its text, its links and anchors, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag not in _VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.add(value or "")
            elif name == "id":
                self.anchors.add(value or "")
            else:
                assert not name.startswith("on")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_every_route_is_there_and_nothing_comes_from_elsewhere(service: Service) -> None:
    answer = service.ask("GET", "/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    page = read(answer.text)
    paths = service.ask("GET", "/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page.text
            assert operation["summary"] in page.text
    assert "script" not in page.elements
    assert {link.removeprefix("#") for link in page.links if link.startswith("#")} == page.anchors
    assert {link for link in page.links if not link.startswith("#")} == {"/openapi.json"}
    assert re.search(r"\b(required|string|integer|Successful|Response)\b", page.text) is None


def test_what_is_described_is_shown_as_text() -> None:
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "maxLength": 3, "description": "x < y & `z`"},
            "b": {"anyOf": [{"$ref": "#/components/schemas/B"}, {"type": "null"}]},
            "c": {"type": "array", "items": {"$ref": "#/components/schemas/B"}, "maxItems": 2},
        },
    }
    inner = {"type": "object", "properties": {"d": {"type": "integer", "minimum": 1, "examples": [7]}}}
    operation = {
        "tags": ["<T>"],
        "summary": "<S>",
        "operationId": "o",
        "description": "Uma\n\ncom `código` e <b>.",
        "parameters": [{"name": "p", "in": "query", "schema": {"type": "integer"}, "required": True}],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "", "content": {}}, "409": {"description": "Mudou"}},
    }
    page = docs_page.render(
        {
            "info": {"version": "1", "description": "d"},
            "paths": {"/x/{n}": {"post": operation}},
            "components": {"schemas": {"B": inner}},
        }
    )
    read(page)
    assert "<T>" not in page
    assert "Uma</p><p>com <code>código</code> e &lt;b&gt;." in page
    for cell in ("<code>b.d</code>", "<code>c[].d</code>", "texto (até 3 caracteres)", "número inteiro (≥ 1)", "Mudou"):
        assert cell in page
    assert "&quot;d&quot;: 7" in page

"""The OpenAPI against the service: what it allows and what it forbids is answered as it says, never by an error."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.policies import OverdueAction, UncheckedAction
from app.settings.catalog import INTEGRATION_RATE, OVERDUE_ACTION, OVERDUE_BUDGET, OVERDUE_PRE_SALE, OVERDUE_UNCHECKED
from tests.services.integration.conftest import PATIENCE_S, Service
from tests.services.integration.writes import added, cnpj

_CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_EXAMPLES = 8
_CUSTOMERS = 3
_KNOWN = {
    "empresa": 1,
    "nome": "Posto",
    "uf": "SP",
    "ie": "",
    "cep": "",
    "celular": "",
    "vencimento": "2026-11-20",
    "ocorrido_em": "2026-11-22T10:00:00-03:00",
}
_ENGLISH = re.compile(r"\b(the|and|with|successful|validation|error|of a)\b", re.IGNORECASE)


def document(service: Service) -> dict[str, Any]:
    return dict(service.ask("GET", "/openapi.json").json())


@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_sent_is_answered_as_documented(service: Service, mode: GenerationMode) -> None:
    service.save(
        {
            INTEGRATION_RATE: 1_000_000,
            OVERDUE_BUDGET: True,
            OVERDUE_PRE_SALE: True,
            OVERDUE_ACTION: OverdueAction.RELEASE,
            OVERDUE_UNCHECKED: UncheckedAction.REFUSE,
        }
    )
    for number in range(1, _CUSTOMERS + 1):
        added(service, number)
    api = schemathesis.openapi.from_dict(document(service))
    api.config.update(base_url=service.server.state.address)
    tried = 0
    for found in api.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters:
            _try(service, operation, mode)
            tried += 1
    assert tried >= 10


def _try(service: Service, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    checks = [*_CHECKS, negative_data_rejection] if mode is GenerationMode.NEGATIVE else _CHECKS

    @settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), known=st.integers(0, _CUSTOMERS))
    def answered(case: Case[Any], known: int) -> None:
        if known and mode is GenerationMode.POSITIVE:  # else nearly everything would be of nobody
            _make_known(case.body, known)
            if "id" in case.path_parameters:
                case.path_parameters["id"] = known
        headers = {"Authorization": f"Bearer {service.token}"}
        case.call_and_validate(headers=headers, checks=checks, timeout=PATIENCE_S)

    answered()


def _make_known(value: Any, number: int) -> None:
    """Give what must exist, in it, the value of something that does."""
    for part in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        _make_known(part, number)
    if isinstance(value, dict):
        value.update({name: known for name, known in {**_KNOWN, "documento": cnpj(number)}.items() if name in value})


def test_it_is_written_in_portuguese(service: Service) -> None:
    api = document(service)
    texts = list(_texts(api))
    assert len(texts) > 100
    assert not [text for text in texts if _ENGLISH.search(text)]


def _texts(value: Any) -> Any:
    """What people read in it."""
    if isinstance(value, dict):
        for name, part in value.items():
            if isinstance(part, str) and name in ("description", "summary", "title"):
                yield part
            else:
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def test_every_route_says_what_it_does_and_how_it_fails(service: Service) -> None:
    api = document(service)
    paths = api["paths"]
    assert set(paths) == {
        "/saude",
        "/v1/balcao",
        "/v1/clientes",
        "/v1/clientes/consulta",
        "/v1/clientes/lote",
        "/v1/clientes/{id}",
        "/v1/avaliacoes",
        "/v1/avaliacoes/{id}",
        "/v1/avaliacoes/{id}/liberacao",
        "/v1/parcelas/lote",
        "/v1/ordens-servico/eventos",
    }
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["summary"] and operation["description"].endswith(".")
            assert {"408", "500", "503"} <= set(operation["responses"])
            assert path == "/saude" or {"401", "422", "429"} <= set(operation["responses"])
    used = set(re.findall(r"#/components/schemas/(\w+)", str(api)))
    assert used == set(api["components"]["schemas"])

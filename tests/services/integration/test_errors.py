"""Every error has one form, in Portuguese, whatever went wrong."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.integration.errors import ApiError, error_response
from services.integration.validation_words import fields_of
from tests.services.integration.conftest import Service, problem


def test_what_does_not_exist(service: Service) -> None:
    assert problem(service.ask("GET", "/nada")) == (404, "nao_encontrado")
    assert problem(service.ask("GET", "/v1/balcao/")) == (404, "nao_encontrado")


def test_what_is_not_done_there(service: Service) -> None:
    answer = service.ask("DELETE", "/v1/balcao")
    assert problem(answer) == (405, "metodo_nao_aceito")
    assert answer.headers["Allow"] == "GET"
    assert service.ask("HEAD", "/v1/balcao").status_code == 405
    assert problem(service.client.post("/saude")) == (405, "metodo_nao_aceito")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"{", 422, "pedido_invalido"),
        (b"[" * 100_000, 400, "pedido_ilegivel"),
        (b'{"documento": ' + b"1" * 5000 + b"}", 400, "pedido_ilegivel"),
        (b'"\xff"', 400, "pedido_ilegivel"),
        (b"", 422, "pedido_invalido"),
        (b"[]", 422, "pedido_invalido"),
        (b"null", 422, "pedido_invalido"),
        (b'{"\\ud800": 1}', 422, "pedido_invalido"),
    ],
)
def test_a_body_that_cannot_be_read(service: Service, content: bytes, status: int, code: str) -> None:
    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    answer = service.client.post("/v1/clientes/consulta", content=content, headers=headers)
    assert problem(answer) == (status, code)


def test_a_chunked_body_too_large_is_counted_as_it_comes(service: Service) -> None:
    def parts() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {service.token}", "Content-Type": "application/json"}
    answer = service.client.post("/v1/clientes/consulta", content=parts(), headers=headers)
    assert problem(answer) == (413, "corpo_grande_demais")


def test_a_head_too_large(service: Service) -> None:
    assert problem(service.ask("GET", "/v1/balcao?" + "a" * 17_000)) in {
        (431, "cabecalho_grande_demais"),  # it came in one part
        (400, "http_invalido"),
    }


# --- the words ---


class Kind(Enum):
    ONE = "um"
    TWO = "dois"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    nome: Annotated[str, Field(min_length=2, max_length=3)] = "abc"
    numero: Annotated[int, Field(ge=1, le=9)] = 1
    valor: Annotated[Decimal, Field(max_digits=4, decimal_places=2)] = Decimal(1)
    tipo: Kind = Kind.ONE
    itens: Annotated[list[int], Field(max_length=2)] = []
    quando: AwareDatetime | None = None
    sim: bool = True

    @field_validator("nome")
    @classmethod
    def _no_x(cls, value: str) -> str:
        if "x" in value:
            raise ValueError("Não pode ter x.")
        return value


def words(**given: Any) -> dict[str, str]:
    try:
        Body(**given)
    except ValidationError as error:
        return fields_of([{**one, "loc": ("body", *one["loc"])} for one in error.errors()])
    return {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"nome": "a"}, {"nome": "Deve ter no mínimo 2 caracteres."}),
        ({"nome": "abcd"}, {"nome": "Deve ter no máximo 3 caracteres."}),
        ({"nome": "ax"}, {"nome": "Não pode ter x."}),
        ({"nome": 1}, {"nome": "Deve ser um texto."}),
        ({"numero": 10}, {"numero": "Deve ser no máximo 9."}),
        ({"numero": "dez"}, {"numero": "Deve ser um número inteiro."}),
        ({"valor": "1.234"}, {"valor": "Deve ter no máximo 2 casas decimais."}),
        ({"tipo": "tres"}, {"tipo": "Deve ser um destes: 'um' ou 'dois'."}),
        ({"itens": [1, 2, 3]}, {"itens": "Deve ter no máximo 2 itens."}),
        ({"itens": [1, "a"]}, {"itens.1": "Deve ser um número inteiro."}),
        ({"quando": "2026-11-22T10:00:00"}, {"quando": "Informe também o fuso, como em 2026-11-22T10:00:00-03:00."}),
        ({"sim": "talvez"}, {"sim": "Deve ser true ou false."}),
        ({"outro": 1}, {"outro": "Este campo não existe."}),
        ({"numero": 0, "nome": "a"}, {"nome": "Deve ter no mínimo 2 caracteres.", "numero": "Deve ser no mínimo 1."}),
    ],
)
def test_what_is_wrong_is_said_by_field(given: dict[str, Any], expected: dict[str, str]) -> None:
    assert words(**given) == expected


_VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=4)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*Body.model_fields, "outro"), _VALUES | st.lists(_VALUES))))
def test_there_is_a_sentence_for_whatever_is_sent(given: dict[str, Any]) -> None:
    for sentence in words(**given).values():
        assert sentence.endswith(".")
        assert "Input" not in sentence


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_any_error_can_be_written(message: str, fields: dict[str, str]) -> None:
    assert bytes(error_response(ApiError(422, "x", message, fields)).body).startswith(b'{"erro":')


def test_the_whole_body_is_called_so() -> None:
    missing = {"type": "missing", "loc": ("body",), "msg": "", "input": None}
    broken = {"type": "json_invalid", "loc": ("body", 17), "msg": "", "input": {}, "ctx": {"error": "x"}}
    header = {"type": "missing", "loc": ("header", "Idempotency-Key"), "msg": "", "input": None}
    assert fields_of([missing]) == {"corpo": "Informe este campo."}
    assert fields_of([broken]) == {"corpo": "Não é um JSON válido."}
    assert fields_of([header]) == {"Idempotency-Key": "Informe este campo."}

"""Customers by the counters: pulled whole and by what changed, added, changed, and refused with a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.data import audit, customer_sync
from app.data.models import Customer, DatabaseIdentity
from app.settings.snapshot import Snapshot
from services.integration import schemas
from tests.services.integration.conftest import Service, problem
from tests.services.integration.writes import added, cnpj, write


def fill(service: Service, how_many: int) -> list[int]:
    with service.database.writing() as connection:
        return [
            customer_sync.add(
                connection, {"documento": cnpj(number), "nome": f"Posto {number}", "uf": "SP"}, Snapshot(), "maria"
            ).id
            for number in range(1, how_many + 1)
        ]


def stored(service: Service) -> int:
    with service.database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(Customer)).scalar_one())


def test_a_counter_takes_all_customers_page_by_page_and_then_only_what_changed(service: Service) -> None:
    wanted = fill(service, 7)
    found: list[int] = []
    cursor, more = "", True
    while more:
        page = service.ask("GET", f"/v1/clientes?limite=3&desde={cursor}").json()
        found += [customer["id"] for customer in page["clientes"]]
        cursor, more = page["cursor"], page["ha_mais"]
    assert found == wanted
    assert service.ask("GET", f"/v1/clientes?desde={cursor}").json() == {
        "clientes": [],
        "cursor": cursor,
        "ha_mais": False,
    }
    seen = service.ask("GET", f"/v1/clientes/{wanted[2]}").json()
    changed = write(service, f"/v1/clientes/{wanted[2]}", {"versao": seen["versao"], "telefone": "11 3333"}, "PUT")
    news = service.ask("GET", f"/v1/clientes?desde={cursor}").json()
    assert news["clientes"] == [changed.json()]
    assert news["cursor"] != cursor


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", ""])
def test_a_page_is_of_a_sensible_size(service: Service, limit: str) -> None:
    answer = service.ask("GET", f"/v1/clientes?limite={limit}")
    assert problem(answer) == (422, "pedido_invalido")
    assert list(answer.json()["erro"]["campos"]) == ["limite"]


def test_a_cursor_of_another_database_begins_anew(service: Service) -> None:
    cursor = service.ask("GET", "/v1/clientes").json()["cursor"]
    with service.database.writing() as connection:
        connection.execute(update(DatabaseIdentity).values(value="a" * 32))
    assert problem(service.ask("GET", f"/v1/clientes?desde={cursor}")) == (410, "cursor_invalido")
    assert problem(service.ask("GET", "/v1/clientes?desde=ontem")) == (410, "cursor_invalido")


def test_a_customer_is_told_with_every_field_that_is_documented(service: Service) -> None:
    fields = {
        "ie": "110.042.490.114",
        "fantasia": "Água Limpa",
        "cidade": "São Paulo",
        "logradouro": "Rua Um, 10",
        "complemento": "Fundos",
        "bairro": "Centro",
        "cep": "01310-100",
        "telefone": "(11) 3333-0000",
        "celular": "(11) 99999-0000",
        "aceita_whatsapp": True,
        "aceite": "no balcão",
    }
    customer = added(service, 1, **fields)
    assert customer == service.ask("GET", f"/v1/clientes/{customer['id']}").json()
    assert set(customer) == set(schemas.Customer.model_fields)
    assert customer | {"ie": "110042490114", "cep": "01310100", "celular": "5511999990000"} == customer
    assert (customer["documento"], customer["ativo"], customer["bloqueado"]) == (cnpj(1), True, False)


def test_who_does_not_exist(service: Service) -> None:
    assert problem(service.ask("GET", "/v1/clientes/999")) == (404, "cliente_inexistente")
    answer = write(service, "/v1/clientes/999", {"versao": 1, "nome": "Ninguém"}, "PUT")
    assert problem(answer) == (404, "cliente_inexistente")
    assert problem(service.ask("GET", f"/v1/clientes/{2**31}")) == (422, "pedido_invalido")


def test_customers_are_found_by_a_document_that_no_address_shows(service: Service) -> None:
    first = added(service, 1)
    second = added(service, 1, uf="GO")
    added(service, 2)
    found = service.ask("POST", "/v1/clientes/consulta", {"documento": cnpj(1)}).json()
    assert found == {"clientes": [first, second]}
    masked = service.ask("POST", "/v1/clientes/consulta", {"documento": "11.222.333/0001-81"}).json()
    assert masked == {"clientes": []}
    bad = service.ask("POST", "/v1/clientes/consulta", {"documento": "11.222.333/0001-82"})
    assert problem(bad) == (422, "pedido_invalido")
    assert "dígitos verificadores" in bad.json()["erro"]["campos"]["documento"]


def test_what_is_the_back_offices_is_refused_by_name(service: Service) -> None:
    customer = added(service, 1)
    sent = {"versao": customer["versao"], "bloqueado": False, "acao_sefaz": "nao_faz_nada", "cor": "azul"}
    answer = write(service, f"/v1/clientes/{customer['id']}", sent, "PUT")
    assert problem(answer) == (422, "pedido_invalido")
    fields = answer.json()["erro"]["campos"]
    assert set(fields) == {"bloqueado", "acao_sefaz", "cor"}
    assert "retaguarda" in fields["bloqueado"] and "retaguarda" in fields["acao_sefaz"]
    assert fields["cor"] == "Este campo não existe."
    assert service.ask("GET", f"/v1/clientes/{customer['id']}").json() == customer


def test_a_change_over_an_old_version_gets_the_customer_as_it_is(service: Service) -> None:
    seen = added(service, 1)
    now = write(service, f"/v1/clientes/{seen['id']}", {"versao": seen["versao"], "nome": "Um"}, "PUT").json()
    answer = write(service, f"/v1/clientes/{seen['id']}", {"versao": seen["versao"], "nome": "Dois"}, "PUT")
    assert answer.status_code == 409
    assert answer.json()["erro"]["codigo"] == "versao_antiga"
    assert answer.json()["cliente"] == now
    assert now["nome"] == "Um"


def test_the_same_customer_again_gets_the_one_that_is_there(service: Service) -> None:
    customer = added(service, 1)
    answer = write(service, "/v1/clientes", {"documento": cnpj(1), "nome": "De novo", "uf": "SP"})
    assert answer.status_code == 409
    assert answer.json()["erro"]["codigo"] == "cliente_ja_existe"
    assert answer.json()["cliente"] == customer


def test_of_a_batch_the_good_ones_are_kept(service: Service) -> None:
    known, stale = added(service, 1), added(service, 2)
    write(service, f"/v1/clientes/{stale['id']}", {"versao": stale["versao"], "nome": "Novo"}, "PUT")
    new = {"documento": cnpj(3), "nome": "Posto 3", "uf": "GO"}
    sent = [
        new,
        {"id": known["id"], "versao": known["versao"], "cidade": "Santos"},
        {"documento": "11", "nome": "", "uf": "SP"},
        {"id": stale["id"], "versao": stale["versao"], "cidade": "Santos"},
        {**new, "nome": "Outra vez"},
        {"id": 999, "versao": 1, "cidade": "Santos"},
        {"id": known["id"], "cidade": "Santos"},
        {"versao": 3, **new, "uf": "MG"},
        {"nome": "Sem documento"},
    ]
    answer = write(service, "/v1/clientes/lote", {"clientes": sent})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["aceitos"], body["recusados"]) == (2, 7)
    results = body["resultados"]
    assert [result["posicao"] for result in results] == list(range(len(sent)))
    assert [(result["situacao"], result["codigo"]) for result in results] == [
        ("incluido", None),
        ("alterado", None),
        ("recusado", "pedido_invalido"),
        ("recusado", "versao_antiga"),
        ("recusado", "cliente_ja_existe"),
        ("recusado", "cliente_inexistente"),
        ("recusado", "pedido_invalido"),
        ("recusado", "pedido_invalido"),
        ("recusado", "pedido_invalido"),
    ]
    assert results[1]["cliente"]["cidade"] == "Santos"
    assert set(results[2]["campos"]) == {"documento", "nome"}
    assert results[3]["cliente"]["nome"] == "Novo"
    assert set(results[6]["campos"]) == set(results[7]["campos"]) == {"versao"}
    assert set(results[8]["campos"]) == {"documento", "uf"}
    assert stored(service) == 3


@pytest.mark.parametrize("sent", [{"clientes": []}, {"clientes": [{}] * 501}, {"clientes": [{"nome": 3}]}, {}, []])
def test_what_is_no_batch_is_refused_whole(service: Service, sent: Any) -> None:
    assert problem(write(service, "/v1/clientes/lote", sent)) == (422, "pedido_invalido")
    assert stored(service) == 0


# --- a write sent again ---


def test_a_write_sent_again_gets_the_same_answer_and_is_not_made_again(service: Service) -> None:
    sent = {"documento": cnpj(1), "nome": "Posto", "uf": "SP"}
    first = write(service, "/v1/clientes", sent, key="a")
    again = write(service, "/v1/clientes", sent, key="a")
    assert "Idempotencia-Repetida" not in first.headers
    assert again.headers["Idempotencia-Repetida"] == "sim"
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert stored(service) == 1


def test_a_key_is_for_one_write_of_one_counter(service: Service) -> None:
    first = write(service, "/v1/clientes", {"documento": cnpj(1), "nome": "Posto", "uf": "SP"}, key="a").json()
    other = {"documento": cnpj(2), "nome": "Posto", "uf": "SP"}
    assert problem(write(service, "/v1/clientes", other, key="a")) == (422, "chave_reutilizada")
    path = f"/v1/clientes/{first['id']}"
    assert problem(write(service, path, {"versao": first["versao"]}, "PUT", key="a")) == (422, "chave_reutilizada")
    _, token = service.add_counter("Outro")
    theirs = write(service, "/v1/clientes", other, key="a", Authorization=f"Bearer {token}")
    assert theirs.status_code == 201


def test_a_write_that_failed_may_be_made_with_the_same_key(service: Service) -> None:
    sent = {"documento": cnpj(1), "nome": "Posto", "uf": "XX"}
    assert write(service, "/v1/clientes", sent, key="a").status_code == 422
    assert write(service, "/v1/clientes", {**sent, "uf": "SP"}, key="a").status_code == 201


@pytest.mark.parametrize("key", ["", "com espaço", "x" * 81, "ç"])
def test_a_write_without_a_good_key_is_refused(service: Service, key: str) -> None:
    sent = {"documento": cnpj(1), "nome": "Posto", "uf": "SP"}
    headers = [(b"Authorization", f"Bearer {service.token}".encode()), (b"Idempotency-Key", key.encode("latin-1"))]
    answer = service.client.post("/v1/clientes", json=sent, headers=headers)
    assert problem(answer) == (422, "pedido_invalido")
    assert list(answer.json()["erro"]["campos"]) == ["Idempotency-Key"]
    assert stored(service) == 0


def test_the_same_write_from_several_connections_at_once_is_made_once(service: Service) -> None:
    sent = {"documento": cnpj(1), "nome": "Posto", "uf": "SP"}
    with ThreadPoolExecutor(8) as counters:
        answers = list(counters.map(lambda _: write(service, "/v1/clientes", sent, key="a"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotencia-Repetida" in answer.headers for answer in answers) == 7
    assert stored(service) == 1


def test_of_two_who_change_a_version_at_once_one_is_told(service: Service) -> None:
    customer = added(service, 1)

    def rename(number: int) -> httpx.Response:
        sent = {"versao": customer["versao"], "nome": f"Nome {number}"}
        return write(service, f"/v1/clientes/{customer['id']}", sent, "PUT")

    with ThreadPoolExecutor(6) as counters:
        answers = list(counters.map(rename, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    winner = next(answer.json() for answer in answers if answer.status_code == 200)
    assert all(answer.json()["cliente"] == winner for answer in answers if answer.status_code == 409)


def test_who_changed_a_customer_is_in_the_audit(service: Service) -> None:
    customer = added(service, 1)
    with service.database.reading() as connection:
        entries = audit.latest(connection, f"clientes/{customer['id']}")
    assert [entry.actor for entry in entries] == ["balcão Balcão 1"]

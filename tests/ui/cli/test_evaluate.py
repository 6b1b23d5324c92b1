"""`avaliar pedido`: what is answered, how it ends, and that it is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.data import order_checks
from app.data.order_checks import CheckQuery, CheckRow
from app.folders import find_folders
from app.policies import OrderKind, OrderOperation
from services.backoffice import open_backoffice
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.loopback import LoopbackServer, Reply, Request
from tests.ui.cli.conftest import CNPJ, Outcome, Run

DOCUMENT = made_up_cnpj("10203040")
OTHER = made_up_cnpj("50607080")


def handle(request: Request) -> Reply:
    """An ANP that has only DOCUMENT, with no brand."""
    document = parse_qs(urlsplit(request.path).query)["cnpj"][0]
    row = {"cnpj": document, "razaoSocial": "POSTO", "autorizacao": "PR/SP0001234", "distribuidora": " "}
    found = [row] if document == DOCUMENT else []
    pages = {"numeroPagina": 1, "tamanhoPagina": 5000, "totalPagina": 1, "totalRegistro": len(found)}
    body = {"status": 200, "title": "Dados", "succeeded": True, "data": found, "searchPageFilter": pages}
    return Reply(json.dumps(body).encode(), content_type="application/json; charset=utf-8")


@pytest.fixture
def shop(run: Run, machine: Path, authority: DemoAuthority) -> Iterator[Path]:
    """A company that consults ANP for its orders, beside an ANP on loopback."""
    (machine / "ac_adicionais.pem").write_bytes(authority.ca_pem)
    server = LoopbackServer(authority.server_context(require_client=False), handle)
    server.start()
    for arguments in (
        ("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Distribuidora Modelo", "uf=SP"),
        ("config", "gravar", f"anp.url_principal=https://localhost:{server.port}/v1/combustivel"),
        ("config", "gravar", "anp.permite_online=sim", "anp.pedido_consulta=sim"),
    ):
        outcome = run(*arguments)
        assert outcome.status == 0, outcome.err
    yield machine
    server.stop()


def evaluate(run: Run, document: str, *more: object) -> Outcome:
    return run("avaliar", "pedido", "--documento", document, "--empresa", 1, *more)


def logged() -> list[CheckRow]:
    backoffice = open_backoffice(find_folders())
    with backoffice.database.reading() as connection:
        rows = order_checks.page(connection, CheckQuery(), 0, 10)
    backoffice.close()
    return rows


def test_a_permitted_order_says_why(run: Run, shop: Path) -> None:
    outcome = evaluate(run, DOCUMENT, "--json")
    assert outcome.status == 0
    assert list(outcome.json) == ["permitido", "motivos", "consulta_id", "regras"]
    assert outcome.json["permitido"] is True
    assert outcome.json["consulta_id"] == 1
    assert "anp.pedido.cadastro_atualizado" in outcome.json["regras"]
    assert any("“Cadastro atualizado”" in reason for reason in outcome.json["motivos"])


def test_a_refused_order_ends_with_1_and_is_logged(run: Run, shop: Path) -> None:
    profile = ("anp.pedido_sem_bandeira=nao_permite", "anp.pedido.nao_localizado=nao_permite")
    assert run("config", "gravar", *profile).status == 0
    refused = evaluate(run, DOCUMENT, "--tipo", "nf", "--operacao", "alteracao", "--json")
    assert refused.status == 1
    assert refused.json["permitido"] is False
    assert refused.json["regras"][0] == "anp.pedido_sem_bandeira"
    assert refused.json["motivos"][0].startswith("A ANP não informa bandeira. O perfil não permite a alteração da nota")
    unknown = evaluate(run, OTHER)
    assert unknown.status == 1
    assert "Recusado" in unknown.out
    assert "“Não localizado na consulta”" in unknown.out
    newest, first = logged()
    assert (newest.kind, newest.operation) == (OrderKind.ORDER, OrderOperation.INCLUSION)
    assert (first.kind, first.operation) == (OrderKind.INVOICE, OrderOperation.CHANGE)
    assert (first.allowed, first.reasons[0]) == (False, refused.json["motivos"][0])


def test_with_nothing_to_ask_the_profile_decides(run: Run, shop: Path) -> None:
    assert run("config", "gravar", "anp.permite_online=nao").status == 0
    refused = evaluate(run, DOCUMENT, "--json")
    assert (refused.status, refused.json["consulta_id"]) == (1, None)
    assert refused.json["regras"][0] == "anp.sem_consulta"
    assert run("config", "gravar", "anp.sem_consulta=permite").status == 0
    assert evaluate(run, DOCUMENT, "--json").status == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--documento", "11222333000182", "--empresa", "1"), "dígitos verificadores"),
        (("--documento", DOCUMENT, "--empresa", "9"), "Não existe a empresa 9"),
        (("--documento", DOCUMENT), "falta informar: --empresa"),
        (("--documento", DOCUMENT, "--empresa", "1", "--tipo", "dav"), "não é uma das opções"),
    ],
)
def test_what_is_not_understood_ends_with_2(
    run: Run, file_machine: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert run("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Modelo", "uf=SP").status == 0
    outcome = run("avaliar", "pedido", *arguments, "--json")
    assert outcome.status == 2
    assert sentence in outcome.json["erro"]
    assert sentence in outcome.err
    assert logged() == []

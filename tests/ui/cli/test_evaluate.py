"""`avaliar`: what is answered, how it ends, and that it is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.data import instalments, order_checks
from app.data.instalments import Told
from app.data.order_checks import CheckQuery, CheckRow
from app.documents import parse_document
from app.folders import find_folders
from app.policies import InstalmentSituation, OrderKind, OrderOperation
from services.backoffice import open_backoffice
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.loopback import LoopbackServer, Reply, Request
from tests.ui.cli.conftest import CNPJ, Outcome, Run

DOCUMENT = made_up_cnpj("10203040")
DUE = date(2026, 1, 9)
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
    assert list(outcome.json) == [
        "avaliacao",
        "permitido",
        "motivos",
        "consulta_id",
        "regras",
        "liberacao_necessaria",
        "crediario",
        "analise_credito",
    ]
    assert (outcome.json["avaliacao"], outcome.json["crediario"], outcome.json["analise_credito"]) == (1, None, None)
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


@pytest.fixture
def creditor(run: Run, machine: Path) -> Path:
    """A company that checks pre-sales, to which DOCUMENT owes R$ 149,95 for long; ANP is not asked."""
    assert run("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Distribuidora Modelo", "uf=SP").status == 0
    settings = ("balcao.crediario_pre_venda=sim", "balcao.crediario_acao=bloqueia_com_liberacao")
    assert run("config", "gravar", *settings).status == 0
    told = Told(
        "P1", parse_document(DOCUMENT), "C1", DUE, Decimal("200.00"), Decimal("50.05"), InstalmentSituation.OPEN
    )
    backoffice = open_backoffice(find_folders())
    with backoffice.database.writing() as connection:
        instalments.receive(connection, 1, [told], datetime.now(UTC))
    backoffice.close()
    return machine


def test_a_pre_sale_is_refused_by_overdue_credit_and_a_budget_is_not_checked(run: Run, creditor: Path) -> None:
    arguments = ("--documento", DOCUMENT, "--empresa", 1)
    refused = run("avaliar", "pre-venda", *arguments, "--referencia", "PV 77", "--json")
    assert refused.status == 1
    assert (refused.json["permitido"], refused.json["liberacao_necessaria"]) == (False, True)
    assert refused.json["regras"][:2] == ["balcao.crediario_pre_venda", "balcao.crediario_acao"]
    credit = refused.json["crediario"]
    assert (credit["vencidas"], credit["valor"]) == (1, "149.95")
    assert credit["primeira_vencida"] == DUE.isoformat()
    assert sorted(credit) == ["maior_atraso", "primeira_vencida", "valor", "vencidas"]
    shown = run("avaliar", "pre-venda", *arguments)
    assert "· inclusão da pré-venda · empresa 1" in shown.out
    assert "Recusado, e pode ser liberado" in shown.out
    assert "Regra: Ação quando houver crediário vencido (balcao.crediario_acao)" in shown.out
    budget = run("avaliar", "dav", *arguments, "--operacao", "alteracao", "--json")
    assert budget.status == 0
    assert budget.json["crediario"] is None
    newest, _, first = logged()
    assert (newest.kind, newest.operation) == (OrderKind.BUDGET, OrderOperation.CHANGE)
    assert (first.kind, first.reference, first.release_needed) == (OrderKind.PRE_SALE, "PV 77", True)


def test_an_order_that_comes_from_a_pre_sale_is_checked_again(run: Run, creditor: Path) -> None:
    arguments = ("--documento", DOCUMENT, "--empresa", 1, "--json")
    pre_sale = run("avaliar", "pre-venda", *arguments)
    alone = run("avaliar", "pedido", *arguments)
    assert (alone.status, alone.json["crediario"]) == (0, None)
    again = run("avaliar", "pedido", "--anterior", pre_sale.json["avaliacao"], *arguments)
    assert (again.status, again.json["liberacao_necessaria"]) == (1, True)
    missing = run("avaliar", "pedido", "--anterior", 99, *arguments)
    assert (missing.status, missing.out.count("Não existe a avaliação 99")) == (2, 1)


def test_an_order_that_lacks_a_credit_analysis_asks_for_it_and_a_budget_only_tells(run: Run, machine: Path) -> None:
    for arguments in (
        ("cadastros", "empresas", "incluir", f"cnpj={CNPJ}", "nome=Distribuidora Modelo", "uf=SP"),
        ("cadastros", "gerenciadoras", "incluir", "nome=Birô", "provedor=serasa"),
        ("config", "gravar", "credito.permite=sim", "credito.gerenciadora=1", "credito.ambiente=producao"),
    ):
        outcome = run(*arguments)
        assert outcome.status == 0, outcome.err
    sale = ("--documento", DOCUMENT, "--empresa", 1)
    budget = run("avaliar", "dav", *sale, "--json")
    assert (budget.status, budget.json["analise_credito"]["situacao"]) == (0, "sem_analise")
    order = run("avaliar", "pedido", *sale, "--json")
    assert (order.status, order.json["permitido"]) == (1, False)
    told = order.json["analise_credito"]
    assert list(told) == ["situacao", "numero", "validade", "resultado", "motivos"]
    assert (told["situacao"], told["numero"], told["resultado"]) == ("pendente", 1, None)
    assert order.json["regras"][0] == "credito.pedido"
    shown = run("avaliar", "pedido", *sale)
    assert "- Pendente de análise de crédito: a nº 1" in shown.out
    assert "· análise de crédito 1" in shown.out
    assert "Regra: Análise de crédito: Ação sobre o Pedido/NF sem análise aprovada (credito.pedido)" in shown.out


def test_a_reference_longer_than_the_counter_may_send_is_a_usage_error(run: Run, creditor: Path) -> None:
    long = run("avaliar", "dav", "--documento", DOCUMENT, "--empresa", 1, "--referencia", "x" * 61)
    assert long.status == 2
    assert "61 caracteres" in long.err


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

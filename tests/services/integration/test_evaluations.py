"""A counter asks whether a sale may go on, and a person lets go on what overdue store credit refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.data import audit, credit_analyses, idempotency, manual_blocks, order_checks, records
from app.data.credit_analyses import AnalysisQuery
from app.data.models import IdempotentAnswer, OrderCheck
from app.data.order_checks import FullCheck
from app.domain import Origin
from app.policies import Environment, OverdueAction, UserProfile
from app.settings.catalog import (
    CREDIT_ALLOWED,
    CREDIT_ENVIRONMENT,
    CREDIT_MANAGER,
    OVERDUE_ACTION,
    OVERDUE_BUDGET,
    OVERDUE_PRE_SALE,
)
from app.settings.snapshot import Snapshot
from app.tables import COMPANIES, CREDIT_MANAGERS, USERS, Provider
from services.integration import schemas
from services.passwords import set_password
from tests.services.integration.conftest import ACTOR, Service, problem
from tests.services.integration.writes import added, cnpj, write

PASSWORD = "pão de queijo 7"
REASON = "Pagou hoje, a baixa entra amanhã"
DUE = (datetime.now(UTC) - timedelta(days=366)).date()
"""A year ago, whatever the day in Brasília."""


def evaluate(service: Service, kind: str = "dav", number: int = 1, **fields: Any) -> httpx.Response:
    question = {"tipo": kind, "documento": cnpj(number), "empresa": service.company, **fields}
    return service.ask("POST", "/v1/avaliacoes", question)


def owe(service: Service, number: int = 1, name: str = "1", **fields: Any) -> None:
    """One instalment a year overdue."""
    told = {"numero": name, "documento": cnpj(number), "vencimento": DUE.isoformat(), "valor": "150.00", **fields}
    answer = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": [told]})
    assert answer.status_code == 200, answer.text


def check(service: Service, number: int) -> FullCheck:
    with service.database.reading() as connection:
        found = order_checks.get(connection, number)
    assert found is not None
    return found


@pytest.fixture
def refusing(service: Service) -> Service:
    """Overdue credit refuses budgets and pre-sales, and may be released; Carla may, João may not."""
    service.save({OVERDUE_BUDGET: True, OVERDUE_PRE_SALE: True, OVERDUE_ACTION: OverdueAction.RELEASE})
    now = datetime.now(UTC)
    for login, profile in (("carla", UserProfile.SUPERVISOR), ("joao", UserProfile.OPERATOR)):
        with service.database.writing() as connection:
            values = {"login": login, "nome": login.title(), "perfil": profile}
            user = records.add(connection, USERS, values, Snapshot(), ACTOR)
        set_password(service.database, user, PASSWORD, actor=ACTOR, now=now)
    return service


@pytest.fixture
def refused(refusing: Service) -> int:
    """A budget that overdue credit refused."""
    owe(refusing)
    answer = evaluate(refusing).json()
    assert (answer["permitido"], answer["liberacao_necessaria"]) == (False, True)
    return int(answer["avaliacao"])


def let_go(
    service: Service, number: int, login: str = "carla", key: str | None = None, **fields: str
) -> httpx.Response:
    sent = {"login": login, "senha": PASSWORD, "motivo": REASON, **fields}
    return write(service, f"/v1/avaliacoes/{number}/liberacao", sent, key=key)


@pytest.mark.parametrize("kind", ["dav", "pre-venda", "pedido", "nf"])
@pytest.mark.parametrize("operation", ["inclusao", "alteracao"])
def test_every_kind_of_sale_is_answered_and_kept(service: Service, kind: str, operation: str) -> None:
    customer = added(service, 1)
    answer = evaluate(service, kind, operacao=operation, referencia="1042")
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == set(schemas.Evaluation.model_fields)
    assert told["permitido"] is True
    assert told["motivos"]
    kept = service.ask("GET", f"/v1/avaliacoes/{told['avaliacao']}").json()
    assert set(kept) == set(schemas.KeptEvaluation.model_fields)
    assert {name: kept[name] for name in told} == told
    assert (kept["tipo"], kept["operacao"], kept["referencia"]) == (kind, operation, "1042")
    row = check(service, told["avaliacao"])
    assert (row.counter_id, row.row.customer_id) == (service.caller, customer["id"])
    assert row.row.actor == "balcão Balcão 1"


def test_overdue_credit_is_told_in_numbers(refusing: Service) -> None:
    owe(refusing, 1, "1", valor="150.00", pago="20.50")
    owe(refusing, 1, "2")
    told = evaluate(refusing).json()
    credit = told["crediario"]
    assert (told["permitido"], credit["vencidas"], credit["valor"]) == (False, 2, "279.50")
    assert credit["maior_atraso"] >= 365
    assert credit["primeira_vencida"] == DUE.isoformat()
    assert evaluate(refusing, number=2).json()["crediario"]["vencidas"] == 0


def test_a_pending_credit_analysis_is_told_as_it_is_kept_and_the_counters_name_with_it(service: Service) -> None:
    with service.database.writing() as connection:
        given = {"nome": "Birô", "provedor": Provider.SERASA}
        manager = records.add(connection, CREDIT_MANAGERS, given, Snapshot(), ACTOR)
    service.save(
        {CREDIT_ALLOWED: True, CREDIT_MANAGER: manager, CREDIT_ENVIRONMENT: Environment.PRODUCTION},
        company=service.company,
    )
    budget = evaluate(service, "dav").json()
    assert (budget["permitido"], budget["analise_credito"]["situacao"]) == (True, "sem_analise")
    told = evaluate(service, "pedido").json()
    analysis = told["analise_credito"]
    assert (told["permitido"], set(analysis)) == (False, set(schemas.Analysis.model_fields))
    assert (analysis["situacao"], analysis["validade"], analysis["resultado"]) == ("pendente", None, None)
    assert analysis["motivos"][0].startswith("Pendente de análise de crédito: a nº ")
    kept = service.ask("GET", f"/v1/avaliacoes/{told['avaliacao']}").json()
    assert {name: kept[name] for name in told} == told
    with service.database.reading() as connection:
        (row,) = credit_analyses.page(connection, AnalysisQuery(), 0, 10)
    assert (row.id, row.user, row.origin) == (analysis["numero"], "balcão Balcão 1", Origin.ORDER)


def test_a_block_refuses_the_order_and_not_the_budget(service: Service) -> None:
    customer = added(service, 1)
    with service.database.writing() as connection:
        manual_blocks.block(connection, customer["id"], "Cheque devolvido", actor=ACTOR, at=datetime.now(UTC))
    assert evaluate(service, "pedido").json()["permitido"] is False
    assert evaluate(service, "dav").json()["permitido"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tipo", "venda"),
        ("operacao", ""),
        ("documento", "11.222.333/0001-80"),
        ("documento", 11222333000181),
        ("empresa", "1"),
        ("empresa", 0),
        ("referencia", "x" * 61),
        ("referencia", "a\0b"),
        ("avaliacao_anterior", -1),
        ("avaliacao_anterior", 2**53),
        ("desconto", 1),
    ],
)
def test_a_question_that_is_not_one_names_the_field(service: Service, field: str, value: Any) -> None:
    answer = evaluate(service, **{"kind" if field == "tipo" else field: value})
    assert problem(answer) == (422, "pedido_invalido")
    assert list(answer.json()["erro"]["campos"]) == [field]


def test_a_company_that_is_not_there(service: Service) -> None:
    assert problem(evaluate(service, empresa=77)) == (422, "avaliacao_impossivel")


def test_a_previous_evaluation_that_is_not_one(service: Service) -> None:
    assert problem(evaluate(service, "pedido", avaliacao_anterior=77)) == (422, "avaliacao_impossivel")


def test_a_counter_of_another_company_is_kept_out(refusing: Service, refused: int) -> None:
    with refusing.database.writing() as connection:
        values = {"cnpj": cnpj(90), "nome": "Outra", "uf": "SP"}
        other = records.add(connection, COMPANIES, values, Snapshot(), ACTOR)
    _, token = refusing.add_counter("Da outra", other)
    theirs = {"Authorization": f"Bearer {token}"}
    question = {"tipo": "dav", "documento": cnpj(1), "empresa": refusing.company}
    release = {"login": "carla", "senha": PASSWORD, "motivo": REASON}
    credit = {"empresa": refusing.company, "parcelas": []}
    event = {
        "empresa": refusing.company,
        "numero": "1",
        "etapa": "criada",
        "documento": cnpj(1),
        "ocorrido_em": "2026-11-22T10:00:00Z",
    }
    for answer in (
        refusing.ask("POST", "/v1/avaliacoes", question, **theirs),
        refusing.ask("GET", f"/v1/avaliacoes/{refused}", **theirs),
        write(refusing, f"/v1/avaliacoes/{refused}/liberacao", release, **theirs),
        write(refusing, "/v1/parcelas/lote", credit, **theirs),
        write(refusing, "/v1/ordens-servico/eventos", event, **theirs),
    ):
        assert problem(answer) == (403, "outra_empresa")
    mine = refusing.ask("POST", "/v1/avaliacoes", {**question, "empresa": other}, **theirs)
    assert mine.status_code == 200


def test_an_evaluation_that_does_not_exist(refusing: Service) -> None:
    assert problem(refusing.ask("GET", "/v1/avaliacoes/77")) == (404, "avaliacao_inexistente")
    assert problem(let_go(refusing, 77)) == (404, "avaliacao_inexistente")


def test_who_may_lets_a_sale_go_on_once(refusing: Service, refused: int) -> None:
    answer = let_go(refusing, refused, key="a")
    assert answer.status_code == 200
    told = answer.json()
    assert set(told) == set(schemas.Released.model_fields)
    assert (told["avaliacao"], told["liberada_por"], told["motivo"]) == (refused, "Carla", REASON)
    assert refusing.ask("GET", f"/v1/avaliacoes/{refused}").json()["liberacao"] == told

    again = let_go(refusing, refused, key="a")
    assert again.headers["Idempotencia-Repetida"] == "sim"
    assert again.content == answer.content
    assert problem(let_go(refusing, refused)) == (409, "ja_liberada")
    assert problem(let_go(refusing, refused, key="a", motivo="Outro")) == (422, "chave_reutilizada")


def test_a_release_sent_from_several_connections_at_once_is_made_once(refusing: Service, refused: int) -> None:
    with ThreadPoolExecutor(3) as counters:  # a fourth password at once would have to wait
        answers = list(counters.map(lambda _: let_go(refusing, refused, key="a"), range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1


def test_what_was_released_of_a_pre_sale_covers_its_order(refusing: Service) -> None:
    added(refusing, 1)
    owe(refusing)
    sale = evaluate(refusing, "pre-venda").json()["avaliacao"]
    refused = evaluate(refusing, "pedido", avaliacao_anterior=sale).json()
    assert (refused["permitido"], refused["liberacao_necessaria"]) == (False, True)
    assert let_go(refusing, sale).status_code == 200
    assert evaluate(refusing, "pedido", avaliacao_anterior=sale).json()["permitido"] is True
    owe(refusing, name="outra")
    assert evaluate(refusing, "pedido", avaliacao_anterior=sale).json()["permitido"] is False


@pytest.mark.parametrize(
    ("login", "password", "code"),
    [
        ("carla", "errada", "senha_errada"),
        ("ninguem", PASSWORD, "senha_errada"),
        ("joao", PASSWORD, "sem_permissao"),
    ],
)
def test_who_may_not_does_not(refusing: Service, refused: int, login: str, password: str, code: str) -> None:
    assert problem(let_go(refusing, refused, login, senha=password)) == (403, code)
    assert check(refusing, refused).release is None


def test_whoever_guesses_waits(refusing: Service, refused: int) -> None:
    answers = [let_go(refusing, refused, senha=f"tentativa {number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 30
    assert problem(let_go(refusing, refused)) == (429, "aguarde")


def test_a_release_needs_a_reason(refusing: Service, refused: int) -> None:
    for reason in ("", "   "):
        answer = let_go(refusing, refused, motivo=reason)
        assert problem(answer) == (422, "pedido_invalido")
        assert list(answer.json()["erro"]["campos"]) == ["motivo"]


def test_an_old_evaluation_and_one_that_needs_no_release(refusing: Service, refused: int) -> None:
    allowed = evaluate(refusing, number=2).json()["avaliacao"]
    assert problem(let_go(refusing, allowed)) == (409, "liberacao_desnecessaria")
    with refusing.database.writing() as connection:
        at = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(update(OrderCheck).where(OrderCheck.id == refused).values(at=at))
    assert problem(let_go(refusing, refused)) == (409, "avaliacao_antiga")


def test_a_password_is_kept_nowhere(refusing: Service, refused: int) -> None:
    let_go(refusing, refused, senha="errada demais")
    let_go(refusing, refused)
    with refusing.database.reading() as connection:
        said = [f"{entry.what} {entry.old} {entry.new}" for entry in audit.latest(connection)]
        kept = connection.execute(select(IdempotentAnswer.request_sha256, IdempotentAnswer.body)).all()
    assert not [line for line in said if PASSWORD in line or "errada demais" in line]
    assert len([answer for answer in kept if b"liberada_por" in answer.body]) == 1
    assert not [answer for answer in kept if PASSWORD.encode() in answer.body]


# --- instalments and service orders ---


def test_instalments_are_received_whole_or_not_at_all(service: Service) -> None:
    good = {"numero": "1", "documento": cnpj(1), "vencimento": "2026-11-20", "valor": "10.00"}
    twice = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": [good, good]})
    assert problem(twice) == (422, "pedido_invalido")
    unknown = write(service, "/v1/parcelas/lote", {"empresa": 77, "parcelas": [good]})
    assert problem(unknown) == (422, "empresa_inexistente")
    many = [{**good, "numero": str(number)} for number in range(1000)]
    answer = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": many})
    assert answer.json()["recebidas"] == 1000
    nothing = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": []})
    assert nothing.json()["recebidas"] == 0
    too_many = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": [*many, good]})
    assert problem(too_many) == (422, "pedido_invalido")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("numero", ""),
        ("numero", "  "),
        ("documento", "123"),
        ("vencimento", "2026-02-30"),
        ("vencimento", "2026-11-22T00:00:00"),
        ("vencimento", "20/11/2026"),
        ("vencimento", "9999-12-31"),
        ("vencimento", 20261120),
        ("valor", 150.0),
        ("valor", "150"),
        ("valor", "150,00"),
        ("valor", "-1.00"),
        ("valor", "1.00\n"),
        ("valor", "1234567890123.00"),
        ("situacao", "paga"),
    ],
)
def test_an_instalment_that_is_not_one_names_the_field(service: Service, field: str, value: Any) -> None:
    good = {"numero": "1", "documento": cnpj(1), "vencimento": "2026-11-20", "valor": "10.00"}
    answer = write(service, "/v1/parcelas/lote", {"empresa": service.company, "parcelas": [{**good, field: value}]})
    assert problem(answer) == (422, "pedido_invalido")
    assert list(answer.json()["erro"]["campos"]) == [f"parcelas.0.{field}"]


def test_a_service_order_is_told_of_once(service: Service) -> None:
    event = {
        "empresa": service.company,
        "numero": "120",
        "etapa": "finalizada",
        "documento": cnpj(1),
        "ocorrido_em": "2026-11-22T10:00:00-03:00",
    }
    first = write(service, "/v1/ordens-servico/eventos", event)
    assert first.status_code == 200
    assert set(first.json()) == set(schemas.ServiceOrderKept.model_fields)
    assert (first.json()["repetido"], first.json()["mensagem"]) == (False, None)
    again = write(service, "/v1/ordens-servico/eventos", event).json()
    assert again == first.json() | {"repetido": True}
    other = write(service, "/v1/ordens-servico/eventos", {**event, "versao": 2}).json()
    assert other["evento"] != first.json()["evento"]
    assert problem(write(service, "/v1/ordens-servico/eventos", {**event, "empresa": 77})) == (
        422,
        "empresa_inexistente",
    )


@pytest.mark.parametrize(
    "moment", ["2026-11-22", "2026-11-22T10:00:00", "2026-11-22T25:00:00Z", "0001-01-01T00:00:00Z", 1, "ontem"]
)
def test_a_moment_that_is_not_one_is_refused(service: Service, moment: Any) -> None:
    event = {"empresa": 1, "numero": "1", "etapa": "criada", "documento": cnpj(1), "ocorrido_em": moment}
    answer = write(service, "/v1/ordens-servico/eventos", event)
    assert problem(answer) == (422, "pedido_invalido")
    assert list(answer.json()["erro"]["campos"]) == ["ocorrido_em"]


def test_answers_to_writes_are_forgotten_after_two_days(service: Service) -> None:
    owe(service, name="1")
    owe(service, name="2")
    with service.database.writing() as connection:
        old = datetime.now(UTC) - idempotency.KEPT_FOR - timedelta(minutes=1)
        connection.execute(update(IdempotentAnswer).values(at=old))
    owe(service, name="3")
    with service.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(IdempotentAnswer)).scalar_one() == 1


def test_counters_that_ask_at_once_are_each_told_their_own(refusing: Service) -> None:
    owe(refusing, 1)
    asked = [(kind, number, company) for kind in ("dav", "pedido") for number in (1, 2, 3) for company in (1, 77)] * 4

    def ask(index: int) -> httpx.Response:
        kind, number, company = asked[index]
        return evaluate(refusing, kind, number, empresa=company, referencia=str(index))

    with ThreadPoolExecutor(8) as counters_:
        answers = list(counters_.map(ask, range(len(asked))))
    for index, ((kind, number, company), answer) in enumerate(zip(asked, answers, strict=True)):
        if company == 77:
            assert problem(answer) == (422, "avaliacao_impossivel")
            continue
        told = answer.json()
        assert told["permitido"] is not (kind == "dav" and number == 1)
        row = check(refusing, told["avaliacao"]).row
        assert (row.kind.value, row.document.value, row.reference) == (kind, cnpj(number), str(index))

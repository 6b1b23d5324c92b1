"""The order gate on a real database, beside an ANP on loopback: what is asked, what is answered, what is logged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import insert

from app.data import blocks, customers, manual_blocks, order_checks, records
from app.data.models import AnpList, AnpListed
from app.data.order_checks import CheckQuery, CheckRow, FullCheck
from app.documents import parse_document
from app.domain import AnpOutcome, BlockOrigin, Document, FailureKind, Origin
from app.policies import (
    AnpKind,
    AnpStatus,
    BrandKind,
    CompanyConsultation,
    CustomerAction,
    OrderAction,
    OrderKind,
    OrderOperation,
)
from app.rules.order_gate import OrderQuestion
from app.settings.catalog import (
    ANP_COMPANY_ORDER,
    ANP_CUSTOMER,
    ANP_KEPT,
    ANP_NO_ANSWER,
    ANP_ONLINE,
    ANP_ORDER,
    ANP_ORDER_CONSULT,
    ANP_ORDER_NO_BRAND,
    ANP_URL,
    ANP_URL_SECONDARY,
    ANP_VALIDITY,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import BRANDS, COMPANIES, CUSTOMERS, ENTITIES
from services.anp.consultation import AnpConsultation
from services.consultation import NotAsked
from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, Reply
from services.demo.loopback import Request as HttpRequest
from services.order_gate import OrderAnswer, OrderGate
from tests.services.conftest import ACTOR, Clock, Place, cnpj

ONE_PM = datetime.fromisoformat("2026-11-21T13:00:00-03:00")
DOWN = Reply(b'{"status":503}', 503, "application/json")


def rows(*found: dict[str, Any]) -> Reply:
    """The form of ANP.Revendedores.API."""
    pages = {"numeroPagina": 1, "tamanhoPagina": 5000, "totalPagina": 1, "totalRegistro": len(found)}
    body = {"status": 200, "title": "Dados", "succeeded": True, "data": list(found), "searchPageFilter": pages}
    return Reply(json.dumps(body).encode(), content_type="application/json; charset=utf-8")


def listed(document: str, brand: str = "VIBRA") -> Reply:
    """An authorised reseller."""
    return rows({"cnpj": document, "razaoSocial": "POSTO", "autorizacao": "PR/SP0001234", "distribuidora": brand})


@dataclass
class Anp:
    """One address of ANP, answering as told; `seen` has the documents asked about."""

    reply: Callable[[str], Reply] = listed
    seen: list[str] = field(default_factory=list)

    def handle(self, request: HttpRequest) -> Reply:
        self.seen.append(parse_qs(urlsplit(request.path).query)["cnpj"][0])
        return self.reply(self.seen[-1])


@pytest.fixture
def anp() -> Anp:
    return Anp()


@pytest.fixture
def clock() -> Clock:
    return Clock(ONE_PM)


def put_in_list(counter: Counter, document: Document, taken_at: datetime) -> None:
    """An authorised reseller of the list that ANP published then."""
    empty = [c.name for c in AnpListed.__table__.columns if c.name not in ("vanished_list_id", "last_seen_at")]
    known = {
        "kind": "automotivo",
        "cnpj": document.value,
        "authorization": "PR/SP0009999",
        "brand": "VIBRA",
        "uf": "SP",
    }
    taken = {"kind": "automotivo", "taken_at": taken_at, "confirmed_at": taken_at, "source": "lista.csv"}
    made = {"sha256": "", "actor": ACTOR, "machine": "", "rows": 1, "rejected": []}
    with counter.place.database.writing() as connection:
        connection.execute(insert(AnpList).values(**taken, **made))
        connection.execute(insert(AnpListed).values(**dict.fromkeys(empty, "") | known))


@dataclass
class Counter:
    """Where orders are entered: the place, and a gate by the clock of the test."""

    place: Place
    gate: OrderGate
    anp: Anp
    clock: Clock

    def check(
        self,
        document: Document,
        company: int = 1,
        kind: OrderKind = OrderKind.ORDER,
        operation: OrderOperation = OrderOperation.INCLUSION,
        **options: Any,
    ) -> OrderAnswer:
        question = OrderQuestion(document, company, kind, operation, ACTOR)
        return self.gate.check(question, self.place.snapshot, **options)

    def kept(self, answer: OrderAnswer) -> FullCheck:
        with self.place.database.reading() as connection:
            found = order_checks.get(connection, answer.check_id)
        assert found is not None
        return found

    def page(self, query: CheckQuery) -> list[CheckRow]:
        with self.place.database.reading() as connection:
            found = order_checks.page(connection, query, 0, 50)
            assert order_checks.count(connection, query) == len(found)
        return found

    def block(self, customer: int, reason: str) -> None:
        with self.place.database.writing() as connection:
            manual_blocks.block(connection, customer, reason, actor="joão", at=self.clock())


@pytest.fixture
def counter(place: Place, anp: Anp, authority: DemoAuthority, clock: Clock) -> Iterator[Counter]:
    """General consultation on, brand VIBRA in the table."""
    server = LoopbackServer(authority.server_context(require_client=False), anp.handle)
    server.start()
    consultation = AnpConsultation(place.database, place.folders, clock=clock)
    with place.database.writing() as connection:
        brand = {"nome": "Petrobras/Vibra", "tipo": BrandKind.COMPETITOR, "nomes_anp": ("VIBRA",)}
        records.add(connection, BRANDS, brand, Snapshot(), ACTOR)
    place.save(
        {
            ANP_ONLINE: True,
            ANP_ORDER_CONSULT: True,
            ANP_URL: f"https://localhost:{server.port}/v1/combustivel",
            ANP_URL_SECONDARY: "",
        }
    )
    yield Counter(place, OrderGate(place.database, consultation, clock=clock), anp, clock)
    consultation.close()
    server.stop()


def test_an_answer_is_asked_once_reused_to_the_second_and_asked_again(counter: Counter) -> None:
    customer = counter.place.add(1)
    document = cnpj(1)
    first = counter.check(document)
    assert first.allowed
    assert counter.anp.seen == [document.value]
    (consultation,) = counter.place.history(customer)
    assert first.consultation_id == consultation.id
    assert consultation.origin is Origin.ORDER
    assert not consultation.applied
    assert counter.kept(first).inputs["anp"]["consulta"] == "consultada"

    counter.clock.now = ONE_PM + timedelta(hours=4)
    second = counter.check(document)
    assert second.allowed
    assert len(counter.anp.seen) == 1
    assert second.consultation_id == first.consultation_id
    assert counter.kept(second).inputs["anp"]["consulta"] == "reaproveitada"
    assert "anp.validade_horas" in second.rules

    counter.clock.now = ONE_PM + timedelta(hours=4, seconds=1)
    third = counter.check(document)
    assert len(counter.anp.seen) == 2
    assert third.consultation_id != first.consultation_id


def test_everything_that_was_looked_at_is_logged(counter: Counter) -> None:
    counter.place.add(1, nome="Posto Aurora")
    counter.place.save({ANP_ORDER_NO_BRAND: OrderAction.REFUSE, ANP_ORDER[AnpStatus.UPDATED]: OrderAction.REFUSE})
    counter.anp.reply = lambda document: listed(document, "MARCA NOVA")
    answer = counter.check(cnpj(1), kind=OrderKind.INVOICE, operation=OrderOperation.CHANGE)
    assert not answer.allowed
    assert answer.reasons[0].startswith("Não é permitida a alteração da nota fiscal para cliente com “Cadastro")
    assert "“MARCA NOVA”, que não está na Tabela de Bandeiras" in answer.reasons[1]
    assert answer.rules[:2] == ("anp.pedido.cadastro_atualizado", "anp.pedido_sem_bandeira")
    kept = counter.kept(answer)
    assert (kept.row.reasons, kept.rules, kept.inputs) == (answer.reasons, answer.rules, answer.inputs)
    assert (kept.row.customer, kept.row.company_id, kept.row.actor) == ("Posto Aurora", 1, ACTOR)
    assert (kept.row.kind, kept.row.operation) == (OrderKind.INVOICE, OrderOperation.CHANGE)
    assert kept.row.at == ONE_PM
    assert kept.consultation_kept
    assert kept.consultation_id == answer.consultation_id
    assert kept.inputs["anp"] | {"motivo": ""} == {
        "consulta": "consultada",
        "status": "cadastro_atualizado",
        "motivo": "",
        "bandeira": "MARCA NOVA",
        "bandeira_na_tabela": "desconhecida",
    }
    assert kept.inputs["configuracoes"]["anp.pedido_sem_bandeira"] == "nao_permite"


def test_nobody_answering_is_for_the_profile_to_decide(counter: Counter) -> None:
    customer = counter.place.add(1)
    counter.anp.reply = lambda document: DOWN
    refused = counter.check(cnpj(1))
    assert not refused.allowed
    assert refused.reasons[0].startswith(
        "Não foi possível consultar a ANP, e o perfil não permite a inclusão do pedido"
    )
    assert refused.rules[0] == "anp.sem_consulta"
    assert refused.consultation_id == counter.place.history(customer)[0].id
    counter.place.save({ANP_NO_ANSWER: OrderAction.ALLOW})
    counter.clock.now += timedelta(minutes=1)
    allowed = counter.check(cnpj(1))
    assert allowed.allowed
    assert "anp.sem_consulta" in allowed.rules
    assert any("o perfil permite a inclusão do pedido sem consulta" in reason for reason in allowed.reasons)


@pytest.mark.parametrize("what", ["switch", "cpf"])
def test_what_cannot_be_asked_is_no_answer_either(counter: Counter, what: str) -> None:
    if what == "switch":
        document = cnpj(1)
        counter.place.add(1)
        counter.place.save({ANP_ONLINE: False})
    else:
        document = parse_document("52998224725")
        counter.place.add(document=document.key, cadastro_anp=AnpKind.AUTOMOTIVE)
    answer = counter.check(document)
    assert not answer.allowed
    assert answer.rules[0] == "anp.sem_consulta"
    assert answer.consultation_id is None
    assert counter.anp.seen == []
    said = {"switch": "A consulta on-line à ANP está desligada.", "cpf": "A ANP só é consultada por CNPJ"}[what]
    assert said in answer.reasons[0]


def test_the_company_says_whether_anp_is_consulted(counter: Counter) -> None:
    counter.place.add(1)
    counter.place.save({ANP_COMPANY_ORDER: CompanyConsultation.NEVER}, company=1)
    never = counter.check(cnpj(1))
    assert never.allowed
    assert (never.rules, never.consultation_id) == (("anp.pedido_empresa",), None)
    counter.place.save({ANP_ORDER_CONSULT: False})
    counter.place.save({ANP_COMPANY_ORDER: CompanyConsultation.ALWAYS}, company=1)
    assert counter.anp.seen == []
    assert counter.check(cnpj(1)).consultation_id is not None
    counter.place.save({ANP_COMPANY_ORDER: CompanyConsultation.GENERAL}, company=1)
    off = counter.check(cnpj(1))
    assert (off.rules, off.consultation_id) == (("anp.pedido_empresa", "anp.pedido_consulta"), None)


def test_the_list_answers_when_anp_does_not_and_never_overrules_a_newer_answer(counter: Counter) -> None:
    customer = counter.place.add(1)
    put_in_list(counter, cnpj(1), counter.clock() - timedelta(hours=1))
    counter.anp.reply = lambda document: DOWN
    by_list = counter.check(cnpj(1))
    assert by_list.allowed
    assert any("Consta da lista da ANP" in reason for reason in by_list.reasons)
    assert by_list.consultation_id == counter.place.history(customer)[0].id
    again = counter.check(cnpj(1))
    assert any("não dispensa a consulta" in reason for reason in again.reasons)
    assert len(counter.anp.seen) == 2  # the list stands in while nobody answers, and is never taken for an answer

    counter.clock.now += timedelta(minutes=1)
    counter.anp.reply = lambda document: rows()
    counter.place.save({ANP_VALIDITY: 0, ANP_ORDER[AnpStatus.NOT_FOUND]: OrderAction.REFUSE})
    assert not counter.check(cnpj(1)).allowed
    counter.clock.now += timedelta(minutes=1)
    counter.anp.reply = lambda document: DOWN
    older = counter.check(cnpj(1))
    assert not older.allowed
    assert "mais nova do que a lista da ANP" in older.reasons[0]


def test_the_list_answers_about_a_document_of_nobody_too(counter: Counter) -> None:
    put_in_list(counter, cnpj(9), counter.clock() - timedelta(hours=1))
    counter.anp.reply = lambda document: DOWN
    first = counter.check(cnpj(9))
    assert first.allowed
    counter.anp.reply = lambda document: rows()
    second = counter.check(cnpj(9))
    assert second.consultation_id != first.consultation_id
    assert counter.check(cnpj(9)).consultation_id == second.consultation_id


def test_a_person_that_is_nobodys_customer_is_no_reseller(counter: Counter) -> None:
    answer = counter.check(parse_document("52998224725"))
    assert answer.allowed
    assert "cliente.cadastro_anp" in answer.rules
    assert counter.anp.seen == []


def test_an_older_list_does_not_replace_what_anp_said_of_a_document_of_nobody(counter: Counter) -> None:
    put_in_list(counter, cnpj(9), counter.clock() - timedelta(hours=30))
    counter.anp.reply = lambda document: rows()
    counter.place.save({ANP_VALIDITY: 0, ANP_ORDER[AnpStatus.NOT_FOUND]: OrderAction.REFUSE})
    assert not counter.check(cnpj(9)).allowed
    counter.anp.reply = lambda document: DOWN
    for _ in range(2):
        counter.clock.now += timedelta(seconds=2)
        answer = counter.check(cnpj(9))
        assert not answer.allowed
        assert "mais nova do que a lista da ANP" in answer.reasons[0]


def test_zero_hours_never_reuse(counter: Counter) -> None:
    counter.place.add(1)
    counter.place.save({ANP_VALIDITY: 0})
    counter.check(cnpj(1))
    counter.clock.now += timedelta(seconds=2)
    counter.check(cnpj(1))
    assert len(counter.anp.seen) == 2


def test_blocks_of_every_registration_refuse_and_each_is_said(counter: Counter) -> None:
    counter.place.save({ANP_ORDER_CONSULT: False})
    counter.place.add(1, "SP", ie="110042490114")
    other = counter.place.add(1, "RJ", ie="78204221")
    counter.block(other, "Cheque devolvido")
    with counter.place.database.writing() as connection:
        blocks.add(connection, other, BlockOrigin.SEFAZ, "Não está habilitado.", by="servico", at=counter.clock())
    answer = counter.check(cnpj(1))
    assert not answer.allowed
    assert answer.rules[:2] == ("bloqueio.manual", "bloqueio.sefaz")
    assert answer.reasons[0].endswith("(Manual): Cheque devolvido.")
    assert answer.reasons[1].endswith("(SEFAZ): Não está habilitado.")


def test_a_block_raised_while_anp_answers_refuses(counter: Counter) -> None:
    customer = counter.place.add(1)

    def reply(document: str) -> Reply:
        counter.block(customer, "Bloqueado durante a consulta")
        return listed(document)

    counter.anp.reply = reply
    answer = counter.check(cnpj(1))
    assert not answer.allowed
    assert answer.rules[0] == "bloqueio.manual"


def test_inactive_not_reseller_and_entity(counter: Counter) -> None:
    counter.place.save({ANP_ORDER[AnpStatus.UPDATED]: OrderAction.REFUSE})
    inactive = counter.place.add(1, cadastro_anp=AnpKind.NONE)
    counter.place.add(2)
    with counter.place.database.writing() as connection:
        records.set_active(connection, CUSTOMERS, inactive, False, ACTOR)
        entity = records.add(connection, ENTITIES, {"nome": "Filial 2", "documento": cnpj(2).key}, Snapshot(), ACTOR)
    counter.place.save({SEFAZ_ENTITY: entity}, company=1)
    refused = counter.check(cnpj(1))
    assert not refused.allowed
    assert refused.rules == ("cliente.inativo", "cliente.cadastro_anp")
    exempt = counter.check(cnpj(2))
    assert exempt.allowed
    assert exempt.rules == ("sefaz.entidade_filial",)
    counter.block(2, "Contrato encerrado")
    assert not counter.check(cnpj(2)).allowed
    assert counter.anp.seen == []


def test_a_document_of_nobody_is_consulted_and_its_answer_reused(counter: Counter) -> None:
    counter.anp.reply = lambda document: rows()
    counter.place.save({ANP_ORDER_NO_BRAND: OrderAction.REFUSE})
    first = counter.check(cnpj(9))
    assert first.allowed  # Não localizado has no brand to judge
    assert "cliente.sem_cadastro" in first.rules
    counter.clock.now += timedelta(hours=1)
    second = counter.check(cnpj(9))
    assert second.consultation_id == first.consultation_id
    assert len(counter.anp.seen) == 1
    assert counter.kept(second).inputs["resposta_anterior"]["status"] == AnpOutcome.NOT_FOUND.value
    counter.place.save({ANP_ORDER[AnpStatus.NOT_FOUND]: OrderAction.REFUSE})
    assert not counter.check(cnpj(9)).allowed


def test_a_consultation_made_for_an_order_changes_nothing_of_the_customer(counter: Counter) -> None:
    customer = counter.place.add(1)
    counter.place.save({ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.BLOCK})
    assert counter.check(cnpj(1)).allowed
    assert counter.place.blocks(customer) == ()
    with counter.place.database.reading() as connection:
        (subject,) = customers.all_by_document(connection, cnpj(1))
    assert not subject.blocked


def test_a_company_that_is_not_there_or_inactive_is_not_answered(counter: Counter) -> None:
    counter.place.add(1)
    with pytest.raises(NotAsked, match="Não existe a empresa 9"):
        counter.check(cnpj(1), company=9)
    with counter.place.database.writing() as connection:
        other = records.add(
            connection, COMPANIES, {"cnpj": cnpj(50).key, "nome": "Outra", "uf": "SP"}, Snapshot(), ACTOR
        )
        records.set_active(connection, COMPANIES, other, False, ACTOR)
    with pytest.raises(NotAsked, match="está inativa"):
        counter.check(cnpj(1), company=other)
    assert counter.page(CheckQuery()) == []


def test_a_consultation_no_longer_kept_is_told_from_one_that_is(counter: Counter) -> None:
    counter.place.add(1)
    counter.place.save({ANP_KEPT: 1, ANP_VALIDITY: 0})
    first = counter.check(cnpj(1))
    counter.clock.now += timedelta(seconds=2)
    second = counter.check(cnpj(1))
    assert [counter.kept(answer).consultation_kept for answer in (first, second)] == [False, True]
    assert counter.kept(first).consultation_id == first.consultation_id


def test_giving_up_ends_the_wait_and_logs_nothing(counter: Counter) -> None:
    counter.place.add(1)
    asked, wanted = threading.Event(), threading.Event()
    wanted.set()

    def reply(document: str) -> Reply:
        asked.set()
        return Reply(ending=Ending.HANG)

    def give_up() -> None:
        assert asked.wait(10)
        wanted.clear()
        counter.gate.cancel()

    counter.anp.reply = reply
    thread = threading.Thread(target=give_up)
    thread.start()
    with pytest.raises(NotAsked) as refused:
        counter.check(cnpj(1), given_up=lambda: not wanted.is_set())
    thread.join()
    assert refused.value.failure.kind is FailureKind.CANCELLED
    assert counter.page(CheckQuery()) == []


def test_threads_that_want_the_same_answer_ask_once(counter: Counter) -> None:
    counter.place.add(1)
    ready = threading.Barrier(6)

    def check(number: int) -> OrderAnswer:
        ready.wait(30)
        return counter.check(cnpj(1))

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(check, range(6)))
    assert counter.anp.seen == [cnpj(1).value]
    assert len({answer.consultation_id for answer in answers}) == 1
    assert len({answer.check_id for answer in answers}) == 6


@pytest.fixture
def impatient(counter: Counter) -> Iterator[Counter]:
    """Its gate waits for nobody."""
    place, clock = counter.place, counter.clock
    consultation = AnpConsultation(place.database, place.folders, clock=clock)
    yield replace(counter, gate=OrderGate(place.database, consultation, clock=clock, patience_s=0))
    consultation.close()


def test_while_one_asks_others_are_answered_by_what_is_known_or_without(impatient: Counter) -> None:
    counter = impatient
    counter.place.add(1)
    counter.place.add(2)
    assert counter.check(cnpj(2)).allowed
    asked, answer_now = threading.Event(), threading.Event()

    def reply(document: str) -> Reply:
        asked.set()
        assert answer_now.wait(30)
        return listed(document)

    counter.anp.reply = reply
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(counter.check, cnpj(1))
        try:
            assert asked.wait(30)
            assert counter.check(cnpj(2)).allowed
            assert counter.check(cnpj(3), kind=OrderKind.BUDGET).allowed
            with pytest.raises(NotAsked) as refused:
                counter.check(cnpj(1), given_up=lambda: True)
            tired = counter.check(cnpj(1))
        finally:
            answer_now.set()
        assert slow.result(30).allowed
    assert (tired.allowed, tired.rules[0], tired.consultation_id) == (False, ANP_NO_ANSWER.key, None)
    assert "outras consultas à ANP na frente desta" in tired.reasons[0]
    assert refused.value.failure.kind is FailureKind.CANCELLED


def test_checks_are_listed_and_filtered(counter: Counter) -> None:
    counter.place.save({ANP_ORDER_CONSULT: False})
    counter.place.add(1, nome="Posto Aurora")
    blocked = counter.place.add(2, nome="Posto Ímpar")
    counter.block(blocked, "Cheque devolvido")
    with counter.place.database.writing() as connection:
        other = records.add(
            connection, COMPANIES, {"cnpj": cnpj(50).key, "nome": "Outra", "uf": "SP"}, Snapshot(), ACTOR
        )
    for document, company in ((cnpj(1), 1), (cnpj(2), other), (cnpj(3), 1)):
        counter.clock.now += timedelta(minutes=1)
        counter.check(document, company)
    everything = counter.page(CheckQuery())
    assert [row.customer for row in everything] == ["", "Posto Ímpar", "Posto Aurora"]
    assert [row.company for row in counter.page(CheckQuery(company_id=other))] == ["Outra"]
    assert [row.document for row in counter.page(CheckQuery(allowed=False))] == [cnpj(2)]
    assert [row.customer for row in counter.page(CheckQuery("impar"))] == ["Posto Ímpar"]
    assert [row.document for row in counter.page(CheckQuery(str(cnpj(3))))] == [cnpj(3)]
    assert len(counter.page(CheckQuery(since=counter.clock.now))) == 1

"""The path of an ANP consultation: primary, secondary, mirror; what each answer does to the customer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, insert, select, update

from app.data import audit, blocks, manual_blocks, records
from app.data.models import AnpList, AnpListed, Consultation, Customer
from app.domain import AnpFinding, AnpOutcome, AnpSource, Authority, BlockOrigin, FailureKind, Origin, Request, Result
from app.policies import AnpKind, AnpStatus, CustomerAction, MissingBrandAction
from app.portuguese import day
from app.settings.catalog import (
    ANP_CUSTOMER,
    ANP_CUSTOMER_NO_BRAND,
    ANP_KEPT,
    ANP_MIRROR_AGE,
    ANP_ONLINE,
    ANP_UPDATE_BRAND,
    ANP_URL,
    ANP_URL_SECONDARY,
    SEFAZ_ENTITY,
)
from app.settings.snapshot import Snapshot
from app.tables import BRANDS, CUSTOMERS, ENTITIES
from services.anp.consultation import AnpConsultation
from services.consultation import NotAsked
from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, Reply
from services.demo.loopback import Request as HttpRequest
from tests.services.conftest import ACTOR, Clock, Place, cnpj

DAY = timedelta(days=1)
DOWN = Reply(b'{"status":503}', 503, "application/json")


def listed(document: str, *, brand: str = "VIBRA", authorization: str = "PR/SP0001234") -> Reply:
    """What the API says of an authorised reseller."""
    row = {
        "cnpj": document,
        "razaoSocial": "POSTO INVENTADO LTDA",
        "autorizacao": authorization,
        "distribuidora": brand,
        "statusSIGAF": " ",
        "uf": "SP",
        "municipio": "CAMPINAS",
        "produtos": [],
    }
    return envelope(row)


def envelope(*rows: dict[str, Any]) -> Reply:
    body = {
        "status": 200,
        "title": "Dados Encontrados",
        "succeeded": True,
        "data": list(rows),
        "searchPageFilter": {"numeroPagina": 1, "tamanhoPagina": 5000, "totalPagina": 1, "totalRegistro": len(rows)},
    }
    return Reply(json.dumps(body).encode(), content_type="application/json; charset=utf-8")


def situated(document: str, situation: str) -> Reply:
    """What the layer of ANP's GeoServer says, which has a wording of the situation."""
    properties = {"CNPJ_CPF": document, "Situacao_Atual": situation, "Razao_Social": "POSTO INVENTADO LTDA"}
    body = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": properties}]}
    return Reply(json.dumps(body).encode(), content_type="application/json")


@dataclass
class Anp:
    """Two addresses of ANP on one server, each answering as told."""

    primary: Callable[[str], Reply] = field(default=lambda document: listed(document))
    secondary: Callable[[str], Reply] = field(default=lambda document: DOWN)
    seen: list[str] = field(default_factory=list)

    def handle(self, request: HttpRequest) -> Reply:
        parts = urlsplit(request.path)
        self.seen.append(parts.path)
        document = parse_qs(parts.query)["cnpj"][0]
        return self.secondary(document) if parts.path.startswith("/reserva") else self.primary(document)


@pytest.fixture
def anp() -> Anp:
    return Anp()


@pytest.fixture
def at_anp(place: Place, anp: Anp, authority: DemoAuthority, clock: Clock) -> Iterator[Place]:
    """The place with its ANP, by the clock of the test."""
    server = LoopbackServer(authority.server_context(require_client=False), anp.handle)
    server.start()
    place.backoffice.anp.close()
    consultation = AnpConsultation(place.database, place.folders, clock=clock)
    place.backoffice = replace(place.backoffice, anp=consultation)
    place.save(
        {
            ANP_ONLINE: True,
            ANP_URL: f"https://localhost:{server.port}/v1/combustivel",
            ANP_URL_SECONDARY: f"https://127.0.0.1:{server.port}/reserva",
        }
    )
    yield place
    place.backoffice.anp.close()
    server.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.fromisoformat("2026-11-21T13:00:00+00:00"))


def ask(place: Place, customer: int, *, apply: bool = True, consultation: AnpConsultation | None = None) -> Result:
    request = Request(
        place.request(customer).document, "SP", Origin.OPERATOR, ACTOR, apply, customer, authority=Authority.ANP
    )
    return (consultation or place.backoffice.anp).run(request, place.snapshot)


def said(result: Result) -> AnpFinding:
    assert isinstance(result.finding, AnpFinding)
    return result.finding


def known(place: Place, customer: int) -> Any:
    """The customer's own columns about ANP."""
    c = Customer
    with place.database.reading() as connection:
        return connection.execute(
            select(
                c.anp_status, c.anp_brand, c.anp_outcome, c.anp_at, c.anp_tried_at, c.anp_retry_at, c.brand_id
            ).where(c.id == customer)
        ).one()


def add_brand(place: Place, name: str, *anp_names: str) -> int:
    with place.database.writing() as connection:
        values = {"nome": name, "tipo": BRANDS.field("tipo").kind.parse("concorrente"), "nomes_anp": anp_names}  # type: ignore[union-attr]  # the field is there
        return records.add(connection, BRANDS, values, Snapshot(), ACTOR)


def put_list(place: Place, at: datetime, **changes: Any) -> int:
    values = {
        "kind": "automotivo",
        "taken_at": at,
        "confirmed_at": at,
        "source": "teste.csv",
        "sha256": f"{at}",
        "actor": ACTOR,
        "machine": "PC",
        "rows": 1,
        "rejected": [],
    }
    with place.database.writing() as connection:
        return int(
            connection.execute(insert(AnpList).values(**{**values, **changes}).returning(AnpList.id)).scalar_one()
        )


def put_listed(place: Place, document: str, **changes: Any) -> None:
    texts = [c.name for c in AnpListed.__table__.columns if c.name not in ("vanished_list_id", "last_seen_at")]
    values = {
        **dict.fromkeys(texts, ""),
        "kind": "automotivo",
        "cnpj": document,
        "name": "POSTO DA LISTA",
        "authorization": "PR/SP0009999",
        "brand": "VIBRA",
        "uf": "SP",
    }
    with place.database.writing() as connection:
        connection.execute(insert(AnpListed).values(**{**values, **changes}))


def test_an_authorised_reseller_is_noted_and_its_brand_follows_anp(at_anp: Place, clock: Clock) -> None:
    vibra = add_brand(at_anp, "Petrobras", "Víbra")
    customer = at_anp.add()
    at_anp.save({ANP_UPDATE_BRAND: True})
    result = ask(at_anp, customer)
    finding = said(result)
    assert (finding.verdict, finding.source, finding.brand) == (AnpOutcome.UPDATED, AnpSource.PRIMARY, "VIBRA")
    row = known(at_anp, customer)
    assert (row.anp_status, row.anp_brand, row.anp_outcome) == ("cadastro_atualizado", "VIBRA", "cadastro_atualizado")
    assert row.anp_at == row.anp_tried_at == clock()
    assert row.brand_id == vibra
    assert "Petrobras" in result.decision.why
    kept = at_anp.kept(result.consultation_id)
    assert kept.row.source is AnpSource.PRIMARY
    assert kept.registration == finding.registration
    assert kept.registration is not None
    assert kept.registration.authorization == "PR/SP0001234"
    assert b"razaoSocial" in kept.response
    with at_anp.database.reading() as connection:
        assert audit.latest(connection, f"clientes/{customer}")[0].new == result.decision.why


def test_consulting_only_changes_neither_block_nor_brand(at_anp: Place, anp: Anp) -> None:
    add_brand(at_anp, "Petrobras", "VIBRA")
    at_anp.save({ANP_UPDATE_BRAND: True, ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.BLOCK})
    customer = at_anp.add()
    result = ask(at_anp, customer, apply=False)
    assert not result.decision.changes
    assert known(at_anp, customer).brand_id is None
    assert at_anp.blocks(customer) == ()


def test_a_revoked_reseller_is_blocked_and_only_that_block_is_lifted_later(at_anp: Place, anp: Anp) -> None:
    at_anp.save(
        {
            ANP_CUSTOMER[AnpStatus.REVOKED]: CustomerAction.BLOCK,
            ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.UNBLOCK,
        }
    )
    customer = at_anp.add()
    with at_anp.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor=ACTOR, at=datetime.now().astimezone())
    anp.primary = lambda document: situated(document, "Posto com autorização revogada")
    result = ask(at_anp, customer)
    assert said(result).verdict is AnpOutcome.REVOKED
    origins = {block.origin: block for block in at_anp.blocks(customer)}
    assert set(origins) == {BlockOrigin.MANUAL, BlockOrigin.ANP_STATUS}
    assert origins[BlockOrigin.ANP_STATUS].consultation_id == result.consultation_id
    anp.primary = lambda document: listed(document)
    freed = ask(at_anp, customer)
    assert [block.origin for block in at_anp.blocks(customer)] == [BlockOrigin.MANUAL]
    assert "Continua bloqueado por: Manual." in freed.decision.why
    assert at_anp.row(customer).blocked


@pytest.mark.parametrize(("brand", "word"), [("", "não informa bandeira"), ("NOVA MARCA", "“NOVA MARCA”")])
def test_a_missing_brand_blocks_and_says_whether_it_is_empty_or_unknown(
    at_anp: Place, anp: Anp, brand: str, word: str
) -> None:
    at_anp.save({ANP_CUSTOMER_NO_BRAND: MissingBrandAction.BLOCK})
    anp.primary = lambda document: listed(document, brand=brand)
    customer = at_anp.add()
    ask(at_anp, customer)
    (block,) = at_anp.blocks(customer)
    assert block.origin is BlockOrigin.ANP_BRAND
    assert word in block.reason
    add_brand(at_anp, "Nova", "nova  marca")
    ask(at_anp, customer)
    assert (at_anp.blocks(customer) == ()) == (brand != "")


def test_the_entity_that_stands_for_a_branch_is_never_blocked(at_anp: Place, anp: Anp) -> None:
    anp.primary = lambda document: envelope()
    customer = at_anp.add()
    with at_anp.database.writing() as connection:
        entity = records.add(connection, ENTITIES, {"nome": "Filial 2", "documento": cnpj(1).key}, Snapshot(), ACTOR)
    at_anp.save({ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK})
    at_anp.save({SEFAZ_ENTITY: entity}, company=1)
    assert "Filial 2" in ask(at_anp, customer).decision.why
    assert at_anp.blocks(customer) == ()


def test_when_the_primary_fails_the_secondary_answers(at_anp: Place, anp: Anp) -> None:
    anp.primary, anp.secondary = (lambda document: DOWN), (lambda document: listed(document))
    result = ask(at_anp, at_anp.add())
    assert said(result).source is AnpSource.SECONDARY
    assert anp.seen == ["/v1/combustivel", "/reserva"]


def test_an_answer_of_the_primary_is_an_answer(at_anp: Place, anp: Anp) -> None:
    anp.primary, anp.secondary = (lambda document: envelope()), (lambda document: listed(document))
    assert said(ask(at_anp, at_anp.add())).verdict is AnpOutcome.NOT_FOUND
    assert anp.seen == ["/v1/combustivel"]


def test_a_failure_changes_nothing_and_waits(at_anp: Place, anp: Anp, clock: Clock) -> None:
    at_anp.save(
        {ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK, ANP_CUSTOMER_NO_BRAND: MissingBrandAction.BLOCK}
    )
    customer = at_anp.add()
    ask(at_anp, customer)
    before, held = known(at_anp, customer), at_anp.blocks(customer)
    anp.primary = lambda document: Reply(b"<html>Request Rejected</html>", 403, "text/html")
    anp.secondary = lambda document: Reply(ending=Ending.RESET)
    clock.now += timedelta(hours=1)
    result = ask(at_anp, customer)
    failure = result.finding.failure
    assert said(result).verdict is AnpOutcome.FAILURE
    assert failure is not None
    assert "dois endereços" in failure.what
    assert "Principal:" in failure.cause
    assert "Secundária:" in failure.cause
    after = known(at_anp, customer)
    assert (after.anp_status, after.anp_at, after.anp_outcome) == (before.anp_status, before.anp_at, "falha")
    assert after.anp_retry_at > clock()
    assert at_anp.blocks(customer) == held
    assert not result.decision.changes


def test_the_mirror_answers_with_its_date_when_both_addresses_fail(at_anp: Place, anp: Anp, clock: Clock) -> None:
    anp.primary = lambda document: DOWN
    customer = at_anp.add()
    put_list(at_anp, clock() - DAY)
    put_listed(at_anp, cnpj(1).value)
    result = ask(at_anp, customer)
    finding = said(result)
    assert (finding.verdict, finding.source, finding.brand) == (AnpOutcome.UPDATED, AnpSource.MIRROR, "VIBRA")
    assert finding.failure is None
    assert finding.live_failure is not None
    assert f"{day(clock() - DAY)}" in finding.reason
    kept = at_anp.kept(result.consultation_id)
    assert (kept.listed_at, kept.failure) == (clock() - DAY, None)
    with at_anp.database.reading() as connection:
        kind = connection.execute(select(Consultation.failure_kind).where(Consultation.id == result.consultation_id))
        assert kind.scalar_one() != ""


@pytest.mark.parametrize(("days", "limit"), [(4, 3), (1, 0)])
def test_a_list_too_old_does_not_answer(at_anp: Place, anp: Anp, clock: Clock, days: int, limit: int) -> None:
    anp.primary = lambda document: DOWN
    at_anp.save({ANP_MIRROR_AGE: limit})
    put_list(at_anp, clock() - days * DAY)
    put_listed(at_anp, cnpj(1).value)
    finding = said(ask(at_anp, at_anp.add()))
    assert finding.verdict is AnpOutcome.FAILURE
    assert finding.failure is not None
    assert f"{day(clock() - days * DAY)}" in finding.failure.todo


def test_who_left_the_list_was_there_until_a_day_and_is_blocked_once_it_is_confirmed(
    at_anp: Place, anp: Anp, clock: Clock
) -> None:
    anp.primary = lambda document: DOWN
    at_anp.save({ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK})
    customer = at_anp.add()
    gone = put_list(at_anp, clock() - DAY)
    put_listed(at_anp, cnpj(1).value, vanished_list_id=gone, last_seen_at=clock() - 2 * DAY)
    finding = said(ask(at_anp, customer))
    assert (finding.verdict, finding.listed_until) == (AnpOutcome.NOT_FOUND, clock() - 2 * DAY)
    assert f"constava até {day(clock() - 2 * DAY)}" in finding.reason
    assert at_anp.blocks(customer) == ()
    put_list(at_anp, clock())
    confirmed = ask(at_anp, customer)
    (block,) = at_anp.blocks(customer)
    assert block.reason == confirmed.finding.reason


def test_a_live_absence_says_until_when_it_was_listed(at_anp: Place, anp: Anp, clock: Clock) -> None:
    anp.primary = lambda document: envelope()
    customer = at_anp.add()
    gone = put_list(at_anp, clock() - DAY)
    put_listed(at_anp, cnpj(1).value, vanished_list_id=gone, last_seen_at=clock() - 2 * DAY)
    finding = said(ask(at_anp, customer))
    assert finding.source is AnpSource.PRIMARY
    assert finding.listed_until == clock() - 2 * DAY
    assert f"constava até {day(clock() - 2 * DAY)}" in finding.reason


def test_an_absence_that_the_list_contradicts_is_said(at_anp: Place, anp: Anp, clock: Clock) -> None:
    anp.primary = lambda document: envelope()
    customer = at_anp.add()
    put_list(at_anp, clock() - DAY)
    put_listed(at_anp, cnpj(1).value)
    finding = said(ask(at_anp, customer))
    assert finding.verdict is AnpOutcome.NOT_FOUND
    assert f"Consta, porém, da lista da ANP de {day(clock() - DAY)}" in finding.reason


def test_a_host_that_asked_for_silence_is_left_alone_also_after_a_restart(
    at_anp: Place, anp: Anp, clock: Clock
) -> None:
    busy = Reply(b"{}", 429, "application/json", headers=(("Retry-After", "120"),))
    anp.primary, anp.secondary = (lambda document: busy), (lambda document: listed(document))
    customer = at_anp.add()
    assert said(ask(at_anp, customer)).source is AnpSource.SECONDARY
    anp.seen.clear()
    restarted = AnpConsultation(at_anp.database, at_anp.folders, clock=clock)
    clock.now += timedelta(seconds=119)
    assert said(ask(at_anp, customer, consultation=restarted)).source is AnpSource.SECONDARY
    assert anp.seen == ["/reserva"]
    clock.now += timedelta(seconds=2)
    anp.primary = lambda document: listed(document)
    assert said(ask(at_anp, customer, consultation=restarted)).source is AnpSource.PRIMARY
    restarted.close()


def test_when_every_host_asked_for_silence_the_service_waits_for_it(at_anp: Place, anp: Anp, clock: Clock) -> None:
    busy = Reply(b"{}", 429, "application/json", headers=(("Retry-After", "120"),))
    anp.primary = anp.secondary = lambda document: busy
    finding = said(ask(at_anp, at_anp.add()))
    assert finding.failure is not None
    assert finding.failure.kind is FailureKind.THROTTLED
    turn = at_anp.backoffice.anp.next_turn(at_anp.snapshot)
    assert turn.at == clock() + timedelta(seconds=120)
    anp.seen.clear()
    assert said(ask(at_anp, at_anp.add(2))).verdict is AnpOutcome.FAILURE
    assert anp.seen == []


def test_only_the_newest_are_kept_and_reasons_keep_their_words(at_anp: Place, anp: Anp) -> None:
    at_anp.save({ANP_KEPT: 3, ANP_CUSTOMER[AnpStatus.NOT_FOUND]: CustomerAction.BLOCK})
    customer, other = at_anp.add(), at_anp.add(2)
    ask(at_anp, other)
    anp.primary = lambda document: envelope()
    first = ask(at_anp, customer)
    later = [ask(at_anp, customer).consultation_id for _ in range(4)]
    assert [row.id for row in at_anp.history(customer)] == later[:0:-1]
    assert len(at_anp.history(other)) == 1
    (block,) = at_anp.blocks(customer)
    assert (block.reason, block.consultation_id) == (first.finding.reason, None)


def test_what_cannot_be_asked_is_not_asked(at_anp: Place, anp: Anp) -> None:
    person = at_anp.add(document="52998224725")
    consumer = at_anp.add(2, cadastro_anp=AnpKind.NONE)
    for customer, word in ((person, "CPF"), (consumer, "não é revendedor")):
        with pytest.raises(NotAsked) as refused:
            ask(at_anp, customer)
        assert word in refused.value.failure.what
    at_anp.save({ANP_ONLINE: False})
    with pytest.raises(NotAsked) as off:
        ask(at_anp, at_anp.add(3))
    assert "desligada" in off.value.failure.what
    assert anp.seen == []
    with at_anp.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(Consultation)).scalar_one() == 0


def test_a_gas_reseller_is_looked_for_in_its_own_register(at_anp: Place, anp: Anp) -> None:
    ask(at_anp, at_anp.add(cadastro_anp=AnpKind.GLP))
    assert anp.seen == ["/v1/glp"]


def test_a_customer_whose_document_changed_meanwhile_is_left_alone(at_anp: Place, anp: Anp) -> None:
    at_anp.save({ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.BLOCK})
    customer = at_anp.add()

    def change_then_answer(document: str) -> Reply:
        with at_anp.database.writing() as connection:
            connection.execute(update(Customer).where(Customer.id == customer).values(document=cnpj(7).key))
        return listed(document)

    anp.primary = change_then_answer
    result = ask(at_anp, customer)
    assert "mudou durante a consulta" in result.decision.why
    assert known(at_anp, customer).anp_at is None
    assert at_anp.blocks(customer) == ()


def test_a_change_of_register_forgets_what_anp_said(at_anp: Place) -> None:
    customer = at_anp.add()
    ask(at_anp, customer)
    with at_anp.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"cadastro_anp": AnpKind.GLP}, ACTOR)
    row = known(at_anp, customer)
    assert (row.anp_status, row.anp_at, row.anp_outcome) == ("", None, "")


def test_a_query_in_flight_can_be_cancelled(at_anp: Place, anp: Anp) -> None:
    asked = threading.Event()

    def silent(document: str) -> Reply:
        asked.set()
        return Reply(ending=Ending.HANG)

    anp.primary = silent
    customer = at_anp.add()
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(ask(at_anp, customer)))
    thread.start()
    assert asked.wait(10)
    while thread.is_alive():
        at_anp.backoffice.anp.cancel()
        thread.join(0.05)
    failure = results[0].finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.CANCELLED
    assert "/reserva" not in anp.seen


def test_a_document_of_nobody_changes_nobody(at_anp: Place) -> None:
    request = Request(cnpj(5), "", Origin.COMMAND, ACTOR, apply=True, authority=Authority.ANP)
    result = at_anp.backoffice.anp.run(request, at_anp.snapshot)
    assert said(result).verdict is AnpOutcome.UPDATED
    assert "avulsa" in result.decision.why
    with at_anp.database.reading() as connection:
        assert blocks.active(connection, 1) == ()


def test_an_older_list_does_not_overrule_what_anp_itself_said_later(at_anp: Place, anp: Anp, clock: Clock) -> None:
    at_anp.save(
        {
            ANP_CUSTOMER[AnpStatus.REVOKED]: CustomerAction.BLOCK,
            ANP_CUSTOMER[AnpStatus.UPDATED]: CustomerAction.UNBLOCK,
        }
    )
    customer = at_anp.add()
    put_list(at_anp, clock() - DAY)
    put_listed(at_anp, cnpj(1).value)
    anp.primary = lambda document: situated(document, "Posto com autorização revogada")
    ask(at_anp, customer)
    revoked_at = clock()
    clock.now += timedelta(hours=6)
    anp.primary = lambda document: DOWN
    result = ask(at_anp, customer)
    assert (said(result).verdict, said(result).source) == (AnpOutcome.UPDATED, AnpSource.MIRROR)
    assert "mais nova do que a lista" in result.decision.why
    row = known(at_anp, customer)
    assert (row.anp_status, row.anp_at, row.anp_tried_at) == ("autorizacao_revogada", revoked_at, clock())
    assert [block.origin for block in at_anp.blocks(customer)] == [BlockOrigin.ANP_STATUS]


def test_an_answer_of_the_mirror_is_of_the_moment_of_its_list(at_anp: Place, anp: Anp, clock: Clock) -> None:
    anp.primary = lambda document: DOWN
    customer = at_anp.add()
    put_list(at_anp, clock() - 2 * DAY, confirmed_at=clock() - DAY)
    put_listed(at_anp, cnpj(1).value)
    ask(at_anp, customer)
    row = known(at_anp, customer)
    assert (row.anp_at, row.anp_tried_at, row.anp_status) == (clock() - DAY, clock(), "cadastro_atualizado")
    assert row.anp_retry_at > clock()


def test_a_table_of_wordings_that_cannot_be_read_is_told_once(at_anp: Place, anp: Anp) -> None:
    at_anp.folders.anp_wordings_file.write_text("isto não é TOML", encoding="utf-8")
    failure = ask(at_anp, at_anp.add()).finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.CONFIGURATION
    assert "anp_situacoes.toml" in failure.what
    assert anp.seen == []

"""The one path of a consultation, through mutual TLS and a real database: what is asked, decided, kept and refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError

from app.data import audit, blocks, history, manual_blocks, records
from app.data.customers import CustomerRow
from app.data.models import AuthorizerPace, Customer
from app.documents import parse_ie
from app.domain import (
    ActiveBlock,
    BlockOrigin,
    Certificate,
    Document,
    DocumentKind,
    FailureKind,
    Origin,
    Request,
    SefazAction,
    Verdict,
)
from app.policies import EntityKind
from app.settings.catalog import SEFAZ_BRANCH, SEFAZ_ENTITY
from app.settings.draft import RESTORE
from app.settings.snapshot import Snapshot
from app.tables import CUSTOMERS, ENTITIES
from services.consultation import NotAsked
from services.demo.ca import DemoAuthority
from services.demo.example import made_up_cnpj
from services.demo.memory_keyring import MemoryKeyring
from services.demo.scenarios import Scenario
from services.demo.sefaz import DemoSefaz
from services.pfx import open_pfx
from services.sefaz.client import SefazClient
from services.sefaz.consultation import SefazConsultation
from services.sefaz.endpoints import save_override
from tests.services.conftest import ACTOR, CNPJ, Clock, Place, cnpj, sefaz_finding
from tests.services.tls_server import Connection, TlsServer

ANSWERED = {
    Scenario.ENABLED,
    Scenario.DISABLED,
    Scenario.SEVERAL,
    Scenario.SEVERAL_OPEN,
    Scenario.CHANGED,
    Scenario.REPLACED,
    Scenario.SUBSTITUTE,
    Scenario.NOT_TAXPAYER,
    Scenario.INVALID_DOCUMENT,
    Scenario.ESCAPED_BODY,
    Scenario.CDATA_BODY,
    Scenario.PREFIXED_BODY,
    Scenario.LONG_NAME,
    Scenario.UNKNOWN_SITUATION,
    Scenario.SLOW,
}


def play(place: Place, scenario: Scenario, number: int = 1) -> None:
    """From now on the customer with that number meets the scenario."""
    place.sefaz.scenarios[cnpj(number).value] = scenario


def refusal(place: Place, customer: int) -> NotAsked:
    """The consultation that must not happen: nothing is sent and nothing is kept."""
    seen, kept = len(place.sefaz.seen), len(place.history())
    with pytest.raises(NotAsked) as refused:
        place.consult(customer)
    assert len(place.sefaz.seen) == seen
    assert len(place.history()) == kept
    return refused.value


# --- what each answer does ---


def test_disabled_blocks_with_the_reason_history_and_audit(place: Place) -> None:
    customer = place.add()
    play(place, Scenario.DISABLED)
    result = place.consult(customer)
    assert result.finding.verdict is Verdict.DISABLED
    assert result.decision.why.startswith("Bloqueado pela SEFAZ.")
    assert result.customer == "Posto 1"
    row = place.row(customer)
    assert (row.blocked, row.verdict, row.outcome) == (True, Verdict.DISABLED, Verdict.DISABLED)
    assert row.answered_at == row.tried_at == result.finding.asked_at
    (block,) = place.blocks(customer)
    assert (block.origin, block.by, block.consultation_id) == (BlockOrigin.SEFAZ, ACTOR, result.consultation_id)
    assert block.reason == result.finding.reason
    assert "baixada em 14/08/2025" in block.reason
    kept = place.kept(result.consultation_id)
    assert (kept.row.applied, kept.row.decision, kept.row.c_stat) == (True, result.decision.why, "111")
    assert (kept.authorizer, kept.certificate_cnpj) == ("SP", CNPJ)
    assert kept.inscriptions == sefaz_finding(result).inscriptions
    with place.database.reading() as connection:
        entry = audit.latest(connection, f"clientes/{customer}")[0]
    assert (entry.actor, entry.new) == (ACTOR, result.decision.why)
    assert str(result.consultation_id) in entry.what


def test_enabled_again_lifts_the_block_and_keeps_who_lifted_it(place: Place) -> None:
    customer = place.add()
    play(place, Scenario.DISABLED)
    place.consult(customer)
    play(place, Scenario.ENABLED)
    result = place.consult(customer)
    assert place.blocks(customer) == ()
    assert not place.row(customer).blocked
    assert place.row(customer).verdict is Verdict.ENABLED
    with place.database.reading() as connection:
        (past,) = blocks.history(connection, customer)
    assert (past.lifted_by, past.lift_consultation_id) == (ACTOR, result.consultation_id)
    assert past.lift_reason == result.finding.reason


def test_a_second_no_adds_no_second_block(place: Place) -> None:
    customer = place.add()
    play(place, Scenario.DISABLED)
    place.consult(customer)
    first = place.blocks(customer)
    again = place.consult(customer)
    assert place.blocks(customer) == first
    assert again.decision.why.startswith("Continua bloqueado pela SEFAZ.")


def test_a_customer_set_to_do_nothing_is_never_blocked(place: Place) -> None:
    customer = place.add(acao_sefaz=SefazAction.NOTHING)
    play(place, Scenario.DISABLED)
    result = place.consult(customer)
    assert "Não faz nada" in result.decision.why
    assert place.blocks(customer) == ()
    assert place.row(customer).verdict is Verdict.DISABLED


def test_only_consulting_keeps_the_answer_and_changes_no_block(place: Place) -> None:
    customer = place.add()
    play(place, Scenario.DISABLED)
    result = place.consult(customer, apply=False)
    assert result.decision.why == "Somente consulta: nada foi alterado no cliente."
    assert place.blocks(customer) == ()
    assert place.row(customer).verdict is Verdict.DISABLED
    assert len(place.history(customer)) == 1


def test_an_entity_that_stands_for_a_branch_is_never_blocked(place: Place) -> None:
    customer = place.add()
    values = {"nome": "Congênere Vale", "documento": cnpj(1).key, "tipo": EntityKind.BRANCH}
    with place.database.writing() as connection:
        entity = records.add(connection, ENTITIES, values, Snapshot(), ACTOR)
    place.save({SEFAZ_ENTITY: entity}, company=1)
    play(place, Scenario.DISABLED)
    result = place.consult(customer)
    assert "“Congênere Vale”" in result.decision.why
    assert place.blocks(customer) == ()


def test_a_manual_block_is_never_lifted_and_is_named(place: Place) -> None:
    customer = place.add()
    play(place, Scenario.DISABLED)
    place.consult(customer)
    with place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor="joão", at=datetime.now(UTC))
    play(place, Scenario.ENABLED)
    result = place.consult(customer)
    assert [block.origin for block in place.blocks(customer)] == [BlockOrigin.MANUAL]
    assert place.row(customer).blocked
    assert "Continua bloqueado por: Manual." in result.decision.why


def test_who_is_not_a_taxpayer_is_blocked(place: Place) -> None:
    customer = place.add(uf="GO")
    play(place, Scenario.NOT_TAXPAYER)
    result = place.consult(customer)
    assert result.finding.verdict is Verdict.NOT_TAXPAYER
    assert [block.reason for block in place.blocks(customer)] == ["Não é contribuinte em GO."]
    assert place.kept(result.consultation_id).row.c_stat == "259"


@pytest.mark.parametrize(
    ("scenario", "verdict", "why"),
    [
        (Scenario.SEVERAL_OPEN, Verdict.ENABLED, "As 2 inscrições em SP estão habilitadas."),
        (Scenario.REPLACED, Verdict.ENABLED, "está habilitada"),
        (Scenario.SUBSTITUTE, Verdict.AMBIGUOUS, "só traz inscrições de contribuintes de outra UF"),
        (Scenario.UNKNOWN_SITUATION, Verdict.AMBIGUOUS, "a situação “5”"),
        (Scenario.INVALID_DOCUMENT, Verdict.DATA_ERROR, "corrija o cadastro"),
        (Scenario.ESCAPED_BODY, Verdict.ENABLED, "está habilitada"),
        (Scenario.CDATA_BODY, Verdict.ENABLED, "está habilitada"),
        (Scenario.PREFIXED_BODY, Verdict.ENABLED, "está habilitada"),
        (Scenario.SEVERAL, Verdict.ENABLED, "está habilitada"),
    ],
)
def test_unusual_answers_block_nobody(file_place: Place, scenario: Scenario, verdict: Verdict, why: str) -> None:
    customer = file_place.add()
    play(file_place, scenario)
    result = file_place.consult(customer)
    assert result.finding.verdict is verdict
    assert why in result.finding.reason
    assert file_place.blocks(customer) == ()


def test_an_inscription_that_is_not_in_the_answer_is_ambiguous(file_place: Place) -> None:
    customer = file_place.add(ie="244913027118")
    play(file_place, Scenario.SEVERAL_OPEN)
    result = file_place.consult(customer)
    assert result.finding.verdict is Verdict.AMBIGUOUS
    assert file_place.blocks(customer) == ()


def test_a_document_that_is_no_customer_is_answered_and_kept(place: Place) -> None:
    request = Request(cnpj(7), "SP", Origin.COMMAND, "joão", apply=True)
    result = place.backoffice.sefaz.run(request, place.snapshot)
    assert result.finding.verdict is Verdict.ENABLED
    assert result.decision.why == "Consulta avulsa: nenhum cliente foi alterado."
    kept = place.kept(result.consultation_id)
    assert (kept.row.customer_id, kept.row.customer, kept.row.origin, kept.row.user) == (
        None,
        "",
        Origin.COMMAND,
        "joão",
    )
    assert kept.row.document == cnpj(7)


# --- what is asked ---


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("12ABC34501DE35", DocumentKind.CNPJ),
        ("52998224725", DocumentKind.CPF),
        ("IE 244913027118", DocumentKind.IE),
    ],
)
def test_every_kind_of_document_is_asked_as_what_it_is(file_place: Place, document: str, kind: DocumentKind) -> None:
    customer = file_place.add(document=document)
    result = file_place.consult(customer)
    assert file_place.sefaz.seen[0].document == Document(kind, document.removeprefix("IE "))
    assert result.finding.verdict is Verdict.ENABLED
    assert file_place.kept(result.consultation_id).row.document == file_place.sefaz.seen[0].document


def test_the_envelope_is_that_of_the_state_asked(file_place: Place) -> None:
    for number, uf in enumerate(("MT", "SP", "MT"), 1):
        result = file_place.consult(file_place.add(number, uf))
        assert result.finding.verdict is Verdict.ENABLED
        wrapped = b"<consultaCadastro" in file_place.kept(result.consultation_id).request
        assert wrapped is (uf == "MT")
    assert [query.uf for query in file_place.sefaz.seen] == ["MT", "SP", "MT"]


def test_an_ie_alone_is_not_taken_for_the_cpf_with_the_same_digits(file_place: Place) -> None:
    document = parse_ie("52998224725")
    result = file_place.backoffice.sefaz.run(
        Request(document, "SP", Origin.OPERATOR, ACTOR, apply=True), file_place.snapshot
    )
    assert file_place.sefaz.seen[0].document.kind is DocumentKind.IE
    assert file_place.kept(result.consultation_id).row.document == document


def test_both_messages_are_kept_byte_for_byte(place: Place, authority: DemoAuthority) -> None:
    customer = place.add()
    answer = (
        '<?xml version="1.0" encoding="iso-8859-1"?>\r\n<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope">'
        f"<e:Body>\t<retConsCad><infCons><cStat>259</cStat><xMotivo>Não há</xMotivo><CNPJ>{cnpj(1).value}</CNPJ>"
        "</infCons></retConsCad></e:Body></e:Envelope>\n\n"
    ).encode("iso-8859-1")
    received: list[bytes] = []

    def script(connection: Connection, _number: int) -> None:
        received.append(connection.request().partition(b"\r\n\r\n")[2])
        connection.answer(answer)

    with TlsServer(authority.server_context(), script) as server:
        save_override(place.folders.endpoints_file, "SP", {"producao": server.url})
        kept = place.kept(place.consult(customer).consultation_id)
        place.backoffice.sefaz.close()
    assert kept.response == answer
    assert [kept.request] == received
    assert kept.x_motivo == "Não há"


def test_one_connection_serves_many_consultations(file_place: Place) -> None:
    for number in range(1, 6):
        file_place.consult(file_place.add(number))
    assert (file_place.sefaz.requests, file_place.sefaz.handshakes) == (5, 1)


# --- failures ---


def test_the_imports_of_the_first_query_come_before_its_turn_is_taken(
    file_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take as long as a pause: the query would reach the authorizer late, near that of another computer."""
    save_override(file_place.folders.endpoints_file, "SP", {"intervalo_s": 3.0})
    turns_taken, really_open = [], SefazClient.open

    def look_and_open(client: SefazClient) -> None:
        with file_place.database.reading() as connection:
            turns_taken.append(connection.scalar(select(func.count()).select_from(AuthorizerPace)))
        really_open(client)

    monkeypatch.setattr(SefazClient, "open", look_and_open)
    file_place.consult(file_place.add())
    assert turns_taken[0] == 0


def test_no_failure_is_an_answer(place: Place) -> None:
    """Blocked by SEFAZ and by hand, the customer meets every failure there is: only the try is noted."""
    customer = place.add()
    play(place, Scenario.DISABLED)
    place.consult(customer)
    with place.database.writing() as connection:
        manual_blocks.block(connection, customer, "Cheque devolvido", actor="joão", at=datetime.now(UTC))
    before, blocked = place.row(customer), place.blocks(customer)
    failures = [scenario for scenario in Scenario if scenario not in ANSWERED]
    assert len(failures) > 30
    kinds = {}
    impatient = SefazConsultation(place.database, place.folders, read_timeout=0.5)
    for scenario in failures:
        place.forget_paces()
        play(place, scenario)
        consultation = impatient if scenario is Scenario.TIMEOUT else place.backoffice.sefaz
        result = consultation.run(place.request(customer), place.snapshot)
        finding = result.finding
        assert finding.verdict is Verdict.FAILURE, scenario
        assert finding.failure is not None
        assert finding.failure.what, scenario
        assert finding.failure.todo, scenario
        assert not result.decision.changes
        unchanged(before, blocked, place, customer)
        assert place.row(customer).tried_at == finding.asked_at
        kept = place.kept(result.consultation_id)
        assert kept.failure == finding.failure
        assert (kept.row.verdict, kept.row.reason) == (Verdict.FAILURE, finding.failure.sentence)
        assert b"<ConsCad" in kept.request
        kinds[scenario] = finding.failure.kind
    impatient.close()
    assert kinds[Scenario.PAUSED] is FailureKind.UNAVAILABLE
    assert kinds[Scenario.OTHER_UF] is FailureKind.NOT_SERVED
    assert kinds[Scenario.REQUESTER_REFUSED] is FailureKind.REQUESTER
    assert kinds[Scenario.SCHEMA] is FailureKind.REJECTION
    assert kinds[Scenario.HTML_FORBIDDEN] is FailureKind.CERTIFICATE
    assert kinds[Scenario.HTML_PAGE] is FailureKind.HTTP
    assert kinds[Scenario.DTD_BOMB] is FailureKind.INVALID_RESPONSE
    assert kinds[Scenario.WRONG_ECHO] is FailureKind.INVALID_RESPONSE
    assert kinds[Scenario.SOAP_12_FAULT] is FailureKind.SOAP_FAULT
    assert kinds[Scenario.TIMEOUT] is FailureKind.TIMEOUT
    assert kinds[Scenario.CUT] is FailureKind.NETWORK
    assert kinds[Scenario.LIMIT] is FailureKind.LIMIT


def unchanged(before: CustomerRow, blocked: tuple[ActiveBlock, ...], place: Place, customer: int) -> None:
    """Only the moment and the outcome of the try may differ."""
    now = place.row(customer)
    assert now == replace(before, outcome=Verdict.FAILURE, tried_at=now.tried_at)
    assert place.blocks(customer) == blocked


def test_a_failure_leaves_an_enabled_customer_free(place: Place) -> None:
    customer = place.add()
    place.consult(customer)
    before = place.row(customer)
    play(place, Scenario.HTTP_503)
    place.consult(customer)
    unchanged(before, (), place, customer)


def test_a_state_without_service_is_a_failure_that_says_where_to_look(file_place: Place) -> None:
    result = file_place.consult(file_place.add(uf="MA"))
    assert result.finding.failure is not None
    assert result.finding.failure.kind is FailureKind.NOT_SERVED
    assert "MA" in result.finding.failure.what
    assert file_place.sefaz.requests == 0


# --- 656 ---


def test_656_silences_the_whole_authorizer_also_for_the_button_and_after_a_restart(place: Place) -> None:
    gaucho, catarina, paulista = place.add(1, "RS"), place.add(2, "SC"), place.add(3, "SP")
    clock = Clock()
    place.backoffice.sefaz.close()
    first = SefazConsultation(place.database, place.folders, clock=clock)
    play(place, Scenario.LIMIT, 1)
    limited = first.run(place.request(gaucho), place.snapshot)
    first.close()
    assert limited.finding.failure is not None
    hour = f"{(clock.now + timedelta(minutes=65)).astimezone():%H:%M}"
    restarted = SefazConsultation(place.database, place.folders, clock=clock)
    for customer in (gaucho, catarina):
        with pytest.raises(NotAsked) as refused:
            restarted.run(place.request(customer), place.snapshot)
        assert refused.value.failure.kind is FailureKind.LIMIT
        assert hour in refused.value.failure.what
    assert restarted.run(place.request(paulista), place.snapshot).finding.verdict is Verdict.ENABLED
    assert len(place.history()) == 2
    clock.now += timedelta(minutes=64, seconds=59)
    with pytest.raises(NotAsked):
        restarted.run(place.request(catarina), place.snapshot)
    clock.now += timedelta(seconds=1)
    assert restarted.run(place.request(catarina), place.snapshot).finding.verdict is Verdict.ENABLED
    restarted.close()


# --- changed meanwhile ---


@contextmanager
def meanwhile(place: Place, customer: int) -> Iterator[list[object]]:
    """What happens inside happens while SEFAZ thinks about the customer; the result comes in the list."""
    play(place, Scenario.SLOW)
    results: list[object] = []
    request, snapshot = place.request(customer), place.snapshot

    def ask() -> None:
        try:
            results.append(place.backoffice.sefaz.run(request, snapshot))
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results.append(error)

    thread = Thread(target=ask, name="consulta")
    thread.start()
    while not place.sefaz.seen:
        thread.join(0.005)
    yield results
    thread.join()


@pytest.mark.parametrize(
    "change",
    [{"documento": cnpj(9).key}, {"uf": "GO"}, {"ie": "244913027118"}],
    ids=["documento", "uf", "ie"],
)
def test_a_registration_edited_during_the_query_is_left_alone(place: Place, change: dict[str, str]) -> None:
    customer = place.add()
    with meanwhile(place, customer) as results, place.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, change, ACTOR)
    (result,) = results
    assert "mudou durante a consulta" in result.decision.why  # type: ignore[attr-defined]  # else the assertion fails
    row = place.row(customer)
    assert (row.verdict, row.outcome, row.answered_at, row.tried_at) == (None, None, None, None)
    (kept,) = place.history(customer)
    assert kept.document == cnpj(1)


def test_a_profile_changed_during_the_query_is_the_one_that_counts(place: Place) -> None:
    customer = place.add(ie="244913027118")
    with place.database.writing() as connection:
        blocks.add(connection, customer, BlockOrigin.SEFAZ, "antes", by="x", at=datetime.now(UTC))
    with meanwhile(place, customer), place.database.writing() as connection:
        records.change(connection, CUSTOMERS, customer, {"acao_sefaz": SefazAction.NOTHING}, ACTOR)
    assert len(place.blocks(customer)) == 1


def test_a_customer_deleted_during_the_query_leaves_the_consultation_kept(place: Place) -> None:
    customer = place.add()
    with meanwhile(place, customer) as results, place.database.writing() as connection:
        connection.execute(delete(Customer).where(Customer.id == customer))
    (result,) = results
    assert "foi excluído durante a consulta" in result.decision.why  # type: ignore[attr-defined]  # as above
    (kept,) = place.history()
    assert (kept.customer_id, kept.document) == (None, cnpj(1))


def test_an_unknown_customer_is_not_asked_about(place: Place) -> None:
    request = Request(cnpj(1), "SP", Origin.OPERATOR, ACTOR, apply=True, customer_id=404)
    with pytest.raises(NotAsked) as refused:
        place.backoffice.sefaz.run(request, place.snapshot)
    assert refused.value.failure.what == "O cliente 404 não existe."
    assert place.sefaz.requests == 0


def test_cancelling_interrupts_and_changes_nothing(place: Place) -> None:
    customer = place.add()
    with meanwhile(place, customer) as results:
        assert place.backoffice.sefaz.cancel()
    (result,) = results
    assert result.finding.failure.kind is FailureKind.CANCELLED  # type: ignore[attr-defined]  # as above
    assert place.row(customer).verdict is None
    assert not place.backoffice.sefaz.cancel()


def test_giving_up_before_anything_is_sent_sends_nothing(file_place: Place) -> None:
    customer = file_place.add()
    result = file_place.backoffice.sefaz.run(file_place.request(customer), file_place.snapshot, given_up=lambda: True)
    assert result.finding.failure is not None
    assert result.finding.failure.kind is FailureKind.CANCELLED
    assert file_place.sefaz.requests == 0


# --- the database ---


def test_when_recording_fails_nothing_is_half_saved(place: Place) -> None:
    customer = place.add()
    before = place.row(customer)
    play(place, Scenario.DISABLED)
    refuse_blocks(place)
    with pytest.raises(DBAPIError):
        place.consult(customer)
    assert len(place.sefaz.seen) == 1
    assert place.row(customer) == before
    assert place.history() == []
    assert place.blocks(customer) == ()


def test_a_656_is_heeded_although_the_consultation_could_not_be_recorded(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = place.add()
    play(place, Scenario.LIMIT)

    def broken(*_: object, **__: object) -> int:
        raise RuntimeError("não guarda")

    with monkeypatch.context() as patch:
        patch.setattr(history, "record", broken)
        with pytest.raises(RuntimeError, match="não guarda"):
            place.consult(customer)
    assert refusal(place, customer).failure.kind is FailureKind.LIMIT
    assert len(place.sefaz.seen) == 1
    assert place.history() == []


def refuse_blocks(place: Place) -> None:
    with place.database.writing() as connection:
        if place.database.is_sqlite:
            connection.execute(
                text(
                    "CREATE TRIGGER refuse BEFORE INSERT ON block_reason BEGIN SELECT RAISE(ABORT, 'disco cheio'); END"
                )
            )
            return
        connection.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'disco cheio'; END $$"
            )
        )
        connection.execute(
            text("CREATE TRIGGER refuse BEFORE INSERT ON block_reason FOR EACH ROW EXECUTE FUNCTION refuse()")
        )


# --- the configuration ---


def test_without_a_branch_nothing_is_asked(place: Place) -> None:
    customer = place.add()
    place.save({SEFAZ_BRANCH: RESTORE})
    failure = refusal(place, customer).failure
    assert failure.kind is FailureKind.CONFIGURATION
    assert "Filial" in failure.todo


def test_without_a_certificate_nothing_is_asked(place: Place) -> None:
    customer = place.add()
    with place.database.writing() as connection:
        connection.execute(text("DELETE FROM certificate_key"))
        connection.execute(text("DELETE FROM branch_certificate"))
    failure = refusal(place, customer).failure
    assert failure.kind is FailureKind.CERTIFICATE
    assert "não tem certificado digital instalado" in failure.what
    assert place.sefaz.handshakes == 0


@pytest.mark.parametrize("opened_before", [False, True], ids=["primeira consulta", "cliente já aberto"])
def test_an_expired_certificate_is_refused_before_any_connection(
    place: Place, opened_pfx: tuple[Certificate, str], opened_before: bool
) -> None:
    customer = place.add()
    clock = Clock()
    consultation = SefazConsultation(place.database, place.folders, clock=clock)
    if opened_before:
        consultation.run(place.request(customer), place.snapshot)
    sent = place.sefaz.requests
    clock.now = opened_pfx[0].not_after
    with pytest.raises(NotAsked) as refused:
        consultation.run(place.request(customer), place.snapshot)
    assert refused.value.failure.kind is FailureKind.CERTIFICATE
    assert "venceu em" in refused.value.failure.what
    assert (place.sefaz.requests, place.sefaz.handshakes) == (sent, sent)
    clock.now = opened_pfx[0].not_before - timedelta(seconds=1)
    with pytest.raises(NotAsked, match="só vale a partir de"):
        consultation.run(place.request(customer), place.snapshot)
    consultation.close()


def test_a_replaced_certificate_is_used_at_once(place: Place, authority: DemoAuthority) -> None:
    customer = place.add()
    before = place.kept(place.consult(customer).consultation_id)
    other = made_up_cnpj(CNPJ[:8], "0002")
    pfx = authority.issue_pfx(other, "POSTO BOA VIAGEM LTDA", "nova")
    now = datetime.now(UTC)
    place.install(*open_pfx(pfx, "nova", branch_id=place.branch, branch_cnpj=CNPJ, now=now))
    after = place.kept(place.consult(customer).consultation_id)
    assert (before.certificate_cnpj, after.certificate_cnpj) == (CNPJ, other)
    assert place.sefaz.handshakes == 2


def test_the_password_must_be_in_the_keyring(
    place: Place, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = place.add()
    entries = dict(memory_keyring.entries)
    memory_keyring.entries.clear()
    failure = refusal(place, customer).failure
    assert failure.kind is FailureKind.CERTIFICATE
    assert "não está no cofre de senhas" in failure.what

    def locked(service: str, username: str) -> str:
        raise RuntimeError("locked")

    with monkeypatch.context() as patch:
        patch.setattr(memory_keyring, "get_password", locked)
        failure = refusal(place, customer).failure
    assert failure.kind is FailureKind.CERTIFICATE
    assert "cofre de senhas do sistema não está disponível" in failure.what
    memory_keyring.entries |= entries
    assert place.consult(customer).finding.verdict is Verdict.ENABLED


def test_the_addresses_are_read_again_when_the_file_changes(place: Place, authority: DemoAuthority) -> None:
    customer = place.add()
    place.consult(customer)
    file = place.folders.endpoints_file
    good = file.read_text("utf-8")
    file.write_text(good + "\n[SP", encoding="utf-8")
    failure = refusal(place, customer).failure
    assert failure.kind is FailureKind.CONFIGURATION
    assert "não é um TOML válido" in failure.what
    assert str(file) in failure.todo
    with DemoSefaz(authority, varied=False) as moved:
        file.write_text(moved.endpoints_override(), encoding="utf-8")
        place.consult(customer)
        assert len(moved.seen) == 1
        place.backoffice.sefaz.close()
    assert len(place.sefaz.seen) == 1


def test_an_additional_authority_taken_away_stops_the_trust(file_place: Place) -> None:
    customer = file_place.add()
    assert file_place.consult(customer).finding.verdict is Verdict.ENABLED
    file_place.folders.additional_ca_file.unlink()
    failure = file_place.consult(customer).finding.failure
    assert failure is not None
    assert failure.kind is FailureKind.TRUST
    file_place.folders.additional_ca_file.write_text("nada", encoding="utf-8")
    assert "ac_adicionais.pem" in refusal(file_place, customer).failure.what


def test_what_is_not_a_state_is_refused(file_place: Place) -> None:
    request = Request(cnpj(1), "XX", Origin.COMMAND, ACTOR, apply=False)
    with pytest.raises(NotAsked, match="“XX” não é uma UF"):
        file_place.backoffice.sefaz.run(request, file_place.snapshot)

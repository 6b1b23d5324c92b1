"""Serasa Experian over real TLS: its reports, its refusals, one login for many questions, and none sent twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.asked_wait import MAX_WAIT_S
from services.credit import exchange
from services.credit.credentials import Credentials
from services.credit.exchange import MAX_BODY
from services.credit.provider import AnalysisFailed, Contract
from services.credit.serasa import TOKEN_LIFE_S, SerasaProvider
from services.demo.ca import DemoAuthority
from services.demo.credit import (
    FEW_DEBTS,
    MANY_DEBTS,
    NO_SCORE,
    PASSWORD,
    RETRY_AFTER_S,
    SUPPRESSED,
    USER,
    CreditFault,
    DemoSerasa,
)
from services.demo.credit_answers import serasa_report
from tests.services.credit.contracts import (
    COMPANY,
    CREDENTIALS,
    KIND,
    PERSON,
    failure_of,
    is_explained,
    manager,
    report_of,
    without_secrets,
)
from tests.services.tls_server import Connection, TlsServer

LOGIN_KIND = {
    CreditFault.UNKNOWN: FailureKind.CONFIGURATION,
    CreditFault.PROTECTED: FailureKind.REQUESTER,
    CreditFault.DENIED: FailureKind.REQUESTER,
    CreditFault.THROTTLED: FailureKind.THROTTLED,
    CreditFault.BROKEN: FailureKind.UNAVAILABLE,
    CreditFault.DOWN: FailureKind.UNAVAILABLE,
    CreditFault.PAGE: FailureKind.UNAVAILABLE,
    CreditFault.EMPTY: FailureKind.UNAVAILABLE,
    CreditFault.MOVED: FailureKind.CONFIGURATION,
    CreditFault.CUT: FailureKind.NETWORK,
    CreditFault.RESET: FailureKind.NETWORK,
    CreditFault.HANG: FailureKind.TIMEOUT,
}


@pytest.fixture
def serasa(authority: DemoAuthority) -> Iterator[DemoSerasa]:
    with DemoSerasa(authority) as server:
        yield server


def provider(folders: Folders, read: float = 30.0, **more: Any) -> SerasaProvider:
    return SerasaProvider(folders, connect_timeout=30.0, read_timeout=read, **more)


def contract(address: str, environment: Environment = Environment.PRODUCTION, **fields: Any) -> Contract:
    fields = {"report": "RELATORIO_AVANCADO_PJ", "person_report": "RELATORIO_DO_CONTRATO_PF", **fields}
    return Contract(manager(Provider.SERASA, **fields), environment, address, CREDENTIALS)


def test_a_company_without_debts(folders: Folders, serasa: DemoSerasa) -> None:
    answer = provider(folders).ask(COMPANY, contract(serasa.address))
    report = answer.report
    assert (report.document, report.score, report.score_range, report.situation) == (
        COMPANY.value,
        820,
        "BAIXO",
        "ATIVA",
    )
    assert (report.negative_count, report.negative_total, report.suppressed) == (0, Decimal("0.00"), False)
    assert (answer.http_status, answer.request_id) == (200, "demonstracao-000001")
    assert b"identificationReport" in answer.raw


def test_debts_are_counted_and_listed(folders: Folders, serasa: DemoSerasa) -> None:
    serasa.known[COMPANY.value] = FEW_DEBTS
    report = report_of(provider(folders), contract(serasa.address))
    assert report.negatives is not None
    told = {group.kind: (group.count, group.total) for group in report.negatives if group.count}
    assert told == {
        "PEFIN (pendências comerciais)": (1, Decimal("334.62")),
        "Protestos": (1, Decimal("1200.00")),
    }
    assert report.negatives[0].records[0].creditor == "CREDOR FICTICIO SA"
    assert report.negative_total == Decimal("1534.62")


def test_what_has_no_amount_is_not_owed_at_zero(folders: Folders, serasa: DemoSerasa) -> None:
    serasa.known[COMPANY.value] = MANY_DEBTS
    report = report_of(provider(folders), contract(serasa.address))
    assert report.negatives is not None
    totals = {group.kind: group.total for group in report.negatives}
    assert totals["Cheques sem fundos"] is None
    assert totals["Ações judiciais"] == Decimal("80938.85")
    assert (report.negative_count, report.negative_total) == (6, None)


def test_a_score_that_was_not_calculated_is_none(folders: Folders, serasa: DemoSerasa) -> None:
    serasa.known[COMPANY.value] = NO_SCORE
    report = report_of(provider(folders), contract(serasa.address))
    assert report.score is None
    assert any("NAO CALCULADO" in notice for notice in report.notices)


def test_nothing_found_by_order_of_a_court_is_not_clean(folders: Folders, serasa: DemoSerasa) -> None:
    serasa.known[COMPANY.value] = SUPPRESSED
    report = report_of(provider(folders), contract(serasa.address))
    assert report.suppressed
    assert "NADA CONSTA" in report.notices[0]


def test_a_person_is_asked_about_at_its_own_address_by_its_own_report(folders: Folders, serasa: DemoSerasa) -> None:
    report = report_of(provider(folders), contract(serasa.address), PERSON)
    (asked,) = serasa.asked
    assert (report.document, report.name) == (PERSON.value, "EMPRESA FICTICIA 7735 LTDA")
    assert (asked.path, asked.report) == (
        "/credit-services/person-information-report/v1/creditreport",
        "RELATORIO_DO_CONTRATO_PF",
    )


def test_what_the_contract_says_goes_with_the_question_and_the_document_in_no_address(
    folders: Folders, serasa: DemoSerasa
) -> None:
    ours = contract(
        serasa.address,
        report="",
        features=("QSA", "SCORE_POSITIVO"),
        cost_center="42",
        consulting_document="00000000000191",
    )
    provider(folders).ask(COMPANY, ours)
    (asked,) = serasa.asked
    assert (asked.report, asked.features) == ("RELATORIO_BASICO_PJ", ("QSA", "SCORE_POSITIVO"))
    names = ("x-document-id", "x-retailer-document-id", "x-cost-center")
    assert [asked.headers[name] for name in names] == [COMPANY.value, "00000000000191", "42"]
    assert COMPANY.value not in asked.path


@pytest.mark.parametrize("fault", CreditFault)
def test_each_failure_is_told_by_what_is_done_then(folders: Folders, serasa: DemoSerasa, fault: CreditFault) -> None:
    serasa.faults[COMPANY.value] = fault
    failed = failure_of(provider(folders, read=1.0 if fault is CreditFault.HANG else 30.0), contract(serasa.address))
    assert is_explained(failed.failure, KIND[fault]), failed.failure
    assert without_secrets(failed), failed.failure
    assert len(serasa.asked) == 1  # whatever happened, it was not asked again
    if fault in (CreditFault.THROTTLED, CreditFault.DOWN):
        assert failed.retry_after_s == RETRY_AFTER_S
    if KIND[fault] is FailureKind.INVALID_RESPONSE:
        assert failed.raw  # it may have been charged: what came is kept
        assert failed.http_status == 200


@pytest.mark.parametrize("fault", LOGIN_KIND)
def test_each_failure_of_the_login_is_told(folders: Folders, serasa: DemoSerasa, fault: CreditFault) -> None:
    serasa.login_fault = fault
    failed = failure_of(provider(folders, read=1.0 if fault is CreditFault.HANG else 30.0), contract(serasa.address))
    assert is_explained(failed.failure, LOGIN_KIND[fault]), failed.failure
    assert without_secrets(failed)
    assert (failed.raw, serasa.asked) == (b"", [])


def test_wrong_credentials_are_told_as_such(folders: Folders, serasa: DemoSerasa) -> None:
    wrong = replace(contract(serasa.address), credentials=Credentials(USER, "outra"))
    failed = failure_of(provider(folders), wrong)
    assert failed.failure.kind is FailureKind.REQUESTER
    assert failed.http_status == 401


def test_one_login_serves_many_questions(folders: Folders, serasa: DemoSerasa) -> None:
    asking = provider(folders)
    for _ in range(3):
        asking.ask(COMPANY, contract(serasa.address))
    asking.close()
    asking.ask(PERSON, contract(serasa.address))
    assert (serasa.logins, len(serasa.asked)) == (1, 4)


def test_a_token_is_used_for_less_than_its_hour(folders: Folders, serasa: DemoSerasa) -> None:
    now = 0.0
    asking = provider(folders, clock=lambda: now)
    asking.ask(COMPANY, contract(serasa.address))
    now = TOKEN_LIFE_S - 1
    asking.ask(COMPANY, contract(serasa.address))
    assert serasa.logins == 1
    now = TOKEN_LIFE_S
    asking.ask(COMPANY, contract(serasa.address))
    assert serasa.logins == 2


def test_a_token_that_was_revoked_is_asked_for_once_more(folders: Folders, serasa: DemoSerasa) -> None:
    asking = provider(folders)
    asking.ask(COMPANY, contract(serasa.address))
    serasa.revoke()
    asking.ask(COMPANY, contract(serasa.address))
    assert (serasa.logins, len(serasa.asked)) == (2, 2)


def test_a_report_refused_with_a_new_token_is_of_the_contract(folders: Folders, serasa: DemoSerasa) -> None:
    asking = provider(folders)
    asking.ask(COMPANY, contract(serasa.address))
    serasa.always = CreditFault.DENIED
    failed = failure_of(asking, contract(serasa.address))
    assert failed.failure.kind is FailureKind.REQUESTER
    assert (serasa.logins, len(serasa.asked)) == (2, 3)
    serasa.always = None
    asking.ask(COMPANY, contract(serasa.address))  # the token refused is not used again
    assert serasa.logins == 3


def test_other_credentials_have_a_token_of_their_own(folders: Folders, serasa: DemoSerasa) -> None:
    asking = provider(folders)
    ours = contract(serasa.address)
    asking.ask(COMPANY, ours)
    failed = failure_of(asking, replace(ours, credentials=Credentials(USER, "outra")))
    assert failed.failure.kind is FailureKind.REQUESTER


def test_trying_the_access_asks_about_nobody(folders: Folders, serasa: DemoSerasa) -> None:
    assert "aceitou as credenciais" in provider(folders).try_access(contract(serasa.address))
    assert (serasa.logins, serasa.asked) == (1, [])
    serasa.password = "mudou"
    with pytest.raises(AnalysisFailed) as caught:
        provider(folders).try_access(contract(serasa.address))
    assert caught.value.failure.kind is FailureKind.REQUESTER


def test_a_person_without_a_report_of_its_own_holds_nobody_else(folders: Folders, serasa: DemoSerasa) -> None:
    failed = failure_of(provider(folders), contract(serasa.address, person_report=""), PERSON)
    assert is_explained(failed.failure, FailureKind.REJECTION)
    assert serasa.logins == 0


@pytest.mark.parametrize(
    ("fields", "user"), [({"cost_center": "MATRIZ"}, USER), ({}, "com:dois-pontos")], ids=["centro", "usuário"]
)
def test_what_cannot_be_sent_is_of_the_registration(
    folders: Folders, serasa: DemoSerasa, fields: dict[str, Any], user: str
) -> None:
    ours = replace(contract(serasa.address, **fields), credentials=Credentials(user, PASSWORD))
    failed = failure_of(provider(folders), ours)
    assert is_explained(failed.failure, FailureKind.CONFIGURATION)
    assert serasa.asked == []


def test_in_homologation_a_report_of_another_document_is_shown_as_made_up(folders: Folders, serasa: DemoSerasa) -> None:
    serasa.faults[COMPANY.value] = CreditFault.ANOTHER
    report = report_of(provider(folders), contract(serasa.address, Environment.TEST))
    assert "dados inventados" in report.notices[-1]


def test_a_server_that_nobody_vouches_for_gets_nothing(data_folder: Path, serasa: DemoSerasa) -> None:
    failed = failure_of(provider(Folders(data_folder, data_folder)), contract(serasa.address))
    assert failed.failure.kind is FailureKind.TRUST
    assert serasa.logins == 0


def test_an_address_where_nobody_listens(folders: Folders, serasa: DemoSerasa) -> None:
    address = serasa.address
    serasa.stop()
    assert failure_of(provider(folders), contract(address)).failure.kind is FailureKind.NETWORK


def test_what_is_no_address(folders: Folders) -> None:
    for address in ("https://", "http://localhost:1", "https://localhost:porta"):
        assert is_explained(failure_of(provider(folders), contract(address)).failure, FailureKind.CONFIGURATION)


@pytest.mark.parametrize(
    ("in_login", "kind"), [(True, FailureKind.CONFIGURATION), (False, FailureKind.UNCERTAIN)], ids=["login", "pergunta"]
)
def test_what_does_not_speak_http(
    folders: Folders, authority: DemoAuthority, in_login: bool, kind: FailureKind
) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        if not in_login and number == 1:
            connection.answer(b'{"accessToken": "t"}', "201 Created")
        else:
            connection.tls.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    with TlsServer(authority.server_context(require_client=False), script) as server:
        failed = failure_of(provider(folders), contract(f"https://localhost:{server.port}"))
    assert is_explained(failed.failure, kind)


def test_giving_up_before_the_question_leaves_sends_nothing(folders: Folders, serasa: DemoSerasa) -> None:
    with pytest.raises(AnalysisFailed) as caught:
        provider(folders).ask(COMPANY, contract(serasa.address), given_up=lambda: True)
    assert caught.value.failure.kind is FailureKind.CANCELLED
    assert serasa.logins == 0


@pytest.mark.parametrize(
    ("in_login", "kind"), [(True, FailureKind.CANCELLED), (False, FailureKind.UNCERTAIN)], ids=["login", "pergunta"]
)
def test_a_query_is_cancelled_while_it_waits(
    folders: Folders, authority: DemoAuthority, in_login: bool, kind: FailureKind
) -> None:
    waiting = threading.Event()
    token = b'{"accessToken": "t", "expiresIn": "3600"}'

    def script(connection: Connection, number: int) -> None:
        connection.request()
        if not in_login and number == 1:
            connection.answer(token, "201 Created")
            return
        waiting.set()
        connection.request()  # until the client leaves

    with TlsServer(authority.server_context(require_client=False), script) as server:
        asking = provider(folders, read=60.0)
        caught: list[AnalysisFailed] = []
        thread = threading.Thread(
            target=lambda: caught.append(failure_of(asking, contract(f"https://localhost:{server.port}")))
        )
        thread.start()
        assert waiting.wait(30)
        assert asking.cancel()
        thread.join(30)
    assert not asking.cancel()
    assert caught[0].failure.kind is kind
    assert without_secrets(caught[0])


def test_an_answer_that_never_ends_is_ended(
    folders: Folders, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_BODY_TIMEOUT_S", 0.1)
    over = threading.Event()

    def script(connection: Connection, number: int) -> None:
        connection.request()
        if number == 1:
            connection.answer(b'{"accessToken": "t"}', "201 Created")
            return
        with suppress(OSError):
            connection.tls.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.05):
                connection.tls.sendall(b"X-Mais: 1\r\n")

    with TlsServer(authority.server_context(require_client=False), script) as server:
        asking = SerasaProvider(folders, connect_timeout=1.0, read_timeout=1.0)
        failed = failure_of(asking, contract(f"https://localhost:{server.port}"))
        over.set()
    assert is_explained(failed.failure, FailureKind.UNCERTAIN)
    assert "não terminou a resposta a tempo" in failed.failure.what
    assert without_secrets(failed)


def test_an_answer_beyond_all_measure_is_not_read_to_its_end(folders: Folders, authority: DemoAuthority) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        body = b'{"accessToken": "t"}' if number == 1 else b" " * (MAX_BODY + 1)
        connection.answer(body, "200 OK")

    with TlsServer(authority.server_context(require_client=False), script) as server:
        failed = failure_of(provider(folders), contract(f"https://localhost:{server.port}"))
    assert failed.failure.kind is FailureKind.INVALID_RESPONSE


@pytest.mark.parametrize("life", ['"expiresIn": "30"', '"expiresIn": "1"', '"expiresIn": "x"', '"expiresIn": null'])
def test_the_life_of_a_token_is_read_in_seconds_too(folders: Folders, authority: DemoAuthority, life: str) -> None:
    logins = 0
    said = serasa_report(COMPANY, NO_SCORE, "X", date(2026, 11, 20))

    def script(connection: Connection, number: int) -> None:
        nonlocal logins
        if connection.request().startswith(b"POST"):
            logins += 1
            connection.answer(f'{{"accessToken": "t", {life}}}'.encode(), "201 Created")
        else:
            connection.answer(said)

    with TlsServer(authority.server_context(require_client=False), script) as server:
        asking = provider(folders)
        for _ in range(2):
            asking.ask(COMPANY, contract(f"https://localhost:{server.port}"))
    assert logins == (2 if "30" in life or '"1"' in life else 1)


@pytest.mark.parametrize("token", ['"com espaço"', '"linha\\r\\nX: 1"', '"ação"', "7", '""', "null"])
def test_a_token_that_no_header_carries_is_none(folders: Folders, authority: DemoAuthority, token: str) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(f'{{"accessToken": {token}}}'.encode(), "201 Created")

    with TlsServer(authority.server_context(require_client=False), script) as server:
        failed = failure_of(provider(folders), contract(f"https://localhost:{server.port}"))
    assert is_explained(failed.failure, FailureKind.UNAVAILABLE)
    assert without_secrets(failed, "com espaço", "ação")
    assert failed.raw == b""


def test_the_wait_granted_has_a_limit(folders: Folders, authority: DemoAuthority) -> None:
    def script(connection: Connection, number: int) -> None:
        connection.request()
        connection.answer(b"", "429 Too Many Requests", "Retry-After: 9999999")

    with TlsServer(authority.server_context(require_client=False), script) as server:
        failed = failure_of(provider(folders), contract(f"https://localhost:{server.port}"))
    assert (failed.failure.kind, failed.retry_after_s) == (FailureKind.THROTTLED, MAX_WAIT_S)

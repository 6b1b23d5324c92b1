"""A gerenciadora known by its mapping alone, the shipped model: over TLS, all that it answers and how it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.data.credit_managers import Manager
from app.documents import parse_document
from app.domain import Document, DocumentKind, FailureKind
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.credit.credentials import Credentials
from services.credit.generic import GenericProvider
from services.credit.mapping import MODEL
from services.credit.provider import AnalysisFailed, Contract
from services.demo.ca import DemoAuthority
from services.demo.credit_generic import PASSWORD, USER, Debt, DemoMapped, DemoReport, MappedFault
from services.demo.loopback import Ending

CNPJ = parse_document("11222333000181")
CPF = parse_document("52998224725")
READ_TIMEOUT_S = 30.0
"""Longer than any answer that comes, on a loaded machine too."""
_LOGIN = MODEL.read_text("utf-8").partition("\n[acesso.login]\n")[2].partition("\n[acesso.teste]\n")[0]
NO_LOGIN = (f"\n[acesso.login]\n{_LOGIN}", "")
"""What makes of the model a mapping without a login (see `mapped`)."""


@pytest.fixture
def server(authority: DemoAuthority) -> Iterator[DemoMapped]:
    with DemoMapped(authority) as server:
        yield server


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    """Folders that trust the server, with the model as the mapping of a gerenciadora."""
    folders = Folders(data_folder, data_folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    folders.credit_mappings_folder.mkdir()
    (folders.credit_mappings_folder / "modelo.toml").write_bytes(MODEL.read_bytes())
    return folders


@pytest.fixture
def provider(folders: Folders) -> Iterator[GenericProvider]:
    provider = GenericProvider(folders, read_timeout=READ_TIMEOUT_S)
    yield provider
    provider.close()


def contract_with(server: DemoMapped, *, password: str = PASSWORD, mapping: str = "modelo.toml") -> Contract:
    manager = Manager(
        7,
        "Modelo",
        Provider.GENERIC,
        None,
        {Environment.PRODUCTION: server.address, Environment.TEST: ""},
        "COMPLETO",
        "PESSOA",
        ("SOCIOS", "GRUPO"),
        "42",
        "",
        mapping,
        "0123456789abcdef",
        True,
    )
    return Contract(manager, Environment.PRODUCTION, server.address, Credentials(USER, password))


def failed(asking: Callable[[], object]) -> AnalysisFailed:
    with pytest.raises(AnalysisFailed) as caught:
        asking()
    failure = caught.value.failure
    told = f"{failure.sentence} {failure.details} {caught.value}"
    assert PASSWORD not in told
    assert CNPJ.value not in told
    assert str(CNPJ) not in told
    assert "token-de-demonstracao" not in told
    return caught.value


def mapped(folders: Folders, *changes: tuple[str, str]) -> str:
    """The name of a mapping that is the model with those texts changed."""
    text = MODEL.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folders.credit_mappings_folder / "outro.toml").write_text(text, encoding="utf-8")
    return "outro.toml"


def test_a_report_comes_whole(provider: GenericProvider, server: DemoMapped) -> None:
    server.reports[CNPJ.value] = DemoReport(
        "POSTO INVENTADO LTDA",
        score=412,
        pending=[Debt("2026-03-02", "CREDOR A", Decimal("1500.10")), Debt("2025-11-20", "CREDOR B", Decimal("99.90"))],
        protests=[Debt("2026-01-15", "1º CARTÓRIO", Decimal("334.62"))],
        notices=["Cadastro atualizado há mais de um ano"],
    )
    answer = provider.ask(CNPJ, contract_with(server))
    report = answer.report
    assert (report.document, report.name, report.situation) == (CNPJ.value, "POSTO INVENTADO LTDA", "ATIVA")
    assert (report.score, report.score_model, report.score_range, report.default_rate) == (
        412,
        "MODELO PJ",
        "BAIXO",
        "4,2%",
    )
    assert (report.negative_count, report.negative_total) == (3, Decimal("1934.62"))
    assert report.negatives is not None
    pending, protests = report.negatives
    assert (pending.kind, pending.count, str(pending.first), str(pending.last)) == (
        "Pendências financeiras",
        2,
        "2025-11-20",
        "2026-03-02",
    )
    assert (pending.records[0].creditor, pending.records[0].amount) == ("CREDOR A", Decimal("1500.10"))
    assert (protests.count, protests.total, protests.records[0].creditor) == (1, Decimal("334.62"), "1º CARTÓRIO")
    assert report.notices == ("Cadastro atualizado há mais de um ano",)
    assert report.facts == (("Fundação", "2009-04-17"), ("Consultas nos últimos 90 dias", "3"))
    assert (answer.http_status, answer.request_id) == (200, "DEMO-000001")
    assert CNPJ.value.encode() in answer.raw
    (asked,) = server.queried
    assert (asked.document, asked.person, asked.product) == (CNPJ.value, "J", "COMPLETO")
    assert (asked.features, asked.cost_center) == (("SOCIOS", "GRUPO"), "42")


def test_a_person_is_asked_about_by_the_report_of_persons(provider: GenericProvider, server: DemoMapped) -> None:
    report = provider.ask(CPF, contract_with(server)).report
    assert (report.document, report.negatives, report.negative_total) == (CPF.value, report.negatives, Decimal(0))
    assert (server.queried[0].person, server.queried[0].product, server.queried[0].cost_center) == ("F", "PESSOA", "")


def test_a_login_serves_many_queries_and_is_made_again_when_its_token_is_not_taken(
    provider: GenericProvider, server: DemoMapped
) -> None:
    contract = contract_with(server)
    for _ in range(3):
        provider.ask(CNPJ, contract)
    assert (server.logins, len(server.queried)) == (1, 3)
    server.revoke()
    provider.ask(CNPJ, contract)
    assert (server.logins, len(server.queried)) == (2, 4)
    server.always[CNPJ.value] = MappedFault(401, error="TOKEN")
    came = failed(lambda: provider.ask(CNPJ, contract))
    assert (came.failure.kind, server.logins) == (FailureKind.REQUESTER, 3)
    assert "Um erro pedido" in came.failure.cause


def test_other_credentials_have_a_token_of_their_own(provider: GenericProvider, server: DemoMapped) -> None:
    provider.ask(CNPJ, contract_with(server))
    came = failed(lambda: provider.ask(CNPJ, contract_with(server, password="outra")))
    assert came.failure.kind is FailureKind.REQUESTER
    assert len(server.queried) == 1


def test_an_answer_without_a_code_is_known_by_its_status(provider: GenericProvider, server: DemoMapped) -> None:
    kinds = {
        401: FailureKind.REQUESTER,
        402: FailureKind.REQUESTER,  # the model says so
        403: FailureKind.REJECTION,
        404: FailureKind.REJECTION,
        412: FailureKind.REJECTION,
        422: FailureKind.REJECTION,
        429: FailureKind.THROTTLED,
        500: FailureKind.UNAVAILABLE,
        503: FailureKind.UNAVAILABLE,
        302: FailureKind.CONFIGURATION,
    }
    for status, kind in kinds.items():
        server.always[CNPJ.value] = MappedFault(status, b"{}", headers=(("Retry-After", "120"),))
        came = failed(lambda: provider.ask(CNPJ, contract_with(server)))
        assert (came.failure.kind, came.http_status, came.raw) == (kind, status, b"{}"), status
        assert came.retry_after_s == (120.0 if status in (429, 503) else None)


def test_a_refusal_is_told_in_the_words_of_the_gerenciadora(provider: GenericProvider, server: DemoMapped) -> None:
    server.always[CNPJ.value] = MappedFault(200, error="CONTRATO_SUSPENSO")
    came = failed(lambda: provider.ask(CNPJ, contract_with(server)))
    assert came.failure.kind is FailureKind.REQUESTER
    assert "“Um erro pedido pela demonstração.”" in came.failure.cause
    said = '{"erro": {"codigo": "CONTRATO_SUSPENSO", "mensagem": "Nada sobre 11.222.333/0001-81 nem 11222333000181"}}'
    server.always[CNPJ.value] = MappedFault(200, said.encode())
    came = failed(lambda: provider.ask(CNPJ, contract_with(server)))
    assert "“Nada sobre … nem …”" in came.failure.cause
    server.always[CNPJ.value] = MappedFault(200, error="QUALQUER_OUTRO")
    assert failed(lambda: provider.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.REJECTION


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Manuten\xc3\xa7\xc3\xa3o</body></html>",
        b"",
        b"[]",
        b"{",
        b'{"consulta": {"documento": "99888777000166"}, "score": {"pontos": 900}}',
        b'{"score": {"pontos": 900}}',
        b'{"consulta": {"documento": "11222333000181"}, "score": {"pontos": 712.5}}',
        b'{"consulta": {"documento": "11222333000181"}, "restricoes": {"protestos": 3}}',
        b'{"consulta": {"documento": "11222333000181"}, "restricoes": {"protestos": [{"valor": "mil"}]}}',
        b'{"consulta": {"documento": "11222333000181"},'
        b' "restricoes": {"pendencias": {"quantidade": 0, "valor": 10.0}}}',
    ],
)
def test_what_cannot_be_relied_on_is_no_report(provider: GenericProvider, server: DemoMapped, body: bytes) -> None:
    server.always[CNPJ.value] = MappedFault(200, body or b" ")
    came = failed(lambda: provider.ask(CNPJ, contract_with(server)))
    assert (came.failure.kind, came.raw) == (FailureKind.INVALID_RESPONSE, body or b" ")


def test_tests_answer_about_documents_of_their_own_and_say_so(provider: GenericProvider, server: DemoMapped) -> None:
    server.always[CNPJ.value] = MappedFault(200, b'{"consulta": {"documento": "99888777000166"}}')
    contract = replace(contract_with(server), environment=Environment.TEST)
    report = provider.ask(CNPJ, contract).report
    assert (report.document, report.score, report.suppressed) == (CNPJ.value, None, True)
    assert any("dados inventados" in notice for notice in report.notices)


def test_what_is_not_told_is_never_taken_for_good(provider: GenericProvider, server: DemoMapped) -> None:
    server.reports[CNPJ.value] = DemoReport(score="NC", pending=None)
    report = provider.ask(CNPJ, contract_with(server)).report
    assert (report.score, report.suppressed, report.negative_count) == (None, True, 0)
    assert report.notices == (
        "No lugar do score a resposta diz “NC”.",
        "A resposta não diz nada de: Pendências financeiras.",
    )
    server.reports[CNPJ.value] = DemoReport(suppressed=True)
    assert provider.ask(CNPJ, contract_with(server)).report.suppressed


def test_a_question_that_left_and_was_not_answered_is_uncertain(
    folders: Folders, server: DemoMapped, provider: GenericProvider
) -> None:
    for ending in (Ending.CUT, Ending.RESET):
        server.always[CNPJ.value] = MappedFault(200, b'{"score": 1}', ending=ending)
        assert failed(lambda: provider.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.UNCERTAIN
    hasty = GenericProvider(folders, read_timeout=0.5)
    provider.ask(CPF, contract_with(server))
    server.always[CNPJ.value] = MappedFault(ending=Ending.HANG)
    assert failed(lambda: hasty.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.UNCERTAIN
    assert len(server.queried) == 4  # none of them twice


def test_a_login_that_was_not_answered_is_no_question(provider: GenericProvider, server: DemoMapped) -> None:
    server.login_fault = MappedFault(ending=Ending.RESET)
    assert failed(lambda: provider.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.NETWORK
    server.login_fault = MappedFault(200, b'{"token": "outro"}')
    came = failed(lambda: provider.ask(CNPJ, contract_with(server)))
    assert came.failure.kind is FailureKind.CONFIGURATION
    assert "access_token" in came.failure.cause
    server.stop()
    assert failed(lambda: provider.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.NETWORK
    assert not server.queried


def test_a_password_that_is_not_taken_is_never_the_fault_of_the_document(
    provider: GenericProvider, server: DemoMapped
) -> None:
    came = failed(lambda: provider.ask(CNPJ, contract_with(server, password="outra-senha")))
    assert (came.failure.kind, came.raw) == (FailureKind.REQUESTER, b"")
    assert failed(lambda: provider.try_access(contract_with(server, password="outra"))).failure.kind is (
        FailureKind.REQUESTER
    )
    assert "aceitou as credenciais" in provider.try_access(contract_with(server))
    assert not server.queried


def test_a_query_is_given_up(provider: GenericProvider, server: DemoMapped) -> None:
    assert not provider.cancel()
    came = failed(lambda: provider.ask(CNPJ, contract_with(server), given_up=lambda: True))
    assert came.failure.kind is FailureKind.CANCELLED
    came = failed(lambda: provider.try_access(contract_with(server), given_up=lambda: True))
    assert (came.failure.kind, server.logins) == (FailureKind.CANCELLED, 0)
    server.always[CNPJ.value] = MappedFault(ending=Ending.HANG)
    ended = threading.Event()

    def cancel() -> None:
        while not ended.wait(0.01):
            if server.queried:
                provider.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    try:
        assert failed(lambda: provider.ask(CNPJ, contract_with(server))).failure.kind is FailureKind.UNCERTAIN
    finally:
        ended.set()
        canceller.join()


def test_the_other_forms_of_access(folders: Folders, provider: GenericProvider, server: DemoMapped) -> None:
    assert provider.ask(CNPJ, contract_with(server))
    token = replace(contract_with(server), credentials=Credentials("", "token-de-demonstracao-0001"))
    name = mapped(folders, NO_LOGIN, ('\nforma = "login"\n', '\nforma = "token"\n'))
    fixed = replace(token, manager=replace(token.manager, mapping_file=name))
    assert provider.ask(CNPJ, fixed).report.score == 780
    assert "no endereço de teste" in provider.try_access(fixed)
    blank = replace(fixed, credentials=Credentials("", "duas palavras"))
    came = failed(lambda: provider.ask(CNPJ, blank))
    assert (came.failure.kind, "duas palavras" in came.failure.sentence) == (FailureKind.CONFIGURATION, False)
    mapped(folders, NO_LOGIN, ('\nforma = "login"\n', '\nforma = "cabecalho"\ncabecalho = "Authorization"\n'))
    headed = replace(fixed, credentials=Credentials("", "token-de-demonstracao-0001"))
    assert provider.ask(CNPJ, headed).report.score == 780
    mapped(folders, NO_LOGIN, ('\nforma = "login"\n', '\nforma = "basica"\n'))
    assert failed(lambda: provider.ask(CNPJ, fixed)).failure.kind is FailureKind.REQUESTER  # the server wants a token
    assert server.logins == 1


@pytest.mark.parametrize("password", [f"{PASSWORD} ", f" {PASSWORD}", f"{PASSWORD}ã"])
def test_a_password_that_no_header_can_carry_is_refused_without_being_told(
    folders: Folders, provider: GenericProvider, server: DemoMapped, password: str
) -> None:
    name = mapped(
        folders,
        NO_LOGIN,
        ('\nforma = "login"\n', '\nforma = "campos"\n'),
        ('"{centro_custo}" }', '"{centro_custo}", X-Chave = "{senha}" }'),
    )
    came = failed(lambda: provider.ask(CNPJ, contract_with(server, password=password, mapping=name)))
    assert came.failure.kind is FailureKind.CONFIGURATION
    assert "X-Chave" in came.failure.what


def test_a_user_with_a_colon_is_refused_where_it_would_be_taken_for_the_end_of_it(
    folders: Folders, provider: GenericProvider, server: DemoMapped
) -> None:
    name = mapped(folders, NO_LOGIN, ('\nforma = "login"\n', '\nforma = "basica"\n'))
    contract = replace(contract_with(server, mapping=name), credentials=Credentials("a:b", PASSWORD))
    came = failed(lambda: provider.ask(CNPJ, contract))
    assert came.failure.kind is FailureKind.CONFIGURATION
    assert "dois-pontos" in came.failure.what


def test_a_kind_of_document_without_a_question_is_not_asked(
    folders: Folders, provider: GenericProvider, server: DemoMapped
) -> None:
    text = MODEL.read_text("utf-8").partition("\n[consulta.cpf]\n")[2].partition("# ---")[0]
    name = mapped(folders, (f"\n[consulta.cpf]\n{text}", ""))
    came = failed(lambda: provider.ask(CPF, contract_with(server, mapping=name)))
    assert (came.failure.kind, server.logins) == (FailureKind.REJECTION, 0)
    assert "não é consultada por CPF" in came.failure.what


def test_a_document_goes_in_the_address_only_where_the_file_lets_it(
    folders: Folders, provider: GenericProvider, server: DemoMapped
) -> None:
    asked = ('metodo = "POST"\ncaminho = "/v1/relatorios"', 'metodo = "POST"\ncaminho = "/v1/{documento}"')
    refused = failed(lambda: provider.ask(CNPJ, contract_with(server, mapping=mapped(folders, asked))))
    assert refused.failure.kind is FailureKind.CONFIGURATION
    assert "documento_no_endereco = true" in refused.failure.what
    name = mapped(folders, asked, ("# documento_no_endereco = true", "documento_no_endereco = true"))
    came = failed(lambda: provider.ask(CNPJ, contract_with(server, mapping=name)))
    assert came.failure.kind is FailureKind.REJECTION  # there is nothing there
    assert "/v1/{documento}" in came.failure.details


def test_a_mapping_that_is_not_there_is_said(folders: Folders, provider: GenericProvider, server: DemoMapped) -> None:
    for name, said in (
        ("", "Falta o arquivo de mapeamento"),
        ("nenhum.toml", "não está na pasta"),
        ("../modelo.toml", "não é um nome de arquivo"),
    ):
        came = failed(lambda name=name: provider.ask(CNPJ, contract_with(server, mapping=name)))  # type: ignore[misc]
        assert came.failure.kind is FailureKind.CONFIGURATION
        assert said in came.failure.what


def test_an_alphanumeric_cnpj_is_asked_and_read(provider: GenericProvider, server: DemoMapped) -> None:
    document = Document(DocumentKind.CNPJ, "AB12CD34000105")
    assert provider.ask(document, contract_with(server)).report.document == "AB12CD34000105"

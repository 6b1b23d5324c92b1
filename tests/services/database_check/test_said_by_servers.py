"""The test of the connection against what servers say in two languages and encodings, and against what is no server."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.data.server_refusal import Refusal, decoded, explain, refusal_of
from app.policies import SslMode
from services.check_list import Outcome, ToCopy, ToRetry, as_document, as_text
from services.database_check import pg_hba
from services.database_check.check import check_database
from services.database_check.steps import DatabaseStep
from tests.services.database_check.scripted_server import refusal, server_that_says
from tests.services.database_check.settings import PASSWORD, failed, url_of

_NOT_TAKEN = "não aceitou o usuário"
_ASK_PASSWORD = b"R" + struct.pack("!ii", 8, 3)
_MD5 = b"R" + struct.pack("!ii", 12, 5) + b"sal!"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("28000", 'no pg_hba.conf entry for host "10.0.0.2", user "x", no encryption', "não autoriza este computador"),
        (
            "28000",
            'nenhuma entrada no pg_hba.conf para máquina "10.0.0.2", usuário "x"',
            "não autoriza este computador",
        ),
        ("28000", "kein pg_hba.conf-Eintrag für Host", "não autoriza este computador"),  # the code is enough
        ("28000", 'pg_hba.conf rejeitou conexão para máquina "10.0.0.2"', "uma linha que o rejeita"),
        ("53300", "sorry, too many clients already", "atingiu o limite de conexões"),
        ("53300", "desculpe, muitos clientes conectados", "atingiu o limite de conexões"),
        ("57P03", "o sistema de banco de dados está iniciando", "está iniciando"),
        ("57P03", "das Datenbanksystem startet", "está iniciando"),
    ],
)
def test_before_the_login_the_code_is_understood_in_any_language(
    code: str, text: str, expected: str, encoding: str
) -> None:
    with server_that_says(refusal(code, text.encode(encoding))) as port:
        step = failed(url_of(port), DatabaseStep.ADMISSION)
    assert expected in step.found
    assert step.failure is not None
    assert text in step.failure.details, "the server's own words, with its accents"
    if "10.0.0.2" in text:
        assert [one.text for one in step.remedies if isinstance(one, ToCopy)] == [
            "host  retaguarda  operador  10.0.0.0/24  scram-sha-256"
        ]


def test_without_the_servers_authority_it_says_where_libpq_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each user has a place of their own, which the account of a service has not."""
    missing = tmp_path / "raiz.crt"
    monkeypatch.setenv("PGSSLROOTCERT", str(missing))
    with server_that_says(b"", ssl=b"S") as port, pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(f"host=127.0.0.1 port={port} user=x sslmode=verify-full gssencmode=disable")
    said = str(caught.value)
    assert str(missing) in said, "libpq takes the file from there"
    assert refusal_of(said) is Refusal.CERTIFICATE
    todo = explain(Refusal.CERTIFICATE, url_of(port), said).todo
    assert "PGSSLROOTCERT" in todo and r"%APPDATA%\postgresql\root.crt" in todo


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize(
    ("code", "text", "step", "expected"),
    [
        (
            "28P01",
            'autenticação do tipo senha falhou para o usuário "x"',
            DatabaseStep.PASSWORD,
            "não aceitou o usuário",
        ),
        (
            "28P01",
            'autenticação do tipo password falhou para usuário "x"',
            DatabaseStep.PASSWORD,
            "não aceitou o usuário",
        ),
        ("28000", 'role "x" não existe', DatabaseStep.PASSWORD, "não existe no servidor"),
        ("28000", 'role "x" não tem permissão para entrar', DatabaseStep.PASSWORD, "não pode entrar"),
        ("3D000", 'banco de dados "x" não existe', DatabaseStep.DATABASE, "O banco “retaguarda” não existe"),
        ("55000", 'banco de dados "x" não está aceitando conexões', DatabaseStep.DATABASE, "fechado para conexões"),
        ("42501", 'permissão negada para banco de dados "x"', DatabaseStep.DATABASE, "não tem permissão"),
        ("53300", 'muitas conexões para role "x"', DatabaseStep.DATABASE, "sem conexões livres"),
        (
            "53300",
            "lacunas de conexão remanescentes são reservadas para conexões de super-usuário",
            DatabaseStep.DATABASE,
            "sem conexões livres",
        ),
        ("XX000", "aconteceu algo que ninguém espera", DatabaseStep.PASSWORD, "Não foi possível entrar"),
    ],
)
def test_after_the_password_only_the_words_tell(
    code: str, text: str, step: DatabaseStep, expected: str, encoding: str
) -> None:
    with server_that_says(_ASK_PASSWORD, refusal(code, text.encode(encoding))) as port:
        found = failed(url_of(port), step)
    assert expected in found.found
    assert found.failure is not None
    assert text in found.failure.details


def test_a_server_of_pages_on_the_port() -> None:
    page = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    with server_that_says(page, ssl=page) as port:
        step = failed(url_of(port), DatabaseStep.PROTOCOL)
    assert step.found == f"A porta {port} de 127.0.0.1 responde, mas não como um PostgreSQL."
    assert step.failure is not None and "HTTP" in step.failure.cause


@pytest.mark.parametrize(("start_up", "ssl"), [(b"SSH-2.0-x\r\n", b"N"), (b"", b"SSH-2.0-x\r\n"), (b"", b"\x00\x01")])
def test_another_program_on_the_port(start_up: bytes, ssl: bytes) -> None:
    with server_that_says(start_up, ssl=ssl) as port:
        *_, report = check_database(url_of(port), lambda: False)
    assert report.failed is not None
    assert report.sentence == f"A porta {port} de 127.0.0.1 responde, mas não como um PostgreSQL."


@pytest.mark.parametrize(("ssl", "step"), [(b"", DatabaseStep.PROTOCOL), (b"N", DatabaseStep.ADMISSION)])
def test_a_server_that_hangs_up(ssl: bytes, step: DatabaseStep) -> None:
    with server_that_says(b"", ssl=ssl) as port:
        found = failed(url_of(port), step)
    assert "encerrou a conexão" in found.found
    assert found.remedies == (ToRetry(),)


def test_a_port_that_nobody_listens_on() -> None:
    with socket.socket() as taken:  # so that nobody else takes it meanwhile
        taken.bind(("127.0.0.1", 0))
        step = failed(url_of(taken.getsockname()[1]), DatabaseStep.CONNECTION)
    assert "nenhum programa atende na porta" in step.found
    assert step.failure is not None and "listen_addresses" in step.failure.todo


def test_a_port_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = url_of(listener.getsockname()[1]).update_query_dict({"connect_timeout": "0.2"})
        step = failed(url, DatabaseStep.PROTOCOL)
    assert "não respondeu em 0.2 segundos" in step.found
    retry, firewall = step.remedies
    assert retry == ToRetry()
    assert isinstance(firewall, ToCopy) and "-Profile Private,Domain" in firewall.text


def test_silence_is_given_up_at_once() -> None:
    listening = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = url_of(listener.getsockname()[1]).update_query_dict({"connect_timeout": "3600"})
        for report in check_database(url, listening.is_set):
            if report.steps and report.steps[-1].step is DatabaseStep.CONNECTION:
                listening.set()
    assert report.cancelled
    assert report.summary == "O teste foi cancelado."


def test_a_login_that_is_never_answered_is_given_up_at_once() -> None:
    entering = threading.Event()
    with server_that_says(_MD5) as port:
        url = url_of(port).update_query_dict({"connect_timeout": "3600"})
        for report in check_database(url, entering.is_set):
            if report.steps and report.steps[-1].step is DatabaseStep.ADMISSION:
                entering.set()
    assert report.cancelled
    assert report.summary == "O teste foi cancelado."


def test_a_name_that_nobody_knows() -> None:
    step = failed(url_of(5432, host="nenhum.invalid"), DatabaseStep.NAME)
    assert step.found == "O nome “nenhum.invalid” não foi encontrado na rede."


@pytest.mark.parametrize("mode", list(SslMode))
def test_the_report_is_told_without_the_password(mode: SslMode) -> None:
    with server_that_says(_ASK_PASSWORD, refusal("28P01", b"password authentication failed for user")) as port:
        *_, report = check_database(url_of(port, ssl=mode), lambda: False)
    document = as_document(report)
    assert document["resultado"] == "falha"
    assert [step["passo"] for step in document["passos"]] == [step.value for step in DatabaseStep]
    assert PASSWORD not in as_text(report) + str(document)
    assert report.outcome is Outcome.FAILED


@given(st.binary(max_size=200))
def test_any_answer_of_a_server_is_text(said: bytes) -> None:
    assert isinstance(decoded(said), str)


@given(st.text(max_size=80), st.sampled_from(["", "28000", "53300", "3D000", "57P03", "99999"]))
def test_any_message_has_an_explanation(message: str, state: str) -> None:
    assert isinstance(refusal_of(message, state), Refusal)


@given(st.text(min_size=1, max_size=63).filter(lambda name: "\0" not in name), st.ip_addresses())
def test_the_line_of_pg_hba_holds_any_name_and_address(name: str, address: object) -> None:
    line = pg_hba.line(name, name, str(address), encrypted=False)
    assert line.startswith("host  ") and line.endswith("  scram-sha-256")
    assert line.count('"') % 2 == 0


def test_a_database_called_as_a_word_of_pg_hba_is_quoted() -> None:
    assert pg_hba.line("all", "Ana Maria", "192.168.0.7", encrypted=True) == (
        'hostssl  "all"  "Ana Maria"  192.168.0.0/24  scram-sha-256'
    )
    assert "fe80::/64" in pg_hba.line("a", "b", "fe80::1%eth0", encrypted=False)

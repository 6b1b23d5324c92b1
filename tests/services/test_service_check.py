"""The test of the counters' service, against the service itself, other programs, and ports that cannot be had."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import URL

from app.data.server_refusal import Refusal, explain
from app.policies import DatabaseKind
from app.settings.catalog import (
    DATABASE_KIND,
    DATABASE_PORT,
    INTEGRATION_ACTIVE,
    INTEGRATION_ADDRESS,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_PORT,
    SERVER,
)
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from app.version import VERSION
from services import port_users, service_check, waited_socket
from services.check_list import CheckReport, Outcome, StepReport, ToCopy, ToRetry
from services.page_request import read_page
from services.port_users import PortUser
from services.service_check import ServiceStep, check_service
from tests.postgresql import Server
from tests.self_signed import self_signed
from tests.services.scripted_port import scripted_port

_OURS = f'{{"situacao": "atendendo", "versao": "{VERSION}"}}'.encode()
_ELSEWHERE = "198.51.100.7"  # of TEST-NET-2 (RFC 5737): nobody's


def settings(port: int, **other: Any) -> Snapshot:
    values: dict[Setting[Any], Any] = {
        SERVER: other.get("server", "127.0.0.1"),
        INTEGRATION_PORT: port,
        INTEGRATION_ADDRESS: other.get("address", "127.0.0.1"),
        INTEGRATION_ACTIVE: other.get("active", True),
        INTEGRATION_CERTIFICATE: other.get("certificate", ""),
        DATABASE_KIND: DatabaseKind.SERVER,
        DATABASE_PORT: other.get("database_port", 5432),
    }
    return Snapshot({(setting, 0): Kept(value) for setting, value in values.items()})


def checked(snapshot: Snapshot) -> CheckReport:
    """The report of a whole test, which is well formed however it ended."""
    *_, report = check_service(snapshot, lambda: False)
    assert report.finished
    assert [step.step for step in report.steps] == list(ServiceStep)
    assert all(step.found and (step.failure is not None) is (step.outcome is Outcome.FAILED) for step in report.steps)
    return report


def failed(snapshot: Snapshot, at: ServiceStep) -> StepReport:
    """The step that failed, which is `at`."""
    report = checked(snapshot)
    assert report.failed is not None, report.summary
    assert report.failed.step is at, report.failed
    assert report.failed.failure is not None and report.failed.failure.todo
    return report.failed


def step_of(report: CheckReport, step: ServiceStep) -> StepReport:
    return next(one for one in report.steps if one.step is step)


def page(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nServer: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def listening(answer: bytes, wrap: Callable[[socket.socket], socket.socket] = lambda one: one) -> Iterator[int]:
    """A server on loopback that says this to every request and hangs up; gives its port."""

    def talk(connection: socket.socket) -> None:
        with suppress(OSError), connection, wrap(connection) as wrapped:
            wrapped.recv(4096)
            wrapped.sendall(answer)

    with scripted_port(talk) as port:
        yield port


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and which nobody can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


# --- on the service's own computer ---------------------------------------------------------------------------


def test_the_service_is_recognised_and_loopback_proves_nothing_of_the_firewall() -> None:
    with listening(page(_OURS)) as port:
        report = checked(settings(port, address="0.0.0.0"))
    assert report.outcome is Outcome.OK
    assert report.summary == f"O serviço de integração atende neste computador, na porta {port}."
    assert VERSION in step_of(report, ServiceStep.SERVICE).found
    assert "este programa" in step_of(report, ServiceStep.PORT).found
    reach = step_of(report, ServiceStep.REACH)
    assert "não passa pelo firewall" in reach.found
    (firewall,) = report.remedies
    assert isinstance(firewall, ToCopy)
    assert firewall.text == (
        f'New-NetFirewallRule -DisplayName "Integração de Clientes {port}" -Direction Inbound -Protocol TCP '
        f"-LocalPort {port} -Action Allow -Profile Private,Domain"
    )


def test_a_service_for_this_computer_alone_is_warned_of() -> None:
    with listening(page(_OURS)) as port:
        report = checked(settings(port))
    assert report.outcome is Outcome.WARNING
    assert "só programas deste computador" in step_of(report, ServiceStep.REACH).found


def test_another_version() -> None:
    with listening(page(b'{"situacao": "atendendo", "versao": "99.1"}')) as port:
        step = step_of(checked(settings(port)), ServiceStep.SERVICE)
    assert step.outcome is Outcome.WARNING
    assert "99.1" in step.found and VERSION in step.found


def test_a_service_without_its_database() -> None:
    body = '{"erro": {"codigo": "banco_indisponivel", "mensagem": "O banco não responde."}}'.encode()
    with listening(page(body, "503 Service Unavailable")) as port:
        step = failed(settings(port), ServiceStep.SERVICE)
    assert step.failure is not None
    assert step.failure.cause == "O banco não responde."
    assert "banco_indisponivel" in step.failure.details


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"versao": 3}', b"{}"])
def test_the_pages_of_another_program(body: bytes) -> None:
    with listening(page(body)) as port:
        step = failed(settings(port), ServiceStep.SERVICE)
    assert "outro programa" in step.found


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"\x00\x01\x02"])
def test_a_program_that_has_no_pages(answer: bytes) -> None:
    with listening(answer) as port:
        assert "outro programa" in failed(settings(port), ServiceStep.PROTOCOL).found


def test_nobody_listens_and_the_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    report = checked(settings(port))
    assert "está livre" in step_of(report, ServiceStep.PORT).found
    step = failed(settings(port, active=False), ServiceStep.CONNECTION)
    assert "não está em execução neste computador" in step.found
    assert step.failure is not None and INTEGRATION_ACTIVE.label in step.failure.cause
    assert step.remedies == (ToRetry(),)


def test_postgresql_on_the_port(postgresql_server: Server) -> None:
    snapshot = settings(postgresql_server.port, database_port=postgresql_server.port)
    report = checked(snapshot)
    assert step_of(report, ServiceStep.ADDRESS).outcome is Outcome.WARNING
    assert "responde um PostgreSQL" in failed(snapshot, ServiceStep.PROTOCOL).found
    who = step_of(report, ServiceStep.PORT).found  # of another user, it is hidden from some kinds of root
    assert "postgres (processo" in who or "o sistema não mostra" in who


def test_a_port_in_use_by_a_hidden_program(closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_users, "port_users", lambda port: ())
    with listening(page(_OURS)) as port:
        assert "o sistema não mostra" in step_of(checked(settings(port)), ServiceStep.PORT).found


def test_an_address_of_another_computer() -> None:
    step = failed(settings(8082, address=_ELSEWHERE), ServiceStep.PORT)
    assert step.found == f"O endereço {_ELSEWHERE} não é deste computador."


def test_a_certificate_with_which_the_service_could_not_begin(tmp_path: Path) -> None:
    certificate = tmp_path / "servico.pem"
    certificate.write_bytes(self_signed()[0])
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    step = failed(settings(port, certificate=str(certificate)), ServiceStep.PORT)
    assert step.found == f"O certificado do serviço não pôde ser usado ({certificate})."


def test_a_port_that_windows_reserved(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: socket.socket, where: object) -> None:
        raise PermissionError(errno.EACCES, "proibido")

    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    monkeypatch.setattr(port_users, "excluded_ranges", lambda: ((1, 2), (port - 3, port + 3)))
    with monkeypatch.context() as patched:
        patched.setattr(socket.socket, "bind", forbidden)
        step = failed(settings(port), ServiceStep.PORT)
        monkeypatch.setattr(port_users, "excluded_ranges", lambda: ())
        other = failed(settings(port), ServiceStep.PORT)
    assert step.found == f"O Windows reservou a porta {port}: nenhum programa pode escutar nela."
    (commands,) = step.remedies
    assert isinstance(commands, ToCopy) and f"startport={port} numberofports=1" in commands.text
    assert "não deixa este programa usar a porta" in other.found


# --- over TLS ------------------------------------------------------------------------------------------------


def test_a_service_over_tls_is_known_by_its_own_certificate(tmp_path: Path) -> None:
    certificate, key = tmp_path / "servico.pem", tmp_path / "chave.pem"
    for file, pem in zip((certificate, key), self_signed(), strict=True):
        file.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with listening(page(_OURS), lambda one: context.wrap_socket(one, server_side=True)) as port:
        report = checked(settings(port, certificate=str(certificate), address="0.0.0.0"))
        unknown = checked(settings(port))
    assert report.outcome is Outcome.OK
    assert "HTTPS" in step_of(report, ServiceStep.PROTOCOL).found
    assert unknown.outcome is Outcome.WARNING
    assert "não confere" in step_of(unknown, ServiceStep.PROTOCOL).found
    assert step_of(unknown, ServiceStep.SERVICE).outcome is Outcome.NOT_DONE


# --- from another computer -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer's own addresses count as another's."""
    monkeypatch.setattr(service_check, "_is_own", lambda host: False)


@pytest.mark.usefixtures("elsewhere")
def test_from_another_computer_the_way_is_proved() -> None:
    with listening(page(_OURS)) as port:
        report = checked(settings(port))
    assert report.outcome is Outcome.OK
    assert step_of(report, ServiceStep.PORT).outcome is Outcome.NOT_DONE
    assert "deixam passar" in step_of(report, ServiceStep.REACH).found


@pytest.mark.usefixtures("elsewhere")
def test_refused_is_not_running(closed_port: int) -> None:
    step = failed(settings(closed_port), ServiceStep.CONNECTION)
    assert step.found == (
        f"O serviço de integração não está em execução em 127.0.0.1: nenhum programa escuta na porta {closed_port}."
    )
    assert step.failure is not None and "Não é o firewall" in step.failure.cause


@pytest.mark.usefixtures("elsewhere")
def test_silence_is_the_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_check, "_TIMEOUT_S", 0.2)
    with full_listener() as port:
        step = failed(settings(port), ServiceStep.CONNECTION)
    assert "não respondeu" in step.found
    assert step.failure is not None and "firewall" in step.failure.cause
    retry, firewall = step.remedies
    assert retry == ToRetry()
    assert isinstance(firewall, ToCopy)


@contextmanager
def full_listener() -> Iterator[int]:
    """A port whose queue is full: Linux leaves who comes next without an answer, as a firewall does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            while True:
                one = socket.socket()
                waiting.append(one)
                one.settimeout(0.2)
                try:
                    one.connect(listener.getsockname())
                except TimeoutError:
                    break
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


def test_a_program_that_accepts_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_check, "_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        step = failed(settings(listener.getsockname()[1]), ServiceStep.PROTOCOL)
    assert "nada responde" in step.found


def test_a_name_that_nobody_knows() -> None:
    step = failed(settings(8082, server="nenhum.invalid"), ServiceStep.NAME)
    assert step.found == "O nome “nenhum.invalid” não foi encontrado na rede."
    told_alike(step, Refusal.NAME, "nenhum.invalid")


def test_a_network_without_a_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*arguments: object) -> socket.socket:
        raise OSError(errno.EHOSTUNREACH, "No route to host")

    monkeypatch.setattr(waited_socket, "connect", nowhere)
    step = failed(settings(8082, server=_ELSEWHERE), ServiceStep.CONNECTION)
    assert step.found == f"Não há caminho de rede até {_ELSEWHERE}."
    told_alike(step, Refusal.NO_ROUTE, _ELSEWHERE)


def told_alike(step: StepReport, refusal: Refusal, host: str) -> None:
    """The same is said of the computer when it is the database's."""
    of_database = explain(refusal, URL.create("postgresql", host=host, port=5432), "")
    assert step.failure is not None
    assert (step.failure.what, step.failure.cause, step.failure.todo) == (
        of_database.what,
        of_database.cause,
        of_database.todo,
    )


def test_giving_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_check, "_TIMEOUT_S", 3600.0)
    connected = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for report in check_service(settings(listener.getsockname()[1]), connected.is_set):
            if report.steps and report.steps[-1].step is ServiceStep.CONNECTION:
                connected.set()
    assert report.cancelled and report.finished


# --- who has a port ------------------------------------------------------------------------------------------


def test_who_listens_on_this_system() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        users = port_users.port_users(listener.getsockname()[1])
    assert [user.pid for user in users] == [os.getpid()]
    assert str(users[0]).endswith(f"(processo {os.getpid()})")
    assert str(PortUser(7, "")) == "o processo 7"


_NETSTAT = """
Conexões ativas

  Proto  Endereço local         Endereço externo       Estado          PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1044
  TCP    0.0.0.0:8082           0.0.0.0:0              OUVINDO         4242
  TCP    10.0.0.5:8082          10.0.0.9:50211         ESTABELECIDA    77
  TCP    [::]:8082              [::]:0                 OUVINDO         4242
"""
_NETSH = """
Protocolo tcp Intervalos de Exclusão de Portas

Porta inicial    Porta Final
----------    --------
      5357        5357
      8043        8142
     50000       50059     *

* - Exclusões administradas de portas.
"""


def test_what_the_programs_of_windows_write() -> None:
    assert port_users.listed_by_netstat(_NETSTAT, 8082) == (4242,)
    assert port_users.listed_by_netsh(_NETSH) == ((5357, 5357), (8043, 8142), (50000, 50059))
    assert port_users.named_by_tasklist('"java.exe","4242","Services","0","91.234 K"\r\n') == "java.exe"
    assert port_users.named_by_tasklist("INFORMAÇÕES: nenhuma tarefa em execução corresponde aos critérios.") == ""


@given(st.text())
def test_no_text_of_windows_is_a_mistake_of_ours(text: str) -> None:
    port_users.listed_by_netstat(text, 8082)
    port_users.listed_by_netsh(text)


@given(st.binary())
def test_any_bytes_are_a_page_or_not(answer: bytes) -> None:
    read_page(answer)

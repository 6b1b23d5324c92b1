"""The service begins, says why when it cannot, and ends in time."""

from __future__ import annotations

import errno
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from app.data import counters, customer_sync
from app.domain import FailureKind
from app.settings.catalog import (
    INTEGRATION_ADDRESS,
    INTEGRATION_CERTIFICATE,
    INTEGRATION_KEY,
    INTEGRATION_PORT,
)
from app.settings.setting import Setting
from services.backoffice import Backoffice
from services.demo.ca import DemoAuthority
from services.integration import server as running
from services.integration.listening import CannotServe, listen
from services.integration.server import IntegrationServer, ServerPhase, ServerState
from tests.services.integration.conftest import ACTOR, PATIENCE_S, Service, problem


def save(office: Backoffice, values: dict[Setting[str], str]) -> None:
    draft = {(setting, 0): value for setting, value in values.items()}
    office.settings.save(draft, office.settings.load(), ACTOR)


def outcome(office: Backoffice) -> ServerState:
    """What becomes of a service that is started and then stopped."""
    server = IntegrationServer(office)
    server.start()
    state = server.wait(PATIENCE_S)
    server.stop()
    return state


# --- beginning and ending ---


def test_its_states_are_told(office: Backoffice, any_port: None) -> None:
    told: list[ServerState] = []
    server = IntegrationServer(office, told.append)
    assert server.state.phase is ServerPhase.STOPPED
    server.start()
    server.start()  # while it runs, nothing more happens
    state = server.wait(PATIENCE_S)
    assert state.address.startswith("http://127.0.0.1:")
    assert httpx.get(f"{state.address}/saude").json()["situacao"] == "atendendo"
    server.stop()
    server.stop()
    assert [one.phase for one in told] == [ServerPhase.STARTING, ServerPhase.RUNNING, ServerPhase.STOPPED]
    assert (server.state.address, server.state.served) == ("", 1)
    assert state.since is not None
    assert state.since <= datetime.now(UTC)


def test_it_may_begin_again(office: Backoffice, any_port: None) -> None:
    server = IntegrationServer(office)
    for _ in range(2):
        server.start()
        assert httpx.get(f"{server.wait(PATIENCE_S).address}/saude").status_code == 200
        server.stop()


def test_it_may_be_stopped_before_it_has_begun(office: Backoffice, any_port: None) -> None:
    for _ in range(3):
        server = IntegrationServer(office)
        server.start()
        server.stop()
        assert server.state.phase is ServerPhase.STOPPED


def test_what_is_being_answered_ends_before_the_service_does(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go_on = threading.Event(), threading.Event()
    working = counters.working

    def slowly(connection: object) -> dict[str, counters.Caller]:
        asked.set()
        assert go_on.wait(PATIENCE_S)
        return working(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "_GRACE_S", PATIENCE_S)
    monkeypatch.setattr(counters, "working", slowly)
    service.server.forget_counters()
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(service.ask("GET", "/v1/balcao").status_code))
    asking.start()
    assert asked.wait(PATIENCE_S)
    stopping = threading.Thread(target=service.server.stop)
    stopping.start()
    go_on.set()
    asking.join()
    stopping.join()
    assert answers == [200]


def test_who_does_not_end_does_not_keep_it(service: Service) -> None:
    """A connection kept open, and a request of which half never comes."""
    idle = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_S)
    half = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE_S)
    with idle, half:
        head = "POST /v1/clientes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
        half.sendall(f"{head}Authorization: Bearer {service.token}\r\n\r\n{{".encode())
        service.ask("GET", "/v1/balcao")
        service.server.stop()
        assert service.server.state.phase is ServerPhase.STOPPED
        assert idle.recv(10) == b""
        assert b"servico_parando" in half.recv(65536)


def test_what_takes_too_long_is_told_that_the_service_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, told = threading.Event(), threading.Event()

    def endless(connection: object) -> dict[str, counters.Caller]:
        asked.set()
        assert told.wait(PATIENCE_S)
        return {}

    monkeypatch.setattr(running, "_GRACE_S", 0)
    monkeypatch.setattr(counters, "working", endless)
    service.server.stop()
    service.server.start()
    address = service.server.wait(PATIENCE_S).address
    stopping = threading.Thread(target=service.server.stop)

    def stop_once_asked() -> None:
        assert asked.wait(PATIENCE_S)
        stopping.start()

    waiting = threading.Thread(target=stop_once_asked)
    waiting.start()
    answer = httpx.get(f"{address}/v1/balcao", headers={"Authorization": f"Bearer {service.token}"}, timeout=PATIENCE_S)
    assert problem(answer) == (503, "servico_parando")
    told.set()
    waiting.join()
    stopping.join()
    assert service.server.state.phase is ServerPhase.STOPPED


# --- why it cannot ---


def test_the_port_in_use_is_explained(office: Backoffice) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        office.settings.save({(INTEGRATION_PORT, 0): port}, office.settings.load(), ACTOR)
        state = outcome(office)
    assert state.phase is ServerPhase.FAILED
    assert state.failure is not None
    assert state.failure.what == f"A porta {port} já está em uso neste computador."
    assert f"(processo {os.getpid()})" in state.failure.cause, "who has the port is named where the system tells"


def test_after_the_port_is_free_it_begins(office: Backoffice) -> None:
    server = IntegrationServer(office)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        office.settings.save({(INTEGRATION_PORT, 0): port}, office.settings.load(), ACTOR)
        server.start()
        assert server.wait(PATIENCE_S).phase is ServerPhase.FAILED
    server.start()
    assert server.wait(PATIENCE_S).address == f"http://127.0.0.1:{port}"
    server.stop()


def test_a_start_while_a_failure_is_being_told_is_not_lost(office: Backoffice, any_port: None) -> None:
    told, heard = threading.Event(), threading.Event()

    def hear(state: ServerState) -> None:
        if state.phase is ServerPhase.FAILED:
            told.set()
            heard.wait(PATIENCE_S)

    server = IntegrationServer(office, hear)
    save(office, {INTEGRATION_ADDRESS: "203.0.113.7"})
    server.start()
    assert told.wait(PATIENCE_S)
    save(office, {INTEGRATION_ADDRESS: "127.0.0.1"})
    again = threading.Thread(target=server.start)
    again.start()
    again.join(0.2)
    heard.set()
    again.join()
    assert server.wait(PATIENCE_S).phase is ServerPhase.RUNNING
    server.stop()


@pytest.mark.parametrize(
    ("address", "words"),
    [("203.0.113.7", "não é deste computador"), ("nao-existe.invalid", "não é conhecido")],
)
def test_an_address_of_elsewhere_is_explained(office: Backoffice, address: str, words: str) -> None:
    save(office, {INTEGRATION_ADDRESS: address})
    state = outcome(office)
    assert state.failure is not None
    assert words in state.failure.what
    assert address in state.failure.what


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRINUSE, "já está em uso"),
        (10048, "já está em uso"),
        (errno.EACCES, "não deixa este programa usar a porta"),
        (10013, "não deixa este programa usar a porta"),
        (10049, "não é deste computador"),
        (errno.ENOMEM, "Não foi possível atender"),
    ],
)
def test_what_the_system_says_is_explained(monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    class Refusing(socket.socket):
        def bind(self, address: object) -> None:
            raise OSError(number, "não")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(CannotServe, match=words) as raised:
        listen("127.0.0.1", 8082)
    assert "excludedportrange" in raised.value.failure.todo or number not in (errno.EACCES, 10013)


def test_an_address_of_version_6_is_shown_in_brackets(office: Backoffice, any_port: None) -> None:
    try:
        listen("::1", 0).close()
    except CannotServe as refused:
        pytest.skip(refused.failure.what)
    save(office, {INTEGRATION_ADDRESS: "::1"})
    assert outcome(office).address.startswith("http://[::1]:")


def test_a_file_of_settings_with_a_mistake_is_explained(office: Backoffice) -> None:
    office.folders.machine_file.write_text("{", "utf-8")
    state = outcome(office)
    assert state.failure is not None
    assert state.failure.kind is FailureKind.CONFIGURATION
    assert "maquina.json" in state.sentence


@pytest.mark.parametrize(
    "error",
    [OperationalError("SELECT 1", None, ConnectionError()), NoConnectionFree("QueuePool limit reached")],
    ids=["no connection", "no connection free"],
)
def test_a_database_that_does_not_answer_is_no_defect(
    office: Backoffice, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def down() -> object:
        raise error

    monkeypatch.setattr(office.settings, "load", down)
    state = outcome(office)
    assert state.failure is not None
    assert state.failure.kind is FailureKind.NETWORK
    assert state.failure.details in {"ConnectionError", "TimeoutError"}
    assert state.sentence.startswith("O banco de dados não respondeu, e sem ele o serviço não começa.")


def test_a_defect_ends_it_with_a_failure(
    office: Backoffice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(address: str, port: int) -> socket.socket:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "listen", broken)
    state = outcome(office)
    assert state.failure is not None
    assert (state.failure.kind, state.failure.details) == (FailureKind.INTERNAL, "ZeroDivisionError")
    assert "ZeroDivisionError" in caplog.text


# --- TLS ---

Certificate = Callable[..., tuple[Path, Path]]


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Certificate]:
    """Writes a certificate of the service and its key; the authority is in `ac.pem` beside them."""
    authority = DemoAuthority.create()
    (tmp_path / "ac.pem").write_bytes(authority.ca_pem)
    keys = {name: rsa.generate_private_key(public_exponent=65537, key_size=2048) for name in ("a", "b")}

    def write(*, key: str = "a", ended: bool = False, password: bytes = b"") -> tuple[Path, Path]:
        until = datetime.now(UTC) - timedelta(days=1) if ended else None
        leaf = authority.sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "retaguarda")]),
            keys["a"].public_key(),
            [x509.DNSName("localhost")],
            ExtendedKeyUsageOID.SERVER_AUTH,
            not_after=until,
        )
        pem = serialization.Encoding.PEM
        chain_file, key_file = tmp_path / "servico.pem", tmp_path / "chave.pem"
        chain_file.write_bytes(leaf.public_bytes(pem) + authority.intermediate.public_bytes(pem))
        how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        key_file.write_bytes(keys[key].private_bytes(pem, serialization.PrivateFormat.PKCS8, how))
        return chain_file, key_file

    yield write


def test_with_a_certificate_it_answers_by_https_alone(
    office: Backoffice, any_port: None, certificate: Certificate, tmp_path: Path
) -> None:
    chain, key = certificate()
    save(office, {INTEGRATION_CERTIFICATE: str(chain), INTEGRATION_KEY: str(key)})
    server = IntegrationServer(office)
    server.start()
    try:
        address = server.wait(PATIENCE_S).address
        assert address.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(tmp_path / "ac.pem"))
        named = address.replace("127.0.0.1", "localhost")
        assert httpx.get(f"{named}/saude", verify=trusting, timeout=PATIENCE_S).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{named}/saude", timeout=PATIENCE_S)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{address.replace('https', 'http')}/saude", timeout=PATIENCE_S)
    finally:
        server.stop()


def test_the_key_may_be_in_the_same_file(office: Backoffice, any_port: None, certificate: Certificate) -> None:
    chain, key = certificate()
    chain.write_bytes(chain.read_bytes() + key.read_bytes())
    save(office, {INTEGRATION_CERTIFICATE: str(chain)})
    assert outcome(office).phase is ServerPhase.RUNNING


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": "b"}, "não é do certificado"),
        ({"password": b"segredo"}, "tem senha"),
        ({"ended": True}, "venceu em"),
    ],
)
def test_a_certificate_of_no_use_is_explained(
    office: Backoffice, any_port: None, certificate: Certificate, options: dict[str, object], words: str
) -> None:
    chain, key = certificate(**options)
    save(office, {INTEGRATION_CERTIFICATE: str(chain), INTEGRATION_KEY: str(key)})
    state = outcome(office)
    assert state.failure is not None
    assert (state.failure.kind, words in state.failure.what) == (FailureKind.CERTIFICATE, True)


@pytest.mark.parametrize(("content", "words"), [(None, "não pôde ser lido"), ("nada", "não pôde ser usado")])
def test_a_file_that_is_no_certificate_is_explained(
    office: Backoffice, any_port: None, tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "servico.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    save(office, {INTEGRATION_CERTIFICATE: str(file)})
    state = outcome(office)
    assert state.failure is not None
    assert words in state.failure.what
    assert str(file) in state.failure.what


# --- the database ---


def test_while_the_database_does_not_answer_everybody_is_told_so(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(connection: object) -> dict[str, counters.Caller]:
        raise OperationalError("SELECT 1", {"documento": "12345678909"}, Exception("sem conexão com 12345678909"))

    assert service.ask("GET", "/v1/balcao").status_code == 200
    with monkeypatch.context() as patch:
        patch.setattr(counters, "working", down)
        service.server.forget_counters()
        for answer in (service.ask("GET", "/v1/balcao"), service.client.get("/saude")):
            assert problem(answer) == (503, "banco_indisponivel")
            assert answer.headers["Retry-After"] == "5"
    assert "12345678909" not in caplog.text
    assert service.ask("GET", "/v1/balcao").status_code == 200
    assert service.client.get("/saude").status_code == 200


@pytest.mark.parametrize(
    ("module", "function", "path"),
    [(counters, "working", "/v1/balcao"), (customer_sync, "one", "/v1/clientes/1")],
    ids=["at the door", "in a route"],
)
def test_a_defect_is_answered_with_a_number_that_is_in_the_log(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    module: ModuleType,
    function: str,
    path: str,
) -> None:
    def broken(*what: object) -> None:
        raise ZeroDivisionError("o CPF 12345678909")

    caplog.set_level(logging.INFO, "services.integration")
    with monkeypatch.context() as patch:
        patch.setattr(module, function, broken)
        service.server.forget_counters()
        answer = service.ask("GET", path)
    assert problem(answer) == (500, "erro_interno")
    number = answer.json()["erro"]["mensagem"].rstrip(".").rpartition(" ")[2]
    assert f"erro {number}: ZeroDivisionError" in caplog.text
    assert "12345678909" not in caplog.text + answer.text


def test_sightings_that_could_not_be_kept_do_not_hold_it(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(connection: object, seen: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("sem conexão"))

    monkeypatch.setattr(counters, "note_seen", down)
    service.ask("GET", "/v1/balcao")
    service.server.stop()
    assert service.server.state.phase is ServerPhase.STOPPED
    assert "último contato" in caplog.text

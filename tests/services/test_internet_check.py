"""The test of the way out, by a real proxy to a real TLS server."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.policies import ProxyUse
from app.settings.catalog import ANP_URL, PROXY_HOST, PROXY_PORT, PROXY_USE, PROXY_USER, SYSTEM_TRUST
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from services import internet_check, system_proxy
from services.check_list import CheckReport, Outcome
from services.demo.ca import DemoAuthority
from services.internet_check import InternetStep, check_internet
from tests.services.proxy_server import ProxyServer
from tests.services.tls_server import TlsServer, silent

HOST = "anp.teste"


@pytest.fixture(autouse=True)
def quick(few_authorities: None) -> None:
    """The public authorities are not what is tested."""


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    folders = Folders(data_folder, data_folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    return folders


def check(folders: Folders, values: dict[Setting[Any], Any], password: str | None = None) -> CheckReport:
    snapshot = Snapshot({(setting, GENERAL_COMPANY): Kept(value) for setting, value in values.items()})
    *_, report = check_internet(snapshot, folders, lambda: False, lambda secret: password)
    assert report.finished
    assert not any(password in step.found for step in report.steps if password)
    return report


def by(proxy: ProxyServer, port: int, **values: object) -> dict[Setting[Any], Any]:
    named = {PROXY_USER: values["user"]} if "user" in values else {}
    return {
        ANP_URL: f"https://{HOST}:{port}/v1",
        PROXY_USE: ProxyUse.ADDRESS,
        PROXY_HOST: "127.0.0.1",
        PROXY_PORT: proxy.port,
        **named,
    }


def server(authority: DemoAuthority, host: str = HOST) -> TlsServer:
    context = authority.server_context((host,), require_client=False)
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED  # as ANP's
    return TlsServer(context, silent)


def test_a_way_out_that_works(folders: Folders, authority: DemoAuthority) -> None:
    with server(authority) as anp, ProxyServer(login=("maria", "segredo")) as proxy:
        report = check(folders, by(proxy, anp.port, user="maria"), "segredo")
    assert [step.outcome for step in report.steps] == [Outcome.OK] * 4
    assert "o endereço e o usuário vêm das configurações deste computador" in report.steps[0].found
    assert report.summary == f"Este computador chega à ANP pelo proxy 127.0.0.1:{proxy.port}."


def test_a_server_that_says_nothing(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internet_check, "_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        report = check(folders, {ANP_URL: f"https://localhost:{listener.getsockname()[1]}/v1"})
    assert report.failed is not None
    assert report.failed.step is InternetStep.TLS
    assert report.failed.found == "O servidor localhost aceitou a conexão e não combinou a criptografia a tempo."


def test_this_computer_is_reached_without_the_proxy(folders: Folders, authority: DemoAuthority) -> None:
    with server(authority, "localhost") as anp, ProxyServer() as proxy:
        report = check(folders, {**by(proxy, anp.port), ANP_URL: f"https://localhost:{anp.port}/v1"})
    assert report.summary == "Este computador chega à ANP."
    assert proxy.asked == []


def test_an_address_of_ipv6_is_asked_for_between_brackets(folders: Folders, authority: DemoAuthority) -> None:
    with server(authority) as anp, ProxyServer() as proxy:
        report = check(folders, {**by(proxy, anp.port), ANP_URL: f"https://[2001:db8::1]:{anp.port}/v1"})
    assert proxy.asked[0].startswith(f"CONNECT [2001:db8::1]:{anp.port} HTTP/1.1\r\n".encode())
    assert report.failed is not None
    assert report.failed.step is InternetStep.TLS


def test_a_password_that_is_wrong_stops_at_the_connection(folders: Folders, authority: DemoAuthority) -> None:
    with ProxyServer(login=("maria", "segredo")) as proxy:
        report = check(folders, by(proxy, 443, user="maria"), "outra")
        assert report.failed is not None
        assert report.failed.step is InternetStep.CONNECTION
        assert "recusou o usuário e a senha" in report.failed.found
        none = check(folders, by(proxy, 443, user="maria"))
    assert none.failed is not None
    assert none.failed.step is InternetStep.PROXY


def test_whoever_inspects_the_network_is_named(
    folders: Folders, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.additional_ca_file.unlink()
    root = ssl.PEM_cert_to_DER_cert(authority.ca_pem.decode())
    monkeypatch.setattr(internet_check, "system_authorities", lambda: (root,))
    with server(authority) as anp, ProxyServer() as proxy:
        refused = check(folders, by(proxy, anp.port))
        trusted = check(folders, {**by(proxy, anp.port), SYSTEM_TRUST: True})
    assert refused.failed is not None
    assert refused.failed.failure is not None
    assert refused.failed.failure.kind is FailureKind.TRUST
    assert "ligue “Confiar também nas autoridades do sistema”" in refused.failed.failure.todo
    assert "“" in refused.failed.failure.cause, "the authority that is missing is named"
    assert trusted.outcome is Outcome.WARNING
    assert "que só o sistema deste computador conhece" in trusted.steps[-1].found


def test_who_the_program_knows_by_itself_is_no_inspector(
    folders: Folders, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ssl.PEM_cert_to_DER_cert(authority.ca_pem.decode())
    monkeypatch.setattr(internet_check, "system_authorities", lambda: (root,))
    with server(authority) as anp, ProxyServer() as proxy:
        assert check(folders, {**by(proxy, anp.port), SYSTEM_TRUST: True}).outcome is Outcome.OK


def test_a_store_that_cannot_be_read_is_not_taken_for_the_proxy(
    folders: Folders, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden() -> tuple[bytes, ...]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(internet_check, "system_authorities", forbidden)
    with server(authority) as anp, ProxyServer() as proxy:
        report = check(folders, {**by(proxy, anp.port), SYSTEM_TRUST: True})
    assert report.failed is not None
    assert report.failed.step is InternetStep.TLS
    assert "em que o sistema confia: Permission denied" in report.failed.found


def test_a_script_that_is_not_followed_is_told(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"AutoConfigURL": "http://pac.loja/proxy.pac", "ProxyEnable": "0"}
    monkeypatch.setattr(system_proxy, "_windows_value", kept.__getitem__)
    report = check(folders, {ANP_URL: f"https://{HOST}/v1"})
    assert report.steps[0].outcome is Outcome.WARNING
    assert "http://pac.loja/proxy.pac" in report.steps[0].found
    assert report.failed is not None
    assert report.failed.step is InternetStep.NAME
    monkeypatch.setenv("NO_PROXY", "*")  # the environment speaks, and Windows is not listened to
    assert check(folders, {ANP_URL: f"https://{HOST}/v1"}).steps[0].outcome is Outcome.OK


def test_a_proxy_that_is_not_there(folders: Folders) -> None:
    with ProxyServer() as gone:
        pass
    report = check(folders, by(gone, 443))
    assert report.failed is not None
    assert report.failed.found == f"O proxy 127.0.0.1:{gone.port} não aceitou a conexão."

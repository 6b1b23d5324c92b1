"""How calls leave this computer: by a real proxy, by none, and whose certificates they believe, as the settings say."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app import secrets
from app.domain import ConsultationFailed, Failure, FailureKind
from app.folders import Folders
from app.network_profile import NetworkProfile
from app.policies import ProxyUse
from app.settings.catalog import PROXY_HOST, PROXY_PORT, PROXY_USE, PROXY_USER, SYSTEM_TRUST
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from services import network as network_module
from services import system_proxy
from services.anp.lists import download_list
from services.anp.transport import AnpTransport
from services.credit.exchange import Exchange, Message
from services.credit.provider import AnalysisFailed
from services.demo.ca import DemoAuthority
from services.interruption import Interruption
from services.network import Network
from services.network_failure import Called
from services.proxy import NoWayOut, Proxy, ProxyFailed, ProxySource, basic, proxy_failure, schemes
from services.system_trust import system_authorities
from tests.services.conftest import Place, sefaz_finding
from tests.services.proxy_server import ProxyServer
from tests.services.tls_server import TlsServer, always

HOST = "dados.teste"
PASSWORD = "s3nh@ do:proxy"


@pytest.fixture(autouse=True)
def quick(few_authorities: None) -> None:
    """The public authorities are not what is tested."""


@pytest.fixture(scope="module")
def server_context(authority: DemoAuthority) -> ssl.SSLContext:
    return authority.server_context(("localhost", HOST), require_client=False)


@pytest.fixture
def server(server_context: ssl.SSLContext) -> Iterator[TlsServer]:
    with TlsServer(server_context, always(b"resposta")) as server:
        yield server


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    folders = Folders(data_folder, data_folder)
    folders.additional_ca_file.write_bytes(authority.ca_pem)
    return folders


@pytest.fixture
def transport(folders: Folders) -> Iterator[AnpTransport]:
    transport = AnpTransport(folders, 30.0, 30.0, Interruption())
    yield transport
    transport.close()


def keep(folders: Folders, values: dict[Setting[Any], Any]) -> None:
    MachineStore(folders.machine_file).save(values)


def by(proxy: ProxyServer, **user: str) -> dict[Setting[Any], Any]:
    named = {PROXY_USER: user["user"]} if user else {}
    return {PROXY_USE: ProxyUse.ADDRESS, PROXY_HOST: "127.0.0.1", PROXY_PORT: proxy.port, **named}


def keep_password(folders: Folders, password: str) -> None:
    snapshot = SettingsRepository(MachineStore(folders.machine_file), None).load()
    secrets.write(NetworkProfile.of(snapshot).secret, password)


def get(transport: AnpTransport, server: TlsServer, host: str = HOST) -> bytes:
    return transport.get(f"https://{host}:{server.port}/", "*/*", limit=1000, body_timeout=30).body


def refused(transport: AnpTransport, address: str = f"https://{HOST}/") -> Failure:
    with pytest.raises(ConsultationFailed) as failed:
        transport.get(address, "*/*", limit=1000, body_timeout=30)
    failure = failed.value.failure
    assert PASSWORD not in repr(failure)
    assert basic("maria", PASSWORD) not in repr(failure)
    return failure


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_system_is_used_and_its_connection_kept(
    transport: AnpTransport, server: TlsServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with ProxyServer() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        assert [get(transport, server) for _ in range(2)] == [b"resposta"] * 2
        transport.close()
    assert len(proxy.asked) == server.connections == 1
    assert proxy.asked[0].startswith(f"CONNECT {HOST}:{server.port} HTTP/1.1\r\n".encode())
    assert b"Authorization" not in proxy.asked[0]


def test_the_user_of_the_systems_proxy_is_shown_to_it_alone(
    transport: AnpTransport, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProxyServer(login=("maria", PASSWORD)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://maria:s3nh%40%20do%3Aproxy@127.0.0.1:{proxy.port}")
        assert get(transport, server) == b"resposta"
        transport.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_computer_is_never_reached_by_a_proxy(
    transport: AnpTransport, folders: Folders, server: TlsServer, authority: DemoAuthority, host: str
) -> None:
    with ProxyServer() as proxy:
        keep(folders, by(proxy))
        here = authority.server_context(("localhost", "127.0.0.1"), require_client=False)
        with TlsServer(here, always(b"daqui")) as own:
            assert get(transport, own, host) == b"daqui"
    assert proxy.asked == []


def test_what_the_system_excepts_goes_straight(
    transport: AnpTransport, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProxyServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "outro.teste,.dados.teste")
        assert refused(transport).what == f"O nome {HOST} não foi encontrado na internet."
    assert proxy.asked == []


def test_a_proxy_that_is_only_for_http_is_not_used(transport: AnpTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProxyServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert refused(transport).what == f"O nome {HOST} não foi encontrado na internet."
    assert proxy.asked == []


def test_no_proxy_means_none(transport: AnpTransport, folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProxyServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        keep(folders, {PROXY_USE: ProxyUse.NONE})
        assert refused(transport).what == f"O nome {HOST} não foi encontrado na internet."
    assert proxy.asked == []


def test_the_proxy_of_the_settings_is_used_with_its_password_from_the_next_call_on(
    transport: AnpTransport, folders: Folders, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ProxyServer() as open_to_all, ProxyServer(login=("maria", PASSWORD)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", open_to_all.url)
        assert get(transport, server) == b"resposta"
        transport.close()  # the server serves one connection after another
        keep(folders, by(proxy, user="maria"))
        assert "não está no cofre de senhas em uso neste computador" in refused(transport).what
        keep_password(folders, "errada")
        failure = refused(transport)
        assert failure.what == f"O proxy 127.0.0.1:{proxy.port} recusou o usuário e a senha."
        assert "Balcão › Integração › Este computador" in failure.todo
        keep_password(folders, PASSWORD)
        assert get(transport, server) == b"resposta"
        transport.close()
    assert (len(open_to_all.asked), len(proxy.asked)) == (1, 2)


def test_nothing_stays_open_by_the_proxy_of_before(folders: Folders, server: TlsServer) -> None:
    transport = AnpTransport(folders, 30.0, 5.0, Interruption())
    with ProxyServer() as first, ProxyServer() as second:
        keep(folders, by(first))
        assert get(transport, server) == b"resposta"
        keep(folders, by(second))
        assert get(transport, server) == b"resposta", "the server serves one connection after another"
        transport.close()
    assert (len(first.asked), len(second.asked)) == (1, 1)


def test_a_proxy_that_wants_to_know_who_one_is(transport: AnpTransport, folders: Folders, server: TlsServer) -> None:
    with ProxyServer(login=("maria", PASSWORD)) as proxy:
        keep(folders, by(proxy))
        failure = refused(transport)
    assert failure.kind is FailureKind.NETWORK
    assert failure.what == f"O proxy 127.0.0.1:{proxy.port} pediu usuário e senha."
    assert "nenhum usuário foi informado" in failure.cause
    assert "informe o usuário e a senha dele" in failure.todo
    assert server.connections == 0


@pytest.mark.parametrize(
    ("refusal", "what", "cause"),
    [
        (
            b"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
            "exige uma identificação que este programa não faz",
            "Ele só aceita Negotiate, NTLM",
        ),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "não deixou chegar a dados.teste", "Ele respondeu 403"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "não conseguiu chegar a dados.teste", "Ele respondeu 503"),
        (b"220 smtp.teste ESMTP\r\n", "não respondeu como um proxy", "não fala HTTP"),
        (b"", "não respondeu como um proxy", "cortou a conexão"),
    ],
)
def test_a_proxy_that_does_not_lead_is_explained(
    transport: AnpTransport, folders: Folders, refusal: bytes, what: str, cause: str
) -> None:
    with ProxyServer(refusal=refusal) as proxy:
        keep(folders, by(proxy))
        failure = refused(transport)
    assert (failure.kind, failure.what) == (FailureKind.NETWORK, f"O proxy 127.0.0.1:{proxy.port} {what}.")
    assert cause in failure.cause


def test_a_proxy_that_is_not_there_is_not_taken_for_the_server(
    transport: AnpTransport, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    keep(folders, {PROXY_USE: ProxyUse.ADDRESS, PROXY_HOST: "127.0.0.1", PROXY_PORT: port})
    failure = refused(transport)
    assert failure.what == f"O proxy 127.0.0.1:{port} não aceitou a conexão."
    assert "das configurações deste computador" in failure.cause
    keep(folders, {PROXY_USE: ProxyUse.ADDRESS, PROXY_HOST: "proxy.teste"})
    assert refused(transport).what == "O nome do proxy, proxy.teste, não foi encontrado."
    keep(folders, {})
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy..teste:3128")
    assert refused(transport).what == "O nome do proxy, proxy..teste, não foi encontrado."


def test_what_a_proxy_said_before_is_not_told_of_one_that_is_silent_now(
    transport: AnpTransport, folders: Folders
) -> None:
    with ProxyServer(login=("maria", PASSWORD)) as proxy:
        keep(folders, by(proxy))
        assert "pediu usuário e senha" in refused(transport).what
    assert refused(transport).what == f"O proxy 127.0.0.1:{proxy.port} não aceitou a conexão."


def test_a_proxy_of_another_network_is_told() -> None:
    failed = ProxyFailed(Proxy("10.1.2.3", 3128, ProxySource.SETTINGS))
    failed.__cause__ = OSError(errno.EHOSTUNREACH, "No route to host")
    failure = proxy_failure(failed, HOST, "")
    assert failure.what == "Não há caminho até o proxy 10.1.2.3:3128."
    assert "O endereço dele vem das configurações deste computador." in failure.cause


def test_a_proxy_that_says_nothing_is_not_taken_for_the_server(folders: Folders) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as closing:
        keep(folders, {PROXY_USE: ProxyUse.ADDRESS, PROXY_HOST: "127.0.0.1", PROXY_PORT: listener.getsockname()[1]})
        transport = AnpTransport(folders, 30.0, 0.3, Interruption())
        closing.callback(transport.close)
        assert refused(transport).what.endswith("não respondeu a tempo.")


def test_a_server_that_fails_behind_the_proxy_is_told_as_itself(
    transport: AnpTransport, folders: Folders, server: TlsServer
) -> None:
    folders.additional_ca_file.unlink()
    with ProxyServer() as proxy:
        keep(folders, by(proxy))
        failure = refused(transport, f"https://{HOST}:{server.port}/")
        transport.close()
    assert failure.kind is FailureKind.TRUST
    assert failure.what.startswith(f"O servidor {HOST} não provou que é quem diz ser")
    assert f"Pelo proxy 127.0.0.1:{proxy.port}; o endereço dele vem das configurações" in failure.details
    assert "Autoridades aceitas: as do programa; as do sistema não" in failure.details


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("socks5://127.0.0.1:1080", "é do tipo “socks5”, e este programa só usa proxies HTTP"),
        ("https://127.0.0.1:1080", "é do tipo “https”"),
        ("http://127.0.0.1:porta", "não se entende"),
        ("http://", "não se entende"),
    ],
)
def test_a_proxy_of_the_system_that_cannot_be_used_is_told(
    transport: AnpTransport, monkeypatch: pytest.MonkeyPatch, address: str, what: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    failure = refused(transport)
    assert failure.kind is FailureKind.CONFIGURATION
    assert what in failure.what
    assert "das variáveis de ambiente" in failure.what


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://10.0.0.1", "10.0.0.1:80"),
        ("10.0.0.1:3128", "10.0.0.1:3128"),
        ("http://[fd00::1]:8080", "[fd00::1]:8080"),
    ],
)
def test_a_proxy_as_it_is_written(folders: Folders, monkeypatch: pytest.MonkeyPatch, address: str, shown: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    proxy = Network(folders).proxy_to(HOST)
    assert proxy is not None
    assert proxy.address == shown


def test_who_the_proxy_is_shown_is_not_in_what_is_written_of_it() -> None:
    login = basic("maria", PASSWORD)
    assert login not in repr(Proxy("proxy.loja", 3128, ProxySource.SETTINGS, login))


def test_a_proxy_without_an_address_is_told(transport: AnpTransport, folders: Folders) -> None:
    keep(folders, {PROXY_USE: ProxyUse.ADDRESS})
    failure = refused(transport)
    assert (failure.kind, failure.what) == (FailureKind.CONFIGURATION, "Falta o endereço do proxy deste computador.")


def test_a_user_that_the_proxy_would_read_as_another_is_told(transport: AnpTransport, folders: Folders) -> None:
    with ProxyServer() as proxy:
        keep(folders, by(proxy, user="loja:maria"))
        keep_password(folders, PASSWORD)
        assert refused(transport).what == "O usuário do proxy não pode ter dois-pontos."
    assert proxy.asked == []


def test_a_keyring_that_does_not_answer_is_told(folders: Folders) -> None:
    def shut(name: str) -> str | None:
        raise secrets.SecretsUnavailable("O cofre não responde.")

    keep(folders, {PROXY_USE: ProxyUse.ADDRESS, PROXY_HOST: "proxy.loja", PROXY_USER: "maria"})
    with pytest.raises(NoWayOut) as none:
        Network(folders, shut).proxy_to(HOST)
    assert none.value.failure.what == "O cofre não responde."


def test_a_file_of_settings_that_cannot_be_read_is_told(transport: AnpTransport, folders: Folders) -> None:
    folders.machine_file.write_text("{")
    failure = refused(transport)
    assert failure.kind is FailureKind.CONFIGURATION
    assert "não pode ser lido" in failure.what


def test_the_authorities_of_the_system_are_believed_only_when_the_settings_say_so(
    transport: AnpTransport,
    folders: Folders,
    server: TlsServer,
    tmp_path: Path,
    authority: DemoAuthority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders.additional_ca_file.unlink()
    store = tmp_path / "sistema.pem"
    broken = (b"-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % body for body in (b"AAAA", b"AAA"))
    store.write_bytes(b"".join((authority.ca_pem, *broken)))
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nenhuma"))
    failure = refused(transport, f"https://localhost:{server.port}/")
    assert failure.kind is FailureKind.TRUST
    assert "ligue “Confiar também nas autoridades do sistema”" in failure.todo
    keep(folders, {SYSTEM_TRUST: True})
    assert get(transport, server, "localhost") == b"resposta"
    keep(folders, {SYSTEM_TRUST: False})
    assert refused(transport, f"https://localhost:{server.port}/").kind is FailureKind.TRUST


def test_what_not_even_the_system_believes_is_still_refused(
    transport: AnpTransport, folders: Folders, server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.additional_ca_file.unlink()
    other = ssl.PEM_cert_to_DER_cert(DemoAuthority.create().ca_pem.decode())
    monkeypatch.setattr(network_module, "system_authorities", lambda: (other,))
    keep(folders, {SYSTEM_TRUST: True})
    failure = refused(transport, f"https://localhost:{server.port}/")
    assert failure.kind is FailureKind.TRUST
    assert "instale a autoridade dele neste computador" in failure.todo
    assert "Autoridades aceitas: as do programa e as do sistema" in failure.details


def test_a_store_that_cannot_be_read_is_told(
    transport: AnpTransport, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden() -> tuple[bytes, ...]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(network_module, "system_authorities", forbidden)
    keep(folders, {SYSTEM_TRUST: True})
    failure = refused(transport, "https://localhost/")
    assert failure.kind is FailureKind.CONFIGURATION
    assert "em que o sistema confia: Permission denied" in failure.what


def test_the_systems_authorities_are_those_of_its_files(
    tmp_path: Path, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "0a1b2c3d.0").write_bytes(authority.ca_pem)
    other = DemoAuthority.create().ca_pem
    (folder / "0a1b2c3d.1").write_bytes(other)  # of the same name
    (folder / "0a1b2c3e.0").symlink_to(tmp_path / "removido.pem")
    (folder / "LEIAME").write_text("nada")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nenhum.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    both = {ssl.PEM_cert_to_DER_cert(pem.decode()) for pem in (authority.ca_pem, other)}
    assert system_authorities() == tuple(sorted(both))


def test_an_installed_authority_is_believed_without_opening_the_program_again(
    folders: Folders, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 30.0, 61.0])
    stores = iter([(b"um",), (b"um", b"dois")])
    monkeypatch.setattr("services.network.time.monotonic", lambda: next(moments))
    monkeypatch.setattr(network_module, "system_authorities", lambda: next(stores))
    keep(folders, {SYSTEM_TRUST: True})
    network = Network(folders)
    assert [network._authorities() for _ in range(3)] == [(b"um",), (b"um",), (b"um", b"dois")]


@pytest.mark.parametrize(
    ("challenges", "found"),
    [
        ([], ()),
        (['Basic realm="loja, matriz", charset="UTF-8"'], ("Basic",)),
        (["Negotiate", "NTLM"], ("Negotiate", "NTLM")),
        (['Digest realm="a", nonce="b", Basic realm="c"'], ("Digest", "Basic")),
        (["", " , "], ()),
    ],
)
def test_the_schemes_of_a_challenge(challenges: list[str], found: tuple[str, ...]) -> None:
    assert schemes(challenges) == found


@pytest.mark.parametrize(
    ("enabled", "servers", "found"),
    [
        ("1", "proxy.loja:3128", "proxy.loja:3128"),
        ("1", "http=a:80;https=b:3128;ftp=c:21;", "b:3128"),
        ("1", "HTTPS = http://b:3128", "http://b:3128"),
        ("1", "http=a:80", ""),
        ("1", "socks=c:1080", "socks4://c:1080"),
        ("1", "https=b:3128;socks=c:1080", "b:3128"),
        ("0", "proxy.loja:3128", ""),
        ("", "", ""),
    ],
)
def test_the_proxy_for_https_in_what_windows_keeps(
    enabled: str, servers: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.casefold().endswith("_proxy")]:
        monkeypatch.delenv(name)
    kept = {"ProxyEnable": enabled, "ProxyServer": servers}
    monkeypatch.setattr(system_proxy, "_windows_value", kept.__getitem__)
    assert system_proxy.address() == found
    monkeypatch.setenv("HTTPS_PROXY", "http://ambiente:8080")
    assert system_proxy.address() == "http://ambiente:8080"


def test_a_windows_that_excepts_names(monkeypatch: pytest.MonkeyPatch, folders: Folders) -> None:
    monkeypatch.setattr(system_proxy, "address", lambda: "b:2")
    exceptions = "<local>;*.loja.local;10.*;https://nfe.teste"
    monkeypatch.setattr(system_proxy, "_windows_value", {"ProxyOverride": exceptions}.__getitem__)
    network = Network(folders)

    def way(host: str) -> str | None:
        proxy = network.proxy_to(host)
        assert proxy is None or proxy.source is ProxySource.WINDOWS
        return None if proxy is None else proxy.address

    for host in ("servidor", "pc.loja.local", "10.1.2.3", "NFE.teste", "localhost"):
        assert way(host) is None, host
    assert way("www.gov.br") == way("loja.local.gov.br") == way("xnfe.teste") == way("2001:db8::1") == "b:2"


# --- the other ways that leave this computer ------------------------------------------------------------------


def test_sefaz_is_consulted_by_the_proxy_and_by_the_systems_authorities_at_once(
    file_place: Place, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_module, "is_this_computer", lambda host: False)
    root = ssl.PEM_cert_to_DER_cert(authority.ca_pem.decode())
    monkeypatch.setattr(network_module, "system_authorities", lambda: (root,))
    with ProxyServer(login=("maria", PASSWORD)) as proxy:
        file_place.save(by(proxy, user="maria"))
        keep_password(file_place.folders, PASSWORD)
        customer = file_place.add()
        assert sefaz_finding(file_place.consult(customer)).failure is None
        file_place.folders.additional_ca_file.unlink()
        file_place.forget_paces()
        failure = sefaz_finding(file_place.consult(customer)).failure
        assert failure is not None
        assert failure.kind is FailureKind.TRUST
        assert "ligue “Confiar também nas autoridades do sistema”" in failure.todo
        file_place.save({SYSTEM_TRUST: True})
        file_place.forget_paces()
        assert sefaz_finding(file_place.consult(customer)).failure is None
        file_place.backoffice.sefaz.close()
    assert len(proxy.asked) == 3
    assert all(asked.startswith(b"CONNECT localhost:") for asked in proxy.asked)


def test_a_question_that_is_paid_for_has_not_left_when_the_proxy_refused_it(
    folders: Folders, server: TlsServer
) -> None:
    called = Called("gerenciadora Nossa", "o endereço dela", with_certificate=False)
    address = f"https://{HOST}:{server.port}/consulta"
    message = Message("POST", address, address, {}, b"{}", charged=True)
    with ProxyServer(login=("maria", PASSWORD)) as proxy:
        keep(folders, by(proxy))
        exchange = Exchange(folders)
        with exchange.asking(lambda: False), pytest.raises(AnalysisFailed) as failed:
            exchange.send(message, called)
        assert failed.value.failure.kind is FailureKind.NETWORK
        keep(folders, by(proxy, user="maria"))
        keep_password(folders, PASSWORD)
        with exchange.asking(lambda: False):
            assert exchange.send(message, called).body == b"resposta"
    assert server.connections == 1


def test_a_list_is_downloaded_by_the_proxy(folders: Folders, server_context: ssl.SSLContext) -> None:
    with TlsServer(server_context, always(b"CNPJ;NOME\n")) as server, ProxyServer() as proxy:
        keep(folders, by(proxy))
        found = download_list(
            f"https://{HOST}:{server.port}/lista.csv",
            folders,
            progress=lambda received, total: None,
            cancelled=lambda: False,
        )
    assert found == b"CNPJ;NOME\n"
    assert len(proxy.asked) == 1

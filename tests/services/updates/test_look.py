"""Looking for a newer version, over real TLS: what is believed, what is refused, and what is sent."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain import FailureKind
from app.folders import Folders
from app.settings.catalog import SYSTEM_TRUST, UPDATE_ADDRESS, UPDATE_KEY
from app.settings.machine import MachineStore
from app.settings.snapshot import GENERAL_COMPANY, Kept, Snapshot
from app.version import VERSION
from distribution.manifest import sign
from services.demo.ca import DemoAuthority
from services.updates import look as looking
from services.updates.channel import UpdateChannel, channel_of
from services.updates.download import download
from services.updates.failed import UpdateFailed
from services.updates.known import known_file, read_known
from services.updates.look import look
from tests.services.proxy_server import ProxyServer
from tests.updates import HOST, PUBLISHED_AT, Publisher, content

NOW = PUBLISHED_AT + timedelta(days=2)
MANIFEST = "/novo/atualizacao.json"
SIGNATURE = f"{MANIFEST}.sig"


def found(publisher: Publisher, folders: Folders, *, now: datetime = NOW) -> Any:
    return look(publisher.channel, folders, cancelled=lambda: False, clock=lambda: now)


def refused(publisher: Publisher, folders: Folders, *, now: datetime = NOW, distrusted: bool = False) -> FailureKind:
    """How it is refused; nothing of it was kept."""
    before = known_file(folders).read_bytes() if known_file(folders).exists() else None
    with pytest.raises(UpdateFailed) as failed:
        found(publisher, folders, now=now)
    assert failed.value.distrusted is distrusted
    failure = failed.value.failure
    assert failure.what and failure.what[0].isupper() and "SEFAZ" not in failure.sentence
    assert (known_file(folders).read_bytes() if known_file(folders).exists() else None) == before
    return failure.kind


def test_a_newer_version_is_found_and_remembered(publisher: Publisher, folders: Folders) -> None:
    known = found(publisher, folders)
    assert known.is_news
    assert known.manifest.version == "9.1.0"
    assert known.manifest.published_at == PUBLISHED_AT
    assert known.manifest.news == "Consulta mais rápida.\nCorreções."
    assert read_known(folders, publisher.channel.key) == known
    assert read_known(folders, Publisher().channel.key) is None  # of another key


def test_the_version_installed_is_no_news(publisher: Publisher, folders: Folders) -> None:
    publisher.publish(versao=VERSION)
    assert not found(publisher, folders).is_news


def test_only_the_name_and_version_of_the_program_are_sent_and_no_cookie_comes_back(
    publisher: Publisher, folders: Folders
) -> None:
    found(publisher, folders)
    found(publisher, folders)
    heads = [request.partition(b"\r\n\r\n") for request in publisher.asked]
    assert [head.split(b" ")[1].decode() for head, _, _ in heads] == [MANIFEST, SIGNATURE] * 2
    host = publisher.url.removeprefix("https://")
    for head, _, body in heads:
        assert body == b""
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        assert {name.title(): value for name, value in fields.items()} == {
            "Host": host,
            "User-Agent": f"Retaguarda/{VERSION}",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive",
        }


def test_off_while_the_address_or_the_key_is_missing(publisher: Publisher) -> None:
    channel = publisher.channel
    address = {(UPDATE_ADDRESS, GENERAL_COMPANY): Kept(channel.address)}
    key = {(UPDATE_KEY, GENERAL_COMPANY): Kept(channel.key)}
    assert channel_of(Snapshot()) is None
    assert channel_of(Snapshot(address)) is None
    assert channel_of(Snapshot(key)) is None
    assert channel_of(Snapshot(address | key)) == channel


@pytest.mark.parametrize(
    ("address", "signature", "file"),
    [
        ("https://a.b/r/m.json", "https://a.b/r/m.json.sig", "https://a.b/r/x.exe"),
        ("https://a.b/r/m.json?v=1#x", "https://a.b/r/m.json.sig?v=1", "https://a.b/r/x.exe"),
        ("https://a.b:8443/m", "https://a.b:8443/m.sig", "https://a.b:8443/x.exe"),
    ],
)
def test_what_lies_beside_the_manifest(address: str, signature: str, file: str) -> None:
    channel = UpdateChannel(address, "")
    assert (channel.signature_address, channel.file_address("x.exe")) == (signature, file)


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _another_key(publisher: Publisher) -> None:
    publisher.files[SIGNATURE] = sign(publisher.files[MANIFEST], Ed25519PrivateKey.generate())


def _one_bit(publisher: Publisher) -> None:
    publisher.files[MANIFEST] = _flip(publisher.files[MANIFEST], 30)


def _one_blank(publisher: Publisher) -> None:
    publisher.files[MANIFEST] += b"\n"


def _other_signature(publisher: Publisher) -> None:
    raw = base64.b64decode(publisher.files[SIGNATURE])
    publisher.files[SIGNATURE] = base64.b64encode(_flip(raw, 40))


def _not_only_base64(publisher: Publisher) -> None:
    publisher.files[SIGNATURE] = b"!" + publisher.files[SIGNATURE]


def _no_text(publisher: Publisher) -> None:
    publisher.files[SIGNATURE] = base64.b64decode(publisher.files[SIGNATURE])


def _empty(publisher: Publisher) -> None:
    publisher.files[SIGNATURE] = b""


@pytest.mark.parametrize(
    "tamper", [_another_key, _one_bit, _one_blank, _other_signature, _not_only_base64, _no_text, _empty]
)
def test_what_the_key_did_not_sign_is_refused(
    publisher: Publisher, folders: Folders, tamper: Callable[[Publisher], None]
) -> None:
    tamper(publisher)
    assert refused(publisher, folders, distrusted=True) is FailureKind.INVALID_RESPONSE


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        *(
            json.dumps({name: value for name, value in content(**changed).items() if value is not None}).encode()
            for changed in (
                {"versao": None},
                {"versao": 2},
                {"versao": "2.0-beta"},
                {"arquivo": "../x.exe"},
                {"arquivo": "a/b.exe"},
                {"arquivo": "a\\b.exe"},
                {"arquivo": "C:x.exe"},
                {"arquivo": "a..exe"},
                {"arquivo": ".exe"},
                {"arquivo": "nul.exe"},
                {"arquivo": "x" * 121},
                {"sha256": "A" * 64},
                {"sha256": None},
                {"tamanho": 0},
                {"tamanho": True},
                {"tamanho": 1.5},
                {"tamanho": (1 << 30) + 1},
                {"publicada_em": "2026-11-20T12:00:00"},
                {"publicada_em": "ontem"},
                {"publicada_em": "9999-12-31T23:59:59-23:59"},
                {"novidades": "a\x1b[31mb"},
                {"novidades": "a" * 8001},
            )
        ),
    ],
)
def test_a_signed_manifest_that_does_not_say_what_it_must(
    publisher: Publisher, folders: Folders, manifest: bytes
) -> None:
    publisher.publish_bytes(manifest)
    assert refused(publisher, folders) is FailureKind.INVALID_RESPONSE


def test_a_manifest_too_large_is_not_read_to_the_end(publisher: Publisher, folders: Folders) -> None:
    publisher.publish_bytes(b" " * (looking.MAX_MANIFEST + 1))
    assert refused(publisher, folders) is FailureKind.INVALID_RESPONSE
    publisher.publish()
    publisher.files[SIGNATURE] = b"A" * 100_000
    assert refused(publisher, folders) is FailureKind.INVALID_RESPONSE


def test_an_older_manifest_is_not_taken_again(publisher: Publisher, folders: Folders) -> None:
    older = dict(publisher.files)
    publisher.publish(versao="9.2.0", publicada_em=(PUBLISHED_AT + timedelta(hours=1)).isoformat())
    assert found(publisher, folders).manifest.version == "9.2.0"
    publisher.files.update(older)
    assert refused(publisher, folders, distrusted=True) is FailureKind.INVALID_RESPONSE
    # Taking a bad version back is a newer manifest, of a lower version.
    publisher.publish(versao="9.1.1", publicada_em=(PUBLISHED_AT + timedelta(hours=2)).isoformat())
    assert found(publisher, folders).manifest.version == "9.1.1"


def test_two_manifests_of_one_moment(publisher: Publisher, folders: Folders) -> None:
    found(publisher, folders)
    publisher.publish(tamanho=5)
    assert refused(publisher, folders, distrusted=True) is FailureKind.INVALID_RESPONSE


def test_a_manifest_of_the_future(publisher: Publisher, folders: Folders) -> None:
    assert refused(publisher, folders, now=PUBLISHED_AT - timedelta(days=1, seconds=1)) is FailureKind.INVALID_RESPONSE
    assert found(publisher, folders, now=PUBLISHED_AT - timedelta(days=1)).is_news


@pytest.mark.parametrize(
    "change",
    [
        {"manifesto": "{}"},
        {"assinatura": "AAAA"},
        {"procurada_em": "ontem"},
        {"procurada_em": None},
        {"procurada_em": "0001-01-01T00:00:00+23:00"},
        "[1",
        "{}",
        "\udcff",
    ],
)
def test_a_damaged_memory_keeps_nothing(publisher: Publisher, folders: Folders, change: dict[str, Any] | str) -> None:
    found(publisher, folders)
    kept = json.loads(known_file(folders).read_text("utf-8"))
    text = change if isinstance(change, str) else json.dumps(kept | change)
    known_file(folders).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert read_known(folders, publisher.channel.key) is None
    assert found(publisher, folders).is_news


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def test_redirects_over_https_are_followed_to_another_server_too(publisher: Publisher, folders: Folders) -> None:
    publisher.files["/outro"] = publisher.files[MANIFEST]
    publisher.answers[MANIFEST] = redirect("/tres")
    publisher.answers["/tres"] = redirect(publisher.url.replace("localhost", "127.0.0.1") + "/outro")
    assert found(publisher, folders).is_news


@pytest.mark.parametrize("where", [MANIFEST, "http://localhost/novo/atualizacao.json", "https://a:b@localhost/x", "//"])
def test_other_redirects_are_not(publisher: Publisher, folders: Folders, where: str) -> None:
    publisher.answers[MANIFEST] = redirect(where)
    assert refused(publisher, folders) in (FailureKind.HTTP, FailureKind.CONFIGURATION)
    assert len(publisher.asked) <= 6


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("http://localhost/x", "sem criptografia"),
        ("https://maria:segredo@localhost/x", "que não pode ser usado"),
    ],
)
def test_why_a_redirect_is_not_followed_is_told_as_it_is(
    publisher: Publisher, folders: Folders, where: str, what: str
) -> None:
    publisher.answers[MANIFEST] = redirect(where)
    with pytest.raises(UpdateFailed) as failed:
        found(publisher, folders)
    assert f"para um endereço {what}," in failed.value.failure.what
    assert "segredo" not in repr(failed.value.failure)


def test_an_address_of_no_place_is_told(publisher: Publisher, folders: Folders) -> None:
    address = UPDATE_ADDRESS.kind.parse("https://loja..ação.com.br/x.json")
    with pytest.raises(UpdateFailed) as failed:
        look(UpdateChannel(address, publisher.channel.key), folders, cancelled=lambda: False)
    assert failed.value.failure.kind is FailureKind.CONFIGURATION
    assert failed.value.failure.what == f"O endereço “{address}” não pode ser usado."


def test_a_redirect_to_nowhere_is_not_followed(publisher: Publisher, folders: Folders) -> None:
    publisher.answers[MANIFEST] = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
    assert refused(publisher, folders) is FailureKind.HTTP
    assert len(publisher.asked) == 1


def test_what_is_known_but_cannot_be_opened_is_not_taken_for_nothing(publisher: Publisher, folders: Folders) -> None:
    known_file(folders).mkdir()
    with pytest.raises(UpdateFailed) as failed:
        found(publisher, folders)
    assert failed.value.failure.kind is FailureKind.CONFIGURATION
    assert "não pôde ser lido" in failed.value.failure.what
    assert str(known_file(folders)) in failed.value.failure.what


def test_what_was_found_and_cannot_be_kept_is_told(
    publisher: Publisher, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.updates.known.replace_file", full)
    with pytest.raises(UpdateFailed) as failed:
        found(publisher, folders)
    assert failed.value.failure.kind is FailureKind.CONFIGURATION
    assert failed.value.failure.cause == "O sistema respondeu: No space left on device."


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oops", "206 Partial Content"])
def test_a_server_that_says_no(publisher: Publisher, folders: Folders, status: str) -> None:
    publisher.answers[SIGNATURE] = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    assert refused(publisher, folders) is FailureKind.HTTP


def test_a_server_that_is_not_trusted_is_told_nothing(publisher: Publisher, folders: Folders) -> None:
    folders.additional_ca_file.unlink()
    assert refused(publisher, folders) is FailureKind.TRUST
    assert publisher.asked == []


def test_cancelling_takes_less_than_a_second(publisher: Publisher, folders: Folders) -> None:
    publisher.files["/novo/lento.exe"] = b"1234"
    publisher.held = threading.Event()
    channel = UpdateChannel(f"{publisher.url}/novo/lento.exe", publisher.channel.key)
    asked: list[float] = []

    def cancelled() -> bool:
        if publisher.held is not None and publisher.held.is_set():
            asked.append(time.monotonic())
            return True
        return False

    with pytest.raises(UpdateFailed) as failed:
        look(channel, folders, cancelled=cancelled, clock=lambda: datetime.now(UTC))
    assert failed.value.failure.kind is FailureKind.CANCELLED
    assert time.monotonic() - asked[0] < 1.0


def test_by_the_proxy_of_this_computer_and_with_its_systems_authorities(
    publisher: Publisher, folders: Folders, authority: DemoAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.additional_ca_file.unlink()
    store = tmp_path / "sistema.pem"
    store.write_bytes(authority.ca_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(store))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nenhuma"))
    MachineStore(folders.machine_file).save({SYSTEM_TRUST: True})
    publisher.url = publisher.url.replace("localhost", HOST)
    with ProxyServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert found(publisher, folders).is_news
        assert download(
            publisher.channel,
            found(publisher, folders).manifest,
            tmp_path,
            folders,
            progress=lambda received, total: None,
            cancelled=lambda: False,
        ).is_file()
    assert all(head.startswith(f"CONNECT {HOST}:".encode()) for head in proxy.asked)
    assert len(proxy.asked) == 5

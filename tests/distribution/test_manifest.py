"""The manifest as whoever distributes makes it, read as the installed programs read it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.settings.catalog import UPDATE_KEY
from app.update_manifest import read_manifest
from app.version import VERSION
from distribution.manifest import MANIFEST, SIGNATURE, NotMade, main, make_manifest
from services.updates.look import MAX_MANIFEST
from services.updates.signature import BadSignature, verify

AT = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=-3)))
SET_UP = b"MZ" * 1000


@pytest.fixture
def set_up(tmp_path: Path) -> Path:
    file = tmp_path / "Retaguarda-0.2.0-instalar.exe"
    file.write_bytes(SET_UP)
    return file


def _made_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    file = tmp_path / "chave.pem"
    assert main(["chave", str(file)]) == 0
    return file, capsys.readouterr().out.strip().rpartition(": ")[2]


def test_from_a_new_key_to_what_an_installed_program_believes(
    tmp_path: Path, set_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, public = _made_key(tmp_path, capsys)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert UPDATE_KEY.kind.parse(public) == public
    news = tmp_path / "novidades.txt"
    news.write_text("  Mais rápido.\t\r\n\r\n- uma\tcorreção  \n", encoding="utf-8")
    command = ["assinar", str(set_up), "--chave", str(key), "--novidades", str(news), "--publicada-em", AT.isoformat()]
    assert main([*command, "--versao", "0.2.0"]) == 0
    assert public in capsys.readouterr().out
    data, signature = (tmp_path / MANIFEST).read_bytes(), (tmp_path / SIGNATURE).read_bytes()
    verify(data, signature, public)
    manifest = read_manifest(data)
    assert (manifest.version, manifest.file, manifest.size) == ("0.2.0", set_up.name, len(SET_UP))
    assert manifest.news == "Mais rápido.\n\n- uma   correção"
    assert manifest.published_at == AT
    with pytest.raises(BadSignature):
        verify(data + b" ", signature, public)
    assert main([*command, "--versao", "0.2.0"]) == 0
    assert (tmp_path / MANIFEST).read_bytes() == data
    assert (tmp_path / SIGNATURE).read_bytes() == signature


def test_without_more_it_is_this_version_of_now(
    tmp_path: Path, set_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, _ = _made_key(tmp_path, capsys)
    place = tmp_path / "publicar"
    place.mkdir()
    assert main(["assinar", str(set_up), "--chave", str(key), "--saida", str(place)]) == 0
    manifest = read_manifest((place / MANIFEST).read_bytes())
    assert manifest.version == VERSION
    assert abs(datetime.now(UTC) - manifest.published_at) < timedelta(minutes=5)
    assert manifest.news == ""


def test_a_key_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, _ = _made_key(tmp_path, capsys)
    before = key.read_bytes()
    assert main(["chave", str(key)]) == 1
    assert key.read_bytes() == before
    assert str(key) in capsys.readouterr().err


def test_a_key_with_a_password(
    tmp_path: Path, set_up: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "chave.pem"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"segredo"),
        )
    )
    command = ["assinar", str(set_up), "--chave", str(key)]
    for wrong in ("outra", ""):
        monkeypatch.setattr("getpass.getpass", lambda prompt, wrong=wrong: wrong)
        assert main(command) == 1
        assert "a senha é outra" in capsys.readouterr().err
    assert not (tmp_path / MANIFEST).exists()
    monkeypatch.setattr("getpass.getpass", lambda prompt: "segredo")
    assert main(command) == 0


def test_what_is_no_key_of_this_kind(tmp_path: Path, set_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "chave.pem"
    command = ["assinar", str(set_up), "--chave", str(key)]
    assert main(command) == 1
    key.write_bytes(b"nada")
    assert main(command) == 1
    key.write_bytes(
        generate_private_key(SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    assert main(command) == 1
    assert "Ed25519" in capsys.readouterr().err
    assert not (tmp_path / MANIFEST).exists()


@pytest.mark.parametrize("name", ["a b.exe", "ação.exe", ".exe", "a..b.exe", "x" * 121, "x.exe.", "-x.exe"])
def test_a_name_that_programs_would_refuse_is_refused_here(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"MZ")
    with pytest.raises(NotMade):
        make_manifest(tmp_path / name, "1.0", "", AT)


@pytest.mark.parametrize(
    ("version", "news", "at"),
    [("1.0-rc1", "", AT), ("1.0", "a\x07", AT), ("1.0", "a" * 8001, AT), ("1.0", "", AT.replace(tzinfo=None))],
)
def test_what_programs_would_refuse_is_refused_here(set_up: Path, version: str, news: str, at: datetime) -> None:
    with pytest.raises(NotMade):
        make_manifest(set_up, version, news, at)


def test_the_largest_that_is_made_is_taken(set_up: Path) -> None:
    name = "b_+.-" * 23 + "c.exe"
    assert len(name) == 120
    longest = set_up.with_name(name)
    longest.write_bytes(b"MZ")
    made = make_manifest(longest, "999999.999999.999999.999999", "ç" * 8000, AT)
    assert read_manifest(made).news == "ç" * 8000
    assert len(made) < MAX_MANIFEST


def test_an_empty_file_is_no_set_up(set_up: Path) -> None:
    set_up.write_bytes(b"")
    with pytest.raises(NotMade):
        make_manifest(set_up, "1.0", "", AT)

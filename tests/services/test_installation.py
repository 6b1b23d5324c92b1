"""Installing a certificate: row, keyring and audit agree at every moment, whatever fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import secrets
from app.data import audit, certificates, records
from app.data.database import Database
from app.domain import Certificate
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES
from services.certificate import client_context
from services.demo.ca import DemoAuthority
from services.demo.memory_keyring import MemoryKeyring
from services.installation import install_certificate
from services.pfx import CertificateRefused, RefusalReason

CNPJ = "11222333000181"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture(scope="module")
def pfx(authority: DemoAuthority) -> bytes:
    return authority.issue_pfx(CNPJ, "POSTO BOA VIAGEM LTDA", "senha")


@pytest.fixture
def branch(database: Database) -> int:
    with database.writing() as connection:
        company = {"cnpj": CNPJ, "nome": "Posto Boa Viagem", "uf": "SP"}
        number = records.add(connection, COMPANIES, company, Snapshot(), "maria")
        values = {"empresa": number, "cnpj": CNPJ, "nome": "Matriz", "uf": "SP"}
        return records.add(connection, BRANCHES, values, Snapshot(), "maria")


def test_row_password_and_audit_are_kept_together(
    database: Database, branch: int, pfx: bytes, memory_keyring: MemoryKeyring
) -> None:
    certificate = install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    with database.reading() as connection:
        kept = certificates.for_branch(connection, branch)
        entry = audit.latest(connection, f"filiais/{branch}")[0]
    assert kept == certificate
    password = secrets.read(certificate.secret_name)
    assert password
    client_context(certificate, password, None)
    assert (entry.actor, entry.old) == ("maria", "")
    assert "POSTO BOA VIAGEM LTDA, CNPJ 11.222.333/0001-81" in entry.new
    assert password not in entry.new


def test_the_replaced_one_leaves_the_keyring(
    database: Database, branch: int, pfx: bytes, authority: DemoAuthority, memory_keyring: MemoryKeyring
) -> None:
    old = install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    new_pfx = authority.issue_pfx(CNPJ, "POSTO BOA VIAGEM LTDA", "outra", not_after=NOW + timedelta(days=9))
    new = install_certificate(database, branch, new_pfx, "outra", actor="joão", now=NOW)
    assert [name for _, name in memory_keyring.entries] == [new.secret_name]
    with database.reading() as connection:
        entry = audit.latest(connection, f"filiais/{branch}")[0]
    assert f"série {old.serial}" in entry.old
    assert f"série {new.serial}" in entry.new


def test_installing_the_same_file_again_keeps_one_password(
    database: Database, branch: int, pfx: bytes, memory_keyring: MemoryKeyring
) -> None:
    install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    again = install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    assert [name for _, name in memory_keyring.entries] == [again.secret_name]


def test_a_refused_file_changes_nothing(
    database: Database, branch: int, pfx: bytes, memory_keyring: MemoryKeyring
) -> None:
    with pytest.raises(CertificateRefused) as refused:
        install_certificate(database, branch, pfx, "errada", actor="maria", now=NOW)
    assert refused.value.reason is RefusalReason.WRONG_PASSWORD
    with pytest.raises(records.RecordNotFound):
        install_certificate(database, 999, pfx, "senha", actor="maria", now=NOW)
    assert memory_keyring.entries == {}


def test_when_the_database_fails_the_new_password_goes_and_the_old_one_stays(
    database: Database, branch: int, pfx: bytes, authority: DemoAuthority, memory_keyring: MemoryKeyring
) -> None:
    old = install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    assert [name for _, name in memory_keyring.entries] == [old.secret_name]
    with database.reading() as connection:
        assert certificates.for_branch(connection, branch) == old


def test_without_a_keyring_nothing_is_kept(
    database: Database, branch: int, pfx: bytes, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(service: str, username: str, password: str) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(memory_keyring, "set_password", locked)
    with pytest.raises(secrets.SecretsUnavailable):
        install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    with database.reading() as connection:
        assert certificates.for_branch(connection, branch) is None


def test_a_keyring_that_closes_after_the_commit_does_not_undo_the_installation(
    database: Database, branch: int, pfx: bytes, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)

    def locked(service: str, username: str) -> None:
        raise RuntimeError("locked")

    monkeypatch.setattr(memory_keyring, "delete_password", locked)
    new = install_certificate(database, branch, pfx, "senha", actor="maria", now=NOW)
    with database.reading() as connection:
        assert certificates.for_branch(connection, branch) == new


def test_each_station_keeps_its_own_key_of_the_same_certificate(
    database: Database, branch: int, authority: DemoAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfx = authority.issue_pfx(CNPJ, "DISTRIBUIDORA MODELO", "senha")

    def install() -> Certificate:
        return install_certificate(database, branch, pfx, "senha", actor="maria", now=datetime.now(UTC))

    def kept() -> Certificate:
        with database.reading() as connection:
            found = certificates.for_branch(connection, branch)
        assert found is not None
        return found

    first = install()
    monkeypatch.setattr(certificates, "this_station", lambda: "joao@PC-02")
    assert not kept().has_key
    second = install()
    assert kept() == second
    monkeypatch.undo()
    assert kept().key_pem == first.key_pem
    assert kept().has_key

    renewed = authority.issue_pfx(CNPJ, "DISTRIBUIDORA MODELO", "senha")
    monkeypatch.setattr(certificates, "this_station", lambda: "joao@PC-02")
    install_certificate(database, branch, renewed, "senha", actor="joao", now=datetime.now(UTC))
    monkeypatch.undo()
    assert not kept().has_key

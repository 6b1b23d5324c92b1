"""The vault of this computer in real files; only what Windows protects is protected here by another cipher."""

from __future__ import annotations

import os
from pathlib import Path

import keyring
import keyring.backends.null
import pytest
from cryptography.fernet import Fernet, InvalidToken
from keyring.errors import PasswordDeleteError

from app import secrets
from app.computer_vault import CannotOpen, ComputerVault, VaultRefused
from app.installation import Installation, VaultPlace
from app.secrets import SecretsUnavailable

NAME = "banco/retaguarda@192.168.0.10:5432/retaguarda"
OTHER = "whatsapp/123"


class Cipher:
    """Another object is another computer."""

    def __init__(self) -> None:
        self._cipher = Fernet(Fernet.generate_key())

    def protect(self, data: bytes) -> str:
        return self._cipher.encrypt(data).decode("ascii")

    def unprotect(self, text: str) -> bytes:
        try:
            return self._cipher.decrypt(text.encode("ascii"))
        except InvalidToken as error:
            raise CannotOpen from error


@pytest.fixture
def vault(tmp_path: Path) -> ComputerVault:
    (tmp_path / "segredos").mkdir()
    return ComputerVault(tmp_path / "segredos", Cipher())


def files(vault: ComputerVault) -> list[Path]:
    return sorted(vault.folder.iterdir())


def test_a_secret_is_written_read_replaced_and_forgotten(vault: ComputerVault) -> None:
    assert vault.get_password("Retaguarda", NAME) is None
    for value in ("palavra çã €", "outra"):
        vault.set_password("Retaguarda", NAME, value)
        assert vault.get_password("Retaguarda", NAME) == value
    assert len(files(vault)) == 1
    vault.set_password("Retaguarda", OTHER, "token")
    vault.set_password("Alheio", NAME, "de outro programa")
    assert vault.names("Retaguarda") == ([NAME, OTHER], 0)
    vault.delete_password("Retaguarda", NAME)
    assert vault.names("Retaguarda") == ([OTHER], 0)
    with pytest.raises(PasswordDeleteError):
        vault.delete_password("Retaguarda", NAME)


def test_neither_the_secret_nor_its_name_is_in_the_files(vault: ComputerVault) -> None:
    vault.set_password("Retaguarda", NAME, "palavra")
    (file,) = files(vault)
    assert b"palavra" not in file.read_bytes()
    assert "banco" not in file.name + file.read_text()


def test_what_another_computer_protected_is_told_and_may_be_given_anew(vault: ComputerVault) -> None:
    vault.set_password("Retaguarda", NAME, "palavra")
    moved = ComputerVault(vault.folder, Cipher())
    with pytest.raises(VaultRefused, match=r"não abre.*outra instalação do Windows.*Informe-o de novo"):
        moved.get_password("Retaguarda", NAME)
    assert moved.names("Retaguarda") == ([], 1)
    moved.set_password("Retaguarda", NAME, "de novo")
    assert moved.get_password("Retaguarda", NAME) == "de novo"


def test_a_damaged_file_is_told_as_one_that_does_not_open(vault: ComputerVault) -> None:
    vault.set_password("Retaguarda", NAME, "palavra")
    (file,) = files(vault)
    file.write_bytes(b"\xff\x00 no disco")
    with pytest.raises(VaultRefused, match="não abre"):
        vault.get_password("Retaguarda", NAME)
    assert vault.names("Retaguarda") == ([], 1)


def test_a_file_put_in_the_place_of_another_is_told(vault: ComputerVault) -> None:
    vault.set_password("Retaguarda", NAME, "palavra")
    (file,) = files(vault)
    vault.set_password("Retaguarda", OTHER, "token")
    (other,) = set(files(vault)) - {file}
    other.replace(file)
    with pytest.raises(VaultRefused, match="é o de outro segredo"):
        vault.get_password("Retaguarda", NAME)


def test_the_folder_is_never_made_by_who_writes(tmp_path: Path) -> None:
    """Made without its permissions it would be open to every user of the computer."""
    vault = ComputerVault(tmp_path / "segredos", Cipher())
    with pytest.raises(VaultRefused, match="segredos computador"):
        vault.set_password("Retaguarda", NAME, "palavra")
    assert not vault.folder.exists()
    assert (vault.get_password("Retaguarda", NAME), vault.names("Retaguarda")) == (None, ([], 0))


def test_nothing_is_written_where_the_folder_only_leads_to_another(vault: ComputerVault, tmp_path: Path) -> None:
    """Put there by somebody before the vault was switched on, it would take the secrets to a folder of theirs."""
    elsewhere = tmp_path / "de alguém"
    vault.folder.rename(elsewhere)
    vault.folder.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(VaultRefused, match="desvio para outra pasta"):
        vault.set_password("Retaguarda", NAME, "palavra")
    assert not list(elsewhere.iterdir())


def test_who_was_not_let_in_is_told_whom_to_ask(vault: ComputerVault, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Path, *which: object, **how: object) -> str:
        raise PermissionError(13, os.strerror(13))

    vault.set_password("Retaguarda", NAME, "palavra")
    monkeypatch.setattr(Path, "read_text", refused)
    for call in (lambda: vault.get_password("Retaguarda", NAME), lambda: vault.names("Retaguarda")):
        with pytest.raises(VaultRefused, match=r"não tem acesso.*segredos permitir USUÁRIO"):
            call()


def test_who_may_not_even_see_the_folder_is_told_whom_to_ask(
    vault: ComputerVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows refuses whoever was let into neither the data nor the vault in it."""

    def refused(path: object, **how: object) -> os.stat_result:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(os, "stat", refused)
    monkeypatch.setattr(os, "lstat", refused)
    for call in (vault.is_made, lambda: vault.set_password("Retaguarda", NAME, "palavra")):
        with pytest.raises(VaultRefused, match=r"não tem acesso.*segredos permitir USUÁRIO"):
            call()


# --- in the place of the system's keyring ---


@pytest.fixture
def installed(vault: ComputerVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ComputerVault:
    """A computer where its own vault is in force; the keyring of its system would keep nothing."""
    installation = Installation(tmp_path, "0.1.0", tmp_path, VaultPlace.COMPUTER)
    monkeypatch.setattr(secrets, "find_installation", lambda: installation)
    monkeypatch.setattr(secrets, "computer_vault", lambda _: vault)
    keyring.set_keyring(keyring.backends.null.Keyring())  # type: ignore[no-untyped-call]  # keyring left it bare
    return vault


def test_it_stands_in_for_the_systems_keyring(installed: ComputerVault) -> None:
    secrets.write(NAME, "palavra")
    assert secrets.read(NAME) == installed.get_password("Retaguarda", NAME) == "palavra"
    secrets.delete(NAME)
    secrets.delete(NAME)
    assert secrets.read(NAME) is None


def test_what_it_refuses_is_said_in_its_own_words(installed: ComputerVault) -> None:
    installed.folder.rmdir()
    with pytest.raises(SecretsUnavailable, match="segredos computador"):
        secrets.write(NAME, "palavra")


@pytest.mark.usefixtures("installed")
def test_never_for_that_of_the_demonstration(vault: ComputerVault) -> None:
    from services.demo.memory_keyring import MemoryKeyring

    keyring.set_keyring(MemoryKeyring())
    secrets.write(NAME, "inventada")
    assert vault.names("Retaguarda") == ([], 0)

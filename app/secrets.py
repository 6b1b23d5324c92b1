"""Secrets live in the user's keyring, or in the vault of this computer, and nowhere else: three functions over both."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.installation import InstallationUnreadable, VaultPlace, find_installation

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from app.computer_vault import ComputerVault
    from app.installation import Installation

SERVICE = "Retaguarda"

_LARGEST = 2560
"""Bytes of UTF-16 in an entry of Windows' Credential Manager (CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h).

It holds in every keyring: what is kept in one may be carried to another.
"""


_NO_LOGON_SESSION = 1312
"""ERROR_NO_SUCH_LOGON_SESSION of winerror.h: "Network logon sessions do not have an associated credential set"
(CredWriteW), as those of SSH, of WinRM and of a task without its user's password."""


class SecretsUnavailable(Exception):
    """A secret cannot be kept or read; the message is a sentence in Portuguese for the operator."""


class NoKeyringHere(SecretsUnavailable):
    """This session of Windows has no keyring at all; what its user keeps is seen from another."""


class SecretTooLong(SecretsUnavailable):
    """The secret does not fit in an entry of Windows' keyring; nothing was written."""


def read(name: str) -> str | None:
    """The secret kept under `name`, or None when there is none."""
    with _keyring() as vault:
        return vault.get_password(SERVICE, name)


def write(name: str, value: str) -> None:
    """Keep `value` under `name`, replacing what was there. It is read back: some keyrings take it and keep nothing.

    Raises SecretTooLong, or SecretsUnavailable.
    """
    _check_length(value)
    with _keyring() as vault:
        vault.set_password(SERVICE, name, value)
        kept = vault.get_password(SERVICE, name)
    if kept != value:
        raise _unavailable("a senha gravada não volta")


def delete(name: str) -> None:
    """Forget the secret kept under `name`; nothing happens when there is none."""
    with _keyring() as vault:
        from keyring.errors import PasswordDeleteError

        try:
            vault.delete_password(SERVICE, name)
        except PasswordDeleteError:
            return


def computer_vault(installation: Installation) -> ComputerVault | None:
    """The vault of this computer, in force or not; None where there can be none."""
    folder = installation.vault_folder
    if sys.platform == "win32" and folder is not None:
        from app.computer_vault import ComputerVault
        from app.windows_protection import WindowsProtection

        return ComputerVault(folder, WindowsProtection())
    return None


def _check_length(value: str) -> None:
    size = len(value.encode("utf-16-le", "surrogatepass"))
    if size > _LARGEST:
        raise SecretTooLong(
            f"Este segredo ocupa {size} bytes, e o cofre de senhas do Windows guarda no máximo {_LARGEST} em cada um "
            f"({_LARGEST // 2} caracteres). Nada foi gravado: confira se foi colado só o segredo, e não um arquivo."
        )


@contextmanager
def speaking() -> Iterator[None]:
    """What a keyring raises inside leaves as SecretsUnavailable."""
    try:
        yield
    except Exception as error:  # a keyring is a plug-in, chosen by the system: it raises whatever its own library does
        from app.computer_vault import VaultRefused

        if isinstance(error, SecretsUnavailable):
            raise
        if isinstance(error, VaultRefused | InstallationUnreadable):
            raise SecretsUnavailable(str(error)) from error
        number = getattr(error, "winerror", None)  # Windows' own, whose class says nothing
        if number == _NO_LOGON_SESSION:
            raise NoKeyringHere(
                "Esta sessão do Windows não tem cofre de senhas: é uma sessão de rede (SSH, WinRM), ou uma tarefa sem "
                "a senha do usuário. Rode o comando numa sessão aberta na tela ou na Área de Trabalho Remota, ou use o "
                f"cofre deste computador, que vem com o serviço do Windows. (Erro {number}.)"
            ) from error
        raise _unavailable(type(error).__name__ if number is None else f"erro {number} do Windows") from error


@contextmanager
def _keyring() -> Iterator[KeyringBackend]:
    with speaking():
        yield _vault()


def _vault() -> KeyringBackend:
    import keyring

    chosen = keyring.get_keyring()
    # Only in the place of a keyring of the system's: that of the demonstration must stay the demonstration's.
    if type(chosen).__module__.startswith("keyring.backends."):
        installation = find_installation()
        if installation.vault is VaultPlace.COMPUTER:
            return computer_vault(installation) or chosen
    return chosen


def _unavailable(detail: str) -> SecretsUnavailable:
    return SecretsUnavailable(
        "O cofre de senhas do sistema não está disponível, e é nele que ficam as senhas do certificado e do banco. "
        "No Windows, confira se o serviço “Gerenciador de Credenciais” está ativo; no Linux, se há um chaveiro "
        "desbloqueado (GNOME Keyring ou KWallet) nesta sessão. "
        f"Detalhe: {detail}."
    )

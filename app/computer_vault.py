"""The vault of this computer: secrets for the window, the commands and the service of Windows alike.

A service has no user who signs in, and what a user's keyring has opens only for that user. Here each secret is a file
that this computer alone can open (DPAPI with the computer's key), in a folder that only the accounts let in can read:
the key keeps the secrets of a disk that is taken away, the folder's permissions keep those of the disk in its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Protocol

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from app.file_replacing import replace_file

_SUFFIX = ".segredo"

_FILE_ATTRIBUTE_REPARSE_POINT = 0x400
"""Of winnt.h: a folder that is only the name of another."""


class VaultRefused(Exception):
    """The vault cannot be read or written; the message is a sentence in Portuguese for the operator."""


class SecretLost(VaultRefused):
    """What is kept under a name does not open here, or is another's: it is worth nothing, and may be written over."""


class CannotOpen(Exception):
    """What was protected does not open here: it was protected by another computer, or it is damaged."""


class Protector(Protocol):
    """What makes of bytes something that only this computer can open."""

    def protect(self, data: bytes) -> str:
        """The same, protected, as text of one line."""

    def unprotect(self, text: str) -> bytes:
        """What was protected. Raises CannotOpen."""


def check_place(folder: Path) -> None:
    """Raise VaultRefused when what lies there only leads to another folder, whose permissions are somebody else's."""
    try:
        found = os.lstat(folder)
    except OSError:  # told by whoever uses it
        return
    is_junction = getattr(found, "st_file_attributes", 0) & _FILE_ATTRIBUTE_REPARSE_POINT
    if is_junction or folder.is_symlink():
        raise VaultRefused(
            f"A pasta do cofre deste computador ({folder}) é um desvio para outra pasta, onde outras pessoas podem ler "
            "as senhas. Como administrador, veja quem a pôs ali, apague-a e rode “retaguarda-comando segredos "
            "computador”."
        )


class ComputerVault(KeyringBackend):
    """A keyring in the files of one folder, which is there already with its permissions; see `services.windows_access`.

    Each file has the secret's name inside, protected together with it: the names are nobody else's to read either, and
    one secret cannot be put in the place of another. It has no priority, so that the keyring library never chooses it:
    the installation says when it is used (see `app.secrets`).
    """

    def __init__(self, folder: Path, protector: Protector) -> None:
        # Without the base's own, which only reads options from environment variables of the machine.
        self.folder = folder
        self._protector = protector

    def is_made(self) -> bool:
        """Whether the folder is there. Raises VaultRefused, also when this user may not even see that."""
        try:
            return stat.S_ISDIR(self.folder.stat().st_mode)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._refused(error) from error

    def get_password(self, service: str, username: str) -> str | None:
        try:
            text = self._file(service, username).read_text("ascii", "replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(error) from error
        try:
            kept_name, value = self._opened(text)
        except CannotOpen as error:
            raise SecretLost(
                f"O segredo “{username}” do cofre deste computador não abre: foi guardado em outra instalação do "
                "Windows, ou o arquivo dele foi alterado. Informe-o de novo."
            ) from error
        if kept_name != [service, username]:
            raise SecretLost(
                f"O arquivo do segredo “{username}”, no cofre deste computador, é o de outro segredo: alguém o trocou. "
                "Informe-o de novo e confira quem tem acesso à pasta do cofre."
            )
        return value

    def set_password(self, service: str, username: str, password: str) -> None:
        text = self._protector.protect(json.dumps([service, username, password]).encode())
        check_place(self.folder)
        if not self.is_made():  # made by who may give it its permissions: with others it would be open to all
            raise VaultRefused(
                f"A pasta do cofre deste computador não existe ({self.folder}). Como administrador, rode "
                "“retaguarda-comando segredos computador”."
            )
        try:
            replace_file(self._file(service, username), text + "\n")
        except OSError as error:
            raise self._refused(error) from error

    def delete_password(self, service: str, username: str) -> None:
        try:
            self._file(service, username).unlink()
        except FileNotFoundError as error:
            raise PasswordDeleteError(username) from error
        except OSError as error:
            raise self._refused(error) from error

    def names(self, service: str) -> tuple[list[str], int]:
        """The names of the secrets kept, in order, and how many files do not open. Raises VaultRefused."""
        found: list[str] = []
        damaged = 0
        try:
            texts = [file.read_text("ascii", "replace") for file in self.folder.iterdir() if file.suffix == _SUFFIX]
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise self._refused(error) from error
        for text in texts:
            try:
                (kept_service, name), _ = self._opened(text)
            except CannotOpen:
                damaged += 1
                continue
            if kept_service == service:
                found.append(name)
        return sorted(found), damaged

    def _file(self, service: str, name: str) -> Path:
        digest = hashlib.sha256(f"{service}\0{name}".encode()).hexdigest()
        return self.folder / f"{digest[:40]}{_SUFFIX}"

    def _opened(self, text: str) -> tuple[list[str], str]:
        try:
            service, name, value = json.loads(self._protector.unprotect(text.strip()))
        except ValueError as error:
            raise CannotOpen from error
        return [service, name], value

    def _refused(self, error: OSError) -> VaultRefused:
        if isinstance(error, PermissionError):
            return VaultRefused(
                f"Este usuário não tem acesso ao cofre de senhas deste computador ({self.folder}). Um administrador o "
                "deixa entrar com “retaguarda-comando segredos permitir USUÁRIO”."
            )
        return VaultRefused(
            f"O cofre de senhas deste computador não pôde ser usado ({self.folder}: {error.strerror}). "
            "Confira o disco e a permissão da pasta."
        )

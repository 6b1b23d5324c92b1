"""The names of the secrets that a keyring has for this program. Keyrings are asked by name; listing differs in each."""

from __future__ import annotations

import sys

from keyring.backend import KeyringBackend

from app.computer_vault import ComputerVault
from app.secrets import SERVICE, speaking

if sys.platform == "win32":
    import pywintypes
    import win32cred
    from keyring.backends.Windows import WinVaultKeyring
else:
    from contextlib import closing

    from keyring.backends.SecretService import Keyring as SecretService


class CannotList(Exception):
    """This keyring does not say what it has; the message is a sentence in Portuguese."""


def names_in(vault: KeyringBackend) -> list[str]:
    """In order, without their values. Raises CannotList, or SecretsUnavailable when the keyring does not answer."""
    with speaking():
        if isinstance(vault, ComputerVault):
            return vault.names(SERVICE)[0]
        if sys.platform == "win32":
            if isinstance(vault, WinVaultKeyring):
                return _of_windows()
        elif isinstance(vault, SecretService):
            return _of_secret_service(vault)
    raise CannotList("O cofre de senhas deste sistema não diz o que guarda: só se pode perguntar por um nome.")


if sys.platform == "win32":
    _NOT_FOUND = 1168
    """ERROR_NOT_FOUND of winerror.h: there is none at all."""

    def _of_windows() -> list[str]:
        # keyring has the entry written last under its service, and the others under name@service.
        try:
            entries = win32cred.CredEnumerate(None, 0)
        except pywintypes.error as error:
            if error.winerror == _NOT_FOUND:
                return []
            raise
        return sorted(
            {
                str(entry["UserName"])
                for entry in entries
                if entry["Type"] == win32cred.CRED_TYPE_GENERIC
                and entry["TargetName"] in (SERVICE, f"{entry['UserName']}@{SERVICE}")
            }
        )

else:

    def _of_secret_service(vault: SecretService) -> list[str]:
        scheme = vault.schemes[vault.scheme]
        collection = vault.get_preferred_collection()  # type: ignore[no-untyped-call]  # keyring left it bare
        with closing(collection.connection):
            found = collection.search_items({scheme["service"]: SERVICE})
            return sorted({item.get_attributes()[scheme["username"]] for item in found})

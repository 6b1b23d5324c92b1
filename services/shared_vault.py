"""Switching the vault of this computer on and off, with the secrets of whoever does it carried to where they count."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from app.installation import Installation, VaultPlace, keep_vault_place
from services.kept_secrets import names_in
from services.vault_move import Carried, carry

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


def use_computer_vault(installation: Installation, own: KeyringBackend, computer: KeyringBackend) -> Carried:
    """Have the program use the vault of this computer, and carry there the secrets of this user's own keyring.

    Done again, by this user or another, it carries what that user still has. Raises NotCarried, CannotList, OSError
    when the installation's file cannot be written, and what the keyrings raise; done again, it goes on.
    """
    return carry(
        names_in(own),
        own,
        computer,
        in_force=computer if installation.vault is VaultPlace.COMPUTER else own,
        switch=partial(keep_vault_place, installation, VaultPlace.COMPUTER),
    )


def use_own_keyrings(installation: Installation, own: KeyringBackend, computer: KeyringBackend) -> Carried:
    """The way back: the secrets of this computer go to the keyring of the user who does it. Raises as the way there."""
    return carry(
        names_in(computer),
        computer,
        own,
        in_force=computer if installation.vault is VaultPlace.COMPUTER else own,
        switch=partial(keep_vault_place, installation, VaultPlace.USER),
    )


if sys.platform == "win32":
    from collections.abc import Iterable
    from pathlib import Path

    from services import windows_access
    from services.windows_service import NAME

    def let_in(installation: Installation, accounts: Iterable[str], *, service: bool) -> tuple[str, ...]:
        """Give these SIDs, besides those already let in, the data and the vault that all share; who is let in now.

        The folders are made when they are not there. `service` lets in the account of the service too, which needs not
        exist yet. Raises WindowsRefused.
        """
        data, vault = _folders(installation)
        service_account = (windows_access.service_sid(NAME),) if service else ()
        everybody = tuple(dict.fromkeys([*windows_access.allowed(data), *accounts, *service_account]))
        windows_access.allow(data, everybody)
        windows_access.allow(vault, everybody)
        return everybody

    def keep_out(installation: Installation, accounts: Iterable[str]) -> tuple[str, ...]:
        """Take these SIDs from both folders; who is let in now. Raises WindowsRefused."""
        data, vault = _folders(installation)
        refused = set(accounts)
        left = tuple(sid for sid in windows_access.allowed(data) if sid not in refused)
        windows_access.allow(data, left)
        windows_access.allow(vault, left)
        return left

    def _folders(installation: Installation) -> tuple[Path, Path]:
        assert installation.data is not None and installation.vault_folder is not None
        return installation.data, installation.vault_folder

"""Switching the vault of this computer on and off, with the secrets of whoever does it carried to where they count."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from app.data import certificates
from app.data.certificates import computer_station, user_station
from app.folders import find_folders
from app.installation import FILE, Installation, VaultPlace, keep_vault_place
from app.secrets import NoKeyringHere
from services.backoffice import open_backoffice
from services.kept_secrets import names_in
from services.vault_move import Carried, carry
from services.windows_refusal import ACCESS_DENIED, refused

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend


GiveKeys = Callable[[str, str, tuple[str, ...], bool], None]
"""As `give_keys`: the station that had the secrets, the one that has them now, their names, and whether what the second
one has of its own is replaced."""


def use_computer_vault(
    installation: Installation, own: KeyringBackend, computer: KeyringBackend, give: GiveKeys
) -> Carried:
    """Have the program use the vault of this computer, and carry there the secrets of this user's own keyring.

    Done again, by this user or another, it carries what that user still has. A session without that keyring, as that of
    a remote installation, carries nothing, and the rest is done. Raises NotCarried, CannotList,
    SecretsUnavailable, WindowsRefused when the installation's file cannot be written (then nothing was carried), and
    what `give` raises; done again, it goes on.
    """
    was_in_force = installation.vault is VaultPlace.COMPUTER
    if not was_in_force:
        _keep(installation, VaultPlace.USER)

    def settle(names: tuple[str, ...]) -> None:
        give(user_station(), computer_station(), names, not was_in_force)
        if not was_in_force:
            _keep(installation, VaultPlace.COMPUTER)

    try:
        names, unseen = names_in(own), False
    except NoKeyringHere:
        names, unseen = [], True
    carried = carry(names, own, computer, in_force=computer if was_in_force else own, settle=settle)
    return replace(carried, unseen=unseen)


def use_own_keyrings(
    installation: Installation, own: KeyringBackend, computer: KeyringBackend, give: GiveKeys
) -> Carried:
    """The way back: the secrets of this computer go to the keyring of the user who does it. Raises as the way there."""
    was_in_force = installation.vault is VaultPlace.COMPUTER
    if was_in_force:  # told before the computer's secrets were copied to one who may not switch it off
        _keep(installation, VaultPlace.COMPUTER)

    def settle(names: tuple[str, ...]) -> None:
        give(computer_station(), user_station(), names, was_in_force)
        if was_in_force:
            _keep(installation, VaultPlace.USER)

    return carry(names_in(computer), computer, own, in_force=computer if was_in_force else own, settle=settle)


def give_keys(source: str, target: str, names: tuple[str, ...], replacing: bool) -> None:
    """The keys of certificates whose passwords were carried, in the database of this user's settings.

    A database is opened only when there are any: a computer that is being installed may not reach its own yet.
    """
    secret_names = [name for name in names if name.startswith(certificates.KEY_PASSWORD)]
    if not secret_names:
        return
    with closing(open_backoffice(find_folders())) as office, office.database.writing() as connection:
        certificates.give_keys(connection, source, target, secret_names, replacing=replacing)


def _keep(installation: Installation, vault: VaultPlace) -> None:
    try:
        keep_vault_place(installation, vault)
    except OSError as error:
        number = ACCESS_DENIED if isinstance(error, PermissionError) else error.errno or 0
        what = f"O arquivo {FILE}, na pasta {installation.folder}, não pôde ser gravado"
        raise refused(what, number, error.strerror or type(error).__name__) from error


if sys.platform == "win32":
    from collections.abc import Iterable

    from app.computer_vault import check_place
    from services import windows_access
    from services.windows_service import NAME

    def let_in(installation: Installation, accounts: Iterable[str]) -> tuple[str, ...]:
        """Give these SIDs, besides those already let in, the data that all share, and the vault where it is in force.

        The folder is made when it is not there. Returns who is let in now. Raises WindowsRefused.
        """
        assert installation.data is not None
        return _allow(installation, (*windows_access.allowed(installation.data), *accounts))

    def keep_out(installation: Installation, accounts: Iterable[str]) -> tuple[str, ...]:
        """Take these SIDs from both; who is let in now. Raises WindowsRefused."""
        assert installation.data is not None
        refused = set(accounts)
        return _allow(installation, (sid for sid in windows_access.allowed(installation.data) if sid not in refused))

    def prepare_vault(installation: Installation, accounts: Iterable[str], *, service: bool) -> None:
        """Make the vault's folder and give it and the data to these SIDs, besides those already let in.

        `service` lets in the account of the service too, which needs not exist yet. Whole groups that nobody named for
        the vault (every user of the computer) leave when it is switched on: until then there were no secrets to read.
        Raises WindowsRefused, or VaultRefused when something else is in the place of the folder.
        """
        assert installation.data is not None and installation.vault_folder is not None
        before = windows_access.allowed(installation.data)
        if installation.vault is not VaultPlace.COMPUTER:
            before = tuple(sid for sid in before if sid not in windows_access.ANYBODY)
        service_account = (windows_access.service_sid(NAME),) if service else ()
        everybody = (*before, *accounts, *service_account)
        windows_access.allow(installation.data, everybody)
        check_place(installation.vault_folder)  # until now whoever had the data may have put anything there
        windows_access.allow(installation.vault_folder, everybody)

    def _allow(installation: Installation, accounts: Iterable[str]) -> tuple[str, ...]:
        assert installation.data is not None and installation.vault_folder is not None
        everybody = tuple(dict.fromkeys(sid for sid in accounts if sid not in windows_access.ALWAYS))
        windows_access.allow(installation.data, everybody)
        if installation.vault is VaultPlace.COMPUTER:
            windows_access.allow(installation.vault_folder, everybody)
        return everybody

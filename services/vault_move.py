"""Carrying secrets from one keyring to another, so that nothing is lost wherever it is interrupted.

Each is written and read back in the new place; then all that reads them is told of the new place; only then they are
taken away from the old one. Doing it again does what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from app.computer_vault import SecretLost
from app.secrets import SERVICE, SecretsUnavailable, speaking


class NotCarried(SecretsUnavailable):
    """A secret did not arrive; the message is a sentence in Portuguese. All are still where they were."""


@dataclass(frozen=True)
class Carried:
    """What became of the secrets, by name: `moved` are in the new place alone.

    `different` are in both, each with another value: that in force stays in force, and the other is not taken away.
    `unseen` when this session does not show what its user keeps (`NoKeyringHere`): it stays where it is.
    """

    moved: tuple[str, ...]
    different: tuple[str, ...]
    unseen: bool = False


def carry(
    names: Iterable[str],
    source: KeyringBackend,
    target: KeyringBackend,
    *,
    in_force: KeyringBackend,
    settle: Callable[[tuple[str, ...]], object],
) -> Carried:
    """Move the secrets of these names; where both have one, that of the place in force counts.

    `in_force` is the one of the two that the program uses at the beginning. `settle` is given the names of those that
    are in both places, and has the program use the target; then they leave the source. Raises NotCarried,
    SecretsUnavailable when a keyring does not answer, and what `settle` does: then nothing has left.
    """
    moved, different = [], []
    with speaking():
        for name in names:
            value = source.get_password(SERVICE, name)
            if value is None:
                continue
            there = _kept(target, name)
            if there is not None and there != value and in_force is target:
                different.append(name)
                continue
            if there != value:
                target.set_password(SERVICE, name, value)
                if target.get_password(SERVICE, name) != value:
                    raise NotCarried(
                        f"O segredo “{name}” não pôde ser lido de volta no cofre novo: nada mudou de lugar."
                    )
            moved.append(name)
    settle(tuple(moved))
    with speaking():
        for name in moved:
            try:
                source.delete_password(SERVICE, name)
            except PasswordDeleteError:  # gone meanwhile: it is in the new place
                continue
    return Carried(tuple(moved), tuple(different))


def _kept(vault: KeyringBackend, name: str) -> str | None:
    try:
        return vault.get_password(SERVICE, name)
    except SecretLost:  # what is carried takes its place
        return None

"""What a new list of ANP changes in the mirror: who came, left or came back, and what is different in the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from app.anp_lists import Establishment


class ChangeKind(Enum):
    """What may happen to an establishment from one list to the next."""

    NEW = "novo"
    LEFT = "saiu"
    BACK = "voltou"
    BRAND = "bandeira"
    NAME = "razao_social"
    ADDRESS = "endereco"
    AUTHORIZATION = "autorizacao"
    SITUATION = "situacao"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return {
            ChangeKind.NEW: "Entrou na lista",
            ChangeKind.LEFT: "Saiu da lista",
            ChangeKind.BACK: "Voltou à lista",
            ChangeKind.BRAND: "Bandeira",
            ChangeKind.NAME: "Razão social",
            ChangeKind.ADDRESS: "Endereço",
            ChangeKind.AUTHORIZATION: "Autorização",
            ChangeKind.SITUATION: "Situação",
        }[self]


@dataclass(frozen=True)
class Change:
    """One change, with the establishment's name and UF as they are now, or were last.

    `before` and `after` are the values of what changed; of who came, left or came back, the brand (of a distributor,
    the situation).
    """

    cnpj: str
    name: str
    uf: str
    kind: ChangeKind
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """What to do to the mirror: rows to put in, rows to put in the place of others, CNPJs that left.

    `still_gone` had left before and can be seen in a broken line now: that neither brings them back nor confirms it.
    """

    added: tuple[Establishment, ...]
    replaced: tuple[Establishment, ...]
    left: tuple[str, ...]
    still_gone: tuple[str, ...]
    changes: tuple[Change, ...]


def difference(
    present: Mapping[str, Establishment],
    gone: Mapping[str, Establishment],
    rows: Iterable[Establishment],
    unreadable: frozenset[str],
) -> Difference:
    """The difference between the mirror, by CNPJ, and the rows of a list newer than it.

    Who is in a broken line (`unreadable`) stays as it was: that line is no proof of anything.
    """
    added: list[Establishment] = []
    replaced: list[Establishment] = []
    changes: list[Change] = []
    missing = dict.fromkeys(present)
    for row in rows:
        old = present.get(row.cnpj)
        if old is not None:
            del missing[row.cnpj]
            if old != row:
                replaced.append(row)
                changes += _changed(old, row)
        elif (old := gone.get(row.cnpj)) is not None:
            replaced.append(row)
            changes.append(_change(row, ChangeKind.BACK, "", _summary(row)))
            changes += _changed(old, row)
        else:
            added.append(row)
            changes.append(_change(row, ChangeKind.NEW, "", _summary(row)))
    left = tuple(cnpj for cnpj in missing if cnpj not in unreadable)
    changes += (_change(present[cnpj], ChangeKind.LEFT, _summary(present[cnpj]), "") for cnpj in left)
    still_gone = tuple(cnpj for cnpj in gone if cnpj in unreadable)
    return Difference(tuple(added), tuple(replaced), left, still_gone, tuple(changes))


def _changed(old: Establishment, new: Establishment) -> list[Change]:
    compared = (
        (ChangeKind.BRAND, old.brand, new.brand),
        (ChangeKind.NAME, old.name, new.name),
        (ChangeKind.ADDRESS, old.address, new.address),
        (ChangeKind.AUTHORIZATION, old.authorization, new.authorization),
        (ChangeKind.SITUATION, old.situation, new.situation),
    )
    return [_change(new, kind, before, after) for kind, before, after in compared if before != after]


def _change(row: Establishment, kind: ChangeKind, before: str, after: str) -> Change:
    return Change(row.cnpj, row.name, row.uf, kind, before, after)


def _summary(row: Establishment) -> str:
    return row.brand or row.situation

"""One setting: its key, words, kind, default and scopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from app.domain import Authority
from app.kinds import Kind

T = TypeVar("T")


class Scope(Enum):
    """Where a value may be kept."""

    MACHINE = "maquina"
    GENERAL = "geral"
    COMPANY = "empresa"

    @property
    def label(self) -> str:
        """The word shown to the operator."""
        return {Scope.MACHINE: "Este computador", Scope.GENERAL: "Geral", Scope.COMPANY: "Empresa"}[self]


MACHINE = (Scope.MACHINE,)
GENERAL = (Scope.GENERAL,)
COMPANY = (Scope.COMPANY,)
GENERAL_AND_COMPANY = (Scope.GENERAL, Scope.COMPANY)


@dataclass(frozen=True, eq=False)
class Setting(Generic[T]):
    """The declaration of one setting. Two settings are equal only when they are the same object.

    `help` says what it does, `effect` what happens when it is changed, `example` one concrete case;
    `tag` groups the ones that belong to a grid (an AnpStatus).
    """

    key: str
    label: str
    kind: Kind[T]
    default: T
    scopes: tuple[Scope, ...]
    help: str
    effect: str
    example: str
    tag: Enum | None = field(default=None)

    @property
    def tooltip(self) -> str:
        """The first sentence of the help."""
        return self.help.split(". ")[0].rstrip(".") + "."

    @property
    def is_machine(self) -> bool:
        """Whether the value belongs to this computer and is kept outside the database."""
        return Scope.MACHINE in self.scopes

    @property
    def is_general(self) -> bool:
        """Whether one value may serve all companies."""
        return Scope.GENERAL in self.scopes

    @property
    def is_company(self) -> bool:
        """Whether a company may have a value of its own."""
        return Scope.COMPANY in self.scopes


@dataclass(frozen=True)
class Group:
    """Settings under one heading. With `columns`, each row is a tag and each column one family of settings.

    `note` is what the operator must know of them all: above all, that they are kept but do not act yet.
    """

    title: str
    settings: tuple[Setting[Any], ...]
    columns: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Tab:
    """One panel of a page. `simulates` is the authority whose rules are on it, when they can be tried before saving."""

    title: str
    groups: tuple[Group, ...]
    simulates: Authority | None = None


@dataclass(frozen=True)
class Page:
    """One settings screen; `path` is the original menu path."""

    key: str
    title: str
    path: tuple[str, ...]
    tabs: tuple[Tab, ...]

    @property
    def settings(self) -> tuple[Setting[Any], ...]:
        """Every setting of the page, in reading order."""
        return tuple(s for tab in self.tabs for group in tab.groups for s in group.settings)

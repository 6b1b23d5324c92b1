"""The effective values at one moment, each with where it comes from: company over general over default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

from app.settings.setting import Setting

T = TypeVar("T")

GENERAL_COMPANY = 0
"""The company number under which general and machine values are kept."""


class Source(Enum):
    """Where an effective value comes from."""

    DEFAULT = "padrao"
    GENERAL = "geral"
    COMPANY = "empresa"
    MACHINE = "maquina"

    @property
    def label(self) -> str:
        """The words shown beside the value."""
        return {
            Source.DEFAULT: "padrão",
            Source.GENERAL: "vem do geral",
            Source.COMPANY: "desta empresa",
            Source.MACHINE: "deste computador",
        }[self]


@dataclass(frozen=True)
class Kept:
    """A value as it is stored; the moment and the person are unknown for this computer's own file."""

    value: Any
    at: datetime | None = None
    by: str = ""


@dataclass(frozen=True)
class Effective(Generic[T]):
    """The value in force and where it comes from."""

    value: T
    source: Source
    kept: Kept | None


SettingKey = tuple[Setting[Any], int]


@dataclass(frozen=True)
class Snapshot:
    """Immutable. `snapshot[SETTING]` is the value in force for the general profile, or for `company` when chosen."""

    values: Mapping[SettingKey, Kept] = field(default_factory=dict)
    company: int = GENERAL_COMPANY

    def __getitem__(self, setting: Setting[T]) -> T:
        return self.effective(setting).value

    def effective(self, setting: Setting[T]) -> Effective[T]:
        """The value in force for the snapshot's company. Presence overrides, even with an equal value."""
        if self.company != GENERAL_COMPANY and setting.is_company:
            own = self.values.get((setting, self.company))
            if own is not None:
                return Effective(own.value, Source.COMPANY, own)
        general = self.values.get((setting, GENERAL_COMPANY))
        if general is not None:
            return Effective(general.value, Source.MACHINE if setting.is_machine else Source.GENERAL, general)
        return Effective(setting.default, Source.DEFAULT, None)

    def for_company(self, company: int) -> Snapshot:
        """The same values seen by a company (0: the general profile)."""
        return Snapshot(self.values, company)

    def everywhere(self, setting: Setting[T]) -> list[T]:
        """Every value kept for a setting, general and of any company."""
        return [kept.value for (s, _), kept in self.values.items() if s is setting]

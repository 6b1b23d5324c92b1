"""A draft of changes to settings, and why it may be refused whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.portuguese import exact
from app.settings.setting import Setting
from app.settings.snapshot import SettingKey


class _Restore:
    """The wish to go back to the default or, for a company, to the general value."""

    def __repr__(self) -> str:
        return "RESTORE"


RESTORE: Final = _Restore()
"""In a draft: forget the kept value, so that the default (or the general value) is in force again."""

Draft = Mapping[SettingKey, Any]
"""What to change: (setting, company) → new value or RESTORE."""


class InvalidDraft(Exception):
    """Some values cannot be saved; nothing was. `errors` has a sentence for each."""

    def __init__(self, errors: dict[SettingKey, str]) -> None:
        super().__init__(" ".join(f"{setting.label}: {error}" for (setting, _), error in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Conflict:
    """A value changed by somebody else after it was shown here; `words` is it as a person reads it.

    When they restored the default, `theirs` is None and `words` is "".
    """

    setting: Setting[Any]
    company: int
    theirs: Any
    words: str
    by: str
    at: datetime | None

    @property
    def sentence(self) -> str:
        """Who changed what, to what, and when."""
        # Without a moment nothing is kept; a kept reference may well be None.
        value = "o valor padrão" if self.at is None else f"“{self.setting.kind.show(self.theirs)}”"
        when = f" em {exact(self.at)}" if self.at else ""
        return f"{self.setting.label}: {self.by or 'outra pessoa'} gravou {value}{when}."


class SaveConflict(Exception):
    """Somebody saved other values meanwhile; nothing was saved."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(" ".join(conflict.sentence for conflict in conflicts))
        self.conflicts = conflicts

"""What the operator has changed on a settings page and not saved yet, kept across tabs and companies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.settings.draft import RESTORE, Conflict
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Effective, Kept, SettingKey, Snapshot


@dataclass(frozen=True)
class Unreadable:
    """A text that is not a value, kept as it was typed, and why."""

    text: str
    sentence: str


Wanted = Any
"""A value, RESTORE or Unreadable."""


class SettingsDraft:
    """Wishes over a snapshot. A wish equal to what is kept is no wish: what is changed is derived, never flagged."""

    def __init__(self, base: Snapshot) -> None:
        self.base = base
        self._wishes: dict[SettingKey, Wanted] = {}
        self._refusals: dict[SettingKey, str] = {}

    def put(self, key: SettingKey, wanted: Wanted) -> None:
        """Wish for a value, an unreadable text or RESTORE."""
        self._refusals.pop(key, None)
        kept = self.base.values.get(key)
        if isinstance(wanted, Unreadable):
            self._wishes[key] = wanted
        elif (kept is None and (wanted is RESTORE or self._is_plain_default(key, wanted))) or (
            kept is not None and wanted is not RESTORE and kept.value == wanted
        ):
            self._wishes.pop(key, None)
        else:
            self._wishes[key] = RESTORE if self._is_plain_default(key, wanted) else wanted

    def _is_plain_default(self, key: SettingKey, wanted: Wanted) -> bool:
        setting, company = key
        overrides = company != GENERAL_COMPANY and setting.is_general
        return not overrides and wanted is not RESTORE and bool(setting.default == wanted)

    def unreadable(self, key: SettingKey) -> Unreadable | None:
        """The text typed, when it is not a value."""
        wish = self._wishes.get(key)
        return wish if isinstance(wish, Unreadable) else None

    def is_changed(self, key: SettingKey) -> bool:
        """Whether saving would change this value."""
        return key in self._wishes

    def is_present(self, key: SettingKey) -> bool:
        """Whether the draft has a value of its own here: what an override is."""
        return self._wishes[key] is not RESTORE if key in self._wishes else key in self.base.values

    def effective(self, setting: Setting[Any], company: int) -> Effective[Any]:
        """The value that would be in force after saving; unreadable texts count as not typed."""
        return Snapshot(self._values(), company).effective(setting)

    def snapshot(self) -> Snapshot:
        """The general values as they would be after saving."""
        return Snapshot(self._values())

    def _values(self) -> dict[SettingKey, Kept]:
        values = dict(self.base.values)
        for key, wish in self._wishes.items():
            if wish is RESTORE:
                values.pop(key, None)
            elif not isinstance(wish, Unreadable):
                values[key] = Kept(wish)
        return values

    @property
    def changes(self) -> dict[SettingKey, Any]:
        """What to save: values and RESTORE. Unreadable texts are in `errors`."""
        return {key: wish for key, wish in self._wishes.items() if not isinstance(wish, Unreadable)}

    @property
    def errors(self) -> dict[SettingKey, str]:
        """A sentence for each unreadable text and each value that was refused when saving."""
        unreadable = {key: wish.sentence for key, wish in self._wishes.items() if isinstance(wish, Unreadable)}
        return {**self._refusals, **unreadable}

    @property
    def keys(self) -> list[SettingKey]:
        """What is not saved, in the order in which it was changed."""
        return list(self._wishes)

    def refuse(self, errors: Mapping[SettingKey, str]) -> None:
        """Remember why values were refused, until they are edited."""
        self._refusals = dict(errors)

    def discard(self) -> dict[SettingKey, Wanted]:
        """Forget every wish; what is returned may be given to `put_back`."""
        wishes, self._wishes, self._refusals = self._wishes, {}, {}
        return wishes

    def put_back(self, wishes: Mapping[SettingKey, Wanted]) -> None:
        """Undo a `discard`."""
        for key, wish in wishes.items():
            self.put(key, wish)

    def saved(self, snapshot: Snapshot, saved: Mapping[SettingKey, Any]) -> None:
        """These wishes are kept now; what was changed again meanwhile is still a wish."""
        later = {key: wish for key, wish in self._wishes.items() if key in saved and wish != saved[key]}
        for key in saved:
            self._wishes.pop(key, None)
        self._refusals = {}
        self.rebase(snapshot)
        self.put_back(later)

    def rebase(self, snapshot: Snapshot) -> None:
        """Take newer kept values. Where there is a wish the value first seen stays, so that a conflict is noticed."""
        values = dict(snapshot.values)
        for key in self._wishes:
            values.pop(key, None)
            if key in self.base.values:
                values[key] = self.base.values[key]
        self.base = Snapshot(values)

    def take_theirs(self, conflict: Conflict) -> None:
        """Give up the wish in favour of what somebody else kept."""
        key = (conflict.setting, conflict.company)
        self._wishes.pop(key, None)
        self._see(conflict)

    def keep_mine(self, conflict: Conflict) -> None:
        """Keep the wish, knowing what somebody else kept."""
        key = (conflict.setting, conflict.company)
        wish = self._wishes.pop(key)
        self._see(conflict)
        self.put(key, wish)

    def _see(self, conflict: Conflict) -> None:
        values = dict(self.base.values)
        key = (conflict.setting, conflict.company)
        values.pop(key, None)
        if conflict.at is not None:
            values[key] = Kept(conflict.theirs, conflict.at, conflict.by)
        self.base = Snapshot(values)

    def restored(self, setting: Setting[Any], company: int) -> Any:
        """The value in force once this one is restored: the general one for an override, else the default."""
        if company != GENERAL_COMPANY and setting.is_general:
            return self.effective(setting, GENERAL_COMPANY).value
        return setting.default

    def describe(self, key: SettingKey, show: Callable[[Setting[Any], Any], str]) -> str:
        """One change in words: from what to what. `show` writes a value for a person."""
        setting, company = key
        before = show(setting, self.base.for_company(company).effective(setting).value)
        wish = self._wishes.get(key)
        after = wish.text if isinstance(wish, Unreadable) else show(setting, self.effective(setting, company).value)
        if company != GENERAL_COMPANY and setting.is_general and wish is RESTORE:
            after = f"{after} (vem do geral)"
        return f"{self.label(key)}: de “{before}” para “{after}”"

    def label(self, key: SettingKey) -> str:
        """How one change is named in a list."""
        setting, company = key
        return f"{setting.label} (empresa {company})" if company != GENERAL_COMPANY else setting.label

"""Loads the snapshot and saves a whole draft: everything checked, then everything kept with its audit, or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue
from app.settings.catalog import BY_KEY
from app.settings.draft import RESTORE, Conflict, Draft, InvalidDraft, SaveConflict
from app.settings.machine import MachineStore
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Kept, SettingKey, Snapshot

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.setting_values import StoredValue

    _Sources = tuple[tuple[int, int, int] | None, list[StoredValue]]


@dataclass(frozen=True)
class _Read:
    """What was read from `at` on (of the monotonic clock), and what it means."""

    at: float
    sources: _Sources
    snapshot: Snapshot


class SettingsRepository:
    """The only door to settings: this computer's file and, when it is open, the database."""

    def __init__(self, machine: MachineStore, database: Database | None) -> None:
        self._machine = machine
        self._database = database
        self._turn = threading.Lock()
        self._last: _Read | None = None

    def current(self, age_s: float = 0.0) -> Snapshot:
        """The same as `load`, for who asks at every request and from any thread: what is kept is read again, once for
        all who asked before it was, and only understood again when it changed.

        What was read up to `age_s` seconds ago will do, unless this repository has saved meanwhile.
        """
        needed_at = time.monotonic() - age_s
        with self._turn:
            last = self._last
            if last is None or last.at < needed_at:
                at = time.monotonic()
                sources = self._machine.version(), self._rows()
                known = last.snapshot if last is not None and last.sources == sources else None
                self._last = last = _Read(at, sources, known or self._understood(sources[1]))
            return last.snapshot

    def load(self) -> Snapshot:
        """The values kept now. Keys of an older or newer program are left alone.

        Raises MachineFileError, or InvalidValue when something in the database is not a value of its setting.
        """
        return self._understood(self._rows())

    def _rows(self) -> list[StoredValue]:
        if self._database is None:
            return []
        from app.data import setting_values

        with self._database.reading() as connection:
            return setting_values.load(connection)

    def _understood(self, rows: list[StoredValue]) -> Snapshot:
        machine = self._machine.load()
        values: dict[SettingKey, Kept] = {(s, GENERAL_COMPANY): Kept(value) for s, value in machine.items()}
        return Snapshot(values | self._kept_now(rows))

    def save(self, draft: Draft, base: Snapshot, actor: str) -> Snapshot:
        """Keep the whole draft, made over `base`, and return the new snapshot.

        Raises InvalidDraft (with a sentence a field) or SaveConflict; then nothing has changed anywhere.
        """
        errors = {key: error for key, value in draft.items() if (error := self._scope_or_value_error(key, value))}
        if self._database is None:
            if errors:
                raise InvalidDraft(errors)
            self._machine.save(self._machine_values(draft))
            return self.load()
        from app.data import audit, setting_values
        from app.settings import checks

        now = datetime.now(UTC)
        machine_before = self._machine.load()
        try:
            with self._database.writing() as connection:
                sound = {key: value for key, value in draft.items() if key not in errors}
                errors |= checks.draft_errors(connection, sound, now)
                if errors:
                    raise InvalidDraft(errors)

                def words(setting: Setting[Any], value: Any) -> str:
                    return "volta ao padrão" if value is RESTORE else checks.shown(connection, setting, value)

                conflicts = _conflicts(draft, base, self._kept_now(setting_values.load(connection)), words)
                if conflicts:
                    raise SaveConflict(conflicts)
                for (setting, company), value in draft.items():
                    audit.record(
                        connection,
                        actor=actor,
                        subject=setting.key,
                        what=setting.label,
                        company_id=company,
                        old=words(setting, base.for_company(company)[setting]),
                        new=words(setting, value),
                        at=now,
                    )
                    if not setting.is_machine:
                        text = None if value is RESTORE else setting.kind.dump(value)
                        setting_values.store(connection, setting.key, company, text, actor, now)
                if any(setting.is_machine for setting, _ in draft):
                    self._machine.save(self._machine_values(draft))
        except BaseException:
            # The file is not part of the database's transaction: when that one failed, the file goes back too.
            if self._machine.load() != machine_before:
                self._machine.save(machine_before)
            raise
        with self._turn:  # a reading that began before is over, and is not what is kept
            self._last = None
        return self.load()

    def _scope_or_value_error(self, key: SettingKey, value: Any) -> str | None:
        setting, company = key
        if company != GENERAL_COMPANY and not setting.is_company:
            return "Este valor é um só para todas as empresas: grave-o no Geral."
        if company == GENERAL_COMPANY and not (setting.is_general or setting.is_machine):
            return "Este valor é por empresa: escolha a empresa."
        if self._database is None and not setting.is_machine:
            return (
                "O banco de dados não está aberto, e só as configurações deste computador podem ser gravadas: "
                "confira a conexão com ele."
            )
        if value is RESTORE:
            return None
        try:
            setting.kind.parse(setting.kind.dump(value))
        except InvalidValue as error:
            return str(error)
        return None

    def _machine_values(self, draft: Draft) -> dict[Setting[Any], Any]:
        values = self._machine.load()
        for (setting, _), value in draft.items():
            if setting.is_machine and value is RESTORE:
                values.pop(setting, None)
            elif setting.is_machine:
                values[setting] = value
        return values

    def _kept_now(self, rows: list[StoredValue]) -> dict[SettingKey, Kept]:
        return {(BY_KEY[row.key], row.company_id): _kept(BY_KEY[row.key], row) for row in rows if row.key in BY_KEY}


def _kept(setting: Setting[Any], row: StoredValue) -> Kept:
    try:
        return Kept(setting.kind.parse(row.value), row.changed_at, row.changed_by)
    except InvalidValue as error:
        raise InvalidValue(f"{setting.label}, no banco de dados: {error}") from error


def _conflicts(
    draft: Draft, base: Snapshot, now: Mapping[SettingKey, Kept], words: Callable[[Setting[Any], Any], str]
) -> list[Conflict]:
    found = []
    for key, wanted in draft.items():
        setting, company = key
        shown, kept = base.values.get(key), now.get(key)
        if setting.is_machine or kept == shown:
            continue
        if kept is None and wanted is not RESTORE:
            found.append(Conflict(setting, company, None, "", "", None))
        elif kept is not None and (wanted is RESTORE or kept.value != wanted):
            found.append(Conflict(setting, company, kept.value, words(setting, kept.value), kept.by, kept.at))
    return found

"""Settings as a JSON file, to copy them to another installation. Secrets are not settings, so none is ever in it.

Only what was set is written; reading a file changes what it names and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.kinds import InvalidValue
from app.settings.catalog import ALL, BY_KEY
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, SettingKey, Snapshot, Source

FORMAT = 1
_GENERAL, _COMPANIES, _MACHINE = "geral", "empresas", "maquina"
_SECTIONS = ("formato", _GENERAL, _COMPANIES, _MACHINE)


class InvalidFile(Exception):
    """The file cannot be imported; nothing was. `errors` has a sentence by place in the file ("geral/sefaz.lote")."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(f"{place}: {error}" if place else error for place, error in errors.items()))
        self.errors = errors


@dataclass(frozen=True)
class Change:
    """One value that an import would keep. `source` is where the value in force comes from now."""

    setting: Setting[Any]
    company: int
    old: Any
    source: Source
    new: Any

    @property
    def sentence(self) -> str:
        """The change in one line."""
        kind = self.setting.kind
        where = f" (empresa {self.company})" if self.company != GENERAL_COMPANY else ""
        return f"{self.setting.key}{where}: {kind.show(self.old)} [{self.source.label}] → {kind.show(self.new)}"


def export(snapshot: Snapshot, *, machine: bool = False) -> str:
    """The values kept, as JSON. Those of this computer only when asked: elsewhere they would be wrong."""
    general: dict[str, Any] = {}
    local: dict[str, Any] = {}
    companies: dict[int, dict[str, Any]] = {}
    for setting in ALL:
        for company in sorted(c for s, c in snapshot.values if s is setting):
            if setting.is_machine:
                section = local
            elif company == GENERAL_COMPANY:
                section = general
            else:
                section = companies.setdefault(company, {})
            section[setting.key] = setting.kind.plain(snapshot.values[setting, company].value)
    document: dict[str, Any] = {
        "formato": FORMAT,
        _GENERAL: general,
        _COMPANIES: {str(company): companies[company] for company in sorted(companies)},
    }
    if machine:
        document[_MACHINE] = local
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def read(text: str) -> dict[SettingKey, Any]:
    """The values of an exported file. Raises InvalidFile with a sentence for each unknown key and wrong value."""
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except ValueError as error:
        raise InvalidFile({"": f"O arquivo não é um JSON válido: {error}."}) from error
    if not isinstance(document, dict) or document.get("formato") != FORMAT:
        raise InvalidFile({"": "O arquivo não é uma exportação de configurações deste programa (“formato”: 1)."})
    errors = {name: "esta parte não é conhecida." for name in document if name not in _SECTIONS}
    draft: dict[SettingKey, Any] = {}
    for name in (_GENERAL, _MACHINE):
        _read_section(name, document.get(name, {}), GENERAL_COMPANY, draft, errors)
    companies = document.get(_COMPANIES, {})
    if not isinstance(companies, dict):
        errors[_COMPANIES] = "deveria ter uma parte por empresa."
        companies = {}
    for number, section in companies.items():
        if number.isascii() and number.isdigit() and int(number) != GENERAL_COMPANY:
            _read_section(f"{_COMPANIES}/{number}", section, int(number), draft, errors)
        else:
            errors[f"{_COMPANIES}/{number}"] = "não é o código de uma empresa."
    if errors:
        raise InvalidFile(errors)
    return draft


def changes(draft: Mapping[SettingKey, Any], snapshot: Snapshot) -> list[Change]:
    """What keeping these values would change, in the order of the catalog; a value already kept is no change."""
    found = []
    for (setting, company), new in sorted(draft.items(), key=lambda item: (ALL.index(item[0][0]), item[0][1])):
        kept = snapshot.values.get((setting, company))
        if kept is None or kept.value != new:
            now = snapshot.for_company(company).effective(setting)
            found.append(Change(setting, company, now.value, now.source, new))
    return found


def _read_section(place: str, section: Any, company: int, draft: dict[SettingKey, Any], errors: dict[str, str]) -> None:
    if not isinstance(section, dict):
        errors[place] = "deveria ter chaves e valores."
        return
    for key, plain in section.items():
        setting = BY_KEY.get(key)
        if setting is None:
            errors[f"{place}/{key}"] = "esta configuração não existe nesta versão do programa."
        elif setting.is_machine != (place == _MACHINE):
            errors[f"{place}/{key}"] = f"esta configuração não pertence a “{place}”."
        else:
            try:
                draft[setting, company] = setting.kind.parse(_text(plain))
            except InvalidValue as error:
                errors[f"{place}/{key}"] = str(error)


def _text(plain: Any) -> str:
    match plain:
        case None:
            return ""
        case bool():
            return "sim" if plain else "nao"
        case str():
            return plain
        case int():
            return str(plain)
        case _:
            raise InvalidValue(f"{json.dumps(plain, ensure_ascii=False)} não é um valor de configuração.")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{repeated}” aparece duas vezes")
    return found

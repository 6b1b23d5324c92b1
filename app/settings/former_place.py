"""Where this computer's data was before it was moved: a small JSON file, beside the settings of this computer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.file_replacing import replace_file
from app.kinds import InvalidValue
from app.settings.catalog import (
    BY_KEY,
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_SSL,
    DATABASE_USER,
    SERVER,
)
from app.settings.machine import MachineFileError
from app.settings.setting import Setting

PLACE: tuple[Setting[Any], ...] = (DATABASE_KIND, SERVER, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_SSL)
"""The settings that say which database this computer opens."""

Values = Mapping[Setting[Any], Any]


@dataclass(frozen=True)
class Move:
    """A move that was made, or was about to be: the computer's values of `PLACE` before and after.

    `digest` is what the server had when everything was there, by which a copy that nobody used is known again.
    """

    before: Values
    after: Values
    digest: str

    def is_in_force(self, machine: Values) -> bool:
        """Whether these values of this computer are those after the move, so that it can be undone."""
        return _placed(machine) == _placed(self.after)


def only_place(machine: Values) -> dict[Setting[Any], Any]:
    """Those of a computer's values that say which database it opens."""
    return {setting: value for setting, value in machine.items() if setting in PLACE}


class FormerPlace:
    """Reads and writes the file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> Move | None:
        """The last move, or None. Raises MachineFileError."""
        if not self.path.exists():
            return None
        try:
            kept = json.loads(self.path.read_text("utf-8"))
            return Move(_parsed(kept["antes"]), _parsed(kept["depois"]), str(kept["copia"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MachineFileError(
                f"O arquivo que lembra onde os dados estavam não pode ser lido ({self.path}). "
                "Se não for preciso desfazer a mudança, apague-o."
            ) from error

    def save(self, move: Move) -> None:
        """Remember this move instead of any other. Raises MachineFileError when it cannot; then it is as it was."""
        kept = {"antes": _dumped(move.before), "depois": _dumped(move.after), "copia": move.digest}
        try:
            replace_file(self.path, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise MachineFileError(
                f"Não foi possível gravar onde os dados estavam ({self.path}: {error.strerror}). "
                "Confira a permissão da pasta e o espaço em disco."
            ) from error


def _placed(values: Values) -> tuple[Any, ...]:
    return tuple(values.get(setting, setting.default) for setting in PLACE)


def _dumped(values: Values) -> dict[str, str]:
    return {setting.key: setting.kind.dump(value) for setting, value in values.items()}


def _parsed(kept: Mapping[str, str]) -> dict[Setting[Any], Any]:
    places = {setting.key for setting in PLACE}
    if unknown := set(kept) - places:
        raise InvalidValue(f"chaves desconhecidas: {', '.join(sorted(unknown))}")
    return {BY_KEY[key]: BY_KEY[key].kind.parse(value) for key, value in kept.items()}

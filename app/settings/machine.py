"""This computer's settings: a small JSON file, needed before any database is reached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.file_replacing import replace_file
from app.kinds import InvalidValue
from app.settings.catalog import ALL
from app.settings.setting import Setting


class MachineFileError(Exception):
    """The file cannot be read or holds something that is not a value; the message is for the operator."""


class MachineStore:
    """Reads and writes the file. Values left out of the file are the defaults."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[Setting[Any], Any]:
        """The values kept. Raises MachineFileError."""
        if not self.path.exists():
            return {}
        try:
            kept = json.loads(self.path.read_text("utf-8-sig"))  # so Windows' editors leave what a person corrected
        except (OSError, ValueError) as error:
            raise MachineFileError(
                f"O arquivo de configuração deste computador não pode ser lido ({self.path}). "
                "Corrija-o ou apague-o: sem ele valem os valores de fábrica."
            ) from error
        if not isinstance(kept, dict):
            raise MachineFileError(
                f"O arquivo de configuração deste computador não é um objeto JSON ({self.path}). "
                "Corrija-o ou apague-o: sem ele valem os valores de fábrica."
            )
        values: dict[Setting[Any], Any] = {}
        for setting in ALL:
            if setting.is_machine and setting.key in kept:
                raw = kept[setting.key]
                try:
                    if not isinstance(raw, str | int):
                        raise InvalidValue(f"Escreva o valor entre aspas ({setting.kind.hint}).")
                    values[setting] = setting.kind.parse(str(raw))
                except InvalidValue as error:
                    raise MachineFileError(f"{setting.label}, em {self.path}: {error}") from error
        return values

    def version(self) -> tuple[int, int, int] | None:
        """Another value for another file; None while there is no file. Raises MachineFileError."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineFileError(
                f"O arquivo de configuração deste computador não pode ser lido ({self.path}: {error.strerror}). "
                "Confira a permissão da pasta."
            ) from error
        return found.st_ino, found.st_mtime_ns, found.st_size

    def save(self, values: Mapping[Setting[Any], Any]) -> None:
        """Replace the whole file at once, so that a power cut leaves the old or the new, never half.

        Raises MachineFileError when it cannot be written; then it is as it was.
        """
        text = json.dumps({s.key: s.kind.dump(value) for s, value in values.items()}, ensure_ascii=False, indent=2)
        try:
            replace_file(self.path, text + "\n")
        except OSError as error:
            raise MachineFileError(
                f"O arquivo de configuração deste computador não pôde ser gravado ({self.path}: {error.strerror}). "
                "Confira a permissão da pasta e o espaço em disco."
            ) from error

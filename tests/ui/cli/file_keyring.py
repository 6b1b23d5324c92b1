"""A keyring in a file, for commands that tests run in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

VARIABLE = "TESTE_CHAVEIRO"


class FileKeyring(KeyringBackend):
    priority = 1

    def __init__(self) -> None:
        self._file = Path(os.environ[VARIABLE])

    def _entries(self) -> dict[str, str]:
        return dict(json.loads(self._file.read_text("utf-8"))) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps({**self._entries(), f"{service}/{username}": password}), "utf-8")

    def delete_password(self, service: str, username: str) -> None:
        entries = self._entries()
        if entries.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError(username)
        self._file.write_text(json.dumps(entries), "utf-8")

"""The administrator's own tables, which change or extend the shipped ones: TOML files in the data folder."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def read_override(path: Path, invalid: type[ValueError]) -> dict[str, Any]:
    """What the file has, nothing when it does not exist.

    Raises `invalid`, with a sentence that names the file, when it cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise invalid(f"Não foi possível ler {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise invalid(f"O arquivo {path.name} não está em UTF-8. Grave-o de novo nessa codificação.") from error
    return parse_table(text, path.name, invalid)


def parse_table(text: str, file: str, invalid: type[ValueError]) -> dict[str, Any]:
    """What the text of a file called `file` has. Raises `invalid`, with a sentence that names it."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid(f"O arquivo {file} não é um TOML válido: {error}.") from error

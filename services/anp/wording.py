"""What the words with which ANP states a situation mean, from `resources/anp_status.toml` and the administrator's."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from app.domain import AnpOutcome
from app.kinds import folded
from services import RESOURCES

SHIPPED = RESOURCES / "anp_status.toml"

# Whoever has a situation at ANP is there, and a failure is never an answer.
_MEANINGS = {
    outcome.value: outcome for outcome in AnpOutcome if outcome not in (AnpOutcome.NOT_FOUND, AnpOutcome.FAILURE)
}


class InvalidWordings(ValueError):
    """The table of wordings cannot be used; the message is a sentence naming the file and what is wrong."""


class Wordings:
    """The meaning of each wording, compared without accents, case and double blanks."""

    def __init__(self, meanings: Mapping[str, AnpOutcome]) -> None:
        self._meanings = meanings

    def read(self, situation: str) -> AnpOutcome:
        """What `situation` means; UNRECOGNISED when no line has it."""
        return self._meanings.get(folded(situation), AnpOutcome.UNRECOGNISED)


def load_wordings(override: Path) -> Wordings:
    """The shipped meanings with those of the administrator's file over them, when it exists. Raises InvalidWordings."""
    try:
        text = override.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Wordings(_shipped())
    except OSError as error:
        raise InvalidWordings(f"Não foi possível ler {override}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InvalidWordings(
            f"O arquivo {override.name} não está em UTF-8. Grave-o de novo nessa codificação."
        ) from error
    return Wordings({**_shipped(), **_parsed(text, override.name)})


@functools.cache
def _shipped() -> Mapping[str, AnpOutcome]:
    return _parsed(SHIPPED.read_text("utf-8"), SHIPPED.name)


def _parsed(text: str, file: str) -> Mapping[str, AnpOutcome]:
    try:
        lines = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidWordings(f"O arquivo {file} não é um TOML válido: {error}.") from error
    meanings: dict[str, AnpOutcome] = {}
    for wording, value in lines.items():
        if not isinstance(value, str) or value not in _MEANINGS:
            raise InvalidWordings(
                f"No arquivo {file}, o valor de “{wording}” deve ser um destes: {', '.join(_MEANINGS)}."
            )
        key = folded(wording)
        if not key:
            raise InvalidWordings(f"No arquivo {file} há uma linha sem o texto da situação.")
        if key in meanings:
            raise InvalidWordings(
                f"O arquivo {file} traz “{wording}” duas vezes, comparado sem acentos e maiúsculas. Deixe só uma."
            )
        meanings[key] = _MEANINGS[value]
    return meanings

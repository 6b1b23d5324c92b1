"""What the words with which ANP states a situation mean, from `resources/anp_status.toml` and the administrator's."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.domain import AnpOutcome
from app.kinds import folded
from services import RESOURCES
from services.override_file import parse_table, read_override

SHIPPED = RESOURCES / "anp_status.toml"

# Whoever has a situation at ANP is there, and a failure is never an answer.
_VALUES = {
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
    lines = read_override(override, InvalidWordings)
    return Wordings({**_shipped(), **_meanings(lines, override.name)})


@functools.cache
def _shipped() -> Mapping[str, AnpOutcome]:
    return _meanings(parse_table(SHIPPED.read_text("utf-8"), SHIPPED.name, InvalidWordings), SHIPPED.name)


def _meanings(lines: Mapping[str, Any], file: str) -> Mapping[str, AnpOutcome]:
    meanings: dict[str, AnpOutcome] = {}
    for wording, value in lines.items():
        if not isinstance(value, str) or value not in _VALUES:
            raise InvalidWordings(
                f"No arquivo {file}, o valor de “{wording}” deve ser um destes: {', '.join(_VALUES)}."
            )
        key = folded(wording)
        if not key:
            raise InvalidWordings(f"No arquivo {file} há uma linha sem o texto da situação.")
        if key in meanings:
            raise InvalidWordings(
                f"O arquivo {file} traz “{wording}” duas vezes, comparado sem acentos e maiúsculas. Deixe só uma."
            )
        meanings[key] = _VALUES[value]
    return meanings

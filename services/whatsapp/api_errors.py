"""What each error code of the Cloud API means and what is done about it, from `resources/whatsapp_errors.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from services import RESOURCES


class Action(Enum):
    """What the program does about an error."""

    RETRY = "repetir"
    """Leave the sender's whole account alone for a while, longer each time, and send the same again."""
    RETRY_PERSON = "repetir_pessoa"
    """Leave this person alone for a while, longer each time; the others go on."""
    PAUSE_CHANNEL = "pausar_canal"
    """Send nothing more from this number until a person resumes; the message stays in the queue."""
    PAUSE_TEMPLATE = "pausar_modelo"
    """Send nothing more by this template until a person resumes; the message stays in the queue."""
    GIVE_UP = "desistir"
    """This message is not sent; the others go on."""
    OPT_OUT = "anotar_recusa"
    """As GIVE_UP, and the customer gets no more messages."""


@dataclass(frozen=True)
class ApiError:
    """One code: what it means and what the operator may do, in the program's words, and what the program does."""

    action: Action
    text: str
    todo: str

    @property
    def sentence(self) -> str:
        """Both, in one line."""
        return f"{self.text} {self.todo}"


def api_error(code: int, status: int) -> ApiError:
    """The meaning of a code that came with that HTTP status. One not known gives up, unless the API itself failed."""
    known = api_errors().get(code)
    if known is not None:
        return known
    if status >= 500 or status == 429:
        return ApiError(
            Action.RETRY, f"A API do WhatsApp falhou (erro {code}).", "A mensagem é tentada de novo sozinha."
        )
    return ApiError(
        Action.GIVE_UP,
        f"A Meta recusou a mensagem com um erro que o programa não conhece ({code}).",
        "Leia nos detalhes o que ela diz.",
    )


@functools.cache
def api_errors() -> Mapping[int, ApiError]:
    """Every code known."""
    tables = tomllib.loads((RESOURCES / "whatsapp_errors.toml").read_text("utf-8"))["erro"]
    return {
        code: ApiError(Action(table["acao"]), table["texto"], table["fazer"])
        for table in tables
        for written in table["codigos"]
        for code in _codes(written)
    }


def _codes(written: str) -> range:
    """ "190" or "200-299"."""
    first, _, last = written.partition("-")
    return range(int(first), int(last or first) + 1)

"""Asks one address of ANP about one reseller: the answer, whatever its form, or a failure explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain import AnpOutcome, AnpRegistration
from app.folders import Folders
from app.policies import AnpKind


@dataclass(frozen=True)
class AnpAnswer:
    """What ANP said about one CNPJ. `reason` says it in a sentence; the raw messages are kept as evidence."""

    outcome: AnpOutcome
    reason: str
    registration: AnpRegistration | None
    request: bytes = field(repr=False)
    response: bytes = field(repr=False)


class AnpClient:
    """Queries one address at a time. `ask` and `close` belong to one thread; `cancel` may come from any."""

    def __init__(self, folders: Folders, *, connect_timeout: float = 5.0, read_timeout: float = 15.0) -> None:
        self._folders = folders

    def ask(self, cnpj: str, kind: AnpKind, address: str, *, given_up: Callable[[], bool] = lambda: False) -> AnpAnswer:
        """Ask about one CNPJ (14 characters). Raises ConsultationFailed for anything that is not an answer."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Interrupt the query in progress; False when there is none."""
        return False

    def close(self) -> None:
        """Close the connections."""

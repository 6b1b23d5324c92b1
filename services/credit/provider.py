"""What a gerenciadora is for the rest of the program: asked about a document, it gives a report or says why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from app.credit_analysis import CreditReport
from app.data.credit_managers import Manager
from app.domain import Document, Failure
from app.policies import Environment
from services.credit.credentials import Credentials


@dataclass(frozen=True)
class Contract:
    """By what one gerenciadora is asked in one environment. `address` is its base, without a final slash."""

    manager: Manager
    environment: Environment
    address: str
    credentials: Credentials


@dataclass(frozen=True)
class ProviderAnswer:
    """A report as read, and the answer itself as evidence. `request_id` is by which the provider knows it, or ""."""

    report: CreditReport
    raw: bytes = field(repr=False)
    http_status: int
    request_id: str = ""


class AnalysisFailed(Exception):
    """There is no answer about the document. What is done then is in the kind of the failure, see `rules.credit_retry`.

    `raw` and `http_status` are of what was said instead, if anything was; `retry_after_s` is how many seconds the
    provider asked to be left alone.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        http_status: int | None = None,
        raw: bytes = b"",
        request_id: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(failure.what)
        self.failure = failure
        self.http_status = http_status
        self.raw = raw
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class CreditProvider(Protocol):
    """One thread asks; `cancel` may come from any."""

    def ask(
        self, document: Document, contract: Contract, *, given_up: Callable[[], bool] = lambda: False
    ) -> ProviderAnswer:
        """What it says of a CNPJ or CPF. Raises AnalysisFailed for anything that is not a report about it."""
        ...

    def try_access(self, contract: Contract, *, given_up: Callable[[], bool] = lambda: False) -> str:
        """Present the credentials without asking about anybody, and say in a sentence what that proves. Raises
        AnalysisFailed, also when it was given up."""
        ...

    def cancel(self) -> bool:
        """Interrupt the query in progress; False when there is none."""
        ...

    def close(self) -> None:
        """Close the connections. It may still be used and opens them again."""
        ...

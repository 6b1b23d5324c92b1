"""Why no update could be looked for or fetched."""

from __future__ import annotations

from app.domain import Failure, FailureKind


class UpdateFailed(Exception):
    """Nothing was taken in and nothing is left behind; `failure` explains it to the operator.

    `distrusted` tells that something came, and that whoever distributes did not publish it so, or not now.
    """

    def __init__(
        self, kind: FailureKind, what: str, cause: str, todo: str, details: str = "", *, distrusted: bool = False
    ) -> None:
        self.failure = Failure(kind, what, cause, todo, details)
        self.distrusted = distrusted
        super().__init__(self.failure.sentence)

    @classmethod
    def of(cls, failure: Failure) -> UpdateFailed:
        """The exception of a failure that was already put into words."""
        return cls(failure.kind, failure.what, failure.cause, failure.todo, failure.details)

"""What the consulting thread needs of the path of one authority's consultations, whatever is asked and kept there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from app.domain import Request, Result
from app.settings.snapshot import Snapshot


class Consulting(ABC):
    """One thread at a time; `cancel` from any."""

    @abstractmethod
    def run(
        self,
        request: Request,
        snapshot: Snapshot,
        *,
        given_up: Callable[[], bool] = lambda: False,
        wait: Callable[[float, str], None] | None = None,
    ) -> Result:
        """Ask, decide and record. Raises NotAsked when nothing was asked (NotYet when it is only too soon); a failure
        of the authority is a Result.

        `given_up` is looked at once `cancel` can take effect, so that a `cancel` which came too early is not lost.
        `wait` is given the seconds to the authority's turn, when it is near, and why; it may raise NotAsked to give
        up. Without it nothing is waited for.
        """

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know or mend although the authority answers, a sentence each."""
        return ()

    @abstractmethod
    def cancel(self) -> bool:
        """Interrupt the query in flight, from any thread; False when there is none."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections to the authority."""

"""Tries the access to a gerenciadora without asking about anybody, until it answers or whoever tries gives up."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from app.data.credit_managers import Manager
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.credit.provider import CreditProvider
from services.credit.providers import contract_of, provider_of
from services.credit.secrecy import keeping_secret


class AccessTrial(Event):
    """One try, made by the thread that calls `run`. Any other sets it, as it sets an event, to end the try early."""

    def __init__(
        self,
        manager: Manager,
        environment: Environment,
        folders: Folders,
        *,
        provider_of: Callable[[Provider, Folders], CreditProvider] = provider_of,
    ) -> None:
        super().__init__()
        self._manager = manager
        self._environment = environment
        self._folders = folders
        self._provider_of = provider_of
        self._asking: CreditProvider | None = None

    def run(self) -> str:
        """What it proves, in a sentence. Raises AnalysisFailed, also when it was given up."""
        contract = contract_of(self._manager, self._environment)
        provider = self._asking = self._provider_of(self._manager.provider, self._folders)
        try:
            with keeping_secret(contract.credentials):
                return provider.try_access(contract, given_up=self.is_set)
        finally:
            self._asking = None
            provider.close()

    def set(self) -> None:
        """Give up; what is on the network is interrupted."""
        super().set()
        asking = self._asking
        if asking is not None:
            asking.cancel()

"""How this computer goes out to the internet, read from its settings at once."""

from __future__ import annotations

from dataclasses import dataclass

from app.policies import ProxyUse
from app.settings.catalog import PROXY_HOST, PROXY_PORT, PROXY_USE, PROXY_USER, SYSTEM_TRUST
from app.settings.snapshot import Snapshot


@dataclass(frozen=True)
class NetworkProfile:
    """By which proxy, and whose certificates are believed. Host, port and user are those of ProxyUse.ADDRESS; host and
    user may be ""."""

    proxy: ProxyUse
    host: str
    port: int
    user: str
    system_trust: bool

    @classmethod
    def of(cls, snapshot: Snapshot) -> NetworkProfile:
        """The profile that these settings make."""
        return cls(
            snapshot[PROXY_USE],
            snapshot[PROXY_HOST],
            snapshot[PROXY_PORT],
            snapshot[PROXY_USER],
            snapshot[SYSTEM_TRUST],
        )

    @property
    def secret(self) -> str:
        """The keyring entry of the password of that user at that proxy."""
        return f"proxy/{self.user}@{self.host}:{self.port}"

    @property
    def has_password(self) -> bool:
        """Whether these settings ask for a password at all."""
        return self.proxy is ProxyUse.ADDRESS and bool(self.host) and bool(self.user)

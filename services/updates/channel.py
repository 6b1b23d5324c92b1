"""Where this computer looks for a newer version, and by whose key it believes what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from app.settings.catalog import UPDATE_ADDRESS, UPDATE_KEY

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot

_SIGNATURE = ".sig"


@dataclass(frozen=True)
class UpdateChannel:
    """`address` is that of the manifest, over https; `key` the public Ed25519 key, in Base64."""

    address: str
    key: str

    @property
    def host(self) -> str:
        """The server, as a person knows it."""
        return urlsplit(self.address).hostname or self.address

    @property
    def signature_address(self) -> str:
        """Beside the manifest, with one more ending."""
        parts = urlsplit(self.address)
        return parts._replace(path=parts.path + _SIGNATURE, fragment="").geturl()

    def file_address(self, name: str) -> str:
        """Beside the manifest, under a bare name."""
        parts = urlsplit(self.address)
        return urljoin(parts._replace(query="", fragment="").geturl() or self.address, f"./{name}")


def channel_of(snapshot: Snapshot) -> UpdateChannel | None:
    """What the settings of this computer say; None while updates are off."""
    address, key = snapshot[UPDATE_ADDRESS], snapshot[UPDATE_KEY]
    return UpdateChannel(address, key) if address and key else None

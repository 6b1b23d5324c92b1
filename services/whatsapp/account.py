"""Whose number sends, and by which token: the settings name the number, the system's keyring keeps the token."""

from __future__ import annotations

from dataclasses import dataclass

from app import secrets
from app.settings.catalog import WHATSAPP_NUMBER, WHATSAPP_URL, WHATSAPP_VERSION
from app.settings.snapshot import Snapshot


def is_token(text: str) -> bool:
    """Whether a text can be a token: what no header may carry would come back in the error of some library."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def token_secret(number_id: str) -> str:
    """The keyring entry of the token that sends by this Phone Number ID."""
    return f"whatsapp/{number_id}"


@dataclass(frozen=True)
class Account:
    """A sender: its Phone Number ID, and where its messages are posted."""

    number_id: str
    address: str

    @classmethod
    def of(cls, profile: Snapshot) -> Account | None:
        """The sender of the profile's company, or None when the settings have none."""
        number_id = profile[WHATSAPP_NUMBER]
        if not number_id:
            return None
        return cls(number_id, f"{profile[WHATSAPP_URL].rstrip('/')}/{profile[WHATSAPP_VERSION]}/{number_id}/messages")

    def token(self) -> str | None:
        """Its token, or None when this computer's keyring has none. Raises SecretsUnavailable."""
        return secrets.read(token_secret(self.number_id))

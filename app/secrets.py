"""Secrets live in the system's keyring and nowhere else: three functions over the `keyring` library."""

from __future__ import annotations

SERVICE = "Retaguarda"


class SecretsUnavailable(Exception):
    """The system's keyring does not answer; the message is a sentence in Portuguese for the operator."""


def read(name: str) -> str | None:
    """The secret kept under `name`, or None when there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name)
    except (KeyringError, RuntimeError, OSError) as error:
        raise _unavailable(error) from error


def write(name: str, value: str) -> None:
    """Keep `value` under `name`, replacing what was there."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, name, value)
    except (KeyringError, RuntimeError, OSError) as error:
        raise _unavailable(error) from error


def delete(name: str) -> None:
    """Forget the secret kept under `name`; nothing happens when there is none."""
    import keyring
    from keyring.errors import KeyringError, PasswordDeleteError

    try:
        keyring.delete_password(SERVICE, name)
    except PasswordDeleteError:
        return
    except (KeyringError, RuntimeError, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> SecretsUnavailable:
    return SecretsUnavailable(
        "O cofre de senhas do sistema não está disponível, e é nele que ficam as senhas do certificado e do banco. "
        "No Windows, confira se o serviço “Gerenciador de Credenciais” está ativo; no Linux, se há um chaveiro "
        "desbloqueado (GNOME Keyring ou KWallet) nesta sessão. "
        f"Detalhe: {type(error).__name__}."
    )

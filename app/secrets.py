"""Secrets live in the system's keyring and nowhere else: three functions over the `keyring` library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SERVICE = "Retaguarda"


class SecretsUnavailable(Exception):
    """The system's keyring does not answer; the message is a sentence in Portuguese for the operator."""


def read(name: str) -> str | None:
    """The secret kept under `name`, or None when there is none."""
    with _keyring():
        import keyring

        return keyring.get_password(SERVICE, name)


def write(name: str, value: str) -> None:
    """Keep `value` under `name`, replacing what was there. It is read back: some keyrings take it and keep nothing."""
    with _keyring():
        import keyring

        keyring.set_password(SERVICE, name, value)
        kept = keyring.get_password(SERVICE, name)
    if kept != value:
        raise _unavailable("a senha gravada não volta")


def delete(name: str) -> None:
    """Forget the secret kept under `name`; nothing happens when there is none."""
    with _keyring():
        import keyring
        from keyring.errors import PasswordDeleteError

        try:
            keyring.delete_password(SERVICE, name)
        except PasswordDeleteError:
            return


@contextmanager
def _keyring() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a keyring is a plug-in, chosen by the system: it raises whatever its own library does
        raise _unavailable(type(error).__name__) from error


def _unavailable(detail: str) -> SecretsUnavailable:
    return SecretsUnavailable(
        "O cofre de senhas do sistema não está disponível, e é nele que ficam as senhas do certificado e do banco. "
        "No Windows, confira se o serviço “Gerenciador de Credenciais” está ativo; no Linux, se há um chaveiro "
        "desbloqueado (GNOME Keyring ou KWallet) nesta sessão. "
        f"Detalhe: {detail}."
    )

"""What Windows refuses an administrator's command, in words."""

from __future__ import annotations

import sys

ACCESS_DENIED = 5
"""ERROR_ACCESS_DENIED of winerror.h."""

_ONLY_ADMINISTRATORS = (ACCESS_DENIED, 1307, 1314)
"""And ERROR_INVALID_OWNER, when somebody else gives a folder of theirs to the administrators, and
ERROR_PRIVILEGE_NOT_HELD."""


class WindowsRefused(Exception):
    """Windows did not do what was asked; the message is a sentence in Portuguese for the administrator."""


def refused(what: str, number: int, said: str) -> WindowsRefused:
    """What could not be done, of the error's number and Windows' own words for it."""
    if number in _ONLY_ADMINISTRATORS:
        return WindowsRefused(
            f"{what}: é preciso ser administrador deste computador. Abra o Prompt de Comando ou o PowerShell com "
            "“Executar como administrador” e rode o comando de novo."
        )
    return WindowsRefused(f"{what}. O Windows respondeu: {said.strip().rstrip('.')} (erro {number}).")


if sys.platform == "win32":
    from collections.abc import Iterator
    from contextlib import contextmanager

    import pywintypes

    @contextmanager
    def refusing(what: str) -> Iterator[None]:
        """Errors of Windows inside leave as WindowsRefused, which begins with `what`."""
        try:
            yield
        except pywintypes.error as error:
            raise refused(what, error.winerror, error.strerror) from error
        except OSError as error:
            raise refused(what, error.winerror or 0, error.strerror or type(error).__name__) from error

"""Whether the program starts with this person's session, in the tray. The system itself keeps it, where its own
settings show it too, and is asked each time."""

from __future__ import annotations

import sys
from enum import Enum, auto

from ui.own_command import window_command

IN_TRAY = "--bandeja"


class SessionStart(Enum):
    """With whose session the program starts."""

    NOBODY = auto()
    THIS_PERSON = auto()
    EVERYBODY = auto()
    """An administrator's choice, for all who use this computer: only an administrator changes it."""


def title() -> str:
    """What the choice is called here."""
    return "&Iniciar com o Windows" if sys.platform == "win32" else "&Iniciar com a sessão"


def current() -> SessionStart:
    """What the system would do now. Raises OSError."""
    if sys.platform == "win32":
        from ui import windows_run_key

        if windows_run_key.for_everybody():
            return SessionStart.EVERYBODY
        chosen = windows_run_key.for_this_person()
    else:
        from ui import xdg_autostart

        chosen = xdg_autostart.is_on()
    return SessionStart.THIS_PERSON if chosen else SessionStart.NOBODY


def change(wanted: bool) -> None:
    """Start with this person's session from now on, or no longer. Raises OSError."""
    command = [*window_command(), IN_TRAY]
    if sys.platform == "win32":
        from ui import windows_run_key

        windows_run_key.change(command if wanted else None)
    else:
        from ui import xdg_autostart

        xdg_autostart.change(command if wanted else None)

"""Ends the window that is open, for whoever is about to replace the program's files."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from app.portuguese import listed
from services.windows_refusal import WindowsRefused
from ui.own_command import installation_folder
from ui.single_instance import SingleInstance, WillNotEnd

PATIENCE_S = 20.0
_AGAIN_S = 0.2


def end_everything(data: Path, patience_s: float = PATIENCE_S) -> None:
    """Return once no window over that folder is open, nor anything else runs from this Windows installation. The
    service is left to its own manager.

    Raises WillNotEnd, FirstDoesNotAnswer or CannotBeFirst.
    """
    deadline = time.monotonic() + patience_s
    SingleInstance(data).end_first(patience_s)
    folder = installation_folder()
    if sys.platform == "win32" and folder is not None:
        from ui import windows_processes

        # The service is known by its number and not by its session, which a task that runs without anybody signed in
        # has too: that one nobody else would end.
        while others := windows_processes.running_from(folder, (os.getpid(), _service_process())):
            if time.monotonic() < deadline:
                time.sleep(_AGAIN_S)  # a command may be about to end
                continue
            raise WillNotEnd(
                f"Ainda está em uso: {listed([str(other) for other in others])}. Outra pessoa pode estar com o "
                "programa aberto neste computador, ou um comando ou uma tarefa agendada ainda trabalha. Encerre e "
                "tente de novo."
            )


if sys.platform == "win32":

    def _service_process() -> int:
        """The service's process, 0 while it does not run."""
        from services import windows_service

        with suppress(WindowsRefused):  # whoever may not ask for it may not look at its process either
            return windows_service.state().pid
        return 0

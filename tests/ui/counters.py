"""Settings and calls of the integration service, for the tests of this folder."""

from __future__ import annotations

import http.client
import socket
from typing import Any
from urllib.parse import urlsplit

from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY
from services.integration.server import ServerPhase
from tests.ui.window import until
from ui.office import Office


def free_port() -> int:
    """A port of this computer where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def keep(office: Office, values: dict[Setting[Any], Any]) -> None:
    """Save settings, as the page does."""
    draft = {(setting, GENERAL_COMPANY): value for setting, value in values.items()}
    office.take_snapshot(office.settings.save(draft, office.snapshot, "maria"))


def wait_for(qtbot: Any, office: Office, phase: ServerPhase) -> None:
    """Let the event loop run until the service is in a phase and the desk was told."""
    until(qtbot, lambda: office.desk.state.phase is phase)


def status_of(url: str, path: str, token: str = "") -> int:
    """What the service answers to a GET."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status
    finally:
        connection.close()

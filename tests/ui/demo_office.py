"""The demonstration open without its window: its services running, its SEFAZ on loopback answering."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pytestqt.qtbot import QtBot

from services.background import CONSULTED, ConsultationThread
from services.demo.demonstration import demonstration, open_demonstration
from services.demo.sefaz import DemoSefaz
from ui import tasks
from ui.office import Office


@dataclass(frozen=True)
class DemoOffice:
    """What a test of a page needs: the office, and the SEFAZ whose answers it may change."""

    office: Office
    sefaz: DemoSefaz


@contextmanager
def demo_office(qtbot: QtBot) -> Iterator[DemoOffice]:
    """The automatic consultation is off: only what the test asks is consulted."""
    with demonstration(automatic=False) as demo:
        backoffice = open_demonstration(demo.folders)
        services = [ConsultationThread(backoffice, authority) for authority in CONSULTED]
        for service in services:
            service.start()
        try:
            yield DemoOffice(Office.opened(backoffice, services, backoffice.settings.load()), demo.sefaz)
            assert tasks.wait_all(15_000)
        finally:
            for service in services:
                service.stop()
            backoffice.close()

"""The demonstration open without its window: its services running, its SEFAZ and its ANP on loopback answering."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytestqt.qtbot import QtBot

from app.domain import Authority
from services.background import CONSULTED, ConsultationThread
from services.demo.anp import DemoAnp
from services.demo.demonstration import demonstration, open_demonstration
from services.demo.sefaz import DemoSefaz
from ui import tasks
from ui.office import Office


@dataclass(frozen=True)
class DemoOffice:
    """What a test of a page needs: the office, and the SEFAZ and the ANP whose answers it may change."""

    office: Office
    sefaz: DemoSefaz
    anp: DemoAnp


@contextmanager
def demo_office(qtbot: QtBot) -> Iterator[DemoOffice]:
    """No service consults on its own, SEFAZ's off and the others paused: only what the test asks is consulted."""
    with demonstration(automatic=False) as demo:
        backoffice = open_demonstration(demo.folders)
        services = [ConsultationThread(backoffice, authority) for authority in CONSULTED]
        for service in services:
            if service.authority is not Authority.SEFAZ:
                service.pause(datetime.now(UTC) + timedelta(days=1))
            service.start()
        try:
            office = Office.opened(backoffice, services, backoffice.settings.load())
            yield DemoOffice(office, demo.sefaz, demo.anp)
            assert tasks.wait_all(15_000)
        finally:
            for service in services:
                service.stop()
            backoffice.close()

"""An open program without its window, for the tests of single pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytestqt.qtbot import QtBot

from app.data import records
from app.folders import find_folders
from app.settings.snapshot import Snapshot
from app.tables import BRANCHES, COMPANIES
from services.background import CONSULTED, ConsultationThread
from services.backoffice import open_backoffice
from tests.ui.window import settle
from ui import tasks
from ui.office import Office
from ui.page import Page

CNPJ = "11222333000181"


@contextmanager
def open_office(*, with_branch: bool = False) -> Iterator[Office]:
    """The office over this test's data folder, its services not started; with company 1 and branch 1 when asked."""
    backoffice = open_backoffice(find_folders())
    try:
        if with_branch:
            with backoffice.database.writing() as connection:
                company = {"cnpj": CNPJ, "nome": "Posto Modelo", "uf": "SP"}
                records.add(connection, COMPANIES, company, Snapshot(), "maria")
                branch = {"empresa": 1, "cnpj": CNPJ, "nome": "Matriz", "uf": "SP"}
                records.add(connection, BRANCHES, branch, Snapshot(), "maria")
        services = [ConsultationThread(backoffice, authority) for authority in CONSULTED]
        yield Office.opened(backoffice, services, backoffice.settings.load())
        assert tasks.wait_all(15_000)
    finally:
        backoffice.close()


def enter(qtbot: QtBot, page: Page) -> None:
    """Show a page as the window does, and let it read."""
    qtbot.addWidget(page)
    page.resize(900, 640)
    page.show()
    page.entered()
    settle(qtbot)

"""Início with two services, and what ANP's newest list changed about our customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.data import customers
from app.data.mirror import take_list
from app.domain import AnpRegistration, Authority, DocumentKind, ListKind
from services.demo import anp_lists
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter
from tests.ui.window import until
from ui import pages
from ui.home_page import HomePage

TODAY = datetime.now(UTC)


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


def _take(demo: DemoOffice, rows: list[AnpRegistration], at: datetime) -> None:
    file = anp_lists.automotive_csv(rows)
    database = demo.office.backoffice.database
    take_list(database, file, ListKind.AUTOMOTIVE, source="lista.csv", taken_at=at, actor="maria")


def _texts(page: HomePage) -> set[str]:
    return {label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page)}


def test_customers_that_the_newest_list_changed_are_an_alert_that_opens_the_lists(
    qtbot: QtBot, demo: DemoOffice
) -> None:
    station, *others = anp_lists.resellers(60)
    with demo.office.backoffice.database.reading() as connection:
        rows = customers.page(connection, customers.Query(), 0, 200)
    ours = [row for row in rows if row.document.kind is DocumentKind.CNPJ]
    first, second, third = (replace(station, cnpj=row.document.value, name=row.name.upper()) for row in ours[:3])
    _take(demo, [first, second, third, *others], TODAY - timedelta(days=2))
    _take(demo, [replace(third, brand="OUTRA BANDEIRA"), *others[1:]], TODAY - timedelta(days=1))
    page = HomePage(demo.office)
    enter(qtbot, page)
    day = f"{(TODAY - timedelta(days=1)).astimezone():%d/%m}"
    left, brand = (
        f"2 clientes saíram da lista da ANP de {day}.",
        f"1 cliente mudou de bandeira na lista da ANP de {day}.",
    )
    until(qtbot, lambda: {left, brand} <= _texts(page))
    (button,) = (each for each in page.findChildren(QPushButton) if each.text() == "Ver as mudanças")
    with qtbot.waitSignal(demo.office.open_page) as opened:
        button.click()
    assert opened.args[0] == pages.ANP_LISTS


def test_each_service_says_how_it_is_and_nothing_is_said_of_lists_that_changed_nothing(
    qtbot: QtBot, demo: DemoOffice
) -> None:
    page = HomePage(demo.office)
    enter(qtbot, page)
    until(qtbot, lambda: page._last.isVisibleTo(page))
    until(qtbot, lambda: any("Em pausa até" in text for text in _texts(page)))
    off = demo.office.states[Authority.SEFAZ].sentence
    until(qtbot, lambda: off in _texts(page))
    assert not page._alerts.isVisibleTo(page)

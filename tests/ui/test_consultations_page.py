"""The consultations page over a real database, with the real service and a SEFAZ on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTabWidget
from pytestqt.qtbot import QtBot

from app.data import customers, history
from app.data.customers import CustomerRow
from app.domain import (
    AnpFinding,
    AnpOutcome,
    AnpSource,
    Authority,
    Decision,
    Origin,
    Phase,
    Request,
    Verdict,
)
from app.settings.catalog import ANP_SERVICE_HOURS, ANP_SERVICE_INTERVAL, SEFAZ_AUTOMATIC
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY
from app.working_hours import WorkingHours
from services.demo.scenarios import Scenario
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui.consultation_model import Column
from ui.consultations_page import ConsultationsPage
from ui.list_page import LIST, NO_RESULTS, NOTHING_YET
from ui.raw_message import readable


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


def _page(qtbot: QtBot, demo: DemoOffice) -> ConsultationsPage:
    page = ConsultationsPage(demo.office)
    enter(qtbot, page)
    return page


def _customers(demo: DemoOffice, number: int) -> list[CustomerRow]:
    with demo.office.backoffice.database.reading() as connection:
        return customers.page(connection, customers.Query(uf="SP"), 0, number)


def _consult(demo: DemoOffice, row: CustomerRow) -> None:
    request = Request(row.document, row.uf, Origin.OPERATOR, "maria", apply=False, customer_id=row.id)
    demo.office.submit([request])


def _names(page: ConsultationsPage) -> list[str]:
    return [page.model.index(row, Column.CUSTOMER).data() for row in range(page.model.rowCount())]


def _texts(page: ConsultationsPage) -> str:
    return "\n".join(label.text() for label in page.result.findChildren(QLabel))


def test_before_the_first_consultation_the_next_step_is_a_button(qtbot: QtBot) -> None:
    with open_office() as office:
        page = ConsultationsPage(office)
        enter(qtbot, page)
        assert page._places.currentIndex() == NOTHING_YET
        (button,) = [b for b in page.findChildren(QPushButton) if b.text() == "Ir para Clientes" and b.isVisible()]
        with qtbot.waitSignal(office.open_page) as asked:
            button.click()
        assert asked.args == ["clientes", None]


def test_consultations_appear_as_they_are_made_and_the_one_being_read_stays(qtbot: QtBot, demo: DemoOffice) -> None:
    first, second, third = _customers(demo, 3)
    page = _page(qtbot, demo)
    _consult(demo, first)
    until(qtbot, lambda: _names(page) == [first.name])
    assert page._places.currentIndex() == LIST
    page.table.selectRow(0)
    settle(qtbot)
    shown = page.result.consultation_id
    assert first.document.value in "".join(c for c in _texts(page) if c.isalnum())
    _consult(demo, second)
    _consult(demo, third)
    until(qtbot, lambda: _names(page) == [third.name, second.name, first.name])
    settle(qtbot)
    assert page.result.consultation_id == shown
    assert [index.row() for index in page.table.selectionModel().selectedRows()] == [2]
    with qtbot.waitSignal(demo.office.open_page) as asked:
        page._customer.click()
    assert asked.args == ["clientes", first.id]


def test_filters_and_search(qtbot: QtBot, demo: DemoOffice) -> None:
    first, second, *_ = _customers(demo, 2)
    demo.sefaz.scenarios[second.document.value] = Scenario.HTTP_503
    page = _page(qtbot, demo)
    _consult(demo, first)
    _consult(demo, second)
    until(qtbot, lambda: len(_names(page)) == 2)
    page.show_argument(Verdict.FAILURE)
    settle(qtbot)
    assert _names(page) == [second.name]
    assert page._count.text() == "1 consulta"
    page._origin.setCurrentIndex(page._origin.findData(Origin.SERVICE.value))
    settle(qtbot)
    assert page._places.currentIndex() == NO_RESULTS
    page._clear.click()
    settle(qtbot)
    page._search.setText(str(first.document))
    until(qtbot, lambda: page.model.query.text == str(first.document))
    settle(qtbot)
    assert _names(page) == [first.name]


def _outcomes(page: ConsultationsPage) -> list[str]:
    return [page._verdict.itemText(index) for index in range(page._verdict.count())]


def test_the_results_offered_are_those_of_the_authority(qtbot: QtBot, demo: DemoOffice) -> None:
    (row,) = _customers(demo, 1)
    anp = AnpFinding(
        document=row.document,
        uf=row.uf,
        verdict=AnpOutcome.REVOKED,
        reason="Autorização revogada.",
        asked_at=datetime.now(UTC),
        duration_ms=90,
        source=AnpSource.PRIMARY,
    )
    with demo.office.backoffice.database.writing() as connection:
        history.record(
            connection,
            anp,
            Decision("Nada a mudar."),
            authority=Authority.ANP,
            customer_id=row.id,
            origin=Origin.SERVICE,
            user="Serviço ANP",
            machine="PC-01",
            applied=False,
        )
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 2)
    authorities = [page.model.index(line, Column.AUTHORITY).data() for line in (0, 1)]
    results = [page.model.index(line, Column.RESULT).data() for line in (0, 1)]
    assert authorities == ["SEFAZ", "ANP"]
    assert results[1] == "Autorização revogada"
    assert page.model.index(1, Column.AUTHORITY).data(Qt.ItemDataRole.ToolTipRole) == AnpSource.PRIMARY.label
    assert _outcomes(page) == ["Todos os resultados", "Falha na consulta"]
    page._authority.setCurrentIndex(page._authority.findData(Authority.ANP.value))
    until(qtbot, lambda: page._count.text() == "1 consulta")
    assert _outcomes(page) == ["Todos os resultados", *(outcome.label for outcome in AnpOutcome)]
    page._verdict.setCurrentIndex(page._verdict.findData(AnpOutcome.CANDIDATE.value))
    until(qtbot, lambda: page._places.currentIndex() == NO_RESULTS)
    page._authority.setCurrentIndex(page._authority.findData(Authority.SEFAZ.value))
    assert page._verdict.currentData() == ""  # no candidate at SEFAZ
    until(qtbot, lambda: page._places.currentIndex() == LIST and page._count.text() == "1 consulta")
    page.show_argument(AnpOutcome.REVOKED)
    until(qtbot, lambda: page.model.query.verdict is AnpOutcome.REVOKED and page._count.text() == "1 consulta")
    assert page._authority.currentText() == "ANP"
    page._clear.click()
    until(qtbot, lambda: page._count.text() == "2 consultas")


def test_the_card_of_anp_says_its_hours_and_its_pace(qtbot: QtBot, demo: DemoOffice) -> None:
    page, office = _page(qtbot, demo), demo.office
    facts = page.cards[Authority.ANP]._facts
    nights = WorkingHours(22 * 60, 6 * 60, frozenset({0, 4}))
    draft: dict[tuple[Setting[Any], int], Any] = {
        (ANP_SERVICE_HOURS, GENERAL_COMPANY): nights,
        (ANP_SERVICE_INTERVAL, GENERAL_COMPANY): 90,
    }
    office.take_snapshot(office.settings.save(draft, office.settings.load(), "maria"))
    until(qtbot, lambda: "horário: 22:00 às 06:00, seg, sex · uma a cada 90 s" in facts.text())
    assert "horário" not in page.cards[Authority.SEFAZ]._facts.text()
    assert page.cards[Authority.ANP].accessibleName().startswith("Serviço de consulta à ANP: ")


def test_a_failure_is_explained_with_what_to_do_and_the_raw_answer(
    qtbot: QtBot, demo: DemoOffice, tmp_path: Path
) -> None:
    (row,) = _customers(demo, 1)
    demo.sefaz.scenarios[row.document.value] = Scenario.HTML_PAGE
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 1)
    page.table.selectRow(0)
    settle(qtbot)
    assert page.result._failure.isVisibleTo(page)
    assert "O que fazer" in _texts(page)
    assert not page.result._raw.isVisibleTo(page)
    page.result._fold.click()
    response = page.result._response
    assert "<html" in response._text.toPlainText().lower()
    response._copy.click()
    assert "<html" in QGuiApplication.clipboard().text().lower()
    file = tmp_path / "resposta.xml"
    response.save_to(file)
    settle(qtbot)
    assert file.read_bytes() == response._message.data
    response.save_to(tmp_path / "não existe" / "resposta.xml")
    settle(qtbot)
    assert response._failure.isVisibleTo(page)


def test_every_inscription_with_labels_and_layout_names(qtbot: QtBot, demo: DemoOffice) -> None:
    (row,) = _customers(demo, 1)
    demo.sefaz.scenarios[row.document.value] = Scenario.SEVERAL
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 1)
    page.table.selectRow(0)
    settle(qtbot)
    said = _texts(page)
    for expected in ("inscrições", "Inscrição estadual", "indCredNFe", "1 · habilitado", "Logradouro", "xLgr", "112 ·"):
        assert expected in said


def test_the_service_is_paused_resumed_and_told_to_look_now(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo)
    card = page.cards[Authority.SEFAZ]
    until(qtbot, lambda: "desligada" in card._sentence.text())
    assert not card._pause.isEnabled()
    assert not card._look.isEnabled()
    office = demo.office
    for row in _customers(demo, 40):
        demo.sefaz.scenarios[row.document.value] = Scenario.ENABLED
    on = office.settings.save({(SEFAZ_AUTOMATIC, GENERAL_COMPANY): True}, office.settings.load(), "maria")
    office.take_snapshot(on)
    until(qtbot, lambda: card._pause.isEnabled())
    card._menu.actions()[0].trigger()
    until(qtbot, lambda: office.states[Authority.SEFAZ].phase is Phase.PAUSED and card._resume.isVisibleTo(page))
    assert card._phase.text() == "Pausado"
    assert not card._look.isEnabled()
    card._resume.click()
    until(qtbot, lambda: card._look.isEnabled() and not card._resume.isVisibleTo(page))
    before = len(demo.sefaz.seen)
    card._look.click()
    until(qtbot, lambda: len(demo.sefaz.seen) > before)


def test_f5_reads_again(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo)
    page.activateWindow()
    (row,) = _customers(demo, 1)
    request = Request(row.document, row.uf, Origin.COMMAND, "maria", apply=False, customer_id=row.id)
    demo.office.backoffice.sefaz.run(request, demo.office.snapshot)  # as another program does: no signal here
    page._search.setFocus()
    assert _names(page) == []
    QTest.keyClick(page._search, Qt.Key.Key_F5)
    until(qtbot, lambda: _names(page) == [row.name])


@pytest.mark.parametrize(
    "hostile",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/hostname">]><a>&x;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "yyyy"><!ENTITY z "&x;&x;">]><a>&z;</a>',
        b"<a><b></a>",
        bytes(range(256)),
        b"",
    ],
)
def test_what_is_not_plain_xml_is_shown_as_it_came(hostile: bytes) -> None:
    assert readable(hostile).text == hostile.decode("utf-8", errors="replace")
    assert readable(hostile).data == hostile


def test_xml_is_indented_to_be_read() -> None:
    assert readable(b"<a><b>1</b></a>").text == "<a>\n  <b>1</b>\n</a>"


@pytest.mark.parametrize(
    ("data", "text", "ending"),
    [
        (b"<a/>", "<a/>", "xml"),
        (b'{"data": [], "title": "Munic\xc3\xadpio"}', '{\n  "data": [],\n  "title": "Município"\n}', "json"),
        (b'{"data": [', '{"data": [', "txt"),
        (b"[" * 100_000, "[" * 100_000, "txt"),
        ("<html><body>Situação</body></html>".encode("cp1252"), "<html><body>Situação</body></html>", "html"),
        (b"GET /v1/combustivel HTTP/1.1", "GET /v1/combustivel HTTP/1.1", "txt"),
    ],
)
def test_each_form_of_message_is_read_and_saved_as_what_it_is(data: bytes, text: str, ending: str) -> None:
    message = readable(data)
    assert (message.text, message.ending, message.data) == (text, ending, data)


def test_the_customer_offered_is_that_of_the_consultation_shown(qtbot: QtBot, demo: DemoOffice) -> None:
    first, second = _customers(demo, 2)
    page = _page(qtbot, demo)
    _consult(demo, first)
    until(qtbot, lambda: _names(page) == [first.name])
    page.table.selectRow(0)
    until(qtbot, lambda: page._customer.property("customer") == first.id)
    _consult(demo, second)
    until(qtbot, lambda: _names(page) == [second.name, first.name])
    newest = page.model.row(0)
    assert newest is not None
    page.show_argument(newest.id)  # as the notices do: the list itself is not touched
    until(qtbot, lambda: page._customer.property("customer") == second.id)


def test_a_failure_says_what_the_last_answer_was(qtbot: QtBot, demo: DemoOffice) -> None:
    (row,) = _customers(demo, 1)
    demo.sefaz.scenarios[row.document.value] = Scenario.ENABLED
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 1)
    demo.sefaz.scenarios[row.document.value] = Scenario.HTTP_503
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 2)
    page.table.selectRow(0)
    until(qtbot, lambda: page.result._change.text().startswith("Última resposta: habilitado ("))
    assert page.result._change.isVisibleTo(page)
    assert "continuam como estavam" in page.result._decision.text()


def test_the_inscription_that_decides_is_in_front_and_the_decision_does_not_repeat_the_reason(
    qtbot: QtBot, demo: DemoOffice
) -> None:
    (row,) = _customers(demo, 1)
    demo.sefaz.scenarios[row.document.value] = Scenario.SEVERAL
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 1)
    page.table.selectRow(0)
    until(qtbot, lambda: any(tabs.isVisibleTo(page) for tabs in _inscriptions(page)))
    (tabs,) = _inscriptions(page)
    assert tabs.tabText(tabs.currentIndex()).split()[0] in page.result._reason.text()
    assert tabs.currentIndex() > 0
    assert page.result._reason.text() not in page.result._decision.text()
    content = page.result._scroll.widget()
    assert content is not None
    until(qtbot, lambda: content.width() == page.result._scroll.viewport().width())  # nothing is cut at the side


def _inscriptions(page: ConsultationsPage) -> list[QTabWidget]:
    return [tabs for tabs in page.result.findChildren(QTabWidget) if tabs.accessibleName() == "Inscrições da resposta"]


def test_a_consultation_not_kept_any_more_takes_the_one_before_off_the_side(qtbot: QtBot, demo: DemoOffice) -> None:
    (row,) = _customers(demo, 1)
    page = _page(qtbot, demo)
    _consult(demo, row)
    until(qtbot, lambda: len(_names(page)) == 1)
    page.table.selectRow(0)
    until(qtbot, lambda: page._customer.property("customer") == row.id)
    page.show_argument(999)
    until(qtbot, lambda: "não está mais guardada" in page.result._failure._what.text())
    assert not page._customer.isVisibleTo(page)
    assert not page.result.receipt.isVisibleTo(page)
    assert row.document.value not in "".join(
        c for label in page.result.findChildren(QLabel) if label.isVisibleTo(page) for c in label.text() if c.isalnum()
    )

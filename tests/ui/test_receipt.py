"""The receipt of a real consultation, saved and printed from the page, with its raw messages beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.data import customers, history
from app.data.customers import CustomerRow
from app.data.history import FullConsultation
from app.domain import Origin, Request
from app.receipt import DEMONSTRATION
from services.demo.scenarios import Scenario
from services.receipt import receipt_of
from tests.ui import receipts
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter
from tests.ui.window import until
from ui.consultations_page import ConsultationsPage
from ui.raw_message import SHOWN, RawMessage, RawMessageView
from ui.remembered import Remembered


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


def _consulted(demo: DemoOffice, scenario: Scenario) -> FullConsultation:
    """A consultation made as the service makes it."""
    office = demo.office.backoffice
    with office.database.reading() as connection:
        row: CustomerRow = customers.page(connection, customers.Query(uf="SP"), 0, 1)[0]
    demo.sefaz.scenarios[row.document.value] = scenario
    request = Request(row.document, row.uf, Origin.OPERATOR, "maria", apply=True, customer_id=row.id)
    number = office.sefaz.run(request, demo.office.snapshot).consultation_id
    with office.database.reading() as connection:
        found = history.get(connection, number)
    assert found is not None
    return found


def _page(qtbot: QtBot, demo: DemoOffice, shown: FullConsultation) -> ConsultationsPage:
    page = ConsultationsPage(demo.office)
    enter(qtbot, page)
    page.show_argument(shown.row.id)
    until(qtbot, lambda: page.result._response._message.data == shown.response)
    return page


def _choose(monkeypatch: pytest.MonkeyPatch, file: Path) -> list[str]:
    """The person chooses that file; what was proposed to them."""
    proposed = []

    def answer(_parent: object, _title: str, name: str, _kinds: str) -> tuple[str, str]:
        proposed.append(name)
        return str(file), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return proposed


def test_the_receipt_is_saved_where_the_person_says_and_the_folder_is_proposed_again(
    qtbot: QtBot, demo: DemoOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _consulted(demo, Scenario.SEVERAL)
    page = _page(qtbot, demo, shown)
    file = tmp_path / "meu comprovante.pdf"
    proposed = _choose(monkeypatch, file)
    buttons = page.result.receipt
    buttons.save_action.trigger()
    until(qtbot, lambda: buttons._said.text() == "Comprovante salvo: meu comprovante.pdf")
    assert Path(proposed[0]).name == f"comprovante-consulta-{shown.row.id}.pdf"
    pdf = file.read_bytes()
    assert receipts.title(pdf).endswith(f"nº {shown.row.id}")
    carried = receipts.streams(pdf)
    assert shown.response in carried
    assert shown.request in carried
    assert Remembered(demo.office.folders).save_folder == tmp_path
    buttons.save_action.trigger()
    assert Path(proposed[1]).parent == tmp_path
    until(qtbot, lambda: buttons._said.text() == "Comprovante salvo: meu comprovante.pdf")


def test_a_consultation_without_answer_has_a_receipt_too(qtbot: QtBot, demo: DemoOffice, tmp_path: Path) -> None:
    page = _page(qtbot, demo, _consulted(demo, Scenario.RESET))
    page.result.receipt.save_to(tmp_path / "falha.pdf")
    until(qtbot, lambda: (tmp_path / "falha.pdf").exists())
    assert "sem resposta" in receipts.title((tmp_path / "falha.pdf").read_bytes())


def test_a_receipt_that_cannot_be_written_says_why(qtbot: QtBot, demo: DemoOffice, tmp_path: Path) -> None:
    page = _page(qtbot, demo, _consulted(demo, Scenario.ENABLED))
    buttons = page.result.receipt
    buttons.save_to(tmp_path / "nada" / "c.pdf")
    until(qtbot, lambda: buttons._failure.isVisibleTo(page))
    assert "não existe" in buttons._failure._cause.text()
    assert not buttons._said.isVisibleTo(page)


def test_a_consultation_forgotten_meanwhile_is_told(qtbot: QtBot, demo: DemoOffice, tmp_path: Path) -> None:
    shown = _consulted(demo, Scenario.ENABLED)
    page = _page(qtbot, demo, shown)
    with demo.office.backoffice.database.writing() as connection:
        history.prune(connection, [shown.row.customer_id or 0], shown.row.authority, 0)
    buttons = page.result.receipt
    buttons.save_to(tmp_path / "c.pdf")
    until(qtbot, lambda: buttons._failure.isVisibleTo(page))
    assert "não está mais guardada" in buttons._failure._what.text()
    assert not (tmp_path / "c.pdf").exists()


def test_it_is_printed_on_the_printer_chosen(qtbot: QtBot, demo: DemoOffice, tmp_path: Path) -> None:
    page = _page(qtbot, demo, _consulted(demo, Scenario.ENABLED))
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "impresso.pdf"))
    buttons = page.result.receipt
    buttons.print_on(printer)
    until(qtbot, lambda: buttons._said.text() == "Comprovante enviado para a impressora.")
    assert receipts.pages((tmp_path / "impresso.pdf").read_bytes()) >= 1


def test_a_printer_that_does_not_print_is_told(
    qtbot: QtBot, demo: DemoOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = _page(qtbot, demo, _consulted(demo, Scenario.ENABLED))
    monkeypatch.setattr(QPainter, "begin", lambda *_: False)  # as it answers for a printer that is gone
    buttons = page.result.receipt
    buttons.print_on(QPrinter(QPrinter.PrinterMode.HighResolution))
    until(qtbot, lambda: buttons._failure.isVisibleTo(page))
    assert "não foi impresso" in buttons._failure._what.text()


def test_what_the_demonstration_prints_is_marked(demo: DemoOffice) -> None:
    receipt = receipt_of(demo.office.backoffice, _consulted(demo, Scenario.ENABLED).row.id, datetime.now(UTC))
    assert receipt is not None
    assert receipt.mark == DEMONSTRATION


def test_the_list_offers_the_receipt_in_its_menu_and_by_keyboard(qtbot: QtBot, demo: DemoOffice) -> None:
    page = _page(qtbot, demo, _consulted(demo, Scenario.ENABLED))
    assert [action.text() for action in page.table.actions()] == ["Comprovante (PDF)…", "Imprimir comprovante…"]
    assert [action.shortcut().toString() for action in page.table.actions()] == ["Ctrl+Shift+P", "Ctrl+P"]


def test_a_raw_message_is_saved_byte_by_byte_and_copied_as_shown(
    qtbot: QtBot, demo: DemoOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = _consulted(demo, Scenario.ENABLED)
    page = _page(qtbot, demo, shown)
    for view, data, name in (
        (page.result._response, shown.response, "resposta"),
        (page.result._request, shown.request, "pedido"),
    ):
        proposed = _choose(monkeypatch, tmp_path / name)
        view._save.click()
        until(qtbot, lambda view=view, name=name: view._size.text().endswith(f"Salvo: {name}"))  # type: ignore[misc]
        assert Path(proposed[0]).name == f"consulta-{shown.row.id}-{name}.xml"
        assert hashlib.sha256((tmp_path / name).read_bytes()).digest() == hashlib.sha256(data).digest()
        assert "o arquivo salvo é o original" in view._size.text()
        view._copy.click()
        assert QGuiApplication.clipboard().text() == view._message.text
        assert "\n  <" in view._message.text


def test_of_a_huge_message_only_the_beginning_is_shown_and_all_of_it_saved(
    qtbot: QtBot, demo: DemoOffice, tmp_path: Path
) -> None:
    text = "<" + "x" * (5 * 2**20)
    view = RawMessageView("Resposta", demo.office.folders)
    qtbot.addWidget(view)
    view.show_message(RawMessage(text.encode(), text, "xml"), "consulta-1-resposta")
    assert len(view._text.toPlainText()) == SHOWN
    assert "aparece só o começo" in view._size.text()
    view.save_to(tmp_path / "tudo.xml")
    until(qtbot, lambda: "Salvo" in view._size.text())
    assert (tmp_path / "tudo.xml").read_bytes() == text.encode()

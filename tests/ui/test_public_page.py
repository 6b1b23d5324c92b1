"""Where SEFAZ does not serve a UF, each place that says so offers the page on which a person consults by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.documents import parse_document
from app.domain import Origin, Request, Result
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.sefaz.endpoints import load_endpoints
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.window import until
from ui.consultation_progress import ConsultationProgress
from ui.document_dialog import DocumentDialog
from ui.public_page_button import PublicPageButton
from ui.result_view import ResultView


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as opened:
        yield opened


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that the browser would have opened."""
    addresses: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: addresses.append(url.toString()))
    return addresses


def request(uf: str) -> Request:
    return Request(parse_document(made_up_cnpj("50000000")), uf, Origin.OPERATOR, "maria", apply=False)


def consulted(qtbot: QtBot, demo: DemoOffice, uf: str) -> Result:
    came: list[Result] = []
    demo.office.finished_one.connect(came.append)
    demo.office.submit([request(uf)])
    until(qtbot, lambda: bool(came))
    return came[0]


def button(widget: QWidget) -> PublicPageButton:
    (found,) = widget.findChildren(PublicPageButton)
    return found


def test_a_uf_that_does_not_serve_is_consulted_by_hand_from_its_result(
    qtbot: QtBot, demo: DemoOffice, opened: list[str]
) -> None:
    demo.sefaz.ufs["SE"] = Scenario.OTHER_UF
    demo.sefaz.ufs["SP"] = Scenario.SCHEMA
    unserved, rejected = consulted(qtbot, demo, "SE"), consulted(qtbot, demo, "SP")
    without_service, answered = consulted(qtbot, demo, "MA"), consulted(qtbot, demo, "GO")
    view = ResultView(demo.office.backoffice)
    qtbot.addWidget(view)
    view.show()
    for result, uf in ((unserved, "SE"), (rejected, ""), (without_service, "MA"), (answered, "")):
        view.show_consultation(result.consultation_id)
        until(qtbot, lambda uf=uf: button(view).isVisible() is bool(uf) and view.currentIndex() == 1)  # type: ignore[misc]
        if uf:
            assert button(view).text() == f"Abrir a consulta pública da SEFAZ de {uf}"
            QTest.mouseClick(button(view), Qt.MouseButton.LeftButton)
    assert opened == [load_endpoints(None)[uf].public_page for uf in ("SE", "MA")]


def test_a_uf_not_asked_for_what_it_said_is_consulted_by_hand_from_the_strip(
    qtbot: QtBot, demo: DemoOffice, opened: list[str]
) -> None:
    demo.sefaz.ufs["SE"] = Scenario.OTHER_UF
    consulted(qtbot, demo, "SE")
    strip = ConsultationProgress(demo.office)
    qtbot.addWidget(strip)
    with qtbot.waitSignal(strip.ended, timeout=15_000):
        strip.start([request("SE")], {})
    assert button(strip).isVisible()
    QTest.mouseClick(button(strip), Qt.MouseButton.LeftButton)
    assert opened == [load_endpoints(None)["SE"].public_page]


def test_a_document_not_asked_about_for_what_the_uf_said_is_consulted_by_hand_from_its_dialog(
    qtbot: QtBot, demo: DemoOffice, opened: list[str]
) -> None:
    demo.sefaz.ufs["SE"] = Scenario.OTHER_UF
    consulted(qtbot, demo, "SE")
    dialog = DocumentDialog(demo.office)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog._document.setText(made_up_cnpj("50000001"))
    dialog._uf.setCurrentIndex(dialog._uf.findData("SE"))
    QTest.mouseClick(dialog._consult, Qt.MouseButton.LeftButton)
    until(qtbot, dialog._public_page.isVisible)
    QTest.mouseClick(dialog._public_page, Qt.MouseButton.LeftButton)
    assert opened == [load_endpoints(None)["SE"].public_page]

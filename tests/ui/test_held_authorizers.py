"""What the operator sees while an authorizer is left alone: which, until when, why and what to do, each said once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.documents import parse_document
from app.domain import Authority, Origin, Request, Result
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.window import until
from ui.consultation_progress import ConsultationProgress
from ui.failure_view import FailureView
from ui.notices import Notice, Notices
from ui.service_card import ServiceCard
from ui.status_bar import StatusBar

SILENCE = re.compile(r"SVRS: A SEFAZ acusou consumo indevido: nova consulta só depois de [^.]*\d\d:\d\d\. .*emissão de")


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as opened:
        yield opened


def request(number: int, uf: str) -> Request:
    return Request(parse_document(made_up_cnpj(f"6{number:07}")), uf, Origin.OPERATOR, "maria", apply=False)


def meet_656(qtbot: QtBot, demo: DemoOffice) -> None:
    came: list[Result] = []
    demo.office.finished_one.connect(came.append)
    demo.sefaz.ufs["RS"] = Scenario.LIMIT
    demo.office.submit([request(0, "RS")])
    until(qtbot, lambda: bool(came))
    assert came[0].finding.failed


def test_fifty_customers_that_meet_a_freeze_are_given_up_at_once_with_one_explanation(
    qtbot: QtBot, demo: DemoOffice
) -> None:
    demo.sefaz.ufs["RS"] = Scenario.LIMIT
    strip = ConsultationProgress(demo.office)
    qtbot.addWidget(strip)
    many = [request(number, ("RS", "SC", "PB")[number % 3]) for number in range(50)]
    with qtbot.waitSignal(strip.ended, timeout=30_000):
        strip.start(many, {})
    assert demo.sefaz.requests == 1
    assert strip.sentence == "1 consultado na SEFAZ: 1 falha. 49 não foram consultados."
    (explained,) = (view for view in strip.findChildren(FailureView) if view.isVisible())
    texts = [label.text() for label in explained.findChildren(QLabel) if "consumo indevido" in label.text()]
    assert len(texts) == 1


def test_each_reason_is_told_with_who_met_it(qtbot: QtBot, demo: DemoOffice) -> None:
    demo.sefaz.ufs["GO"] = Scenario.OTHER_UF
    strip = ConsultationProgress(demo.office)
    qtbot.addWidget(strip)
    with qtbot.waitSignal(strip.ended, timeout=30_000):
        strip.start([request(4, "GO")], {})
    meet_656(qtbot, demo)
    names = {request(1, "SC"): "Posto Um", request(2, "GO"): "Posto Dois", request(3, "PB"): "Posto Três"}
    with qtbot.waitSignal(strip.ended, timeout=30_000):
        strip.start(list(names), names)
    assert strip.sentence == (
        "Nenhuma consulta foi feita. 3 não foram consultados, por motivos diferentes: veja os detalhes."
    )
    (details,) = strip.findChildren(QPlainTextEdit)
    (held, *both), (unserved, *alone) = (part.splitlines() for part in details.toPlainText().split("\n\n"))
    assert "consumo indevido" in held
    assert both == ["• Posto Um", "• Posto Três"]
    assert "GO" in unserved
    assert alone == ["• Posto Dois"]


def test_the_silence_is_on_the_card_and_in_the_status_bar_although_the_service_is_off(
    qtbot: QtBot, demo: DemoOffice
) -> None:
    card, bar = ServiceCard(demo.office, Authority.SEFAZ), StatusBar()
    for widget in (card, bar):
        qtbot.addWidget(widget)
        widget.show()
    demo.office.state_changed.connect(bar.show_service)
    meet_656(qtbot, demo)
    until(qtbot, lambda: any(SILENCE.search(label.text()) for label in card.findChildren(QLabel)))
    until(qtbot, lambda: bool(SILENCE.search(bar.services[Authority.SEFAZ].toolTip())))
    until(qtbot, lambda: bool(SILENCE.search(card.accessibleName())))


def test_the_silence_is_one_notice_whoever_meets_it_again(qtbot: QtBot, demo: DemoOffice) -> None:
    notices = Notices(demo.office)
    raised: list[Notice] = []
    notices.raised.connect(raised.append)
    demo.office.state_changed.connect(notices.take_state)
    meet_656(qtbot, demo)
    until(qtbot, lambda: bool(raised))
    refused: list[object] = []
    demo.office.refused_one.connect(refused.append)
    demo.office.submit([request(1, "SC"), request(2, "RS")])
    until(qtbot, lambda: len(refused) == 2)
    until(qtbot, lambda: "consulta automática está desligada" in demo.office.states[Authority.SEFAZ].sentence)
    (notice,) = raised
    assert SILENCE.search(notice.sentence)

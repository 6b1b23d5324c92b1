"""The addresses of SEFAZ: what is changed here, what is refused, and the warning before asking too fast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.data import audit, pace
from app.documents import parse_document
from app.domain import Origin, Refusal, Request, Result, SefazFinding
from app.portuguese import day
from app.rules.pacing import Pace
from app.uf import UFS
from services.demo.example import made_up_cnpj
from services.demo.scenarios import Scenario
from services.sefaz.endpoints import load_endpoints
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter, open_office
from tests.ui.window import settle, until
from ui.endpoints_page import EndpointsPage
from ui.office import Office


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> EndpointsPage:
    page = EndpointsPage(office)
    enter(qtbot, page)
    choose(page, "SP")
    return page


def write(qtbot: QtBot, page: EndpointsPage, key: str, text: str) -> None:
    field = page.form.editors[key].field
    edit = field if isinstance(field, QLineEdit) else field.findChild(QLineEdit)
    assert isinstance(edit, QLineEdit)
    edit.selectAll()
    QTest.keyClicks(edit, text)


def press(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot)


def answer(text: str) -> list[str]:
    """Press that button of the question about to be asked; its words come in the list."""
    said: list[str] = []

    def choose() -> None:
        question = QApplication.activeModalWidget()
        assert isinstance(question, QMessageBox)
        said.append(f"{question.text()} {question.informativeText()}")
        next(button for button in question.buttons() if button.text() == text).click()

    QTimer.singleShot(50, choose)
    return said


def cell(page: EndpointsPage, uf: str, column: str) -> str:
    return str(page.model.index(list(UFS).index(uf), page.model.labels.index(column)).data() or "")


def plates(page: EndpointsPage) -> list[str]:
    """What the form says of how the UF stands now."""
    shown = [plate for plate in page.form.standing.plates if plate.isVisible()]
    return [f"{plate.title.text()}. {plate.text.text()}" for plate in shown]


def choose(page: EndpointsPage, uf: str) -> None:
    page.view.selectRow(list(UFS).index(uf))
    assert page.form.uf == uf


def test_all_ufs_are_listed_as_shipped(page: EndpointsPage) -> None:
    assert page.model.rowCount() == 27
    assert [cell(page, "MA", column) for column in ("UF", "Autorizador", "Situação")] == ["MA", "SVAN", "Sem serviço"]
    assert cell(page, "AL", "Situação") == "Não listada, tentar"
    assert cell(page, "MG", "Cabeçalho") == "nenhum"
    assert cell(page, "MG", "Conferido em") == "28/09/2026"
    assert not any(cell(page, uf, "Agora") for uf in UFS)
    assert not page.save_button.isEnabled()
    assert not page.restore_button.isEnabled()


def test_a_change_is_kept_marked_audited_and_taken_back(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "producao", "https://nova.example/ws")
    write(qtbot, page, "intervalo_s", "4,5")
    assert page.unsaved() == ["Endereço de SP"]
    press(qtbot, page.save_button)
    kept = load_endpoints(office.folders.endpoints_file)["SP"]
    assert (kept.production, kept.interval_s) == ("https://nova.example/ws", 4.5)
    assert cell(page, "SP", "UF") == "● SP"
    assert cell(page, "SP", "Intervalo") == "● 4,5 s"
    assert page.unsaved() == []
    with office.backoffice.database.reading() as connection:
        assert len(audit.latest(connection, "enderecos/SP")) == 2
    press(qtbot, page.restore_button)
    assert load_endpoints(office.folders.endpoints_file) == load_endpoints(None)
    assert cell(page, "SP", "UF") == "SP"


def test_what_makes_no_sense_is_said_under_its_field(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "producao", "http://nova.example")
    write(qtbot, page, "intervalo_s", "logo")
    page.save()
    assert "https://" in page.form.editors["producao"].error
    assert "segundos" in page.form.editors["intervalo_s"].error
    assert not office.folders.endpoints_file.exists()
    page.discard_all()
    assert page.form.editors["producao"].error == ""
    write(qtbot, page, "producao", "https://nova.example/ws?wsdl")
    press(qtbot, page.save_button)
    assert page.failure.isVisible()
    assert not office.folders.endpoints_file.exists()


def test_asking_faster_is_kept_only_after_the_warning(qtbot: QtBot, page: EndpointsPage, office: Office) -> None:
    write(qtbot, page, "por_minuto", "0")
    said = answer("Voltar")
    press(qtbot, page.save_button)
    assert "656" in said[0]
    assert "emissão de notas" in said[0]
    assert not office.folders.endpoints_file.exists()
    answer("Assumir o risco e salvar")
    press(qtbot, page.save_button)
    assert load_endpoints(office.folders.endpoints_file)["SP"].per_minute == 0
    assert cell(page, "SP", "Por minuto") == "● sem limite"


def test_choosing_another_uf_does_not_lose_what_was_typed(qtbot: QtBot, page: EndpointsPage) -> None:
    write(qtbot, page, "fonte", "telefone")
    answer("Continuar editando")
    page.view.selectRow(0)
    assert page.form.uf == "SP"
    assert page.view.currentIndex().row() == list(UFS).index("SP")
    assert page.form.editors["fonte"].text() == "telefone"
    answer("Descartar")
    page.view.selectRow(0)
    assert page.form.uf == "AC"


def test_an_authorizer_of_its_own_for_a_shared_server_is_kept_only_after_the_warning(
    qtbot: QtBot, page: EndpointsPage, office: Office
) -> None:
    choose(page, "AC")
    write(qtbot, page, "autorizador", "AC")
    said = answer("Voltar")
    press(qtbot, page.save_button)
    assert "não são contadas juntas" in said[0]
    assert "emissão de notas" in said[0]
    assert not office.folders.endpoints_file.exists()


def test_what_is_shown_of_a_uf_besides_what_may_be_changed(page: EndpointsPage) -> None:
    choose(page, "AC")
    others = "AL, AP, CE, DF, ES, PA, PB, PI, RJ, RN, RO, RR, RS, SC, SE e TO"
    assert page.form.hints["autorizador"].text() == f"SVRS atende também {others}: todas dividem o mesmo ritmo."
    choose(page, "GO")
    assert page.form.hints["autorizador"].text() == "Só esta UF é atendida por GO."
    assert page.form.standing.isHidden()
    facts = page.form.tls.facts
    assert [value for label, value in facts if label == "Servidor"] == [
        "nfe.sefaz.go.gov.br",
        "homolog.sefaz.go.gov.br",
    ]
    assert ("Certificado", "pedido na negociação inicial") in facts
    assert [label for label, _ in facts].count("Chave DH") == 1
    assert any(value.startswith("25/09/2026, ") for label, value in facts if label == "Medido em")


def test_a_uf_without_service_offers_its_page_for_people(
    qtbot: QtBot, page: EndpointsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    choose(page, "MA")
    assert plates(page) == ["Sem serviço. MA não oferece a consulta de cadastro a programas: consulte à mão."]
    assert page.form.tls.isHidden()
    assert "atende" not in page.form.hints["autorizador"].text()
    press(qtbot, page.form.public_page)
    assert opened == [load_endpoints(None)["MA"].public_page]


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as opened:
        yield opened


@pytest.fixture
def living(qtbot: QtBot, demo: DemoOffice) -> EndpointsPage:
    """The page of a program that consults."""
    page = EndpointsPage(demo.office)
    enter(qtbot, page)
    return page


def consult(qtbot: QtBot, demo: DemoOffice, uf: str) -> Result | Refusal:
    """Ask about somebody in that UF, as the button does; what came of it."""
    came: list[Result | Refusal] = []
    demo.office.finished_one.connect(came.append)
    demo.office.refused_one.connect(came.append)
    document = parse_document(made_up_cnpj("50000000"))
    demo.office.submit([Request(document, uf, Origin.OPERATOR, "maria", apply=False)])
    until(qtbot, lambda: bool(came))
    demo.office.finished_one.disconnect(came.append)
    demo.office.refused_one.disconnect(came.append)
    return came[0]


def test_what_a_uf_said_that_it_lacks_is_shown_and_forgotten_on_request(
    qtbot: QtBot, demo: DemoOffice, living: EndpointsPage
) -> None:
    choose(living, "SP")
    demo.sefaz.ufs["SP"] = Scenario.OTHER_UF
    assert isinstance(consult(qtbot, demo, "SP"), Result)
    until(qtbot, lambda: cell(living, "SP", "Agora") == "Não atende (265)")
    until(qtbot, lambda: len(plates(living)) == 1)
    (text,) = plates(living)
    (gap,) = demo.office.backoffice.sefaz.gaps()
    assert timedelta() <= datetime.now(UTC) - gap.learnt_at < timedelta(minutes=5)
    assert gap.until == gap.learnt_at + timedelta(days=30)
    assert f"Disse em {day(gap.learnt_at)} que não atende (265 · " in text
    assert f"não é consultada até {day(gap.until)}." in text
    assert "Consta como oficial: confira o endereço" in text
    assert isinstance(consult(qtbot, demo, "SP"), Refusal)
    del demo.sefaz.ufs["SP"]
    press(qtbot, living.form.standing.plates[0].again)
    until(qtbot, lambda: cell(living, "SP", "Agora") == "")
    until(qtbot, living.form.standing.isHidden)
    assert isinstance(consult(qtbot, demo, "SP"), Result)


def test_the_silence_after_a_656_is_shown_of_every_uf_of_the_authorizer(
    qtbot: QtBot, demo: DemoOffice, living: EndpointsPage
) -> None:
    choose(living, "AC")
    write(qtbot, living, "fonte", "telefone")
    demo.sefaz.ufs["RS"] = Scenario.LIMIT
    assert isinstance(consult(qtbot, demo, "RS"), Result)
    until(qtbot, lambda: cell(living, "AC", "Agora").startswith("Silêncio até "))
    assert cell(living, "RS", "Agora") == cell(living, "AC", "Agora")
    assert cell(living, "SP", "Agora") == ""
    until(qtbot, lambda: len(plates(living)) == 1)
    (text,) = plates(living)
    assert text.startswith("SVRS em silêncio. A SEFAZ acusou consumo indevido: nova consulta só depois de ")
    assert "emissão de notas" in text
    assert living.form.editors["fonte"].text() == "telefone"
    living.discard_all()
    assert living._hold_ends.isActive()
    assert 0 < living._hold_ends.interval() <= 65 * 60_000
    backoffice = demo.office.backoffice
    certificate = backoffice.sefaz.certificate(demo.office.snapshot)
    assert certificate is not None
    with backoffice.database.writing() as connection:
        pace.keep(connection, certificate.cnpj, "SVRS", Pace())
    living._hold_ends.timeout.emit()
    until(qtbot, lambda: cell(living, "AC", "Agora") == "")
    until(qtbot, lambda: plates(living) == [])
    until(qtbot, lambda: not living._hold_ends.isActive())


def test_a_silence_that_the_sefaz_asked_for_says_what_ends_it_sooner(
    qtbot: QtBot, demo: DemoOffice, living: EndpointsPage
) -> None:
    choose(living, "SP")
    demo.sefaz.ufs["SP"] = Scenario.PAUSED
    assert isinstance(consult(qtbot, demo, "SP"), Result)
    until(qtbot, lambda: cell(living, "SP", "Agora").startswith("Silêncio até "))
    until(qtbot, lambda: len(plates(living)) == 1)
    (text,) = plates(living)
    assert text.startswith("SP em silêncio. A SEFAZ respondeu 108: nova consulta só depois de ")
    assert text.endswith("se ele não encontrar falhas, as consultas voltam na hora.")
    assert not living.form.standing.plates[0].again.isVisible()


def test_the_header_is_switched_on_here_for_a_uf_that_asks_for_it(
    qtbot: QtBot, demo: DemoOffice, living: EndpointsPage
) -> None:
    demo.sefaz.header_wanted.add("MG")
    refused = consult(qtbot, demo, "MG")
    assert isinstance(refused, Result)
    assert isinstance(refused.finding, SefazFinding)
    assert refused.finding.c_stat == "409"
    choose(living, "MG")
    box = living.form.editors["cabecalho"].field
    assert isinstance(box, QCheckBox)
    box.click()
    press(qtbot, living.save_button)
    until(qtbot, lambda: cell(living, "MG", "Cabeçalho") == "● nfeCabecMsg")
    answered = consult(qtbot, demo, "MG")
    assert isinstance(answered, Result)
    assert not answered.finding.failed

"""Installing a certificate in a branch, seeing how long it is valid, and using it for SEFAZ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.data import certificates
from app.portuguese import exact
from app.settings.catalog import SEFAZ_BRANCH
from services.demo.ca import DemoAuthority
from tests.certificates import certificate_until
from tests.ui.office import CNPJ, enter, open_office
from tests.ui.window import settle
from ui.certificates_page import CertificatesPage
from ui.install_certificate import InstallCertificate
from ui.office import Office
from ui.theme import Tone

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture
def office(qapp: QApplication) -> Iterator[Office]:
    with open_office(with_branch=True) as opened:
        yield opened


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def press(qtbot: QtBot, page: QWidget, text: str) -> None:
    button = next(b for b in page.findChildren(QPushButton) if b.text() == text and b.isVisible())
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settle(qtbot)


def dialog_of(page: CertificatesPage) -> InstallCertificate:
    (dialog,) = page.findChildren(InstallCertificate)
    return dialog


def test_refusals_stand_under_their_field_and_then_it_is_installed_and_used(
    qtbot: QtBot, office: Office, authority: DemoAuthority, tmp_path: Path
) -> None:
    page = CertificatesPage(office)
    enter(qtbot, page)
    assert "sem certificado" in texts(page.cards[1])
    press(qtbot, page, "Instalar certificado…")
    dialog = dialog_of(page)
    file = tmp_path / "a1.pfx"
    file.write_bytes(authority.issue_pfx(CNPJ, "POSTO MODELO LTDA", "senha"))
    other = tmp_path / "outra.pfx"
    other.write_bytes(authority.issue_pfx("11444777000161", "OUTRA LTDA", "senha"))

    for path, password, field, word in (
        ("", "", dialog.path, "Escolha"),
        (str(tmp_path / "nada.pfx"), "", dialog.path, "não existe"),
        (str(tmp_path), "", dialog.path, "pasta"),
        (str(file), "errada", dialog.password, "senha"),
        (str(other), "senha", dialog.branch, "11.444.777/0001-61"),
    ):
        dialog.path.setText(path)
        dialog.password.setText(password)
        QTest.keyClick(dialog.password, Qt.Key.Key_Return)
        settle(qtbot)
        shown = {widget: label.text() for widget, label in dialog.errors.items() if label.isVisible()}
        assert set(shown) == {field}
        assert word in shown[field]

    assert dialog.password.echoMode() is QLineEdit.EchoMode.Password
    dialog.password.eye.trigger()
    assert dialog.password.echoMode() is QLineEdit.EchoMode.Normal
    dialog.path.setText(str(file))
    press(qtbot, dialog, "Instalar")
    for words in ("POSTO MODELO LTDA", "11.222.333/0001-81", "AC Raiz Demonstração v1", "vence em"):
        assert words in texts(dialog)
    assert dialog.password.text() == ""
    press(qtbot, dialog, "Usar nas consultas à SEFAZ")
    assert office.snapshot[SEFAZ_BRANCH] == 1
    assert "Usado nas consultas à SEFAZ" in texts(page.cards[1])
    assert "POSTO MODELO LTDA" in texts(page.cards[1])


def test_a_branch_given_opens_its_installation(qtbot: QtBot, office: Office) -> None:
    page = CertificatesPage(office)
    qtbot.addWidget(page)
    page.show()
    page.entered()
    page.show_argument(1)
    settle(qtbot)
    dialog = dialog_of(page)
    assert dialog.branch.currentText() == "1 · Matriz"
    dialog.reject()


def test_without_branches_the_page_leads_to_the_first_one(qtbot: QtBot) -> None:
    with open_office() as office:
        page = CertificatesPage(office)
        enter(qtbot, page)
        with qtbot.waitSignal(office.open_page) as opened:
            press(qtbot, page, "Incluir filial")
        assert opened.args == ["tabelas", "filiais"]


def keep(office: Office, **values: Any) -> None:
    with office.backoffice.database.writing() as connection:
        certificates.replace(connection, certificate_until(values.pop("ends"), **values))


@pytest.mark.parametrize(
    ("ends", "word", "tone"),
    [
        (timedelta(days=200), "em dia", Tone.NEUTRAL),
        (timedelta(days=20), "atenção", Tone.WARN),
        (timedelta(days=6), "urgente", Tone.BLOCK),
        (timedelta(days=-1), "vencido", Tone.BLOCK),
        (timedelta(days=370), "ainda não vale", Tone.BLOCK),
    ],
)
def test_each_age_has_its_word_its_colour_and_the_exact_moment(
    qtbot: QtBot, office: Office, ends: timedelta, word: str, tone: Tone
) -> None:
    moment = datetime.now(UTC) + ends
    keep(office, ends=moment)
    page = CertificatesPage(office)
    enter(qtbot, page)
    badge = next(label for label in page.cards[1].findChildren(QLabel) if label.text() == word)
    assert badge.property("tone") == tone.value
    assert exact(moment) in texts(page.cards[1])
    assert "ICP-Brasil v10 (Autoridade Certificadora Raiz Brasileira v10)" in texts(page.cards[1])


def test_a_root_that_svrs_may_not_take_is_told_of(qtbot: QtBot, office: Office) -> None:
    keep(office, ends=NOW + timedelta(days=200), root="Autoridade Certificadora Raiz Brasileira v12")
    page = CertificatesPage(office)
    enter(qtbot, page)
    assert "A raiz v12 é nova" in texts(page.cards[1])
    assert "SC" in texts(page.cards[1])
    keep(office, ends=NOW + timedelta(days=200), root="Autoridade Certificadora Raiz Brasileira v5")
    enter(qtbot, page)
    assert "é nova" not in texts(page.cards[1])


def test_a_certificate_whose_key_is_on_another_computer_says_so(
    qtbot: QtBot, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "this_station", lambda: "ana@PC-02")
    keep(office, ends=NOW + timedelta(days=200))
    monkeypatch.undo()
    page = CertificatesPage(office)
    enter(qtbot, page)
    assert "não está neste computador" in texts(page.cards[1])

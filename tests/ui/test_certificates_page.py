"""Installing a certificate in a branch, seeing how long it is valid, and using it for SEFAZ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.settings.catalog import SEFAZ_BRANCH
from services.demo.ca import DemoAuthority
from services.installation import install_certificate
from tests.ui.office import CNPJ, enter, open_office
from tests.ui.window import settle
from ui.certificates_page import CertificatesPage, validity_tone
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
    dialog.show_password.trigger()
    assert dialog.password.echoMode() is QLineEdit.EchoMode.Normal
    dialog.path.setText(str(file))
    press(qtbot, dialog, "Instalar")
    for words in ("POSTO MODELO LTDA", "11.222.333/0001-81", "AC Raiz Demonstração v1", "válido por"):
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


def test_validity_is_said_with_its_tone(office: Office, authority: DemoAuthority) -> None:
    pfx = authority.issue_pfx(CNPJ, "POSTO MODELO LTDA", "senha", not_after=NOW + timedelta(days=40))
    certificate = install_certificate(office.backoffice.database, 1, pfx, "senha", actor="maria", now=NOW)
    assert validity_tone(certificate, NOW) is Tone.OK
    assert validity_tone(certificate, NOW + timedelta(days=10)) is Tone.WARN
    assert validity_tone(certificate, NOW + timedelta(days=41)) is Tone.FAIL
    assert validity_tone(certificate, certificate.not_before - timedelta(days=1)) is Tone.FAIL

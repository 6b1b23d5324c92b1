"""The window's last line with two services: each has its own entry, and the certificate is SEFAZ's alone."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.domain import Authority, Phase, ServiceState
from ui import pages
from ui.status_bar import StatusBar


def test_each_service_has_its_entry_and_only_sefaz_tells_of_the_certificate(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo.", certificate="válido por 143 dias"))
    bar.show_service(ServiceState(Phase.STOPPED, "Desligada.", authority=Authority.ANP))
    sefaz, anp = bar.services[Authority.SEFAZ], bar.services[Authority.ANP]
    assert (sefaz.text(), anp.text()) == ("SEFAZ: ativo", "ANP: parado")
    assert bar.certificate.text() == "Certificado: válido por 143 dias"
    assert "Desligada." in anp.toolTip()
    assert {button.accessibleName() for button in (sefaz, anp)} == {
        "Serviço de consulta à SEFAZ",
        "Serviço de consulta à ANP",
    }
    with qtbot.waitSignal(bar.page_wanted) as wanted:
        anp.click()
    assert wanted.args == [pages.CONSULTATIONS]
    bar.hide_services()
    assert all(button.isHidden() for button in (sefaz, anp, bar.certificate))


def test_nothing_is_said_of_the_certificate_before_sefaz_has_spoken(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "", authority=Authority.ANP))
    assert bar.certificate.isHidden()

"""The window's last line with two services: each has its own entry, and the certificate is SEFAZ's alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from app.domain import Authority, Phase, ServiceState
from tests.certificates import certificate_until
from ui import pages
from ui.status_bar import StatusBar
from ui.theme import Tone


def test_each_service_has_its_entry_and_only_sefaz_tells_of_the_certificate(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    certificate = certificate_until(datetime.now(UTC) + timedelta(days=143, hours=12))
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo.", certificate=certificate))
    bar.show_service(ServiceState(Phase.STOPPED, "Desligada.", authority=Authority.ANP))
    sefaz, anp = bar.services[Authority.SEFAZ], bar.services[Authority.ANP]
    assert (sefaz.text(), anp.text()) == ("SEFAZ: ativo", "ANP: parado")
    assert bar.certificate.text() == "Certificado: válido por 143 dias"
    assert certificate.validity(datetime.now(UTC)) in bar.certificate.toolTip()
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


def test_a_warning_is_said_of_a_service_that_works(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo.", warning="Acerte o relógio."))
    sefaz = bar.services[Authority.SEFAZ]
    assert sefaz.text() == "SEFAZ: ativo, com aviso"
    assert sefaz.property("tone") == Tone.WARN.value
    assert sefaz.toolTip().startswith("Acerte o relógio. Nenhum cliente no prazo.")
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo."))
    assert (sefaz.text(), sefaz.property("tone")) == ("SEFAZ: ativo", "")


def test_nothing_is_said_of_the_certificate_before_sefaz_has_spoken(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "", authority=Authority.ANP))
    assert bar.certificate.isHidden()


@pytest.mark.parametrize(
    ("left", "words", "tone"),
    [
        (timedelta(days=40), "válido por 39 dias", ""),
        (timedelta(days=29), "válido por 28 dias", Tone.WARN.value),
        (timedelta(days=1), "válido por 23 horas", Tone.BLOCK.value),
        (-timedelta(days=1), "vencido em", Tone.BLOCK.value),
    ],
)
def test_the_age_of_the_certificate_is_said_in_words_and_colour(
    qtbot: QtBot, left: timedelta, words: str, tone: str
) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "", certificate=certificate_until(datetime.now(UTC) + left)))
    assert words in bar.certificate.text()
    assert bar.certificate.property("tone") == tone
    bar.show_service(ServiceState(Phase.IDLE, ""))
    assert (bar.certificate.text(), bar.certificate.property("tone")) == ("Certificado: não escolhido", "")

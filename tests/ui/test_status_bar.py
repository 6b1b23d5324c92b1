"""The window's last line with two services: each has its own entry, and the certificate is SEFAZ's alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from pytestqt.qtbot import QtBot

from app.domain import Authority, Phase, ServiceState
from services.integration.server import ServerPhase, ServerState
from tests.certificates import certificate_until
from tests.ui.window import until
from ui import pages
from ui.service_words import PAGES
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


def test_the_service_of_credit_analyses_has_an_entry_only_where_somebody_asks_for_any(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.STOPPED, "Desligada.", authority=Authority.CREDIT))
    credit = bar.services[Authority.CREDIT]
    assert credit.isHidden()
    held = "2 análises esperam: Serasa em Produção não é consultada."
    bar.show_service(ServiceState(Phase.ATTENTION, held, authority=Authority.CREDIT))
    assert (credit.text(), credit.isHidden()) == ("Crédito: atenção", False)
    assert credit.accessibleName() == "Serviço de análises de crédito"
    page = pages.BY_KEY[PAGES[Authority.CREDIT]].title
    assert credit.toolTip() == f"Crédito: atenção.\n{held}\nAbre {page}."
    with qtbot.waitSignal(bar.page_wanted) as wanted:
        credit.click()
    assert wanted.args == [PAGES[Authority.CREDIT]]
    bar.show_service(ServiceState(Phase.STOPPED, "Desligada.", authority=Authority.CREDIT))
    assert credit.isHidden()


def test_the_counters_have_an_entry_only_where_they_are_to_be_served(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_server(ServerState(ServerPhase.STOPPED, "O serviço ainda não começou."))
    assert bar.counters is not None
    assert bar.counters.isHidden()
    bar.show_server(ServerState(ServerPhase.RUNNING, "Atendendo em http://127.0.0.1:8082."))
    assert (bar.counters.text(), bar.counters.isHidden()) == ("Balcões: atendendo", False)
    assert "Atendendo em http://127.0.0.1:8082." in bar.counters.toolTip()
    bar.show_server(ServerState(ServerPhase.FAILED, "A porta 8082 já está em uso."))
    assert bar.counters.property("tone") == Tone.FAIL.value
    with qtbot.waitSignal(bar.page_wanted) as wanted:
        bar.counters.click()
    assert wanted.args == [pages.COUNTERS]
    assert bar.entries[-2:] == (bar.counters, bar.certificate)
    bar.hide_services()
    assert bar.counters.isHidden()


def test_a_warning_is_said_of_a_service_that_works(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo.", warnings=("Acerte o relógio.",)))
    sefaz = bar.services[Authority.SEFAZ]
    assert sefaz.text() == "SEFAZ: ativo, com aviso"
    assert sefaz.property("tone") == Tone.WARN.value
    assert sefaz.toolTip().startswith("SEFAZ: ativo, com aviso.\nAcerte o relógio. Nenhum cliente no prazo.")
    bar.show_service(ServiceState(Phase.IDLE, "Nenhum cliente no prazo."))
    assert (sefaz.text(), sefaz.property("tone")) == ("SEFAZ: ativo", "")


def test_a_text_without_room_ends_in_an_ellipsis_and_is_whole_in_its_tooltip(qtbot: QtBot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    now = datetime.now(UTC)
    bar.show_database("arquivo local")
    for authority in Authority:
        bar.show_service(
            ServiceState(
                Phase.IDLE,
                "Nenhum cliente no prazo.",
                last_at=now,
                next_at=now + timedelta(minutes=5),
                waiting=12,
                warnings=("Acerte o relógio.",),
                certificate=certificate_until(now + timedelta(days=40, hours=1)),
                authority=authority,
            )
        )
    services = list(bar.services.values())
    bar.resize(2000, bar.sizeHint().height())
    bar.show()
    until(qtbot, lambda: all(entry.shown() == entry.text() for entry in services))
    bar.resize(700, bar.height())
    until(qtbot, lambda: all(entry.shown().endswith("…") for entry in services))
    entries = [bar.database, *services, bar.certificate]
    assert all(after.x() > before.geometry().right() for before, after in pairwise(entries))
    assert bar.database.shown() == "arquivo local"
    assert all(entry.toolTip().startswith(entry.text()) for entry in services)


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

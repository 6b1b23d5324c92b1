"""The service of credit analyses as the window shows it: nowhere where nobody asks for any, and never as SEFAZ's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.data import credit_managers, records
from app.data.credit_managers import Manager
from app.documents import parse_document
from app.domain import Authority, Origin, Phase
from app.policies import Environment
from app.settings.catalog import CREDIT_ALLOWED, CREDIT_INTERVAL, CREDIT_MANAGER
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from app.tables import CREDIT_MANAGERS, Provider
from services.credit import credentials
from services.credit.credentials import Credentials
from services.credit.request import Wanted, ask_for
from tests.services.credit.scripted import ScriptedProvider
from tests.ui.office import CNPJ, enter, open_office
from tests.ui.window import until
from ui.home_page import HomePage
from ui.office import Office
from ui.service_card import ServiceCard


@pytest.fixture
def office(qtbot: QtBot) -> Iterator[Office]:
    """Nobody asks for credit analyses; their service runs."""
    with open_office(with_branch=True) as opened:
        service = opened.service_of(Authority.CREDIT)
        service.start()
        yield opened
        service.stop()


def _ask_for_one(office: Office) -> Manager:
    """Somebody does now, of a gerenciadora whose credentials this computer does not have."""
    database = office.backoffice.database
    with database.writing() as connection:
        given = {"nome": "Serasa", "provedor": Provider.SERASA}
        number = records.add(connection, CREDIT_MANAGERS, given, Snapshot(), "maria")
        manager = credit_managers.get(connection, number)
    assert manager is not None
    draft: dict[tuple[Setting[Any], int], Any] = {
        (CREDIT_ALLOWED, GENERAL_COMPANY): True,
        (CREDIT_MANAGER, GENERAL_COMPANY): number,
        (CREDIT_INTERVAL, GENERAL_COMPANY): 15,
    }
    office.take_snapshot(office.settings.save(draft, office.settings.load(), "maria"))
    wanted = Wanted(parse_document(CNPJ), 1, None, Origin.ORDER, "maria", manual=False)
    service = office.service_of(Authority.CREDIT)
    with database.writing() as connection:
        ask_for(connection, wanted, office.snapshot, datetime.now(UTC))
    service.wake()
    return manager


def test_home_shows_it_once_somebody_asks_for_analyses(qtbot: QtBot, office: Office) -> None:
    page = HomePage(office)
    enter(qtbot, page)
    fact = page._services[Authority.CREDIT]
    until(qtbot, lambda: office.states[Authority.CREDIT].sentence.startswith("A análise de crédito está desligada"))
    assert fact.isHidden()
    _ask_for_one(office)
    until(qtbot, lambda: not fact.isHidden() and "não tem as credenciais de Serasa" in fact._why.text())


def test_its_card_says_what_keeps_the_queue_waiting_and_offers_nothing_of_sefaz(qtbot: QtBot, office: Office) -> None:
    provider = ScriptedProvider()
    office.backoffice.credit._provider_of = lambda _provider, _folders: provider
    service = office.service_of(Authority.CREDIT)
    card = ServiceCard(office, Authority.CREDIT)
    qtbot.addWidget(card)
    card.show()
    manager = _ask_for_one(office)
    until(qtbot, lambda: service.state.phase is Phase.FAILED and "não tem as credenciais" in card._sentence.text())
    assert not card._diagnose.isVisibleTo(card)
    assert card._look.toolTip().startswith("Faz já as análises que estão na fila")
    assert "verifica a fila a cada 15 minutos" in card._facts.text()
    assert card.accessibleName().startswith("Serviço de análises de crédito: Falha. 1 análise espera: este computador")
    credentials.keep(manager, Environment.TEST, Credentials("usuario", "segredo"))
    card._look.click()
    until(qtbot, lambda: card._sentence.text().startswith("Nenhuma análise na fila. Próxima verificação às "))
    assert [contract.environment for contract in provider.contracts] == [Environment.TEST]
    assert "última consulta às" in card._facts.text()

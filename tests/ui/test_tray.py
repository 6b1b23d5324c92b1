"""The tray's tooltip and menu for every state, and notices said once; the menu is built without a tray host too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.credit_analysis import AnalysisOutcome
from app.domain import (
    AnpFinding,
    AnpOutcome,
    Authority,
    BlockOrigin,
    CreditFinding,
    Decision,
    Document,
    DocumentKind,
    Failure,
    FailureKind,
    Origin,
    Phase,
    Request,
    Result,
    SefazFinding,
    ServiceState,
    Verdict,
)
from services.integration.server import ServerPhase, ServerState
from tests.certificates import certificate_until
from ui import icons, pages, windows_shell, words
from ui import tray as tray_module
from ui.notices import Notice, Notices
from ui.tray import Tray

NOW = datetime.now(UTC)
CERTIFICATE = certificate_until(NOW + timedelta(days=143, hours=12))


def _tray(qtbot: QtBot) -> tuple[Tray, Notices]:
    notices = Notices()
    tray = Tray(notices)
    notices.setParent(tray)
    return tray, notices


def _entry(tray: Tray, *path: str) -> QAction:
    menu = tray.menu
    for title in path[:-1]:
        found = next(a for a in menu.actions() if a.text() == title)
        assert found.isEnabled(), title
        submenu = found.menu()
        assert isinstance(submenu, QMenu)
        menu = submenu
    return next(a for a in menu.actions() if a.text() == path[-1])


def _titles(tray: Tray) -> list[str]:
    return [a.text() for a in tray.menu.actions() if not a.isSeparator()]


def test_windows_is_given_the_icon_again_while_the_session_begins(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    tray, _ = _tray(qtbot)
    monkeypatch.setattr(tray_module, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(windows_shell, "put_tray_icon_again", lambda: given.append(tray._looks), raising=False)
    for _look in range(200):
        tray._look()
    assert given == [5, 15, 30, 60]
    tray.remove()


def test_before_there_is_a_database_only_what_works_is_offered(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    assert _titles(tray) == ["Abrir", "Últimos avisos", "Sair"]
    assert not _entry(tray, "Últimos avisos").isEnabled()
    assert "não aberto" in tray.tooltip
    tray.remove()


def test_the_tooltip_says_the_state_in_one_line(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.IDLE, "", NOW, NOW + timedelta(minutes=5), certificate=CERTIFICATE))
    last, following = words.clock(NOW), words.clock(NOW + timedelta(minutes=5))
    assert tray.icon.toolTip() == f"SEFAZ: ativo, última {last}, próxima {following} · certificado: 143 dias"
    tray.remove()


def test_two_services_are_one_icon_of_the_more_serious_and_a_tooltip_of_both(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.ATTENTION, "", authority=Authority.ANP))
    tray.take_state(ServiceState(Phase.WORKING, "", certificate=CERTIFICATE))
    assert tray.icon.toolTip() == "SEFAZ: consultando · ANP: atenção · certificado: 143 dias"
    assert _looks_like(tray, "tray-attention")
    tray.take_state(ServiceState(Phase.STOPPED, "", authority=Authority.ANP))
    assert tray.icon.toolTip() == "SEFAZ: consultando · ANP: parado · certificado: 143 dias"
    assert _looks_like(tray, "tray-working")
    tray.remove()


def _looks_like(tray: Tray, name: str) -> bool:
    return tray.icon.icon().pixmap(32).toImage() == icons.solid(name).pixmap(32).toImage()


def test_the_menu_is_for_whichever_service_it_is_of_use(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.STOPPED, ""))
    assert not _entry(tray, "Pausar").isEnabled()
    tray.take_state(ServiceState(Phase.IDLE, "", authority=Authority.ANP))
    assert _entry(tray, "Consultar agora", "Clientes no prazo").isEnabled()
    assert not _entry(tray, "Pausar", "Retomar").isEnabled()
    until = NOW + timedelta(hours=1)
    tray.take_state(ServiceState(Phase.STOPPED, "", paused_until=until))
    tray.take_state(ServiceState(Phase.PAUSED, "", paused_until=until, authority=Authority.ANP))
    assert not _entry(tray, "Consultar agora", "Clientes no prazo").isEnabled()
    assert _entry(tray, "Pausar", "Retomar").isEnabled()
    tray.remove()


def test_a_warning_of_a_service_that_works_is_in_the_tooltip_and_said_once_a_day(qtbot: QtBot) -> None:
    def state(minutes: int) -> ServiceState:
        return ServiceState(Phase.IDLE, "", warnings=(f"O relógio está {minutes} minutos adiantado.",))

    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(state(12))
    assert tray.icon.toolTip().startswith("O relógio está 12 minutos adiantado. · ")  # Windows cuts the end off
    tray.remove()
    notices = Notices()
    for minutes in (12, 13, 12):
        notices.take_state(state(minutes))
    assert [notice.sentence for notice in notices.latest] == ["O relógio está 12 minutos adiantado."]


def test_the_service_of_credit_analyses_is_named_only_where_somebody_asks_for_any(qtbot: QtBot) -> None:
    tray, notices = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.IDLE, "", authority=Authority.ANP))
    tray.take_state(ServiceState(Phase.STOPPED, "Desligada.", authority=Authority.CREDIT))
    assert tray.icon.toolTip() == "ANP: ativo"
    held = "2 análises esperam: Serasa em Produção não é consultada."
    troubled = ServiceState(Phase.ATTENTION, held, authority=Authority.CREDIT)
    tray.take_state(troubled)
    notices.take_state(troubled)
    assert tray.icon.toolTip() == "ANP: ativo · Crédito: atenção"
    assert notices.latest[0].sentence == f"Crédito: {held}"
    tray.remove()


def test_a_block_by_a_credit_analysis_is_listed_whoever_asked_for_it(qtbot: QtBot) -> None:
    tray, notices = _tray(qtbot)
    document = Document(DocumentKind.CNPJ, "11222333000181")
    finding = CreditFinding(document, "", AnalysisOutcome.REFUSED, "O score é 120.", NOW, 900)
    request = Request(document, "", Origin.ORDER, "maria", True, 7, Authority.CREDIT, 12)
    decision = Decision("Bloqueado.", add=((BlockOrigin.CREDIT, "Análise de crédito nº 12 reprovada."),))
    notices.take_result(Result(request, finding, decision, 12, "Posto 1"))
    assert notices.latest[0].sentence == "Posto 1 foi bloqueado: Análise de crédito nº 12 reprovada"
    assert (notices.latest[0].page, notices.latest[0].argument) == (pages.CUSTOMERS, 7)
    tray.remove()


def test_trouble_says_whose_it_is(qtbot: QtBot) -> None:
    notices = Notices()
    for authority in (Authority.SEFAZ, Authority.ANP, Authority.ANP):
        notices.take_state(ServiceState(Phase.ATTENTION, "Três falhas técnicas seguidas.", authority=authority))
    notices.take_state(ServiceState(Phase.ATTENTION, "A ANP pediu para esperar até 15:40.", authority=Authority.ANP))
    assert [notice.sentence for notice in notices.latest] == [
        "A ANP pediu para esperar até 15:40.",
        "ANP: Três falhas técnicas seguidas.",
        "SEFAZ: Três falhas técnicas seguidas.",
    ]


def test_a_block_by_anp_is_listed_with_all_its_reasons(qtbot: QtBot) -> None:
    notices = Notices()
    document = Document(DocumentKind.CNPJ, "11222333000181")
    finding = AnpFinding(document, "SP", AnpOutcome.REVOKED, "Autorização revogada.", NOW, 100)
    request = Request(document, "SP", Origin.SERVICE, "x", True, customer_id=7, authority=Authority.ANP)
    add = (
        (BlockOrigin.ANP_STATUS, "Autorização revogada na ANP"),
        (BlockOrigin.ANP_BRAND, "a ANP não informa a bandeira"),
    )
    notices.take_result(Result(request, finding, Decision("bloqueia", add=add), 1, "Posto Exemplo"))
    assert [(n.sentence, n.page, n.argument) for n in notices.latest] == [
        (
            "Posto Exemplo foi bloqueado: Autorização revogada na ANP; a ANP não informa a bandeira",
            pages.CUSTOMERS,
            7,
        )
    ]


@pytest.mark.parametrize("phase", Phase)
def test_the_menu_offers_what_the_state_allows(phase: Phase, qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    until = NOW + timedelta(hours=1) if phase is Phase.PAUSED else None
    tray.take_state(ServiceState(phase, "Porque sim.", paused_until=until))
    assert _titles(tray) == ["Abrir", "Consultar agora", "Pausar", "Balcões", "Últimos avisos", "Sair"]
    may_pause = phase not in (Phase.STOPPED, Phase.ELSEWHERE)
    assert _entry(tray, "Pausar").isEnabled() == may_pause
    assert _entry(tray, "Consultar agora", "Clientes no prazo").isEnabled() == (may_pause and phase is not Phase.PAUSED)
    if may_pause:
        assert _entry(tray, "Pausar", "Retomar").isEnabled() == (phase is Phase.PAUSED)
    tray.remove()


def test_pausing_is_until_a_moment(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.PAUSED, "", paused_until=NOW + timedelta(hours=1)))
    wanted: list[datetime | None] = []
    tray.pause_wanted.connect(wanted.append)
    _entry(tray, "Pausar", "1 hora").trigger()
    _entry(tray, "Pausar", "Até amanhã").trigger()
    _entry(tray, "Pausar", "Retomar").trigger()
    hour, tomorrow, resume = wanted
    assert hour is not None
    assert abs(hour - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=10)
    assert tomorrow is not None
    local = tomorrow.astimezone()
    assert (local.hour, local.minute) == (0, 0)
    assert local.date() == (datetime.now().astimezone() + timedelta(days=1)).date()
    assert resume is None
    tray.remove()


def test_a_notice_is_said_once_and_opens_its_page(qtbot: QtBot) -> None:
    tray, notices = _tray(qtbot)
    said: list[Notice] = []
    notices.raised.connect(said.append)
    for hour in ("15:40", "15:41"):
        notices.take_state(ServiceState(Phase.FAILED, f"A SEFAZ de GO não respondeu às {hour}."))
    notices.take_state(ServiceState(Phase.IDLE, ""))
    assert [notice.sentence for notice in said] == ["A SEFAZ de GO não respondeu às 15:40."]
    opened: list[tuple[str, object]] = []
    tray.page_wanted.connect(lambda page, argument: opened.append((page, argument)))
    title = f"{words.clock(said[0].at)}  A SEFAZ de GO não respondeu às 15:40."
    _entry(tray, "Últimos avisos", title).trigger()
    assert opened == [(pages.HOME, None)]
    tray.remove()


def test_a_customer_blocked_by_the_service_is_listed_but_not_announced(qtbot: QtBot) -> None:
    tray, notices = _tray(qtbot)
    said: list[Notice] = []
    notices.raised.connect(said.append)
    document = Document(DocumentKind.CNPJ, "11222333000181")
    finding = SefazFinding(document, "SP", Verdict.DISABLED, "Não habilitado.", NOW, 100)
    for origin in (Origin.SERVICE, Origin.OPERATOR):
        request = Request(document, "SP", origin, "x", True, customer_id=7)
        decision = Decision("bloqueia", add=((BlockOrigin.SEFAZ, "não habilitado na SEFAZ"),))
        notices.take_result(Result(request, finding, decision, 1, "Posto Exemplo"))
    assert said == []
    assert [(n.sentence, n.page, n.argument) for n in notices.latest] == [
        ("Posto Exemplo foi bloqueado: não habilitado na SEFAZ", pages.CUSTOMERS, 7)
    ]
    tray.remove()


def test_the_counters_are_begun_and_ended_from_the_menu(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    wanted: list[bool] = []
    tray.serving_wanted.connect(wanted.append)
    for phase, may_begin, may_end in (
        (ServerPhase.STOPPED, True, False),
        (ServerPhase.STARTING, False, True),
        (ServerPhase.RUNNING, False, True),
        (ServerPhase.FAILED, True, True),
    ):
        tray.take_server(ServerState(phase, "Porque sim."))
        assert _entry(tray, "Balcões", "Iniciar o serviço").isEnabled() is may_begin
        assert _entry(tray, "Balcões", "Parar o serviço").isEnabled() is may_end
    _entry(tray, "Balcões", "Iniciar o serviço").trigger()
    _entry(tray, "Balcões", "Parar o serviço").trigger()
    assert wanted == [True, False]
    tray.remove()


def test_the_service_of_the_counters_is_in_the_tooltip_and_the_picture_where_it_is_at_work(qtbot: QtBot) -> None:
    tray, _ = _tray(qtbot)
    tray.take_open(True)
    tray.take_state(ServiceState(Phase.STOPPED, "Desligada.", certificate=CERTIFICATE))
    assert _looks_like(tray, "tray-stopped")
    tray.take_server(ServerState(ServerPhase.RUNNING, "Atendendo."))
    assert tray.icon.toolTip() == "SEFAZ: parado · certificado: 143 dias · balcões: atendendo"
    assert _looks_like(tray, "tray-active")
    tray.take_server(ServerState(ServerPhase.FAILED, "A porta 8082 já está em uso."))
    assert _looks_like(tray, "tray-failure")
    tray.take_server(ServerState(ServerPhase.STOPPED, "O serviço foi parado."))
    assert "balcões" not in tray.icon.toolTip()
    tray.remove()


def test_counters_that_are_not_served_are_said_once_and_lead_to_the_settings(qtbot: QtBot) -> None:
    notices = Notices()
    failure = Failure(FailureKind.NETWORK, "A porta 8082 já está em uso neste computador.", "", "")
    for phase in (ServerPhase.STARTING, ServerPhase.FAILED, ServerPhase.STARTING, ServerPhase.FAILED):
        notices.take_server(ServerState(phase, "", failure=failure if phase is ServerPhase.FAILED else None))
    assert [(notice.sentence, notice.page) for notice in notices.latest] == [
        ("Os balcões não são atendidos. A porta 8082 já está em uso neste computador.", pages.INTEGRATION)
    ]


def test_a_certificate_that_passed_a_mark_is_announced_and_opens_its_page(qtbot: QtBot) -> None:
    notices = Notices()
    said: list[Notice] = []
    notices.raised.connect(said.append)
    notices.take_certificate("O certificado digital da filial 1 · Matriz vence em 23/01/2027 14:05.")
    assert list(notices.latest) == said
    assert [notice.page for notice in said] == [pages.CERTIFICATES]

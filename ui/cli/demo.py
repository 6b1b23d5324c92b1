"""`demo`: the whole program on made-up data: SEFAZ, ANP, gerenciadoras, WhatsApp and a counter on this computer."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.credit_analysis import AnalysisState
from app.domain import AnpFinding, Authority, Finding, Origin, Request, Result
from app.portuguese import counted
from app.settings.catalog import CREDIT_ENVIRONMENT
from ui.cli.output import Status, note, write, write_table

if TYPE_CHECKING:
    from app.data.credit_analyses import FullAnalysis
    from app.data.customers import CustomerRow
    from app.folders import Folders
    from app.settings.snapshot import Snapshot
    from services.backoffice import Backoffice
    from services.demo.counter import Act, DemoCounter
    from services.demo.demonstration import Demonstration

PICTURES = Path("build") / "demo"
_OPENING_S = 60
_MOST_ANALYSES = 200
_WORKING_S = 60
_ACTS, _MESSAGES, _ACT_PAUSE_S = 40, 4, 0.05


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "demo",
        help="mostra o programa inteiro com dados inventados: SEFAZ, ANP, crédito, WhatsApp e um balcão",
        description="Cria uma empresa, 40 clientes, um certificado, uma SEFAZ, uma ANP com a lista de 46 mil "
        "revendedores, três gerenciadoras de análise de crédito, um WhatsApp e um balcão que vende, libera vendas e "
        "abre ordens de serviço, tudo neste computador e de mentira, e abre a janela. Nada chega aos dados nem às "
        "senhas de verdade, e tudo é apagado ao fim.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--sem-janela",
        action="store_true",
        help="consulta todos os clientes, avalia um pedido de cada um, faz as análises de crédito pedidas, mostra os "
        "resultados, deixa o balcão trabalhar um pouco e grava imagens das telas; é o que acontece quando não há tela",
    )
    parser.add_argument(
        "--pasta", metavar="PASTA", type=Path, default=PICTURES, help=f"onde gravar as imagens ({PICTURES})"
    )


def run(options: argparse.Namespace) -> Status:
    """Build the example, show it, and leave nothing behind."""
    from services.demo.anp_lists import AUTOMOTIVE_ROWS
    from services.demo.demonstration import demonstration

    without_window = options.sem_janela or not _has_screen()
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C, so that everything is cleaned up
    try:
        note("Preparando a demonstração…")
        with demonstration(
            automatic=not without_window, mirror=True, resellers=AUTOMOTIVE_ROWS, counters=True, analyses=True
        ) as demo:
            if without_window:
                _consult_all(demo.folders)
                _take_pictures(demo, options.pasta)
                return Status.DONE
            with _counter(demo):
                return _show_window(demo.folders)
    finally:
        signal.signal(signal.SIGTERM, before)


def _counter(demo: Demonstration, **more: Any) -> DemoCounter:
    """The counter that keeps the service busy while the window is open; `more` as DemoCounter takes it."""
    from services.demo import example
    from services.demo.counter import DemoCounter, Releaser
    from services.demo.demonstration import SUPERVISOR_PASSWORD

    supervisor = next(user for user in example.USERS if "Supervisor" in user.name)
    releaser = Releaser(supervisor.login, SUPERVISOR_PASSWORD)
    return DemoCounter(lambda: f"http://127.0.0.1:{demo.counter_port}", demo.counter_token, releaser=releaser, **more)


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _show_window(folders: Folders) -> Status:
    from ui.window_app import run_window

    status = Status(run_window(folders, is_demo=True))
    if status is Status.INTERRUPTED:
        raise KeyboardInterrupt  # for the command line to say, once the example is gone
    return status


def _consult_all(folders: Folders) -> None:
    """What the window would do, one after the other: the consultations, an order of each customer, today's list."""
    from app.data import customers
    from services.demo.demonstration import open_demonstration

    office = open_demonstration(folders)
    try:
        snapshot = office.settings.load()
        with office.database.reading() as connection:
            query = customers.Query(order=customers.Order.UF)
            rows = customers.page(connection, query, 0, customers.count(connection, query))
        sefaz = [_by_sefaz(row, office, snapshot) for row in _noted("Consultando {} na SEFAZ", rows)]
        left_alone = _left_alone(office, snapshot)
        certificates = _certificates(office)
        anp = [_by_anp(row, office, snapshot) for row in _noted("Consultando {} na ANP", rows)]
        orders = [_order(row, office, snapshot) for row in _noted("Avaliando um pedido, {}", rows)]
        analyses = _analyses(office, snapshot)
        note("Baixando a lista de hoje da ANP")
        todays = _todays_list(office, snapshot)
    finally:
        office.close()
    write("Consultas à SEFAZ")
    write_table(("UF", "Documento", "Cliente", "Resultado", "Motivo", "Decisão"), sefaz)
    write()
    write("UFs que não são consultadas agora, ou não por CPF")
    write_table(("UF", "Situação", "Por quê"), left_alone)
    write()
    write("Certificados perto do fim")
    for sentence in certificates:
        write(sentence)
    write()
    write("Consultas à ANP")
    write_table(("Documento", "Cliente", "Status", "Bandeira na ANP", "Origem", "Decisão"), anp)
    write()
    write("Pedidos avaliados")
    write_table(("Documento", "Cliente", "Resposta", "Motivo"), orders)
    write()
    write("Análises de crédito")
    write_table(("Número", "Documento", "Cliente", "Ambiente", "Status", "Resultado", "Motivo"), analyses)
    write()
    write("Lista da ANP de hoje, comparada com a de ontem")
    write(todays)


def _noted(what: str, rows: list[CustomerRow]) -> Iterator[CustomerRow]:
    for number, row in enumerate(rows, 1):
        note(f"{what.format(f'{number} de {len(rows)}')}: {row.name}")
        yield row


def _by_sefaz(row: CustomerRow, office: Backoffice, snapshot: Snapshot) -> list[str]:
    said = _consulted(row, Authority.SEFAZ, office, snapshot)
    start = [row.uf, str(row.document), row.name]
    if isinstance(said, str):
        return [*start, "Não consultado", said, ""]
    finding = said.finding
    return [*start, finding.verdict.label, _reason(finding), said.decision.why.split(". ")[0].rstrip(".")]


def _left_alone(office: Backoffice, snapshot: Snapshot) -> list[list[str]]:
    """The UFs without service and the authorizers in silence, after what they answered."""
    from ui.endpoint_standing import read_standings

    endpoints = office.sefaz.endpoints()
    standings = sorted(read_standings(office, snapshot).items())
    return [[uf, *said] for uf, standing in standings for said in standing.sentences(endpoints[uf])]


def _certificates(office: Backoffice) -> list[str]:
    from services.certificate_warnings import certificate_warnings

    warnings = certificate_warnings(office.database, office.settings, datetime.now(UTC))
    return [warning.sentence for warning in warnings]


def _by_anp(row: CustomerRow, office: Backoffice, snapshot: Snapshot) -> list[str]:
    said = _consulted(row, Authority.ANP, office, snapshot)
    start = [str(row.document), row.name]
    if isinstance(said, str):
        return [*start, "Não consultado", "", "", said]
    finding = said.finding
    assert isinstance(finding, AnpFinding)
    source = finding.source.label if finding.source else ""
    decision = " ".join(said.decision.why.replace(finding.reason, "").split()) or _reason(finding)
    return [*start, finding.verdict.label, finding.brand, source, decision]


def _consulted(row: CustomerRow, authority: Authority, office: Backoffice, snapshot: Snapshot) -> Result | str:
    """The consultation made, or why it was not."""
    from services.consultation import NotAsked

    request = Request(row.document, row.uf, Origin.COMMAND, office.actor, True, row.id, authority)
    try:
        return office.consultation_of(authority).run(request, snapshot)
    except NotAsked as refused:
        return refused.failure.what


def _reason(finding: Finding) -> str:
    return finding.failure.what if finding.failure else finding.reason


def _order(row: CustomerRow, office: Backoffice, snapshot: Snapshot) -> list[str]:
    from app.data import records
    from app.policies import OrderKind, OrderOperation
    from app.rules.order_gate import OrderQuestion
    from app.tables import COMPANIES
    from services.order_gate import OrderGate

    with office.database.reading() as connection:
        company = records.every(connection, COMPANIES)[0].id
    question = OrderQuestion(row.document, company, OrderKind.ORDER, OrderOperation.INCLUSION, office.actor)
    answer = OrderGate(office.database, office.anp).check(question, snapshot)
    return [str(row.document), row.name, "Permitido" if answer.allowed else "Recusado", answer.reasons[0]]


def _analyses(office: Backoffice, snapshot: Snapshot) -> list[list[str]]:
    """All of them, after those that the orders asked for were made."""
    from app.data import credit_analyses
    from app.data.credit_analyses import AnalysisQuery

    with office.database.reading() as connection:
        waiting = credit_analyses.page(connection, AnalysisQuery(state=AnalysisState.QUEUED), 0, _MOST_ANALYSES)
    for number, row in enumerate(reversed(waiting), 1):
        note(f"Fazendo a análise de crédito {number} de {len(waiting)}: {row.customer}")
        request = Request(
            row.document,
            "",
            row.origin,
            row.user,
            apply=True,
            customer_id=row.customer_id,
            authority=Authority.CREDIT,
            analysis_id=row.id,
        )
        office.credit.run(request, snapshot)
    with office.database.reading() as connection:
        rows = credit_analyses.page(connection, AnalysisQuery(), 0, _MOST_ANALYSES)
        made = [credit_analyses.get(connection, row.id) for row in rows]
    return [_analysis(one) for one in made if one is not None]


def _analysis(one: FullAnalysis) -> list[str]:
    row = one.row
    said = one.failure.what if one.failure is not None else one.reasons[0] if one.reasons else ""
    outcome = "" if row.outcome is None else row.outcome.label
    place = CREDIT_ENVIRONMENT.kind.show(row.environment)
    return [str(row.id), str(row.document), row.customer, place, row.state.label, outcome, said]


def _todays_list(office: Backoffice, snapshot: Snapshot) -> str:
    """Download the list of petrol stations into the mirror; what it changed, in words."""
    from app.data.mirror import take_list
    from app.domain import ListKind
    from app.settings.catalog import ANP_LIST_AUTOMOTIVE
    from services.anp.lists import download_list

    address = snapshot[ANP_LIST_AUTOMOTIVE]
    data = download_list(address, office.folders, progress=lambda _come, _all: None, cancelled=lambda: False)
    now = datetime.now(UTC)
    report = take_list(office.database, data, ListKind.AUTOMOTIVE, source=address, taken_at=now, actor=office.actor)
    return report.sentence


def _take_pictures(demo: Demonstration, target: Path) -> None:
    """Pictures of the pages that have the most to show, drawn without a screen, after some work of the counter."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ui import pages, tasks, theme
    from ui.window_app import WindowProgram

    application = theme.application()
    theme.apply(application)
    program = WindowProgram(demo.folders, is_demo=True)

    def settle() -> None:
        for _ in range(5):  # what a task brings may start another
            tasks.wait_all(10_000)
            application.processEvents()

    try:
        target.mkdir(parents=True, exist_ok=True)
        program.window.resize(1280, 800)
        program.start()
        deadline = time.monotonic() + _OPENING_S
        while program.office is None and time.monotonic() < deadline:
            settle()
        if program.office is not None:
            _let_counter_work(demo, program.office.backoffice, settle)
        for key in (
            pages.PROFILES,
            pages.INTEGRATION,
            pages.ENDPOINTS,
            pages.CUSTOMERS,
            pages.ANP_LISTS,
            pages.BRAND_INBOX,
            pages.ORDER_CHECKS,
            pages.CREDIT_ANALYSES,
            pages.COUNTERS,
            pages.MESSAGES,
        ):
            program.window.open_page(key)
            settle()
            picture = target / f"{key}.png"
            program.window.grab().save(str(picture))
            note(f"Imagem gravada: {picture}")
    finally:
        program.quit()
        settle()


def _let_counter_work(demo: Demonstration, office: Backoffice, settle: Callable[[], None]) -> None:
    """Let the counter sell and open service orders until it, and what it brings about, is there to be seen."""
    from app.data import counters

    note("O balcão vende e abre ordens de serviço")
    acts: list[Act] = []

    def worked() -> bool:
        with office.database.reading() as connection:
            seen = any(each.last_seen_at is not None for each in counters.every(connection))
        return seen and len(acts) >= _ACTS and len(demo.whatsapp.posted) >= _MESSAGES

    with _counter(demo, pause_s=_ACT_PAUSE_S, on_act=acts.append):
        deadline = time.monotonic() + _WORKING_S
        while not worked() and time.monotonic() < deadline:
            settle()
            time.sleep(_ACT_PAUSE_S)
    done = counted(len(acts), "pedido do balcão respondido", "pedidos do balcão respondidos")
    note(f"{done}; {counted(len(demo.whatsapp.posted), 'mensagem enviada', 'mensagens enviadas')}")

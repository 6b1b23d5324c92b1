"""Início: how things are, what to do next where something is missing, and the last consultations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority, Certificate, Phase, ServiceState
from ui import icons, pages, tasks, theme, words
from ui.certificate_look import look
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.office import Office
from ui.page import Page
from ui.service_words import PAGES, PHASE_ICONS, is_of_use, moments
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.customers import Situation
    from app.data.database import Database
    from app.data.history import HistoryRow
    from app.data.mirror import ChangeRow
    from app.settings.snapshot import Snapshot

_SERVICES = {
    Authority.SEFAZ: "Consulta na SEFAZ",
    Authority.ANP: "Consulta na ANP",
    Authority.CREDIT: "Análises de crédito",
}
_LAST = 8
_SOON_MS = 500


@dataclass(frozen=True)
class NextStep:
    """Something that is missing, why it matters, and the page where it is done, opened for `argument`."""

    sentence: str
    action: str
    page: str
    argument: object = None


@dataclass(frozen=True)
class Overview:
    """Everything the page shows, read in one go."""

    database: str
    certificate: Certificate | None
    customers: int
    counts: dict[Situation, int]
    steps: tuple[NextStep, ...]
    alerts: tuple[str, ...]
    last: list[HistoryRow]
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def read_overview(database: Database, snapshot: Snapshot) -> Overview:
    """Read it from the database; called off the GUI thread."""
    from app.data import certificates, customers, history, mirror, records
    from app.data.customers import Query, Situation
    from app.settings.catalog import SEFAZ_AUTOMATIC, SEFAZ_BRANCH
    from app.tables import BRANCHES, COMPANIES

    shown = (
        Situation.BLOCKED,
        Situation.NOT_ENABLED,
        Situation.ANP_IRREGULAR,
        Situation.NEVER,
        Situation.FAILED,
    )
    with database.reading() as connection:
        branch_id = snapshot[SEFAZ_BRANCH]
        certificate = certificates.for_branch(connection, branch_id) if branch_id is not None else None
        total = customers.count(connection, Query())
        counts = {each: customers.count(connection, Query(situations=frozenset({each}))) for each in shown}
        last = history.latest(connection, limit=_LAST)
        changed = mirror.alerts(connection)
        companies = records.every(connection, COMPANIES, only_active=True)
        branches = records.every(connection, BRANCHES, only_active=True)
        installed = certificates.all_installed(connection)
    steps = []
    if not companies:
        steps.append(
            NextStep("Cadastre a empresa que usa este programa.", "Incluir empresa", pages.TABLES, COMPANIES.key)
        )
    elif not branches:
        steps.append(
            NextStep(
                "Cadastre a filial que consulta a SEFAZ, com seu CNPJ.", "Incluir filial", pages.TABLES, BRANCHES.key
            )
        )
    if branches and not installed:
        steps.append(
            NextStep(
                "Instale o certificado digital A1 da filial: sem ele a SEFAZ não responde.",
                "Instalar certificado",
                pages.CERTIFICATES,
                branches[0].id,
            )
        )
    if installed and branch_id is None:
        steps.append(
            NextStep(
                "Escolha a filial cujo certificado consulta a SEFAZ.",
                "Escolher filial",
                pages.PROFILES,
                SEFAZ_BRANCH.key,
            )
        )
    if not total:
        steps.append(NextStep("Cadastre ou importe os clientes.", "Abrir Clientes", pages.CUSTOMERS))
    if certificate is not None and not snapshot[SEFAZ_AUTOMATIC]:
        steps.append(
            NextStep(
                "A consulta automática está desligada: clientes só são consultados pelo botão.",
                "Ligar a consulta automática",
                pages.PROFILES,
                SEFAZ_AUTOMATIC.key,
            )
        )
    return Overview(database.label, certificate, total, counts, tuple(steps), alerts_of(changed), last)


def alerts_of(changed: list[ChangeRow]) -> tuple[str, ...]:
    """What ANP's newest lists changed about our customers, a sentence for each list and kind of change."""
    from app.domain import ListKind
    from app.rules.anp_difference import ChangeKind

    verbs = {
        ChangeKind.LEFT: ("saiu da lista", "saíram da lista"),
        ChangeKind.BRAND: ("mudou de bandeira na lista", "mudaram de bandeira na lista"),
        ChangeKind.SITUATION: ("mudou de situação na lista", "mudaram de situação na lista"),
        ChangeKind.AUTHORIZATION: ("mudou de autorização na lista", "mudaram de autorização na lista"),
        ChangeKind.NAME: ("mudou de razão social na lista", "mudaram de razão social na lista"),
        ChangeKind.ADDRESS: ("mudou de endereço na lista", "mudaram de endereço na lista"),
        ChangeKind.BACK: ("voltou à lista", "voltaram à lista"),
        ChangeKind.NEW: ("entrou na lista", "entraram na lista"),
    }
    who: dict[tuple[ChangeKind, ListKind, str], set[int | None]] = {}
    for row in changed:
        day = f"{row.taken_at.astimezone():%d/%m}"
        who.setdefault((row.change.kind, row.list, day), set()).add(row.customer_id)
    sentences = []
    for kind, (one, many) in verbs.items():
        for (found, register, day), customers in who.items():
            if found is kind:
                of = "da ANP" if register is ListKind.AUTOMOTIVE else f"da ANP ({register.label})"
                number = words.counted(len(customers), "cliente", "clientes")
                sentences.append(f"{number} {one if len(customers) == 1 else many} {of} de {day}.")
    return tuple(sentences)


class HomePage(Page):
    """The first page."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.HOME, "Início", parent=parent)
        self._office = office
        self._task: tasks.Task[Overview] | None = None
        self._again = False
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.entered)
        self.failure = FailureView()
        retry = QPushButton("Tentar de novo")
        retry.clicked.connect(self.entered)
        self.failure.add_button(retry)
        self.body.addWidget(self.failure)

        self._database = _Fact("database", "Banco de dados", pages.INTEGRATION, office)
        self._services = {
            authority: _Fact("clock", title, PAGES[authority], office) for authority, title in _SERVICES.items()
        }
        self._certificate = _Fact("certificate", "Certificado digital", pages.CERTIFICATES, office)
        facts = QHBoxLayout()
        facts.setSpacing(theme.M)
        for fact in (self._database, *self._services.values(), self._certificate):
            facts.addWidget(fact, 1)
        self._steps = _Card("O que fazer agora")
        self._alerts = _Card("Clientes que mudaram na lista da ANP")
        self._counts = QHBoxLayout()
        self._counts.setSpacing(theme.M)
        self._last = _Card("Últimas consultas")
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addLayout(facts)
        column.addWidget(self._steps)
        column.addWidget(self._alerts)
        column.addLayout(self._counts)
        column.addWidget(self._last)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(inside)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(self._scroll, 1)
        self._steps.hide()
        self._alerts.hide()
        self._last.hide()

        for state in office.states.values():
            self._show_state(state)
        office.state_changed.connect(self._show_state)
        office.customers_changed.connect(self._changed)
        office.tables_changed.connect(self._changed)
        office.snapshot_changed.connect(self._changed)
        office.updates.changed.connect(self._changed)

    @Slot()
    def entered(self) -> None:
        """Read everything again; one reading at a time, and once more when something changed meanwhile."""
        if self._task is not None and self._task.running:
            self._again = True
            return
        database, snapshot = self._office.backoffice.database, self._office.snapshot
        self._task = tasks.run(lambda: read_overview(database, snapshot), self._show, self._fail, self)

    @Slot()
    def _changed(self) -> None:
        # Many customers consulted in a row are one reading, not one each.
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _fail(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    def _show(self, overview: Overview) -> None:
        self.failure.clear()
        self._database.say(f"Aberto: {overview.database}", Tone.OK, "check")
        self._show_certificate(overview.certificate, overview.read_at)
        self._show_steps((*overview.steps, *_update_steps(self._office)))
        self._show_alerts(overview.alerts)
        self._show_counts(overview)
        self._show_last(overview)
        if self._again:
            self._again = False
            self.entered()

    @Slot(object)
    def _show_state(self, state: ServiceState) -> None:
        tone = {
            Phase.IDLE: Tone.OK,
            Phase.WORKING: Tone.INFO,
            Phase.ATTENTION: Tone.WARN,
            Phase.FAILED: Tone.BLOCK,
        }.get(state.phase, Tone.NEUTRAL)
        if state.warning and tone in (Tone.OK, Tone.INFO, Tone.NEUTRAL):
            tone = Tone.WARN
        words_now = moments(state)
        service = self._services[state.authority]
        service.say(words.capital(words_now), tone, PHASE_ICONS[state.phase], state.why)
        service.setVisible(is_of_use(state))

    def _show_certificate(self, certificate: Certificate | None, now: datetime) -> None:
        if certificate is None:
            self._certificate.say("Nenhum em uso", Tone.WARN, "warning", "Sem certificado a SEFAZ não responde.")
            return
        validity, found = certificate.validity(now), look(certificate, now)
        self._certificate.say(words.capital(validity), found.tone, found.icon, certificate.holder)

    def _show_steps(self, steps: tuple[NextStep, ...]) -> None:
        self._steps.clear()
        for row, step in enumerate(steps):
            picture = QLabel()
            picture.setPixmap(icons.pixmap("chevron-right", 16, Tone.INFO))
            text = QLabel(step.sentence)
            text.setWordWrap(True)
            self._steps.grid.addWidget(picture, row, 0)
            self._steps.grid.addWidget(text, row, 1)
            button = QPushButton(step.action)
            button.clicked.connect(_opens(self._office, step.page, step.argument))
            if row == 0:
                theme.primary(button)
            self._steps.grid.addWidget(button, row, 2)
        self._steps.grid.setColumnStretch(1, 1)
        self._steps.setVisible(bool(steps))

    def _show_alerts(self, alerts: tuple[str, ...]) -> None:
        self._alerts.clear()
        for row, sentence in enumerate(alerts):
            picture = QLabel()
            picture.setPixmap(icons.pixmap("warning", 16, Tone.WARN))
            text = QLabel(sentence)
            text.setWordWrap(True)
            self._alerts.grid.addWidget(picture, row, 0)
            self._alerts.grid.addWidget(text, row, 1)
        if alerts:
            button = QPushButton("Ver as mudanças")
            button.clicked.connect(_opens(self._office, pages.ANP_LISTS))
            self._alerts.grid.addWidget(button, 0, 2, len(alerts), 1, Qt.AlignmentFlag.AlignTop)
        self._alerts.grid.setColumnStretch(1, 1)
        self._alerts.setVisible(bool(alerts))

    def _show_counts(self, overview: Overview) -> None:
        empty(self._counts)
        self._counts.addWidget(_Count(overview.customers, "Clientes ativos", None, None, self._office), 1)
        tones = (Tone.BLOCK, Tone.BLOCK, Tone.BLOCK, Tone.WARN, Tone.FAIL)
        for (situation, number), tone in zip(overview.counts.items(), tones, strict=True):
            self._counts.addWidget(_Count(number, situation.label, situation, tone, self._office), 1)

    def _show_last(self, overview: Overview) -> None:
        self._last.clear()
        grid = self._last.grid
        if not overview.last:
            hint = theme.role(QLabel("Nenhuma consulta ainda. Consulte um cliente na página Clientes."), "hint")
            grid.addWidget(hint, 0, 0)
        for row, consultation in enumerate(overview.last):
            look = words.verdict(consultation.verdict)
            picture = QLabel()
            picture.setPixmap(icons.pixmap(look.icon, 16, look.tone))
            verdict = theme.badge(QLabel(look.word), look.tone)
            verdict.setToolTip(consultation.reason)
            who = QPushButton(_short(consultation.customer or str(consultation.document)))
            theme.link(who)
            who.setToolTip(f"{consultation.customer} {consultation.document}\nAbre esta consulta.".strip())
            who.clicked.connect(_opens(self._office, pages.CONSULTATIONS, consultation.id))
            when = theme.role(QLabel(words.relative(consultation.asked_at, overview.read_at)), "hint")
            when.setToolTip(words.exact(consultation.asked_at))
            origin = theme.role(QLabel(words.ORIGINS[consultation.origin]), "hint")
            for column, widget in enumerate((picture, who, QLabel(consultation.uf), verdict, origin, when)):
                side = Qt.AlignmentFlag.AlignRight if widget is when else Qt.AlignmentFlag.AlignLeft
                grid.addWidget(widget, row, column, side | Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(1, 1)
        self._last.show()


class _Card(QFrame):
    """A titled surface with a grid; `clear` empties it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        theme.card(self)
        self.grid = QGridLayout()
        self.grid.setHorizontalSpacing(theme.M)
        self.grid.setVerticalSpacing(theme.S)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.S)
        column.addWidget(theme.role(QLabel(title), "subtitle"))
        column.addLayout(self.grid)

    def clear(self) -> None:
        empty(self.grid)


class _Fact(QFrame):
    """One state of the program: what, how it is, why, and its page."""

    def __init__(self, icon: str, title: str, page: str, office: Office) -> None:
        super().__init__()
        theme.card(self)
        self._picture = QLabel()
        self._state = theme.role(QLabel("…"), "strong")
        self._state.setWordWrap(True)
        self._why = theme.role(QLabel(), "hint")
        self._why.setWordWrap(True)
        button = QPushButton(title)
        button.setIcon(icons.icon(icon))
        theme.link(button)
        button.setToolTip(f"Abre {pages.BY_KEY[page].title}")
        button.clicked.connect(_opens(office, page))
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._state, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.XS)
        head = QHBoxLayout()
        head.addWidget(button)
        head.addStretch(1)
        column.addLayout(head)
        column.addLayout(row)
        column.addWidget(self._why)
        column.addStretch(1)

    def say(self, state: str, tone: Tone, icon: str, why: str = "") -> None:
        """How it is now."""
        self._state.setText(state)
        theme.tone(self._state, tone)
        own_colours = icon.startswith("tray-")
        self._picture.setPixmap(icons.solid(icon).pixmap(18, 18) if own_colours else icons.pixmap(icon, 18, tone))
        self._why.setText(why)
        self._why.setVisible(bool(why))


class _Count(QFrame):
    """How many customers are in a situation; opens the list of them."""

    def __init__(self, number: int, label: str, situation: Situation | None, tone: Tone | None, office: Office) -> None:
        super().__init__()
        theme.card(self)
        figure = theme.role(QLabel(f"{number:,}".replace(",", ".")), "title")
        theme.tone(figure, tone if number else Tone.NEUTRAL)
        button = QPushButton(label)
        theme.link(button)
        button.setAccessibleName(f"{label}: {number}")
        button.setToolTip("Abre estes clientes" if situation else "Abre Clientes")
        button.clicked.connect(_opens(office, pages.CUSTOMERS, situation))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.S, theme.S)
        column.setSpacing(0)
        column.addWidget(figure)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)


def _update_steps(office: Office) -> tuple[NextStep, ...]:
    news = office.updates.state.news
    if news is None:
        return ()
    sentence = f"Há uma versão nova do programa: {news.manifest.version}."
    return (NextStep(sentence, "Ver a atualização", pages.UPDATE),)


def _opens(office: Office, page: str, argument: object = None) -> Callable[[], None]:
    return lambda: office.open_page.emit(page, argument)


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"

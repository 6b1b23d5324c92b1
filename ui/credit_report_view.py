"""One credit analysis, whole: the outcome and why, until when it is good, and what the gerenciadora said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.credit_analysis import TEST_WARNING, AnalysisOutcome, AnalysisState, CreditReport
from app.policies import Environment
from app.portuguese import calendar_day
from app.settings.catalog import CREDIT_KEEP
from ui import icons, tasks, theme, words
from ui.banner import Banner
from ui.credit_analysis_model import ENVIRONMENTS, STATES
from ui.credit_negatives import CreditNegatives
from ui.emptying import empty
from ui.entry_view import EntryView
from ui.failure_view import FailureView
from ui.inscription_card import selectable
from ui.raw_message import RawMessage, RawMessageView, readable
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from app.data.credit_analyses import AnalysisRow, FullAnalysis
    from app.data.credit_lists import ListedAnalysis
    from app.data.credit_pauses import Pause
    from ui.office import Office


@dataclass(frozen=True)
class _Loaded:
    """Everything the view shows of one analysis; `pause` holds the gerenciadora that it waits for."""

    full: FullAnalysis
    listed: ListedAnalysis
    pause: Pause | None
    raw: RawMessage


class CreditReportView(EntryView):
    """Reads and shows the analysis given to `show_analysis`."""

    shown = Signal(object)
    """The FullAnalysis that is being shown from now on."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("Análise de crédito", parent)
        self._office = office
        self.analysis_id: int | None = None
        self._is_new = True
        self.banner = Banner(tone=Tone.BLOCK)
        self._where = theme.role(selectable(), "hint")
        self._standing = selectable()
        self._why_not = FailureView()
        self._notices = QVBoxLayout()
        self._reasons = QVBoxLayout()
        self._report = QVBoxLayout()
        for column in (self._notices, self._reasons, self._report):
            column.setSpacing(theme.XS)
        self.fold = QPushButton(icons.icon("chevron-right"), "Detalhes")
        self.fold.setToolTip("A resposta original da gerenciadora, para copiar ou salvar")
        self.fold.setCheckable(True)
        self.fold.setAutoDefault(False)
        self.fold.toggled.connect(self._unfold)
        self.raw = RawMessageView("Resposta", office.folders)
        self._erased = theme.role(selectable(), "hint")
        details = QVBoxLayout()
        details.setSpacing(theme.S)
        row = QHBoxLayout()
        row.addWidget(self.fold)
        row.addStretch(1)
        details.addLayout(row)
        details.addWidget(self._erased)
        details.addWidget(self.raw)
        self._lay_out(
            self.banner,
            self._where,
            self._customer,
            self._standing,
            self._reasons,
            self._why_not,
            self._notices,
            self._report,
            below=details,
        )
        self.fold.hide()
        self._erased.hide()
        self._unfold(False)

    def show_analysis(self, analysis_id: int) -> None:
        """Read one analysis off the GUI thread and show it; it may have gone on since it was read last."""
        self._is_new = self._is_new or analysis_id != self.analysis_id
        self.analysis_id = analysis_id
        database, snapshot = self._office.backoffice.database, self._office.snapshot

        def load() -> _Loaded | None:
            from app.data import credit_analyses, credit_lists, credit_pauses

            now = datetime.now(UTC)
            with database.reading() as connection:
                full = credit_analyses.get(connection, analysis_id)
                if full is None:
                    return None
                (listed,) = credit_lists.listed(connection, [full.row], snapshot, now)
                whose = (full.row.manager_id, full.row.environment)
                pauses = credit_pauses.in_force(connection, now)
            pause = next((one for one in pauses if (one.manager_id, one.environment) == whose), None)
            return _Loaded(full, listed, pause, readable(full.raw))

        tasks.run(load, self._show, self._show_error, self)

    # --- what it shows ---

    def _show(self, loaded: _Loaded | None) -> None:
        if loaded is None or loaded.full.row.id != self.analysis_id:
            return
        full, row = loaded.full, loaded.full.row
        self._failure.clear()
        self.banner.say((TEST_WARNING,) if row.environment is Environment.TEST else ())
        self._say_head(_look(row), row.customer or row.document.named)
        standing, tone = _standing(loaded)
        self._standing.setText(standing)
        self._standing.setVisible(bool(standing))
        theme.tone(self._standing, tone)
        _fill(self._reasons, [selectable(reason) for reason in full.reasons])
        if full.failure is not None:
            self._why_not.show_failure(full.failure)
        else:
            self._why_not.clear()
        notices = [selectable(notice) for notice in full.report.notices] if full.report is not None else []
        for notice in notices:
            theme.tone(notice, Tone.WARN)
        _fill(self._notices, notices)
        _fill(self._report, [] if full.report is None else _parts(full.report))
        self._say_customer(row.customer_id, row.customer)
        self._where.setText(_where(full))
        said = [] if full.report is None else list(full.report.facts)
        self._say_facts(("O que mais a gerenciadora diz", said), ("A consulta", _circumstances(full)))
        self._offer_raw(loaded)
        if self._is_new:
            self._is_new = False
            self.verticalScrollBar().setValue(0)
        self.shown.emit(full)

    def _offer_raw(self, loaded: _Loaded) -> None:
        full = loaded.full
        self.raw.show_message(loaded.raw, f"analise-{full.row.id}")
        self.fold.setVisible(bool(full.raw))
        if self._is_new or not full.raw:
            self.fold.setChecked(False)
            self._unfold(False)
        erased = full.report is not None and not full.raw
        days = words.counted(self._office.snapshot[CREDIT_KEEP], "dia", "dias")
        self._erased.setText(f"A resposta original da gerenciadora é guardada por {days} e já foi apagada.")
        self._erased.setVisible(erased)

    @Slot(bool)
    def _unfold(self, shown: bool) -> None:
        self.raw.setVisible(shown)
        self.fold.setIcon(icons.icon("chevron-down" if shown else "chevron-right"))


def _look(row: AnalysisRow) -> Look:
    if row.outcome is not None:
        return words.verdict(row.outcome)
    return words.verdict(AnalysisOutcome.FAILURE) if row.state is AnalysisState.FAILED else STATES[row.state]


def _standing(loaded: _Loaded) -> tuple[str, Tone | None]:
    """Until when it is good, or what it waits for."""
    row, listed = loaded.full.row, loaded.listed
    if listed.good_until is not None:
        day = calendar_day(listed.good_until)
        return (f"Venceu em {day}.", Tone.WARN) if listed.expired else (f"Vale até {day}.", None)
    if row.state is AnalysisState.QUEUED and loaded.pause is not None:
        pause = loaded.pause
        until = "até que alguém retome" if pause.until is None else f"até {words.exact(pause.until)}"
        return f"A gerenciadora {row.manager} está suspensa {until}. {pause.why}", Tone.WARN
    if row.state is AnalysisState.QUEUED and row.failed:
        return f"A última tentativa falhou. Tenta de novo em {words.exact(row.next_at)}.", Tone.WARN
    if row.state is AnalysisState.QUEUED:
        when = "assim que o serviço puder" if row.urgent else "na próxima verificação da fila"
        return f"Será feita {when}.", None
    if row.state is AnalysisState.ASKING:
        return "A gerenciadora está sendo consultada agora.", None
    return "", None


def _where(full: FullAnalysis) -> str:
    row = full.row
    asked = "no cadastro do cliente" if row.manual else words.ORIGINS[row.origin]
    return (
        f"Análise nº {row.id}, pedida em {words.exact(row.created_at)} {asked}, por {row.user}, "
        f"para a empresa {row.company_id} · {row.company}."
    )


def _circumstances(full: FullAnalysis) -> list[tuple[str, str]]:
    row = full.row
    facts = [
        ("Documento", row.document.named),
        ("Gerenciadora", row.manager),
        ("Ambiente", ENVIRONMENTS[row.environment].word),
        ("Consultada em", "" if row.consulted_at is None else words.exact(row.consulted_at)),
        ("Tentativas", words.number(row.attempts) if row.attempts > 1 else ""),
        ("Identificação lá", full.request_id),
        ("Resposta HTTP", "" if full.http_status is None else str(full.http_status)),
        ("Computador", full.machine),
    ]
    return [(label, value) for label, value in facts if value]


def _parts(report: CreditReport) -> list[QWidget]:
    """Who the gerenciadora says it is, the score, and the negative records."""
    parts: list[QWidget] = [_title("O que a gerenciadora diz")]
    name = " · ".join(part for part in (report.name, report.situation) if part)
    if name:
        parts.append(selectable(name))
    parts += [_title("Score"), *_score(report), _title("Registros negativos"), CreditNegatives(report)]
    return parts


def _score(report: CreditReport) -> list[QWidget]:
    if report.score is None:
        return [selectable("A resposta não traz score.")]
    score = theme.role(selectable(words.number(report.score)), "title")
    score.setAccessibleName(f"Score: {report.score}")
    more = (
        ("Faixa", report.score_range),
        ("modelo", report.score_model),
        ("inadimplência", report.default_rate),
    )
    said = " · ".join(f"{label} {value}" for label, value in more if value)
    return [score, theme.role(selectable(words.capital(said)), "hint")] if said else [score]


def _title(text: str) -> QLabel:
    label = theme.role(QLabel(text), "subtitle")
    label.setContentsMargins(0, theme.S, 0, 0)
    return label


def _fill(column: QVBoxLayout, widgets: list[QWidget] | list[QLabel]) -> None:
    empty(column)
    for widget in widgets:
        column.addWidget(widget)

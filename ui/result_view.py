"""One consultation whole: what was found, what was decided and why, every field, and both raw messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import anp_words
from app.domain import Authority, FailureKind
from app.inscription_words import Changes
from app.portuguese import day
from ui import icons, tasks, theme, words
from ui.aside_button import AsideButton
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.inscriptions_view import InscriptionsView
from ui.public_page_button import PublicPageButton
from ui.raw_message import RawMessage, RawMessageView, readable
from ui.receipt_buttons import ConsultationGone, ReceiptButtons
from ui.registration_view import RegistrationView
from ui.theme import Tone

if TYPE_CHECKING:
    from app.brands import BrandReading
    from app.data.answer_changes import AnswerChange
    from app.data.history import FullConsultation
    from services.backoffice import Backoffice

_NO_CHANGES = Changes({}, frozenset(), ())
_NOTHING_TO_DIAGNOSE = (FailureKind.NOT_SERVED, FailureKind.CANCELLED, FailureKind.CONFIGURATION, FailureKind.INTERNAL)


@dataclass(frozen=True)
class _Loaded:
    """Everything the view shows of one consultation. `brand` is what the brand that ANP stated is here, now, and
    `change` what an answer of SEFAZ has different from the one before."""

    full: FullConsultation
    before: FullConsultation | None
    change: AnswerChange | None
    brand: BrandReading | None
    request: RawMessage
    response: RawMessage


class ResultView(QStackedWidget):
    """Reads and shows the consultation given to `show_consultation`; until then it says `hint`."""

    shown = Signal(object)
    """The HistoryRow of the consultation that is being shown from now on, None when it could not be read."""

    diagnosis_wanted = Signal(str)
    """The SEFAZ of this UF is to be diagnosed."""

    def __init__(self, backoffice: Backoffice, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._database = backoffice.database
        self.consultation_id: int | None = None
        self._reading: tasks.Task[_Loaded] | None = None
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Resultado da consulta")
        nothing = theme.role(QLabel(hint), "hint")
        nothing.setWordWrap(True)
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.addWidget(nothing)
        self.addWidget(self._scroll)

        self._badge_icon = QLabel()
        self._verdict = theme.role(QLabel(), "subtitle")
        self._verdict.setWordWrap(True)
        self._change = QLabel()
        self._reason = selectable()
        self._decision = selectable()
        self._failure = FailureView()
        self.diagnose_button = AsideButton(icons.icon("diagnosis"), "Diagnosticar")
        self.diagnose_button.setToolTip("Verifica, passo a passo, por que esta SEFAZ não responde")
        self.diagnose_button.clicked.connect(self._diagnose)
        self._failure.add_button(self.diagnose_button)
        self._uf = ""
        self._public_page = PublicPageButton()
        theme.link(self._public_page)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.M)
        self._facts.setVerticalSpacing(theme.XS)
        self._facts.setColumnStretch(1, 1)
        self._answer = QVBoxLayout()
        self._answer.setSpacing(theme.S)
        self._anp_page = QPushButton(icons.icon("external"), "Abrir a página da ANP")
        self._anp_page.setToolTip("Abre no navegador a consulta de postos da ANP; lá, informe o CNPJ")
        theme.link(self._anp_page)
        self._anp_page.clicked.connect(self._open_anp_page)
        self._fold = QPushButton("Pedido e resposta")
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._unfold)
        self.receipt = ReceiptButtons(backoffice)
        self.receipt.offer_in(self)
        self._request = RawMessageView("Pedido", backoffice.folders)
        self._response = RawMessageView("Resposta", backoffice.folders)
        self._raw = QTabWidget()
        self._raw.addTab(self._response, "Resposta")
        self._raw.addTab(self._request, "Pedido")

        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(self._badge_icon)
        head.addWidget(self._verdict, 1)
        fold = QHBoxLayout()
        fold.addWidget(self._fold)
        fold.addStretch(1)
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, theme.S, theme.S)
        whole.setSpacing(theme.M)
        whole.addLayout(head)
        whole.addWidget(self._change, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addWidget(self._reason)
        whole.addWidget(self._decision)
        whole.addWidget(self._failure)
        whole.addWidget(self._public_page, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(self._facts)
        whole.addWidget(self.receipt)
        whole.addLayout(self._answer)
        whole.addWidget(self._anp_page, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addLayout(fold)
        whole.addWidget(self._raw)
        whole.addStretch(1)
        self._scroll.setWidget(content)

    def clear(self) -> None:
        """Show nothing."""
        self._drop_reading()
        self.consultation_id = None
        self.setCurrentIndex(0)

    def show_consultation(self, consultation_id: int) -> None:
        """Read one consultation off the GUI thread and show it."""
        if consultation_id == self.consultation_id:
            return
        self.consultation_id = consultation_id
        self.receipt.show_for(consultation_id)
        database = self._database
        self._drop_reading()

        def load() -> _Loaded:
            from app.data import answer_changes, brands, history

            with database.reading() as connection:
                full = history.get(connection, consultation_id)
                if full is None:
                    raise ConsultationGone
                before = history.answer_before(connection, full.row)
                change = answer_changes.of_answer(connection, full)
                registration = full.registration
                brand = brands.table(connection).read(registration.brand) if registration else None
            return _Loaded(full, before, change, brand, readable(full.request), readable(full.response))

        self._reading = tasks.run(load, self._show, self._show_error, self)

    def _drop_reading(self) -> None:
        if self._reading is not None:
            self._reading.drop()
            self._reading = None

    def _show(self, loaded: _Loaded) -> None:
        self._reading = None
        full, before = loaded.full, loaded.before
        row = full.row
        look = words.verdict(row.verdict)
        for widget in (self._badge_icon, self._verdict, self._decision, self.receipt, self._fold):
            widget.show()
        self._badge_icon.setPixmap(icons.pixmap(look.icon, 20, look.tone))
        self._verdict.setText(look.word)
        theme.tone(self._verdict, look.tone)
        answered = not row.failed
        self._change.setVisible(before is not None and before.row.verdict is not row.verdict)
        if before is not None:
            earlier = "Antes" if answered else "Última resposta"
            self._change.setText(f"{earlier}: {before.row.verdict.label.lower()} ({words.exact(before.row.asked_at)})")
            theme.badge(self._change, Tone.WARN if answered else Tone.NEUTRAL)
        self._reason.setText(row.reason)
        self._reason.setVisible(answered)
        self._decision.setText(f"Decisão: {row.decided or row.decision}")
        self._public_page.offer_for(full.failure, row.uf)
        self._uf = row.uf
        if full.failure is not None:
            of_sefaz = row.authority is Authority.SEFAZ
            self.diagnose_button.setVisible(of_sefaz and full.failure.kind not in _NOTHING_TO_DIAGNOSE)
            self._failure.show_failure(full.failure)
        else:
            self._failure.clear()
        self._show_facts(full)
        self._show_answer(loaded)
        self._anp_page.setVisible(row.authority is Authority.ANP)
        name = f"consulta-{row.id}"
        self._request.show_message(loaded.request, f"{name}-pedido")
        self._response.show_message(loaded.response, f"{name}-resposta")
        self._fold.setChecked(False)
        self._unfold(False)
        self.setCurrentIndex(1)
        self._scroll.verticalScrollBar().setValue(0)
        self.shown.emit(row)

    def _show_error(self, error: Exception) -> None:
        self._reading = None
        self.consultation_id = None  # to be read again when it is asked for again
        empty(self._facts)
        empty(self._answer)
        self.setCurrentIndex(1)
        head = (self._badge_icon, self._verdict, self._reason, self._decision, self._change)
        for widget in (*head, self.receipt, self._fold, self._raw, self._anp_page):
            widget.hide()
        self._public_page.hide()
        self.diagnose_button.hide()
        self._failure.show_failure(failure_of(error))
        self.shown.emit(None)

    def _show_facts(self, full: FullConsultation) -> None:
        empty(self._facts)
        row = full.row
        facts = [
            *(_anp_facts(full) if row.authority is Authority.ANP else _sefaz_facts(full)),
            ("Quando", f"{words.exact(row.asked_at)}, durou {_duration(row.duration_ms)}"),
            ("Feita", f"{words.ORIGINS[row.origin]}, {row.user}" + (f", em {full.machine}" if full.machine else "")),
            ("Certificado", _masked(full.certificate_cnpj)),
            ("Consulta", f"nº {row.id}"),
        ]
        for line, (label, value) in enumerate((label, value) for label, value in facts if value):
            name = theme.role(QLabel(label), "hint")
            name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            text = selectable(value)
            text.setAccessibleName(f"{label}: {value}")
            self._facts.addWidget(name, line, 0)
            self._facts.addWidget(text, line, 1)

    def _show_answer(self, loaded: _Loaded) -> None:
        """What the authority says of the customer, with what changed since its answer before."""
        empty(self._answer)
        full, before = loaded.full, loaded.before
        if full.inscriptions:
            different = loaded.change.changes if loaded.change is not None else _NO_CHANGES
            self._answer.addWidget(InscriptionsView(full.inscriptions, different, full.row.reason))
        if full.registration is not None and loaded.brand is not None:
            changed = anp_words.changes(full.registration, before.registration if before else None)
            self._answer.addWidget(RegistrationView(full.registration, loaded.brand, changed))

    @Slot()
    def _diagnose(self) -> None:
        self.diagnosis_wanted.emit(self._uf)

    @Slot()
    def _open_anp_page(self) -> None:
        QDesktopServices.openUrl(QUrl(anp_words.HUMAN_PAGE))

    @Slot(bool)
    def _unfold(self, shown: bool) -> None:
        self._raw.setVisible(shown)
        self._fold.setIcon(icons.icon("chevron-down" if shown else "chevron-right"))
        if shown:
            QTimer.singleShot(0, self._bring_raw_into_view)

    @Slot()
    def _bring_raw_into_view(self) -> None:
        self._scroll.ensureWidgetVisible(self._raw)


def _sefaz_facts(full: FullConsultation) -> list[tuple[str, str]]:
    row = full.row
    other = f", atendida por {full.authorizer}" if full.authorizer and full.authorizer != row.uf else ""
    return [
        ("Documento", f"{row.document.named} em {row.uf}"),
        ("Resposta", f"{row.c_stat} · {full.x_motivo}" if row.c_stat else ""),
        ("Autoridade", f"SEFAZ {row.uf}{other}"),
    ]


def _anp_facts(full: FullConsultation) -> list[tuple[str, str]]:
    row = full.row
    return [
        ("Documento", row.document.named),
        ("Fonte", anp_words.source(row.source, full.listed_at) if row.source else ""),
        ("Constava até", day(full.listed_until) if full.listed_until else ""),
    ]


def _duration(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s".replace(".", ",")


def _masked(cnpj: str) -> str:
    from app.documents import from_key

    return f"CNPJ {from_key(cnpj)}" if cnpj else ""

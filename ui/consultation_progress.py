"""The strip that accompanies what the operator asked to consult: what, how many of how many, time left, and the sum."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.domain import AnpOutcome, Authority, FailureKind, Outcome, Refusal, Request, Result, Verdict
from ui import icons, theme, words
from ui.failure_view import FailureView
from ui.public_page_button import PublicPageButton

if TYPE_CHECKING:
    from ui.office import Office

_REFRESH_MS = 100

_SUMS: dict[Outcome, tuple[str, str]] = {
    Verdict.ENABLED: ("habilitado", "habilitados"),
    Verdict.DISABLED: ("não habilitado", "não habilitados"),
    Verdict.NOT_TAXPAYER: ("não contribuinte", "não contribuintes"),
    Verdict.AMBIGUOUS: ("indefinido", "indefinidos"),
    Verdict.DATA_ERROR: ("com dado inválido", "com dado inválido"),
    Verdict.FAILURE: ("falha", "falhas"),
    AnpOutcome.UPDATED: ("com cadastro atualizado", "com cadastro atualizado"),
    AnpOutcome.REVOKED: ("com autorização revogada", "com autorização revogada"),
    AnpOutcome.REVOCATION: ("em processo de revogação", "em processo de revogação"),
    AnpOutcome.CANDIDATE: ("candidato a posto revendedor", "candidatos a posto revendedor"),
    AnpOutcome.NOT_FOUND: ("não localizado", "não localizados"),
    AnpOutcome.UNRECOGNISED: ("com situação não reconhecida", "com situação não reconhecida"),
    AnpOutcome.FAILURE: ("falha", "falhas"),
}


class ConsultationProgress(QFrame):
    """Hidden until `start`; stays with the sum until it is closed or something else is asked."""

    ended = Signal()
    """Everything asked for was answered, failed or was refused."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._open: Counter[Request] = Counter()
        self._total = 0
        self._started = 0.0
        self._current = ""
        self._names: dict[Request, str] = {}
        self._results: list[Result] = []
        self._refusals: list[Refusal] = []
        theme.card(self)

        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._left = theme.role(QLabel(), "hint")
        self._cancel = QPushButton(icons.icon("cancel"), "Cancelar")
        self._cancel.setToolTip("As consultas que faltam não serão feitas; as já feitas ficam guardadas")
        self._cancel.clicked.connect(self._give_up)
        self._close = QPushButton("Fechar")
        self._close.clicked.connect(self._dismiss)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Andamento das consultas")
        self._failure = FailureView()
        self._public_page = PublicPageButton()
        self._failure.add_button(self._public_page)

        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._left)
        row.addWidget(self._cancel)
        row.addWidget(self._close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        whole.setSpacing(theme.S)
        whole.addLayout(row)
        whole.addWidget(self._bar)
        whole.addWidget(self._failure)
        self.hide()

        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._show)
        office.started_one.connect(self._on_started)
        office.finished_one.connect(self._on_finished)
        office.refused_one.connect(self._on_refused)

    @property
    def running(self) -> bool:
        """Whether something asked for here is still to come."""
        return self._open.total() > 0

    @property
    def sentence(self) -> str:
        """What the strip says now."""
        return self._text.text()

    def start(self, requests: Sequence[Request], names: dict[Request, str]) -> None:
        """Submit the requests; more may be added while others run. `names` says how each customer is called."""
        if not self.running:
            self._total, self._started = 0, time.monotonic()
            self._results, self._refusals, self._names = [], [], {}
            self._current = ""
            self._failure.clear()
        self._open.update(requests)
        self._names.update(names)
        self._total += len(requests)
        self._cancel.setEnabled(True)
        self._office.submit(requests)
        self._show()
        self.show()

    def summary(self) -> str:
        """What came of it, in one sentence an authority."""
        said = [self._summary_of(authority) for authority in Authority]
        sentence = " ".join(part for part in said if part) or "Nenhuma consulta foi feita."
        if self._refusals:
            apart = ", por motivos diferentes: veja os detalhes" if len(self._reasons()) > 1 else ""
            sentence += f" {words.counted(len(self._refusals), 'não foi consultado', 'não foram consultados')}{apart}."
        return sentence

    def _summary_of(self, authority: Authority) -> str:
        results = [result for result in self._results if result.request.authority is authority]
        parts = []
        for outcome, (one, many) in _SUMS.items():
            of_it = [result for result in results if result.finding.verdict is outcome]
            if of_it:
                remark = _remark(of_it)
                parts.append(words.counted(len(of_it), one, many) + (f" ({remark})" if remark else ""))
        if not results:
            return ""
        made = words.counted(len(results), "consultado", "consultados")
        return f"{made} na {authority.label}: {', '.join(parts)}."

    @Slot(object)
    def _on_started(self, request: Request) -> None:
        if request in self._open:
            self._current = self._names.get(request, str(request.document))
            self._refresh.start()

    @Slot(object)
    def _on_finished(self, result: Result) -> None:
        if self._take(result.request):
            self._results.append(result)
            self._after_one()

    @Slot(object)
    def _on_refused(self, refusal: Refusal) -> None:
        if self._take(refusal.request):
            self._refusals.append(refusal)
            self._after_one()

    def _take(self, request: Request) -> bool:
        if not self._open[request]:
            return False
        self._open[request] -= 1
        return True

    def _after_one(self) -> None:
        if self.running:
            if not self._refresh.isActive():
                self._refresh.start()
            return
        self._refresh.stop()
        self._show()
        self.ended.emit()

    @Slot()
    def _show(self) -> None:
        done = self._total - self._open.total()
        self._bar.setRange(0, self._total)
        self._bar.setValue(done)
        self._bar.setVisible(self.running)
        self._cancel.setVisible(self.running)
        self._close.setVisible(not self.running)
        self._left.setVisible(self.running)
        if self.running:
            self._icon.setPixmap(icons.pixmap("refresh", 16, theme.Tone.INFO))
            who = f": {self._current}" if self._current else ""
            self._text.setText(f"Consultando {min(done + 1, self._total)} de {self._total}{who}")
            self._left.setText(time_left(time.monotonic() - self._started, done, self._total))
            return
        failed = any(result.finding.failed for result in self._results)
        tone = theme.Tone.WARN if failed or self._refusals else theme.Tone.OK
        self._icon.setPixmap(icons.pixmap("warning" if tone is theme.Tone.WARN else "check", 16, tone))
        self._text.setText(self.summary())
        if reasons := self._reasons():
            refused = next(iter(reasons.values()))[0]
            failure = refused.failure if self._total == 1 else replace(refused.failure, details=self._who(reasons))
            self._failure.show_failure(failure)
            self._public_page.offer_for(refused.failure, refused.request.uf)

    def _reasons(self) -> dict[str, list[Refusal]]:
        """What was not asked by its reason, in the order of the first of each; what the operator cancelled apart."""
        reasons: dict[str, list[Refusal]] = {}
        for refusal in self._refusals:
            if refusal.failure.kind is not FailureKind.CANCELLED:
                reasons.setdefault(refusal.failure.what, []).append(refusal)
        return reasons

    def _who(self, reasons: dict[str, list[Refusal]]) -> str:
        """Each reason, and under it who met it, a line each."""
        parts = []
        for what, refusals in reasons.items():
            named = (self._names.get(refusal.request, str(refusal.request.document)) for refusal in refusals)
            parts.append("\n".join((what, *(f"• {name}" for name in named))))
        return "\n\n".join(parts)

    @Slot()
    def _give_up(self) -> None:
        self._cancel.setEnabled(False)
        self._office.give_up()

    @Slot()
    def _dismiss(self) -> None:
        self.hide()


def _remark(results: list[Result]) -> str:
    """What these consultations changed: customers blocked, freed of a reason, given another brand."""
    changes = (
        (sum(bool(result.decision.add) for result in results), "bloqueado", "bloqueados"),
        (sum(bool(result.decision.lift) for result in results), "com bloqueio retirado", "com bloqueio retirado"),
        (
            sum(result.decision.brand_id is not None for result in results),
            "com bandeira atualizada",
            "com bandeira atualizada",
        ),
    )
    alone = len(results) == 1
    return ", ".join(one if alone else words.counted(number, one, many) for number, one, many in changes if number)


def time_left(elapsed: float, done: int, total: int) -> str:
    """How long the rest takes when it goes on as in the `elapsed` seconds so far; "" while nobody knows.

    A few quick ones of many say nothing of the rest: the next may wait for the authority's turn.
    """
    if not done:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 5:
        return "quase no fim" if 4 * done >= 3 * total else ""
    if seconds < 60:
        return f"faltam cerca de {round(seconds / 5) * 5} s"
    return f"faltam cerca de {round(seconds / 60)} min"

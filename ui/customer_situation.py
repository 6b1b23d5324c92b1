"""The situation of one customer: what each authority last said, why it is blocked or free, and its own profile."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app import anp_words
from app.domain import Authority, BlockOrigin
from app.policies import AnpKind
from app.portuguese import calendar_day, money
from ui import icons, theme, words
from ui.customer_facts import CustomerFacts
from ui.emptying import empty
from ui.inscription_card import selectable
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.answer_changes import AnswerChange
    from app.data.blocks import PastBlock
    from app.data.customer_credit import CustomerCredit, Owed
    from app.data.history import HistoryRow

_PAST_BLOCKS = 5
_OVERDUE = 5

_RULES = {
    BlockOrigin.SEFAZ: "Regra: ação quando não habilitado na SEFAZ; sai quando uma consulta disser habilitado.",
    BlockOrigin.ANP_STATUS: "Regra: situação na ANP; sai com um status cujo perfil é “Desbloqueia”.",
    BlockOrigin.ANP_BRAND: "Regra: bandeira da ANP inexistente na Tabela de Bandeiras; sai quando ela constar.",
    BlockOrigin.CREDIT: "Regra: análise de crédito.",
    BlockOrigin.MANUAL: "Bloqueio manual: só sai com Liberar.",
}
"""Which rule raises and lifts the reasons of each origin."""

_NOT_ASKED_YET = {
    Authority.SEFAZ: "A SEFAZ ainda não foi consultada com o documento deste cadastro.",
    Authority.ANP: "A ANP ainda não foi consultada com o documento deste cadastro.",
}


class CustomerSituation(QScrollArea):
    """Shows what it is given."""

    consultation_chosen = Signal(int)
    """Show this consultation whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = QVBoxLayout()
        self._now.setSpacing(theme.S)
        self._now.setContentsMargins(0, theme.M, theme.S, theme.S)
        content = QWidget()
        content.setLayout(self._now)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)

    def show_facts(self, facts: CustomerFacts) -> None:
        """Show this customer instead of any other."""
        empty(self._now)
        self._add_authority("Na SEFAZ", Authority.SEFAZ, facts, never_tried=facts.row.tried_at is None)
        self._now.addSpacing(theme.S)
        if facts.row.anp_consulted:
            self._add_authority("Na ANP", Authority.ANP, facts, never_tried=facts.row.anp_tried_at is None)
        else:
            self._add_title("Na ANP")
            self._now.addWidget(theme.role(selectable(not_consulted(facts)), "hint"))
        self._now.addSpacing(theme.S)
        self._add_title("Bloqueio")
        if not facts.active:
            free = words.Look("Livre", "check", Tone.OK)
            self._add_statement(free, ["Não há motivo de bloqueio: o cliente pode continuar."], "")
        for block in facts.active:
            since = f"Desde {words.exact(block.since)} ({words.relative(block.since)}), por {block.by}."
            self._add_statement(
                words.Look(f"Bloqueado · {block.origin.label}", "block", Tone.BLOCK),
                [block.reason],
                f"{since} {_RULES[block.origin]}",
                block.consultation_id,
            )
        if facts.credit.received_at is not None:
            self._add_credit(facts.credit, facts.credit.received_at)
        self._now.addSpacing(theme.S)
        self._add_title("Perfil deste cliente")
        self._now.addWidget(
            selectable(
                f"Quando não habilitado na SEFAZ: {facts.fields['acao_sefaz']}\n"
                f"Consulta automática na SEFAZ: {facts.fields['consulta_automatica']}\n"
                f"Cadastro na ANP: {facts.fields['cadastro_anp']}"
            )
        )
        if facts.past:
            self._add_past(facts.past)
        self._now.addStretch(1)

    def _add_authority(self, title: str, authority: Authority, facts: CustomerFacts, *, never_tried: bool) -> None:
        """The last answer, where it is still about this registration, and a try that failed after it."""
        self._add_title(title)
        last = facts.last(authority)
        current = facts.row.anp_status if authority is Authority.ANP else facts.row.verdict
        answer = facts.answer(authority) if current is not None else None
        if answer is not None:
            said = _anp_details(facts) if authority is Authority.ANP else []
            self._add_statement(
                words.verdict(answer.verdict),
                [answer.reason, *said],
                _told(answer, "Consulta"),
                answer.id,
                facts.changed.get(answer.id),
            )
        elif last is None or never_tried:
            self._add_statement(words.NEVER, [_NOT_ASKED_YET[authority]], "")
        if last is not None and last.failed and not never_tried:
            look = words.Look("A última tentativa falhou", "warning", Tone.FAIL)
            self._add_statement(look, [last.reason], _told(last, "Tentativa"), last.id)

    def _add_credit(self, credit: CustomerCredit, received_at: datetime) -> None:
        """What is overdue; what is not yet is only counted."""
        self._now.addSpacing(theme.S)
        self._add_title("Crediário")
        late = credit.overdue
        told = f"Parcelas recebidas em {words.exact(received_at)} ({words.relative(received_at)})."
        to_come = len(credit.owed) - len(late)
        more = f"{words.counted(to_come, 'parcela a vencer', 'parcelas a vencer')}." if to_come else ""
        if not late:
            look = words.Look("Nada vencido", "check", Tone.OK)
            self._add_statement(look, [more or "Não há parcelas em aberto."], told)
            return
        principal = sum((each.instalment.balance for each in late), Decimal(0))
        overdue = words.counted(len(late), "parcela vencida", "parcelas vencidas")
        lines = [_owed(each) for each in late[:_OVERDUE]]
        if (hidden := len(late) - _OVERDUE) > 0:
            lines.append(f"E mais {words.counted(hidden, 'parcela vencida', 'parcelas vencidas')}.")
        look = words.Look(f"{overdue}, {money(principal)}", "warning", Tone.WARN)
        self._add_statement(look, [*lines, more] if more else lines, f"{told} Valores sem multa nem juros.")

    def _add_past(self, past: list[PastBlock]) -> None:
        self._now.addSpacing(theme.S)
        self._add_title("Bloqueios retirados")
        for block in past[:_PAST_BLOCKS]:
            self._now.addWidget(theme.role(selectable(_lifted(block)), "hint"))
        if (more := len(past) - _PAST_BLOCKS) > 0:
            self._now.addWidget(theme.role(QLabel(f"e mais {words.counted(more, 'anterior', 'anteriores')}"), "hint"))

    def _add_title(self, title: str) -> None:
        self._now.addWidget(theme.role(QLabel(title), "strong"))

    def _add_statement(
        self,
        look: words.Look,
        sentences: list[str],
        source: str,
        consultation_id: int | None = None,
        change: AnswerChange | None = None,
    ) -> None:
        frame = QFrame()
        theme.card(frame)
        frame.setAccessibleName(". ".join((look.word, *sentences)))
        icon = QLabel()
        icon.setPixmap(icons.pixmap(look.icon, 20, look.tone))
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        word = theme.role(QLabel(look.word), "strong")
        word.setWordWrap(True)
        theme.tone(word, look.tone)
        texts = QVBoxLayout()
        texts.setSpacing(theme.XS)
        texts.addWidget(word)
        for sentence in sentences:
            texts.addWidget(selectable(sentence))
        if change is not None:
            mark = theme.badge(QLabel(change.sentence), Tone.WARN)
            mark.setWordWrap(True)
            texts.addWidget(mark)
        if source:
            texts.addWidget(theme.role(selectable(source), "hint"))
        if consultation_id is not None:
            what = "o que mudou na" if change is not None else "a"
            link = QPushButton(f"Ver {what} consulta {consultation_id}")
            theme.link(link)
            link.setProperty("consultation", consultation_id)
            link.clicked.connect(self._follow_link)
            texts.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(frame)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(icon)
        row.addLayout(texts, 1)
        self._now.addWidget(frame)

    @Slot()
    def _follow_link(self) -> None:
        self.consultation_chosen.emit(int(self.sender().property("consultation")))


def not_consulted(facts: CustomerFacts) -> str:
    """Why ANP cannot be asked about this customer; "" when it can."""
    if facts.row.anp_consulted:
        return ""
    if facts.row.anp_kind is AnpKind.NONE:
        return "O cadastro diz que este cliente não é revendedor consultável na ANP."
    return f"A ANP só é consultada por CNPJ, e o documento deste cliente é {facts.row.document.named}."


def _anp_details(facts: CustomerFacts) -> list[str]:
    """Brand, authorisation and source of the last answer of ANP, a sentence each."""
    anp = facts.anp
    if anp is None:
        return []
    said = []
    registration = anp.registration
    if registration is not None and facts.anp_brand is not None:
        since = f" Desde {registration.brand_since}." if registration.brand and registration.brand_since else ""
        said.append(f"{facts.anp_brand.why}{since}")
        if registration.authorization:
            published = f", publicada em {registration.published}" if registration.published else ""
            said.append(f"Autorização {registration.authorization}{published}.")
    if anp.row.source is not None:
        said.append(f"Fonte: {anp_words.source(anp.row.source, anp.listed_at)}.")
    return said


def _told(row: HistoryRow, what: str) -> str:
    decision = " ".join(row.decision.replace(row.reason, "").split())
    return (
        f"{what} de {words.exact(row.asked_at)} ({words.relative(row.asked_at)}), "
        f"{words.ORIGINS[row.origin]}, {row.user}. {decision}"
    )


def _owed(owed: Owed) -> str:
    instalment = owed.instalment
    contract = f", contrato {instalment.contract}" if instalment.contract else ""
    return (
        f"{money(instalment.balance)}, de {calendar_day(instalment.due_on)}, há "
        f"{words.counted(owed.days_overdue, 'dia', 'dias')}: parcela {instalment.external_id}{contract}, "
        f"empresa {owed.company}."
    )


def _lifted(past: PastBlock) -> str:
    by = f", por {past.lifted_by}" if past.lifted_by else ""
    when = words.exact(past.lifted_at) if past.lifted_at is not None else ""
    return (
        f"{past.origin.label}: {past.reason} De {words.exact(past.raised_at)} a {when}{by}. Motivo: {past.lift_reason}"
    )

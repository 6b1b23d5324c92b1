"""One order evaluated, whole: the answer, every reason, who released it, the rules, and all that was looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.brands import BrandSaid
from app.credit_analysis import TEST_WARNING
from app.domain import AnpOutcome, BlockOrigin
from app.kinds import InvalidValue
from app.policies import AnpKind, Environment
from app.portuguese import calendar_day, money
from app.rules.credit_order import AnalysisSituation
from app.rules.order_gate import Step, act, rule_label
from app.settings.catalog import BY_KEY
from ui import icons, tasks, theme, words
from ui.banner import Banner
from ui.credit_analysis_model import ENVIRONMENTS
from ui.emptying import empty
from ui.entry_view import EntryView
from ui.inscription_card import selectable
from ui.order_check_model import look as look_of
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.database import Database
    from app.data.order_checks import FullCheck
    from app.data.releases import Released
    from app.rules.overdue import Overdue

_STEPS = {
    Step.SKIP.value: "não se aplica a este pedido",
    Step.REUSE.value: "resposta anterior, ainda válida",
    Step.ASK.value: "consultada para este pedido",
}
_BRANDS = {
    BrandSaid.KNOWN.value: "cadastrada",
    BrandSaid.UNKNOWN.value: "não está na Tabela de Bandeiras",
    BrandSaid.EMPTY.value: "a ANP não informa",
}


class OrderCheckView(EntryView):
    """Reads and shows the check given to `show_check`."""

    consultation_wanted = Signal(int)
    release_wanted = Signal(object)
    """Ask who releases this FullCheck."""
    analysis_wanted = Signal(int)
    check_wanted = Signal(int)
    """Show the check of the sale that this one came from."""

    def __init__(self, database: Database, parent: QWidget | None = None) -> None:
        super().__init__("Avaliação do pedido", parent)
        self._database = database
        self.check_id: int | None = None
        self._is_new = True
        self._check: FullCheck | None = None
        self._consultation_id: int | None = None
        self._previous_id: int | None = None
        self._analysis_id: int | None = None
        self.banner = Banner(tone=Tone.BLOCK)
        self._where = theme.role(selectable(), "hint")
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(theme.S)
        self._release = selectable()
        theme.tone(self._release, Tone.WARN)
        self.release_button = QPushButton(icons.icon("release"), "Liberar…")
        self.release_button.setToolTip("Libera esta venda, com login, senha e motivo de quem tem permissão")
        self.release_button.clicked.connect(self._ask_release)
        self.release_button.hide()
        self._consultation = self._link(self._open_consultation)
        self._analysis = self._link(self._open_analysis)
        self._previous = self._link(self._open_previous)
        self._lay_out(
            self.banner,
            self._where,
            self._customer,
            self._release,
            self.release_button,
            self._reasons,
            self._consultation,
            self._analysis,
            self._previous,
        )

    def show_check(self, check_id: int) -> None:
        """Read one check off the GUI thread and show it; it may have been released since it was read last."""
        self._is_new = self._is_new or check_id != self.check_id
        self.check_id = check_id
        database = self._database

        def load() -> FullCheck | None:
            from app.data import order_checks

            with database.reading() as connection:
                return order_checks.get(connection, check_id)

        tasks.run(load, self._show, self._show_error, self)

    def _show(self, check: FullCheck | None) -> None:
        if check is None or check.row.id != self.check_id:
            return
        row, look = check.row, look_of(check.row)
        self._failure.clear()
        self._say_head(look, act(row.kind, row.operation))
        reference = f" Documento {row.reference} no balcão." if row.reference else ""
        self._where.setText(
            f"{words.exact(row.at)}, empresa {row.company_id} · {row.company}, {_asked_by(check)}. "
            f"Avaliação nº {row.id}.{reference}"
        )
        self._check = check
        release = _release(check)
        self._release.setText(release)
        self._release.setVisible(bool(release))
        self.release_button.setVisible(_can_be_released(check))
        self._say_customer(row.customer_id, row.customer)
        self._consultation_id = check.consultation_id
        self._previous_id = check.previous_id
        self._previous.setText(f"Veio da avaliação nº {check.previous_id} · abrir")
        self._previous.setVisible(check.previous_id is not None)
        end = "abrir a consulta" if check.consultation_kept else "não está mais guardada"
        self._consultation.setText(f"Consulta nº {check.consultation_id} · {end}")
        self._consultation.setEnabled(check.consultation_kept)
        self._consultation.setVisible(check.consultation_id is not None)
        analysis = check.analysis
        of_test = analysis is not None and analysis.situation is AnalysisSituation.TEST
        self.banner.say((TEST_WARNING,) if of_test else ())
        self._analysis_id = None if analysis is None else analysis.number
        self._analysis.setText(f"Análise de crédito nº {self._analysis_id} · abrir")
        self._analysis.setVisible(self._analysis_id is not None)
        empty(self._reasons)
        for reason in row.reasons:
            self._reasons.addWidget(selectable(reason))
        self._say_facts(
            ("Regras", [("", rule_label(rule)) for rule in check.rules]),
            ("O que foi olhado", [("Documento", row.document.named), *_looked_at(check.inputs)]),
            ("Crediário", _credit(check)),
            ("Análise de crédito", _analysis(check)),
            ("Configurações naquele momento", _settings(check.inputs["configuracoes"])),
        )
        if self._is_new:
            self._is_new = False
            self.verticalScrollBar().setValue(0)

    @Slot()
    def _ask_release(self) -> None:
        self.release_wanted.emit(self._check)

    @Slot()
    def _open_previous(self) -> None:
        if self._previous_id is not None:
            self.check_wanted.emit(self._previous_id)

    @Slot()
    def _open_analysis(self) -> None:
        if self._analysis_id is not None:
            self.analysis_wanted.emit(self._analysis_id)

    @Slot()
    def _open_consultation(self) -> None:
        if self._consultation_id is not None:
            self.consultation_wanted.emit(self._consultation_id)


def _asked_by(check: FullCheck) -> str:
    """Which counter asked, or who did here and on which computer."""
    return f"pelo balcão {check.row.counter}" if check.row.counter else f"por {check.row.actor}, em {check.machine}"


def _release(check: FullCheck) -> str:
    """Who released it and why, or that nobody did; "" where there was nothing to release."""
    if not check.row.release_needed:
        return ""
    release = check.release
    if _can_be_released(check):
        return "Precisa da liberação de quem tem permissão."
    if release is None:
        return "Precisava da liberação de quem tem permissão, e ninguém liberou a tempo: avalie a venda de novo."
    return (
        f"Liberado por {release.name} ({release.login}) em {words.exact(release.at)}, {_where(release, check)}. "
        f"Motivo: {release.reason}"
    )


def _can_be_released(check: FullCheck) -> bool:
    from services.release import PATIENCE

    row = check.row
    return row.release_needed and check.release is None and datetime.now(UTC) - row.at <= PATIENCE


def _where(release: Released, check: FullCheck) -> str:
    return "no mesmo balcão" if release.counter_id == check.counter_id is not None else f"em {release.machine}"


def _credit(check: FullCheck) -> list[tuple[str, str]]:
    """What was known of the buyer's store credit, and what of it was overdue; nothing where it was not looked at."""
    # Checks of older programs looked at no store credit.
    credit = check.inputs.get("crediario")
    if credit is None:
        return []
    received = credit["recebido_em"]
    facts = [
        ("No dia", calendar_day(date.fromisoformat(credit["data"]))),
        ("Parcelas recebidas", words.exact(datetime.fromisoformat(received)) if received else "nunca"),
        ("Vencidas", _overdue(check.overdue)),
    ]
    if credit["liberado_na_avaliacao"] is not None:
        facts.append(("Liberado antes", f"na avaliação nº {credit['liberado_na_avaliacao']}"))
    return facts


def _analysis(check: FullCheck) -> list[tuple[str, str]]:
    """How the buyer's credit analysis stood; nothing where it was not verified."""
    told = check.analysis
    if told is None:
        return []
    seen = check.inputs["analise_credito"]
    facts = [("Situação", told.situation.label)]
    if told.outcome is not None:
        facts.append(("Resultado", told.outcome.label))
    if told.good_until is not None:
        facts.append(("Válida até", calendar_day(told.good_until)))
    if seen["gerenciadora"]:
        environment = ENVIRONMENTS[Environment(seen["ambiente"])].word
        facts.append(("Gerenciadora", f"{seen['gerenciadora']} · {environment}"))
    if seen["respondida_em"] is not None:
        facts.append(("Última resposta", words.exact(datetime.fromisoformat(seen["respondida_em"]))))
    return facts


def _overdue(overdue: Overdue | None) -> str:
    if overdue is None:
        return "não foi possível verificar"
    if overdue.first_due is None:
        return "nenhuma"
    late = words.counted(overdue.worst_days, "dia", "dias")
    return (
        f"{words.counted(overdue.count, 'parcela', 'parcelas')}, {money(overdue.principal)} sem multa nem juros; "
        f"a mais antiga de {calendar_day(overdue.first_due)}, {late} de atraso"
    )


def _looked_at(inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """The inputs of a check (see services.order_gate) as labels and words."""
    customer, previous, anp = inputs["cliente"], inputs["resposta_anterior"], inputs["anp"]
    activity = {True: "ativo", False: "inativo", None: "documento sem cadastro"}
    facts = [("Cliente", activity[customer["ativo"]])]
    if customer["ativo"] is not None:
        facts.append(("Cadastro na ANP", AnpKind(customer["cadastro_anp"]).label))
    if customer["entidade"] is not None:
        facts.append(("Entidade", customer["entidade"]))
    facts += [(f"Bloqueio: {BlockOrigin(b['origem']).label}", b["motivo"]) for b in customer["bloqueios"]]
    facts.append(("ANP", _STEPS[anp["consulta"]]))
    if previous is not None:
        when = words.exact(datetime.fromisoformat(previous["quando"]))
        facts.append(("Resposta anterior", f"{AnpOutcome(previous['status']).label}, de {when}"))
    if "status" in anp:
        facts.append(("Status na ANP", AnpOutcome(anp["status"]).label))
        if AnpOutcome(anp["status"]).is_listed:
            said = _BRANDS[anp["bandeira_na_tabela"]]
            facts.append(("Bandeira na ANP", f"{anp['bandeira']}: {said}" if anp["bandeira"] else said))
    return facts


def _settings(stored: dict[str, str]) -> list[tuple[str, str]]:
    return [(rule_label(key) if key in BY_KEY else key, _shown(key, text)) for key, text in stored.items()]


def _shown(key: str, text: str) -> str:
    """A value as people read it; as it was stored, where this version has no such setting or option."""
    if key not in BY_KEY:
        return text
    kind = BY_KEY[key].kind
    try:
        return kind.show(kind.parse(text))
    except InvalidValue:
        return text

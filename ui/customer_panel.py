"""The selected customer: what is true now and why, what can be done about it, and every consultation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain import ActiveBlock, BlockOrigin, Verdict
from ui import icons, tasks, theme, words
from ui.block_dialogs import BlockDialog, ReleaseDialog
from ui.consult_button import ConsultButton
from ui.customer_history_model import CustomerHistoryModel
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.layout_memory import LayoutMemory
from ui.result_view import ResultView
from ui.status_delegate import StatusDelegate
from ui.theme import Tone

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.blocks import PastBlock
    from app.data.customers import CustomerRow
    from app.data.history import HistoryRow
    from ui.office import Office

_HISTORY_LIMIT = 200
_PAST_BLOCKS = 5
ONE, SEVERAL = range(2)

_RULES = {
    BlockOrigin.SEFAZ: "Regra: ação quando não habilitado na SEFAZ; sai quando uma consulta disser habilitado.",
    BlockOrigin.ANP_STATUS: "Regra: situação na ANP.",
    BlockOrigin.ANP_BRAND: "Regra: bandeira da ANP inexistente na Tabela de Bandeiras.",
    BlockOrigin.CREDIT: "Regra: análise de crédito.",
    BlockOrigin.MANUAL: "Bloqueio manual: só sai com Liberar.",
}
"""Which rule raises and lifts the reasons of each origin."""


@dataclass(frozen=True)
class _Loaded:
    """Everything the panel shows of one customer."""

    row: CustomerRow
    fields: dict[str, str]
    active: tuple[ActiveBlock, ...]
    past: list[PastBlock]
    history: list[HistoryRow]


class CustomerPanel(QStackedWidget):
    """Shows one customer or how many are selected, and hides while none is. Reads off the GUI thread."""

    consult = Signal(bool)
    """Consult what is selected; True to apply the profile too."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._database = office.backoffice.database
        self._customer_id: int | None = None
        self._loaded: _Loaded | None = None
        self._reading: tasks.Task[_Loaded | None] | None = None
        self._dialog: BlockDialog | ReleaseDialog | None = None
        self.setAccessibleName("Cliente selecionado")

        self.addWidget(self._one())
        self.addWidget(self._several())
        self.hide()

    @property
    def customer_id(self) -> int | None:
        """The customer shown, or None."""
        return self._customer_id

    @property
    def row(self) -> CustomerRow | None:
        """The one customer shown, or None."""
        return None if self._loaded is None else self._loaded.row

    def show_nothing(self) -> None:
        """No customer is selected."""
        self._customer_id, self._loaded = None, None
        self.hide()

    def show_several(self, number: int) -> None:
        """Several customers are selected."""
        self._customer_id, self._loaded = None, None
        self._several_text.setText(words.counted(number, "cliente selecionado", "clientes selecionados"))
        self.setCurrentIndex(SEVERAL)
        self.show()

    def show_customer(self, customer_id: int) -> None:
        """Show one customer."""
        if customer_id == self._customer_id:
            return
        self._customer_id = customer_id
        self._loaded = None
        self._result.clear()
        self.reload()

    def reload(self) -> None:
        """Read the customer again."""
        customer_id = self._customer_id
        if customer_id is None:
            return
        if self._reading is not None:
            self._reading.drop()
        database = self._database

        def load() -> _Loaded | None:
            from app.data import blocks, customers, history, records
            from app.tables import CUSTOMERS

            with database.reading() as connection:
                row = customers.row(connection, customer_id)
                if row is None:
                    return None
                record = records.get(connection, CUSTOMERS, customer_id)
                return _Loaded(
                    row,
                    {f.name: f.kind.show(record.values[f.name]) for f in CUSTOMERS.fields},
                    blocks.active(connection, customer_id),
                    [block for block in blocks.history(connection, customer_id) if block.lifted_at is not None],
                    history.latest(connection, customer_id=customer_id, limit=_HISTORY_LIMIT),
                )

        self._reading = tasks.run(load, self._show, self._show_error, self)

    def show_history(self, consultation_id: int) -> None:
        """Show one of the customer's consultations."""
        self._tabs.setCurrentIndex(1)
        position = self._history.find(consultation_id)
        if position is not None:
            self._history_table.selectRow(position)
        self._result.show_consultation(consultation_id)

    # --- how it is made ---

    def _several(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(theme.L, 0, 0, 0)
        layout.setSpacing(theme.M)
        self._several_text = theme.role(QLabel(), "subtitle")
        button = ConsultButton(self._office.folders)
        button.chosen.connect(self.consult)
        hint = theme.role(
            QLabel("As consultas respeitam o intervalo de cada SEFAZ. Para ver um cliente, selecione só ele."), "hint"
        )
        hint.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        layout.addWidget(self._several_text)
        layout.addLayout(row)
        layout.addWidget(hint)
        layout.addStretch(1)
        return page

    def _one(self) -> QWidget:
        self._name = theme.role(selectable(), "subtitle")
        self._identity = theme.role(selectable(), "hint")
        self.consult_button = ConsultButton(self._office.folders)
        self.consult_button.chosen.connect(self.consult)
        self._release = QPushButton(icons.icon("release"), "Liberar…")
        self._release.clicked.connect(self._ask_release)
        self._block = QPushButton(icons.icon("block"), "Bloquear…")
        self._block.clicked.connect(self._ask_block)
        self._edit = QPushButton(icons.icon("edit"), "Editar cadastro")
        self._edit.clicked.connect(self._open_registration)
        self._failure = FailureView()

        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(theme.S)
        first.addWidget(self.consult_button)
        first.addStretch(1)
        first.addWidget(self._edit)
        second.addWidget(self._release)
        second.addWidget(self._block)
        second.addStretch(1)

        self._now = QVBoxLayout()
        self._now.setSpacing(theme.S)
        self._now.setContentsMargins(0, theme.M, theme.S, theme.S)
        now = QWidget()
        now.setLayout(self._now)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(now)

        self._history = CustomerHistoryModel(self)
        self._history_table = QTableView()
        self._history_table.setObjectName("consultas-do-cliente")
        self._history_table.setAccessibleName("Consultas do cliente")
        self._history_table.setModel(self._history)
        self._history_table.setItemDelegate(StatusDelegate(self._history_table))
        prepare_table(self._history_table)
        self._history_table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self._history_table.horizontalHeader()
        header.resizeSection(0, 124)
        header.setStretchLastSection(True)
        self._history_table.selectionModel().selectionChanged.connect(self._open_selected)
        self._result = ResultView(self._database)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setObjectName("consultas-do-cliente")
        parts.setChildrenCollapsible(False)
        parts.addWidget(self._history_table)
        parts.addWidget(self._result)
        parts.setStretchFactor(1, 1)
        parts.setSizes([150, 420])
        memory = LayoutMemory(self._office.folders, "cliente", self)
        memory.panes(parts)
        memory.columns(self._history_table)

        self._tabs = QTabWidget()
        self._tabs.addTab(self._scroll, "Situação")
        self._tabs.addTab(parts, "Consultas")
        self._tabs.currentChanged.connect(self._tab_changed)

        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(theme.L, 0, 0, 0)
        layout.setSpacing(theme.S)
        layout.addWidget(self._name)
        layout.addWidget(self._identity)
        layout.addSpacing(theme.XS)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self._failure)
        layout.addWidget(self._tabs, 1)
        return page

    # --- what it shows ---

    def _show(self, loaded: _Loaded | None) -> None:
        self._reading = None
        if loaded is None:
            self.show_nothing()
            return
        first_time = self._loaded is None
        self._loaded = loaded
        row, fields = loaded.row, loaded.fields
        self._failure.clear()
        self._name.setText(row.name + ("" if row.active else " (inativo)"))
        place = f"{row.city}/{row.uf}" if row.city else row.uf
        identity = [row.document.named, f"IE {row.ie}" if row.ie else "", place, row.brand]
        trade_name = fields["fantasia"]
        self._identity.setText(
            (f"{trade_name}\n" if trade_name else "") + " · ".join(part for part in identity if part)
        )
        self._release.setEnabled(bool(loaded.active))
        self._release.setToolTip("" if loaded.active else "O cliente não está bloqueado")
        self._show_now(loaded)
        shown = self._result.consultation_id
        self._history.show(loaded.history)
        self._tabs.setTabText(1, f"Consultas ({len(loaded.history)})" if loaded.history else "Consultas")
        self._tabs.setTabEnabled(1, bool(loaded.history))
        if loaded.history:
            newest = loaded.history[0].id
            position = None if first_time or shown is None else self._history.find(shown)
            self._history_table.selectRow(position or 0)
            if self._tabs.currentIndex() == 1:
                self._result.show_consultation(newest if position is None else loaded.history[position].id)
        self.setCurrentIndex(ONE)
        self.show()

    def _show_error(self, error: Exception) -> None:
        self._reading = None
        self._failure.show_failure(failure_of(error))
        self.setCurrentIndex(ONE)
        self.show()

    def _show_now(self, loaded: _Loaded) -> None:
        _empty(self._now)
        answer = next((row for row in loaded.history if row.verdict is not Verdict.FAILURE), None)
        last = loaded.history[0] if loaded.history else None
        self._now.addWidget(theme.role(QLabel("Na SEFAZ"), "strong"))
        if answer is not None and loaded.row.verdict is not None:
            self._add_statement(
                words.verdict(answer.verdict),
                answer.reason,
                f"Consulta de {words.exact(answer.asked_at)} ({words.relative(answer.asked_at)}), "
                f"{words.ORIGINS[answer.origin]}, {answer.user}. {answer.decision.replace(answer.reason, '').strip()}",
                answer.id,
            )
        elif last is None or loaded.row.tried_at is None:
            self._add_statement(words.NEVER, "A SEFAZ ainda não foi consultada com o documento deste cadastro.", "")
        if last is not None and last.verdict is Verdict.FAILURE:
            self._add_statement(
                words.Look("A última tentativa falhou", "warning", Tone.FAIL),
                last.reason,
                f"Tentativa de {words.exact(last.asked_at)} ({words.relative(last.asked_at)}), "
                f"{words.ORIGINS[last.origin]}, {last.user}. {last.decision}",
                last.id,
            )
        self._now.addSpacing(theme.S)
        self._now.addWidget(theme.role(QLabel("Bloqueio"), "strong"))
        if not loaded.active:
            self._add_statement(
                words.Look("Livre", "check", Tone.OK), "Não há motivo de bloqueio: o cliente pode continuar.", ""
            )
        for block in loaded.active:
            since = f"Desde {words.exact(block.since)} ({words.relative(block.since)}), por {block.by}."
            self._add_statement(
                words.Look(f"Bloqueado · {block.origin.label}", "block", Tone.BLOCK),
                block.reason,
                f"{since} {_RULES[block.origin]}",
                block.consultation_id,
            )
        self._now.addSpacing(theme.S)
        self._now.addWidget(theme.role(QLabel("Perfil deste cliente"), "strong"))
        automatic = loaded.fields["consulta_automatica"]
        self._now.addWidget(
            selectable(
                f"Quando não habilitado na SEFAZ: {loaded.fields['acao_sefaz']}\n"
                f"Consulta automática na SEFAZ: {automatic}"
            )
        )
        if loaded.past:
            self._now.addSpacing(theme.S)
            self._now.addWidget(theme.role(QLabel("Bloqueios retirados"), "strong"))
            for past in loaded.past[:_PAST_BLOCKS]:
                self._now.addWidget(theme.role(selectable(_lifted(past)), "hint"))
            if (more := len(loaded.past) - _PAST_BLOCKS) > 0:
                self._now.addWidget(
                    theme.role(QLabel(f"e mais {words.counted(more, 'anterior', 'anteriores')}"), "hint")
                )
        self._now.addStretch(1)

    def _add_statement(self, look: words.Look, sentence: str, source: str, consultation_id: int | None = None) -> None:
        frame = QFrame()
        theme.card(frame)
        frame.setAccessibleName(f"{look.word}. {sentence}")
        icon = QLabel()
        icon.setPixmap(icons.pixmap(look.icon, 20, look.tone))
        icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        word = theme.role(QLabel(look.word), "strong")
        word.setWordWrap(True)
        theme.tone(word, look.tone)
        texts = QVBoxLayout()
        texts.setSpacing(theme.XS)
        texts.addWidget(word)
        texts.addWidget(selectable(sentence))
        if source:
            texts.addWidget(theme.role(selectable(source), "hint"))
        if consultation_id is not None:
            link = QPushButton(f"Ver a consulta {consultation_id}")
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

    # --- what can be done ---

    @Slot()
    def _follow_link(self) -> None:
        self.show_history(int(self.sender().property("consultation")))

    @Slot(QItemSelection, QItemSelection)
    def _open_selected(self, chosen: QItemSelection, left: QItemSelection) -> None:
        if self._tabs.currentIndex() == 1 and not chosen.isEmpty():
            self._result.show_consultation(self._history.row(chosen.indexes()[0].row()).id)

    @Slot(int)
    def _tab_changed(self, tab: int) -> None:
        rows = self._history_table.selectionModel().selectedRows()
        if tab == 1 and rows:
            self._result.show_consultation(self._history.row(rows[0].row()).id)

    @Slot()
    def _open_registration(self) -> None:
        if self._customer_id is not None:
            self._office.open_page.emit("tabelas", ("clientes", self._customer_id))

    @Slot()
    def _ask_block(self) -> None:
        if self._loaded is not None:
            self._dialog = BlockDialog(self._loaded.row.name, self)
            self._dialog.accepted.connect(self._block_as_asked)
            self._dialog.open()

    @Slot()
    def _ask_release(self) -> None:
        if self._loaded is not None and self._loaded.active:
            self._dialog = ReleaseDialog(self._loaded.row.name, self._loaded.active, self)
            self._dialog.accepted.connect(self._release_as_asked)
            self._dialog.open()

    @Slot()
    def _block_as_asked(self) -> None:
        dialog, customer_id = self._dialog, self._customer_id
        if isinstance(dialog, BlockDialog) and customer_id is not None:
            reason = dialog.reason

            def block(connection: Connection, actor: str, at: datetime) -> None:
                from app.data import manual_blocks

                manual_blocks.block(connection, customer_id, reason, actor=actor, at=at)

            self._write(block)

    @Slot()
    def _release_as_asked(self) -> None:
        dialog, customer_id = self._dialog, self._customer_id
        if isinstance(dialog, ReleaseDialog) and customer_id is not None:
            chosen, reason = dialog.chosen, dialog.reason

            def release(connection: Connection, actor: str, at: datetime) -> None:
                from app.data import manual_blocks

                manual_blocks.release(connection, customer_id, chosen, reason, actor=actor, at=at)

            self._write(release)

    def _write(self, change: Callable[[Connection, str, datetime], None]) -> None:
        """Change the customer's blocks in one transaction, off the GUI thread."""
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None
        database, actor = self._database, self._office.actor

        def write() -> None:
            with database.writing() as connection:
                change(connection, actor, datetime.now(UTC))

        tasks.run(write, self._written, self._show_error, self)

    def _written(self, _nothing: None) -> None:
        self._office.customers_changed.emit()


def prepare_table(table: QTableView) -> None:
    """How every list here behaves: whole rows, no grid, comfortable lines, Tab leaves it."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(32)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    # Its own, always empty: to paint itself the header would ask about every row of a column whether it is selected.
    header.setSelectionModel(QItemSelectionModel(table.model(), header))
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _lifted(past: PastBlock) -> str:
    by = f", por {past.lifted_by}" if past.lifted_by else ""
    when = words.exact(past.lifted_at) if past.lifted_at is not None else ""
    return (
        f"{past.origin.label}: {past.reason} De {words.exact(past.raised_at)} a {when}{by}. Motivo: {past.lift_reason}"
    )


def _empty(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()

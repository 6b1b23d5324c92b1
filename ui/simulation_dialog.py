"""What the rules being edited would do to the customers today, before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSaveFile, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority, Failure, FailureKind
from app.rules.simulation import Effect, Simulation
from ui import icons, simulation_words, tasks, theme, words
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.row_table import RowTable
from ui.simulation_model import WIDTHS, Column, Filter, SimulationModel, as_csv, as_text
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table
from ui.theme import Tone

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from ui.office import Office

_PROGRESS_MS = 100
TABLE, NOTHING_FILTERED, NOTHING_CHANGES, NOBODY_ANSWERED = range(4)


class _Run:
    """What the thread that simulates and the dialog tell each other."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self.cancelled = False

    def tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class SimulationDialog(QDialog):
    """Works on `snapshot`, the settings as they would be once saved; `changes` says in words what is not saved."""

    def __init__(
        self,
        office: Office,
        authority: Authority,
        snapshot: Snapshot,
        changes: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._office = office
        self._authority = authority
        self._snapshot = snapshot
        self._run = _Run()
        self.simulation: Simulation | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Simulação das regras da {authority.label}")

        self.headline = theme.role(_wrapped(), "subtitle")
        self.basis = _wrapped()
        self.age = _wrapped()
        theme.tone(self.age, Tone.WARN)
        self.rules = theme.role(_wrapped(simulation_words.with_changes(changes)), "hint")
        self.rules.setToolTip("\n".join(changes))
        self.note = theme.role(_wrapped(), "hint")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Simulando")
        self.failure = FailureView()
        self.chips: dict[Filter, QPushButton] = {}
        self._chip_row = QWidget()
        self._fill_chips()
        self.model = SimulationModel(self)
        self.table = RowTable()
        self.why = _wrapped()
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.why.setMinimumHeight(2 * self.why.fontMetrics().lineSpacing())
        self.places = QStackedWidget()
        self._fill_places()
        self.copy = QPushButton(icons.icon("copy"), "Copiar")
        self.copy.setToolTip("Copia as linhas selecionadas ou, sem seleção, todas as mostradas")
        self.copy.clicked.connect(self._copy)
        self.save = QPushButton(icons.icon("save"), "Salvar CSV…")
        self.save.setToolTip("Grava num arquivo todas as linhas mostradas")
        self.save.clicked.connect(self._choose_file)
        self.close_button = QPushButton("Cancelar")
        self.close_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        for button in (self.copy, self.save):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        for button in (*self.chips.values(), self.copy, self.save, self.close_button):
            button.setAutoDefault(False)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.S)
        for label in (self.headline, self.age, self.rules, self.basis, self.note):
            whole.addWidget(label)
        for widget in (self.progress, self.failure, self._chip_row):
            whole.addWidget(widget)
        whole.addWidget(self.places, 1)
        whole.addWidget(self.why)
        whole.addLayout(buttons)
        self.resize(980, 600)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table, self._copy)
        self._timer = QTimer(self, interval=_PROGRESS_MS)
        self._timer.timeout.connect(self._show_progress)
        self._start()

    # --- how it is made ---

    def _fill_chips(self) -> None:
        row = QHBoxLayout(self._chip_row)
        row.setContentsMargins(0, theme.XS, 0, 0)
        row.setSpacing(theme.S)
        group = QButtonGroup(self)
        for wanted in Filter:
            chip = QPushButton(wanted.value)
            chip.setCheckable(True)
            group.addButton(chip)
            row.addWidget(chip)
            self.chips[wanted] = chip
        self.chips[Filter.ALL].setChecked(True)
        self.chips[Filter.NEW_BRAND].setVisible(self._authority is Authority.ANP)
        group.buttonClicked.connect(self._filter)
        row.addStretch(1)

    def _fill_places(self) -> None:
        table = self.table
        table.setAccessibleName("Clientes atingidos")
        table.setModel(self.model)
        prepare_table(table)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setItemDelegate(StatusDelegate(table))
        table.setColumnHidden(Column.BRAND, self._authority is not Authority.ANP)
        table.setColumnHidden(Column.WHY, True)  # sentences are read below, whole
        header = table.horizontalHeader()
        for section, width in enumerate(WIDTHS):
            header.resizeSection(section, width)
        header.setStretchLastSection(True)
        table.sortByColumn(Column.EFFECT, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        table.activated.connect(self._open)
        table.selectionModel().currentRowChanged.connect(self._explain)
        self.model.modelReset.connect(self._explain)
        filtered = EmptyState("filter", "Nenhum cliente neste grupo", "Escolha outro filtro acima.")
        nothing = EmptyState(
            "check", "Nenhum cliente mudaria", "Com estas regras e as últimas respostas, ninguém é atingido."
        )
        name = self._authority.label
        unanswered = EmptyState(
            "clock",
            f"Nenhum cliente tem consulta à {name} ainda",
            "Consulte os clientes, ou confira todos de uma vez com a lista publicada pela ANP, e simule de novo."
            if self._authority is Authority.ANP
            else "Consulte os clientes e simule de novo.",
        )
        unanswered.add_button("Ir para Clientes", "customers").clicked.connect(self._go_to_customers)
        for place in (table, filtered, nothing, unanswered):
            self.places.addWidget(place)

    # --- simulating ---

    def _start(self) -> None:
        for widget in (self.basis, self.age, self.note, self._chip_row, self.places, self.why, self.copy, self.save):
            widget.hide()
        self.headline.setText("Simulando…")
        self.progress.setRange(0, 0)
        database, snapshot, authority, run = (
            self._office.backoffice.database,
            self._snapshot,
            self._authority,
            self._run,
        )

        def work() -> Simulation:
            from app.data.simulation import simulate

            with database.reading() as connection:
                return simulate(
                    connection,
                    snapshot,
                    authority,
                    now=datetime.now(UTC),
                    progress=run.tell,
                    cancelled=lambda: run.cancelled,
                )

        self._timer.start()
        self._task = tasks.run(work, self._show, self._failed, self)

    @Slot()
    def _show_progress(self) -> None:
        if self._run.total:
            self.progress.setRange(0, self._run.total)
            self.progress.setValue(self._run.done)
            total = words.counted(self._run.total, "cliente", "clientes")
            self.headline.setText(f"Simulando… {words.number(self._run.done)} de {total}")

    def done(self, result: int) -> None:
        """Closing gives up a simulation under way."""
        self._run.cancelled = True
        self._task.drop()
        super().done(result)

    def _ended(self) -> None:
        self._timer.stop()
        self.progress.hide()
        self.close_button.setText("Fechar")

    def _failed(self, error: Exception) -> None:
        self._ended()
        self.headline.setText("A simulação não terminou")
        self.failure.show_failure(failure_of(error))

    def _show(self, simulation: Simulation) -> None:
        self._ended()
        self.simulation = simulation
        self.headline.setText(simulation_words.headline(simulation))
        self.headline.setVisible(simulation.answered > 0)
        theme.tone(self.headline, Tone.WARN if simulation.count(Effect.BLOCKED) else None)
        self.basis.setText(simulation_words.basis(simulation))
        self.basis.setVisible(simulation.answered > 0)
        self.age.setText(simulation_words.age(simulation))
        self.age.setVisible(simulation.old > 0)
        self.note.setText(simulation_words.note(simulation, self._snapshot))
        self.note.show()
        self.model.show(simulation.affected)
        for wanted, chip in self.chips.items():
            number = sum(wanted.takes(row) for row in simulation.affected)
            chip.setText(f"{wanted.value} ({words.number(number)})")
        for widget in (self._chip_row, self.why, self.copy, self.save):
            widget.setVisible(bool(simulation.affected))
        self.places.show()
        self._show_place()
        if simulation.affected:
            self.table.setFocus()

    def _show_place(self) -> None:
        simulation = self.simulation
        if simulation is None or not simulation.answered:
            self.places.setCurrentIndex(NOBODY_ANSWERED)
        elif not simulation.affected:
            self.places.setCurrentIndex(NOTHING_CHANGES)
        else:
            self.places.setCurrentIndex(TABLE if self.model.rows else NOTHING_FILTERED)
        for button in (self.copy, self.save):
            button.setEnabled(bool(self.model.rows))

    @Slot()
    def _filter(self) -> None:
        self.model.filter(next(wanted for wanted, chip in self.chips.items() if chip.isChecked()))
        self._show_place()

    # --- what is done with the list ---

    @Slot()
    def _explain(self) -> None:
        position = self.table.currentIndex().row()
        if 0 <= position < len(self.model.rows):
            row = self.model.rows[position]
            self.why.setText(f"{row.name}: {row.why}")
        else:
            self.why.setText("Escolha um cliente para ler por quê. Enter abre o cadastro dele.")

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        self._office.open_page.emit("clientes", self.model.rows[index.row()].customer_id)

    @Slot()
    def _go_to_customers(self) -> None:
        self._office.open_page.emit("clientes", None)
        self.reject()

    @Slot()
    def _copy(self) -> None:
        selected = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        rows = [self.model.rows[position] for position in selected] or self.model.rows
        QGuiApplication.clipboard().setText(as_text(rows))

    @Slot()
    def _choose_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Salvar a simulação", "simulacao.csv", "CSV (*.csv)")
        if name:
            self.save_to(Path(name))

    def save_to(self, path: Path) -> None:
        """Write the lines shown to a CSV file, whole or not at all."""
        self.failure.clear()
        file = QSaveFile(str(path))
        # With the mark at the beginning spreadsheets know that it is UTF-8.
        content = as_csv(self.model.rows).encode("utf-8-sig")
        if not file.open(QSaveFile.OpenModeFlag.WriteOnly) or file.write(content) < 0 or not file.commit():
            self.failure.show_failure(
                Failure(
                    FailureKind.CONFIGURATION,
                    f"O arquivo {path.name} não pôde ser gravado.",
                    file.errorString(),
                    "Escolha outra pasta ou feche o programa que está com o arquivo aberto.",
                )
            )


def _wrapped(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label

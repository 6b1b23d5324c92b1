"""Moving the data of this computer to PostgreSQL: to where, what would be moved, the move itself, and what came of it.

The program's own database must be closed for the move: whoever shows this dialog closes it at `close_wanted`, calls
`begin`, and opens again at `ended`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.domain import FailureKind
from app.kinds import InvalidValue
from app.portuguese import counted, number
from app.settings.catalog import DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER, SERVER
from app.settings.setting import Setting
from services.check_list import Remedy, ToCopy, ToRetry, ToSet
from ui import icons, theme
from ui.aside_button import AsideButton
from ui.button_row import button_row
from ui.editors import Editor, editor_for
from ui.failure_view import FailureView, failure_of
from ui.long_work import Cancelled, LongWork
from ui.long_work import Progress as Report
from ui.password_field import PasswordField
from ui.references import ReferenceSource
from ui.theme import Tone

if TYPE_CHECKING:
    from app.settings.snapshot import Snapshot
    from services.database_move import Moved, Progress, Ready
    from ui.office import Office

PLACE_FIELDS: tuple[Setting[Any], ...] = (SERVER, DATABASE_PORT, DATABASE_NAME, DATABASE_USER, DATABASE_SSL)
PASSWORD = "Senha do banco"
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

_INTRODUCTION = (
    "Tudo o que está no arquivo deste computador é copiado para um banco vazio do servidor, lido de volta e comparado. "
    "Só depois disso o programa passa a usar o servidor. O arquivo fica como está, e a mudança pode ser desfeita."
)
_WHAT_STOPS = (
    "Durante a mudança as consultas, o serviço de integração e o envio de mensagens ficam parados, e as páginas, "
    "fechadas. Pode ser cancelada até o fim da conferência; se o computador desligar no meio, os dados continuam no "
    "arquivo. Depois, cada balcão recebe outra vez todos os clientes."
)


class MoveWizard(QDialog):
    """What was typed stays when the server is refused. Closing it during the move cancels the move, and waits."""

    close_wanted = Signal()
    """The move is to begin: close the database, then call `begin`."""

    ended = Signal()
    """The move was made or given up, and the database may be opened again."""

    def __init__(
        self, office: Office, values: Mapping[Setting[Any], Any], password: str, parent: QWidget | None = None
    ) -> None:
        """`values` and `password` are what the form begins with. The office is not looked at again once closed."""
        super().__init__(parent)
        self._folders = office.folders
        self._actor = office.actor
        self._place: Snapshot | None = None
        self._latest: Progress | None = None
        self.setWindowTitle("Mudar os dados para um servidor PostgreSQL")
        self._stack = QStackedWidget()
        self.form = self._make_form(ReferenceSource(office, self), values, password)
        self.summary = self._make_summary()
        self.moving = self._make_moving()
        self.end = self._make_end()
        for page in (self.form, self.summary, self.moving, self.end):
            self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.addWidget(self._stack)
        self.check.setDefault(True)  # here, as a button that is in no dialog yet cannot become the one of Enter
        self.resize(640, 560)

    # --- to where ---

    def _make_form(self, references: ReferenceSource, values: Mapping[Setting[Any], Any], password: str) -> QWidget:
        page, column = _page("Para qual servidor", _INTRODUCTION)
        self.editors: dict[Setting[Any], Editor[Any]] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.S)
        grid.setColumnStretch(1, 1)
        for setting in PLACE_FIELDS:
            editor = editor_for(setting.kind, references=references, compact=True)
            editor.set_name(setting.label)
            editor.set_value(values.get(setting, setting.default))
            editor.widget.setToolTip(setting.tooltip)
            self.editors[setting] = editor
            _add_row(grid, setting.label, editor.widget, editor.field)
        self.password = PasswordField("a senha")
        self.password.setText(password)
        self.password.setAccessibleName(PASSWORD)
        self.password.setPlaceholderText("em branco, vale a guardada no cofre do sistema")
        _add_row(grid, PASSWORD, self.password, self.password)
        self.looking = LongWork()
        self.refusal = FailureView()
        self.remedies: list[QPushButton] = []
        self._ways_out = QHBoxLayout()
        self._ways_out.setSpacing(theme.S)
        below = QWidget()
        answers = QVBoxLayout(below)
        answers.setContentsMargins(0, 0, theme.S, 0)
        answers.addWidget(self.refusal)
        answers.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(below)
        self.cancel = QPushButton("Cancelar")
        self.cancel.clicked.connect(self.reject)
        self.check = QPushButton("Conferir o servidor")
        theme.primary(self.check)
        self.check.clicked.connect(self.look)
        column.addLayout(grid)
        column.addWidget(self.looking)
        column.addWidget(area, 1)
        buttons = button_row(self.cancel, self.check)
        buttons.insertLayout(0, self._ways_out)
        column.addLayout(buttons)
        return page

    @Slot()
    def look(self) -> None:
        """Test the server and count what would be moved; nothing changes anywhere."""
        from services.database_move import look, server_place

        values = self._typed()
        if values is None:
            return
        place = self._place = server_place(values)
        folders, password = self._folders, self._password
        self.refusal.clear()
        self._offer(())
        self._set_looking(True)

        def work(progress: Report, cancelled: Cancelled) -> Ready:
            return look(folders, place, password, cancelled)

        self.looking.start(
            "Conferindo os dois lados…", work, self._ready, self._refused, measure=lambda done, total: ""
        )

    def _typed(self) -> dict[Setting[Any], Any] | None:
        """What the form says, or None when something in it is not a value: the sentence stands under it."""
        values: dict[Setting[Any], Any] = {}
        wrong: list[Editor[Any]] = []
        for setting, editor in self.editors.items():
            editor.set_error("")
            try:
                values[setting] = editor.value()
            except InvalidValue as error:
                editor.set_error(str(error))
                wrong.append(editor)
        if wrong:
            wrong[0].field.setFocus()
            return None
        return values

    @property
    def _password(self) -> str | None:
        return self.password.text() or None

    def _set_looking(self, looking: bool) -> None:
        for widget in (self.password, self.check, *(editor.widget for editor in self.editors.values())):
            widget.setEnabled(not looking)

    def _refused(self, error: Exception) -> None:
        self._set_looking(False)
        from services.database_move import NotLetIn

        if not self.looking.cancelled:
            self.refusal.show_failure(failure_of(error))
        if isinstance(error, NotLetIn):
            self._offer(error.report.remedies)
        self.check.setFocus()

    def _offer(self, remedies: Sequence[Remedy]) -> None:
        """A button for each way out that the test of the connection knows; trying again is the page's own."""
        for button in self.remedies:
            self._ways_out.removeWidget(button)
            button.deleteLater()
        self.remedies = []
        for remedy in remedies:
            if not isinstance(remedy, ToRetry):
                button = AsideButton(icons.icon("copy" if isinstance(remedy, ToCopy) else "refresh"), remedy.label)
                button.clicked.connect(partial(self._take, remedy, button))
                self._ways_out.addWidget(button)
                self.remedies.append(button)

    def _take(self, remedy: ToCopy | ToSet, button: QPushButton, _checked: bool = False) -> None:
        if isinstance(remedy, ToCopy):
            QGuiApplication.clipboard().setText(remedy.text)
            button.setText("Copiado")
            return
        self.editors[remedy.setting].set_value(remedy.value)
        self.look()

    # --- what would be moved ---

    def _make_summary(self) -> QWidget:
        page, column = _page("O que vai ser mudado", _WHAT_STOPS)
        self.server = _paragraph()
        self.tables = QTableWidget(0, 2)
        for place, (title, side) in enumerate((("Tabela", _LEFT), ("Registros", _RIGHT))):
            header = QTableWidgetItem(title)
            header.setTextAlignment(side)
            self.tables.setHorizontalHeaderItem(place, header)
        self.tables.setAccessibleName("O que vai ser mudado")
        self.tables.verticalHeader().hide()
        self.tables.horizontalHeader().setStretchLastSection(True)
        self.tables.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.tables.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.tables.setShowGrid(False)
        self.tables.setTabKeyNavigation(False)
        self.total = theme.role(_paragraph(), "strong")
        self.back = QPushButton("Voltar")
        self.back.clicked.connect(self._to_form)
        self.move_now = QPushButton("Mudar agora")
        theme.primary(self.move_now)
        self.move_now.clicked.connect(self._wish)
        column.addWidget(self.server)
        column.addWidget(self.tables, 1)
        column.addWidget(self.total)
        column.addLayout(button_row(self.back, self.move_now))
        return page

    def _ready(self, ready: Ready) -> None:
        self._set_looking(False)
        if self.looking.cancelled:
            return
        self.server.setText(ready.server)
        found = sorted(((name, rows) for name, rows in ready.rows.items() if rows), key=lambda item: -item[1])
        self.tables.setRowCount(len(found))
        for line, (name, rows) in enumerate(found):
            amount = QTableWidgetItem(number(rows))
            amount.setTextAlignment(_RIGHT)
            self.tables.setItem(line, 0, QTableWidgetItem(name))
            self.tables.setItem(line, 1, amount)
        self.tables.resizeColumnToContents(0)
        self.total.setText(
            f"{counted(ready.total, 'registro', 'registros')} em {counted(len(found), 'tabela', 'tabelas')}."
        )
        self._stack.setCurrentWidget(self.summary)
        self.move_now.setDefault(True)
        self.move_now.setFocus()

    @Slot()
    def _to_form(self) -> None:
        self._stack.setCurrentWidget(self.form)
        self.check.setDefault(True)
        self.check.setFocus()

    @Slot()
    def _wish(self) -> None:
        self.move_now.setEnabled(False)
        self.close_wanted.emit()

    # --- the move ---

    def _make_moving(self) -> QWidget:
        page, column = _page("Mudando os dados", "O programa volta a abrir quando terminar.")
        self.work = LongWork()
        column.addWidget(self.work)
        column.addStretch(1)
        return page

    def begin(self) -> None:
        """Move; the program's own database is closed."""
        from services.database_move import move_to_server

        place, folders, actor, password = self._place, self._folders, self._actor, self._password
        assert place is not None
        self._stack.setCurrentWidget(self.moving)

        def work(progress: Report, cancelled: Cancelled) -> Moved:
            def told(latest: Progress) -> None:
                self._latest = latest
                progress(latest.done, latest.total)

            return move_to_server(
                folders, place, password, actor=actor, now=datetime.now(UTC), told=told, given_up=cancelled
            )

        self.work.start(
            f"Para {place[DATABASE_NAME]} em {place[SERVER]}",
            work,
            self._moved,
            self._not_moved,
            measure=self._measured,
        )
        self.work.cancel_button.setFocus()

    def _measured(self, done: int, total: int | None) -> str:
        from services.database_move import Step

        if self._latest is None:
            return ""
        self.work.cancel_button.setEnabled(self._latest.step not in (Step.KEEPING, Step.SWITCHING))
        return self._latest.sentence

    # --- what came of it ---

    def _make_end(self) -> QWidget:
        page, column = _page("", "")
        self.outcome = theme.role(_paragraph(), "subtitle")
        self.explanation = _paragraph()
        self.failure = FailureView()
        self.again = QPushButton("Tentar de novo")
        self.again.clicked.connect(self._to_form)
        self.close_button = QPushButton("Fechar")
        theme.primary(self.close_button)
        self.close_button.clicked.connect(self.accept)
        column.addWidget(self.outcome)
        column.addWidget(self.explanation)
        column.addWidget(self.failure)
        column.addStretch(1)
        column.addLayout(button_row(self.again, self.close_button))
        return page

    def _moved(self, moved: Moved) -> None:
        self.again.hide()
        self.failure.clear()
        self.outcome.setText("Os dados estão no servidor")
        theme.tone(self.outcome, Tone.OK)
        total = counted(sum(moved.rows.values()), "registro copiado", "registros copiados")
        self.explanation.setText(
            f"{total} e conferidos. Este computador agora usa o {moved.place}.\n\n"
            "Para usar os mesmos dados em outro computador, escolha nele este servidor em Balcão › Integração, sem "
            "mudar nada. Para desfazer, use “Voltar ao arquivo local…”, também em Balcão › Integração."
        )
        self._finish()

    def _not_moved(self, error: Exception) -> None:
        failure = failure_of(error)
        self.again.show()
        self.outcome.setText("Os dados continuam neste computador")
        theme.tone(self.outcome, None)
        self.failure.clear()
        if failure.kind is FailureKind.CANCELLED:  # as was asked for: nothing failed
            self.explanation.setText(failure.what)
        else:
            self.explanation.clear()
            self.failure.show_failure(failure)
        self._finish()

    def _finish(self) -> None:
        self.move_now.setEnabled(True)
        self._stack.setCurrentWidget(self.end)
        self.close_button.setDefault(True)
        self.close_button.setFocus()
        self.ended.emit()

    def reject(self) -> None:
        """Esc, Cancel or the window's own button."""
        if self.work.running:
            if self.work.cancel_button.isEnabled():
                self.work.cancel()
            return
        if self.looking.running:
            self.looking.cancel()
        super().reject()


def _page(title: str, text: str) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.M)
    if title:
        column.addWidget(theme.role(QLabel(title), "subtitle"))
        hint = theme.role(_paragraph(), "hint")
        hint.setText(text)
        column.addWidget(hint)
    return page, column


def _paragraph() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    return label


def _add_row(grid: QGridLayout, text: str, widget: QWidget, buddy: QWidget) -> None:
    line = grid.rowCount()
    label = QLabel(text)
    label.setWordWrap(True)
    label.setBuddy(buddy)
    grid.addWidget(label, line, 0)
    grid.addWidget(widget, line, 1)

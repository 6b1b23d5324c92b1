"""A button that runs a check list, the list as it comes, and the same button to give it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from services.check_list import CheckReport, Remedy, ToSet
from services.waited_socket import GiveUp
from ui import icons, tasks, theme
from ui.check_list_view import CheckListView
from ui.failure_view import FailureView, failure_of

Check = Callable[[GiveUp], Iterator[CheckReport]]

_SHOWN_EVERY_MS = 60


class CheckPanel(QWidget):
    """`prepare` is called on the GUI thread at each start, and gives the check that another thread runs."""

    set_wanted = Signal(object)
    """Another value of a setting is to be tried (a ToSet); whoever sets it calls `start`."""

    sight_wanted = Signal(object)
    """There is more to see; the widget that has it is given, whoever scrolls brings it into sight."""

    ended = Signal()

    def __init__(self, text: str, tooltip: str, prepare: Callable[[], Check], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self._prepare = prepare
        self._cancelled = Event()
        self._coming: list[CheckReport] = []
        self._running = False
        self.report: CheckReport | None = None
        self.button = QPushButton()
        self.button.setToolTip(tooltip)
        self.button.clicked.connect(self._clicked)
        self.view = CheckListView()
        self.view.remedy_wanted.connect(self._take)
        self.failure = FailureView()
        self._showing = QTimer(self, interval=_SHOWN_EVERY_MS)
        self._showing.timeout.connect(self._show_coming)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.view)
        column.addWidget(self.failure)
        self._say()

    @property
    def running(self) -> bool:
        """Whether a test is under way."""
        return self._running

    @Slot()
    def start(self) -> None:
        """Begin a test, unless one is under way."""
        if self._running:
            return
        self._running = True
        event, coming = Event(), list[CheckReport]()
        self._cancelled, self._coming = event, coming
        self.failure.clear()
        self.view.clear()
        check = self._prepare()

        def work() -> CheckReport:
            for report in check(event.is_set):
                coming.append(report)
            return coming[-1]

        self.destroyed.connect(event.set)
        tasks.run(work, self._finished, self._not_finished, self, cancelled=event)
        self._showing.start()
        self._say()

    @Slot()
    def cancel(self) -> None:
        """Ask the test to end; what it found until then is shown."""
        self._cancelled.set()
        self._say()

    def forget(self) -> None:
        """Show no list any more: there is nothing of which it could be. A test that is under way goes on."""
        if not self._running:
            self.report = None
            self.view.clear()
            self.failure.clear()

    @Slot()
    def _clicked(self) -> None:
        if self._running:
            self.cancel()
        else:
            self.start()

    def _say(self) -> None:
        self.button.setText("Cancelar" if self._running else self._text)
        self.button.setIcon(icons.icon("cancel" if self._running else "diagnosis"))
        self.button.setEnabled(not (self._running and self._cancelled.is_set()))

    @Slot()
    def _show_coming(self) -> None:
        # The thread at work only puts reports there: it never waits for the window to paint them.
        if self._coming and self._coming[-1] is not self.report:
            self.report = self._coming[-1]
            self.view.show_report(self.report)
            self._bring(self.view.newest)

    def _finished(self, _report: CheckReport) -> None:
        self._show_coming()
        self._end()

    def _not_finished(self, error: Exception) -> None:
        self._show_coming()
        self.failure.show_failure(failure_of(error))
        self._bring(self.failure)
        self._end()

    def _end(self) -> None:
        self._running = False
        self._showing.stop()
        self._say()
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ended.emit()

    def _bring(self, widget: QWidget) -> None:
        QTimer.singleShot(0, widget, partial(self.sight_wanted.emit, widget))  # when it has its size

    @Slot(object)
    def _take(self, remedy: Remedy) -> None:
        if isinstance(remedy, ToSet):
            self.set_wanted.emit(remedy)
        else:
            self.start()

"""The strip that accompanies long work off the GUI thread: what is being done, how far it is, and Cancel."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ui import icons, tasks, theme

T = TypeVar("T")
Progress = Callable[[int, int | None], None]
"""Told how much is done and how much there is in all, None while that is not known."""
Cancelled = Callable[[], bool]

_EVERY_S = 0.1


class LongWork(QFrame):
    """Hidden until `start`; one work at a time. The program's end, or the end of this widget, cancels it too."""

    _came = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._event = Event()
        self._running = False
        self._measure: Callable[[int, int | None], str] = _nothing
        theme.card(self)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._measured = theme.role(QLabel(), "hint")
        self.cancel_button = QPushButton(icons.icon("cancel"), "Cancelar")
        self.cancel_button.clicked.connect(self.cancel)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self._text, 1)
        row.addWidget(self._measured)
        row.addWidget(self.cancel_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        whole.setSpacing(theme.S)
        whole.addLayout(row)
        whole.addWidget(self._bar)
        self.hide()
        self._came.connect(self._show_progress)

    @property
    def running(self) -> bool:
        """Whether something is under way."""
        return self._running

    @property
    def cancelled(self) -> bool:
        """Whether the last work was cancelled."""
        return self._event.is_set()

    @property
    def sentence(self) -> str:
        """What the strip says now."""
        return f"{self._text.text()} {self._measured.text()}".strip()

    def start(
        self,
        sentence: str,
        work: Callable[[Progress, Cancelled], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        measure: Callable[[int, int | None], str] | None = None,
    ) -> None:
        """Do `work` in another thread, then call `done` or `failed` here. `measure` puts the progress into words;
        without it the work says nothing of its progress and cannot be cancelled."""
        event = self._event = Event()
        self._running = True
        self._measure = measure or _nothing
        self._text.setText(sentence)
        self._measured.clear()
        self._bar.setAccessibleName(sentence)
        self._bar.setRange(0, 0)
        self.cancel_button.setVisible(measure is not None)
        self.cancel_button.setEnabled(True)
        self.show()
        told_at = 0.0

        def progress(number: int, total: int | None) -> None:
            nonlocal told_at
            now = time.monotonic()
            if not event.is_set() and (now - told_at >= _EVERY_S or number == total):
                told_at = now
                self._came.emit(number, total)

        def finish(value: T) -> None:
            self._end()
            done(value)

        def fail(error: Exception) -> None:
            self._end()
            failed(error)

        self.destroyed.connect(event.set)
        tasks.run(lambda: work(progress, event.is_set), finish, fail, self, cancelled=event)

    @Slot()
    def cancel(self) -> None:
        """Ask the work to end; it says so itself when it did."""
        self._event.set()
        self.cancel_button.setEnabled(False)
        self._measured.setText("cancelando…")

    def _end(self) -> None:
        self._running = False
        self.hide()

    @Slot(int, object)
    def _show_progress(self, number: int, total: int | None) -> None:
        if not self._running or self.cancelled:
            return
        # In thousandths: a download has more bytes than a bar has steps.
        self._bar.setRange(0, 1000 if total else 0)
        self._bar.setValue(1000 * number // total if total else 0)
        self._measured.setText(self._measure(number, total))


def _nothing(number: int, total: int | None) -> str:
    return ""

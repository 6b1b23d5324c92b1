"""Errors that nobody expected: written to the log and shown once, with the details to copy. Never lost."""

from __future__ import annotations

import getpass
import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from services.error_place import error_place
from ui import theme
from ui.failure_view import FailureView, failure_of

LOG_FOLDER = "registros"
_LOG_BYTES = 1_000_000
_LOG_FILES = 5


def window_log() -> str:
    """The name of the window's file: each person's own, for several may have it open over the same data."""
    return f"retaguarda-{getpass.getuser()}.log"


def start_log(data: Path, name: str) -> logging.Handler:
    """Write what the program logs to a file of the data folder, at most five files of 1 MB; see `stop_log`.

    Each program that runs at the same time has a file of its own: on Windows nobody can rename what another has open.
    """
    folder = data / LOG_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / name, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES - 1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # They log whole addresses and messages at INFO, one line a consultation.
    for name in ("httpx", "httpcore", "zeep", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def stop_log(handler: logging.Handler) -> None:
    """Write nothing more and close the file."""
    logging.getLogger().removeHandler(handler)
    handler.close()


class UnexpectedErrors(QObject):
    """Takes the place of `sys.excepthook` and `threading.excepthook` between `install` and `remove`."""

    _happened = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown: set[str] = set()
        self._over: QWidget | None = None
        self._happened.connect(self._show)

    def install(self, over: QWidget) -> None:
        """From now on errors are shown over this window."""
        self._over = over
        self._before = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._take
        threading.excepthook = self._take_of_thread

    def remove(self) -> None:
        """Give both hooks back to whom they belonged."""
        sys.excepthook, threading.excepthook = self._before
        self._over = None

    def _take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):  # the wish to stop (Ctrl+C) is not an error
            sys.__excepthook__(kind, error, trace)
            return
        error = error.with_traceback(trace)
        logging.getLogger("retaguarda").error("unexpected error: %s", error_place(error))
        self._happened.emit(error)

    def _take_of_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._take(args.exc_type, args.exc_value, args.exc_traceback)

    @Slot(object)
    def _show(self, error: Exception) -> None:
        same = "".join(traceback.format_exception(error))
        if self._over is None or same in self._shown:
            return
        self._shown.add(same)
        dialog = QDialog(self._over)
        dialog.setObjectName("erro-inesperado")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Erro inesperado")
        dialog.setMinimumWidth(560)
        view = FailureView()
        view.show_failure(failure_of(error))
        close = QPushButton("Fechar")
        close.clicked.connect(dialog.accept)
        column = QVBoxLayout(dialog)
        column.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(view, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        dialog.open()

"""Looks every few minutes at the certificates, and says each mark that one passes, once on this computer."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from services.error_place import error_place
from ui import tasks

if TYPE_CHECKING:
    from services.backoffice import Backoffice
    from services.certificate_warnings import CertificateWarning
    from ui.remembered import Remembered

_LOOK_MS = 10 * 60 * 1000

_log = logging.getLogger(__name__)


class CertificateWatch(QObject):
    """From `start` to `stop`. `told_by` names the program that tells: what one said does not silence another."""

    passed = Signal(str)
    """The sentence of a certificate that has passed a mark, in the log already."""

    def __init__(
        self,
        backoffice: Backoffice,
        remembered: Remembered,
        told_by: str,
        parent: QObject | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._backoffice = backoffice
        self._remembered = remembered
        self._told_by = told_by
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Look now and from now on."""
        self._timer.start()
        self.look()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    @Slot()
    def look(self) -> None:
        """Look now, off this thread."""
        backoffice, now = self._backoffice, self._clock()

        def read() -> list[CertificateWarning]:
            from services.certificate_warnings import certificate_warnings

            return certificate_warnings(backoffice.database, backoffice.settings, now)

        tasks.run(read, self._take, self._failed, self)

    def _take(self, warnings: list[CertificateWarning]) -> None:
        for warning in warnings:
            if self._remembered.once(f"certificado-{self._told_by}/{warning.key}"):
                _log.warning("%s", warning.sentence)
                self.passed.emit(warning.sentence)

    def _failed(self, error: Exception) -> None:
        # The services say in the window that the database does not answer; the next look is soon.
        _log.warning("Não foi possível ver a validade dos certificados: %s", error_place(error))

"""A journal of what goes on while it is read: it is read again when told, and now and then while it is seen."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent

from ui.journal_page import JournalPage
from ui.list_page import M

_LOOK_AGAIN_MS = 5_000


class LiveJournalPage(JournalPage[M]):
    """Other computers change the list too, and tell nobody. Each page calls `_keep_live` when it is made."""

    def _keep_live(self, delay_ms: int) -> None:
        """Read the list again `delay_ms` after something happened: what comes meanwhile is read with it."""
        self._live = QTimer(self, singleShot=True, interval=delay_ms)
        self._live.timeout.connect(self.refresh)
        self._look_again = QTimer(self, interval=_LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._look_again.stop()
        super().hideEvent(event)

    @Slot(object)
    def _something_happened(self, _what: object) -> None:
        if self.isVisible() and not self._live.isActive():
            self._live.start()

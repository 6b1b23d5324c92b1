"""Whether there is a newer version of the program: what is known of it, looked for again when it is time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.domain import FailureKind
from app.portuguese import exact
from app.settings.catalog import UPDATE_FREQUENCY
from services.updates.channel import UpdateChannel, channel_of
from services.updates.failed import UpdateFailed
from ui import tasks
from ui.failure_view import failure_of
from ui.remembered import Remembered

if TYPE_CHECKING:
    from app.domain import Failure
    from app.folders import Folders
    from app.settings.snapshot import Snapshot
    from services.updates.known import KnownUpdate

_FIRST_MS = 60_000
"""Not while the program opens: whoever opened it has something else to do."""

_EVERY_MS = 60 * 60 * 1000
"""How often it is seen whether it is time to look, and a look that failed is tried again."""


@dataclass(frozen=True)
class UpdateState:
    """`channel` is None while updates are off; `known` what was last accepted by its key; `failure` why the last look
    failed."""

    channel: UpdateChannel | None = None
    known: KnownUpdate | None = None
    failure: Failure | None = None
    looking: bool = False

    @property
    def news(self) -> KnownUpdate | None:
        """A version later than this program's, when there is one."""
        return self.known if self.known is not None and self.known.is_news else None


class Updates(QObject):
    """Looks by itself from `start` on, as the settings say; `look` does it now. `state` is what is known."""

    changed = Signal()
    """`state` is another."""

    found = Signal(str)
    """A newer version that this computer was not told of before, in a sentence."""

    distrusted = Signal(str)
    """What is published was refused because it cannot be believed, in a sentence."""

    def __init__(
        self,
        folders: Folders,
        snapshot: Snapshot,
        parent: QObject | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(parent)
        self._folders = folders
        self._snapshot = snapshot
        self._clock = clock
        self._remembered = Remembered(folders)
        self._task: tasks.Task[KnownUpdate] | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look_if_due)
        self.state = UpdateState(channel_of(snapshot))

    @Slot()
    def start(self) -> None:
        """Read what is known, and look by itself from now on."""
        self._timer.start(_FIRST_MS)
        self._read()

    @Slot()
    def stop(self) -> None:
        """Look no more, and let go of a look under way."""
        self._timer.stop()
        self.cancel()

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Settings were saved: what another key signed is not shown."""
        self._snapshot = snapshot
        channel = channel_of(snapshot)
        if channel != self.state.channel:
            if self._task is not None:
                self._task.cancel()
                self._task.drop()
                self._task = None
            self._take(UpdateState(channel))
            self._read()

    @Slot()
    def look_if_due(self) -> None:
        """Look now when it is time to, by the settings."""
        from app.rules.updates import is_due

        self._timer.setInterval(_EVERY_MS)
        looked_at = self.state.known.looked_at if self.state.known is not None else None
        if is_due(self._snapshot[UPDATE_FREQUENCY], looked_at, self._clock()):
            self.look()

    @Slot()
    def look(self) -> None:
        """Look now, off this thread; nothing while updates are off or a look is under way."""
        channel = self.state.channel
        if channel is None or self.state.looking:
            return
        folders, clock, cancelled = self._folders, self._clock, Event()

        def work() -> KnownUpdate:
            from services.updates.look import look

            return look(channel, folders, cancelled=cancelled.is_set, clock=clock)

        self._take(UpdateState(channel, self.state.known, looking=True))
        self._task = tasks.run(work, self._looked, self._failed, self, cancelled=cancelled)

    @Slot()
    def cancel(self) -> None:
        """Give up the look under way, if any."""
        if self._task is not None:
            self._task.cancel()

    def _read(self) -> None:
        channel, folders = self.state.channel, self._folders
        if channel is None:
            return

        def work() -> KnownUpdate | None:
            from services.updates.known import read_known

            return read_known(folders, channel.key)

        def show(known: KnownUpdate | None) -> None:
            if self.state.channel == channel and self.state.known is None and known is not None:
                self._take(UpdateState(channel, known, self.state.failure, self.state.looking))

        def say(error: Exception) -> None:
            if self.state.channel == channel:  # a look may be under way
                self._take(replace(self.state, failure=failure_of(error)))

        tasks.run(work, show, say, self)

    def _looked(self, known: KnownUpdate) -> None:
        self._take(UpdateState(self.state.channel, known))

    def _failed(self, error: Exception) -> None:
        failure = failure_of(error)
        cancelled = failure.kind is FailureKind.CANCELLED
        self._take(UpdateState(self.state.channel, self.state.known, None if cancelled else failure))
        if isinstance(error, UpdateFailed) and error.distrusted:
            self.distrusted.emit(failure.what)

    def _take(self, state: UpdateState) -> None:
        self.state = state
        self.changed.emit()
        news = state.news
        if news is not None and self._remembered.once(f"versao-nova/{news.manifest.version}"):
            published = exact(news.manifest.published_at)
            self.found.emit(f"Há uma versão nova do programa: {news.manifest.version}, publicada em {published}.")

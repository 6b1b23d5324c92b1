"""The program with a window: builds its parts in order and takes them down in reverse."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPlainTextEdit, QSystemTrayIcon

import ui.guarded_overrides  # noqa: F401  before the classes that Qt calls
from ui import icons, pages, tasks, theme
from ui.main_window import MainWindow
from ui.single_instance import CannotBeFirst, FirstDoesNotAnswer, SingleInstance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from app.folders import Folders
    from app.settings.setting import Setting
    from app.settings.snapshot import Snapshot
    from services.background import ConsultationThread
    from services.backoffice import Backoffice
    from ui.certificate_watch import CertificateWatch
    from ui.interruption import Interruption
    from ui.move_back import MoveBack
    from ui.move_wizard import MoveWizard
    from ui.notices import Notices
    from ui.office import Office
    from ui.tray import Tray

DESKTOP_NAME = "retaguarda"
"""The file of the menus of Linux, without its ending: by it a panel knows whose windows these are."""

MEASURE = "RETAGUARDA_MEDIR_INICIO"
"""With this environment variable set to 1 the window says `pintada` after its first paint and the program ends."""

_SWITCH_S = 0.001
"""How long the window may wait for a thread that is computing in Python, whose own default is 0.005."""

_TASKS_MS = 30_000
_AGAIN_MS = 30_000
"""How long until a server that was out of reach is tried again, as the service does too."""

_TRAY_PATIENCE_MS = 10_000


def run_here(*, start_in_tray: bool = False, page: str = "") -> int:
    """`run_window` in this user's own folders; when they cannot be made, a box says so and the status is 2."""
    from app.folders import FoldersUnavailable, find_folders

    try:
        folders = find_folders()
    except FoldersUnavailable as problem:
        from PySide6.QtWidgets import QMessageBox

        theme.apply(theme.application())
        QMessageBox.critical(None, "Retaguarda", str(problem))
        return 2
    return run_window(folders, start_in_tray=start_in_tray, page=page)


def run_window(folders: Folders, *, start_in_tray: bool = False, is_demo: bool = False, page: str = "") -> int:
    """Run until the operator leaves; the process's exit status. A second start shows the first one's window.

    SIGTERM, as sent when the computer is turned off, and Ctrl+C in the terminal end it in order too, without asking.
    """
    if sys.platform == "win32":
        from ui import windows_shell

        windows_shell.name_application()
    application = theme.application()
    application.setApplicationName("Retaguarda")
    application.setDesktopFileName(DESKTOP_NAME)
    application.setQuitOnLastWindowClosed(False)
    theme.apply(application)
    application.setWindowIcon(icons.solid("app"))
    instance = SingleInstance(folders.data)
    try:
        if not instance.claim(page, quietly=start_in_tray and not page):
            return 0
    except (FirstDoesNotAnswer, CannotBeFirst) as problem:
        from PySide6.QtWidgets import QMessageBox

        QMessageBox.warning(None, "Retaguarda", str(problem))
        return 1
    program = WindowProgram(folders, is_demo=is_demo, first_page=page or pages.HOME)
    program.finished.connect(instance.release)  # at the end of a session nothing below is reached
    # Not `quit`, which closes every open window first: a form where something was typed would ask about it then, and
    # keep a process with nothing running in it until somebody answered.
    program.finished.connect(application.exit)
    instance.asked.connect(program.show_page)
    instance.why_not_end = program.why_not_end
    instance.end_asked.connect(program.quit)
    program.started.connect(instance.listen)
    program.start(in_tray=start_in_tray, measure=os.environ.get(MEASURE) == "1")
    status = application.exec()
    if program.interrupted:
        from ui.interruption import INTERRUPTED

        return INTERRUPTED
    return status


class WindowProgram(QObject):
    """The window, the tray, the open database and the services; `quit` takes everything down, then `finished`."""

    started = Signal()
    """The window was painted (or the tray icon shown) and what comes after may begin."""

    finished = Signal()
    """Nothing is running any more."""

    def __init__(self, folders: Folders, *, is_demo: bool = False, first_page: str = pages.HOME) -> None:
        super().__init__()
        self._folders = folders
        self._is_demo = is_demo
        self._first_page = first_page
        self._backoffice: Backoffice | None = None
        self._services: tuple[ConsultationThread, ...] = ()
        self._quitting = False
        self._moving = False
        self._started = False
        self._interruption: Interruption | None = None
        self._ends = ExitStack()
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._open_again)
        self.office: Office | None = None
        self.mover: MoveWizard | MoveBack | None = None
        self.tray: Tray | None = None
        self._notices: Notices | None = None
        self._certificates: CertificateWatch | None = None
        self.window = MainWindow(folders, is_demo=is_demo)
        self.window.retry_wanted.connect(self.open)
        self.window.quit_wanted.connect(self.quit)
        self.window.hidden_to_tray.connect(self._say_hidden)

    @property
    def interrupted(self) -> bool:
        """Whether SIGINT or SIGTERM is what ended the program."""
        return self._interruption is not None and self._interruption.happened

    def start(self, *, in_tray: bool = False, measure: bool = False) -> None:
        """Show the window, or only the icon where there is a tray or soon will be; all else comes after that.

        With `measure` nothing else comes: the program ends after the first paint.
        """
        self.window.painted.connect(self.report_paint if measure else self.start_rest)
        if in_tray:
            # The panel of a session that is only beginning may come after this program; without one, a hidden window
            # could not be reached.
            QTimer.singleShot(0, self, self.start_rest)
            QTimer.singleShot(_TRAY_PATIENCE_MS, self, self._show_without_tray)
        else:
            self.window.show()

    @Slot()
    def _show_without_tray(self) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable() and not self._quitting:
            self.window.show()

    @Slot()
    def report_paint(self) -> None:
        """For the measurement of the start: say that the window was painted, and end."""
        sys.stdout.write("pintada\n")
        sys.stdout.flush()
        self.quit()

    @Slot()
    def start_rest(self) -> None:
        """After the first paint: signals, the log, the tray and the database."""
        if self._started or self._quitting:
            return
        self._started = True
        gc.enable()  # see main.py
        from ui.interruption import Interruption

        self._interruption = self._ends.enter_context(Interruption())
        self._interruption.came.connect(self.quit)
        self._follow_computer()
        sys.setswitchinterval(_SWITCH_S)
        from ui.notices import Notices
        from ui.tray import Tray
        from ui.unexpected import UnexpectedErrors, start_log, window_log

        self._log = start_log(self._folders.data, window_log())
        self._unexpected = UnexpectedErrors(self)
        self._unexpected.install(self.window)
        self._translate()
        self._notices = Notices(self)
        self.tray = tray = Tray(self._notices, self)
        tray.open_wanted.connect(self.window.show_window)
        tray.page_wanted.connect(self._show_page)
        tray.look_wanted.connect(self._look_now)
        tray.pause_wanted.connect(self._pause)
        tray.serving_wanted.connect(self._serve)
        tray.quit_wanted.connect(self._leave)
        tray.vanished.connect(self.window.show_window)
        self.started.emit()
        self.open()

    def _follow_computer(self) -> None:
        """The session may end and the computer sleep, from now to the end of the program."""
        from ui.session_end import SessionEnd
        from ui.waking import Waking

        session = SessionEnd(self.window, self.why_not_end)
        session.ending.connect(self.quit)
        session.follow()
        self._ends.callback(session.leave)
        waking = Waking(self)
        waking.woke.connect(self.wake_up)
        waking.start()
        self._ends.callback(waking.stop)

    @Slot()
    def wake_up(self) -> None:
        """The computer slept: everything looks at the clock again, over new connections."""
        if self._backoffice is None or self.office is None or self._quitting:
            return
        # First the database's: whoever looks again asks it at once, and would wait on a connection from before.
        tasks.run(self._backoffice.database.renew, self._look_again, _raise, self)

    def _look_again(self, _renewed: None) -> None:
        if self._backoffice is None or self.office is None or self._quitting:
            return
        for service in self._services:
            service.woke_up()
        self.office.desk.wake_up()
        if self._certificates is not None:
            self._certificates.look()

    def _translate(self) -> None:
        from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

        translator = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load(QLocale(QLocale.Language.Portuguese, QLocale.Country.Brazil), "qtbase", "_", folder):
            QApplication.installTranslator(translator)

    # --- the database ---

    @Slot()
    def open(self) -> None:
        """Open the database off the GUI thread; also called to try again."""
        if self._backoffice is not None or self._quitting:
            return
        self._again.stop()
        self.window.show_opening()
        folders, is_demo = self._folders, self._is_demo
        tasks.run(lambda: _open(folders, is_demo), self._opened, self._not_opened, self)

    def _opened(self, opened: tuple[Backoffice, Snapshot]) -> None:
        backoffice, snapshot = opened
        assert self.tray is not None and self._notices is not None
        # First of all: while Windows' shell answers, the session may end inside this call.
        self.tray.take_open(True)
        if self._quitting:
            backoffice.close()
            return
        from services.background import CONSULTED, ConsultationThread
        from ui.certificate_watch import CertificateWatch
        from ui.office import Office

        self._drop_office()
        self._backoffice = backoffice
        self._services = tuple(ConsultationThread(backoffice, authority) for authority in CONSULTED)
        self.office = Office.opened(backoffice, self._services, snapshot, self)
        self.office.state_changed.connect(self.tray.take_state)
        self.office.state_changed.connect(self._notices.take_state)
        self.office.finished_one.connect(self._notices.take_result)
        self.office.finished_one.connect(self._spare_collector, Qt.ConnectionType.SingleShotConnection)
        self.office.desk.state_changed.connect(self.tray.take_server)
        self.office.desk.state_changed.connect(self._notices.take_server)
        self.office.desk.sender_changed.connect(self._notices.take_sender)
        self.window.adopt(self.office, self._first_page)
        self._spare_collector()
        for service in self._services:
            service.start()
        self._look_for_updates(self.office)
        self.office.desk.open()
        self._certificates = CertificateWatch(backoffice, self.window.remembered, "janela", self)
        self._certificates.passed.connect(self._notices.take_certificate)
        self.office.tables_changed.connect(self._certificates.look)
        self._certificates.start()
        self._offer_moves(self.office)

    @Slot()
    def _spare_collector(self) -> None:
        """After the imports of the start, and those of the first consultation.

        What they made stays until the end. Going through all of it, as a full collection does, holds every thread,
        and with them the window, for 60 ms and more.
        """
        gc.freeze()

    def _not_opened(self, error: Exception) -> None:
        if self._quitting:
            return
        from app.domain import FailureKind
        from ui.failure_view import failure_of

        failure = failure_of(error)
        folders = self._folders
        if failure.kind in (FailureKind.NETWORK, FailureKind.TIMEOUT):
            self._again.start()

        def readable(snapshot: Snapshot) -> None:
            from app.settings.machine import MachineStore
            from app.settings.repository import SettingsRepository
            from ui.office import Office

            self._drop_office()
            repository = SettingsRepository(MachineStore(folders.machine_file), None)
            self.office = Office(folders, repository, snapshot, _system_user(), self)
            self.office.snapshot_changed.connect(self.open)
            self._look_for_updates(self.office)
            self.window.show_not_open(failure, self.office)
            self._offer_moves(self.office)

        def unreadable(other: Exception) -> None:
            self.window.show_not_open(failure_of(other), None)

        tasks.run(lambda: _local_snapshot(folders), readable, unreadable, self)

    @Slot()
    def _open_again(self) -> None:
        """Windows lets a person in before its network is up (Microsoft, “Logon Optimization”), and the server may be
        turned on last. Who sees the window has a button, and may be correcting the settings; the tray has nobody."""
        if (self.window.isMinimized() or not self.window.isVisible()) and not self.why_not_end():
            self.open()

    def _look_for_updates(self, office: Office) -> None:
        assert self._notices is not None
        office.updates.found.connect(self._notices.take_update)
        office.updates.distrusted.connect(self._notices.take_distrusted_update)
        office.updates.start()

    def _drop_office(self) -> None:
        if self.office is not None:
            self.office.snapshot_changed.disconnect(self.open)
            self.office.updates.stop()
            self.office.deleteLater()
            self.office = None

    # --- moving the data ---

    def _offer_moves(self, office: Office) -> None:
        office.move_wanted.connect(self._show_move)
        office.return_wanted.connect(self._show_return)

    @Slot(object, str)
    def _show_move(self, values: Mapping[Setting[Any], Any], password: str) -> None:
        from ui.move_wizard import MoveWizard

        def show() -> None:
            if self.office is not None:
                self._show_mover(MoveWizard(self.office, values, password, self.window))

        self.window.ask_unsaved(show)

    @Slot()
    def _show_return(self) -> None:
        from ui.move_back import MoveBack

        def show() -> None:
            if self.office is not None:
                self._show_mover(MoveBack(self.office, self.window))

        self.window.ask_unsaved(show)

    def _show_mover(self, mover: MoveWizard | MoveBack) -> None:
        self.mover = mover
        mover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mover.close_wanted.connect(self._close_soon)
        mover.ended.connect(self._open_moved)
        mover.finished.connect(self._forget_mover)
        mover.open()

    @Slot()
    def _forget_mover(self) -> None:
        self.mover = None

    @Slot()
    def _close_soon(self) -> None:
        QTimer.singleShot(0, self, self._close_and_move)  # the window says first what it is about to do

    @Slot()
    def _close_and_move(self) -> None:
        if self.mover is None or self._quitting:
            return
        if self.tray is not None:
            self.tray.take_open(False)
        self.window.show_opening("Os dados estão mudando de lugar…")
        self._close_database()
        self._backoffice = None
        self._services = ()
        self._certificates = None
        if self.office is not None:
            self.office.deleteLater()
            self.office = None
        self._moving = True
        self.mover.begin()

    @Slot()
    def _open_moved(self) -> None:
        self._moving = False
        self.open()

    # --- the tray and other starts ---

    @Slot(str)
    def show_page(self, key: str) -> None:
        """Bring the window to the front, on a page when a key is given."""
        self._show_page(key, None)

    @Slot(str, object)
    def _show_page(self, key: str, argument: object) -> None:
        self.window.show_window()
        if key in pages.BY_KEY:
            if self._backoffice is None:  # shown as soon as the database is open
                self._first_page = key
            self.window.open_page(key, argument)

    @Slot()
    def _look_now(self) -> None:
        for service in self._services:
            service.wake()

    @Slot(object)
    def _pause(self, until: datetime | None) -> None:
        for service in self._services:
            service.pause(until)

    @Slot(bool)
    def _serve(self, wanted: bool) -> None:
        if self.office is not None and self.office.database is not None:
            (self.office.desk.start if wanted else self.office.desk.stop)()

    @Slot()
    def _say_hidden(self) -> None:
        if self.tray is not None and self.window.remembered.once("fechada-para-bandeja"):
            self.tray.tell(
                "O Retaguarda continua aberto",
                "A consulta automática e o atendimento dos balcões seguem ao lado do relógio. Para encerrar, use o "
                "menu do ícone, em Sair.",
            )

    # --- the end ---

    def why_not_end(self) -> str:
        """Why nobody but the operator may end the program now, in a sentence; "" when nothing would be lost."""
        if self._moving:
            return "Os dados estão mudando de lugar: espere que a mudança termine."
        form = _typed_form()
        if form is not None:
            return f"Há o que foi digitado e não gravado em “{form.windowTitle()}”: grave ou feche essa janela."
        unsaved = self.window.unsaved
        return f"Há alterações não salvas ({'; '.join(unsaved)}): salve-as ou descarte-as." if unsaved else ""

    @Slot()
    def _leave(self) -> None:
        """Sair in the tray's menu, which no open form is in the way of."""
        form = _typed_form()
        if form is None:
            self.window.leave()
            return
        self.window.show_window()
        form.raise_()
        form.activateWindow()
        assert self.tray is not None
        self.tray.tell("O Retaguarda continua aberto", self.why_not_end())

    @Slot()
    def quit(self) -> None:
        """Stop everything, wait for it, and say `finished`. Works while opening and in mid-consultation."""
        if self._quitting:
            return
        self._quitting = True
        self.window.remembered.keep(self.window)
        self.window.hide()
        if self.tray is not None:
            self.tray.remove()
        self._close_database()
        if self._started:
            from ui.unexpected import stop_log

            self._unexpected.remove()
            stop_log(self._log)
        self._ends.close()
        self.finished.emit()

    def _close_database(self) -> None:
        """Stop whatever works with the database, wait for it, and close it."""
        self._again.stop()
        if self._certificates is not None:
            self._certificates.stop()
        if self.office is not None:
            self.office.updates.stop()
        if self._backoffice is not None and self.office is not None:
            self.office.desk.close()
        for service in self._services:
            service.stop()
        tasks.cancel_all()
        tasks.wait_all(_TASKS_MS)
        if self._backoffice is not None:
            self._backoffice.close()


def _typed_form() -> QDialog | None:
    """An open dialog where something was typed; not only the one in front, for a question may cover a form."""
    open_ones = (each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible())
    return next((dialog for dialog in open_ones if _typed_into(dialog)), None)


def _typed_into(dialog: QDialog) -> bool:
    from ui.record_form import RecordForm

    if isinstance(dialog, RecordForm):  # which knows of lists and boxes too
        return dialog.is_changed
    lines = any(line.isModified() and line.text() for line in dialog.findChildren(QLineEdit))
    return lines or any(text.document().isModified() for text in dialog.findChildren(QPlainTextEdit))


def _raise(error: Exception) -> None:
    raise error  # a defect, said as all defects are


def _open(folders: Folders, is_demo: bool) -> tuple[Backoffice, Snapshot]:
    if is_demo:
        from services.demo.demonstration import open_demonstration

        backoffice = open_demonstration(folders)
    else:
        from services.backoffice import open_backoffice

        backoffice = open_backoffice(folders)
    try:
        return backoffice, backoffice.settings.load()
    except BaseException:
        backoffice.close()
        raise


def _local_snapshot(folders: Folders) -> Snapshot:
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository

    return SettingsRepository(MachineStore(folders.machine_file), None).load()


def _system_user() -> str:
    import getpass

    return getpass.getuser()

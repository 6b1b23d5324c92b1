"""The window: banner, sidebar, pages made when first opened, menus with the original paths, and the status bar."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QSystemTrayIcon,
    QVBoxLayout,
    QWidget,
)

from ui import banner, icons, pages, session_start
from ui.banner import Banner
from ui.opening_page import OPENING, OpeningPage
from ui.page import Page
from ui.remembered import Remembered
from ui.session_start import SessionStart
from ui.sidebar import Sidebar
from ui.status_bar import StatusBar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMessageBox

    from app.domain import Failure, ServiceState
    from app.folders import Folders
    from services.integration.server import ServerState
    from ui.office import Office

_SIZE = QSize(1280, 800)
_SMALLEST = QSize(1010, 600)  # nothing of any page is cut, and it fits a screen of 1024 by 768
_FRAME = QSize(16, 48)  # about what a window manager puts around; only then is the real frame known
_OF_THIS_COMPUTER = (pages.INTEGRATION, pages.UPDATE)
"""The pages that need no database."""

NOT_OPEN = "O banco de dados não está aberto."


class MainWindow(QMainWindow):
    """Shown before there is a database; `adopt` gives it the open office. Leaving asks about unsaved changes."""

    painted = Signal()
    """The window was painted for the first time."""

    retry_wanted = Signal()
    """Try to open the database again."""

    quit_wanted = Signal()
    """End the program; unsaved changes were already asked about."""

    hidden_to_tray = Signal()
    """The window was closed and the program goes on in the tray."""

    def __init__(self, folders: Folders, *, is_demo: bool = False) -> None:
        super().__init__()
        self._folders = folders
        self._is_demo = is_demo
        self._office: Office | None = None
        self._pages: dict[str, Page] = {}
        self._actions: dict[str, QAction] = {}
        self._painted = False
        self._question: QMessageBox | None = None
        self.remembered = Remembered(folders)
        self.setWindowTitle("Retaguarda — demonstração" if is_demo else "Retaguarda")
        self.setMinimumSize(_SMALLEST)

        self.banner = Banner()
        self.sidebar = Sidebar()
        self.stack = QStackedWidget()
        self.opening = OpeningPage()
        self.stack.addWidget(self.opening)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.sidebar)
        middle.addWidget(self.stack, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addLayout(middle, 1)
        self.setCentralWidget(whole)
        self.status = StatusBar()
        self.setStatusBar(self.status)
        self._make_menus()

        self.sidebar.chosen.connect(self._go)
        self.status.page_wanted.connect(self._go)
        self.opening.retry.connect(self.retry_wanted)
        self.opening.settings_wanted.connect(self._go_integration)
        if not self.remembered.restore(self):
            self.resize(_SIZE.boundedTo(self.screen().availableSize() - _FRAME))
        self.show_opening()

    # --- the states of the program ---

    @property
    def page(self) -> Page:
        """The page in front."""
        shown = self.stack.currentWidget()
        assert isinstance(shown, Page)
        return shown

    @property
    def page_key(self) -> str:
        """The key, in `ui.pages`, of the page in front."""
        return next((key for key, page in self._pages.items() if page is self.page), pages.HOME)

    def show_opening(self, sentence: str = OPENING) -> None:
        """The database is being opened, or something is done with it that `sentence` says."""
        self._leave_office()
        self._allow(sentence)
        self.opening.show_opening(sentence)
        self.status.show_database("abrindo…")
        self._say_banner()

    def show_not_open(self, failure: Failure, office: Office | None) -> None:
        """The database did not open. `office`, when there is one, gives only this computer's settings."""
        self._leave_office()
        allowed = (pages.HOME, *_OF_THIS_COMPUTER) if office else (pages.HOME,)
        self._allow(f"{NOT_OPEN} {failure.what}", except_for=allowed)
        self.opening.show_failure(failure, settings_readable=office is not None)
        self.status.show_database("não abriu")
        self._take_office(office)

    def adopt(self, office: Office, first: str = pages.HOME) -> None:
        """The database is open: every page works, `first` is shown."""
        self._leave_office()
        self._allow("")
        assert office.database is not None
        self.status.show_database(office.database.label)
        self._take_office(office)
        office.state_changed.connect(self._show_state)
        for state in office.states.values():
            self._show_state(state)
        office.desk.state_changed.connect(self._show_server)
        self._show_server(office.desk.state)
        self.open_page(first)

    def _take_office(self, office: Office | None) -> None:
        self._office = office
        if office is not None:
            office.open_page.connect(self.open_page)
            office.snapshot_changed.connect(self._say_banner)
        self._say_banner()

    def _leave_office(self) -> None:
        if self._office is not None:
            self._office.open_page.disconnect(self.open_page)
            self._office.snapshot_changed.disconnect(self._say_banner)
            if self._office.database is not None:  # what its services say as they end is of no use here
                self._office.state_changed.disconnect(self._show_state)
                self._office.desk.state_changed.disconnect(self._show_server)
        for page in self._pages.values():
            self.stack.removeWidget(page)
            page.deleteLater()
        self._pages = {}
        self._office = None
        self.status.hide_services()
        self.stack.setCurrentWidget(self.opening)
        self.sidebar.show_current(pages.HOME)

    def _allow(self, reason: str, *, except_for: tuple[str, ...] = ()) -> None:
        self.sidebar.set_unavailable(reason, except_for=except_for)
        for key, action in self._actions.items():
            action.setEnabled(not reason or key in except_for)

    @Slot(object)
    def _show_state(self, state: ServiceState) -> None:
        self.status.show_service(state)

    @Slot(object)
    def _show_server(self, state: ServerState) -> None:
        self.status.show_server(state)

    @Slot()
    def _say_banner(self) -> None:
        sentences = [banner.DEMO] if self._is_demo else []
        if self._office is not None and self._office.database is not None and _tests_credit(self._office):
            sentences.append(banner.CREDIT_TEST)
        self.banner.say(tuple(sentences))

    # --- pages ---

    @Slot(str, object)
    def open_page(self, key: str, argument: object = None) -> None:
        """Show a page, made when it is the first time; `argument` is what it was opened for.

        The keyboard goes there, but from the sidebar, whose arrows go from page to page.
        """
        self._open(key, argument, with_keyboard=not self.sidebar.hasFocus())

    def _open(self, key: str, argument: object = None, *, with_keyboard: bool) -> None:
        if self._office is None or (self._office.database is None and key not in _OF_THIS_COMPUTER):
            self.stack.setCurrentWidget(self.opening)
            self.sidebar.show_current(pages.HOME)
            return
        try:
            page = self._made(key, self._office)
            last = page.focusWidget()
            self.stack.setCurrentWidget(page)
        finally:
            self.sidebar.show_current(self.page_key)
        if with_keyboard:  # left to itself, Qt gives it to whatever comes first, be it a link
            page.take_keyboard(last)
        page.entered()
        if argument is not None:
            page.show_argument(argument)

    def _made(self, key: str, office: Office) -> Page:
        if key not in self._pages:
            page = pages.BY_KEY[key].make(office)
            self._pages[key] = page
            self.stack.addWidget(page)
        return self._pages[key]

    @Slot(str)
    def _go(self, key: str) -> None:
        self.open_page(key)

    @Slot()
    def _go_integration(self) -> None:
        self.open_page(pages.INTEGRATION)

    @Slot()
    def _go_by_action(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self._open(str(action.data()), with_keyboard=True)

    # --- menus ---

    def _make_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu("&Arquivo")
        file.setToolTipsVisible(True)
        self._session_start = QAction(session_start.title(), self)
        self._session_start.setCheckable(True)
        self._session_start.triggered.connect(self._change_session_start)
        file.aboutToShow.connect(self._show_session_start)
        file.addAction(self._session_start)
        file.addSeparator()
        self._command(file, "Sai&r", self.leave, "exit", QKeySequence("Ctrl+Q"))
        view = bar.addMenu("E&xibir")
        for number, entry in enumerate(pages.SIDEBAR, 1):
            action = self._page_action(entry.key, entry.title)
            action.setShortcut(QKeySequence(pages.shortcut(number)))
            view.addAction(action)
        tools = bar.addMenu("&Ferramentas")
        system = tools.addMenu("&Sistema")
        self._command(system, "&Clientes", self._go_by_action, "profiles", page=pages.PROFILES)
        tools.addSeparator()
        for key, title in (
            (pages.CERTIFICATES, "Certificados &digitais"),
            (pages.ENDPOINTS, "&Endereços da SEFAZ"),
            (pages.DIAGNOSIS, "Diagnóstico da SE&FAZ"),
            (pages.BRAND_INBOX, "&Bandeiras não cadastradas"),
        ):
            tools.addAction(self._page_action(key, title))
        self._command(tools, "&Tabelas", self._go_by_action, "tables", page=pages.TABLES)
        counter = bar.addMenu("&Balcão")
        self._command(counter, "&Integração", self._go_by_action, "integration", page=pages.INTEGRATION)
        self._command(counter, "&Balcões", self._go_by_action, "counters", page=pages.COUNTERS)
        self._command(counter, "&Mensagens", self._go_by_action, "message", page=pages.MESSAGES)
        help_menu = bar.addMenu("A&juda")
        self._command(help_menu, "Ajuda desta &página", self._help, "help", QKeySequence("F1"))
        self._command(help_menu, "Abrir pasta de &dados", self._open_folder, "folder")
        help_menu.addSeparator()
        help_menu.addAction(self._page_action(pages.UPDATE, "A&tualização"))
        self._command(help_menu, "&Sobre", self._about, "info")

    def _page_action(self, key: str, title: str) -> QAction:
        action = QAction(icons.icon(pages.BY_KEY[key].icon), title, self)
        action.setData(key)
        action.triggered.connect(self._go_by_action)
        self._actions[key] = action
        return action

    def _command(
        self,
        menu: QMenu,
        title: str,
        slot: Callable[[], None],
        icon: str,
        shortcut: QKeySequence | None = None,
        *,
        page: str = "",
    ) -> None:
        action = QAction(icons.icon(icon), title, self)
        action.triggered.connect(slot)
        if shortcut is not None:
            action.setShortcut(shortcut)
        if page:
            # The same page under its original path: as available as its entry in Exibir.
            action.setData(page)
            self._actions[page].enabledChanged.connect(action.setEnabled)
        menu.addAction(action)

    @Slot()
    def _show_session_start(self) -> None:
        """What the system keeps, which is changed elsewhere too: looked at whenever the menu opens."""
        try:
            kept = session_start.current()
        except OSError as error:
            self._session_start.setChecked(False)
            self._session_start.setEnabled(False)
            self._session_start.setToolTip(f"O sistema não deixou ver a escolha ({error.strerror}).")
            return
        by_administrator = kept is SessionStart.EVERYBODY
        self._session_start.setChecked(kept is not SessionStart.NOBODY)
        self._session_start.setEnabled(not self._is_demo and not by_administrator)
        if self._is_demo:
            about = "A demonstração não começa com a sessão: abra o programa de verdade para escolher."
        elif by_administrator:
            about = "Escolhido por um administrador, na instalação, para todos que usam este computador."
        else:
            about = "O programa começa junto com a sessão, ao lado do relógio."
        self._session_start.setToolTip(about)

    @Slot(bool)
    def _change_session_start(self, wanted: bool) -> None:
        try:
            session_start.change(wanted)
        except OSError as error:
            from PySide6.QtWidgets import QMessageBox

            self._show_session_start()
            what = "O sistema não deixou mudar o que começa com a sessão"
            QMessageBox.warning(self, "Retaguarda", f"{what} ({error.strerror}).")

    @Slot()
    def _help(self) -> None:
        if not self.page.show_help():
            self.status.showMessage("Esta página não tem ajuda própria.", 4000)

    @Slot()
    def _open_folder(self) -> None:
        from ui.folder_opening import open_folder

        open_folder(self._folders.data)

    @Slot()
    def _about(self) -> None:
        from PySide6.QtWidgets import QMessageBox

        from app.version import VERSION

        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("Sobre")
        box.setIconPixmap(icons.solid("app").pixmap(48, 48))
        box.setText(f"Retaguarda {VERSION}")
        box.setInformativeText(
            "Consulta de clientes na SEFAZ e na ANP e integração do balcão.\n\n"
            f"Dados em: {self._folders.data}\nConfiguração em: {self._folders.config}"
        )
        box.addButton("Fechar", QMessageBox.ButtonRole.AcceptRole)
        box.open()

    # --- leaving ---

    def show_window(self) -> None:
        """Bring the window to the front, wherever it is."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    @Slot()
    def leave(self) -> None:
        """End the program, after asking about unsaved changes."""
        self.ask_unsaved(self.quit_wanted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.ask_unsaved(self._hide_to_tray)
        else:
            self.leave()

    @property
    def unsaved(self) -> list[str]:
        """What would be lost if the program ended now, a line a page."""
        return [f"{page.title}: {', '.join(page.unsaved())}" for _, page in self._changed]

    @property
    def _changed(self) -> list[tuple[str, Page]]:
        return [(key, page) for key, page in self._pages.items() if page.unsaved()]

    def _hide_to_tray(self) -> None:
        self.remembered.keep(self)
        self.hide()
        self.hidden_to_tray.emit()

    def ask_unsaved(self, then: Callable[[], None]) -> None:
        """Call `then` when nothing is left unsaved: at once, or after the answer to a question that names it all."""
        changed = self._changed
        if not changed:
            then()
            return
        self.show_window()
        if self._question is not None:
            self._question.raise_()
            return
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self)
        box.setIconPixmap(icons.pixmap("warning", 32))
        box.setWindowTitle("Alterações não salvas")
        box.setText("Há alterações não salvas.")
        box.setInformativeText("\n".join(self.unsaved))
        save = box.addButton("Salvar", QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton("Descartar", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Continuar editando", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(save)
        box.setEscapeButton(stay)

        def answered(button: QAbstractButton) -> None:
            self._question = None
            box.deleteLater()
            if button is save:
                self._save_each(changed, then)
            elif button is discard:
                for _, page in changed:
                    page.discard_all()
                then()

        box.buttonClicked.connect(answered)
        self._question = box
        box.open()

    def _save_each(self, changed: list[tuple[str, Page]], then: Callable[[], None]) -> None:
        if not changed:
            then()
            return
        (key, page), *others = changed

        def saved(kept: bool) -> None:
            if kept:
                self._save_each(others, then)
            else:
                self.open_page(key)

        page.save_all(saved)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes as one reads: the status bar after whatever the page holds now. Qt goes in the order of making."""
        entries = self.status.entries
        last = self.previousInFocusChain()
        while last is not None and (last in entries or last.focusPolicy() is Qt.FocusPolicy.NoFocus):
            last = last.previousInFocusChain()
        if last is not None:
            for before, entry in pairwise((last, *entries)):
                QWidget.setTabOrder(before, entry)
        return super().focusNextPrevChild(forward)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted.emit)


def _tests_credit(office: Office) -> bool:
    from app.policies import Environment
    from app.settings.catalog import CREDIT_ALLOWED, CREDIT_ENVIRONMENT

    return office.snapshot[CREDIT_ALLOWED] and office.snapshot[CREDIT_ENVIRONMENT] is Environment.TEST

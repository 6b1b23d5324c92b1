"""A settings screen: tabs, groups and rows made by loops over the catalog, one draft, one Save."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app.domain import Failure, FailureKind
from app.kinds import Choice, Flag, Reference, folded
from app.policies import DatabaseKind, ProxyUse
from app.settings.catalog import (
    CREDIT_MANAGER,
    DATABASE_KIND,
    DATABASE_NAME,
    DATABASE_PORT,
    DATABASE_SSL,
    DATABASE_USER,
    INTEGRATION_ACTIVE,
    INTEGRATION_PORT,
    PROXY_HOST,
    PROXY_PORT,
    PROXY_USE,
    PROXY_USER,
    SEFAZ_BRANCH,
    SERVER,
    WHATSAPP_NUMBER,
)
from app.settings.draft import Conflict, InvalidDraft, SaveConflict
from app.settings.repository import SettingsRepository
from app.settings.setting import Group, Setting, Tab
from app.settings.setting import Page as Screen
from app.settings.snapshot import GENERAL_COMPANY, SettingKey, Snapshot
from app.tables import COMPANIES
from services.check_list import CheckReport
from services.waited_socket import GiveUp
from ui import icons, tasks, theme, whatsapp_access
from ui.check_panel import Check, CheckPanel
from ui.conflict_panel import ConflictPanel
from ui.credit_in_force import CreditInForce
from ui.database_access import DatabaseAccess
from ui.failure_view import FailureView, failure_of
from ui.help_panel import HelpPanel
from ui.kept_password import KeptPassword
from ui.move_offer import MoveOffer
from ui.office import Office
from ui.page import Page
from ui.proxy_access import ProxyAccess
from ui.references import ReferenceSource
from ui.save_bar import SaveBar
from ui.scope_bar import ScopeBar
from ui.search_box import SearchBox
from ui.setting_row import SettingRow, align_columns, shown
from ui.settings_draft import SettingsDraft
from ui.status_grid import StatusGrid
from ui.theme import Tone
from ui.whatsapp_access import WhatsAppAccess

if TYPE_CHECKING:
    from ui.integration_card import IntegrationCard

_OF_PROXY = {PROXY_HOST, PROXY_PORT, PROXY_USER}
_OF_SERVER = {DATABASE_NAME, DATABASE_USER, DATABASE_SSL}
_READ_AT_OPENING = {SERVER, DATABASE_PORT, DATABASE_KIND, *_OF_SERVER}
_NEXT_OPENING = "Os valores deste computador valem na próxima abertura do programa."
_AT_ONCE = "Estes valores são só deste computador e valem assim que são salvos."
_NEXT_START = "Estes valores são só deste computador. O serviço os segue quando é iniciado ou reiniciado."


class SettingsPage(Page):
    """One screen of the catalog. The office may have no database: then only this computer's settings are open."""

    def __init__(self, screen: Screen, office: Office) -> None:
        super().__init__(screen.key, screen.title, screen.path)
        self.declared = screen
        self._office = office
        self.draft = SettingsDraft(office.snapshot)
        self.references = ReferenceSource(office, self)
        self.rows: dict[Setting[Any], SettingRow] = {}
        self._cards: list[tuple[QWidget, list[SettingRow], StatusGrid | None]] = []
        self._help_of: SettingRow | None = None
        self._saving = False
        self._message = ""
        self._discarded: dict[SettingKey, Any] = {}
        self.access: DatabaseAccess | None = None
        self.proxy: ProxyAccess | None = None
        self._passwords: list[KeptPassword] = []
        self.move_offer: MoveOffer | None = None
        self.whatsapp: WhatsAppAccess | None = None
        self.credit: CreditInForce | None = None
        self.service_check: CheckPanel | None = None
        self.service: IntegrationCard | None = None

        self.search = SearchBox("buscar…   Ctrl+F", f"Buscar em {screen.title}")
        self.search.setFixedWidth(240)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._first_found)
        self.search.installEventFilter(self)
        self.header.addWidget(self.search)

        self.scope = ScopeBar(self.references)
        self.scope.company_changed.connect(self._show_all)
        self.conflicts = ConflictPanel()
        self.conflicts.theirs.connect(self._take_theirs)
        self.conflicts.mine.connect(self._keep_mine)
        self.failure = FailureView()
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(f"Abas de {screen.title}")
        self.simulate = QPushButton(icons.icon("play"), "Simular…")
        self.simulate.setToolTip("Mostra quem estas regras bloqueariam hoje, antes de salvar")
        self.simulate.clicked.connect(self._simulate)
        below_tabs = QHBoxLayout()
        below_tabs.setSpacing(theme.M)
        below_tabs.addWidget(self.scope, 1)
        below_tabs.addWidget(self.simulate)
        self.body.addWidget(self.tabs)
        self.body.addLayout(below_tabs)
        for widget in (self.conflicts, self.failure):
            self.body.addWidget(widget)
        middle = QHBoxLayout()
        middle.setSpacing(theme.M)
        self.body.addLayout(middle, 1)
        self.panels = QStackedWidget()
        middle.addWidget(self.panels, 1)
        for tab in screen.tabs:
            self.tabs.addTab(tab.title)
            self._build(tab)
        self.tabs.currentChanged.connect(self._tab_shown)
        self.nothing = QLabel()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.help = HelpPanel()
        self.save_bar = SaveBar()
        self.save_bar.save.connect(self._save_clicked)
        self.save_bar.discard.connect(self._discard_clicked)
        self.save_bar.undo.connect(self._undo)

        middle.addWidget(self.nothing, 1)
        middle.addWidget(self.help)
        self.body.addWidget(self.save_bar)
        self.references.changed.connect(self._refresh)
        self.references.failed.connect(self._failed)
        office.snapshot_changed.connect(self._take_snapshot)
        self._show_all()

    # --- building ----------------------------------------------------------------------------------------

    def _build(self, tab: Tab) -> None:
        # From the outside in: a widget that changes its parent has all its children styled again.
        area = QScrollArea(self.panels)
        self.panels.addWidget(area)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget(area)
        area.setWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.S, 0)
        column.setSpacing(theme.M)
        if self._office.database is not None and INTEGRATION_ACTIVE in _settings(tab):
            from ui.integration_card import IntegrationCard

            self.service = IntegrationCard(self._office, self.draft, inside)
            column.addWidget(self.service)
        for group in tab.groups:
            card = QFrame(inside)
            theme.card(card)
            column.addWidget(card)
            self._fill(card, group)
        column.addStretch(1)

    def _fill(self, card: QFrame, group: Group) -> None:
        column = QVBoxLayout(card)
        column.setContentsMargins(theme.L, theme.M, theme.M, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(theme.role(QLabel(group.title), "subtitle"))
        if group.note:
            note = QLabel(group.note)
            note.setWordWrap(True)
            column.addWidget(theme.role(note, "hint"))
        if CREDIT_MANAGER in group.settings and self._office.database is not None:
            self.credit = CreditInForce(self._office)
            column.addWidget(self.credit)
        rows = [self._row(setting, compact=bool(group.columns)) for setting in group.settings]
        status = StatusGrid(group, rows) if group.columns else None
        if status is not None:
            column.addWidget(status)
        else:
            grid = QGridLayout()
            column.addLayout(grid)
            align_columns(grid)
            for line, row in enumerate(rows):
                row.place_in(grid, line)
        if DATABASE_USER in group.settings:
            self.access = DatabaseAccess(self.draft, self._office.folders.database_file)
            self.access.drafted.connect(self._show_all)
            self._place_password(self.access, column)
            self.move_offer = MoveOffer(self._office, self.draft, self.access, card)
            self.move_offer.taken.connect(self._show_all)
            column.addWidget(self.move_offer)
        if PROXY_USER in group.settings:
            self.proxy = ProxyAccess(self.draft, self._office.folders)
            self._place_password(self.proxy, column)
        if INTEGRATION_PORT in group.settings:
            self.service_check = CheckPanel(
                "Testar serviço",
                "Procura o serviço de integração com os valores desta tela, salvos ou não.",
                self._prepared_service_check,
            )
            self.service_check.sight_wanted.connect(self._scroll_to)
            column.addWidget(self.service_check)
        if WHATSAPP_NUMBER in group.settings:
            self.whatsapp = WhatsAppAccess(self._office)
            column.addWidget(self.whatsapp)
        self._cards.append((card, rows, status))

    def _place_password(self, password: KeptPassword, column: QVBoxLayout) -> None:
        password.edited.connect(self._edited)
        password.focused.connect(self._help_password)
        password.sight_wanted.connect(self._scroll_to)
        self._passwords.append(password)
        column.addWidget(password)

    def _row(self, setting: Setting[Any], *, compact: bool) -> SettingRow:
        row = SettingRow(setting, self.draft, self.references, self, compact=compact)
        row.edited.connect(self._row_edited)
        row.focused.connect(self._help)
        if setting is SEFAZ_BRANCH:
            button = QPushButton("Certificado…")
            button.setToolTip("Ver ou instalar o certificado digital da filial")
            button.clicked.connect(self._open_certificates)
            row.editor.lines.insertWidget(2, button, 0, Qt.AlignmentFlag.AlignLeft)
        self.rows[setting] = row
        return row

    # --- showing -----------------------------------------------------------------------------------------

    def _locked(self, setting: Setting[Any]) -> tuple[str, str]:
        """Why a setting cannot be edited now, in two words and in a sentence; both "" when it can."""
        company = self.scope.selected
        if not setting.is_machine and self._office.database is None:
            return "banco fechado", "O banco de dados não está aberto: este valor fica guardado nele."
        if company != GENERAL_COMPANY and not setting.is_company and not setting.is_machine:
            return "só no geral", "Este valor é um só para todas as empresas. Escolha “Geral” para mudá-lo."
        if company == GENERAL_COMPANY and not setting.is_general and not setting.is_machine:
            return "escolha a empresa", "Cada empresa tem o seu valor. Escolha “Empresa” acima para ver e mudar."
        if setting in _OF_SERVER and self.draft.snapshot()[DATABASE_KIND] is DatabaseKind.FILE:
            return "só com servidor", "O arquivo local não usa este valor. Escolha “Servidor PostgreSQL” para mudá-lo."
        if setting in _OF_PROXY and self.draft.snapshot()[PROXY_USE] is not ProxyUse.ADDRESS:
            return "só com endereço", "Só o proxy “Este endereço” usa este valor. Escolha-o para mudá-lo."
        return "", ""

    @Slot()
    def _show_all(self) -> None:
        for setting, row in self.rows.items():
            row.show_state(self.scope.selected, *self._locked(setting))
        self._refresh_page()

    @Slot()
    def _refresh(self) -> None:
        for setting, row in self.rows.items():
            row.refresh_marks(*self._locked(setting))
        self._refresh_page()

    def _refresh_page(self) -> None:
        for password in self._passwords:
            password.refresh()
        if self.whatsapp is not None:
            self.whatsapp.show_profile(self.draft.snapshot().for_company(self.scope.selected))
        if self.credit is not None:
            company = self.scope.selected
            whose = self.references.title(COMPANIES.key, company)
            self.credit.show_profile(self.draft.snapshot().for_company(company), whose)
        if self.service is not None:
            self.service.refresh()
        keys = self.draft.keys
        labels, details = self.unsaved(), [self.draft.describe(key, self._shown) for key in keys]
        details += [f"{password.LABEL}: uma nova senha" for password in self._passwords if password.typed]
        if labels:
            self._message, self._discarded = "", {}
        if not self._saving:
            self.save_bar.show_state(labels, details, message=self._message, undo=bool(self._discarded))
        errors = {setting for setting, _ in self.draft.errors}
        for index, tab in enumerate(self.declared.tabs):
            wrong = any(setting in errors for setting in _settings(tab))
            self.tabs.setTabIcon(index, QIcon(icons.pixmap("error", 16, Tone.BLOCK)) if wrong else QIcon())
            self.tabs.setTabToolTip(index, "Há um valor que precisa ser corrigido nesta aba." if wrong else "")
        self._say_scope()
        self._offer_simulation()
        if self._help_of is not None:
            self._help(self._help_of)

    def _say_scope(self) -> None:
        if self._office.database is None:
            self.scope.say("O banco de dados não está aberto: só as configurações deste computador podem ser mudadas.")
        elif INTEGRATION_ACTIVE in _settings(self._current_tab):
            self.scope.say(_NEXT_START)
        elif _READ_AT_OPENING.intersection(_settings(self._current_tab)):
            self.scope.say(_NEXT_OPENING)
        elif all(setting.is_machine for setting in _settings(self._current_tab)):
            self.scope.say(_AT_ONCE)
        else:
            self.scope.say("")

    def _offer_simulation(self) -> None:
        self.simulate.setVisible(self._office.database is not None and self._current_tab.simulates is not None)

    @property
    def _current_tab(self) -> Tab:
        return self.declared.tabs[self.tabs.currentIndex()]

    @Slot(int)
    def _tab_shown(self, index: int) -> None:
        self.panels.setCurrentIndex(index)
        self._say_scope()
        self._offer_simulation()
        self._help_of = None
        self.help.clear()

    def _shown(self, setting: Setting[Any], value: Any) -> str:
        return shown(setting, value, self.references)

    @Slot(object)
    def _row_edited(self, row: SettingRow) -> None:
        if row.setting in (DATABASE_KIND, PROXY_USE):
            self._refresh()
        else:
            row.refresh_marks(*self._locked(row.setting))
            self._refresh_page()

    @Slot()
    def _edited(self) -> None:
        self._refresh_page()

    # --- help --------------------------------------------------------------------------------------------

    def show_help(self) -> bool:
        """F1: hide the help, or bring it back."""
        self.help.setVisible(not self.help.isVisible())
        return True

    @Slot(object)
    def _help(self, row: SettingRow) -> None:
        self._help_of = row
        setting = row.setting
        effective = self.draft.base.for_company(row.key[1]).effective(setting)
        kept = effective.kept
        last = f"{kept.by or 'Alguém'}, em {kept.at.astimezone():%d/%m/%Y %H:%M}" if kept and kept.at else ""
        companies = sorted(c for s, c in self.draft.base.values if s is setting and c != GENERAL_COMPANY)
        own = ", ".join(self.references.title("empresas", company) for company in companies)
        scopes = " e ".join(scope.label for scope in setting.scopes)
        self.help.show_help(
            setting.label,
            [
                ("", setting.help),
                ("O que muda", setting.effect),
                ("Exemplo", setting.example),
                ("Aceita", "" if isinstance(setting.kind, Flag | Choice | Reference) else setting.kind.hint),
                ("Vale para", scopes),
                ("Empresas com valor próprio", own if setting.is_general else ""),
                ("Padrão", self._shown(setting, setting.default)),
                ("Última mudança", last),
                ("Chave", setting.key),
            ],
        )

    @Slot(object)
    def _help_password(self, password: KeptPassword) -> None:
        self._help_of = None
        self.help.show_help(password.LABEL, password.HELP)

    # --- search ------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.search.clear()
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def _search(self) -> None:
        words = folded(self.search.text()).split()
        found = {row for row in self.rows.values() if row.matches(words)}
        for row in self.rows.values():
            row.set_visible(row in found)
        for card, rows, status in self._cards:
            card.setVisible(any(row in found for row in rows))
            if status is not None:
                status.refresh(found)
        for password in self._passwords:
            password.setVisible(all(word in folded(password.LABEL) for word in words))
        if self.whatsapp is not None:
            self.whatsapp.setVisible(all(word in folded(whatsapp_access.LABEL) for word in words))
        if self.credit is not None:
            self.credit.setVisible(not words)
        if self.service is not None:
            self.service.setVisible(not words)
        counts = [sum(self.rows[setting] in found for setting in _settings(tab)) for tab in self.declared.tabs]
        if found and not counts[self.tabs.currentIndex()]:
            self.tabs.setCurrentIndex(next(index for index, count in enumerate(counts) if count))
        for index, (tab, count) in enumerate(zip(self.declared.tabs, counts, strict=True)):
            self.tabs.setTabText(index, f"{tab.title} ({count})" if words and count else tab.title)
            self.tabs.setTabEnabled(index, count > 0 or not found)  # without the tab in front, Qt would go to another
        self.panels.setVisible(bool(found))
        self.nothing.setVisible(not found)
        self.nothing.setText(f"Nada encontrado para “{self.search.text().strip()}”. Esc limpa a busca.")

    @Slot()
    def _first_found(self) -> None:
        words = folded(self.search.text()).split()
        row = next((self.rows[s] for s in _settings(self._current_tab) if self.rows[s].matches(words)), None)
        if row is not None:
            row.focus()

    # --- keeping -----------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Read the tables and the kept values again; what is being edited stays."""
        self.references.refresh()
        tasks.run(self._office.settings.load, self._loaded, self._failed, self)

    def show_argument(self, argument: object) -> None:
        """Go to a setting, given as such or by its key."""
        setting = next((s for s in self.rows if argument in (s, s.key)), None)
        if setting is not None:
            self._reveal((setting, self.scope.selected if setting.is_company else GENERAL_COMPANY))

    def _loaded(self, snapshot: Snapshot) -> None:
        self.failure.clear()
        if snapshot.values != self._office.snapshot.values:
            self._office.take_snapshot(snapshot)

    @Slot()
    def _take_snapshot(self) -> None:
        self.draft.rebase(self._office.snapshot)
        self._show_all()

    def unsaved(self) -> list[str]:
        """The labels of what was changed here and not saved."""
        labels = [self.draft.label(key) for key in self.draft.keys]
        return labels + [password.LABEL for password in self._passwords if password.typed]

    @Slot()
    def _save_clicked(self) -> None:
        self.save_all(lambda kept: None)

    def save_all(self, then: Callable[[bool], None]) -> None:
        """Save the draft and the typed password; `then` is told whether everything is kept."""
        if self._saving:
            then(False)
            return
        if any(self.draft.unreadable(key) for key in self.draft.keys):
            self._to_first_error()
            then(False)
            return
        if not self.unsaved():
            then(True)
            return
        changes = self.draft.changes
        typed = {password: password.typed for password in self._passwords if password.typed}
        self._saving = True
        self.failure.clear()
        self.save_bar.show_saving()
        passwords = [(password.secret, text) for password, text in typed.items()]
        work = partial(_keep, self._office.settings, changes, self.draft.base, self._office.actor, passwords)
        tasks.run(work, partial(self._saved, changes, typed, then), partial(self._not_saved, then), self)

    def _saved(
        self,
        changes: dict[SettingKey, Any],
        typed: dict[KeptPassword, str],
        then: Callable[[bool], None],
        kept: _Kept,
    ) -> None:
        self._saving = False
        self.draft.saved(kept.snapshot, changes)
        for password, text in typed.items():
            if kept.password_error is None and password.typed == text:
                password.forget()
        labels = [self.draft.label(key) for key in changes] + [password.LABEL for password in typed]
        later = any(setting in _READ_AT_OPENING for setting, _ in changes) or self.access in typed
        self._message = f"Salvo: {', '.join(labels)}." + (f" {_NEXT_OPENING}" if later else "")
        self._discarded = {}
        self._office.take_snapshot(kept.snapshot)
        if kept.password_error is not None:
            self.failure.show_failure(failure_of(kept.password_error))
        then(kept.password_error is None)

    def _not_saved(self, then: Callable[[bool], None], error: Exception) -> None:
        self._saving = False
        if isinstance(error, InvalidDraft):
            self.draft.refuse(error.errors)
            self._refresh()
            self._to_first_error()
        elif isinstance(error, SaveConflict):
            self.conflicts.show_conflicts(error.conflicts, self._mine)
            self._refresh()
        else:
            self._refresh()
            self._failed(error)
        then(False)

    def _failed(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))

    def _mine(self, conflict: Conflict) -> str:
        effective = self.draft.effective(conflict.setting, conflict.company)
        return self._shown(conflict.setting, effective.value)

    @Slot(object)
    def _take_theirs(self, conflict: Conflict) -> None:
        self.draft.take_theirs(conflict)
        self._show_answered(conflict)

    @Slot(object)
    def _keep_mine(self, conflict: Conflict) -> None:
        self.draft.keep_mine(conflict)
        self._show_answered(conflict)

    def _show_answered(self, conflict: Conflict) -> None:
        self._show_all()
        self._reveal((conflict.setting, conflict.company))  # the button that was pressed goes away

    def discard_all(self) -> None:
        """Forget every unsaved change."""
        self.draft.discard()
        for password in self._passwords:
            password.forget()
        self.conflicts.show_conflicts([], self._mine)
        self._show_all()

    @Slot()
    def _discard_clicked(self) -> None:
        details = [self.draft.describe(key, self._shown) for key in self.draft.keys]
        self._discarded = self.draft.discard()
        self._message = f"Descartado. {'; '.join(details)}" if details else "Descartado."
        self.discard_all()

    @Slot()
    def _undo(self) -> None:
        self.draft.put_back(self._discarded)
        self._show_all()

    def _to_first_error(self) -> None:
        errors = self.draft.errors
        order = {setting: place for place, setting in enumerate(self.rows)}
        here = self.scope.selected
        keys = sorted(errors, key=lambda key: (key[1] not in (here, GENERAL_COMPANY), order[key[0]]))
        if keys:
            self._reveal(keys[0])

    def _reveal(self, key: SettingKey) -> None:
        setting, company = key
        row = self.rows[setting]
        if not row.matches(folded(self.search.text()).split()):
            self.search.clear()
        if not setting.is_machine and self._office.database is not None and company != self.scope.selected:
            self.scope.select(company)
        index = next(i for i, tab in enumerate(self.declared.tabs) if setting in _settings(tab))
        self.tabs.setCurrentIndex(index)
        self._scroll_to(row.editor.widget)
        row.focus()

    @Slot(object)
    def _scroll_to(self, widget: QWidget) -> None:
        area = self.panels.currentWidget()
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget, 0, theme.XL)

    def _prepared_service_check(self) -> Check:
        return partial(_service_checked, self.draft.snapshot())

    # --- trying before saving ----------------------------------------------------------------------------

    @Slot()
    def _simulate(self) -> None:
        authority = self._current_tab.simulates
        if authority is None:
            return
        if self.draft.errors:
            wrong = {self.draft.label(key): sentence for key, sentence in self.draft.errors.items()}
            self._to_first_error()
            self.failure.show_failure(
                Failure(
                    FailureKind.CONFIGURATION,
                    f"Não dá para simular: {'; '.join(f'{label}: {sentence}' for label, sentence in wrong.items())}",
                    "",
                    "Corrija o valor e simule de novo.",
                )
            )
            return
        from ui.simulation_dialog import SimulationDialog

        self.failure.clear()
        changes = [self.draft.describe(key, self._shown) for key in self.draft.keys]
        SimulationDialog(self._office, authority, self.draft.snapshot(), changes, self).show()

    @Slot()
    def _open_certificates(self) -> None:
        branch = self.draft.effective(SEFAZ_BRANCH, GENERAL_COMPANY).value
        self._office.open_page.emit("certificados", branch)


class _Kept:
    """What one saving did: values are kept, and the passwords too unless the keyring refused one."""

    def __init__(self, snapshot: Snapshot, password_error: Exception | None) -> None:
        self.snapshot = snapshot
        self.password_error = password_error


def _keep(
    settings: SettingsRepository,
    changes: dict[SettingKey, Any],
    base: Snapshot,
    actor: str,
    passwords: Sequence[tuple[Callable[[Snapshot], str], str]],
) -> _Kept:
    from app import secrets

    snapshot = settings.save(changes, base, actor) if changes else settings.load()
    try:
        for secret, text in passwords:
            secrets.write(secret(snapshot), text)
    except secrets.SecretsUnavailable as error:
        return _Kept(snapshot, error)
    return _Kept(snapshot, None)


def _service_checked(snapshot: Snapshot, given_up: GiveUp) -> Iterator[CheckReport]:
    from services.service_check import check_service

    return check_service(snapshot, given_up)


def _settings(tab: Tab) -> Iterator[Setting[Any]]:
    return (setting for group in tab.groups for setting in group.settings)

"""The access to one gerenciadora from this computer: its credentials in each environment, and a try of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.domain import Authority, FailureKind
from app.policies import Environment
from ui import icons, tasks, theme
from ui.button_row import button_row
from ui.credit_analysis_model import ENVIRONMENTS
from ui.credit_credentials import CredentialsDialog
from ui.failure_view import FailureView, failure_of
from ui.inscription_card import selectable
from ui.theme import Tone
from ui.wrapping_row import WrappingRow

if TYPE_CHECKING:
    from app.data.credit_managers import Manager
    from services.credit.credentials import Credentials
    from ui.office import Office

_FRAME = 48  # about what a window manager puts around


class CreditAccessDialog(QDialog):
    """One card for each environment. What is on the network is given up when it closes."""

    changed = Signal()
    """Credentials were kept or taken away; a gerenciadora that waited for them is asked again."""

    def __init__(self, office: Office, manager_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._manager_id = manager_id
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Credenciais da gerenciadora")
        self.setMinimumWidth(560)
        self.cards: dict[Environment, AccessCard] = {}
        self._title = theme.role(QLabel(), "subtitle")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        hint = QLabel(
            "Ficam no cofre de senhas deste computador e em nenhum outro lugar: cada computador que consulta precisa "
            "das suas."
        )
        theme.role(hint, "hint").setWordWrap(True)
        inside = QWidget()
        self._cards = QVBoxLayout(inside)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(theme.M)
        self._scroll = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self.failure = FailureView()
        close = QPushButton("Fechar")
        close.clicked.connect(self.close)
        self._whole = whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(self._title)
        whole.addWidget(hint)
        whole.addWidget(self.failure)
        whole.addWidget(scroll, 1)
        whole.addLayout(button_row(close))
        self._read()

    def done(self, result: int) -> None:
        """Close; a try in progress is given up."""
        for card in self.cards.values():
            card.give_up()
        super().done(result)

    def _read(self) -> None:
        database, number = self._office.backoffice.database, self._manager_id

        def read() -> Manager:
            from app.data import credit_managers

            with database.reading() as connection:
                found = credit_managers.get(connection, number)
            assert found is not None  # rows are never erased
            return found

        tasks.run(read, self._show, self._not_read, self)

    def _show(self, manager: Manager) -> None:
        self._title.setText(manager.name)
        for environment in Environment:
            card = self.cards[environment] = AccessCard(self._office, manager, environment)
            card.changed.connect(self.changed)
            card.grown.connect(self._make_room)
            self._cards.addWidget(card)
            card.show()  # what is not shown yet does not get the keyboard
        self._cards.addStretch(1)
        first = self.cards[manager.environment or Environment.PRODUCTION]
        first.change.setFocus()
        self._make_room()

    def _not_read(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))
        self._make_room()

    @Slot()
    def _make_room(self) -> None:
        """Grow to what is shown now, once it is laid out, as far as the screen has room; never shrink."""
        QTimer.singleShot(0, self, self._grow)

    @Slot()
    def _grow(self) -> None:
        self._whole.activate()
        missing = self._cards.totalHeightForWidth(self._scroll.viewport().width()) - self._scroll.viewport().height()
        room = self.screen().availableGeometry().height() - _FRAME
        self.resize(self.width(), max(self.height(), min(self.height() + missing, room)))


class AccessCard(QFrame):
    """The credentials of one environment: whether this computer has them, and the buttons."""

    changed = Signal()
    grown = Signal()
    """There may be more to see."""

    def __init__(self, office: Office, manager: Manager, environment: Environment) -> None:
        super().__init__()
        self._office = office
        self._manager = manager
        self._environment = environment
        self._known: Credentials | None = None
        self._trial: tasks.Task[str] | None = None
        look = ENVIRONMENTS[environment]
        theme.card(self)
        name = theme.role(QLabel(look.word), "strong")
        theme.tone(name, look.tone)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        if environment is Environment.TEST:  # a check mark beside Produção would seem to say that all is well
            icon = QLabel()
            icon.setPixmap(icons.pixmap(look.icon, 16, look.tone))
            head.addWidget(icon)
        head.addWidget(name, 1)
        self._where = theme.role(selectable(_where(manager, environment)), "hint")
        self.state = selectable()
        self.change = QPushButton(icons.icon("key"), "Informar…")
        self.change.clicked.connect(self._ask)
        self.forget = QPushButton("Apagar…")
        self.forget.clicked.connect(self._ask_forgetting)
        self.trial = QPushButton()
        self.trial.clicked.connect(self._try_or_give_up)
        buttons = WrappingRow()
        for button in (self.change, self.forget, self.trial):
            button.setAutoDefault(False)
            buttons.add_widget(button)
        self._icon, self.answer = QLabel(), selectable()
        self._answered = QWidget()
        said = QHBoxLayout(self._answered)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(theme.S)
        said.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.answer, 1)
        self._answered.hide()
        self.failure = FailureView()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        whole.setSpacing(theme.S)
        whole.addLayout(head)
        whole.addWidget(self._where)
        whole.addWidget(self.state)
        whole.addWidget(buttons)
        whole.addWidget(self._answered)
        whole.addWidget(self.failure)
        self._say_buttons()
        self._read()

    def give_up(self) -> None:
        """End a try that is in progress."""
        if self._trial is not None:
            self._trial.cancel()

    # --- what is kept ---

    def _read(self) -> None:
        manager, environment = self._manager, self._environment

        def read() -> Credentials | None:
            from services.credit import credentials

            return credentials.read(manager, environment)

        tasks.run(read, self._show_kept, self._not_read, self)

    def _show_kept(self, known: Credentials | None) -> None:
        self._known = known
        user = f", de {known.user}" if known is not None and known.user else ""
        self.state.setText(
            f"Guardadas neste computador{user}." if known is not None else "Não há credenciais neste computador."
        )
        is_used = self._manager.environment in (None, self._environment)
        theme.tone(self.state, Tone.WARN if known is None and is_used else None)
        self._say_buttons()
        self.grown.emit()

    def _not_read(self, error: Exception) -> None:
        self.state.setText("Não se sabe se este computador tem as credenciais.")
        self._fail(error)

    def _say_buttons(self) -> None:
        word, kept, trying = ENVIRONMENTS[self._environment].word, self._known is not None, self._trial is not None
        self.change.setText("Trocar…" if kept else "Informar…")
        self.trial.setText("Cancelar" if trying else "Testar acesso")
        self.trial.setIcon(icons.icon("cancel" if trying else "diagnosis"))
        self.trial.setToolTip("" if trying else "Apresenta as credenciais à gerenciadora, sem perguntar por ninguém")
        for button in (self.change, self.forget):
            button.setEnabled(not trying and (kept or button is self.change))
        self.trial.setEnabled(kept or trying)
        for button in (self.change, self.forget, self.trial):
            button.setAccessibleName(f"{button.text().rstrip('…')}: {word}")

    @Slot()
    def _ask(self) -> None:
        known = "" if self._known is None else self._known.user
        dialog = CredentialsDialog(self._office, self._manager, self._environment, known, self)
        dialog.kept.connect(self._kept)
        dialog.open()

    @Slot()
    def _kept(self) -> None:
        self._unsay()
        self._office.service_of(Authority.CREDIT).wake()
        self._read()
        self.changed.emit()

    @Slot()
    def _ask_forgetting(self) -> None:
        where = f"{self._manager.name} em {ENVIRONMENTS[self._environment].word}"
        box = QMessageBox(
            QMessageBox.Icon.Question, "Apagar credenciais", f"Apagar as credenciais de {where}?", parent=self
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText("Este computador deixa de consultá-la até que sejam informadas de novo.")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        yes = box.addButton("Apagar", QMessageBox.ButtonRole.DestructiveRole)
        no = box.addButton("Voltar", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)
        box.buttonClicked.connect(partial(self._answer_forgetting, yes))
        box.open()

    def _answer_forgetting(self, yes: QAbstractButton, answer: QAbstractButton) -> None:
        if answer is not yes:
            return
        self._unsay()
        manager, environment = self._manager, self._environment

        def forget() -> None:
            from services.credit import credentials

            credentials.forget(manager, environment)

        tasks.run(forget, self._forgotten, self._fail, self)

    def _forgotten(self, _nothing: None) -> None:
        self.change.setFocus()  # the button that was pressed is of no use now
        self._read()
        self.changed.emit()

    # --- the try ---

    @Slot()
    def _try_or_give_up(self) -> None:
        if self._trial is not None:
            self._trial.cancel()
            self.trial.setEnabled(False)
            return
        from services.credit.access_trial import AccessTrial

        self._unsay()
        trial = AccessTrial(self._manager, self._environment, self._office.folders)
        self._trial = tasks.run(trial.run, self._passed, self._not_passed, self, cancelled=trial)
        self._say("clock", Tone.INFO, "Apresentando as credenciais…")
        self._say_buttons()

    def _passed(self, sentence: str) -> None:
        self._end_trial()
        self._say("info", Tone.NEUTRAL, sentence)

    def _not_passed(self, error: Exception) -> None:
        self._end_trial()
        failure = failure_of(error)
        if failure.kind is FailureKind.CANCELLED:
            self._say("info", Tone.NEUTRAL, "O teste foi cancelado.")
            return
        self._unsay()
        self._fail(error)

    def _end_trial(self) -> None:
        self._trial = None
        self._say_buttons()

    # --- what is said ---

    def _say(self, icon: str, tone: Tone, sentence: str) -> None:
        self._icon.setPixmap(icons.pixmap(icon, 16, tone))
        self.answer.setText(sentence)
        self._answered.show()
        self.grown.emit()

    def _unsay(self) -> None:
        self._answered.hide()
        self.answer.clear()
        self.failure.clear()

    def _fail(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))
        self.grown.emit()


def _where(manager: Manager, environment: Environment) -> str:
    """Its address there, and whether it is used at all."""
    from services.credit.addresses import published

    own, known = manager.addresses[environment], published()[manager.provider].addresses.get(environment, "")
    if own:
        said = f"{own}, do cadastro."
    elif known:
        said = f"{known}, publicado pelo provedor."
    else:
        said = "Sem endereço: o provedor não publica nenhum. Informe no cadastro o que veio com o contrato."
    if manager.environment not in (None, environment):
        said += f" Não é usado: o cadastro impõe {ENVIRONMENTS[manager.environment].word}."
    return said

"""A failure as an operator reads it: what happened, the probable cause, what to do, and details to copy."""

from __future__ import annotations

import traceback

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.domain import Failure, FailureKind
from ui import icons, theme
from ui.aside_button import AsideButton
from ui.theme import Tone


class FailureView(QFrame):
    """Hidden until `show_failure`. `add_button` puts the ways out under the text.

    Without `copies`, whoever shows it has a copy of more than the failure to offer.
    """

    def __init__(self, parent: QWidget | None = None, *, copies: bool = True) -> None:
        super().__init__(parent)
        theme.card(self)
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._what = theme.role(_text(), "strong")
        self._cause = _text()
        self._todo = _text()
        self._fold = AsideButton("Detalhes")
        self._fold.setCheckable(True)
        self._fold.setIcon(icons.icon("chevron-right"))
        self._fold.toggled.connect(self._unfold)
        self._copy = AsideButton("Copiar")
        self._copy.setIcon(icons.icon("copy"))
        self._copy.clicked.connect(self._copy_details)
        if not copies:  # shown here it would be a window of its own, and take the keyboard from the program's
            self._copy.hide()
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Detalhes da falha")
        self._details.setMinimumHeight(120)
        self._details.setMaximumHeight(240)
        self._details.hide()

        texts = QVBoxLayout()
        texts.setSpacing(theme.XS)
        for label in (self._what, self._cause, self._todo):
            texts.addWidget(label)
        self._ways_out = QHBoxLayout()
        self._ways_out.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._fold)
        buttons.addWidget(self._copy)
        buttons.addStretch(1)
        texts.addSpacing(theme.XS)
        for row in (self._ways_out, buttons):  # in one row they would not fit at the side of a list
            row.setSpacing(theme.S)
            texts.addLayout(row)
        texts.addWidget(self._details)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        whole.setSpacing(theme.M)
        whole.addWidget(self._icon)
        whole.addLayout(texts, 1)
        self.hide()

    def add_button(self, button: QPushButton) -> None:
        """One more way out, above "Detalhes"."""
        self._ways_out.insertWidget(self._ways_out.count() - 1, button)

    def show_failure(self, failure: Failure) -> None:
        """Show this failure instead of any other."""
        self._failure = failure
        self._icon.setPixmap(icons.pixmap("error", 24, Tone.FAIL))
        self._what.setText(failure.what)
        self._cause.setText(f"Causa provável: {failure.cause}" if failure.cause else "")
        self._todo.setText(f"O que fazer: {failure.todo}" if failure.todo else "")
        for label in (self._cause, self._todo):
            label.setVisible(bool(label.text()))
        self._details.setPlainText(failure.details)
        self._fold.setChecked(False)
        self._fold.setVisible(bool(failure.details))
        self.setAccessibleName(f"{failure.kind.label}: {failure.what}")
        self.setAccessibleDescription(failure.sentence)
        self.show()

    def clear(self) -> None:
        """There is no failure to show."""
        self.hide()

    @Slot(bool)
    def _unfold(self, shown: bool) -> None:
        self._details.setVisible(shown)
        self._fold.setIcon(icons.icon("chevron-down" if shown else "chevron-right"))

    @Slot()
    def _copy_details(self) -> None:
        failure = self._failure
        parts = (failure.kind.label, failure.what, failure.cause, failure.todo, failure.details)
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def failure_of(error: Exception) -> Failure:
    """The failure behind any exception that a task gave back; one that nobody expected keeps its traceback."""
    explained = getattr(error, "failure", None)
    if isinstance(explained, Failure):
        return explained
    if isinstance(error, _spoken()):
        return Failure(FailureKind.CONFIGURATION, str(error), "", "")
    details = "".join(traceback.format_exception(error))
    return Failure(
        FailureKind.INTERNAL,
        "Aconteceu um erro inesperado no programa.",
        f"{type(error).__name__}: {error}".rstrip(": "),
        "Tente de novo. Se repetir, copie os detalhes e mande para o suporte.",
        details,
    )


def _spoken() -> tuple[type[Exception], ...]:
    """The exceptions whose message is already a sentence for the operator."""
    from app.anp_lists import UnreadableList
    from app.data.counters import CounterNotFound
    from app.data.mirror import IncompleteList, OlderList
    from app.data.mirror_check import ListNotUsable
    from app.data.records import InvalidRecord, RecordNotFound
    from app.data.registration_update import RegistrationMoved
    from app.documents import InvalidDocument
    from app.kinds import InvalidValue
    from app.secrets import SecretsUnavailable
    from app.settings.draft import InvalidDraft, SaveConflict
    from app.settings.machine import MachineFileError
    from services.certificate import CertificateUnusable
    from services.pfx import CertificateRefused
    from services.sefaz.endpoints import InvalidEndpoints

    return (
        InvalidRecord,
        RecordNotFound,
        CounterNotFound,
        RegistrationMoved,
        InvalidDocument,
        InvalidValue,
        SecretsUnavailable,
        MachineFileError,
        InvalidDraft,
        SaveConflict,
        CertificateRefused,
        CertificateUnusable,
        InvalidEndpoints,
        UnreadableList,
        IncompleteList,
        OlderList,
        ListNotUsable,
    )

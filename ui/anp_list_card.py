"""One list that ANP publishes, as it is kept here: of when it is, how old, how large, and the ways to renew it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.domain import ListKind
from app.rules.anp_mirror import too_old
from ui import icons, theme, words
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.mirror import ListTaken

TITLES = {
    ListKind.AUTOMOTIVE: "Automotivos",
    ListKind.GLP: "GLP",
    ListKind.DISTRIBUTOR: "Distribuidores",
}
_USES = {
    ListKind.AUTOMOTIVE: "Todos os postos autorizados, com a bandeira de cada um.",
    ListKind.GLP: "Todas as revendas de GLP autorizadas, com a bandeira de cada uma.",
    ListKind.DISTRIBUTOR: "Os distribuidores, para preencher a Tabela de Bandeiras.",
}


class AnpListCard(QFrame):
    """Says what is kept and asks the page for everything else."""

    download_wanted = Signal(object)
    """Download the list of this ListKind from ANP."""

    import_wanted = Signal(object)
    """Take the list of this ListKind from a file."""

    rejected_wanted = Signal(object)
    """Show the rejected lines of this ListTaken."""

    def __init__(self, kind: ListKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        self._taken: ListTaken | None = None
        theme.card(self)
        self.age = theme.badge(QLabel(), Tone.NEUTRAL)
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(theme.role(QLabel(TITLES[kind]), "subtitle"))
        head.addStretch(1)
        head.addWidget(self.age)
        self.facts = {name: QLabel() for name in ("Lista de", "Confirmada", "Linhas")}
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(1, 1)
        for row, (name, label) in enumerate(self.facts.items()):
            grid.addWidget(theme.role(QLabel(name), "hint"), row, 0)
            grid.addWidget(label, row, 1)
        self._grid = QWidget()
        self._grid.setLayout(grid)
        grid.setContentsMargins(0, 0, 0, 0)
        self._none = QLabel(f"{_USES[kind]} Ainda não foi importada.")
        self._none.setWordWrap(True)
        self.rejected = QPushButton()
        theme.link(self.rejected)
        self.rejected.clicked.connect(self._show_rejected)
        self.download_button = QPushButton(icons.icon("refresh"), "Baixar")
        self.download_button.setToolTip("Baixar da ANP a lista publicada hoje")
        self.download_button.clicked.connect(self._download)
        self.import_button = QPushButton(icons.icon("folder"), "Importar…")
        self.import_button.setToolTip("Importar a lista de um arquivo CSV já baixado da página da ANP")
        self.import_button.clicked.connect(self._import)
        for button in (self.download_button, self.import_button):
            button.setAccessibleName(f"{button.text()} {kind.label}")
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.download_button)
        buttons.addWidget(self.import_button)
        buttons.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        whole.setSpacing(theme.S)
        whole.addLayout(head)
        whole.addWidget(self._grid)
        whole.addWidget(self._none)
        whole.addWidget(self.rejected, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addStretch(1)
        whole.addLayout(buttons)
        self.setToolTip(kind.label)

    def show_list(self, taken: ListTaken | None, max_age_days: int, now: datetime) -> None:
        """Show the newest list kept, None when there is none; `max_age_days` is how old it may answer for ANP."""
        self._taken = taken
        self._grid.setVisible(taken is not None)
        self._none.setVisible(taken is None)
        if taken is None:
            theme.tone(self.age, Tone.NEUTRAL)
            self.age.setText("sem lista")
            self.age.setToolTip("")
        else:
            tone, why = _age(taken, max_age_days, now)
            theme.tone(self.age, tone)
            self.age.setText(words.relative(taken.confirmed_at, now))
            self.age.setToolTip(why)
            self.facts["Lista de"].setText(words.exact(taken.taken_at))
            self.facts["Confirmada"].setText(words.exact(taken.confirmed_at))
            self.facts["Linhas"].setText(words.counted(taken.rows, "estabelecimento", "estabelecimentos"))
            for label in self.facts.values():
                label.setToolTip(f"Origem: {taken.source}")
            self.rejected.setText(words.counted(taken.rejected, "linha recusada", "linhas recusadas"))
        self.rejected.setVisible(taken is not None and taken.rejected > 0)
        said = [label.text() for label in (self.age, *self.facts.values())] if taken is not None else ["sem lista"]
        self.setAccessibleName(f"{self.kind.label}: {', '.join(said)}")

    def set_busy(self, busy: bool) -> None:
        """While some list is being renewed no other is."""
        self.download_button.setEnabled(not busy)
        self.import_button.setEnabled(not busy)

    @Slot()
    def _download(self) -> None:
        self.download_wanted.emit(self.kind)

    @Slot()
    def _import(self) -> None:
        self.import_wanted.emit(self.kind)

    @Slot()
    def _show_rejected(self) -> None:
        self.rejected_wanted.emit(self._taken)


def _age(taken: ListTaken, max_age_days: int, now: datetime) -> tuple[Tone, str]:
    """The colour of the list's age and what the age means, in words."""
    if taken.kind is ListKind.DISTRIBUTOR:
        return Tone.NEUTRAL, "Esta lista não responde por nenhum cliente."
    if max_age_days == 0:
        return Tone.NEUTRAL, "Pela configuração, a lista nunca responde no lugar da consulta à ANP."
    limit = words.counted(max_age_days, "dia", "dias")
    if too_old(taken.confirmed_at, max_age_days, now):
        return Tone.WARN, f"Passou de {limit}: não responde mais no lugar da consulta à ANP. Baixe a lista de novo."
    return Tone.OK, f"Responde no lugar da consulta à ANP até completar {limit}."

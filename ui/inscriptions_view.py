"""The inscriptions of one answer of SEFAZ: the only one in a card, several in tabs, and those that came no more."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QTabWidget, QVBoxLayout, QWidget

from app.domain import Inscription
from app.inscription_words import Changes
from ui import icons, theme
from ui.inscription_card import InscriptionCard
from ui.theme import Tone


class InscriptionsView(QWidget):
    """The inscriptions of an answer; what is in `different` is marked. The one that `reason` is about is in front."""

    def __init__(
        self, inscriptions: tuple[Inscription, ...], different: Changes, reason: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        number = len(inscriptions)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.S)
        whole.addWidget(theme.role(QLabel("Inscrição" if number == 1 else f"{number} inscrições"), "subtitle"))
        if different.gone:
            gone = ", ".join(f"{i.IE} ({i.UF})" for i in different.gone)
            mark = theme.badge(QLabel(f"Mudou · não veio mais: {gone}"), Tone.WARN)
            mark.setWordWrap(True)
            whole.addWidget(mark)
        cards = [InscriptionCard(i, n, different) for n, i in enumerate(inscriptions)]
        if number == 1:
            frame = QFrame()
            theme.card(frame)
            inside = QVBoxLayout(frame)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.addWidget(cards[0])
            whole.addWidget(frame)
            return
        tabs = QTabWidget()
        tabs.setUsesScrollButtons(True)
        tabs.setAccessibleName("Inscrições da resposta")
        for position, (inscription, card) in enumerate(zip(inscriptions, cards, strict=True)):
            remark = " · nova" if position in different.new else ""
            if any(changed == position for changed, _ in different.fields):
                remark = " · mudou"
            tab = tabs.addTab(card, f"{inscription.IE or 'sem IE'} {inscription.UF}{remark}")
            enabled = inscription.cSit == "1"
            tabs.setTabIcon(tab, icons.icon("check" if enabled else "block"))
            tabs.setTabToolTip(tab, "Habilitada" if enabled else "Não habilitada")
        named = [position for position, inscription in enumerate(inscriptions) if _is_named(inscription, reason)]
        if len(named) == 1:
            tabs.setCurrentIndex(named[0])
        whole.addWidget(tabs)


def _is_named(inscription: Inscription, reason: str) -> bool:
    return bool(inscription.IE) and inscription.IE in reason

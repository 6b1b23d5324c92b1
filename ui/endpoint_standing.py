"""Why a UF is not asked, or not by CPF, now: what it said that it lacks, and the silence kept to its authorizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.portuguese import day
from app.rules.pacing import Turn
from app.uf import Missing
from services.sefaz.endpoints import Endpoint, EndpointStatus
from ui import icons, theme, words
from ui.inscription_card import selectable
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.uf_gaps import Gap
    from app.settings.snapshot import Snapshot
    from services.backoffice import Backoffice


@dataclass(frozen=True)
class UfStanding:
    """What one UF said that it lacks, and what holds its authorizer back beyond the usual pace (None: nothing)."""

    gaps: tuple[Gap, ...] = ()
    held: Turn | None = None

    @property
    def short(self) -> str:
        """In few words, for a table."""
        parts = [f"{_SHORT[gap.missing]} ({gap.c_stat})" for gap in self.gaps]
        if self.held is not None:
            parts.append(f"Silêncio até {words.clock(self.held.at)}")
        return " · ".join(parts)

    def sentences(self, endpoint: Endpoint) -> list[tuple[str, str]]:
        """A title and what there is to know, first of each gap, then of the authorizer."""
        said = [_gap_sentences(gap, endpoint) for gap in self.gaps]
        if self.held is not None:
            said.append((f"{endpoint.authorizer} em silêncio", _held_sentences(self.held)))
        return said


_MOST = 3  # not at all, not by CPF, and an authorizer in silence
_SHORT = {Missing.SERVICE: "Não atende", Missing.CPF: "Sem CPF"}


def read_standings(backoffice: Backoffice, snapshot: Snapshot) -> dict[str, UfStanding]:
    """The UFs that are not as usual. Off the GUI thread. Raises NotAsked when the addresses cannot be read."""
    gaps: dict[str, list[Gap]] = {}
    for gap in backoffice.sefaz.gaps():
        gaps.setdefault(gap.uf, []).append(gap)
    turns = backoffice.sefaz.holds(snapshot)
    held = {
        uf: turns[endpoint.authorizer]
        for uf, endpoint in backoffice.sefaz.endpoints().items()
        if endpoint.status is not EndpointStatus.NONE and endpoint.authorizer in turns
    }
    return {uf: UfStanding(tuple(gaps.get(uf, ())), held.get(uf)) for uf in gaps.keys() | held.keys()}


class StandingView(QWidget):
    """A plate for each thing to know of the UF; hidden when there is none."""

    def __init__(self, try_again: Callable[[Gap], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        # Made once: what is added to a layout in sight is laid out too late for its first painting.
        self.plates = [_Plate(try_again) for _ in range(_MOST)]
        for plate in self.plates:
            column.addWidget(plate)

    def show_standing(self, endpoint: Endpoint, standing: UfStanding) -> None:
        """Say how this UF stands."""
        said = standing.sentences(endpoint)
        gaps: list[Gap | None] = [*standing.gaps, *[None] * _MOST]
        if endpoint.status is EndpointStatus.NONE:
            text = f"{endpoint.uf} não oferece a consulta de cadastro a programas: consulte à mão."
            said, gaps = [("Sem serviço", text)], [None]
        for plate, about, gap in zip(self.plates, [*said, *[None] * _MOST], gaps + [None] * _MOST, strict=False):
            plate.say(about, gap)
        self.setVisible(bool(said))


class _Plate(QFrame):
    """A title, a text and, about what a UF lacks, the button that has it asked again."""

    def __init__(self, try_again: Callable[[Gap], None]) -> None:
        super().__init__()
        theme.card(self)
        self._try_again = try_again
        self._gap: Gap | None = None
        self._icon = QLabel()
        self.title = theme.role(selectable(), "strong")
        theme.tone(self.title, Tone.WARN)
        self.text = selectable()
        self.again = QPushButton(icons.icon("refresh"), "Tentar de novo")
        self.again.setToolTip("Esquece o que a SEFAZ disse e volta a consultá-la")
        self.again.clicked.connect(self._ask_again)
        lines = QVBoxLayout()
        lines.setSpacing(theme.XS)
        lines.addWidget(self.title)
        lines.addWidget(self.text)
        lines.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(lines, 1)
        self.hide()

    def say(self, about: tuple[str, str] | None, gap: Gap | None) -> None:
        """Say a title and a text, about that gap if it is about one; None hides the plate."""
        title, text = about or ("", "")
        self._gap = gap
        self._icon.setPixmap(icons.pixmap("warning", 16, Tone.WARN))
        self.title.setText(title)
        self.text.setText(text)
        self.again.setVisible(gap is not None)
        self.setAccessibleName(f"{title}. {text}")
        self.setVisible(about is not None)

    @Slot()
    def _ask_again(self) -> None:
        if self._gap is not None:
            self._try_again(self._gap)


def standing_of(standings: Mapping[str, UfStanding], uf: str) -> UfStanding:
    """How that UF stands: as usual when nothing else is known."""
    return standings.get(uf, UfStanding())


def _gap_sentences(gap: Gap, endpoint: Endpoint) -> tuple[str, str]:
    said = f"{gap.c_stat} · {gap.x_motivo}" if gap.x_motivo else gap.c_stat
    if gap.missing is Missing.CPF:
        text = (
            f"Disse em {day(gap.learnt_at)} que não consulta por CPF ({said}); por CPF não é consultada até "
            f"{day(gap.until)}. Quem tem inscrição estadual no cadastro é consultado por ela."
        )
        return gap.missing.label, text
    text = f"Disse em {day(gap.learnt_at)} que não atende ({said}); não é consultada até {day(gap.until)}."
    if endpoint.status is EndpointStatus.OFFICIAL:
        text += " Consta como oficial: confira o endereço de produção."
    return gap.missing.label, text


def _held_sentences(turn: Turn) -> str:
    from services.consultation import NotYet

    return f"{turn.why} {NotYet(turn).failure.todo}"

"""The table of the 27 UFs: where each is asked, how fast, and what keeps it from being asked now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtGui import QFont

from app.uf import UFS
from services.sefaz.endpoints import FIELDS, Endpoint
from ui import theme
from ui.endpoint_standing import UfStanding
from ui.headed_model import HeadedModel, Index
from ui.theme import Tone

Endpoints = dict[str, Endpoint]

ENVELOPES = {"padrao": "Padrão", "mt": "Mato Grosso"}
_NOW = "agora"
_COLUMNS = (
    ("", "UF", 56),
    ("status", "Situação", 144),
    (_NOW, "Agora", 154),
    ("autorizador", "Autorizador", 108),
    ("producao", "Produção", 300),
    ("intervalo_s", "Intervalo", 76),
    ("por_minuto", "Por minuto", 86),
    ("homologacao", "Homologação", 240),
    ("envelope", "Envelope", 90),
    ("cabecalho", "Cabeçalho", 90),
    ("fonte", "Fonte", 300),
    ("conferido_em", "Conferido em", 100),
)
WIDTHS = tuple(width for _, _, width in _COLUMNS)


class EndpointModel(HeadedModel):
    """What this installation changed is bold, and says what it was."""

    labels = tuple(label for _, label, _ in _COLUMNS)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._now: Endpoints = {}
        self._shipped: Endpoints = {}
        self._standings: Mapping[str, UfStanding] = {}

    def show(self, now: Endpoints, shipped: Endpoints, standings: Mapping[str, UfStanding]) -> None:
        """Show these endpoints, and how those UFs stand that are not as usual."""
        is_first = not self._now
        if is_first:
            self.beginResetModel()
        self._now, self._shipped, self._standings = now, shipped, standings
        if is_first:
            self.endResetModel()
        else:
            self.dataChanged.emit(self.index(0, 0), self.index(len(UFS) - 1, len(self.labels) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._now)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        uf = list(UFS)[index.row()]
        key = _COLUMNS[index.column()][0]
        if key == _NOW:
            return self._standing(uf, role)
        return self._value(uf, key, role)

    def _standing(self, uf: str, role: int) -> Any:
        standing = self._standings.get(uf)
        if standing is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return standing.short
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(f"{title}. {text}" for title, text in standing.sentences(self._now[uf]))
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme.color(Tone.WARN)
        return None

    def _value(self, uf: str, key: str, role: int) -> Any:
        from services.sefaz.endpoint_changes import overridden

        endpoint, shipped = self._now[uf], self._shipped[uf]
        changed = overridden(endpoint, shipped)
        is_changed = bool(changed) if not key else key in changed
        if role == Qt.ItemDataRole.DisplayRole:
            text = _shown(endpoint, key) if key else uf
            return f"● {text}" if is_changed else text
        if role == Qt.ItemDataRole.ToolTipRole:
            if not key:
                return UFS[uf].name + (" · alterada nesta instalação" if is_changed else "")
            was = _shown(shipped, key) or "vazio"
            return f"{_shown(endpoint, key)}\nDe fábrica: {was}" if is_changed else _shown(endpoint, key)
        if role == Qt.ItemDataRole.FontRole and is_changed:
            font = QFont()
            font.setBold(True)
            return font
        return None


def _shown(endpoint: Endpoint, key: str) -> str:
    value = getattr(endpoint, FIELDS[key])
    match key:
        case "status":
            return str(value.label)
        case "envelope":
            return ENVELOPES[value]
        case "cabecalho":
            return "nfeCabecMsg" if value else "nenhum"
        case "intervalo_s":
            return f"{value:g} s".replace(".", ",") if value else "sem pausa"
        case "por_minuto":
            return str(value) if value else "sem limite"
        case _:
            return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value)

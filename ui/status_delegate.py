"""Draws the cells of a list: a situation as icon, word and colour with a remark beside it, other cells as text."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import icons, theme
from ui.theme import Tone
from ui.words import Look

STATUS_ROLE = Qt.ItemDataRole.UserRole + 1
_ICON = 16


@dataclass(frozen=True)
class Status:
    """What the cell says; `note` is said beside it in `note_tone`."""

    look: Look
    note: str = ""
    note_tone: Tone = Tone.FAIL

    @property
    def sentence(self) -> str:
        """The same in words, for the screen reader and the tooltip."""
        return f"{self.look.word} · {self.note}" if self.note else self.look.word


class StatusDelegate(QStyledItemDelegate):
    """A cell is a situation where its model gives a Status in STATUS_ROLE. Text stands under its header's."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        # Without `initStyleOption`, which asks the model for eight roles of every cell at every painting.
        widget = option.widget
        style = widget.style() if widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, widget)
        if option.state & QStyle.StateFlag.State_HasFocus:
            self._outline(painter, option.rect)
        rect: QRect = option.rect.adjusted(theme.S, 0, -theme.XS, 0)
        status = index.data(STATUS_ROLE)
        painter.save()
        if status is None:
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            colour = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
            painter.setPen(option.palette.color(colour))
            text = option.fontMetrics.elidedText(str(index.data() or ""), Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        else:
            rect = self._draw(painter, rect, option.fontMetrics, status.look.icon, status.look.word, status.look.tone)
            rect.setLeft(rect.left() + theme.M)
            if status.note:
                self._draw(painter, rect, option.fontMetrics, "warning", status.note, status.note_tone)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        status = index.data(STATUS_ROLE)
        if status is None:
            return super().sizeHint(option, index)
        width = _ICON + theme.XS + option.fontMetrics.horizontalAdvance(status.look.word) + 2 * theme.S
        if status.note:
            width += theme.M + _ICON + theme.XS + option.fontMetrics.horizontalAdvance(status.note)
        return QSize(width, max(_ICON, option.fontMetrics.height()) + theme.S)

    @staticmethod
    def _outline(painter: QPainter, rect: QRect) -> None:
        painter.save()
        painter.setPen(QColor(theme.current().accent))
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        painter.restore()

    def _draw(self, painter: QPainter, rect: QRect, metrics: QFontMetrics, icon: str, word: str, tone: Tone) -> QRect:
        """Draw icon and word at the left of `rect`; the rectangle left over."""
        if rect.width() < _ICON:
            return QRect()
        top = rect.center().y() - _ICON // 2
        painter.drawPixmap(QPoint(rect.left(), top), _pixmap(icon, tone))
        rest = rect.adjusted(_ICON + theme.XS + 2, 0, 0, 0)
        text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, rest.width())
        painter.setPen(theme.color(tone))
        painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        return rest.adjusted(metrics.horizontalAdvance(text), 0, 0, 0)


_pixmaps: dict[tuple[str, str, float], QPixmap] = {}


def _pixmap(icon: str, tone: Tone) -> QPixmap:
    # Drawn once a colour and scale: a screenful asks for a hundred of them.
    key = (icon, theme.color(tone).name(), QGuiApplication.primaryScreen().devicePixelRatio())
    if key not in _pixmaps:
        _pixmaps[key] = icons.pixmap(icon, _ICON, tone)
    return _pixmaps[key]

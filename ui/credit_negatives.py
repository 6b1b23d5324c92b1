"""The negative records of a credit report: a line for each kind, and under it those that the provider lists."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from app.credit_analysis import CreditReport, NegativeGroup, NegativeRecord
from app.portuguese import calendar_day, money
from ui import theme, words
from ui.inscription_card import selectable
from ui.theme import Tone

RECORDS = 20
"""How many records of a kind are shown; the rest is in the provider's own answer."""

_HEADINGS = ("Tipo", "Quantos", "Valor")


class CreditNegatives(QWidget):
    """A table of what the report says of negative records, or the sentence that it says nothing."""

    def __init__(self, report: CreditReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.M)
        self._grid.setVerticalSpacing(theme.XS)
        self._grid.setColumnStretch(0, 1)
        self._line = 0
        groups = report.negatives
        if groups is None:
            self._say("A resposta não diz se há registros negativos.", Tone.WARN)
            return
        if not report.negative_count:
            self._say("Não consta nenhum registro negativo.", None if report.suppressed else Tone.OK)
        if report.suppressed:
            self._say("Parte dos registros não foi mostrada pela gerenciadora.", Tone.WARN)
        if groups:
            self._add_groups(groups, report)

    def _add_groups(self, groups: tuple[NegativeGroup, ...], report: CreditReport) -> None:
        for column, heading in enumerate(_HEADINGS):
            self._put(theme.role(QLabel(heading), "hint"), column)
        self._line += 1
        for group in groups:
            self._put(theme.role(selectable(group.kind), "strong"), 0)
            self._put(_cell(words.number(group.count), f"{group.kind}, quantos"), 1)
            self._put(_cell(_amount(group), f"{group.kind}, valor"), 2)
            self._line += 1
            period = _period(group)
            if period:
                self._detail(period)
            for record in group.records[:RECORDS]:
                self._detail(_sentence(record))
            left = max(group.count, len(group.records)) - min(len(group.records), RECORDS)
            if group.records and left > 0:
                self._detail(f"e mais {words.number(left)}")
        if len(groups) > 1:
            total = report.negative_total
            self._put(theme.role(QLabel("Ao todo"), "strong"), 0)
            self._put(_cell(words.number(report.negative_count or 0), "Ao todo, quantos"), 1)
            self._put(_cell("não informado" if total is None else money(total), "Ao todo, valor"), 2)
            self._line += 1

    def _put(self, widget: QWidget, column: int) -> None:
        self._grid.addWidget(widget, self._line, column, Qt.AlignmentFlag.AlignTop)

    def _detail(self, sentence: str) -> None:
        label = theme.role(selectable(sentence), "hint")
        label.setContentsMargins(theme.M, 0, 0, 0)
        self._grid.addWidget(label, self._line, 0, 1, len(_HEADINGS))
        self._line += 1

    def _say(self, sentence: str, tone: Tone | None) -> None:
        label = selectable(sentence)
        theme.tone(label, tone)
        self._grid.addWidget(label, self._line, 0, 1, len(_HEADINGS))
        self._line += 1


def _cell(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAccessibleName(f"{name}: {text}")
    return label


def _amount(group: NegativeGroup) -> str:
    if group.total is None:
        return "não informado" if group.count else "—"
    return money(group.total)


def _period(group: NegativeGroup) -> str:
    days = [calendar_day(day) for day in dict.fromkeys((group.first, group.last)) if day is not None]
    return f"de {days[0]} a {days[1]}" if len(days) == 2 else f"em {days[0]}" if days else ""


def _sentence(record: NegativeRecord) -> str:
    parts = (
        "" if record.on is None else calendar_day(record.on),
        "" if record.amount is None else money(record.amount),
        record.creditor,
        record.nature,
        f"contrato {record.contract}" if record.contract else "",
    )
    return " · ".join(part for part in parts if part) or "sem detalhes"

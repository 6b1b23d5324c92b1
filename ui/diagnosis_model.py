"""The grid of a diagnosis: a line for each UF, a column for each step, each cell how that step went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Qt

from app.uf import UFS
from services.check_list import Outcome
from services.sefaz.diagnosis_report import Step, UfReport
from ui.headed_model import HeadedModel, Index
from ui.outcome_look import LOOKS, UNDER_WAY
from ui.status_delegate import STATUS_ROLE, Status
from ui.words import Look

_STEPS = tuple(step for step in Step if step is not Step.CERTIFICATE)
"""The branch's certificate is the same for all UFs: the side panel tells of it."""
_HEADINGS = {
    Step.NAME: "DNS",
    Step.CONNECTION: "TCP",
    Step.TLS: "TLS",
    Step.REQUEST: "Certif.",
    Step.HTTP: "HTTP",
    Step.CLOCK: "Relógio",
    Step.SOAP: "SOAP",
    Step.ANSWER: "cStat",
}
_NO_ROOM = "–"
"""What a cell says of a step that was not done: in words it would take the room of two columns."""


class DiagnosisModel(HeadedModel):
    """One line for each of the 27 UFs, diagnosed or not."""

    labels = ("UF", *(_HEADINGS[step] for step in _STEPS))

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.reports: dict[str, UfReport] = {}

    def show(self, reports: Mapping[str, UfReport]) -> None:
        """Show these reports in the place of those of the same UFs."""
        changed = [row for row, uf in enumerate(UFS) if uf in reports and reports[uf] is not self.reports.get(uf)]
        self.reports.update(reports)
        if changed:
            self._tell(changed[0], changed[-1])

    def forget(self, ufs: Iterable[str]) -> None:
        """Those UFs are about to be diagnosed anew."""
        for uf in ufs:
            self.reports.pop(uf, None)
        self._tell(0, len(UFS) - 1)

    def _tell(self, first: int, last: int) -> None:
        self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.labels) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(UFS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal and section > 0:
            return _STEPS[section - 1].label
        return super().headerData(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        uf = list(UFS)[index.row()]
        report, column = self.reports.get(uf), index.column()
        if column == 0:
            return self._uf(uf, report, role)
        step = next((one for one in report.steps if one.step is _STEPS[column - 1]), None) if report else None
        if report is None or step is None:
            return None
        word = report.c_stat if step.step is Step.ANSWER and report.c_stat else ""
        look = LOOKS[step.outcome]
        shown = _NO_ROOM if step.outcome is Outcome.NOT_DONE else word or look.word
        return _cell(replace(look, word=shown), role, f"{look.word}. {step.found}")

    def _uf(self, uf: str, report: UfReport | None, role: int) -> Any:
        """The UF with the look of what came of it."""
        if report is None:
            if role == Qt.ItemDataRole.DisplayRole:
                return uf
            return UFS[uf].name if role == Qt.ItemDataRole.ToolTipRole else None
        look = LOOKS[report.outcome] if report.finished else UNDER_WAY
        said = f"{UFS[uf].name}: {look.word}. {report.sentence}" if report.finished else f"{UFS[uf].name}: {look.word}"
        return _cell(replace(look, word=uf), role, said)


def _cell(look: Look, role: int, sentence: str) -> Any:
    if role == STATUS_ROLE:
        return Status(look)
    if role == Qt.ItemDataRole.DisplayRole:
        return look.word
    return sentence if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) else None

"""Consult a document that need not be registered: document, UF and kind, and the result right there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.documents import InvalidDocument, parse_document
from app.domain import DocumentKind, Origin, Refusal, Request, Result
from app.uf import UFS
from ui import theme
from ui.failure_view import FailureView
from ui.result_view import ResultView

if TYPE_CHECKING:
    from ui.office import Office

_KINDS = (("CNPJ ou CPF", None), ("Inscrição estadual", DocumentKind.IE))


class DocumentDialog(QDialog):
    """Asks, consults and shows. Nothing is applied to any customer."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._request: Request | None = None
        self.setWindowTitle("Consultar documento")
        self.resize(560, 620)
        self.setModal(False)

        explanation = theme.role(
            QLabel("Consulta o cadastro de contribuintes na SEFAZ sem mexer em cliente nenhum."), "hint"
        )
        self._kinds = QButtonGroup(self)
        kinds = QHBoxLayout()
        kinds.setSpacing(theme.L)
        for number, (label, _) in enumerate(_KINDS):
            choice = QRadioButton(label)
            self._kinds.addButton(choice, number)
            kinds.addWidget(choice)
        kinds.addStretch(1)
        self._kinds.button(0).setChecked(True)
        self._kinds.idClicked.connect(self._kind_changed)
        self._document = QLineEdit()
        self._document.setAccessibleName("Documento")
        self._document.setPlaceholderText("Com ou sem pontuação")
        self._document.returnPressed.connect(self._ask)
        self._error = theme.role(QLabel(), "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._uf = QComboBox()
        self._uf.setAccessibleName("UF")
        for sigla, uf in UFS.items():
            self._uf.addItem(f"{sigla} · {uf.name}", sigla)
        self._uf.setCurrentIndex(self._uf.findData("SP"))
        form = QFormLayout()
        form.setHorizontalSpacing(theme.M)
        form.setVerticalSpacing(theme.S)
        form.addRow("Tipo", kinds)
        form.addRow("&Documento", self._document)
        form.addRow("", self._error)
        form.addRow("&UF", self._uf)

        self._state = theme.role(QLabel(), "hint")
        self._consult = QPushButton("Consultar")
        theme.primary(self._consult)
        self._consult.setDefault(True)
        self._consult.clicked.connect(self._ask)
        close = QPushButton("Fechar")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self._state, 1)
        buttons.addWidget(self._consult)
        buttons.addWidget(close)
        self._failure = FailureView()
        self._result = ResultView(office.backoffice.database, "O resultado aparece aqui.")

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(explanation)
        whole.addLayout(form)
        whole.addLayout(buttons)
        whole.addWidget(self._failure)
        whole.addWidget(self._result, 1)
        self._document.setFocus()

        office.finished_one.connect(self._finished)
        office.refused_one.connect(self._refused)

    @Slot()
    def _ask(self) -> None:
        if self._request is not None:
            return
        try:
            document = parse_document(self._document.text(), _KINDS[self._kinds.checkedId()][1])
        except InvalidDocument as error:
            self._error.setText(str(error))
            self._error.show()
            self._document.setFocus()
            return
        self._error.hide()
        self._failure.clear()
        self._result.clear()
        uf = str(self._uf.currentData())
        self._request = Request(document, uf, Origin.OPERATOR, self._office.actor, apply=False)
        self._consult.setEnabled(False)
        self._state.setText(f"Consultando {document} na SEFAZ {uf}…")
        self._office.submit([self._request])

    @Slot(int)
    def _kind_changed(self, _number: int) -> None:
        self._error.hide()

    @Slot(object)
    def _finished(self, result: Result) -> None:
        if self._request is not None and result.request == self._request:
            self._rest()
            self._result.show_consultation(result.consultation_id)

    @Slot(object)
    def _refused(self, refusal: Refusal) -> None:
        if self._request is not None and refusal.request == self._request:
            self._rest()
            self._failure.show_failure(refusal.failure)

    def _rest(self) -> None:
        self._request = None
        self._consult.setEnabled(True)
        self._state.setText("")

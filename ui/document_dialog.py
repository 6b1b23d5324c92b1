"""Consult a document that need not be registered, at SEFAZ or at ANP, and see the result right there."""

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
from app.domain import Authority, DocumentKind, Origin, Refusal, Request, Result
from app.inscription_digits import doubt
from app.settings.catalog import ANP_ONLINE
from app.uf import UFS
from ui import theme
from ui.aside_button import AsideButton
from ui.consult_button import ANP_OFF
from ui.failure_view import FailureView
from ui.public_page_button import PublicPageButton
from ui.result_view import ResultView

if TYPE_CHECKING:
    from ui.office import Office

_KINDS = (("CNPJ ou CPF", None), ("Inscrição estadual", DocumentKind.IE))
_AUTHORITIES = (Authority.SEFAZ, Authority.ANP)
_EXPLANATIONS = {
    Authority.SEFAZ: "Consulta o cadastro de contribuintes na SEFAZ sem mexer em cliente nenhum.",
    Authority.ANP: "Procura o CNPJ entre os revendedores de combustíveis automotivos da ANP, sem mexer em cliente "
    "nenhum. Uma revenda de GLP é consultada pelo cadastro dela em Clientes.",
}


class DocumentDialog(QDialog):
    """Asks, consults and shows. Nothing is applied to any customer."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._office = office
        self._request: Request | None = None
        self.setWindowTitle("Consultar documento")
        self.resize(560, 620)
        self.setModal(False)

        self._explanation = theme.role(QLabel(), "hint")
        self._explanation.setWordWrap(True)
        self._authorities = QButtonGroup(self)
        authorities = QHBoxLayout()
        authorities.setSpacing(theme.L)
        for number, authority in enumerate(_AUTHORITIES):
            whom = QRadioButton(authority.label)
            self._authorities.addButton(whom, number)
            authorities.addWidget(whom)
        authorities.addStretch(1)
        self._authorities.button(0).setChecked(True)
        self._authorities.idClicked.connect(self._authority_changed)
        self._kinds = QButtonGroup(self)
        self._kinds_row = kinds = QHBoxLayout()
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
        self._doubt = theme.role(QLabel(), "hint")
        theme.tone(self._doubt, theme.Tone.WARN)
        self._doubt.setWordWrap(True)
        self._doubt.hide()
        self._uf = QComboBox()
        self._uf.setAccessibleName("UF")
        for sigla, uf in UFS.items():
            self._uf.addItem(f"{sigla} · {uf.name}", sigla)
        self._uf.setCurrentIndex(self._uf.findData("SP"))
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(theme.M)
        form.setVerticalSpacing(theme.S)
        form.addRow("Consultar na", authorities)
        form.addRow("Tipo", kinds)
        form.addRow("&Documento", self._document)
        form.addRow("", self._error)
        form.addRow("", self._doubt)
        form.addRow("&UF", self._uf)

        self._state = theme.role(QLabel(), "hint")
        self._consult = QPushButton("Consultar")
        theme.primary(self._consult)
        self._consult.setDefault(True)
        self._consult.clicked.connect(self._ask)
        close = AsideButton("Fechar")
        close.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self._state, 1)
        buttons.addWidget(self._consult)
        buttons.addWidget(close)
        self._failure = FailureView()
        self._public_page = PublicPageButton()
        self._failure.add_button(self._public_page)
        self._result = ResultView(office.backoffice, "O resultado aparece aqui.")
        self._result.diagnosis_wanted.connect(self.accept)
        self._result.diagnosis_wanted.connect(office.diagnose)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(self._explanation)
        whole.addLayout(form)
        whole.addLayout(buttons)
        whole.addWidget(self._failure)
        whole.addWidget(self._result, 1)
        self._document.setFocus()

        office.finished_one.connect(self._finished)
        office.refused_one.connect(self._refused)
        office.snapshot_changed.connect(self._offer_anp)
        self._offer_anp()

    @property
    def _authority(self) -> Authority:
        return _AUTHORITIES[self._authorities.checkedId()]

    @Slot()
    def _ask(self) -> None:
        if self._request is not None:
            return
        try:
            document = parse_document(self._document.text(), self._kind)
        except InvalidDocument as error:
            self._error.setText(str(error))
            self._error.show()
            self._document.setFocus()
            return
        self._error.hide()
        self._failure.clear()
        self._result.clear()
        authority = self._authority
        uf = str(self._uf.currentData()) if authority is Authority.SEFAZ else ""
        self._show_doubt(doubt(uf, document.value) if document.kind is DocumentKind.IE else "")
        self._request = Request(document, uf, Origin.OPERATOR, self._office.actor, apply=False, authority=authority)
        self._consult.setEnabled(False)
        self._state.setText(f"Consultando {document} na {f'{authority.label} {uf}'.rstrip()}…")
        self._office.submit([self._request])

    @property
    def _kind(self) -> DocumentKind | None:
        return DocumentKind.CNPJ if self._authority is Authority.ANP else _KINDS[self._kinds.checkedId()][1]

    def _show_doubt(self, sentence: str) -> None:
        """What is consulted all the same."""
        self._doubt.setText(sentence)
        self._doubt.setVisible(bool(sentence))

    @Slot(int)
    def _kind_changed(self, _number: int) -> None:
        self._error.hide()
        self._show_doubt("")

    @Slot(int)
    def _authority_changed(self, _number: int) -> None:
        """ANP knows a reseller by CNPJ alone, whatever the UF."""
        is_sefaz = self._authority is Authority.SEFAZ
        self._error.hide()
        self._explanation.setText(_EXPLANATIONS[self._authority])
        self._form.setRowVisible(self._kinds_row, is_sefaz)
        self._form.setRowVisible(self._uf, is_sefaz)
        self._document.setPlaceholderText("Com ou sem pontuação" if is_sefaz else "CNPJ, com ou sem pontuação")

    @Slot()
    def _offer_anp(self) -> None:
        """As the settings say; without ANP, SEFAZ is asked."""
        allowed = bool(self._office.snapshot[ANP_ONLINE])
        anp = self._authorities.button(_AUTHORITIES.index(Authority.ANP))
        anp.setEnabled(allowed)
        anp.setToolTip("" if allowed else ANP_OFF)
        if not allowed:
            self._authorities.button(0).setChecked(True)
        self._authority_changed(0)

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
            self._public_page.offer_for(refusal.failure, refusal.request.uf)

    def _rest(self) -> None:
        self._request = None
        self._consult.setEnabled(True)
        self._state.setText("")

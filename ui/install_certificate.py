"""The installation of a branch's A1 certificate: file, password and branch, then what was installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from app.documents import parse_cnpj
from app.domain import Certificate
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.snapshot import GENERAL_COMPANY
from ui import icons, tasks, theme, words
from ui.answering_dialog import AnsweringDialog
from ui.aside_button import AsideButton
from ui.browse_button import BrowseButton, files_of
from ui.button_row import button_row
from ui.certificate_look import look
from ui.failure_view import FailureView, failure_of
from ui.file_reading import unreadable
from ui.password_field import PasswordField
from ui.theme import Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.folders import Folders
    from app.settings.snapshot import Snapshot
    from ui.office import Office

_LARGEST = 5_000_000  # an A1 file has some kilobytes


class InstallCertificate(AnsweringDialog):
    """Stays open until what was installed was seen."""

    def __init__(
        self, office: Office, branches: Mapping[int, str], branch_id: int | None, parent: QWidget | None = None
    ) -> None:
        super().__init__("Instalar certificado digital", 580, 320, parent)
        self._office = office
        self._add_form(branches, branch_id)

    def _add_form(self, branches: Mapping[int, str], branch_id: int | None) -> None:
        self.path = QLineEdit()
        self.path.setPlaceholderText("certificado.pfx")
        files = files_of("Certificado A1", (".pfx", ".p12"))
        self.browse = BrowseButton(self.path, "Escolher o certificado", files)
        self.password = PasswordField("a senha")
        self.browse.chosen.connect(self.password.setFocus)
        self.branch = QComboBox()
        self.branch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for number, title in branches.items():
            self.branch.addItem(title, number)
        self.branch.setCurrentIndex(max(0, self.branch.findData(branch_id)))

        hint = theme.role(
            QLabel(
                "O arquivo A1 (.pfx ou .p12) recebido da autoridade certificadora. Certificados A3, em cartão ou "
                "token, não servem. A senha é usada só agora e não é guardada."
            ),
            "hint",
        )
        hint.setWordWrap(True)
        form = self._make_form()
        self._ask(form, "&Arquivo", self.path, self.browse)
        self._ask(form, "&Senha", self.password)
        self._ask(form, "&Filial", self.branch)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Instalando")
        self.busy.hide()
        self.failure = FailureView()
        self.cancel = AsideButton("Cancelar")
        self.cancel.clicked.connect(self.reject)
        self.install_button = QPushButton("Instalar")
        self.install_button.setDefault(True)
        theme.primary(self.install_button)
        self.install_button.clicked.connect(self.install)
        column = self._add_page()
        column.addWidget(hint)
        column.addLayout(form)
        column.addWidget(self.busy)
        column.addWidget(self.failure)
        column.addStretch(1)
        column.addLayout(button_row(self.cancel, self.install_button))

    @Slot()
    def install(self) -> None:
        """Open the file and install it in the branch chosen."""
        self._unsay()
        self.failure.clear()
        if not self.path.text().strip():
            self._refuse(self.path, "Escolha o arquivo do certificado.")
            return
        path, password, branch_id = Path(self.path.text().strip()), self.password.text(), self.branch.currentData()
        backoffice = self._office.backoffice
        self._set_busy(True)

        def work() -> tuple[Certificate, str]:
            from services.installation import install_certificate

            if path.stat().st_size > _LARGEST:
                raise OSError("é grande demais para ser um certificado A1")
            certificate = install_certificate(
                backoffice.database,
                branch_id,
                path.read_bytes(),
                password,
                actor=backoffice.actor,
                now=datetime.now(UTC),
            )
            return certificate, root_doubt_here(backoffice.folders, certificate)

        tasks.run(work, self._installed, self._failed, self)

    def _set_busy(self, busy: bool) -> None:
        self.busy.setVisible(busy)
        for widget in (self.path, self.browse, self.password, self.branch, self.install_button):
            widget.setEnabled(not busy)
        self.install_button.setText("Instalando…" if busy else "Instalar")

    def _failed(self, error: Exception) -> None:
        from services.pfx import CertificateRefused, RefusalReason

        self._set_busy(False)
        if isinstance(error, CertificateRefused):
            fields: dict[RefusalReason, QLineEdit | QComboBox] = {
                RefusalReason.WRONG_PASSWORD: self.password,
                RefusalReason.OTHER_COMPANY: self.branch,
            }
            self._refuse(fields.get(error.reason, self.path), str(error))
        elif isinstance(error, OSError):
            self._refuse(self.path, unreadable(error))
        else:
            self.failure.show_failure(failure_of(error))

    def _installed(self, installed: tuple[Certificate, str]) -> None:
        self._set_busy(False)
        self.password.clear()
        self._add_done(*installed)
        self._stack.setCurrentIndex(1)
        self.setWindowTitle("Certificado instalado")
        (self.use if self.use.isVisibleTo(self) else self.close_button).setFocus()
        self._office.tables_changed.emit()

    def _add_done(self, certificate: Certificate, doubt: str) -> None:
        title = theme.role(QLabel("Certificado instalado"), "subtitle")
        icon = QLabel()
        icon.setPixmap(icons.pixmap("check", 24, Tone.OK))
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(icon)
        head.addWidget(title, 1)
        self.use = QPushButton("Usar nas consultas à SEFAZ")
        theme.primary(self.use)
        self.use.setVisible(self._office.snapshot[SEFAZ_BRANCH] is None)
        self.use.clicked.connect(self._use)
        self._branch_id = certificate.branch_id
        self.use_failure = FailureView()
        self.close_button = QPushButton("Fechar")
        self.close_button.clicked.connect(self.accept)
        column = self._add_page()
        column.addLayout(head)
        column.addLayout(facts(certificate))
        if doubt:
            column.addWidget(hint_of(doubt))
        column.addWidget(self.use_failure)
        column.addStretch(1)
        column.addLayout(button_row(self.close_button, self.use))

    @Slot()
    def _use(self) -> None:
        self.use.setEnabled(False)
        use_for_sefaz(self._office, self._branch_id, self._used, self._not_used, self)

    def _used(self, snapshot: Snapshot) -> None:
        self._office.take_snapshot(snapshot)
        self.accept()

    def _not_used(self, error: Exception) -> None:
        self.use.setEnabled(True)
        self.use_failure.show_failure(failure_of(error))


def use_for_sefaz(
    office: Office,
    branch_id: int,
    done: Callable[[Snapshot], None],
    failed: Callable[[Exception], None],
    owner: QWidget,
) -> None:
    """Save the setting that says whose certificate consults SEFAZ, off the GUI thread."""
    settings, snapshot, actor = office.settings, office.snapshot, office.actor
    draft = {(SEFAZ_BRANCH, GENERAL_COMPANY): branch_id}
    tasks.run(lambda: settings.save(draft, snapshot, actor), done, failed, owner)


def facts(certificate: Certificate) -> QGridLayout:
    """What a certificate says of itself, as lines of label and value that may be selected."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.L)
    grid.setVerticalSpacing(theme.XS)
    grid.setColumnStretch(1, 1)
    now = datetime.now(UTC)
    dates = f"{words.exact(certificate.not_before)} a {words.exact(certificate.not_after)}"
    found = look(certificate, now)
    for row, (name, text) in enumerate(
        (
            ("Titular", certificate.holder),
            ("CNPJ", str(parse_cnpj(certificate.cnpj))),
            ("Emissor", certificate.issuer),
            ("Raiz", _root(certificate)),
            ("Validade", dates),
            ("Situação", certificate.validity(now)),
        )
    ):
        value = QLabel(text)
        value.setWordWrap(True)
        value.setAccessibleName(f"{name}: {text}")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(theme.role(QLabel(name), "hint"), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value, row, 1)
    theme.tone(value, None if found.tone is Tone.NEUTRAL else found.tone)
    return grid


def _root(certificate: Certificate) -> str:
    if certificate.icp_version:
        return f"ICP-Brasil {certificate.icp_version} ({certificate.root})"
    return certificate.root or "não informada no arquivo, nem conhecida por este programa"


def root_doubt_here(folders: Folders, certificate: Certificate) -> str:
    """What is not known of its root at the addresses of this computer. Reads a file: off the GUI thread."""
    from services.sefaz.client_roots import root_doubt
    from services.sefaz.endpoints import InvalidEndpoints, load_endpoints

    try:
        return root_doubt(certificate, load_endpoints(folders.endpoints_file))
    except InvalidEndpoints:  # said where the addresses are; the shipped ones serve for a doubt
        return root_doubt(certificate, load_endpoints(None))


def hint_of(sentence: str) -> QLabel:
    """A sentence in small letters, on as many lines as it takes."""
    hint = theme.role(QLabel(sentence), "hint")
    hint.setWordWrap(True)
    return hint

"""The digital certificate of each branch: whose it is, who issued it, and how long it is still valid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.settings.catalog import SEFAZ_BRANCH
from app.tables import BRANCHES
from ui import icons, tasks, theme
from ui.certificate_look import look
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.install_certificate import InstallCertificate, facts, hint_of, root_doubt_here, use_for_sefaz
from ui.page import Page
from ui.theme import Tone

if TYPE_CHECKING:
    from app.data.records import Record
    from app.domain import Certificate
    from app.settings.snapshot import Snapshot
    from services.backoffice import Backoffice
    from ui.office import Office

_OTHER_STATION = (
    "A chave deste certificado não está neste computador: ele foi instalado em outro, ou por outro usuário. Para "
    "consultar daqui, instale o mesmo arquivo também aqui."
)


@dataclass(frozen=True)
class _Installed:
    """What the card of a branch shows; `doubt` is what is not known of the certificate's root."""

    branch: Record
    certificate: Certificate | None
    doubt: str


class CertificatesPage(Page):
    """A card per branch."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__("certificados", "Certificados digitais", ("Ferramentas", "Sistema"), parent)
        self._office = office
        self._branches: dict[int, str] = {}
        self._asked_for: int | None = None
        self.cards: dict[int, QFrame] = {}
        self.install_button = QPushButton("Instalar certificado…")
        theme.primary(self.install_button)
        self.install_button.clicked.connect(partial(self.open_installation, None))
        self.header.addWidget(self.install_button)
        self.failure = FailureView()
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, theme.S, 0)
        self._column.setSpacing(theme.M)
        inside = QWidget()
        inside.setLayout(self._column)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        self.body.addWidget(self.failure)
        self.body.addWidget(self._scroll, 1)
        office.tables_changed.connect(self._refresh)
        office.snapshot_changed.connect(self._refresh)

    def entered(self) -> None:
        """Read the certificates again."""
        backoffice = self._office.backoffice
        tasks.run(lambda: _read(backoffice), self._show, self._show_failure, self)

    def show_argument(self, argument: object) -> None:
        """A branch's number opens the installation of its certificate."""
        if isinstance(argument, int):
            self._asked_for = argument

    @Slot()
    def _refresh(self) -> None:
        if self.isVisible():
            self.entered()

    def _show(self, found: list[_Installed]) -> None:
        self.failure.clear()
        empty(self._column)
        self.cards.clear()
        self._branches = {each.branch.id: each.branch.title for each in found}
        self.install_button.setVisible(bool(found))
        if not found:
            self._column.addWidget(self._no_branch())
        for each in found:
            card = self._card(each.branch, each.certificate, each.doubt)
            self.cards[each.branch.id] = card
            self._column.addWidget(card)
        self._column.addStretch(1)
        asked_for, self._asked_for = self._asked_for, None
        if asked_for in self.cards:
            self.open_installation(asked_for)

    def _card(self, branch: Record, certificate: Certificate | None, doubt: str) -> QFrame:
        now = datetime.now(UTC)
        used = self._office.snapshot[SEFAZ_BRANCH] == branch.id
        card = QFrame()
        theme.card(card)
        title = theme.role(QLabel(branch.title), "subtitle")
        cnpj = BRANCHES.field("cnpj")
        shown = cnpj.kind.show(branch.values["cnpj"]) if cnpj is not None else ""
        head = QHBoxLayout()
        head.setSpacing(theme.S)
        head.addWidget(title)
        head.addWidget(theme.role(QLabel(f"CNPJ {shown} · {branch.values['uf']}"), "hint"))
        head.addStretch(1)
        if used:
            head.addWidget(theme.badge(QLabel("Usado nas consultas à SEFAZ"), Tone.INFO))
        column = QVBoxLayout(card)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        column.setSpacing(theme.M)
        column.addLayout(head)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        install = QPushButton("Trocar certificado…" if certificate else "Instalar certificado…")
        install.setIcon(icons.icon("certificate"))
        install.setAccessibleName(f"{install.text()} {branch.title}")
        install.clicked.connect(partial(self.open_installation, branch.id))
        buttons.addWidget(install)
        if certificate is None:
            head.addWidget(theme.badge(QLabel("sem certificado"), Tone.NEUTRAL))
            nothing = QLabel(
                "Sem certificado, esta filial não consulta a SEFAZ. Instale o arquivo A1 (.pfx ou .p12) da empresa; "
                "o da matriz também serve."
            )
            nothing.setWordWrap(True)
            column.addWidget(nothing)
        else:
            found = look(certificate, now)
            head.addWidget(theme.badge(QLabel(found.word), found.tone))
            column.addLayout(facts(certificate))
            if doubt:
                column.addWidget(hint_of(doubt))
            if not certificate.has_key:
                column.addWidget(hint_of(_OTHER_STATION))
            if not used and certificate.not_before <= now < certificate.not_after:
                use = QPushButton("Usar nas consultas à SEFAZ")
                use.setAccessibleName(f"{use.text()} {branch.title}")
                use.clicked.connect(partial(self._use, branch.id))
                buttons.addWidget(use)
        card.setAccessibleName(f"{branch.title}: {certificate.validity(now) if certificate else 'sem certificado'}")
        buttons.addStretch(1)
        column.addLayout(buttons)
        return card

    def _no_branch(self) -> QWidget:
        empty = QWidget()
        text = theme.role(QLabel("Ainda não há filiais. O certificado é instalado em uma filial."), "subtitle")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setWordWrap(True)
        button = QPushButton("Incluir filial")
        button.setIcon(icons.icon("add"))
        button.clicked.connect(self._add_branch)
        column = QVBoxLayout(empty)
        column.setContentsMargins(0, 2 * theme.XL, 0, 0)
        column.setSpacing(theme.M)
        column.addWidget(text)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        return empty

    @Slot()
    def _add_branch(self) -> None:
        self._office.open_page.emit("tabelas", BRANCHES.key)

    def open_installation(self, branch_id: int | None = None) -> None:
        """Open the installation, for a branch when it is given."""
        InstallCertificate(self._office, self._branches, branch_id, self).open()

    def _use(self, branch_id: int) -> None:
        use_for_sefaz(self._office, branch_id, self._used, self._show_failure, self)

    def _used(self, snapshot: Snapshot) -> None:
        self._office.take_snapshot(snapshot)

    def _show_failure(self, error: Exception) -> None:
        self.failure.show_failure(failure_of(error))


def _read(backoffice: Backoffice) -> list[_Installed]:
    from app.data import certificates, records

    with backoffice.database.reading() as connection:
        installed = {certificate.branch_id: certificate for certificate in certificates.all_installed(connection)}
        branches = records.every(connection, BRANCHES, only_active=True)
    found = [(branch, installed.get(branch.id)) for branch in branches]
    return [
        _Installed(branch, certificate, root_doubt_here(backoffice.folders, certificate) if certificate else "")
        for branch, certificate in found
    ]

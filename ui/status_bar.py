"""The window's last line: the database, the service and the certificate; each opens its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPushButton, QStatusBar, QWidget

from ui import icons, pages

if TYPE_CHECKING:
    from app.domain import ServiceState


class StatusBar(QStatusBar):
    """What is always worth seeing."""

    page_wanted = Signal(str)
    """The key of the page behind what was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.database = self._entry("database", "Banco de dados", pages.INTEGRATION)
        self.service = self._entry("clock", "Serviço de consulta", pages.PROFILES)
        self.certificate = self._entry("certificate", "Certificado digital", pages.CERTIFICATES)
        self.addWidget(self.database)
        self.addWidget(self.service)
        self.addPermanentWidget(self.certificate)
        self.service.hide()
        self.certificate.hide()

    def _entry(self, icon: str, what: str, page: str) -> QPushButton:
        button = QPushButton()
        button.setIcon(icons.icon(icon))
        button.setAccessibleName(what)
        button.setProperty("page", page)
        button.clicked.connect(self._clicked)
        return button

    def show_database(self, text: str) -> None:
        """Where the data is, or that it is not open."""
        self.database.setText(text)
        self.database.setToolTip(f"Banco de dados: {text}. Abre Balcão › Integração.")
        self.database.setAccessibleDescription(text)

    def show_service(self, state: ServiceState) -> None:
        """What the service does, its last and its next run."""
        from ui.service_words import PHASE_ICONS, moments

        self.service.setText(f"SEFAZ: {moments(state)}")
        self.service.setToolTip(f"{state.sentence}\nAbre Perfis de clientes.")
        self.service.setAccessibleDescription(f"{moments(state)}. {state.sentence}")
        self.service.setIcon(icons.solid(PHASE_ICONS[state.phase]))
        self.service.show()
        self.certificate.setText(f"Certificado: {state.certificate or 'não escolhido'}")
        self.certificate.setToolTip(
            f"Certificado da filial que consulta: {state.certificate or 'não escolhido'}.\nAbre Certificados digitais."
        )
        self.certificate.show()

    def hide_service(self) -> None:
        """Nothing is known of the service while the database is not open."""
        self.service.hide()
        self.certificate.hide()

    @Slot()
    def _clicked(self) -> None:
        self.page_wanted.emit(str(self.sender().property("page")))

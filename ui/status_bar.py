"""The window's last line: the database, the services and the certificate; each opens its page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStatusBar,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from ui import icons, pages, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from app.domain import Authority, Certificate, ServiceState
    from services.integration.server import ServerState


_NEVER_CUT = 16
"""Characters: entries of at most this many are always whole, longer ones keep at least these in a narrow window."""


class Entry(QPushButton):
    """Icon and text; where there is no room for all of the text, its end gives way to "…"."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        spared = max(0, len(self.text()) - _NEVER_CUT) * self.fontMetrics().averageCharWidth()
        return QSize(whole.width() - spared, whole.height())

    def shown(self) -> str:
        """The text as there is room for it, in logical pixels."""
        surplus = self.sizeHint().width() - self.width()
        if surplus <= 0:
            return self.text()
        metrics = self.fontMetrics()
        room = metrics.horizontalAdvance(self.text()) - surplus
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, _event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown()
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


class StatusBar(QStatusBar):
    """What is always worth seeing."""

    page_wanted = Signal(str)
    """The key of the page behind what was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.database = self._entry("database", "Banco de dados", pages.INTEGRATION)
        self.services: dict[Authority, Entry] = {}
        self.counters: Entry | None = None
        self.certificate = self._entry("certificate", "Certificado digital", pages.CERTIFICATES)
        self.addWidget(self.database)
        self.addPermanentWidget(self.certificate)
        self.certificate.hide()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """In the order of reading, also those that are hidden now."""
        counters = () if self.counters is None else (self.counters,)
        return self.database, *self.services.values(), *counters, self.certificate

    def _entry(self, icon: str, what: str, page: str) -> Entry:
        button = Entry()
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
        """What a service does, its last and its next run; SEFAZ's also tells of the certificate."""
        from app.domain import Authority
        from ui.service_words import NAMES, PAGES, PHASE_ICONS, is_of_use, moments

        service = self.services.get(state.authority)
        if service is None:
            service = self._entry("clock", NAMES[state.authority], PAGES[state.authority])
            self.services[state.authority] = service
            self.addWidget(service)
        service.setText(f"{state.authority.label}: {moments(state)}{', com aviso' if state.warning else ''}")
        page = pages.BY_KEY[PAGES[state.authority]].title
        service.setToolTip(f"{service.text()}.\n{state.why}\nAbre {page}.")
        service.setAccessibleDescription(f"{moments(state)}. {state.why}")
        theme.tone(service, theme.Tone.WARN if state.warning else None)
        service.setIcon(icons.solid(PHASE_ICONS[state.phase]))
        service.setVisible(is_of_use(state))
        if state.authority is Authority.SEFAZ:
            self._show_certificate(state.certificate)

    def show_server(self, state: ServerState) -> None:
        """Whether the counters are served from here; nothing where they are not meant to be."""
        from services.integration.server import ServerPhase
        from ui.server_words import SERVER_ICONS

        if self.counters is None:
            self.counters = self._entry("counters", "Serviço de integração", pages.COUNTERS)
            self.addWidget(self.counters)
        self.counters.setText(f"Balcões: {state.phase.label.lower()}")
        self.counters.setToolTip(f"{self.counters.text()}.\n{state.sentence}\nAbre Balcões.")
        self.counters.setAccessibleDescription(f"{state.phase.label}. {state.sentence}")
        theme.tone(self.counters, theme.Tone.FAIL if state.phase is ServerPhase.FAILED else None)
        self.counters.setIcon(icons.solid(SERVER_ICONS[state.phase]))
        self.counters.setVisible(state.phase is not ServerPhase.STOPPED)

    def hide_services(self) -> None:
        """Nothing is known of the services while the database is not open."""
        for service in self.services.values():
            service.hide()
        if self.counters is not None:
            self.counters.hide()
        self.certificate.hide()

    def _show_certificate(self, certificate: Certificate | None) -> None:
        from ui.certificate_look import look

        if certificate is None:
            tone, brief, whole = None, "não escolhido", "não escolhido"
        else:
            now = datetime.now(UTC)
            tone, brief, whole = look(certificate, now).tone, certificate.brief_validity(now), certificate.validity(now)
        self.certificate.setText(f"Certificado: {brief}")
        self.certificate.setToolTip(f"Certificado da filial que consulta: {whole}.\nAbre Certificados digitais.")
        self.certificate.setAccessibleDescription(whole)
        theme.tone(self.certificate, None if tone is theme.Tone.NEUTRAL else tone)
        self.certificate.show()

    @Slot()
    def _clicked(self) -> None:
        self.page_wanted.emit(str(self.sender().property("page")))

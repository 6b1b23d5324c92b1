"""The way out where no program may ask: the page on which a person consults a UF by hand."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices

from app.domain import Failure, FailureKind
from ui import icons
from ui.aside_button import AsideButton


class PublicPageButton(AsideButton):
    """Opens in the browser the public page of one UF; hidden until there is one to offer."""

    def __init__(self) -> None:
        super().__init__(icons.icon("external"), "Abrir a consulta pública da SEFAZ")
        self._uf = ""
        self.clicked.connect(self._open)
        self.hide()

    def offer(self, uf: str) -> None:
        """Offer the page of that UF."""
        self._uf = uf
        self.setText(f"Abrir a consulta pública da SEFAZ de {uf}")
        self.setToolTip("Abre no navegador a página em que se consulta à mão")
        self.show()

    def offer_for(self, failure: Failure | None, uf: str) -> None:
        """Offer the page of that UF when the failure is that it does not serve this; else be hidden."""
        if failure is not None and failure.kind is FailureKind.NOT_SERVED and uf:
            self.offer(uf)
        else:
            self.hide()

    @Slot()
    def _open(self) -> None:
        from services.sefaz.endpoints import load_endpoints

        QDesktopServices.openUrl(QUrl(load_endpoints(None)[self._uf].public_page))

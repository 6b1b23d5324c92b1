"""What was measured of the TLS of a UF's servers, to read beside their addresses."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from services.sefaz.endpoints import Endpoint
from services.sefaz.tls_profile import TlsProfile, tls_profile
from ui import theme
from ui.inscription_card import selectable

_UNMEASURED = "Nunca medido: usa o nível de segurança normal do programa."
_LINES = 2 * 9 + 1
"""As many as two servers with everything known of them take, and the administrator's word on them."""


class TlsView(QWidget):
    """The facts of the server of each environment, or of the one that serves both."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(1, 1)
        # Made once: what is added to a layout in sight is laid out too late for its first painting.
        self._lines = [(QLabel(), selectable()) for _ in range(_LINES)]
        for row, (name, value) in enumerate(self._lines):
            name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(name, row, 0)
            grid.addWidget(value, row, 1)
        self.facts: list[tuple[str, str]] = []
        """What it says, line by line; a title has nothing beside it."""

    def show_endpoint(self, endpoint: Endpoint) -> None:
        """Say what is known of the servers of this UF's addresses."""
        servers: dict[str, str] = {}
        for environment, address in (("produção", endpoint.production), ("homologação", endpoint.homologation)):
            if host := urlsplit(address).hostname:
                servers[host] = f"{servers[host]} e {environment}" if host in servers else environment
        self.facts = []
        for host, environments in servers.items():
            self.facts += [(f"TLS de {environments}", ""), ("Servidor", host), *_facts(tls_profile(host))]
        if endpoint.security_level:
            self.facts.append(("Nível do OpenSSL", f"{endpoint.security_level}, dado na pasta de dados"))
        for line, (name, value) in enumerate(self._lines):
            label, text = self.facts[line] if line < len(self.facts) else ("", "")
            theme.role(name, "hint" if text else "strong")
            name.setContentsMargins(0, 0 if text else theme.S, 0, 0)
            name.setText(label)
            value.setText(text)
            value.setAccessibleName(f"{label}: {text}")
            name.setVisible(bool(label))
            value.setVisible(bool(label))
        self.setVisible(bool(servers))


def _facts(profile: TlsProfile | None) -> list[tuple[str, str]]:
    if profile is None:
        return [("TLS", _UNMEASURED)]
    weak = [("Chave DH", "de 1024 bits, aceita em uma segunda tentativa")] if profile.security_level < 2 else []
    return [
        ("Certificado", f"pedido {profile.asks_certificate.label}"),
        ("Cifras", profile.ciphers),
        *weak,
        ("Raiz", profile.root),
        ("Sem certificado", profile.without_certificate),
        *([("Observação", profile.note)] if profile.note else []),
        ("Medido em", f"{profile.checked_on:%d/%m/%Y}, {profile.source}"),
    ]

"""The password of the proxy, which goes to the keyring, and the test of the way out to the internet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from app.folders import Folders
from app.network_profile import NetworkProfile
from app.policies import ProxyUse
from app.settings.snapshot import Snapshot
from services.check_list import CheckReport
from services.waited_socket import GiveUp
from ui.check_panel import Check, CheckPanel
from ui.kept_password import KeptPassword, kept_password
from ui.settings_draft import SettingsDraft


class ProxyAccess(KeptPassword):
    """Goes under the settings of the proxy."""

    LABEL = "Senha do proxy"
    HELP = (
        ("", "Senha do usuário do proxy. Fica só no cofre de senhas do sistema deste computador."),
        ("O que muda", "A nova senha é guardada ao salvar e usada na próxima chamada. Ela nunca é mostrada."),
        ("Exemplo", "A senha que a informática deu ao usuário retaguarda do proxy."),
        ("Vale para", "Este computador"),
    )

    def __init__(self, draft: SettingsDraft, folders: Folders) -> None:
        super().__init__(draft)
        self._folders = folders
        self.check = CheckPanel(
            "Testar saída",
            "Vai até a ANP com os valores desta tela, salvos ou não, e diz em que passo para. Nada é consultado.",
            self._prepared,
        )
        self.check.sight_wanted.connect(self.sight_wanted)
        self.grid.addWidget(self.check, 1, 0, 1, 4)

    @staticmethod
    def secret(snapshot: Snapshot) -> str:
        return NetworkProfile.of(snapshot).secret

    def _place(self, snapshot: Snapshot) -> str:
        profile = NetworkProfile.of(snapshot)
        return f"{profile.user} em {profile.host}:{profile.port}" if profile.has_password else ""

    def _without(self, snapshot: Snapshot) -> str:
        if NetworkProfile.of(snapshot).proxy is not ProxyUse.ADDRESS:
            return "Só o proxy “Este endereço” tem senha aqui."
        return "Informe antes o servidor e o usuário do proxy: a senha é deles."

    def _prepared(self) -> Check:
        return partial(_checked, self._draft.snapshot(), self._folders, self.typed)


def _checked(snapshot: Snapshot, folders: Folders, typed: str | None, given_up: GiveUp) -> Iterator[CheckReport]:
    from services.internet_check import check_internet

    def password(secret: str) -> str | None:
        return typed or kept_password(secret)

    return check_internet(snapshot, folders, given_up, password)

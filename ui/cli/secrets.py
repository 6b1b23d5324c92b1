"""`segredos`: where the secrets are kept, which there are (by name), and who may use those of this computer."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from app.installation import Installation, VaultPlace, find_installation
from app.portuguese import counted
from ui.cli.output import Status, note, write, write_json
from ui.cli.portuguese import UsageError
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from app.computer_vault import ComputerVault
    from services.vault_move import Carried


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("segredos", help="mostra onde ficam as senhas e as leva de um cofre a outro")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    listing = actions.add_parser(
        "listar",
        help="mostra o cofre em uso e os nomes do que ele guarda",
        description="Mostra qual cofre está em uso e os nomes dos segredos que o Retaguarda guardou nele. "
        "O conteúdo nunca é mostrado.",
    )
    listing.set_defaults(run=run_list)
    listing.add_argument("--json", action="store_true", help="responde em JSON")
    actions.add_parser(
        "computador",
        help="usa o cofre deste computador e leva para ele os segredos deste usuário",
        description="O cofre deste computador serve à janela, aos comandos e ao serviço do Windows. Os segredos que "
        "este usuário tem no Gerenciador de Credenciais são levados para ele. Na primeira vez, é preciso ser "
        "administrador; de novo, ou por outra pessoa com acesso, leva o que ainda falta.",
    ).set_defaults(run=run_to_computer)
    actions.add_parser(
        "usuario",
        help="volta a usar o cofre de cada usuário e traz os segredos para este",
        description="O caminho de volta: os segredos do cofre deste computador vão para o Gerenciador de Credenciais "
        "de quem roda o comando, que precisa ser administrador. O serviço do Windows deixa de ter as senhas.",
    ).set_defaults(run=run_to_user)
    allowing = actions.add_parser(
        "permitir",
        help="deixa uma pessoa ou um grupo usar os dados e o cofre deste computador",
        description="Sem CONTA, mostra quem pode usar. O sistema e os administradores sempre podem. É preciso ser "
        "administrador.",
    )
    allowing.set_defaults(run=run_allow)
    allowing.add_argument(
        "contas", metavar="CONTA", nargs="*", help="usuário ou grupo deste Windows, DOMÍNIO\\NOME, ou um SID (S-1-…)"
    )
    allowing.add_argument("--retirar", action="store_true", help="tira o acesso em vez de dar")


def run_list(options: argparse.Namespace) -> Status:
    """The names alone."""
    import keyring

    from app.secrets import SERVICE, computer_vault
    from services.kept_secrets import names_in

    installation = find_installation()
    vault: KeyringBackend = keyring.get_keyring()
    computer = computer_vault(installation) if installation.vault is VaultPlace.COMPUTER else None
    damaged = 0
    if computer is not None:
        names, damaged = computer.names(SERVICE)
    else:
        names = names_in(vault)
    place = "deste computador" if computer is not None else "deste usuário"
    if options.json:
        write_json({"cofre": installation.vault.value, "segredos": names, "ilegiveis": damaged})
        return Status.DONE
    note(f"Cofre em uso: o {place}{f' ({computer.folder})' if computer is not None else ''}.")
    for name in names:
        write(name)
    if not names:
        note("Ele não guarda nenhum segredo do Retaguarda.")
    if damaged:
        note(f"Não abrem neste Windows: {damaged}. Informe de novo as senhas que faltarem.")
    return Status.DONE


def run_to_computer(_options: argparse.Namespace) -> Status:
    """Switch the vault of this computer on; again, carry what is left."""
    installation, own, computer = shared()
    different = carry_to_computer(installation, own, computer)
    if different:
        raise Refused(different)
    return Status.DONE


def carry_to_computer(installation: Installation, own: KeyringBackend, computer: ComputerVault) -> str:
    """Carry the secrets and say which; the folders are made when it is switched on, or when they are gone.

    Returns the sentence about those that both places have with other values, "" when there are none.
    """
    from services.shared_vault import give_keys, use_computer_vault

    if sys.platform == "win32" and not (installation.vault is VaultPlace.COMPUTER and computer.is_made()):
        from services import windows_access
        from services.shared_vault import prepare_vault

        prepare_vault(installation, [windows_access.this_user()], service=False)
    return _said(use_computer_vault(installation, own, computer, give_keys), "o cofre deste computador")


def run_to_user(_options: argparse.Namespace) -> Status:
    """Switch it off."""
    from services.shared_vault import give_keys, use_own_keyrings

    installation, own, computer = shared()
    different = _said(use_own_keyrings(installation, own, computer, give_keys), "o cofre deste usuário")
    if different:
        raise Refused(different)
    return Status.DONE


def run_allow(options: argparse.Namespace) -> Status:
    """Who may use the data and the vault of this computer."""
    installation, _own, _computer = shared()
    if options.retirar and not options.contas:
        raise UsageError("Falta dizer de quem retirar o acesso.")
    if sys.platform == "win32":
        from services import windows_access
        from services.shared_vault import keep_out, let_in

        assert installation.data is not None
        accounts = [windows_access.sid_of(account) for account in options.contas]
        if not accounts:
            now = windows_access.allowed(installation.data)
        elif options.retirar:
            now = keep_out(installation, accounts)
        else:
            now = let_in(installation, accounts)
        for sid in (*windows_access.ALWAYS, *now):
            write(windows_access.name_of(sid))
    return Status.DONE


def shared() -> tuple[Installation, KeyringBackend, ComputerVault]:
    """The installation, this user's own keyring and the vault of this computer. Raises UsageError without one."""
    if sys.platform == "win32":
        import keyring

        from app.secrets import computer_vault

        installation = find_installation()
        computer = computer_vault(installation)
        if computer is None:
            raise UsageError(
                "O Retaguarda não foi instalado para todos os usuários deste computador: os dados e as senhas são de "
                "cada usuário. Rode o instalador com /AllUsers."
            )
        return installation, keyring.get_keyring(), computer
    raise UsageError("O cofre do computador só existe no Windows; aqui, as senhas ficam no chaveiro do usuário.")


def _said(carried: Carried, where: str) -> str:
    for name in carried.moved:
        write(name)
    note(f"{counted(len(carried.moved), 'segredo levado', 'segredos levados')}. Em uso: {where}.")
    if carried.unseen:
        note(
            "Esta sessão do Windows (de rede, como SSH e WinRM) não mostra as senhas do usuário. Se ele guarda senhas "
            "do Retaguarda, rode “retaguarda-comando segredos computador” numa sessão dele aberta na tela."
        )
    if not carried.different:
        return ""
    return (
        f"Estes já estavam n{where}, com outro conteúdo, que continua valendo: {', '.join(carried.different)}. "
        "O que estava no cofre de origem ficou lá."
    )

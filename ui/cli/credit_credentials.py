"""`credito credencial`: what a gerenciadora knows us by, kept in this computer's keyring, taken away or tried."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.policies import Environment
from app.settings.catalog import CREDIT_ENVIRONMENT
from ui.cli.office import ask_secret, opened
from ui.cli.output import Status, write, write_json
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.credit_managers import Manager


def add(actions: Any) -> None:
    """Declare the action."""
    parser = actions.add_parser("credencial", help="guarda, apaga ou testa as credenciais de uma gerenciadora")
    kinds = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao_credencial", required=True)
    keep = kinds.add_parser(
        "informar",
        help="guarda o usuário e a senha no cofre deste computador",
        description="A senha (ou o segredo, ou o token) é perguntada; quando a entrada não é um terminal, é a primeira "
        "linha dela. Fica só no cofre do sistema deste computador, que é o que consulta.",
    )
    keep.set_defaults(run=run_keep)
    keep.add_argument("--usuario", metavar="X", default="", help="usuário ou client id; nada, quando há só um token")
    forget = kinds.add_parser("apagar", help="apaga as credenciais do cofre deste computador")
    forget.set_defaults(run=run_forget)
    trial = kinds.add_parser(
        "testar",
        help="apresenta as credenciais à gerenciadora, sem perguntar por ninguém",
        description="Termina com 0 quando foram aceitas e com 1 quando não.",
    )
    trial.set_defaults(run=run_trial)
    for action in (keep, forget, trial):
        action.add_argument("--gerenciadora", metavar="N", type=positive, required=True, help="código da gerenciadora")
        action.add_argument(
            "--ambiente", choices=[one.value for one in Environment], required=True, help="de qual ambiente são"
        )
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_keep(options: argparse.Namespace) -> Status:
    """Keep them, and ask again what waited for them."""
    from app.data import credit_pauses
    from services.credit import credentials
    from services.credit.credentials import MAX_LENGTH, Credentials

    environment = Environment(options.ambiente)
    with opened() as office:
        with office.database.reading() as connection:
            manager = manager_of(connection, options.gerenciadora)
        password = ask_secret(f"Senha, segredo ou token da {manager.name}: ")
        if not password.strip():
            raise UsageError("A senha está em branco: nada foi mudado.")
        if max(len(password), len(options.usuario)) > MAX_LENGTH:
            raise UsageError(f"O usuário e a senha têm no máximo {MAX_LENGTH} caracteres: nada foi mudado.")
        credentials.keep(manager, environment, Credentials(options.usuario.strip(), password))
        with office.database.writing() as connection:
            credit_pauses.mended(connection, manager.id, environment)
    _said_of_credentials(options, manager, "guardadas no cofre deste computador")
    return Status.DONE


def run_forget(options: argparse.Namespace) -> Status:
    """Have none any more on this computer."""
    from services.credit import credentials

    with opened() as office, office.database.reading() as connection:
        manager = manager_of(connection, options.gerenciadora)
    credentials.forget(manager, Environment(options.ambiente))
    _said_of_credentials(options, manager, "apagadas do cofre deste computador")
    return Status.DONE


def run_trial(options: argparse.Namespace) -> Status:
    """Present them without asking about anybody."""
    from services.credit.access_trial import AccessTrial
    from services.credit.provider import AnalysisFailed

    with opened() as office:
        with office.database.reading() as connection:
            manager = manager_of(connection, options.gerenciadora)
        try:
            said = AccessTrial(manager, Environment(options.ambiente), office.folders).run()
        except AnalysisFailed as failed:
            raise Refused(failed.failure.sentence, failed.failure) from failed
    if options.json:
        write_json({"aceitas": True, "mensagem": said})
    else:
        write(said)
    return Status.DONE


def _said_of_credentials(options: argparse.Namespace, manager: Manager, what: str) -> None:
    environment = Environment(options.ambiente)
    if options.json:
        write_json({"gerenciadora": manager.id, "ambiente": environment.value})
    else:
        write(f"Credenciais de {CREDIT_ENVIRONMENT.kind.show(environment)} da {manager.name} {what}.")


def manager_of(connection: Connection, number: int) -> Manager:
    """The gerenciadora of that number. Raises Refused."""
    from app.data import credit_managers

    found = credit_managers.get(connection, number)
    if found is None:
        raise Refused(f"Não existe a gerenciadora {number}: veja com “cadastros gerenciadoras listar”.")
    return found

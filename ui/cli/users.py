"""`usuarios`: the passwords with which people release sales; the rows are in `cadastros usuarios`."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Any

from app.kinds import InvalidValue
from ui.cli.office import ask_secret, opened
from ui.cli.output import Status, write
from ui.cli.portuguese import UsageError
from ui.cli.problems import Refused


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("usuarios", help="define as senhas dos usuários")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    password = actions.add_parser(
        "senha",
        help="define a senha de um usuário, ou troca a que ele tem",
        description="A senha, com que o usuário libera vendas com crediário vencido, é perguntada duas vezes; quando a "
        "entrada não é um terminal, é a primeira linha dela. Só um resumo dela (argon2id) é guardado.",
    )
    password.set_defaults(run=run_password)
    password.add_argument("--login", metavar="X", required=True, help="login do usuário")


def run_password(options: argparse.Namespace) -> Status:
    """Set the password through the same path as the window."""
    from app.data import user_passwords
    from services.passwords import set_password

    with opened() as office:
        with office.database.reading() as connection:
            account = user_passwords.account(connection, options.login.strip())
        if account is None:
            raise Refused(f"Nenhum usuário tem o login “{options.login}”: veja com “cadastros usuarios listar”.")
        try:
            set_password(
                office.database, account.user_id, _asked(account.login), actor=office.actor, now=datetime.now(UTC)
            )
        except InvalidValue as error:
            raise Refused(str(error)) from error
    write(f"Senha de {account.login} guardada.")
    return Status.DONE


def _asked(login: str) -> str:
    password = ask_secret(f"Senha nova de {login}: ")
    if sys.stdin.isatty() and ask_secret("A mesma senha de novo: ") != password:
        raise UsageError("As duas senhas são diferentes: nada foi mudado.")
    return password

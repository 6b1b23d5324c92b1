"""`balcoes`: the counters that may talk to the integration service."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue
from app.rules.counter_presence import presence
from ui.cli.office import opened
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.data.counters import Counter


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("balcoes", help="diz quais balcões o serviço de integração atende")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    include = actions.add_parser(
        "incluir",
        help="inclui um balcão e mostra o token dele",
        description="O token é mostrado só desta vez: dele fica guardado apenas o resumo (SHA-256). Quem o perde "
        "revoga o balcão e o inclui de novo, com o mesmo nome.",
    )
    include.set_defaults(run=run_include)
    include.add_argument("nome", metavar="NOME", help="como ele é chamado, por exemplo “Balcão 1”")
    include.add_argument(
        "--empresa", metavar="N", type=positive, help="só pode falar por esta empresa; sem isso, por todas"
    )
    show = actions.add_parser("listar", help="mostra os balcões e o último contato de cada um")
    show.set_defaults(run=run_list)
    revoke = actions.add_parser("revogar", help="deixa de atender um balcão: o token dele não vale mais")
    revoke.set_defaults(run=run_revoke)
    revoke.add_argument("codigo", metavar="CODIGO", type=positive, help="código do balcão, como em “balcoes listar”")
    for action in (include, show, revoke):
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_include(options: argparse.Namespace) -> Status:
    """Let a counter in. The token goes alone to the standard output, so that it can be piped."""
    from app.data import counters

    with opened() as office:
        try:
            with office.database.writing() as connection:
                number, token = counters.add(connection, options.nome, options.empresa, office.actor, datetime.now(UTC))
                counter = counters.get(connection, number)
        except InvalidValue as error:
            raise Refused(str(error)) from error
    if options.json:
        write_json(_as_document(counter, datetime.now(UTC)) | {"token": token})
    else:
        note(f"Balcão {counter.id} · {counter.name} incluído. O token dele é mostrado só desta vez:")
        write(token)
    return Status.DONE


def run_list(options: argparse.Namespace) -> Status:
    """One line a counter, revoked ones too."""
    from app.data import counters

    with opened() as office, office.database.reading() as connection:
        known = counters.every(connection)
    now = datetime.now(UTC)
    if options.json:
        write_json([_as_document(counter, now) for counter in known])
    elif known:
        headers = ("Código", "Nome", "Empresa", "Token", "Último contato", "Endereço", "Versão", "Situação")
        write_table(headers, [_line(counter, now) for counter in known])
    else:
        note("Nenhum balcão incluído. Inclua com “balcoes incluir NOME”.")
    return Status.DONE


def run_revoke(options: argparse.Namespace) -> Status:
    """Revoke, also one that was revoked before."""
    from app.data import counters

    with opened() as office:
        try:
            with office.database.writing() as connection:
                counter = counters.revoke(connection, options.codigo, office.actor, datetime.now(UTC))
        except counters.CounterNotFound as error:
            raise Refused(str(error)) from error
    if options.json:
        write_json(_as_document(counter, datetime.now(UTC)))
    else:
        write(f"Balcão {counter.id} · {counter.name} revogado: o token dele deixa de valer em até 2 segundos.")
    return Status.DONE


def _as_document(counter: Counter, now: datetime) -> dict[str, Any]:
    return {
        "codigo": counter.id,
        "nome": counter.name,
        "empresa": counter.company_id,
        "token_termina_em": counter.token_hint,
        "incluido_em": counter.created_at.isoformat(),
        "incluido_por": counter.created_by,
        "revogado_em": _iso(counter.revoked_at),
        "revogado_por": counter.revoked_by,
        "ultimo_contato": _iso(counter.last_seen_at),
        "endereco": counter.last_address,
        "versao": counter.last_version,
        "situacao": presence(counter, now).value,
    }


def _line(counter: Counter, now: datetime) -> list[str]:
    return [
        str(counter.id),
        counter.name,
        "todas" if counter.company_id is None else str(counter.company_id),
        f"…{counter.token_hint}",
        "" if counter.last_seen_at is None else f"{counter.last_seen_at.astimezone():%d/%m/%Y %H:%M:%S}",
        counter.last_address,
        counter.last_version,
        presence(counter, now).label
        if counter.revoked_at is None
        else f"Revogado em {counter.revoked_at.astimezone():%d/%m/%Y %H:%M}",
    ]


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()

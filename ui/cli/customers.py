"""`clientes`: bring customers from a file, and list them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue, Text
from app.portuguese import exact
from ui.cli.office import opened, read_file
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.data.customers import CustomerRow

_LONGEST_SEARCH = 200


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("clientes", help="importa e lista clientes")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    importing = actions.add_parser(
        "importar",
        help="inclui clientes a partir de um arquivo CSV",
        description="Lê um CSV próprio (colunas documento, nome, uf e outras dos cadastros) ou a lista de "
        "revendedores da ANP. As linhas boas são gravadas e as ruins mostradas, com o número da linha e o motivo; "
        "havendo alguma ruim, o comando termina com 1. Clientes que já existem ficam como estão.",
    )
    importing.set_defaults(run=run_import)
    importing.add_argument("arquivo", metavar="ARQUIVO.csv", type=Path)
    importing.add_argument("--json", action="store_true", help="responde em JSON")
    listing = actions.add_parser("listar", help="lista os clientes ativos")
    listing.set_defaults(run=run_list)
    listing.add_argument(
        "--busca", metavar="TEXTO", type=_searched, default="", help="parte do nome, do documento, da IE ou da cidade"
    )
    listing.add_argument("--json", action="store_true", help="responde em JSON")


def _searched(text: str) -> str:
    try:
        return Text(_LONGEST_SEARCH).parse(text)
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run_import(options: argparse.Namespace) -> Status:
    """Keep the good lines and report the bad ones."""
    from app.customers_import import UnreadableFile
    from app.data.customers_import import import_customers

    data = read_file(options.arquivo)
    with opened() as office:
        try:
            report = import_customers(office.database, data, office.settings.load(), office.actor)
        except UnreadableFile as error:
            raise Refused(f"{options.arquivo}: {error}") from error
    if options.json:
        write_json(
            {
                "incluidos": report.added,
                "ja_cadastrados": report.already,
                "recusadas": [{"linha": line.line, "motivos": list(line.reasons)} for line in report.rejected],
                "observacoes": list(report.remarks),
            }
        )
    else:
        write(report.sentence)
        for remark in report.remarks:
            note(remark)
        for line in report.rejected:
            note(line.sentence)
    return Status.REFUSED if report.rejected else Status.DONE


def run_list(options: argparse.Namespace) -> Status:
    """List customers as their page does."""
    from app.data import customers

    query = customers.Query(text=options.busca)
    with opened() as office, office.database.reading() as connection:
        rows = customers.page(connection, query, 0, customers.count(connection, query))
    if options.json:
        write_json([_as_document(row) for row in rows])
    elif rows:
        headers = ("Código", "Documento", "IE", "Nome", "UF", "Cidade", "SEFAZ", "ANP", "Bloqueio", "Última consulta")
        write_table(headers, [_line(row) for row in rows])
    else:
        note("Nenhum cliente encontrado.")
    return Status.DONE


def _as_document(row: CustomerRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "documento": row.document.value,
        "tipo": row.document.kind.value,
        "ie": row.ie,
        "nome": row.name,
        "uf": row.uf,
        "cidade": row.city,
        "bandeira": row.brand,
        "ativo": row.active,
        "bloqueado": row.blocked,
        "resultado": row.verdict.value if row.verdict else None,
        "respondida_em": row.answered_at.isoformat() if row.answered_at else None,
        "ultima_tentativa": row.outcome.value if row.outcome else None,
        "tentada_em": row.tried_at.isoformat() if row.tried_at else None,
        "anp": {
            "cadastro": row.anp_kind.value,
            "status": row.anp_status.value if row.anp_status else None,
            "bandeira": row.anp_brand,
            "respondida_em": row.anp_at.isoformat() if row.anp_at else None,
            "ultima_tentativa": row.anp_outcome.value if row.anp_outcome else None,
            "tentada_em": row.anp_tried_at.isoformat() if row.anp_tried_at else None,
        },
    }


def _line(row: CustomerRow) -> list[str]:
    return [
        str(row.id),
        str(row.document),
        row.ie,
        row.name,
        row.uf,
        row.city,
        row.outcome.label if row.outcome else "Sem consulta",
        row.anp_outcome.label if row.anp_outcome else "Sem consulta" if row.anp_consulted else "—",
        "bloqueado" if row.blocked else "",
        exact(row.consulted_at) if row.consulted_at else "",
    ]

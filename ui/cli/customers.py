"""`clientes`: bring customers from a file, list them, and compare one with SEFAZ's last answer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue, Text
from app.portuguese import exact
from app.tables import CUSTOMERS
from ui.cli.office import opened, read_file
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.data.customers import CustomerRow
    from app.data.registration_update import Comparison
    from app.rules.registration_difference import Difference

_LONGEST_SEARCH = 200
_ALL = "todos"


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("clientes", help="importa e lista clientes, e os compara com a SEFAZ")
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
    comparing = actions.add_parser(
        "divergencias",
        help="compara um cadastro com a última resposta da SEFAZ",
        description="Mostra os campos do cadastro que a última resposta da SEFAZ contradiz ou completa. Nada é "
        "consultado: para uma resposta nova, use “consultar --cliente N”. Com --aplicar, os campos escolhidos recebem "
        "o valor da SEFAZ, todos ou nenhum; o que a SEFAZ não informa fica como está.",
    )
    comparing.set_defaults(run=run_differences)
    comparing.add_argument("--cliente", metavar="N", type=positive, required=True, help="código do cliente")
    comparing.add_argument("--aplicar", metavar="CAMPO,CAMPO", help=f"campos a atualizar no cadastro, ou {_ALL}")
    comparing.add_argument("--json", action="store_true", help="responde em JSON")


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


def run_differences(options: argparse.Namespace) -> Status:
    """Show where the registration and SEFAZ disagree, after taking over what was asked for."""
    from app.data import registration_update

    done = ""
    with opened() as office:
        with office.database.reading() as connection:
            comparison = registration_update.compare(connection, options.cliente)
        chosen = _chosen(options.aplicar, comparison) if options.aplicar is not None else ()
        if chosen and comparison.consultation_id is not None:
            with office.database.writing() as connection:
                done = registration_update.take_over(
                    connection, options.cliente, comparison.consultation_id, chosen, office.actor
                )
            with office.database.reading() as connection:
                comparison = registration_update.compare(connection, options.cliente)
    if options.json:
        write_json(_comparison_document(options.cliente, comparison, chosen))
        return Status.DONE
    if options.aplicar is not None:
        write(done or "Nenhum campo a atualizar.")
    if comparison.own is None:
        note(comparison.why_not)
    elif comparison.asked_at is not None:
        write(f"Comparado com a inscrição {comparison.own.IE} da resposta da SEFAZ de {exact(comparison.asked_at)}.")
        if not comparison.found:
            write("O cadastro confere com o que a SEFAZ informa.")
    if comparison.found:
        write_table(
            ("Campo", "", "No cadastro", "Na SEFAZ", "Observação"),
            [(d.field, d.label, d.here, d.there, d.hindrance or d.remark) for d in comparison.found],
        )
    return Status.DONE


def _chosen(text: str, comparison: Comparison) -> tuple[Difference, ...]:
    """The differences named on the command line. Raises UsageError or Refused."""
    if text.strip() == _ALL:
        return comparison.applicable
    names = [name for part in text.split(",") if (name := part.strip())]
    if not names:
        raise UsageError(f"--aplicar pede os campos a atualizar, separados por vírgula, ou {_ALL}.")
    found = {difference.field: difference for difference in comparison.found}
    for name in names:
        if CUSTOMERS.field(name) is None:
            raise UsageError(f"O cadastro de clientes não tem o campo “{name}”.")
        if name not in found:
            why = f" {comparison.why_not}" if comparison.why_not else ""
            raise Refused(f"Nada foi alterado: o campo “{name}” não diverge da resposta da SEFAZ.{why}")
        if found[name].hindrance:
            raise Refused(f"Nada foi alterado: o campo “{name}” não pode ser atualizado. {found[name].hindrance}")
    return tuple(found[name] for name in dict.fromkeys(names))


def _comparison_document(customer: int, comparison: Comparison, applied: Sequence[Difference]) -> dict[str, Any]:
    return {
        "cliente": customer,
        "consulta_id": comparison.consultation_id,
        "respondida_em": comparison.asked_at.isoformat() if comparison.asked_at else None,
        "inscricao": comparison.own.IE if comparison.own else None,
        "divergencias": [
            {
                "campo": difference.field,
                "rotulo": difference.label,
                "cadastro": difference.here,
                "sefaz": difference.there,
                "observacao": difference.remark,
                "aplicavel": not difference.hindrance,
                "impedimento": difference.hindrance,
            }
            for difference in comparison.found
        ],
        "atualizados": [difference.field for difference in applied],
        "motivo": comparison.why_not,
    }


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

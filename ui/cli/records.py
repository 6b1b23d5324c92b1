"""`cadastros`: the auxiliary tables, so that a machine can be set up by script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.tables import TABLES, Table
from ui.cli.office import opened
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive

if TYPE_CHECKING:
    from app.data.records import Record


def add(commands: Any) -> None:
    """Declare the command."""
    fields = "\n".join(f"  {table.key}: {', '.join(f.name for f in table.fields)}" for table in TABLES.values())
    parser = commands.add_parser(
        "cadastros",
        help="lista, inclui e altera empresas, filiais, usuários, clientes e as outras tabelas",
        description="Cadastros por linha de comando. Campos que não são informados na inclusão recebem o padrão.",
        epilog=f"Tabelas e seus campos:\n{fields}\n\n"
        "Exemplo: cadastros empresas incluir cnpj=11.222.333/0001-81 nome='Modelo Ltda' uf=SP",
    )
    parser.add_argument("tabela", metavar="TABELA", choices=list(TABLES), help=", ".join(TABLES))
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    listing = actions.add_parser("listar", help="mostra as linhas da tabela")
    listing.set_defaults(run=run_list)
    listing.add_argument("--inativos", action="store_true", help="mostra também as linhas desativadas")
    adding = actions.add_parser("incluir", help="inclui uma linha e mostra o código dela")
    adding.set_defaults(run=run_add)
    changing = actions.add_parser("alterar", help="muda campos de uma linha")
    changing.set_defaults(run=run_change)
    changing.add_argument("codigo", metavar="N", type=positive, help="código da linha")
    for action in (adding, changing):
        action.add_argument("campos", metavar="campo=valor", nargs="+")
    for name, active, words in (("desativar", False, "deixa de oferecer"), ("reativar", True, "volta a oferecer")):
        activity = actions.add_parser(name, help=f"{words} a linha; nada é apagado")
        activity.set_defaults(run=run_activity, active=active)
        activity.add_argument("codigo", metavar="N", type=positive, help="código da linha")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_list(options: argparse.Namespace) -> Status:
    """List the rows by number."""
    from app.data import records

    table = TABLES[options.tabela]
    with opened() as office, office.database.reading() as connection:
        rows = records.every(connection, table, only_active=not options.inativos)
    if options.json:
        write_json([_as_document(row) for row in rows])
    elif rows:
        headers = ("Código", *(f.label for f in table.fields), "Situação")
        write_table(headers, [_line(row) for row in rows])
    else:
        note(f"Nenhum registro em {table.label}.")
    return Status.DONE


def run_add(options: argparse.Namespace) -> Status:
    """Add one row."""
    from app.data import records

    table = TABLES[options.tabela]
    values = _values(table, options.campos)
    with opened() as office:
        snapshot = office.settings.load()
        with office.database.writing() as connection:
            row_id = records.add(connection, table, values, snapshot, office.actor)
            kept = records.get(connection, table, row_id)
    return _done(options, kept)


def run_change(options: argparse.Namespace) -> Status:
    """Change fields of one row."""
    from app.data import records

    table = TABLES[options.tabela]
    values = _values(table, options.campos)
    with opened() as office, office.database.writing() as connection:
        records.change(connection, table, options.codigo, values, office.actor)
        kept = records.get(connection, table, options.codigo)
    return _done(options, kept)


def run_activity(options: argparse.Namespace) -> Status:
    """Deactivate one row, or bring it back."""
    from app.data import records

    with opened() as office, office.database.writing() as connection:
        records.set_active(connection, TABLES[options.tabela], options.codigo, options.active, office.actor)
        kept = records.get(connection, TABLES[options.tabela], options.codigo)
    return _done(options, kept)


def _values(table: Table, arguments: Sequence[str]) -> dict[str, Any]:
    from app.data import records

    texts: dict[str, str] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals:
            raise UsageError(f"“{argument}” não está na forma campo=valor.")
        if name in texts:
            raise UsageError(f"O campo “{name}” foi informado duas vezes.")
        texts[name] = text
    try:
        return records.parse(table, texts)
    except records.InvalidRecord as error:
        raise UsageError(str(error), errors={name: s for name, s in error.errors.items() if name}) from error


def _done(options: argparse.Namespace, kept: Record) -> Status:
    for sentence in kept.table.doubts(kept.values).values():
        note(sentence)
    if options.json:
        write_json({"id": kept.id})
    else:
        write(str(kept.id))
    return Status.DONE


def _as_document(row: Record) -> dict[str, Any]:
    values = {f.name: f.kind.plain(row.values[f.name]) for f in row.table.fields}
    return {"id": row.id, "ativo": row.active, **values}


def _line(row: Record) -> list[str]:
    shown = (f.kind.show(row.values[f.name]) if row.values[f.name] != "" else "" for f in row.table.fields)
    return [str(row.id), *shown, "" if row.active else "inativo"]

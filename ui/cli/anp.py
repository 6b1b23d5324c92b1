"""`anp`: the lists that ANP publishes, what each one changed, and all customers checked against them."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain import ConsultationFailed, ListKind
from app.rules.anp_difference import ChangeKind
from ui.cli.office import opened, read_file
from ui.cli.output import Status, note, note_failure, write, write_json, write_table
from ui.cli.portuguese import UsageError, positive
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from app.data.mirror import ChangeRow, ListReport, ListTaken
    from app.data.mirror_check import CheckReport, CustomerLeft
    from services.backoffice import Backoffice

_KINDS = [kind.value for kind in ListKind]
_LINES_SHOWN = 20
_OLD_FILE = timedelta(days=1)


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("anp", help="listas publicadas pela ANP: importa, compara e confere os clientes")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    _add_import(actions)
    listing = actions.add_parser("listas", help="mostra as listas importadas")
    listing.set_defaults(run=run_lists)
    showing = actions.add_parser(
        "diferencas",
        help="mostra o que mudou de uma lista para a seguinte",
        description="Quem entrou, saiu ou voltou, e quem mudou de bandeira, razão social, endereço, autorização ou "
        "situação. Sem --lista, as mudanças da lista mais nova de cada tipo.",
    )
    showing.set_defaults(run=run_changes)
    showing.add_argument("--tipo", choices=_KINDS, help="só este tipo de lista")
    showing.add_argument("--lista", metavar="N", type=positive, help="só o que a lista N mudou (ver “anp listas”)")
    showing.add_argument("--mudanca", choices=[kind.value for kind in ChangeKind], help="só este tipo de mudança")
    showing.add_argument("--clientes", action="store_true", help="só quem é cliente ativo")
    checking = actions.add_parser(
        "conferir",
        help="confere todos os clientes com as listas importadas",
        description="Confere de uma vez todos os clientes ativos consultáveis na ANP. O histórico recebe uma consulta "
        "de quem mudou ou ainda não tinha resposta. Sem --aplicar, nenhum cliente é bloqueado ou desbloqueado. "
        "Ctrl+C para entre um lote de clientes e o seguinte: os lotes feitos ficam.",
    )
    checking.set_defaults(run=run_check)
    checking.add_argument(
        "--aplicar", action="store_true", help="aplica aos clientes os perfis de status e de bandeira"
    )
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="responde em JSON")


def _add_import(actions: Any) -> None:
    importing = actions.add_parser(
        "importar",
        help="importa uma lista, de um arquivo ou da ANP",
        description="Lê o CSV como a ANP o publica, guarda a lista e mostra o que ela mudou. Uma lista incompleta, "
        "mais antiga ou que não pode ser lida é recusada, e o comando termina com 1.",
    )
    importing.set_defaults(run=run_import)
    importing.add_argument("arquivo", metavar="ARQUIVO.csv", type=Path, nargs="?")
    importing.add_argument(
        "--baixar", action="store_true", help="baixa dos endereços das configurações; sem --tipo, as três listas"
    )
    importing.add_argument("--tipo", choices=_KINDS, help="a lista esperada; um arquivo diz sozinho qual é")
    importing.add_argument(
        "--data", metavar="dd/mm/aaaa", type=_day, help="o dia em que a ANP publicou o arquivo; sem ele, agora"
    )
    importing.add_argument(
        "--aceitar-menor", action="store_true", help="aceita uma lista com bem menos linhas do que a anterior"
    )


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%d/%m/%Y").astimezone()
    except (ValueError, OverflowError, OSError) as error:  # on Windows no zone is known before 1970 nor after 3000
        raise argparse.ArgumentTypeError(f"“{text}” não é uma data: escreva dd/mm/aaaa") from error


def run_import(options: argparse.Namespace) -> Status:
    """Take in one file, or the lists downloaded."""
    if options.baixar == (options.arquivo is not None):
        raise UsageError("Informe o arquivo da lista ou --baixar, um dos dois.")
    if options.baixar and options.data is not None:
        raise UsageError("--data é só para um arquivo: uma lista baixada agora é de agora.")
    return _import_downloaded(options) if options.baixar else _import_file(options)


def _import_file(options: argparse.Namespace) -> Status:
    now = datetime.now(UTC)
    if options.data is not None and options.data > now:
        raise UsageError(f"--data {options.data:%d/%m/%Y} está no futuro.")
    data = read_file(options.arquivo)
    if options.data is None:
        written = datetime.fromtimestamp(options.arquivo.stat().st_mtime, UTC)
        if now - written > _OLD_FILE:
            note(
                f"O arquivo é de {written.astimezone():%d/%m/%Y} e será guardado como a lista de agora. "
                "Se a ANP o publicou em outro dia, diga qual com --data dd/mm/aaaa."
            )
        taken_at = now
    else:
        # A file of today was published before now, whatever was taken in since midnight.
        taken_at = now if options.data.date() == now.astimezone().date() else options.data
    kind = ListKind(options.tipo) if options.tipo else None
    with opened() as office:
        report = _taken(office, data, kind, options.arquivo.name, taken_at, options)
    if options.json:
        write_json([_report_document(report)])
    else:
        _write_report(report)
    return Status.DONE


def _import_downloaded(options: argparse.Namespace) -> Status:
    from app.settings.catalog import ANP_LIST_AUTOMOTIVE, ANP_LIST_DISTRIBUTORS, ANP_LIST_GLP
    from services.anp.lists import download_list

    settings = {
        ListKind.AUTOMOTIVE: ANP_LIST_AUTOMOTIVE,
        ListKind.GLP: ANP_LIST_GLP,
        ListKind.DISTRIBUTOR: ANP_LIST_DISTRIBUTORS,
    }
    kinds = [ListKind(options.tipo)] if options.tipo else list(ListKind)
    documents: list[dict[str, Any]] = []
    refused = False
    with opened() as office:
        snapshot = office.settings.load()
        for kind in kinds:
            address = snapshot[settings[kind]]
            if not address:
                note(f"{kind.label}: nenhum endereço nas configurações; preencha “{settings[kind].label}”.")
                documents.append({"tipo": kind.value, "erro": "Nenhum endereço nas configurações."})
                refused = True
                continue
            try:
                data = download_list(
                    address, office.folders, progress=lambda done, total: None, cancelled=lambda: False
                )
                report = _taken(office, data, kind, address, datetime.now(UTC), options)
            except ConsultationFailed as failed:
                # The other lists are no worse for it.
                note(f"{kind.label}:")
                note_failure(failed.failure)
                documents.append({"tipo": kind.value, "erro": failed.failure.sentence})
                refused = True
            except Refused as error:
                note(str(error))
                documents.append({"tipo": kind.value, "erro": str(error)})
                refused = True
            else:
                documents.append(_report_document(report))
                if not options.json:
                    _write_report(report)
    if options.json:
        write_json(documents)
    return Status.REFUSED if refused else Status.DONE


def _taken(
    office: Backoffice,
    data: bytes,
    kind: ListKind | None,
    source: str,
    taken_at: datetime,
    options: argparse.Namespace,
) -> ListReport:
    from app.anp_lists import UnreadableList
    from app.data.mirror import IncompleteList, OlderList, take_list

    try:
        return take_list(
            office.database,
            data,
            kind,
            source=source,
            taken_at=taken_at,
            actor=office.actor,
            accept_smaller=options.aceitar_menor,
        )
    except IncompleteList as error:
        raise Refused(f"{source}: {error} (--aceitar-menor)") from error
    except (UnreadableList, OlderList) as error:
        raise Refused(f"{source}: {error}") from error


def _write_report(report: ListReport) -> None:
    write(report.sentence)
    for line in report.rejected[:_LINES_SHOWN]:
        note(line.sentence)
    if len(report.rejected) > _LINES_SHOWN:
        note(f"E outras {len(report.rejected) - _LINES_SHOWN} linhas recusadas.")


def run_lists(options: argparse.Namespace) -> Status:
    """List the lists taken in, the newest first."""
    from app.data import mirror

    with opened() as office, office.database.reading() as connection:
        lists = mirror.lists(connection)
    if options.json:
        write_json([_list_document(one) for one in lists])
    elif lists:
        headers = ("Lista", "Tipo", "De", "Confirmada em", "Estabelecimentos", "Linhas recusadas", "Origem")
        write_table(headers, [_list_line(one) for one in lists])
    else:
        note("Nenhuma lista foi importada ainda.")
    return Status.DONE


def run_changes(options: argparse.Namespace) -> Status:
    """List what one list changed, or the newest of each kind."""
    from app.data import mirror

    kind = ListKind(options.tipo) if options.tipo else None
    change = ChangeKind(options.mudanca) if options.mudanca else None
    rows: list[ChangeRow] = []
    with opened() as office, office.database.reading() as connection:
        chosen = _chosen_lists(mirror.lists(connection), options.lista)
        for list_id in chosen:
            query = mirror.ChangeQuery(kind, list_id, change, only_customers=options.clientes)
            rows += mirror.changes(connection, query, 0, mirror.count_changes(connection, query))
    if options.json:
        write_json([_change_document(row) for row in rows])
    elif rows:
        headers = ("Lista", "De", "CNPJ", "Nome", "UF", "Mudança", "Antes", "Depois", "Cliente")
        write_table(headers, [_change_line(row) for row in rows])
    else:
        note("Nenhuma mudança." if chosen else "Nenhuma lista foi importada ainda.")
    return Status.DONE


def _chosen_lists(lists: list[ListTaken], wanted: int | None) -> list[int]:
    if wanted is None:
        newest: dict[ListKind, int] = {}
        for one in lists:
            newest.setdefault(one.kind, one.id)
        return list(newest.values())
    if wanted not in (one.id for one in lists):
        raise Refused(f"A lista {wanted} não existe. “anp listas” mostra as que existem.")
    return [wanted]


def run_check(options: argparse.Namespace) -> Status:
    """Check all customers against the lists."""
    from app.data.mirror_check import ListNotUsable, check_customers

    stop = _Stop()
    with opened() as office, stop:
        try:
            report = check_customers(
                office.database,
                office.settings.load(),
                apply=options.aplicar,
                actor=office.actor,
                now=datetime.now(UTC),
                progress=_shown_progress(),
                cancelled=stop.asked,
            )
        except ListNotUsable as error:
            raise Refused(str(error)) from error
    if options.json:
        write_json(_check_document(report))
    else:
        write(report.sentence)
        if report.left:
            headers = ("Código", "Documento", "Nome", "Constava até", "")
            write_table(headers, [_left_line(left) for left in report.left])
    return Status.INTERRUPTED if report.cancelled else Status.DONE


class _Stop:
    """While entered, Ctrl+C only asks to stop."""

    def __init__(self) -> None:
        self._asked = False

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGINT, lambda number, frame: self._ask())

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def asked(self) -> bool:
        return self._asked

    def _ask(self) -> None:
        self._asked = True


def _shown_progress() -> Callable[[int, int], None]:
    on_terminal = sys.stderr is not None and sys.stderr.isatty()

    def show(done: int, total: int) -> None:
        if on_terminal:
            note(f"{done} de {total} clientes…")

    return show


def _list_document(one: ListTaken) -> dict[str, Any]:
    return {
        "lista": one.id,
        "tipo": one.kind.value,
        "de": one.taken_at.isoformat(),
        "confirmada_em": one.confirmed_at.isoformat(),
        "origem": one.source,
        "estabelecimentos": one.rows,
        "linhas_recusadas": one.rejected,
    }


def _report_document(report: ListReport) -> dict[str, Any]:
    return {
        **_list_document(report.list),
        "mesma": report.same,
        "anterior": report.previous.id if report.previous else None,
        "mudancas": {kind.value: report.counts.get(kind, 0) for kind in ChangeKind},
        "recusadas": [{"linha": line.line, "motivos": list(line.reasons)} for line in report.rejected],
    }


def _list_line(one: ListTaken) -> list[str]:
    return [
        str(one.id),
        one.kind.label,
        f"{one.taken_at.astimezone():%d/%m/%Y %H:%M}",
        f"{one.confirmed_at.astimezone():%d/%m/%Y %H:%M}",
        str(one.rows),
        str(one.rejected) if one.rejected else "",
        one.source,
    ]


def _change_document(row: ChangeRow) -> dict[str, Any]:
    change = row.change
    return {
        "lista": row.list_id,
        "tipo": row.list.value,
        "de": row.taken_at.isoformat(),
        "cnpj": change.cnpj,
        "nome": change.name,
        "uf": change.uf,
        "mudanca": change.kind.value,
        "antes": change.before,
        "depois": change.after,
        "cliente": row.customer_id,
    }


def _change_line(row: ChangeRow) -> list[str]:
    change = row.change
    return [
        str(row.list_id),
        f"{row.taken_at.astimezone():%d/%m/%Y}",
        change.cnpj,
        change.name,
        change.uf,
        change.kind.label,
        change.before,
        change.after,
        f"{row.customer_id} {row.customer}" if row.customer_id is not None else "",
    ]


def _check_document(report: CheckReport) -> dict[str, Any]:
    return {
        "clientes": report.total,
        "conferidos": report.checked,
        "com_resposta_mais_nova": report.newer,
        "consultas_gravadas": report.recorded,
        "resultados": {outcome.value: count for outcome, count in report.outcomes.items()},
        "bloqueados": report.blocked,
        "desbloqueados": report.released,
        "bandeiras_trocadas": report.brands_changed,
        "sairam": [
            {
                "cliente": left.id,
                "documento": left.document.value,
                "nome": left.name,
                "constava_ate": left.until.isoformat() if left.until else None,
                "confirmado": left.confirmed,
            }
            for left in report.left
        ],
        "interrompido": report.cancelled,
    }


def _left_line(left: CustomerLeft) -> list[str]:
    return [
        str(left.id),
        str(left.document),
        left.name,
        f"{left.until.astimezone():%d/%m/%Y}" if left.until else "",
        "" if left.confirmed else "à espera de outra lista",
    ]

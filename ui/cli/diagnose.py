"""`diagnostico`: why an authority, the database or the counters' service does not answer, step by step."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.kinds import InvalidValue, State
from app.settings.catalog import SEFAZ_BRANCH
from app.tables import BRANCHES
from app.uf import UFS
from ui.cli import diagnose_connection
from ui.cli.office import opened
from ui.cli.output import Status, note, write, write_json
from ui.cli.problems import Refused

if TYPE_CHECKING:
    from services.backoffice import Backoffice
    from services.sefaz.diagnosis_report import UfReport

_SEFAZ = """\
Passos: certificado da filial, DNS, TCP, TLS, certificado pedido pelo servidor, HTTP, relógio, SOAP e cStat. Os quatro
últimos vêm de uma única consulta do CNPJ da própria filial, que respeita o ritmo do autorizador e fica no histórico.
Enquanto um autorizador acusa consumo indevido (656), nada é aberto até ele. Quando só falhas seguidas o seguram e a
conexão funciona, uma consulta é feita: se ela tiver resposta, as consultas voltam na hora.

Com --json a resposta é uma lista, uma entrada por UF, sempre com as mesmas chaves:
  uf, autorizador, endereco, em (data e hora ISO 8601), resultado, cStat ("" sem resposta), consulta_id (null sem
  consulta), ultima_resposta (a última do autorizador, null se nunca) e passos, na ordem; cada passo tem
    passo        certificado_da_filial, dns, tcp, tls, certificado_pedido, http, relogio, soap ou cstat
    resultado    ok, atencao, falha ou nao_feito (o resultado da UF é o pior dos passos)
    encontrado   o que foi visto, em uma frase
    duracao_ms   inteiro, ou null
    dados        lista de {nome, valor}
    falha        null, ou {classe, o_que_aconteceu, causa_provavel, o_que_fazer, detalhes}
Termina com 0 quando nenhuma UF tem falha, e com 1 quando alguma tem ou nada foi verificado.
"""


def add(commands: Any) -> None:
    """Declare the command; without saying what to diagnose, it is SEFAZ."""
    parser = commands.add_parser(
        "diagnostico",
        help="diz, passo a passo, por que a SEFAZ, o banco ou o serviço de integração não responde",
        description="Sem dizer o quê, diagnostica a SEFAZ da UF da filial escolhida nas configurações.",
    )
    _options(parser)
    subjects = parser.add_subparsers(title="o que diagnosticar", metavar="O_QUE", dest="o_que")
    sefaz = subjects.add_parser(
        "sefaz",
        help="a SEFAZ: certificado, rede, TLS e uma consulta",
        description="Diagnostica a SEFAZ da UF da filial, de outra UF ou de todas.",
        epilog=_SEFAZ,
    )
    _options(sefaz, repeated=True)
    diagnose_connection.add(subjects)


def _options(parser: argparse.ArgumentParser, *, repeated: bool = False) -> None:
    """The options of SEFAZ, taken before and after its name; what was given before is not undone after."""
    unsaid: Any = argparse.SUPPRESS
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--uf", type=_uf, default=unsaid if repeated else None, help="uma UF; sem isso, a da filial")
    which.add_argument("--todas", action="store_true", default=unsaid if repeated else False, help="as 27 UFs")
    flags = (
        ("--sem-consulta", "verifica só a conexão: nada é consultado"),
        ("--tentar-de-novo", "consulta também a UF que já disse que não atende"),
        ("--json", "responde em JSON"),
    )
    for name, text in flags:
        parser.add_argument(name, action="store_true", default=unsaid if repeated else False, help=text)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> Status:
    """Diagnose and show."""
    from services.check_list import Outcome
    from services.sefaz.diagnosis_report import as_document, as_text

    found: dict[str, UfReport] = {}
    with opened() as office:
        ufs = list(UFS) if options.todas else [options.uf or _branch_uf(office)]
        diagnosis = office.diagnosis(
            office.settings.load(), consult=not options.sem_consulta, retry_unserved=options.tentar_de_novo
        )
        for report in diagnosis.reports(ufs):
            if report.finished:
                found[report.uf] = report
                if len(ufs) > 1:
                    note(f"{len(found)} de {len(ufs)}: {report.uf}, {report.outcome.label}. {report.sentence}")
    reports = [found[uf] for uf in ufs]
    if options.json:
        write_json([as_document(report) for report in reports])
    else:
        write(as_text(reports).rstrip())
    outcomes = {report.outcome for report in reports}
    return Status.REFUSED if Outcome.FAILED in outcomes or outcomes == {Outcome.NOT_DONE} else Status.DONE


def _uf(text: str) -> str:
    try:
        return State().parse(text)
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _branch_uf(office: Backoffice) -> str:
    from app.data import records

    branch_id = office.settings.load()[SEFAZ_BRANCH]
    if branch_id is None:
        raise Refused(
            "Nenhuma filial foi escolhida para consultar a SEFAZ. Escolha a Filial em Ferramentas › Sistema › "
            "Clientes, aba Consulta SEFAZ, ou informe --uf."
        )
    with office.database.reading() as connection:
        return str(records.get(connection, BRANCHES, branch_id).values["uf"])

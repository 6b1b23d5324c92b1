"""`certificado`: install a branch's A1 file, and show what each branch has."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.documents import parse_cnpj
from ui.cli.office import ask_secret, opened, read_file
from ui.cli.output import Status, note, write, write_json, write_table
from ui.cli.portuguese import positive

if TYPE_CHECKING:
    from app.domain import Certificate


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("certificado", help="instala e mostra os certificados digitais das filiais")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    install = actions.add_parser(
        "instalar",
        help="instala o arquivo A1 de uma filial",
        description="A senha do arquivo é perguntada; quando a entrada não é um terminal, é a primeira linha dela. "
        "Ela não é guardada: a chave fica no banco, cifrada com outra senha, que fica no cofre do sistema.",
    )
    install.set_defaults(run=run_install)
    install.add_argument("--filial", metavar="N", type=positive, required=True, help="código da filial")
    install.add_argument("arquivo", metavar="ARQUIVO.pfx", type=Path)
    install.add_argument("--json", action="store_true", help="responde em JSON")
    show = actions.add_parser("mostrar", help="mostra o certificado de cada filial e até quando vale")
    show.set_defaults(run=run_show)
    show.add_argument("--json", action="store_true", help="responde em JSON")


def run_install(options: argparse.Namespace) -> Status:
    """Install through the same path as the window."""
    from services.installation import install_certificate

    pfx = read_file(options.arquivo)
    password = ask_secret(f"Senha de {options.arquivo.name}: ")
    now = datetime.now(UTC)
    with opened() as office:
        certificate = install_certificate(office.database, options.filial, pfx, password, actor=office.actor, now=now)
    if options.json:
        write_json(_as_document(certificate, now))
    else:
        write(f"Certificado instalado na filial {options.filial}: {certificate.holder}, {certificate.validity(now)}.")
    return Status.DONE


def run_show(options: argparse.Namespace) -> Status:
    """One line a branch, those without a certificate too."""
    from app.data import certificates, records
    from app.tables import BRANCHES

    now = datetime.now(UTC)
    with opened() as office, office.database.reading() as connection:
        branches = records.every(connection, BRANCHES)
        installed = {certificate.branch_id: certificate for certificate in certificates.all_installed(connection)}
    if options.json:
        write_json(
            [
                {"filial": branch.id, "nome": branch.values["nome"]}
                | (_as_document(installed[branch.id], now) if branch.id in installed else dict.fromkeys(_KEYS))
                for branch in branches
            ]
        )
    elif branches:
        headers = ("Filial", "Titular", "CNPJ", "Emissor", "Raiz", "Validade", "Situação")
        write_table(headers, [[branch.title, *_line(installed.get(branch.id), now)] for branch in branches])
    else:
        note("Nenhuma filial cadastrada. Inclua com “cadastros filiais incluir”.")
    return Status.DONE


_KEYS = ("titular", "cnpj", "emissor", "raiz", "validade", "dias")


def _as_document(certificate: Certificate, now: datetime) -> dict[str, Any]:
    values = (
        certificate.holder,
        certificate.cnpj,
        certificate.issuer,
        certificate.root,
        certificate.not_after.isoformat(),
        math.floor(certificate.days_left(now)),
    )
    return {"filial": certificate.branch_id, **dict(zip(_KEYS, values, strict=True))}


def _line(certificate: Certificate | None, now: datetime) -> list[str]:
    if certificate is None:
        return ["", "", "", "", "", "sem certificado"]
    return [
        certificate.holder,
        str(parse_cnpj(certificate.cnpj)),
        certificate.issuer,
        certificate.root,
        f"{certificate.not_after.astimezone():%d/%m/%Y %H:%M}",
        certificate.brief_validity(now),
    ]

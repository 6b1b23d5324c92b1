"""Checks of a draft that need the data: the row exists and is active, the branch's certificate serves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.data import certificates, records
from app.documents import cnpj_root
from app.kinds import Reference
from app.portuguese import exact
from app.settings.catalog import SEFAZ_BRANCH
from app.settings.draft import RESTORE, Draft
from app.settings.setting import Setting
from app.settings.snapshot import GENERAL_COMPANY, SettingKey
from app.tables import BRANCHES, COMPANIES, TABLES


def draft_errors(connection: Connection, draft: Draft, now: datetime) -> dict[SettingKey, str]:
    """A sentence for each value of the draft that the data refuses."""
    errors: dict[SettingKey, str] = {}
    for key, value in draft.items():
        setting, company = key
        error = None
        if company != GENERAL_COMPANY and records.find(connection, COMPANIES, company) is None:
            error = f"A empresa {company} não existe: escolha outra."
        elif value is not RESTORE and isinstance(setting.kind, Reference) and value is not None:
            error = _reference_error(connection, setting.kind.table, value)
            if error is None and setting is SEFAZ_BRANCH:
                error = certificate_error(connection, value, now)
        if error:
            errors[key] = error
    return errors


def shown(connection: Connection, setting: Setting[Any], value: Any) -> str:
    """The value as a person reads it: a reference by the name of its row."""
    if isinstance(setting.kind, Reference) and value is not None:
        record = records.find(connection, TABLES[setting.kind.table], value)
        if record is not None:
            return record.title
    return setting.kind.show(value)


def certificate_error(connection: Connection, branch_id: int, now: datetime) -> str | None:
    """Why the branch's certificate cannot be used for consultations, or None when it can."""
    branch = records.get(connection, BRANCHES, branch_id)
    certificate = certificates.for_branch(connection, branch_id)
    if certificate is None:
        return f"A filial {branch_id} não tem certificado digital instalado. Instale o arquivo PFX dela primeiro."
    if cnpj_root(certificate.cnpj) != cnpj_root(str(branch.values["cnpj"])):
        return (
            f"O certificado da filial {branch_id} é de outro CNPJ raiz ({certificate.cnpj[:8]}). Instale o da empresa."
        )
    if now >= certificate.not_after:
        return (
            f"O certificado digital da filial {branch_id} venceu em {exact(certificate.not_after)}, e com ele nenhuma "
            "SEFAZ responde. Instale o renovado."
        )
    if now < certificate.not_before:
        return (
            f"O certificado digital da filial {branch_id} só vale a partir de {exact(certificate.not_before)}, e antes "
            "disso nenhuma SEFAZ o aceita. Confira também o relógio deste computador."
        )
    return None


def usable_here_error(connection: Connection, branch_id: int, now: datetime) -> str | None:
    """As `certificate_error`, and also why this station in particular cannot use it: its key was never put here."""
    error = certificate_error(connection, branch_id, now)
    certificate = certificates.for_branch(connection, branch_id)
    if error is None and certificate is not None and not certificate.has_key:
        return (
            f"O certificado da filial {branch_id} foi instalado em outro computador ou por outro usuário, e a chave "
            "não sai de lá. Instale o mesmo arquivo PFX também aqui."
        )
    return error


def _reference_error(connection: Connection, table: str, row_id: Any) -> str | None:
    record = records.find(connection, TABLES[table], row_id)
    if record is None:
        return f"Não existe o código {row_id} em {TABLES[table].label}: escolha outro."
    if not record.active:
        return f"{record.title} está inativo em {TABLES[table].label}. Reative-o ou escolha outro."
    return None

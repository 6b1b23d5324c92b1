"""The receipt of a consultation kept in the database, with the answer's protocol read again from its bytes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.data import history, records
from app.data.zone import branch_zone
from app.domain import Authority, ConsultationFailed
from app.receipt import Receipt, receipt
from app.settings.catalog import SEFAZ_BRANCH
from app.tables import BRANCHES
from services.sefaz.answer import parse_answer

if TYPE_CHECKING:
    from services.backoffice import Backoffice


def receipt_of(backoffice: Backoffice, consultation_id: int, issued_at: datetime) -> Receipt | None:
    """The receipt, in the zone of the branch whose certificate was presented; None when there is no such consultation.

    That branch is the one with the certificate's CNPJ; where none has it, and at ANP, the zone is that of the branch
    that consults SEFAZ.
    """
    settings_branch = backoffice.settings.load()[SEFAZ_BRANCH]
    with backoffice.database.reading() as connection:
        consultation = history.get(connection, consultation_id)
        if consultation is None:
            return None
        branches = records.every(connection, BRANCHES)
        asked_by = next((one for one in branches if one.values["cnpj"] == consultation.certificate_cnpj), None)
        zone = branch_zone(connection, settings_branch if asked_by is None else asked_by.id)
    is_sefaz = consultation.row.authority is Authority.SEFAZ
    return receipt(
        consultation,
        protocol=_protocol(consultation.response) if is_sefaz else {},
        branch="" if asked_by is None else asked_by.values["nome"],
        zone=zone,
        issued_at=issued_at,
        issued_by=backoffice.actor,
        is_demo=backoffice.is_demo,
    )


def _protocol(response: bytes) -> dict[str, str]:
    """The fields of `infCons` by the layout's names; none where the message is no answer of the Consulta Cadastro."""
    try:
        answer = parse_answer(response, 200, "")
    except ConsultationFailed:
        return {}
    return {
        "cStat": answer.c_stat,
        "xMotivo": answer.x_motivo,
        "verAplic": answer.ver_aplic,
        "dhCons": answer.dh_cons,
        "UF": answer.uf,
        "cUF": answer.c_uf,
        **answer.echo,
    }

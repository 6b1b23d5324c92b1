"""portao_decisao: what an order waits for when ANP's answer is still valid."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from app.data import customers, records
from app.documents import parse_document
from app.domain import AnpOutcome, Document
from app.folders import Folders
from app.policies import BrandKind, CompanyConsultation, OrderAction, OrderKind, OrderOperation
from app.rules.order_gate import OrderQuestion, Step
from app.settings.catalog import ANP_COMPANY_ORDER, ANP_ONLINE, ANP_ORDER_NO_BRAND, SEFAZ_ENTITY
from app.settings.snapshot import SettingKey, Snapshot
from app.tables import BRANDS, COMPANIES, CUSTOMERS, ENTITIES
from services.backoffice import Backoffice, open_backoffice
from services.demo.example import made_up_cnpj
from services.order_gate import OrderGate
from tests.bench.report import Measured, MeasureFailed, bench

_ACTOR = "medida"
_CUSTOMERS = 200
_BRANDS = 30
_ORDERS = 1000


@bench(
    "portao_decisao",
    unidade="ms",
    meta=2.0,
    o_que="um pedido avaliado por uma resposta da ANP ainda válida: configurações lidas, decisão e registro, no SQLite",
)
def order_gate() -> Measured:
    with tempfile.TemporaryDirectory(prefix="retaguarda-bench-") as folder:
        backoffice = open_backoffice(Folders(Path(folder), Path(folder)))
        try:
            documents = _fill(backoffice)
            gate = OrderGate(backoffice.database, backoffice.anp)
            for document in documents[:20]:  # fills the caches of statements
                _evaluate(backoffice, gate, document)
            return Measured(median(_evaluate(backoffice, gate, documents[n % _CUSTOMERS]) for n in range(_ORDERS)))
        finally:
            backoffice.close()


def _fill(backoffice: Backoffice) -> list[Document]:
    """A company that always consults, brands, and customers answered by ANP an hour ago."""
    documents = [parse_document(made_up_cnpj(f"{number:08}")) for number in range(_CUSTOMERS)]
    answered_at = datetime.now(UTC) - timedelta(hours=1)
    with backoffice.database.writing() as connection:
        company = {"cnpj": made_up_cnpj("11222333"), "nome": "Modelo", "uf": "SP"}
        records.add(connection, COMPANIES, company, Snapshot(), _ACTOR)
        branch = {"nome": "Filial", "documento": made_up_cnpj("99888777")}
        entity = records.add(connection, ENTITIES, branch, Snapshot(), _ACTOR)
        for number in range(_BRANDS):
            names = (f"MARCA {number}", f"MARCA {number} DISTRIBUIDORA")
            values = {"nome": f"Marca {number}", "tipo": BrandKind.COMPETITOR, "nomes_anp": names}
            records.add(connection, BRANDS, values, Snapshot(), _ACTOR)
        for number, document in enumerate(documents):
            values = {"documento": document.key, "nome": f"Posto {number}", "uf": "SP"}
            records.add(connection, CUSTOMERS, values, Snapshot(), _ACTOR)
            (subject,) = customers.all_by_document(connection, document)
            brand = f"MARCA {number % _BRANDS}"
            customers.note_anp(connection, subject, AnpOutcome.UPDATED, brand, answered_at, None)
    settings = backoffice.settings
    general: dict[SettingKey, Any] = {(ANP_ONLINE, 0): True, (ANP_ORDER_NO_BRAND, 0): OrderAction.REFUSE}
    own: dict[SettingKey, Any] = {(ANP_COMPANY_ORDER, 1): CompanyConsultation.ALWAYS, (SEFAZ_ENTITY, 1): entity}
    settings.save(general | own, settings.load(), _ACTOR)
    return documents


def _evaluate(backoffice: Backoffice, gate: OrderGate, document: Document) -> float:
    """Milliseconds of one order, as whoever enters it waits for."""
    question = OrderQuestion(document, 1, OrderKind.ORDER, OrderOperation.INCLUSION, _ACTOR)
    started = time.perf_counter()
    answer = gate.check(question, backoffice.settings.load())
    elapsed_ms = (time.perf_counter() - started) * 1000
    if not answer.allowed or answer.inputs["anp"]["consulta"] != Step.REUSE.value:
        raise MeasureFailed(f"o pedido não foi avaliado pela resposta guardada: {answer.reasons}")
    return elapsed_ms

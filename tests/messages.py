"""A shop that tells its customers of their service orders: a company, its people and what counters tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.data import records
from app.data.database import Database
from app.data.models import WhatsAppMessage
from app.data.service_orders import RecordedEvent, ServiceOrderNews, record_event
from app.documents import parse_document
from app.domain import SefazAction
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_NUMBER, WHATSAPP_ORDERS, WHATSAPP_TEMPLATE
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from app.tables import BRANCHES, COMPANIES, CUSTOMERS
from services.demo.whatsapp import NUMBER_ID

NOON = datetime(2026, 11, 25, 15, tzinfo=UTC)
"""A Wednesday, at noon in Brasília."""
CPF = "52998224725"
OTHER_CPF = "11144477735"
MOBILE = "5527999991234"
CREATED, MOVING, FINISHED = ServiceOrderStage


@dataclass
class Shop:
    """Messages are on since a year, with a template for each stage, unless `settings` says otherwise."""

    database: Database
    company: int
    settings: dict[Setting[Any], Any] = field(default_factory=dict)

    @property
    def snapshot(self) -> Snapshot:
        values: dict[Setting[Any], Any] = {
            WHATSAPP_ORDERS: True,
            WHATSAPP_NUMBER: NUMBER_ID,
            **{setting: f"os_{stage.value}" for stage, setting in WHATSAPP_TEMPLATE.items()},
            **self.settings,
        }
        return Snapshot({(setting, 0): Kept(value, NOON - timedelta(days=365)) for setting, value in values.items()})

    def customer(self, document: str = CPF, **values: Any) -> int:
        """A customer that can be told, unless `values` says otherwise."""
        given = {
            "documento": document,
            "nome": "Maria da Silva",
            "uf": "SP",
            "celular": MOBILE,
            "aceita_whatsapp": True,
            "acao_sefaz": SefazAction.NOTHING,
            **values,
        }
        with self.database.writing() as connection:
            return records.add(connection, CUSTOMERS, given, Snapshot(), "maria")

    def tell(
        self,
        stage: ServiceOrderStage = CREATED,
        order: str = "120",
        *,
        version: int = 1,
        document: str = CPF,
        situation: str = "",
        at: datetime = NOON,
        now: datetime | None = None,
    ) -> RecordedEvent:
        """What a counter tells of a service order."""
        news = ServiceOrderNews(self.company, order, stage, version, parse_document(document), situation, at)
        with self.database.writing() as connection:
            return record_event(connection, news, self.snapshot, now or at)

    def queue(self, order: str = "120", **how: Any) -> int:
        """The number of a message in the queue."""
        told = self.tell(order=order, **how)
        assert told.state is MessageState.PENDING, told.reason
        assert told.message_id is not None
        return told.message_id

    def message(self, message_id: int) -> Any:
        """A message as it is kept, by column."""
        columns = WhatsAppMessage.__table__.c
        with self.database.reading() as connection:
            return connection.execute(select(*columns).where(columns.id == message_id)).one()

    def state(self, message_id: int) -> MessageState:
        return MessageState(self.message(message_id).state)

    def states(self) -> list[MessageState]:
        """Of every message, the oldest first."""
        m = WhatsAppMessage
        with self.database.reading() as connection:
            return [MessageState(state) for state in connection.execute(select(m.state).order_by(m.id)).scalars()]


def open_shop(database: Database, zone: str = "America/Sao_Paulo") -> Shop:
    """A company with one branch in that zone."""
    with database.writing() as connection:
        given = {"cnpj": "11222333000181", "nome": "Posto Boa Viagem", "uf": "SP"}
        company = records.add(connection, COMPANIES, given, Snapshot(), "maria")
        branch = {"empresa": company, "cnpj": given["cnpj"], "nome": "Matriz", "uf": "SP", "fuso": zone}
        records.add(connection, BRANCHES, branch, Snapshot(), "maria")
    return Shop(database, company)

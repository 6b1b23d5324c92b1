"""A shop whose messages leave through a Cloud API on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app import secrets
from app.data import whatsapp_pauses
from app.data.database import Database
from app.data.service_orders import RecordedEvent
from app.folders import Folders
from app.policies import ServiceOrderStage
from app.rules.outbox import MessageState
from app.settings.catalog import WHATSAPP_HOURS, WHATSAPP_NUMBER, WHATSAPP_ORDERS, WHATSAPP_TEMPLATE, WHATSAPP_URL
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.setting import Setting
from app.settings.snapshot import Snapshot
from app.working_hours import ALWAYS
from services.demo.ca import DemoAuthority
from services.demo.whatsapp import NUMBER_ID, TOKEN, DemoWhatsApp
from services.whatsapp.account import token_secret
from services.whatsapp.sender import SenderState, WhatsAppSender
from tests.messages import Shop, open_shop
from tests.services.conftest import ACTOR, Clock

PATIENCE_S = 60.0
READ_TIMEOUT_S = 30.0
"""Longer than any answer that comes, on a loaded machine too."""


@pytest.fixture
def meta(authority: DemoAuthority) -> Iterator[DemoWhatsApp]:
    with DemoWhatsApp(authority) as server:
        yield server


@pytest.fixture
def folders(data_folder: Path, authority: DemoAuthority) -> Folders:
    """Where the authority of the demonstration is trusted."""
    made = Folders(data_folder, data_folder)
    made.additional_ca_file.write_bytes(authority.ca_pem)
    return made


@dataclass
class Office(Shop):
    """The shop with its settings kept, beside the API; `senders` are stopped at the end of the test."""

    meta: DemoWhatsApp = field(kw_only=True)
    folders: Folders = field(kw_only=True)
    clock: Clock = field(default_factory=Clock, kw_only=True)
    senders: list[Heard] = field(default_factory=list, kw_only=True)

    @property
    def repository(self) -> SettingsRepository:
        return SettingsRepository(MachineStore(self.folders.machine_file), self.database)

    @property
    def snapshot(self) -> Snapshot:
        return self.repository.load()

    def save(self, values: dict[Setting[Any], Any], company: int = 0) -> None:
        """Save settings as the window does."""
        draft = {(setting, company): value for setting, value in values.items()}
        self.repository.save(draft, self.snapshot, ACTOR)

    def tell(
        self, stage: ServiceOrderStage = ServiceOrderStage.CREATED, order: str = "120", **how: Any
    ) -> RecordedEvent:
        """What a counter tells now."""
        return super().tell(stage, order, **{"at": self.clock(), **how})

    def sender(self, machine: str = "PC-01", read_timeout: float = READ_TIMEOUT_S) -> Heard:
        """A sender that is working, by the clock of the test."""
        made = WhatsAppSender(
            self.database,
            self.repository,
            machine,
            folders=self.folders,
            clock=self.clock,
            read_timeout=read_timeout,
        )
        heard = Heard(made)
        self.senders.append(heard)
        made.start()
        return heard

    def pauses(self) -> list[tuple[str, bool]]:
        """What is held now, and whether only a person ends it."""
        with self.database.reading() as connection:
            found = whatsapp_pauses.in_force(connection, self.clock())
        return [(pause.subject.key, pause.until is None) for pause in found]


class Heard:
    """A sender, and everything that it told."""

    def __init__(self, sender: WhatsAppSender) -> None:
        self.sender = sender
        self.states: list[SenderState] = []
        sender.on_change = self.states.append

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until that is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"Não aconteceu. O envio disse: {[state.sentence for state in self.states]}")
            time.sleep(0.01)

    def until_told(self, true: Callable[[SenderState], bool]) -> SenderState:
        """The sender's state, once it is such."""
        self.until(lambda: true(self.sender.state))
        return self.sender.state


def opened(url: str, folders: Folders, meta: DemoWhatsApp) -> Office:
    """The office on the migrated database of `url`, ready to send at any hour."""
    shop = open_shop(Database(url))
    office = Office(shop.database, shop.company, meta=meta, folders=folders)
    office.save(
        {
            WHATSAPP_ORDERS: True,
            WHATSAPP_NUMBER: NUMBER_ID,
            WHATSAPP_URL: meta.address,
            WHATSAPP_HOURS: ALWAYS,
            **{setting: f"os_{stage.value}" for stage, setting in WHATSAPP_TEMPLATE.items()},
        }
    )
    secrets.write(token_secret(NUMBER_ID), TOKEN)
    office.clock.now = datetime.now(UTC)  # after the switch
    office.customer()
    return office


def _closed(office: Office) -> None:
    for heard in office.senders:
        heard.sender.stop()
    office.database.close()


@pytest.fixture
def office(database_url: str, folders: Folders, meta: DemoWhatsApp) -> Iterator[Office]:
    """Ready to send, on each kind of database."""
    made = opened(database_url, folders, meta)
    yield made
    _closed(made)


@pytest.fixture
def file_office(sqlite_url: str, folders: Folders, meta: DemoWhatsApp) -> Iterator[Office]:
    """Ready to send, on SQLite alone: for what does not depend on the kind of database."""
    made = opened(sqlite_url, folders, meta)
    yield made
    _closed(made)


def settled(office: Office, heard: Heard, message_id: int, state: MessageState) -> Any:
    """The message, once it is in that state; the sender is woken, as by whoever queues one."""
    heard.sender.wake()
    heard.until(lambda: office.state(message_id) is state)
    return office.message(message_id)

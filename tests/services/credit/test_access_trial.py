"""Trying the access to a gerenciadora: what it proves, and giving it up before and while it waits for an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from app.domain import FailureKind
from app.folders import Folders
from app.policies import Environment
from app.tables import Provider
from services.credit import credentials
from services.credit.access_trial import AccessTrial
from services.credit.provider import AnalysisFailed
from services.demo.ca import DemoAuthority
from services.demo.credit import DemoSerasa
from tests.services.credit.contracts import CREDENTIALS, manager
from tests.services.tls_server import Connection, TlsServer

PRODUCTION = Environment.PRODUCTION


@pytest.fixture
def serasa(authority: DemoAuthority) -> Iterator[DemoSerasa]:
    with DemoSerasa(authority) as server:
        yield server


def trial(folders: Folders, address: str) -> AccessTrial:
    ours = manager(Provider.SERASA, addresses={PRODUCTION: address, Environment.TEST: ""})
    credentials.keep(ours, PRODUCTION, CREDENTIALS)
    return AccessTrial(ours, PRODUCTION, folders)


def kind_of(tried: AccessTrial) -> FailureKind:
    with pytest.raises(AnalysisFailed) as caught:
        tried.run()
    return caught.value.failure.kind


def test_what_was_accepted_is_told(folders: Folders, serasa: DemoSerasa) -> None:
    assert "aceitou as credenciais" in trial(folders, serasa.address).run()
    assert (serasa.logins, serasa.asked) == (1, [])


def test_one_given_up_before_it_began_asks_nothing(folders: Folders, serasa: DemoSerasa) -> None:
    tried = trial(folders, serasa.address)
    tried.set()
    assert kind_of(tried) is FailureKind.CANCELLED
    assert serasa.logins == 0


def test_one_that_waits_for_an_answer_ends_at_once_when_given_up(folders: Folders, authority: DemoAuthority) -> None:
    asked = threading.Event()
    kinds: list[FailureKind] = []

    def script(connection: Connection, _number: int) -> None:
        connection.request()
        asked.set()
        connection.request()  # until the client leaves

    with TlsServer(authority.server_context(require_client=False), script) as server:
        tried = trial(folders, f"https://localhost:{server.port}")
        thread = threading.Thread(target=lambda: kinds.append(kind_of(tried)))
        thread.start()
        assert asked.wait(30)
        tried.set()
        thread.join(30)
    assert kinds == [FailureKind.CANCELLED]
    tried.set()  # once it ended there is nothing to end

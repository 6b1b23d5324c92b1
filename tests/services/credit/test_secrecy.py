"""Answers that repeat the credentials or the token back: no failure that is kept, shown or tried tells them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from app.data import credit_managers, records
from app.policies import Environment
from app.tables import CREDIT_MANAGERS, Provider
from services.credit import credentials
from services.credit.access_trial import AccessTrial
from services.credit.credentials import Credentials
from services.credit.mapping import MODEL
from services.credit.provider import AnalysisFailed
from services.credit.providers import provider_of
from services.demo.ca import DemoAuthority
from services.demo.credit_generic import PASSWORD, USER, DemoMapped, MappedFault
from tests.services.conftest import ACTOR, Place, cnpj
from tests.services.credit.scripted import Queue

PAIR = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, quote(PASSWORD, safe=""), PAIR, "token-de-demonstracao-0001")
SAID = json.dumps({"erro": {"mensagem": f"Recusado: {' ou '.join(SECRETS)}."}}).encode()


def mapped(place: Place, server: DemoMapped) -> Queue:
    """The queue asks that server, by the shipped model."""
    queue = Queue.open(place)
    queue.consultation._provider_of = provider_of
    folder = place.folders.credit_mappings_folder
    folder.mkdir()
    (folder / MODEL.name).write_bytes(MODEL.read_bytes())
    given = {"provedor": Provider.GENERIC, "url_producao": server.address, "mapeamento": MODEL.name}
    with place.database.writing() as connection:
        records.change(connection, CREDIT_MANAGERS, queue.manager.id, given, ACTOR)
        manager = credit_managers.get(connection, queue.manager.id)
    assert manager is not None
    credentials.keep(manager, Environment.PRODUCTION, Credentials(USER, PASSWORD))
    return Queue(place, queue.provider, manager)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
def test_a_question_that_is_answered_with_our_credentials_does_not_keep_them(
    file_place: Place, authority: DemoAuthority, status: int
) -> None:
    with DemoMapped(authority, faults={cnpj(1).value: [MappedFault(status, SAID)]}) as server:
        queue = mapped(file_place, server)
        number = queue.ask(cnpj(1))
        queue.work()
        file_place.backoffice.credit.close()
    failure = queue.get(number).failure
    assert failure is not None
    told = [failure.sentence, failure.details, *(pause.why for pause in queue.pauses())]
    assert "Recusado: " in failure.sentence
    assert not [secret for secret in SECRETS if secret in " ".join(told)]


def test_a_login_that_is_answered_with_our_credentials_is_tried_without_telling_them(
    file_place: Place, authority: DemoAuthority
) -> None:
    with DemoMapped(authority) as server:
        queue = mapped(file_place, server)
        server.login_fault = MappedFault(400, SAID)
        with pytest.raises(AnalysisFailed) as caught:
            AccessTrial(queue.manager, Environment.PRODUCTION, file_place.folders).run()
    assert "Recusado: " in caught.value.failure.sentence
    assert not [secret for secret in SECRETS if secret in repr(caught.value.failure) + str(caught.value)]

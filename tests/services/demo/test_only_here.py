"""Nothing leaves the computer while the demonstration runs, whatever address somebody gives it."""

from __future__ import annotations

import socket
import sys

import pytest

from app.domain import FailureKind
from services.demo.demonstration import demonstration, open_demonstration
from services.demo.only_here import REFUSED, only_here
from services.sefaz.endpoint_changes import change_endpoint


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_no_other_computer_is_called(address: str) -> None:
    with only_here(), pytest.raises(OSError, match=REFUSED):
        socket.create_connection((address, 443), timeout=5)


def test_no_name_of_elsewhere_is_looked_up() -> None:
    with only_here(), pytest.raises(OSError, match=REFUSED):
        socket.gethostbyname("sefaz.invalid")


def test_this_computer_is_called_and_others_again_afterwards() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with only_here():
            for host in ("127.0.0.1", "localhost"):
                socket.create_connection((host, server.getsockname()[1]), timeout=60).close()
        sys.audit("socket.connect", server, ("192.0.2.1", 443))


def test_an_address_typed_into_the_demonstration_is_not_called() -> None:
    with demonstration(automatic=False) as demo:
        office = open_demonstration(demo.folders)
        try:
            change_endpoint(
                office.database,
                demo.folders.endpoints_file,
                "SP",
                {"producao": "https://192.0.2.1/cadconsultacadastro4"},
                actor="teste",
            )
            *_, report = office.diagnosis(office.settings.load()).reports(["SP"])
        finally:
            office.close()
    failures = [step.failure for step in report.steps if step.failure is not None]
    assert REFUSED in failures[0].details
    assert failures[0].kind is FailureKind.NETWORK

"""The service as the test of its port finds it."""

from __future__ import annotations

from app.settings.catalog import INTEGRATION_PORT
from app.settings.snapshot import Kept, Snapshot
from services.check_list import Outcome
from services.service_check import ServiceStep, check_service
from tests.services.integration.conftest import Service


def test_the_service_itself_is_recognised(service: Service) -> None:
    *_, report = check_service(Snapshot({(INTEGRATION_PORT, 0): Kept(service.port)}), lambda: False)
    assert report.failed is None
    step = next(step for step in report.steps if step.step is ServiceStep.SERVICE)
    assert step.outcome is Outcome.OK, step.found

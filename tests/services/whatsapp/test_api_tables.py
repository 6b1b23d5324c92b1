"""The tables of error codes and versions of the API."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.settings.catalog import WHATSAPP_VERSION
from services.whatsapp.api_errors import Action, ApiError, api_error, api_errors
from services.whatsapp.api_versions import WARN_FROM, ends, version_warning
from tests.app.sentences import is_sentence

PERMISSION = " ".join(str(code) for code in (3, 10, *range(200, 300), 131005))
EXPECTED = {
    int(code): action
    for codes, action in {
        "0 190": Action.PAUSE_CHANNEL,
        PERMISSION: Action.PAUSE_CHANNEL,
        "33 133010 131045 131037 130497 131042 368 131031 133016": Action.PAUSE_CHANNEL,
        "4 80007 130429": Action.RETRY,
        "1 2 131000 131016 131057 133004": Action.RETRY,
        "131056": Action.RETRY_PERSON,
        "132001 132015 132016": Action.PAUSE_TEMPLATE,
        "131050": Action.OPT_OUT,
        "131047 131026 131030 131021 130472 131048 131049": Action.GIVE_UP,
        "132000 132012 132018 132005 132007 131051 131052 131053 100 131008 131009": Action.GIVE_UP,
    }.items()
    for code in codes.split()
}


def test_every_known_code_has_its_action() -> None:
    assert {code: error.action for code, error in api_errors().items()} == EXPECTED


@pytest.mark.parametrize("error", dict.fromkeys(api_errors().values()), ids=lambda error: error.text[:30])
def test_each_says_what_it_is_and_what_to_do(error: ApiError) -> None:
    for text in (error.text, error.todo):
        assert text[0].isupper()
        assert text.endswith(".")
    if error.action in (Action.PAUSE_CHANNEL, Action.PAUSE_TEMPLATE):
        assert "retome" in error.todo, "only a person ends the pause"
    assert "entregue" not in error.sentence


def test_an_unknown_code_ends_its_message_unless_the_api_itself_failed() -> None:
    assert api_error(999_999, 400).action is Action.GIVE_UP
    assert api_error(999_999, 500).action is api_error(999_999, 429).action is Action.RETRY
    assert is_sentence(api_error(999_999, 400).sentence) or "Leia" in api_error(999_999, 400).todo


def test_a_version_is_warned_of_in_its_last_90_days_and_after() -> None:
    end = ends()["v25.0"]
    assert end == date(2028, 7, 29)
    assert version_warning("v25.0", end - WARN_FROM - timedelta(days=1)) == ""
    assert "acaba em 29/07/2028, daqui a 90 dias" in version_warning("v25.0", end - WARN_FROM)
    assert "daqui a 1 dia." in version_warning("v25.0", end - timedelta(days=1))
    for after in (end, end + timedelta(days=400)):
        assert "acabou em 29/07/2028. Mude-a para v26.0" in version_warning("v25.0", after)


def test_of_a_version_without_an_end_nothing_is_said() -> None:
    assert version_warning("v26.0", date(2040, 1, 1)) == version_warning("v99.0", date(2040, 1, 1)) == ""


def test_versions_end_in_their_order_and_the_one_of_factory_is_known() -> None:
    dates = [end for end in ends().values() if end is not None]
    assert dates == sorted(dates)
    assert WHATSAPP_VERSION.default in ends()

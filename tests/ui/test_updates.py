"""A newer version as the window tells of it: looked for over real TLS, fetched when asked, and never run."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from app.folders import Folders
from app.policies import UpdateFrequency
from app.settings.catalog import UPDATE_ADDRESS, UPDATE_FREQUENCY, UPDATE_KEY
from app.settings.snapshot import GENERAL_COMPANY, Snapshot
from app.version import VERSION
from services.demo.ca import DemoAuthority
from services.updates.channel import UpdateChannel
from services.updates.known import KnownUpdate, read_known
from tests.ui.office import enter, open_office
from tests.ui.window import opened, settle, until
from tests.updates import NAME, PUBLISHED_AT, SET_UP, Publisher, running_publisher, subscribe
from ui import pages, tasks
from ui.home_page import HomePage
from ui.office import Office
from ui.update_page import UpdatePage
from ui.updates import Updates, UpdateState


@pytest.fixture(scope="module")
def authority() -> DemoAuthority:
    return DemoAuthority.create()


@pytest.fixture
def publisher(authority: DemoAuthority, data_folder: Path) -> Iterator[Publisher]:
    """Its address and key are in this computer's settings."""
    with running_publisher(authority) as publisher:
        subscribe(Folders(data_folder, data_folder), publisher, authority)
        yield publisher


@pytest.fixture
def office(qapp: QApplication, publisher: Publisher) -> Iterator[Office]:
    with open_office() as office:
        office.updates.start()
        yield office
        office.updates.stop()
        settle_tasks()


def settle_tasks() -> None:
    assert tasks.wait_all(15_000)


@pytest.fixture
def page(qtbot: QtBot, office: Office) -> UpdatePage:
    page = UpdatePage(office)
    enter(qtbot, page)
    return page


def look(page: UpdatePage) -> None:
    page.look_button.click()
    assert page.look_button.text() == "Cancelar a procura"
    settle_tasks()
    assert page.look_button.text() == "Procurar agora"


def news(office: Office) -> KnownUpdate | None:
    return office.updates.state.news


def set_channel(office: Office, channel: UpdateChannel) -> None:
    draft = {(UPDATE_ADDRESS, GENERAL_COMPANY): channel.address, (UPDATE_KEY, GENERAL_COMPANY): channel.key}
    office.take_snapshot(office.settings.save(draft, office.snapshot, "maria"))
    settle_tasks()


def test_off_until_an_administrator_sets_it(qtbot: QtBot) -> None:
    with open_office() as office:
        page = UpdatePage(office)
        enter(qtbot, page)
        assert "desligada" in page.headline.text()
        assert not page.look_button.isEnabled()
        office.updates.start()
        office.updates.look_if_due()
        assert not office.updates.state.looking
        office.updates.stop()
        with qtbot.waitSignal(office.open_page) as wanted:
            page.settings_button.click()
        assert wanted.args == [pages.INTEGRATION, UPDATE_ADDRESS.key]


def test_a_newer_version_is_told_and_its_file_fetched_where_one_says(
    qtbot: QtBot, publisher: Publisher, page: UpdatePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert publisher.asked == []
    assert not page.news_card.isVisibleTo(page)
    look(page)
    assert page.headline.text() == "Há uma versão nova: 9.1.0."
    assert page.news.text() == "Consulta mais rápida.\nCorreções."
    assert NAME in page.file.text()
    assert hashlib.sha256(SET_UP).hexdigest() in page.file.toolTip()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(tmp_path))
    page.download_button.click()
    assert not page.download_button.isEnabled()
    settle_tasks()
    assert (tmp_path / NAME).read_bytes() == SET_UP
    assert str(tmp_path / NAME) in page.done.text()
    assert page.download_button.isEnabled()
    places: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: places.append(url.toLocalFile()))
    page.folder_button.click()
    assert places == [f"{tmp_path}/"]  # the folder: never the file, nor a program of the folder's name


def test_an_old_publication_is_told_with_its_age(publisher: Publisher, page: UpdatePage) -> None:
    publisher.publish(versao=VERSION, publicada_em="2025-01-01T12:00:00+00:00")
    look(page)
    assert page.headline.text() == "Não há versão nova neste endereço."
    assert "confira com quem distribui" in page.why.text()


def test_the_version_installed_is_up_to_date_and_an_older_manifest_is_refused(
    publisher: Publisher, page: UpdatePage
) -> None:
    publisher.publish(versao=VERSION)
    look(page)
    assert "em dia" in page.headline.text()
    assert not page.news_card.isVisibleTo(page)
    publisher.publish(versao=VERSION, publicada_em="2025-01-01T00:00:00+00:00")
    look(page)
    assert "mais antigo" in page.failure.accessibleDescription()


def test_what_was_published_is_shown_as_text_and_never_as_a_page(publisher: Publisher, page: UpdatePage) -> None:
    news = '<a href="https://outro.invalid/">clique</a><img src="/outro.png">'
    publisher.publish(novidades=news)
    look(page)
    assert page.news.text() == news
    assert page.news.textFormat() is Qt.TextFormat.PlainText


def test_a_manifest_that_is_refused_is_explained_and_said_aloud(
    qtbot: QtBot, publisher: Publisher, office: Office, page: UpdatePage
) -> None:
    look(page)
    publisher.files["/novo/atualizacao.json"] += b" "
    with qtbot.waitSignal(office.updates.distrusted) as said:
        look(page)
    assert "não foi assinado" in said.args[0]
    assert page.failure.isVisibleTo(page)
    assert page.headline.text() == "Há uma versão nova: 9.1.0."  # what was accepted before still holds
    publisher.publish()
    look(page)
    assert not page.failure.isVisibleTo(page)


def test_a_server_that_does_not_answer_is_told_only_on_the_page(
    qtbot: QtBot, publisher: Publisher, office: Office, page: UpdatePage
) -> None:
    del publisher.files["/novo/atualizacao.json"]
    with qtbot.assertNotEmitted(office.updates.distrusted):
        look(page)
    assert page.failure.isVisibleTo(page)


def test_giving_up_a_look_is_no_failure(qtbot: QtBot, publisher: Publisher, office: Office, page: UpdatePage) -> None:
    publisher.files["/novo/lento.exe"] = b"1234"
    publisher.held = threading.Event()
    set_channel(office, UpdateChannel(f"{publisher.url}/novo/lento.exe", publisher.channel.key))
    page.look_button.click()
    until(qtbot, publisher.held.is_set)
    page.look_button.click()
    settle_tasks()
    assert page.look_button.text() == "Procurar agora"
    assert not page.failure.isVisibleTo(page)


def test_a_look_at_the_address_of_before_is_let_go(qtbot: QtBot, publisher: Publisher, office: Office) -> None:
    slow = [f"/novo/{name}.exe" for name in ("lento", "outro")]
    for path in slow:
        publisher.files[path] = b"1234"
        publisher.held = held = threading.Event()
        draft = {
            (UPDATE_ADDRESS, GENERAL_COMPANY): f"{publisher.url}{path}",
            (UPDATE_KEY, GENERAL_COMPANY): publisher.channel.key,
        }
        office.take_snapshot(office.settings.save(draft, office.snapshot, "maria"))
        office.updates.look()
        until(qtbot, held.is_set)
    until(qtbot, lambda: len(tasks._running) == 1)
    assert office.updates.state.looking, "how the first one ended says nothing of the second"
    office.updates.cancel()
    settle_tasks()
    assert not office.updates.state.looking


def test_a_look_under_way_is_not_begun_again(publisher: Publisher, office: Office) -> None:
    office.updates.look()
    office.updates.look()
    settle_tasks()
    assert len(publisher.asked) == 2, "the manifest and its signature"


def test_another_file_leaves_nothing_in_the_folder(publisher: Publisher, page: UpdatePage, tmp_path: Path) -> None:
    look(page)
    publisher.files[f"/novo/{NAME}"] = SET_UP[:-1] + b"x"
    page.download(tmp_path)
    settle_tasks()
    assert "não é o que foi assinado" in page.download_failure.accessibleDescription()
    assert not page.done.isVisibleTo(page)
    assert not [file for file in tmp_path.iterdir() if "Retaguarda" in file.name]


def test_cancelling_a_download(qtbot: QtBot, publisher: Publisher, page: UpdatePage, tmp_path: Path) -> None:
    look(page)
    publisher.held = threading.Event()
    page.download(tmp_path)
    until(qtbot, publisher.held.is_set)
    page.work.cancel_button.click()
    settle_tasks()
    assert not page.download_failure.isVisibleTo(page)
    assert not page.done.isVisibleTo(page)
    assert page.download_button.isEnabled()
    assert not [file for file in tmp_path.iterdir() if "Retaguarda" in file.name]


def test_a_download_of_what_is_no_news_any_more_can_be_cancelled(
    qtbot: QtBot, publisher: Publisher, office: Office, page: UpdatePage, tmp_path: Path
) -> None:
    look(page)
    publisher.held = threading.Event()
    page.download(tmp_path)
    until(qtbot, publisher.held.is_set)
    office.updates.take_snapshot(Snapshot())
    assert "desligada" in page.headline.text()
    assert page.work.cancel_button.isVisibleTo(page)
    page.work.cancel_button.click()
    settle_tasks()
    assert not page.news_card.isVisibleTo(page)


def test_a_long_name_is_cut_and_the_page_is_not(qtbot: QtBot, publisher: Publisher, page: UpdatePage) -> None:
    name = f"Retaguarda-{'x' * 90}.exe"
    publisher.publish(arquivo=name, novidades="https://exemplo.invalid/" + "palavra" * 100)
    look(page)
    settle(qtbot)
    area = page.findChild(QScrollArea)
    assert area is not None
    inside = area.widget()
    assert inside is not None
    assert page.file.text().startswith(name)
    assert inside.width() <= area.viewport().width()


def test_leaving_in_the_middle_of_a_download_leaves_nothing(qtbot: QtBot, publisher: Publisher, tmp_path: Path) -> None:
    folder = tmp_path / "baixados"
    folder.mkdir()
    publisher.held = threading.Event()
    with opened(qtbot) as program:
        program.window.open_page(pages.UPDATE)
        page = program.window.page
        assert isinstance(page, UpdatePage)
        look(page)
        page.download(folder)
        until(qtbot, publisher.held.is_set)
    assert list(folder.iterdir()) == []


def test_it_is_known_again_without_the_network_and_said_once(
    qtbot: QtBot, publisher: Publisher, office: Office
) -> None:
    with qtbot.waitSignal(office.updates.found) as said:
        office.updates.look()
    assert "9.1.0" in said.args[0]
    settle_tasks()
    asked = len(publisher.asked)
    again = Updates(office.folders, office.snapshot, office)
    with qtbot.assertNotEmitted(again.found):
        again.start()
        settle_tasks()
    assert again.state.news is not None
    assert len(publisher.asked) == asked
    again.stop()


def test_of_another_key_or_address_nothing_is_known(publisher: Publisher, office: Office) -> None:
    office.updates.look()
    settle_tasks()
    channel = publisher.channel
    set_channel(office, UpdateChannel(channel.address, Publisher().channel.key))
    assert news(office) is None
    set_channel(office, channel)
    assert news(office) is not None
    set_channel(office, UpdateChannel("", channel.key))
    assert office.updates.state == UpdateState()


@pytest.mark.parametrize(
    ("frequency", "after", "looks"),
    [
        (UpdateFrequency.ASKED, timedelta(days=400), False),
        (UpdateFrequency.DAILY, timedelta(hours=23), False),
        (UpdateFrequency.DAILY, timedelta(hours=25), True),
        (UpdateFrequency.WEEKLY, timedelta(days=6), False),
        (UpdateFrequency.WEEKLY, timedelta(days=8), True),
    ],
)
def test_it_looks_by_itself_when_it_is_time(
    publisher: Publisher, office: Office, frequency: UpdateFrequency, after: timedelta, looks: bool
) -> None:
    now = PUBLISHED_AT
    updates = Updates(office.folders, office.snapshot, office, clock=lambda: now)
    updates.look()
    settle_tasks()
    draft = {(UPDATE_FREQUENCY, GENERAL_COMPANY): frequency}
    updates.take_snapshot(office.settings.save(draft, office.snapshot, "maria"))
    asked = len(publisher.asked)
    now += after
    updates.look_if_due()
    settle_tasks()
    assert (len(publisher.asked) > asked) is looks
    known = read_known(office.folders, publisher.channel.key)
    assert known is not None
    assert known.looked_at == (now if looks else PUBLISHED_AT)


def test_once_started_it_looks_without_being_asked(
    qtbot: QtBot, publisher: Publisher, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.updates._FIRST_MS", 0)
    updates = Updates(office.folders, office.snapshot, office)
    with qtbot.waitSignal(updates.found):
        updates.start()
    updates.stop()
    settle_tasks()
    assert len(publisher.asked) == 2, "and not again before it is time"


def test_inicio_leads_to_it(qtbot: QtBot, office: Office) -> None:
    home = HomePage(office)
    enter(qtbot, home)

    def steps() -> list[QPushButton]:
        return [button for button in home.findChildren(QPushButton) if button.text() == "Ver a atualização"]

    assert not steps()
    office.updates.look()
    until(qtbot, lambda: bool(steps()))
    assert any("9.1.0" in label.text() for label in home.findChildren(QLabel))
    with qtbot.waitSignal(office.open_page) as wanted:
        steps()[0].click()
    assert wanted.args[0] == pages.UPDATE


def test_the_window_tells_of_it_and_the_notice_opens_the_page(qtbot: QtBot, publisher: Publisher) -> None:
    with opened(qtbot) as program:
        assert program.office is not None and program._notices is not None
        with qtbot.waitSignal(program._notices.raised) as raised:
            program.office.updates.look()
        (notice,) = raised.args
        assert "9.1.0" in notice.sentence
        program.show_page(notice.page)
        assert isinstance(program.window.page, UpdatePage)
        settle(qtbot)


def test_without_a_database_it_works_as_well(qtbot: QtBot, publisher: Publisher, data_folder: Path) -> None:
    (data_folder / "retaguarda.db").write_bytes(b"isto nao e um banco de dados" * 100)
    with opened(qtbot, wait=False) as program:
        until(qtbot, lambda: program.office is not None)
        settle(qtbot)
        assert program.office is not None and program.office.database is None
        program.window.open_page(pages.UPDATE)
        page = program.window.page
        assert isinstance(page, UpdatePage)
        look(page)
        assert page.news_card.isVisibleTo(page)

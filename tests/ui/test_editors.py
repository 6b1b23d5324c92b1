"""Every kind has an editor that shows a value, gives it back, and explains what is not a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.folders import find_folders
from app.kinds import (
    AnyDocument,
    Cnpj,
    FilePath,
    Flag,
    Host,
    InvalidValue,
    Kind,
    Mobile,
    Money,
    Names,
    Number,
    Pattern,
    PostalCode,
    PublicKey,
    Reference,
    Series,
    State,
    StateRegistration,
    Text,
    TimeZone,
    WebAddress,
    WeeklyWindow,
)
from app.policies import MessageField
from app.settings.catalog import DATABASE_SSL, OVERDUE_ACTION
from app.settings.machine import MachineStore
from app.settings.repository import SettingsRepository
from app.settings.snapshot import Snapshot
from app.tables import TABLES
from app.working_hours import ALWAYS, WorkingHours
from ui import tasks
from ui.editors import (
    AddressEditor,
    Editor,
    FlagEditor,
    HostEditor,
    ListEditor,
    NumberEditor,
    RadioEditor,
    ReferenceEditor,
    WindowEditor,
    editor_for,
)
from ui.office import Office
from ui.references import ReferenceRow, ReferenceSource

REGIONS = (
    ReferenceRow(1, "1 · Geral", True),
    ReferenceRow(2, "2 · Centro-Oeste", True),
    ReferenceRow(3, "3 · São Paulo capital", True),
    ReferenceRow(4, "4 · Região antiga", False),
)


@pytest.fixture
def references(qtbot: QtBot) -> Iterator[ReferenceSource]:
    folders = find_folders()
    office = Office(folders, SettingsRepository(MachineStore(folders.machine_file), None), Snapshot(), "maria")
    source = ReferenceSource(office)
    source._take({"regioes": REGIONS})
    yield source
    assert tasks.wait_all(5000)


@pytest.fixture
def made(qtbot: QtBot, references: ReferenceSource) -> Callable[[Kind[Any]], Any]:
    """Makes an editor, shows it in a window and gives it the keyboard."""

    def make(kind: Kind[Any], **options: Any) -> Editor[Any]:
        editor = editor_for(kind, references=references, **options)
        qtbot.addWidget(editor.widget)
        editor.set_name("Nome do campo")
        with qtbot.waitActive(editor.widget):
            editor.widget.show()
            editor.widget.activateWindow()
        return editor

    return make


def type_into(qtbot: QtBot, field: QWidget, text: str) -> None:
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    QTest.keyClicks(field, text)


VALUES: list[tuple[Kind[Any], Any]] = [
    (Flag(), True),
    (Number(1, 90, "dias"), 45),
    (Text(60), "Serviço da SEFAZ"),
    (FilePath(), "/etc/retaguarda/serviço.pem"),
    (Host(), "192.168.0.10"),
    (WebAddress(), "https://exemplo.com.br/consulta"),
    (OVERDUE_ACTION.kind, OVERDUE_ACTION.kind.parse("avisa")),
    (DATABASE_SSL.kind, DATABASE_SSL.kind.parse("require")),
    (Reference("regioes"), 2),
    (Reference("regioes"), None),
    (WeeklyWindow(), WorkingHours(22 * 60, 6 * 60, frozenset({0, 4}))),
    (WeeklyWindow(), ALWAYS),
    (Cnpj(), "11222333000181"),
    (AnyDocument(), "IE 123456"),
    (StateRegistration(), "ISENTO"),
    (PostalCode(), "01310100"),
    (State(), "GO"),
    (TimeZone(), "America/Manaus"),
    (TimeZone(), "Europe/Lisbon"),
    (Names(), ("VIBRA", "PETROBRAS")),
    (Money(), Decimal("1234.50")),
    (Pattern(r"v[0-9]+", "uma versão", "v25"), "v26"),
    (PublicKey(), "voKwjVQ7sDaKlICLmkXli6ON2eD6fOUaOPmu4992vK4="),
    (Series(MessageField), (MessageField.ORDER, MessageField.CUSTOMER)),
    (Mobile(), "5527999991234"),
    (Mobile(), ""),
]


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(("kind", "value"), VALUES, ids=lambda part: str(part)[:24])
def test_a_value_shown_is_given_back(made: Any, qtbot: QtBot, kind: Kind[Any], value: Any, compact: bool) -> None:
    editor = made(kind, compact=compact)
    with qtbot.assertNotEmitted(editor.changed):
        editor.set_value(value)
    assert editor.value() == value
    assert editor.field.accessibleName().startswith("Nome do campo")


def test_every_field_of_every_table_has_an_editor(made: Any) -> None:
    for table in TABLES.values():
        for field in table.fields:
            assert made(field.kind).fields, field.name


def test_letters_in_a_number_stay_and_are_refused_with_a_sentence(made: Any, qtbot: QtBot) -> None:
    editor: NumberEditor = made(Number(1, 90, "dias"))
    with qtbot.waitSignal(editor.changed):
        type_into(qtbot, editor.field, "12x")
    assert editor.text() == "12x"
    with pytest.raises(InvalidValue, match="não é um número inteiro"):
        editor.value()


def test_a_number_out_of_the_limits_is_never_changed_to_fit(made: Any, qtbot: QtBot) -> None:
    editor: NumberEditor = made(Number(1, 90, "dias"))
    type_into(qtbot, editor.field, "500")
    editor.widget.setFocus()
    assert editor.text() == "500"
    with pytest.raises(InvalidValue, match="de 1 a 90 dias"):
        editor.value()


def test_arrows_step_inside_the_limits(made: Any, qtbot: QtBot) -> None:
    editor: NumberEditor = made(Number(1, 31, "dias"))
    editor.set_value(30)
    for _ in range(3):
        QTest.keyClick(editor.field, Qt.Key.Key_Up)
    assert editor.value() == 31
    QTest.keyClick(editor.field, Qt.Key.Key_PageDown)
    assert editor.value() == 21


def wheel(widget: QWidget, steps: int) -> None:
    center = QPointF(widget.rect().center())
    event = QWheelEvent(
        center,
        widget.mapToGlobal(center),
        QPoint(0, 0),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Number(1, 90), 45),
        (DATABASE_SSL.kind, DATABASE_SSL.kind.parse("require")),
        (Reference("regioes"), 2),
        (WeeklyWindow(), WorkingHours(8 * 60, 18 * 60)),
    ],
    ids=["número", "lista", "referência", "horário"],
)
def test_the_wheel_changes_nothing_without_the_focus(made: Any, qtbot: QtBot, kind: Kind[Any], value: Any) -> None:
    editor = made(kind)
    other = QWidget(editor.widget)
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    other.show()
    editor.set_value(value)
    other.setFocus()
    for field in editor.fields:
        assert not field.hasFocus()
        wheel(field, -1)
    assert editor.value() == value
    if isinstance(editor, NumberEditor):
        editor.field.setFocus()
        wheel(editor.field, -1)
        assert editor.value() == value - 1


def test_a_choice_of_three_shows_all_with_their_sentences(made: Any, qtbot: QtBot) -> None:
    editor: RadioEditor[Any] = made(OVERDUE_ACTION.kind)
    assert [button.accessibleDescription() for button in editor.fields] == [
        option.sentence for option in editor.buttons
    ]
    editor.set_value(OVERDUE_ACTION.default)
    with qtbot.waitSignal(editor.changed):
        list(editor.buttons.values())[2].click()
    editor.fields[2].setFocus()
    assert editor.text() == "avisa"
    QTest.keyClick(editor.fields[2], Qt.Key.Key_Up)
    assert editor.value() is editor.kind.options[1].value  # type: ignore[attr-defined]  # the kind is a Choice


def test_a_longer_choice_is_a_list(made: Any) -> None:
    assert isinstance(made(DATABASE_SSL.kind), ListEditor)


def test_a_flag_says_its_state(made: Any, qtbot: QtBot) -> None:
    editor: FlagEditor = made(Flag())
    QTest.keyClick(editor.field, Qt.Key.Key_Space)
    assert editor.value() is True
    assert editor.box.text() == "Ligado"


@pytest.mark.parametrize(
    ("address", "here"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("pc-02", False)]
)
def test_a_host_says_when_it_is_this_computer(made: Any, address: str, here: bool) -> None:
    editor: HostEditor = made(Host())
    editor.set_value(address)
    assert editor.here.isVisible() is here


def test_an_address_may_be_copied(made: Any) -> None:
    editor: AddressEditor = made(WebAddress())
    editor.set_value("https://exemplo.com.br/")
    editor.copy.click()
    assert QGuiApplication.clipboard().text() == "https://exemplo.com.br/"


def test_a_file_is_found_instead_of_typed(made: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    found = ["/etc/retaguarda/serviço.pem", ""]

    def choose(parent: QWidget, title: str, where: str, files: str) -> tuple[str, str]:
        asked.append((where, files))
        return found.pop(0), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    editor = made(FilePath("Arquivos PEM", (".pem", ".key")))
    with qtbot.waitSignal(editor.changed):
        QTest.keyClick(editor.browse, Qt.Key.Key_Space)
    assert editor.value() == "/etc/retaguarda/serviço.pem"
    with qtbot.assertNotEmitted(editor.changed):
        QTest.keyClick(editor.browse, Qt.Key.Key_Space)  # and given up
    assert editor.value() == "/etc/retaguarda/serviço.pem"
    files = "Arquivos PEM (*.pem *.key);;Todos os arquivos (*)"
    assert asked == [("", files), ("/etc/retaguarda/serviço.pem", files)]
    assert editor.browse.accessibleName() == "Nome do campo: escolher o arquivo"


@pytest.mark.parametrize(
    ("typed", "value"), [("sao paulo", 3), ("centro", 2), ("2", 2), ("CAPITAL", 3), ("", None), ("nenhum", None)]
)
def test_a_reference_is_found_by_typing(made: Any, qtbot: QtBot, typed: str, value: int | None) -> None:
    editor: ReferenceEditor = made(Reference("regioes"))
    editor.set_value(1)
    type_into(qtbot, editor.field, typed)
    assert editor.value() == value
    QTest.keyClick(editor.field, Qt.Key.Key_Tab)


def test_a_reference_that_nothing_matches_is_explained(made: Any, qtbot: QtBot) -> None:
    editor: ReferenceEditor = made(Reference("regioes"))
    type_into(qtbot, editor.field, "lua")
    assert editor.text() == "lua"
    with pytest.raises(InvalidValue, match="Regiões de venda"):
        editor.value()


def test_a_reference_offers_only_active_rows_and_keeps_an_inactive_one(made: Any) -> None:
    editor: ReferenceEditor = made(Reference("regioes"))
    offered = [editor.combo.itemText(index) for index in range(editor.combo.count())]
    assert offered == ["nenhum", "1 · Geral", "2 · Centro-Oeste", "3 · São Paulo capital"]
    editor.set_value(4)
    assert editor.value() == 4
    assert editor.edit.text() == "4 · Região antiga"
    assert "inativo" in editor.detail.text()


def test_new_opens_the_form_of_the_table(made: Any, qtbot: QtBot, references: ReferenceSource) -> None:
    editor: ReferenceEditor = made(Reference("regioes"))
    with qtbot.waitSignal(references._office.open_page) as opened:
        editor.new.click()
    page, new = opened.args
    assert (page, new.table) == ("tabelas", "regioes")
    with qtbot.waitSignal(editor.changed):
        new.kept(2)
    assert editor.value() == 2


def test_a_window_without_days_is_refused_and_not_taken_for_every_day(made: Any) -> None:
    editor: WindowEditor = made(WeeklyWindow())
    editor.set_value(WorkingHours(8 * 60, 18 * 60, frozenset({0})))
    editor.days[0].click()
    with pytest.raises(InvalidValue, match="pelo menos um dia"):
        editor.value()


def test_a_window_is_typed(made: Any, qtbot: QtBot) -> None:
    editor: WindowEditor = made(WeeklyWindow())
    editor.set_value(ALWAYS)
    type_into(qtbot, editor.start, "22:00")
    type_into(qtbot, editor.end, "6h")
    with pytest.raises(InvalidValue, match="não é uma hora"):
        editor.value()
    type_into(qtbot, editor.end, "06:00")
    assert editor.value() == WorkingHours(22 * 60, 6 * 60)


def test_an_error_stands_under_the_field_and_is_read_aloud(made: Any) -> None:
    editor = made(Number(1, 90))
    editor.set_error("500 está fora do limite: de 1 a 90.")
    assert editor.field.accessibleDescription() == editor.error == "500 está fora do limite: de 1 a 90."
    editor.set_error("")
    assert editor.field.accessibleDescription() == "de 1 a 90"

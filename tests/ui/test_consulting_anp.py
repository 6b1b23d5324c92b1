"""Consulting ANP from the customers page: through the real service, at an ANP on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.data.customers import Situation
from app.settings.catalog import ANP_ONLINE
from app.settings.snapshot import GENERAL_COMPANY
from services.demo.anp_scenarios import AnpScenario
from services.demo.example import made_up_cnpj
from tests.ui.demo_office import DemoOffice, demo_office
from tests.ui.office import enter
from tests.ui.window import until
from ui.consult_button import CHOICES, Choice, Whom
from ui.customer_history_model import AUTHORITY, RESULT
from ui.customer_model import Column
from ui.customers_page import CustomersPage
from ui.document_dialog import DocumentDialog
from ui.office import Office

UPDATED = "Posto Serra Azul Ltda"
OTHER_BRAND = "Posto Lobo-Guará Ltda"  # Ipiranga here, a white brand there
NOT_FOUND = "Posto Rio Formoso Ltda"
TRANSPORTER = "Transportadora Rota do Grão Ltda"
PERSON = "Antônio Pereira das Flores"
ANP_ONLY = Choice(Whom.ANP, apply=False)
ANP_APPLIED = Choice(Whom.ANP, apply=True)


@pytest.fixture
def demo(qtbot: QtBot) -> Iterator[DemoOffice]:
    with demo_office(qtbot) as demo:
        yield demo


@pytest.fixture
def page(qtbot: QtBot, demo: DemoOffice) -> CustomersPage:
    page = CustomersPage(demo.office)
    enter(qtbot, page)
    return page


def _line(page: CustomersPage, name: str) -> int:
    names = [page.model.index(row, Column.NAME).data() for row in range(page.model.rowCount())]
    return names.index(name)


def _cell(page: CustomersPage, name: str, column: Column) -> str:
    return str(page.model.index(_line(page, name), column).data())


def _select(qtbot: QtBot, page: CustomersPage, *names: str) -> None:
    flags = page.table.selectionModel().SelectionFlag
    page.table.clearSelection()
    for name in names:
        page.table.selectionModel().select(page.model.index(_line(page, name), 0), flags.Select | flags.Rows)
    if len(names) == 1:
        until(qtbot, lambda: page.panel.row is not None and page.panel.row.name == names[0])
    else:
        until(qtbot, lambda: f"{len(names)} clientes selecionados" in _texts(page))


def _consult(qtbot: QtBot, page: CustomersPage, choice: Choice) -> str:
    """Consult what is selected, to the end; what the strip says then."""
    with qtbot.waitSignal(page.progress.ended, timeout=15_000):
        page._consult(choice)
    return page.progress.sentence


def _texts(page: CustomersPage) -> str:
    return "\n".join(label.text() for label in page.panel.findChildren(QLabel) if label.isVisibleTo(page))


def _document(page: CustomersPage) -> str:
    assert page.panel.row is not None
    return page.panel.row.document.value


def _switch_anp(office: Office, *, on: bool) -> None:
    snapshot = office.settings.load()
    office.settings.save({(ANP_ONLINE, GENERAL_COMPANY): on}, snapshot, "maria")
    office.take_snapshot(office.settings.load())


def test_several_are_consulted_at_anp_and_the_profiles_applied(qtbot: QtBot, page: CustomersPage) -> None:
    _select(qtbot, page, UPDATED, NOT_FOUND, OTHER_BRAND)
    said = _consult(qtbot, page, ANP_APPLIED)
    assert said == (
        "3 consultados na ANP: 2 com cadastro atualizado (1 com bandeira atualizada), 1 não localizado (bloqueado)."
    )
    until(qtbot, lambda: _cell(page, NOT_FOUND, Column.BLOCK) == "Bloqueado")
    until(qtbot, lambda: _cell(page, OTHER_BRAND, Column.BRAND) == "Bandeira branca")
    until(qtbot, lambda: _cell(page, UPDATED, Column.ANP) == "Atualizado")
    until(qtbot, lambda: _cell(page, NOT_FOUND, Column.ANP) == "Não localizado")
    assert _cell(page, UPDATED, Column.SEFAZ) == "Sem consulta"
    _select(qtbot, page, NOT_FOUND)
    until(qtbot, lambda: "Bloqueado · Status na ANP" in _texts(page) and "Não localizado na consulta" in _texts(page))
    page._chips[Situation.ANP_IRREGULAR].click()
    until(qtbot, lambda: page.model.rowCount() == 1)
    until(qtbot, lambda: _line(page, NOT_FOUND) == 0)


def test_both_authorities_are_asked_and_anp_only_about_resellers(qtbot: QtBot, page: CustomersPage) -> None:
    _select(qtbot, page, UPDATED, TRANSPORTER)
    said = _consult(qtbot, page, Choice(Whom.BOTH, apply=False))
    assert said == (
        "2 consultados na SEFAZ: 1 habilitado, 1 não habilitado. 1 consultado na ANP: 1 com cadastro atualizado."
    )
    until(qtbot, lambda: _cell(page, UPDATED, Column.SEFAZ) == "Habilitado")
    until(qtbot, lambda: _cell(page, UPDATED, Column.ANP) == "Atualizado")
    assert _cell(page, TRANSPORTER, Column.ANP) == "—"
    _select(qtbot, page, UPDATED)
    until(qtbot, lambda: page.panel._history.rowCount() == 2)
    said_by = {page.panel._history.index(row, AUTHORITY).data() for row in range(2)}
    assert said_by == {"SEFAZ", "ANP"}


def test_what_anp_says_is_shown_with_what_it_means_here(qtbot: QtBot, page: CustomersPage) -> None:
    _select(qtbot, page, UPDATED)
    _consult(qtbot, page, ANP_ONLY)
    until(qtbot, lambda: "que é “Vibra” na Tabela de Bandeiras" in _texts(page))
    said = _texts(page)
    assert "Cadastro atualizado" in said
    assert "Autorização PR/" in said
    assert "Fonte: Consulta on-line (endereço principal)." in said
    page.panel._tabs.setCurrentIndex(1)
    until(qtbot, lambda: "Cadastro na ANP" in _texts(page))
    said = _texts(page)
    for label in (
        "Razão social",
        "Publicação da autorização",
        "Bandeira desde",
        "Produtos",
        "Município",
        "Código i-SIMP",
    ):
        assert label in said
    raw = page.panel._result._response._text.toPlainText()
    assert raw.startswith("{\n  ")
    assert page.panel._result._response._file_name.endswith("-resposta.json")


def test_a_brand_that_changed_since_the_answer_before_is_marked(
    qtbot: QtBot, page: CustomersPage, demo: DemoOffice
) -> None:
    _select(qtbot, page, UPDATED)
    _consult(qtbot, page, ANP_ONLY)
    demo.anp.scenarios[_document(page)] = AnpScenario.UNKNOWN_BRAND
    _consult(qtbot, page, ANP_ONLY)
    until(qtbot, lambda: page.panel._history.rowCount() == 2)
    page.panel._tabs.setCurrentIndex(1)
    until(qtbot, lambda: "Mudou · antes: VIBRA" in _texts(page))
    assert "que não está na Tabela de Bandeiras" in _texts(page)


def test_a_failure_leaves_the_last_answer_and_is_explained(qtbot: QtBot, page: CustomersPage, demo: DemoOffice) -> None:
    _select(qtbot, page, UPDATED)
    _consult(qtbot, page, ANP_APPLIED)
    demo.anp.scenarios[_document(page)] = AnpScenario.FORBIDDEN_HTML
    assert _consult(qtbot, page, ANP_APPLIED) == "1 consultado na ANP: 1 falha."
    until(qtbot, lambda: _cell(page, UPDATED, Column.ANP) == "Atualizado · última tentativa falhou")
    until(qtbot, lambda: "A última tentativa falhou" in _texts(page))
    assert _cell(page, UPDATED, Column.BLOCK) == "Livre"
    until(qtbot, lambda: page.panel._history.rowCount() == 2)
    assert page.panel._history.index(0, RESULT).data() == "Falha na consulta"
    assert page.panel._history.index(1, RESULT).data() == "Atualizado"


def test_the_master_switch_takes_anp_from_the_button_and_gives_it_back(
    qtbot: QtBot, page: CustomersPage, demo: DemoOffice
) -> None:
    _select(qtbot, page, UPDATED)
    button = page.panel.consult_button
    with qtbot.waitSignal(page.progress.ended, timeout=15_000):
        button._actions[ANP_APPLIED].trigger()
    assert button.choice == ANP_APPLIED
    assert "ANP" in button._button.text()
    _switch_anp(demo.office, on=False)
    assert button.choice == Choice(Whom.SEFAZ, apply=True)
    assert "ANP" not in button._button.text()
    possible = {choice.whom for choice in CHOICES if button._actions[choice].isEnabled()}
    assert possible == {Whom.SEFAZ}
    assert "desligada" in button._why_not.text()
    assert "desligada" in button._actions[ANP_ONLY].toolTip()
    assert not page.panel._consult_several._actions[ANP_ONLY].isEnabled()
    _switch_anp(demo.office, on=True)
    assert button.choice == ANP_APPLIED
    assert not button._why_not.isVisible()


@pytest.mark.parametrize("name", [TRANSPORTER, PERSON])
def test_who_is_no_reseller_is_not_offered_to_anp(qtbot: QtBot, page: CustomersPage, name: str) -> None:
    _select(qtbot, page, name)
    assert not page.panel.consult_button._actions[ANP_ONLY].isEnabled()
    assert "não é revendedor consultável" in _texts(page)
    _select(qtbot, page, UPDATED)
    assert page.panel.consult_button._actions[ANP_ONLY].isEnabled()


def test_asking_anp_about_several_says_who_could_not_be_asked(qtbot: QtBot, page: CustomersPage) -> None:
    _select(qtbot, page, UPDATED, TRANSPORTER)
    said = _consult(qtbot, page, ANP_ONLY)
    assert said == "1 consultado na ANP: 1 com cadastro atualizado. 1 não foi consultado."
    assert "não é revendedor consultável" in page.progress._failure.accessibleName()


def test_a_document_of_nobody_is_looked_for_by_cnpj_alone(qtbot: QtBot, page: CustomersPage, demo: DemoOffice) -> None:
    page._open_document_dialog()
    dialog = page.findChild(DocumentDialog)
    assert dialog is not None
    assert dialog._uf.isVisibleTo(dialog)
    dialog._authorities.button(1).click()
    assert not dialog._uf.isVisibleTo(dialog)
    dialog._document.setText("529.982.247-25")
    dialog._consult.click()
    assert "14 caracteres" in dialog._error.text()
    stranger = made_up_cnpj("12345678")
    dialog._document.setText(stranger)
    dialog._consult.click()
    assert "na ANP…" in dialog._state.text()
    until(qtbot, lambda: "Não localizado na consulta" in _said(dialog))
    assert "nenhum cliente foi alterado" in _said(dialog)
    assert [asked.cnpj for asked in demo.anp.seen] == [stranger]
    _switch_anp(demo.office, on=False)
    assert dialog._uf.isVisibleTo(dialog)
    assert not dialog._authorities.button(1).isEnabled()
    dialog.close()


def test_the_tooltip_has_the_whole_words_and_the_date(qtbot: QtBot, page: CustomersPage) -> None:
    _select(qtbot, page, UPDATED)
    _consult(qtbot, page, ANP_ONLY)
    until(qtbot, lambda: _cell(page, UPDATED, Column.ANP) == "Atualizado")
    index = page.model.index(_line(page, UPDATED), Column.ANP)
    said = _tooltip(index)
    assert said.startswith("ANP: cadastro atualizado, em ")
    assert "Bandeira na ANP: VIBRA." in said
    other = page.model.index(_line(page, PERSON), Column.ANP)
    assert _tooltip(other) == "ANP: não é revendedor consultável."


def _said(dialog: DocumentDialog) -> str:
    return "\n".join(label.text() for label in dialog._result.findChildren(QLabel))


def _tooltip(index: QModelIndex) -> str:
    return str(index.data(Qt.ItemDataRole.ToolTipRole))

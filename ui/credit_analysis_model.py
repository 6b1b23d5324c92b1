"""The list of credit analyses, of one customer or of all: its columns, and how each cell is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app.credit_analysis import AnalysisOutcome, AnalysisState
from app.policies import Environment
from app.portuguese import calendar_day
from app.settings.catalog import CREDIT_ENVIRONMENT
from ui import words
from ui.paged_model import PagedModel
from ui.status_delegate import STATUS_ROLE, Status
from ui.theme import Tone
from ui.words import Look

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app.data.credit_analyses import AnalysisQuery, AnalysisRow
    from app.data.credit_lists import ListedAnalysis
    from ui.office import Office

_ICONS = {
    AnalysisState.QUEUED: ("clock", Tone.INFO),
    AnalysisState.ASKING: ("refresh", Tone.INFO),
    AnalysisState.ANSWERED: ("check", Tone.NEUTRAL),
    AnalysisState.FAILED: ("error", Tone.FAIL),
    AnalysisState.CANCELLED: ("cancel", Tone.NEUTRAL),
}
STATES = {state: Look(state.label, icon, tone) for state, (icon, tone) in _ICONS.items()}
"""How each state is shown."""
ENVIRONMENTS = {
    environment: Look(CREDIT_ENVIRONMENT.kind.show(environment), icon, tone)
    for environment, icon, tone in (
        (Environment.PRODUCTION, "check", Tone.NEUTRAL),
        (Environment.TEST, "warning", Tone.BLOCK),
    )
}
"""How each environment is shown: that of tests is never overlooked."""


class Column(Enum):
    """What a list may have; its heading and width."""

    NUMBER = ("ID", 56)
    ASKED = ("Data Inclusão", 136)
    CUSTOMER = ("Cliente", 200)
    DOCUMENT = ("Documento", 150)
    CONSULTED = ("Data Consulta", 136)
    STATE = ("Status", 130)
    OUTCOME = ("Resultado", 156)
    MANUAL = ("Consulta Manual", 120)
    USER = ("Usuário", 110)
    VALIDITY = ("Validade", 140)
    ENVIRONMENT = ("Ambiente", 130)
    COMPANY = ("Empresa", 150)
    MANAGER = ("Gerenciadora", 130)

    def __init__(self, heading: str, width: int) -> None:
        self.heading = heading
        self.width = width


OF_CUSTOMER = (
    Column.NUMBER,
    Column.ASKED,
    Column.CONSULTED,
    Column.STATE,
    Column.OUTCOME,
    Column.MANUAL,
    Column.USER,
    Column.VALIDITY,
    Column.ENVIRONMENT,
)
"""The columns of one customer's analyses."""
ON_PAPER = (
    Column.NUMBER,
    Column.ASKED,
    Column.CUSTOMER,
    Column.DOCUMENT,
    Column.STATE,
    Column.OUTCOME,
    Column.VALIDITY,
    Column.ENVIRONMENT,
    Column.COMPANY,
)
"""Of every customer's analyses, the columns that fit a page."""
OF_ALL = (
    Column.NUMBER,
    Column.CUSTOMER,
    Column.STATE,
    Column.OUTCOME,
    Column.ENVIRONMENT,
    Column.VALIDITY,
    Column.ASKED,
    Column.COMPANY,
    Column.MANAGER,
    Column.CONSULTED,
    Column.DOCUMENT,
    Column.MANUAL,
    Column.USER,
)
"""The columns of every customer's analyses."""


class CreditAnalysisModel(PagedModel["AnalysisQuery", "ListedAnalysis"]):
    """Filter and pages are the database's (`app.data.credit_analyses`); the newest come first."""

    query: AnalysisQuery

    def __init__(self, office: Office, columns: Sequence[Column], query: AnalysisQuery, parent: QObject) -> None:
        from app.data import credit_analyses, credit_lists

        def page(connection: Connection, query: AnalysisQuery, offset: int, limit: int) -> list[ListedAnalysis]:
            return credit_lists.page(connection, query, offset, limit, office.snapshot, datetime.now(UTC))

        super().__init__(office.backoffice.database, page, credit_analyses.count, query, parent)
        self.columns = tuple(columns)
        self.labels = tuple(column.heading for column in columns)

    def cell(self, row: ListedAnalysis, column: int, role: int) -> Any:
        which = self.columns[column]
        if role == Qt.ItemDataRole.DisplayRole:
            return text_of(row, which)
        if role == STATUS_ROLE:
            return _status(row, which)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _hint(row.row, which) or text_of(row, which)
        return None


def text_of(listed: ListedAnalysis, column: Column) -> str:
    """What a cell says in words alone, as it is printed and read aloud."""
    status = _status(listed, column)
    if status is not None:
        return status.sentence
    row = listed.row
    match column:
        case Column.NUMBER:
            return str(row.id)
        case Column.ASKED:
            return words.exact(row.created_at)
        case Column.CONSULTED:
            return "" if row.consulted_at is None else words.exact(row.consulted_at)
        case Column.CUSTOMER:
            return row.customer or "(sem cadastro)"
        case Column.DOCUMENT:
            return str(row.document)
        case Column.MANUAL:
            return "Sim" if row.manual else "Não"
        case Column.USER:
            return row.user
        case Column.VALIDITY:
            return "" if listed.good_until is None else calendar_day(listed.good_until)
        case Column.COMPANY:
            return f"{row.company_id} · {row.company}"
        case Column.MANAGER:
            return row.manager
        case _:
            return ""


def _status(listed: ListedAnalysis, column: Column) -> Status | None:
    row = listed.row
    match column:
        case Column.STATE:
            waits = row.state is AnalysisState.QUEUED
            return Status(STATES[row.state], "última tentativa falhou" if waits and row.failed else "")
        case Column.OUTCOME if row.outcome is not None:
            return Status(words.verdict(row.outcome))
        case Column.OUTCOME if row.state is AnalysisState.FAILED:
            return Status(words.verdict(AnalysisOutcome.FAILURE))
        case Column.VALIDITY if listed.expired and listed.good_until is not None:
            return Status(Look(f"venceu em {calendar_day(listed.good_until)}", "warning", Tone.WARN))
        case Column.ENVIRONMENT:
            return Status(ENVIRONMENTS[row.environment])
        case _:
            return None


def _hint(row: AnalysisRow, column: Column) -> str:
    """What more there is to know of a cell; "" when it says it all."""
    match column:
        case Column.ASKED:
            return words.relative(row.created_at)
        case Column.CONSULTED if row.consulted_at is not None:
            return words.relative(row.consulted_at)
        case Column.STATE if row.state is AnalysisState.QUEUED and row.failed:
            return f"A última tentativa falhou. Tenta de novo em {words.exact(row.next_at)}"
        case Column.STATE if row.state is AnalysisState.QUEUED and row.urgent:
            return "Na fila, com urgência"
        case Column.NUMBER:
            return f"Pedida para a empresa {row.company_id} · {row.company}, à gerenciadora {row.manager}"
        case _:
            return ""

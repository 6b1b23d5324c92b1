"""A list of credit analyses as a document: saved as a PDF or printed on the pages of a printer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from app.policies import Environment
from app.portuguese import counted, exact, number
from app.receipt import DEMONSTRATION, PROGRAM, Listing
from ui.credit_analysis_model import Column, text_of
from ui.paper import Paper, lines_html, listing_html
from ui.paper_output import PaperOutput, PaperWords

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.data.credit_analyses import AnalysisQuery
    from app.data.credit_lists import ListedAnalysis
    from ui.office import Office

MOST = 2_000
"""How many analyses are printed at most, the newest ones: a list of every customer could go on for days."""

_WORDS = PaperWords("a lista", "Lista salva", "Lista enviada", "Salvar a lista (PDF)…", "Imprimir a lista…")
_TEST = "As análises de Homologação usam dados de teste e nunca aprovam um pedido."


class CreditListOutput(PaperOutput):
    """Prints the list of the query and columns given to `show_list`."""

    landscape = True

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(office.folders, _WORDS, parent)
        self._office = office
        self._query: AnalysisQuery | None = None
        self._columns: tuple[Column, ...] = ()
        self._whose = ""

    def show_list(self, query: AnalysisQuery, columns: Sequence[Column], whose: str) -> None:
        """Another list is on the screen; `whose` stands under the title."""
        if (query, whose) != (self._query, self._whose):
            self.forget()
        self._query, self._columns, self._whose = query, tuple(columns), whose

    def _file_name(self) -> str:
        return "analises-de-credito" if self._query is not None else ""

    def _reader(self) -> Callable[[], Paper]:
        query, columns, whose, office = self._query, self._columns, self._whose, self._office
        assert query is not None

        def read() -> Paper:
            from app.data import credit_analyses, credit_lists

            now, backoffice = datetime.now(UTC), office.backoffice
            with backoffice.database.reading() as connection:
                total = credit_analyses.count(connection, query)
                rows = credit_lists.page(connection, query, 0, MOST, office.snapshot, now)
            issued = f"{PROGRAM} · emitida em {exact(now)} por {office.actor}"
            mark = DEMONSTRATION if backoffice.is_demo else ""
            return paper_of(rows, total, columns, whose, issued, mark)

        return read


def paper_of(
    rows: Sequence[ListedAnalysis], total: int, columns: Sequence[Column], whose: str, issued: str, mark: str
) -> Paper:
    """The list set on pages: `rows` of `total` analyses, the newest first."""
    title = "Análises de crédito"
    how_many = counted(total, "análise", "análises")
    if total > len(rows):
        how_many += f"; aqui as {number(len(rows))} mais novas"
    said = f"<p class='document'>{title}</p><p class='sub'>{escape(whose)}</p>"
    if any(listed.row.environment is Environment.TEST for listed in rows):
        said += f"<p class='said'><b>{lines_html(_TEST)}</b></p>"
    cells = tuple(tuple(text_of(listed, column) for column in columns) for listed in rows)
    listing = Listing(how_many, tuple(column.heading for column in columns), cells)
    return Paper(title, said + listing_html(listing), f"{title} · {issued}", mark, landscape=True)

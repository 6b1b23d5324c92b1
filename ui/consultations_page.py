"""What the services are doing, and every consultation made: found, filtered, and whole at the side."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.domain import AnpOutcome, Authority, Origin, Outcome, Result, Verdict, outcome_of
from ui import icons, theme, words
from ui.consultation_model import WIDTHS, ConsultationModel
from ui.empty_state import EmptyState
from ui.journal_page import JournalPage
from ui.result_view import ResultView
from ui.search_box import SearchBox
from ui.service_card import ServiceCard

if TYPE_CHECKING:
    from app.data.history import HistoryQuery, HistoryRow
    from ui.office import Office

_LIVE_MS = 500
_OUTCOMES: dict[Authority | None, tuple[Outcome, ...]] = {
    None: (Verdict.FAILURE,),
    Authority.SEFAZ: tuple(Verdict),
    Authority.ANP: tuple(AnpOutcome),
}
"""The results that the list may be filtered by; those of one authority mean nothing at another, but for the failure."""


class ConsultationsPage(JournalPage[ConsultationModel]):
    """`show_argument` takes a consultation's number, or an Outcome to filter by."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        search = SearchBox("Buscar cliente ou documento", "Buscar consultas por cliente ou documento")
        super().__init__("consultas", "Consultas", office, ConsultationModel, WIDTHS, search, parent)
        self.table.setObjectName("consultas")
        self.table.setAccessibleName("Consultas feitas")

        self.cards = {authority: ServiceCard(office, authority) for authority in (Authority.SEFAZ, Authority.ANP)}
        cards = QVBoxLayout()
        cards.setSpacing(theme.XS)
        for card in self.cards.values():
            cards.addWidget(card)
        self.body.addLayout(cards)
        self._authority = QComboBox()
        self._verdict = QComboBox()
        self._origin = QComboBox()
        self.body.addLayout(self._filters())

        self.result = ResultView(office.backoffice)
        self.result.receipt.offer_in(self.table)
        self.result.shown.connect(self._offer_customer)
        self.result.diagnosis_wanted.connect(office.diagnose)
        self._customer = QPushButton()
        self._add_consultations()

        self._live = QTimer(self, singleShot=True, interval=_LIVE_MS)
        self._live.timeout.connect(self.refresh)
        office.finished_one.connect(self._on_finished)

    def entered(self) -> None:
        """Show the services and the list as they are now."""
        for card in self.cards.values():
            card.show_state()
        super().entered()

    def show_argument(self, argument: object) -> None:
        """Show one consultation whole, or those with one result."""
        if isinstance(argument, int):
            self._show(argument)
        elif isinstance(argument, Verdict | AnpOutcome):
            self.clear_filters()
            authority = next(each for each, outcomes in _OUTCOMES.items() if argument in outcomes)
            self._authority.setCurrentIndex(self._authority.findData(authority.value if authority else ""))
            self._verdict.setCurrentIndex(self._verdict.findData(argument.value))

    def _filters(self) -> QHBoxLayout:
        # The values are plain text: an enum kept in a combo box would not come back as itself.
        self._authority.setAccessibleName("Filtro: autoridade")
        self._authority.addItem("Todas as autoridades", "")
        for authority in self.cards:
            self._authority.addItem(authority.label, authority.value)
        self._verdict.setAccessibleName("Filtro: resultado")
        self._verdict.setToolTip("Escolha uma autoridade para ver todos os resultados dela")
        self._verdict.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._offer_outcomes()
        self._authority.currentIndexChanged.connect(self._offer_outcomes)
        self._origin.setAccessibleName("Filtro: origem")
        self._origin.addItem("Todas as origens", "")
        for origin, said in words.ORIGINS.items():
            self._origin.addItem(f"Feitas {said}", origin.value)
        return self._filter_row(self._authority, self._verdict, self._origin)

    @Slot()
    def _offer_outcomes(self) -> None:
        """Offer the results of the authority chosen; the one chosen before stays when it is among them."""
        before = self._verdict.currentData()
        blocker = QSignalBlocker(self._verdict)  # the list is asked for once, when the authority has changed
        self._verdict.clear()
        self._verdict.addItem("Todos os resultados", "")
        for outcome in _OUTCOMES[self._chosen_authority()]:
            look = words.verdict(outcome)
            self._verdict.addItem(icons.icon(look.icon), look.word, outcome.value)
        self._verdict.setCurrentIndex(max(0, self._verdict.findData(before)))
        blocker.unblock()

    def _chosen_authority(self) -> Authority | None:
        chosen = str(self._authority.currentData())
        return Authority(chosen) if chosen else None

    def _add_consultations(self) -> None:
        empty = EmptyState(
            "consultations",
            "Nenhuma consulta foi feita ainda",
            "Consulte um cliente, ou ligue a consulta automática nos perfis de clientes.",
        )
        empty.add_button("Ir para Clientes", "customers").clicked.connect(self._go_to_customers)
        empty.add_button("Ligar a consulta automática", "profiles").clicked.connect(self._go_to_profiles)
        nothing = EmptyState(
            "filter", "Nenhuma consulta com este filtro", "A busca olha o nome do cliente e o documento consultado."
        )
        theme.link(self._customer)
        self._customer.clicked.connect(self._open_customer)
        self._customer.hide()
        beside = QVBoxLayout()
        beside.setSpacing(theme.S)
        beside.addWidget(self._customer, 0, Qt.AlignmentFlag.AlignLeft)
        beside.addWidget(self.result, 1)
        self._add_journal(empty, nothing, beside)

    def _wanted(self) -> HistoryQuery:
        from app.data.history import HistoryQuery

        authority = self._chosen_authority()
        verdict, origin = str(self._verdict.currentData()), str(self._origin.currentData())
        return HistoryQuery(
            self._search.text(),
            authority=authority,
            verdict=outcome_of(authority or Authority.SEFAZ, verdict) if verdict else None,
            origin=Origin(origin) if origin else None,
        )

    def _count_text(self, total: int) -> str:
        return words.counted(total, "consulta", "consultas")

    @Slot(object)
    def _on_finished(self, _result: Result) -> None:
        if not self._live.isActive() and self.isVisible():
            self._live.start()

    @property
    def _shown_id(self) -> int | None:
        return self.result.consultation_id

    def _fill_side(self, number: int) -> None:
        self.result.show_consultation(number)

    @Slot(object)
    def _offer_customer(self, row: HistoryRow | None) -> None:
        if row is None or row.customer_id is None:
            self._customer.hide()
            return
        self._customer.setText(f"{shorten(row.customer, 30, placeholder='…')} · abrir o cliente")
        self._customer.setProperty("customer", row.customer_id)
        self._customer.show()

    @Slot()
    def _open_customer(self) -> None:
        self._office.open_page.emit("clientes", self._customer.property("customer"))

    @Slot()
    def _go_to_customers(self) -> None:
        self._office.open_page.emit("clientes", None)

    @Slot()
    def _go_to_profiles(self) -> None:
        self._office.open_page.emit("perfis", None)

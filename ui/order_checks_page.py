"""The sales evaluated by the gate: one may be evaluated now, all are found and filtered, each is whole at the side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.policies import OrderKind
from app.settings.catalog import ANP_ORDER_CONSULT
from ui import icons, pages, words
from ui.credit_report_dialog import CreditReportDialog
from ui.empty_state import EmptyState
from ui.filter_boxes import CompanyBox, PeriodBox
from ui.journal_page import JournalPage
from ui.order_check_model import LOOKS, WIDTHS, OrderCheckModel
from ui.order_check_view import OrderCheckView
from ui.order_simulator import OrderSimulator
from ui.references import ReferenceSource
from ui.release_sale import ReleaseSaleDialog
from ui.search_box import SearchBox

if TYPE_CHECKING:
    from app.data.order_checks import CheckQuery, FullCheck
    from ui.office import Office

_RELEASE = "liberacao"


class OrderChecksPage(JournalPage[OrderCheckModel]):
    """`show_argument` takes a check's number."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        search = SearchBox("Buscar cliente ou documento", "Buscar avaliações por cliente ou documento")
        super().__init__(pages.ORDER_CHECKS, "Pedidos avaliados", office, OrderCheckModel, WIDTHS, search, parent)
        self.table.setObjectName("avaliacoes")
        self.table.setAccessibleName("Pedidos avaliados")

        self._analysis: CreditReportDialog | None = None
        self._references = ReferenceSource(office, self)
        self.simulator = OrderSimulator(office, self._references)
        self.body.addWidget(self.simulator)
        self._answer, self._kind = QComboBox(), QComboBox()
        self._company, self._period = CompanyBox(self._references), PeriodBox()
        self.body.addLayout(self._filters())

        self.view = OrderCheckView(office.backoffice.database)
        self._add_checks()

        self._references.failed.connect(self._failed)
        self.simulator.evaluated.connect(self._evaluated)
        self.view.customer_wanted.connect(self._open_customer)
        self.view.consultation_wanted.connect(self._open_consultation)
        self.view.release_wanted.connect(self._ask_release)
        self.view.analysis_wanted.connect(self._open_analysis)
        self.view.check_wanted.connect(self._show_previous)

    def entered(self) -> None:
        """Read the companies and the list."""
        self._references.refresh()
        super().entered()

    def show_argument(self, argument: object) -> None:
        """Show one check whole."""
        if isinstance(argument, int):
            self._show(argument)

    @Slot()
    def refresh(self) -> None:
        """Read the list again, and the check at the side, which may have been released."""
        super().refresh()
        if self.view.check_id is not None:
            self.view.show_check(self.view.check_id)

    def _filters(self) -> QHBoxLayout:
        self._answer.setAccessibleName("Filtro: resposta")
        self._answer.addItem("Todas as respostas", "")
        for allowed, plural in ((True, "Permitidos"), (False, "Recusados")):
            self._answer.addItem(icons.icon(LOOKS[allowed].icon), plural, "sim" if allowed else "nao")
        self._answer.addItem(icons.icon("release"), "Que pedem liberação", _RELEASE)
        # The values are plain text: an enum kept in a combo box would not come back as itself.
        self._kind.setAccessibleName("Filtro: tipo")
        self._kind.addItem("Todos os tipos", "")
        for kind in OrderKind:
            self._kind.addItem(words.capital(kind.label), kind.value)
        return self._filter_row(self._answer, self._kind, self._company, self._period)

    def _add_checks(self) -> None:
        empty = EmptyState(
            "order",
            "Nenhum pedido foi avaliado ainda",
            "Avalie um acima, ou faça o programa de vendas chamar “avaliar pedido”. Cada resposta fica aqui, com o "
            "motivo.",
        )
        empty.add_button("Ver as regras do pedido", "profiles").clicked.connect(self._go_to_rules)
        nothing = EmptyState(
            "filter", "Nenhuma avaliação com este filtro", "A busca olha o nome do cliente e o documento avaliado."
        )
        beside = QVBoxLayout()
        beside.addWidget(self.view)
        self._add_journal(empty, nothing, beside)

    def _wanted(self) -> CheckQuery:
        from app.data.order_checks import CheckQuery

        answer, kind = str(self._answer.currentData()), str(self._kind.currentData())
        return CheckQuery(
            self._search.text(),
            answer == "sim" if answer in ("sim", "nao") else None,
            self._company.company_id,
            self._period.since,
            OrderKind(kind) if kind else None,
            release_needed=answer == _RELEASE,
        )

    def _count_text(self, total: int) -> str:
        return words.counted(total, "avaliação", "avaliações")

    @Slot(int)
    def _evaluated(self, check_id: int) -> None:
        self._show(check_id)
        self.refresh()
        self._office.customers_changed.emit()

    @property
    def _shown_id(self) -> int | None:
        return self.view.check_id

    def _fill_side(self, number: int) -> None:
        self.view.show_check(number)

    @Slot(int)
    def _open_customer(self, customer_id: int) -> None:
        self._office.open_page.emit(pages.CUSTOMERS, customer_id)

    @Slot(object)
    def _ask_release(self, check: FullCheck) -> None:
        dialog = ReleaseSaleDialog(self._office, check, self)
        dialog.released.connect(self.refresh)
        dialog.open()

    @Slot(int)
    def _show_previous(self, check_id: int) -> None:
        self._show(check_id)
        self._restore_selection()

    @Slot(int)
    def _open_consultation(self, consultation_id: int) -> None:
        self._office.open_page.emit(pages.CONSULTATIONS, consultation_id)

    @Slot(int)
    def _open_analysis(self, analysis_id: int) -> None:
        if self._analysis is None:
            self._analysis = CreditReportDialog(self._office, self)
        self._analysis.show_analysis(analysis_id)

    @Slot()
    def _go_to_rules(self) -> None:
        self._office.open_page.emit(pages.PROFILES, ANP_ORDER_CONSULT)

"""A page with a list that the database filters and pages: a search, filters, the list or why it is empty, a side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui import icons, theme
from ui.empty_state import EmptyState
from ui.failure_view import FailureView, failure_of
from ui.layout_memory import LayoutMemory
from ui.page import Page
from ui.paged_model import PagedModel
from ui.row_table import RowTable
from ui.search_box import SearchBox
from ui.status_delegate import StatusDelegate
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.database import Database
    from ui.office import Office

M = TypeVar("M", bound=PagedModel[Any, Any])

LIST, NOTHING_YET, NO_RESULTS, FAILED = range(4)


class ListPage(Page, Generic[M]):
    """Each page makes its filters with `_filter_row` and then its list with `_add_list`, where they are in its body.

    Its model begins with the query that filters nothing.
    """

    menu_path: tuple[str, ...] = ("Ferramentas", "Sistema", "Clientes")
    """Where the page is in the menus."""

    def __init__(
        self,
        key: str,
        title: str,
        office: Office,
        make_model: Callable[[Database, QObject], M],
        widths: Sequence[int],
        search: SearchBox,
        parent: QWidget | None,
    ) -> None:
        super().__init__(key, title, self.menu_path, parent)
        self._office = office
        self._search = search
        search.setToolTip("Ctrl+F. O documento pode ter pontuação ou não")
        search.setMinimumWidth(320)
        self.header.addWidget(search)
        self._boxes: tuple[QComboBox, ...] = ()
        self._clear = QPushButton("Limpar filtros")
        self._count = theme.role(QLabel(), "hint")

        self.model = make_model(office.backoffice.database, self)
        self._everything = self.model.query
        self.table = RowTable()
        self.table.setModel(self.model)
        prepare_table(self.table)
        self.table.setItemDelegate(StatusDelegate(self.table))
        header = self.table.horizontalHeader()
        for section, width in enumerate(widths):
            header.resizeSection(section, width)
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        self._failure = FailureView()
        self._places = QStackedWidget()

        search.searched.connect(self._apply_filters)
        search.returnPressed.connect(self._enter_list)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self._failed)
        QShortcut(QKeySequence(Qt.Key.Key_F5), self, self.refresh)

    # --- what each page says ---

    def _wanted(self) -> Any:
        """The query that the search and the filters ask for."""
        raise NotImplementedError

    def _is_filtered(self, query: Any) -> bool:
        """Whether a query leaves anything out that would be in the list otherwise."""
        return bool(query != self._everything)

    def _count_text(self, total: int) -> str:
        """How many rows there are, in words."""
        raise NotImplementedError

    def _restore_selection(self) -> None:
        """Select again what was selected: the list was read, and it may be on another line now."""
        raise NotImplementedError

    # --- how it is made ---

    def _filter_row(self, *boxes: QComboBox) -> QHBoxLayout:
        """The boxes, whose first entry filters nothing, the way back from all filters, and the count."""
        self._boxes = boxes
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        for box in boxes:
            box.currentIndexChanged.connect(self._apply_filters)
            row.addWidget(box)
        theme.link(self._clear)
        self._clear.clicked.connect(self.clear_filters)
        self._clear.hide()
        row.addWidget(self._clear)
        row.addStretch(1)
        row.addWidget(self._count)
        return row

    def _add_list(self, nothing_yet: EmptyState, no_results: EmptyState, side: QWidget, side_width: int) -> None:
        """The list, or what stands in its place, and the side. What the user did to their sizes is remembered."""
        no_results.add_button("Limpar filtros", "undo").clicked.connect(self.clear_filters)
        failed = QWidget()
        layout = QVBoxLayout(failed)
        layout.setContentsMargins(0, 0, 0, 0)
        retry = QPushButton(icons.icon("refresh"), "Tentar de novo")
        retry.clicked.connect(self.entered)
        self._failure.add_button(retry)
        layout.addWidget(self._failure)
        layout.addStretch(1)
        for place in (self.table, nothing_yet, no_results, failed):
            self._places.addWidget(place)
        side.setMinimumWidth(340)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("lista")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._places)
        splitter.addWidget(side)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([900, side_width])
        memory = LayoutMemory(self._office.folders, self.key, self)
        memory.panes(splitter)
        memory.columns(self.table)
        self.body.addWidget(splitter, 1)

    # --- the list ---

    def entered(self) -> None:
        """Show the list as it is now."""
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read the list again; filters and selection stay."""
        self.model.refresh()

    @Slot()
    def clear_filters(self) -> None:
        """Show everything."""
        self._search.clear()
        for box in self._boxes:
            box.setCurrentIndex(0)
        self._apply_filters()

    @Slot()
    def _apply_filters(self) -> None:
        self._search.settle()
        wanted = self._wanted()
        self._clear.setVisible(self._is_filtered(wanted))
        if wanted != self.model.query:
            self._show_query(wanted)

    def _show_query(self, query: Any) -> None:
        self.model.show(query)

    @Slot(int)
    def _loaded(self, total: int) -> None:
        self._failure.clear()
        filtered = self._is_filtered(self.model.query)
        self._places.setCurrentIndex(LIST if total else NO_RESULTS if filtered else NOTHING_YET)
        self._count.setText(self._count_text(total))
        self._restore_selection()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._failure.show_failure(failure_of(error))
        self._places.setCurrentIndex(FAILED)

    @Slot()
    def _enter_list(self) -> None:
        self._apply_filters()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.model.rowCount() and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)

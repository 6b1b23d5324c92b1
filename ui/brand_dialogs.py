"""Two questions about names seen at ANP: whose brand one is, and which brands of the distributors to create."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.kinds import folded
from app.policies import BrandKind
from app.tables import BRANDS
from ui import theme, words
from ui.confirm_buttons import ConfirmButtons
from ui.search_box import SearchBox
from ui.table_look import prepare_table

if TYPE_CHECKING:
    from app.data.brand_inbox import BrandProposal, UnknownBrand
    from app.rules.brand_suggestion import KnownBrand

_ID_ROLE = Qt.ItemDataRole.UserRole


class AssociateBrand(QDialog):
    """Which brand of the table a name seen at ANP is; found by typing."""

    def __init__(self, unknown: UnknownBrand, brands: Sequence[KnownBrand], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Associar a uma bandeira")
        self.name = unknown.seen.name
        sentence = QLabel(f"“{self.name}” passa a ser um dos nomes na ANP da bandeira:")
        sentence.setWordWrap(True)
        self.search = SearchBox("Buscar bandeira", "Buscar bandeira")
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setAccessibleName("Bandeiras")
        for brand in sorted(brands, key=lambda brand: folded(brand.row.name)):
            item = QListWidgetItem(f"{brand.row.name}  ·  {kind_label(brand.kind).lower()}")
            item.setData(_ID_ROLE, brand.row.id)
            item.setSizeHint(QSize(0, 28))
            item.setToolTip("; ".join(brand.row.anp_names) or "Ainda sem nomes na ANP")
            self.list.addItem(item)
            if unknown.suggestion is not None and brand.row.id == unknown.suggestion.brand_id:
                self.list.setCurrentItem(item)
        self.list.currentItemChanged.connect(self._say)
        self.list.itemActivated.connect(self.accept)
        buttons = ConfirmButtons(self, "Associar")
        self.confirm = buttons.confirm
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        for widget in (sentence, self.search, self.list, buttons):
            whole.addWidget(widget)
        self.resize(460, 420)
        self.search.setFocus()
        self._say()

    @property
    def brand_id(self) -> int | None:
        """The number of the brand chosen."""
        item = self.list.currentItem()
        return None if item is None or item.isHidden() else int(item.data(_ID_ROLE))

    @Slot(str)
    def _filter(self, text: str) -> None:
        wanted = folded(text).split()
        items = [self.list.item(row) for row in range(self.list.count())]
        for item in items:
            item.setHidden(not all(word in folded(f"{item.text()} {item.toolTip()}") for word in wanted))
        if self.brand_id is None:
            self.list.setCurrentRow(next((row for row, item in enumerate(items) if not item.isHidden()), -1))
        self._say()

    @Slot()
    def _say(self) -> None:
        self.confirm.setEnabled(self.brand_id is not None)


class CreateBrands(QDialog):
    """The brands that the list of distributors suggests, each with a check box; nothing is kept by the dialog itself.

    Those that some reseller shows start checked.
    """

    LABELS = ("Bandeira", "Tipo", "Nomes na ANP", "Nossos clientes", "Estabelecimentos")

    def __init__(self, proposals: Sequence[BrandProposal], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Preencher pela lista de distribuidores")
        self._proposals = proposals
        sentence = QLabel(
            "Distribuidores autorizados da lista da ANP cujo nome ainda não é de nenhuma bandeira. As marcadas serão "
            "criadas na Tabela de Bandeiras; o tipo pode ser mudado lá depois."
        )
        sentence.setWordWrap(True)
        self.table = QTableWidget(len(proposals), len(self.LABELS))
        self.table.setAccessibleName("Bandeiras a criar")
        self.table.setHorizontalHeaderLabels(list(self.LABELS))
        prepare_table(self.table, line_height=28)
        self._boxes = [self._fill(row, proposal) for row, proposal in enumerate(proposals)]
        for column, width in enumerate((200, 100, 190, 124)):
            self.table.setColumnWidth(column, width)
        self.table.horizontalHeader().setSectionResizeMode(len(self.LABELS) - 1, QHeaderView.ResizeMode.Stretch)
        self.table.itemChanged.connect(self._say)
        self.check_all = QPushButton("Marcar todas")
        self.check_all.clicked.connect(self._check_all)
        self.check_none = QPushButton("Desmarcar todas")
        self.check_none.clicked.connect(self._check_none)
        back = QPushButton("Voltar")
        back.clicked.connect(self.reject)
        self.confirm = QPushButton()
        theme.primary(self.confirm)
        self.confirm.clicked.connect(self.accept)
        for button in (self.check_all, self.check_none, back, self.confirm):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.check_all)
        buttons.addWidget(self.check_none)
        buttons.addStretch(1)
        buttons.addWidget(back)
        buttons.addWidget(self.confirm)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        whole.setSpacing(theme.M)
        whole.addWidget(sentence)
        whole.addWidget(self.table, 1)
        whole.addLayout(buttons)
        self.resize(800, 520)
        self.table.setCurrentCell(0, 0)
        self.table.setFocus()
        self._say()

    def _fill(self, row: int, proposal: BrandProposal) -> QTableWidgetItem:
        """Write one row; the cell with its check box."""
        texts = (
            proposal.name,
            kind_label(proposal.kind),
            "; ".join(proposal.anp_names),
            f"{proposal.customers:,}".replace(",", "."),
            f"{proposal.establishments:,}".replace(",", "."),
        )
        cells = [QTableWidgetItem(text) for text in texts]
        for column, cell in enumerate(cells):
            cell.setToolTip(texts[column])
            self.table.setItem(row, column, cell)
        is_seen = bool(proposal.customers or proposal.establishments) or proposal.kind is BrandKind.WHITE
        cells[0].setFlags(cells[0].flags() | Qt.ItemFlag.ItemIsUserCheckable)
        cells[0].setCheckState(Qt.CheckState.Checked if is_seen else Qt.CheckState.Unchecked)
        return cells[0]

    @property
    def chosen(self) -> list[BrandProposal]:
        """The proposals that are checked."""
        return [
            proposal
            for proposal, box in zip(self._proposals, self._boxes, strict=True)
            if box.checkState() is Qt.CheckState.Checked
        ]

    @Slot()
    def _check_all(self) -> None:
        self._check(Qt.CheckState.Checked)

    @Slot()
    def _check_none(self) -> None:
        self._check(Qt.CheckState.Unchecked)

    def _check(self, state: Qt.CheckState) -> None:
        for box in self._boxes:
            box.setCheckState(state)

    @Slot()
    def _say(self) -> None:
        number = len(self.chosen)
        self.confirm.setText(f"Criar {words.counted(number, 'bandeira', 'bandeiras')}" if number else "Criar")
        self.confirm.setEnabled(number > 0)


def kind_label(kind: BrandKind) -> str:
    """Whose a brand is, as the table's form says it."""
    field = BRANDS.field("tipo")
    assert field is not None
    return field.kind.show(kind)

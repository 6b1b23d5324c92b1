"""Atualização: which version this is, which one is published, and its file fetched and verified. Never installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.portuguese import megabytes, megabytes_of
from app.rules.updates import is_old
from app.settings.catalog import UPDATE_ADDRESS, UPDATE_FREQUENCY
from app.version import VERSION
from ui import icons, pages, theme, words
from ui.emptying import empty
from ui.failure_view import FailureView, failure_of
from ui.folder_opening import open_folder
from ui.long_work import Cancelled, LongWork, Progress
from ui.page import Page
from ui.remembered import Remembered
from ui.theme import Tone

if TYPE_CHECKING:
    from app.update_manifest import Manifest
    from ui.office import Office

_OFF = "A procura por versão nova está desligada neste computador."
_OFF_WHY = (
    "Quem administra o programa liga a procura com o endereço em que as versões são publicadas e a chave pública de "
    "quem as assina."
)


class UpdatePage(Page):
    """Works without a database: a newer version may be what mends its opening."""

    def __init__(self, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(pages.UPDATE, "Atualização", ("Ajuda",), parent)
        self._office = office
        self._updates = office.updates
        self._remembered = Remembered(office.folders)
        self._saved: Path | None = None
        self._offered = ""
        self.settings_button = QPushButton(icons.icon("integration"), "Configurar…")
        self.settings_button.setToolTip("Abre o endereço, a chave e de quanto em quanto tempo procurar")
        self.settings_button.clicked.connect(self._open_settings)
        self.look_button = QPushButton()
        self.look_button.clicked.connect(self._look_or_cancel)
        self.header.addWidget(self.settings_button)
        self.header.addWidget(self.look_button)

        self.failure = FailureView()
        self.body.addWidget(self.failure)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addWidget(self._standing())
        column.addWidget(self._news())
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        self.body.addWidget(scroll, 1)
        self._updates.changed.connect(self._show)
        office.snapshot_changed.connect(self._show)
        self._show()

    def _standing(self) -> QFrame:
        card = QFrame()
        theme.card(card)
        self._picture = QLabel()
        self.headline = theme.role(QLabel(), "subtitle")
        self.headline.setWordWrap(True)
        self.why = theme.role(QLabel(), "hint")
        self.why.setWordWrap(True)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(theme.L)
        self._facts.setVerticalSpacing(theme.XS)
        self._facts.setColumnStretch(1, 1)
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        for part in (self.headline, self.why):
            column.addWidget(part)
        column.addLayout(self._facts)
        whole = QHBoxLayout(card)
        whole.setContentsMargins(theme.L, theme.M, theme.L, theme.M)
        whole.setSpacing(theme.M)
        whole.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(column, 1)
        return card

    def _news(self) -> QFrame:
        self.news_card = QFrame()
        theme.card(self.news_card)
        self._news_title = theme.role(QLabel(), "subtitle")
        self.news = _as_wide_as_there_is(QLabel())
        self.news.setTextFormat(Qt.TextFormat.PlainText)  # whatever was published is text, never a page
        self.news.setWordWrap(True)
        self.news.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.download_button = QPushButton("Baixar o instalador…")
        self.download_button.setToolTip("Escolhe a pasta e baixa o arquivo; o tamanho e o SHA-256 são conferidos")
        self.download_button.clicked.connect(self._ask_folder)
        theme.primary(self.download_button)
        self.file = theme.role(_as_wide_as_there_is(QLabel()), "hint")
        self.file.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(theme.M)
        row.addWidget(self.download_button)
        row.addWidget(self.file, 1)
        self.download_failure = FailureView()
        self.done = _as_wide_as_there_is(QLabel())
        self.done.setTextFormat(Qt.TextFormat.PlainText)
        self.done.setWordWrap(True)
        theme.tone(self.done, Tone.OK)
        self.folder_button = QPushButton(icons.icon("folder"), "Abrir a pasta")
        self.folder_button.clicked.connect(self._open_folder)
        ended = QHBoxLayout()
        ended.setSpacing(theme.M)
        ended.addWidget(self.done, 1)
        ended.addWidget(self.folder_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self.news_card)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(self._news_title)
        column.addWidget(self.news)
        column.addLayout(row)
        self.work = LongWork()
        column.addWidget(self.work)
        column.addWidget(self.download_failure)
        column.addLayout(ended)
        return self.news_card

    def entered(self) -> None:
        """Say again how long ago things were."""
        self._show()

    # --- what is known ---

    @Slot()
    def _show(self) -> None:
        state = self._updates.state
        # One button that keeps its place and the keyboard.
        self.look_button.setText("Cancelar a procura" if state.looking else "Procurar agora")
        self.look_button.setIcon(icons.icon("cancel" if state.looking else "refresh"))
        self.look_button.setEnabled(state.channel is not None)
        if state.failure is not None and not state.looking:
            self.failure.show_failure(state.failure)
        else:
            self.failure.clear()
        headline, why, icon, tone = self._said()
        self.headline.setText(headline)
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self._picture.setPixmap(icons.pixmap(icon, 24, tone))
        self._show_facts()
        self._show_news(state.news.manifest if state.news is not None else None)

    def _said(self) -> tuple[str, str, str, Tone]:
        """The headline, what it means, and how it looks."""
        state = self._updates.state
        if state.channel is None:
            return _OFF, _OFF_WHY, "info", Tone.NEUTRAL
        if state.looking:
            return f"Procurando em {state.channel.host}…", "", "clock", Tone.INFO
        known = state.known
        if known is None:
            return "Ainda não se sabe qual é a versão publicada.", "", "help", Tone.NEUTRAL
        if known.is_news:
            why = "O programa nunca se instala sozinho: baixe o instalador e instale quando for melhor."
            return f"Há uma versão nova: {known.manifest.version}.", why, "info", Tone.INFO
        if is_old(known.manifest.published_at, datetime.now(UTC)):
            why = (
                f"A publicação é de {words.relative(known.manifest.published_at)}. Se já saiu outra versão, o endereço "
                "pode não ser mais o atual: confira com quem distribui o programa."
            )
            return "Não há versão nova neste endereço.", why, "warning", Tone.WARN
        return "Este computador está em dia.", "", "check", Tone.OK

    def _show_facts(self) -> None:
        empty(self._facts)
        state, now = self._updates.state, datetime.now(UTC)
        facts = [("Versão deste programa", VERSION, "")]
        if state.channel is not None:
            if state.known is not None:
                manifest = state.known.manifest
                published = f"{manifest.version}, de {words.exact(manifest.published_at)}"
                facts.append(("Versão publicada", published, words.relative(manifest.published_at, now)))
                looked_at = state.known.looked_at
                facts.append(("Última procura", words.relative(looked_at, now), words.exact(looked_at)))
            frequency = self._office.snapshot[UPDATE_FREQUENCY]
            facts.append((UPDATE_FREQUENCY.label, UPDATE_FREQUENCY.kind.show(frequency), ""))
            facts.append(("Endereço", state.channel.host, state.channel.address))
        for row, (name, value, tooltip) in enumerate(facts):
            label = _as_wide_as_there_is(QLabel(value))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setToolTip(tooltip)
            label.setAccessibleName(f"{name}: {value}")
            self._facts.addWidget(theme.role(QLabel(name), "hint"), row, 0)
            self._facts.addWidget(label, row, 1)

    def _show_news(self, manifest: Manifest | None) -> None:
        # What is being fetched can be cancelled also when it is no news any more.
        self.news_card.setVisible(manifest is not None or self.work.running)
        if manifest is None:
            return
        self._news_title.setText(f"O que mudou na versão {manifest.version}")
        self.news.setText(manifest.news or "Quem publicou não disse o que mudou.")
        self.file.setText(f"{manifest.file}, {megabytes(manifest.size)}")
        self.file.setToolTip(f"{manifest.file}\nSHA-256: {manifest.sha256}")
        if self._offered != manifest.sha256:  # what was said of another file is of no use
            self._offered = manifest.sha256
            self._saved = None
            self.download_failure.clear()
        self._show_saved()

    def _show_saved(self) -> None:
        self.download_button.setEnabled(not self.work.running)
        for part in (self.done, self.folder_button):
            part.setVisible(self._saved is not None)
        if self._saved is not None:
            self.done.setText(
                f"Baixado e conferido: {self._saved}\nPara instalar, encerre o programa e abra esse arquivo."
            )

    @Slot()
    def _look_or_cancel(self) -> None:
        (self._updates.cancel if self._updates.state.looking else self._updates.look)()

    @Slot()
    def _open_settings(self) -> None:
        self._office.open_page.emit(pages.INTEGRATION, UPDATE_ADDRESS.key)

    # --- the file ---

    @Slot()
    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self.window(), "Pasta para o instalador", str(self._remembered.save_folder)
        )
        if folder:
            self.download(Path(folder))

    def download(self, folder: Path) -> None:
        """Fetch the file of the newer version to that folder."""
        state = self._updates.state
        if state.news is None or state.channel is None or self.work.running:
            return
        self._remembered.keep_save_folder(folder)
        channel, manifest, folders = state.channel, state.news.manifest, self._office.folders

        def fetch(progress: Progress, cancelled: Cancelled) -> Path:
            from services.updates.download import download

            return download(channel, manifest, folder, folders, progress=progress, cancelled=cancelled)

        def fetched(target: Path) -> None:
            self._saved = target if manifest.sha256 == self._offered else None
            self._show()

        self._saved = None
        self.download_failure.clear()
        self.work.start(f"Baixando {manifest.file}", fetch, fetched, self._not_fetched, measure=megabytes_of)
        self._show_saved()

    def _not_fetched(self, error: Exception) -> None:
        self._show()
        if not self.work.cancelled:
            self.download_failure.show_failure(failure_of(error))

    @Slot()
    def _open_folder(self) -> None:
        if self._saved is not None:
            open_folder(self._saved.parent)


def _as_wide_as_there_is(label: QLabel) -> QLabel:
    """A long name or address in it is cut, and not all that stands with it."""
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)
    return label

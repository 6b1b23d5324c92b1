"""`atualizacao`: is there a newer version, and its file, verified. Nothing is ever installed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.portuguese import exact
from app.settings.catalog import UPDATE_ADDRESS, UPDATE_KEY
from app.version import VERSION
from ui.cli.output import Status, note, write, write_json
from ui.cli.portuguese import UsageError

if TYPE_CHECKING:
    from app.folders import Folders
    from services.updates.channel import UpdateChannel
    from services.updates.known import KnownUpdate


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("atualizacao", help="procura versão nova do programa e baixa o instalador conferido")
    actions = parser.add_subparsers(title="ações", metavar="AÇÃO", dest="acao", required=True)
    looking = actions.add_parser(
        "verificar",
        help="procura agora no endereço das atualizações",
        description="Busca o manifesto assinado no endereço das configurações deste computador e confere a assinatura. "
        "Termina com 0 haja ou não versão nova; com --json, “nova” diz se há.",
    )
    looking.set_defaults(run=run_look)
    fetching = actions.add_parser(
        "baixar",
        help="baixa o arquivo da versão nova, se houver, e confere",
        description="Procura agora e, se há versão nova, grava o arquivo dela na pasta, só quando o tamanho e o "
        "SHA-256 são os do manifesto assinado. O arquivo nunca é executado.",
    )
    fetching.set_defaults(run=run_download)
    fetching.add_argument("--pasta", metavar="PASTA", type=Path, required=True, help="onde gravar o arquivo")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="responde em JSON")


def run_look(options: argparse.Namespace) -> Status:
    """Look now, and say what is published."""
    _, _, known = _look()
    if options.json:
        write_json(_as_document(known))
    else:
        _write_known(known)
    return Status.DONE


def run_download(options: argparse.Namespace) -> Status:
    """Look now and, when there is news, fetch its file."""
    from services.updates.download import download

    channel, folders, known = _look()
    target = None
    if known.is_news:
        target = download(
            channel,
            known.manifest,
            options.pasta.absolute(),
            folders,
            progress=_shown_progress(),
            cancelled=lambda: False,
        )
    if options.json:
        write_json({**_as_document(known), "gravado_em": None if target is None else str(target)})
    else:
        _write_known(known)
        if target is not None:
            write(f"Baixado e conferido: {target}")
            note("Para instalar, encerre o programa e abra esse arquivo.")
    return Status.DONE


def _look() -> tuple[UpdateChannel, Folders, KnownUpdate]:
    from app.folders import find_folders
    from app.settings.machine import MachineStore
    from app.settings.repository import SettingsRepository
    from services.updates.channel import channel_of
    from services.updates.look import look

    folders = find_folders()
    channel = channel_of(SettingsRepository(MachineStore(folders.machine_file), None).load())
    if channel is None:
        raise UsageError(
            "A procura por versão nova está desligada neste computador: faltam o endereço ou a chave. "
            f"Grave os dois com “config gravar {UPDATE_ADDRESS.key}=… {UPDATE_KEY.key}=…”."
        )
    return channel, folders, look(channel, folders, cancelled=lambda: False)


def _write_known(known: KnownUpdate) -> None:
    manifest = known.manifest
    published = f"publicada em {exact(manifest.published_at)}"
    if not known.is_news:
        write(
            f"Não há versão nova: este computador tem a {VERSION}, e a publicada é a {manifest.version}, {published}."
        )
        return
    write(f"Há uma versão nova: {manifest.version}, {published}. Este computador tem a {VERSION}.")
    write(f"Arquivo: {manifest.file}, {manifest.size} bytes, SHA-256 {manifest.sha256}")
    if manifest.news:
        write(manifest.news)


def _as_document(known: KnownUpdate) -> dict[str, Any]:
    manifest = known.manifest
    return {
        "nova": known.is_news,
        "versao_instalada": VERSION,
        "versao_publicada": manifest.version,
        "publicada_em": manifest.published_at.isoformat(),
        "procurada_em": known.looked_at.isoformat(),
        "arquivo": manifest.file,
        "tamanho": manifest.size,
        "sha256": manifest.sha256,
        "novidades": manifest.news,
    }


def _shown_progress() -> Callable[[int, int | None], None]:
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    told = 0

    def show(received: int, total: int | None) -> None:
        nonlocal told
        tenth = 10 * received // total if total else 0
        if on_terminal and tenth > told:
            told = tenth
            note(f"{tenth * 10}%…")

    return show

"""Fetches the file of a version, to a folder that a person chose: whole and verified, or not at all. Never runs it."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.domain import FailureKind
from app.file_replacing import take_place
from app.folders import Folders
from app.portuguese import megabytes
from app.update_manifest import Manifest
from services.interruption import Interruption
from services.updates.channel import UpdateChannel
from services.updates.failed import UpdateFailed

WHOLE_S = 6 * 3600.0
"""How long a whole file may take: a gigabyte over half a megabit a second."""

_ENDING = ".parte"
_LEFTOVER_S = 86_400.0  # no download takes that long
_GUARDED_S = 5.0
"""How long a guard against viruses may hold a program that was just written, as the set-up waits for it too."""


class _DiskFailed(Exception):
    """Its cause is the OSError of the file, which is none of the network's."""


def download(
    channel: UpdateChannel,
    manifest: Manifest,
    folder: Path,
    folders: Folders,
    *,
    progress: Callable[[int, int | None], None],
    cancelled: Callable[[], bool],
) -> Path:
    """The verified file, in `folder` under the name in the manifest, in place of any other with that name.

    One that is there already and is the very same is not fetched again. `progress` gets the bytes that came and how
    many there are. Over the network: not for the window's own thread. Raises UpdateFailed; then `folder` is as it was.
    """
    target = folder / manifest.file
    try:
        if _is_it(target, manifest):
            return target
        _remove_leftovers(folder, manifest.file)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise _unwritable(folder, error) from error
    if free < manifest.size:
        raise UpdateFailed(
            FailureKind.CONFIGURATION,
            f"Não há espaço para o arquivo na pasta “{folder}”.",
            f"Ele tem {megabytes(manifest.size)} e restam {megabytes(free)}.",
            "Libere espaço ou escolha outra pasta.",
        )
    temporary = folder / f".{manifest.file}-{secrets.token_hex(6)}{_ENDING}"
    try:
        with temporary.open("xb") as file:
            _fetch(channel, manifest, folders, file.write, progress, cancelled)
            file.flush()
            os.fsync(file.fileno())
        take_place(temporary, target, _GUARDED_S)
    except _DiskFailed as failed:
        cause = failed.__cause__
        raise _unwritable(folder, cause if isinstance(cause, OSError) else OSError()) from cause
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        with suppress(OSError):  # what cannot be removed now is a leftover of the next download
            temporary.unlink(missing_ok=True)
    return target


def _fetch(
    channel: UpdateChannel,
    manifest: Manifest,
    folders: Folders,
    write: Callable[[bytes], object],
    progress: Callable[[int, int | None], None],
    cancelled: Callable[[], bool],
) -> None:
    """Write the file as it comes, and return only when it is the one in the manifest."""
    from services.updates.transport import UpdateTransport

    digest = hashlib.sha256()
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        size += len(piece)
        digest.update(piece)
        try:
            write(piece)
        except OSError as error:
            raise _DiskFailed from error

    address = channel.file_address(manifest.file)
    interruption = Interruption()
    transport = UpdateTransport(folders, interruption)
    interruption.begin()
    try:
        with interruption.watched(cancelled):
            transport.get(
                address,
                limit=manifest.size,
                body_timeout=WHOLE_S,
                progress=lambda received, total: progress(min(received, manifest.size), manifest.size),
                into=take,
            )
    finally:
        interruption.end()
    if size != manifest.size or digest.hexdigest() != manifest.sha256:
        found = f"{size} bytes" if size <= manifest.size else f"mais de {manifest.size} bytes"
        raise UpdateFailed(
            FailureKind.INVALID_RESPONSE,
            f"O arquivo {manifest.file} não é o que foi assinado, e foi apagado.",
            "A publicação está sendo trocada neste momento, o arquivo veio estragado, ou alguém o trocou.",
            "Procure de novo e baixe outra vez. Se repetir, não instale esse arquivo por outro caminho e avise quem "
            "distribui o programa.",
            f"GET {address}\nEsperado: {manifest.size} bytes, SHA-256 {manifest.sha256}\n"
            f"Recebido: {found}, SHA-256 {digest.hexdigest()}",
            distrusted=True,
        )


def _is_it(file: Path, manifest: Manifest) -> bool:
    if not file.is_file() or file.stat().st_size != manifest.size:
        return False
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest() == manifest.sha256


def _remove_leftovers(folder: Path, name: str) -> None:
    """Remove what a program that was killed in the middle of a download left here."""
    for file in folder.glob(f".{name}-*{_ENDING}"):
        with suppress(OSError):  # somebody else's, or gone meanwhile
            if time.time() - file.stat().st_mtime > _LEFTOVER_S:
                file.unlink()


def _unwritable(folder: Path, error: OSError) -> UpdateFailed:
    return UpdateFailed(
        FailureKind.CONFIGURATION,
        f"O arquivo não pôde ser gravado na pasta “{folder}”.",
        f"O sistema respondeu: {error.strerror or type(error).__name__}.",
        "Confira se a pasta existe, a permissão dela e o espaço em disco, ou escolha outra.",
        f"{type(error).__name__}: {error.strerror}",
    )

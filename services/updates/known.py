"""What this computer last accepted from the address of the updates: read again without the network, and never followed
by anything older."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.domain import FailureKind
from app.file_replacing import replace_file
from app.folders import Folders
from app.rules.updates import is_newer
from app.update_manifest import Manifest, UnusableManifest, read_manifest
from app.version import VERSION
from services.updates.failed import UpdateFailed
from services.updates.signature import BadSignature, verify

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownUpdate:
    """A manifest that was accepted, and when it was last found to be the one published."""

    manifest: Manifest
    looked_at: datetime

    @property
    def is_news(self) -> bool:
        """Whether it is of a later version than this program's."""
        return is_newer(self.manifest.version, VERSION)


def known_file(folders: Folders) -> Path:
    """Where it is kept."""
    return folders.config / "atualizacao.json"


def read_known(folders: Folders, key: str) -> KnownUpdate | None:
    """What is kept, when it was signed with that key. A file that is damaged keeps nothing, and the log says so.

    Raises UpdateFailed when the file cannot be opened: to go on as if there were none would let an older manifest in.
    """
    file = known_file(folders)
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _inaccessible(f"O que se sabia da versão nova não pôde ser lido em {file}.", error) from error
    try:
        kept = json.loads(text)
        data = str(kept["manifesto"]).encode("utf-8")
        verify(data, str(kept["assinatura"]).encode("utf-8"), key)
        return KnownUpdate(read_manifest(data), datetime.fromisoformat(kept["procurada_em"]).astimezone(UTC))
    except BadSignature:  # of a key that was changed since
        return None
    except (ValueError, LookupError, TypeError, OverflowError, UnusableManifest) as error:
        _log.warning("O que se sabia da versão nova não pôde ser lido (%s): %s", file, type(error).__name__)
        return None


def keep_known(folders: Folders, data: bytes, signature: bytes, looked_at: datetime) -> None:
    """Keep a manifest that was verified, in place of any other. Raises UpdateFailed."""
    kept = {
        "manifesto": data.decode("utf-8"),
        "assinatura": signature.decode("ascii").strip(),
        "procurada_em": looked_at.isoformat(),
    }
    file = known_file(folders)
    try:
        replace_file(file, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise _inaccessible(f"O que foi encontrado não pôde ser guardado em {file}.", error) from error


def _inaccessible(what: str, error: OSError) -> UpdateFailed:
    return UpdateFailed(
        FailureKind.CONFIGURATION,
        what,
        f"O sistema respondeu: {error.strerror or type(error).__name__}.",
        "Confira a permissão da pasta e o espaço em disco.",
    )

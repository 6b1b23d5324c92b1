"""What the desktops of Linux start with a session: a file of the folder autostart (Desktop Application Autostart
Specification 0.5)."""

from __future__ import annotations

import configparser
import os
from collections.abc import Sequence
from pathlib import Path

from app.file_replacing import replace_file

_FILE = "retaguarda.desktop"
_GROUP = "Desktop Entry"
_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")
_ESCAPED = '"`$\\'


def path() -> Path:
    """Where this person's is."""
    kept = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(kept) if Path(kept).is_absolute() else Path.home() / ".config"
    return folder / "autostart" / _FILE


def is_on() -> bool:
    """Whether the file is there and its desktop was not told to pass it over. Raises OSError."""
    entry = configparser.RawConfigParser(strict=False)
    try:
        entry.read_string(path().read_text("utf-8"))
    except FileNotFoundError:
        return False
    except (configparser.Error, UnicodeDecodeError):  # no desktop starts what it cannot read
        return False
    hidden = entry.get(_GROUP, "Hidden", fallback="false").strip().lower() == "true"
    passed_over = entry.get(_GROUP, "X-GNOME-Autostart-enabled", fallback="true").strip().lower() == "false"
    return entry.has_section(_GROUP) and not hidden and not passed_over


def change(command: Sequence[str] | None) -> None:
    """Write the file, or take it away. Raises OSError."""
    if command is None:
        path().unlink(missing_ok=True)
        return
    replace_file(
        path(),
        f"[{_GROUP}]\n"
        "Type=Application\n"
        "Name=Retaguarda\n"
        "Comment=Consulta de clientes na SEFAZ e na ANP e integração do balcão\n"
        f"Exec={' '.join(_quoted(word) for word in command)}\n"
        "Icon=retaguarda\n"
        "Terminal=false\n"
        "X-GNOME-Autostart-enabled=true\n",
    )


def _quoted(word: str) -> str:
    """A word as the key Exec has it (Desktop Entry Specification 1.5): quoted, then escaped again as every value is."""
    word = word.replace("%", "%%")
    if not _RESERVED.intersection(word):
        return word
    inside = "".join(f"\\{character}" if character in _ESCAPED else character for character in word)
    return '"' + inside.replace("\\", "\\\\") + '"'

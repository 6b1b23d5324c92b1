"""Which programs of this computer listen on a port, and which ports Windows keeps for itself.

On Linux from /proc; on Windows from netstat, tasklist and netsh, whose words are in the system's language, so that only
numbers are read. Elsewhere, and where the system does not tell, nothing is known.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_LISTENING = "0A"  # TCP_LISTEN of Linux's include/net/tcp_states.h
_PATIENCE_S = 5
_NETSTAT = re.compile(r"\s*TCP\s+\S+:(?P<port>\d+)\s+\S+:0\s+\S+\s+(?P<pid>\d+)\s*")
"""A line of `netstat -ano`: only who listens has port 0 at the other end."""


@dataclass(frozen=True)
class PortUser:
    """A program that listens; `program` is "" when the system does not tell its name."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"{self.program} (processo {self.pid})" if self.program else f"o processo {self.pid}"


def port_users(port: int) -> tuple[PortUser, ...]:
    """Who listens on that port, as far as the system tells; programs of other users may be hidden."""
    if sys.platform == "win32":
        listening = listed_by_netstat(_said("netstat", "-ano", "-p", "TCP"), port)
        return tuple(
            PortUser(pid, named_by_tasklist(_said("tasklist", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH")))
            for pid in listening
        )
    return _in_proc(port) if _PROC.is_dir() else ()


def excluded_ranges() -> tuple[tuple[int, int], ...]:
    """The first and last port of each range that Windows gives to nobody who asks; () on other systems."""
    if sys.platform == "win32":
        return listed_by_netsh(_said("netsh", "interface", "ipv4", "show", "excludedportrange", "protocol=tcp"))
    return ()


def listed_by_netstat(text: str, port: int) -> tuple[int, ...]:
    """The processes that listen on `port`, in what netstat wrote."""
    lines = (_NETSTAT.fullmatch(line) for line in text.splitlines())
    return tuple(dict.fromkeys(int(line["pid"]) for line in lines if line is not None and int(line["port"]) == port))


def named_by_tasklist(text: str) -> str:
    """The program's name in what tasklist wrote; "" when the process is gone, which it says in a sentence."""
    row = next(csv.reader(text.splitlines()), [])
    return row[0] if len(row) > 1 else ""


def listed_by_netsh(text: str) -> tuple[tuple[int, int], ...]:
    """The ranges in what netsh wrote: the lines that begin with two numbers."""
    found = (re.match(r"\s*(\d+)\s+(\d+)\s*\*?\s*$", line) for line in text.splitlines())
    return tuple((int(line[1]), int(line[2])) for line in found if line is not None)


def _in_proc(port: int) -> tuple[PortUser, ...]:
    inodes = set()
    for name in ("tcp", "tcp6"):
        table = _PROC / "net" / name
        for line in table.read_text("ascii").splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return ()
    return tuple(user for folder in _PROC.glob("[0-9]*") if (user := _user(folder, inodes)) is not None)


def _user(folder: Path, inodes: set[str]) -> PortUser | None:
    try:
        if any(str(file.readlink()) in inodes for file in (folder / "fd").iterdir()):
            return PortUser(int(folder.name), (folder / "comm").read_text(errors="replace").strip())
    except OSError:  # it ended, or it is another user's
        pass
    return None


def _said(*command: str) -> str:
    """What a program of Windows writes; "" when it cannot be run or takes too long."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_PATIENCE_S,
            check=False,
            creationflags=hidden,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("ascii", "replace")

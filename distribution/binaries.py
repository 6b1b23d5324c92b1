"""What a Windows binary says of itself: the DLLs it asks for and its version; and whether a bundle has all it asks for.

The format is Microsoft's “PE Format” (https://learn.microsoft.com/windows/win32/debug/pe-format).
"""

from __future__ import annotations

import struct
from pathlib import Path

from distribution.steps import Stopped

SYSTEM = frozenset(
    (  # noqa: SIM905 — sixty names read better as text
        "advapi32 authz bcrypt bcryptprimitives cabinet comctl32 comdlg32 credui crypt32 cryptbase d3d9 d3d11 "
        "d3d12 dnsapi dwmapi dwrite dxgi gdi32 icuuc imm32 iphlpapi kernel32 ktmw32 loadperf lz32 mpr msi msimg32 "
        "msvcrt mswsock ncrypt netapi32 ntdll ntdsapi odbc32 ole32 oleaut32 pdh powrprof propsys psapi rasapi32 "
        "rpcrt4 secur32 setupapi sfc shcore shell32 shlwapi ucrtbase uiautomationcore user32 userenv uxtheme "
        "version winhttp wininet winmm wldap32 ws2_32 wtsapi32"
    ).split()
)
"""DLLs that every Windows 10 (1809 or newer) has in System32; icuuc since 1703 (".NET globalization and ICU")."""


def imported(binary: Path) -> list[str]:
    """Names of the DLLs that a binary asks for when it is loaded, lower case; [] for what is no binary."""
    data = binary.read_bytes()
    optional, sections = _headers(data)
    if optional is None:
        return []
    wide = struct.unpack_from("<H", data, optional)[0] == 0x20B
    (table,) = struct.unpack_from(
        "<I", data, optional + (112 if wide else 96) + 8
    )  # the second data directory: imports
    if not table:
        return []
    names: list[str] = []
    place = _offset(table, sections)
    while True:
        (name,) = struct.unpack_from("<I", data, place + 12)
        if not name:
            return names
        start = _offset(name, sections)
        names.append(data[start : data.index(b"\0", start)].decode("ascii").lower())
        place += 20


def file_version(binary: Path) -> tuple[int, int]:
    """The file version of a binary's version resource as two numbers that compare; (0, 0) when it has none."""
    data = binary.read_bytes()
    place = data.find(struct.pack("<II", 0xFEEF04BD, 0x00010000))  # VS_FIXEDFILEINFO: signature and structure version
    if place < 0:
        return 0, 0
    high, low = struct.unpack_from("<II", data, place + 8)
    return high, low


def check_complete(bundle: Path) -> None:
    """Stopped, with who asks for what, when a binary of the bundle asks for a DLL that neither it nor Windows has."""
    binaries = [path for path in sorted(bundle.rglob("*")) if path.suffix.lower() in (".exe", ".dll", ".pyd")]
    own = {path.name.lower() for path in binaries}
    lacking = [
        f"{path.relative_to(bundle).as_posix()} pede {name}"
        for path in binaries
        for name in imported(path)
        if name not in own and not _of_system(name)
    ]
    if lacking:
        raise Stopped("O pacote está incompleto: há DLL que ninguém traz.\n  " + "\n  ".join(lacking))


def _of_system(name: str) -> bool:
    stem, _, suffix = name.rpartition(".")
    return name.startswith(("api-ms-win-", "ext-ms-")) or name == "winspool.drv" or (suffix == "dll" and stem in SYSTEM)


def _headers(data: bytes) -> tuple[int | None, list[tuple[int, int, int]]]:
    """Where the optional header begins (None: no binary) and each section's address, size and place in the file."""
    if len(data) < 64 or data[:2] != b"MZ":
        return None, []
    (start,) = struct.unpack_from("<I", data, 0x3C)
    if data[start : start + 4] != b"PE\0\0":
        return None, []
    count, length = struct.unpack_from("<H12xH", data, start + 6)
    optional = start + 24
    sections = []
    for index in range(count):
        size, address, raw_size, raw = struct.unpack_from("<IIII", data, optional + length + 40 * index + 8)
        sections.append((address, max(size, raw_size), raw))
    return optional, sections


def _offset(address: int, sections: list[tuple[int, int, int]]) -> int:
    for start, size, raw in sections:
        if start <= address < start + size:
            return address - start + raw
    raise Stopped("Um dos arquivos do pacote é um binário do Windows estragado.")

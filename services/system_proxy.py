"""The proxy that the system tells programs to use: the environment's, or on Windows that of the person's settings.

A script of automatic configuration (PAC) is not run: only where it is can be told. `urllib.request` is imported when it
is asked, for it takes long.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

_LOCAL = "<local>"  # in Windows' list of exceptions: every name without a dot
_KEY = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"


def address() -> str:
    """The proxy for https as the system writes it, with or without a scheme; "" when there is none."""
    from urllib.request import getproxies

    known = getproxies()
    return known.get("https") or known.get("all") or ""


def is_of_environment() -> bool:
    """Whether it is environment variables that tell, which then hide what Windows says."""
    from urllib.request import getproxies_environment

    return bool(getproxies_environment())


def excepts(host: str) -> bool:
    """Whether the system says that this host is reached without the proxy.

    On Windows urllib's own answer asks the DNS for the host, which a network with a proxy often does not have.
    """
    if is_of_environment():
        from urllib.request import proxy_bypass

        return bool(proxy_bypass(host))
    return excepted(host, _windows_value("ProxyOverride"))


def excepted(host: str, exceptions: str) -> bool:
    """Whether a host is in a list as Windows keeps it: names with "*", divided by ";"."""
    name = host.casefold()
    for exception in exceptions.casefold().split(";"):
        pattern = exception.strip().rpartition("://")[2]
        if pattern == _LOCAL and "." not in name and ":" not in name:
            return True
        if pattern and fnmatchcase(name, pattern):
            return True
    return False


def automatic_script() -> str:
    """The address of the script by which Windows chooses the proxy, "" without one."""
    return "" if is_of_environment() else _windows_value("AutoConfigURL")


if sys.platform == "win32":

    def _windows_value(name: str) -> str:
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _KEY) as key:
                return str(winreg.QueryValueEx(key, name)[0])
        except OSError:  # it was never set
            return ""

else:

    def _windows_value(name: str) -> str:
        return ""

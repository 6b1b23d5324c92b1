"""The proxy that the system tells programs to use: the environment's, or on Windows that of the person's settings, or
the computer's where its policy says so.

A script of automatic configuration (PAC) is not run: only where it is can be told. `urllib.request` is imported when it
is asked, for it takes long.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

_LOCAL = "<local>"  # in Windows' list of exceptions: every name without a dot
_KEY = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_POLICY = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"


def address() -> str:
    """The proxy for https as the system writes it, with or without a scheme; "" when there is none.

    urllib's own answer on Windows is of the person's settings alone.
    """
    from urllib.request import getproxies_environment

    if known := getproxies_environment():
        return known.get("https") or known.get("all") or ""
    return for_https(_windows_value("ProxyServer")) if _windows_value("ProxyEnable") not in ("", "0") else ""


def for_https(servers: str) -> str:
    """The proxy for https in what Windows keeps: one for all, or by protocol ("http=a:80;https=b:80"); "" for none."""
    if "=" not in servers:
        return servers.strip()
    parted = [one.partition("=") for one in servers.split(";")]
    known = {name.strip().casefold(): server.strip() for name, _, server in parted}
    if not known.get("https") and (socks := known.get("socks")):  # what Windows uses where the protocol has none
        return f"socks4://{socks.rpartition('://')[2]}"
    return known.get("https", "")


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
    import winreg

    def _windows_value(name: str) -> str:
        # Where this policy is 0 the computer's count, for a service too ("HKLMProxyServer", Microsoft's documentation).
        of_all = _read(winreg.HKEY_LOCAL_MACHINE, _POLICY, "ProxySettingsPerUser") == "0"
        return _read(winreg.HKEY_LOCAL_MACHINE if of_all else winreg.HKEY_CURRENT_USER, _KEY, name)

    def _read(hive: int, key: str, name: str) -> str:
        try:
            with winreg.OpenKey(hive, key) as opened:
                return str(winreg.QueryValueEx(opened, name)[0])
        except OSError:  # it was never set
            return ""

else:

    def _windows_value(name: str) -> str:
        return ""

"""The command that opens a port of a Windows server to the computers of its own network."""

from __future__ import annotations


def opening_command(port: int, name: str) -> str:
    """For PowerShell as administrator, on the server. `name` may not hold a quotation mark."""
    return (
        f'New-NetFirewallRule -DisplayName "{name} {port}" -Direction Inbound -Protocol TCP -LocalPort {port} '
        "-Action Allow -Profile Private,Domain"
    )

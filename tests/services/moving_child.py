"""A process that moves its data folder to a server and stops for ever at one step, or at its end, to be killed."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import keyring

from app.folders import find_folders
from app.policies import SslMode
from app.settings.catalog import DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER
from services.database_move import Progress, move_to_server, server_place
from services.demo.memory_keyring import MemoryKeyring


def main(port: str, name: str, step: str) -> None:
    keyring.set_keyring(MemoryKeyring())
    place = server_place(
        {DATABASE_PORT: int(port), DATABASE_NAME: name, DATABASE_USER: "app", DATABASE_SSL: SslMode.DISABLE}
    )

    def stop() -> None:
        sys.stdout.write("parado\n")
        sys.stdout.flush()
        sys.stdin.read()

    def told(progress: Progress) -> None:
        if progress.step.name == step and (progress.total is None or progress.done > progress.total * 0.3):
            stop()

    move_to_server(
        find_folders(), place, "segredo", actor="teste", now=datetime.now(UTC), told=told, given_up=lambda: False
    )
    stop()


if __name__ == "__main__":
    main(*sys.argv[1:])

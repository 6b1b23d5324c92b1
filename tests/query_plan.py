"""How a database carries out a question: by which of its indexes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event

from app.data.database import Database


def plan(database: Database, ask: Callable[[Connection], object]) -> str:
    """How the database carries out the questions that `ask` puts to it, whatever it says."""
    asked: list[tuple[str, Any]] = []

    def note_statement(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        asked.append((statement, parameters))

    with database.reading() as connection:
        event.listen(connection, "before_cursor_execute", note_statement)
        ask(connection)
        event.remove(connection, "before_cursor_execute", note_statement)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        return "\n".join(
            str(row)
            for statement, parameters in asked
            for row in connection.exec_driver_sql(explain + statement, parameters)
        )

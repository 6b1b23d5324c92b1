"""Where the tests of the connection look for a database, and how one of them goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL

from app.data.database import database_url
from app.policies import DatabaseKind, SslMode
from app.settings.catalog import DATABASE_KIND, DATABASE_NAME, DATABASE_PORT, DATABASE_SSL, DATABASE_USER, SERVER
from app.settings.setting import Setting
from app.settings.snapshot import Kept, Snapshot
from services.check_list import CheckReport, Outcome, StepReport
from services.database_check.check import check_database
from services.database_check.steps import DatabaseStep

PASSWORD = "s3gredo çã"


def url_of(
    port: int,
    *,
    host: str = "127.0.0.1",
    user: str = "operador",
    name: str = "retaguarda",
    ssl: SslMode = SslMode.PREFER,
    password: str | None = PASSWORD,
) -> URL:
    """The address that the program itself would make of these settings."""
    values: dict[Setting[Any], Any] = {
        DATABASE_KIND: DatabaseKind.SERVER,
        SERVER: host,
        DATABASE_PORT: port,
        DATABASE_USER: user,
        DATABASE_NAME: name,
        DATABASE_SSL: ssl,
    }
    snapshot = Snapshot({(setting, 0): Kept(value) for setting, value in values.items()})
    return database_url(snapshot, Path("sem-arquivo"), password)


def checked(url: URL) -> CheckReport:
    """The report of a whole test, which is well formed however it ended."""
    reports = list(check_database(url, lambda: False))
    assert [report.finished for report in reports] == [False] * (len(reports) - 1) + [True]
    last = reports[-1]
    assert [step.step for step in last.steps] == list(DatabaseStep)
    assert all(step.found and (step.failure is not None) is (step.outcome is Outcome.FAILED) for step in last.steps)
    return last


def failed(url: URL, at: DatabaseStep) -> StepReport:
    """The step that failed, which is `at`; those before it were made, and those after it were not."""
    report = checked(url)
    found = report.failed
    assert found is not None, report.summary
    assert found.step is at, found
    outcomes = [step.outcome for step in report.steps]
    place = list(DatabaseStep).index(at)
    assert not {Outcome.FAILED, Outcome.NOT_DONE} & set(outcomes[:place])
    assert set(outcomes[place + 1 :]) <= {Outcome.NOT_DONE}
    failure = found.failure
    assert failure is not None
    assert failure.what == report.sentence and failure.cause and failure.todo
    assert PASSWORD not in f"{failure}{report}"
    return found


def step_of(report: CheckReport, step: DatabaseStep) -> StepReport:
    """One step of a report."""
    return next(one for one in report.steps if one.step is step)

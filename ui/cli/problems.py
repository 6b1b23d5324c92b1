"""What may go wrong in a command: which exit status it has and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain import Failure, FailureKind
from ui.cli.output import Status
from ui.cli.portuguese import UsageError


class Refused(Exception):
    """The data says no; the message is a sentence in Portuguese. `failure` explains it where there is more to say."""

    def __init__(self, sentence: str, failure: Failure | None = None) -> None:
        super().__init__(sentence)
        self.failure = failure


@dataclass(frozen=True)
class Problem:
    """What went wrong. `errors` has a sentence by what was typed, where there are several."""

    status: Status
    sentence: str
    failure: Failure | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    usage: str = ""


def problem_of(error: Exception) -> Problem:
    """How the command ends. An error that nobody expected has its traceback in the failure's details."""
    # Imported when something went wrong: a command that goes well does not need them all.
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as NoConnectionFree

    from app.computer_vault import VaultRefused
    from app.data.database import DatabaseUnavailable
    from app.data.records import InvalidRecord, RecordNotFound
    from app.data.registration_update import RegistrationMoved
    from app.folders import FoldersUnavailable
    from app.installation import InstallationUnreadable
    from app.secrets import SecretsUnavailable
    from app.settings.draft import InvalidDraft, SaveConflict
    from app.settings.exchange import InvalidFile
    from app.settings.machine import MachineFileError
    from services.consultation import NotAsked, NotYet
    from services.database_move import NotMoved
    from services.kept_secrets import CannotList
    from services.pfx import CertificateRefused
    from services.updates.failed import UpdateFailed
    from services.windows_refusal import WindowsRefused

    match error:
        case UsageError():
            return Problem(Status.USAGE, str(error), None, error.errors, error.usage)
        case NotYet() | NotMoved():
            return Problem(Status.REFUSED, error.failure.sentence, error.failure)
        case NotAsked() | DatabaseUnavailable():
            return Problem(Status.USAGE, error.failure.sentence, error.failure)
        case UpdateFailed():
            here = error.failure.kind is FailureKind.CONFIGURATION
            return Problem(Status.USAGE if here else Status.REFUSED, error.failure.sentence, error.failure)
        case SecretsUnavailable() | MachineFileError() | FoldersUnavailable() | InstallationUnreadable():
            return Problem(Status.USAGE, str(error))
        case VaultRefused() | CannotList() | WindowsRefused():
            return Problem(Status.USAGE, str(error))
        case DBAPIError() | NoConnectionFree():
            failure = Failure(
                FailureKind.CONFIGURATION,
                "O banco de dados parou de responder ou recusou a operação; nada ficou pela metade.",
                "A conexão pode ter caído, o disco enchido ou o usuário do banco não ter permissão.",
                "Confira o banco em Balcão › Integração e tente de novo.",
                str(getattr(error, "orig", error)),
            )
            return Problem(Status.USAGE, failure.sentence, failure)
        case InvalidDraft():
            errors = {setting.key: sentence for (setting, _), sentence in error.errors.items()}
            return Problem(Status.REFUSED, str(error), None, errors)
        case InvalidRecord():
            return Problem(Status.REFUSED, str(error), None, {name: s for name, s in error.errors.items() if name})
        case InvalidFile():
            return Problem(Status.REFUSED, str(error), None, error.errors)
        case Refused():
            return Problem(Status.REFUSED, str(error), error.failure)
        case RecordNotFound() | RegistrationMoved() | SaveConflict() | CertificateRefused():
            return Problem(Status.REFUSED, str(error))
        case _:
            from ui.failure_view import failure_of

            failure = failure_of(error)
            return Problem(Status.DEFECT, failure.sentence, failure)

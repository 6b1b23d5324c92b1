"""Messages about service orders: which are written, which of those waiting may leave now, and what state follows which.

The clock is a parameter, and every message that does not leave carries its reason, a sentence for the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.phone import InvalidPhone, mobile
from app.policies import MessageField, ServiceOrderStage
from app.portuguese import exact

PAIR_INTERVAL = timedelta(seconds=6)
"""One message to the same person in this time (Cloud API, pair rate limit, error 131056)."""

DAY = timedelta(hours=24)
"""The window of the daily limit."""

MAX_ATTEMPTS = 30
"""With the waits of `backoff`, about 24 hours of trying."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 30.0, 3600.0


class MessageState(Enum):
    """Where a message is. ACCEPTED is all that this program sees by itself: the confirmations of delivery are sent to a
    web server, which a computer behind a router is not."""

    PENDING = "PENDENTE"
    SENDING = "ENVIANDO"
    ACCEPTED = "ACEITA"
    DELIVERED = "ENTREGUE"
    READ = "LIDA"
    FAILED = "FALHOU"
    UNCERTAIN = "INCERTA"
    CANCELLED = "CANCELADA"
    IGNORED = "IGNORADA"

    @property
    def label(self) -> str:
        """The words shown to the operator."""
        return _LABELS[self]

    @property
    def is_over(self) -> bool:
        """Whether the program does nothing more about it: such messages are erased some time later."""
        return self not in (MessageState.PENDING, MessageState.SENDING)


_LABELS = {
    MessageState.PENDING: "Na fila",
    MessageState.SENDING: "Enviando",
    MessageState.ACCEPTED: "Aceita pelo WhatsApp",
    MessageState.DELIVERED: "Entregue",
    MessageState.READ: "Lida",
    MessageState.FAILED: "Não enviada",
    MessageState.UNCERTAIN: "Incerta",
    MessageState.CANCELLED: "Cancelada",
    MessageState.IGNORED: "Deixada de lado",
}

BEFORE: Mapping[MessageState, frozenset[MessageState]] = {
    MessageState.SENDING: frozenset({MessageState.PENDING}),
    MessageState.ACCEPTED: frozenset({MessageState.SENDING, MessageState.UNCERTAIN}),
    MessageState.DELIVERED: frozenset({MessageState.SENDING, MessageState.UNCERTAIN, MessageState.ACCEPTED}),
    MessageState.READ: frozenset(
        {MessageState.SENDING, MessageState.UNCERTAIN, MessageState.ACCEPTED, MessageState.DELIVERED}
    ),
    MessageState.FAILED: frozenset(
        {MessageState.PENDING, MessageState.SENDING, MessageState.UNCERTAIN, MessageState.ACCEPTED}
    ),
    MessageState.UNCERTAIN: frozenset({MessageState.SENDING}),
    MessageState.CANCELLED: frozenset({MessageState.PENDING, MessageState.UNCERTAIN}),
    MessageState.IGNORED: frozenset({MessageState.PENDING}),
    # Only what was refused or never left goes back to the queue by itself; a person may send the others again.
    MessageState.PENDING: frozenset({MessageState.SENDING}),
}
"""From which states a message may come to each: forward only, since confirmations come twice and out of order."""

RESENDABLE = frozenset({MessageState.FAILED, MessageState.UNCERTAIN, MessageState.CANCELLED, MessageState.IGNORED})
"""What a person may send again."""


# --- is there somebody to tell? ---


@dataclass(frozen=True)
class Person:
    """A customer as its registration has it; `mobile` is E.164 digits or ""."""

    id: int
    name: str
    mobile: str
    phone: str
    consent: bool
    active: bool


@dataclass(frozen=True)
class Recipient:
    """Whom a message would go to. Without one of them, `why` says what is missing; `destination` may then be ""."""

    person: Person | None
    destination: str = ""
    why: str = ""


def recipient(people: Sequence[Person]) -> Recipient:
    """Of the customers with the document of a service order, the first whose registration is complete, or why none is.

    Complete is: active, with a name, a mobile (`telefone` serves when it is one) and consent.
    """
    found = [_recipient(person) for person in sorted(people, key=lambda person: (not person.active, person.id))]
    if not found:
        return Recipient(None, why="O documento da ordem não está no cadastro de clientes.")
    return next((each for each in found if not each.why), found[0])


def _recipient(person: Person) -> Recipient:
    why = ""
    try:
        destination = person.mobile or (mobile(person.phone) if person.phone else "")
    except InvalidPhone as error:
        destination, why = "", f"O cliente não tem celular no cadastro. {error}"
    if not person.active:
        why = "O cliente está inativo."
    elif not person.name:
        why = "O cadastro do cliente não tem nome."
    elif not person.consent:
        why = (
            "O cliente não consentiu em receber mensagens: se ele aceitar, marque “Aceita mensagens pelo WhatsApp” no "
            "cadastro dele."
        )
    elif not destination:
        why = why or "O cliente não tem celular no cadastro."
    return Recipient(person, destination, why)


def parameters(
    fields: Sequence[MessageField], *, customer: str, order: str, company: str, situation: str
) -> tuple[str, ...]:
    """What fills {{1}}, {{2}}… of the template. The API takes no line break, tab or run of blanks in them."""
    words = {
        MessageField.CUSTOMER: customer,
        MessageField.ORDER: order,
        MessageField.COMPANY: company,
        MessageField.STAGE: situation,
    }
    return tuple(" ".join(words[field].split()) for field in fields)


# --- is it still news? ---


def newness(stage: ServiceOrderStage, occurred_at: datetime, version: int) -> tuple[datetime, int, int]:
    """By what two news of one order are compared: the greater is the newer, in whatever order they came."""
    return occurred_at, list(ServiceOrderStage).index(stage), version


def stale(occurred_at: datetime, *, activated_at: datetime | None, expires_at: datetime, now: datetime) -> str:
    """Why an event is not told any more; "" when it is. `activated_at` is when messages were switched on."""
    if activated_at is not None and occurred_at < activated_at:
        return f"Aconteceu antes de as mensagens serem ligadas, em {exact(activated_at)}."
    if expires_at <= now:
        return f"Soubemos tarde: a mensagem valia até {exact(expires_at)}."
    return ""


# --- may it leave now? ---


@dataclass(frozen=True)
class Hold:
    """Why something does not leave, and until when; None until a person does something about it."""

    why: str
    until: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """A message in the queue, as the rules see it. A test belongs to no company."""

    id: int
    company_id: int | None
    destination: str
    template: str
    next_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Gate:
    """What holds messages at one moment.

    `companies` has those whose messages do not leave now: switched off, out of their hours, without a number, or their
    number paused; `templates` the paused ones, by company and name; `people` those who have just been written to.
    `daily` is when the limit of the day has been reached.
    """

    companies: Mapping[int | None, Hold]
    templates: Mapping[tuple[int | None, str], Hold]
    people: Mapping[str, Hold]
    daily: Hold | None = None


def hold(message: Waiting, gate: Gate, now: datetime) -> Hold | None:
    """What holds the message now; None when it may leave. What only a person mends comes first."""
    found = [
        gate.companies.get(message.company_id),
        gate.templates.get((message.company_id, message.template)),
        gate.daily,
        gate.people.get(message.destination),
    ]
    if message.next_at is not None and message.next_at > now:
        found.append(Hold(message.reason or "Aguarda a próxima tentativa.", message.next_at))
    holds = [each for each in found if each is not None]
    return max(holds, key=lambda each: (each.until is None, each.until or now), default=None)


# --- when to try again ---


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long to wait after that many attempts: 30 s, doubling up to an hour, and up to half as much again by
    `jitter`, from 0 to 1."""
    wait = min(_FIRST_WAIT_S * 2 ** min(attempts - 1, 20), _LONGEST_WAIT_S)
    return timedelta(seconds=wait * (1 + jitter / 2))


def pair_backoff(attempts: int) -> timedelta:
    """How long one person is left alone after 131056: 4^n times the interval (Cloud API, pair rate limit), at most an
    hour."""
    return min(PAIR_INTERVAL * int(4 ** min(attempts, 10)), timedelta(seconds=_LONGEST_WAIT_S))

"""A counter (balcão) of the demonstration: a thread that plays a day at the till against the integration service.

It is a program of somebody else's: it knows the service by its address, its token and what `/docs` says, nothing more.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self
from uuid import uuid4

import httpx

_PAGE = 200
_TIMEOUT_S = 60.0
_LONGEST_WAIT_S = 30.0
_KINDS = ("dav", "pre-venda", "pedido", "nf")
_STAGES = ("criada", "em_andamento", "finalizada")
_PHONES = ("(11) 3333-0101", "(16) 3333-0202", "(62) 3333-0303")
_LEFT_A_MOBILE = 0.8


@dataclass(frozen=True)
class Releaser:
    """Who lets go on a sale that overdue store credit refused."""

    login: str
    password: str = field(repr=False)
    reason: str = "Cliente antigo: paga no fim do mês"


@dataclass(frozen=True)
class Act:
    """One thing that the counter did, in words, and the status that it was answered with."""

    what: str
    status: int


class DemoCounter:
    """Plays until `stop`, one act each `pause_s` seconds; while nobody answers it tries again and loses nothing.

    The token is of a counter of one company. `address` is asked at each act, as the service may begin later or
    elsewhere. `on_act` is called by its thread.
    """

    def __init__(
        self,
        address: Callable[[], str],
        token: str,
        *,
        releaser: Releaser | None = None,
        pause_s: float = 3.0,
        seed: int = 2,
        on_act: Callable[[Act], None] = lambda act: None,
    ) -> None:
        self._address = address
        self._token = token
        self._company = 0
        self._releaser = releaser
        self._pause_s = pause_s
        self._chance = random.Random(seed)  # the same day at every demonstration
        self._on_act = on_act
        self._numbers = count(1)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._cursor = ""
        self._customers: dict[int, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin the day."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._play, name="balcao-demo")
        self._thread.start()

    def stop(self) -> None:
        """End it and wait. Does nothing when it has not begun."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _play(self) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "User-Agent": "Balcao-Demonstracao/1.0"}
        with httpx.Client(headers=headers, timeout=_TIMEOUT_S, trust_env=False) as http:
            for step in self._day():
                while not self._done(http, step):
                    if self._stopping.wait(self._pause_s):
                        return
                if self._stopping.wait(self._pause_s):
                    return

    def _done(self, http: httpx.Client, step: _Step) -> bool:
        """Whether the service answered. The same request is sent again, by the same key, when it did not."""
        address = self._address()
        if not address:
            return False
        try:
            answer = http.request(step.method, address + step.path, json=step.body, headers=step.headers)
        except httpx.TransportError:
            return False
        self._on_act(Act(step.what, answer.status_code))
        if answer.status_code in (429, 503):
            self._stopping.wait(min(float(answer.headers.get("Retry-After", 1)), _LONGEST_WAIT_S))
            return False
        step.then(answer)
        return True

    def _day(self) -> Iterator[_Step]:
        """What happens, without end; each step may look at what the ones before brought."""
        while not self._company:
            me: dict[str, Any] = {}
            yield _Step("quem sou", "GET", "/v1/balcao", then=_into(me))
            self._company = me.get("empresa") or 0
        while True:
            yield from self._take_customers()
            if not self._customers:
                continue
            yield from self._sell()
            yield from self._serve()
            yield from self._register()

    def _take_customers(self) -> Iterator[_Step]:
        more = True

        def taken(answer: httpx.Response) -> None:
            nonlocal more
            page = answer.json()
            if answer.status_code == httpx.codes.GONE:  # the cursor is of another database: all over again
                page = {"clientes": [], "cursor": "", "ha_mais": True}
            self._customers |= {customer["id"]: customer for customer in page.get("clientes", ())}
            self._cursor, more = page.get("cursor", self._cursor), page.get("ha_mais", False)

        while more:
            query = f"?limite={_PAGE}" + (f"&desde={self._cursor}" if self._cursor else "")
            yield _Step("clientes que mudaram", "GET", f"/v1/clientes{query}", then=taken)

    def _sell(self) -> Iterator[_Step]:
        """A budget, an order, an invoice, or a pre-sale and its order; what store credit refuses is released."""
        customer = self._somebody()
        previous: int | None = None
        for kind in self._chance.choice((_KINDS[:1], _KINDS[1:3], _KINDS[2:3], _KINDS[3:])):
            said: dict[str, Any] = {}
            question = {
                "tipo": kind,
                "documento": customer["documento"],
                "empresa": self._company,
                "referencia": f"D{next(self._numbers):05}",
                "avaliacao_anterior": previous,
            }
            yield _Step(f"avaliar {kind}", "POST", "/v1/avaliacoes", question, then=_into(said))
            if said.get("liberacao_necessaria") and self._releaser is not None:
                who = self._releaser
                release = {"login": who.login, "senha": who.password, "motivo": who.reason}
                yield self._write("liberar", "POST", f"/v1/avaliacoes/{said['avaliacao']}/liberacao", release)
            elif not said.get("permitido"):
                return
            previous = said["avaliacao"] if kind == "pre-venda" else None

    def _serve(self) -> Iterator[_Step]:
        """A service order, from the beginning to the end; most people leave their mobile to hear of it."""
        mobiles = [customer for customer in self._customers.values() if customer["celular"]]
        reachable = mobiles and self._chance.random() < _LEFT_A_MOBILE
        customer = self._chance.choice(mobiles) if reachable else self._somebody()
        number = f"{next(self._numbers):05}"
        for stage in _STAGES:
            event = {
                "empresa": self._company,
                "numero": number,
                "etapa": stage,
                "documento": customer["documento"],
                "ocorrido_em": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            yield self._write(f"ordem {stage}", "POST", "/v1/ordens-servico/eventos", event)

    def _register(self) -> Iterator[_Step]:
        """A customer tells a new telephone; who was quicker at the back office wins, and the counter takes that."""
        customer = self._somebody()
        sent = {"versao": customer["versao"], "telefone": self._chance.choice(_PHONES)}

        def changed(answer: httpx.Response) -> None:
            told = answer.json()
            if answer.status_code in (httpx.codes.OK, httpx.codes.CONFLICT):
                self._customers[customer["id"]] = told.get("cliente", told)

        yield self._write("mudar telefone", "PUT", f"/v1/clientes/{customer['id']}", sent, changed)

    def _write(
        self,
        what: str,
        method: str,
        path: str,
        body: dict[str, Any],
        then: Callable[[httpx.Response], None] = lambda answer: None,
    ) -> _Step:
        return _Step(what, method, path, body, {"Idempotency-Key": str(uuid4())}, then)

    def _somebody(self) -> dict[str, Any]:
        return self._customers[self._chance.choice(sorted(self._customers))]


@dataclass(frozen=True)
class _Step:
    """One request, and what its answer is used for."""

    what: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    then: Callable[[httpx.Response], None] = lambda answer: None


def _into(said: dict[str, Any]) -> Callable[[httpx.Response], None]:
    return lambda answer: said.update(answer.json())

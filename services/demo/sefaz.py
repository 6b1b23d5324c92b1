"""A SEFAZ on loopback: mutual TLS, the checks, shapes and failures of the real ones, any of them on demand.

`python -m services.demo.sefaz --pasta PASTA` runs it alone, for trials by hand and for measuring other clients.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import FrameType
from xml.sax.saxutils import escape

from app.domain import Document, DocumentKind, Inscription
from app.uf import UFS
from services.demo import answers
from services.demo.ca import DemoAuthority
from services.demo.checks import Faulted, Query, Refused, read_query, valid_check_digits
from services.demo.dialects import SOAP_11, SOAP_12, Dialect, dialect
from services.demo.loopback import Ending, LoopbackServer, LoopbackService, Reply, Request
from services.demo.quota import Quota
from services.demo.scenarios import (
    INVALID_STATUS,
    NOT_TAXPAYER_STATUS,
    STATUS,
    Rule,
    Scenario,
    another_document,
    changed,
    disabled,
    made_up,
    plausible,
    replaced,
    several,
    several_open,
    substitute,
)

_SERVICE = "cadconsultacadastro4"
_HTML = "text/html; charset=utf-8"
_NEEDS_REGISTRATION = {
    Scenario.ENABLED,
    Scenario.DISABLED,
    Scenario.SEVERAL,
    Scenario.SEVERAL_OPEN,
    Scenario.CHANGED,
    Scenario.REPLACED,
    Scenario.SUBSTITUTE,
}


class DemoSefaz(LoopbackService):
    """All authorizers at one address, a path per UF.

    What a query meets is decided in this order: `quota` (656 to the client beyond it), `ufs` (by the UF asked; MA has
    no service unless said otherwise), `scenarios` (by the document's characters), `fault_rate` (share of queries by
    scenario, drawn with `seed`), then `rule`; without a rule, check digits are verified and the rest is `plausible`, or
    always enabled with `varied=False`. `taxpayers` tells who is registered, by document: asked in another UF, they are
    not taxpayers there. Any other document is answered with a made-up taxpayer.
    The UFs of `header_wanted` answer 409 to a message without nfeCabecMsg in its SOAP header.
    `latency_ms` is added to every answer, `slow_ms` to a slow one. The authorizers' clock is `clock_offset` ahead.
    With `require_client=False` a client without certificate gets IIS's HTTP 403 instead of a TLS alert.
    `ufs`, `scenarios`, `header_wanted`, `quota` and `clock_offset` may be changed while it runs.
    """

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        ufs: Mapping[str, Scenario | Rule] | None = None,
        scenarios: Mapping[str, Scenario | Rule] | None = None,
        taxpayers: Mapping[str, Sequence[Inscription]] | None = None,
        rule: Callable[[Query], Scenario] | None = None,
        header_wanted: Iterable[str] = (),
        quota: Quota | None = None,
        clock_offset: timedelta = timedelta(),
        varied: bool = True,
        fault_rate: Mapping[Scenario, float] | None = None,
        seed: int = 0,
        latency_ms: float = 0,
        slow_ms: float = 3000,
        require_client: bool = True,
        port: int = 0,
    ) -> None:
        self.ufs: dict[str, Scenario | Rule] = {"MA": Scenario.OTHER_UF, **(ufs or {})}
        self.scenarios: dict[str, Scenario | Rule] = dict(scenarios or {})
        self.header_wanted = set(header_wanted)
        self.quota = quota
        self.clock_offset = clock_offset
        self.seen: list[Query] = []
        self.requests = 0
        self._taxpayers = {document: tuple(known) for document, known in (taxpayers or {}).items()}
        self._rule = rule or (plausible if varied else _always_enabled)
        self._check_digits = rule is None
        self._fault_rate = dict(fault_rate or {})
        if min(self._fault_rate.values(), default=0) < 0 or sum(self._fault_rate.values()) > 1:
            raise ValueError("Shares of fault_rate are from 0 to 1 and add up to 1 at most")
        self._random = random.Random(seed)
        self._latency_s = latency_ms / 1000
        self._slow_s = slow_ms / 1000
        self._lock = threading.Lock()
        context = authority.server_context()
        if not require_client:
            context.verify_mode = ssl.CERT_OPTIONAL
        super().__init__(LoopbackServer(context, self._handle, port=port))

    @property
    def handshakes(self) -> int:
        """TLS handshakes concluded."""
        return self._server.handshakes

    def url(self, uf: str) -> str:
        """The address of a UF's service."""
        return f"https://localhost:{self.port}/{uf}/{_SERVICE}"

    def endpoints_override(self) -> str:
        """The text of a sefaz_enderecos.toml that sends all UFs here, without any limit of pace.

        MA gets an address too and keeps its status: it has no service.
        """
        return "# Demonstração: todas as UFs neste computador\n" + "".join(
            f'\n[{uf}]\nproducao = "{self.url(uf)}"\nhomologacao = "{self.url(uf)}"\n'
            "intervalo_s = 0.0\npor_minuto = 0\n"
            for uf in UFS
        )

    def _handle(self, request: Request) -> Reply:
        now = datetime.now(UTC) + self.clock_offset
        reply = self._answer(request, now)
        delay_s = reply.delay_s + self._latency_s
        return replace(reply, delay_s=delay_s, headers=(("Date", format_datetime(now, usegmt=True)), *reply.headers))

    def _answer(self, request: Request, now: datetime) -> Reply:
        with self._lock:
            self.requests += 1
        if not request.certified:
            return Reply(answers.FORBIDDEN_PAGE, 403, _HTML)
        uf, _, service = request.path.lstrip("/").partition("/")
        if request.method != "POST" or uf not in UFS or service != _SERVICE:
            return Reply(answers.NOT_FOUND_PAGE, 404, _HTML)
        speech = dialect(uf)
        try:
            query = read_query(request, uf, speech, header=uf in self.header_wanted)
        except Refused as refused:
            payload = answers.ret_cons_cad(speech, uf, refused.query, refused.c_stat, now=now)
            return Reply(answers.enveloped(speech, payload))
        except Faulted as faulted:
            return _fault(faulted.namespace, faulted.code, faulted.text)
        with self._lock:
            self.seen.append(query)
            draw = self._random.random() if self._fault_rate else 1.0
        if self.quota is not None and self.quota.exceeded_by(request.client, speech.name):
            return _status(speech, query, STATUS[Scenario.LIMIT], now)
        return self._play(self._chosen(query, draw), query, speech, now)

    def _chosen(self, query: Query, draw: float) -> Scenario:
        for conduct in (self.ufs.get(query.uf), self.scenarios.get(query.document.value)):
            met = conduct if conduct is None or isinstance(conduct, Scenario) else conduct(query)
            if met is not None:
                return met
        for scenario, share in self._fault_rate.items():
            draw -= share
            if draw < 0:
                return scenario
        if self._check_digits and not valid_check_digits(query.document):
            return Scenario.INVALID_DOCUMENT
        if query.document.value in self._taxpayers:
            return Scenario.ENABLED
        return self._rule(query)

    def _registered(self, query: Query) -> tuple[Inscription, ...]:
        known = self._taxpayers.get(query.document.value)
        if known is None:
            return (made_up(query),)
        return known if any(query.uf == inscription.UF for inscription in known) else ()

    def _play(self, scenario: Scenario, query: Query, speech: Dialect, now: datetime) -> Reply:
        kind = query.document.kind
        registered = self._registered(query)
        if scenario in STATUS:
            return _status(speech, query, STATUS[scenario], now)
        if scenario is Scenario.INVALID_DOCUMENT:
            return _status(speech, query, INVALID_STATUS[kind], now)
        if scenario is Scenario.NOT_TAXPAYER or (scenario in _NEEDS_REGISTRATION and not registered):
            return _status(speech, query, NOT_TAXPAYER_STATUS[kind], now)
        own = registered[0] if registered else made_up(query)
        match scenario:
            case Scenario.ENABLED:
                return _found(speech, query, registered, now)
            case Scenario.DISABLED:
                return _found(speech, query, (disabled(own),), now)
            case Scenario.SEVERAL:
                return _found(speech, query, several(own), now)
            case Scenario.SEVERAL_OPEN:
                return _found(speech, query, several_open(own), now)
            case Scenario.CHANGED:  # between the first time it is asked about and the second
                return _found(speech, query, (changed(own),) if self.seen.count(query) > 1 else registered, now)
            case Scenario.REPLACED:
                return _found(speech, query, replaced(own), now)
            case Scenario.SUBSTITUTE:
                return _found(speech, query, (substitute(own),), now)
            case Scenario.LONG_NAME:
                return _found(speech, query, (replace(own, xNome="POSTO COMPRIDO " * 1333 + "LTDA."),), now)
            case Scenario.UNKNOWN_SITUATION:
                return _found(speech, query, (replace(own, cSit="5"),), now)
            case Scenario.WRONG_ECHO:
                other = another_document(own)
                stranger = Query(query.uf, Document(DocumentKind.CNPJ, other.CNPJ))
                return _found(speech, stranger, (other,), now)
            case Scenario.SLOW:
                return replace(_found(speech, query, (own,), now), delay_s=self._slow_s)
            case _:
                return _odd(scenario, query, speech, own, now)


def _odd(scenario: Scenario, query: Query, speech: Dialect, own: Inscription, now: datetime) -> Reply:
    """Enabled, but in an unusual body, or no proper message at all."""
    payload = answers.ret_cons_cad(speech, query.uf, query, "111", (own,), now=now)
    whole = answers.enveloped(speech, payload)
    replies: dict[Scenario, Callable[[], Reply]] = {
        Scenario.ESCAPED_BODY: lambda: Reply(answers.enveloped(speech, escape(payload))),
        Scenario.CDATA_BODY: lambda: Reply(
            answers.enveloped(speech, f'<![CDATA[<?xml version="1.0" encoding="UTF-8"?>{payload}]]>')
        ),
        Scenario.PREFIXED_BODY: lambda: Reply(answers.enveloped(speech, answers.prefixed(payload))),
        Scenario.SOAP_11_FAULT: lambda: _fault(SOAP_11, "soap:Server", "Internal error while querying the taxpayer"),
        Scenario.SOAP_12_FAULT: lambda: _fault(SOAP_12, "Receiver", "Internal error while querying the taxpayer"),
        Scenario.HTML_PAGE: lambda: Reply(answers.MAINTENANCE_PAGE, content_type=_HTML),
        Scenario.HTML_FORBIDDEN: lambda: Reply(answers.FORBIDDEN_PAGE, 403, _HTML),
        Scenario.HTTP_503: lambda: Reply(answers.UNAVAILABLE_PAGE, 503, _HTML),
        Scenario.EMPTY: Reply,
        Scenario.TRUNCATED: lambda: Reply(whole[: len(whole) // 2]),
        Scenario.CUT: lambda: Reply(whole, ending=Ending.CUT),
        Scenario.GARBAGE: lambda: Reply(bytes(range(256)) * 4),
        Scenario.DTD_BOMB: lambda: Reply(answers.dtd_bomb()),
        Scenario.RESET: lambda: Reply(ending=Ending.RESET),
        Scenario.TIMEOUT: lambda: Reply(ending=Ending.HANG),
    }
    return replies[scenario]()


def _found(speech: Dialect, query: Query, inscriptions: Sequence[Inscription], now: datetime) -> Reply:
    c_stat = "111" if len(inscriptions) == 1 else "112"
    payload = answers.ret_cons_cad(speech, query.uf, query, c_stat, inscriptions, now=now)
    return Reply(answers.enveloped(speech, payload))


def _status(speech: Dialect, query: Query, c_stat: str, now: datetime) -> Reply:
    return Reply(answers.enveloped(speech, answers.ret_cons_cad(speech, query.uf, query, c_stat, now=now)))


def _fault(namespace: str, code: str, text: str) -> Reply:
    content_type = "text/xml; charset=utf-8" if namespace == SOAP_11 else "application/soap+xml; charset=utf-8"
    return Reply(answers.fault(namespace, code, text), 500, content_type)


def _always_enabled(_query: Query) -> Scenario:
    return Scenario.ENABLED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run alone until SIGTERM, SIGINT or Ctrl+C, having written the client's files and one line of JSON."""
    options = _parser().parse_args(arguments)
    folder: Path = options.pasta
    folder.mkdir(parents=True, exist_ok=True)
    authority = DemoAuthority.create()
    sefaz = DemoSefaz(
        authority,
        ufs=dict(options.uf),
        scenarios=dict(options.cenario),
        fault_rate=dict(options.taxa),
        seed=options.semente,
        varied=not options.sempre_habilitado,
        latency_ms=options.espera_ms,
        slow_ms=options.lenta_ms,
        require_client=not options.certificado_opcional,
        header_wanted=options.cabecalho,
        quota=Quota(options.por_minuto) if options.por_minuto else None,
        clock_offset=timedelta(seconds=options.adiantar_s),
        port=options.porta,
    )
    over = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with sefaz:
        (folder / "ac.pem").write_bytes(authority.ca_pem)
        (folder / "cliente.pfx").write_bytes(authority.issue_pfx(options.cnpj, options.titular, options.senha))
        (folder / "sefaz_enderecos.toml").write_text(sefaz.endpoints_override(), encoding="utf-8")
        ready = {
            "porta": sefaz.port,
            "url": f"https://localhost:{sefaz.port}",
            "pasta": str(folder),
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        over.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.demo.sefaz",
        description="SEFAZ de demonstração neste computador, com TLS mútuo.",
        epilog="Cenários: " + ", ".join(scenario.value for scenario in Scenario),
    )
    parser.add_argument("--pasta", type=Path, required=True, help="onde gravar ac.pem, cliente.pfx e os endereços")
    parser.add_argument("--porta", type=int, default=0, help="porta TCP; 0 escolhe uma livre")
    parser.add_argument("--senha", default="demonstracao", help="senha de cliente.pfx")
    parser.add_argument("--cnpj", default="11222333000181", help="CNPJ do certificado de cliente")
    parser.add_argument("--titular", default="DISTRIBUIDORA MODELO LTDA", help="titular do certificado de cliente")
    parser.add_argument("--cenario", type=_scenario_of, action="append", default=[], metavar="DOCUMENTO=CENARIO")
    parser.add_argument("--uf", type=_uf_scenario_of, action="append", default=[], metavar="UF=CENARIO")
    parser.add_argument("--cabecalho", choices=UFS, action="append", default=[], help="UF que exige nfeCabecMsg")
    parser.add_argument("--por-minuto", type=int, default=0, help="consultas por minuto, além das quais vem o 656")
    parser.add_argument("--adiantar-s", type=float, default=0, help="segundos que somar ao relógio da SEFAZ")
    parser.add_argument("--taxa", type=_share_of, action="append", default=[], metavar="CENARIO=FRACAO")
    parser.add_argument("--semente", type=int, default=0, help="semente do sorteio das falhas")
    parser.add_argument("--espera-ms", type=float, default=0, help="tempo somado a cada resposta, em milissegundos")
    parser.add_argument("--lenta-ms", type=float, default=3000, help="demora do cenário resposta_lenta")
    parser.add_argument("--sempre-habilitado", action="store_true", help="todo documento válido está habilitado")
    parser.add_argument("--certificado-opcional", action="store_true", help="sem certificado, responde HTTP 403")
    return parser


def _scenario_of(text: str) -> tuple[str, Scenario]:
    document, _, name = text.partition("=")
    return document, _scenario(name)


def _uf_scenario_of(text: str) -> tuple[str, Scenario]:
    uf, scenario = _scenario_of(text)
    if uf not in UFS:
        raise argparse.ArgumentTypeError(f"“{uf}” não é uma UF")
    return uf, scenario


def _share_of(text: str) -> tuple[Scenario, float]:
    name, _, share = text.partition("=")
    try:
        return _scenario(name), float(share.replace(",", "."))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{share}” não é uma fração, como 0,02") from error


def _scenario(name: str) -> Scenario:
    try:
        return Scenario(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"não há o cenário “{name}”") from error


if __name__ == "__main__":
    sys.exit(main())

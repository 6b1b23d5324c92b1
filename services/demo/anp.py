"""An ANP on loopback: the API, the map and the old page that say a reseller's situation, and the published lists.

`python -m services.demo.anp --pasta PASTA` runs it alone, for trials by hand and for measuring other clients.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import FrameType
from urllib.parse import parse_qs, urlsplit

from app.domain import AnpRegistration, ListKind
from services.demo import anp_answers as answers
from services.demo import anp_lists
from services.demo.anp_lists import DemoDistributor
from services.demo.anp_scenarios import AnpScenario, described
from services.demo.ca import DemoAuthority
from services.demo.loopback import Ending, LoopbackServer, LoopbackService, Reply, Request

_CSV = "text/csv"
_CQL = re.compile(r"CNPJ_CPF\s*=\s*'([^']*)'", re.IGNORECASE)


class AnpPath(Enum):
    """What is answered where."""

    FUEL = "/v1/combustivel"
    GLP = "/v1/glp"
    MAP = "/geoserver/wfs"
    PAGE = "/postos/resultado.asp"
    AUTOMOTIVE_LIST = "/listas/automotivos.csv"
    GLP_LIST = "/listas/glp.csv"
    DISTRIBUTOR_LIST = "/listas/distribuidores.csv"


_LISTS = {
    AnpPath.AUTOMOTIVE_LIST: ListKind.AUTOMOTIVE,
    AnpPath.GLP_LIST: ListKind.GLP,
    AnpPath.DISTRIBUTOR_LIST: ListKind.DISTRIBUTOR,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came: the CNPJ is "" where a list was asked for."""

    path: AnpPath
    cnpj: str
    user_agent: str


class DemoAnp(LoopbackService):
    """All of ANP's addresses at one server, which asks for no client certificate.

    `resellers` (of automotive fuels), `gas` (of GLP) and `distributors` are who is known; `publish` changes them while
    it runs. A reseller is authorised unless `scenarios` says otherwise by its CNPJ, and then it is known even if it is
    in no register; anybody else is not found. `faults` says it of one path alone, and of a list under the CNPJ "".
    The paths in `down` answer HTTP 503. All three may be changed while it runs; `seen` has every request.
    """

    def __init__(
        self,
        authority: DemoAuthority,
        *,
        resellers: Iterable[AnpRegistration] = (),
        gas: Iterable[AnpRegistration] = (),
        distributors: Iterable[DemoDistributor] = (),
        scenarios: Mapping[str, AnpScenario] | None = None,
        faults: Mapping[tuple[AnpPath, str], AnpScenario] | None = None,
        encoding: str = "utf-8-sig",
        latency_ms: float = 0,
        retry_after_s: int = 30,
        port: int = 0,
    ) -> None:
        self.scenarios = dict(scenarios or {})
        self.faults = dict(faults or {})
        self.down: set[AnpPath] = set()
        self.seen: list[Asked] = []
        self._encoding = encoding
        self._latency_s = latency_ms / 1000
        self._retry_after_s = retry_after_s
        self._distributors = list(distributors)
        self._lock = threading.Lock()
        self._registers: dict[ListKind, dict[str, AnpRegistration]] = {}
        self._files: dict[ListKind, bytes] = {}
        self.publish(ListKind.AUTOMOTIVE, resellers)
        self.publish(ListKind.GLP, gas)
        context = authority.server_context(require_client=False)
        super().__init__(LoopbackServer(context, self._handle, port=port))

    def address(self, path: AnpPath) -> str:
        """The address as it is written in the settings, `{cnpj}` standing for the one asked about.

        The map and the page are at another host than the API, as ANP's are: a host is what asks to be left alone.
        """
        host = "127.0.0.1" if path in (AnpPath.MAP, AnpPath.PAGE) else "localhost"
        query = {
            AnpPath.MAP: "?service=WFS&version=1.0.0&request=GetFeature&typeName=SFI:Postos_Combustivel"
            "&outputFormat=application/json&CQL_FILTER=CNPJ_CPF='{cnpj}'",
            AnpPath.PAGE: "?sCnpj={cnpj}",
        }
        return f"https://{host}:{self.port}{path.value}{query.get(path, '')}"

    def publish(self, kind: ListKind, rows: Iterable[AnpRegistration]) -> None:
        """From now on these are the resellers of that register, and of its list."""
        with self._lock:
            self._registers[kind] = {row.cnpj: row for row in rows}
            self._files.pop(kind, None)

    def file(self, kind: ListKind) -> bytes:
        """The list as it is published now: only those that the scenarios leave in it."""
        with self._lock:
            if kind not in self._files:
                self._files[kind] = self._written(kind)
            return self._files[kind]

    def _written(self, kind: ListKind) -> bytes:
        if kind is ListKind.DISTRIBUTOR:
            return anp_lists.distributors_csv(self._distributors)
        write = anp_lists.gas_csv if kind is ListKind.GLP else anp_lists.automotive_csv
        chosen = self.scenarios
        rows = (
            described(row, chosen[cnpj]) if cnpj in chosen else row
            for cnpj, row in self._registers[kind].items()
            if cnpj not in chosen or chosen[cnpj].is_listed
        )
        return write(rows, encoding=self._encoding)

    def _handle(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        try:
            path = AnpPath(parts.path)
        except ValueError:
            return Reply(answers.NOT_FOUND_PAGE, 404, answers.HTML)
        cnpj = _asked_about(path, parts.query, request.body.decode("latin-1"))
        user_agent = request.headers.get("user-agent", "")
        with self._lock:
            self.seen.append(Asked(path, cnpj, user_agent))
        if not user_agent:  # the firewall before ANP's sites refuses what does not say what it is
            reply = Reply(answers.REJECTED_PAGE, 403, answers.HTML)
        elif path in self.down:
            reply = self._fault(AnpScenario.UNAVAILABLE, path, b"")
        else:
            reply = self._answer(path, cnpj)
        return replace(reply, delay_s=self._latency_s) if self._latency_s else reply

    def _answer(self, path: AnpPath, cnpj: str) -> Reply:
        if path in _LISTS:
            return self._fault(self.faults.get((path, "")), path, self.file(_LISTS[path]), _CSV)
        scenario = self.faults.get((path, cnpj)) or self.scenarios.get(cnpj)
        registration = self._known(path, cnpj, scenario)
        if scenario is None:
            scenario = AnpScenario.UPDATED
        if registration is not None:
            registration = described(registration, scenario)
        if path is AnpPath.MAP:
            return self._fault(scenario, path, answers.feature_collection(registration, scenario), answers.JSON)
        if path is AnpPath.PAGE:
            now = datetime.now().astimezone()
            page = answers.station_page(registration, scenario, now) if registration else answers.empty_page(now)
            return self._fault(scenario, path, page, answers.HTML)
        rows = []
        if registration is not None and scenario.is_listed:
            rows = [answers.api_row(registration, interdicted=scenario is AnpScenario.SIGAF)]
        return self._fault(scenario, path, answers.api_envelope(rows), answers.JSON)

    def _known(self, path: AnpPath, cnpj: str, scenario: AnpScenario | None) -> AnpRegistration | None:
        """Who is asked about, as this path has it; None when it has nobody with that CNPJ."""
        if scenario in (AnpScenario.NOT_FOUND, AnpScenario.NOT_FOUND_404):
            return None
        automotive, gas = self._registers[ListKind.AUTOMOTIVE], self._registers[ListKind.GLP]
        own, other = (gas, automotive) if path is AnpPath.GLP else (automotive, gas)
        found = own.get(cnpj)
        if found is None and path in (AnpPath.MAP, AnpPath.PAGE):  # these have both kinds
            found = other.get(cnpj)
        if found is None and scenario is not None and cnpj not in other:
            make = anp_lists.gas_resellers if path is AnpPath.GLP else anp_lists.resellers
            found = replace(make(1)[0], cnpj=cnpj)
        if found is not None and scenario is AnpScenario.OTHER_CNPJ:
            return replace(found, cnpj=anp_lists.with_check_digits(found.cnpj[:8] + "0099"))
        return found

    def _fault(
        self, scenario: AnpScenario | None, path: AnpPath, whole: bytes, content_type: str = answers.JSON
    ) -> Reply:
        """What is sent where `whole` would be."""
        match scenario:
            case AnpScenario.FORBIDDEN_HTML:
                return Reply(answers.REJECTED_PAGE, 403, answers.HTML)
            case AnpScenario.HTML_200:
                return Reply(answers.MAINTENANCE_PAGE, 200, answers.HTML)
            case AnpScenario.UNAVAILABLE:
                return Reply(b'{"status":503}', 503, answers.JSON)
            case AnpScenario.THROTTLED:
                wait = (("Retry-After", str(self._retry_after_s)),)
                return Reply(answers.api_error(429, "Too Many Requests"), 429, answers.JSON, headers=wait)
            case AnpScenario.SERVER_ERROR:
                return Reply(answers.api_error(500, "Erro interno"), 500, answers.JSON)
            case AnpScenario.NOT_FOUND_404 if path in (AnpPath.FUEL, AnpPath.GLP):
                return Reply(answers.api_envelope([]).replace(b'"status": 200', b'"status": 404'), 404, answers.JSON)
            case AnpScenario.NOT_FOUND_404 if path in _LISTS:
                return Reply(answers.NOT_FOUND_PAGE, 404, answers.HTML)
            case AnpScenario.SUCCEEDED_FALSE if path is AnpPath.MAP:
                return Reply(answers.SERVICE_EXCEPTION, 200, answers.XML)
            case AnpScenario.SUCCEEDED_FALSE if path is AnpPath.PAGE:
                return Reply(answers.ASP_ERROR, 200, answers.HTML)
            case AnpScenario.SUCCEEDED_FALSE:
                return Reply(answers.api_error(200, "Falha ao consultar a base"), 200, answers.JSON)
            case AnpScenario.TRUNCATED:
                return Reply(whole[: len(whole) // 2], 200, content_type)
            case AnpScenario.CUT:
                return Reply(whole, 200, content_type, Ending.CUT)
            case AnpScenario.RESET:
                return Reply(ending=Ending.RESET)
            case AnpScenario.TIMEOUT:
                return Reply(ending=Ending.HANG)
        return Reply(whole, 200, content_type)


def _asked_about(path: AnpPath, query: str, body: str) -> str:
    """The CNPJ in the request, without its punctuation; "" when there is none."""
    fields = {name.lower(): values[0] for name, values in (parse_qs(query) | parse_qs(body)).items()}
    if path is AnpPath.MAP:
        found = _CQL.search(fields.get("cql_filter", ""))
        given = found[1] if found else ""
    else:
        given = fields.get("scnpj" if path is AnpPath.PAGE else "cnpj", "")
    return re.sub(r"\W", "", given).upper()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run alone until SIGTERM, SIGINT or Ctrl+C, having written the authority's file and one line of JSON."""
    options = _parser().parse_args(arguments)
    folder: Path = options.pasta
    folder.mkdir(parents=True, exist_ok=True)
    authority = DemoAuthority.create()
    anp = DemoAnp(
        authority,
        resellers=anp_lists.resellers(options.revendedores),
        gas=anp_lists.gas_resellers(),
        distributors=anp_lists.distributors(),
        scenarios=dict(options.cenario),
        encoding=options.codificacao,
        latency_ms=options.espera_ms,
        port=options.porta,
    )
    over = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        over.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with anp:
        (folder / "ac.pem").write_bytes(authority.ca_pem)
        ready = {
            "porta": anp.port,
            "enderecos": {path.name.lower(): anp.address(path) for path in AnpPath},
            "pasta": str(folder),
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(ready, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        over.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.demo.anp",
        description="ANP de demonstração neste computador: consultas por CNPJ e listas publicadas.",
        epilog="Cenários: " + ", ".join(scenario.value for scenario in AnpScenario),
    )
    parser.add_argument("--pasta", type=Path, required=True, help="onde gravar ac.pem")
    parser.add_argument("--porta", type=int, default=0, help="porta TCP; 0 escolhe uma livre")
    parser.add_argument(
        "--revendedores", type=int, default=anp_lists.AUTOMOTIVE_ROWS, help="quantos postos a lista tem"
    )
    parser.add_argument(
        "--codificacao", choices=("utf-8-sig", "cp1252"), default="utf-8-sig", help="codificação da lista"
    )
    parser.add_argument("--cenario", type=_scenario_of, action="append", default=[], metavar="CNPJ=CENARIO")
    parser.add_argument("--espera-ms", type=float, default=0, help="tempo somado a cada resposta, em milissegundos")
    return parser


def _scenario_of(text: str) -> tuple[str, AnpScenario]:
    cnpj, _, name = text.partition("=")
    try:
        return cnpj, AnpScenario(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"não há o cenário “{name}”") from error


if __name__ == "__main__":
    sys.exit(main())

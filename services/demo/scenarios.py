"""Everything a consultation of SEFAZ may meet, each selectable by name, and who is known to the demonstration."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from app.domain import Address, DocumentKind, Inscription
from services.demo.checks import Query

Rule = Callable[[Query], "Scenario | None"]
"""What each query meets; None leaves it to whatever else decides. Called from several threads."""


class Scenario(Enum):
    """What a query meets. The values are the words of the command line."""

    ENABLED = "habilitado"
    DISABLED = "nao_habilitado"
    SEVERAL = "varias_inscricoes"
    SEVERAL_OPEN = "varias_sem_definicao"
    CHANGED = "dados_alterados"
    REPLACED = "inscricao_substituida"
    SUBSTITUTE = "substituto_de_outra_uf"
    NOT_TAXPAYER = "nao_contribuinte"
    INVALID_DOCUMENT = "documento_invalido"
    NO_CPF = "nao_consulta_por_cpf"
    IN_OPERATION = "em_operacao"
    OTHER_UF = "uf_diferente"
    OTHER_UF_CODE = "codigo_de_uf_diferente"
    UF_NOT_SERVED = "uf_nao_atendida"
    REQUESTER_REFUSED = "solicitante_nao_habilitado"
    CERTIFICATE_INVALID = "certificado_invalido"
    CERTIFICATE_EXPIRED = "certificado_vencido"
    CERTIFICATE_WITHOUT_CNPJ = "certificado_sem_cnpj"
    CERTIFICATE_CHAIN = "certificado_erro_de_cadeia"
    CERTIFICATE_REVOKED = "certificado_revogado"
    CERTIFICATE_NOT_ICP = "certificado_fora_da_icp"
    CERTIFICATE_CRL = "certificado_erro_na_lcr"
    PAUSED = "paralisado"
    STOPPED = "paralisado_sem_previsao"
    LIMIT = "consumo_indevido"
    UNCATALOGUED = "erro_nao_catalogado"
    MESSAGE_TOO_LARGE = "mensagem_grande"
    SCHEMA = "falha_de_schema"
    HEADER_TOO_NEW = "cabecalho_versao_superior"
    HEADER_UNSUPPORTED = "cabecalho_versao_nao_suportada"
    HEADER_SCHEMA = "cabecalho_falha_de_schema"
    MALFORMED = "xml_mal_formado"
    ENCODING = "codificacao"
    PREFIX = "prefixo"
    HEADER_WITHOUT_UF = "cabecalho_sem_uf"
    HEADER_WITHOUT_VERSION = "cabecalho_sem_versao"
    ROOT = "tag_raiz"
    NO_VERSION = "sem_versao"
    HEADER_VERSION_DIFFERS = "cabecalho_versao_diverge"
    NAMESPACE = "namespace"
    EDITING_CHARACTERS = "caracteres_de_edicao"
    ESCAPED_BODY = "corpo_escapado"
    CDATA_BODY = "corpo_cdata"
    PREFIXED_BODY = "corpo_com_prefixo"
    LONG_NAME = "nome_longo"
    WRONG_ECHO = "eco_trocado"
    UNKNOWN_SITUATION = "situacao_desconhecida"
    SOAP_11_FAULT = "falha_soap_11"
    SOAP_12_FAULT = "falha_soap_12"
    HTML_PAGE = "html_manutencao"
    HTML_FORBIDDEN = "html_403"
    HTTP_503 = "http_503"
    EMPTY = "corpo_vazio"
    TRUNCATED = "corpo_truncado"
    CUT = "corpo_interrompido"
    GARBAGE = "bytes_invalidos"
    DTD_BOMB = "bomba_dtd"
    RESET = "conexao_derrubada"
    TIMEOUT = "sem_resposta"
    SLOW = "resposta_lenta"


# scenarios that are one status with no inscription
STATUS = {
    Scenario.IN_OPERATION: "107",
    Scenario.NO_CPF: "262",
    Scenario.OTHER_UF: "265",
    Scenario.OTHER_UF_CODE: "289",
    Scenario.UF_NOT_SERVED: "410",
    Scenario.REQUESTER_REFUSED: "257",
    Scenario.CERTIFICATE_INVALID: "280",
    Scenario.CERTIFICATE_EXPIRED: "281",
    Scenario.CERTIFICATE_WITHOUT_CNPJ: "282",
    Scenario.CERTIFICATE_CHAIN: "283",
    Scenario.CERTIFICATE_REVOKED: "284",
    Scenario.CERTIFICATE_NOT_ICP: "285",
    Scenario.CERTIFICATE_CRL: "286",
    Scenario.PAUSED: "108",
    Scenario.STOPPED: "109",
    Scenario.LIMIT: "656",
    Scenario.UNCATALOGUED: "999",
    Scenario.MESSAGE_TOO_LARGE: "214",
    Scenario.SCHEMA: "215",
    Scenario.HEADER_TOO_NEW: "238",
    Scenario.HEADER_UNSUPPORTED: "239",
    Scenario.HEADER_SCHEMA: "242",
    Scenario.MALFORMED: "243",
    Scenario.ENCODING: "402",
    Scenario.PREFIX: "404",
    Scenario.HEADER_WITHOUT_UF: "409",
    Scenario.HEADER_WITHOUT_VERSION: "411",
    Scenario.ROOT: "516",
    Scenario.NO_VERSION: "517",
    Scenario.HEADER_VERSION_DIFFERS: "545",
    Scenario.NAMESPACE: "587",
    Scenario.EDITING_CHARACTERS: "588",
}
NOT_TAXPAYER_STATUS = {DocumentKind.CNPJ: "259", DocumentKind.IE: "261", DocumentKind.CPF: "264"}
INVALID_STATUS = {DocumentKind.CNPJ: "258", DocumentKind.IE: "260", DocumentKind.CPF: "263"}

# digits of an inscrição estadual by UF; SVRS's table of formats has other lengths for some old ones
_IE_LENGTH = {"AC": 13, "DF": 13, "MG": 13, "MT": 11, "PR": 10, "RJ": 8, "RN": 10, "RO": 14, "RS": 10, "SP": 12}
_CITIES = {
    "AC": ("1200401", "RIO BRANCO", "69900"),
    "AL": ("2704302", "MACEIO", "57020"),
    "AM": ("1302603", "MANAUS", "69005"),
    "AP": ("1600303", "MACAPA", "68900"),
    "BA": ("2910800", "FEIRA DE SANTANA", "44001"),
    "CE": ("2304400", "FORTALEZA", "60025"),
    "DF": ("5300108", "BRASILIA", "70040"),
    "ES": ("3205200", "VILA VELHA", "29100"),
    "GO": ("5201108", "ANAPOLIS", "75020"),
    "MA": ("2111300", "SAO LUIS", "65010"),
    "MG": ("3170206", "UBERLANDIA", "38400"),
    "MS": ("5003702", "DOURADOS", "79801"),
    "MT": ("5107602", "RONDONOPOLIS", "78700"),
    "PA": ("1501402", "BELEM", "66010"),
    "PB": ("2504009", "CAMPINA GRANDE", "58400"),
    "PE": ("2604106", "CARUARU", "55002"),
    "PI": ("2211001", "TERESINA", "64000"),
    "PR": ("4113700", "LONDRINA", "86010"),
    "RJ": ("3304557", "RIO DE JANEIRO", "20010"),
    "RN": ("2408003", "MOSSORO", "59600"),
    "RO": ("1100205", "PORTO VELHO", "76801"),
    "RR": ("1400100", "BOA VISTA", "69301"),
    "RS": ("4305108", "CAXIAS DO SUL", "95010"),
    "SC": ("4209102", "JOINVILLE", "89201"),
    "SE": ("2800308", "ARACAJU", "49010"),
    "SP": ("3509502", "CAMPINAS", "01301"),
    "TO": ("1721000", "PALMAS", "77001"),
}
_REGIMES = {
    "SP": "NORMAL - REGIME PERIÓDICO DE APURAÇÃO",
    "MS": "Regime de tributacao normal",
    "PR": "NORMAL - NORMAL",
    "SC": "NORMAL",
}
_KINDS = ("AUTO POSTO", "POSTO", "COMERCIO DE COMBUSTIVEIS", "REDE", "TRANSPORTADORA", "AGROPECUARIA")
_NAMES = ("ALVORADA", "BOA VISTA", "CAMPO BELO", "ESTRELA DO VALE", "IPE AMARELO", "JATOBA", "LAGOA CLARA", "PINHEIRAL")
_STREETS = ("AV BRASIL", "ROD ESTADUAL KM 12", "RUA DAS PALMEIRAS", "AV DAS NACOES", "RUA SETE DE SETEMBRO")


def in_turn(*scenarios: Scenario) -> Rule:
    """Each query meets the next one, and from the last one on always that: a failure that passes, or one that comes."""
    coming = list(scenarios)
    lock = threading.Lock()

    def rule(_query: Query) -> Scenario:
        with lock:
            return coming.pop(0) if len(coming) > 1 else coming[0]

    return rule


def without_cpf(query: Query) -> Scenario | None:
    """A UF that answers by CNPJ and IE only."""
    return Scenario.NO_CPF if query.document.kind is DocumentKind.CPF else None


def plausible(query: Query) -> Scenario:
    """What an unlisted document meets: always the same for one document, mostly enabled."""
    share = zlib.crc32(query.document.value.encode()) % 100
    if share < 78:
        return Scenario.ENABLED
    if share < 89:
        return Scenario.DISABLED
    if share < 96:
        return Scenario.NOT_TAXPAYER
    return Scenario.SEVERAL


def made_up(query: Query) -> Inscription:
    """A taxpayer of the asked UF, derived from the document alone."""
    value = query.document.value
    seed = zlib.crc32(f"{query.uf}{value}".encode())
    code, city, cep = _CITIES.get(query.uf, _CITIES["SP"])
    kind = query.document.kind
    name = f"{_KINDS[seed % len(_KINDS)]} {_NAMES[seed // 7 % len(_NAMES)]} {seed % 97 + 1}"
    return Inscription(
        IE=value if kind is DocumentKind.IE else another_ie(query.uf, seed),
        CNPJ="" if kind is DocumentKind.CPF else value if kind is DocumentKind.CNPJ else "11222333000181",
        CPF=value if kind is DocumentKind.CPF else "",
        UF=query.uf,
        cSit="1",
        indCredNFe="1",
        indCredCTe="4",
        xNome=f"PRODUTOR RURAL {_NAMES[seed % len(_NAMES)]}" if kind is DocumentKind.CPF else f"{name} LTDA",
        xFant="" if kind is DocumentKind.CPF else name,
        xRegApur=_REGIMES.get(query.uf, "NORMAL"),
        CNAE="4731800",
        dIniAtiv=f"{1990 + seed % 30}-{seed % 12 + 1:02}-{seed % 28 + 1:02}",
        dUltSit=f"2021-{seed % 12 + 1:02}-{seed % 28 + 1:02}",
        ender=Address(
            xLgr=_STREETS[seed % len(_STREETS)],
            nro=str(seed % 4000 + 1),
            xBairro="CENTRO",
            cMun=code,
            xMun=city,
            CEP=f"{cep}{seed % 1000:03}",
        ),
    )


def another_ie(uf: str, seed: int) -> str:
    """A made-up IE with the number of digits that the UF uses."""
    length = _IE_LENGTH.get(uf, 9)
    smallest = 10 ** (length - 1)
    return str(smallest + seed * 7919 % (9 * smallest))


def disabled(own: Inscription) -> Inscription:
    """The same inscription, closed."""
    return replace(own, cSit="0", indCredNFe="0", dUltSit="2025-08-14", dBaixa="2025-08-14")


def changed(own: Inscription) -> Inscription:
    """The same inscription after the company was renamed, moved within its city and joined the Simples Nacional."""
    moved = Address(
        xLgr="AVENIDA DAS PALMEIRAS",
        nro="1200",
        xCpl="QUADRA 4 LOTE 7",
        xBairro="DISTRITO INDUSTRIAL",
        cMun=own.ender.cMun if own.ender else "",
        xMun=own.ender.xMun if own.ender else "",
        CEP=own.ender.CEP if own.ender else "",
    )
    name = f"{own.xNome.removesuffix(' LTDA')} E CONVENIENCIA LTDA"
    return replace(own, xNome=name, xRegApur="SIMPLES NACIONAL", indCredNFe="2", ender=moved)


def replaced(own: Inscription) -> tuple[Inscription, ...]:
    """The known inscription, closed, and the enabled one that took its place."""
    newer = replace(own, IE=another_ie(own.UF, zlib.crc32(own.IE.encode()) + 6), dIniAtiv="2026-02-02")
    return replace(own, cSit="0", indCredNFe="0", dUltSit="2026-02-02", IEAtual=newer.IE), newer


def substitute(own: Inscription) -> Inscription:
    """The known inscription as that of an ICMS-ST substitute: granted by the asked UF to a company of another one."""
    uf = "SC" if own.UF != "SC" else "SP"
    code, city, cep = _CITIES[uf]
    office = Address(xLgr="RUA DO PORTO", nro="77", xBairro="CENTRO", cMun=code, xMun=city, CEP=f"{cep}000")
    return replace(own, UF=uf, ender=office)


def several(own: Inscription) -> tuple[Inscription, ...]:
    """The enabled inscription, with an older one that it replaced and one as ICMS-ST substitute in another UF."""
    seed = zlib.crc32(own.IE.encode())
    older = replace(
        own,
        IE=another_ie(own.UF, seed + 1),
        cSit="0",
        indCredNFe="0",
        CNAE=own.CNAE[:6],
        dUltSit="2012-03-30",
        dBaixa="2012-03-30",
        IEAtual=own.IE,
        ender=None,
    )
    elsewhere = "SP" if own.UF != "SP" else "PR"
    office = Address(xLgr="AV PAULISTA", nro="900", cMun="3550308", xMun="SAO PAULO", CEP="01310100")
    substitute = replace(
        own,
        IE=another_ie(elsewhere, seed + 2),
        UF=elsewhere,
        xFant="",
        xRegApur="",
        ender=office if elsewhere == "SP" else None,
    )
    return older, replace(own, IEUnica=own.IE), substitute


def several_open(own: Inscription) -> tuple[Inscription, ...]:
    """Three inscriptions of the UF, none of them the known one: two enabled with different addresses, one closed."""
    seed = zlib.crc32(own.IE.encode())
    first, second, third = (replace(own, IE=another_ie(own.UF, seed + step)) for step in (3, 4, 5))
    return first, replace(second, xFant="FILIAL", ender=None), disabled(third)


def another_document(inscription: Inscription) -> Inscription:
    """The answer that belongs to somebody else."""
    return replace(inscription, CNPJ="11444777000161", CPF="", IE=inscription.IE[::-1])

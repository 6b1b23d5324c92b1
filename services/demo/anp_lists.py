"""The lists that ANP publishes, made up: any number of resellers and distributors, always the same for one number.

Headers, separators, encodings and oddities (double blanks, blank districts, a letter lost to "¿") are those of the
files in ANP's open data (gov.br/anp › dados abertos, as published in 2026). Names and CNPJs are nobody's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import mul

from app.domain import AnpRegistration
from services.demo.anp_scenarios import WHITE_BRAND

AUTOMOTIVE_ROWS = 46_000
"""About as many as the real list has (45.807 in October 2026)."""

_FIRST_WEIGHTS = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_SECOND_WEIGHTS = (6, *_FIRST_WEIGHTS)
_FIRST_ZEROS = 48 * sum(_FIRST_WEIGHTS)
_SECOND_ZEROS = 48 * sum(_SECOND_WEIGHTS)

_AUTOMOTIVE_HEADER = (
    "CODIGOISIMP;AUTORIZACAO;DATAPUBLICACAO;RAZAOSOCIAL;CNPJ;ENDERECO;COMPLEMENTO;BAIRRO;CEP;UF;MUNICIPIO;"
    "BANDEIRA;DATAVINCULACAO"
)
_GLP_HEADER = (
    "CODIGOISIMP;AUTORIZACAO;DATAPUBLICACAO;RAZAOSOCIAL;CNPJ;ENDERECO;COMPLEMENTO;BAIRRO;CEP;UF;MUNICIPIO;"
    "DISTRIBUIDORA;CLASSE;DATAVINCULACAO"
)
_DISTRIBUTOR_REPORT = (
    "Agência Nacional do Petróleo, Gás Natural e Biocombustíveis",
    "Distribuidores autorizados ao exercício da atividade",
    "Demonstração: nomes e CNPJs inventados",
    "",
)
_DISTRIBUTOR_HEADER = (
    "Código Agente;Código Agente i-SIMP;CNPJ;Nome Reduzido;Razão Social;Endereço da Matriz;Bairro;CEP;UF;Municipio;"
    "Situação;Início da Situação;Data Publicação;Tipo de Ato;Tipo de Autorização;Número da Autorização"
)

# Repeated as often as they are met: of every 23 resellers, 10 have no brand of their own.
_BRANDS = (
    *[WHITE_BRAND] * 10,
    *["VIBRA"] * 4,
    *["IPIRANGA"] * 3,
    *["RAIZEN"] * 2,
    "RAIZEN MIME",
    "ALE",
    "RODOIL",
    "SUL COMBUSTÍVEIS",
)
_GLP_BRANDS = ("INDEPENDENTE", "ULTRAGAZ", "SUPERGASBRAS", "LIQUIGAS", "NACIONAL GAS")
_DISTRIBUTORS = (
    *("VIBRA", "IPIRANGA", "RAIZEN", "RAIZEN MIME", "ALE", "RODOIL", "SUL COMBUSTIVEIS", "POTENCIAL", "LARCO"),
    *("EQUADOR", "DISLUB", "CHARRUA", "FAN", "STANG", "CIAPETRO", "TAURUS", "PETROLUZ DO VALE", "CAMPO ABERTO"),
)
_CITIES = tuple(
    (uf, city.strip(), postal_code)
    for uf, cities in {
        "SP": "CAMPINAS 13010,SOROCABA 18035,RIBEIRAO PRETO 14050,BAURU 17010,SANTOS 11015,MARILIA 17500,FRANCA 14400",
        "MG": "UBERLANDIA 38400,JUIZ DE FORA 36010,MONTES CLAROS 39400,VARGINHA 37002,BETIM 32600",
        "PR": "LONDRINA 86020,CASCAVEL 85813,MARINGA 87020,PONTA GROSSA 84010",
        "RS": "CAXIAS DO SUL 95084,PELOTAS 96010,PASSO FUNDO 99010",
        "BA": "FEIRA DE SANTANA 44088,VITORIA DA CONQUISTA 45020,BARREIRAS 47800",
        "SC": "JOINVILLE 89204,BLUMENAU 89036,CHAPECO 89801",
        "GO": "ANAPOLIS 75110,RIO VERDE 75901,AGUAS LINDAS DE GOIAS 72910",
        "RJ": "CAMPOS DOS GOYTACAZES 28010,PETROPOLIS 25610",
        "MT": "RONDONOPOLIS 78740,SINOP 78550",
        "PE": "CARUARU 55016,PETROLINA 56304",
        "CE": "SOBRAL 62010,JUAZEIRO DO NORTE 63010",
        "PA": "SANTAREM 68005,MARABA 68500",
        "MA": "IMPERATRIZ 65901",
        "MS": "DOURADOS 79802",
        "ES": "LINHARES 29900",
        "PB": "CAMPINA GRANDE 58400",
        "RN": "MOSSORO 59625",
        "PI": "PARNAIBA 64200",
        "AL": "ARAPIRACA 57300",
        "SE": "ITABAIANA 49500",
        "TO": "ARAGUAINA 77804",
        "RO": "JI-PARANA 76900",
        "AM": "PARINTINS 69151",
        "AC": "CRUZEIRO DO SUL 69980",
        "AP": "SANTANA 68925",
        "RR": "RORAINOPOLIS 69373",
        "DF": "BRASILIA 70040",
    }.items()
    for city, _, postal_code in (named.rpartition(" ") for named in cities.split(","))
)
_KINDS = ("AUTO POSTO", "POSTO", "COMERCIO DE COMBUSTIVEIS", "REDE DE POSTOS", "POSTO DE SERVICOS", "ABASTECEDORA")
_GAS_KINDS = ("COMERCIO DE GAS", "GAS", "DEPOSITO DE GAS")
_FIRST_NAMES = (
    *("ALVORADA", "BEIRA RIO", "CAMPO LIMPO", "DUAS PONTES", "ESTRELA", "FLOR DE LIS", "GAMELEIRA", "HORIZONTE"),
    *("IPE ROXO", "JATOBA", "LAGOA FUNDA", "MIRANTE", "NOVA ERA", "OURO FINO", "PAINEIRAS", "QUATRO TREVOS"),
    *("RECANTO", "SANT¿ANA", "TREVO", "URUCUM", "VALE VERDE", "XAXIM", "ZANGAO"),
)
_LAST_NAMES = ("", " DO CENTRO", " DA SERRA", " DO NORTE", " DO SUL", " DA RODOVIA", " DAS AGUAS", " II", " III")
_ENDINGS = (" LTDA", " LTDA", " LTDA", " EIRELI", " S/A", " LTDA - ME")
_STREETS = ("AVENIDA BRASIL", "RUA SETE DE SETEMBRO", "RODOVIA BR 101 KM", "AVENIDA DAS NACOES", "RUA DAS PALMEIRAS")
_COMPLEMENTS = ("", "", "", " ", "LOTE  12 A", "QUADRA 7", "KM 28, LADO PAR")
_DISTRICTS = ("CENTRO", "JARDIM AMERICA", "DISTRITO INDUSTRIAL", "VILA NOVA", "ZONA RURAL", "", "PARQUE DAS ARVORES")
_PRODUCTS = (
    "GASOLINA C COMUM",
    "ETANOL HIDRATADO COMUM",
    "DIESEL B S10 COMUM",
    "DIESEL B S500 COMUM",
    "GASOLINA C COMUM ADITIVADA",
)
_STATIONS, _LATER_STATIONS, _GAS_RESELLERS, _DISTRIBUTOR_ROWS = 1, 50_000_000, 70_000_000, 90_000_000
"""The numbers from which each is made: no CNPJ is in two lists."""
_CLASSES = ("I", "II", "III", "IV", "V", "ESPECIAL")


@dataclass(frozen=True)
class DemoDistributor:
    """A distributor of the list: the name that brands are called by, and the registration with its situation."""

    short_name: str
    registration: AnpRegistration


def with_check_digits(base: str) -> str:
    """The CNPJ of those 12 characters (root and branch; letters too): what python-stdnum computes, only faster."""
    first = (sum(map(mul, base.encode(), _FIRST_WEIGHTS)) - _FIRST_ZEROS) % 11
    one = f"{base}{11 - first if first > 1 else 0}"
    second = (sum(map(mul, one.encode(), _SECOND_WEIGHTS)) - _SECOND_ZEROS) % 11
    return f"{one}{11 - second if second > 1 else 0}"


def resellers(count: int = AUTOMOTIVE_ROWS, *, known: Iterable[AnpRegistration] = ()) -> list[AnpRegistration]:
    """`count` petrol stations: those `known`, then made-up ones."""
    return _with_more(known, count, _station, _STATIONS)


def gas_resellers(count: int = 400, *, known: Iterable[AnpRegistration] = ()) -> list[AnpRegistration]:
    """`count` resellers of GLP: those `known`, then made-up ones."""
    return _with_more(known, count, _gas_reseller, _GAS_RESELLERS)


def distributors(known: Iterable[DemoDistributor] = ()) -> list[DemoDistributor]:
    """Those `known`, then one for each of some brands; a few have lost their authorization."""
    return [*known, *(_distributor(number, name) for number, name in enumerate(_DISTRIBUTORS))]


def automotive_csv(rows: Iterable[AnpRegistration], *, encoding: str = "utf-8-sig") -> bytes:
    """The file of petrol stations; ANP's is in UTF-8 on some days and in cp1252 on others."""
    lines = [_AUTOMOTIVE_HEADER]
    lines += [
        f"{row.simp_code};{row.authorization};{row.published};{row.name};{row.cnpj};{row.street};{row.complement};"
        f"{row.district};{row.postal_code};{row.uf};{row.city};{row.brand};{row.brand_since}"
        for row in rows
    ]
    return _file(lines, encoding)


def gas_csv(rows: Iterable[AnpRegistration], *, encoding: str = "utf-8-sig") -> bytes:
    """The file of resellers of GLP: the same columns, the brand under another name, and the class."""
    lines = [_GLP_HEADER]
    lines += [
        f"{row.simp_code};{row.authorization};{row.published};{row.name};{row.cnpj};{row.street};{row.complement};"
        f"{row.district};{row.postal_code};{row.uf};{row.city};{row.brand};{row.reseller_class};{row.brand_since}"
        for row in rows
    ]
    return _file(lines, encoding)


def distributors_csv(rows: Iterable[DemoDistributor], *, encoding: str = "cp1252") -> bytes:
    """The file of distributors: four lines of a report above the header, CNPJ and CEP with their punctuation."""
    lines = [*_DISTRIBUTOR_REPORT, _DISTRIBUTOR_HEADER]
    for number, distributor in enumerate(rows, 1):
        row = distributor.registration
        cnpj, cep = row.cnpj, row.postal_code
        lines.append(
            f"{number};{row.simp_code};{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]};"
            f"{distributor.short_name};{row.name};{row.street};{row.district};{cep[:5]}-{cep[5:]};{row.uf};{row.city};"
            f"{row.situation};{row.published};{row.published};"
            f"{'AUTORIZAÇÃO' if row.situation == 'AUTORIZADA' else 'DESPACHO'};AEA;{row.authorization}"
        )
    return _file(lines, encoding)


def mutated(
    rows: Sequence[AnpRegistration],
    *,
    new: int = 0,
    vanished: int = 0,
    brands: int = 0,
    names: int = 0,
    addresses: int = 0,
    kept: Collection[str] = (),
) -> list[AnpRegistration]:
    """The list of the next day: so many that came (at the end), left, or changed brand, name or address.

    They are spread over the whole list and no reseller changes twice; CNPJs in `kept` stay as they are.
    ValueError when there are not as many resellers to change.
    """
    free = [place for place, row in enumerate(rows) if row.cnpj not in kept]
    wanted = vanished + brands + names + addresses
    if wanted > len(free):
        raise ValueError(f"{wanted} changes for {len(free)} resellers")
    chosen = [free[turn * len(free) // wanted] for turn in range(wanted)]
    # dealt one by one, so that each kind of change is spread too
    chosen.sort(key=_mixed)
    leaving = set(chosen[:vanished])
    after: list[AnpRegistration | None] = list(rows)
    for turn, place in enumerate(chosen):
        row = rows[place]
        if place in leaving:
            after[place] = None
        elif turn < vanished + brands:
            other = WHITE_BRAND if row.brand != WHITE_BRAND else "VIBRA"
            after[place] = replace(row, brand=other, brand_since="20/11/2026")
        elif turn < vanished + brands + names:
            after[place] = replace(row, name=f"NOVA {row.name}")
        else:
            after[place] = replace(row, street="RUA DA MUDANCA,  100", district="BAIRRO NOVO")
    left = [row for row in after if row is not None]
    return _with_more(left, len(left) + new, _station, _LATER_STATIONS, unlike=rows)


def _with_more(
    known: Iterable[AnpRegistration],
    count: int,
    make: Callable[[int], AnpRegistration],
    first: int,
    *,
    unlike: Iterable[AnpRegistration] = (),
) -> list[AnpRegistration]:
    rows = list(known)
    taken = {row.cnpj for row in (*rows, *unlike)}
    numbers = itertools.count(first)
    while len(rows) < count:
        row = make(next(numbers))
        if row.cnpj not in taken:
            rows.append(row)
    return rows


def _station(number: int) -> AnpRegistration:
    mixed = _mixed(number)
    uf, city, postal_code = _CITIES[mixed % len(_CITIES)]
    # 7919 and 10⁸ have no common factor, so no two numbers below 10⁸ have the same root
    root = f"{number * 7919 % 100_000_000:08}"
    if number % 997 == 0:
        root = f"{chr(65 + number % 26)}{root[1:]}"
    published = _day(mixed >> 3, 2001, 25)
    return AnpRegistration(
        cnpj=with_check_digits(f"{root}0001"),
        name=_name(mixed, _KINDS),
        authorization=f"PR/{uf}{number % 10_000_000:07}",
        published=published,
        brand=_BRANDS[(mixed >> 5) % len(_BRANDS)],
        brand_since=published if mixed & 64 else _day(mixed >> 8, 2015, 11),
        simp_code=f"{1_000_000 + number % 9_000_000}",
        street=f"{_STREETS[(mixed >> 8) % len(_STREETS)]},  {mixed % 4000 + 1}",
        complement=_COMPLEMENTS[(mixed >> 10) % len(_COMPLEMENTS)],
        district=_DISTRICTS[(mixed >> 11) % len(_DISTRICTS)],
        postal_code=f"{postal_code}{mixed % 1000:03}",
        city=city,
        uf=uf,
        products=_PRODUCTS[: 2 + (mixed >> 12) % 4],
    )


def _name(mixed: int, kinds: Sequence[str]) -> str:
    first, last = _FIRST_NAMES[(mixed >> 4) % len(_FIRST_NAMES)], _LAST_NAMES[(mixed >> 9) % len(_LAST_NAMES)]
    return f"{kinds[(mixed >> 6) % len(kinds)]} {first}{last}{_ENDINGS[(mixed >> 7) % len(_ENDINGS)]}"


def _gas_reseller(number: int) -> AnpRegistration:
    station = _station(number)
    return replace(
        station,
        name=_name(_mixed(number), _GAS_KINDS),
        authorization=f"GLP{station.authorization.removeprefix('PR/')}",
        brand=_GLP_BRANDS[number % len(_GLP_BRANDS)],
        reseller_class=_CLASSES[number % len(_CLASSES)],
        products=("GLP",),
    )


def _distributor(number: int, short_name: str) -> DemoDistributor:
    station = _station(_DISTRIBUTOR_ROWS + number)
    situation = {7: "REVOGADA", 12: "CANCELADA"}.get(number, "AUTORIZADA")
    name = f"{short_name} DISTRIBUIDORA DE COMBUSTÍVEIS DE DEMONSTRAÇÃO S.A."
    registration = replace(station, name=name, situation=situation, authorization=str(100 + number), brand="")
    return DemoDistributor(short_name, registration)


def _mixed(number: int) -> int:
    return number * 2654435761 % 2**32


def _day(mixed: int, year: int, years: int) -> str:
    return f"{mixed % 28 + 1:02}/{mixed // 28 % 12 + 1:02}/{year + mixed // 336 % years}"


def _file(lines: list[str], encoding: str) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode(encoding)

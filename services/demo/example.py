"""The company, users, brands, regions and customers of the demonstration. Everything is made up.

CNPJs are completed with the check digits that python-stdnum computes, and inscriptions agree with the rule of their UF,
so that no form doubts what the demonstration brings; each customer says what SEFAZ and ANP answer about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdnum.br import cnpj

from app.domain import Address, AnpRegistration, Document, DocumentKind, Inscription, SefazAction
from app.kinds import folded
from app.policies import AnpKind
from services.demo.anp_lists import DemoDistributor
from services.demo.anp_scenarios import AnpScenario
from services.demo.scenarios import Rule, Scenario, without_cpf


@dataclass(frozen=True)
class DemoBranch:
    """A branch of the company; the first one is the head office."""

    code: int
    name: str
    cnpj: str
    ie: str
    uf: str
    city: str


@dataclass(frozen=True)
class DemoCompany:
    """The company whose back office is shown."""

    code: int
    name: str
    branches: tuple[DemoBranch, ...]


@dataclass(frozen=True)
class DemoUser:
    """Somebody who signs consultations."""

    login: str
    name: str


@dataclass(frozen=True)
class DemoBrand:
    """A brand and the names by which ANP calls it."""

    name: str
    anp_names: tuple[str, ...]


@dataclass(frozen=True)
class DemoCustomer:
    """A customer as registered by the company, and what SEFAZ and ANP say about it.

    `ie` is the one registered here, "" when it was never filled in; `sefaz_ie` the one SEFAZ knows. `anp_fault` is what
    the first address of ANP answers instead of `anp_scenario`, which the second one then tells.
    """

    code: int
    name: str
    trade_name: str
    document: Document
    uf: str
    ie: str
    sefaz_ie: str
    city: str
    city_code: str
    street: str
    number: str
    district: str
    cep: str
    region: str
    brand: str
    scenario: Scenario
    anp_kind: AnpKind
    anp_scenario: AnpScenario
    anp_fault: AnpScenario | None
    action: SefazAction = SefazAction.BLOCK_UNBLOCK
    automatic: bool = True

    @property
    def inscription(self) -> Inscription:
        """The enabled inscription that SEFAZ keeps; names and addresses there are upper case."""
        kind = self.document.kind
        company = "" if kind is DocumentKind.CPF else made_up_cnpj(f"77{self.code:06}")
        return Inscription(
            IE=self.document.value if kind is DocumentKind.IE else self.sefaz_ie,
            CNPJ=self.document.value if kind is DocumentKind.CNPJ else company,
            CPF=self.document.value if kind is DocumentKind.CPF else "",
            UF=self.uf,
            cSit="1",
            indCredNFe="1",
            indCredCTe="4",
            xNome=self.name.upper(),
            xFant=self.trade_name.upper(),
            xRegApur="NORMAL",
            CNAE="4731800",
            dIniAtiv=f"{1988 + self.code % 30}-{self.code % 12 + 1:02}-{self.code % 28 + 1:02}",
            dUltSit="2021-05-10",
            ender=Address(
                xLgr=self.street.upper(),
                nro=self.number,
                xBairro=self.district.upper(),
                cMun=self.city_code,
                xMun=self.city.upper(),
                CEP=self.cep,
            ),
        )

    @property
    def registration(self) -> AnpRegistration:
        """The registration that ANP keeps while all is in order; names there have no accents."""
        gas = self.anp_kind is AnpKind.GLP
        published = f"{self.code % 28 + 1:02}/{self.code % 12 + 1:02}/{1999 + self.code % 20}"
        return AnpRegistration(
            cnpj=self.document.value,
            name=_plain(self.name),
            authorization=f"{'GLP' if gas else 'PR/'}{self.uf}0{self.code:06}",
            published=published,
            brand="BRANCA" if gas else _BRAND_AT_ANP.get(self.brand, ""),
            brand_since=published,
            simp_code=f"9{self.code:06}",
            street=f"{_plain(self.street)},  {self.number.upper()}",
            district=_plain(self.district),
            postal_code=self.cep,
            city=_plain(self.city),
            uf=self.uf,
            reseller_class="III" if gas else "",
            products=("GLP",) if gas else ("GASOLINA C COMUM", "ETANOL HIDRATADO COMUM", "DIESEL B S10 COMUM"),
        )


def _plain(text: str) -> str:
    return folded(text).upper()


def made_up_cnpj(root: str, branch: str = "0001") -> str:
    """A CNPJ with those 8 and 4 characters and the right check digits."""
    return root + branch + str(cnpj.calc_check_digits(root + branch))


COMPANY = DemoCompany(
    1,
    "Distribuidora Modelo de Combustíveis Ltda",
    (
        DemoBranch(1, "Matriz Paulínia", made_up_cnpj("48217305"), "513048215305", "SP", "Paulínia"),
        DemoBranch(2, "Filial Senador Canedo", made_up_cnpj("48217305", "0002"), "104821736", "GO", "Senador Canedo"),
    ),
)

USERS = (
    DemoUser("maria", "Maria Operadora"),
    DemoUser("joao", "João Supervisor"),
    DemoUser("servico", "Serviço de consulta"),
)

REGIONS = ("Geral", "Interior paulista", "Centro-Oeste", "Sul", "Sudeste", "Nordeste", "Norte")

BRANDS = (
    DemoBrand("Vibra", ("VIBRA", "PETROBRAS DISTRIBUIDORA S.A.")),
    DemoBrand("Ipiranga", ("IPIRANGA",)),
    DemoBrand("Raízen", ("RAIZEN", "RAIZEN MIME")),
    DemoBrand("Bandeira branca", ("BANDEIRA BRANCA", "BRANCA")),
)
_BRAND_AT_ANP = {brand.name: brand.anp_names[0] for brand in BRANDS}

_REGION = {
    **dict.fromkeys(("GO", "MT", "MS", "DF"), "Centro-Oeste"),
    **dict.fromkeys(("PR", "SC", "RS"), "Sul"),
    **dict.fromkeys(("MG", "ES", "RJ"), "Sudeste"),
    **dict.fromkeys(("BA", "PE", "PB", "RN", "MA", "CE", "AL"), "Nordeste"),
    **dict.fromkeys(("AM", "AC", "TO"), "Norte"),
    "SP": "Interior paulista",
}

# Two lines per customer: document (the 8 characters of a CNPJ's root, a whole CPF or IE), name, trade name, UF, IE
# (none when blank), brand, what SEFAZ answers; then city and its IBGE code, street, number, district, CEP and what ANP
# answers: nothing for who is in no register of ANP, GLP before it for who is in that one; a second word is what ANP's
# first address answers in its place. Answers that stop a whole authorizer (656, 108) are given where nobody else is.
_ROWS = """
10482913 | Posto Serra Azul Ltda | Serra Azul | SP | 244913927118 | Vibra | ENABLED
    Campinas | 3509502 | Avenida das Andorinhas | 1520 | Centro | 13010150 | UPDATED
21573904 | Auto Posto Três Ipês Ltda | Três Ipês | SP | 582210347115 | Ipiranga | ENABLED
    Ribeirão Preto | 3543402 | Avenida do Café | 845 | Vila Tibério | 14050230 | UPDATED
30916482 | Posto Mirante do Tietê Ltda | Mirante do Tietê | SP | 669104895110 | Bandeira branca | DISABLED
    Sorocaba | 3552205 | Rua dos Bandeirantes | 77 | Centro | 18035100 | WHITE_BRAND
41820357 | Comércio de Combustíveis Porto Claro Ltda | Porto Claro | SP | 639820157112 | Raízen | CHANGED
    Santos | 3548500 | Avenida do Cais | 310 | Macuco | 11015200 | UPDATED
52739146 | Posto Cambará Ltda | Cambará | SP | | Bandeira branca | SEVERAL_OPEN
    Campinas | 3509502 | Rodovia das Laranjeiras | km 98 | Zona rural | 13105000 | REVOKED UNAVAILABLE
63208571 | Rede Estrela do Planalto Ltda | Estrela do Planalto | GO | 106320858 | Vibra | ENABLED
    Anápolis | 5201108 | Avenida Brasil Norte | 2210 | Jundiaí | 75110010 | UPDATED
74615028 | Auto Posto Flor do Cerrado Ltda | Flor do Cerrado | GO | 107461501 | Bandeira branca | DISABLED
    Rio Verde | 5218805 | Rua do Buriti | 415 | Centro | 75901040 | NO_BRAND
85931264 | Posto Lobo-Guará Ltda | Lobo-Guará | GO | 108593126 | Ipiranga | ENABLED
    Aparecida de Goiânia | 5201405 | Avenida das Araras | 1180 | Cidade Livre | 74974100 | WHITE_BRAND
52998224725 | Antônio Pereira das Flores | | GO | 105299804 | | ENABLED
    Rio Verde | 5218805 | Fazenda Boa Safra | s/n | Zona rural | 75900970 |
96047318 | Posto Chapada Verde Ltda | Chapada Verde | MT | 13960473183 | Vibra | ENABLED
    Rondonópolis | 5107602 | Avenida dos Estudantes | 640 | Vila Aurora | 78740020 | UPDATED
17384025 | Transportadora Rota do Grão Ltda | Rota do Grão | MT | 13173840258 | | DISABLED
    Sinop | 5107909 | Rodovia da Soja | km 812 | Distrito industrial | 78550000 |
28416937 | Auto Posto Tuiuiú Ltda | Tuiuiú | MT | 13284169376 | Bandeira branca | SEVERAL
    Cuiabá | 5103403 | Avenida do Pantanal | 95 | Porto | 78025300 | UNKNOWN_BRAND
39570482 | Posto Aroeira Ltda | Aroeira | MS | 283957042 | Raízen | REPLACED
    Dourados | 5003702 | Rua da Erva-Mate | 1301 | Centro | 79802010 | UPDATED
40682159 | Posto Rio Formoso Ltda | Rio Formoso | MS | 284068217 | Ipiranga | NOT_TAXPAYER
    Campo Grande | 5002704 | Avenida dos Ipês | 508 | Jardim dos Estados | 79020100 | NOT_FOUND
51794260 | Posto Pão de Queijo Ltda | Pão de Queijo | MG | 0517942600085 | Vibra | ENABLED
    Uberlândia | 3170206 | Avenida do Triângulo | 733 | Martins | 38400360 | UPDATED
62805371 | Auto Posto Serra do Luar Ltda | Serra do Luar | MG | 0628053760065 | Bandeira branca | DISABLED
    Juiz de Fora | 3136702 | Rua das Quaresmeiras | 2040 | Centro | 36010040 | REVOCATION FORBIDDEN_HTML
AB12CD34 | Posto Ouro Velho Ltda | Ouro Velho | MG | 0731264900047 | Ipiranga | ENABLED
    Belo Horizonte | 3106200 | Avenida dos Inconfidentes | 18 | Savassi | 30112010 | UPDATED
73916482 | Posto Araucária Ltda | Araucária | PR | 9073916477 | Raízen | ENABLED
    Londrina | 4113700 | Avenida do Pinhão | 455 | Centro | 86020080 | UPDATED
84027593 | Auto Posto Gralha-Azul Ltda | Gralha-Azul | PR | 9084027585 | Bandeira branca | HTML_PAGE
    Cascavel | 4104808 | Rua do Trigo | 1990 | Country | 85813000 | WHITE_BRAND
95138604 | Posto Terra Roxa do Norte Ltda | Terra Roxa | PR | 9095118604 | Vibra | SUBSTITUTE
    Maringá | 4115200 | Avenida das Perobas | 67 | Zona 7 | 87020030 | UPDATED
16249715 | Posto Onda Sul Ltda | Onda Sul | SC | 251624978 | Ipiranga | SEVERAL
    Joinville | 4209102 | Rua das Bromélias | 350 | América | 89204060 | UPDATED SERVER_ERROR
27350826 | Posto Vale das Hortênsias Ltda | Vale das Hortênsias | SC | 252735080 | Vibra | ENABLED
    Blumenau | 4202404 | Rua dos Imigrantes | 812 | Velha | 89036200 | UPDATED THROTTLED
38461937 | Posto Coxilha Ltda | Coxilha | RS | 0293846197 | Raízen | ENABLED
    Caxias do Sul | 4305108 | Avenida da Vindima | 1405 | Exposição | 95084000 | UPDATED
49572048 | Auto Posto Quero-Quero Ltda | Quero-Quero | RS | 0934957207 | Bandeira branca | DISABLED
    Pelotas | 4314407 | Rua do Charque | 260 | Porto | 96010480 | CANDIDATE UNAVAILABLE
50683159 | Posto Baía Serena Ltda | Baía Serena | ES | 085068314 | Vibra | ENABLED
    Vila Velha | 3205200 | Avenida do Farol | 990 | Praia da Costa | 29101010 | SIGAF
61794260 | Posto Maré Mansa Ltda | Maré Mansa | RJ | 61794263 | Ipiranga | UF_NOT_SERVED
    Rio de Janeiro | 3304557 | Rua das Gaivotas | 121 | Penha | 21020100 | UPDATED TIMEOUT
72805371 | Posto Recanto do Sol Ltda | Recanto do Sol | BA | 072805370 | Bandeira branca | ENABLED
    Feira de Santana | 2910800 | Avenida do Sertão | 3030 | Brasília | 44088500 | UNKNOWN_WORDING HTML_200
83916482 | Auto Posto Caatinga Ltda | Caatinga | BA | 083916481 | Vibra | TIMEOUT
    Vitória da Conquista | 2933307 | Avenida do Umbuzeiro | 154 | Recreio | 45020200 | UPDATED
94027593 | Posto Mandacaru Ltda | Mandacaru | PE | 099027593 | Raízen | LIMIT
    Caruaru | 2604106 | Rua do Barro | 44 | Salgado | 55016400 | UPDATED
15138604 | Posto Pedra do Reino Ltda | Pedra do Reino | PB | 161513867 | Ipiranga | ENABLED
    Campina Grande | 2504009 | Avenida do Algodão | 717 | Prata | 58400500 | OTHER_CNPJ
39053344705 | José Severino do Vale | | PB | 163905304 | | NO_CPF
    Campina Grande | 2504009 | Sítio Lajeiro | s/n | Zona rural | 58109000 |
26249715 | Posto Salina Branca Ltda | Salina Branca | RN | 2026249717 | Vibra | DISABLED
    Mossoró | 2408003 | Avenida do Sal | 580 | Alto de São Manoel | 59625400 | REVOKED SUCCEEDED_FALSE
37350826 | Posto Jangada Ltda | Jangada | CE | 063735083 | Raízen | SOAP_12_FAULT
    Fortaleza | 2304400 | Avenida dos Verdes Mares | 2500 | Mucuripe | 60165080 | UPDATED
48461937 | Posto Lagoa Mundaú Ltda | Lagoa Mundaú | AL | 244846197 | Bandeira branca | OTHER_UF
    Maceió | 2704302 | Avenida da Lagoa | 39 | Levada | 57017300 | WITHOUT_AUTHORIZATION
59572048 | Posto Lençol de Areia Ltda | Lençol de Areia | MA | 125957203 | Ipiranga | ENABLED
    São Luís | 2111300 | Avenida dos Azulejos | 600 | Calhau | 65071380 | UPDATED
60683159 | Posto Igarapé Ltda | Igarapé | AM | 060683155 | Vibra | PAUSED
    Manaus | 1302603 | Avenida da Seringueira | 1777 | Cachoeirinha | 69065000 | UNAVAILABLE
0100282900191 | Posto Castanheira Ltda | Castanheira | AC | 0100282900191 | Bandeira branca | ENABLED
    Rio Branco | 1200401 | Rua do Açaí | 203 | Bosque | 69900500 |
71794260 | Posto Girassol do Jalapão Ltda | Girassol | TO | 297179420 | Raízen | NOT_TAXPAYER
    Palmas | 1721000 | Avenida do Capim Dourado | 88 | Plano Diretor Norte | 77006100 | NOT_FOUND_404
82805371 | Eixo Central Gás Ltda | Eixo Central | DF | 0782805371701 | Bandeira branca | ENABLED
    Brasília | 5300108 | Quadra Modelo 5 | 12 | Asa Norte | 70750500 | GLP UPDATED
93916482 | Transportadora Boa Estrada Ltda | Boa Estrada | SP | 799391643110 | | INVALID_DOCUMENT
    Sorocaba | 3552205 | Rodovia do Algodoal | km 74 | Distrito industrial | 18087100 |
"""


def _customer(code: int, first: str, second: str) -> DemoCustomer:
    identity, name, trade_name, uf, ie, brand, scenario = (part.strip() for part in first.split("|"))
    city, city_code, street, number, district, cep, anp = (part.strip() for part in second.split("|"))
    if len(identity) == 8:
        document = Document(DocumentKind.CNPJ, made_up_cnpj(identity))
    else:
        document = Document(DocumentKind.CPF if len(identity) == 11 else DocumentKind.IE, identity)
    anp_kind = AnpKind.NONE if not anp else AnpKind.GLP if anp.startswith("GLP ") else AnpKind.AUTOMOTIVE
    anp_scenario, *fault = (AnpScenario[word] for word in (anp.removeprefix("GLP ") or "NOT_FOUND").split())
    return DemoCustomer(
        code=code,
        name=name,
        trade_name=trade_name,
        document=document,
        uf=uf,
        ie=ie,
        sefaz_ie=ie or "244001802111",
        city=city,
        city_code=city_code,
        street=street,
        number=number,
        district=district,
        cep=cep,
        region=_REGION[uf],
        brand=brand,
        scenario=Scenario[scenario],
        anp_kind=anp_kind,
        anp_scenario=anp_scenario,
        anp_fault=fault[0] if fault else None,
    )


_LINES = _ROWS.strip().splitlines()
CUSTOMERS = tuple(
    _customer(100 + number, first, second)
    for number, (first, second) in enumerate(zip(_LINES[::2], _LINES[1::2], strict=True), 1)
)


def ufs() -> dict[str, Scenario | Rule]:
    """The UFs that answer nobody, or nobody by CPF, whoever is asked about: `DemoSefaz(ufs=…)`."""
    return {"RJ": Scenario.UF_NOT_SERVED, "AL": Scenario.OTHER_UF, "PB": without_cpf}


def scenarios() -> dict[str, Scenario]:
    """What SEFAZ answers about each customer, by document: `DemoSefaz(scenarios=…)`."""
    return {customer.document.value: customer.scenario for customer in CUSTOMERS}


def taxpayers() -> dict[str, tuple[Inscription, ...]]:
    """Who SEFAZ knows, by document and also by IE: `DemoSefaz(taxpayers=…)`. Branches are taxpayers too."""
    known: dict[str, tuple[Inscription, ...]] = {
        customer.document.value: (customer.inscription,) for customer in CUSTOMERS
    }
    known |= {customer.sefaz_ie: (customer.inscription,) for customer in CUSTOMERS}
    for branch in COMPANY.branches:
        known[branch.cnpj] = known[branch.ie] = (
            Inscription(
                IE=branch.ie,
                CNPJ=branch.cnpj,
                UF=branch.uf,
                cSit="1",
                indCredNFe="2",
                indCredCTe="4",
                xNome=COMPANY.name.upper(),
                xRegApur="NORMAL",
                CNAE="4681801",
                dIniAtiv="1998-03-02",
            ),
        )
    return known


def anp_scenarios() -> dict[str, AnpScenario]:
    """What ANP answers about each customer that is in a register, by CNPJ: `DemoAnp(scenarios=…)`."""
    return {c.document.value: c.anp_scenario for c in CUSTOMERS if c.anp_kind is not AnpKind.NONE}


def anp_faults() -> dict[str, AnpScenario]:
    """What ANP's first address answers instead, by CNPJ."""
    return {c.document.value: c.anp_fault for c in CUSTOMERS if c.anp_fault is not None}


def anp_register(kind: AnpKind) -> list[AnpRegistration]:
    """The customers that were in that register of ANP yesterday, when all was in order.

    A candidate never was, nor was one whom ANP has nothing about.
    """
    never = (AnpScenario.CANDIDATE, AnpScenario.NOT_FOUND_404)
    return [c.registration for c in CUSTOMERS if c.anp_kind is kind and c.anp_scenario not in never]


def distributor() -> DemoDistributor:
    """The company itself, as it is in ANP's list of distributors."""
    head_office = COMPANY.branches[0]
    return DemoDistributor(
        "MODELO",
        AnpRegistration(
            cnpj=head_office.cnpj,
            name=COMPANY.name.upper(),
            situation="AUTORIZADA",
            authorization="48",
            published="02/03/1998",
            simp_code="1048217305",
            street="AVENIDA DAS BASES,  500",
            district="ZONA INDUSTRIAL",
            postal_code="13140000",
            city="PAULINIA",
            uf="SP",
        ),
    )

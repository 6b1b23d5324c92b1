"""The declarations themselves: every setting that was asked for, with its default, scopes and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from app.domain import SefazAction
from app.kinds import (
    Choice,
    FilePath,
    Flag,
    Host,
    Kind,
    Money,
    Number,
    Pattern,
    PublicKey,
    Reference,
    Series,
    Text,
    WebAddress,
    WeeklyWindow,
)
from app.policies import (
    AnpStatus,
    CompanyConsultation,
    CreditConsultation,
    CreditCustomerAction,
    CreditOrderAction,
    CustomerAction,
    DatabaseKind,
    Environment,
    MessageField,
    MissingBrandAction,
    OrderAction,
    OverdueAction,
    OverdueCompanies,
    ProxyUse,
    ServiceAction,
    SslMode,
    UncheckedAction,
    UpdateFrequency,
)
from app.settings.catalog import ALL, BY_KEY, PAGES
from app.settings.setting import Scope, Setting
from app.tables import TABLES
from app.working_hours import ALWAYS, WorkingHours

M, G, E, GE = "M", "G", "E", "GE"
SCOPES = {"M": Scope.MACHINE, "G": Scope.GENERAL, "E": Scope.COMPANY}
LABELS = {
    "balcao.servidor": "IP do Servidor Retaguarda",
    "balcao.porta_banco": "Porta Banco de Dados Gestores",
    "balcao.porta_integracao": "Porta de Comunicação para Integração do Cadastro de Clientes",
    "balcao.crediario_dav": "Verificar se existe crediário vencido no DAV (Orçamento)",
    "balcao.crediario_pre_venda": "Verificar se existe crediário vencido na Pré-Venda",
    "balcao.crediario_carencia": "Carência (dias) para considerar vencido",
    "balcao.crediario_acao": "Ação quando houver crediário vencido",
    "balcao.whatsapp_os": "Enviar notificação da Ordem de Serviço pelo WhatsApp",
    "balcao.integracao_ativa": "Atender os balcões neste computador",
    "balcao.integracao_endereco": "Endereço em que o serviço atende",
    "balcao.integracao_limite": "Limite de pedidos de cada balcão",
    "balcao.integracao_certificado": "Certificado do serviço (arquivo PEM)",
    "balcao.integracao_chave": "Chave do certificado do serviço (arquivo PEM)",
    "rede.autoridades_sistema": "Confiar também nas autoridades do sistema",
    "atualizacao.frequencia": "Procurar versão nova",
    "balcao.crediario_minimo": "Valor vencido a partir do qual a ação vale",
    "balcao.crediario_empresas": "Parcelas que contam",
    "balcao.crediario_idade": "Idade máxima dos dados do crediário",
    "balcao.crediario_sem_verificacao": "Ação quando não for possível verificar o crediário",
    "sefaz.automatica": "Executa Consulta Automática na Sefaz",
    "sefaz.entidade_filial": "Código da Entidade que Representa a Filial",
    "sefaz.periodicidade": "Periodicidade de dias para consulta por cliente",
    "sefaz.intervalo": "Intervalo entre cada consulta",
    "sefaz.lote": "Tempo entre cada lote de cliente para consulta",
    "sefaz.usuario": "Usuário do Serviço",
    "sefaz.filial": "Filial",
    "sefaz.acao_padrao": "Ação quando não habilitado na SEFAZ (valor padrão na inclusão de clientes)",
    "anp.atualiza_bandeira": "Atualiza Bandeira do Cliente",
    "clientes.regiao_padrao": "Região de Vendas Padrão",
    "anp.cliente_sem_bandeira": "Ação sobre o cliente quando Bandeira da ANP inexistente na Tabela de Bandeiras",
    "anp.pedido_sem_bandeira": "Ação sobre o Pedido (bandeira inexistente)",
    "anp.url_principal": "Consulta ANP URL Principal",
    "anp.url_secundaria": "Consulta ANP URL Secundária",
    "anp.permite_online": "Permite Consulta On-Line para ANP",
    "anp.consultas_armazenadas": "No. Consultas Armazenadas por Cliente",
    "anp.pedido_consulta": "Realiza Consulta ANP na inclusão do Pedido / NF de Venda",
    "anp.validade_horas": "Validade da Consulta por Cliente em horas (procedimentos automáticos)",
    "anp.sem_consulta": "Ação quando não for possível fazer Consulta",
    "anp.pedido_empresa": "Consulta da ANP na Inclusão do Pedido/NF de Venda para a Empresa",
    "anp.lista_automotivos": "Lista de revendedores de combustíveis automotivos",
    "anp.lista_glp": "Lista de revendedores de GLP",
    "anp.lista_distribuidores": "Lista de distribuidores de combustíveis",
    "anp.espelho_idade": "Idade máxima da lista para substituir a consulta",
    "anp.servico_intervalo": "Intervalo entre cada consulta (segundos)",
    "anp.servico_usuario": "Usuário de Consulta",
    "anp.servico_acao": "Ação de Consulta",
    "anp.servico_horario": "Horário Programado para as Consultas",
    "credito.permite": "Permite Consulta a Gerenciadora",
    "credito.gerenciadora": "Gerenciadora Padrão",
    "credito.ambiente": "Ambiente",
    "credito.forma": "Forma de Consulta",
    "credito.prazo": "Prazo (dias) para a consulta expirar",
}


class Row(NamedTuple):
    """One line of the list of settings; `limits` are a number's least and greatest, or the values of a choice."""

    scopes: str
    kind: type[Kind[Any]]
    default: Any
    limits: tuple[Any, ...] = ()


STAGES = ("criada", "em_andamento", "finalizada")
STATUSES = ("cadastro_atualizado", "autorizacao_revogada", "processo_revogacao", "candidato", "nao_localizado")
OPEN_DATA = "https://www.gov.br/anp/pt-br/centrais-de-conteudo/dados-abertos"
AUTOMOTIVE_CSV = (
    "arquivos/arquivos-dados-cadastrais-dos-revendedores-varejistas-de-combustiveis-automotivos"
    "/dados-cadastrais-revendedores-varejistas-combustiveis-automoveis.csv"
)
GLP_CSV = "arquivos/arquivos-dados-cadastrais-das-revendas-de-gas-liquefeito-de-petroleo-glp/cadastro-revendas-glp.csv"
EXPECTED = {
    "balcao.servidor": Row(M, Host, "127.0.0.1"),
    "balcao.porta_banco": Row(M, Number, 5432, (1, 65535)),
    "balcao.porta_integracao": Row(M, Number, 8082, (1, 65535)),
    "balcao.banco_tipo": Row(M, Choice, DatabaseKind.FILE, tuple(DatabaseKind)),
    "balcao.banco_nome": Row(M, Text, "retaguarda"),
    "balcao.banco_usuario": Row(M, Text, "retaguarda"),
    "balcao.banco_ssl": Row(M, Choice, SslMode.PREFER, tuple(SslMode)),
    "balcao.crediario_dav": Row(GE, Flag, False),
    "balcao.crediario_pre_venda": Row(GE, Flag, False),
    "balcao.crediario_carencia": Row(GE, Number, 0, (0, 365)),
    "balcao.crediario_acao": Row(GE, Choice, OverdueAction.BLOCK, tuple(OverdueAction)),
    "balcao.crediario_minimo": Row(GE, Money, Decimal("0.00")),
    "balcao.crediario_empresas": Row(GE, Choice, OverdueCompanies.OWN, tuple(OverdueCompanies)),
    "balcao.crediario_idade": Row(GE, Number, 72, (0, 8760)),
    "balcao.crediario_sem_verificacao": Row(GE, Choice, UncheckedAction.REFUSE, tuple(UncheckedAction)),
    "balcao.integracao_ativa": Row(M, Flag, False),
    "balcao.integracao_endereco": Row(M, Host, "127.0.0.1"),
    "balcao.integracao_limite": Row(M, Number, 3000, (60, 1_000_000)),
    "balcao.integracao_certificado": Row(M, FilePath, ""),
    "balcao.integracao_chave": Row(M, FilePath, ""),
    "balcao.whatsapp_os": Row(GE, Flag, False),
    "rede.proxy": Row(M, Choice, ProxyUse.SYSTEM, tuple(ProxyUse)),
    "rede.proxy_servidor": Row(M, Host, ""),
    "rede.proxy_porta": Row(M, Number, 3128, (1, 65535)),
    "rede.proxy_usuario": Row(M, Text, ""),
    "rede.autoridades_sistema": Row(M, Flag, False),
    "atualizacao.endereco": Row(M, WebAddress, ""),
    "atualizacao.chave": Row(M, PublicKey, ""),
    "atualizacao.frequencia": Row(M, Choice, UpdateFrequency.WEEKLY, tuple(UpdateFrequency)),
    "whatsapp.endereco": Row(G, WebAddress, "https://graph.facebook.com"),
    "whatsapp.versao": Row(G, Pattern, "v25.0"),
    "whatsapp.numero_id": Row(GE, Pattern, ""),
    "whatsapp.idioma": Row(G, Pattern, "pt_BR"),
    **{f"whatsapp.modelo_{stage}": Row(GE, Pattern, "") for stage in STAGES},
    **{
        f"whatsapp.campos_{stage}": Row(GE, Series, (MessageField.CUSTOMER, MessageField.ORDER, MessageField.COMPANY))
        for stage in STAGES
    },
    "whatsapp.horario": Row(GE, WeeklyWindow, WorkingHours(480, 1200, frozenset(range(6)))),
    "whatsapp.validade": Row(GE, Number, 48, (1, 720)),
    "whatsapp.substitui": Row(GE, Flag, True),
    "whatsapp.limite_dia": Row(G, Number, 250, (1, 100_000)),
    "whatsapp.guarda": Row(G, Number, 180, (1, 3650)),
    "sefaz.automatica": Row(G, Flag, False),
    "sefaz.entidade_filial": Row(E, Reference, None, ("entidades",)),
    "sefaz.periodicidade": Row(G, Number, 30, (1, None)),
    "sefaz.intervalo": Row(G, Number, 5, (0, None)),
    "sefaz.lote": Row(G, Number, 10, (1, None)),
    "sefaz.usuario": Row(G, Reference, None, ("usuarios",)),
    "sefaz.filial": Row(G, Reference, None, ("filiais",)),
    "sefaz.acao_padrao": Row(G, Choice, SefazAction.NOTHING, tuple(SefazAction)),
    "anp.atualiza_bandeira": Row(G, Flag, False),
    "clientes.regiao_padrao": Row(G, Reference, 1, ("regioes",)),
    "anp.cliente_sem_bandeira": Row(G, Choice, MissingBrandAction.INDIFFERENT, tuple(MissingBrandAction)),
    "anp.pedido_sem_bandeira": Row(G, Choice, OrderAction.ALLOW, tuple(OrderAction)),
    "anp.url_principal": Row(G, WebAddress, "https://revendedoresapi.anp.gov.br/v1/combustivel"),
    "anp.url_secundaria": Row(G, WebAddress, ""),
    "anp.permite_online": Row(G, Flag, False),
    "anp.consultas_armazenadas": Row(G, Number, 10, (1, None)),
    "anp.lista_automotivos": Row(G, WebAddress, f"{OPEN_DATA}/{AUTOMOTIVE_CSV}"),
    "anp.lista_glp": Row(G, WebAddress, f"{OPEN_DATA}/{GLP_CSV}"),
    "anp.lista_distribuidores": Row(G, WebAddress, f"{OPEN_DATA}/arquivos/dcl/planilha-aea-filiais.csv"),
    "anp.espelho_idade": Row(G, Number, 3, (0, 60)),
    **{
        f"anp.cliente.{status}": Row(G, Choice, CustomerAction.INDIFFERENT, tuple(CustomerAction))
        for status in STATUSES
    },
    "anp.pedido_consulta": Row(G, Flag, False),
    "anp.validade_horas": Row(G, Number, 4, (0, None)),
    "anp.sem_consulta": Row(G, Choice, OrderAction.REFUSE, tuple(OrderAction)),
    "anp.pedido_empresa": Row(E, Choice, CompanyConsultation.GENERAL, tuple(CompanyConsultation)),
    **{f"anp.pedido.{status}": Row(G, Choice, OrderAction.ALLOW, tuple(OrderAction)) for status in STATUSES},
    "anp.servico_intervalo": Row(G, Number, 60, (0, None)),
    "anp.servico_usuario": Row(G, Reference, None, ("usuarios",)),
    "anp.servico_acao": Row(G, Choice, ServiceAction.CONSULT, tuple(ServiceAction)),
    "anp.servico_horario": Row(G, WeeklyWindow, ALWAYS),
    "credito.permite": Row(GE, Flag, False),
    "credito.gerenciadora": Row(GE, Reference, None, ("gerenciadoras",)),
    "credito.ambiente": Row(GE, Choice, Environment.TEST, tuple(Environment)),
    "credito.forma": Row(G, Choice, CreditConsultation.PENDING_ORDERS, tuple(CreditConsultation)),
    "credito.prazo": Row(GE, Number, 90, (1, None)),
    "credito.score_minimo": Row(GE, Number, 0, (0, 1000)),
    "credito.valor_negativo_maximo": Row(GE, Money, Decimal("0.00")),
    "credito.pedido": Row(GE, Choice, CreditOrderAction.REFUSE, tuple(CreditOrderAction)),
    "credito.cliente": Row(GE, Choice, CreditCustomerAction.NOTHING, tuple(CreditCustomerAction)),
    "credito.intervalo": Row(G, Number, 5, (1, 1440)),
    "credito.retencao": Row(G, Number, 90, (1, 3650)),
}
every_setting = pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.key)


def test_the_settings_asked_for_are_declared_and_no_others() -> None:
    assert [status.value for status in AnpStatus] == list(STATUSES)
    assert {setting.key for setting in ALL} == set(EXPECTED)


@pytest.mark.parametrize("key", EXPECTED)
def test_each_is_declared_as_asked(key: str) -> None:
    setting, row = BY_KEY[key], EXPECTED[key]
    assert set(setting.scopes) == {SCOPES[letter] for letter in row.scopes}
    assert type(setting.kind) is row.kind
    assert setting.default == row.default
    assert type(setting.default) is type(row.default)
    match setting.kind:
        case Number():
            least, greatest = row.limits
            assert setting.kind.minimum == least
            assert greatest is None or setting.kind.maximum == greatest
        case Choice():
            assert {option.value for option in setting.kind.options} == set(row.limits)
            assert len(setting.kind.options) == len(row.limits)
        case Reference():
            assert (setting.kind.table,) == row.limits
            assert setting.kind.table in TABLES


@pytest.mark.parametrize("key", LABELS)
def test_labels_are_those_of_the_original_screens(key: str) -> None:
    assert BY_KEY[key].label == LABELS[key]


def test_keys_are_unique_and_storable() -> None:
    assert len({setting.key for setting in ALL}) == len(ALL) == len(BY_KEY)
    assert all(len(setting.key) <= 60 and setting.key.isascii() and "/" not in setting.key for setting in ALL)
    assert all(BY_KEY[setting.key] is setting for setting in ALL)


def test_the_groups_of_the_pages_hold_every_setting_once() -> None:
    placed = [setting for page in PAGES for tab in page.tabs for group in tab.groups for setting in group.settings]
    assert len(placed) == len(set(placed)) == len(ALL)
    assert set(placed) == set(ALL)
    assert {page.path for page in PAGES} == {("Ferramentas", "Sistema", "Clientes"), ("Balcão", "Integração")}
    assert all(group.settings for page in PAGES for tab in page.tabs for group in tab.groups)


def test_each_setting_is_on_the_page_of_its_menu() -> None:
    for page in PAGES:
        for setting in page.settings:
            in_counter = setting.key.startswith(("balcao.", "whatsapp.", "rede.", "atualizacao."))
            assert in_counter == (page.path == ("Balcão", "Integração"))


def test_a_grid_has_each_status_once_in_each_column_and_only_grids_have_tags() -> None:
    grids = [group for page in PAGES for tab in page.tabs for group in tab.groups if group.columns]
    assert grids
    for grid in grids:
        tags = [setting.tag for setting in grid.settings]
        assert {tag: tags.count(tag) for tag in tags} == dict.fromkeys(AnpStatus, len(grid.columns))
    in_grids = {setting for grid in grids for setting in grid.settings}
    assert all((setting.tag is not None) == (setting in in_grids) for setting in ALL)


@every_setting
def test_the_words_are_there_each_saying_something_of_its_own(setting: Setting[Any]) -> None:
    texts = (setting.label, setting.help, setting.effect, setting.example)
    assert len(set(texts)) == 4
    for text in texts:
        assert text == " ".join(text.split()) != ""
        assert text[0].isupper() or not text[0].isalpha()
        assert "!" not in text
    for text in texts[1:]:
        assert text.endswith(".")
        assert not text.endswith("..")
        assert len(text) >= 20
    assert not setting.label.endswith((".", ":"))


@every_setting
def test_the_tooltip_is_one_whole_sentence_of_the_help(setting: Setting[Any]) -> None:
    assert setting.help.startswith(setting.tooltip)
    assert setting.tooltip.endswith(".")
    assert ". " not in setting.tooltip


@every_setting
def test_the_default_is_a_value_of_its_kind(setting: Setting[Any]) -> None:
    kind = setting.kind
    assert kind.parse(kind.dump(setting.default)) == setting.default
    assert isinstance(kind.show(setting.default), str)


@every_setting
def test_options_have_a_label_and_a_sentence_and_are_told_apart(setting: Setting[Any]) -> None:
    if not isinstance(setting.kind, Choice):
        return
    options = setting.kind.options
    assert len({option.label.casefold() for option in options}) == len(options)
    for option in options:
        assert option.label
        assert option.sentence.endswith(".")
        assert setting.kind.parse(option.label) is option.value
        assert setting.kind.parse(setting.kind.dump(option.value)) is option.value


def test_settings_of_this_computer_have_no_other_scope() -> None:
    for setting in ALL:
        assert setting.scopes
        assert not setting.is_machine or setting.scopes == (Scope.MACHINE,)
